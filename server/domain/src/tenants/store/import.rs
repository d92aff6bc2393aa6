//! SQL of imported tenants, ten thousand in one statement, and of imports between upload and confirmation.

use crate::error::{Error, Result};
use crate::tenants::create::Checked;
use chrono::{DateTime, Utc};
use model::directory::{Import, ImportRow};
use model::tenants::PlanId;
use model::{ImportId, TenantId, UserId};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Between the parts of a list inside one text: a two-dimensional array must be rectangular, lists of tags are not.
const SEPARATOR: char = '\u{1f}';

fn joined(list: &[String]) -> String {
    list.iter().map(|part| part.replace(SEPARATOR, " ")).collect::<Vec<_>>().join("\u{1f}")
}

/// Inserts tenants on trial; answers who looks after those that somebody does: an account that was closed since the upload
/// looks after nothing.
pub(in crate::tenants) async fn insert(
    connection: &mut PgConnection,
    tenants: &[(TenantId, &Checked)],
    trial_days: i32,
) -> Result<HashMap<TenantId, UserId>> {
    let ids: Vec<Uuid> = tenants.iter().map(|(id, _)| id.0).collect();
    let texts =
        |get: fn(&Checked) -> &str| tenants.iter().map(|(_, t)| get(t).to_owned()).collect::<Vec<String>>();
    let maybe = |get: fn(&Checked) -> &Option<String>| {
        tenants.iter().map(|(_, t)| get(t).clone()).collect::<Vec<Option<String>>>()
    };
    let tags: Vec<String> = tenants.iter().map(|(_, t)| joined(&t.tags)).collect();
    let owners: Vec<Option<Uuid>> = tenants.iter().map(|(_, t)| t.owner.map(|owner| owner.0)).collect();
    let rows = sqlx::query!(
        r#"INSERT INTO tenant (id, slug, name, domain, external_id, plan_id, region, country, tags, status, trial_ends_at, owner_id)
        SELECT t.id, t.slug, t.name, t.domain, t.external_id, t.plan, t.region, t.country, string_to_array(t.tags, E'\x1f'), 'trial',
            now() + make_interval(days => $10), u.id
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $11::uuid[])
            AS t(id, slug, name, domain, external_id, plan, region, country, tags, owner)
        LEFT JOIN user_account u ON u.id = t.owner AND u.platform_role IN ('owner', 'operator', 'success') AND u.disabled_at IS NULL
        RETURNING id AS "id: TenantId", owner_id AS "owner: UserId""#,
        &ids,
        &texts(|t| &t.slug),
        &texts(|t| &t.name),
        &maybe(|t| &t.domain) as &[Option<String>],
        &maybe(|t| &t.external_id) as &[Option<String>],
        &texts(|t| t.plan.as_str()),
        &texts(|t| &t.region),
        &maybe(|t| &t.country) as &[Option<String>],
        &tags,
        trial_days,
        &owners as &[Option<Uuid>],
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id, row.owner?))).collect())
}

/// Which of these slugs, domains and external ids are in use, or asked for by a request that waits.
#[derive(Debug, Default)]
pub(in crate::tenants) struct Taken {
    pub slugs: HashSet<String>,
    pub domains: HashSet<String>,
    pub external_ids: HashSet<String>,
}

pub(in crate::tenants) async fn taken(
    connection: &mut PgConnection,
    slugs: &[String],
    domains: &[String],
    external_ids: &[String],
) -> Result<Taken> {
    let rows = sqlx::query!(
        r#"SELECT 'slug' AS "kind!", slug AS "value!" FROM tenant WHERE slug = ANY($1)
        UNION ALL SELECT 'domain', domain FROM tenant WHERE domain = ANY($2)
        UNION ALL SELECT 'external_id', external_id FROM tenant WHERE external_id = ANY($3)
        UNION ALL SELECT what, value FROM name_claim
            WHERE (what = 'slug' AND value = ANY($1)) OR (what = 'domain' AND value = ANY($2)) OR (what = 'external_id' AND value = ANY($3))"#,
        slugs,
        domains,
        external_ids
    )
    .fetch_all(connection)
    .await?;
    let mut taken = Taken::default();
    for row in rows {
        match row.kind.as_str() {
            "slug" => taken.slugs.insert(row.value),
            "domain" => taken.domains.insert(row.value),
            _ => taken.external_ids.insert(row.value),
        };
    }
    Ok(taken)
}

