//! Checklists (R97): onboarding and offboarding, per tenant, against a pinned version of their definition.
//!
//! An item is proven by a probe of the real system ([`probes`]), confirmed by a person with a note, or waived with a
//! reason. Invariants: a probe never overrules a person; a probe that could not run changes no state; a proven item
//! that no longer holds becomes `failed`, not `open`; a waiver stays visible. Every change of a state is audited;
//! repeating a check that finds the same is not.

mod probes;
mod store;
#[cfg(test)]
mod tests;

use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::tenants::settle_milestones;
use model::TenantId;
use model::checklists::{Check, Checklist, Evidence, Item, ItemState, ListKey, Outcome, ProvedBy};
use model::permission::{Permission, Scope};
use model::validate::{self, FieldErrors};
use model::work::Work;
use probes::Facts;
use serde_json::json;
use sqlx::PgConnection;

/// The longest note or reason.
const NOTE_MAX: u32 = 2_000;

/// The newest run of a list, open or ended; `None` where there never was one.
pub async fn get(cx: &Ctx, tenant: TenantId, key: ListKey) -> Result<Option<Checklist>> {
    cx.require(Permission::ChecklistRead, Scope::Tenant(tenant)).await?;
    load(cx, tenant, key).await
}

/// The onboarding list; see [`get`].
pub async fn onboarding(cx: &Ctx, tenant: TenantId) -> Result<Option<Checklist>> {
    get(cx, tenant, ListKey::Onboarding).await
}

pub(crate) async fn load(cx: &Ctx, tenant: TenantId, key: ListKey) -> Result<Option<Checklist>> {
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let runs = store::runs(read.conn(), &[tenant], Some(key), false).await?;
    Ok(runs.into_iter().next().map(|(_, list)| list))
}

/// Starts a run for tenants that have no open one, of the version that the template of each names, else of the newest
/// definition: where a template is to be applied, it is applied first. Inside the caller's transaction (reach `Fleet`,
/// or the one tenant's); the caller's audit line covers it.
pub(crate) async fn start(connection: &mut PgConnection, key: ListKey, tenants: &[TenantId]) -> Result<u64> {
    store::start(connection, key, tenants).await
}

