//! What the audit log tells of the time before the load: the lines that the fleet's present state implies.

use super::fleet::{PROVISIONED, Tenant};
use super::history::History;
use super::people::Person;
use super::random::Random;
use super::store::Bill;
use crate::audit::Past;
use chrono::{DateTime, Duration, Utc};
use model::TenantId;
use model::permission::Role;
use model::tenants::{OffboardingReason, PlanId, Status};
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
    let grew = grew(t, &mut random, now);
    let first_plan = grew.map_or(t.plan, |(_, plan)| plan);
    let tenant = TenantId(t.id);
    let system = Past::system(tenant, t.created_at, "");
    let by = |person: &Person, at, action| Past::by(tenant, at, person.id, &person.name, action);
    let mut lines = Vec::new();
    let begin =
        if matches!(t.status, Status::Trial) || t.trial_ends_at.is_some() { "trial" } else { "active" };
    lines.push(by(operator, t.created_at, "tenant.create").target(&t.name).after(
        json!({ "name": t.name, "slug": t.slug, "plan": first_plan.as_str(), "region": t.region, "domain": t.domain }),
    ));
    match t.status {
        Status::Provisioning => {}
        Status::Failed => lines.push(
            Past { at: t.status_since, action: "tenant.provision", ..system.clone() }
                .target(&t.name)
                .reason("The region had no room for another schema; everything was rolled back.")
                .before(json!({ "status": "provisioning" }))
                .after(json!({ "status": "failed" })),
        ),
        _ => lines.push(
            Past { at: t.created_at + PROVISIONED, action: "tenant.provision", ..system.clone() }
                .target(&t.name)
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
    let moved = |action| by(operator, t.status_since, action).target(&t.name);
    let before = t.status_before.map_or("active", Status::as_str);
    // As the moves write it: the reason's label, then the note.
    let label = t.reason.and_then(model::tenants::reason_label).unwrap_or_default();
    let reason = [label, t.note.unwrap_or_default()].join(": ");
    match t.status {
        Status::Suspended => lines.push(
            moved("tenant.suspend")
                .reason(&reason)
                .before(json!({ "status": before }))
                .after(json!({ "status": "suspended", "suspension": t.suspension.map(|s| s.as_str()), "reason": t.reason })),
        ),
        Status::Offboarding => lines.push(
            moved("tenant.offboard")
                .reason(&reason)
                .before(json!({ "status": before }))
                .after(json!({ "status": "offboarding", "reason": t.reason, "grace_ends_at": t.grace_ends_at })),
        ),
        Status::Offboarded | Status::Purging | Status::Deleted => {
            // The moves of `Status::may_become`, one after the other; the last at the time that the row tells.
            let steps: &[Status] = match t.status {
                Status::Offboarded => &[Status::Offboarded],
                Status::Purging => &[Status::Offboarded, Status::Purging],
                _ => &[Status::Offboarded, Status::Purging, Status::Deleted],
            };
            let grace = t.reason.and_then(|r| r.parse::<OffboardingReason>().ok()).map_or(30, OffboardingReason::grace_days);
            // What lies between the end of grace, a purge and its end; squeezed where the tenant is young.
            let span = (t.status_since - t.created_at).max(Duration::zero());
            let apart = (span / 4).min(Duration::days(10));
            let over = t.status_since - apart * i32::try_from(steps.len() - 1).unwrap_or(0);
            let began = (over - Duration::days(grace)).max(t.created_at + span / 8).min(over);
            let ends = over.to_rfc3339();
            lines.push(
                by(operator, began, "tenant.offboard")
                    .target(&t.name)
                    .reason(&reason)
                    .before(json!({ "status": before }))
                    .after(json!({ "status": Status::Offboarding, "reason": t.reason, "grace_ends_at": ends })),
            );
            let mut from = Status::Offboarding;
            for (at, to) in steps.iter().enumerate() {
                let at = over + apart * i32::try_from(at).unwrap_or(0);
                let action = if *to == Status::Offboarded { "tenant.end_grace" } else { "tenant.purge" };
                let line = Past { at, action, ..system.clone() }
                    .target(&t.name)
                    .before(json!({ "status": from }))
                    .after(json!({ "status": to, "reason": t.reason }));
                lines.push(if *to == Status::Offboarded { line.reason("The grace period is over.") } else { line });
                from = *to;
            }
        }
        _ => {}
    }
    if let Some((at, plan)) = grew {
        lines.push(
            by(operator, at, "tenant.change_plan")
                .target(&t.name)
                .reason("Grew out of the plan before.")
                .before(json!({ "plan": plan.as_str() }))
                .after(json!({ "plan": t.plan.as_str() })),
        );
    }
    let milestone = |at, (configured, validated): (bool, bool)| {
        Past { at, action: "tenant.milestone", ..system.clone() }
            .target(&t.name)
            .before(json!({ "configured": configured && validated, "validated": false }))
            .after(json!({ "configured": configured, "validated": validated }))
    };
    lines.extend(t.configured_at.map(|at| milestone(at, (true, false))));
    lines.extend(t.validated_at.map(|at| milestone(at, (true, true))));
    lines.extend(t.live_at.map(|at| {
        by(operator, at, "tenant.go_live")
            .target(&t.name)
            .before(json!({ "live_at": null }))
            .after(json!({ "live_at": at }))
    }));
    if let Some(bill) = bill(t) {
        lines.push(by(operator, bill.failed_at, "payment.failed").target(&t.name).after(
            json!({ "reference": bill.reference, "amount": bill.amount, "failed_at": bill.failed_at }),
        ));
    }
    if let Some(owner) = t.owner.and_then(|at| staff.owners.get(at)) {
        lines.push(by(operator, t.created_at + Duration::hours(1), "tenant.assign").target(&owner.name));
    }
    lines.retain(|line| line.at <= now);
    lines.sort_by_key(|line| line.at);
    lines
}

/// Some of those who have been here for long began on the plan before theirs: when they changed, and from which.
fn grew(t: &Tenant, random: &mut Random, now: DateTime<Utc>) -> Option<(DateTime<Utc>, PlanId)> {
    let before = match t.plan {
        PlanId::Free => return None,
        PlanId::Starter => PlanId::Free,
        PlanId::Professional => PlanId::Starter,
        PlanId::Enterprise => PlanId::Professional,
    };
    let at = t.created_at + Duration::days(random.range(20, 39));
    let is_old = t.status == Status::Active && t.created_at < now - Duration::days(40);
    (is_old && random.chance(35)).then_some((at, before))
}

/// The bill for which a tenant is suspended or has to leave, 45 days late on that day.
pub(super) fn bill(t: &Tenant) -> Option<Bill> {
    let mut random = Random::of("bill", t.index);
    let failed_at = t.status_since - Duration::days(45);
    let amount = match t.plan {
        PlanId::Free => return None,
        PlanId::Starter => "190.00 EUR",
        PlanId::Professional => "1450.00 EUR",
        PlanId::Enterprise => "9800.00 EUR",
    };
    t.owes().then(|| Bill {
        tenant: t.id,
        id: random.id(failed_at),
        reference: format!("INV-{}", 20_000 + t.index),
        amount: amount.into(),
        failed_at,
    })
}

/// Names of the keys of programs.
pub(super) const KEYS: [&str; 3] = ["Ingestion", "Reporting", "Test"];
