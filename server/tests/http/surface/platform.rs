//! Routes of the machine API for keys of the platform: shut to tenants' keys and to roles that are too weak, open to those
//! that may; and the routes of tenants shut to the platform's keys.

use super::*;

/// What these routes change, besides the counters of every call.
async fn kept(site: &Site) -> (Vec<(String, String)>, i64) {
    let mut state = site.state().await;
    let tables = [
        ".tenant",
        ".operation",
        ".operation_step",
        ".operation_key",
        ".payment_failure",
        ".bulk",
        ".bulk_item",
    ];
    state.retain(|(table, _)| tables.iter().any(|name| table.ends_with(name)));
    assert_eq!(state.len(), tables.len(), "{state:?}");
    (state, site.done().await)
}

/// The routes with what each asks for.
fn routes() -> Vec<(&'static Route, Permission)> {
    let all = ROUTES.iter().filter(|route| route.keys == Keys::Platform);
    let all: Vec<_> = all.map(|route| (route, route.permission.expect("it asks for something"))).collect();
    assert!(all.len() > 10);
    all
}

async fn key(site: &Site, role: Role) -> String {
    let cx = site.services.system("test");
    domain::platform_keys::create(&cx, role.label(), role.as_str(), "30").await.expect("a key").text
}

fn call(route: &Route, slug: &str, key: &str) -> crate::site::Call {
    let path = route.path.replace("{slug}", slug).replace("{id}", OPERATION);
    let path = path.replace("{reference}", "Invoice%201");
    let (address, body) = match route.method {
        "GET" => (format!("{path}?{}", route.sample), ""),
        _ => (path, route.sample),
    };
    let body = body.replace("acme", slug);
    post(&address, &body)
        .method(route.method.parse().expect("a method"))
        .with("content-type", route.content_type)
        .with("origin", "")
        .with("idempotency-key", slug)
        .with("authorization", &format!("Bearer {key}"))
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_key_of_the_platform_reaches_as_far_as_its_role_and_a_tenants_nowhere(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = acme(&site).await;
    ground::mark(&site, acme).await;
    let cx = site.services.system("test");
    let tenants = domain::api_keys::create(&cx, acme, "Program", "read_write").await.expect("a key").text;
    let operator = key(&site, Role::Operator).await;
    let weak =
        [(Role::Success, key(&site, Role::Success).await), (Role::Auditor, key(&site, Role::Auditor).await)];
    let before = kept(&site).await;
    for (route, permission) in routes() {
        let name = format!("{} {}", route.method, route.path);
        let answer = site.send(call(route, "acme", &tenants)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {}", answer.body);
        assert!(answer.body.contains("urn:steward:problem:other-key"), "{name}: {}", answer.body);
        assert!(!answer.body.to_lowercase().contains(ground::WORD), "{name}: {}", answer.body);
        for (role, key) in &weak {
            let answer = site.send(call(route, "acme", key)).await;
            if role.grants(permission) {
                assert_eq!(answer.status, StatusCode::OK, "{name} as {role}: {}", answer.body);
            } else {
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} as {role}: {}", answer.body);
                assert!(answer.body.contains("urn:steward:problem:forbidden"), "{name}: {}", answer.body);
            }
        }
        if route.path.contains("{slug}") {
            let answer = site.send(call(route, "nowhere", &operator)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}: {}", answer.body);
        }
    }
    for route in ROUTES.iter().filter(|route| route.keys == Keys::Tenant) {
        let answer = site.send(ask(route, &operator)).await;
        let name = format!("{} {}", route.method, route.path);
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {}", answer.body);
        assert!(answer.body.contains("urn:steward:problem:other-key"), "{name}: {}", answer.body);
    }
    assert_eq!(kept(&site).await, before, "nothing was done");
}

/// The positive control: each on a tenant of its own, with what it has to find there.
#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn an_operators_key_is_open_to_what_operators_do(admin: PgPool) {
    let site = Site::new(admin).await;
    let operator = key(&site, Role::Operator).await;
    for (n, (route, permission)) in routes().into_iter().enumerate() {
        let (name, slug) = (format!("{} {}", route.method, route.path), format!("by-key-{n}"));
        let needs = match route.path.trim_start_matches("/api/v1") {
            "/tenants/{slug}/scope" => "change_suspension_scope",
            "/tenants/{slug}/reinstate" => "reinstate_tenant",
            "/tenants/{slug}/trial/convert" => "convert_trial",
            "/tenants/{slug}/trial/extend" => "extend_trial",
            "/tenants/{slug}/go-live" => "go_live",
            "/tenants/{slug}/payments/{reference}/settle" => "settle_payment",
            "/operations/{id}" => "get_operation",
            "/operations/{id}/retry" => "retry_operation",
            "/operations/{id}/cancel" => "cancel_operation",
            "/operations/{id}/roll-back" => "roll_back_operation",
            "/bulk/{id}" | "/bulk/{id}/start" => "bulk by key",
            _ => "",
        };
        if ground::lay(&site, needs, &slug).await.is_none() {
            site.tenant(&slug).await;
        }
        let (before, lines) = kept(&site).await;
        let answer = site.send(call(route, &slug, &operator)).await;
        assert!(answer.status.is_success(), "{name}: {} {}", answer.status, answer.body);
        let (after, now) = kept(&site).await;
        // Looking at what may be changed asks for the permission to change it.
        let writes = permission.writes() && route.method != "GET";
        assert_eq!(after != before, writes, "{name}: {}", answer.body);
        assert_eq!(now > lines, writes, "{name}: what it changed and nothing else is audited");
    }
}
