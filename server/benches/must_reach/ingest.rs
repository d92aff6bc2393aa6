//! Conversations by NDJSON against a plain `COPY` of the same rows into a table with the same indexes.

use crate::steward::{Database, Steward};
use crate::{Failure, Report};
use model::TenantId;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::path::Path;
use std::time::Instant;

const CONVERSATIONS: usize = 20_000;
/// Lines of one request.
const LINES: usize = 2_000;

const SAID: [&str; 6] = [
    "Hello, my invoice shows an amount that I do not understand.",
    "Good morning, let me look at it with you. Which number is it?",
    "It is the one of last month, the second line from the top.",
    "I see it: that is the difference between the estimate and the reading.",
    "So it will not come back? That would be good to know.",
    "It will not. From now on the bill follows the reading. Thank you for asking!",
];

fn turns(at: usize) -> String {
    let turns: Vec<_> = SAID
        .iter()
        .enumerate()
        .map(|(n, text)| serde_json::json!({ "speaker": if n % 2 == 0 { "customer" } else { "agent" }, "text": format!("{text} ({at})") }))
        .collect();
    serde_json::Value::from(turns).to_string()
}

pub async fn ingest(binary: &Path, database: &Database, report: &mut Report) -> Result<(), Failure> {
    let services =
        domain::Services::new(domain::db::pools(&database.url, domain::db::serving()).await?.serving);
    let mut admin = PgConnection::connect(&database.url).await?;
    // One without enabled tasks: storing is measured, not analysing.
    let tenant: uuid::Uuid = sqlx::query_scalar(
        "SELECT id FROM steward.tenant t WHERE status = 'active' AND plan_id = 'enterprise'
            AND NOT EXISTS (SELECT FROM steward.activation a WHERE a.tenant_id = t.id) ORDER BY id LIMIT 1",
    )
    .fetch_one(&mut admin)
    .await?;
    let cx = services.system("bench");
    let run = cx.new_id();
    let key = domain::api_keys::create(&cx, TenantId(tenant), &format!("Bench {run}"), "read_write").await?;
    let steward = Steward::start(binary, database).await?;

    let bodies: Vec<Vec<u8>> = (0..CONVERSATIONS / LINES)
        .map(|batch| {
            let lines = (batch * LINES..(batch + 1) * LINES).map(|at| {
                format!(
                    "{{\"id\":\"{run}-{at}\",\"channel\":\"chat\",\"language\":\"en\",\"turns\":{}}}\n",
                    turns(at)
                )
            });
            lines.collect::<String>().into_bytes()
        })
        .collect();
    let begin = Instant::now();
    for body in &bodies {
        let headers = format!("authorization: Bearer {}\r\ncontent-type: application/x-ndjson\r\n", key.text);
        let answer = steward.post("/api/v1/conversations", &headers, body).await?;
        if !(200..300).contains(&answer.status) {
            return Err(format!("status {}: {}", answer.status, answer.text()).into());
        }
    }
    let own = CONVERSATIONS as f64 / begin.elapsed().as_secs_f64();
    drop(steward);

    admin.execute("DROP TABLE IF EXISTS bench_copy; CREATE TABLE bench_copy (LIKE pooled.conversation INCLUDING ALL)").await?;
    let rows: String = (0..CONVERSATIONS)
        .map(|at| {
            let turns = turns(at).replace('\\', "\\\\");
            format!(
                "{tenant}\t{}\t{run}-{at}\tchat\ten\t2026-01-01T00:00:00Z\t{turns}\t6\t500\n",
                uuid::Uuid::from_u128(run.as_u128() + at as u128)
            )
        })
        .collect();
    let begin = Instant::now();
    let columns = "tenant_id, id, external_id, channel, language, started_at, turns, turn_count, bytes";
    let mut copy = admin.copy_in_raw(&format!("COPY bench_copy ({columns}) FROM STDIN")).await?;
    copy.send(rows.into_bytes()).await?;
    let copied = copy.finish().await?;
    let floor = copied as f64 / begin.elapsed().as_secs_f64();
    admin.execute("DROP TABLE bench_copy").await?;
    admin
        .execute(AssertSqlSafe(format!("DELETE FROM pooled.conversation WHERE tenant_id = '{tenant}'")))
        .await?;
    domain::api_keys::revoke(&cx, TenantId(tenant), key.id, "the benchmark is over").await?;
    let share = own / floor;
    report.line(
        "NDJSON against COPY",
        format!("{share:.2} ({own:.0} of {floor:.0} rows/s)"),
        "≥ 0.3",
        Some(share >= 0.3),
    );
    Ok(())
}
