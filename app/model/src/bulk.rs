//! One piece of work on many tenants (R141): chosen in the directory, previewed as a frozen set, confirmed once.
//!
//! [`judge`] decides for one tenant whether the work can be done to it, from facts alone, in the words in which the
//! server would refuse the single move. Nothing here undoes anything: what was done to a tenant is taken back there.

use crate::directory::Listing;
use crate::page::grouped;
use crate::permission::Permission;
use crate::states::words;
use crate::templates::VersionRef;
use crate::tenants::{self, PlanId, Status, Suspension, SuspensionReason};
use crate::validate::{FieldErrors, optional, word};
use crate::{OperationId, TenantId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The most tenants of one set.
pub const TENANTS_MAX: i64 = 10_000;
/// More tenants than this need their number typed (`ux.md` 4.2).
pub const TYPED_FROM: i64 = 25;
/// The most tenants that can be ticked: those of the longest page.
pub const TICKED_MAX: usize = 100;
/// Hours until a preview that nobody confirms is over.
pub const HOURS: i32 = 24;
/// The longest message to the tenants.
const MESSAGE_MAX: u32 = 500;

words! {
    /// What can be done to many tenants at once.
    Action {
        Suspend = "suspend", "Suspend";
        Reinstate = "reinstate", "Reinstate";
        ChangePlan = "change_plan", "Change plan";
        ApplyTemplate = "apply_template", "Apply template";
    }
}

impl Action {
    /// What somebody needs for it besides [`Permission::TenantBulk`]: the same as for one tenant.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Suspend | Self::Reinstate => Permission::TenantSuspend,
            Self::ChangePlan => Permission::TenantPlan,
            Self::ApplyTemplate => Permission::TemplateApply,
        }
    }

    /// Tier 2 of `ux.md` 4.2: its number is typed however small it is.
    pub const fn is_hard_to_reverse(self) -> bool {
        matches!(self, Self::Suspend)
    }

    /// `suspended`, after "can be".
    pub const fn participle(self) -> &'static str {
        match self {
            Self::Suspend => "suspended",
            Self::Reinstate => "reinstated",
            Self::ChangePlan => "moved to the plan",
            Self::ApplyTemplate => "put on the template",
        }
    }
}

words! {
    /// Whom it is to reach.
    Whom {
        Ticked = "ticked", "Those that are ticked";
        Matching = "matching", "All that match";
    }
}

words! {
    /// Why a tenant is left out.
    Why {
        Status = "status", "Its status does not allow it";
        Same = "same", "It is so already";
        Busy = "busy", "An operation is working on it";
        Limits = "limits", "It uses more than the new plan allows";
        Payment = "payment", "Not paid yet";
        Changed = "changed", "It changed in the meantime";
    }
}

words! {
    /// How one tenant fares; what somebody has to look at comes first.
    Outcome {
        Failed = "failed", "Failed";
        Approval = "approval", "Awaiting approval";
        Running = "running", "Under way";
        /// Nothing has been asked for yet.
        Waiting = "waiting", "To do";
        Done = "done", "Done";
        /// Left out, in the preview or because it changed since.
        Skipped = "skipped", "Skipped";
        Cancelled = "cancelled", "Called off";
    }
}

/// What is to be done, checked already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Work {
    Suspend {
        code: SuspensionReason,
        scope: Suspension,
        #[serde(default)]
        message: Option<String>,
    },
    Reinstate,
    ChangePlan {
        to: PlanId,
    },
    ApplyTemplate {
        to: VersionRef,
        /// Its name, for people.
        template: String,
    },
}

impl Work {
    pub const fn action(&self) -> Action {
        match self {
            Self::Suspend { .. } => Action::Suspend,
            Self::Reinstate => Action::Reinstate,
            Self::ChangePlan { .. } => Action::ChangePlan,
            Self::ApplyTemplate { .. } => Action::ApplyTemplate,
        }
    }

