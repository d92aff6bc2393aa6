//! SQL of acceptances and of the roll-up that the fleet's list reads.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::TenantId;
use model::page::Total;
use model::templates::{Acceptance, Alignment, AlignmentRow, State, VersionRef};
use model::tenants::{PlanId, Status};
use sqlx::{PgConnection, Postgres, QueryBuilder, Row};
use uuid::Uuid;

/// What was accepted at a tenant, and the database's time.
pub(super) async fn acceptances(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<(Vec<Acceptance>, DateTime<Utc>)> {
    let now = sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(&mut *connection).await?;
    let rows = sqlx::query_as!(
        Acceptance,
        r#"SELECT item, expected, actual, reason, accepted_by AS "by", accepted_at AS at, until
        FROM alignment_acceptance WHERE tenant_id = $1"#,
        tenant.0
    )
    .fetch_all(connection)
    .await?;
    Ok((rows, now))
}

pub(super) async fn roll_up(
    connection: &mut PgConnection,
    tenant: TenantId,
    at: VersionRef,
    alignment: &Alignment,
) -> Result<()> {
    let count = |n: i64| i32::try_from(n).unwrap_or(i32::MAX);
    sqlx::query!(
        r#"INSERT INTO alignment (tenant_id, template_id, version, expected, aligned, accepted, open, next_expiry)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (tenant_id) DO UPDATE SET template_id = $2, version = $3, expected = $4, aligned = $5, accepted = $6, open = $7,
            next_expiry = $8, checked_at = now()"#,
        tenant.0,
        at.template.0,
        at.version,
        count(alignment.expected()),
        count(alignment.count(State::Aligned)),
        count(alignment.count(State::Accepted)),
        count(alignment.open()),
        alignment.next_expiry()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps a difference as accepted.
pub(super) async fn accept(connection: &mut PgConnection, tenant: TenantId, new: &Acceptance) -> Result<()> {
    sqlx::query!(
        r#"INSERT INTO alignment_acceptance (tenant_id, item, expected, actual, reason, accepted_by, until)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, item) DO UPDATE SET expected = $3, actual = $4, reason = $5, accepted_by = $6, accepted_at = now(), until = $7"#,
        tenant.0,
        new.item,
        new.expected,
        new.actual,
        new.reason,
        new.by,
        new.until
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes an acceptance back; answers what it was.
pub(super) async fn take_back(
    connection: &mut PgConnection,
    tenant: TenantId,
    item: &str,
) -> Result<Option<Acceptance>> {
    let row = sqlx::query_as!(
        Acceptance,
        r#"DELETE FROM alignment_acceptance WHERE tenant_id = $1 AND item = $2
        RETURNING item, expected, actual, reason, accepted_by AS "by", accepted_at AS at, until"#,
        tenant.0,
        item
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// What the fleet's list is narrowed by.
#[derive(Clone, Debug, Default)]
pub(super) struct Narrow {
    /// Key of a template.
    pub template: Option<String>,
    pub standing: Option<model::templates::Standing>,
    /// On an older version than the newest.
    pub behind: bool,
    /// The place after which the page begins: open differences and tenant.
    pub after: Option<(i32, Uuid)>,
}

/// A page of tenants, those with most open differences first.
pub(super) async fn fleet(
    connection: &mut PgConnection,
    narrow: &Narrow,
    limit: i64,
) -> Result<Vec<AlignmentRow>> {
    use model::templates::Standing;
    let mut query = QueryBuilder::<Postgres>::new(
        "SELECT t.id, t.slug, t.name, t.status, t.plan_id, p.key, p.name AS template, a.version, a.expected, a.aligned, a.accepted, a.open, \
         a.next_expiry, a.checked_at, (SELECT max(v.version) FROM template_version v WHERE v.template_id = a.template_id AND v.state = 'published') AS newest ",
    );
    if narrow.standing == Some(Standing::Without) {
        query.push("FROM tenant t LEFT JOIN alignment a ON a.tenant_id = t.id LEFT JOIN template p ON p.id = a.template_id WHERE a.tenant_id IS NULL AND t.status <> 'deleted'");
    } else {
        query.push("FROM alignment a JOIN tenant t ON t.id = a.tenant_id JOIN template p ON p.id = a.template_id WHERE t.status <> 'deleted'");
        if let Some(key) = &narrow.template {
            query.push(" AND p.key = ").push_bind(key);
        }
        if narrow.behind {
            query.push(" AND a.version < (SELECT max(v.version) FROM template_version v WHERE v.template_id = a.template_id AND v.state = 'published')");
        }
        query.push(match narrow.standing {
            Some(Standing::Drifting) => " AND a.open > 0",
            Some(Standing::Accepted) => " AND a.open = 0 AND a.accepted > 0",
            Some(Standing::Aligned) => " AND a.open = 0 AND a.accepted = 0",
            Some(Standing::Without) | None => "",
        });
    }
    match (narrow.standing, narrow.after) {
        (_, None) => {}
        (Some(Standing::Without), Some((_, id))) => {
            query.push(" AND t.id > ").push_bind(id);
        }
        (_, Some((open, id))) => {
            query.push(" AND (a.open < ").push_bind(open).push(" OR a.open = ").push_bind(open);
            query.push(" AND a.tenant_id > ").push_bind(id).push(")");
        }
    }
    query.push(if narrow.standing == Some(Standing::Without) {
        " ORDER BY t.id LIMIT "
    } else {
        " ORDER BY a.open DESC, a.tenant_id LIMIT "
    });
    query.push_bind(limit);
    let rows = query.build().fetch_all(connection).await?;
    rows.into_iter()
        .map(|row| {
            let count = |name: &str| -> Result<i64> {
                Ok(row.try_get::<Option<i32>, _>(name)?.unwrap_or_default().into())
            };
            let template: Option<(String, String)> =
                row.try_get::<Option<String>, _>("key")?.zip(row.try_get("template")?);
            let version: Option<i32> = row.try_get("version")?;
            Ok(AlignmentRow {
                tenant: TenantId(row.try_get("id")?),
                slug: row.try_get("slug")?,
                name: row.try_get("name")?,
                status: row.try_get::<Status, _>("status")?,
                plan: row.try_get::<PlanId, _>("plan_id")?,
                template: template.zip(version).map(|((key, name), version)| (key, name, version)),
                newest: row.try_get("newest")?,
                expected: count("expected")?,
                aligned: count("aligned")?,
                accepted: count("accepted")?,
                open: count("open")?,
                next_expiry: row.try_get("next_expiry")?,
                checked_at: row.try_get("checked_at")?,
            })
        })
        .collect()
}

/// Over the whole fleet: with open differences, with accepted ones only, fully aligned, on no template.
pub(super) async fn totals(connection: &mut PgConnection) -> Result<(i64, i64, i64, i64)> {
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE a.open > 0) AS "drifting!", count(*) FILTER (WHERE a.open = 0 AND a.accepted > 0) AS "accepted!",
            count(*) FILTER (WHERE a.open = 0 AND a.accepted = 0) AS "aligned!",
            (SELECT count(*) FROM tenant t WHERE t.status <> 'deleted') - count(*) AS "without!"
        FROM alignment a JOIN tenant t ON t.id = a.tenant_id WHERE t.status <> 'deleted'"#
    )
    .fetch_one(connection)
    .await?;
    Ok((row.drifting, row.accepted, row.aligned, row.without))
}

/// Tenants whose roll-up is due: an acceptance ran out, a version was published, or nobody looked for a day. Oldest first.
pub(super) async fn due(connection: &mut PgConnection, limit: i64) -> Result<Vec<TenantId>> {
    let rows = sqlx::query_scalar!(
        r#"SELECT tenant_id AS "id: TenantId" FROM alignment
        WHERE next_expiry <= now() OR checked_at < now() - interval '1 day' ORDER BY checked_at LIMIT $1"#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// The total of a list that is the whole, where it is one of the counted ones.
pub(super) const fn total_of(totals: (i64, i64, i64, i64), narrow: &Narrow) -> Option<Total> {
    use model::templates::Standing;
    if narrow.template.is_some() || narrow.behind {
        return None;
    }
    let (drifting, accepted, aligned, without) = totals;
    Some(Total::Exact(match narrow.standing {
        Some(Standing::Drifting) => drifting,
        Some(Standing::Accepted) => accepted,
        Some(Standing::Aligned) => aligned,
        Some(Standing::Without) => without,
        None => drifting + accepted + aligned,
    }))
}
