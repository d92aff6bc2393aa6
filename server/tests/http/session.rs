//! Signing in and out through the door that browsers use.

use crate::site::{PASSWORD, Site, form, get, post};
use axum::http::StatusCode;
use model::permission::Role;
use sqlx::PgPool;
use std::time::Duration;
use tower::ServiceExt;

const RIGHT: &str = "email=ada%40example.com&password=correct+horse+battery";

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn signing_in_leads_to_work_and_signing_out_ends_it(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = site.tenant("acme").await;
    for (role, tenant, home) in [
        (Role::Operator, None, "/overview"),
        (Role::Auditor, None, "/overview"),
        (Role::Success, None, "/health"),
        (Role::TenantAdmin, Some(acme), "/tenants/acme"),
    ] {
        let token = site.signed_in(role, tenant).await;
        assert_eq!(site.send(get("/").by(&token)).await.header("location"), home, "{role}");
        assert_eq!(
            site.send(get("/sign-in").by(&token)).await.header("location"),
            home,
            "{role} has no use for it"
        );
        let out = site.send(post("/", "_form=sign_out").by(&token)).await;
        assert_eq!(out.header("location"), "/sign-in");
        assert_eq!(out.cookie("session").as_deref(), Some(""));
        let back = site.send(get("/tenants/acme?tab=x").by(&token)).await;
        assert_eq!(
            (back.status, back.header("location")),
            (StatusCode::SEE_OTHER, "/sign-in?next=/tenants/acme%3Ftab%3Dx&ended=1"),
            "{role}"
        );
    }
    let page = site.send(get("/sign-in?ended=1&next=%3Cscript%3E")).await;
    assert!(page.body.contains("Your session has ended") && !page.body.contains("<script>\""));
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_mistake_keeps_the_address_and_never_the_password(admin: PgPool) {
    let site = Site::new(admin).await;
    site.person("ada@example.com", Role::Operator, None).await;
    let known = site
        .send(form(
            "/sign-in?next=/tenants",
            "sign_in",
            "email=ada%40example.com&password=sesame+open+up&next=/tenants",
        ))
        .await;
    assert_eq!(known.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        known.body.contains("E-mail or password is wrong.")
            && known.body.contains("value=\"ada@example.com\"")
    );
    assert!(!known.body.contains("sesame"), "no password comes back");
    assert!(known.body.contains("value=\"/tenants\""), "nor is the goal lost");
    let unknown =
        site.send(form("/sign-in", "sign_in", "email=bob%40example.com&password=sesame+open+up")).await;
    assert_eq!(unknown.status, known.status);
    assert!(unknown.body.contains("E-mail or password is wrong."));
    let empty = site.send(form("/sign-in", "sign_in", "email=&password=")).await;
    assert!(
        empty.body.contains("An e-mail address is needed.") && empty.body.contains("A password is needed.")
    );
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn after_signing_in_one_stays_on_this_site(admin: PgPool) {
    let site = Site::new(admin).await;
    site.person("ada@example.com", Role::Operator, None).await;
    for (next, to) in [
        ("/tenants?status=trial", "/tenants?status=trial"),
        ("https://evil.example/", "/overview"),
        ("//evil.example", "/overview"),
        ("/\\evil.example", "/overview"),
        ("/%0d%0aset-cookie:x=y", "/overview"),
        ("javascript:alert(1)", "/overview"),
    ] {
        let next = next.replace('&', "%26").replace('\\', "%5C");
        let answer = site.send(form("/sign-in", "sign_in", &format!("{RIGHT}&next={next}"))).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, to), "{next}");
    }
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_session_cannot_be_planted_nor_brought_back(admin: PgPool) {
    let site = Site::new(admin).await;
    site.person("ada@example.com", Role::Operator, None).await;
    let planted = "an-id-that-somebody-planted";
    let answer = site.send(form("/sign-in", "sign_in", RIGHT).by(planted)).await;
    let token = answer.cookie("session").expect("a session");
    assert_ne!(token, planted);
    assert!(token.len() >= 43, "256 bits");
    assert_eq!(site.send(get("/").by(planted)).await.header("location"), "/sign-in?ended=1");
    let again = site
        .send(form("/sign-in", "sign_in", RIGHT).by(&token))
        .await
        .cookie("session")
        .expect("another session");
    assert_ne!(again, token);
    assert_eq!(
        site.send(get("/").by(&token)).await.header("location"),
        "/sign-in?ended=1",
        "the older one has ended"
    );
    assert_eq!(site.send(get("/").by(&again)).await.header("location"), "/overview");

    sqlx::query("UPDATE session SET revoked_at = now(), last_seen_at = now() - interval '5 minutes'")
        .execute(&site.admin)
        .await
        .expect("revoked elsewhere");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for _ in 0..3 {
        assert_eq!(
            site.send(get("/").by(&again)).await.header("location"),
            "/sign-in?ended=1",
            "within a second on every process"
        );
    }
    assert_eq!(site.count("SELECT count(*) FROM session WHERE revoked_at IS NULL").await, 0);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn sessions_end_unused_and_end_anyway(admin: PgPool) {
    let site = Site::new(admin).await;
    for column in ["idle_until", "ends_at"] {
        let email = format!("{}@example.com", column.replace('_', "-"));
        site.person(&email, Role::Operator, None).await;
        let token = site.sign_in(&email).await;
        assert_eq!(site.send(get("/").by(&token)).await.header("location"), "/overview");
        sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE session SET {column} = now()")))
            .execute(&site.admin)
            .await
            .expect("aged");
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!(site.send(get("/").by(&token)).await.header("location"), "/sign-in?ended=1", "{column}");
    }
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn guessing_is_slowed_down_and_says_until_when(admin: PgPool) {
    let site = Site::new(admin).await;
    site.person("ada@example.com", Role::Operator, None).await;
    for n in 0..5 {
        let answer = site
            .send(form("/sign-in", "sign_in", &format!("email=guess{n}%40example.com&password=wrong")))
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answer = site.send(form("/sign-in", "sign_in", RIGHT)).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.body.contains("Try again in") && answer.body.contains("value=\"ada@example.com\""));
    assert_eq!(answer.cookie("session"), None);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_blocked_tenant_lets_nobody_in_and_puts_out_who_is_there(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = site.tenant("acme").await;
    site.person("ada@example.com", Role::TenantAdmin, Some(acme)).await;
    let token = site.sign_in("ada@example.com").await;
    assert_eq!(
        site.send(get("/tenants/acme").by(&token)).await.status,
        StatusCode::OK,
        "the positive control"
    );
    sqlx::query("UPDATE tenant SET status = 'suspended', status_before = 'active', status_reason = 'payment_failure', suspension = 'blocked'").execute(&site.admin).await.expect("blocked");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let page = site.send(get("/tenants/acme").by(&token)).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("suspended"));
    let answer = site.send(form("/sign-in", "sign_in", RIGHT)).await;
    assert_eq!((answer.status, answer.cookie("session")), (StatusCode::FORBIDDEN, None));
    assert!(answer.body.contains("suspended"), "and is told why");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn the_first_owner_comes_through_the_link(admin: PgPool) {
    let site = Site::new(admin).await;
    let token = domain::users::bootstrap_link(&site.services.system("test"))
        .await
        .expect("a link")
        .expect("nobody is there");
    let page = format!("/bootstrap/{token}");
    assert_eq!(site.send(get("/bootstrap/guess")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.send(get(&page)).await.status, StatusCode::OK);
    let short = site
        .send(form(
            &page,
            "bootstrap",
            &format!("token={token}&name=Ada&email=ada%40example.com&password=short"),
        ))
        .await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.body.contains("value=\"Ada\"") && !short.body.contains("value=\"short\""));
    let made = site.send(form(&page, "bootstrap", &format!("token={token}&name=Ada&{RIGHT}"))).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    assert_eq!(site.send(get(&page)).await.status, StatusCode::NOT_FOUND, "it works once");
    let session = site.sign_in("ada@example.com").await;
    assert_eq!(site.send(get("/").by(&session)).await.header("location"), "/overview");
}

/// hyper drops the future of a request whose browser goes away.
#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_browser_that_goes_away_cuts_nothing_in_half(admin: PgPool) {
    let site = Site::new(admin).await;
    site.person("ada@example.com", Role::Operator, None).await;
    let request = form(
        "/sign-in",
        "sign_in",
        &format!("email=ada%40example.com&password={}", PASSWORD.replace(' ', "+")),
    )
    .build();
    let gone = tokio::time::timeout(Duration::from_millis(1), site.app.clone().oneshot(request)).await;
    assert!(gone.is_err(), "hashing alone takes longer");
    for _ in 0..100 {
        if site.count("SELECT count(*) FROM session").await == 1 {
            assert_eq!(
                site.count(
                    "SELECT count(*) FROM audit_entry WHERE action = 'session.start' AND result = 'done'"
                )
                .await,
                1
            );
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the sign-in was cut off");
}

/// The same of a program: it is held in the middle of what it asked for, and goes away.
#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_program_that_goes_away_cuts_nothing_in_half(admin: PgPool) {
    let site = Site::new(admin).await;
    let cx = site.services.system("test");
    let key = domain::platform_keys::create(&cx, "Program", "operator", "30").await.expect("a key").text;
    let lines = site.done().await;
    let mut lock = site.admin.begin().await.expect("a transaction");
    sqlx::query("LOCK TABLE steward.operation IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .expect("held");
    let request = post("/api/v1/tenants", r#"{"name":"Half","plan":"free"}"#)
        .with("content-type", "application/json")
        .with("origin", "")
        .with("idempotency-key", "half")
        .with("authorization", &format!("Bearer {key}"))
        .build();
    let asked = tokio::spawn(site.app.clone().oneshot(request));
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'steward.operation'::regclass
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    for _ in 0..80 {
        if site.count(waits).await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(site.count(waits).await > 0, "it has come so far");
    asked.abort();
    assert!(asked.await.is_err_and(|gone| gone.is_cancelled()));
    lock.rollback().await.expect("let go");
    for _ in 0..100 {
        if site.count("SELECT count(*) FROM operation WHERE subject = 'Half'").await == 1 {
            assert!(site.done().await > lines, "with its line of audit");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the request was cut off");
}
