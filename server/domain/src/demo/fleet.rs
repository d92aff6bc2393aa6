//! The tenants: pure code, from an index and a time to a tenant. The first [`CASES`] show every status, reason and
//! stage once, so that every screen has something to show; the rest is a fleet as one would meet it.

use super::names;
use super::random::Random;
use chrono::{DateTime, Duration, Utc};
use model::tenants::{OffboardingReason, PlanId, Status, Suspension, SuspensionReason};
use uuid::Uuid;

/// How long it took to make one.
pub(super) const PROVISIONED: Duration = Duration::seconds(85);

/// How a tenant fares; decides its usage and its signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    Thriving,
    Steady,
    Seasonal,
    Slipping,
    /// Stopped sending some days ago.
    Silent,
    /// Too young or too closed to be measured.
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tenant {
    pub index: u64,
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub domain: Option<String>,
    pub external_id: String,
    pub parent: Option<Uuid>,
    pub status: Status,
    pub status_since: DateTime<Utc>,
    pub status_before: Option<Status>,
    pub suspension: Option<Suspension>,
    pub reason: Option<&'static str>,
    pub note: Option<&'static str>,
    pub trial_ends_at: Option<DateTime<Utc>>,
    pub grace_ends_at: Option<DateTime<Utc>>,
    pub plan: PlanId,
    pub region: &'static str,
    pub country: &'static str,
    pub industry: &'static str,
    /// Which of the customer-success people looks after it.
    pub owner: Option<usize>,
    pub tags: Vec<&'static str>,
    pub legal_hold: bool,
    pub support_contact: Option<String>,
    pub escalation_contact: Option<String>,
    pub configured_at: Option<DateTime<Utc>>,
    pub validated_at: Option<DateTime<Utc>>,
    pub live_at: Option<DateTime<Utc>>,
    pub score: Option<i16>,
    /// Against the score of a week ago.
    pub delta: Option<i16>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub course: Course,
}

/// A tenant that must exist.
#[derive(Clone, Copy)]
enum Case {
    Status(Status),
    Trial {
        days_left: i64,
    },
    Suspended(SuspensionReason, Suspension, Status),
    Offboarding(OffboardingReason, i64),
    /// Active, and this many of the three milestones behind it.
    Milestones(usize),
    Course(Course),
}

const CASES: [Case; 36] = [
    // Index 0 is the tenant of the demo's tenant admin: nothing about it is left to chance.
    Case::Course(Course::Thriving),
    Case::Course(Course::Silent),
    Case::Course(Course::Slipping),
    Case::Course(Course::Seasonal),
    Case::Course(Course::Steady),
    Case::Trial { days_left: 9 },
    Case::Trial { days_left: 1 },
    Case::Trial { days_left: -2 },
    Case::Suspended(SuspensionReason::PaymentFailure, Suspension::ReadOnly, Status::Active),
    Case::Suspended(SuspensionReason::TermsViolation, Suspension::Blocked, Status::Active),
    Case::Suspended(SuspensionReason::SecurityIncident, Suspension::Blocked, Status::Active),
    Case::Suspended(SuspensionReason::CustomerRequest, Suspension::ReadOnly, Status::Active),
    Case::Suspended(SuspensionReason::Inactivity, Suspension::ReadOnly, Status::Active),
    Case::Suspended(SuspensionReason::TrialEnded, Suspension::ReadOnly, Status::Trial),
    Case::Offboarding(OffboardingReason::CustomerRequest, 21),
    Case::Offboarding(OffboardingReason::ContractEnd, 2),
    Case::Offboarding(OffboardingReason::NonPayment, 41),
    Case::Offboarding(OffboardingReason::TermsViolation, 0),
    Case::Status(Status::Provisioning),
    Case::Status(Status::Failed),
    Case::Status(Status::Offboarded),
    Case::Status(Status::Purging),
    Case::Status(Status::Deleted),
    Case::Milestones(0),
    Case::Milestones(1),
    Case::Milestones(2),
    Case::Course(Course::Slipping),
    Case::Course(Course::Thriving),
    Case::Course(Course::Silent),
    Case::Course(Course::Steady),
    Case::Course(Course::Seasonal),
    Case::Course(Course::Slipping),
    Case::Trial { days_left: 5 },
    Case::Trial { days_left: 12 },
    Case::Milestones(1),
    Case::Milestones(2),
];

