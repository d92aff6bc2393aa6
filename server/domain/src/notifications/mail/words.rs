//! What mails say: one function from an event to a letter, pure, so that the log can show what was sent.
//!
//! Keys of an event's `data` that are known here: `reason`, `scope`, `from`, `to`, `status`, `grace_ends_at`,
//! `trial_ends_at` (RFC 3339), `user` (`{id, name, email}`), `monitor` (`{kind, said}`) with `tenants` (a number) where many are told of at once or `findings` (a number) for the kind `catalogue`, `operation` (`{id, kind, subject, step}`) with `problem` and `state` (where it stopped), `link` (a local path), `signup` (`{id}`), `page` (`{slug, name}` of a sign-up page), `organisation`, `stage`, `outcome` (a word of `plan_requests::Decision`) with `message`, `webhook` (`{id, name, url}`) with `problem`, `asked_by` (a name), `requester` (a user's id, when somebody
//! else acts for them). What is missing is left out of the mail.

use super::Letter;
use chrono::{DateTime, Utc};
use model::notifications::{CATALOGUE, Event};
use model::operations::State;
use model::plan_requests::Decision;
use model::signup::{LINK_HOURS, Stage};
use model::tenants::{OffboardingReason, PlanId, Status, Suspension, SuspensionReason};
use serde_json::Value;
use std::str::FromStr;

/// What a letter is written from.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    pub event: Event,
    pub at: DateTime<Utc>,
    pub data: &'a Value,
    /// The tenant as it was right after the change.
    pub tenant: Option<&'a Value>,
    /// Whom the letter is for.
    pub name: &'a str,
    /// The console's address, without a slash at the end.
    pub console: &'a str,
    pub set_up: SetUp<'a>,
}

/// How an invited person gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetUp<'a> {
    /// They have a password already.
    SignIn,
    /// A one-time token, in this mail and nowhere else.
    Token(&'a str),
    /// A one-time token for somebody who has an account already and has to say that this is theirs.
    Account(&'a str),
    /// The account of this address cannot do what was asked for with it.
    Refused,
    /// In the log: the link is left out.
    Hidden,
}

/// Pages that mails lead to, as the console spells them.
pub mod pages {
    /// A tenant's page.
    pub fn tenant(slug: &str) -> String {
        format!("/tenants/{slug}")
    }

    /// A tenant's plan.
    pub fn plan(slug: &str) -> String {
        format!("/tenants/{slug}/plan")
    }

    /// A tenant's endpoints.
    pub fn webhooks(slug: Option<&str>) -> String {
        slug.map_or_else(|| "/webhooks".to_owned(), |slug| format!("/tenants/{slug}/webhooks"))
    }

    /// An operation.
    pub fn operation(id: &str) -> String {
        format!("/operations/{id}")
    }

    /// A roll-out of a template.
    pub fn rollout(key: &str, id: &str) -> String {
        format!("/templates/{key}/roll-out/{id}")
    }

    /// Where an invited person chooses a password.
    pub fn set_up(token: &str) -> String {
        format!("/set-up/{token}")
    }

    /// Where somebody who has signed up confirms it.
    pub fn join(page: &str, token: &str) -> String {
        format!("/join/{page}/{token}")
    }
}

impl Facts<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.data.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    fn word<T: FromStr>(&self, key: &str) -> Option<T> {
        self.text(key)?.parse().ok()
    }

    fn inner(&self, key: &str, inner: &str) -> Option<&str> {
        self.data.get(key)?.get(inner)?.as_str().filter(|text| !text.is_empty())
    }

    fn day(&self, key: &str) -> Option<String> {
        let at = DateTime::parse_from_rfc3339(self.text(key)?).ok()?.to_utc();
        Some(at.format("%-d %B %Y, %H:%M UTC").to_string())
    }

    fn of_tenant(&self, key: &str) -> Option<&str> {
        self.tenant?.get(key)?.as_str()
    }

    /// The tenant's name; for the platform, the platform's.
    fn tenant(&self) -> &str {
        self.of_tenant("name").unwrap_or("the platform")
    }

    fn page(&self) -> String {
        let local = match (self.text("link").filter(|link| link.starts_with('/')), self.of_tenant("slug")) {
            (Some(link), _) => link.to_owned(),
            (None, Some(slug)) => pages::tenant(slug),
            (None, None) => "/".to_owned(),
        };
        format!("{}{local}", self.console)
    }
}