/// Who may look after tenants, of these addresses in lower case.
pub(in crate::tenants) async fn owners_of(
    connection: &mut PgConnection,
    emails: &[String],
) -> Result<HashMap<String, UserId>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: UserId", email FROM user_account
        WHERE email = ANY($1) AND platform_role IN ('owner', 'operator', 'success') AND disabled_at IS NULL"#,
        emails
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.email, row.id)).collect())
}

/// A row of a file with what is wrong with it.
#[derive(Clone, Debug)]
pub(in crate::tenants) struct Staged {
    pub line: i32,
    pub slug: String,
    pub name: String,
    pub domain: Option<String>,
    pub external_id: Option<String>,
    pub country: Option<String>,
    pub region: String,
    pub plan: String,
    pub tags: Vec<String>,
    /// The address of who is to look after it, and whose that is.
    pub owner_email: Option<String>,
    pub owner: Option<UserId>,
    pub problems: Vec<String>,
}

/// Keeps an uploaded file's rows; forgets imports of more than a week ago.
pub(in crate::tenants) async fn stage(
    connection: &mut PgConnection,
    id: ImportId,
    file_name: &str,
    created_by: Option<Uuid>,
    ignored: &[String],
    rows: &[Staged],
) -> Result<()> {
    sqlx::query!("DELETE FROM tenant_import WHERE created_at < now() - interval '7 days'")
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "INSERT INTO tenant_import (id, file_name, created_by, ignored) VALUES ($1, $2, (SELECT u.id FROM user_account u WHERE u.id = $3), $4)",
        id.0,
        file_name,
        created_by,
        ignored
    )
    .execute(&mut *connection)
    .await?;
    let lines: Vec<i32> = rows.iter().map(|row| row.line).collect();
    let texts =
        |get: fn(&Staged) -> &str| rows.iter().map(|row| get(row).to_owned()).collect::<Vec<String>>();
    let maybe = |get: fn(&Staged) -> &Option<String>| {
        rows.iter().map(|row| get(row).clone()).collect::<Vec<Option<String>>>()
    };
    let tags: Vec<String> = rows.iter().map(|row| joined(&row.tags)).collect();
    let problems: Vec<String> = rows.iter().map(|row| joined(&row.problems)).collect();
    let owners: Vec<Option<Uuid>> = rows.iter().map(|row| row.owner.map(|owner| owner.0)).collect();
    sqlx::query!(
        r#"INSERT INTO tenant_import_row (import_id, line, slug, name, domain, external_id, country, region, plan_id, tags, problems, owner_id)
        SELECT $1, line, slug, name, domain, external_id, country, region, plan, string_to_array(tags, E'\x1f'), string_to_array(problems, E'\x1f'), owner
        FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::uuid[])
            AS r(line, slug, name, domain, external_id, country, region, plan, tags, problems, owner)"#,
        id.0,
        &lines,
        &texts(|row| &row.slug),
        &texts(|row| &row.name),
        &maybe(|row| &row.domain) as &[Option<String>],
        &maybe(|row| &row.external_id) as &[Option<String>],
        &maybe(|row| &row.country) as &[Option<String>],
        &texts(|row| &row.region),
        &texts(|row| &row.plan),
        &tags,
        &problems,
        &owners as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An import with one page of its rows behind `after`.
pub(in crate::tenants) async fn preview(
    connection: &mut PgConnection,
    id: ImportId,
    only_bad: bool,
    after: i32,
    limit: i64,
) -> Result<Import> {
    let head = sqlx::query!(
        r#"SELECT file_name, created_at, applied_at, created, ignored,
            (SELECT count(*) FROM tenant_import_row WHERE import_id = $1 AND problems = '{}') AS "good!",
            (SELECT count(*) FROM tenant_import_row WHERE import_id = $1 AND problems <> '{}') AS "bad!"
        FROM tenant_import WHERE id = $1"#,
        id.0
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(Error::NotFound)?;
    let mut rows = sqlx::query_as!(
        ImportRow,
        r#"SELECT line, slug, name, domain, plan_id AS plan, region, country, tags, problems,
            (SELECT u.name FROM user_account u WHERE u.id = owner_id
                AND u.platform_role IN ('owner', 'operator', 'success') AND u.disabled_at IS NULL) AS owner
        FROM tenant_import_row WHERE import_id = $1 AND line > $2 AND (NOT $3 OR problems <> '{}') ORDER BY line LIMIT $4"#,
        id.0,
        after,
        only_bad,
        limit + 1
    )
    .fetch_all(connection)
    .await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Import {
        id,
        file_name: head.file_name,
        created_at: head.created_at,
        applied_at: head.applied_at,
        created: head.created,
        ignored: head.ignored,
        good: head.good,
        bad: head.bad,
        only_bad,
        next: rows.last().filter(|_| more).map(|row| row.line),
        rows,
        may_create: false,
        second_person: vec![],
        trial_days: 0,
    })
}

