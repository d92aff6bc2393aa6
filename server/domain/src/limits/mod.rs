//! Limits of one tenant alone (R74): what it may use otherwise than its plan and its template say, with why, by whom and
//! until when.
//!
//! Invariants: no change brings a limit below what is in use of a stock, as a plan change never does (one that raises a limit,
//! or changes nothing of what holds, is never refused for it); when its time is up, what is below it holds again by itself; it
//! stays when the plan changes. A tenant's own people see what holds, never why. Whoever may change the plan may change a
//! limit; where a change of the tenant's plan waits for a second person, nobody but who makes that rule gives it a limit
//! alone, or the rule would say nothing. Every question of what holds goes through `limits_of` in the database: what is granted
//! on top for a time is added there.

mod store;
#[cfg(test)]
mod tests;

use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::{operations, plans, templates};
use model::TenantId;
use model::limits::{LimitInput, LimitRow, OwnLimit, REASON_MAX, parse, until};
use model::operations::Kind;
use model::permission::{Permission, Scope};
use model::plans::{LimitChange, limit_text};
use model::tenants::PlanId;
use model::usage::{Limit, LimitMeter};
use model::validate::{FieldErrors, required, word};
use model::work::Work;
use serde_json::{Value, json};
use sqlx::PgConnection;

/// Each meter with what holds, what is in use, and, for the platform's people, the limit of this tenant alone.
pub async fn of(cx: &Ctx, tenant: TenantId) -> Result<Vec<LimitRow>> {
    cx.require(Permission::TenantRead, Scope::Tenant(tenant)).await?;
    let platform = cx.actor().is_platform();
    let mut read = cx.read(if platform { Reach::Fleet } else { Reach::Tenant(tenant) }).await?;
    let plan = store::plan_of(read.conn(), tenant).await?.ok_or(Error::NotFound)?;
    let used = in_use(read.conn(), tenant, plan).await?;
    let mut own = if platform { store::own(read.conn(), tenant).await? } else { vec![] };
    let now = plans::effective_on(read.conn(), tenant, plan).await?;
    let row = |now: model::limits::Effective| {
        let at = own.iter().position(|own| own.meter == now.meter);
        let used = used.iter().find(|line| line.meter == now.meter).and_then(|line| line.used);
        LimitRow { used, own: at.map(|at| own.swap_remove(at)), now }
    };
    Ok(now.into_iter().map(row).collect())
}

async fn in_use(connection: &mut PgConnection, tenant: TenantId, plan: PlanId) -> Result<Vec<LimitChange>> {
    Ok(plans::preview_on(connection, tenant, plan, plan).await?.limits)
}

/// Gives a tenant a limit of its own, or another one; `version` is that of the limit that was looked at, 0 where there was
/// none.
///
/// # Errors
/// `Invalid` field by field, less than is in use among it; `Conflict` for a stale form, where a change of its plan waits for a
/// second person, or in the words of [`Work::check`].
pub async fn set(cx: &Ctx, tenant: TenantId, version: i64, input: &LimitInput) -> Result<LimitMeter> {
    cx.require(Permission::TenantPlan, Scope::Tenant(tenant)).await?;
    let mut errors = FieldErrors::default();
    let meter = errors.take("meter", word::<LimitMeter>(&input.meter, "What is limited"));
    let limit = meter.and_then(|meter| {
        let parsed =
            parse(meter, &input.limit).and_then(|limit| limit.ok_or_else(|| "Say a limit.".to_owned()));
        errors.take("limit", parsed)
    });
    let until = errors.take("until", until(&input.until, cx.now()));
    let reason = errors.take("reason", required(&input.reason, "A reason", REASON_MAX));
    let (Some(meter), Some(limit), Some(until), Some(reason)) = (meter, limit, until, reason) else {
        return Err(errors.into());
    };
    let mut tx = cx.begin_about(tenant, Work::Record).await?;
    let plan = store::plan_of(tx.conn(), tenant).await?.ok_or(Error::NotFound)?;
    let before = current(tx.conn(), tenant, meter, version).await?;
    second_person(cx, tx.conn(), tenant, plan).await?;
    let now = in_use(tx.conn(), tenant, plan).await?;
    let now = now.iter().find(|line| line.meter == meter);
    let (held, used) = (now.and_then(|line| line.after), now.and_then(|line| line.used));
    let change = LimitChange::of(meter, held, Some(limit), used);
    if let Some(why) = change.refusal("this limit").filter(|_| change.lowers()) {
        return Err(Error::field("limit", why));
    }
    let by = cx.actor().name().to_owned();
    store::put(tx.conn(), tenant, meter, limit, &reason, &by, until).await?;
    templates::refresh_in(tx.conn(), tenant).await?;
    let mut event = AuditEvent::on(tenant, "tenant.set_limit", meter.label())
        .reason(reason)
        .after(json!({ "meter": meter, "limit": limit, "until": until }));
    if let Some(before) = before {
        event = event.before(said(&before));
    }
    tx.commit(event).await?;
    Ok(meter)
}

