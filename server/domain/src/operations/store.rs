//! SQL of the ledger. Times are the database's; every write of a worker names its fence.

use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use model::operations::{Kind, State, StepState};
use model::permission::Actor;
use model::{OperationId, TenantId};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

pub(super) mod approvals;
pub(crate) mod asked;
pub(crate) mod later;
pub(super) mod list;
pub(super) mod many;
pub(super) mod reconcile;
pub(super) mod ruled;

/// Seconds of a lease.
pub(super) const LEASE: f64 = 30.0;

/// A new operation.
pub(super) struct NewOperation<'a> {
    pub id: OperationId,
    pub tenant: TenantId,
    pub kind: Kind,
    pub state: State,
    pub subject: &'a str,
    pub payload: &'a Value,
    pub reason: Option<&'a str>,
    pub actor: &'a Actor,
    pub request_id: &'a str,
    pub parent: Option<OperationId>,
    pub run_after: Option<DateTime<Utc>>,
    /// See `urgency`.
    pub priority: i16,
}

/// Who somebody is, not what they may: that was decided when they asked. The id is a person's, and is compared with
/// whoever approves: of what a program asks for it is that of the person who made its key, or they could be two by
/// themselves.
pub(crate) fn asker(actor: &Actor) -> Result<(Value, Option<uuid::Uuid>)> {
    let id = person(actor);
    let actor = match actor {
        Actor::User { id, name, email, platform, .. } => {
            let (name, email) = (name.clone(), email.clone());
            Actor::User { id: *id, name, email, platform: *platform, memberships: vec![] }
        }
        other => other.clone(),
    };
    Ok((serde_json::to_value(actor)?, id))
}

/// The person behind what is asked for: whoever asks, or whoever made the key of the program that does.
pub(super) fn person(actor: &Actor) -> Option<uuid::Uuid> {
    match actor {
        Actor::User { id, .. } => Some(id.0),
        Actor::PlatformKey { maker, .. } => maker.map(|maker| maker.0),
        Actor::Anonymous | Actor::ApiKey { .. } | Actor::System { .. } => None,
    }
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    new: &NewOperation<'_>,
    steps: &[(&'static str, &'static str)],
) -> Result<()> {
    let (by, by_id) = asker(new.actor)?;
    sqlx::query!(
        "INSERT INTO operation (tenant_id, id, kind, state, subject, payload, reason, requested_by, requested_by_id,
            requested_by_name, request_id, parent_id, run_after, priority)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce($13, now()), $14)",
        new.tenant.0,
        new.id.0,
        new.kind.as_str(),
        new.state.as_str(),
        new.subject,
        new.payload,
        new.reason,
        by,
        by_id,
        new.actor.name(),
        new.request_id,
        new.parent.map(|id| id.0),
        new.run_after,
        new.priority,
    )
    .execute(&mut *connection)
    .await?;
    let (names, labels): (Vec<String>, Vec<String>) =
        steps.iter().map(|(name, label)| ((*name).to_owned(), (*label).to_owned())).unzip();
    sqlx::query!(
        "INSERT INTO operation_step (tenant_id, operation_id, seq, name, label)
        SELECT $1, $2, n::smallint, name, label FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS s(name, label, n)",
        new.tenant.0,
        new.id.0,
        &names,
        &labels
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was asked for under a caller's key within 24 hours.
pub(super) enum Keyed {
    /// Nothing: the key is now this operation's.
    Mine,
    /// The same.
    Same(OperationId),
    /// Something else.
    Other,
}

/// Takes a key for an operation; callers with the same key wait for each other here.
pub(super) async fn take_key(
    connection: &mut PgConnection,
    caller: &str,
    key: &str,
    body: &[u8],
    id: OperationId,
) -> Result<Keyed> {
    let hash = Sha256::digest(body).to_vec();
    let taken = sqlx::query!(
        "INSERT INTO operation_key (caller, key, body_hash, operation_id) VALUES ($1, $2, $3, $4)
        ON CONFLICT (caller, key) DO UPDATE SET
            body_hash = CASE WHEN operation_key.made_at < now() - interval '24 hours' THEN excluded.body_hash ELSE operation_key.body_hash END,
            operation_id = CASE WHEN operation_key.made_at < now() - interval '24 hours' THEN excluded.operation_id ELSE operation_key.operation_id END,
            made_at = CASE WHEN operation_key.made_at < now() - interval '24 hours' THEN now() ELSE operation_key.made_at END
        RETURNING body_hash, operation_id",
        caller,
        key,
        &hash,
        id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(if taken.operation_id == id.0 {
        Keyed::Mine
    } else if taken.body_hash == hash {
        Keyed::Same(OperationId(taken.operation_id))
    } else {
        Keyed::Other
    })
}

/// An operation of this kind on this tenant that waits for a second person.
pub(super) async fn waiting(
    connection: &mut PgConnection,
    tenant: TenantId,
    kind: Kind,
) -> Result<Option<OperationId>> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM operation WHERE tenant_id = $1 AND kind = $2 AND state = 'requested' ORDER BY id DESC LIMIT 1",
        tenant.0,
        kind.as_str()
    )
    .fetch_optional(connection)
    .await?
    .map(OperationId))
}

