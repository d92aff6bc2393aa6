//! Real processes that are killed (SIGKILL) or stopped (SIGSTOP) in the middle of an operation: this test binary, started
//! once more with only [`child`] to run.

use super::every::{Case, beside, with};
use super::notices::{invited_in_vain, of_failure, of_success, told, told_since};
use super::*;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

/// Not a test: the process that works until it dies.
#[test]
#[ignore = "started by the tests of this file"]
fn child() {
    let Ok(url) = std::env::var("STEWARD_CHILD") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let admin = PgPool::connect(&url).await.expect("the database");
        let services = testing::services(&admin).await;
        Runner::new(services).drain().await.expect("work");
    });
}

fn start(admin: &PgPool, points: &str) -> std::process::Child {
    use sqlx::ConnectOptions;
    Command::new(std::env::current_exe().expect("this binary"))
        .args(["operations::tests::crash::child", "--exact", "--ignored", "--nocapture"])
        .env("STEWARD_CHILD", admin.connect_options().to_url_lossy().as_str())
        .env("STEWARD_FAILPOINTS", points)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child")
}

pub(super) async fn killed_at(admin: &PgPool, points: &str) {
    let mut child = start(admin, points);
    let status = tokio::task::spawn_blocking(move || child.wait()).await.expect("waited").expect("waited");
    assert_eq!(status.signal(), Some(9), "{points}: {status}");
}

/// As if the lease of the dead had run out.
pub(super) async fn lease_ends(admin: &PgPool) {
    sqlx::query(
        "UPDATE operation SET lease_until = now() - interval '1 s' WHERE state IN ('running', 'undoing')",
    )
    .execute(admin)
    .await
    .expect("the lease ends");
}

/// Killed at each of these points of each step, the next worker finishes it; everything is there exactly once.
async fn finishes_after(admin: PgPool, case: Case, points: &[&str]) {
    case.prepare(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let before = everything(&admin).await;
    let id = case.begin(&services).await;
    assert_eq!(
        Runner::new(services.clone()).finish(id, Duration::from_secs(30)).await.expect("run"),
        State::Succeeded
    );
    let mut whole = everything(&admin).await;
    whole.remove("steward.isolation_run");
    forgotten(&admin, &services, id).await;
    assert_eq!(everything(&admin).await, before);
    let mut deaths = 0;
    for step in case.steps() {
        for point in points {
            let name = format!("{}.{step}.{point}", case.kind().as_str());
            let heard = told(&admin).await;
            let id = case.begin(&services).await;
            killed_at(&admin, &format!("{name}=abort")).await;
            assert_eq!(state(&admin, id).await, State::Running, "{name}");
            lease_ends(&admin).await;
            assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 1);
            assert_eq!(state(&admin, id).await, State::Succeeded, "{name}: {}", error_of(&admin, id).await);
            let mut after = everything(&admin).await;
            after.remove("steward.isolation_run");
            assert_eq!(after, whole, "{name}: finished, and nothing twice");
            assert_eq!(told_since(&admin, &heard).await, of_success(case), "{name}: each thing is told once");
            assert_eq!(invited_in_vain(&admin).await, 0, "{name}");
            forgotten(&admin, &services, id).await;
            assert_eq!(everything(&admin).await, before, "{name}");
            deaths += 1;
        }
    }
    let tenants = model::operations::OperationQuery { limit: 1, ..Default::default() };
    assert!(list(&cx, &tenants).await.is_ok());
    println!("{case:?}: killed {deaths} times, finished {deaths} times");
}

/// As no button does: what succeeded is undone.
async fn turn_back(admin: &PgPool, id: OperationId) {
    sqlx::query(
        "UPDATE operation SET state = 'undoing', ends_as = 'rolled_back', lease_until = NULL WHERE id = $1",
    )
    .bind(id)
    .execute(admin)
    .await
    .expect("turned");
}

async fn forgotten(admin: &PgPool, services: &Services, id: OperationId) {
    turn_back(admin, id).await;
    let ended =
        runner(services, &Failpoints::default()).finish(id, Duration::from_secs(30)).await.expect("run");
    assert_eq!(ended, State::RolledBack, "{}", error_of(admin, id).await);
}

