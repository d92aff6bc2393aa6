//! SQL of sets. How a tenant that has begun fares is read from its operation, wherever it is retried or called off.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::bulk::{Bulk, BulkRow, Facts, Outcome, Whom, Why, Work};
use model::operations::Kind;
use model::templates::VersionRef;
use model::tenants::{PlanId, Status};
use model::{OperationId, TenantId, UserId};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

/// What is known of one tenant.
pub(super) struct Found {
    pub tenant: TenantId,
    pub version: i64,
    /// It was made after the list was shown.
    pub came_later: bool,
    pub facts: Facts,
}

/// In the order of the ids; those that are not there are left out.
pub(super) async fn facts(
    connection: &mut PgConnection,
    ids: &[TenantId],
    shown_at: DateTime<Utc>,
    to: Option<VersionRef>,
) -> Result<Vec<Found>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT t.id AS "id: TenantId", t.version, t.status AS "status: Status", t.plan_id AS "plan: PlanId", t.status_reason,
            t.owner_id AS "owner: UserId", t.tags, t.created_at > $2 AS "came_later!", t.updated_at > $2 AS "changed!",
            (SELECT o.kind FROM operation o WHERE o.tenant_id = t.id AND o.state IN ('requested', 'queued', 'running', 'undoing')
                AND o.run_after <= now() LIMIT 1) AS busy,
            (SELECT count(*) FROM payment_failure p WHERE p.tenant_id = t.id AND p.settled_at IS NULL) AS "unpaid!",
            coalesce(a.template_id = $3 AND a.version = $4, false) AS "there!"
        FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, n) JOIN tenant t ON t.id = w.id LEFT JOIN tenant_template a ON a.tenant_id = t.id
        ORDER BY w.n"#,
        &ids,
        shown_at,
        to.map(|to| to.template.0),
        to.map(|to| to.version)
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| Found {
        tenant: row.id,
        version: row.version,
        came_later: row.came_later,
        facts: Facts {
            status: row.status,
            plan: row.plan,
            reason: row.status_reason,
            unpaid: row.unpaid,
            busy: row.busy.map(|kind| kind.parse::<Kind>().map_or(kind, |kind| kind.label().to_owned())),
            changed: row.changed,
            over: vec![],
            there: row.there,
            owner: row.owner,
            tags: row.tags,
        },
    });
    Ok(found.collect())
}

pub(super) struct NewItem {
    pub tenant: TenantId,
    pub version: i64,
    pub skip: Option<(Why, String)>,
}

pub(super) struct New<'a> {
    pub id: Uuid,
    pub owner: Uuid,
    pub owner_name: &'a str,
    pub work: &'a Work,
    pub whom: Whom,
    pub list: &'a str,
    pub shown_at: DateTime<Utc>,
    pub missing: i32,
    pub eligible: i32,
    pub hours: i32,
    pub items: &'a [NewItem],
}

pub(super) async fn insert(connection: &mut PgConnection, new: &New<'_>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO bulk (id, owner_id, owner_name, work, whom, list, shown_at, missing, total, eligible, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + make_interval(hours => $11))",
        new.id,
        new.owner,
        new.owner_name,
        serde_json::to_value(new.work)?,
        new.whom.as_str(),
        new.list,
        new.shown_at,
        new.missing,
        i32::try_from(new.items.len()).unwrap_or(i32::MAX),
        new.eligible,
        new.hours
    )
    .execute(&mut *connection)
    .await?;
    let (mut tenants, mut versions, mut why, mut notes) = (vec![], vec![], vec![], vec![]);
    for item in new.items {
        tenants.push(item.tenant.0);
        versions.push(item.version);
        why.push(item.skip.as_ref().map(|(why, _)| why.as_str().to_owned()));
        notes.push(item.skip.as_ref().map(|(_, note)| note.clone()));
    }
    sqlx::query!(
        "INSERT INTO bulk_item (tenant_id, bulk_id, seq, version, state, why, note)
        SELECT w.tenant, $1, w.n::integer, w.version, CASE WHEN w.why IS NULL THEN 'waiting' ELSE 'skipped' END, w.why, w.note
        FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[]) WITH ORDINALITY AS w (tenant, version, why, note, n)",
        new.id,
        &tenants,
        &versions,
        &why as &[Option<String>],
        &notes as &[Option<String>]
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A set on which its confirmation is decided.
pub(super) struct Held {
    pub work: Work,
    pub whom: Whom,
    pub list: String,
    pub total: i64,
    pub eligible: i64,
    pub over: bool,
    pub operation: Option<OperationId>,
}