/// The letter of an event.
pub fn letter(facts: &Facts<'_>) -> Letter {
    let tenant = facts.tenant();
    let when = Some(facts.at.format("%-d %B %Y, %H:%M UTC").to_string());
    let begin = |subject: String| Letter::new(subject).paragraph(format!("Hello {},", facts.name));
    let open = "Open it in Steward";
    match facts.event {
        Event::TenantSuspended => begin(format!("{tenant} is suspended"))
            .paragraph(match facts.word::<Suspension>("scope") {
                Some(Suspension::ReadOnly) => format!(
                    "{tenant} is suspended and can only be read: nothing can be changed, and no conversations are taken in. Nothing has been deleted."
                ),
                _ => format!(
                    "{tenant} is suspended: its people and programs have no access. Nothing has been deleted."
                ),
            })
            .facts(vec![
                ("Reason", facts.word::<SuspensionReason>("reason").map(|word| word.label().to_owned())),
                ("Since", when),
            ])
            .paragraph("Answer to your contact on our side if you think that this is a mistake, or when the cause is gone.")
            .link(open, facts.page()),
        Event::SuspensionChanged => begin(match facts.word::<Suspension>("scope") {
            Some(Suspension::ReadOnly) => format!("{tenant} can be read again"),
            _ => format!("{tenant} is blocked"),
        })
            .paragraph(match facts.word::<Suspension>("scope") {
                Some(Suspension::ReadOnly) => format!(
                    "The suspension of {tenant} goes less far from now on: its people and programs can read again. Nothing can be changed, and no conversations are taken in. Nothing has been deleted."
                ),
                _ => format!(
                    "The suspension of {tenant} goes further from now on: its people and programs have no access any more. Nothing has been deleted."
                ),
            })
            .facts(vec![
                ("Reason", facts.word::<SuspensionReason>("reason").map(|word| word.label().to_owned())),
                ("Since", when),
            ])
            .paragraph("Answer to your contact on our side if you think that this is a mistake, or when the cause is gone.")
            .link(open, facts.page()),
        Event::TenantReinstated => begin(format!("{tenant} is reinstated"))
            .paragraph(format!(
                "The suspension of {tenant} has ended: its people and programs have full access again, and waiting conversations are taken up."
            ))
            .facts(vec![("Since", when)])
            .link(open, facts.page()),
        Event::PlanChanged => {
            let plan = |key| facts.word::<PlanId>(key).map(|plan| plan.label().to_owned());
            begin(format!("{tenant} is on another plan"))
                .paragraph(format!("The plan of {tenant} has changed; its limits hold from now on."))
                .facts(vec![("Before", plan("from")), ("Now", plan("to")), ("Since", when)])
                .link("See plan and limits", facts.page())
        }
        Event::PlanScheduled | Event::PlanScheduleCancelled => plan_schedule(facts, begin),
        Event::PlanRequestDecided => plan_request(facts, begin),
        Event::TrialEnding => begin(format!("The trial of {tenant} ends soon"))
            .paragraph(format!("The trial of {tenant} is about to end. What happens next is your choice: a plan, or nothing."))
            .facts(vec![("Ends", facts.day("trial_ends_at"))])
            .link(open, facts.page()),
        Event::TrialEnded => begin(format!("The trial of {tenant} has ended"))
            .paragraph(format!(
                "The trial of {tenant} has ended. It is kept as it is and nothing has been deleted; with a plan it goes on."
            ))
            .facts(vec![("Ended", facts.day("trial_ends_at").or(when))])
            .link(open, facts.page()),
        Event::TrialExtended => begin(format!("The trial of {tenant} is longer"))
            .paragraph(format!("The trial of {tenant} has been extended. Until it ends everything stays as it is; before it ends you are told again."))
            .facts(vec![("Ends", facts.day("trial_ends_at"))])
            .link(open, facts.page()),
        Event::TrialConverted => begin(format!("{tenant} is on trial no more"))
            .paragraph(format!("The trial of {tenant} is over, and it goes on: plan, people and data are as they were, and no day ends it any more."))
            .facts(vec![
                ("Plan", facts.of_tenant("plan").and_then(|plan| plan.parse::<PlanId>().ok()).map(|plan| plan.label().to_owned())),
                ("Since", when),
            ])
            .link(open, facts.page()),
        Event::TenantProvisioned => begin(format!("{tenant} is ready"))
            .paragraph(format!("{tenant} has been set up and checked, and is ready to be used."))
            .facts(vec![
                ("Plan", facts.of_tenant("plan").and_then(|plan| plan.parse::<PlanId>().ok()).map(|plan| plan.label().to_owned())),
                ("Status", facts.of_tenant("status").and_then(|word| word.parse::<Status>().ok()).map(|status| status.label().to_owned())),
            ])
            .link(open, facts.page()),
        Event::UserInvited => invited(facts, begin(format!("You are invited to {tenant}"))),
        Event::OffboardingStarted => begin(format!("{tenant} is being taken down"))
            .paragraph(format!(
                "The end of {tenant} has begun. Until its grace period is over its data can be read and exported; then access ends, and later the data is deleted."
            ))
            .facts(vec![
                ("Reason", facts.word::<OffboardingReason>("reason").map(|word| word.label().to_owned())),
                ("Access ends", facts.day("grace_ends_at")),
            ])
            .paragraph("This can still be called back. Export what you want to keep in time.")
            .link(open, facts.page()),
        Event::OffboardingCancelled => begin(format!("{tenant} stays"))
            .paragraph(format!("The end of {tenant} has been called back. It goes on as it was."))
            .facts(vec![("Status", facts.word::<Status>("status").map(|status| status.label().to_owned()))])
            .link(open, facts.page()),
        Event::TenantOffboarded => begin(format!("Access to {tenant} has ended"))
            .paragraph(format!("The grace period of {tenant} is over and all access has ended. Its data is kept until its retention is over."))
            .facts(vec![("Ended", when)]),
        Event::TenantRestored => begin(format!("{tenant} is restored"))
            .paragraph(format!("{tenant} has been brought back."))
            .link(open, facts.page()),
        Event::TenantDeleted => begin(format!("{tenant} is deleted"))
            .paragraph(format!("All data of {tenant} has been deleted, and the deletion was verified."))
            .facts(vec![("Deleted", when)]),
        Event::ExportReady => begin(format!("The export of {tenant} is ready"))
            .paragraph(format!("The data of {tenant} has been exported and can be fetched."))
            .link("Fetch the export", facts.page()),
        Event::ProvisioningFailed | Event::OperationFailed | Event::NeedsOperator => operation(facts, begin),
        Event::ApprovalWaits => waits(facts, begin),
        Event::MonitorRaised | Event::MonitorCleared => monitor(facts, begin),
        Event::WebhookDisabled => {
            let name = facts.inner("webhook", "name").unwrap_or("An endpoint");
            begin(format!("The webhook “{name}” was switched off"))
                .paragraph(format!("The webhook “{name}” of {tenant} was switched off; nothing is sent to it any more."))
                .facts(vec![
                    ("Address", facts.inner("webhook", "url").map(str::to_owned)),
                    ("Why", facts.text("problem").map(str::to_owned)),
                ])
                .link("See its deliveries", format!("{}{}", facts.console, pages::webhooks(facts.of_tenant("slug"))))
        }
        Event::SignupRequested => signup(facts, begin("Confirm your sign-up".to_owned())),
        Event::SignupEnded => signup_ended(facts, begin("Your sign-up was not completed".to_owned())),
        Event::TenantCreated | Event::TenantLive | Event::WebhookTest => {
            begin(format!("{}: {tenant}", facts.event.label())).facts(vec![("When", when)]).link(open, facts.page())
        }
    }
}