    /// What it is called: `suspension`.
    pub fn noun(&self) -> String {
        match self {
            Self::Suspend { .. } => "suspension".into(),
            Self::Reinstate => "reinstatement".into(),
            Self::ChangePlan { to } => format!("change to {}", to.label()),
            Self::ApplyTemplate { to, template } => {
                format!("application of {template}, version {}", to.version)
            }
        }
    }

    /// As a button says it: `Suspend 12 tenants`.
    pub fn order(&self, tenants: i64) -> String {
        let whom = tenants_in_words(tenants);
        match self {
            Self::Suspend { .. } => format!("Suspend {whom}"),
            Self::Reinstate => format!("Reinstate {whom}"),
            Self::ChangePlan { to } => format!("Move {whom} to {}", to.label()),
            Self::ApplyTemplate { to, template } => {
                format!("Put {whom} on {template}, version {}", to.version)
            }
        }
    }

    /// Whether the number of tenants has to be typed before it begins.
    pub const fn is_typed(&self, tenants: i64) -> bool {
        tenants > TYPED_FROM || self.action().is_hard_to_reverse()
    }
}

/// `1 tenant`, `1 284 tenants`.
pub fn tenants_in_words(n: i64) -> String {
    if n == 1 { "1 tenant".into() } else { format!("{} tenants", grouped(n)) }
}

/// Whether what was typed is this number; spaces between its digits do not matter.
pub fn is_number(typed: &str, n: i64) -> bool {
    typed.chars().filter(|c| !c.is_whitespace()).collect::<String>() == n.to_string()
}

/// The form that asks for a preview, as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkInput {
    /// A word of [`Action`].
    pub action: String,
    /// A word of [`Whom`].
    pub whom: String,
    /// The query of the list that it was chosen in, without its page.
    pub list: String,
    /// When that list was shown (RFC 3339).
    pub at: String,
    /// Slugs of those ticked, by spaces or commas.
    pub tenants: String,
    /// Of a suspension.
    pub code: String,
    pub scope: String,
    pub message: String,
    /// Of a plan change.
    pub plan: String,
    /// Of a template: `key.version`.
    pub to: String,
}

/// [`BulkInput`] as far as it can be understood without looking anything up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkDraft {
    pub whom: Whom,
    pub list: String,
    pub at: DateTime<Utc>,
    pub tenants: Vec<String>,
    pub asked: Asked,
}

/// What a form asks for, before the template is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Work(Work),
    /// Key and version.
    Template(String, i32),
}

impl BulkInput {
    /// # Errors
    /// All that is wrong, field by field.
    pub fn validate(&self) -> Result<BulkDraft, FieldErrors> {
        let mut errors = FieldErrors::default();
        let action = errors.take("action", word::<Action>(&self.action, "What is to be done"));
        let whom = errors.take("whom", word::<Whom>(&self.whom, "Whom it reaches"));
        let at = self.at.parse::<DateTime<Utc>>().map_err(|_| {
            "It is not known when the list was shown. Go back to the list and choose again.".to_owned()
        });
        let at = errors.take("whom", at);
        let mut tenants: Vec<String> = Vec::new();
        for slug in self.tenants.split([',', ' ', '\n', '\r', '\t']).filter(|slug| !slug.is_empty()) {
            if !tenants.iter().any(|known| known == slug) {
                tenants.push(slug.to_owned());
            }
        }
        if whom == Some(Whom::Ticked) && tenants.is_empty() {
            errors.add("whom", "No tenant is ticked. Go back to the list and tick some.");
        } else if tenants.len() > TICKED_MAX {
            let most = format!("More than {TICKED_MAX} cannot be ticked. Filter, and take all that match.");
            errors.add("whom", most);
        }
        let asked = action.and_then(|action| self.asked(action, &mut errors));
        match (whom, at, asked) {
            (Some(whom), Some(at), Some(asked)) if errors.is_empty() => {
                Ok(BulkDraft { whom, list: self.list.clone(), at, tenants, asked })
            }
            _ => Err(errors),
        }
    }

