//! The whole service: a key that a person makes on its page.

use super::*;

/// The whole service, a person signed in to it by the form, and the key that the page shows once.
#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_key_made_on_the_page_opens_the_api_and_is_shown_once(admin: PgPool) {
    let services = testing::services(&admin).await;
    testing::tenant(&admin, "acme").await.expect("a tenant");
    let owner = services.system("test");
    domain::users::create_user(
        &owner,
        "ada@example.com",
        "Ada",
        Some("correct horse battery"),
        Some(Role::Operator),
    )
    .await
    .expect("a person");
    let service = crate::router::router(&crate::router::Parts {
        services: services.clone(),
        options: leptos::config::LeptosOptions::builder().output_name("steward").build(),
        https: false,
        proxies: [].into(),
        secret: b"0123456789012345678901234567890123456789".to_vec(),
        turns: 4,
        answer_time: crate::router::ANSWER_TIME,
        tasks: tokio_util::task::TaskTracker::new(),
    });
    let mut cookies = String::new();
    let ask = async |method: &str, path: &str, cookies: &str, bearer: &str, form: &str| {
        let peer = axum::extract::ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 9)));
        let mut request =
            Request::builder().method(method).uri(path).header(header::ACCEPT, "text/html").extension(peer);
        if method == "POST" {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if !bearer.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let request =
            request.header(header::COOKIE, cookies).body(Body::from(form.to_owned())).expect("a request");
        let response = service.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        (parts, String::from_utf8_lossy(&bytes).into_owned())
    };
    let (parts, text) = ask(
        "POST",
        "/sign-in",
        "",
        "",
        "_form=sign_in&email=ada%40example.com&password=correct+horse+battery",
    )
    .await;
    assert_eq!(parts.status, StatusCode::SEE_OTHER, "{text}");
    for cookie in parts.headers.get_all(header::SET_COOKIE) {
        cookies.push_str(cookie.to_str().expect("ascii").split(';').next().expect("a pair"));
        cookies.push_str("; ");
    }

    let page = "/tenants/acme/api-keys";
    let (parts, text) =
        ask("POST", page, &cookies, "", "_form=create_api_key&slug=acme&name=&access=read").await;
    assert_eq!(parts.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
    assert!(text.contains("A name is needed."), "{text}");

    let (parts, text) =
        ask("POST", page, &cookies, "", "_form=create_api_key&slug=acme&name=Importer&access=read").await;
    assert_eq!(parts.status, StatusCode::OK, "{text}");
    assert_eq!(parts.headers[header::CACHE_CONTROL], "no-store");
    let at = text.find("<code>stw_live_").expect("the key is shown") + "<code>".len();
    let key = text[at..].split('<').next().expect("its end").to_owned();
    for (name, value) in &parts.headers {
        assert!(!value.to_str().unwrap_or_default().contains(&key[42..]), "{name} carries the key");
    }
    let (parts, text) = ask("GET", "/api/v1/tenant", "", &key, "").await;
    assert_eq!(parts.status, StatusCode::OK, "{text}");
    let (_, text) = ask("GET", page, &cookies, "", "").await;
    assert!(text.contains("Importer") && !text.contains(&key), "shown once");

    let id = key[9..41].parse::<model::ApiKeyId>().expect("an id");
    let revoke = format!("{page}/{id}/revoke");
    let (parts, text) = ask("GET", &revoke, &cookies, "", "").await;
    assert_eq!(parts.status, StatusCode::OK, "{text}");
    let (parts, _) =
        ask("POST", &revoke, &cookies, "", &format!("_form=revoke_api_key&slug=acme&key={id}&reason=")).await;
    assert_eq!(parts.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (parts, text) = ask(
        "POST",
        &revoke,
        &cookies,
        "",
        &format!("_form=revoke_api_key&slug=acme&key={id}&reason=rotated"),
    )
    .await;
    assert_eq!(
        (parts.status, parts.headers.get(header::LOCATION).and_then(|to| to.to_str().ok())),
        (StatusCode::SEE_OTHER, Some(page)),
        "{text}"
    );
    assert_eq!(ask("GET", "/api/v1/tenant", "", &key, "").await.0.status, StatusCode::UNAUTHORIZED);
}
