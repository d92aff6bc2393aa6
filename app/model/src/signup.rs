//! Self-service sign-up (R144): pages on which organisations ask for a tenant by themselves, and how far each of them is.
//!
//! Invariants: the slug of a page never changes; what a visitor is told before their address is confirmed is the same
//! whoever has an account; a page takes in nobody whose template cannot be applied.

use crate::operations::{State, StepState};
use crate::states::words;
use crate::tenants::{Placement, PlanId};
use crate::validate::{self, FieldErrors};
use crate::{OperationId, SignupPageId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Hours that the link of a mail is good for, until it is used.
pub const LINK_HOURS: i32 = 24;
/// The longest name of an organisation and of a person, in characters.
pub const ORGANISATION_MAX: u32 = 200;
pub const NAME_MAX: u32 = 120;
/// The most tenants that one page may begin within 24 hours.
pub const DAILY_MAX: i32 = 1_000;
/// The longest trial, in days.
const TRIAL_MAX: i32 = 365;
/// The most domains that one page is limited to.
const DOMAINS_MAX: usize = 20;

words! {
    /// The colour that a page carries. Each has one value for light and one for dark that keep the contrast that WCAG asks
    /// for (`style/_tokens.scss`); a colour that nobody has checked cannot be chosen.
    Colour {
        Petrol = "petrol", "Petrol";
        Blue = "blue", "Blue";
        Green = "green", "Green";
        Rose = "rose", "Rose";
        Orange = "orange", "Orange";
        Slate = "slate", "Slate";
    }
}

/// A form about a page, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageInput {
    /// Of a new page; empty: made from the name.
    pub slug: String,
    pub name: String,
    pub greeting: String,
    pub colour: String,
    pub terms_url: String,
    /// A template's key, or `key.version`.
    pub template: String,
    pub plan: String,
    pub placement: String,
    pub region: String,
    pub trial_days: String,
    /// With commas or spaces between.
    pub email_domains: String,
    pub daily_limit: String,
    /// Nothing: not ticked.
    pub approval: String,
}

/// What a page says and makes, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageContent {
    pub name: String,
    pub greeting: String,
    pub colour: Colour,
    pub terms_url: Option<String>,
    /// A template's key.
    pub template: String,
    /// None: the newest published one.
    pub template_version: Option<i32>,
    pub plan: PlanId,
    pub placement: Placement,
    pub region: String,
    pub trial_days: i32,
    /// None: every address may sign up.
    pub email_domains: Vec<String>,
    /// Tenants within 24 hours.
    pub daily_limit: i32,
    /// A person of the platform lets each of them begin.
    pub approval: bool,
}

impl PageInput {
    /// The slug of a new page.
    pub fn slug(&self) -> Result<String, String> {
        if self.slug.trim().is_empty() {
            Ok(validate::suggest_slug(&self.name))
        } else {
            validate::slug(&self.slug)
        }
    }

    /// Everything but the slug, the region as it was typed.
    pub fn validate(&self) -> Result<PageContent, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", validate::line(&self.name, "A name", 80));
        let greeting = errors.take("greeting", validate::optional(&self.greeting, "A greeting", 600));
        let colour = errors.take("colour", validate::word::<Colour>(&self.colour, "A colour"));
        let terms_url = errors.take("terms_url", terms(&self.terms_url));
        let template = errors.take("template", template(&self.template));
        let plan = errors.take("plan", validate::word::<PlanId>(&self.plan, "A plan"));
        let placement = errors.take("placement", validate::word::<Placement>(&self.placement, "A place"));
        let trial_days =
            errors.take("trial_days", number(&self.trial_days, 0, TRIAL_MAX, "A trial has", "days"));
        let email_domains = errors.take("email_domains", domains(&self.email_domains));
        let limit = number(&self.daily_limit, 1, DAILY_MAX, "A page makes", "tenants a day");
        let daily_limit = errors.take("daily_limit", limit);
        match (
            name,
            greeting,
            colour,
            terms_url,
            template,
            plan,
            placement,
            trial_days,
            email_domains,
            daily_limit,
        ) {
            (
                Some(name),
                Some(greeting),
                Some(colour),
                Some(terms_url),
                Some((template, template_version)),
                Some(plan),
                Some(placement),
                Some(trial_days),
                Some(email_domains),
                Some(daily_limit),
            ) => Ok(PageContent {
                name,
                greeting: greeting.unwrap_or_default(),
                colour,
                terms_url,
                template,
                template_version,
                plan,
                placement,
                region: self.region.clone(),
                trial_days,
                email_domains,
                daily_limit,
                approval: !self.approval.is_empty(),
            }),
            _ => Err(errors),
        }
    }
}