    fn asked(&self, action: Action, errors: &mut FieldErrors) -> Option<Asked> {
        match action {
            Action::Suspend => {
                let code = errors.take("code", word(&self.code, "A reason"));
                let scope = errors.take("scope", word(&self.scope, "How far it goes"));
                let message = errors.take("message", optional(&self.message, "A message", MESSAGE_MAX));
                Some(Asked::Work(Work::Suspend { code: code?, scope: scope?, message: message? }))
            }
            Action::Reinstate => Some(Asked::Work(Work::Reinstate)),
            Action::ChangePlan => {
                let to = errors.take("plan", word(&self.plan, "A plan"))?;
                Some(Asked::Work(Work::ChangePlan { to }))
            }
            Action::ApplyTemplate => {
                let parts = self.to.rsplit_once('.').and_then(|(key, n)| Some((key, n.parse().ok()?)));
                let parts = parts.ok_or_else(|| "Choose a template.".to_owned());
                let (key, version) = errors.take("to", parts)?;
                Some(Asked::Template(key.to_owned(), version))
            }
        }
    }
}

/// What is known of a tenant when the set is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub status: Status,
    pub plan: PlanId,
    /// Why it is suspended, if it is: a word of [`SuspensionReason`].
    pub reason: Option<String>,
    /// Payments that did not come.
    pub unpaid: i64,
    /// What is queued or running on it, in words.
    pub busy: Option<String>,
    /// It changed after the list was shown.
    pub changed: bool,
    /// Why the new plan is too small for it.
    pub over: Vec<String>,
    /// It is on that version of the template.
    pub there: bool,
}

impl Facts {
    /// A tenant of this status about which there is nothing to say.
    pub const fn of(status: Status, plan: PlanId) -> Self {
        Self {
            status,
            plan,
            reason: None,
            unpaid: 0,
            busy: None,
            changed: false,
            over: Vec::new(),
            there: false,
        }
    }
}

/// Why the work is not done to this tenant; nothing: it can be done.
pub fn judge(work: &Work, facts: &Facts) -> Option<(Why, String)> {
    let status = match work {
        Work::Suspend { .. } => tenants::Action::Suspend.check(facts.status),
        Work::Reinstate => tenants::Action::Reinstate.check(facts.status),
        Work::ChangePlan { .. } => tenants::Action::ChangePlan.check(facts.status),
        Work::ApplyTemplate { .. } => crate::work::Work::Configure.check(facts.status),
    };
    // Who is so already has the wrong status for it too, but that is not what there is to say.
    let same = match work {
        Work::Suspend { .. } if facts.status == Status::Suspended => Some("It is suspended already.".into()),
        Work::ChangePlan { to } if facts.plan == *to => {
            Some(format!("It is on the {} plan already.", to.label()))
        }
        Work::ApplyTemplate { .. } if facts.there => Some("It is on this version already.".into()),
        _ => None,
    };
    if let Some(same) = same {
        return Some((Why::Same, same));
    }
    if let Err(why) = status {
        return Some((Why::Status, why));
    }
    if let Some(what) = &facts.busy {
        return Some((Why::Busy, format!("An operation is queued or running on it: {what}.")));
    }
    if !facts.over.is_empty() {
        return Some((Why::Limits, facts.over.join(" ")));
    }
    let owes = facts.unpaid > 0 && facts.reason.as_deref() == Some(SuspensionReason::PaymentFailure.as_str());
    if owes && *work == Work::Reinstate {
        return Some((Why::Payment, format!("{} not settled yet.", payments(facts.unpaid))));
    }
    facts.changed.then(|| (Why::Changed, "It was changed after the list was shown.".to_owned()))
}

fn payments(n: i64) -> String {
    if n == 1 { "1 failed payment is".into() } else { format!("{} failed payments are", grouped(n)) }
}

/// One tenant of the set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRow {
    /// Its place in the set, from 1: what pages go by.
    pub seq: i64,
    pub tenant: TenantId,
    /// None: it is gone.
    pub slug: Option<String>,
    pub name: String,
    pub status: Option<Status>,
    pub outcome: Outcome,
    pub why: Option<Why>,
    /// Why it was left out, or failed, in words.
    pub note: Option<String>,
    pub operation: Option<OperationId>,
}

