//! Walks every door there is (`server::surface`): without a session or key, with too weak a one, with another tenant's id,
//! with the own tenant and the id of a part of another. Each refusal comes with a positive control, so that nothing passes
//! because a sample is wrong, and with a look at the database, so that nothing is refused and done.

mod foreign;
mod platform;

use crate::ground;
use crate::site::{Site, get, post};
use axum::http::{Method, StatusCode};
use leptos_axum::generate_route_list;
use model::permission::{Permission, Role};
use server::surface::{
    Asks, DOWNLOADS, FUNCTIONS, Function, Keys, ROUTES, Route, STREAMS, UPLOADS, Upload, registered,
};
use sqlx::PgPool;
use std::collections::BTreeSet;

/// Functions whose sample cannot succeed on the tests' small site. May only shrink.
const NOT_SHOWN_TO_WORK: &[&str] = &[
    // They need a secret that only the tests of their own features have.
    "sign_in",
    "bootstrap",
    "bootstrap_check",
    "set_up",
    "set_up_check",
    "get_signup_confirmation",
    "confirm_signup",
];

/// Routes of the machine API that change something and leave no line of audit. May only shrink.
const UNAUDITED: &[&str] = &[
    // Conversations are a tenant's data, not its administration: they come by the million, each is kept under its own id
    // with when it came, and usage counts them. Lines about them would bury what people and programs decided.
    "POST /api/v1/conversations",
];

/// What [`acme`] and [`ground::mark`] lay, by the ids that samples name.
const INVITED: &str = "00000000-0000-0000-0000-0000000000a1";
const WEBHOOK: &str = "00000000-0000-0000-0000-0000000000a2";
const DELIVERY: &str = "00000000-0000-0000-0000-0000000000a3";
const NOTICE: &str = "00000000-0000-0000-0000-0000000000a4";
const OPERATION: &str = "00000000-0000-0000-0000-000000000009";
const KEY: &str = "00000000-0000-0000-0000-000000000000";
const CONVERSATION: &str = "sample-1";
/// An operation of the platform's.
const PLATFORMS: &str = "00000000-0000-0000-0000-0000000000a5";
/// Nothing has this id.
const NOWHERE: &str = "00000000-0000-0000-0000-0000000000ff";

fn function(name: &str) -> &'static Function {
    FUNCTIONS.iter().find(|function| function.name == name).expect("a function")
}

fn call(function: &Function, sample: &str) -> crate::site::Call {
    let (method, path) = registered().remove(function.name).expect("listed functions are mounted");
    if method == Method::GET {
        get(&format!("{path}?{sample}"))
    } else {
        post(&path, sample).with("accept", "application/json")
    }
}