/// Takes it back: what the template or the plan says holds again.
///
/// # Errors
/// `NotFound` where there is none; `Invalid` at `why`; `Conflict` for a stale form, where more is in use than would be
/// allowed then, or in the words of [`Work::check`].
pub async fn remove(
    cx: &Ctx,
    tenant: TenantId,
    meter: &str,
    version: i64,
    reason: &str,
) -> Result<LimitMeter> {
    cx.require(Permission::TenantPlan, Scope::Tenant(tenant)).await?;
    let meter: LimitMeter = meter.parse().map_err(|_| Error::NotFound)?;
    let reason = required(reason, "A reason", REASON_MAX).map_err(|why| Error::field("why", why))?;
    let mut tx = cx.begin_about(tenant, Work::Record).await?;
    let plan = store::plan_of(tx.conn(), tenant).await?.ok_or(Error::NotFound)?;
    let before = current(tx.conn(), tenant, meter, version).await?.ok_or(Error::NotFound)?;
    let of = |lines: Vec<LimitChange>| lines.into_iter().find(|line| line.meter == meter);
    let now = of(in_use(tx.conn(), tenant, plan).await?);
    store::remove(tx.conn(), tenant, meter).await?;
    if let Some(then) = of(in_use(tx.conn(), tenant, plan).await?) {
        let change = LimitChange { before: now.and_then(|now| now.after), ..then };
        if let Some(why) = change.refusal(plan.label()).filter(|_| change.lowers()) {
            return Err(Error::Conflict(why));
        }
    }
    templates::refresh_in(tx.conn(), tenant).await?;
    let event =
        AuditEvent::on(tenant, "tenant.remove_limit", meter.label()).reason(reason).before(said(&before));
    tx.commit(event).await?;
    Ok(meter)
}

/// Where a change of this tenant's plan waits for a second person (R10), so would a limit that goes around it; but a limit is
/// no operation that could wait. Whoever changes the rule could take it away first: they may set it at once.
async fn second_person(
    cx: &Ctx,
    connection: &mut PgConnection,
    tenant: TenantId,
    plan: PlanId,
) -> Result<()> {
    if cx.actor().allows(Permission::ApprovalManage, Scope::Platform)
        || !operations::second_person(connection, Kind::ChangePlan, tenant, false, &Value::Null).await?
    {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "A change of the plan waits for a second person here ({}), and a limit of its own would go around that. Change the plan, or ask an owner to set this limit or to change the rule.",
        plan.label()
    )))
}

/// What stands in the audit log of a limit; its reason has its own line there.
fn said(own: &OwnLimit) -> Value {
    json!({ "meter": own.meter, "limit": own.limit, "until": own.until })
}

/// The limit that was looked at, or its reader is told what there is now.
async fn current(
    connection: &mut PgConnection,
    tenant: TenantId,
    meter: LimitMeter,
    version: i64,
) -> Result<Option<OwnLimit>> {
    let own = store::own(connection, tenant).await?.into_iter().find(|own| own.meter == meter);
    match &own {
        Some(own) if own.version != version => Err(Error::Conflict(format!(
            "{} set it to {} on {}. Nothing was done. Look at it as it is now and decide again.",
            own.by,
            limit_text(meter, Some(own.limit)),
            own.at.format("%-d %b %Y at %H:%M UTC")
        ))),
        None if version != 0 => Err(Error::Conflict(
            "Somebody has taken this limit back. Nothing was done. Look at it as it is now and decide again."
                .into(),
        )),
        _ => Ok(own),
    }
}

/// Kind and number, as the table keeps a limit.
pub(crate) const fn kept(limit: Limit) -> (&'static str, Option<i64>) {
    match limit {
        Limit::Number(hard) => ("number", Some(hard)),
        Limit::Unlimited | Limit::Custom => ("unlimited", None),
    }
}
