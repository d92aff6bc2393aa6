//! What the audit log tells of the time before the load: the lines that the fleet's present state implies.

use super::fleet::Tenant;
use super::history::History;
use super::people::Person;
use super::random::Random;
use crate::audit::Past;
use chrono::{DateTime, Duration, Utc};
use model::TenantId;
use model::permission::Role;
use model::tenants::Status;
use serde_json::json;

/// A task as it is published.
pub(super) struct Baseline {
    pub id: uuid::Uuid,
    pub key: String,
    pub published: i32,
    pub prompt: String,
    pub filters: serde_json::Value,
    pub outputs: serde_json::Value,
}

/// Who does what on the platform.
pub(super) struct Staff<'a> {
    pub operators: Vec<&'a Person>,
    pub owners: Vec<&'a Person>,
}

/// The lines of one tenant, in the order of their times.
pub(super) fn lines(
    t: &Tenant,
    members: &[Person],
    history: Option<&History>,
    tasks: &[Baseline],
    staff: &Staff<'_>,
    now: DateTime<Utc>,
) -> Vec<Past> {
    let mut random = Random::of("past", t.index);
    let operator = random.pick(&staff.operators);
    let tenant = TenantId(t.id);
    let system = Past::system(tenant, t.created_at, "");
    let by = |person: &Person, at, action| Past::by(tenant, at, person.id, &person.name, action);
    let mut lines = Vec::new();
    let begin =
        if matches!(t.status, Status::Trial) || t.trial_ends_at.is_some() { "trial" } else { "active" };
    lines.push(by(operator, t.created_at, "tenant.create").target(&t.slug).after(
        json!({ "name": t.name, "slug": t.slug, "plan": t.plan.as_str(), "region": t.region, "domain": t.domain }),
    ));
    match t.status {
        Status::Provisioning => {}
        Status::Failed => lines.push(
            Past { at: t.status_since, action: "tenant.provision", ..system.clone() }
                .target(&t.slug)
                .reason("The region had no room for another schema; everything was rolled back.")
                .before(json!({ "status": "provisioning" }))
                .after(json!({ "status": "failed" })),
        ),
        _ => lines.push(
            Past { at: t.created_at + Duration::seconds(85), action: "tenant.provision", ..system.clone() }
                .target(&t.slug)
                .before(json!({ "status": "provisioning" }))
                .after(json!({ "status": begin })),
        ),
    }
    for member in members {
        let role = member.member.map_or(Role::TenantMember, |(_, role)| role);
        lines.push(
            by(operator, member.created_at, "member.set")
                .target(&member.email)
                .after(json!({ "role": role.as_str() })),
        );
    }
    let admin = members.first();
    if let (Some(history), Some(admin)) = (history, admin) {
        let start = t.configured_at.unwrap_or(t.created_at) + Duration::minutes(20);
        for (at, task) in tasks.iter().take(history.tasks).enumerate() {
            lines.push(
                by(admin, start + Duration::hours(at as i64 * 7), "task.enable")
                    .target(&task.key)
                    .before(json!({ "enabled": false }))
                    .after(json!({ "enabled": true, "version": 1 })),
            );
        }
        for key in 0..history.keys {
            let name = KEYS[key % KEYS.len()];
            lines.push(
                by(admin, start + Duration::minutes(30 + 3 * key as i64), "api_key.create")
                    .target(name)
                    .after(json!({ "name": name, "access": if key == 0 { "read_write" } else { "read" } })),
            );
        }
    }
    let moved = |action| by(operator, t.status_since, action).target(&t.slug);
    let before = t.status_before.map_or("active", Status::as_str);
    let reason = [t.reason.unwrap_or_default(), t.note.unwrap_or_default()].join(": ");
    match t.status {
        Status::Suspended => lines.push(
            moved("tenant.suspend")
                .reason(&reason)
                .before(json!({ "status": before }))
                .after(json!({ "status": "suspended", "suspension": t.suspension.map(|s| s.as_str()), "reason": t.reason })),
        ),
        Status::Offboarding => lines.push(
            moved("tenant.start_offboarding")
                .reason(&reason)
                .before(json!({ "status": before }))
                .after(json!({ "status": "offboarding", "reason": t.reason, "grace_ends_at": t.grace_ends_at })),
        ),
        Status::Offboarded | Status::Purging | Status::Deleted => lines.push(
            Past { at: t.status_since, action: "tenant.offboard", ..system.clone() }
                .target(&t.slug)
                .before(json!({ "status": "offboarding" }))
                .after(json!({ "status": t.status.as_str() })),
        ),
        Status::Active if random.chance(35) && t.created_at < now - Duration::days(40) => {
            let at = t.created_at + Duration::days(random.range(20, 39));
            lines.push(
                by(operator, at, "tenant.change_plan")
                    .target(&t.slug)
                    .reason("Grew out of the plan before.")
                    .before(json!({ "plan": if t.plan.as_str() == "starter" { "free" } else { "starter" } }))
                    .after(json!({ "plan": t.plan.as_str() })),
            );
        }
        _ => {}
    }
    if let Some(owner) = t.owner.and_then(|at| staff.owners.get(at)) {
        lines.push(by(operator, t.created_at + Duration::hours(1), "tenant.assign").target(&owner.name));
    }
    lines.retain(|line| line.at <= now);
    lines.sort_by_key(|line| line.at);
    lines
}

/// Names of the keys of programs.
pub(super) const KEYS: [&str; 3] = ["Ingestion", "Reporting", "Test"];
