//! What the rail offers, by role: one list for the rail, for `/search` and for the command palette.

use crate::paths;
use crate::request::InTenant;
use crate::tenants::Section;
use model::permission::{Actor, Membership, Permission, Role, Scope};

/// A page in the rail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub label: &'static str,
    pub href: String,
    pub icon: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub label: &'static str,
    pub links: Vec<Link>,
}

/// Where the reader is: on the platform's side of the console, or inside a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Platform,
    Tenant { slug: String, name: String },
}

/// The pages of the platform: group, label, address, icon, and what one needs to see it. A new page is a new line.
const PLATFORM: &[(&str, &str, &str, &str, Permission)] = &[
    ("Operate", "Overview", paths::OVERVIEW, "gauge", Permission::OverviewRead),
    ("Operate", "Tenants", paths::TENANTS, "building", Permission::TenantList),
    ("Operate", "Operations", paths::OPERATIONS, "refresh-cw", Permission::OperationFleet),
    ("Operate", "Templates", paths::TEMPLATES, "layers", Permission::TemplateRead),
    ("Operate", "Sign-up pages", paths::SIGNUP_PAGES, "globe", Permission::SignupPageRead),
    ("Operate", "Alignment", paths::ALIGNMENT, "git-compare", Permission::TemplateRead),
    ("Operate", "Notifications", paths::NOTIFICATIONS, "bell", Permission::NotificationRead),
    ("Success", "Health", paths::HEALTH, "heart-pulse", Permission::HealthFleet),
    ("Success", "Usage", paths::USAGE, "activity", Permission::OverviewRead),
    ("Govern", "Settings", paths::SETTINGS, "sliders", Permission::SettingPlatformRead),
    ("Govern", "Webhooks", paths::WEBHOOKS, "webhook", Permission::NotificationRead),
    ("Govern", "Users", paths::USERS, "users", Permission::UserManage),
    ("Govern", "Audit log", paths::AUDIT, "history", Permission::AuditFleet),
];

const fn section_icon(section: Section) -> &'static str {
    match section {
        Section::Overview => "gauge",
        Section::Onboarding => "clipboard-check",
        Section::Tasks => "sparkles",
        Section::Fields => "list",
        Section::Settings => "sliders",
        Section::Baseline => "layers",
        Section::Usage => "activity",
        Section::Billing => "credit-card",
        Section::Health => "heart-pulse",
        Section::ApiKeys => "key",
        Section::Users => "users",
        Section::Webhooks => "webhook",
        Section::Notifications => "bell",
        Section::Audit => "history",
        Section::Offboarding => "status-offboarding",
        Section::Isolation => "shield",
        Section::Details => "info",
    }
}

/// The rail of this reader on the page at `path`.
pub fn groups(actor: &Actor, path: &str) -> Vec<Group> {
    match member_of(actor, path) {
        Some(membership) => vec![Group { label: "Your organisation", links: sections(actor, membership) }],
        None if actor.is_platform() => platform(actor),
        None => Vec::new(),
    }
}

fn platform(actor: &Actor) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for &(group, label, href, icon, permission) in PLATFORM {
        if !actor.allows(permission, Scope::Platform) {
            continue;
        }
        let link = Link { label, href: href.to_owned(), icon };
        match groups.iter_mut().find(|known| known.label == group) {
            Some(known) => known.links.push(link),
            None => groups.push(Group { label: group, links: vec![link] }),
        }
    }
    groups
}

fn sections(actor: &Actor, membership: &Membership) -> Vec<Link> {
    Section::ALL
        .iter()
        // The rail is long enough: billing stands among the sections of the tenant's own pages.
        .filter(|section| !matches!(section, Section::Billing))
        .filter(|section| actor.allows(section.permission(), Scope::Tenant(membership.tenant)))
        .map(|&section| Link {
            label: if section == Section::Overview { "Home" } else { section.label() },
            href: paths::tenant(&membership.slug, section.as_str()),
            icon: section_icon(section),
        })
        .collect()
}