/// Raised or cleared: of one tenant with what was found, of many with their number.
fn monitor(facts: &Facts<'_>, begin: impl Fn(String) -> Letter) -> Letter {
    if facts.inner("monitor", "kind") == Some(CATALOGUE) {
        return catalogue(facts, begin);
    }
    let tenant = facts.tenant();
    let raised = facts.event == Event::MonitorRaised;
    let kind = facts.inner("monitor", "kind").and_then(|word| word.parse::<model::monitors::Kind>().ok());
    let kind = kind.map_or("Monitoring", model::monitors::Kind::label);
    let when = Some(facts.at.format("%-d %B %Y, %H:%M UTC").to_string());
    let many = facts.data.get("tenants").and_then(Value::as_u64);
    let (subject, text) = match (many, raised) {
        (Some(many), true) => (
            format!("{kind}: alerts of {many} tenants"),
            format!(
                "{many} tenants have raised this alert within an hour, which speaks for one cause. The overview shows those that have waited longest."
            ),
        ),
        (Some(many), false) => (
            format!("{kind}: alerts of {many} tenants are cleared"),
            format!("The alert of {many} tenants is cleared."),
        ),
        (None, true) => (
            format!("{kind}: alert of {tenant}"),
            format!(
                "A monitor of {tenant} has raised an alert. It stays until what it looks at is as it should be again."
            ),
        ),
        (None, false) => (
            format!("{kind}: the alert of {tenant} is cleared"),
            format!("What a monitor of {tenant} looks at is as it should be again."),
        ),
    };
    begin(subject)
        .paragraph(text)
        .facts(vec![
            ("Monitor", Some(kind.to_owned())),
            ("Found", facts.inner("monitor", "said").map(str::to_owned)),
            ("When", when),
        ])
        .link("Open it in Steward", facts.page())
}

