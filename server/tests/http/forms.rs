//! Forms that cannot be shown again in the ordinary way: the session is over, or the form is not on the page any more.

use crate::site::{Site, form, get, post};
use axum::http::StatusCode;
use model::permission::Role;
use sqlx::PgPool;
use std::time::Duration;

const STORY: &str = "slug=acme&version=1&code=payment_failure&scope=blocked&reason=A+long+story%2C+told+once";

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn what_was_typed_outlives_the_session_and_is_not_sent_by_itself(admin: PgPool) {
    let site = Site::new(admin).await;
    site.tenant("acme").await;
    site.person("ada@example.com", Role::Operator, None).await;
    let token = site.sign_in("ada@example.com").await;
    site.send(post("/overview", "_form=sign_out").by(&token)).await;

    let page = "/tenants/acme/suspend";
    let ended =
        site.send(form(page, "suspend_tenant", &format!("{STORY}&my_password=hush")).by(&token)).await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    assert!(ended.body.contains("What you entered is kept"), "{}", ended.body);
    assert!(ended.body.contains(r#"name="_draft.reason" value="A long story, told once""#), "{}", ended.body);
    assert!(!ended.body.contains("hush"), "no password is carried");

    let draft = STORY.split('&').map(|pair| format!("_draft.{pair}")).collect::<Vec<_>>().join("&");
    let draft = format!("_draft=suspend_tenant&{draft}");
    let wrong = form(page, "sign_in", &format!("email=ada%40example.com&password=wrong+wrong+wrong&{draft}"));
    let wrong = site.send(wrong).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("E-mail or password is wrong.") && wrong.body.contains("A long story"));

    let right =
        form(page, "sign_in", &format!("email=ada%40example.com&password=correct+horse+battery&{draft}"));
    let back = site.send(right).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.body);
    assert!(
        back.body.contains("Not sent yet") && back.body.contains("A long story, told once"),
        "{}",
        back.body
    );
    assert!(back.body.contains("Suspend tenant"), "in its form");
    assert_eq!(back.header("cache-control"), "no-store");
    let token = back.cookie("session").expect("a new session");
    let status = "SELECT count(*) FROM tenant WHERE status = 'suspended'";
    assert_eq!(site.count(status).await, 0, "nothing is done by signing in");
    let sent = site.send(form(page, "suspend_tenant", STORY).by(&token)).await;
    assert_eq!((sent.status, site.count(status).await), (StatusCode::SEE_OTHER, 1));
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn somebody_else_who_signs_in_gets_the_text_and_no_rights(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = site.tenant("acme").await;
    site.person("bo@example.com", Role::TenantMember, Some(acme)).await;
    let draft =
        "_draft=suspend_tenant&_draft.slug=acme&_draft.version=1&_draft.reason=A+long+story%2C+told+once";
    let fields = format!("email=bo%40example.com&password=correct+horse+battery&{draft}");
    let back = site.send(form("/tenants/acme/suspend", "sign_in", &fields)).await;
    assert_eq!(back.status, StatusCode::FORBIDDEN);
    assert!(back.body.contains("Not allowed") && back.cookie("session").is_some());
    assert_eq!(site.count("SELECT count(*) FROM tenant WHERE status = 'suspended'").await, 0);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_failure_whose_form_is_not_on_the_page_stands_above_it(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = site.tenant("acme").await;
    let token = site.signed_in(Role::TenantMember, Some(acme)).await;
    let switch = form("/tenants/acme/tasks", "switch_task", "slug=acme&key=summary&enabled=true").by(&token);
    let answer = site.send(switch).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        answer.body.contains("Your role does not let you enable and disable AI tasks."),
        "{}",
        answer.body
    );
    assert_eq!(answer.body.matches("role=\"alert\"").count(), 1);

    // Undo of something that is gone, on any page.
    let operator = site.signed_in(Role::Operator, None).await;
    let undo = form("/overview", "revert_task", "slug=acme&key=nothing&version=1").by(&operator);
    let answer = site.send(undo).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(
        answer.body.contains("<h1>Overview</h1>") && answer.body.contains("Not found: "),
        "{}",
        answer.body
    );

    // A form that is there shows its own failure, once.
    let wrong = form("/tenants/acme/suspend", "suspend_tenant", "slug=acme&version=1").by(&operator);
    let answer = site.send(wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.body.matches("role=\"alert\"").count(), 1, "{}", answer.body);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_form_that_has_become_impossible_still_shows_what_was_written(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = site.tenant("acme").await;
    let token = site.signed_in(Role::TenantAdmin, Some(acme)).await;
    sqlx::query("UPDATE tenant SET status = 'suspended', suspension = 'read_only', status_before = 'active', status_reason = 'inactivity'")
        .execute(&site.admin)
        .await
        .expect("suspended");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let fields = "slug=acme&key=summary&prompt_mode=override&prompt=Be+kind+and+brief.&filters_mode=inherit&reason=For+EU&version=0&base=1";
    let answer =
        site.send(form("/tenants/acme/tasks/summary/override", "override_task", fields).by(&token)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    for text in ["What you entered, not saved", "Be kind and brief.", "For EU"] {
        assert!(answer.body.contains(text), "{text}: {}", answer.body);
    }
    // What the operators noted about it is not theirs to read.
    sqlx::query("UPDATE tenant SET status_note = 'they lie', status_message = 'Pay, please.'")
        .execute(&site.admin)
        .await
        .expect("noted");
    let page = site.send(get("/tenants/acme").by(&token)).await;
    assert!(
        page.body.contains("Pay, please.") && page.body.contains("You and your API keys can still read"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("they lie"));
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_link_that_is_no_good_is_framed_like_the_sign_in(admin: PgPool) {
    let site = Site::new(admin).await;
    let page = site.send(get("/bootstrap/nothing")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("c-sign-in__brand") && page.body.contains("Go to sign-in"), "{}", page.body);
}
