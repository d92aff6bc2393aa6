//! Mails: who gets which, what stands in them, and what becomes of those that cannot be sent.

use super::{World, with_mail};
use crate::audit::AuditEvent;
use crate::ctx::Reach;
use crate::notifications::{announce, attempts_max};
use crate::testing::smtp::{Catcher, Mood};
use crate::{testing, users};
use model::TenantId;
use model::notifications::{Channel, Event};
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_suspension_is_told_to_admins_and_to_who_looks_after_the_tenant(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    world.suspend().await;
    let to: Vec<_> = catcher.mails().into_iter().flat_map(|mail| mail.to).collect();
    assert_eq!(to.len(), 2, "{to:?}");
    assert!(catcher.to("max@example.com").is_empty(), "not a member without a role in it");
    let mail = catcher.to("ines@example.com").pop().expect("the admin");
    assert_eq!(catcher.to("sue@example.com").len(), 1, "the owner");
    assert_eq!(mail.from, "steward@example.com");
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    let text = mail.plain();
    assert!(text.contains("Payment failure") && text.contains("https://steward.test/tenants/acme"), "{text}");
    assert!(text.contains("Acme &amp; Söhne"), "escaped in the HTML: {text}");
    assert!(!text.contains("unpaid since May"), "what is noted inside stays inside");
    assert!(!text.contains("<img") && !text.contains("src="), "nothing is fetched");
    for (_, state, attempts, problem) in world.states().await {
        assert_eq!((state.as_str(), attempts, problem), ("delivered", 1, None));
    }
    assert_eq!(world.drain().await, 0, "told once");
}

/// The tenant's choice is about its own people; who looks after it on the platform's side hears all the same. And it is
/// about what takes nothing from them: that they lose access they are always told.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn admins_who_want_no_mail_about_its_status_get_none_but_of_what_takes_access(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    let key = model::settings::Key::NotifyLifecycle;
    crate::settings::set(&world.tenant_admin(), world.tenant, key, "off", false, "we read the page", 0)
        .await
        .expect("set");
    world.suspend().await;
    let mail = catcher.to("ines@example.com").pop().expect("told that access is gone");
    assert_eq!(subject(&mail), "Acme & Söhne is suspended");
    let (cx, id) = (world.operator(), world.tenant);
    crate::tenants::reinstate(&cx, id, 2, "invoice 7 was paid").await.expect("reinstated");
    crate::tenants::change_plan(&cx, id, 3, "enterprise", "").await.expect("changed");
    world.drain().await;
    assert_eq!(catcher.to("ines@example.com").len(), 1, "of the rest nothing");
    assert_eq!(catcher.to("sue@example.com").len(), 3, "the owner");
    let form = crate::tenants::Offboard { code: "contract_end", note: "x", confirm: "acme", confirm_now: "" };
    crate::tenants::start_offboarding(&cx, id, 4, form).await.expect("started");
    world.drain().await;
    assert_eq!(catcher.to("ines@example.com").len(), 2, "told that access ends");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn each_move_of_a_tenants_life_is_told(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    let (cx, id) = (world.operator(), world.tenant);
    world.suspend().await;
    crate::tenants::reinstate(&cx, id, 2, "invoice 7 was paid").await.expect("reinstated");
    crate::tenants::change_plan(&cx, id, 3, "enterprise", "").await.expect("changed");
    let form = crate::tenants::Offboard { code: "contract_end", note: "x", confirm: "acme", confirm_now: "" };
    crate::tenants::start_offboarding(&cx, id, 4, form).await.expect("started");
    crate::tenants::cancel_offboarding(&cx, id, 5, "they stay").await.expect("cancelled");
    world.drain().await;
    let mut subjects: Vec<_> = catcher.to("ines@example.com").iter().map(subject).collect();
    subjects.sort_unstable();
    let expected = [
        "Acme & Söhne is being taken down",
        "Acme & Söhne is on another plan",
        "Acme & Söhne is reinstated",
        "Acme & Söhne is suspended",
        "Acme & Söhne stays",
    ];
    assert_eq!(subjects, expected);
}