/// What the lint of the database's catalogue has found, or finds no more.
fn catalogue(facts: &Facts<'_>, begin: impl Fn(String) -> Letter) -> Letter {
    let (subject, text) = if facts.event == Event::MonitorRaised {
        (
            "The isolation of tenants is weakened",
            "Something in the database's catalogue lets, or could let, one tenant reach another. You are told of each finding once; they stand on the page of isolation until they are mended.",
        )
    } else {
        (
            "The isolation of tenants is mended",
            "What weakened the isolation of tenants is not found in the database's catalogue any more.",
        )
    };
    begin(subject.to_owned())
        .paragraph(text)
        .facts(vec![
            ("Found", facts.inner("monitor", "said").map(str::to_owned)),
            ("When", Some(facts.at.format("%-d %B %Y, %H:%M UTC").to_string())),
        ])
        .link("Open it in Steward", facts.page())
}

fn plan_schedule(facts: &Facts<'_>, begin: impl Fn(String) -> Letter) -> Letter {
    let tenant = facts.tenant();
    let plan = |key| facts.word::<PlanId>(key).map(|plan| plan.label().to_owned());
    let (subject, what) = if facts.event == Event::PlanScheduled {
        (
            format!("{tenant} moves to another plan"),
            format!(
                "The plan of {tenant} will change on the day below. What it uses then has to fit the new limits; until then nothing changes."
            ),
        )
    } else {
        (
            format!("{tenant} stays on its plan"),
            format!("The change of plan that was scheduled for {tenant} is called off. Nothing changes."),
        )
    };
    begin(subject)
        .paragraph(what)
        .facts(vec![("Now", plan("from")), ("Then", plan("to")), ("Day", facts.day("at"))])
        .link("See plan and limits", facts.page())
}

