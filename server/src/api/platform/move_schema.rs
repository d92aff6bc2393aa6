//! The shapes of what is done to a tenant in the machine API, of its trial, and of its payments.

use super::schema::LimitValue;
use chrono::{DateTime, Utc};
use model::plans::{Fit, LimitChange, PlanPreview};
use model::rules::{NextMove, Payment, Payments};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A suspension that is asked for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "payment_failure", "scope": "read_only", "reason": "INV-7 is unpaid since 1 November.",
    "message": "Please settle invoice INV-7."
}))]
pub struct SuspendInput {
    /// The `version` of the tenant that it was decided on; left out: whatever it is now.
    #[serde(default)]
    pub version: Option<i64>,
    /// `payment_failure`, `terms_violation`, `security_incident` (priority 0), `customer_request`, `trial_ended` (1) or
    /// `inactivity` (2).
    #[serde(default)]
    #[schema(required = true, example = "payment_failure")]
    pub code: String,
    /// `read_only` or `blocked`: then its sessions end.
    #[serde(default)]
    #[schema(required = true, example = "read_only")]
    pub scope: String,
    /// Why, in words; for the platform only. Up to 2,000 characters.
    #[serde(default)]
    #[schema(required = true)]
    pub reason: String,
    /// What the tenant’s people are told. Up to 500 characters.
    #[serde(default)]
    pub message: String,
}

/// Another scope of a suspension.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "scope": "blocked", "reason": "A second reminder went unanswered." }))]
pub struct ScopeInput {
    /// The `version` of the tenant that it was decided on; left out: whatever it is now.
    #[serde(default)]
    pub version: Option<i64>,
    /// `read_only` or `blocked`.
    #[serde(default)]
    #[schema(required = true, example = "blocked")]
    pub scope: String,
    /// Why, in words; for the platform only.
    #[serde(default)]
    #[schema(required = true)]
    pub reason: String,
    /// What the tenant’s people are told from now on.
    #[serde(default)]
    pub message: String,
}

/// The end of a suspension.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "proof": "INV-7 was paid on 20 November, transfer 4711." }))]
pub struct ReinstateInput {
    /// The `version` of the tenant that it was decided on; left out: whatever it is now.
    #[serde(default)]
    pub version: Option<i64>,
    /// Proof that the cause is gone. Where it is a payment, it has to be settled first.
    #[serde(default)]
    #[schema(required = true)]
    pub proof: String,
}

/// Another plan.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "plan": "enterprise", "at": "2027-01-01", "note": "Authorised by the customer, order 4711." }))]
pub struct PlanInput {
    /// The `version` of the tenant that it was decided on; left out: whatever it is now. Says nothing of a change with a
    /// day of its own.
    #[serde(default)]
    pub version: Option<i64>,
    /// `free`, `starter`, `professional` or `enterprise`.
    #[serde(default)]
    #[schema(required = true, example = "enterprise")]
    pub plan: String,
    /// A day (its beginning, UTC), `+30` for so many days from today, or a time (RFC 3339), within the next year; left
    /// out, or `now`: now.
    #[serde(default)]
    pub at: Option<String>,
    /// Who has authorised it, and why.
    #[serde(default)]
    pub note: String,
}

/// A customer is made of a trial.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Contract signed, order 4711." }))]
pub struct ConvertInput {
    /// The `version` of the tenant that it was decided on; left out: whatever it is now.
    #[serde(default)]
    pub version: Option<i64>,
    /// Why, in words; for the platform only.
    #[serde(default)]
    #[schema(required = true)]
    pub reason: String,
}

/// A later end of a trial.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "day": "+30", "reason": "The pilot begins in December." }))]
pub struct ExtendInput {
    /// The `version` of the tenant that it was decided on; left out: whatever it is now.
    #[serde(default)]
    pub version: Option<i64>,
    /// Its last day, like `2027-01-31`, or `+30` for so many days from today; 90 at most.
    #[serde(default)]
    #[schema(required = true, example = "+30")]
    pub day: String,
    /// Why, in words; for the platform only.
    #[serde(default)]
    #[schema(required = true)]
    pub reason: String,
}

/// A tenant goes into production.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "version": 7 }))]
pub struct GoLiveInput {
    /// The `version` of the tenant that it was decided on; left out: whatever it is now.
    #[serde(default)]
    pub version: Option<i64>,
}

/// The plan that is looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlanQuery {
    /// `free`, `starter`, `professional` or `enterprise`.
    #[param(example = "enterprise")]
    pub to: String,
}

