//! What a tenant may use: its own limit, or its template's quota, or the limit of its plan (R29, R74). The first of them that
//! says anything holds.
//!
//! Invariants: a limit of a tenant alone has a reason; quotas of a template that names a plan speak of that plan and hold on
//! no other. The database decides the same for tenants that are there (`steward.limits_of`); [`effective`] says it of those
//! that are only asked for. What is granted on top for a time is no part of it.

use crate::page::grouped;
use crate::plans::{Plan, limit_text};
use crate::states::words;
use crate::templates::Bundle;
use crate::usage::{Limit, LimitMeter};
use crate::validate::{FieldErrors, required};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest reason.
pub const REASON_MAX: u32 = 2_000;
/// The most days ahead that a limit can end by itself.
pub const DAYS_AHEAD: u64 = 3_650;

words! {
    /// Whose word a limit is.
    LimitSource {
        Plan = "plan", "Plan";
        Template = "template", "Template";
        Tenant = "tenant", "This tenant";
    }
}

/// The limit that holds, and what the plan says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effective {
    pub meter: LimitMeter,
    pub limit: Limit,
    pub source: LimitSource,
    pub plan: Limit,
    /// What holds without a limit of this tenant alone: its template's quota, or what the plan says.
    pub below: Limit,
    /// Of a limit of this tenant alone: when it ends by itself.
    pub until: Option<DateTime<Utc>>,
}

/// A limit that a new tenant is asked for with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedLimit {
    pub meter: LimitMeter,
    pub limit: Limit,
    pub reason: String,
}

/// A limit of one tenant alone, for the platform's people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnLimit {
    pub meter: LimitMeter,
    pub limit: Limit,
    pub reason: String,
    pub by: String,
    pub at: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
    /// Its time is up: it does not hold any more.
    pub over: bool,
    pub version: i64,
}

/// A meter on the page of a tenant's limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitRow {
    pub now: Effective,
    /// In use now; for a rate the highest of the last seven days.
    pub used: Option<i64>,
    /// With its reason, for the platform's people only.
    pub own: Option<OwnLimit>,
}

/// The form, as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitInput {
    pub meter: String,
    pub limit: String,
    /// The first day on which it no longer holds, UTC; empty: until it is taken back.
    pub until: String,
    pub reason: String,
}

/// A limit as the database keeps it.
pub fn limit(kind: &str, hard: Option<i64>) -> Limit {
    match (kind, hard) {
        ("number", Some(hard)) => Limit::Number(hard),
        ("unlimited", _) => Limit::Unlimited,
        _ => Limit::Custom,
    }
}

/// What would hold for a new tenant on this plan, with this template and what it is asked for with.
pub fn effective(plan: &Plan, bundle: &Bundle, own: &[AskedLimit]) -> Vec<Effective> {
    let quotas_hold = bundle.plan.is_none_or(|of| of == plan.id);
    let line = |meter: &LimitMeter| {
        let of_plan = plan.limit(*meter)?;
        let quota = bundle.quotas.get(meter).filter(|_| quotas_hold).copied();
        let own = own.iter().find(|own| own.meter == *meter).map(|own| own.limit);
        let (limit, source) = match (own, quota) {
            (Some(own), _) => (own, LimitSource::Tenant),
            (None, Some(quota)) => (quota, LimitSource::Template),
            (None, None) => (of_plan, LimitSource::Plan),
        };
        let below = quota.unwrap_or(of_plan);
        Some(Effective { meter: *meter, limit, source, plan: of_plan, below, until: None })
    };
    LimitMeter::ALL.iter().filter_map(line).collect()
}

/// The name of a meter's limit in forms and errors.
pub const fn field(meter: LimitMeter) -> &'static str {
    match meter {
        LimitMeter::Users => "limit[users]",
        LimitMeter::Projects => "limit[projects]",
        LimitMeter::StorageBytes => "limit[storage_bytes]",
        LimitMeter::ApiCalls15min => "limit[api_calls_15min]",
    }
}

