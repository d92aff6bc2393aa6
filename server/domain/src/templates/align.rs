//! How far tenants are from their templates: looking, accepting a difference, and the roll-up of the fleet (R31).
//!
//! What is shown of one tenant is looked at on the spot; the fleet's list reads a roll-up that every application,
//! acceptance and change of a setting renews, and that [`sweep`] renews where time alone changed something.

use super::align_store::{Narrow, total_of};
use super::{align_store, edit_store, store};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use model::TenantId;
use model::page::{Page, Total};
use model::permission::{Permission, Scope};
use model::templates::{
    Acceptance, Alignment, FleetAlignment, FleetFilter, State, TenantBaseline, VersionRef, align,
};
use model::validate::{FieldErrors, required};
use model::work::Work;
use serde_json::json;
use sqlx::PgConnection;

/// Applications that the section of a tenant lists.
const HISTORY: i64 = 10;
/// Rows of a page of the fleet's list.
const ROWS: i64 = 50;
/// The longest acceptance, in days; forever is said by leaving the day out.
const LONGEST: i64 = 3650;

/// Looks at one tenant; `None` where it is on no template.
async fn look(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<(VersionRef, Alignment, DateTime<Utc>)>> {
    let Some(assigned) = store::assigned(connection, tenant).await? else { return Ok(None) };
    let at = VersionRef { template: assigned.template.id, version: assigned.version };
    let Some(found) = store::version(connection, at).await? else { return Ok(None) };
    let actual = store::actual(connection, tenant).await?;
    let (accepted, now) = align_store::acceptances(connection, tenant).await?;
    Ok(Some((at, align(&found.bundle, &actual, &accepted, now), now)))
}

/// Brings the roll-up of one tenant up to date, inside the caller's transaction.
pub(crate) async fn refresh_in(connection: &mut PgConnection, tenant: TenantId) -> Result<()> {
    match look(connection, tenant).await? {
        Some((at, alignment, _)) => align_store::roll_up(connection, tenant, at, &alignment).await,
        None => Ok(()),
    }
}

/// The same in a transaction of its own, after something changed that the template has a say in.
pub(crate) async fn refresh(cx: &Ctx, tenant: TenantId) -> Result<()> {
    let mut tx = cx.begin(Reach::Fleet).await?;
    refresh_in(tx.conn(), tenant).await?;
    tx.commit_unaudited("a roll-up of what has its own lines").await
}

/// A tenant beside its template.
pub async fn baseline(cx: &Ctx, tenant: TenantId) -> Result<TenantBaseline> {
    cx.require(Permission::TemplateRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let conn = read.conn();
    let looked = look(conn, tenant).await?;
    let now = looked.as_ref().map_or_else(|| cx.now(), |(_, _, now)| *now);
    let offers = store::offers(conn, None).await?;
    Ok(TenantBaseline {
        assigned: store::assigned(conn, tenant).await?,
        alignment: looked.map(|(_, alignment, _)| alignment).unwrap_or_default(),
        history: store::history(conn, tenant, HISTORY).await?,
        offers: offers
            .into_iter()
            .map(|offer| (offer.template.key, offer.template.name, offer.version))
            .collect(),
        catalogue: edit_store::catalogue(conn).await?,
        may_accept: cx.actor().allows(Permission::TemplateAccept, Scope::Tenant(tenant)),
        may_apply: cx.actor().allows(Permission::TemplateApply, Scope::Tenant(tenant)),
        now,
    })
}

/// What a person accepts: exactly the difference that the page showed.
#[derive(Clone, Debug)]
pub struct Accept<'a> {
    /// `model::templates::Item::id`.
    pub item: &'a str,
    pub expected: &'a str,
    pub actual: &'a str,
    pub reason: &'a str,
    /// The first day on which it no longer holds, `2027-01-31`, UTC; empty: until it is taken back.
    pub until: &'a str,
}

/// Stands for a difference, with a reason and an end.
///
/// # Errors
/// `Invalid` for a missing reason or a day that is not ahead; `Conflict` when the difference is another one now or gone.
pub async fn accept(cx: &Ctx, tenant: TenantId, asked: &Accept<'_>) -> Result<()> {
    cx.require(Permission::TemplateAccept, Scope::Tenant(tenant)).await?;
    let mut tx = cx.begin_about(tenant, Work::Configure).await?;
    let (_, alignment, now) = look(tx.conn(), tenant).await?.ok_or(Error::NotFound)?;
    let mut errors = FieldErrors::default();
    let reason = errors.take("reason", required(asked.reason, "A reason", 1_000));
    let until = errors.take("until", until(asked.until, now));
    let (Some(reason), Some(until)) = (reason, until) else { return Err(errors.into()) };
    let item = alignment.item(asked.item).ok_or(Error::NotFound)?;
    if item.state == State::Aligned {
        return Err(Error::Conflict("It does not differ any more. Nothing was accepted.".into()));
    }
    if item.expected != asked.expected || item.actual != asked.actual {
        return Err(Error::Conflict(format!(
            "The difference is another one now: expected {}, there is {}.",
            item.expected, item.actual
        )));
    }
    let new = Acceptance {
        item: asked.item.to_owned(),
        expected: item.expected.clone(),
        actual: item.actual.clone(),
        reason,
        by: cx.actor().name().to_owned(),
        at: now,
        until,
    };
    align_store::accept(tx.conn(), tenant, &new).await?;
    refresh_in(tx.conn(), tenant).await?;
    let mut event = AuditEvent::on(tenant, "template.accept", asked.item)
        .reason(new.reason.clone())
        .after(json!({ "expected": new.expected, "actual": new.actual, "until": new.until }));
    if let Some(before) = &item.acceptance {
        event = event.before(before);
    }
    tx.commit(event).await
}

/// Takes an acceptance back: the difference is open again.
///
/// # Errors
/// `NotFound` where nothing was accepted.
pub async fn take_back(cx: &Ctx, tenant: TenantId, item: &str, reason: &str) -> Result<()> {
    cx.require(Permission::TemplateAccept, Scope::Tenant(tenant)).await?;
    let reason = required(reason, "A reason", 1_000).map_err(|why| Error::field("reason", why))?;
    let mut tx = cx.begin_about(tenant, Work::Configure).await?;
    let before = align_store::take_back(tx.conn(), tenant, item).await?.ok_or(Error::NotFound)?;
    refresh_in(tx.conn(), tenant).await?;
    tx.commit(AuditEvent::on(tenant, "template.take_back", item).reason(reason).before(before)).await
}

/// Looks at one tenant again and renews its roll-up.
///
/// # Errors
/// `NotFound` where it is on no template.
pub async fn check_again(cx: &Ctx, tenant: TenantId) -> Result<Alignment> {
    cx.require(Permission::TemplateAccept, Scope::Tenant(tenant)).await?;
    let mut tx = cx.begin_about(tenant, Work::Measure).await?;
    let (at, alignment, _) = look(tx.conn(), tenant).await?.ok_or(Error::NotFound)?;
    align_store::roll_up(tx.conn(), tenant, at, &alignment).await?;
    tx.commit(
        AuditEvent::on(tenant, "template.check", "alignment")
            .after(json!({ "open": alignment.open(), "accepted": alignment.count(State::Accepted), "expected": alignment.expected() })),
    )
    .await?;
    Ok(alignment)
}

/// The fleet, tenants with most open differences first.
pub async fn fleet(cx: &Ctx, filter: &FleetFilter) -> Result<FleetAlignment> {
    cx.require(Permission::TemplateRead, Scope::Platform).await?;
    let narrow = Narrow {
        template: filter.template.clone(),
        standing: filter.standing,
        behind: filter.behind,
        after: filter.after.as_deref().and_then(cursor),
    };
    let mut read = cx.read(Reach::Fleet).await?;
    let mut rows = align_store::fleet(read.conn(), &narrow, ROWS + 1).await?;
    let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > ROWS;
    rows.truncate(usize::try_from(ROWS).unwrap_or(0));
    let next = rows.last().filter(|_| more).map(|row| format!("{}.{}", row.open, row.tenant));
    let totals = align_store::totals(read.conn()).await?;
    let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let total = total_of(totals, &narrow).unwrap_or(match (&next, &narrow.after) {
        (None, None) => Total::Exact(shown),
        _ => Total::AtLeast(shown),
    });
    let templates =
        edit_store::list(read.conn()).await?.into_iter().map(|row| (row.template.key, row.template.name));
    let (drifting, accepted, aligned, without) = totals;
    let previous = narrow.after.map(|_| String::new());
    Ok(FleetAlignment {
        page: Page { rows, next, previous, total },
        drifting,
        accepted,
        aligned,
        without,
        templates: templates.collect(),
    })
}

/// Renews roll-ups that time alone has made old: acceptances that ran out, and what nobody looked at for a day. Answers
/// how many.
pub async fn sweep(cx: &Ctx, limit: i64) -> Result<u64> {
    cx.require(Permission::TemplateAccept, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let due = align_store::due(read.conn(), limit).await?;
    drop(read);
    let mut done = 0;
    for tenant in due {
        refresh(cx, tenant).await?;
        done += 1;
    }
    Ok(done)
}

fn cursor(text: &str) -> Option<(i32, uuid::Uuid)> {
    let (open, id) = text.split_once('.')?;
    Some((open.parse().ok()?, id.parse().ok()?))
}

/// The moment at which an acceptance ends.
fn until(text: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day: NaiveDate = text.parse().map_err(|_| format!("“{text}” is not a day like 2027-01-31."))?;
    let end = day.and_hms_opt(0, 0, 0).map(|at| at.and_utc()).ok_or("That day does not exist.")?;
    if end <= now {
        Err("Choose a day that is ahead.".into())
    } else if (end - now).num_days() > LONGEST {
        Err("That is more than ten years ahead. Leave the day out to accept it until it is taken back."
            .into())
    } else {
        Ok(Some(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptance_ends_on_a_day_ahead_or_never() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        assert_eq!(until(" ", now), Ok(None));
        assert_eq!(now.to_rfc3339(), "2027-01-15T08:00:00+00:00");
        assert!(until("2027-01-16", now).is_ok_and(|at| at.is_some()));
        for bad in ["2027-01-15", "2026-01-01", "2040-01-01", "soon", "2027-02-30"] {
            assert!(until(bad, now).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cursor_that_nobody_made_is_the_beginning() {
        assert_eq!(cursor("3.00000000-0000-0000-0000-000000000007").map(|(open, _)| open), Some(3));
        for bad in ["", "3", "x.y", "3.7"] {
            assert_eq!(cursor(bad), None, "{bad}");
        }
    }
}