/// Undoes the encoding of a subject with letters outside ASCII (RFC 2047).
pub(super) fn subject(mail: &testing::smtp::Mail) -> String {
    use base64::Engine;
    let raw = mail.header("Subject").expect("a subject");
    let mut out = String::new();
    let mut rest = raw.as_str();
    while let Some((before, after)) = rest.split_once("=?utf-8?b?") {
        out.push_str(if out.is_empty() || !before.trim().is_empty() { before } else { "" });
        let (word, tail) = after.split_once("?=").expect("an end");
        let bytes = base64::prelude::BASE64_STANDARD.decode(word).expect("base64");
        out.push_str(&String::from_utf8_lossy(&bytes));
        rest = tail;
    }
    out + rest
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn without_a_mail_server_nothing_is_silent(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    world.suspend().await;
    for (_, state, _, problem) in world.states().await {
        assert_eq!(state, "not_sent");
        assert_eq!(problem.as_deref(), Some("Not sent: no mail server is configured."));
    }
    // Once there is one, they are sent by asking for it.
    let catcher = Catcher::start().await;
    let services = testing::services_with(&admin, with_mail(&catcher)).await;
    let cx = testing::member(&services, world.tenant, model::permission::Role::TenantAdmin);
    assert_eq!(super::super::resend_all(&cx, Some(world.tenant), None).await.expect("again"), 1);
    super::super::drain(&services.system("test")).await.expect("drained");
    assert_eq!(catcher.to("ines@example.com").len(), 1);
    assert!(catcher.to("sue@example.com").is_empty(), "the platform's log is the platform's");
    assert_eq!(world.audited("notification.resend_all").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_a_mail_server_refuses_for_good_is_given_up_at_once(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    catcher.mood(Mood::Refuses("550 5.1.1 no such user here"));
    world.suspend().await;
    for (_, state, attempts, problem) in world.states().await {
        assert_eq!((state.as_str(), attempts), ("parked", 1));
        let problem = problem.expect("a reason");
        assert!(problem.contains("550") && problem.contains("no such user"), "{problem}");
    }
    let statuses: Vec<i16> =
        sqlx::query_scalar("SELECT status FROM delivery_attempt").fetch_all(&admin).await.expect("attempts");
    assert_eq!(statuses, [550, 550]);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_may_pass_is_tried_again_until_it_is_given_up(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    catcher.mood(Mood::Refuses("451 4.3.0 try again later"));
    world.suspend().await;
    let waits: Vec<bool> = sqlx::query_scalar("SELECT next_at > now() + interval '8 seconds' AND next_at < now() + interval '12 seconds' FROM delivery")
        .fetch_all(&admin)
        .await
        .expect("waits");
    assert_eq!(waits, [true, true], "the first wait is about ten seconds");
    assert_eq!(world.drain().await, 0, "and is kept");
    for _ in 1..attempts_max(Channel::Mail) {
        world.later().await;
        world.drain().await;
    }
    let most = i16::try_from(attempts_max(Channel::Mail)).expect("small");
    for (_, state, attempts, _) in world.states().await {
        assert_eq!((state.as_str(), attempts), ("parked", most));
    }
    assert!(catcher.mails().is_empty());
    // Asked for again it begins anew, and arrives.
    catcher.mood(Mood::Takes);
    super::super::resend_all(&world.operator(), None, None).await.expect("the platform's");
    super::super::resend_all(&world.operator(), Some(world.tenant), None).await.expect("the tenant's");
    world.drain().await;
    assert_eq!(catcher.mails().len(), 2);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_mail_server_that_is_down_hangs_or_breaks_off_costs_a_wait_only(admin: PgPool) {
    let catcher = Catcher::start().await;
    let deployment = with_mail(&catcher);
    let world = World::new(&admin, deployment).await;
    catcher.mood(Mood::Hangs);
    world.suspend().await;
    for (_, state, attempts, problem) in world.states().await {
        assert_eq!((state.as_str(), attempts), ("waiting", 1), "{problem:?}");
    }
    catcher.mood(Mood::DropsAfterData);
    world.later().await;
    world.drain().await;
    for (_, state, attempts, _) in world.states().await {
        assert_eq!((state.as_str(), attempts), ("waiting", 2));
    }
    // The server has them although it did not say so: the second copy has the same id.
    catcher.mood(Mood::Takes);
    world.later().await;
    world.drain().await;
    let ids: Vec<_> = catcher.to("ines@example.com").iter().map(|mail| mail.header("Message-ID")).collect();
    assert!(ids.len() == 2 && ids[0].is_some() && ids[0] == ids[1], "{ids:?}");
    drop(catcher);
    crate::tenants::reinstate(&world.operator(), world.tenant, 2, "paid")
        .await
        .expect("no change waits for a mail server");
    world.drain().await;
    assert!(world.states().await.iter().any(|(_, state, ..)| state == "waiting"), "down");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn operators_hear_of_what_needs_them_and_tenants_do_not(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    let hook = crate::testing::http::Receiver::start(crate::testing::http::Reply::status(200)).await;
    world.hook(Some(world.tenant), "theirs", &hook.url("/")).await;
    let cx = world.services.system("operations");
    let mut tx = cx.begin(Reach::Fleet).await.expect("begin");
    let data = json!({ "operation": { "id": "1", "kind": "provision", "step": "schema" }, "problem": "undo failed" });
    announce(&mut tx, world.tenant, Event::NeedsOperator, data).await.expect("announced");
    tx.commit(AuditEvent::on(world.tenant, "operation.stuck", "1")).await.expect("committed");
    world.drain().await;
    let to: Vec<_> = catcher.mails().into_iter().flat_map(|mail| mail.to).collect();
    assert_eq!(to, ["ada@example.com"]);
    assert!(catcher.mails()[0].plain().contains("https://steward.test/operations/1"));
    assert!(hook.received().is_empty());
    // It stands in the platform's log, not in the tenant's.
    let owner: uuid::Uuid =
        sqlx::query_scalar("SELECT tenant_id FROM delivery").fetch_one(&admin).await.expect("one");
    assert_eq!(TenantId(owner), TenantId::PLATFORM);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_may_approve_hears_once_of_what_waits_and_whoever_asked_does_not(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    for (n, name, role) in [(5, "otto", "owner"), (6, "olga", "operator"), (7, "aud", "auditor")] {
        world.person(n, name, Some(role)).await;
    }
    sqlx::query("INSERT INTO approval_rule (kind, second_person) VALUES ('suspend', 'always')")
        .execute(&admin)
        .await
        .expect("a rule");
    // Ada asks; neither she nor the tenant's people hear of it, nor who only reads.
    world.suspend().await;
    let mut to: Vec<_> = catcher.mails().into_iter().flat_map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["olga@example.com", "otto@example.com"]);
    let id: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM operation").fetch_one(&admin).await.expect("the operation");
    let text = catcher.to("otto@example.com").pop().expect("a mail").plain();
    assert!(text.contains(&format!("https://steward.test/operations/{id}")), "{text}");
    assert!(text.contains("Test Operator") && !text.contains("unpaid since May"), "{text}");
    assert_eq!(world.drain().await, 0, "told once");
    let theirs = "SELECT count(*) FROM delivery WHERE tenant_id <> '00000000-0000-0000-0000-000000000000'";
    let theirs: i64 = sqlx::query_scalar(theirs).fetch_one(&admin).await.expect("a count");
    assert_eq!(theirs, 0, "it stands in the platform’s log");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_invited_person_gets_a_link_that_works_once(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    let cx = world.tenant_admin();
    let user =
        users::invite(&cx, world.tenant, " New@Example.com ", "Nia", "tenant_admin").await.expect("invited");
    world.drain().await;
    users::invite_again(&cx, world.tenant, user).await.expect("again");
    world.drain().await;
    let mails = catcher.to("new@example.com");
    assert_eq!(mails.len(), 2);
    let token = |at: usize| {
        let text = mails[at].plain();
        let rest = text.split("https://steward.test/set-up/").nth(1).expect("a link").to_owned();
        rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
            .next()
            .expect("a token")
            .to_owned()
    };
    let (first, second) = (token(0), token(1));
    assert_ne!(first, second, "each mail has its own");
    let kept: String = sqlx::query_scalar(
        "SELECT concat((SELECT json_agg(n) FROM notification n), (SELECT json_agg(d) FROM delivery d), (SELECT json_agg(a) FROM audit_entry a), (SELECT json_agg(l) FROM one_time_link l))",
    )
    .fetch_one(&admin)
    .await
    .expect("everything");
    assert!(!kept.contains(&first) && !kept.contains(&second), "the token stands in the mail only");
    let nobody = world.services.ctx(model::permission::Actor::Anonymous, "test");
    assert_eq!(users::set_up_check(&nobody, &second).await.expect("good").1, "new@example.com");
    assert!(users::set_up(&nobody, &second, "short").await.is_err());
    users::set_up(&nobody, &second, "correct horse battery").await.expect("chosen");
    for used in [&first, &second, &"guess".to_owned()] {
        assert!(
            matches!(
                users::set_up(&nobody, used, "another horse battery").await,
                Err(crate::Error::NotFound)
            ),
            "{used}"
        );
    }
    assert!(matches!(users::invite_again(&cx, world.tenant, user).await, Err(crate::Error::Conflict(_))));
    let verified: bool =
        sqlx::query_scalar("SELECT email_verified_at IS NOT NULL FROM user_account WHERE id = $1")
            .bind(user)
            .fetch_one(&admin)
            .await
            .expect("a row");
    assert!(verified);
    for (action, count) in [("member.invite", 1), ("member.invite_again", 1), ("user.set_up", 1)] {
        assert_eq!(world.audited(action).await, count, "{action}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_has_a_password_is_invited_without_a_link(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    world.person(5, "nils", None).await;
    users::invite(&world.operator(), world.tenant, "nils@example.com", "Nils", "tenant_member")
        .await
        .expect("invited");
    world.drain().await;
    let text = catcher.to("nils@example.com").pop().expect("a mail").plain();
    assert!(!text.contains("set-up") && text.contains("Sign in"), "{text}");
    let links: i64 =
        sqlx::query_scalar("SELECT count(*) FROM one_time_link").fetch_one(&admin).await.expect("a count");
    assert_eq!(links, 0);
}

/// A tenant's admin learns nothing of an account elsewhere, and nobody becomes a member unasked.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_address_with_an_account_elsewhere_is_not_invited_by_a_tenant(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    world.person(5, "nils", None).await;
    world.member(other, 5, "tenant_admin").await;
    world.person(6, "gone", None).await;
    sqlx::query("UPDATE user_account SET disabled_at = now() WHERE email = 'gone@example.com'")
        .execute(&admin)
        .await
        .expect("closed");
    let refused = async |cx: &crate::Ctx, email: &str| match users::invite(
        cx,
        world.tenant,
        email,
        "Guessed",
        "tenant_member",
    )
    .await
    {
        Err(crate::Error::Invalid(errors)) => errors.get("email").unwrap_or_default().to_owned(),
        unexpected => panic!("{email}: {unexpected:?}"),
    };
    let members = "SELECT count(*) FROM member";
    let before: i64 = sqlx::query_scalar(members).fetch_one(&admin).await.expect("a count");
    let mut said = std::collections::BTreeSet::new();
    for email in ["nils@example.com", "NILS@example.com", "sue@example.com", "gone@example.com"] {
        said.insert(refused(&world.tenant_admin(), email).await);
    }
    assert_eq!(said.len(), 1, "no telling whose account it is: {said:?}");
    assert!(said.iter().all(|words| words.starts_with("This address cannot be invited here.")), "{said:?}");
    // The platform's people neither: for them nothing is hidden, yet a role of the platform takes no place in a tenant.
    assert_eq!(refused(&world.operator(), "sue@example.com").await, "This address cannot be invited.");
    assert!(refused(&world.operator(), "gone@example.com").await.contains("closed"));
    let after: i64 = sqlx::query_scalar(members).fetch_one(&admin).await.expect("a count");
    assert_eq!((after, world.audited("member.invite").await), (before, 0), "refused, and not done");
    // The positive controls: an address nobody has, and what the support does.
    users::invite(&world.tenant_admin(), world.tenant, "new@example.com", "New", "tenant_member")
        .await
        .expect("invited");
    users::invite(&world.operator(), world.tenant, "nils@example.com", "Nils", "tenant_member")
        .await
        .expect("invited by the platform");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn inviting_has_its_limits(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let invite = async |cx: &crate::Ctx, tenant, email: &str, role: &str| {
        users::invite(cx, tenant, email, "N", role).await
    };
    let cx = world.tenant_admin();
    assert!(matches!(invite(&cx, other, "a@example.com", "tenant_admin").await, Err(crate::Error::NotFound)));
    let member = testing::member(&world.services, world.tenant, model::permission::Role::TenantMember);
    assert!(matches!(
        invite(&member, world.tenant, "a@example.com", "tenant_admin").await,
        Err(crate::Error::Forbidden(_))
    ));
    for (email, role) in [
        ("a@example.com", "owner"),
        ("a@example.com", ""),
        ("nobody", "tenant_admin"),
        ("max@example.com", "tenant_admin"),
    ] {
        assert!(
            matches!(invite(&cx, world.tenant, email, role).await, Err(crate::Error::Invalid(_))),
            "{email} {role}"
        );
    }
    let theirs = model::UserId(uuid::Uuid::from_u128(1));
    assert!(
        matches!(users::invite_again(&cx, world.tenant, theirs).await, Err(crate::Error::NotFound)),
        "no member"
    );
    sqlx::query("UPDATE tenant SET plan_id = 'free'").execute(&admin).await.expect("five seats");
    for n in 10..13 {
        world.person(n, &format!("n{n}"), None).await;
        world.member(world.tenant, n, "tenant_member").await;
    }
    let full = invite(&cx, world.tenant, "a@example.com", "tenant_admin").await;
    assert!(matches!(full, Err(crate::Error::Conflict(_))), "no seat is left");
    let waiting: i64 =
        sqlx::query_scalar("SELECT count(*) FROM notification").fetch_one(&admin).await.expect("a count");
    assert_eq!(waiting, 0);
}
