//! Inviting many people into a tenant from a list (R23): told line by line what will become of it, then done for all that
//! can be.
//!
//! Invariants: each line is refused for what a single invitation is refused for, and for nothing else; who is invited
//! has a line of their own in the audit log; sent again, the list invites nobody twice. The preview tells a tenant's own
//! people nothing of accounts elsewhere: it leaves no trace, and a list of addresses would be a question about each. Doing it
//! does, and has a line in the audit log for that; without a seat left nobody learns anything. The limit of a day is that of
//! single invitations, and counts them too.

use super::invite::{CLOSED, ELSEWHERE, MEMBER, PLATFORM, invite_on, room_today, told_elsewhere};
use super::store::{self, KnownBy};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::TenantId;
use model::people::{self, Fate, Invitations, Judged, Line, Seats};
use model::permission::{Permission, Scope};
use model::work::Work;
use serde_json::json;
use std::collections::HashMap;

/// The seats of a tenant's plan; none where it has no limit. For whoever may invite.
pub async fn seats(cx: &Ctx, tenant: TenantId) -> Result<Option<Seats>> {
    cx.require(Permission::MemberManage, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::seats(read.conn(), tenant).await
}

/// What would become of each line of a list. Changes nothing.
///
/// # Errors
/// `Invalid` at `people` for a list that is empty or too long.
pub async fn preview_invitations(cx: &Ctx, tenant: TenantId, text: &str) -> Result<Invitations> {
    cx.require(Permission::MemberManage, Scope::Tenant(tenant)).await?;
    let lines = listed(text)?;
    let trusted = cx.actor().is_platform();
    // Accounts belong to no tenant.
    let mut read = cx.read(Reach::Fleet).await?;
    let seats = store::seats(read.conn(), tenant).await?;
    let known = store::known_of(read.conn(), tenant, &emails(&lines), !trusted).await?;
    let lines = judged(lines, &known, trusted, seats);
    Ok(Invitations { lines, seats, text: text.to_owned() })
}

/// Invites everybody of a list who can be; what is left of it to mend is in the answer.
///
/// # Errors
/// `Invalid` at `people` for a list that is empty or too long; `Conflict` where the tenant's status takes nobody in, and for
/// a tenant's own people who would invite more than [`super::invite::A_DAY`] within a day.
pub async fn invite_many(cx: &Ctx, tenant: TenantId, text: &str) -> Result<Invitations> {
    cx.require(Permission::MemberManage, Scope::Tenant(tenant)).await?;
    let lines = listed(text)?;
    let trusted = cx.actor().is_platform();
    // It holds the tenant: two who invite at once count each other.
    let mut tx = cx.begin_about(tenant, Work::Admit).await?;
    let seats = store::seats(tx.conn(), tenant).await?;
    let asked = emails(&lines);
    let known = store::known_of(tx.conn(), tenant, &asked, false).await?;
    // Whoever is no member counts, whatever becomes of them: else the limit would tell who has an account elsewhere.
    let new = asked.iter().filter(|email| known.get(*email).is_none_or(|known| !known.member)).count();
    room_today(&mut tx, tenant, new).await?;
    let lines = judged(lines, &known, trusted, seats);
    // Accounts in one order for everybody: two lists with the same new people never wait for each other in a circle.
    let mut chosen: Vec<&Judged> = lines.iter().filter(|line| line.fate == Fate::Invite).collect();
    chosen.sort_by(|a, b| a.email.cmp(&b.email));
    let mut events = Vec::new();
    for line in chosen {
        let Some(role) = line.role else { continue };
        let invited = invite_on(&mut tx, tenant, &line.email, &line.name, role).await;
        // Somebody else made this account in this moment: the list is as it was, and is told so at its field.
        let id = invited.map_err(|error| match error {
            Error::Invalid(errors) => {
                let why: Vec<_> = errors.0.into_values().collect();
                Error::field("people", format!("Line {}: {}", line.line, why.join(" ")))
            }
            other => other,
        })?;
        events.push(
            AuditEvent::on(tenant, "member.invite", line.email.as_str())
                .after(json!({ "name": line.name, "role": role.as_str(), "user": id })),
        );
    }
    let invited = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let elsewhere = lines.iter().filter(|line| line.why == ELSEWHERE).count();
    if elsewhere > 0 {
        events.push(told_elsewhere(tenant, "a list", elsewhere));
    }
    // A list of nobody new changes nothing.
    if !events.is_empty() {
        tx.commit_all(events).await?;
    }
    let settled: Vec<u32> =
        lines.iter().filter(|line| line.fate != Fate::Refused).map(|line| line.line).collect();
    let text = people::without(text, &settled);
    let seats = seats.map(|seats| Seats { taken: seats.taken + invited, ..seats });
    Ok(Invitations { lines, seats, text })
}

fn listed(text: &str) -> Result<Vec<Line>> {
    let lines = people::read(text).map_err(|why| Error::field("people", why))?;
    if lines.is_empty() {
        return Err(Error::field("people", "Write one person on each line: name, e-mail, role."));
    }
    Ok(lines)
}

fn emails(lines: &[Line]) -> Vec<String> {
    lines.iter().filter_map(|line| line.person.as_ref().ok()).map(|person| person.email.clone()).collect()
}

/// What becomes of each line; seats go to those who stand first.
fn judged(
    lines: Vec<Line>,
    known: &HashMap<String, KnownBy>,
    trusted: bool,
    seats: Option<Seats>,
) -> Vec<Judged> {
    let mut left = seats.map(Seats::left);
    let judge = |line: Line| {
        let person = match line.person {
            Ok(person) => person,
            Err(why) => {
                let (name, email) = (line.name, line.email);
                return Judged { line: line.line, name, email, role: None, fate: Fate::Refused, why };
            }
        };
        let (fate, why) = match known.get(&person.email) {
            Some(known) if known.member => (Fate::Member, MEMBER),
            // Of everybody alike, before anything is said of accounts elsewhere.
            _ if left == Some(0) => (Fate::Refused, "No seat of the plan is left."),
            Some(_) if !trusted => (Fate::Refused, ELSEWHERE),
            Some(known) if known.platform => (Fate::Refused, PLATFORM),
            Some(known) if known.closed => (Fate::Refused, CLOSED),
            _ => {
                left = left.map(|left| left - 1);
                (Fate::Invite, "")
            }
        };
        Judged {
            line: line.line,
            name: person.name,
            email: person.email,
            role: Some(person.role),
            fate,
            why: why.to_owned(),
        }
    };
    lines.into_iter().map(judge).collect()
}

#[cfg(test)]
mod tests;
