//! The generic tests over every kind: an error at every step ends clean, every step done and undone twice ends the same,
//! an undo that fails waits for a person, who can go either way. `called_off` calls them off at every step.

use super::*;
use std::collections::BTreeMap;

/// A kind with what it is tried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Pooled,
    Dedicated,
    Suspend,
    ChangeScope,
    Reinstate,
    ChangePlan,
    ConvertTrial,
    ChangeDetails,
    ApplyTemplate,
}

impl Case {
    /// All of them. Whoever tries one kind after the other says which by this list, so that a new one is noticed.
    pub(super) const ALL: [Self; 9] = [
        Self::Pooled,
        Self::Dedicated,
        Self::Suspend,
        Self::ChangeScope,
        Self::Reinstate,
        Self::ChangePlan,
        Self::ConvertTrial,
        Self::ChangeDetails,
        Self::ApplyTemplate,
    ];

    pub(super) const ON_A_TENANT: [Self; 7] = [
        Self::Suspend,
        Self::ChangeScope,
        Self::Reinstate,
        Self::ChangePlan,
        Self::ConvertTrial,
        Self::ChangeDetails,
        Self::ApplyTemplate,
    ];

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Pooled | Self::Dedicated => Kind::Provision,
            Self::Suspend => Kind::Suspend,
            Self::ChangeScope => Kind::ChangeScope,
            Self::Reinstate => Kind::Reinstate,
            Self::ChangePlan => Kind::ChangePlan,
            Self::ConvertTrial => Kind::ConvertTrial,
            Self::ChangeDetails => Kind::ChangeDetails,
            Self::ApplyTemplate => Kind::ApplyTemplate,
        }
    }

    pub(super) fn steps(self) -> Vec<&'static str> {
        kinds::of(self.kind()).expect("steps").iter().map(|step| step.name).collect()
    }

    /// What has to be there before.
    pub(super) async fn prepare(self, admin: &PgPool) {
        no_approval(admin).await;
        if Self::ON_A_TENANT.contains(&self) {
            testing::tenant(admin, "acme").await.expect("a tenant");
        }
        if self == Self::ChangeScope {
            sqlx::query("UPDATE tenant SET status = 'suspended', suspension = 'read_only', status_before = 'active', status_reason = 'security_incident', status_note = 'A key leaked.'")
                .execute(admin)
                .await
                .expect("suspended");
        }
        if self == Self::Reinstate {
            sqlx::query("UPDATE tenant SET status = 'suspended', suspension = 'blocked', status_before = 'active', status_reason = 'security_incident', status_note = 'A key leaked.'")
                .execute(admin)
                .await
                .expect("suspended");
        }
        if self == Self::ConvertTrial {
            sqlx::query("UPDATE tenant SET status = 'trial', trial_ends_at = now() + interval '5 days'")
                .execute(admin)
                .await
                .expect("a trial");
        }
        if self == Self::ChangeDetails {
            // Tags that were ever in use stay known, also when the change is taken back.
            sqlx::query("INSERT INTO tag VALUES ('vip')").execute(admin).await.expect("a tag");
        }
        if self == Self::ApplyTemplate {
            // From one template to another, which adds fields and enables tasks.
            let cx = testing::platform(&testing::services(admin).await, Role::Operator);
            let tenant = crate::tenants::by_slug(&cx, "acme").await.expect("the tenant");
            crate::templates::apply_to(&cx, tenant.id, "regulated", 1, "").await.expect("applied");
        }
    }

    pub(super) async fn begin(self, services: &Services) -> OperationId {
        let cx = testing::platform(services, Role::Operator);
        let placement = match self {
            Self::Pooled => Placement::Pooled,
            Self::Dedicated => Placement::Dedicated,
            _ => return self.begin_on_tenant(&cx).await,
        };
        request_provision(&cx, asked("acme", placement), None).await.expect("asked").id
    }

    async fn begin_on_tenant(self, cx: &Ctx) -> OperationId {
        let tenant = crate::tenants::by_slug(cx, "acme").await.expect("the tenant");
        let version = tenant.version;
        let suspension = serde_json::json!({ "version": version, "code": "security_incident", "note": "A key leaked.", "scope": "blocked", "priority": 0 });
        let payload = match self {
            Self::Suspend => suspension,
            Self::ChangeScope => {
                serde_json::json!({ "version": version, "was": "read_only", "scope": "blocked", "reason": "It leaks still.", "message": null, "was_message": null })
            }
            Self::Reinstate => {
                serde_json::json!({ "version": version, "proof": "The key is revoked.", "was": suspension })
            }
            Self::ConvertTrial => {
                serde_json::json!({ "version": version, "ends_at": tenant.trial_ends_at, "reason": "They signed." })
            }
            Self::ChangeDetails => {
                let labels =
                    |tags: &[&str]| serde_json::json!({ "owner": null, "owner_name": null, "tags": tags });
                serde_json::json!({ "version": version, "reason": "Ours.", "was": labels(&[]), "to": labels(&["vip"]) })
            }
            Self::ApplyTemplate => {
                let mut read = cx.read(Reach::Fleet).await.expect("a read");
                let found = crate::templates::published(read.conn(), "voice-sales", 1).await.expect("looked");
                let (to, _) = found.expect("it is published");
                crate::templates::payload(to, "They sell now.").expect("a payload")
            }
            _ => {
                serde_json::json!({ "version": version, "from": "professional", "to": "enterprise", "note": null })
            }
        };
        let mut tx = cx.begin(Reach::Fleet).await.expect("begun");
        let request = Request {
            id: OperationId(cx.new_id()),
            kind: self.kind(),
            tenant: tenant.id,
            subject: "Acme",
            payload,
            reason: None,
            dedicated: false,
            parent: None,
            run_after: None,
        };
        enqueue(&mut tx, cx, &request).await.expect("asked");
        tx.commit_unaudited("a test").await.expect("committed");
        request.id
    }

    /// What an operation that failed keeps, on purpose, for a retry.
    pub(super) fn kept(self, failed_at: &str) -> &'static [(&'static str, i64)] {
        match (self, failed_at) {
            // The names of the request.
            (Self::Pooled | Self::Dedicated, "validate" | "record") => &[("steward.name_claim", 2)],
            (Self::Pooled | Self::Dedicated, _) => &[("steward.tenant", 1)],
            _ => &[],
        }
    }
}

