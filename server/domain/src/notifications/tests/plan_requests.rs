//! Whoever asked for another plan is told what came of it, and nothing that is not theirs.

use super::{World, with_mail};
use crate::operations::control;
use crate::tenants::{AskForPlan, ask_for_plan};
use crate::testing::smtp::Catcher;
use model::operations::Control;
use sqlx::PgPool;

const UP: AskForPlan<'static> =
    AskForPlan { from: "professional", plan: "enterprise", reason: "We open three offices." };

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn whoever_asked_is_told_what_came_of_it(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    let (cx, asker, id) = (world.operator(), world.tenant_admin(), world.tenant);
    let theirs = || catcher.to("ines@example.com");

    let asked = ask_for_plan(&asker, id, UP).await.expect("asked");
    world.drain().await;
    let waits = catcher.to("ada@example.com").pop().expect("who may approve").plain();
    assert!(waits.contains("Waits for approval") && !waits.contains("three offices"), "{waits}");
    assert!(theirs().is_empty(), "nothing is decided yet");
    control(&cx, asked.id, Control::Reject, "The contract ends first.").await.expect("rejected");
    world.drain().await;
    let text = theirs().pop().expect("the asker").plain();
    assert!(text.contains("is refused") && text.contains("The contract ends first."), "{text}");
    assert!(text.contains("https://steward.test/tenants/acme/plan"), "{text}");
    assert!(catcher.to("max@example.com").is_empty(), "a member has not asked");

    // Who has left meanwhile hears nothing of the tenant any more.
    let asked = ask_for_plan(&asker, id, UP).await.expect("asked again");
    sqlx::query("DELETE FROM member WHERE user_id = $1")
        .bind(uuid::Uuid::from_u128(2))
        .execute(&admin)
        .await
        .expect("gone");
    control(&cx, asked.id, Control::Cancel, "").await.expect("called off");
    world.drain().await;
    assert_eq!(theirs().len(), 1);

    // Their choice not to hear of the tenant's status is not about what they asked for themselves.
    world.member(id, 2, "tenant_admin").await;
    let key = model::settings::Key::NotifyLifecycle;
    crate::settings::set(&asker, id, key, "off", false, "we read the page", 0).await.expect("set");
    let asked = ask_for_plan(&asker, id, UP).await.expect("asked once more");
    control(&cx, asked.id, Control::Approve, "They pay well.").await.expect("approved");
    world.drain().await;
    let mails = theirs();
    let text = mails.last().expect("the asker").plain();
    assert_eq!(mails.len(), 2);
    assert!(text.contains("is approved") && !text.contains("pay well"), "{text}");
}