/// The tenant that samples name, with what their other parameters name.
async fn acme(site: &Site) -> model::TenantId {
    let acme = site.tenant("acme").await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "INSERT INTO user_account (id, email, name) VALUES ('00000000-0000-0000-0000-0000000000a1', 'invited@example.com', 'Invited');
         INSERT INTO member (tenant_id, user_id, role) VALUES ('{acme}', '00000000-0000-0000-0000-0000000000a1', 'tenant_member');
         INSERT INTO webhook (tenant_id, id, url, name, events, secret, created_by)
             VALUES ('{acme}', '00000000-0000-0000-0000-0000000000a2', 'https://hooks.example.com/', 'Hook', '{{}}', '', 'test');
         INSERT INTO notification (tenant_id, id, event, data, actor_name, request_id)
             VALUES ('{acme}', '00000000-0000-0000-0000-0000000000a4', 'tenant.live', '{{}}', 'test', 'test');
         INSERT INTO delivery (tenant_id, id, about_id, notification_id, event, channel, webhook_id, recipient, state)
             VALUES ('{acme}', '00000000-0000-0000-0000-0000000000a3', '{acme}', '00000000-0000-0000-0000-0000000000a4', 'tenant.live', 'webhook',
                 '00000000-0000-0000-0000-0000000000a2', 'https://hooks.example.com/', 'parked');"
    )))
    .execute(&site.admin)
    .await
    .expect("what samples name");
    acme
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn nobody_passes_any_door_without_a_session(admin: PgPool) {
    let site = Site::new(admin).await;
    acme(&site).await;
    let before = site.state().await;
    for function in FUNCTIONS.iter().filter(|function| function.asks != Asks::Nothing) {
        let answer = site.send(call(function, function.sample)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}: {}", function.name, answer.body);
        // By the page's form as well.
        let answer = site
            .send(
                post("/sign-in", &format!("_form={}&{}", function.name, function.sample))
                    .with("accept", "text/html"),
            )
            .await;
        // The sign-in page is the answer, or the way to it; what was typed goes along.
        let kept = answer.status == StatusCode::UNAUTHORIZED && answer.body.contains(r#"name="_draft""#);
        let led = answer.status == StatusCode::SEE_OTHER && answer.header("location").starts_with("/sign-in");
        assert!(kept || led, "{}: {} {}", function.name, answer.status, answer.body);
    }
    let pages = generate_route_list(app::App);
    assert!(pages.len() > 3);
    for page in pages {
        let parts =
            page.path().split('/').map(|part| if part.starts_with([':', '{']) { "acme" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        assert!(!path.contains(['{', ':', '*']), "{path}");
        if ["/sign-in", "/bootstrap/", "/set-up/", "/join/"].iter().any(|open| path.starts_with(open)) {
            continue;
        }
        let answer = site.send(get(&path)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.header("location").starts_with("/sign-in"), "{path}");
    }
    for route in ROUTES.iter().filter(|route| route.permission.is_some()) {
        let method = route.method.parse().expect("a method");
        let path = route.path.replace(['{', '}'], "");
        let answer = site
            .send(
                post(&path, route.sample)
                    .method(method)
                    .with("content-type", route.content_type)
                    .with("origin", ""),
            )
            .await;
        assert_eq!(
            answer.status,
            StatusCode::UNAUTHORIZED,
            "{} {}: {}",
            route.method,
            route.path,
            answer.body
        );
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{} {}",
            route.method,
            route.path
        );
    }
    assert_eq!(site.state().await, before, "nothing was done");
    assert_eq!(site.done().await, 0);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn too_weak_a_role_is_refused_and_the_refusal_recorded(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = acme(&site).await;
    let mut people = vec![];
    for role in Role::ALL {
        let tenant = (!role.is_platform()).then_some(acme);
        people.push((*role, site.signed_in(*role, tenant).await));
    }
    let (before, done) = (site.state().await, site.done().await);
    let mut refused = 0;
    // One line a minute for each role, permission and target, in the chain of the target.
    let mut expected = BTreeSet::new();
    for function in FUNCTIONS {
        let (Asks::Platform(permission) | Asks::Tenant(permission, _)) = function.asks else { continue };
        for (role, token) in people.iter().filter(|(role, _)| !role.grants(permission)) {
            let answer = site.send(call(function, function.sample).by(token)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} as {role}: {}", function.name, answer.body);
            refused += 1;
            let (chain, target) = match function.asks {
                Asks::Tenant(..) => (acme, acme.to_string()),
                _ => (model::TenantId::PLATFORM, "platform".to_owned()),
            };
            let why = format!("may not {}", permission.label());
            expected.insert((role.as_str().to_owned(), why, target, chain.0));
        }
    }
    assert_eq!((site.state().await, site.done().await), (before, done), "nothing was done");
    let lines: Vec<(String, String, String, uuid::Uuid)> = sqlx::query_as(
        "SELECT coalesce(u.platform_role, m.role), e.reason, e.target, e.tenant_id
         FROM audit_entry e JOIN user_account u ON u.id = e.actor_id LEFT JOIN member m ON m.user_id = u.id
         WHERE e.action = 'access.denied' AND e.result = 'denied'",
    )
    .fetch_all(&site.admin)
    .await
    .expect("lines");
    assert!(lines.len() < refused, "{refused} refusals are not as many lines");
    // Not compared by number: a walk that takes longer than a minute writes some of them anew.
    assert_eq!(lines.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn what_anybody_may_call_does_nothing_for_a_guess(admin: PgPool) {
    let site = Site::new(admin).await;
    acme(&site).await;
    let before = (site.state().await, site.done().await);
    let open: Vec<_> = FUNCTIONS.iter().filter(|function| function.asks == Asks::Nothing).collect();
    assert!(open.len() > 5);
    for function in open {
        let answer = site.send(call(function, function.sample)).await;
        assert!(answer.status.is_client_error(), "{}: {} {}", function.name, answer.status, answer.body);
    }
    assert_eq!((site.state().await, site.done().await), before, "nothing was done");
}

/// Lines of refusals in the chain of a tenant, and all its lines.
async fn chain(site: &Site, tenant: model::TenantId) -> (i64, i64) {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE action = 'access.denied'), count(*) FROM audit_entry WHERE tenant_id = $1",
    )
    .bind(tenant.0)
    .fetch_one(&site.admin)
    .await
    .expect("counts")
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn the_same_refusal_is_one_line_a_minute(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = acme(&site).await;
    let token = site.signed_in(Role::TenantMember, Some(acme)).await;
    let refused = async |name: &str| {
        let function = function(name);
        let answer = site.send(call(function, function.sample).by(&token)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {}", answer.body);
    };
    for _ in 0..3 {
        refused("invite_user").await;
    }
    assert_eq!(chain(&site, acme).await.0, 1);
    // Many at once as well.
    let other = site.tenant("other").await;
    let second = site.signed_in(Role::TenantMember, Some(other)).await;
    let theirs = function("invite_user").sample.replace("slug=acme", "slug=other");
    let (one, two, three) = tokio::join!(
        site.send(call(function("invite_user"), &theirs).by(&second)),
        site.send(call(function("invite_user"), &theirs).by(&second)),
        site.send(call(function("invite_user"), &theirs).by(&second)),
    );
    for answer in [one, two, three] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    }
    assert_eq!(chain(&site, other).await.0, 1);
    // Another permission is another line, and so is the same one when the minute is over.
    refused("suspend_tenant").await;
    assert_eq!(chain(&site, acme).await.0, 2);
    sqlx::query("UPDATE audit_entry SET at = at - interval '61 seconds'")
        .execute(&site.admin)
        .await
        .expect("aged");
    refused("invite_user").await;
    assert_eq!(chain(&site, acme).await.0, 3);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn another_tenant_looks_missing(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = acme(&site).await;
    ground::mark(&site, acme).await;
    let other = site.tenant("other").await;
    let token = site.signed_in(Role::TenantAdmin, Some(other)).await;
    let before = site.state().await;
    let told = chain(&site, acme).await;
    let mut tried = 0;
    for function in FUNCTIONS {
        let Asks::Tenant(permission, parameter) = function.asks else { continue };
        let answer = site.send(call(function, function.sample).by(&token)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}: {}", function.name, answer.body);
        // A tenant that is nowhere answers the same, word for word.
        let nowhere = function.sample.replace(&format!("{parameter}=acme"), &format!("{parameter}=nowhere"));
        let missing = site.send(call(function, &nowhere).by(&token)).await;
        assert_eq!((missing.status, &missing.body), (answer.status, &answer.body), "{}", function.name);
        // The positive control: the same call on one's own tenant gets past the door, and finds nothing of the other's.
        if Role::TenantAdmin.grants(permission) && !permission.writes() {
            let own = function.sample.replace(&format!("{parameter}=acme"), &format!("{parameter}=other"));
            let answer = site.send(call(function, &own).by(&token)).await;
            let name = function.name;
            assert!(!matches!(answer.status.as_u16(), 401 | 403 | 500..), "{name}: {}", answer.body);
            tells_nothing(name, &own, &answer.body, acme);
        }
        tried += 1;
    }
    assert!(tried > 0);
    assert_eq!(site.state().await, before, "nothing was done");
    assert_eq!(
        chain(&site, acme).await,
        told,
        "a stranger writes nothing into the log of a tenant, nor a name"
    );
    let kept: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_entry WHERE action = 'access.denied' AND tenant_id = $1 AND target = $2",
    )
    .bind(model::TenantId::PLATFORM.0)
    .bind(acme.to_string())
    .fetch_one(&site.admin)
    .await
    .expect("a count");
    assert!(kept > 0, "the platform keeps it");
}

/// That an answer tells nothing of a tenant that [`ground::mark`] has marked, besides ids that were sent.
fn tells_nothing(name: &str, sent: &str, body: &str, acme: model::TenantId) {
    let (id, plain) = (acme.to_string(), acme.0.simple().to_string());
    for theirs in [id.as_str(), plain.as_str(), INVITED, WEBHOOK, DELIVERY, NOTICE, OPERATION] {
        assert!(sent.contains(theirs) || !body.contains(theirs), "{name} tells {theirs}: {body}");
    }
    assert!(!body.to_lowercase().contains(ground::WORD), "{name}: {body}");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn who_may_can_and_every_change_is_audited(admin: PgPool) {
    let site = Site::new(admin).await;
    acme(&site).await;
    let mut unproven = vec![];
    let mut wrong = vec![];
    for (n, function) in FUNCTIONS.iter().enumerate() {
        // In a tenant's own name nobody of the platform asks.
        let asks = function.name == "ask_for_plan";
        let (role, of) =
            if asks { (Role::TenantAdmin, Some(site.tenant("asks").await)) } else { (Role::Owner, None) };
        site.person(&format!("owner{n}@example.com"), role, of).await;
        let token = site.sign_in(&format!("owner{n}@example.com")).await;
        // After the sign-in: some of the ground is its own alone.
        let own = match asks {
            true => Some("asks".to_owned()),
            false => ground::lay(&site, function.name, &format!("ground-{n}")).await,
        };
        let sample = own.map_or_else(
            || function.sample.to_owned(),
            |slug| function.sample.replace("=acme", &format!("={slug}")),
        );
        let before = site.done().await;
        let mut state = site.state().await;
        let mut answer = site.send(call(function, &sample).by(&token)).await;
        if answer.status.is_client_error() && matches!(function.asks, Asks::Tenant(..)) {
            // What ran before may have left the tenant in another state than the sample expects: once more on a new one.
            let slug = format!("fresh-{n}");
            site.tenant(&slug).await;
            state = site.state().await;
            let sample = function.sample.replace("=acme", &format!("={slug}"));
            answer = site.send(call(function, &sample).by(&token)).await;
        }
        let lines = site.done().await - before;
        let name = function.name;
        if matches!(answer.status.as_u16(), 401 | 403 | 500..) {
            wrong.push(format!("{name} is not open to an owner: {} {}", answer.status, answer.body));
        } else if !(answer.status.is_success() || answer.status.is_redirection()) {
            unproven.push(format!("{name}: {} {}", answer.status, answer.body));
        } else if function.changes && lines == 0 {
            wrong.push(format!("{name} changed something and left no audit line"));
        } else if !function.changes && lines > 0 && name != "sign_out" {
            wrong.push(format!("{name} only reads, yet wrote audit"));
        } else if !function.changes && name != "sign_out" && site.state().await != state {
            wrong.push(format!("{name} only reads, yet changed something"));
        }
    }
    let known = |line: &String| NOT_SHOWN_TO_WORK.iter().any(|name| line.starts_with(&format!("{name}:")));
    unproven.retain(|line| !known(line));
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(unproven, Vec::<String>::new(), "these samples did not succeed for an owner");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn files_leave_for_those_who_may_read_them_only(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = acme(&site).await;
    let other = site.tenant("other").await;
    let stranger = site.signed_in(Role::TenantAdmin, Some(other)).await;
    for role in Role::ALL {
        let token = site.signed_in(*role, (!role.is_platform()).then_some(acme)).await;
        for download in DOWNLOADS {
            let (Asks::Platform(permission) | Asks::Tenant(permission, _)) = download.asks else {
                panic!("{} asks for nothing", download.path)
            };
            let answer = site.send(get(&download.address()).by(&token)).await;
            if role.grants(permission) {
                assert_eq!(answer.status, StatusCode::OK, "{} as {role}: {}", download.path, answer.body);
                assert!(answer.header("content-type").starts_with("text/csv"), "{}", download.path);
                assert!(answer.header("content-disposition").starts_with("attachment"), "{}", download.path);
                assert!(answer.body.lines().next().is_some_and(|head| head.contains(',')), "{}", answer.body);
            } else {
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} as {role}", download.path);
            }
        }
    }
    for download in DOWNLOADS.iter().filter(|download| matches!(download.asks, Asks::Tenant(..))) {
        assert_eq!(
            site.send(get(&download.address()).by(&stranger)).await.status,
            StatusCode::NOT_FOUND,
            "{}",
            download.path
        );
    }
    for download in DOWNLOADS {
        let answer = site.send(get(&download.address())).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", download.path);
        assert!(answer.header("location").starts_with("/sign-in"));
    }
    let exports = "SELECT count(*) FROM audit_entry WHERE action = 'audit.export' AND result = 'done'";
    assert!(site.count(exports).await > 0, "that the log left stands in it");
}

/// A call of the machine API on what [`acme`] has laid, or on the conversation of the sample.
fn ask(route: &Route, key: &str) -> crate::site::Call {
    let id = if route.path.contains("/webhooks/") {
        WEBHOOK
    } else if route.path.contains("/deliveries/") {
        DELIVERY
    } else {
        CONVERSATION
    };
    post(&route.path.replace("{id}", id), route.sample)
        .method(route.method.parse().expect("a method"))
        .with("content-type", route.content_type)
        .with("origin", "")
        .with("authorization", &format!("Bearer {key}"))
}

/// What the routes of the machine API change, besides the counters of every call.
async fn kept(site: &Site) -> (Vec<(String, String)>, i64) {
    let mut state = site.state().await;
    state.retain(|(table, _)| {
        [".webhook", ".delivery", ".conversation"].iter().any(|name| table.ends_with(name))
    });
    assert_eq!(state.len(), 3, "{state:?}");
    (state, site.done().await)
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_key_reaches_what_is_its_own_and_only_as_far_as_it_may(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = acme(&site).await;
    ground::mark(&site, acme).await;
    let other = site.tenant("other").await;
    let cx = site.services.system("test");
    let key = async |tenant: model::TenantId, access: &str| {
        domain::api_keys::create(&cx, tenant, access, access).await.expect("a key").text
    };
    let own = key(acme, "read_write").await;
    let reader = key(acme, "read").await;
    let stranger = key(other, "read_write").await;
    let send = ROUTES
        .iter()
        .find(|route| (route.method, route.path) == ("POST", "/api/v1/conversations"))
        .expect("a route");
    let sent = site.send(ask(send, &own)).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
    let before = kept(&site).await;
    let own_routes = ROUTES.iter().filter(|route| route.keys == Keys::Tenant);
    let mut routes: Vec<_> = own_routes.filter_map(|route| Some((route, route.permission?))).collect();
    for (route, permission) in &routes {
        let name = format!("{} {}", route.method, route.path);
        let answer = site.send(ask(route, &reader)).await;
        if permission.writes() {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {}", answer.body);
            assert_eq!(answer.header("content-type"), "application/problem+json", "{name}");
        } else {
            assert!(!matches!(answer.status.as_u16(), 401 | 403 | 500..), "{name}: {}", answer.body);
        }
        if permission.writes() && !route.path.contains("{id}") {
            // It names nothing: what it makes is the stranger's own.
            continue;
        }
        let told = chain(&site, acme).await;
        let answer = site.send(ask(route, &stranger)).await;
        if route.path.contains("{id}") {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}: {}", answer.body);
        } else {
            assert!(!matches!(answer.status.as_u16(), 401 | 403 | 500..), "{name}: {}", answer.body);
        }
        // A problem says which address was asked.
        let mut said = answer.body;
        for theirs in [WEBHOOK, DELIVERY, CONVERSATION] {
            said = said.replace(&route.path.replace("{id}", theirs), "");
        }
        assert!(!said.contains(CONVERSATION), "{name}: {said}");
        tells_nothing(&name, "", &said, acme);
        assert_eq!(chain(&site, acme).await, told, "{name}: acme's log says nothing");
    }
    assert_eq!(kept(&site).await, before, "nothing was done");
    // The positive control; what removes comes last.
    routes.sort_by_key(|(route, _)| route.method == "DELETE");
    for (route, permission) in &routes {
        let name = format!("{} {}", route.method, route.path);
        let lines = site.done().await;
        let answer = site.send(ask(route, &own)).await;
        // A tenant without a template has none to answer.
        let none = answer.status == StatusCode::NOT_FOUND && !route.path.contains("{id}");
        let open = answer.status.is_success() || none && !permission.writes();
        assert!(open, "{name}: {} {}", answer.status, answer.body);
        let audited = permission.writes() && !UNAUDITED.contains(&name.as_str());
        assert_eq!(site.done().await > lines, audited, "{name}: what it changed and nothing else is audited");
    }
    for name in UNAUDITED {
        assert!(
            routes.iter().any(|(route, _)| *name == format!("{} {}", route.method, route.path)),
            "{name}"
        );
    }
    assert_ne!(kept(&site).await, before, "the samples are of use");
}

fn upload(door: &Upload) -> crate::site::Call {
    post(door.path, door.sample).with("content-type", door.content_type).with("accept", "text/html")
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn files_are_taken_from_those_who_may_send_them_only(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = acme(&site).await;
    let mut people = vec![];
    for role in Role::ALL {
        people.push((*role, site.signed_in(*role, (!role.is_platform()).then_some(acme)).await));
    }
    let before = (site.state().await, site.done().await);
    for door in UPLOADS {
        let (Asks::Platform(permission) | Asks::Tenant(permission, _)) = door.asks else {
            panic!("{} asks for nothing", door.path)
        };
        let answer = site.send(upload(door)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}: {}", door.path, answer.body);
        assert!(answer.header("location").starts_with("/sign-in"), "{}", door.path);
        for (role, token) in people.iter().filter(|(role, _)| !role.grants(permission)) {
            let answer = site.send(upload(door).by(token)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} as {role}: {}", door.path, answer.body);
        }
    }
    assert_eq!((site.state().await, site.done().await), before, "nothing was done");
    for door in UPLOADS {
        let (Asks::Platform(permission) | Asks::Tenant(permission, _)) = door.asks else { continue };
        for (role, token) in people.iter().filter(|(role, _)| role.grants(permission)) {
            let lines = site.done().await;
            let answer = site.send(upload(door).by(token)).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{} as {role}: {}", door.path, answer.body);
            let led = answer.header("location");
            assert!(led.starts_with(&format!("{}/", door.path)), "{} as {role}: {led}", door.path);
            assert_eq!(site.done().await, lines + 1, "{} as {role}: an audit line", door.path);
        }
    }
}