/// To whoever asked: nothing in it is a note of the platform's people, but for the reason of a refusal, which is theirs.
fn plan_request(facts: &Facts<'_>, begin: impl Fn(String) -> Letter) -> Letter {
    let tenant = facts.tenant();
    let plan = |key| facts.word::<PlanId>(key).map(|plan| plan.label().to_owned());
    let (subject, what) = match facts.word::<Decision>("outcome") {
        Some(Decision::Approved) => (
            format!("{tenant}: your request for another plan is approved"),
            "The plan that you asked for is approved, and the change is being made. The new limits hold as soon as it is done.",
        ),
        Some(Decision::Refused) => (
            format!("{tenant}: your request for another plan is refused"),
            "The plan that you asked for was looked at and is refused. Nothing changes.",
        ),
        Some(Decision::CalledOff) => (
            format!("{tenant}: your request for another plan is called off"),
            "The change of plan that you asked for was called off. Nothing changes.",
        ),
        Some(Decision::Failed) => (
            format!("{tenant}: the plan could not be changed"),
            "The plan that you asked for was approved, but the change could not be made. The plan is what it was. Look at what is used and at the limits, or ask your contact on our side.",
        ),
        None => (
            format!("{tenant}: your request for another plan"),
            "There is news about the plan that you asked for.",
        ),
    };
    let page = match facts.of_tenant("slug") {
        Some(slug) => format!("{}{}", facts.console, pages::plan(slug)),
        None => facts.page(),
    };
    begin(subject)
        .paragraph(what)
        .facts(vec![
            ("From", plan("from")),
            ("To", plan("to")),
            ("Reason", facts.text("message").map(str::to_owned)),
        ])
        .link("See plan and limits", page)
}

fn invited(facts: &Facts<'_>, letter: Letter) -> Letter {
    let tenant = facts.tenant();
    match facts.set_up {
        SetUp::SignIn | SetUp::Account(_) | SetUp::Refused => letter
            .paragraph(format!("You have been given access to {tenant}. Sign in with the password that you have."))
            .link("Sign in", facts.page()),
        SetUp::Token(token) => letter
            .paragraph(format!(
                "You have been given access to {tenant}. Choose a password first; that also confirms that this address is yours."
            ))
            .link("Choose a password", format!("{}{}", facts.console, pages::set_up(token)))
            .paragraph("The link works once, for 7 days. If you did not expect this mail, do nothing."),
        SetUp::Hidden => letter
            .paragraph(format!("You have been given access to {tenant}. Choose a password first; that also confirms that this address is yours."))
            .paragraph("(The link to do so stands in the mail only.)"),
    }
}

/// Nothing that whoever filled in the form has typed stands in it: the address may be a stranger's.
fn signup(facts: &Facts<'_>, letter: Letter) -> Letter {
    let brand = facts.inner("page", "name").unwrap_or("Steward");
    let page = facts.inner("page", "slug").unwrap_or_default();
    let letter = letter.paragraph(format!("Somebody has signed up for {brand} with this address."));
    let last =
        "If it was not you, do nothing: without the link nothing happens, and what was entered is forgotten.";
    match facts.set_up {
        SetUp::Token(token) => letter
            .paragraph("If it was you, confirm it and choose a password.")
            .link("Confirm", format!("{}{}", facts.console, pages::join(page, token)))
            .paragraph(format!("The link works once, for {LINK_HOURS} hours."))
            .paragraph(last),
        SetUp::Account(token) => letter
            .paragraph("You have an account with this address already. If it was you, sign in with it to confirm; your new organisation will be beside those that you belong to.")
            .link("Sign in to confirm", format!("{}{}", facts.console, pages::join(page, token)))
            .paragraph(format!("The link works once, for {LINK_HOURS} hours."))
            .paragraph(last),
        SetUp::Refused => letter
            .paragraph("The account of this address cannot be used for that. If it was you, sign up with another address."),
        SetUp::SignIn | SetUp::Hidden => letter.paragraph("(The link to confirm it stands in the mail only.)").paragraph(last),
    }
}

