//! Sign-up pages as browsers without a session meet them (R144).

use crate::site::{Site, form, get};
use axum::http::StatusCode;
use model::permission::Role;
use model::signup::PageInput;
use sqlx::PgPool;

async fn site(admin: PgPool) -> Site {
    let site = Site::new(admin).await;
    let page = PageInput {
        slug: "voice".into(),
        name: "Voice <b>Cloud</b>".into(),
        greeting: "Hello & welcome".into(),
        colour: "rose".into(),
        template: "baseline".into(),
        plan: "free".into(),
        placement: "pooled".into(),
        trial_days: "14".into(),
        daily_limit: "5".into(),
        ..PageInput::default()
    };
    domain::signup::create(&site.services.system("test"), &page).await.expect("a page");
    site
}

fn fields(email: &str) -> String {
    format!("page=voice&organisation=Acme&name=Ada&email={}", email.replace('@', "%40"))
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn the_answer_is_the_same_whoever_has_an_account(admin: PgPool) {
    let site = site(admin).await;
    site.person("known@example.com", Role::Operator, None).await;
    let mut answers = vec![];
    for email in ["unknown@example.com", "known@example.com"] {
        let answer = site.send(form("/join/voice", "register_signup", &fields(email))).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        assert_eq!(answer.header("location"), "/join/voice/sent");
        let names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        answers.push((names, answer.body));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(site.count("SELECT count(*) FROM signup").await, 2);
    let sent = site.send(get("/join/voice/sent")).await;
    assert_eq!(sent.status, StatusCode::OK);
    assert!(!sent.body.contains("known@example.com"));
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_page_carries_its_name_and_colour_and_nothing_that_runs(admin: PgPool) {
    let site = site(admin).await;
    let answer = site.send(get("/join/voice")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains(r#"data-brand="rose""#) && answer.body.contains("Hello &amp; welcome"));
    assert!(!answer.body.contains("<b>Cloud") && !answer.body.contains("style="), "{}", answer.body);
    // What is wrong is said on the page itself, with what was typed.
    let answer =
        site.send(form("/join/voice", "register_signup", "page=voice&organisation=Acme&email=nobody")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.body.contains("Your name is needed.") && answer.body.contains(r#"value="Acme""#),
        "{}",
        answer.body
    );
    for path in ["/join/nowhere", "/join/nowhere/sent", "/join/voice/guess", "/join/nowhere/guess"] {
        assert_eq!(site.send(get(path)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        site.send(get("/join/voice/a/b")).await.status,
        StatusCode::SEE_OTHER,
        "nothing that is public"
    );
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn other_sites_and_floods_register_nobody(admin: PgPool) {
    let site = site(admin).await;
    let foreign = form("/join/voice", "register_signup", &fields("a@example.com"))
        .with("origin", "https://evil.example");
    assert_eq!(site.send(foreign).await.status, StatusCode::FORBIDDEN);
    let large = form(
        "/join/voice",
        "register_signup",
        &format!("{}&x={}", fields("a@example.com"), "y".repeat(300_000)),
    );
    assert_eq!(site.send(large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(site.count("SELECT count(*) FROM signup").await, 0);
    for n in 0..10 {
        let answer =
            site.send(form("/join/voice", "register_signup", &fields(&format!("p{n}@example.com")))).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{n}: {}", answer.body);
    }
    let answer = site.send(form("/join/voice", "register_signup", &fields("p11@example.com"))).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.body);
    assert_eq!(site.count("SELECT count(*) FROM signup").await, 10);
}