/// Where a step can be interrupted on its way forwards.
const FORWARDS: [&str; 3] = ["do.before", "do.after", "do.committed"];

/// In one database each: what is prepared for one is not for the next. All of them are named here, or a test says so.
macro_rules! killed {
    ($all:ident; $($name:ident: $case:ident $run:ident($($points:expr)?);)*) => {
        $(
            #[sqlx::test(migrator = "crate::db::MIGRATOR")]
            async fn $name(admin: PgPool) {
                $run(admin, Case::$case $(, &$points)?).await;
            }
        )*

        #[test]
        fn $all() {
            let tried = [$(Case::$case),*];
            assert!(Case::ALL.iter().all(|case| tried.contains(case)), "{tried:?}");
        }
    };
}

killed! {
    every_kind_is_killed_at_every_point;
    killed_before_every_step_it_finishes: Dedicated finishes_after(["do.before"]);
    killed_with_the_effect_in_hand_it_finishes: Dedicated finishes_after(["do.after"]);
    killed_after_every_step_it_finishes: Dedicated finishes_after(["do.committed"]);
    killed_at_every_point_beside_others_it_finishes: Pooled finishes_after(FORWARDS);
    killed_at_every_point_of_a_suspension_it_finishes: Suspend finishes_after(FORWARDS);
    killed_at_every_point_of_a_change_of_scope_it_finishes: ChangeScope finishes_after(FORWARDS);
    killed_at_every_point_of_a_reinstatement_it_finishes: Reinstate finishes_after(FORWARDS);
    killed_at_every_point_of_a_plan_change_it_finishes: ChangePlan finishes_after(FORWARDS);
    killed_at_every_point_of_a_conversion_it_finishes: ConvertTrial finishes_after(FORWARDS);
    killed_at_every_point_of_a_change_of_details_it_finishes: ChangeDetails finishes_after(FORWARDS);
    killed_at_every_point_of_an_application_it_finishes: ApplyTemplate finishes_after(FORWARDS);
}

/// Killed while it undoes, the next worker ends the undoing; nothing is left.
async fn undone_after(admin: PgPool, case: Case) {
    case.prepare(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let before = everything(&admin).await;
    let (steps, kind) = (case.steps(), case.kind().as_str());
    let last = steps[steps.len() - 1];
    for step in &steps[..steps.len() - 1] {
        for point in ["undo.before", "undo.after", "undo.committed"] {
            let heard = told(&admin).await;
            let id = case.begin(&services).await;
            let points = format!("{kind}.{last}.do.after=error;{kind}.{step}.{point}=abort");
            killed_at(&admin, &points).await;
            assert_eq!(state(&admin, id).await, State::Undoing, "{points}");
            lease_ends(&admin).await;
            assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 1);
            assert_eq!(state(&admin, id).await, State::Failed, "{points}: {}", error_of(&admin, id).await);
            assert_eq!(beside(&admin, case.kept(last)).await, with(&before, case.kept(last)), "{points}");
            assert_eq!(
                told_since(&admin, &heard).await,
                of_failure(case),
                "{points}: nothing of the step that failed"
            );
            assert_eq!(invited_in_vain(&admin).await, 0, "{points}");
            control(&cx, id, Control::RollBack, "").await.expect("rolled back");
            assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 1);
            assert_eq!(everything(&admin).await, before, "{points}: no orphan");
        }
    }
}

