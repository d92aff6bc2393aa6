//! Isolation is verified, not assumed: a lint of the database's catalogue finds what would let one tenant reach
//! another, whoever wrote the migration.
//!
//! Every rule has a seeded defect in the tests, so that a rule that stopped finding is noticed. The server runs the
//! lint at its start and every hour, and tells those who run the platform ([`lint_and_tell`]); [`probe()`] attacks from inside one tenant and keeps the evidence, which [`history`],
//! [`evidence`] and [`fleet`] show. Next: `schedule` for who is proven when, and what is kept of it.

mod alert;
mod probe;
mod schedule;
mod store;
#[cfg(test)]
mod tests;

pub use alert::lint_and_tell;
pub use model::isolation::{Attempt, Trigger};
pub use probe::{Evidence, probe, verify};
pub use schedule::prove_some;

use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::directory::Cursor;
use model::isolation::{COUNT_MAX, Fleet, History, Run, Standing};
use model::page::{Page, Total};
use model::permission::{Permission, Scope};
use model::{RunId, TenantId};

/// Rows of a page.
const ROWS: i64 = 25;
/// Up to here a tenant's runs are counted.
const COUNTED: i64 = 1_000;
/// Tenants on the list of those that need attention.
const LISTED: i64 = 50;

/// Something in the catalogue that weakens isolation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow)]
pub struct Finding {
    /// `R01` and the rule in words.
    pub rule: String,
    /// What breaks it.
    pub object: String,
}

/// Looks through the whole catalogue; nothing found is a pass. About 50 ms.
pub async fn lint(cx: &Ctx) -> Result<Vec<Finding>> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::lint(read.conn()).await
}

/// The newest evidence of a tenant; nothing where there is none.
pub async fn newest(cx: &Ctx, tenant: TenantId) -> Result<Option<Run>> {
    cx.require(Permission::TenantRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    Ok(store::reads::newest(read.conn(), tenant).await?.map(|evidence| evidence.run))
}

/// A tenant's evidence: the newest with what did not come out as it must, and a page of all runs, newest first.
pub async fn history(cx: &Ctx, tenant: TenantId, cursor: &Cursor) -> Result<History> {
    cx.require(Permission::AuditRead, Scope::Tenant(tenant)).await?;
    let (place, backwards) = match cursor {
        Cursor::First => (None, false),
        Cursor::After(id) => (id.parse::<RunId>().ok(), false),
        Cursor::Before(id) => (id.parse::<RunId>().ok(), true),
    };
    let backwards = backwards && place.is_some();
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let newest = store::reads::newest(read.conn(), tenant).await?;
    let mut rows = store::reads::page(read.conn(), tenant, place, backwards, ROWS + 1).await?;
    let counted = store::reads::count(read.conn(), tenant, COUNTED + 1).await?;
    let more = rows.len() as i64 > ROWS;
    rows.truncate(ROWS as usize);
    if backwards {
        rows.reverse();
    }
    let (newer, older) = if backwards { (more, true) } else { (place.is_some(), more) };
    let text = |run: Option<&Run>| run.map(|run| run.id.to_string());
    let (next, previous) = (text(rows.last()).filter(|_| older), text(rows.first()).filter(|_| newer));
    let total = if counted > COUNTED { Total::AtLeast(COUNTED) } else { Total::Exact(counted) };
    let (newest, wrong) = match newest {
        Some(evidence) => {
            let wrong = evidence.attempts.into_iter().filter(|attempt| !attempt.passed).collect();
            (Some(evidence.run), wrong)
        }
        None => (None, Vec::new()),
    };
    Ok(History {
        newest,
        wrong,
        runs: Page { rows, next, previous, total },
        may_verify: cx.actor().allows(Permission::AuditFleet, Scope::Tenant(tenant)),
    })
}

/// One run of a tenant with each of its attempts. What the database said of itself is for the platform's people.
pub async fn evidence(cx: &Ctx, tenant: TenantId, run: RunId) -> Result<model::isolation::Evidence> {
    cx.require(Permission::AuditRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let mut found = store::reads::one(read.conn(), tenant, run).await?.ok_or(Error::NotFound)?;
    if !cx.actor().is_platform() {
        (found.server_version, found.catalogue_hash) = (None, None);
    }
    Ok(found)
}

/// How the tenants in service stand, the first of those that need attention (or of one standing, where `only` names it), and
/// what the lint finds now. Whom the schedule has not reached yet are counted, and listed only where `only` says so: there
/// may be so many that nobody would see the others.
pub async fn fleet(cx: &Ctx, only: Option<Standing>) -> Result<Fleet> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let only = only.filter(|standing| *standing != Standing::Proven);
    let mut read = cx.read(Reach::Fleet).await?;
    let (mut counts, newest_at) = store::reads::counts(read.conn(), COUNT_MAX + 1).await?;
    let (count, never) = store::reads::never(read.conn(), COUNT_MAX + 1, LISTED as i32 + 1).await?;
    counts.push((Standing::Never, count));
    let mut attention = Vec::new();
    for standing in Standing::ALL {
        let room = LISTED + 1 - attention.len() as i64;
        if room > 0 && only.map_or(standing.needs_attention(), |only| only == *standing) {
            attention.extend(store::reads::of_standing(read.conn(), *standing, &never, room).await?);
        }
    }
    let more = attention.len() as i64 > LISTED;
    attention.truncate(LISTED as usize);
    let begun = cx.now();
    let findings = store::lint(read.conn()).await?;
    let findings = findings
        .into_iter()
        .map(|found| model::isolation::Finding { rule: found.rule, object: found.object });
    Ok(Fleet {
        counts,
        only,
        attention,
        more,
        newest_at,
        findings: findings.collect(),
        linted_at: begun,
        lint_ms: (cx.now() - begun).num_milliseconds(),
    })
}

/// The tenants in service in the order of their ids, from the one after `after` onwards.
pub async fn in_service(cx: &Ctx, after: Option<TenantId>, limit: i64) -> Result<Vec<TenantId>> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::in_service(read.conn(), after.map(|id| id.0), limit).await
}
