//! Reading the log: lists newest first, single entries, and whether a chain holds.

use super::private;
use super::store::{self, Row};
use super::{GENESIS, Verified};
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use model::TenantId;
use model::audit::{Entry, Filter, Line, Outcome, PLATFORM};
use model::directory::Cursor;
use model::page::{Page, Total};
use model::permission::{Permission, Scope};

/// Lines of a page.
pub const ROWS: i64 = 50;
/// Up to here matches are counted.
const COUNTED: i64 = 1000;

/// Where a line stands in the order of all lines.
pub(super) type Place = (DateTime<Utc>, uuid::Uuid, i64);

/// The log of one tenant, or with `None` of all chains; newest first.
pub async fn list(cx: &Ctx, tenant: Option<TenantId>, filter: &Filter) -> Result<Page<Line>> {
    lines(cx, tenant, filter, ROWS).await
}

/// The same with another number of lines: the overview shows fewer, an export more.
pub async fn lines(cx: &Ctx, tenant: Option<TenantId>, filter: &Filter, rows: i64) -> Result<Page<Line>> {
    let reach = match tenant {
        Some(tenant) => {
            cx.require(Permission::AuditRead, Scope::Tenant(tenant)).await?;
            Reach::Tenant(tenant)
        }
        None => {
            cx.require(Permission::AuditFleet, Scope::Platform).await?;
            Reach::Fleet
        }
    };
    let empty = Page { rows: vec![], next: None, previous: None, total: Total::Exact(0) };
    let mut read = cx.read(reach).await?;
    let chain = match (tenant, filter.tenant.as_str()) {
        (Some(tenant), _) => Some(tenant),
        (None, "") => None,
        (None, PLATFORM) => Some(TenantId::PLATFORM),
        (None, slug) => match store::id_of_slug(read.conn(), slug).await? {
            Some(id) => Some(id),
            None => return Ok(empty),
        },
    };
    // A cursor that is not one begins at the start.
    let (place, backwards) = match &filter.cursor {
        Cursor::First => (None, false),
        Cursor::After(text) => (place(text), false),
        Cursor::Before(text) => (place(text), true),
    };
    let backwards = backwards && place.is_some();
    let mut found = store::list(read.conn(), chain, filter, place, backwards, rows + 1).await?;
    let more = found.len() as i64 > rows;
    found.truncate(rows as usize);
    if backwards {
        found.reverse();
    }
    let counted = if found.is_empty() && place.is_none() {
        0
    } else {
        store::count(read.conn(), chain, filter, COUNTED + 1).await?
    };
    let end = |row: Option<&store::Listed>| {
        row.map(|row| format!("{}:{}:{}", row.row.at.timestamp_micros(), row.tenant, row.row.seq))
    };
    let (newer, older) = if backwards { (more, true) } else { (place.is_some(), more) };
    Ok(Page {
        next: end(found.last()).filter(|_| older),
        previous: end(found.first()).filter(|_| newer),
        rows: found
            .into_iter()
            .map(|mut listed| {
                for_reader(cx, &mut listed.row);
                line(TenantId(listed.tenant), listed.of, &listed.row)
            })
            .collect::<Result<_>>()?,
        total: if counted > COUNTED { Total::AtLeast(COUNTED) } else { Total::Exact(counted) },
    })
}

/// Takes out what this reader is not given; see [`private`].
fn for_reader(cx: &Ctx, row: &mut Row) {
    if !private::sees_all(cx) {
        row.reason = private::reason(&row.action, row.reason.take());
        row.before = private::values(&row.action, row.before.take());
        row.after = private::values(&row.action, row.after.take());
    }
}

fn line(tenant: TenantId, of: Option<(String, String)>, row: &Row) -> Result<Line> {
    let (changed, _) = model::audit::diff(row.before.as_ref(), row.after.as_ref());
    Ok(Line {
        tenant,
        of,
        seq: row.seq,
        at: row.at,
        actor_kind: row.actor_kind.clone(),
        actor: row.actor_name.clone(),
        action: row.action.clone(),
        outcome: row
            .result
            .parse::<Outcome>()
            .map_err(|word| Error::Internal(format!("audit result {word}")))?,
        target: row.target.clone(),
        reason: row.reason.clone(),
        changes: u32::try_from(changed.len()).unwrap_or(u32::MAX),
        request: row.request_id.clone(),
    })
}

