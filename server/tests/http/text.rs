//! What people write stays text, wherever a page says it; what the database cannot hold is refused, not a fault of ours.

use crate::site::{Site, form, get, post};
use leptos_axum::generate_route_list;
use model::permission::Role;
use server::surface::{Asks, FUNCTIONS, registered};
use sqlx::PgPool;

const HOSTILE: &str = "</title><b>bold</b>";

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn no_name_becomes_markup(admin: PgPool) {
    let site = Site::new(admin).await;
    let acme = site.tenant("acme").await;
    let hostile = |sql: &'static str| {
        let query = sqlx::query(sql).bind(acme).bind(HOSTILE);
        async { query.execute(&site.admin).await.expect(sql) }
    };
    hostile("UPDATE tenant SET name = $2 WHERE id = $1").await;
    hostile(
        "INSERT INTO api_key (tenant_id, id, name, secret_hash, access, created_by)
         VALUES ($1, '00000000-0000-0000-0000-000000000009', $2, decode(repeat('00', 32), 'hex'), 'read', $2)",
    )
    .await;
    hostile(
        "INSERT INTO webhook (tenant_id, id, url, name, events, secret, created_by)
         VALUES ($1, '00000000-0000-0000-0000-000000000009', 'https://hooks.example.com/', $2, '{}', '', $2)",
    )
    .await;
    sqlx::query("UPDATE template SET name = $1, description = $1 WHERE key = 'baseline'")
        .bind(HOSTILE)
        .execute(&site.admin)
        .await
        .expect("a template");
    let token = site.signed_in(Role::Operator, None).await;
    let mut shown = 0;
    for page in generate_route_list(app::App) {
        // The noun that each address names last.
        let id = "00000000-0000-0000-0000-000000000009";
        let path = page.path().replace(":slug", "acme").replace("templates/:key", "templates/baseline");
        let path: Vec<_> =
            path.split('/').map(|part| if part.starts_with(':') { id } else { part }).collect();
        let answer = site.send(get(&path.join("/")).by(&token)).await;
        assert!(!answer.body.contains("</title><b>"), "{}", page.path());
        assert!(!answer.body.contains("<b>bold</b>"), "{}", page.path());
        shown += usize::from(
            answer.body.contains("<title>&lt;/title&gt;") || answer.body.contains("&lt;/title&gt;"),
        );
    }
    assert!(shown > 4, "it was there to be shown: {shown}");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_nul_is_a_fault_of_who_sends_it(admin: PgPool) {
    let site = Site::new(admin).await;
    site.tenant("acme").await;
    let token = site.signed_in(Role::Owner, None).await;
    for path in [
        "/tenants/%00",
        "/tenants/%00/tasks",
        "/tenants/a%00b/audit.csv",
        "/tenants/%00/usage.csv",
        "/tenants/acme/tasks/%00",
        "/tenants/acme/tasks/%00/compare",
        "/tenants/acme/notifications?event=%00&channel=%00",
        "/tenants?q=%00&tag=%00&region=%00&owner=%00",
        "/tenants?after=%00&sort=%00",
        "/templates/%00",
        "/templates/compare?from=%00.1&to=%00.2",
        "/audit/%00/1",
        "/audit?actor=%00&action=%00&tenant=%00&request=%00",
        "/alignment?template=%00",
        "/search?q=%00",
        "/set-up/%00",
        "/bootstrap/%00",
        "/sign-in?next=%00",
    ] {
        let answer = site.send(get(path).by(&token)).await;
        assert!(answer.status.as_u16() < 500, "{path}: {}", answer.status);
    }
    let answer = site
        .send(form("/sign-in", "sign_in", "email=a%00%40example.com&password=correct+horse+battery"))
        .await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    // Every parameter of every function.
    for function in FUNCTIONS.iter().filter(|function| !matches!(function.asks, Asks::Nothing)) {
        let (method, path) = registered().remove(function.name).expect("listed functions are mounted");
        let pairs: Vec<_> = function.sample.split('&').filter(|pair| pair.contains('=')).collect();
        for spoilt in 0..pairs.len() {
            let sample: Vec<_> = pairs
                .iter()
                .enumerate()
                .map(|(at, pair)| if at == spoilt { format!("{pair}%00") } else { (*pair).to_owned() })
                .collect();
            let sample = sample.join("&");
            let call = if method == axum::http::Method::GET {
                get(&format!("{path}?{sample}"))
            } else {
                post(&path, &sample).with("accept", "application/json")
            };
            let answer = site.send(call.by(&token)).await;
            assert!(
                answer.status.as_u16() < 500,
                "{} {sample}: {} {}",
                function.name,
                answer.status,
                answer.body
            );
        }
    }
}
