//! A whole fleet by the doors that a browser has: the upload, its preview, the confirmation, and what the console knows
//! afterwards (R4).

use crate::site::{Call, Site, form, get, post};
use axum::http::StatusCode;
use model::page::grouped;
use model::permission::Role;
use sqlx::PgPool;
use std::fmt::Write as _;

/// The fleet of the first story that was told of this console.
const ROWS: i64 = 10_000;

/// A file that was chosen on the import page, as a browser sends it.
fn upload(plan: &str, csv: &str) -> Call {
    let body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"plan\"\r\n\r\n{plan}\r\n\
         --edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"fleet.csv\"\r\nContent-Type: text/csv\r\n\r\n\
         {csv}\r\n--edge--\r\n"
    );
    post("/tenants/import", &body).with("content-type", "multipart/form-data; boundary=edge")
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn ten_thousand_rows_come_in_by_the_form(admin: PgPool) {
    let site = Site::new(admin).await;
    let token = site.signed_in(Role::Operator, None).await;
    let mut csv = String::from("name,domain,country_code,plan\n");
    for n in 0..ROWS {
        writeln!(csv, "College {n},c{n}.example,DE,free").expect("a line");
    }

    // The database ends a statement that takes longer than it allows.
    let staged = site.send(upload("starter", &csv).by(&token)).await;
    assert_eq!(staged.status, StatusCode::SEE_OTHER, "{}", staged.body);
    let preview = staged.header("location");
    let id = preview.strip_prefix("/tenants/import/").expect("the address of the preview");
    let page = site.send(get(preview).by(&token)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let button = format!("Create {} tenants", grouped(ROWS));
    assert!(page.body.contains(&button), "{}", page.body);
    assert_eq!(site.count("SELECT count(*) FROM tenant").await, 0, "nothing before the confirmation");

    let confirm = || form(preview, "apply_tenant_import", &format!("id={id}")).by(&token);
    let made = site.send(confirm()).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    assert_eq!(made.header("location"), "/tenants?sort=-created");
    assert_eq!(site.count("SELECT count(*) FROM tenant").await, ROWS);

    // One among them is found, and opens.
    let found = site.send(get("/tenants?q=college+9876").by(&token)).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    assert!(found.body.contains("/tenants/college-9876"), "{}", found.body);
    let opened = site.send(get("/tenants/college-9876").by(&token)).await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
    assert!(opened.body.contains("College 9876"), "{}", opened.body);

    // Confirmed once more it makes nothing a second time.
    let again = site.send(confirm()).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert_eq!(site.count("SELECT count(*) FROM tenant").await, ROWS);
}

/// The files of organisations and conversations that the project was told of, as they are, where somebody has them:
/// `STEWARD_REAL_DATA` names their folder. They are no part of the project, and nothing else needs them.
#[sqlx::test(migrator = "domain::db::MIGRATOR")]
#[ignore = "wants STEWARD_REAL_DATA"]
async fn real_organisations_come_in_and_their_conversations_are_analysed(admin: PgPool) {
    let folder =
        std::env::var_os("STEWARD_REAL_DATA").map(std::path::PathBuf::from).expect("STEWARD_REAL_DATA");
    let csv = std::fs::read_to_string(folder.join("organizations.csv")).expect("the organisations");
    let rows = csv::Reader::from_reader(csv.as_bytes()).records().filter(Result::is_ok).count();
    let rows = i64::try_from(rows).expect("a number");
    assert!(rows > 1_000, "{rows}");
    let site = Site::new(admin).await;
    let token = site.signed_in(Role::Operator, None).await;
    let staged = site.send(upload("professional", &csv).by(&token)).await;
    assert_eq!(staged.status, StatusCode::SEE_OTHER, "{}", staged.body);
    let preview = staged.header("location");
    let id = preview.strip_prefix("/tenants/import/").expect("the address of the preview");
    let wrong = "SELECT count(*) FROM tenant_import_row WHERE problems <> '{}'";
    assert_eq!(site.count(wrong).await, 0, "every row of it is fine");
    let made = site.send(form(preview, "apply_tenant_import", &format!("id={id}")).by(&token)).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    assert_eq!(site.count("SELECT count(*) FROM tenant WHERE plan_id = 'professional'").await, rows);
    assert_eq!(site.count("SELECT count(*) FROM tenant WHERE country !~ '^[A-Z]{2}$'").await, 0);
    assert_eq!(site.count("SELECT count(*) FROM tenant WHERE name ~ U&'[\\0080-\\009F]'").await, 0);

    let tenant: model::TenantId = sqlx::query_scalar("SELECT id FROM tenant ORDER BY slug LIMIT 1")
        .fetch_one(&site.admin)
        .await
        .expect("one among them");
    let system = site.services.system("test");
    domain::tasks::enable(&system, tenant, "summary").await.expect("enabled");
    let key = domain::api_keys::create(&system, tenant, "connector", "read_write").await.expect("a key").text;
    let lines = std::fs::read_to_string(folder.join("conversations.jsonl")).expect("the conversations");
    let sent = u64::try_from(lines.lines().filter(|line| !line.trim().is_empty()).count()).expect("a number");
    let answer = site
        .send(
            post("/api/v1/conversations", &lines)
                .with("content-type", "application/x-ndjson")
                .with("authorization", &format!("Bearer {key}")),
        )
        .await;
    assert!(answer.status.is_success(), "{}", answer.body);
    let worked = domain::pipeline::Worker::new(site.services.clone()).drain().await.expect("analysed");
    assert_eq!((worked.done, worked.failed, worked.parked), (sent, 0, 0));
    assert!(site.count("SELECT count(*) FROM field_value WHERE field_key = 'summary'").await > 1_000);
}
