//! What an operation tells, whatever becomes of the process that does it: each of its events once, nothing from a step that
//! did not commit, and nobody is invited to a place that they do not have.

use super::every::Case;
use super::*;
use crate::operations::{SetRule, set_approval_rule};
use crate::tenants::{Suspend, suspend};
use model::permission::Actor;
use model::{PlatformKeyId, UserId};
use std::collections::BTreeMap;

/// How often each event was told, of whatever tenant.
pub(super) type Told = BTreeMap<String, i64>;

pub(super) async fn told(admin: &PgPool) -> Told {
    let counts: Vec<(String, i64)> =
        sqlx::query_as("SELECT event, count(*) FROM notification GROUP BY event")
            .fetch_all(admin)
            .await
            .expect("counts");
    counts.into_iter().collect()
}

/// What was told since.
pub(super) async fn told_since(admin: &PgPool, before: &Told) -> Told {
    let mut now = told(admin).await;
    for (event, n) in &mut now {
        *n -= before.get(event).copied().unwrap_or_default();
    }
    now.retain(|_, n| *n != 0);
    now
}

/// Invitations to a tenant that is there, of people who have no place in it.
pub(super) async fn invited_in_vain(admin: &PgPool) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM notification n JOIN tenant t ON t.id = n.tenant_id WHERE n.event = 'user.invited'
            AND NOT EXISTS (SELECT FROM member m WHERE m.tenant_id = t.id AND m.user_id = (n.data->'user'->>'id')::uuid)",
    )
    .fetch_one(admin)
    .await
    .expect("a count")
}

/// What is told of an operation that succeeds.
pub(super) fn of_success(case: Case) -> Told {
    let events: &[&str] = match case {
        Case::Pooled | Case::Dedicated => &["tenant.created", "tenant.provisioned", "user.invited"],
        Case::Suspend => &["tenant.suspended"],
        Case::ChangeScope => &["tenant.suspension_changed"],
        Case::Reinstate => &["tenant.reinstated"],
        Case::ChangePlan => &["tenant.plan_changed"],
        Case::ConvertTrial => &["tenant.trial_converted"],
        // What changes inside a tenant is in its audit log.
        _ => &[],
    };
    events.iter().map(|event| ((*event).to_owned(), 1)).collect()
}

/// What is told of one whose last step fails: what the steps before it have told was so then, and that it failed.
pub(super) fn of_failure(case: Case) -> Told {
    let mut told = of_success(case);
    if matches!(case, Case::Pooled | Case::Dedicated) {
        told.retain(|event, _| event == "tenant.created");
        told.insert("tenant.provisioning_failed".into(), 1);
    } else {
        // Told by the last step.
        told.remove("tenant.trial_converted");
        told.insert("operation.failed".into(), 1);
    }
    told
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_failure_and_its_retry_tell_each_thing_once(admin: PgPool) {
    no_approval(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let points = Failpoints::default();
    points.arm("provision.activate.do.after", Action::Error);
    let id = Case::Pooled.begin(&services).await;
    let ended = runner(&services, &points).finish(id, Duration::from_secs(30)).await.expect("run");
    assert_eq!(ended, State::Failed);
    assert_eq!(told(&admin).await, of_failure(Case::Pooled), "nobody was invited to what is not open");
    control(&cx, id, Control::Retry, "").await.expect("again");
    let ended = runner(&services, &Failpoints::default()).finish(id, Duration::from_secs(30)).await;
    assert_eq!(ended.expect("run"), State::Succeeded, "{}", error_of(&admin, id).await);
    let mut all = of_success(Case::Pooled);
    all.insert("tenant.provisioning_failed".into(), 1);
    assert_eq!(told(&admin).await, all, "made once, failed once, opened once, invited once");
    assert_eq!(invited_in_vain(&admin).await, 0);
}

/// A program reads no mail: what it asked for is told to whoever made its key, who is no second person for it.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_a_program_asked_for_is_told_to_whoever_made_its_key(admin: PgPool) {
    let services = testing::services(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    let rule = SetRule { whom: "everybody", reason: "Four eyes.", ..SetRule::default() };
    set_approval_rule(&owner, Kind::Suspend, rule).await.expect("set");
    let (id, maker) = (PlatformKeyId(uuid::Uuid::from_u128(7)), UserId(uuid::Uuid::from_u128(9)));
    let program = Actor::PlatformKey { id, name: "Billing".into(), role: Role::Operator, maker: Some(maker) };
    let program = services.ctx(program, "test");
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let form = Suspend { code: "payment_failure", note: "Unpaid.", scope: "read_only", message: "" };
    let asked = suspend(&program, tenant, 1, form).await.expect("asked");
    sqlx::query("UPDATE tenant SET version = version + 1").execute(&admin).await.expect("changed since");
    control(&owner, asked.id, Control::Approve, "").await.expect("approved");
    let ended = runner(&services, &Failpoints::default()).finish(asked.id, Duration::from_secs(30)).await;
    assert_eq!(ended.expect("run"), State::Failed);
    let told: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT event, data->>'requester' FROM notification ORDER BY id")
            .fetch_all(&admin)
            .await
            .expect("notices");
    let whom = Some(maker.0.to_string());
    let told_of = |event: &str| (event.to_owned(), whom.clone());
    assert_eq!(told, [told_of("operation.approval_waits"), told_of("operation.failed")]);
}