/// Nobody has taken it up yet: it was written in this transaction. Its kind, and what it is about.
pub(super) async fn await_approval(connection: &mut PgConnection, id: OperationId) -> Result<(Kind, String)> {
    let row = sqlx::query!(
        r#"UPDATE operation SET state = 'requested' WHERE id = $1 AND state = 'queued' RETURNING kind AS "kind: Kind", subject"#,
        id.0
    )
    .fetch_one(connection)
    .await?;
    Ok((row.kind, row.subject))
}

/// An operation in a worker's hands.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub id: OperationId,
    pub tenant: TenantId,
    pub kind: Kind,
    /// `Running` or `Undoing`.
    pub state: State,
    pub ends_as: Option<State>,
    pub subject: String,
    pub payload: Value,
    pub payload_version: i16,
    pub requested_by: Value,
    pub request_id: String,
    pub requested_at: DateTime<Utc>,
    pub approved_by: Option<String>,
    pub error: Option<String>,
    pub attempt: i32,
    pub fence: i64,
}

/// What a claim came to.
pub(super) enum Taken {
    Ours(Box<Claimed>),
    /// Of a kind that only a newer binary knows: it is parked.
    Parked {
        tenant: TenantId,
        id: OperationId,
        kind: String,
        subject: String,
    },
}

/// Why an operation of an unknown kind is parked.
pub(super) const UNKNOWN: &str = "This version of the server does not know this kind of operation.";

