//! SQL of the demo fleet: whole columns at a time, by `unnest`.

use super::conversations::Conversation;
use super::fleet::Tenant;
use super::past::Baseline;
use super::people::Person;
use crate::error::Result;
use crate::health::score::Score;
use chrono::{DateTime, NaiveDate, Utc};
use model::TenantId;
use model::checklists::Step;
use model::health::Weights;
use model::tenants::Band;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

pub(super) struct State {
    /// To the hour, so that two loads within one are equal.
    pub now: DateTime<Utc>,
    pub tenants: i64,
    pub is_demo: bool,
}

pub(super) async fn state(connection: &mut PgConnection) -> Result<State> {
    let state = sqlx::query_as!(
        State,
        r#"SELECT date_trunc('hour', now()) AS "now!", (SELECT count(*) FROM tenant) AS "tenants!",
            EXISTS (SELECT FROM audit_entry WHERE tenant_id = '00000000-0000-0000-0000-000000000000' AND action = 'demo.load') AS "is_demo!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(state)
}

pub(super) async fn user_of(connection: &mut PgConnection, email: &str) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!("SELECT id FROM user_account WHERE email = $1", email)
        .fetch_optional(connection)
        .await?)
}

pub(super) async fn weights(connection: &mut PgConnection) -> Result<Weights> {
    let weights = sqlx::query_as!(
        Weights,
        "SELECT version, usage, adoption, support, growth, payment, security FROM health_weights ORDER BY version DESC LIMIT 1"
    )
    .fetch_one(connection)
    .await?;
    Ok(weights)
}

pub(super) async fn baseline(connection: &mut PgConnection) -> Result<Vec<Baseline>> {
    let tasks = sqlx::query_as!(
        Baseline,
        "SELECT t.id, t.key, t.published, v.prompt, v.filters, v.outputs FROM task t
        JOIN task_version v ON v.task_id = t.id AND v.version = t.published ORDER BY t.position"
    )
    .fetch_all(connection)
    .await?;
    Ok(tasks)
}

macro_rules! column {
    ($rows:expr, $field:expr) => {
        $rows.iter().map($field).collect::<Vec<_>>()
    };
}

