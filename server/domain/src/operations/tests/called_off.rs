//! Called off at every step, an operation of every kind ends clean: nothing of it is left.

use super::every::Case;
use super::*;

/// Called off before it begins, and before each of its steps but the last, after which there is nothing to call off.
async fn called_off_at_every_step(admin: PgPool, case: Case) {
    case.prepare(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let before = everything(&admin).await;
    let steps = case.steps();
    let id = case.begin(&services).await;
    assert_eq!(control(&cx, id, Control::Cancel, "").await.expect("cancelled"), State::Cancelled);
    assert_eq!(everything(&admin).await, before, "nothing of it stays taken");
    for (done, step) in steps[..steps.len() - 1].iter().enumerate() {
        let point = format!("{}.{step}.do.before", case.kind().as_str());
        let points = Failpoints::default();
        points.arm(&point, Action::Pause);
        let id = case.begin(&services).await;
        let running = tokio::spawn({
            let runner = runner(&services, &points);
            async move { runner.finish(id, Duration::from_secs(30)).await }
        });
        while state(&admin, id).await != State::Running || steps_done(&admin, id).await < done as i64 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        control(&cx, id, Control::Cancel, "Not needed.").await.expect("called off");
        points.disarm(&point);
        assert_eq!(running.await.expect("no panic").expect("run"), State::Cancelled, "{step}");
        assert_eq!(everything(&admin).await, before, "{step}: nothing is left");
    }
}

async fn steps_done(admin: &PgPool, id: OperationId) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM operation_step WHERE operation_id = $1 AND state = 'done'")
        .bind(id)
        .fetch_one(admin)
        .await
        .expect("a count")
}

/// In one database each: what is prepared for one is not for the next.
macro_rules! called_off {
    ($($name:ident: $case:ident;)*) => {$(
        #[sqlx::test(migrator = "crate::db::MIGRATOR")]
        async fn $name(admin: PgPool) {
            called_off_at_every_step(admin, Case::$case).await;
        }
    )*

    #[test]
    fn every_kind_is_called_off() {
        let tried = [$(Case::$case),*];
        assert!(Case::ALL.iter().all(|case| tried.contains(case)), "{tried:?}");
    }};
}

called_off! {
    called_off_at_every_step_nothing_is_left_pooled: Pooled;
    called_off_at_every_step_nothing_is_left_dedicated: Dedicated;
    called_off_at_every_step_nothing_is_left_suspend: Suspend;
    called_off_at_every_step_nothing_is_left_change_scope: ChangeScope;
    called_off_at_every_step_nothing_is_left_reinstate: Reinstate;
    called_off_at_every_step_nothing_is_left_change_plan: ChangePlan;
    called_off_at_every_step_nothing_is_left_convert_trial: ConvertTrial;
    called_off_at_every_step_nothing_is_left_change_details: ChangeDetails;
    called_off_at_every_step_nothing_is_left_apply_template: ApplyTemplate;
}