/// [`start`] of the onboarding list, for the creation and the import of tenants.
pub(crate) async fn start_onboarding(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<u64> {
    start(connection, ListKey::Onboarding, tenants).await
}

/// Ends the open run, if there is one.
pub(crate) async fn end(connection: &mut PgConnection, key: ListKey, tenant: TenantId) -> Result<()> {
    store::end(connection, key, tenant).await
}

/// Starts the onboarding of a tenant that has none: one that was made before checklists were, or is onboarded again.
pub async fn begin_onboarding(cx: &Ctx, tenant: TenantId) -> Result<()> {
    cx.require(Permission::ChecklistWork, Scope::Tenant(tenant)).await?;
    let mut tx = cx.begin_in(tenant, Work::Onboard).await?;
    if start_onboarding(tx.conn(), &[tenant]).await? == 0 {
        return Err(Error::Conflict("Its onboarding is running already.".into()));
    }
    tx.commit(AuditEvent::on(tenant, "checklist.start", ListKey::Onboarding.label())).await?;
    run_probes(cx, tenant).await.map(|_| ())
}

/// Looks again at everything in the tenant's open runs that a probe can prove; says how many items changed.
pub async fn run_probes(cx: &Ctx, tenant: TenantId) -> Result<u64> {
    cx.require(Permission::ChecklistWork, Scope::Tenant(tenant)).await?;
    let facts = look(cx, tenant).await;
    apply(cx, tenant, &facts, None).await
}

/// Runs the check of one item now, because somebody asked.
///
/// # Errors
/// `Conflict` where a person has decided already, or where the step has no check.
pub async fn check_again(cx: &Ctx, tenant: TenantId, key: ListKey, step: &str) -> Result<Check> {
    cx.require(Permission::ChecklistWork, Scope::Tenant(tenant)).await?;
    // What its status forbids is said before what is wrong with the item; asked again where it is written.
    drop(cx.begin_in(tenant, key.work()).await?);
    let list = load(cx, tenant, key).await?.ok_or(Error::NotFound)?;
    let item = list.item(step).ok_or(Error::NotFound)?;
    let Some(probe) = item.step.probe else {
        return Err(Error::Conflict("This item has no automatic check.".into()));
    };
    if decided_by_person(item) {
        return Err(Error::Conflict(format!("It is {}. Reopen it first.", item.words())));
    }
    still_running(&list)?;
    let facts = look(cx, tenant).await;
    apply(cx, tenant, &facts, Some((key, step))).await?;
    Ok(facts.check(probe))
}

/// The facts of one tenant; a fault is logged and becomes "could not run".
async fn look(cx: &Ctx, tenant: TenantId) -> Facts {
    match facts(cx, &[tenant]).await.map(|mut all| all.pop()) {
        Ok(Some((_, facts))) => facts,
        Ok(None) => Facts::unable(cx.now()),
        Err(error) => {
            tracing::error!(error = %error, tenant = %tenant, request_id = cx.request_id(), "a check could not run");
            Facts::unable(cx.now())
        }
    }
}

async fn facts(cx: &Ctx, tenants: &[TenantId]) -> Result<Vec<(TenantId, Facts)>> {
    let mut read = cx.read(Reach::Fleet).await?;
    let own = store::dedicated(read.conn(), tenants).await?;
    let shared: Vec<_> = tenants.iter().copied().filter(|tenant| !own.contains(tenant)).collect();
    let mut all = if shared.is_empty() { vec![] } else { store::facts(read.conn(), &shared).await? };
    drop(read);
    // Conversations of a dedicated tenant are in its own schema.
    for tenant in own {
        let mut read = cx.read(Reach::Within(tenant)).await?;
        all.extend(store::facts(read.conn(), &[tenant]).await?);
    }
    Ok(all)
}

fn decided_by_person(item: &Item) -> bool {
    item.state == ItemState::Waived
        || item.state == ItemState::Passed && item.proved_by == Some(ProvedBy::Person)
}

/// What a check makes of an item: its new state, or `None` where it says nothing new.
fn judge(item: &Item, check: &Check) -> Option<ItemState> {
    if decided_by_person(item) {
        return None;
    }
    let state = match (item.state, check.outcome) {
        (_, Outcome::Passed) => ItemState::Passed,
        (ItemState::Passed, Outcome::NotYet) => ItemState::Failed,
        (state, Outcome::NotYet | Outcome::Unable) => state,
    };
    let same = item.evidence.check.as_ref().is_some_and(|before| before.same_finding(check));
    (state != item.state || !same).then_some(state)
}

/// Whether the facts change anything in these items.
fn news<'a>(list: &'a Checklist, facts: &'a Facts) -> impl Iterator<Item = (&'a Item, ItemState, Check)> {
    list.items.iter().filter_map(|item| {
        let check = facts.check(item.step.probe?);
        judge(item, &check).map(|state| (item, state, check))
    })
}