fn signup_ended(facts: &Facts<'_>, letter: Letter) -> Letter {
    let brand = facts.inner("page", "name").unwrap_or("Steward");
    let organisation = facts.text("organisation").unwrap_or("Your organisation");
    let why = if facts.text("stage") == Some(Stage::Declined.as_str()) {
        format!(
            "Your sign-up for {brand} was looked at and could not be accepted. {organisation} was not set up."
        )
    } else {
        format!(
            "{organisation} could not be set up at {brand}. That is our fault, not yours: people here have been told and look at it. If it works out after all, you will get another mail."
        )
    };
    letter.paragraph(why).paragraph("Your account is yours and stays as it is.")
}

fn operation(facts: &Facts<'_>, begin: impl Fn(String) -> Letter) -> Letter {
    let tenant = facts.tenant();
    let kind = facts.inner("operation", "kind").unwrap_or("operation").replace('_', " ");
    let parked = facts.text("state") == Some(State::Parked.as_str());
    let (subject, what) = match facts.event {
        Event::NeedsOperator if parked => (
            format!("{tenant}: {kind} is parked"),
            "An operation has stopped where it is. Nothing was undone, and nothing goes on by itself: somebody has to look at it.",
        ),
        Event::OperationFailed if parked => (
            format!("{tenant}: {kind} failed in part"),
            "Some of it failed. What was done stays as it is; what failed can be tried again, or left.",
        ),
        Event::NeedsOperator => (
            format!("{tenant}: {kind} needs an operator"),
            "An operation has stopped in the middle and cannot undo itself. Somebody has to look at it.",
        ),
        Event::ProvisioningFailed => (
            format!("{tenant} could not be set up"),
            "Setting it up failed; everything done so far was undone.",
        ),
        _ => (format!("{tenant}: {kind} failed"), "An operation failed; everything done so far was undone."),
    };
    begin(subject)
        .paragraph(what)
        .facts(vec![
            ("About", facts.inner("operation", "subject").map(str::to_owned)),
            ("Step", facts.inner("operation", "step").map(str::to_owned)),
            ("Problem", facts.text("problem").map(str::to_owned)),
            ("Operation", facts.inner("operation", "id").map(str::to_owned)),
        ])
        .link("See what happened", operation_page(facts))
}

fn operation_page(facts: &Facts<'_>) -> String {
    match facts.inner("operation", "id") {
        Some(id) if facts.text("link").is_none() => format!("{}{}", facts.console, pages::operation(id)),
        _ => facts.page(),
    }
}