/// An address that browsers are led to: another site's, by TLS, and nothing else.
fn terms(text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let plain = text.len() <= 500 && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>\\`".contains(&b));
    let host = host.and_then(|host| {
        host.rsplit_once(':').map_or(Some(host), |(name, port)| port.parse::<u16>().is_ok().then_some(name))
    });
    if plain && host.is_some_and(|host| validate::domain(host).is_ok()) {
        Ok(Some(text.to_owned()))
    } else {
        Err("The terms need an address like https://example.com/terms.".into())
    }
}

/// `key`, or `key.version`.
fn template(word: &str) -> Result<(String, Option<i32>), String> {
    let (key, version) = match word.split_once('.') {
        Some((key, version)) => {
            (key, Some(version.parse::<i32>().map_err(|_| "Choose a template.".to_owned())?))
        }
        None => (word, None),
    };
    if key.is_empty() { Err("Choose a template.".into()) } else { Ok((key.to_owned(), version)) }
}

fn number(text: &str, least: i32, most: i32, what: &str, unit: &str) -> Result<i32, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("{what} {least} to {most} {unit}."))
}

fn domains(text: &str) -> Result<Vec<String>, String> {
    let mut domains = Vec::new();
    for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
        let domain = validate::domain(word.trim_start_matches('@'))?;
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    if domains.len() > DOMAINS_MAX {
        return Err(format!("At most {DOMAINS_MAX} domains."));
    }
    Ok(domains)
}

/// Whether an address may sign up on a page that is limited to these domains; none: every address may.
pub fn may_sign_up(email: &str, domains: &[String]) -> bool {
    domains.is_empty()
        || email.rsplit_once('@').is_some_and(|(_, host)| domains.iter().any(|domain| domain == host))
}

/// A sign-up page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignupPage {
    pub id: SignupPageId,
    pub slug: String,
    pub content: PageContent,
    pub template_name: String,
    /// Its template can be applied: the pinned version, or any, is published.
    pub offered: bool,
    pub open: bool,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i64,
}

impl SignupPage {
    /// Whether visitors can sign up.
    pub fn takes_in(&self) -> bool {
        self.open && self.offered
    }

    /// The template as a form names it.
    pub fn template_word(&self) -> String {
        match self.content.template_version {
            Some(version) => format!("{}.{version}", self.content.template),
            None => self.content.template.clone(),
        }
    }
}

/// A page in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRow {
    pub page: SignupPage,
    /// Confirmed within 24 hours, and ever.
    pub today: i64,
    pub confirmed: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageList {
    pub rows: Vec<PageRow>,
    pub may_edit: bool,
}

/// A version of a template that a page can begin tenants with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateChoice {
    pub key: String,
    pub name: String,
    pub version: i32,
}

/// One page with what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageDetail {
    pub row: PageRow,
    /// The whole address for visitors.
    pub address: String,
    /// The newest first, [`SHOWN`] at most.
    pub signups: Vec<Signup>,
    pub may_edit: bool,
}

/// How many sign-ups the page of a page shows.
pub const SHOWN: i64 = 100;

words! {
    /// How far somebody is who has signed up.
    Stage {
        Unconfirmed = "unconfirmed", "Address not confirmed";
        Approval = "approval", "Awaiting approval";
        Making = "making", "Being set up";
        /// It has stopped, and people of the platform have to look at it.
        Held = "held", "Needs an operator";
        Ready = "ready", "Ready";
        Failed = "failed", "Not set up";
        Declined = "declined", "Declined";
    }
}

impl Stage {
    /// From the state of the operation that makes the tenant; none: the address is not confirmed.
    pub const fn of(operation: Option<State>) -> Self {
        match operation {
            None => Self::Unconfirmed,
            Some(State::Requested) => Self::Approval,
            Some(State::Queued | State::Running | State::Undoing) => Self::Making,
            Some(State::Parked | State::NeedsOperator) => Self::Held,
            Some(State::Succeeded) => Self::Ready,
            Some(State::Failed) => Self::Failed,
            Some(State::Rejected | State::Cancelled | State::RolledBack) => Self::Declined,
        }
    }

    /// Whether the person who waits may see something else by waiting.
    pub const fn moves(self) -> bool {
        matches!(self, Self::Approval | Self::Making | Self::Held)
    }
}

/// Somebody who has signed up, for people of the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signup {
    pub organisation: String,
    pub name: String,
    pub email: String,
    pub stage: Stage,
    pub at: DateTime<Utc>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub operation: Option<OperationId>,
    /// The address of the tenant, where it is there.
    pub tenant: Option<String>,
}

/// What a visitor sees of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    pub slug: String,
    pub name: String,
    pub greeting: String,
    pub colour: Colour,
    pub terms_url: Option<String>,
    pub email_domains: Vec<String>,
    pub trial_days: i32,
    /// Visitors can sign up.
    pub open: bool,
}

/// What a visitor has typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    pub organisation: String,
    pub name: String,
    pub email: String,
    /// Agreed to the terms, where there are any.
    pub agreed: bool,
    /// A field that no person sees. Whoever fills it in is a program.
    pub trap: String,
}

/// A registration whose every field is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    pub organisation: String,
    pub name: String,
    pub email: String,
}

impl Registration {
    /// # Errors
    /// `Invalid` by the form's fields. It says nothing of who is known here.
    pub fn validate(&self, terms: bool, domains: &[String]) -> Result<Registered, FieldErrors> {
        let mut errors = FieldErrors::default();
        let organisation =
            validate::line(&self.organisation, "The name of your organisation", ORGANISATION_MAX);
        let organisation = errors.take("organisation", organisation);
        let name = errors.take("name", validate::line(&self.name, "Your name", NAME_MAX));
        let email = validate::email(&self.email).and_then(|email| {
            if may_sign_up(&email, domains) {
                Ok(email)
            } else {
                Err(format!("Use an address at {}.", domains.join(" or ")))
            }
        });
        let email = errors.take("email", email);
        if terms && !self.agreed {
            errors.add("terms", "Agree to the terms to go on.");
        }
        match (organisation, name, email, errors.is_empty()) {
            (Some(organisation), Some(name), Some(email), true) => {
                Ok(Registered { organisation, name, email })
            }
            _ => Err(errors),
        }
    }
}

words! {
    /// What the page of a link asks for.
    Ask {
        /// Nobody has an account with this address: the first password of one.
        Choose = "choose", "Choose a password";
        /// There is an account: its password.
        Prove = "prove", "Sign in to confirm";
        /// Its owner is signed in: one click.
        Agree = "agree", "Confirm";
        /// The account cannot begin a tenant.
        Refused = "refused", "Cannot be confirmed";
        /// It is confirmed.
        Wait = "wait", "See how far it is";
    }
}

/// The page of a link in a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub door: Door,
    pub organisation: String,
    pub name: String,
    pub email: String,
    pub ask: Ask,
    pub progress: Option<Progress>,
}

/// How far the tenant is, for whoever waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub stage: Stage,
    /// What is done, in order.
    pub steps: Vec<(String, StepState)>,
    /// The tenant's address, once it can be entered.
    pub tenant: Option<String>,
}

impl Progress {
    /// Steps that are done, and all.
    pub fn count(&self) -> (usize, usize) {
        (self.steps.iter().filter(|(_, state)| *state == StepState::Done).count(), self.steps.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> PageInput {
        PageInput {
            name: "Voice Cloud".into(),
            colour: "blue".into(),
            template: "baseline.2".into(),
            plan: "free".into(),
            placement: "pooled".into(),
            trial_days: "30".into(),
            email_domains: "Example.com, @example.org example.com".into(),
            daily_limit: "25".into(),
            ..PageInput::default()
        }
    }

    #[test]
    fn a_page_is_checked_as_a_whole() {
        let page = input().validate().expect("fine");
        assert_eq!((page.template.as_str(), page.template_version), ("baseline", Some(2)));
        assert_eq!(page.email_domains, ["example.com", "example.org"]);
        assert!(!page.approval && page.terms_url.is_none());
        assert_eq!(input().slug().as_deref(), Ok("voice-cloud"));
        let errors =
            PageInput { daily_limit: "0".into(), ..PageInput::default() }.validate().expect_err("wrong");
        let fields: Vec<_> = errors.0.keys().map(String::as_str).collect();
        assert_eq!(fields, ["colour", "daily_limit", "name", "placement", "plan", "template", "trial_days"]);
        let errors = PageInput {
            colour: "#ff0000".into(),
            template: "baseline.x".into(),
            email_domains: "nonsense".into(),
            trial_days: "-1".into(),
            ..input()
        }
        .validate()
        .expect_err("wrong");
        let fields: Vec<_> = errors.0.keys().map(String::as_str).collect();
        assert_eq!(fields, ["colour", "email_domains", "template", "trial_days"]);
    }

    #[test]
    fn terms_lead_to_another_site_and_nowhere_else() {
        assert_eq!(terms(" "), Ok(None));
        for good in
            ["https://example.com/terms?v=2#top", "https://a.example.org", "https://example.com:8443/x"]
        {
            assert_eq!(terms(good), Ok(Some(good.to_owned())), "{good}");
        }
        for bad in [
            "http://example.com",
            "javascript:alert(1)",
            "https://",
            "//example.com",
            "https://e\"x.com",
            "https://user@evil.com/",
            "https://a b.com",
            "data:text/html,x",
        ] {
            assert!(terms(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_domain_itself_may_sign_up() {
        let only = ["example.com".to_owned()];
        assert!(may_sign_up("a@example.com", &only) && may_sign_up("a@anything.org", &[]));
        for bad in ["a@sub.example.com", "a@notexample.com", "a@example.com.evil.org", "example.com"] {
            assert!(!may_sign_up(bad, &only), "{bad}");
        }
    }

    #[test]
    fn a_registration_says_all_that_is_wrong_at_once() {
        let errors = Registration { email: "x".into(), ..Registration::default() }
            .validate(true, &[])
            .expect_err("wrong");
        let fields: Vec<_> = errors.0.keys().map(String::as_str).collect();
        assert_eq!(fields, ["email", "name", "organisation", "terms"]);
        let typed = Registration {
            organisation: " Acme & Söhne ".into(),
            name: "Ada".into(),
            email: " ADA@Example.com ".into(),
            ..Registration::default()
        };
        let fine = typed.validate(false, &[]).expect("fine");
        assert_eq!((fine.organisation.as_str(), fine.email.as_str()), ("Acme & Söhne", "ada@example.com"));
        // Nothing of it can add a line to a mail's head.
        for (name, email) in
            [("Ada\r\nBcc: b@example.com", "a@example.com"), ("Ada", "a@example.com\r\nBcc: b@example.com")]
        {
            let typed = Registration { name: name.into(), email: email.into(), ..typed.clone() };
            assert!(typed.validate(false, &[]).is_err(), "{name} {email}");
        }
    }

    #[test]
    fn every_state_of_an_operation_is_a_stage() {
        assert_eq!(Stage::of(None), Stage::Unconfirmed);
        for state in State::ALL {
            let stage = Stage::of(Some(*state));
            assert_ne!(stage, Stage::Unconfirmed);
            // Whoever waits is not left waiting for what has ended.
            assert_eq!(
                stage.moves(),
                !state.is_settled() || matches!(state, State::Parked | State::NeedsOperator)
            );
        }
    }
}
