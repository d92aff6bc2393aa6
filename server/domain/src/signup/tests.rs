//! Sign-up from the form to the tenant, against a mail server that is really there (R144).

use super::*;
use crate::ctx::{Deployment, Services};
use crate::error::Error;
use crate::operations::{self, Runner};
use crate::testing::{self, smtp::Catcher};
use model::operations::{Control, State};
use model::permission::{Actor, Role};
use model::signup::{Ask, PageInput, Registration, Stage};
use sqlx::PgPool;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const GOOD: &str = "correct horse battery";

struct World {
    admin: PgPool,
    services: Services,
    catcher: Catcher,
}

fn at(host: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, host))
}

fn input() -> PageInput {
    PageInput {
        slug: "voice".into(),
        name: "Voice Cloud".into(),
        colour: "blue".into(),
        template: "baseline".into(),
        plan: "free".into(),
        placement: "pooled".into(),
        trial_days: "30".into(),
        daily_limit: "3".into(),
        ..PageInput::default()
    }
}

fn typed(email: &str) -> Registration {
    Registration {
        organisation: "Acme & Söhne".into(),
        name: "Ada Roy".into(),
        email: email.into(),
        ..Registration::default()
    }
}

impl World {
    /// With the page `voice`.
    async fn new(admin: PgPool, page: &PageInput) -> Self {
        let catcher = Catcher::start().await;
        let step = Duration::from_secs(2);
        let server = crate::notifications::mail::Server::with_limit(
            &catcher.url(),
            "Steward <steward@example.com>",
            step,
            step,
        );
        let deployment = Deployment { mail: Some(server.expect("a mail server")), ..testing::deployment() };
        let services = testing::services_with(&admin, deployment).await;
        create(&testing::platform(&services, Role::Operator), page).await.expect("a page");
        Self { admin, services, catcher }
    }

    fn nobody(&self) -> Ctx {
        self.services.ctx(Actor::Anonymous, "test")
    }

    fn operator(&self) -> Ctx {
        testing::platform(&self.services, Role::Operator)
    }

    async fn register(&self, email: &str) -> Result<()> {
        register(&self.nobody(), "voice", at(1), &typed(email)).await
    }

    async fn mails(&self) -> usize {
        crate::notifications::drain(&self.services.system("test")).await.expect("sent")
    }

