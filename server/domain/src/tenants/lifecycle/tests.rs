//! Every action from every status, by every role; stale forms; grace; what access is left.

use super::*;
use crate::ctx::Services;
use crate::{checklists, testing};
use model::checklists::{ItemState, ListKey, Outcome};
use model::lifecycle::NO_GRACE;
use model::permission::{Actor, KeyAccess, Membership, Permission, Role, Scope, Verdict};
use model::tenants::{Access, OffboardingReason, Status, Suspension};
use model::{ApiKeyId, UserId};
use sqlx::PgPool;

struct Stage {
    admin: PgPool,
    services: Services,
    cx: Ctx,
    id: TenantId,
}

async fn stage(admin: PgPool) -> Stage {
    let services = testing::services(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    Stage { admin, services, cx, id }
}

const SUSPEND: Suspend<'static> =
    Suspend { code: "payment_failure", note: "Two invoices open.", scope: "blocked", message: "" };
const LEAVE: Offboard<'static> =
    Offboard { code: "customer_request", note: "Letter of 3 May.", confirm: "acme", confirm_now: "" };

impl Stage {
    async fn row(&self) -> Row {
        let mut read = self.cx.read(Reach::Fleet).await.expect("a read");
        store::get(read.conn(), self.id).await.expect("the tenant")
    }

    async fn version(&self) -> i64 {
        self.row().await.version
    }

    /// Puts the tenant into a status, as if its way there had been legal.
    async fn put(&self, status: Status) {
        sqlx::query(
            "UPDATE tenant SET status = $2, status_before = 'active', suspension = CASE WHEN $2 = 'suspended' THEN 'read_only' END,
                status_reason = 'customer_request', grace_ends_at = now() + interval '3 days', interrupted = NULL WHERE id = $1",
        )
        .bind(self.id)
        .bind(status)
        .execute(&self.admin)
        .await
        .expect("a status");
    }

    async fn act(&self, cx: &Ctx, action: Action, version: i64) -> Result<()> {
        match action {
            Action::Suspend => suspend(cx, self.id, version, SUSPEND).await.map(drop),
            Action::ChangeScope => {
                let form = ChangeScope { scope: "blocked", reason: "They go on.", message: "" };
                change_scope(cx, self.id, version, form).await.map(drop)
            }
            Action::Reinstate => reinstate(cx, self.id, version, "Paid on 4 May.").await.map(drop),
            Action::ChangePlan => change_plan(cx, self.id, version, "enterprise", "").await.map(drop),
            Action::ConvertTrial => convert_trial(cx, self.id, version, "They signed.").await.map(drop),
            Action::ExtendTrial => {
                extend_trial(cx, self.id, version, "+30", "They are slow.").await.map(drop)
            }
            Action::StartOffboarding => start_offboarding(cx, self.id, version, LEAVE).await,
            Action::CancelOffboarding => cancel_offboarding(cx, self.id, version, "They stay.").await,
            Action::GoLive => go_live(cx, self.id, version).await,
        }
    }

    async fn last_audit(
        &self,
    ) -> (String, Option<String>, Option<serde_json::Value>, Option<serde_json::Value>) {
        sqlx::query_as("SELECT action, reason, before, after FROM audit_entry WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1")
            .bind(self.id)
            .fetch_one(&self.admin)
            .await
            .expect("a line")
    }
}

const ACTIONS: [Action; 7] = [
    Action::Suspend,
    Action::ChangeScope,
    Action::Reinstate,
    Action::ChangePlan,
    Action::ConvertTrial,
    Action::StartOffboarding,
    Action::CancelOffboarding,
];

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_action_is_refused_from_every_status_where_it_is_illegal(admin: PgPool) {
    let stage = stage(admin).await;
    for status in Status::ALL {
        for action in ACTIONS {
            stage.put(*status).await;
            sqlx::query("UPDATE tenant SET plan_id = 'professional'")
                .execute(&stage.admin)
                .await
                .expect("a plan");
            let before = stage.row().await;
            let done = stage.act(&stage.cx, action, before.version).await;
            let after = stage.row().await;
            match action.check(*status) {
                Ok(()) => {
                    done.unwrap_or_else(|e| panic!("{action:?} from {status:?}: {e}"));
                    assert_eq!(after.version, before.version + 1);
                    assert_ne!(
                        (after.status, after.plan, after.suspension),
                        (before.status, before.plan, before.suspension)
                    );
                    let (_, _, said_before, said_after) = stage.last_audit().await;
                    assert_eq!(said_before.expect("before")["status"], before.status.as_str());
                    assert_eq!(said_after.expect("after")["status"], after.status.as_str());
                }
                Err(why) => {
                    assert!(
                        matches!(&done, Err(Error::Conflict(said)) if *said == why),
                        "{action:?} from {status:?}: {done:?}"
                    );
                    assert_eq!(
                        (after.status, after.version, after.plan),
                        (before.status, before.version, before.plan)
                    );
                }
            }
        }
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn weaker_roles_and_strangers_are_refused_without_effect(admin: PgPool) {
    let stage = stage(admin).await;
    let other = testing::tenant(&stage.admin, "other").await.expect("a tenant");
    let stranger = testing::member(&stage.services, other, Role::TenantAdmin);
    let own = testing::member(&stage.services, stage.id, Role::TenantAdmin);
    let weak = [
        testing::platform(&stage.services, Role::Success),
        testing::platform(&stage.services, Role::Auditor),
        own,
    ];
    for action in ACTIONS.into_iter().chain([Action::ExtendTrial, Action::GoLive]) {
        for cx in &weak {
            let done = stage.act(cx, action, 1).await;
            assert!(
                matches!(done, Err(Error::Forbidden(_))),
                "{action:?} by {}: {done:?}",
                cx.actor().name()
            );
        }
        assert!(matches!(stage.act(&stranger, action, 1).await, Err(Error::NotFound)), "{action:?}");
    }
    assert!(matches!(set_contacts(&stranger, stage.id, 1, "a", "b").await, Err(Error::NotFound)));
    assert!(matches!(impact(&weak[0], stage.id).await, Err(Error::Forbidden(_))));
    assert_eq!(stage.row().await.version, 1);
    let missing = TenantId(stage.cx.new_id());
    assert!(matches!(suspend(&stage.cx, missing, 1, SUSPEND).await, Err(Error::NotFound)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_stale_form_is_told_who_did_what_and_when(admin: PgPool) {
    let stage = stage(admin).await;
    suspend(&stage.cx, stage.id, 1, SUSPEND).await.expect("suspended");
    let Err(Error::Conflict(said)) = start_offboarding(&stage.cx, stage.id, 1, LEAVE).await else {
        panic!("stale")
    };
    assert!(said.starts_with("Test Operator suspended it on "), "{said}");
    assert!(said.contains("you were looking at version 1, now it is version 2 and is suspended."), "{said}");
    assert_eq!(stage.row().await.status, Status::Suspended);
    sqlx::query("UPDATE tenant SET version = 9")
        .execute(&stage.admin)
        .await
        .expect("a change without a line");
    let Err(Error::Conflict(said)) = reinstate(&stage.cx, stage.id, 2, "paid").await else { panic!("stale") };
    assert!(
        said.starts_with(
            "It was changed in the meantime; you were looking at version 2, now it is version 9"
        ),
        "{said}"
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_offboarding_without_grace_blocks_a_read_only_tenant_at_once_and_cancelling_gives_reading_back(
    admin: PgPool,
) {
    let stage = stage(admin).await;
    suspend(&stage.cx, stage.id, 1, Suspend { scope: "read_only", ..SUSPEND }).await.expect("suspended");
    let now = Offboard { code: "terms_violation", confirm_now: NO_GRACE, ..LEAVE };
    start_offboarding(&stage.cx, stage.id, 2, now).await.expect("offboarding");
    let row = stage.row().await;
    assert_eq!(
        (row.status, row.suspension, Access::of(row.status, row.suspension)),
        (Status::Offboarding, Some(Suspension::Blocked), Access::None)
    );
    cancel_offboarding(&stage.cx, stage.id, 3, "A mistake.").await.expect("cancelled");
    let row = stage.row().await;
    assert_eq!(
        (row.status, row.suspension, row.reason.as_deref(), row.status_before),
        (Status::Suspended, Some(Suspension::ReadOnly), Some("payment_failure"), Some(Status::Active))
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn everything_that_is_wrong_with_a_form_is_said_at_once(admin: PgPool) {
    let stage = stage(admin).await;
    let Err(Error::Invalid(errors)) =
        suspend(&stage.cx, stage.id, 1, Suspend { code: "mood", ..Suspend::default() }).await
    else {
        panic!("refused")
    };
    assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["code", "reason", "scope"]);
    let wrong = Offboard { code: "terms_violation", note: "", confirm: "acm", confirm_now: "" };
    let Err(Error::Invalid(errors)) = start_offboarding(&stage.cx, stage.id, 1, wrong).await else {
        panic!("refused")
    };
    assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["confirm", "confirm_now", "reason"]);
    assert!(matches!(reinstate(&stage.cx, stage.id, 1, " ").await, Err(Error::Invalid(_))));
    assert!(matches!(change_plan(&stage.cx, stage.id, 1, "gold", "").await, Err(Error::Invalid(_))));
    assert!(
        matches!(change_plan(&stage.cx, stage.id, 1, "professional", "").await, Err(Error::Invalid(_))),
        "it has it"
    );
    assert_eq!(stage.version().await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_suspension_is_kept_with_its_reason_and_reinstating_goes_back(admin: PgPool) {
    let stage = stage(admin).await;
    sqlx::query("UPDATE tenant SET status = 'trial'").execute(&stage.admin).await.expect("a trial");
    suspend(&stage.cx, stage.id, 1, SUSPEND).await.expect("suspended");
    let row = stage.row().await;
    assert_eq!(
        (row.status, row.suspension, row.status_before),
        (Status::Suspended, Some(Suspension::Blocked), Some(Status::Trial))
    );
    let head = head(&stage.cx, "acme").await.expect("a head");
    assert_eq!(head.status_by.as_deref(), Some("Test Operator"));
    assert_eq!(head.tenant.status_text(head.now), "Suspended · payment failure");
    let (action, reason, ..) = stage.last_audit().await;
    assert_eq!(
        (action.as_str(), reason.as_deref()),
        ("tenant.suspend", Some("Payment failure: Two invoices open."))
    );
    reinstate(&stage.cx, stage.id, 2, "Paid on 4 May.").await.expect("reinstated");
    let row = stage.row().await;
    assert_eq!(
        (row.status, row.suspension, row.status_before, row.reason),
        (Status::Trial, None, None, None)
    );
    let (action, reason, ..) = stage.last_audit().await;
    assert_eq!((action.as_str(), reason.as_deref()), ("tenant.reinstate", Some("Paid on 4 May.")));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_suspended_tenants_key_and_people_lose_exactly_what_the_suspension_takes(admin: PgPool) {
    let stage = stage(admin).await;
    for (scope, reading, writing) in [
        ("read_only", Verdict::Allowed, Verdict::Suspended(Access::ReadOnly)),
        ("blocked", Verdict::Suspended(Access::None), Verdict::Suspended(Access::None)),
    ] {
        let version = stage.version().await;
        suspend(&stage.cx, stage.id, version, Suspend { scope, ..SUSPEND }).await.expect("suspended");
        let row = stage.row().await;
        let access = Access::of(row.status, row.suspension);
        let key = Actor::ApiKey {
            id: ApiKeyId(stage.id.0),
            name: "connector".into(),
            tenant: stage.id,
            key: KeyAccess::ReadWrite,
            access,
        };
        let person = Actor::User {
            id: UserId(stage.id.0),
            name: "Ada".into(),
            email: "ada@example.com".into(),
            platform: None,
            memberships: vec![Membership {
                tenant: stage.id,
                slug: "acme".into(),
                tenant_name: "acme".into(),
                role: Role::TenantAdmin,
                access,
            }],
        };
        for actor in [key, person] {
            assert_eq!(actor.may(Permission::ConversationRead, Scope::Tenant(stage.id)), reading);
            assert_eq!(actor.may(Permission::ConversationWrite, Scope::Tenant(stage.id)), writing);
        }
        reinstate(&stage.cx, stage.id, version + 1, "fine").await.expect("reinstated");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn grace_follows_the_trigger_and_none_takes_access_at_once(admin: PgPool) {
    let stage = stage(admin).await;
    for reason in OffboardingReason::ALL {
        let version = stage.version().await;
        let confirm_now = if reason.grace_days() == 0 { NO_GRACE } else { "" };
        let form = Offboard { code: reason.as_str(), confirm_now, ..LEAVE };
        start_offboarding(&stage.cx, stage.id, version, form).await.expect("started");
        let head = head(&stage.cx, "acme").await.expect("a head");
        let row = stage.row().await;
        let grace = row.grace_ends_at.expect("an end") - row.status_since;
        assert_eq!(grace.num_days(), reason.grace_days());
        assert_eq!(head.tenant.days_left(row.status_since), Some(reason.grace_days()));
        let access = if reason.grace_days() == 0 { Access::None } else { Access::ReadOnly };
        assert_eq!(Access::of(row.status, row.suspension), access, "{reason:?}");
        cancel_offboarding(&stage.cx, stage.id, version + 1, "They stay.").await.expect("cancelled");
        let row = stage.row().await;
        assert_eq!((row.status, row.suspension, row.grace_ends_at), (Status::Active, None, None));
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn offboarding_a_suspended_tenant_gives_nothing_back_and_cancelling_returns_to_the_suspension(
    admin: PgPool,
) {
    let stage = stage(admin).await;
    suspend(&stage.cx, stage.id, 1, SUSPEND).await.expect("suspended");
    start_offboarding(&stage.cx, stage.id, 2, LEAVE).await.expect("started");
    let row = stage.row().await;
    assert_eq!(Access::of(row.status, row.suspension), Access::None);
    assert_eq!(row.status_before, Some(Status::Suspended));
    cancel_offboarding(&stage.cx, stage.id, 3, "They stay.").await.expect("cancelled");
    let row = stage.row().await;
    assert_eq!(
        (row.status, row.suspension, row.status_before),
        (Status::Suspended, Some(Suspension::Blocked), Some(Status::Active))
    );
    assert_eq!(
        (row.reason.as_deref(), row.note.as_deref()),
        (Some("payment_failure"), Some("Two invoices open."))
    );
    reinstate(&stage.cx, stage.id, 4, "Paid.").await.expect("reinstated");
    assert_eq!(stage.row().await.status, Status::Active);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_runbook_starts_and_ends_with_the_offboarding_and_shows_what_is_ahead(admin: PgPool) {
    let stage = stage(admin).await;
    start_offboarding(&stage.cx, stage.id, 1, LEAVE).await.expect("started");
    checklists::run_probes(&stage.cx, stage.id).await.expect("probes");
    let list =
        checklists::get(&stage.cx, stage.id, ListKey::Offboarding).await.expect("a list").expect("a run");
    let state =
        |key: &str| list.item(key).map(|item| (item.state, item.evidence.check.as_ref().map(|c| c.outcome)));
    assert_eq!(state("ingestion_off"), Some((ItemState::Passed, Some(Outcome::Passed))));
    assert_eq!(state("processing_stopped"), Some((ItemState::Passed, Some(Outcome::Passed))));
    assert_eq!(state("access_revoked"), Some((ItemState::Open, Some(Outcome::NotYet))));
    assert_eq!(list.item("purge").map(|item| item.words()).as_deref(), Some("ahead, not automated yet"));
    let tick = checklists::complete(&stage.cx, stage.id, ListKey::Offboarding, "purge", "done it", "").await;
    assert!(matches!(tick, Err(Error::Conflict(_))), "nobody ticks an operation by hand");
    cancel_offboarding(&stage.cx, stage.id, 2, "They stay.").await.expect("cancelled");
    let list =
        checklists::get(&stage.cx, stage.id, ListKey::Offboarding).await.expect("a list").expect("a run");
    assert!(list.ended_at.is_some());
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn grace_that_is_over_ends_access_and_keeps_data(admin: PgPool) {
    let stage = stage(admin).await;
    let system = stage.services.system("worker");
    start_offboarding(&stage.cx, stage.id, 1, LEAVE).await.expect("started");
    assert_eq!(end_grace(&system, 10).await.expect("a sweep"), 0, "not before its time");
    sqlx::query("UPDATE tenant SET grace_ends_at = now() - interval '1 second'")
        .execute(&stage.admin)
        .await
        .expect("time");
    assert_eq!(end_grace(&system, 10).await.expect("a sweep"), 1);
    let row = stage.row().await;
    assert_eq!((row.status, Access::of(row.status, row.suspension)), (Status::Offboarded, Access::None));
    assert_eq!(stage.last_audit().await.0, "tenant.end_grace");
    assert_eq!(end_grace(&system, 10).await.expect("a sweep"), 0);
    checklists::run_probes(&system, stage.id).await.expect("probes");
    let list =
        checklists::get(&stage.cx, stage.id, ListKey::Offboarding).await.expect("a list").expect("a run");
    assert_eq!(list.item("access_revoked").map(|item| item.state), Some(ItemState::Passed));
    let auditor = testing::platform(&stage.services, Role::Auditor);
    assert!(matches!(end_grace(&auditor, 10).await, Err(Error::Forbidden(_))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_plan_that_is_too_small_is_refused_in_words(admin: PgPool) {
    let stage = stage(admin).await;
    for n in 0..6 {
        sqlx::query(
            "WITH u AS (INSERT INTO user_account (id, email, name) VALUES (gen_random_uuid(), $2, 'n') RETURNING id)
            INSERT INTO member (tenant_id, user_id, role) SELECT $1, id, 'tenant_member' FROM u",
        )
        .bind(stage.id)
        .bind(format!("{n}@example.com"))
        .execute(&stage.admin)
        .await
        .expect("a member");
    }
    let Err(Error::Invalid(errors)) = change_plan(&stage.cx, stage.id, 1, "free", "").await else {
        panic!("refused")
    };
    assert_eq!(errors.get("plan"), Some("Users: 6 in use, Free allows 5. Bring it down first."));
    change_plan(&stage.cx, stage.id, 1, "starter", "They shrank.").await.expect("changed");
    let (action, reason, before, after) = stage.last_audit().await;
    assert_eq!((action.as_str(), reason.as_deref()), ("tenant.change_plan", Some("They shrank.")));
    assert_eq!(
        (before.expect("before")["plan"].as_str(), after.expect("after")["plan"].as_str()),
        (Some("professional"), Some("starter"))
    );
    assert_eq!(impact(&stage.cx, stage.id).await.expect("numbers").members, 6);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenant_goes_live_when_every_required_item_is_done(admin: PgPool) {
    let stage = stage(admin).await;
    sqlx::query("UPDATE tenant SET live_at = NULL").execute(&stage.admin).await.expect("not live");
    assert!(matches!(go_live(&stage.cx, stage.id, 1).await, Err(Error::Conflict(_))), "no onboarding");
    checklists::begin_onboarding(&stage.cx, stage.id).await.expect("a run");
    let Err(Error::Conflict(why)) = go_live(&stage.cx, stage.id, 1).await else { panic!("too early") };
    assert_eq!(why, "Only 1 of 7 required items are done.");
    set_contacts(&stage.cx, stage.id, 1, "help@acme.example", "cto@acme.example").await.expect("contacts");
    for step in ["admin_access", "ingestion", "transcription", "task_runs", "dashboards"] {
        checklists::waive(&stage.cx, stage.id, ListKey::Onboarding, step, "a test").await.expect(step);
    }
    assert!(matches!(go_live(&stage.cx, stage.id, 1).await, Err(Error::Conflict(_))), "stale");
    go_live(&stage.cx, stage.id, 2).await.expect("live");
    let row = stage.row().await;
    assert!(row.configured_at.is_some() && row.validated_at.is_some() && row.live_at.is_some());
    assert_eq!(stage.last_audit().await.0, "tenant.go_live");
    assert!(matches!(go_live(&stage.cx, stage.id, 3).await, Err(Error::Conflict(_))), "once");
    let reopened = checklists::reopen(&stage.cx, stage.id, ListKey::Onboarding, "contacts", "x").await;
    assert!(matches!(reopened, Err(Error::Conflict(_))), "the list is closed");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_overview_shows_what_its_reader_may_see(admin: PgPool) {
    let stage = stage(admin).await;
    suspend(&stage.cx, stage.id, 1, Suspend { scope: "read_only", ..SUSPEND }).await.expect("suspended");
    let seen = overview(&stage.cx, "acme").await.expect("an overview");
    assert_eq!(seen.changes.map(|changes| changes[0].action.clone()).as_deref(), Some("tenant.suspend"));
    assert_eq!(seen.usage.map(|usage| usage.len()), Some(4));
    assert_eq!(seen.tasks.map(|tasks| (tasks.published, tasks.enabled)), Some((4, 0)));
    let member = testing::member(&stage.services, stage.id, Role::TenantMember);
    assert_eq!(overview(&member, "acme").await.expect("an overview").changes, None);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_tenant_reads_the_message_and_never_the_note(admin: PgPool) {
    let stage = stage(admin).await;
    let form = Suspend { scope: "read_only", message: "Two invoices are open.", ..SUSPEND };
    suspend(&stage.cx, stage.id, 1, form).await.expect("suspended");
    let own = testing::member(&stage.services, stage.id, Role::TenantAdmin);
    let slug = stage.row().await.slug;
    let theirs = head(&own, &slug).await.expect("their head").tenant;
    assert_eq!(
        (theirs.status_note, theirs.status_message.as_deref()),
        (None, Some("Two invoices are open."))
    );
    let ours = head(&stage.cx, &slug).await.expect("our head").tenant;
    assert_eq!(ours.status_note.as_deref(), Some("Two invoices open."));

    // Nor in their audit log: not in the list, not in the entry, not on their overview.
    let filter = model::audit::Filter::default();
    let lines = crate::audit::list(&own, Some(stage.id), &filter).await.expect("a list").rows;
    let line = lines.into_iter().find(|line| line.action == "tenant.suspend").expect("a line");
    assert_eq!((line.action.as_str(), line.reason.as_deref()), ("tenant.suspend", Some("Payment failure")));
    let entry = crate::audit::entry(&own, &slug, line.seq).await.expect("an entry");
    let changed = |path: &str| entry.changed.iter().chain(&entry.unchanged).any(|value| value.path == path);
    assert!(changed("message") && !changed("note"), "{:?}", entry.changed);
    let recent = crate::audit::recent(&own, stage.id, 10).await.expect("changes");
    let recent = recent.iter().find(|change| change.action == "tenant.suspend").expect("a change");
    assert_eq!(recent.reason.as_deref(), Some("Payment failure"));
    let entry = crate::audit::entry(&stage.cx, &slug, line.seq).await.expect("an entry");
    assert!(entry.changed.iter().any(|value| value.path == "note"), "the platform sees it");

    // It goes with the suspension, and comes back with one that an offboarding interrupted.
    let version = stage.row().await.version;
    stage.act(&stage.cx, Action::StartOffboarding, version).await.expect("offboarding");
    assert_eq!(stage.row().await.message, None);
    let version = stage.row().await.version;
    stage.act(&stage.cx, Action::CancelOffboarding, version).await.expect("called back");
    assert_eq!(stage.row().await.message.as_deref(), Some("Two invoices are open."));
    let long = "x".repeat(501);
    let version = stage.row().await.version;
    stage.act(&stage.cx, Action::Reinstate, version).await.expect("reinstated");
    assert_eq!(stage.row().await.message, None);
    let refused = suspend(&stage.cx, stage.id, version + 1, Suspend { message: &long, ..SUSPEND }).await;
    assert!(matches!(refused, Err(Error::Invalid(errors)) if errors.get("message").is_some()));
}

/// Sent twice at once, a program's call is one: the later finds the tenant changed by the earlier, and is given its answer.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_is_late_with_the_same_key_is_given_what_it_asked_for(admin: PgPool) {
    let stage = stage(admin).await;
    let keyed = stage.cx.with_key("key-1", b"suspend".to_vec());
    let asked = suspend(&keyed, stage.id, 1, SUSPEND).await.expect("asked");
    let late = decide_once(&keyed, stage.id, 1, Action::Suspend).await.expect("an answer");
    assert!(matches!(late, Err(same) if same.id == asked.id && same.repeated));
    let other = decide_once(&stage.cx, stage.id, 1, Action::Suspend).await;
    assert!(matches!(other, Err(Error::Conflict(_))), "without the key it is somebody else's");
}