/// The name of the reason beside it.
pub const fn reason_field(meter: LimitMeter) -> &'static str {
    match meter {
        LimitMeter::Users => "limit_reason[users]",
        LimitMeter::Projects => "limit_reason[projects]",
        LimitMeter::StorageBytes => "limit_reason[storage_bytes]",
        LimitMeter::ApiCalls15min => "limit_reason[api_calls_15min]",
    }
}

/// Units of storage, as people write them; the largest first, and of powers of 1024 ([`crate::page::bytes`]).
const UNITS: [(&str, i64); 6] =
    [("PB", 1 << 50), ("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("B", 1)];
/// The most digits behind a point.
const DECIMALS: usize = 3;

/// How a limit is written.
pub const fn hint(meter: LimitMeter) -> &'static str {
    match meter {
        LimitMeter::StorageBytes => "With its unit, like 20 GB or 1.5 TB, or the word unlimited.",
        LimitMeter::Users | LimitMeter::Projects | LimitMeter::ApiCalls15min => {
            "A whole number above 0, or the word unlimited."
        }
    }
}

/// A limit as a form takes it back.
pub fn write(meter: LimitMeter, limit: Limit) -> String {
    match (limit, meter) {
        (Limit::Number(n), LimitMeter::StorageBytes) => {
            let unit = UNITS.iter().find(|(_, step)| n % step == 0);
            unit.map_or_else(|| n.to_string(), |(unit, step)| format!("{} {unit}", n / step))
        }
        (Limit::Number(n), _) => n.to_string(),
        (Limit::Unlimited, _) => "unlimited".into(),
        (Limit::Custom, _) => String::new(),
    }
}

/// Reads a limit; empty is none.
///
/// # Errors
/// For anything that is neither a number above zero nor the word; storage has a unit.
pub fn parse(meter: LimitMeter, text: &str) -> Result<Option<Limit>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.eq_ignore_ascii_case("unlimited") {
        return Ok(Some(Limit::Unlimited));
    }
    match quantity(meter, text) {
        Some(n) if n > 0 => Ok(Some(Limit::Number(n))),
        _ => Err(format!("“{text}” is no limit. {}", hint(meter))),
    }
}

fn quantity(meter: LimitMeter, text: &str) -> Option<i64> {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let number: String = number.chars().filter(|c| !c.is_whitespace()).collect();
    let unit = unit.trim();
    match meter {
        LimitMeter::StorageBytes => {
            let (_, step) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
            sized(&number, *step)
        }
        LimitMeter::Users | LimitMeter::Projects | LimitMeter::ApiCalls15min => {
            if unit.is_empty() {
                sized(&number, 1).filter(|_| !number.contains('.'))
            } else {
                None
            }
        }
    }
}

/// `1.5` of a unit, cut to what is whole. Nothing but digits and one point: `i64` would take a sign as well.
fn sized(number: &str, step: i64) -> Option<i64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > DECIMALS {
        return None;
    }
    let tens = i128::from(10_i64.pow(u32::try_from(part.len()).ok()?));
    let all = i128::from(whole.parse::<i64>().ok()?) * tens + i128::from(part.parse::<i64>().ok()?);
    i64::try_from(all * i128::from(step) / tens).ok()
}

/// The limits of the wizard's form: meter to text, meter to reason.
///
/// # Errors
/// All that is wrong, by the names of the fields.
pub fn asked(
    limits: &BTreeMap<String, String>,
    reasons: &BTreeMap<String, String>,
) -> Result<Vec<AskedLimit>, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut out = Vec::new();
    for meter in LimitMeter::ALL {
        let text = |from: &BTreeMap<String, String>| from.get(meter.as_str()).cloned().unwrap_or_default();
        match errors.take(field(*meter), parse(*meter, &text(limits))) {
            Some(Some(limit)) => out.push(AskedLimit { meter: *meter, limit, reason: text(reasons) }),
            Some(None) if !text(reasons).trim().is_empty() => {
                errors.add(field(*meter), "Say a limit, or empty the reason.");
            }
            _ => {}
        }
    }
    let out = check(&mut errors, &out);
    errors.into_result()?;
    Ok(out)
}