const REGIONS: [(&str, &[&str]); 4] = [
    ("eu-1", &["DE", "FR", "ES", "SE", "PL", "IE", "NL"]),
    ("us-1", &["US", "CA"]),
    ("us-2", &["US", "MX", "BR"]),
    ("ap-1", &["JP", "SG", "AU", "IN"]),
];
const TAGS: [&str; 12] = [
    "pilot",
    "reference",
    "partner",
    "regulated",
    "multi-brand",
    "voice",
    "chat-only",
    "renewal-q1",
    "renewal-q2",
    "migrated",
    "vip",
    "api-first",
];
/// Customer-success people among whom tenants are shared out; see `people`.
pub(super) const OWNERS: usize = 6;
const DAY: i64 = 86_400;
/// Days without a conversation after which a tenant is suspended for its silence.
pub(super) const SILENT_DAYS: i64 = 60;

fn days(n: i64) -> Duration {
    Duration::seconds(n * DAY)
}

/// The tenant of this index, in a fleet that is looked at now.
pub(super) fn tenant(index: u64, now: DateTime<Utc>) -> Tenant {
    let mut random = Random::of("tenant", index);
    let (name, industry) = names::company(index);
    let case = usize::try_from(index).ok().and_then(|at| CASES.get(at)).copied();
    let status = match case {
        Some(Case::Status(status)) => status,
        Some(Case::Trial { .. }) => Status::Trial,
        Some(Case::Suspended(..)) => Status::Suspended,
        Some(Case::Offboarding(..)) => Status::Offboarding,
        Some(Case::Milestones(_) | Case::Course(_)) => Status::Active,
        None => random.weighted(&[
            (Status::Active, 700),
            (Status::Trial, 140),
            (Status::Suspended, 55),
            (Status::Offboarding, 30),
            (Status::Offboarded, 20),
            (Status::Deleted, 20),
            (Status::Provisioning, 20),
            (Status::Failed, 10),
            (Status::Purging, 5),
        ]),
    };
    let course = match case {
        Some(Case::Course(course)) => course,
        _ => random.weighted(&[
            (Course::Thriving, 28),
            (Course::Steady, 36),
            (Course::Seasonal, 12),
            (Course::Slipping, 16),
            (Course::Silent, 8),
        ]),
    };
    let plan = match status {
        _ if index == 0 => PlanId::Professional,
        Status::Trial => {
            random.weighted(&[(PlanId::Starter, 5), (PlanId::Professional, 4), (PlanId::Enterprise, 1)])
        }
        _ => random.weighted(&[
            (PlanId::Free, 22),
            (PlanId::Starter, 33),
            (PlanId::Professional, 31),
            (PlanId::Enterprise, 14),
        ]),
    };
    let (region, countries) = if index == 0 { REGIONS[0] } else { random.pick(&REGIONS) };
    let mut t = Tenant {
        index,
        id: Uuid::nil(),
        slug: names::slug(&name),
        domain: None,
        external_id: format!("CRM-{:06}", 100_000 + index),
        parent: None,
        status,
        status_since: now,
        status_before: None,
        suspension: None,
        reason: None,
        note: None,
        trial_ends_at: None,
        grace_ends_at: None,
        plan,
        region,
        country: random.pick(countries),
        industry,
        owner: (index == 0 || random.chance(88)).then(|| random.range(0, OWNERS as i64 - 1) as usize),
        tags: tags(&mut random),
        // A hold would have kept its data.
        legal_hold: !matches!(status, Status::Purging | Status::Deleted) && random.chance(2) && index != 0,
        support_contact: None,
        escalation_contact: None,
        configured_at: None,
        validated_at: None,
        live_at: None,
        score: None,
        delta: None,
        created_at: now,
        updated_at: now,
        course,
        name,
    };
    life(&mut t, case, now, &mut random);
    let milestones = match case {
        Some(Case::Milestones(reached)) => reached,
        _ => match t.status {
            Status::Provisioning | Status::Failed => 0,
            Status::Trial => ((now - t.created_at).num_days() / 6).clamp(0, 2) as usize,
            // Nobody goes live on a trial that leads to nothing.
            _ if t.status_before == Some(Status::Trial) => random.range(1, 2) as usize,
            // Whoever has been here for months is through with it.
            _ if now - t.created_at > days(60) => 3,
            _ => random.weighted(&[(3, 6), (2, 2), (1, 1), (0, 1)]),
        },
    };
    reach(&mut t, if index == 0 { 3 } else { milestones }, &mut random);
    if matches!(t.status, Status::Provisioning | Status::Failed | Status::Deleted | Status::Purging) {
        t.course = Course::Unknown;
    } else if t.fell_silent() {
        t.course = Course::Silent;
    }
    // Who has nothing to pay is not behind with it, and a free plan is nothing to try.
    if t.plan == PlanId::Free && (t.owes() || t.trial_ends_at.is_some()) {
        t.plan = PlanId::Starter;
    }
    t.tags = if index == 0 { vec!["reference", "voice"] } else { agreeing(&t) };
    t.id = random.id(t.created_at);
    let open = !matches!(t.status, Status::Provisioning | Status::Failed);
    t.domain = (open && (index == 0 || random.chance(85))).then(|| format!("{}.example", t.slug));
    if let Some(domain) = &t.domain {
        t.support_contact = random.chance(80).then(|| format!("support@{domain}"));
        t.escalation_contact = random.chance(45).then(|| format!("operations@{domain}"));
    }
    t.updated_at = t.status_since.max(now - Duration::seconds(random.range(600, 30 * DAY))).max(t.created_at);
    // What a tenant without history shows; with history the snapshots say.
    let measured = t.configured_at.is_some() && t.status != Status::Offboarded;
    t.score = guess(t.course, &mut random).filter(|_| measured);
    t.delta = t.score.map(|_| random.range(-6, 5) as i16);
    t
}