/// The slug in the address, where the page is one of a tenant.
pub fn slug_of(path: &str) -> Option<&str> {
    let slug = path.strip_prefix(paths::TENANTS)?.strip_prefix('/')?.split('/').next()?;
    (model::validate::slug(slug).as_deref() == Ok(slug)).then_some(slug)
}

/// The membership by which a person who is nobody on the platform sees this page: that of the address, else the first.
pub fn member_of<'a>(actor: &'a Actor, path: &str) -> Option<&'a Membership> {
    match actor {
        Actor::User { platform: None, memberships, .. } => {
            let slug = slug_of(path);
            memberships.iter().find(|m| Some(m.slug.as_str()) == slug).or_else(|| memberships.first())
        }
        _ => None,
    }
}

/// `inside` is the tenant of the address, for those who look at it from outside; one that does not exist is no place.
pub fn place(actor: &Actor, path: &str, inside: Option<InTenant>) -> Place {
    if let Some(membership) = member_of(actor, path) {
        return Place::Tenant { slug: membership.slug.clone(), name: membership.tenant_name.clone() };
    }
    match inside {
        Some(InTenant { slug, name }) if actor.is_platform() => Place::Tenant { slug, name },
        _ => Place::Platform,
    }
}

/// What a person is here, in a word.
pub fn role(actor: &Actor, path: &str) -> Option<Role> {
    match actor {
        Actor::User { platform: Some(role), .. } => Some(*role),
        _ => member_of(actor, path).map(|membership| membership.role),
    }
}

/// Pages that the rail does not name, and the one that leads to them.
const BEHIND: &[(&str, &str)] =
    &[(paths::PLAN_CHANGES, paths::OPERATIONS), (paths::ISOLATION, paths::OPERATIONS)];

