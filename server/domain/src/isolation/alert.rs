//! Somebody hears of what the lint finds: those who run the platform are told of each finding once, and once more when it is
//! gone.
//!
//! Invariants: what was told of is a row; whoever writes or removes it tells, in the same transaction. Of several processes
//! one looks and judges at a time: what it judges by is no older than what another has written.

use super::{Finding, store};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::notifications;
use model::TenantId;
use model::notifications::{CATALOGUE, Event};
use model::permission::{Actor, Permission, Scope};
use serde_json::json;

/// Findings that a notice names; of more it says the number.
const NAMED: usize = 10;
/// The longest of one in a notice.
const LONGEST: usize = 300;

/// Looks through the catalogue, and tells of what is new and of what is gone. Answers all there is. The server's own work.
pub async fn lint_and_tell(cx: &Ctx) -> Result<Vec<Finding>> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    if !matches!(cx.actor(), Actor::System { .. }) {
        return Err(Error::Forbidden(Permission::AuditFleet));
    }
    let mut tx = cx.begin(Reach::Fleet).await?;
    store::lock_findings(tx.conn()).await?;
    let findings = store::lint(tx.conn()).await?;
    let new = store::found_now(tx.conn(), &findings).await?;
    let gone = store::gone(tx.conn(), &findings).await?;
    let mut lines = Vec::new();
    for (event, action, told) in
        [(Event::MonitorRaised, "isolation.weakened", new), (Event::MonitorCleared, "isolation.mended", gone)]
    {
        if told.is_empty() {
            continue;
        }
        tell(&mut tx, event, &told).await?;
        let all: Vec<_> = told.iter().map(words).collect();
        lines
            .push(AuditEvent::platform(action, "The database’s catalogue").after(json!({ "findings": all })));
    }
    if lines.is_empty() {
        return Ok(findings);
    }
    tx.commit_all(lines).await?;
    Ok(findings)
}

async fn tell(tx: &mut Tx, event: Event, told: &[Finding]) -> Result<()> {
    let mut said: Vec<String> = told.iter().take(NAMED).map(words).collect();
    if told.len() > NAMED {
        said.push(format!("and {} more", told.len() - NAMED));
    }
    let monitor = json!({ "kind": CATALOGUE, "said": said.join("; ") });
    let data = json!({ "monitor": monitor, "findings": told.len(), "link": "/isolation" });
    notifications::announce(tx, TenantId::PLATFORM, event, data).await
}

fn words(finding: &Finding) -> String {
    format!("{}: {}", finding.rule, finding.object).chars().take(LONGEST).collect()
}