impl Tenant {
    /// Whether a bill of it stands open.
    pub(super) fn owes(&self) -> bool {
        let unpaid = [SuspensionReason::PaymentFailure.as_str(), OffboardingReason::NonPayment.as_str()];
        matches!(self.status, Status::Suspended | Status::Offboarding)
            && self.reason.is_some_and(|reason| unpaid.contains(&reason))
    }

    /// Whether it is suspended because nothing came from it any more.
    pub(super) fn fell_silent(&self) -> bool {
        self.status == Status::Suspended && self.reason == Some(SuspensionReason::Inactivity.as_str())
    }

    /// Until when its people and programs had access.
    pub(super) fn access_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self.status {
            _ if self.fell_silent() => self.status_since - days(SILENT_DAYS),
            Status::Suspended if self.suspension == Some(Suspension::ReadOnly) => now,
            Status::Suspended | Status::Offboarded | Status::Purging | Status::Deleted => self.status_since,
            _ => now,
        }
    }
}

/// Of its tags those that do not contradict each other, or what else is known of it.
fn agreeing(t: &Tenant) -> Vec<&'static str> {
    let has = |tag: &str| t.tags.contains(&tag);
    let fits = |tag: &&str| match *tag {
        "pilot" => t.live_at.is_none(),
        // The conversations of the first are there, and voice is among them.
        "chat-only" => !has("voice") && t.index >= 100,
        "renewal-q2" => !has("renewal-q1"),
        "renewal-q1" => t.plan != PlanId::Free,
        _ => true,
    };
    t.tags.iter().copied().filter(fits).collect()
}

fn guess(course: Course, random: &mut Random) -> Option<i16> {
    let (low, high) = match course {
        Course::Thriving => (78, 98),
        Course::Steady => (62, 90),
        Course::Seasonal => (52, 80),
        Course::Slipping => (26, 58),
        Course::Silent => (8, 34),
        Course::Unknown => return None,
    };
    (!random.chance(4)).then(|| random.range(low, high) as i16)
}

fn tags(random: &mut Random) -> Vec<&'static str> {
    let mut tags = Vec::new();
    for _ in 0..random.weighted(&[(0, 3), (1, 4), (2, 3), (3, 1)]) {
        let tag = random.pick(&TAGS);
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.sort_unstable();
    tags
}

