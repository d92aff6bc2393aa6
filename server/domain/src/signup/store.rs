//! SQL of sign-up pages and of those who sign up on them.

use crate::error::Result;
use model::operations::{State, StepState};
use model::signup::{Colour, PageContent, PageRow, Registered, Signup, SignupPage, Stage, TemplateChoice};
use model::tenants::{Placement, PlanId};
use model::{OperationId, SignupId, SignupPageId, TemplateId};
use sqlx::PgConnection;
use uuid::Uuid;

/// The pages, or the one of this slug.
pub(super) async fn pages(connection: &mut PgConnection, slug: Option<&str>) -> Result<Vec<PageRow>> {
    let rows = sqlx::query!(
        r#"SELECT p.id AS "id: SignupPageId", p.slug, p.name, p.greeting, p.colour AS "colour: Colour", p.terms_url,
            t.key AS template, t.name AS template_name, p.template_version, p.plan_id AS "plan: PlanId", p.placement AS "placement: Placement",
            p.region, p.trial_days, p.email_domains, p.daily_limit, p.approval, p.open, p.created_by, p.created_at, p.updated_at, p.version,
            EXISTS (SELECT FROM template_version v WHERE v.template_id = p.template_id AND v.state = 'published'
                AND (p.template_version IS NULL OR v.version = p.template_version)) AS "offered!",
            (SELECT count(*) FROM signup s WHERE s.page_id = p.id AND s.confirmed_at > now() - interval '24 hours') AS "today!",
            (SELECT count(*) FROM signup s WHERE s.page_id = p.id AND s.confirmed_at IS NOT NULL) AS "confirmed!"
        FROM signup_page p JOIN template t ON t.id = p.template_id
        WHERE $1::text IS NULL OR p.slug = $1
        ORDER BY p.open DESC, lower(p.name), p.id LIMIT 500"#,
        slug
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| PageRow {
            page: SignupPage {
                id: row.id,
                slug: row.slug,
                content: PageContent {
                    name: row.name,
                    greeting: row.greeting,
                    colour: row.colour,
                    terms_url: row.terms_url,
                    template: row.template,
                    template_version: row.template_version,
                    plan: row.plan,
                    placement: row.placement,
                    region: row.region,
                    trial_days: row.trial_days,
                    email_domains: row.email_domains,
                    daily_limit: row.daily_limit,
                    approval: row.approval,
                },
                template_name: row.template_name,
                offered: row.offered,
                open: row.open,
                created_by: row.created_by,
                created_at: row.created_at,
                updated_at: row.updated_at,
                version: row.version,
            },
            today: row.today,
            confirmed: row.confirmed,
        })
        .collect())
}

/// Locks a page until the transaction ends; what is counted of it stays as it is.
pub(super) async fn hold_page(connection: &mut PgConnection, slug: &str) -> Result<Option<SignupPageId>> {
    let id = sqlx::query_scalar!(
        r#"SELECT id AS "id: SignupPageId" FROM signup_page WHERE slug = $1 FOR UPDATE"#,
        slug
    )
    .fetch_optional(connection)
    .await?;
    Ok(id)
}

