//! Parts of another tenant: missing under one's own address as much as what is nowhere, and told to nobody who watches.

use super::*;

/// Calls of functions with an id of acme's that do not name acme: with the other tenant's slug, or with no tenant at all.
/// What asks for a permission over the platform refuses a tenant's people whatever the id.
fn with_ids_of_acme() -> Vec<(&'static Function, String)> {
    let is_id = |pair: &str| pair.split_once('=').is_some_and(|(_, id)| uuid::Uuid::try_parse(id).is_ok());
    let mut calls = vec![];
    for function in FUNCTIONS.iter().filter(|function| function.sample.split('&').any(is_id)) {
        match function.asks {
            Asks::Tenant(_, parameter) => {
                let own = format!("{parameter}=other");
                calls.push((function, function.sample.replace(&format!("{parameter}=acme"), &own)));
            }
            Asks::Session => calls.push((function, function.sample.to_owned())),
            Asks::Nothing | Asks::Platform(_) => {}
        }
    }
    for name in [
        "get_api_key",
        "revoke_api_key",
        "invite_again",
        "withdraw_invitation",
        "change_webhook",
        "get_operation",
    ] {
        assert!(calls.iter().any(|(function, _)| function.name == name), "{name} is walked");
    }
    calls
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_part_of_another_tenant_is_missing_on_ones_own(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = acme(&site).await;
    ground::mark(&site, acme).await;
    let other = site.tenant("other").await;
    let theirs = site.signed_in(Role::TenantAdmin, Some(acme)).await;
    let token = site.signed_in(Role::TenantAdmin, Some(other)).await;
    let session: String = sqlx::query_scalar(
        "SELECT left(encode(s.id_hash, 'hex'), 16) FROM session s JOIN member m ON m.user_id = s.user_id
         WHERE m.tenant_id = $1",
    )
    .bind(acme.0)
    .fetch_one(&site.admin)
    .await
    .expect("the session of acme's admin");
    let mut calls = with_ids_of_acme();
    calls.push((function("end_own_session"), format!("session={session}")));
    let before = (site.state().await, site.done().await, chain(&site, acme).await);
    for (function, sample) in &calls {
        let name = function.name;
        let answer = site.send(call(function, sample).by(&token)).await;
        assert!(matches!(answer.status.as_u16(), 404 | 422), "{name}: {} {}", answer.status, answer.body);
        tells_nothing(name, "", &answer.body, acme);
        // What is nowhere answers the same, word for word.
        let mut nowhere = sample.replace(&session, "0123456789abcdef");
        for id in [INVITED, WEBHOOK, DELIVERY, OPERATION, KEY] {
            nowhere = nowhere.replace(id, NOWHERE);
        }
        assert_ne!(&nowhere, sample, "{name}");
        let missing = site.send(call(function, &nowhere).by(&token)).await;
        assert_eq!((missing.status, &missing.body), (answer.status, &answer.body), "{name}");
    }
    // Where an id or a word only narrows a list, nothing of acme's stands on it.
    for (name, sample) in [
        ("resend_failed", format!("slug=other&webhook={WEBHOOK}")),
        ("get_deliveries", format!("slug=other&query=webhook%3D{WEBHOOK}")),
        ("search", "q=zanz".to_owned()),
        ("search", "q=acme".to_owned()),
    ] {
        let answer = site.send(call(function(name), &sample).by(&token)).await;
        assert!(!matches!(answer.status.as_u16(), 401 | 403 | 500..), "{name}: {}", answer.body);
        tells_nothing(name, &sample, &answer.body, acme);
    }
    // The pages of one's own tenant; those about one part of it with a part of acme's.
    let mut parts = 0;
    for page in generate_route_list(app::App) {
        let address = page
            .path()
            .replace("{slug}", "other")
            .replace("{webhook}", WEBHOOK)
            .replace("{delivery}", DELIVERY)
            .replace("users/{user}", &format!("users/{INVITED}"))
            .replace("api-keys/{key}", &format!("api-keys/{KEY}"))
            .replace("isolation/{run}", &format!("isolation/{OPERATION}"))
            .replace("operations/{id}", &format!("operations/{OPERATION}"));
        let part = [INVITED, WEBHOOK, DELIVERY, KEY, OPERATION].iter().any(|id| address.contains(id));
        if address.contains('{') || !(part || address.starts_with("/tenants/other")) {
            continue;
        }
        // Beside tenants' endpoints there are the platform's own, which a tenant's people may not see at all.
        let own = address.starts_with("/tenants/other/") || address.contains(OPERATION);
        let answer = site.send(get(&address).by(&token)).await;
        tells_nothing(&address, &address, &answer.body, acme);
        if part {
            let status = answer.status.as_u16();
            assert!(status == 404 || (!own && status == 403), "{address}: {status} {}", answer.body);
            parts += 1;
        }
    }
    assert!(parts > 4, "there are pages about parts of a tenant");
    let after = (site.state().await, site.done().await, chain(&site, acme).await);
    assert_eq!(after, before, "nothing was done, and acme's log says nothing");
    let revoked = "SELECT count(*) FROM session WHERE revoked_at IS NOT NULL";
    assert_eq!(site.count(revoked).await, 0, "acme's admin is still signed in");
    // The positive control: acme's own admin finds all of it.
    for (function, _) in with_ids_of_acme() {
        let answer = site.send(call(function, function.sample).by(&theirs)).await;
        let open = !matches!(answer.status.as_u16(), 401 | 403 | 404 | 422 | 500..);
        assert!(open, "{}: {} {}", function.name, answer.status, answer.body);
    }
    assert_ne!(site.state().await, before.0, "the samples are of use");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn streams_tell_those_who_may_see_only(admin: PgPool) {
    let listen = |address: &str| get(address).with("accept", "text/event-stream");
    let site = Site::new(admin).await;
    let acme = acme(&site).await;
    ground::mark(&site, acme).await;
    // One of the platform itself, which no tenant's people may follow.
    ground::rest(&site, model::TenantId::PLATFORM, PLATFORMS).await;
    let other = site.tenant("other").await;
    let stranger = site.signed_in(Role::TenantAdmin, Some(other)).await;
    let mut people = vec![];
    for role in Role::ALL {
        people.push((*role, site.signed_in(*role, (!role.is_platform()).then_some(acme)).await));
    }
    let before = (site.state().await, site.done().await);
    assert!(!STREAMS.is_empty());
    for stream in STREAMS {
        let (Asks::Platform(permission) | Asks::Tenant(permission, _)) = stream.asks else {
            panic!("{} asks for nothing", stream.path)
        };
        let (name, address) = (stream.path, stream.address());
        let answer = site.send(listen(&address)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}: {}", answer.body);
        tells_nothing(name, "", &answer.body, acme);
        for (role, token) in &people {
            let answer = site.send(listen(&address).by(token)).await;
            if role.grants(permission) {
                assert_eq!(answer.status, StatusCode::OK, "{name} as {role}: {}", answer.body);
                assert_eq!(answer.header("content-type"), stream.content_type, "{name}");
                assert!(answer.body.contains("event: "), "{name} as {role}: {}", answer.body);
            } else {
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} as {role}: {}", answer.body);
            }
            let answer = site.send(listen(&address.replace(OPERATION, PLATFORMS)).by(token)).await;
            let status = if role.grants(Permission::OperationFleet) { 200 } else { 403 };
            assert_eq!(answer.status.as_u16(), status, "the platform's as {role}: {}", answer.body);
        }
        // Another tenant's looks as if there were none, and its log hears nothing of it.
        let told = chain(&site, acme).await;
        let answer = site.send(listen(&address).by(&stranger)).await;
        let missing = site.send(listen(&address.replace(OPERATION, NOWHERE)).by(&stranger)).await;
        assert_eq!((answer.status, missing.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{name}");
        tells_nothing(name, "", &answer.body, acme);
        assert_eq!(chain(&site, acme).await, told, "{name}");
    }
    assert_eq!((site.state().await, site.done().await), before, "to listen changes nothing");
}
