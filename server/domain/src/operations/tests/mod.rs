//! The ledger and its runner on the real kinds: the happy way, every step failing, every step twice, cancelled,
//! approved, repeated, many at once. `crash` kills real processes.

mod approvals;
mod backwards;
mod bulk;
mod called_off;
mod crash;
mod every;
mod leftovers;
mod limits;
mod notices;
mod pages;
mod parked;
mod people;
mod provision;
mod terms;
mod urgent;
mod versions;

use super::runner::Runner;
use super::*;
use crate::ctx::Services;
use crate::testing;
use model::limits::AskedLimit;
use model::operations::{Person, ProvisionRequest};
use model::permission::Role;
use model::tenants::{Placement, PlanId};
use model::usage::{Limit, LimitMeter};
use sqlx::PgPool;
use std::time::Duration;

/// A request that uses everything.
fn asked(slug: &str, placement: Placement) -> ProvisionRequest {
    let mut asked = ProvisionRequest::named("Acme", PlanId::Enterprise);
    asked.slug = slug.into();
    asked.placement = placement;
    asked.domain = format!("{slug}.example.com");
    asked.admin = Some(Person {
        name: "Ada".into(),
        email: format!("ada@{slug}.example.com"),
        role: Role::TenantAdmin,
    });
    asked.billing_reference = "PO 4711".into();
    asked.settings.insert("ai.max_tokens".into(), serde_json::json!(500));
    asked.limits = vec![AskedLimit {
        meter: LimitMeter::Projects,
        limit: Limit::Number(500),
        reason: "As the contract says.".into(),
    }];
    asked
}

/// What is another one every time: ids, hashes, times, days.
const OF_ITSELF: &str = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}|\\+x[0-9a-f]*|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.+Z-]+)?";

/// The key under which [`everything`] has what the rows of a table say.
fn content(table: &str) -> String {
    format!("{table}, what it holds")
}

/// Everything that is not always there, by table: what must be as before when an operation ends clean. How many rows there
/// are, and a hash of what they say but for ids, times and the numbers that count changes. What was told stays told:
/// `notices` looks at that.
async fn everything(admin: &PgPool) -> std::collections::BTreeMap<String, i64> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema|public)'
            AND c.relname NOT IN ('audit_entry', 'audit_head', 'operation', 'operation_step', 'operation_log', 'operation_key',
                'notification', 'delivery', 'delivery_attempt', 'bulk', 'bulk_item')",
    )
    .fetch_all(admin)
    .await
    .expect("tables");
    let mut counts = std::collections::BTreeMap::new();
    for table in tables {
        // Of a template the version says which it is; anywhere else how often something was changed, as `changed_by` says by
        // whom last: what is taken back has been changed once more.
        let but = if table.contains("template") { "took_ms" } else { "took_ms,version,changed_by" };
        let sql = format!(
            "SELECT count(*), coalesce(hashtextextended(string_agg(line, ' ' ORDER BY line), 0), 0)
            FROM (SELECT regexp_replace((to_jsonb(t) - string_to_array($1, ','))::text, $2, '#', 'g') AS line FROM {table} t) x"
        );
        let (count, hash): (i64, i64) = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(but)
            .bind(OF_ITSELF)
            .fetch_one(admin)
            .await
            .expect("a count");
        // A tenant's own schema has another name every time.
        let table = match table.split_once('.') {
            Some((schema, name)) if schema.starts_with("t_") && schema.len() == 34 => format!("own.{name}"),
            _ => table,
        };
        // Every proof is kept, and says what the server was like.
        if table != "steward.isolation_run" {
            counts.insert(content(&table), hash);
        }
        counts.insert(table, count);
    }
    let roles: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_roles WHERE shobj_description(oid, 'pg_authid') = 'steward:' || current_database()",
    )
    .fetch_one(admin)
    .await
    .expect("a count");
    counts.insert("roles".into(), roles);
    let tenants: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws(' ', slug, 'is', status, suspension, status_reason, status_before, 'on', plan_id,
            CASE WHEN trial_ends_at IS NOT NULL THEN 'with an end' END, nullif(array_to_string(tags, ' '), '')) FROM tenant
        WHERE status NOT IN ('provisioning', 'failed')",
    )
    .fetch_all(admin)
    .await
    .expect("tenants");
    counts.extend(tenants.into_iter().map(|tenant| (tenant, 1)));
    counts
}

async fn state(admin: &PgPool, id: OperationId) -> State {
    let word: String = sqlx::query_scalar("SELECT state FROM operation WHERE id = $1")
        .bind(id)
        .fetch_one(admin)
        .await
        .expect("a state");
    word.parse().expect("a state")
}

async fn error_of(admin: &PgPool, id: OperationId) -> String {
    sqlx::query_scalar("SELECT coalesce(error, '') FROM operation WHERE id = $1")
        .bind(id)
        .fetch_one(admin)
        .await
        .expect("an operation")
}

/// Lets no second person wait, so that a dedicated tenant is made at once.
async fn no_approval(admin: &PgPool) {
    sqlx::query("UPDATE approval_rule SET second_person = 'never'").execute(admin).await.expect("a rule");
}

fn runner(services: &Services, points: &Failpoints) -> Runner {
    Runner::new(services.clone()).with(kinds::of, points.clone())
}