/// What has one step is undone only where somebody takes back what succeeded: killed then, the next worker ends that.
async fn taken_back_after(admin: PgPool, case: Case) {
    case.prepare(&admin).await;
    let services = testing::services(&admin).await;
    let before = everything(&admin).await;
    let (steps, kind) = (case.steps(), case.kind().as_str());
    for step in &steps {
        for point in ["undo.before", "undo.after", "undo.committed"] {
            let id = case.begin(&services).await;
            let ended = Runner::new(services.clone()).finish(id, Duration::from_secs(30)).await.expect("run");
            assert_eq!(ended, State::Succeeded, "{}", error_of(&admin, id).await);
            assert_ne!(everything(&admin).await, before, "it did something");
            turn_back(&admin, id).await;
            killed_at(&admin, &format!("{kind}.{step}.{point}=abort")).await;
            assert_eq!(state(&admin, id).await, State::Undoing, "{point}");
            lease_ends(&admin).await;
            assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 1);
            let ended = state(&admin, id).await;
            assert_eq!(ended, State::RolledBack, "{step}.{point}: {}", error_of(&admin, id).await);
            assert_eq!(everything(&admin).await, before, "{step}.{point}: nothing is left");
        }
    }
}

#[test]
fn whoever_has_one_step_is_taken_back() {
    for case in Case::ALL {
        let one = matches!(case, Case::ChangeDetails | Case::ApplyTemplate);
        assert_eq!(case.steps().len() == 1, one, "{case:?}: it is killed in its undo as the others are");
    }
}

killed! {
    every_kind_is_killed_in_every_undo;
    killed_in_every_undo_it_ends_clean: Dedicated undone_after();
    killed_in_every_undo_beside_others_it_ends_clean: Pooled undone_after();
    killed_in_every_undo_of_a_suspension_it_ends_clean: Suspend undone_after();
    killed_in_every_undo_of_a_change_of_scope_it_ends_clean: ChangeScope undone_after();
    killed_in_every_undo_of_a_reinstatement_it_ends_clean: Reinstate undone_after();
    killed_in_every_undo_of_a_plan_change_it_ends_clean: ChangePlan undone_after();
    killed_in_every_undo_of_a_conversion_it_ends_clean: ConvertTrial undone_after();
    killed_in_the_undo_of_a_change_of_details_it_ends_clean: ChangeDetails taken_back_after();
    killed_in_the_undo_of_an_application_it_ends_clean: ApplyTemplate taken_back_after();
}

/// With nobody's help: the lease runs out by the clock and another process takes over.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn within_a_minute_of_its_death_it_is_finished_by_another(admin: PgPool) {
    let services = testing::services(&admin).await;
    let id = Case::Pooled.begin(&services).await;
    killed_at(&admin, "provision.smoke.do.after=abort").await;
    let begun = std::time::Instant::now();
    let (tell, told) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(Runner::new(services.clone()).run(told));
    while state(&admin, id).await != State::Succeeded {
        assert!(begun.elapsed() < Duration::from_secs(60), "too long");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("finished {} s after the death", begun.elapsed().as_secs());
    let _ = tell.send(true);
    worker.await.expect("it stops");
}

/// Stopped (SIGSTOP) until another worker has finished, then revived: nothing that it does counts.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_process_that_was_stopped_and_revived_is_fenced_off(admin: PgPool) {
    let services = testing::services(&admin).await;
    let id = Case::Pooled.begin(&services).await;
    let mut child = start(&admin, "provision.monitoring.do.before=sleep");
    let pid = child.id().to_string();
    let reached = "SELECT count(*) FROM operation_step WHERE state = 'done'";
    while sqlx::query_scalar::<_, i64>(reached).fetch_one(&admin).await.expect("a count") < 8 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(Command::new("kill").args(["-STOP", &pid]).status().expect("kill").success());
    lease_ends(&admin).await;
    assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 1);
    assert_eq!(state(&admin, id).await, State::Succeeded);
    let (snapshot, heard) = (everything(&admin).await, told(&admin).await);
    assert_eq!(heard, of_success(Case::Pooled), "each thing is told once");
    assert!(Command::new("kill").args(["-CONT", &pid]).status().expect("kill").success());
    let status = tokio::task::spawn_blocking(move || child.wait()).await.expect("waited").expect("waited");
    assert!(status.success(), "it gives up by itself: {status}");
    assert_eq!(everything(&admin).await, snapshot);
    assert_eq!(told(&admin).await, heard, "nor does it tell anybody anything");
    assert_eq!(state(&admin, id).await, State::Succeeded);
}
