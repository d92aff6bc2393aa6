//! Rolling back what failed long ago takes nothing back that a later operation did.

use super::every::Case;
use super::*;

/// One fails at its last step and is undone; the same asked for again succeeds; the first is rolled back.
async fn a_later_one_stays(admin: PgPool, case: Case) {
    case.prepare(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let before = everything(&admin).await;
    let (steps, kind) = (case.steps(), case.kind().as_str());
    let mut failed = Vec::new();
    // Each step in turn: also where the very step failed that the later one carries out.
    for step in &steps {
        let points = Failpoints::default();
        points.arm(&format!("{kind}.{step}.do.after"), Action::Error);
        let id = case.begin(&services).await;
        let ended = runner(&services, &points).finish(id, Duration::from_secs(30)).await.expect("run");
        assert_eq!(ended, State::Failed, "{step}");
        assert_eq!(everything(&admin).await, before, "{step}: undone");
        failed.push(id);
    }
    let id = case.begin(&services).await;
    let ended = Runner::new(services.clone()).finish(id, Duration::from_secs(30)).await.expect("run");
    assert_eq!(ended, State::Succeeded, "{}", error_of(&admin, id).await);
    let done = everything(&admin).await;
    assert_ne!(done, before, "it did something");
    for (step, id) in steps.iter().zip(failed) {
        control(&cx, id, Control::RollBack, "Not needed.").await.expect("rolled back");
        let ended = Runner::new(services.clone()).finish(id, Duration::from_secs(30)).await.expect("run");
        assert_eq!(ended, State::RolledBack, "{step}: {}", error_of(&admin, id).await);
        assert_eq!(everything(&admin).await, done, "failed at {step}: what was done since stays");
    }
}

macro_rules! stays {
    ($($name:ident: $case:ident;)*) => {
        $(
            #[sqlx::test(migrator = "crate::db::MIGRATOR")]
            async fn $name(admin: PgPool) {
                a_later_one_stays(admin, Case::$case).await;
            }
        )*

        #[test]
        fn every_kind_on_a_tenant_is_rolled_back_late() {
            let tried = [$(Case::$case),*];
            assert!(Case::ON_A_TENANT.iter().all(|case| tried.contains(case)), "{tried:?}");
        }
    };
}

stays! {
    a_later_suspension_stays: Suspend;
    a_later_change_of_scope_stays: ChangeScope;
    a_later_reinstatement_stays: Reinstate;
    a_later_plan_change_stays: ChangePlan;
    a_later_conversion_stays: ConvertTrial;
    a_later_change_of_details_stays: ChangeDetails;
    a_later_application_stays: ApplyTemplate;
}
