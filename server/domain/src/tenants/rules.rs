//! Moves that nobody has to make by hand (R9, R78, R87): a trial that ends, a bill that stays unpaid, a tenant that nobody
//! uses any more. Each becomes an ordinary suspension in the ledger, asked for by the system.
//!
//! Invariants: time is the database's; a tenant that has a suspension under way, or one that failed within the hour, is
//! left alone, as is one whose suspension waits for a second person, or was rejected within the day; which rules are on,
//! after how many days they bite and how far stands in `lifecycle_rule`; of two processes that see the same tenant due, one
//! asks; what has waited is looked at once more before it acts (`gone`). `change` is about the rules themselves,
//! `payments` about what they look at of a bill.

mod change;
mod payments;
mod store;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod waited;

pub use change::{SetLifecycleRule, lifecycle_rules, set_lifecycle_rule};
pub use payments::{FailedPayment, payment_failed, payment_settled, payments};

use super::lifecycle::ask_to_suspend;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::notifications::announce;
use crate::settings;
use model::TenantId;
use model::notifications::Event;
use model::permission::{Permission, Scope};
use model::settings::{Key, resolve};
use model::tenants::SuspensionReason;
use serde_json::json;
use sqlx::PgConnection;
use store::Due;

/// Days before the end of a trial at which its people are told.
const NOTICE_DAYS: i32 = 3;

/// Asks for every suspension that is due by the first two rules, at most `limit` of each, and tells whose trial ends soon.
/// Answers how many suspensions it asked for. Run every few seconds.
pub async fn tick(cx: &Ctx, limit: i64) -> Result<u64> {
    cx.require(Permission::TenantSuspend, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let ended = store::trials_ended(read.conn(), limit).await?;
    let unpaid = store::unpaid(read.conn(), limit).await?;
    let ending = store::trials_ending(read.conn(), NOTICE_DAYS, limit).await?;
    drop(read);
    for (tenant, ends_at) in ending {
        let mut tx = cx.begin(Reach::Fleet).await?;
        if store::notice(tx.conn(), tenant, ends_at).await? {
            announce(&mut tx, tenant, Event::TrialEnding, json!({ "trial_ends_at": ends_at })).await?;
            tx.commit_unaudited("a notice has rows of its own").await?;
        }
    }
    let mut asked = 0;
    for due in ended {
        let note = format!("The trial ended on {}.", due.since.format("%-d %b %Y"));
        asked += u64::from(suspend(cx, &due, SuspensionReason::TrialEnded, &note).await?);
    }
    for due in unpaid {
        let note = format!("{} is unpaid since {}.", due.what, due.since.format("%-d %b %Y"));
        asked += u64::from(suspend(cx, &due, SuspensionReason::PaymentFailure, &note).await?);
    }
    Ok(asked)
}

/// The third rule, over the whole fleet: who has not been used for as long as their setting says. Run once an hour.
pub async fn inactive(cx: &Ctx) -> Result<u64> {
    cx.require(Permission::TenantSuspend, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let rule = store::inactivity(read.conn()).await?;
    drop(read);
    let Some(scope) = rule else { return Ok(0) };
    let (mut asked, mut after) = (0, TenantId::PLATFORM);
    loop {
        let mut read = cx.read(Reach::Fleet).await?;
        let page = store::idle(read.conn(), after, 1_000).await?;
        drop(read);
        let Some((last, _)) = page.last() else { return Ok(asked) };
        after = *last;
        for (tenant, since) in page.into_iter().filter_map(|(tenant, since)| Some((tenant, since?))) {
            let days = settings::effective(cx, tenant, Key::InactivityDays).await?.value.as_number();
            if days.is_some_and(|days| (cx.now() - since).num_days() >= days) {
                let note = format!("Nobody has used it since {}.", since.format("%-d %b %Y"));
                let due = Due { tenant, since, what: String::new(), scope };
                asked += u64::from(suspend(cx, &due, SuspensionReason::Inactivity, &note).await?);
            }
        }
    }
}

/// Why the cause that a rule saw is not there any more, in words; nothing where it is. The end of a trial is looked at by
/// `trial`. In the caller's transaction, with the reach `Fleet`.
pub(super) async fn gone(
    connection: &mut PgConnection,
    tenant: TenantId,
    code: SuspensionReason,
) -> Result<Option<String>> {
    if !matches!(code, SuspensionReason::PaymentFailure | SuspensionReason::Inactivity) {
        return Ok(None);
    }
    let standing = store::standing(&mut *connection, tenant).await?.ok_or(Error::NotFound)?;
    if code == SuspensionReason::PaymentFailure {
        if store::bill_is_due(connection, tenant).await? {
            return Ok(None);
        }
        return Ok(Some(match (standing.reference, standing.failed_at) {
            (Some(reference), Some(failed)) => {
                let failed = failed.format("%-d %b %Y");
                format!("No payment of it is due: {reference} is unpaid since {failed}, not long enough ago.")
            }
            _ => "No payment of it is open any more: what had failed is settled.".to_owned(),
        }));
    }
    let levels = settings::levels(&mut *connection, tenant).await?;
    let days = resolve(Key::InactivityDays, &settings::of_key(&levels, Key::InactivityDays));
    let days = days.value.as_number().and_then(|days| i32::try_from(days).ok());
    let used = standing.used_at;
    // Whole days by the database's clock, as the rule counts them.
    if let (Some(used), Some(days)) = (used, days)
        && store::is_idle(connection, used, days).await?
    {
        return Ok(None);
    }
    Ok(Some(match used {
        Some(used) => {
            format!("It was last used on {}: that is not long enough ago.", used.format("%-d %b %Y"))
        }
        None => "Nothing is known of its last use.".to_owned(),
    }))
}

/// False where the tenant has moved on in the meantime.
async fn suspend(cx: &Ctx, due: &Due, code: SuspensionReason, note: &str) -> Result<bool> {
    match ask_to_suspend(cx, due.tenant, None, code, note, due.scope).await {
        Ok(_) => Ok(true),
        Err(Error::Conflict(why)) => {
            tracing::info!(tenant = %due.tenant, why, "a rule did not apply any more");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