/// The set of its owner, held until the transaction ends.
pub(super) async fn hold(connection: &mut PgConnection, id: Uuid, owner: Uuid) -> Result<Option<Held>> {
    let row = sqlx::query!(
        r#"SELECT work, whom AS "whom: Whom", list, total, eligible, expires_at <= now() AS "over!", operation_id FROM bulk
        WHERE id = $1 AND owner_id = $2 FOR UPDATE"#,
        id,
        owner
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Held {
        work: serde_json::from_value(row.work)?,
        whom: row.whom,
        list: row.list,
        total: row.total.into(),
        eligible: row.eligible.into(),
        over: row.over,
        operation: row.operation_id.map(OperationId),
    }))
}

pub(super) async fn confirmed(connection: &mut PgConnection, id: Uuid, operation: OperationId) -> Result<()> {
    sqlx::query!("UPDATE bulk SET operation_id = $2 WHERE id = $1", id, operation.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn remove_over(connection: &mut PgConnection) -> Result<u64> {
    let gone = sqlx::query!("DELETE FROM bulk WHERE operation_id IS NULL AND expires_at <= now()")
        .execute(connection)
        .await?;
    Ok(gone.rows_affected())
}

pub(super) async fn of_operation(connection: &mut PgConnection, id: OperationId) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!("SELECT id FROM bulk WHERE operation_id = $1", id.0)
        .fetch_optional(connection)
        .await?)
}

/// A set without its tenants; of an owner, where one is named.
pub(super) async fn get(
    connection: &mut PgConnection,
    id: Uuid,
    owner: Option<Uuid>,
) -> Result<Option<Bulk>> {
    let row = sqlx::query!(
        r#"SELECT work, whom AS "whom: Whom", list, shown_at, missing, total, eligible, owner_name, created_at, expires_at,
            operation_id IS NULL AND expires_at <= now() AS "over!", operation_id
        FROM bulk WHERE id = $1 AND ($2::uuid IS NULL OR owner_id = $2)"#,
        id,
        owner
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Bulk {
        id,
        work: serde_json::from_value(row.work)?,
        whom: row.whom,
        list: row.list,
        shown_at: row.shown_at,
        missing: row.missing.into(),
        total: row.total.into(),
        eligible: row.eligible.into(),
        by: row.owner_name,
        created_at: row.created_at,
        expires_at: row.expires_at,
        over: row.over,
        operation: row.operation_id.map(OperationId),
        counts: vec![],
        skipped: vec![],
        only: None,
        rows: vec![],
        next: None,
        previous: None,
        left_out: vec![],
    }))
}

/// How one tenant fares, by its item `i` and its operation `o`.
const OUTCOME: &str = "CASE WHEN i.state <> 'begun' THEN i.state
    WHEN o.state = 'succeeded' THEN 'done' WHEN o.state = 'requested' THEN 'approval'
    WHEN o.state IN ('queued', 'running', 'undoing') THEN 'running' WHEN o.state IN ('cancelled', 'rejected') THEN 'cancelled'
    ELSE 'failed' END";
const FROM: &str =
    " FROM bulk_item i LEFT JOIN operation o ON o.tenant_id = i.tenant_id AND o.id = i.operation_id";

/// How many fare how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub counts: Vec<(Outcome, i64)>,
}

impl Standing {
    pub fn count(&self, outcome: Outcome) -> i64 {
        self.counts.iter().filter(|(of, _)| *of == outcome).map(|(_, n)| n).sum()
    }
}

pub(super) async fn standing(connection: &mut PgConnection, id: Uuid) -> Result<Standing> {
    let mut sql = QueryBuilder::<Postgres>::new(format!(
        "SELECT {OUTCOME} AS outcome, count(*){FROM} WHERE i.bulk_id = "
    ));
    sql.push_bind(id).push(" GROUP BY 1");
    let mut counts: Vec<(Outcome, i64)> = sql.build_query_as().fetch_all(connection).await?;
    counts.sort();
    Ok(Standing { counts })
}

/// Those left out, by reason.
pub(super) async fn skipped(connection: &mut PgConnection, id: Uuid) -> Result<Vec<(Why, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT why AS "why!: Why", count(*) AS "n!" FROM bulk_item WHERE bulk_id = $1 AND state = 'skipped' GROUP BY why"#,
        id
    )
    .fetch_all(connection)
    .await?;
    let mut counts: Vec<_> = rows.into_iter().map(|row| (row.why, row.n)).collect();
    counts.sort();
    Ok(counts)
}