/// When it began, what became of it, and the dates and reasons that its status asks for.
fn life(t: &mut Tenant, case: Option<Case>, now: DateTime<Utc>, random: &mut Random) {
    let seconds =
        |random: &mut Random, low: i64, high: i64| Duration::seconds(random.range(low * DAY, high * DAY));
    t.created_at = match (case, t.status) {
        (Some(Case::Milestones(_)), _) => now - seconds(random, 3, 20),
        (_, Status::Provisioning) => now - Duration::seconds(random.range(40, 5_000)),
        (_, Status::Failed) => now - seconds(random, 1, 6),
        (_, Status::Trial) => now, // below, from its end
        (_, Status::Active) if t.index != 0 && random.chance(12) => now - seconds(random, 8, 60),
        _ => now - seconds(random, 120, 1_500),
    };
    let since = |random: &mut Random, low: i64, high: i64| now - seconds(random, low, high);
    match t.status {
        Status::Provisioning => t.status_since = t.created_at,
        Status::Failed => t.status_since = t.created_at + Duration::seconds(random.range(20, 200)),
        Status::Trial => {
            let left = match case {
                Some(Case::Trial { days_left }) => days_left,
                _ => random.range(1, 13),
            };
            // Half an hour short of the day, so that "9 days left" is true all the next half hour.
            let end = now + days(left) - Duration::minutes(30);
            t.trial_ends_at = Some(end);
            t.created_at = end - days(14);
            t.status_since = t.created_at + PROVISIONED;
        }
        Status::Active => t.status_since = t.created_at + PROVISIONED,
        Status::Suspended => {
            let (reason, suspension, before) = match case {
                Some(Case::Suspended(reason, suspension, before)) => (reason, suspension, before),
                _ => random.weighted(&[
                    ((SuspensionReason::PaymentFailure, Suspension::ReadOnly, Status::Active), 5),
                    ((SuspensionReason::TrialEnded, Suspension::ReadOnly, Status::Trial), 3),
                    ((SuspensionReason::Inactivity, Suspension::ReadOnly, Status::Active), 2),
                    ((SuspensionReason::CustomerRequest, Suspension::ReadOnly, Status::Active), 1),
                    ((SuspensionReason::SecurityIncident, Suspension::Blocked, Status::Active), 1),
                    ((SuspensionReason::TermsViolation, Suspension::Blocked, Status::Active), 1),
                ]),
            };
            t.status_since = since(random, 1, 45);
            t.status_before = Some(before);
            t.suspension = Some(suspension);
            t.reason = Some(reason.as_str());
            t.note = Some(match reason {
                SuspensionReason::PaymentFailure => {
                    "Third reminder went unanswered; the invoice is 45 days late."
                }
                SuspensionReason::TermsViolation => "Recordings without consent were found in the upload.",
                SuspensionReason::SecurityIncident => "An API key was found in a public repository.",
                SuspensionReason::CustomerRequest => "Paused over their migration, at their own wish.",
                SuspensionReason::Inactivity => "No conversation in 60 days and no answer from their admin.",
                SuspensionReason::TrialEnded => "The trial ended without a contract.",
            });
            if before == Status::Trial {
                t.created_at = t.status_since - days(14);
                t.trial_ends_at = Some(t.status_since - Duration::minutes(5));
            }
        }
        Status::Offboarding => {
            let (reason, left) = match case {
                Some(Case::Offboarding(reason, left)) => (reason, left),
                _ => {
                    let reason = random.weighted(&[
                        (OffboardingReason::CustomerRequest, 4),
                        (OffboardingReason::ContractEnd, 4),
                        (OffboardingReason::NonPayment, 2),
                    ]);
                    (reason, random.range(1, reason.grace_days()))
                }
            };
            let end = now + days(left) - Duration::minutes(30);
            t.grace_ends_at = Some(end);
            t.status_since = end - days(reason.grace_days());
            t.status_before = Some(Status::Active);
            t.reason = Some(reason.as_str());
            t.note = Some(match reason {
                OffboardingReason::CustomerRequest => "They bring their analytics in-house.",
                OffboardingReason::ContractEnd => "The contract ends and is not renewed.",
                OffboardingReason::NonPayment => {
                    "Three reminders went unanswered, and there is no plan to pay."
                }
                OffboardingReason::TermsViolation => "Repeated violation after a written warning.",
            });
        }
        Status::Offboarded | Status::Purging | Status::Deleted => {
            let reason = random.pick(OffboardingReason::ALL);
            t.status_since = since(random, 1, 80);
            t.status_before = Some(Status::Active);
            t.reason = Some(reason.as_str());
        }
    }
}

fn reach(t: &mut Tenant, milestones: usize, random: &mut Random) {
    // A suspended or leaving tenant got as far as it got before that.
    let until =
        if matches!(t.status, Status::Trial | Status::Active) { t.updated_at } else { t.status_since };
    let step = (until - t.created_at).num_seconds().clamp(0, 12 * DAY) / 4;
    let mut at = t.created_at;
    for slot in [&mut t.configured_at, &mut t.validated_at, &mut t.live_at].into_iter().take(milestones) {
        at += Duration::seconds(random.range(step / 2, step));
        *slot = Some(at);
    }
}

/// Makes a few of the tenants daughters of others. Only inside one batch: a parent must be there first.
pub(super) fn families(tenants: &mut [Tenant]) {
    for at in (60..tenants.len().min(300)).step_by(19) {
        let parent = &tenants[at - 20];
        if parent.parent.is_none()
            && parent.status == Status::Active
            && parent.created_at < tenants[at].created_at
        {
            let id = parent.id;
            tenants[at].parent = Some(id);
        }
    }
}

#[cfg(test)]
mod tests;