/// One limit before and after a plan change.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitMove {
    #[schema(example = "users")]
    pub meter: &'static str,
    pub before: LimitValue,
    pub after: LimitValue,
    /// What is in use now; of a rate the highest of the last seven days.
    pub used: Option<i64>,
    /// `fits`, `over` (refused), `throttled` (calls above it would have been refused) or `unknown` (not counted).
    #[schema(example = "fits")]
    pub fit: &'static str,
}

/// What a plan change would mean.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanChangePreview {
    #[schema(example = "professional")]
    pub from: &'static str,
    #[schema(example = "enterprise")]
    pub to: &'static str,
    /// Whether it could be made now.
    pub fits: bool,
    /// Why not, in words.
    pub refusals: Vec<String>,
    pub limits: Vec<LimitMove>,
}

impl From<PlanPreview> for PlanChangePreview {
    fn from(preview: PlanPreview) -> Self {
        let refusals = preview.refusals();
        let limit = |change: LimitChange| LimitMove {
            meter: change.meter.as_str(),
            before: change.before.into(),
            after: change.after.into(),
            used: change.used,
            fit: match change.fit {
                Fit::Fits => "fits",
                Fit::Over => "over",
                Fit::Throttled => "throttled",
                Fit::Unknown => "unknown",
            },
        };
        Self {
            from: preview.from.id.as_str(),
            to: preview.to.id.as_str(),
            fits: refusals.is_empty(),
            refusals,
            limits: preview.limits.into_iter().map(limit).collect(),
        }
    }
}

/// A payment that did not come.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reference": "INV-7", "amount": "99.00 EUR", "failed_on": "2026-11-20" }))]
pub struct PaymentInput {
    /// The number of a bill, say; no two of a tenant have the same. 1 to 200 characters.
    #[serde(default)]
    #[schema(required = true, example = "INV-7")]
    pub reference: String,
    /// With its currency.
    #[serde(default)]
    pub amount: String,
    /// A day (its beginning, UTC) or a time (RFC 3339) of the last year; left out: now.
    #[serde(default)]
    pub failed_on: String,
}

/// That a payment came after all.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "how": "Transfer 4711 of 20 November." }))]
pub struct SettleInput {
    /// How it was settled; part of the proof for a reinstatement. Up to 500 characters.
    #[serde(default)]
    #[schema(required = true)]
    pub how: String,
}

/// A payment that did not come, and perhaps came after all.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentItem {
    #[schema(example = "INV-7")]
    pub reference: String,
    pub amount: Option<String>,
    pub failed_at: DateTime<Utc>,
    pub recorded_by: Option<String>,
    /// Null while it is open.
    pub settled_at: Option<DateTime<Utc>>,
    pub settled_how: Option<String>,
    pub settled_by: Option<String>,
}

impl From<Payment> for PaymentItem {
    fn from(payment: Payment) -> Self {
        let Payment { reference, amount, failed_at, recorded_by, settled_at, settled_how, settled_by } =
            payment;
        Self { reference, amount, failed_at, recorded_by, settled_at, settled_how, settled_by }
    }
}

/// What a rule will do to the tenant if nothing changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleAhead {
    /// `trial_ended`, `payment_failure` or `inactivity`.
    #[schema(example = "payment_failure")]
    pub rule: &'static str,
    /// Not before.
    pub at: DateTime<Utc>,
    #[schema(example = "read_only")]
    pub scope: &'static str,
    #[schema(example = "INV-7 is unpaid since 20 Nov 2026")]
    pub because: String,
}

impl From<NextMove> for RuleAhead {
    fn from(next: NextMove) -> Self {
        Self { rule: next.rule.as_str(), at: next.at, scope: next.scope.as_str(), because: next.because }
    }
}

/// The payments of a tenant that did not come: open ones first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentList {
    /// What the tenant is billed under.
    pub billing_reference: Option<String>,
    /// At most 200.
    pub payments: Vec<PaymentItem>,
    /// There are more.
    pub more: bool,
    /// What follows from them and from the other rules, the next first.
    pub ahead: Vec<RuleAhead>,
}

impl From<Payments> for PaymentList {
    fn from(all: Payments) -> Self {
        Self {
            billing_reference: all.billing_reference,
            payments: all.rows.into_iter().map(PaymentItem::from).collect(),
            more: all.more,
            ahead: all.next.into_iter().map(RuleAhead::from).collect(),
        }
    }
}
