//! SQL of what is on record about a tenant. Every change counts `version` up, and notes the tags for the directory.

use crate::error::{OnConstraint, Result};
use crate::tenants::relabel::Labels;
use model::details::Owner;
use model::permission::Role;
use model::tenants::Status;
use model::{TenantId, UserId};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

pub(in crate::tenants) const DOMAIN: &str = "Another tenant has this domain.";
pub(in crate::tenants) const EXTERNAL_ID: &str = "Another tenant has this external id.";

/// What is on record; also what stands in the audit log as before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::tenants) struct Row {
    pub name: String,
    pub domain: Option<String>,
    pub external_id: Option<String>,
    pub country: Option<String>,
    pub industry: Option<String>,
    pub tags: Vec<String>,
    pub owner: Option<UserId>,
    pub owner_name: Option<String>,
    pub billing_reference: Option<String>,
    pub version: i64,
    #[serde(skip)]
    pub status: Status,
}

impl Row {
    pub(in crate::tenants) fn labels(&self) -> Labels {
        Labels { owner: self.owner, owner_name: self.owner_name.clone(), tags: self.tags.clone() }
    }
}

pub(in crate::tenants) async fn get(connection: &mut PgConnection, id: TenantId) -> Result<Row> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT t.name, t.domain, t.external_id, t.country, t.industry, t.tags, t.owner_id AS "owner: UserId",
            (SELECT u.name FROM user_account u WHERE u.id = t.owner_id) AS owner_name, t.billing_reference, t.version, t.status AS "status: Status"
        FROM tenant t WHERE t.id = $1"#,
        id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(row)
}

/// The row, locked until the transaction ends.
pub(in crate::tenants) async fn lock(connection: &mut PgConnection, id: TenantId) -> Result<Row> {
    sqlx::query!("SELECT 1 AS one FROM tenant WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(&mut *connection)
        .await?;
    get(connection, id).await
}

/// Of many, in no order.
pub(in crate::tenants) async fn many(
    connection: &mut PgConnection,
    ids: &[TenantId],
) -> Result<Vec<(TenantId, Row)>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT t.id AS "id: TenantId", t.name, t.domain, t.external_id, t.country, t.industry, t.tags,
            t.owner_id AS "owner: UserId", (SELECT u.name FROM user_account u WHERE u.id = t.owner_id) AS owner_name,
            t.billing_reference, t.version, t.status AS "status: Status"
        FROM tenant t WHERE t.id = ANY($1)"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|r| {
        (
            r.id,
            Row {
                name: r.name,
                domain: r.domain,
                external_id: r.external_id,
                country: r.country,
                industry: r.industry,
                tags: r.tags,
                owner: r.owner,
                owner_name: r.owner_name,
                billing_reference: r.billing_reference,
                version: r.version,
                status: r.status,
            },
        )
    });
    Ok(found.collect())
}

/// Writes everything of a row but its status.
pub(in crate::tenants) async fn set(connection: &mut PgConnection, id: TenantId, row: &Row) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET name = $2, domain = $3, external_id = $4, country = $5, industry = $6, tags = $7, owner_id = $8,
            version = version + 1, updated_at = now() WHERE id = $1",
        id.0,
        row.name,
        row.domain,
        row.external_id,
        row.country,
        row.industry,
        &row.tags,
        row.owner.map(|owner| owner.0)
    )
    .execute(&mut *connection)
    .await
    .on_constraint("tenant_domain_key", "domain", DOMAIN)
    .on_constraint("tenant_external_id_key", "external_id", EXTERNAL_ID)?;
    note_tags(connection, &row.tags).await
}

pub(in crate::tenants) async fn set_labels(
    connection: &mut PgConnection,
    id: TenantId,
    labels: &Labels,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET owner_id = $2, tags = $3, version = version + 1, updated_at = now() WHERE id = $1",
        id.0,
        labels.owner.map(|owner| owner.0),
        &labels.tags
    )
    .execute(&mut *connection)
    .await?;
    note_tags(connection, &labels.tags).await
}

pub(in crate::tenants) async fn set_billing_reference(
    connection: &mut PgConnection,
    id: TenantId,
    reference: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET billing_reference = $2, version = version + 1, updated_at = now() WHERE id = $1",
        id.0,
        reference
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// As the trigger does for tenants that are made; in one order, so that nobody waits in a circle.
async fn note_tags(connection: &mut PgConnection, tags: &[String]) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO tag SELECT DISTINCT tag FROM unnest($1::text[]) AS given (tag) ORDER BY tag ON CONFLICT DO NOTHING",
        tags
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these another tenant has, or a request for one: domain, external id.
pub(in crate::tenants) async fn taken(
    connection: &mut PgConnection,
    id: TenantId,
    domain: Option<&str>,
    external_id: Option<&str>,
) -> Result<(bool, bool)> {
    let taken = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM tenant WHERE domain = $2 AND id <> $1)
                OR EXISTS (SELECT FROM name_claim WHERE what = 'domain' AND value = $2) AS "domain!",
            EXISTS (SELECT FROM tenant WHERE external_id = $3 AND id <> $1)
                OR EXISTS (SELECT FROM name_claim WHERE what = 'external_id' AND value = $3) AS "external_id!""#,
        id.0,
        domain,
        external_id
    )
    .fetch_one(connection)
    .await?;
    Ok((taken.domain, taken.external_id))
}

/// Who may look after tenants, by name.
pub(in crate::tenants) async fn owners(connection: &mut PgConnection) -> Result<Vec<Owner>> {
    let owners = sqlx::query_as!(
        Owner,
        r#"SELECT id AS "id: UserId", name, platform_role AS "role!: Role" FROM user_account
        WHERE platform_role IN ('owner', 'operator', 'success') AND disabled_at IS NULL ORDER BY lower(name), id LIMIT 500"#
    )
    .fetch_all(connection)
    .await?;
    Ok(owners)
}

/// One of them. Held until the transaction ends, so that an account that is being closed is not given a tenant.
pub(in crate::tenants) async fn owner(connection: &mut PgConnection, id: UserId) -> Result<Option<Owner>> {
    let owner = sqlx::query_as!(
        Owner,
        r#"SELECT id AS "id: UserId", name, platform_role AS "role!: Role" FROM user_account
        WHERE id = $1 AND platform_role IN ('owner', 'operator', 'success') AND disabled_at IS NULL FOR SHARE"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(owner)
}

/// The reference under which it is billed.
pub(in crate::tenants) async fn billing_reference(
    connection: &mut PgConnection,
    id: TenantId,
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("SELECT billing_reference FROM tenant WHERE id = $1", id.0)
        .fetch_optional(connection)
        .await?
        .flatten())
}