pub(super) async fn choices(connection: &mut PgConnection) -> Result<Vec<TemplateChoice>> {
    let rows = sqlx::query_as!(
        TemplateChoice,
        "SELECT t.key, t.name, v.version FROM template t JOIN template_version v ON v.template_id = t.id
        WHERE v.state = 'published' ORDER BY t.key <> $1, t.name, v.version DESC",
        crate::templates::DEFAULT
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// The template of a key, where this version of it (or any) is published.
pub(super) async fn template(
    connection: &mut PgConnection,
    key: &str,
    version: Option<i32>,
) -> Result<Option<TemplateId>> {
    let id = sqlx::query_scalar!(
        r#"SELECT t.id AS "id: TemplateId" FROM template t WHERE t.key = $1
            AND EXISTS (SELECT FROM template_version v WHERE v.template_id = t.id AND v.state = 'published' AND ($2::int IS NULL OR v.version = $2))"#,
        key,
        version
    )
    .fetch_optional(connection)
    .await?;
    Ok(id)
}

pub(super) async fn insert_page(
    connection: &mut PgConnection,
    id: SignupPageId,
    slug: &str,
    content: &PageContent,
    template: TemplateId,
    by: &str,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO signup_page (id, slug, name, greeting, colour, terms_url, template_id, template_version, plan_id, placement,
            region, trial_days, email_domains, daily_limit, approval, open, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, true, $16)",
        id.0,
        slug,
        content.name,
        content.greeting,
        content.colour.as_str(),
        content.terms_url,
        template.0,
        content.template_version,
        content.plan.as_str(),
        content.placement.as_str(),
        content.region,
        content.trial_days,
        &content.email_domains,
        content.daily_limit,
        content.approval,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn update_page(
    connection: &mut PgConnection,
    id: SignupPageId,
    content: &PageContent,
    template: TemplateId,
) -> Result<()> {
    sqlx::query!(
        "UPDATE signup_page SET name = $2, greeting = $3, colour = $4, terms_url = $5, template_id = $6, template_version = $7,
            plan_id = $8, placement = $9, region = $10, trial_days = $11, email_domains = $12, daily_limit = $13, approval = $14,
            version = version + 1, updated_at = now() WHERE id = $1",
        id.0,
        content.name,
        content.greeting,
        content.colour.as_str(),
        content.terms_url,
        template.0,
        content.template_version,
        content.plan.as_str(),
        content.placement.as_str(),
        content.region,
        content.trial_days,
        &content.email_domains,
        content.daily_limit,
        content.approval
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn switch_page(connection: &mut PgConnection, id: SignupPageId, open: bool) -> Result<()> {
    sqlx::query!(
        "UPDATE signup_page SET open = $2, version = version + 1, updated_at = now() WHERE id = $1",
        id.0,
        open
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest of a page.
pub(super) async fn signups(
    connection: &mut PgConnection,
    page: SignupPageId,
    limit: i64,
) -> Result<Vec<Signup>> {
    let rows = sqlx::query!(
        r#"SELECT s.organisation, s.name, s.email, s.created_at, s.confirmed_at, s.operation_id AS "operation: OperationId",
            o.state AS "state?: State", t.slug AS "tenant?"
        FROM signup s LEFT JOIN operation o ON o.id = s.operation_id LEFT JOIN tenant t ON t.id = o.tenant_id
        WHERE s.page_id = $1 AND (s.confirmed_at IS NOT NULL OR s.expires_at > now()) ORDER BY s.id DESC LIMIT $2"#,
        page.0,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Signup {
            organisation: row.organisation,
            name: row.name,
            email: row.email,
            stage: Stage::of(row.state),
            at: row.created_at,
            confirmed_at: row.confirmed_at,
            operation: row.operation,
            tenant: row.tenant,
        })
        .collect())
}

/// Registrations of a page within 24 hours, confirmed or not.
pub(super) async fn asked_today(connection: &mut PgConnection, page: SignupPageId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM signup WHERE page_id = $1 AND created_at > now() - interval '24 hours'"#,
        page.0
    );
    Ok(count.fetch_one(connection).await?)
}

/// Counts a try of this key, or answers the seconds until its window ends.
pub(super) async fn claim(
    connection: &mut PgConnection,
    key: &str,
    most: i32,
    seconds: i32,
) -> Result<Option<i32>> {
    let row = sqlx::query!(
        r#"INSERT INTO sign_in_throttle AS t (key, failures, first_at, locked_until) VALUES ($1, 1, now(), now())
        ON CONFLICT (key) DO UPDATE SET
            failures = CASE WHEN t.first_at <= now() - make_interval(secs => $3::int) THEN 1 ELSE least(t.failures, $2) + 1 END,
            first_at = CASE WHEN t.first_at <= now() - make_interval(secs => $3::int) THEN now() ELSE t.first_at END
        RETURNING failures, ceil(extract(epoch FROM first_at + make_interval(secs => $3::int) - now()))::int AS "seconds!""#,
        key,
        most,
        seconds
    )
    .fetch_one(connection)
    .await?;
    Ok((row.failures > most).then_some(row.seconds.max(1)))
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    id: SignupId,
    page: SignupPageId,
    registered: &Registered,
    terms: Option<&str>,
    hours: i32,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO signup (id, page_id, organisation, name, email, terms_url, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(hours => $7))",
        id.0,
        page.0,
        registered.organisation,
        registered.name,
        registered.email,
        terms,
        hours
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The address of a sign-up that can still be confirmed.
pub(super) async fn pending(connection: &mut PgConnection, id: Uuid) -> Result<Option<String>> {
    let email = sqlx::query_scalar!(
        "SELECT email FROM signup WHERE id = $1 AND confirmed_at IS NULL AND expires_at > now()",
        id
    );
    Ok(email.fetch_optional(connection).await?)
}

pub(super) async fn recipient(connection: &mut PgConnection, id: SignupId) -> Result<Option<String>> {
    let email = sqlx::query_scalar!("SELECT email FROM signup WHERE id = $1", id.0);
    Ok(email.fetch_optional(connection).await?)
}

pub(super) async fn insert_link(connection: &mut PgConnection, hash: &[u8], signup: Uuid) -> Result<()> {
    sqlx::query!("INSERT INTO signup_link (token_hash, signup_id) VALUES ($1, $2)", hash, signup)
        .execute(connection)
        .await?;
    Ok(())
}

/// What a token stands for.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub id: SignupId,
    pub organisation: String,
    pub name: String,
    pub email: String,
    pub operation: Option<OperationId>,
}

/// What a token of this page stands for, while it is good: until its time is over, or for as long as what was confirmed
/// by it is kept.
pub(super) async fn by_token(connection: &mut PgConnection, page: &str, hash: &[u8]) -> Result<Option<Link>> {
    let link = sqlx::query_as!(
        Link,
        r#"SELECT s.id AS "id: SignupId", s.organisation, s.name, s.email, s.operation_id AS "operation: OperationId"
        FROM signup_link l JOIN signup s ON s.id = l.signup_id JOIN signup_page p ON p.id = s.page_id
        WHERE l.token_hash = $1 AND p.slug = $2 AND (s.confirmed_at IS NOT NULL OR s.expires_at > now())"#,
        hash,
        page
    )
    .fetch_optional(connection)
    .await?;
    Ok(link)
}

/// Locks a sign-up until the transaction ends; whether it is confirmed.
pub(super) async fn hold(connection: &mut PgConnection, id: SignupId) -> Result<Option<bool>> {
    let confirmed = sqlx::query_scalar!(
        r#"SELECT confirmed_at IS NOT NULL AS "confirmed!" FROM signup WHERE id = $1 AND (confirmed_at IS NOT NULL OR expires_at > now()) FOR UPDATE"#,
        id.0
    );
    Ok(confirmed.fetch_optional(connection).await?)
}

pub(super) async fn confirm(
    connection: &mut PgConnection,
    id: SignupId,
    operation: OperationId,
) -> Result<()> {
    sqlx::query!(
        "UPDATE signup SET confirmed_at = now(), operation_id = $2 WHERE id = $1",
        id.0,
        operation.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes what else was registered with the same address on the same page and is not confirmed; how many that were.
pub(super) async fn forget_others(connection: &mut PgConnection, id: SignupId) -> Result<i64> {
    let done = sqlx::query!(
        "DELETE FROM signup s USING signup k WHERE k.id = $1 AND s.page_id = k.page_id AND s.email = k.email AND s.confirmed_at IS NULL",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}

/// How far the operation of a sign-up is.
#[derive(Debug)]
pub(super) struct Found {
    pub state: State,
    pub tenant: Option<String>,
    pub steps: Vec<(String, StepState)>,
}

pub(super) async fn progress(connection: &mut PgConnection, operation: OperationId) -> Result<Found> {
    let head = sqlx::query!(
        r#"SELECT o.tenant_id, o.state AS "state: State", t.slug AS "tenant?"
        FROM operation o LEFT JOIN tenant t ON t.id = o.tenant_id WHERE o.id = $1"#,
        operation.0
    )
    .fetch_one(&mut *connection)
    .await?;
    let steps = sqlx::query!(
        r#"SELECT label, state AS "state: StepState" FROM operation_step WHERE tenant_id = $1 AND operation_id = $2 ORDER BY seq"#,
        head.tenant_id,
        operation.0
    )
    .fetch_all(connection)
    .await?;
    let steps = steps.into_iter().map(|step| (step.label, step.state)).collect();
    Ok(Found { state: head.state, tenant: head.tenant, steps })
}

/// A sign-up whose tenant will not be made.
#[derive(Debug)]
pub(super) struct Ended {
    pub id: SignupId,
    pub page: String,
    pub brand: String,
    pub organisation: String,
    pub email: String,
    pub operation: OperationId,
    pub state: State,
}

impl Ended {
    pub(super) fn stage(&self) -> Stage {
        Stage::of(Some(self.state))
    }
}

/// Marks those that are to be told now, each once.
pub(super) async fn ended(connection: &mut PgConnection, limit: i64) -> Result<Vec<Ended>> {
    let rows = sqlx::query_as!(
        Ended,
        r#"WITH due AS (
            SELECT s.id, o.state FROM signup s JOIN operation o ON o.id = s.operation_id
            WHERE s.confirmed_at IS NOT NULL AND s.told_at IS NULL AND o.state IN ('failed', 'rejected', 'cancelled', 'rolled_back')
            ORDER BY s.confirmed_at LIMIT $1 FOR UPDATE OF s SKIP LOCKED
        )
        UPDATE signup s SET told_at = now() FROM due, signup_page p WHERE s.id = due.id AND p.id = s.page_id
        RETURNING s.id AS "id: SignupId", p.slug AS page, p.name AS brand, s.organisation, s.email,
            s.operation_id AS "operation!: OperationId", due.state AS "state: State""#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Removes what nobody confirmed in time, and what was confirmed more than so many days ago: not while its operation waits
/// for somebody or is stuck, for whoever signed up has heard nothing yet.
pub(super) async fn sweep(connection: &mut PgConnection, days: i32) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM signup s WHERE (s.confirmed_at IS NULL AND s.expires_at <= now())
            OR (s.confirmed_at < now() - make_interval(days => $1) AND NOT EXISTS (SELECT FROM operation o WHERE o.id = s.operation_id
                AND o.state IN ('requested', 'queued', 'running', 'undoing', 'parked', 'needs_operator')))",
        days
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