/// Writes what the facts say into the open runs; `asked` is the one item that somebody asked for. Says how many items
/// changed their state.
async fn apply(cx: &Ctx, tenant: TenantId, facts: &Facts, asked: Option<(ListKey, &str)>) -> Result<u64> {
    let (mut tx, standing) = cx.enter(tenant).await?;
    if let Some((key, _)) = asked {
        key.work().check(standing.status).map_err(Error::Conflict)?;
    }
    store::lock_runs(tx.conn(), tenant).await?;
    let mut runs = store::runs(tx.conn(), &[tenant], None, true).await?;
    runs.retain(|(_, list)| list.key.work().allowed_in(standing.status));
    // Nobody asked and nothing may change: not even when it was looked at.
    if runs.is_empty() {
        return Ok(0);
    }
    let (mut changed, mut before, mut after) = (0, serde_json::Map::new(), serde_json::Map::new());
    for (_, list) in runs.iter().filter(|(_, list)| asked.is_none_or(|(key, _)| list.key == key)) {
        let items: Vec<_> = news(list, facts)
            .filter(|(item, ..)| asked.is_none_or(|(_, step)| item.step.key == step))
            .collect();
        for (item, state, check) in items {
            if item.state != state {
                changed += 1;
                before.insert(item.step.key.clone(), json!(item.state));
                after.insert(item.step.key.clone(), json!({ "state": state, "found": check.said }));
            }
            let evidence = Evidence { check: Some(check), link: item.evidence.link.clone() };
            store::proved(tx.conn(), tenant, list, &item.step.key, state, &evidence).await?;
        }
    }
    store::swept(tx.conn(), &[tenant]).await?;
    match asked {
        Some((key, step)) => {
            let event = AuditEvent::on(tenant, "checklist.check", format!("{}: {step}", key.label()));
            tx.commit(event.before(before).after(after)).await?;
        }
        None if changed > 0 => {
            let event = AuditEvent::on(tenant, "checklist.check", "automatic checks");
            tx.commit(event.before(before).after(after)).await?;
        }
        None => tx.commit_unaudited("checks that changed no state").await?,
    }
    if changed > 0 {
        settle_milestones(cx, tenant).await?;
    }
    Ok(changed)
}