#[derive(sqlx::FromRow)]
struct Row {
    seq: i32,
    tenant_id: Uuid,
    slug: Option<String>,
    name: Option<String>,
    status: Option<Status>,
    outcome: Outcome,
    why: Option<Why>,
    note: Option<String>,
    operation_id: Option<Uuid>,
}

/// A page of the set in its order, nearest first where it ends `before` a place.
pub(super) async fn rows(
    connection: &mut PgConnection,
    id: Uuid,
    only: Option<Outcome>,
    after: Option<i64>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<BulkRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(format!(
        "SELECT i.seq, i.tenant_id, t.slug, t.name, t.status, {OUTCOME} AS outcome, i.why,
            CASE WHEN i.state = 'begun' THEN o.error ELSE i.note END AS note, i.operation_id{FROM} LEFT JOIN tenant t ON t.id = i.tenant_id
        WHERE i.bulk_id = "
    ));
    sql.push_bind(id);
    if let Some(only) = only {
        sql.push(format_args!(" AND {OUTCOME} = ")).push_bind(only.as_str());
    }
    match (before, after) {
        (Some(before), _) => sql.push(" AND i.seq < ").push_bind(before).push(" ORDER BY i.seq DESC"),
        (None, Some(after)) => sql.push(" AND i.seq > ").push_bind(after).push(" ORDER BY i.seq"),
        (None, None) => sql.push(" ORDER BY i.seq"),
    };
    sql.push(" LIMIT ").push_bind(limit);
    let rows: Vec<Row> = sql.build_query_as().fetch_all(connection).await?;
    let row = |row: Row| BulkRow {
        seq: row.seq.into(),
        tenant: TenantId(row.tenant_id),
        slug: row.slug,
        name: row.name.unwrap_or_else(|| "A tenant that is gone".to_owned()),
        status: row.status,
        outcome: row.outcome,
        why: row.why,
        note: row.note,
        operation: row.operation_id.map(OperationId),
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The next tenants that wait, with the version that was previewed; held until the transaction ends.
pub(super) async fn waiting(
    connection: &mut PgConnection,
    id: Uuid,
    most: i64,
) -> Result<Vec<(TenantId, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT tenant_id AS "tenant: TenantId", version FROM bulk_item WHERE bulk_id = $1 AND state = 'waiting'
        ORDER BY seq LIMIT $2 FOR UPDATE"#,
        id,
        most
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant, row.version)).collect())
}

pub(super) async fn begun(
    connection: &mut PgConnection,
    id: Uuid,
    begun: &[(TenantId, OperationId)],
) -> Result<()> {
    let (tenants, operations): (Vec<Uuid>, Vec<Uuid>) =
        begun.iter().map(|(tenant, operation)| (tenant.0, operation.0)).unzip();
    sqlx::query!(
        "UPDATE bulk_item i SET state = 'begun', operation_id = w.operation
        FROM unnest($2::uuid[], $3::uuid[]) AS w (tenant, operation) WHERE i.tenant_id = w.tenant AND i.bulk_id = $1",
        id,
        &tenants,
        &operations
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn left_out(
    connection: &mut PgConnection,
    id: Uuid,
    left_out: &[(TenantId, Why, String)],
) -> Result<()> {
    let tenants: Vec<Uuid> = left_out.iter().map(|(tenant, _, _)| tenant.0).collect();
    let why: Vec<String> = left_out.iter().map(|(_, why, _)| why.as_str().to_owned()).collect();
    let notes: Vec<String> = left_out.iter().map(|(_, _, note)| note.clone()).collect();
    sqlx::query!(
        "UPDATE bulk_item i SET state = 'skipped', why = w.why, note = w.note
        FROM unnest($2::uuid[], $3::text[], $4::text[]) AS w (tenant, why, note) WHERE i.tenant_id = w.tenant AND i.bulk_id = $1",
        id,
        &tenants,
        &why,
        &notes
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whoever waits is called off.
pub(super) async fn call_off(connection: &mut PgConnection, operation: OperationId) -> Result<()> {
    sqlx::query!(
        "UPDATE bulk_item i SET state = 'cancelled' FROM bulk b WHERE b.operation_id = $1 AND i.bulk_id = b.id AND i.state = 'waiting'",
        operation.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether somebody has called the operation off since its last turn.
pub(super) async fn is_called_off(connection: &mut PgConnection, operation: OperationId) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"SELECT stop IS NOT NULL AS "stop!" FROM operation WHERE id = $1"#, operation.0)
        .fetch_one(connection)
        .await?)
}