/// Asked limits in their final form; what is wrong stands at its field.
pub fn check(errors: &mut FieldErrors, asked: &[AskedLimit]) -> Vec<AskedLimit> {
    let mut out: Vec<AskedLimit> = Vec::with_capacity(asked.len());
    for one in asked {
        if out.iter().any(|other| other.meter == one.meter) {
            errors.add(field(one.meter), "This limit is asked for twice.");
            continue;
        }
        if !matches!(one.limit, Limit::Unlimited | Limit::Number(1..)) {
            errors.add(field(one.meter), hint(one.meter));
        }
        let reason = required(&one.reason, "A reason", REASON_MAX);
        let reason = errors.take(reason_field(one.meter), reason).unwrap_or_default();
        out.push(AskedLimit { reason, ..one.clone() });
    }
    out
}

/// The moment from which a limit no longer holds; empty: none.
///
/// # Errors
/// For a text that is no day, and for one that is not ahead or too far ahead.
pub fn until(text: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day: NaiveDate = text.parse().map_err(|_| "A day like 2027-01-31, or nothing.".to_owned())?;
    let today = now.date_naive();
    let last = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
    if day <= today {
        return Err("The day has to be ahead.".to_owned());
    }
    if day > last {
        return Err(format!("At most {} days ahead. Leave it empty for no end.", grouped(3_650)));
    }
    Ok(Some(day.and_time(NaiveTime::MIN).and_utc()))
}

