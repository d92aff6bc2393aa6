//! The rules themselves: what they say, and changing them. Operators read and change them (`setting.platform`).

use super::store;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::permission::{Permission, Scope};
use model::rules::{DAYS_MAX, DUE_MAX, LifecycleRule, LifecycleRules, RuleKind};
use model::tenants::Suspension;
use model::validate::{self, FieldErrors};
use serde_json::{Value, json};

const REASON_MAX: u32 = 1_000;

/// Every rule, with how many tenants are due by it now.
pub async fn lifecycle_rules(cx: &Ctx) -> Result<LifecycleRules> {
    cx.require(Permission::SettingPlatformRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let mut rules = store::rules(read.conn()).await?;
    rules.sort_by_key(|rule| RuleKind::ALL.iter().position(|kind| *kind == rule.kind));
    for rule in &mut rules {
        rule.due = match rule.kind {
            RuleKind::TrialEnded => Some(store::count_trials_ended(read.conn(), DUE_MAX).await?),
            RuleKind::PaymentFailure => Some(store::count_unpaid(read.conn(), DUE_MAX).await?),
            // That is a round over the whole fleet.
            RuleKind::Inactivity => None,
        };
    }
    let may_change = cx.actor().allows(Permission::SettingPlatform, Scope::Platform);
    Ok(LifecycleRules { rules, may_change })
}

/// What the form of a rule says; words as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetLifecycleRule<'a> {
    /// `on` or `off`.
    pub enabled: &'a str,
    /// Says nothing for a rule without days of its own.
    pub days: &'a str,
    /// A word of [`Suspension`].
    pub scope: &'a str,
    pub reason: &'a str,
    pub version: i64,
}

/// Changes a rule. It holds from the next round on, also for what has been due for long. Answers it as it is now.
///
/// # Errors
/// `Invalid` at `enabled`, `days`, `scope` or `reason`; `Conflict` where somebody was quicker.
pub async fn set_lifecycle_rule(
    cx: &Ctx,
    kind: RuleKind,
    form: SetLifecycleRule<'_>,
) -> Result<LifecycleRule> {
    cx.require(Permission::SettingPlatform, Scope::Platform).await?;
    let mut errors = FieldErrors::default();
    let enabled = errors.take("enabled", switch(form.enabled));
    let days = if kind.has_days() { errors.take("days", number_of_days(form.days)) } else { Some(0) };
    let scope = errors.take("scope", validate::word::<Suspension>(form.scope, "How far it goes"));
    let reason = errors.take("reason", validate::required(form.reason, "A reason", REASON_MAX));
    let (Some(enabled), Some(days), Some(scope), Some(reason)) = (enabled, days, scope, reason) else {
        return Err(errors.into());
    };
    let mut tx = cx.begin(Reach::Fleet).await?;
    let old = store::lock_rule(tx.conn(), kind).await?.ok_or(Error::NotFound)?;
    if old.version != form.version {
        return Err(Error::Conflict(changed_by(&old)));
    }
    let new = LifecycleRule { enabled, days, scope, ..old.clone() };
    if new == old {
        return Err(Error::field("enabled", "The rule is so already: nothing would change."));
    }
    store::set_rule(tx.conn(), &new, cx.actor().name(), &reason).await?;
    let event = AuditEvent::platform("rule.set", kind.label())
        .reason(reason)
        .before(snapshot(&old))
        .after(snapshot(&new));
    tx.commit(event).await?;
    Ok(new)
}

fn changed_by(rule: &LifecycleRule) -> String {
    match (&rule.changed_by, rule.changed_at, &rule.reason) {
        (Some(by), Some(at), Some(reason)) => format!(
            "{by} changed it on {} UTC: “{reason}”. Nothing was overwritten.",
            at.format("%-d %b %Y %H:%M")
        ),
        _ => "It was changed in the meantime. Nothing was overwritten.".to_owned(),
    }
}

fn snapshot(rule: &LifecycleRule) -> Value {
    json!({ "enabled": rule.enabled, "days": rule.days, "scope": rule.scope })
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("Choose on or off.".to_owned()),
    }
}

fn number_of_days(text: &str) -> Result<i32, String> {
    let days = text.trim().parse::<i32>().ok().filter(|days| (0..=DAYS_MAX).contains(days));
    days.ok_or_else(|| format!("A whole number of days from 0 to {DAYS_MAX}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_at_most_a_year() {
        assert_eq!(number_of_days(" 0 "), Ok(0));
        assert_eq!(number_of_days("365"), Ok(365));
        for bad in ["", "-1", "366", "7.5", "seven", "99999999999"] {
            assert!(number_of_days(bad).is_err(), "{bad}");
        }
        assert_eq!((switch("on"), switch("off")), (Ok(true), Ok(false)));
        assert!(switch("").is_err());
    }
}
