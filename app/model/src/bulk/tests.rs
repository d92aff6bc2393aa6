//! Who is left out and why, what a form is understood as, and how it is said.

use super::*;

fn suspend() -> Work {
    Work::Suspend { code: SuspensionReason::Inactivity, scope: Suspension::ReadOnly, message: None }
}

fn why(work: &Work, facts: &Facts) -> Option<Why> {
    judge(work, facts).map(|(why, _)| why)
}

#[test]
fn what_the_single_move_would_refuse_is_left_out() {
    for status in Status::ALL {
        let facts = Facts::of(*status, PlanId::Free);
        let single = tenants::Action::Suspend.check(*status).is_ok();
        assert_eq!(judge(&suspend(), &facts).is_none(), single, "{status:?}");
        let single = tenants::Action::Reinstate.check(*status).is_ok();
        assert_eq!(judge(&Work::Reinstate, &facts).is_none(), single, "{status:?}");
        let plan = Work::ChangePlan { to: PlanId::Enterprise };
        let single = tenants::Action::ChangePlan.check(*status).is_ok();
        assert_eq!(judge(&plan, &facts).is_none(), single, "{status:?}");
    }
    let gone = judge(&suspend(), &Facts::of(Status::Deleted, PlanId::Free)).expect("left out");
    assert_eq!(gone, (Why::Status, "A tenant that is deleted cannot be suspended.".to_owned()));
}

#[test]
fn the_reason_that_is_told_is_the_one_that_helps() {
    let facts = Facts::of(Status::Active, PlanId::Free);
    let busy = Facts { busy: Some("Suspend".into()), changed: true, ..facts.clone() };
    assert_eq!(why(&suspend(), &busy), Some(Why::Busy));
    let already = Facts { status: Status::Suspended, ..busy.clone() };
    assert_eq!(why(&suspend(), &already), Some(Why::Same), "whatever else there is");
    let same = Work::ChangePlan { to: PlanId::Free };
    assert_eq!(why(&same, &facts), Some(Why::Same));
    let smaller = Work::ChangePlan { to: PlanId::Starter };
    let over = Facts { over: vec!["Users: 6 in use, Starter allows 5.".into()], ..facts.clone() };
    assert_eq!(judge(&smaller, &over), Some((Why::Limits, over.over[0].clone())));
    assert_eq!(why(&suspend(), &Facts { changed: true, ..facts.clone() }), Some(Why::Changed));
    assert_eq!(why(&suspend(), &facts), None);
    let owes = Facts {
        status: Status::Suspended,
        reason: Some("payment_failure".into()),
        unpaid: 2,
        ..facts.clone()
    };
    assert_eq!(why(&Work::Reinstate, &owes), Some(Why::Payment));
    let other = Facts { reason: Some("inactivity".into()), ..owes };
    assert_eq!(why(&Work::Reinstate, &other), None, "what it owes was not why");
}

#[test]
fn owner_and_tags_are_left_out_where_nothing_would_change() {
    let facts = Facts {
        owner: Some(UserId(Uuid::from_u128(1))),
        tags: vec!["emea".into(), "vip".into()],
        ..Facts::of(Status::Active, PlanId::Free)
    };
    let to = |owner: Option<u128>| Work::SetOwner {
        owner: owner.map(|n| UserId(Uuid::from_u128(n))),
        name: "Ada".into(),
    };
    assert_eq!(judge(&to(Some(1)), &facts), Some((Why::Same, "Ada is its owner already.".into())));
    assert_eq!((why(&to(Some(2)), &facts), why(&to(None), &facts)), (None, None));
    assert_eq!(why(&to(Some(2)), &Facts { status: Status::Deleted, ..facts.clone() }), Some(Why::Status));
    let tags = |add: &str, remove: &str| Work::ChangeTags {
        add: details::split_tags(add),
        remove: details::split_tags(remove),
    };
    assert_eq!(why(&tags("vip", "none"), &facts), Some(Why::Same));
    assert_eq!(why(&tags("gold", "vip"), &facts), None);
    let full = judge(&tags("1,2,3,4,5,6,7,8,9", ""), &facts).expect("left out");
    assert_eq!(full, (Why::Full, "It would have 11 tags; 10 are the most.".to_owned()));
    assert_eq!(tags("gold", "").order(2), "Tag 2 tenants with gold");
    assert_eq!(to(None).order(1), "Leave 1 tenant without an owner");
}

