//! Which operations wait for a second person (R10, R11): the rules, and who changes them.
//!
//! Invariants: whoever is bound by a rule cannot take it away: an operator reads the rules, an owner changes them. A change
//! holds for requests that come after it; what waits already goes on waiting. The rule for suspensions holds for changes of
//! their scope as well ([`Kind::waits_with`]), whatever their own rule says. A new tenant that is asked for with limits of its
//! own counts as being on any plan: it waits where new tenants, or changes of the plan, of some plan wait.

use super::store::{approvals as store, person};
use super::{Request, kinds};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::notifications::announce;
use model::approvals::{ApprovalRule, ApprovalRules, DEDICATED, Whom};
use model::notifications::Event;
use model::operations::{COUNT_MAX, Kind};
use model::permission::{Permission, Scope};
use model::tenants::PlanId;
use model::validate::{self, FieldErrors};
use model::{OperationId, TenantId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::HashSet;

const REASON_MAX: u32 = 1_000;

/// The rule of every kind that can wait.
pub async fn approval_rules(cx: &Ctx) -> Result<ApprovalRules> {
    cx.require(Permission::SettingPlatformRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let rows = store::rules(read.conn()).await?;
    let waiting = store::waiting(read.conn(), COUNT_MAX).await?;
    let rules = kinds_that_wait().map(|kind| {
        let row = rows.iter().find(|row| row.kind == kind.as_str());
        let count = waiting.iter().find(|(of, _)| of == kind.as_str()).map_or(0, |(_, n)| *n);
        ApprovalRule { waiting: count, ..rule(kind, row) }
    });
    let may_change = cx.actor().allows(Permission::ApprovalManage, Scope::Platform);
    Ok(ApprovalRules { rules: rules.collect(), may_change })
}

/// What the form of a rule says; words as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetRule<'a> {
    /// A word of [`Whom`].
    pub whom: &'a str,
    /// [`DEDICATED`] and plans, where it is for some.
    pub some: &'a [String],
    pub reason: &'a str,
    pub version: i64,
}

/// Changes the rule of a kind. Answers it in words.
///
/// # Errors
/// `Invalid` at `whom`, `some` or `reason`; `Conflict` where somebody was quicker; `NotFound` for a kind that never waits.
pub async fn set_approval_rule(cx: &Ctx, kind: Kind, form: SetRule<'_>) -> Result<String> {
    cx.require(Permission::ApprovalManage, Scope::Platform).await?;
    if !kinds_that_wait().any(|each| each == kind) {
        return Err(Error::NotFound);
    }
    let mut errors = FieldErrors::default();
    let whom = errors.take("whom", validate::word::<Whom>(form.whom, "For whom it waits"));
    let reason = errors.take("reason", validate::required(form.reason, "A reason", REASON_MAX));
    let (mut dedicated, mut plans) = (false, Vec::new());
    if whom == Some(Whom::Some) && kind == Kind::Bulk {
        errors.add("whom", "Bulk work is about many tenants: never or always. Each of its parts follows the rule of its own kind.");
    } else if whom == Some(Whom::Some) {
        for word in form.some {
            match (word.as_str(), word.parse::<PlanId>()) {
                (DEDICATED, _) => dedicated = true,
                (_, Ok(plan)) if !plans.contains(&plan) => plans.push(plan),
                (_, Ok(_)) => {}
                _ => errors.add("some", "Choose from the list."),
            }
        }
        if !dedicated && plans.is_empty() {
            errors.add("some", "Choose for which tenants.");
        }
    }
    let (Some(whom), Some(reason), true) = (whom, reason, errors.is_empty()) else {
        return Err(errors.into());
    };
    plans.sort_by_key(|plan| PlanId::ALL.iter().position(|each| each == plan));
    let mut tx = cx.begin(Reach::Fleet).await?;
    let before = store::lock(tx.conn(), kind).await?;
    let old = rule(kind, before.as_ref());
    if old.version != form.version {
        return Err(Error::Conflict(changed_by(&old)));
    }
    if (old.whom, old.dedicated, &old.plans) == (whom, dedicated, &plans) {
        return Err(Error::field("whom", format!("It is so already: {}.", old.words().to_lowercase())));
    }
    let second_person = match (whom, dedicated) {
        (Whom::Everybody, _) => "always",
        (Whom::Some, true) => "dedicated",
        _ => "never",
    };
    let words: Vec<_> = plans.iter().map(|plan| plan.as_str().to_owned()).collect();
    let by = cx.actor().name();
    if !store::put(tx.conn(), kind, second_person, &words, form.version, by, &reason).await? {
        return Err(Error::Conflict(
            "Somebody else changed it a moment ago. Nothing was overwritten.".into(),
        ));
    }
    let new = ApprovalRule { whom, dedicated, plans, ..old.clone() };
    let event = AuditEvent::platform("approval.set", kind.label())
        .reason(reason)
        .before(snapshot(&old))
        .after(snapshot(&new));
    tx.commit(event).await?;
    Ok(new.words())
}

fn changed_by(rule: &ApprovalRule) -> String {
    match (&rule.changed_by, rule.changed_at, &rule.reason) {
        (Some(by), Some(at), Some(reason)) => format!(
            "{by} changed it on {} UTC: “{reason}”. Nothing was overwritten.",
            at.format("%-d %b %Y %H:%M")
        ),
        _ => "It was changed in the meantime. Nothing was overwritten.".to_owned(),
    }
}

fn snapshot(rule: &ApprovalRule) -> Value {
    json!({ "second_person": rule.whom, "dedicated": rule.dedicated, "plans": rule.plans })
}

/// Kinds that people ask for by a form, and that somebody does here.
fn kinds_that_wait() -> impl Iterator<Item = Kind> {
    Kind::ALL.iter().copied().filter(|kind| kind.may_wait() && kinds::of(*kind).is_some())
}

fn rule(kind: Kind, row: Option<&store::Row>) -> ApprovalRule {
    // A plan that this binary does not know is nobody's.
    let plans: Vec<PlanId> =
        row.map(|row| row.plans.iter().filter_map(|word| word.parse().ok()).collect()).unwrap_or_default();
    let word = row.map_or("never", |row| row.second_person.as_str());
    let whom = match word {
        "always" => Whom::Everybody,
        "dedicated" => Whom::Some,
        _ if plans.is_empty() => Whom::Nobody,
        _ => Whom::Some,
    };
    ApprovalRule {
        kind,
        whom,
        dedicated: word == "dedicated",
        plans,
        version: row.map_or(0, |row| row.version),
        changed_by: row.and_then(|row| row.changed_by.clone()),
        changed_at: row.and_then(|row| row.changed_at),
        reason: row.and_then(|row| row.reason.clone()),
        waiting: 0,
    }
}

/// Whether somebody else has to approve a request of this kind before it begins: what is asked for counts, and what the
/// tenant is already.
pub(crate) async fn second_person(
    connection: &mut PgConnection,
    kind: Kind,
    tenant: TenantId,
    dedicated: bool,
    asked: &Value,
) -> Result<bool> {
    let waits = store::second_person(&mut *connection, kind, &[tenant.0], dedicated, &plans(asked)).await?;
    if !waits.is_empty() || kind != Kind::Provision || !own_limits(asked) {
        return Ok(!waits.is_empty());
    }
    // What it is given beyond its plan may be what any other one gives.
    let any: Vec<String> = PlanId::ALL.iter().map(|plan| plan.as_str().to_owned()).collect();
    for kind in [Kind::Provision, Kind::ChangePlan] {
        let waits = store::second_person(&mut *connection, kind, &[tenant.0], dedicated, &any).await?;
        if !waits.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a new tenant is asked for with limits of its own.
fn own_limits(asked: &Value) -> bool {
    asked.get("limits").and_then(Value::as_array).is_some_and(|limits| !limits.is_empty())
}

/// For how many of these tenants a request of this kind would wait: what each of them is already counts.
pub(crate) async fn how_many_wait(
    connection: &mut PgConnection,
    kind: Kind,
    tenants: &[TenantId],
) -> Result<i64> {
    let tenants: Vec<_> = tenants.iter().map(|tenant| tenant.0).collect();
    let waits = store::second_person(connection, kind, &tenants, false, &[]).await?;
    Ok(i64::try_from(waits.len()).unwrap_or(i64::MAX))
}

/// Tells those who may approve it that an operation waits, and not whoever asked, or made the key that did; in the
/// transaction that wrote it.
pub(super) async fn tell(
    tx: &mut Tx,
    cx: &Ctx,
    tenant: TenantId,
    id: OperationId,
    kind: Kind,
    subject: &str,
) -> Result<()> {
    let operation = json!({ "id": id, "kind": kind.label(), "subject": subject });
    let data =
        json!({ "operation": operation, "asked_by": cx.actor().name(), "requester": person(cx.actor()) });
    announce(tx, tenant, Event::ApprovalWaits, data).await
}

/// [`tell`] once, of many that wait as parts of something; `link` is the local path of its page.
pub(crate) async fn tell_of_many(tx: &mut Tx, cx: &Ctx, kind: Kind, subject: &str, link: &str) -> Result<()> {
    let operation = json!({ "kind": kind.label(), "subject": subject });
    let (name, requester) = (cx.actor().name(), person(cx.actor()));
    let data = json!({ "operation": operation, "asked_by": name, "requester": requester, "link": link });
    announce(tx, TenantId::PLATFORM, Event::ApprovalWaits, data).await
}

/// Whose requests of these wait; they are of one kind, and ask for the same.
pub(super) async fn of_many(
    connection: &mut PgConnection,
    requests: &[Request<'_>],
) -> Result<HashSet<TenantId>> {
    let Some(first) = requests.first() else { return Ok(HashSet::new()) };
    // Where each comes from says its own row: only what all of them are asked for counts here.
    let mut asked = first.payload.clone();
    if let Some(fields) = asked.as_object_mut() {
        fields.remove("from");
    }
    let tenants: Vec<_> = requests.iter().map(|request| request.tenant.0).collect();
    store::second_person(connection, first.kind, &tenants, first.dedicated, &plans(&asked)).await
}

/// The plan of a new tenant; those that a plan change leads from and to.
fn plans(asked: &Value) -> Vec<String> {
    let word = |key: &&str| Some(asked.get(*key)?.as_str()?.parse::<PlanId>().ok()?.as_str().to_owned());
    ["plan", "from", "to"].iter().filter_map(word).collect()
}