/// Locks an import and answers its file's name and when it was applied.
pub(in crate::tenants) async fn lock(
    connection: &mut PgConnection,
    id: ImportId,
) -> Result<(String, Option<DateTime<Utc>>)> {
    let row = sqlx::query!("SELECT file_name, applied_at FROM tenant_import WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(connection)
        .await?
        .ok_or(Error::NotFound)?;
    Ok((row.file_name, row.applied_at))
}

/// The rows without problems, in the order of the file.
pub(in crate::tenants) async fn good(connection: &mut PgConnection, id: ImportId) -> Result<Vec<Checked>> {
    let rows = sqlx::query_as!(
        Checked,
        r#"SELECT slug, name, domain, external_id, plan_id AS "plan: PlanId", region, country, tags, owner_id AS "owner: UserId"
        FROM tenant_import_row WHERE import_id = $1 AND problems = '{}' ORDER BY line"#,
        id.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// The plans of the rows without problems.
pub(in crate::tenants) async fn plans(connection: &mut PgConnection, id: ImportId) -> Result<Vec<PlanId>> {
    let plans = sqlx::query_scalar!(
        r#"SELECT DISTINCT plan_id AS "plan: PlanId" FROM tenant_import_row WHERE import_id = $1 AND problems = '{}' ORDER BY 1"#,
        id.0
    )
    .fetch_all(connection)
    .await?;
    Ok(plans)
}

/// Whether a request that waits has taken a name of a good row since it was checked.
pub(in crate::tenants) async fn claimed(connection: &mut PgConnection, id: ImportId) -> Result<bool> {
    let claimed = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM tenant_import_row r JOIN name_claim c
                ON (c.what = 'slug' AND c.value = r.slug) WHERE r.import_id = $1 AND r.problems = '{}')
            OR EXISTS (SELECT FROM tenant_import_row r JOIN name_claim c
                ON (c.what = 'domain' AND c.value = r.domain) WHERE r.import_id = $1 AND r.problems = '{}')
            OR EXISTS (SELECT FROM tenant_import_row r JOIN name_claim c
                ON (c.what = 'external_id' AND c.value = r.external_id) WHERE r.import_id = $1 AND r.problems = '{}') AS "claimed!""#,
        id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(claimed)
}

pub(in crate::tenants) async fn applied(
    connection: &mut PgConnection,
    id: ImportId,
    created: i32,
) -> Result<()> {
    sqlx::query!("UPDATE tenant_import SET applied_at = now(), created = $2 WHERE id = $1", id.0, created)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes on the good rows what has come into use since they were checked.
pub(in crate::tenants) async fn recheck(connection: &mut PgConnection, id: ImportId) -> Result<u64> {
    let done = sqlx::query!(
        r#"UPDATE tenant_import_row r SET problems = ARRAY['A tenant made or asked for since the upload has this slug, domain or external id.']
        WHERE r.import_id = $1 AND r.problems = '{}' AND (
            EXISTS (SELECT FROM tenant t WHERE t.slug = r.slug)
            OR EXISTS (SELECT FROM tenant t WHERE t.domain = r.domain)
            OR EXISTS (SELECT FROM tenant t WHERE t.external_id = r.external_id)
            OR EXISTS (SELECT FROM name_claim c WHERE c.what = 'slug' AND c.value = r.slug)
            OR EXISTS (SELECT FROM name_claim c WHERE c.what = 'domain' AND c.value = r.domain)
            OR EXISTS (SELECT FROM name_claim c WHERE c.what = 'external_id' AND c.value = r.external_id))"#,
        id.0
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
