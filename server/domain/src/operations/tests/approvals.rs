//! Who waits for a second person, who says so, and what waits.

use super::*;
use crate::error::Error;
use crate::operations::{SetRule, approval_rules, set_approval_rule};
use crate::tenants::{Suspend, by_slug, suspend};
use model::approvals::Whom;
use model::permission::Actor;
use model::tenants::PlanId;

const FORM: Suspend<'static> =
    Suspend { code: "terms_violation", note: "Spam.", scope: "read_only", message: "" };

fn form<'a>(whom: &'a str, some: &'a [String], version: i64) -> SetRule<'a> {
    SetRule { whom, some, reason: "Four eyes.", version }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_owner_changes_the_rules_and_those_they_bind_do_not(admin: PgPool) {
    let services = testing::services(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    let found = approval_rules(&owner).await.expect("rules");
    let provision = found.rules.iter().find(|rule| rule.kind == Kind::Provision).expect("a rule");
    assert_eq!((provision.whom, provision.dedicated, provision.version), (Whom::Some, true, 1));
    let suspension = found.rules.iter().find(|rule| rule.kind == Kind::Suspend).expect("a rule");
    assert_eq!((suspension.whom, suspension.version), (Whom::Nobody, 0));
    for role in [Role::Operator, Role::Success, Role::Auditor] {
        let weak = testing::platform(&services, role);
        assert!(!approval_rules(&weak).await.expect("they may read").may_change);
        let refused = set_approval_rule(&weak, Kind::Suspend, form("everybody", &[], 0)).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{role}");
    }
    let nobody =
        set_approval_rule(&owner, Kind::Suspend, SetRule { whom: "some", version: 0, ..SetRule::default() })
            .await;
    assert!(matches!(nobody, Err(Error::Invalid(e)) if e.get("some").is_some() && e.get("reason").is_some()));
    let odd = ["platinum".to_owned()];
    let odd = set_approval_rule(&owner, Kind::Suspend, form("some", &odd, 0)).await;
    assert!(matches!(odd, Err(Error::Invalid(e)) if e.get("some").is_some()));
    let never = set_approval_rule(&owner, Kind::Export, form("everybody", &[], 0)).await;
    assert!(matches!(never, Err(Error::NotFound)));
    let some = ["enterprise".to_owned(), "dedicated".to_owned()];
    let bulk = set_approval_rule(&owner, Kind::Bulk, form("some", &some, 0)).await;
    assert!(matches!(bulk, Err(Error::Invalid(e)) if e.get("whom").is_some()));
    let words = set_approval_rule(&owner, Kind::Suspend, form("some", &some, 0)).await.expect("set");
    assert_eq!(words, "Tenants with a schema of their own, tenants on Enterprise");
    let same = set_approval_rule(&owner, Kind::Suspend, form("some", &some, 1)).await;
    assert!(matches!(same, Err(Error::Invalid(_))));
    let stale = set_approval_rule(&owner, Kind::Suspend, form("nobody", &[], 0)).await;
    assert!(matches!(stale, Err(Error::Conflict(why)) if why.contains("Four eyes.")));
    set_approval_rule(&owner, Kind::Suspend, form("nobody", &[], 1)).await.expect("set");
    let lines: Vec<(String, String)> = sqlx::query_as("SELECT target, reason FROM audit_entry WHERE action = 'approval.set' AND result = 'done' ORDER BY seq")
        .fetch_all(&admin)
        .await
        .expect("lines");
    assert_eq!(lines, [("Suspend".into(), "Four eyes.".into()), ("Suspend".into(), "Four eyes.".into())]);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_plan_or_a_schema_of_its_own_makes_a_request_wait(admin: PgPool) {
    let services = testing::services(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    let some = ["enterprise".to_owned(), "dedicated".to_owned()];
    set_approval_rule(&owner, Kind::Suspend, form("some", &some, 0)).await.expect("set");
    for (slug, change, waits) in [
        ("plain", "", false),
        ("large", "UPDATE tenant SET plan_id = 'enterprise' WHERE slug = 'large'", true),
        ("apart", "UPDATE tenant SET placement = 'dedicated' WHERE slug = 'apart'", true),
    ] {
        let id = testing::tenant(&admin, slug).await.expect("a tenant");
        if !change.is_empty() {
            sqlx::query(change).execute(&admin).await.expect("changed");
        }
        let asked = suspend(&owner, id, 1, FORM).await.expect("asked");
        assert_eq!(asked.state == State::Requested, waits, "{slug}");
        let now = by_slug(&owner, slug).await.expect("it").status;
        assert_eq!(now == model::tenants::Status::Suspended, !waits, "{slug}");
    }
    // Of a plan change both plans count.
    let plans = ["free".to_owned()];
    set_approval_rule(&owner, Kind::ChangePlan, form("some", &plans, 0)).await.expect("set");
    let id = testing::tenant(&admin, "mover").await.expect("a tenant");
    let up = crate::tenants::change_plan(&owner, id, 1, "enterprise", "").await.expect("changed");
    assert_eq!(up.state, State::Succeeded);
    let version = by_slug(&owner, "mover").await.expect("it").version;
    let down = crate::tenants::change_plan(&owner, id, version, "free", "").await.expect("asked");
    assert_eq!(down.state, State::Requested);
    assert_eq!(by_slug(&owner, "mover").await.expect("it").plan, PlanId::Enterprise);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_waits_is_decided_by_another_person_with_a_note(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Owner);
    set_approval_rule(&cx, Kind::Suspend, form("everybody", &[], 0)).await.expect("set");
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let asked = suspend(&cx, id, 1, FORM).await.expect("asked");
    let line: String =
        sqlx::query_scalar("SELECT action FROM audit_entry WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1")
            .bind(id)
            .fetch_one(&admin)
            .await
            .expect("a line");
    assert_eq!(line, "operation.request");
    let twice = suspend(&cx, id, 1, FORM).await;
    assert!(matches!(twice, Err(Error::Conflict(why)) if why.contains("waits for a second person")));
    let rules = approval_rules(&cx).await.expect("rules").rules;
    assert_eq!(rules.iter().find(|rule| rule.kind == Kind::Suspend).expect("it").waiting, 1);
    let own = control(&cx, asked.id, Control::Approve, "").await;
    assert!(matches!(own, Err(Error::Conflict(why)) if why.contains("cannot approve")));
    let Actor::User { name, email, platform, memberships, .. } = cx.actor().clone() else {
        panic!("a person")
    };
    let person = model::UserId(uuid::Uuid::from_u128(9));
    let second = services.ctx(Actor::User { id: person, name, email, platform, memberships }, "second");
    let silent = control(&second, asked.id, Control::Reject, " ").await;
    assert!(matches!(silent, Err(Error::Invalid(e)) if e.get("note").is_some()));
    control(&second, asked.id, Control::Reject, "Talk to them first.").await.expect("rejected");
    assert_eq!(by_slug(&cx, "acme").await.expect("it").status, model::tenants::Status::Active);
    let again = suspend(&cx, id, 1, FORM).await.expect("asked again");
    control(&second, again.id, Control::Approve, "They did not answer.").await.expect("approved");
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(by_slug(&cx, "acme").await.expect("it").status, model::tenants::Status::Suspended);
    let weak = testing::platform(&services, Role::Success);
    assert!(matches!(control(&weak, again.id, Control::Approve, "").await, Err(Error::Forbidden(_))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_rule_of_lifecycle_asks_once_and_takes_no_for_an_answer(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (system, owner) = (services.system("lifecycle"), testing::platform(&services, Role::Owner));
    set_approval_rule(&owner, Kind::Suspend, form("everybody", &[], 0)).await.expect("set");
    testing::tenant(&admin, "acme").await.expect("a tenant");
    sqlx::query("UPDATE tenant SET status = 'trial', trial_ends_at = now() - interval '1 day'")
        .execute(&admin)
        .await
        .expect("a trial");
    assert_eq!(crate::tenants::rules::tick(&system, 10).await.expect("a tick"), 1);
    assert_eq!(crate::tenants::rules::tick(&system, 10).await.expect("a tick"), 0, "it waits already");
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM operation WHERE state = 'requested'")
        .fetch_one(&admin)
        .await
        .expect("it");
    control(&owner, OperationId(id), Control::Reject, "They sign tomorrow.").await.expect("rejected");
    sqlx::query("UPDATE operation SET finished_at = now() - interval '5 hours'")
        .execute(&admin)
        .await
        .expect("aged");
    assert_eq!(crate::tenants::rules::tick(&system, 10).await.expect("a tick"), 0, "no holds for a day");
    sqlx::query("UPDATE operation SET finished_at = now() - interval '25 hours'")
        .execute(&admin)
        .await
        .expect("aged");
    assert_eq!(crate::tenants::rules::tick(&system, 10).await.expect("a tick"), 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn of_many_at_once_those_wait_whom_the_rule_is_about(admin: PgPool) {
    let services = testing::services(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    let some = ["enterprise".to_owned(), "dedicated".to_owned()];
    set_approval_rule(&owner, Kind::Suspend, form("some", &some, 0)).await.expect("set");
    let mut requests = Vec::new();
    for (slug, change) in [
        ("plain", "SELECT 1"),
        ("large", "UPDATE tenant SET plan_id = 'enterprise' WHERE slug = 'large'"),
        ("apart", "UPDATE tenant SET placement = 'dedicated' WHERE slug = 'apart'"),
    ] {
        let tenant = testing::tenant(&admin, slug).await.expect("a tenant");
        sqlx::query(change).execute(&admin).await.expect("changed");
        requests.push(Request {
            id: OperationId(owner.new_id()),
            kind: Kind::Suspend,
            tenant,
            subject: slug,
            payload: serde_json::json!({}),
            reason: None,
            dedicated: false,
            parent: None,
            run_after: None,
        });
    }
    let mut tx = owner.begin(Reach::Fleet).await.expect("begun");
    enqueue_all(&mut tx, &owner, &requests).await.expect("asked");
    tx.commit_unaudited("a test").await.expect("committed");
    let states: Vec<(String, String)> =
        sqlx::query_as("SELECT subject, state FROM operation ORDER BY subject")
            .fetch_all(&admin)
            .await
            .expect("operations");
    let of = |subject: &str, state: &str| (subject.to_owned(), state.to_owned());
    assert_eq!(states, [of("apart", "requested"), of("large", "requested"), of("plain", "queued")]);
    // Of parts of one work those who may approve are told once, however many there are and in how many portions.
    let parent = OperationId(owner.new_id());
    for request in &mut requests {
        request.parent = Some(parent);
    }
    for _ in 0..2 {
        for request in &mut requests {
            request.id = OperationId(owner.new_id());
        }
        let mut tx = owner.begin(Reach::Fleet).await.expect("begun");
        enqueue_all(&mut tx, &owner, &requests).await.expect("asked");
        tx.commit_unaudited("a test").await.expect("committed");
    }
    let told: Vec<String> = sqlx::query_scalar(
        "SELECT data #>> '{operation,id}' FROM notification WHERE event = 'operation.approval_waits'",
    )
    .fetch_all(&admin)
    .await
    .expect("notices");
    assert_eq!(told, [parent.to_string()]);
}