/// Looks at up to `limit` tenants with open runs: first where something happened lately, then those that waited
/// longest. Says how many items changed their state. Run by the worker, every few seconds.
pub async fn sweep(cx: &Ctx, limit: i64) -> Result<u64> {
    cx.require(Permission::ChecklistWork, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let due = store::due(read.conn(), limit).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let runs = store::runs(read.conn(), &due, None, true).await?;
    drop(read);
    let facts = facts(cx, &due).await?;
    let mut changed = 0;
    let mut idle = Vec::new();
    for (tenant, facts) in facts {
        let new = runs.iter().any(|(of, list)| *of == tenant && news(list, &facts).next().is_some());
        if new {
            changed += apply(cx, tenant, &facts, None).await?;
        } else {
            idle.push(tenant);
        }
    }
    let mut tx = cx.begin(Reach::Fleet).await?;
    store::swept(tx.conn(), &idle).await?;
    tx.commit_unaudited("when checks last ran").await?;
    Ok(changed)
}

fn still_running(list: &Checklist) -> Result<()> {
    match list.ended_at {
        Some(at) => Err(Error::Conflict(format!(
            "This list was closed on {}; nothing in it changes any more.",
            at.format("%-d %b %Y at %H:%M UTC")
        ))),
        None => Ok(()),
    }
}

/// The item to decide on, with its list locked.
async fn decide(cx: &Ctx, tenant: TenantId, key: ListKey, step: &str) -> Result<(Tx, Checklist, Item)> {
    let mut tx = cx.begin_in(tenant, key.work()).await?;
    store::lock_runs(tx.conn(), tenant).await?;
    let runs = store::runs(tx.conn(), &[tenant], Some(key), false).await?;
    let (_, list) = runs.into_iter().next().ok_or(Error::NotFound)?;
    still_running(&list)?;
    let item = list.item(step).cloned().ok_or(Error::NotFound)?;
    Ok((tx, list, item))
}

async fn settle(
    cx: &Ctx,
    mut tx: Tx,
    tenant: TenantId,
    list: &Checklist,
    item: &Item,
    decision: store::Decision<'_>,
    action: &'static str,
) -> Result<()> {
    store::decided(tx.conn(), tenant, list, &item.step.key, &decision).await?;
    let mut event = AuditEvent::on(tenant, action, format!("{}: {}", list.key.label(), item.step.title))
        .before(json!({ "state": item.state, "proved_by": item.proved_by, "note": item.note }))
        .after(json!({ "state": decision.state, "proved_by": decision.proved_by, "note": decision.note }));
    if let Some(note) = decision.reason {
        event = event.reason(note);
    }
    tx.commit(event).await?;
    settle_milestones(cx, tenant).await
}

/// A person says that it is done, and how they know: a note, a link, or both.
pub async fn complete(
    cx: &Ctx,
    tenant: TenantId,
    key: ListKey,
    step: &str,
    note: &str,
    link: &str,
) -> Result<()> {
    cx.require(Permission::ChecklistWork, Scope::Tenant(tenant)).await?;
    let mut errors = FieldErrors::default();
    let note = errors.take("note", validate::optional(note, "A note", NOTE_MAX));
    let link = errors.take("link", link_of(link));
    let (Some(note), Some(link)) = (note, link) else { return Err(errors.into()) };
    if note.is_none() && link.is_none() {
        return Err(Error::field("note", "Say how you know: a note, a link, or both."));
    }
    let (tx, list, item) = decide(cx, tenant, key, step).await?;
    if !item.step.manual {
        let why = if item.step.is_operation() {
            "An operation does this step; it cannot be ticked by hand."
        } else {
            "Only its automatic check can prove this item. It can be waived with a reason."
        };
        return Err(Error::Conflict(why.into()));
    }
    not_done(&item)?;
    let waits = list.waits_for(&item);
    if !waits.is_empty() {
        return Err(Error::Conflict(format!("It cannot start yet: it needs “{}”.", waits.join("”, “"))));
    }
    let evidence = Evidence { check: item.evidence.check.clone(), link };
    let decision = store::Decision {
        state: ItemState::Passed,
        proved_by: Some(ProvedBy::Person),
        by: Some(cx.actor().name()),
        note: note.as_deref(),
        reason: note.as_deref(),
        evidence: &evidence,
    };
    settle(cx, tx, tenant, &list, &item, decision, "checklist.complete").await
}

fn not_done(item: &Item) -> Result<()> {
    if item.state.is_done() {
        return Err(Error::Conflict(format!("It is {} already.", item.words())));
    }
    Ok(())
}

/// An address that a page may link to: http or https only.
fn link_of(text: &str) -> Result<Option<String>, String> {
    let link = validate::optional_line(text, "A link", 500)?;
    match link {
        Some(link)
            if !(link.starts_with("https://") || link.starts_with("http://"))
                || link.contains(char::is_whitespace) =>
        {
            Err("A link begins with https:// or http:// and has no spaces.".into())
        }
        other => Ok(other),
    }
}

/// Lets an item go, with a reason that stays visible.
pub async fn waive(cx: &Ctx, tenant: TenantId, key: ListKey, step: &str, reason: &str) -> Result<()> {
    cx.require(Permission::ChecklistWaive, Scope::Tenant(tenant)).await?;
    let reason = validate::required(reason, "A reason", NOTE_MAX).map_err(|e| Error::field("reason", e))?;
    let (tx, list, item) = decide(cx, tenant, key, step).await?;
    not_done(&item)?;
    if item.step.is_operation() {
        return Err(Error::Conflict("An operation does this step; it cannot be waived.".into()));
    }
    let decision = store::Decision {
        state: ItemState::Waived,
        proved_by: Some(ProvedBy::Person),
        by: Some(cx.actor().name()),
        note: Some(&reason),
        reason: Some(&reason),
        evidence: &item.evidence.clone(),
    };
    settle(cx, tx, tenant, &list, &item, decision, "checklist.waive").await
}

/// Takes a decision back. Where there is a check, it will look again.
pub async fn reopen(cx: &Ctx, tenant: TenantId, key: ListKey, step: &str, reason: &str) -> Result<()> {
    cx.require(Permission::ChecklistWork, Scope::Tenant(tenant)).await?;
    let reason = validate::required(reason, "A reason", NOTE_MAX).map_err(|e| Error::field("reason", e))?;
    let (tx, list, item) = decide(cx, tenant, key, step).await?;
    if item.state == ItemState::Open {
        return Err(Error::Conflict("It is open already.".into()));
    }
    // Who may not waive may not take a waiver away either: it is somebody else's decision.
    if item.state == ItemState::Waived {
        cx.require(Permission::ChecklistWaive, Scope::Tenant(tenant)).await?;
    }
    let decision = store::Decision {
        state: ItemState::Open,
        proved_by: None,
        by: None,
        note: None,
        reason: Some(&reason),
        evidence: &Evidence::default(),
    };
    settle(cx, tx, tenant, &list, &item, decision, "checklist.reopen").await
}