/// Takes one that is due: what a worker has left whose lease is over, since it is half done and holds its tenant, then what
/// is queued; of either the most urgent first. What is in hand is little and found by its state (no index has
/// `priority + 0`), what is queued may be much and is found by its turn. `only`: this one.
pub(super) async fn claim(
    connection: &mut PgConnection,
    worker: &str,
    only: Option<OperationId>,
) -> Result<Option<Taken>> {
    let claimed = sqlx::query!(
        r#"WITH left_over AS (
            SELECT tenant_id, id FROM operation o
            WHERE state IN ('running', 'undoing') AND (lease_until IS NULL OR lease_until < clock_timestamp())
                AND ($2::uuid IS NULL OR id = $2)
                AND NOT EXISTS (SELECT FROM operation b WHERE b.tenant_id = o.tenant_id AND b.id <> o.id
                    AND b.state IN ('running', 'undoing') AND b.tenant_id <> '00000000-0000-0000-0000-000000000000')
            ORDER BY priority + 0 DESC, run_after, id LIMIT 1 FOR UPDATE SKIP LOCKED),
        waiting AS (
            SELECT tenant_id, id FROM operation o
            WHERE state = 'queued' AND run_after <= clock_timestamp() AND NOT EXISTS (SELECT FROM left_over)
                AND ($2::uuid IS NULL OR id = $2)
                AND NOT EXISTS (SELECT FROM operation b WHERE b.tenant_id = o.tenant_id AND b.id <> o.id
                    AND b.state IN ('running', 'undoing') AND b.tenant_id <> '00000000-0000-0000-0000-000000000000')
            ORDER BY priority DESC, run_after, id LIMIT 1 FOR UPDATE SKIP LOCKED),
        due AS (SELECT tenant_id, id FROM left_over UNION ALL SELECT tenant_id, id FROM waiting)
        UPDATE operation o SET state = CASE WHEN state = 'queued' THEN 'running' ELSE state END, attempt = attempt + 1,
            fence = fence + 1, worker = $1, lease_until = clock_timestamp() + make_interval(secs => $3),
            started_at = coalesce(started_at, clock_timestamp()), finished_at = NULL, version = version + 1
        FROM due WHERE o.tenant_id = due.tenant_id AND o.id = due.id
        RETURNING o.id, o.tenant_id, o.kind, o.state AS "state: State", o.ends_as AS "ends_as: State", o.subject, o.payload,
            o.payload_version, o.requested_by, o.request_id, o.requested_at, o.approved_by_name, o.error, o.attempt, o.fence"#,
        worker,
        only.map(|id| id.0),
        LEASE,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = claimed else { return Ok(None) };
    let Ok(kind) = row.kind.parse() else {
        // A newer binary's: this one cannot read it.
        sqlx::query!(
            "UPDATE operation SET state = 'parked', lease_until = NULL, worker = NULL, version = version + 1, error = $3
            WHERE tenant_id = $1 AND id = $2",
            row.tenant_id,
            row.id,
            UNKNOWN
        )
        .execute(connection)
        .await?;
        let (tenant, id) = (TenantId(row.tenant_id), OperationId(row.id));
        return Ok(Some(Taken::Parked { tenant, id, kind: row.kind, subject: row.subject }));
    };
    Ok(Some(Taken::Ours(Box::new(Claimed {
        id: OperationId(row.id),
        tenant: TenantId(row.tenant_id),
        kind,
        state: row.state,
        ends_as: row.ends_as,
        subject: row.subject,
        payload: row.payload,
        payload_version: row.payload_version,
        requested_by: row.requested_by,
        request_id: row.request_id,
        requested_at: row.requested_at,
        approved_by: row.approved_by_name,
        error: row.error,
        attempt: row.attempt,
        fence: row.fence,
    }))))
}

/// Prolongs the lease; false where it is no longer ours.
pub(super) async fn beat(connection: &mut PgConnection, op: &Claimed) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE operation SET lease_until = clock_timestamp() + make_interval(secs => $4)
        WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state IN ('running', 'undoing')",
        op.tenant.0,
        op.id.0,
        op.fence,
        LEASE
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a worker learns when it proves that the operation is still its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// Somebody called it off.
    pub stop: Option<State>,
}

/// Proves inside a transaction that the operation is still ours, and holds it so until the commit. `progress` forgets the
/// attempts counted so far.
pub(super) async fn hold(
    connection: &mut PgConnection,
    op: &Claimed,
    progress: bool,
) -> Result<Option<Held>> {
    let row = sqlx::query!(
        r#"UPDATE operation SET attempt = CASE WHEN $5 THEN 0 ELSE attempt END, version = version + 1,
            lease_until = clock_timestamp() + make_interval(secs => $6)
        WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state = $4 RETURNING stop AS "stop: State""#,
        op.tenant.0,
        op.id.0,
        op.fence,
        op.state.as_str(),
        progress,
        LEASE
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Held { stop: row.stop }))
}

/// One step's row.
#[derive(Clone, Debug)]
pub(super) struct StepRow {
    pub seq: i16,
    pub name: String,
    pub state: StepState,
    pub output: Option<Value>,
}