#[test]
fn the_forms_of_owner_and_tags_say_what_is_wrong() {
    let form = BulkInput {
        action: "set_owner".into(),
        whom: "matching".into(),
        at: "2026-11-21T10:00:00Z".into(),
        ..BulkInput::default()
    };
    let wrong = |form: &BulkInput, field: &str| {
        form.validate().expect_err("wrong").get(field).map(str::to_owned).unwrap_or_default()
    };
    assert_eq!(wrong(&form, "owner"), "Choose an owner.");
    let nobody = BulkInput { owner: "nobody".into(), ..form.clone() };
    assert_eq!(nobody.validate().expect("understood").asked, Asked::Owner(None));
    let tags = BulkInput { action: "change_tags".into(), ..form };
    assert_eq!(wrong(&tags, "add"), "Name a tag to add, or one to remove.");
    let both = BulkInput { add: "VIP".into(), remove: "vip".into(), ..tags };
    assert_eq!(wrong(&both, "remove"), "“vip” cannot be added and removed at once.");
}

#[test]
fn the_number_is_typed_where_it_is_many_or_hard_to_take_back() {
    assert!(suspend().is_typed(1));
    assert!(!Work::Reinstate.is_typed(25) && Work::Reinstate.is_typed(26));
    assert!(is_number(" 1284 ", 1_284) && is_number("1\u{202f}284", 1_284));
    assert!(!is_number("1,284", 1_284) && !is_number("", 0) && !is_number("01", 1));
}

#[test]
fn a_form_is_understood_or_says_all_that_is_wrong() {
    let form = BulkInput {
        action: "suspend".into(),
        whom: "ticked".into(),
        at: "2026-11-21T10:00:00Z".into(),
        tenants: "acme, beta acme".into(),
        code: "inactivity".into(),
        scope: "read_only".into(),
        ..BulkInput::default()
    };
    let draft = form.validate().expect("understood");
    assert_eq!(draft.tenants, ["acme", "beta"]);
    assert_eq!(draft.asked, Asked::Work(suspend()));
    let errors =
        BulkInput { action: "suspend".into(), ..BulkInput::default() }.validate().expect_err("wrong");
    let fields: Vec<_> = errors.0.keys().map(String::as_str).collect();
    assert_eq!(fields, ["code", "scope", "whom"]);
    let many: Vec<_> = (0..101).map(|n| format!("t{n}")).collect();
    let errors = BulkInput { tenants: many.join(" "), ..form.clone() }.validate().expect_err("too many");
    assert!(errors.get("whom").is_some_and(|why| why.contains("100")));
    let template = BulkInput { action: "apply_template".into(), to: "voice.sales.3".into(), ..form.clone() };
    assert_eq!(template.validate().expect("understood").asked, Asked::Template("voice.sales".into(), 3));
    assert!(BulkInput { to: "voice".into(), ..template }.validate().is_err());
    assert!(BulkInput { at: "yesterday".into(), ..form }.validate().is_err());
}

#[test]
fn it_is_summed_up_in_a_sentence() {
    assert_eq!(
        summary(&[(Outcome::Failed, 2), (Outcome::Done, 1_047), (Outcome::Skipped, 1)]),
        "1\u{202f}047 done, 2 failed, 1 skipped."
    );
    assert_eq!(suspend().order(1), "Suspend 1 tenant");
    assert_eq!(Work::ChangePlan { to: PlanId::Free }.order(12), "Move 12 tenants to Free");
}