    /// The newest mail to this address, and the token in it.
    fn mail(&self, email: &str) -> (String, Option<String>) {
        let text = self.catcher.to(email).pop().expect("a mail").plain();
        let rest = text.split("https://steward.test/join/voice/").nth(1);
        let token = rest.and_then(|rest| {
            rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).next()
        });
        let token = token.map(str::to_owned);
        (text, token)
    }

    /// Registers and answers the token of the mail.
    async fn token(&self, email: &str) -> String {
        self.register(email).await.expect("registered");
        self.mails().await;
        self.mail(email).1.expect("a link")
    }

    async fn confirm(&self, token: &str, password: &str) -> Result<()> {
        confirm(&self.nobody(), "voice", token, at(1), password).await
    }

    async fn look(&self, token: &str) -> Result<model::signup::Confirmation> {
        confirmation(&self.nobody(), "voice", token).await
    }

    async fn stage(&self, token: &str) -> Stage {
        self.look(token).await.expect("the page").progress.expect("confirmed").stage
    }

    async fn run(&self) {
        Runner::new(self.services.clone()).drain().await.expect("run");
    }

    async fn count(&self, what: &'static str) -> i64 {
        sqlx::query_scalar(what).fetch_one(&self.admin).await.expect("a count")
    }

    async fn lines(&self, action: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = $1 AND result = 'done'")
            .bind(action)
            .fetch_one(&self.admin)
            .await
            .expect("a count")
    }

    /// Somebody with an account and a password.
    async fn person(&self, email: &str, role: Option<Role>) -> model::UserId {
        users::create_user(&self.services.system("test"), email, "Known Person", Some(GOOD), role)
            .await
            .expect("a person")
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_visitor_becomes_the_administrator_of_a_tenant(admin: PgPool) {
    let world = World::new(admin, &input()).await;
    let door = door(&world.nobody(), "voice").await.expect("the page");
    assert!(door.open && door.trial_days == 30);
    let token = world.token("ada@example.com").await;
    let (text, _) = world.mail("ada@example.com");
    assert!(
        text.contains("Voice Cloud") && text.contains("Choose") || text.contains("choose a password"),
        "{text}"
    );
    for secret in ["Acme", "Ada Roy"] {
        assert!(!text.contains(secret), "nothing that a stranger typed: {text}");
    }
    let kept: String = sqlx::query_scalar(
        "SELECT concat((SELECT json_agg(n) FROM notification n), (SELECT json_agg(d) FROM delivery d), (SELECT json_agg(a) FROM audit_entry a),
            (SELECT json_agg(l) FROM signup_link l), (SELECT json_agg(s) FROM signup s))",
    )
    .fetch_one(&world.admin)
    .await
    .expect("everything");
    assert!(!kept.contains(&token), "the token stands in the mail only");
    assert_eq!(world.count("SELECT count(*) FROM user_account").await, 0, "nobody has an account yet");

    let page = world.look(&token).await.expect("the page of the link");
    assert_eq!(
        (page.ask, page.organisation.as_str(), page.email.as_str()),
        (Ask::Choose, "Acme & Söhne", "ada@example.com")
    );
    assert!(
        matches!(world.confirm(&token, "short").await, Err(Error::Invalid(e)) if e.get("password").is_some())
    );
    assert_eq!(
        world.look(&token).await.expect("still good").ask,
        Ask::Choose,
        "a mistake does not use it up"
    );
    world.confirm(&token, GOOD).await.expect("confirmed");
    assert_eq!(world.stage(&token).await, Stage::Making);
    world.run().await;
    let progress = world.look(&token).await.expect("the page").progress.expect("how far");
    assert_eq!(progress.stage, Stage::Ready);
    let slug = progress.tenant.expect("an address");
    assert!(slug.starts_with("acme-soehne-") && slug.len() == "acme-soehne-".len() + 4, "{slug}");
    let tenant = crate::tenants::by_slug(&world.operator(), &slug).await.expect("the tenant");
    assert_eq!(tenant.status, model::tenants::Status::Trial);
    // The person signs in and runs it.
    let start = users::sign_in(&world.nobody(), "ada@example.com", GOOD, at(1), None).await.expect("in");
    let Actor::User { memberships, .. } = &*start.actor else { panic!("a person") };
    assert_eq!(
        (memberships.len(), memberships[0].slug.as_str(), memberships[0].role),
        (1, slug.as_str(), Role::TenantAdmin)
    );
    let verified = world.count("SELECT count(*) FROM user_account WHERE email_verified_at IS NOT NULL").await;
    assert_eq!(verified, 1);
    world.mails().await;
    let (text, link) = world.mail("ada@example.com");
    assert!(link.is_none() && text.contains("Acme & Söhne"), "{text}");
    for action in
        ["signup_page.create", "signup.request", "signup.confirm", "operation.request", "tenant.activate"]
    {
        assert_eq!(world.lines(action).await, 1, "{action}");
    }
    let by: String = sqlx::query_scalar("SELECT requested_by_name FROM operation")
        .fetch_one(&world.admin)
        .await
        .expect("one");
    assert_eq!(by, "Sign-up page voice");
    // Again: nothing happens any more.
    world.confirm(&token, "another battery staple").await.expect("nothing");
    assert_eq!(world.count("SELECT count(*) FROM operation").await, 1);
    assert!(users::sign_in(&world.nobody(), "ada@example.com", GOOD, at(2), None).await.is_ok());
    let detail = page_of(&world).await;
    assert_eq!((detail.row.today, detail.signups.len(), detail.signups[0].stage), (1, 1, Stage::Ready));
    assert_eq!(detail.signups[0].tenant.as_deref(), Some(slug.as_str()));
}