pub(super) async fn steps(connection: &mut PgConnection, op: &Claimed) -> Result<Vec<StepRow>> {
    let rows = sqlx::query_as!(
        StepRow,
        r#"SELECT seq, name, state AS "state: StepState", output FROM operation_step
        WHERE tenant_id = $1 AND operation_id = $2 ORDER BY seq"#,
        op.tenant.0,
        op.id.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Writes how a step stands. `begin` counts an attempt, whose clock began with this transaction.
pub(super) async fn set_step(
    connection: &mut PgConnection,
    op: &Claimed,
    seq: i16,
    state: StepState,
    begin: bool,
    output: Option<&Value>,
    error: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE operation_step SET state = $4, fence = $5, output = coalesce($6, output), error = $7,
            attempt = attempt + CASE WHEN $8 THEN 1 ELSE 0 END, started_at = CASE WHEN $8 THEN now() ELSE started_at END,
            finished_at = CASE WHEN $4 = 'running' THEN NULL ELSE clock_timestamp() END
        WHERE tenant_id = $1 AND operation_id = $2 AND seq = $3",
        op.tenant.0,
        op.id.0,
        seq,
        state.as_str(),
        op.fence,
        output,
        error,
        begin,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn log(
    connection: &mut PgConnection,
    op: &Claimed,
    seq: i16,
    messages: &[String],
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO operation_log (tenant_id, operation_id, seq, message) SELECT $1, $2, $3, left(m, 4000) FROM unnest($4::text[]) AS m",
        op.tenant.0,
        op.id.0,
        seq,
        messages
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The turning point and the ends; false where the operation is no longer ours. `release` lets any worker take it at once.
pub(super) async fn turn(
    connection: &mut PgConnection,
    op: &Claimed,
    to: State,
    ends_as: Option<State>,
    error: Option<&str>,
    result: Option<&Value>,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE operation SET state = $5, ends_as = coalesce($6, ends_as), error = coalesce($7, error), result = coalesce($8, result),
            attempt = 0, version = version + 1, stop = NULL,
            lease_until = CASE WHEN $5 = 'undoing' THEN clock_timestamp() + make_interval(secs => $9) END,
            worker = CASE WHEN $5 = 'undoing' THEN worker END,
            finished_at = CASE WHEN $5 IN ('undoing', 'queued') THEN NULL ELSE clock_timestamp() END
        WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state = $4",
        op.tenant.0,
        op.id.0,
        op.fence,
        op.state.as_str(),
        to.as_str(),
        ends_as.map(State::as_str),
        error,
        result,
        LEASE
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the lease back, so that any worker goes on after this time.
pub(super) async fn pause(connection: &mut PgConnection, op: &Claimed, seconds: f64) -> Result<()> {
    sqlx::query!(
        "UPDATE operation SET lease_until = clock_timestamp() + make_interval(secs => $4), worker = NULL
        WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state = 'running'",
        op.tenant.0,
        op.id.0,
        op.fence,
        seconds
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives the lease back, so that any worker goes on at once.
pub(super) async fn release(connection: &mut PgConnection, op: &Claimed) -> Result<()> {
    sqlx::query!(
        "UPDATE operation SET lease_until = clock_timestamp(), worker = NULL
        WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state IN ('running', 'undoing')",
        op.tenant.0,
        op.id.0,
        op.fence
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn tenant_of(connection: &mut PgConnection, id: OperationId) -> Result<Option<TenantId>> {
    Ok(sqlx::query_scalar!("SELECT tenant_id FROM operation WHERE id = $1", id.0)
        .fetch_optional(connection)
        .await?
        .map(TenantId))
}

/// The tenant, kind and state of an operation, locked: what a control is decided on.
pub(super) struct Locked {
    pub tenant: TenantId,
    pub kind: Kind,
    pub state: State,
    pub subject: String,
    pub payload: Value,
    pub requested_by: Option<uuid::Uuid>,
}

pub(super) async fn lock(connection: &mut PgConnection, id: OperationId) -> Result<Option<Locked>> {
    let row = sqlx::query!(
        r#"SELECT tenant_id, kind AS "kind: Kind", state AS "state: State", subject, payload, requested_by_id FROM operation WHERE id = $1 FOR UPDATE"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Locked {
        tenant: TenantId(row.tenant_id),
        kind: row.kind,
        state: row.state,
        subject: row.subject,
        payload: row.payload,
        requested_by: row.requested_by_id,
    }))
}

pub(super) async fn state(
    connection: &mut PgConnection,
    id: OperationId,
) -> Result<Option<(State, Option<String>)>> {
    let row = sqlx::query!(r#"SELECT state AS "state: State", error FROM operation WHERE id = $1"#, id.0)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| (row.state, row.error)))
}

/// Approves or rejects.
pub(super) async fn decide(
    connection: &mut PgConnection,
    id: OperationId,
    to: State,
    by: Option<uuid::Uuid>,
    name: &str,
    note: &str,
) -> Result<()> {
    sqlx::query!(
        "UPDATE operation SET state = $2, approved_by_id = $3, approved_by_name = $4, approved_at = now(), approval_note = nullif($5, ''),
            finished_at = CASE WHEN $2 = 'rejected' THEN now() END, version = version + 1 WHERE id = $1",
        id.0,
        to.as_str(),
        by,
        name,
        note
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Back to the queue. Where everything is undone it begins anew; else the steps that are done stay done. Whoever retries
/// decides on the tenant as it is now.
pub(super) async fn retry(connection: &mut PgConnection, id: OperationId) -> Result<()> {
    sqlx::query!(
        "UPDATE operation SET state = 'queued', ends_as = NULL, stop = NULL, error = NULL, attempt = 0, run_after = now(),
            payload = CASE WHEN payload ? 'version' THEN payload || jsonb_build_object('version', (SELECT t.version FROM tenant t WHERE t.id = operation.tenant_id)) ELSE payload END,
            finished_at = NULL, lease_until = NULL, version = version + 1 WHERE id = $1",
        id.0
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE operation_step SET state = 'pending', attempt = 0, error = NULL, output = NULL, started_at = NULL, finished_at = NULL
        WHERE operation_id = $1 AND state <> 'done'",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Called off before it began.
pub(super) async fn cancel(connection: &mut PgConnection, id: OperationId) -> Result<()> {
    sqlx::query!(
        "UPDATE operation SET state = 'cancelled', finished_at = now(), version = version + 1 WHERE id = $1",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Called off while it runs: the runner sees it at the next step.
pub(super) async fn ask_to_stop(connection: &mut PgConnection, id: OperationId) -> Result<()> {
    sqlx::query!("UPDATE operation SET stop = 'cancelled', version = version + 1 WHERE id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// What is not undone yet is undone. Making a tenant is undone again, whatever was undone before: what the first undoing
/// kept for a retry goes too. Of every other kind what was undone stays so: by now it may be another operation's work that
/// looks like it, and a step that failed in SQL has done nothing.
pub(super) async fn roll_back(connection: &mut PgConnection, id: OperationId) -> Result<()> {
    sqlx::query!(
        "UPDATE operation SET state = 'undoing', ends_as = 'rolled_back', stop = NULL, attempt = 0, lease_until = NULL,
            finished_at = NULL, version = version + 1 WHERE id = $1",
        id.0
    )
    .execute(&mut *connection)
    .await
    .map_err(|error| match error {
        sqlx::Error::Database(db) if db.constraint() == Some("operation_holds_tenant") => Error::Conflict(
            "Another operation is working on this tenant. Wait until it has ended.".into(),
        ),
        other => other.into(),
    })?;
    sqlx::query!(
        "UPDATE operation_step s SET state = 'done', attempt = 0 FROM operation o
        WHERE o.id = $1 AND o.kind = $2 AND s.tenant_id = o.tenant_id AND s.operation_id = o.id
            AND s.state IN ('undone', 'undo_failed', 'failed', 'running')",
        id.0,
        Kind::Provision.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}