/// A set, previewed or in work, with one page of its tenants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulk {
    pub id: Uuid,
    pub work: Work,
    pub whom: Whom,
    /// The query of the list that it was chosen in.
    pub list: String,
    /// When that list was shown.
    pub shown_at: DateTime<Utc>,
    /// Tenants ticked that were not there any more.
    pub missing: i64,
    pub total: i64,
    /// Those that it can be done to, when it was frozen.
    pub eligible: i64,
    pub by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Nobody confirmed it in time.
    pub over: bool,
    /// Of the confirmed set.
    pub operation: Option<OperationId>,
    pub counts: Vec<(Outcome, i64)>,
    /// Those left out, by reason.
    pub skipped: Vec<(Why, i64)>,
    /// What the rows are limited to.
    pub only: Option<Outcome>,
    pub rows: Vec<BulkRow>,
    pub next: Option<i64>,
    pub previous: Option<i64>,
    /// Keys of the address that were not understood.
    pub left_out: Vec<String>,
}

impl Bulk {
    pub fn count(&self, outcome: Outcome) -> i64 {
        self.counts.iter().filter(|(of, _)| *of == outcome).map(|(_, n)| n).sum()
    }

    /// Those it was to be done to that have come to an end, one way or another.
    pub fn settled(&self) -> i64 {
        self.total
            - [Outcome::Approval, Outcome::Running, Outcome::Waiting]
                .map(|o| self.count(o))
                .iter()
                .sum::<i64>()
    }

    /// How it stands, as a sentence: `47 done, 2 failed, 1 skipped.`
    pub fn summary(&self) -> String {
        summary(&self.counts)
    }
}

/// `47 done, 2 failed, 1 skipped.`
pub fn summary(counts: &[(Outcome, i64)]) -> String {
    let order = [
        Outcome::Done,
        Outcome::Failed,
        Outcome::Approval,
        Outcome::Running,
        Outcome::Waiting,
        Outcome::Skipped,
        Outcome::Cancelled,
    ];
    let of = |outcome: Outcome| counts.iter().filter(|(o, _)| *o == outcome).map(|(_, n)| n).sum::<i64>();
    let parts: Vec<_> = order
        .into_iter()
        .filter(|outcome| of(*outcome) > 0)
        .map(|outcome| format!("{} {}", grouped(of(outcome)), outcome.label().to_lowercase()))
        .collect();
    if parts.is_empty() { "Nobody is in it.".into() } else { format!("{}.", parts.join(", ")) }
}