/// Who is there already stays: a colleague is loaded with the first part of the fleet only. Whoever was seen has chosen a
/// password: the one of this hash.
pub(super) async fn people(connection: &mut PgConnection, people: &[Person], hash: &str) -> Result<()> {
    sqlx::query!(
        "INSERT INTO user_account (id, email, name, platform_role, last_seen_at, created_at, password_hash)
        SELECT given.*, CASE WHEN given.seen IS NOT NULL THEN $7 END
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
            AS given (id, email, name, role, seen, created)
        ON CONFLICT DO NOTHING",
        &column!(people, |p| p.id),
        &column!(people, |p| p.email.clone()),
        &column!(people, |p| p.name.clone()),
        &column!(people, |p| p.platform.map(|r| r.as_str().to_owned())) as &[Option<String>],
        &column!(people, |p| p.last_seen_at) as &[Option<DateTime<Utc>>],
        &column!(people, |p| p.created_at),
        hash
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn members(connection: &mut PgConnection, people: &[Person]) -> Result<()> {
    let members: Vec<_> =
        people.iter().filter_map(|p| p.member.map(|(tenant, role)| (tenant, p, role))).collect();
    sqlx::query!(
        "INSERT INTO member (tenant_id, user_id, role, created_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[])",
        &column!(members, |m| m.0),
        &column!(members, |m| m.1.id),
        &column!(members, |m| m.2.as_str().to_owned()),
        &column!(members, |m| m.1.created_at)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// `owners`: ids of the people that `Tenant::owner` counts.
pub(super) async fn tenants(
    connection: &mut PgConnection,
    tenants: &[Tenant],
    owners: &[Uuid],
) -> Result<()> {
    type Time = Option<DateTime<Utc>>;
    type Word = Option<String>;
    let word = |text: Option<&'static str>| text.map(str::to_owned);
    sqlx::query!(
        "INSERT INTO tenant (id, slug, name, domain, external_id, parent_id, status, status_since, status_before, suspension,
            status_reason, status_note, trial_ends_at, grace_ends_at, plan_id, region, country, industry, owner_id, tags, placement,
            legal_hold, support_contact, escalation_contact, configured_at, validated_at, live_at, health_score, health_band, health_at,
            health_delta, created_at, updated_at)
        SELECT id, slug, name, domain, external_id, parent_id, status, status_since, status_before, suspension,
            status_reason, status_note, trial_ends_at, grace_ends_at, plan_id, region, country, industry, owner_id,
            string_to_array(tags, ' '), placement, legal_hold, support_contact, escalation_contact, configured_at, validated_at, live_at,
            health_score, health_band, CASE WHEN health_score IS NOT NULL THEN now() END, health_delta, created_at, updated_at
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::timestamptz[], $9::text[],
            $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::text[], $16::text[], $17::text[],
            $18::text[], $19::uuid[], $20::text[], $21::text[], $22::bool[], $23::text[], $24::text[], $25::timestamptz[],
            $26::timestamptz[], $27::timestamptz[], $28::smallint[], $29::text[], $30::smallint[], $31::timestamptz[], $32::timestamptz[])
            AS given (id, slug, name, domain, external_id, parent_id, status, status_since, status_before, suspension, status_reason,
                status_note, trial_ends_at, grace_ends_at, plan_id, region, country, industry, owner_id, tags, placement, legal_hold,
                support_contact, escalation_contact, configured_at, validated_at, live_at, health_score, health_band, health_delta,
                created_at, updated_at)",
        &column!(tenants, |t| t.id),
        &column!(tenants, |t| t.slug.clone()),
        &column!(tenants, |t| t.name.clone()),
        &column!(tenants, |t| t.domain.clone()) as &[Word],
        &column!(tenants, |t| t.external_id.clone()),
        &column!(tenants, |t| t.parent) as &[Option<Uuid>],
        &column!(tenants, |t| t.status.as_str().to_owned()),
        &column!(tenants, |t| t.status_since),
        &column!(tenants, |t| word(t.status_before.map(|s| s.as_str()))) as &[Word],
        &column!(tenants, |t| word(t.suspension.map(|s| s.as_str()))) as &[Word],
        &column!(tenants, |t| word(t.reason)) as &[Word],
        &column!(tenants, |t| word(t.note)) as &[Word],
        &column!(tenants, |t| t.trial_ends_at) as &[Time],
        &column!(tenants, |t| t.grace_ends_at) as &[Time],
        &column!(tenants, |t| t.plan.as_str().to_owned()),
        &column!(tenants, |t| t.region.to_owned()),
        &column!(tenants, |t| t.country.to_owned()),
        &column!(tenants, |t| t.industry.to_owned()),
        &column!(tenants, |t| t.owner.and_then(|at| owners.get(at).copied())) as &[Option<Uuid>],
        &column!(tenants, |t| t.tags.join(" ")),
        // A dedicated tenant has a schema of its own, which only provisioning makes.
        &column!(tenants, |_| "pooled".to_owned()),
        &column!(tenants, |t| t.legal_hold),
        &column!(tenants, |t| t.support_contact.clone()) as &[Word],
        &column!(tenants, |t| t.escalation_contact.clone()) as &[Word],
        &column!(tenants, |t| t.configured_at) as &[Time],
        &column!(tenants, |t| t.validated_at) as &[Time],
        &column!(tenants, |t| t.live_at) as &[Time],
        &column!(tenants, |t| t.score) as &[Option<i16>],
        &column!(tenants, |t| Band::of(t.score).as_str().to_owned()),
        &column!(tenants, |t| t.delta) as &[Option<i16>],
        &column!(tenants, |t| t.created_at),
        &column!(tenants, |t| t.updated_at)
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) struct Activation {
    pub tenant: Uuid,
    pub task: Uuid,
    pub by: String,
    pub at: DateTime<Utc>,
}

pub(super) async fn activations(connection: &mut PgConnection, rows: &[Activation]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO activation (tenant_id, task_id, enabled, changed_by, changed_at)
        SELECT tenant, task, true, by, at FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[]) AS given (tenant, task, by, at)",
        &column!(rows, |r| r.tenant),
        &column!(rows, |r| r.task),
        &column!(rows, |r| r.by.clone()),
        &column!(rows, |r| r.at)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts tenants on the templates that Steward ships, with their fields, as provisioning would have; answers who is on one.
/// A few have never been: those of before there were templates.
pub(super) async fn templates(connection: &mut PgConnection, tenants: &[Uuid]) -> Result<Vec<TenantId>> {
    let ids = sqlx::query_scalar!(
        r#"WITH chosen AS (
            SELECT t.id, t.created_at, p.id AS template_id FROM tenant t JOIN template p ON p.key = CASE
                WHEN t.industry = 'Healthcare' AND t.plan_id = 'enterprise' THEN 'regulated'
                WHEN t.industry IN ('Telecommunications', 'Retail') AND t.plan_id IN ('professional', 'enterprise') THEN 'voice-sales'
                ELSE 'baseline' END
            WHERE t.id = ANY ($1) AND t.status NOT IN ('provisioning', 'failed', 'offboarded', 'purging', 'deleted') AND NOT 'migrated' = ANY (t.tags)
        ),
        placed AS (
            INSERT INTO tenant_template (tenant_id, template_id, version, applied_by, applied_at)
            SELECT id, template_id, 1, 'Steward', created_at FROM chosen RETURNING tenant_id
        ),
        fields AS (
            INSERT INTO tenant_field (tenant_id, field_key, added_by, added_at)
            SELECT c.id, f.key, 'Steward', c.created_at
            FROM chosen c JOIN template_version v ON v.template_id = c.template_id AND v.version = 1
            CROSS JOIN LATERAL jsonb_array_elements_text(v.bundle->'fields') AS f (key)
        )
        SELECT tenant_id AS "id: TenantId" FROM placed"#,
        tenants
    )
    .fetch_all(connection)
    .await?;
    Ok(ids)
}

pub(super) struct Override {
    pub tenant: Uuid,
    pub task: Uuid,
    pub prompt: Option<String>,
    pub filters: Option<serde_json::Value>,
    pub base: i32,
    pub reason: &'static str,
    pub author: String,
    pub at: DateTime<Utc>,
}

pub(super) async fn overrides(connection: &mut PgConnection, rows: &[Override]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO task_override (tenant_id, task_id, prompt, filters, base_version, reason, author, created_at, updated_at)
        SELECT tenant, task, prompt, filters, base, reason, author, at, at
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::int[], $6::text[], $7::text[], $8::timestamptz[])
            AS given (tenant, task, prompt, filters, base, reason, author, at)",
        &column!(rows, |r| r.tenant),
        &column!(rows, |r| r.task),
        &column!(rows, |r| r.prompt.clone()) as &[Option<String>],
        &column!(rows, |r| r.filters.clone()) as &[Option<serde_json::Value>],
        &column!(rows, |r| r.base),
        &column!(rows, |r| r.reason.to_owned()),
        &column!(rows, |r| r.author.clone()),
        &column!(rows, |r| r.at)
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) struct Key {
    pub tenant: Uuid,
    pub id: Uuid,
    pub name: &'static str,
    pub hash: Vec<u8>,
    pub access: &'static str,
    pub by: String,
    pub at: DateTime<Utc>,
    pub used: Option<DateTime<Utc>>,
}

pub(super) async fn keys(connection: &mut PgConnection, rows: &[Key]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO api_key (tenant_id, id, name, secret_hash, access, created_by, created_at, last_used_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])",
        &column!(rows, |r| r.tenant),
        &column!(rows, |r| r.id),
        &column!(rows, |r| r.name.to_owned()),
        &column!(rows, |r| r.hash.clone()),
        &column!(rows, |r| r.access.to_owned()),
        &column!(rows, |r| r.by.clone()),
        &column!(rows, |r| r.at),
        &column!(rows, |r| r.used) as &[Option<DateTime<Utc>>]
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn conversations(
    connection: &mut PgConnection,
    tenant: Uuid,
    rows: &[Conversation],
) -> Result<()> {
    let turns = rows.iter().map(|c| serde_json::to_value(&c.turns)).collect::<Result<Vec<_>, _>>()?;
    sqlx::query!(
        "INSERT INTO conversation (tenant_id, id, external_id, channel, language, started_at, received_at, turns, turn_count, bytes)
        SELECT $1, id, external_id, channel, language, at, at, turns, count, bytes
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[], $8::int[], $9::int[])
            AS given (id, external_id, channel, language, at, turns, count, bytes)",
        tenant,
        &column!(rows, |c| c.id),
        &column!(rows, |c| c.external_id.clone()),
        &column!(rows, |c| c.channel.as_str().to_owned()),
        &column!(rows, |c| c.language.clone()),
        &column!(rows, |c| c.at),
        &turns,
        &column!(rows, |c| c.turns.len() as i32),
        &column!(rows, |c| c.bytes() as i32)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Usage as columns.
#[derive(Default)]
pub(super) struct Usage {
    pub tenants: Vec<Uuid>,
    pub meters: Vec<String>,
    pub days: Vec<NaiveDate>,
    /// Hour of the day, where it is known.
    pub hours: Vec<Option<i32>>,
    pub quantities: Vec<i64>,
}

impl Usage {
    pub(super) fn push(
        &mut self,
        tenant: Uuid,
        meter: &str,
        day: NaiveDate,
        hour: Option<usize>,
        quantity: i64,
    ) {
        if quantity > 0 {
            self.tenants.push(tenant);
            self.meters.push(meter.into());
            self.days.push(day);
            self.hours.push(hour.map(|hour| hour as i32));
            self.quantities.push(quantity);
        }
    }
}

/// Days are the sums of what is given, hours those that are.
pub(super) async fn usage(connection: &mut PgConnection, usage: &Usage) -> Result<()> {
    sqlx::query!(
        "WITH given AS (
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::int[], $5::bigint[]) AS given (tenant, meter, day, hour, quantity)
        ), hours AS (
            INSERT INTO usage_hour (tenant_id, meter, hour, quantity)
            SELECT tenant, meter, (day + make_interval(hours => hour)) AT TIME ZONE 'UTC', quantity FROM given WHERE hour IS NOT NULL
        )
        INSERT INTO usage_day (tenant_id, meter, day, quantity)
        SELECT tenant, meter, day, sum(quantity)::bigint FROM given GROUP BY tenant, meter, day",
        &usage.tenants,
        &usage.meters,
        &usage.days,
        &usage.hours as &[Option<i32>],
        &usage.quantities
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) struct GivenSignal {
    pub tenant: Uuid,
    pub dimension: &'static str,
    pub at: DateTime<Utc>,
    pub value: i16,
    pub detail: &'static str,
}

pub(super) async fn signals(connection: &mut PgConnection, rows: &[GivenSignal]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO health_signal (tenant_id, dimension, observed_at, value, detail)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::smallint[], $5::text[])",
        &column!(rows, |r| r.tenant),
        &column!(rows, |r| r.dimension.to_owned()),
        &column!(rows, |r| r.at),
        &column!(rows, |r| r.value),
        &column!(rows, |r| r.detail.to_owned())
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A payment that did not come, and still has not.
pub(super) struct Bill {
    pub tenant: Uuid,
    pub id: Uuid,
    pub reference: String,
    pub amount: String,
    pub failed_at: DateTime<Utc>,
}

pub(super) async fn bills(connection: &mut PgConnection, rows: &[Bill]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO payment_failure (tenant_id, id, reference, amount, failed_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])",
        &column!(rows, |r| r.tenant),
        &column!(rows, |r| r.id),
        &column!(rows, |r| r.reference.clone()),
        &column!(rows, |r| r.amount.clone()),
        &column!(rows, |r| r.failed_at)
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn snapshots(
    connection: &mut PgConnection,
    weights: i32,
    rows: &[(Uuid, NaiveDate, Score)],
) -> Result<()> {
    let inputs =
        rows.iter().map(|(.., s)| serde_json::to_value(&s.readings)).collect::<Result<Vec<_>, _>>()?;
    sqlx::query!(
        "INSERT INTO health_snapshot (tenant_id, day, score, band, weights, inputs, computed_at)
        SELECT tenant, day, score, band, $1, inputs, least(now(), (day + interval '1 day') AT TIME ZONE 'UTC')
        FROM unnest($2::uuid[], $3::date[], $4::smallint[], $5::text[], $6::jsonb[]) AS given (tenant, day, score, band, inputs)",
        weights,
        &column!(rows, |r| r.0),
        &column!(rows, |r| r.1),
        &column!(rows, |r| r.2.score) as &[Option<i16>],
        &column!(rows, |r| r.2.band.as_str().to_owned()),
        &inputs
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn onboarding_steps(connection: &mut PgConnection) -> Result<Vec<Step>> {
    let steps = sqlx::query_scalar!(
        r#"SELECT steps AS "steps: Json<Vec<Step>>" FROM checklist WHERE key = 'onboarding' ORDER BY version DESC LIMIT 1"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(steps.map(|steps| steps.0).unwrap_or_default())
}

pub(super) struct Run {
    pub tenant: Uuid,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

pub(super) struct Item {
    pub tenant: Uuid,
    pub step: String,
    pub state: &'static str,
    /// The person who says so; none: a probe, which leaves its evidence when it next looks.
    pub by: Option<String>,
    pub note: Option<&'static str>,
    pub at: DateTime<Utc>,
}

/// Gives runs that have just been started their past.
pub(super) async fn checklists(connection: &mut PgConnection, runs: &[Run], items: &[Item]) -> Result<()> {
    sqlx::query!(
        "UPDATE checklist_item i SET state = given.state, by_name = given.by, note = given.note, checked_at = given.at,
            proved_by = CASE WHEN given.by IS NULL THEN 'probe' ELSE 'person' END
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) AS given (tenant, step, state, by, note, at)
        WHERE i.tenant_id = given.tenant AND i.step = given.step",
        &column!(items, |i| i.tenant),
        &column!(items, |i| i.step.clone()),
        &column!(items, |i| i.state.to_owned()),
        &column!(items, |i| i.by.clone()) as &[Option<String>],
        &column!(items, |i| i.note.map(str::to_owned)) as &[Option<String>],
        &column!(items, |i| i.at)
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE checklist_run r SET started_at = given.started_at, ended_at = given.ended_at
        FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS given (tenant, started_at, ended_at)
        WHERE r.tenant_id = given.tenant AND r.key = 'onboarding'",
        &column!(runs, |r| r.tenant),
        &column!(runs, |r| r.started_at),
        &column!(runs, |r| r.ended_at) as &[Option<DateTime<Utc>>]
    )
    .execute(connection)
    .await?;
    Ok(())
}
