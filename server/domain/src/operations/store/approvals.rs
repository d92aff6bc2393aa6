//! SQL of the rules about a second person.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::TenantId;
use model::operations::Kind;
use sqlx::PgConnection;
use std::collections::HashSet;

/// A rule as its row says it.
#[derive(Debug)]
pub(in crate::operations) struct Row {
    pub kind: String,
    pub second_person: String,
    pub plans: Vec<String>,
    pub version: i64,
    pub changed_by: Option<String>,
    pub changed_at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
}

pub(in crate::operations) async fn rules(connection: &mut PgConnection) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT kind, second_person, plans, version, changed_by, changed_at, reason FROM approval_rule"
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// How many of each kind wait, counted up to `max` in all.
pub(in crate::operations) async fn waiting(
    connection: &mut PgConnection,
    max: i64,
) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT kind, count(*) AS "count!" FROM (SELECT kind FROM operation WHERE state = 'requested' LIMIT $1) o GROUP BY kind"#,
        max
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.count)).collect())
}

/// The rule of one kind, locked; nothing where nobody has ever said anything.
pub(in crate::operations) async fn lock(connection: &mut PgConnection, kind: Kind) -> Result<Option<Row>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT kind, second_person, plans, version, changed_by, changed_at, reason FROM approval_rule WHERE kind = $1 FOR UPDATE",
        kind.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Writes the rule over the one of `version` (0: there is none); false where somebody was quicker.
pub(in crate::operations) async fn put(
    connection: &mut PgConnection,
    kind: Kind,
    second_person: &str,
    plans: &[String],
    version: i64,
    by: &str,
    reason: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO approval_rule AS r (kind, second_person, plans, version, changed_by, changed_at, reason) VALUES ($1, $2, $3, 1, $5, now(), $6)
        ON CONFLICT (kind) DO UPDATE SET second_person = excluded.second_person, plans = excluded.plans, version = r.version + 1,
            changed_by = excluded.changed_by, changed_at = now(), reason = excluded.reason WHERE r.version = $4",
        kind.as_str(),
        second_person,
        plans,
        version,
        by,
        reason
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// For which of these tenants a second person approves this kind, by its rule or the one that it waits with. `dedicated`
/// and `plans` say what the requests say; what a tenant's row says counts as well, where there is one.
pub(in crate::operations) async fn second_person(
    connection: &mut PgConnection,
    kind: Kind,
    tenants: &[uuid::Uuid],
    dedicated: bool,
    plans: &[String],
) -> Result<HashSet<TenantId>> {
    let kinds: Vec<String> =
        [Some(kind), kind.waits_with()].into_iter().flatten().map(|kind| kind.as_str().to_owned()).collect();
    let waits = sqlx::query_scalar!(
        r#"SELECT w.id AS "id!: TenantId" FROM approval_rule r CROSS JOIN unnest($2::uuid[]) AS w (id) LEFT JOIN tenant t ON t.id = w.id
        WHERE r.kind = ANY ($1) AND (CASE r.second_person WHEN 'always' THEN true WHEN 'dedicated' THEN $3 OR coalesce(t.placement = 'dedicated', false) ELSE false END
            OR coalesce(t.plan_id = ANY (r.plans), false) OR r.plans && $4::text[])"#,
        &kinds,
        tenants,
        dedicated,
        plans
    )
    .fetch_all(connection)
    .await?;
    Ok(waits.into_iter().collect())
}