pub(super) fn with(before: &BTreeMap<String, i64>, more: &[(&str, i64)]) -> BTreeMap<String, i64> {
    let mut out = before.clone();
    for (table, n) in more {
        *out.get_mut(*table).expect("a table") += n;
        out.remove(&content(table));
    }
    out
}

/// Everything, to be compared with [`with`]: what the rows that are more say is not looked at.
pub(super) async fn beside(admin: &PgPool, more: &[(&str, i64)]) -> BTreeMap<String, i64> {
    let mut out = everything(admin).await;
    for (table, _) in more {
        out.remove(&content(table));
    }
    out
}

async fn fails_at_every_step(admin: PgPool, case: Case) {
    case.prepare(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let before = everything(&admin).await;
    let mut points_tried = 0;
    for step in case.steps() {
        for point in ["do.before", "do.after"] {
            let name = format!("{}.{step}.{point}", case.kind().as_str());
            let points = Failpoints::default();
            points.arm(&name, Action::Error);
            let id = case.begin(&services).await;
            let ended = runner(&services, &points).finish(id, Duration::from_secs(30)).await.expect("run");
            assert_eq!(ended, State::Failed, "{name}");
            assert!(error_of(&admin, id).await.contains(&name), "the reason is on record");
            assert_eq!(
                beside(&admin, case.kept(step)).await,
                with(&before, case.kept(step)),
                "{name}: clean but for what a retry needs"
            );
            // Rolled back there is nothing at all, and the same request may be made again.
            control(&cx, id, Control::RollBack, "").await.expect("rolled back");
            let ended = runner(&services, &Failpoints::default()).finish(id, Duration::from_secs(30)).await;
            assert_eq!(ended.expect("run"), State::RolledBack, "{name}: {}", error_of(&admin, id).await);
            assert_eq!(everything(&admin).await, before, "{name}: nothing is left");
            points_tried += 1;
        }
    }
    // Retried after the point is gone it succeeds.
    let points = Failpoints::default();
    points.arm(
        &format!("{}.{}.do.after", case.kind().as_str(), case.steps()[case.steps().len() / 2]),
        Action::Error,
    );
    let id = case.begin(&services).await;
    assert_eq!(
        runner(&services, &points).finish(id, Duration::from_secs(30)).await.expect("run"),
        State::Failed
    );
    control(&cx, id, Control::Retry, "").await.expect("again");
    let ended = runner(&services, &Failpoints::default()).finish(id, Duration::from_secs(30)).await;
    assert_eq!(ended.expect("run"), State::Succeeded, "{}", error_of(&admin, id).await);
    println!("{case:?}: {points_tried} points failed, undone, rolled back");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_error_at_every_step_ends_clean_pooled(admin: PgPool) {
    fails_at_every_step(admin, Case::Pooled).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_error_at_every_step_ends_clean_dedicated(admin: PgPool) {
    fails_at_every_step(admin, Case::Dedicated).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_error_at_every_step_ends_clean_suspend(admin: PgPool) {
    fails_at_every_step(admin, Case::Suspend).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_error_at_every_step_ends_clean_change_scope(admin: PgPool) {
    fails_at_every_step(admin, Case::ChangeScope).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_error_at_every_step_ends_clean_reinstate(admin: PgPool) {
    fails_at_every_step(admin, Case::Reinstate).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_error_at_every_step_ends_clean_change_plan(admin: PgPool) {
    fails_at_every_step(admin, Case::ChangePlan).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_error_at_every_step_ends_clean_convert_trial(admin: PgPool) {
    fails_at_every_step(admin, Case::ConvertTrial).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_error_at_every_step_ends_clean_change_details(admin: PgPool) {
    fails_at_every_step(admin, Case::ChangeDetails).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_error_at_every_step_ends_clean_apply_template(admin: PgPool) {
    fails_at_every_step(admin, Case::ApplyTemplate).await;
}

/// What one run adds, done once; the same done twice; and twice undone nothing.
async fn twice_is_once(admin: PgPool, case: Case) {
    case.prepare(&admin).await;
    let services = testing::services(&admin).await;
    let before = everything(&admin).await;
    // The last step fails, so that everything before it is undone as well: twice.
    let points = Failpoints::default();
    let last = *case.steps().last().expect("a step");
    points.arm(&format!("{}.{last}.do.after", case.kind().as_str()), Action::Error);
    let id = case.begin(&services).await;
    let ended = runner(&services, &points).twice().finish(id, Duration::from_secs(30)).await.expect("run");
    assert_eq!(ended, State::Failed);
    let cx = testing::platform(&services, Role::Operator);
    control(&cx, id, Control::RollBack, "").await.expect("rolled back");
    let ended = runner(&services, &Failpoints::default()).twice().finish(id, Duration::from_secs(30)).await;
    assert_eq!(ended.expect("run"), State::RolledBack);
    assert_eq!(everything(&admin).await, before, "undone twice there is nothing");
    let mut after = Vec::new();
    for twice in [false, true] {
        let id = case.begin(&services).await;
        let runner = runner(&services, &Failpoints::default());
        let runner = if twice { runner.twice() } else { runner };
        let ended = runner.finish(id, Duration::from_secs(30)).await.expect("run");
        assert_eq!(ended, State::Succeeded, "{}", error_of(&admin, id).await);
        let mut all = everything(&admin).await;
        // Every proof is kept.
        all.remove("steward.isolation_run");
        after.push(all);
        if !twice {
            undo_by_hand(&admin, &services, id).await;
            assert_eq!(everything(&admin).await, before);
        }
    }
    assert_eq!(after[0], after[1], "done twice is done once");
}

/// Takes back what succeeded, as no button does: every step's undo.
async fn undo_by_hand(admin: &PgPool, services: &Services, id: OperationId) {
    sqlx::query(
        "UPDATE operation SET state = 'undoing', ends_as = 'rolled_back', lease_until = NULL WHERE id = $1",
    )
    .bind(id)
    .execute(admin)
    .await
    .expect("turned");
    let ended =
        runner(services, &Failpoints::default()).finish(id, Duration::from_secs(30)).await.expect("run");
    assert_eq!(ended, State::RolledBack, "{}", error_of(admin, id).await);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_step_done_twice_ends_the_same_pooled(admin: PgPool) {
    twice_is_once(admin, Case::Pooled).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_step_done_twice_ends_the_same_dedicated(admin: PgPool) {
    twice_is_once(admin, Case::Dedicated).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_step_done_twice_ends_the_same_suspend(admin: PgPool) {
    twice_is_once(admin, Case::Suspend).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_step_done_twice_ends_the_same_change_scope(admin: PgPool) {
    twice_is_once(admin, Case::ChangeScope).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_step_done_twice_ends_the_same_reinstate(admin: PgPool) {
    twice_is_once(admin, Case::Reinstate).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_step_done_twice_ends_the_same_change_plan(admin: PgPool) {
    twice_is_once(admin, Case::ChangePlan).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_step_done_twice_ends_the_same_convert_trial(admin: PgPool) {
    twice_is_once(admin, Case::ConvertTrial).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_step_done_twice_ends_the_same_change_details(admin: PgPool) {
    twice_is_once(admin, Case::ChangeDetails).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_step_done_twice_ends_the_same_apply_template(admin: PgPool) {
    twice_is_once(admin, Case::ApplyTemplate).await;
}

/// Every kind that has steps has a case here: a new one is noticed.
#[test]
fn every_kind_that_is_built_is_tried() {
    let tried = Case::ALL.map(Case::kind);
    // Tried in `bulk`: it is not undone.
    let elsewhere = [Kind::Bulk];
    for kind in Kind::ALL.iter().filter(|kind| kinds::of(**kind).is_some()) {
        assert!(tried.contains(kind) || elsewhere.contains(kind), "{kind:?} is not tried");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_undo_that_fails_waits_for_a_person_who_goes_either_way(admin: PgPool) {
    no_approval(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let before = everything(&admin).await;
    let points = Failpoints::default();
    points.arm("provision.smoke.do.before", Action::Error);
    points.arm("provision.placement.undo.before", Action::Error);
    for way in [Control::RollBack, Control::Retry] {
        let id = Case::Dedicated.begin(&services).await;
        let ended = runner(&services, &points).finish(id, Duration::from_secs(30)).await.expect("run");
        assert_eq!(ended, State::NeedsOperator);
        let seen = get(&cx, id).await.expect("the operation");
        let state_of = |name: &str| seen.steps.iter().find(|s| s.name == name).expect("a step").state;
        use model::operations::StepState::*;
        assert_eq!(
            [state_of("record"), state_of("placement"), state_of("configuration"), state_of("smoke")],
            [Done, UndoFailed, Undone, Failed],
            "what remains is named"
        );
        assert!(seen.row.error.is_some_and(|why| why.contains("Give its data a place")));
        control(&cx, id, way, "Mended.").await.expect("steered");
        let ended =
            runner(&services, &Failpoints::default()).finish(id, Duration::from_secs(30)).await.expect("run");
        match way {
            Control::RollBack => {
                assert_eq!(ended, State::RolledBack, "{}", error_of(&admin, id).await);
                assert_eq!(everything(&admin).await, before);
            }
            _ => assert_eq!(ended, State::Succeeded, "{}", error_of(&admin, id).await),
        }
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_fault_of_the_moment_is_tried_again_and_a_panic_too(admin: PgPool) {
    let services = testing::services(&admin).await;
    let points = Failpoints::default();
    points.arm("provision.configuration.do.after", Action::Fault(2));
    let id = Case::Pooled.begin(&services).await;
    let ended = runner(&services, &points).finish(id, Duration::from_secs(30)).await.expect("run");
    assert_eq!(ended, State::Succeeded, "{}", error_of(&admin, id).await);
    // A panic at every try: the attempts end, and everything is undone.
    let points = Failpoints::default();
    points.arm("provision.smoke.do.before", Action::Panic);
    let cx = testing::platform(&services, Role::Operator);
    let id = request_provision(&cx, asked("other", Placement::Pooled), None).await.expect("asked").id;
    let ended = runner(&services, &points).finish(id, Duration::from_secs(30)).await.expect("run");
    assert_eq!(ended, State::Failed);
    assert!(error_of(&admin, id).await.contains("died 5 times"));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_stopped_and_revived_worker_is_fenced_off(admin: PgPool) {
    let services = testing::services(&admin).await;
    for step in ["configuration", "smoke", "activate"] {
        let cx = testing::platform(&services, Role::Operator);
        let id = request_provision(&cx, asked(step, Placement::Pooled), None).await.expect("asked").id;
        let point = format!("provision.{step}.do.before");
        let points = Failpoints::default();
        points.arm(&point, Action::Pause);
        let stopped = tokio::spawn({
            let runner = runner(&services, &points).without_heartbeat();
            async move { runner.drain().await }
        });
        let until = format!(
            "SELECT count(*) FROM operation_step s JOIN operation o ON o.id = s.operation_id WHERE o.id = '{id}' AND s.state IN ('done', 'running')"
        );
        let reached = i64::try_from(Case::Pooled.steps().iter().position(|s| *s == step).expect("a step"))
            .expect("small");
        loop {
            let done: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(until.clone()))
                .fetch_one(&admin)
                .await
                .expect("a count");
            if done >= reached {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        sqlx::query("UPDATE operation SET lease_until = now() - interval '1 s' WHERE id = $1")
            .bind(id)
            .execute(&admin)
            .await
            .expect("its lease ends");
        assert_eq!(
            Runner::new(services.clone()).drain().await.expect("run"),
            1,
            "another worker takes it over"
        );
        assert_eq!(state(&admin, id).await, State::Succeeded);
        let snapshot = everything(&admin).await;
        let versions: i64 = sqlx::query_scalar("SELECT sum(version)::bigint FROM operation")
            .fetch_one(&admin)
            .await
            .expect("a sum");
        points.disarm(&point);
        stopped.await.expect("no panic").expect("it gives up by itself");
        assert_eq!(everything(&admin).await, snapshot, "{step}: what it did afterwards is not there");
        let after: i64 = sqlx::query_scalar("SELECT sum(version)::bigint FROM operation")
            .fetch_one(&admin)
            .await
            .expect("a sum");
        assert_eq!(after, versions, "nor in the ledger");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn several_workers_share_the_work_and_one_at_a_time_holds_a_tenant(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let mut ids = Vec::new();
    for n in 0..12 {
        ids.push(
            request_provision(&cx, asked(&format!("t{n}"), Placement::Pooled), None).await.expect("asked").id,
        );
    }
    let workers: Vec<_> = (0..3).map(|_| Runner::new(services.clone())).collect();
    let (a, b, c) = tokio::join!(workers[0].drain(), workers[1].drain(), workers[2].drain());
    let taken = [a.expect("run"), b.expect("run"), c.expect("run")];
    assert_eq!(taken.iter().sum::<u64>(), 12, "each once: {taken:?}");
    assert!(taken.iter().all(|n| *n > 0), "{taken:?}");
    for id in ids {
        assert_eq!(state(&admin, id).await, State::Succeeded);
    }
    // Two of one tenant: the second waits for the first.
    sqlx::query("UPDATE operation SET state = 'queued'").execute(&admin).await.expect("queued again");
    sqlx::query("UPDATE operation SET tenant_id = tenant_id, state = 'running', lease_until = now() + interval '1 hour' WHERE subject = 'Acme'")
        .execute(&admin)
        .await
        .expect("held");
    assert_eq!(Runner::new(services).drain().await.expect("run"), 0);
}