/// What the forms before a preview offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkForm {
    /// Whom it reaches as things are, where all that match are chosen.
    pub listing: Option<Listing>,
    pub plans: Vec<crate::plans::Plan>,
    /// Published templates: `key.version` and a name.
    pub templates: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspend() -> Work {
        Work::Suspend { code: SuspensionReason::Inactivity, scope: Suspension::ReadOnly, message: None }
    }

    fn why(work: &Work, facts: &Facts) -> Option<Why> {
        judge(work, facts).map(|(why, _)| why)
    }

    #[test]
    fn what_the_single_move_would_refuse_is_left_out() {
        for status in Status::ALL {
            let facts = Facts::of(*status, PlanId::Free);
            let single = tenants::Action::Suspend.check(*status).is_ok();
            assert_eq!(judge(&suspend(), &facts).is_none(), single, "{status:?}");
            let single = tenants::Action::Reinstate.check(*status).is_ok();
            assert_eq!(judge(&Work::Reinstate, &facts).is_none(), single, "{status:?}");
            let plan = Work::ChangePlan { to: PlanId::Enterprise };
            let single = tenants::Action::ChangePlan.check(*status).is_ok();
            assert_eq!(judge(&plan, &facts).is_none(), single, "{status:?}");
        }
        let gone = judge(&suspend(), &Facts::of(Status::Deleted, PlanId::Free)).expect("left out");
        assert_eq!(gone, (Why::Status, "A tenant that is deleted cannot be suspended.".to_owned()));
    }

    #[test]
    fn the_reason_that_is_told_is_the_one_that_helps() {
        let facts = Facts::of(Status::Active, PlanId::Free);
        let busy = Facts { busy: Some("Suspend".into()), changed: true, ..facts.clone() };
        assert_eq!(why(&suspend(), &busy), Some(Why::Busy));
        let already = Facts { status: Status::Suspended, ..busy.clone() };
        assert_eq!(why(&suspend(), &already), Some(Why::Same), "whatever else there is");
        let same = Work::ChangePlan { to: PlanId::Free };
        assert_eq!(why(&same, &facts), Some(Why::Same));
        let smaller = Work::ChangePlan { to: PlanId::Starter };
        let over = Facts { over: vec!["Users: 6 in use, Starter allows 5.".into()], ..facts.clone() };
        assert_eq!(judge(&smaller, &over), Some((Why::Limits, over.over[0].clone())));
        assert_eq!(why(&suspend(), &Facts { changed: true, ..facts.clone() }), Some(Why::Changed));
        assert_eq!(why(&suspend(), &facts), None);
        let owes = Facts {
            status: Status::Suspended,
            reason: Some("payment_failure".into()),
            unpaid: 2,
            ..facts.clone()
        };
        assert_eq!(why(&Work::Reinstate, &owes), Some(Why::Payment));
        let other = Facts { reason: Some("inactivity".into()), ..owes };
        assert_eq!(why(&Work::Reinstate, &other), None, "what it owes was not why");
    }

    #[test]
    fn the_number_is_typed_where_it_is_many_or_hard_to_take_back() {
        assert!(suspend().is_typed(1));
        assert!(!Work::Reinstate.is_typed(25) && Work::Reinstate.is_typed(26));
        assert!(is_number(" 1284 ", 1_284) && is_number("1\u{202f}284", 1_284));
        assert!(!is_number("1,284", 1_284) && !is_number("", 0) && !is_number("01", 1));
    }

    #[test]
    fn a_form_is_understood_or_says_all_that_is_wrong() {
        let form = BulkInput {
            action: "suspend".into(),
            whom: "ticked".into(),
            at: "2026-11-21T10:00:00Z".into(),
            tenants: "acme, beta acme".into(),
            code: "inactivity".into(),
            scope: "read_only".into(),
            ..BulkInput::default()
        };
        let draft = form.validate().expect("understood");
        assert_eq!(draft.tenants, ["acme", "beta"]);
        assert_eq!(draft.asked, Asked::Work(suspend()));
        let errors =
            BulkInput { action: "suspend".into(), ..BulkInput::default() }.validate().expect_err("wrong");
        let fields: Vec<_> = errors.0.keys().map(String::as_str).collect();
        assert_eq!(fields, ["code", "scope", "whom"]);
        let many: Vec<_> = (0..101).map(|n| format!("t{n}")).collect();
        let errors = BulkInput { tenants: many.join(" "), ..form.clone() }.validate().expect_err("too many");
        assert!(errors.get("whom").is_some_and(|why| why.contains("100")));
        let template =
            BulkInput { action: "apply_template".into(), to: "voice.sales.3".into(), ..form.clone() };
        assert_eq!(template.validate().expect("understood").asked, Asked::Template("voice.sales".into(), 3));
        assert!(BulkInput { to: "voice".into(), ..template }.validate().is_err());
        assert!(BulkInput { at: "yesterday".into(), ..form }.validate().is_err());
    }

    #[test]
    fn it_is_summed_up_in_a_sentence() {
        assert_eq!(
            summary(&[(Outcome::Failed, 2), (Outcome::Done, 1_047), (Outcome::Skipped, 1)]),
            "1\u{202f}047 done, 2 failed, 1 skipped."
        );
        assert_eq!(suspend().order(1), "Suspend 1 tenant");
        assert_eq!(Work::ChangePlan { to: PlanId::Free }.order(12), "Move 12 tenants to Free");
    }
}