/// `microseconds:tenant:seq`.
fn place(text: &str) -> Option<Place> {
    let mut parts = text.splitn(3, ':');
    let at = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
    Some((at, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// One entry, with what it changed. `stream` is a tenant's slug or [`PLATFORM`].
pub async fn entry(cx: &Ctx, stream: &str, seq: i64) -> Result<Entry> {
    let (tenant, of) = chain(cx, stream).await?;
    let fleet = cx.actor().allows(Permission::AuditFleet, Scope::Platform);
    let mut read = cx.read(if fleet { Reach::Fleet } else { Reach::Tenant(tenant) }).await?;
    let mut row = store::after(read.conn(), tenant, seq.saturating_sub(1), 1)
        .await?
        .into_iter()
        .find(|row| row.seq == seq)
        .ok_or(Error::NotFound)?;
    let siblings = store::of_request(read.conn(), &row.request_id).await?;
    for_reader(cx, &mut row);
    let (changed, unchanged) = model::audit::diff(row.before.as_ref(), row.after.as_ref());
    let hash = row.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Entry { line: line(tenant, of, &row)?, changed, unchanged, hash, siblings, fleet })
}

/// Checks the chain of a tenant's slug or of [`PLATFORM`].
pub async fn verify_stream(cx: &Ctx, stream: &str) -> Result<model::audit::Verified> {
    let (tenant, _) = chain(cx, stream).await?;
    Ok(match super::verify(cx, tenant).await? {
        Verified::Sound(n) => model::audit::Verified::Sound(n),
        Verified::Broken { seq, why } => model::audit::Verified::Broken { seq, why: why.to_owned() },
    })
}

/// The chain behind an address, if the actor may read it.
async fn chain(cx: &Ctx, stream: &str) -> Result<(TenantId, Option<(String, String)>)> {
    if stream == PLATFORM {
        cx.require(Permission::AuditFleet, Scope::Platform).await?;
        return Ok((TenantId::PLATFORM, None));
    }
    let tenant = crate::tenants::by_slug(cx, stream).await?;
    cx.require(Permission::AuditRead, Scope::Tenant(tenant.id)).await?;
    Ok((tenant.id, Some((tenant.slug, tenant.name))))
}

/// Checks one chain from its first entry to its head.
pub async fn verify(cx: &Ctx, tenant: TenantId) -> Result<Verified> {
    if tenant == TenantId::PLATFORM {
        cx.require(Permission::AuditFleet, Scope::Platform).await?;
    } else {
        cx.require(Permission::AuditRead, Scope::Tenant(tenant)).await?;
    }
    // A tenant's chain within the tenant's own reach, whoever looks.
    let reach = if tenant == TenantId::PLATFORM { Reach::Fleet } else { Reach::Tenant(tenant) };
    let mut read = cx.read(reach).await?;
    // The head first: entries that are appended while this reads are not its concern.
    let head = store::head(read.conn(), tenant).await?;
    let end = head.as_ref().map_or(0, |head| head.seq);
    let mut previous = GENESIS.to_vec();
    let mut seq = 0;
    while seq < end {
        for row in store::after(read.conn(), tenant, seq, 1000.min(end - seq)).await? {
            if row.seq != seq + 1 {
                break;
            }
            if row.entry(tenant).hash(&previous)? != row.hash {
                return Ok(Verified::Broken { seq: row.seq, why: "its hash does not fit" });
            }
            previous = row.hash;
            seq = row.seq;
        }
        if seq < end && !store::exists(read.conn(), tenant, seq + 1).await? {
            return Ok(Verified::Broken { seq: seq + 1, why: "an entry is missing" });
        }
    }
    match head {
        None if store::exists(read.conn(), tenant, 1).await? => {
            Ok(Verified::Broken { seq: 1, why: "the head is missing" })
        }
        // Head and last entry were read in one snapshot: they differ only if somebody meddled.
        Some(head) if head.last != head.seq || head.hash != previous => {
            Ok(Verified::Broken { seq: head.last.max(head.seq), why: "the head points elsewhere" })
        }
        _ => Ok(Verified::Sound(seq)),
    }
}