async fn page_of(world: &World) -> model::signup::PageDetail {
    page(&testing::platform(&world.services, Role::Auditor), "voice").await.expect("the page")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn two_clicks_at_once_and_two_mails_are_one_tenant(admin: PgPool) {
    let world = World::new(admin, &input()).await;
    let first = world.token("ada@example.com").await;
    let second = world.token("ada@example.com").await;
    assert_ne!(first, second);
    let (one, two) = tokio::join!(world.confirm(&second, GOOD), world.confirm(&second, GOOD));
    assert!(one.is_ok() || two.is_ok(), "{one:?} {two:?}");
    for other in [one, two] {
        // Whoever comes second finds it done, or the account there already.
        assert!(matches!(other, Ok(()) | Err(Error::Conflict(_))), "{other:?}");
    }
    assert!(
        matches!(world.confirm(&first, GOOD).await, Err(Error::NotFound)),
        "the other registration is forgotten"
    );
    world.run().await;
    assert_eq!(world.count("SELECT count(*) FROM tenant").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM name_claim").await, 0);
    assert_eq!(world.lines("signup.confirm").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_link_ends_with_its_time_and_guesses_lead_nowhere(admin: PgPool) {
    let world = World::new(admin, &input()).await;
    create(&world.operator(), &PageInput { slug: "other".into(), ..input() }).await.expect("another page");
    let token = world.token("ada@example.com").await;
    for (page, guess) in
        [("voice", "guess"), ("voice", ""), ("other", token.as_str()), ("nowhere", token.as_str())]
    {
        let cx = world.nobody();
        assert!(matches!(confirmation(&cx, page, guess).await, Err(Error::NotFound)), "{page} {guess}");
        assert!(
            matches!(confirm(&cx, page, guess, at(1), GOOD).await, Err(Error::NotFound)),
            "{page} {guess}"
        );
    }
    world.register("late@example.com").await.expect("registered");
    sqlx::query("UPDATE signup SET expires_at = now()").execute(&world.admin).await.expect("a day later");
    assert!(matches!(world.look(&token).await, Err(Error::NotFound)));
    assert!(matches!(world.confirm(&token, GOOD).await, Err(Error::NotFound)));
    world.mails().await;
    assert!(world.catcher.to("late@example.com").is_empty(), "no link is sent that is no good");
    assert_eq!(sweep(&world.services.system("test")).await.expect("swept"), 2);
    assert_eq!(world.count("SELECT count(*) FROM signup_link").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM user_account").await, 0);
    assert!(matches!(sweep(&world.nobody()).await, Err(Error::SignIn)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_account_that_is_there_confirms_by_its_password_and_is_never_said_to_be_there(admin: PgPool) {
    let world = World::new(admin, &input()).await;
    world.person("ines@example.com", None).await;
    world.register("new@example.com").await.expect("registered");
    world.register("ines@example.com").await.expect("the very same answer");
    world.mails().await;
    let (text, token) = world.mail("ines@example.com");
    assert!(text.contains("You have an account with this address already"), "{text}");
    let token = token.expect("a link");
    assert_eq!(world.look(&token).await.expect("the page").ask, Ask::Prove);
    for wrong in ["", "wrong wrong wrong"] {
        assert!(
            matches!(world.confirm(&token, wrong).await, Err(Error::Invalid(e)) if e.get("password").is_some()),
            "{wrong}"
        );
    }
    assert_eq!(
        world.count("SELECT count(*) FROM operation").await,
        0,
        "nobody is enrolled who did not agree"
    );
    tokio::time::sleep(Duration::from_millis(1100)).await;
    world.confirm(&token, GOOD).await.expect("confirmed");
    world.run().await;
    assert_eq!(world.stage(&token).await, Stage::Ready);
    assert!(
        users::sign_in(&world.nobody(), "ines@example.com", GOOD, at(3), None).await.is_ok(),
        "her password stays"
    );
    assert_eq!(
        world
            .count("SELECT count(*) FROM audit_entry WHERE action = 'signup.confirm' AND result = 'denied'")
            .await,
        1
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_is_signed_in_agrees_and_others_accounts_begin_nothing(admin: PgPool) {
    let world = World::new(admin, &input()).await;
    let ines = world.person("ines@example.com", None).await;
    let token = world.token("ines@example.com").await;
    let actor = |id| Actor::User {
        id,
        name: "Ines".into(),
        email: "ines@example.com".into(),
        platform: None,
        memberships: vec![],
    };
    let other = world.services.ctx(actor(model::UserId(uuid::Uuid::from_u128(77))), "test");
    assert_eq!(confirmation(&other, "voice", &token).await.expect("the page").ask, Ask::Prove);
    assert!(confirm(&other, "voice", &token, at(1), "").await.is_err());
    let mine = world.services.ctx(actor(ines), "test");
    assert_eq!(confirmation(&mine, "voice", &token).await.expect("the page").ask, Ask::Agree);
    confirm(&mine, "voice", &token, at(1), "").await.expect("agreed");
    // People of the platform, and closed accounts: a mail without a link.
    world.person("op@example.com", Some(Role::Operator)).await;
    let closed = world.person("closed@example.com", None).await;
    users::disable_user(&world.services.system("test"), closed, "gone").await.expect("closed");
    for email in ["op@example.com", "closed@example.com"] {
        world.register(email).await.expect("the very same answer");
        world.mails().await;
        let (text, link) = world.mail(email);
        assert!(link.is_none() && text.contains("cannot be used"), "{text}");
    }
    // An account that became one of the platform after the mail was sent.
    let later = world.token("later@example.com").await;
    world.person("later@example.com", Some(Role::Auditor)).await;
    assert_eq!(world.look(&later).await.expect("the page").ask, Ask::Refused);
    assert!(matches!(world.confirm(&later, GOOD).await, Err(Error::Conflict(_))));
    assert_eq!(world.count("SELECT count(*) FROM operation").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_invited_person_chooses_the_first_password_here_as_well(admin: PgPool) {
    let world = World::new(admin, &input()).await;
    let tenant = testing::tenant(&world.admin, "elsewhere").await.expect("a tenant");
    users::invite(&world.operator(), tenant, "ivo@example.com", "Ivo", "tenant_member")
        .await
        .expect("invited");
    let token = world.token("ivo@example.com").await;
    assert_eq!(world.look(&token).await.expect("the page").ask, Ask::Choose);
    world.confirm(&token, GOOD).await.expect("confirmed");
    world.run().await;
    let start = users::sign_in(&world.nobody(), "ivo@example.com", GOOD, at(1), None).await.expect("in");
    let Actor::User { memberships, .. } = &*start.actor else { panic!("a person") };
    assert_eq!(memberships.len(), 2);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn limits_hold_and_repeats_are_answered_the_same(admin: PgPool) {
    let world = World::new(admin, &input()).await;
    for _ in 0..5 {
        world.register("ada@example.com").await.expect("the very same answer");
    }
    assert_eq!(world.count("SELECT count(*) FROM signup").await, 3, "three mails a day to one address");
    // What a program filled in is answered as everything else is.
    let trapped = Registration { trap: "https://spam.example".into(), ..typed("bot@example.com") };
    register(&world.nobody(), "voice", at(1), &trapped).await.expect("the very same answer");
    assert_eq!(world.count("SELECT count(*) FROM signup WHERE email = 'bot@example.com'").await, 0);
    for n in 0..4 {
        world.register(&format!("p{n}@example.com")).await.expect("registered");
    }
    assert!(
        matches!(world.register("eleventh@example.com").await, Err(Error::Throttled { seconds }) if seconds > 3_000)
    );
    register(&world.nobody(), "voice", at(2), &typed("b@example.com")).await.expect("from elsewhere");
    sqlx::query("UPDATE sign_in_throttle SET first_at = first_at - interval '1 hour'")
        .execute(&world.admin)
        .await
        .expect("later");
    world.register("c@example.com").await.expect("an hour later");
    // Twenty registrations for each tenant of a day.
    sqlx::query(
        "INSERT INTO signup (id, page_id, organisation, name, email, expires_at)
         SELECT gen_random_uuid(), id, 'x', 'x', 'x' || n || '@example.com', now() + interval '1 day' FROM signup_page, generate_series(1, 60) n",
    )
    .execute(&world.admin)
    .await
    .expect("many");
    assert!(matches!(world.register("d@example.com").await, Err(Error::Conflict(_))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_page_begins_as_many_tenants_a_day_as_it_may(admin: PgPool) {
    let world = World::new(admin, &PageInput { daily_limit: "1".into(), ..input() }).await;
    let (first, second) = (world.token("a@example.com").await, world.token("b@example.com").await);
    let (one, two) = tokio::join!(world.confirm(&first, GOOD), world.confirm(&second, GOOD));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert!(!door(&world.nobody(), "voice").await.expect("the page").open);
    assert!(matches!(world.register("c@example.com").await, Err(Error::Conflict(_))));
    assert_eq!(
        world.count("SELECT count(*) FROM user_account").await,
        1,
        "nobody gets an account for nothing"
    );
    sqlx::query("UPDATE signup SET confirmed_at = confirmed_at - interval '25 hours'")
        .execute(&world.admin)
        .await
        .expect("a day");
    let left = if one.is_ok() { &second } else { &first };
    world.confirm(left, GOOD).await.expect("the link was still good");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_closed_page_and_a_template_out_of_use_take_in_nobody(admin: PgPool) {
    let world = World::new(admin, &PageInput { template: "regulated.1".into(), ..input() }).await;
    let operator = world.operator();
    let token = world.token("ada@example.com").await;
    switch(&operator, "voice", false, 1).await.expect("closed");
    assert!(matches!(switch(&operator, "voice", false, 2).await, Err(Error::Conflict(_))));
    assert!(
        matches!(switch(&operator, "voice", true, 1).await, Err(Error::Conflict(_))),
        "somebody was quicker"
    );
    assert!(matches!(world.register("b@example.com").await, Err(Error::Conflict(_))));
    assert!(matches!(world.confirm(&token, GOOD).await, Err(Error::Conflict(_))));
    switch(&operator, "voice", true, 2).await.expect("open again");
    crate::templates::deprecate(&operator, "regulated", 1, "too old").await.expect("deprecated");
    let row = pages(&operator).await.expect("a list").rows.remove(0);
    assert!(row.page.open && !row.page.offered && !row.page.takes_in());
    assert!(!door(&world.nobody(), "voice").await.expect("the page").open);
    assert!(matches!(world.confirm(&token, GOOD).await, Err(Error::Conflict(_))));
    assert_eq!(world.count("SELECT count(*) FROM operation").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM user_account").await, 0);
    // Its link is good as soon as the page is.
    let again = PageInput { template: "baseline.1".into(), ..input() };
    change(&operator, "voice", &again, 3).await.expect("changed");
    world.confirm(&token, GOOD).await.expect("confirmed");
    for action in ["signup_page.close", "signup_page.open", "signup_page.change"] {
        assert_eq!(world.lines(action).await, 1, "{action}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn where_approval_is_wanted_an_operator_decides_and_the_person_is_told(admin: PgPool) {
    let world = World::new(admin, &PageInput { approval: "true".into(), ..input() }).await;
    let mut operations = vec![];
    for email in ["yes@example.com", "no@example.com"] {
        let token = world.token(email).await;
        world.confirm(&token, GOOD).await.expect("confirmed");
        assert_eq!(world.stage(&token).await, Stage::Approval);
        let id = page_of(&world).await.signups[0].operation.expect("an operation");
        operations.push((token, id));
    }
    world.run().await;
    assert_eq!(world.count("SELECT count(*) FROM tenant").await, 0, "nothing begins by itself");
    let operator = world.operator();
    operations::control(&operator, operations[0].1, Control::Approve, "").await.expect("approved");
    let state = operations::control(&operator, operations[1].1, Control::Reject, "A competitor.")
        .await
        .expect("rejected");
    assert_eq!(state, State::Rejected);
    world.run().await;
    assert_eq!(world.stage(&operations[0].0).await, Stage::Ready);
    assert_eq!(world.stage(&operations[1].0).await, Stage::Declined);
    let system = world.services.system("test");
    assert_eq!(tick(&system).await.expect("told"), 1);
    assert_eq!(tick(&system).await.expect("told"), 0, "once");
    world.mails().await;
    let (text, _) = world.mail("no@example.com");
    assert!(text.contains("could not be accepted") && !text.contains("competitor"), "{text}");
    assert_eq!(world.lines("signup.end").await, 1);
    assert!(matches!(tick(&world.nobody()).await, Err(Error::SignIn)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_waits_for_a_tenant_that_failed_is_told_politely(admin: PgPool) {
    let world = World::new(admin, &input()).await;
    let token = world.token("ada@example.com").await;
    world.confirm(&token, GOOD).await.expect("confirmed");
    sqlx::query("UPDATE user_account SET disabled_at = now()")
        .execute(&world.admin)
        .await
        .expect("a reason to fail");
    world.run().await;
    let progress = world.look(&token).await.expect("the page").progress.expect("how far");
    assert_eq!((progress.stage, progress.steps.len(), progress.tenant), (Stage::Failed, 0, None));
    assert_eq!(tick(&world.services.system("test")).await.expect("told"), 1);
    world.mails().await;
    let (text, _) = world.mail("ada@example.com");
    assert!(text.contains("our fault") && !text.contains("is closed"), "{text}");
    // An operator mends it and tries again: the page of the link says so.
    sqlx::query("UPDATE user_account SET disabled_at = NULL").execute(&world.admin).await.expect("mended");
    let id = page_of(&world).await.signups[0].operation.expect("an operation");
    operations::control(&world.operator(), id, Control::Retry, "").await.expect("again");
    world.run().await;
    assert_eq!(world.stage(&token).await, Stage::Ready);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_operators_make_pages_and_no_tenant_sees_them(admin: PgPool) {
    let world = World::new(admin, &input()).await;
    let tenant = testing::tenant(&world.admin, "acme").await.expect("a tenant");
    for cx in [
        testing::platform(&world.services, Role::Success),
        testing::platform(&world.services, Role::Auditor),
        testing::member(&world.services, tenant, Role::TenantAdmin),
    ] {
        for done in [
            create(&cx, &PageInput { slug: "mine".into(), ..input() }).await.map(drop),
            change(&cx, "voice", &input(), 1).await,
            switch(&cx, "voice", false, 1).await.map(drop),
            choices(&cx).await.map(drop),
        ] {
            assert!(matches!(done, Err(Error::Forbidden(_))), "{done:?}");
        }
    }
    let member = testing::member(&world.services, tenant, Role::TenantAdmin);
    assert!(matches!(pages(&member).await, Err(Error::Forbidden(_))));
    assert!(matches!(page(&member, "voice").await, Err(Error::Forbidden(_))));
    assert!(matches!(pages(&world.nobody()).await, Err(Error::SignIn)));
    let list = pages(&testing::platform(&world.services, Role::Success)).await.expect("they read");
    assert!(!list.may_edit && list.rows.len() == 1);

    let operator = world.operator();
    let twice = create(&operator, &input()).await;
    assert!(matches!(twice, Err(Error::Invalid(e)) if e.get("slug").is_some()));
    let wrong = PageInput { slug: "NO!".into(), region: "?".into(), template: "nothing".into(), ..input() };
    let Err(Error::Invalid(errors)) = create(&operator, &wrong).await else { panic!("refused") };
    assert_eq!(errors.0.keys().map(String::as_str).collect::<Vec<_>>(), ["region", "slug", "template"]);
    change(&operator, "voice", &PageInput { name: "Voice 2".into(), ..input() }, 1).await.expect("changed");
    assert!(matches!(change(&operator, "voice", &input(), 1).await, Err(Error::Conflict(_))));
    assert!(matches!(change(&operator, "nothing", &input(), 1).await, Err(Error::NotFound)));
    assert!(crate::isolation::lint(&operator).await.expect("the lint").is_empty());
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_page_takes_the_addresses_and_the_terms_that_it_says(admin: PgPool) {
    let page = PageInput {
        email_domains: "example.com".into(),
        terms_url: "https://example.com/terms".into(),
        ..input()
    };
    let world = World::new(admin, &page).await;
    let errors = |done: Result<()>| match done {
        Err(Error::Invalid(errors)) => errors.0.into_keys().collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(errors(world.register("ada@example.org").await), ["email", "terms"]);
    let agreed = Registration { agreed: true, ..typed("ada@example.com") };
    register(&world.nobody(), "voice", at(1), &agreed).await.expect("registered");
    assert_eq!(
        world.count("SELECT count(*) FROM signup WHERE terms_url = 'https://example.com/terms'").await,
        1
    );
    assert!(matches!(register(&world.nobody(), "nowhere", at(1), &agreed).await, Err(Error::NotFound)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_still_waits_after_a_month_is_not_forgotten(admin: PgPool) {
    let world = World::new(admin, &input()).await;
    let token = world.token("ada@example.com").await;
    world.confirm(&token, GOOD).await.expect("confirmed");
    sqlx::query("UPDATE signup SET confirmed_at = now() - interval '31 days'")
        .execute(&world.admin)
        .await
        .expect("a month later");
    let system = world.services.system("test");
    for state in ["requested", "queued", "running", "parked", "needs_operator"] {
        sqlx::query("UPDATE operation SET state = $1")
            .bind(state)
            .execute(&world.admin)
            .await
            .expect("it waits");
        assert_eq!(sweep(&system).await.expect("swept"), 0, "{state}");
        world.look(&token).await.expect("the link still says how far it is");
    }
    sqlx::query("UPDATE operation SET state = 'succeeded'").execute(&world.admin).await.expect("made");
    assert_eq!(sweep(&system).await.expect("swept"), 1);
    assert_eq!(world.count("SELECT count(*) FROM signup").await, 0);
}