/// `50 instead of 20`, of a limit of a tenant alone: what would hold without it. Nothing where that is the same.
pub fn instead(now: &Effective) -> Option<String> {
    if now.source != LimitSource::Tenant || now.limit == now.below {
        return None;
    }
    let (limit, below) = (limit_text(now.meter, Some(now.limit)), limit_text(now.meter, Some(now.below)));
    Some(format!("{}: {limit} instead of {below}", now.meter.label()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenants::PlanId;

    fn plan(id: PlanId) -> Plan {
        let limits = vec![(LimitMeter::Users, Limit::Number(20)), (LimitMeter::StorageBytes, Limit::Custom)];
        Plan { id, name: id.label().into(), sso: false, scim: false, sla: String::new(), limits }
    }

    fn own(meter: LimitMeter, n: i64, reason: &str) -> AskedLimit {
        AskedLimit { meter, limit: Limit::Number(n), reason: reason.into() }
    }

    #[test]
    fn limits_are_read_as_they_are_written() {
        use LimitMeter::{StorageBytes, Users};
        assert_eq!(parse(Users, " "), Ok(None));
        assert_eq!(parse(Users, " Unlimited "), Ok(Some(Limit::Unlimited)));
        assert_eq!(parse(Users, "1 500"), Ok(Some(Limit::Number(1_500))));
        assert_eq!(parse(StorageBytes, "20gb"), Ok(Some(Limit::Number(20 << 30))));
        assert_eq!(parse(StorageBytes, "1.5 GB"), Ok(Some(Limit::Number(3 << 29))));
        assert_eq!(parse(StorageBytes, "2 PB"), Ok(Some(Limit::Number(2 << 50))));
        assert_eq!(parse(StorageBytes, "0.3 kB"), Ok(Some(Limit::Number(307))), "cut to whole bytes");
        for wrong in ["0", "-3", "+5", "many", "5 GB", "1.5", "5.0", "99999999999999999999"] {
            assert!(parse(Users, wrong).is_err(), "{wrong}");
        }
        for wrong in
            ["20", "+5 GB", "1,5 GB", "1.2.3 GB", ".5 GB", "1. GB", "GB", "0.0001 B", "5 XB", "9999999999 TB"]
        {
            assert!(parse(StorageBytes, wrong).is_err(), "{wrong}");
        }
        let typed = parse(Users, " MANY seats ").expect_err("no limit");
        assert!(typed.starts_with("“MANY seats” is no limit."), "as it was typed: {typed}");
        for n in [1, 1_536, 20 << 30, 3 << 40, 5 << 50] {
            let limit = Limit::Number(n);
            assert_eq!(parse(StorageBytes, &write(StorageBytes, limit)), Ok(Some(limit)));
        }
    }

    #[test]
    fn the_nearest_word_holds() {
        let quotas = [(LimitMeter::Users, Limit::Number(30))].into();
        let bundle = Bundle { plan: Some(PlanId::Starter), quotas, ..Bundle::default() };
        let users = |plan: &Plan, own: &[AskedLimit]| {
            let lines = effective(plan, &bundle, own);
            lines.into_iter().find(|line| line.meter == LimitMeter::Users).map(|l| (l.limit, l.source))
        };
        let starter = plan(PlanId::Starter);
        assert_eq!(users(&starter, &[]), Some((Limit::Number(30), LimitSource::Template)));
        let own = [own(LimitMeter::Users, 40, "x")];
        assert_eq!(users(&starter, &own), Some((Limit::Number(40), LimitSource::Tenant)));
        let other = plan(PlanId::Professional);
        assert_eq!(users(&other, &[]), Some((Limit::Number(20), LimitSource::Plan)), "it spoke of Starter");
        assert_eq!(effective(&starter, &bundle, &[]).len(), 2, "what the plan does not limit, nothing does");
    }

    #[test]
    fn what_is_asked_for_has_a_reason() {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let limits = map(&[("users", "50"), ("projects", "many"), ("storage_bytes", "")]);
        let errors = asked(&limits, &map(&[("users", " ")])).expect_err("wrong");
        let fields: Vec<_> = errors.0.keys().map(String::as_str).collect();
        assert_eq!(fields, ["limit[projects]", "limit_reason[users]"]);
        let limits = map(&[("users", "50")]);
        let fine = asked(&limits, &map(&[("users", " Agreed. ")])).expect("fine");
        assert_eq!(fine, [own(LimitMeter::Users, 50, "Agreed.")]);
        let alone = asked(&map(&[("users", " ")]), &map(&[("users", "Agreed.")])).expect_err("no limit");
        assert_eq!(alone.get("limit[users]"), Some("Say a limit, or empty the reason."));
        let mut errors = FieldErrors::default();
        check(&mut errors, &[fine[0].clone(), fine[0].clone()]);
        assert_eq!(errors.get("limit[users]"), Some("This limit is asked for twice."));
        let mut errors = FieldErrors::default();
        check(&mut errors, &[AskedLimit { limit: Limit::Custom, ..fine[0].clone() }]);
        assert!(errors.get("limit[users]").is_some(), "a plan alone is without a number of its own");
        let mut errors = FieldErrors::default();
        check(&mut errors, &[own(LimitMeter::Users, 0, "x")]);
        assert!(errors.get("limit[users]").is_some());
    }

    #[test]
    fn a_limit_of_its_own_stands_beside_what_would_hold_without_it() {
        let quotas = [(LimitMeter::Users, Limit::Number(30))].into();
        let bundle = Bundle { quotas, ..Bundle::default() };
        let said = |own: &[AskedLimit]| {
            let lines = effective(&plan(PlanId::Starter), &bundle, own);
            lines.iter().filter_map(instead).collect::<Vec<_>>()
        };
        assert_eq!(said(&[]), Vec::<String>::new(), "a quota is not its own");
        assert_eq!(said(&[own(LimitMeter::Users, 40, "x")]), ["Users: 40 instead of 30"]);
        assert_eq!(said(&[own(LimitMeter::Users, 30, "x")]), Vec::<String>::new(), "as it would be anyway");
    }

    #[test]
    fn an_end_is_a_day_ahead() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        assert_eq!(until(" ", now), Ok(None));
        let today = now.date_naive();
        assert!(until(&today.to_string(), now).is_err());
        let tomorrow = today.succ_opt().expect("a day");
        assert_eq!(
            until(&tomorrow.to_string(), now).map(|at| at.map(|at| at.date_naive())),
            Ok(Some(tomorrow))
        );
        assert!(until("2099-01-01", now).is_err() && until("soon", now).is_err());
    }
}