/// The address of the link that is current: the longest one that the path lies under, or that leads to it.
pub fn current(groups: &[Group], path: &str) -> Option<String> {
    let path = BEHIND.iter().find(|(page, _)| *page == path).map_or(path, |(_, way)| *way);
    groups
        .iter()
        .flat_map(|group| &group.links)
        .map(|link| link.href.as_str())
        .filter(|href| path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        .max_by_key(|href| href.len())
        .map(str::to_owned)
}

/// Where a page stands, from its address: `(address, label)`, the page itself last.
pub fn crumbs(actor: &Actor, path: &str, place: &Place) -> Vec<(String, String)> {
    let mut crumbs = Vec::new();
    let Place::Tenant { slug, name } = place else {
        let groups = platform(actor);
        let known = groups
            .iter()
            .flat_map(|group| &group.links)
            .find(|link| current(&groups, path).as_deref() == Some(link.href.as_str()));
        if let Some(link) = known {
            crumbs.push((link.href.clone(), link.label.to_owned()));
            // What is no tenant has no name: an address is not one.
            if path != link.href && slug_of(path).is_none() {
                crumbs.push((path.to_owned(), words(path.rsplit('/').next().unwrap_or_default())));
            }
        } else if path != paths::HOME {
            crumbs.push((path.to_owned(), words(path.rsplit('/').next().unwrap_or_default())));
        }
        return crumbs;
    };
    let home = paths::tenant(slug, "");
    if actor.is_platform() {
        crumbs.push((paths::TENANTS.to_owned(), "Tenants".to_owned()));
    }
    crumbs.push((home.clone(), name.clone()));
    let mut address = home.clone();
    for part in path.strip_prefix(&home).unwrap_or_default().split('/').filter(|part| !part.is_empty()) {
        address = format!("{address}/{part}");
        let known = Section::ALL
            .iter()
            .find(|section| section.as_str() == part)
            .map(|section| section.label().to_owned());
        crumbs.push((address.clone(), known.unwrap_or_else(|| words(part))));
    }
    crumbs
}

/// A segment of an address as words; an id stays short.
fn words(segment: &str) -> String {
    if segment.len() == 36 && segment.bytes().filter(|byte| *byte == b'-').count() == 4 {
        return segment.get(..8).unwrap_or_default().to_owned();
    }
    let text = segment.replace(['-', '_'], " ");
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::tenants::Access;
    use model::{TenantId, UserId};

    fn person(platform: Option<Role>) -> Actor {
        let member = |n: u128, slug: &str| Membership {
            tenant: TenantId(uuid(n)),
            slug: slug.into(),
            tenant_name: slug.to_uppercase(),
            role: Role::TenantMember,
            access: Access::Full,
        };
        let memberships =
            if platform.is_some() { Vec::new() } else { vec![member(1, "acme"), member(2, "globex")] };
        Actor::User {
            id: UserId(uuid(9)),
            name: "Mei Ito".into(),
            email: "m@example.com".into(),
            platform,
            memberships,
        }
    }

    fn uuid(n: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(n)
    }

    #[test]
    fn everybody_sees_the_pages_of_their_role_only() {
        let labels = |actor: &Actor, path| {
            groups(actor, path)
                .into_iter()
                .flat_map(|group| group.links)
                .map(|link| link.label)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            labels(&person(Some(Role::Owner)), "/tenants/acme"),
            [
                "Overview",
                "Tenants",
                "Operations",
                "Templates",
                "Sign-up pages",
                "Alignment",
                "Notifications",
                "Health",
                "Usage",
                "Settings",
                "Webhooks",
                "Users",
                "Audit log"
            ]
        );
        assert_eq!(
            labels(&person(Some(Role::Success)), "/"),
            [
                "Overview",
                "Tenants",
                "Operations",
                "Templates",
                "Sign-up pages",
                "Alignment",
                "Notifications",
                "Health",
                "Usage",
                "Settings",
                "Webhooks"
            ]
        );
        let inside = labels(&person(None), "/tenants/globex/tasks");
        assert!(
            inside.contains(&"Home")
                && inside.contains(&"Tasks")
                && !inside.contains(&"Audit")
                && !inside.contains(&"Tenants")
        );
        assert!(groups(&Actor::Anonymous, "/").is_empty());
    }

    #[test]
    fn exactly_one_link_is_current() {
        let owner = groups(&person(Some(Role::Owner)), "/");
        assert_eq!(current(&owner, "/tenants/acme/tasks").as_deref(), Some("/tenants"));
        assert_eq!(current(&owner, "/tenantsx"), None);
        assert_eq!(current(&owner, "/plan-changes").as_deref(), Some("/operations"), "where its link stands");
        let inside = groups(&person(None), "/tenants/globex/tasks/1");
        assert_eq!(current(&inside, "/tenants/globex/tasks/1").as_deref(), Some("/tenants/globex/tasks"));
        assert_eq!(current(&inside, "/tenants/globex").as_deref(), Some("/tenants/globex"));
    }

    #[test]
    fn crumbs_follow_the_address_and_name_no_foreign_tenant() {
        let inside = |path| {
            (slug_of(path) == Some("acme")).then(|| InTenant { slug: "acme".into(), name: "Acme Ltd".into() })
        };
        let labels = |actor: &Actor, path| {
            let place = place(actor, path, inside(path));
            crumbs(actor, path, &place).into_iter().map(|(_, label)| label).collect::<Vec<_>>()
        };
        let owner = person(Some(Role::Owner));
        assert_eq!(labels(&owner, "/tenants/acme/api-keys/new"), ["Tenants", "Acme Ltd", "API keys", "New"]);
        assert_eq!(labels(&owner, "/tenants/nope/tasks"), ["Tenants"], "no tenant, no scope");
        assert_eq!(place(&owner, "/tenants/nope", None), Place::Platform);
        assert_eq!(labels(&owner, "/tenants/new"), ["Tenants", "New"]);
        assert_eq!(labels(&owner, "/me/preferences"), ["Preferences"]);
        assert_eq!(labels(&owner, "/health"), ["Health"]);
        assert_eq!(labels(&person(None), "/tenants/acme"), ["ACME"]);
        assert_eq!(labels(&person(None), "/tenants/initech/tasks"), ["ACME"]);
        assert_eq!(words("0193e4b2-1111-7000-8000-000000000000"), "0193e4b2");
    }
}
