//! People of the fleet: the four who can sign in, their colleagues on the platform, and the members of tenants.

use super::fleet::{OWNERS, Tenant};
use super::{names, random::Random};
use chrono::{DateTime, Duration, Utc};
use model::permission::Role;
use model::tenants::Status;
use std::collections::HashSet;
use uuid::Uuid;

/// E-mail address and name of those who get a password.
pub(super) const OPERATOR: (&str, &str) = ("ada.operator@example.com", "Ada Osei");
pub(super) const SUCCESS: (&str, &str) = ("sam.success@example.com", "Sam Lindqvist");
/// One of [`COLLEAGUES`], an operator in what the fleet tells of the past: whoever loads it makes them an owner.
pub(super) const OWNER: (&str, &str) = ("freya.dahl@example.com", "Freya Dahl");
pub(super) const ADMIN: (&str, &str) = ("tara.admin@example.com", "Tara Almeida");

/// Their colleagues, without a password: they own tenants and stand in the audit log. The first of the
/// customer-success people is [`SUCCESS`].
const COLLEAGUES: [(&str, &str, Role); 8] = [
    ("ines.moreau@example.com", "Ines Moreau", Role::Success),
    ("jonas.keller@example.com", "Jonas Keller", Role::Success),
    ("priya.mehta@example.com", "Priya Mehta", Role::Success),
    ("omar.haddad@example.com", "Omar Haddad", Role::Success),
    ("yuki.mori@example.com", "Yuki Mori", Role::Success),
    ("bruno.silva@example.com", "Bruno Silva", Role::Operator),
    ("freya.dahl@example.com", "Freya Dahl", Role::Operator),
    ("marek.novak@example.com", "Marek Novak", Role::Auditor),
];
const _: () = assert!(OWNERS == 6);

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub platform: Option<Role>,
    /// Tenant and role there, for members.
    pub member: Option<(Uuid, Role)>,
    pub last_seen_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

pub(super) fn colleagues(now: DateTime<Utc>) -> Vec<Person> {
    let mut random = Random::of("colleagues", 0);
    let created_at = now - Duration::days(1_600);
    COLLEAGUES
        .iter()
        .map(|(email, name, role)| Person {
            id: random.id(created_at),
            email: (*email).into(),
            name: (*name).into(),
            platform: Some(*role),
            member: None,
            last_seen_at: Some(now - Duration::minutes(random.range(20, 4_000))),
            created_at,
        })
        .collect()
}

/// The first is an admin, if there is any.
pub(super) fn members(t: &Tenant, now: DateTime<Utc>) -> Vec<Person> {
    if matches!(t.status, Status::Failed | Status::Deleted | Status::Purging) {
        return vec![];
    }
    let mut random = Random::of("members", t.index);
    let until = t.access_until(now);
    let count = match t.status {
        Status::Provisioning => 0,
        Status::Trial => random.range(1, 2),
        _ => random.range(1, 5),
    };
    let host = t.domain.clone().unwrap_or_else(|| format!("{}.example", t.slug));
    let mut seen = HashSet::new();
    (0..count)
        .filter_map(|at| {
            let (given, family) = names::person(&mut random);
            let email = format!("{}.{}@{host}", given.to_lowercase(), family.to_lowercase());
            let created_at = (t.created_at + Duration::hours(2 + at * 50)).min(now);
            let id = random.id(created_at);
            let was_here = t.configured_at.is_some() || random.chance(30);
            let last_seen_at = was_here.then(|| {
                (created_at + Duration::hours(3))
                    .max(until - Duration::minutes(random.range(30, 40_000)))
                    .min(until.max(created_at))
            });
            let role = if at == 0 || random.chance(15) { Role::TenantAdmin } else { Role::TenantMember };
            seen.insert(email.clone()).then(|| Person {
                id,
                email,
                name: format!("{given} {family}"),
                platform: None,
                member: Some((t.id, role)),
                last_seen_at,
                created_at,
            })
        })
        .collect()
}