/// Why it was asked for stands on its page: a mail travels further than its readers.
fn waits(facts: &Facts<'_>, begin: impl Fn(String) -> Letter) -> Letter {
    let kind = facts.inner("operation", "kind").unwrap_or("An operation");
    let about = facts.inner("operation", "subject").unwrap_or_else(|| facts.tenant());
    begin(format!("Waits for approval: {kind}, {about}"))
        .paragraph("Somebody has asked for an operation that begins only after a second person has approved it. Whoever asked cannot; you can, or reject it with a reason.")
        .facts(vec![
            ("Operation", Some(kind.to_owned())),
            ("About", Some(about.to_owned())),
            ("Asked for by", facts.text("asked_by").map(str::to_owned)),
        ])
        .link("Look at it and decide", operation_page(facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts<'a>(event: Event, data: &'a Value, tenant: Option<&'a Value>) -> Facts<'a> {
        let set_up = SetUp::Token("secret-token");
        let at = DateTime::UNIX_EPOCH;
        Facts { event, at, data, tenant, name: "Ada", console: "https://steward.example", set_up }
    }

    #[test]
    fn every_event_has_a_letter_with_and_without_its_facts() {
        let tenant = json!({ "slug": "acme", "name": "Acme <Ltd>", "plan": "free", "status": "trial" });
        let empty = json!({});
        for event in Event::ALL {
            for tenant in [None, Some(&tenant)] {
                let letter = letter(&facts(*event, &empty, tenant));
                assert!(!letter.subject.is_empty() && letter.text().starts_with("Hello Ada,"), "{event:?}");
                assert!(!letter.html().contains("<Ltd>"), "{event:?}");
            }
        }
    }

    #[test]
    fn what_the_lint_finds_is_told_as_the_platforms_own() {
        let monitor = json!({ "kind": CATALOGUE, "said": "R05 a view: steward.bad" });
        let data = json!({ "monitor": monitor, "findings": 1, "link": "/isolation" });
        let raised = letter(&facts(Event::MonitorRaised, &data, None));
        assert_eq!(raised.subject, "The isolation of tenants is weakened");
        assert!(raised.text().contains("steward.bad") && raised.text().contains("/isolation"));
        let cleared = letter(&facts(Event::MonitorCleared, &data, None));
        assert_eq!(cleared.subject, "The isolation of tenants is mended");
    }

    #[test]
    fn a_suspension_says_why_and_how_far() {
        let tenant = json!({ "slug": "acme", "name": "Acme" });
        let data = json!({ "reason": "payment_failure", "scope": "read_only" });
        let text = letter(&facts(Event::TenantSuspended, &data, Some(&tenant))).text();
        assert!(text.contains("Payment failure") && text.contains("can only be read"), "{text}");
        assert!(text.contains("https://steward.example/tenants/acme"), "{text}");
    }

    #[test]
    fn another_scope_says_what_is_left() {
        let tenant = json!({ "slug": "acme", "name": "Acme" });
        for (scope, subject, words) in [
            ("read_only", "Acme can be read again", "goes less far"),
            ("blocked", "Acme is blocked", "have no access any more"),
        ] {
            let data = json!({ "reason": "security_incident", "scope": scope });
            let letter = letter(&facts(Event::SuspensionChanged, &data, Some(&tenant)));
            assert_eq!(letter.subject, subject);
            let text = letter.text();
            assert!(text.contains(words) && text.contains("Security incident"), "{text}");
        }
    }

    #[test]
    fn the_link_of_an_invitation_stands_in_the_mail_and_not_in_the_log() {
        let data = json!({});
        let mut facts = facts(Event::UserInvited, &data, None);
        assert!(letter(&facts).text().contains("https://steward.example/set-up/secret-token"));
        for other in [SetUp::SignIn, SetUp::Hidden] {
            facts.set_up = other;
            let letter = letter(&facts);
            assert!(!letter.text().contains("secret-token") && !letter.html().contains("secret-token"));
        }
    }

    #[test]
    fn what_is_parked_is_not_said_to_be_undone() {
        let operation = json!({ "id": "1", "kind": "Bulk", "subject": "3 tenants" });
        let data = json!({ "operation": operation, "problem": "1 tenant failed.", "state": "parked" });
        for event in [Event::NeedsOperator, Event::OperationFailed] {
            let text = letter(&facts(event, &data, None)).text();
            assert!(!text.contains("everything done so far was undone"), "{text}");
            assert!(text.contains("1 tenant failed."), "{text}");
        }
    }

    #[test]
    fn a_link_leads_nowhere_else() {
        let data = json!({ "link": "https://evil.example/", "operation": { "kind": "provision" } });
        let text = letter(&facts(Event::NeedsOperator, &data, None)).text();
        assert!(!text.contains("evil"), "{text}");
        let data = json!({ "operation": { "id": "1" } });
        assert!(
            letter(&facts(Event::NeedsOperator, &data, None))
                .text()
                .contains("https://steward.example/operations/1")
        );
    }
}
