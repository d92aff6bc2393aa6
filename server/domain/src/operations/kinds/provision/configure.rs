//! What the tenant starts with: template, configuration, policies and the onboarding list; quotas, monitoring, backups; fields and tasks.

use super::{ProvisionRequest, store, template_key};
use crate::ctx::Reach;
use crate::error::{Error, Result};
use crate::operations::step::At;
use model::TenantId;
use model::settings::Key;
use serde_json::{Value, json};
use sqlx::PgConnection;

/// The template with its settings, policies and onboarding list, and what was asked for beyond it (R19, R20, R29, R97).
pub(super) mod configuration {
    use super::*;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let (tenant, by) = (at.tenant(), at.cx.actor().name().to_owned());
        let (key, version) = (template_key(&asked), asked.template_version);
        let (offer, _) = crate::templates::asked_for(at.conn()?, key, version).await?;
        let cx = at.cx.clone();
        let applied =
            crate::templates::apply(at.conn()?, &cx, tenant, offer.at(), Some("Provisioning")).await?;
        if applied.changed {
            at.audit(applied.event());
        }
        // After the template, which names the version of the list; and what is aligned counts the list in.
        crate::checklists::start_onboarding(at.conn()?, &[tenant]).await?;
        crate::templates::refresh_in(at.conn()?, tenant).await?;
        for (key, value) in &asked.settings {
            store::put_setting(at.conn()?, tenant, key, value, &by).await?;
        }
        Ok(json!({
            "template": applied.template, "version": applied.version, "lines": applied.changes.len(), "settings": asked.settings,
        }))
    }

    pub(in super::super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let tenant = at.tenant();
        let on = store::template_of(at.conn()?, tenant).await?;
        Ok(on.map(|(name, version)| json!({ "template": name, "version": version })))
    }

    pub(in super::super) async fn undo(at: &mut At) -> Result<()> {
        let tenant = at.tenant();
        let conn = at.reach(Reach::Provision).await?;
        const TABLES: &[&str] = &[
            "checklist_item",
            "checklist_run",
            "tenant_template",
            "template_application",
            "tenant_setting",
            "tenant_field",
            "activation",
            "alignment",
            "alignment_acceptance",
        ];
        store::wipe(conn, tenant, TABLES).await
    }
}

/// Rows for what is watched and when it is copied (R24), for tenants with the same settings: those of the first say how
/// often and for how long. In the caller's transaction (reach `Fleet`); what is there already stays as it is.
pub(crate) async fn watch(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<()> {
    let Some(first) = tenants.first() else { return Ok(()) };
    let levels = crate::settings::levels(&mut *connection, *first).await?;
    let effective = |key: Key| model::settings::resolve(key, &crate::settings::of_key(&levels, key)).value;
    let keep = effective(Key::BackupDays).as_number().unwrap_or(30);
    let every = crate::monitors::backup_days(effective(Key::BackupSchedule).as_text());
    let quota = effective(Key::NotifyQuotaPercent).as_number().unwrap_or(85);
    store::monitors(&mut *connection, tenants, quota).await?;
    store::backups(connection, tenants, every, keep).await
}

/// Limits of its plan and its template hold by themselves, its own have rows; what is watched and copied has rows (R24).
pub(super) mod monitoring {
    use super::*;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let tenant = at.tenant();
        let limits = super::super::limits::put(at, &asked).await?;
        super::super::limits::look_after(at, &asked).await?;
        let conn = at.conn()?;
        watch(conn, &[tenant]).await?;
        crate::monitors::evaluate_in(conn, tenant).await?;
        let watched = store::watched(conn, tenant).await?;
        Ok(json!({ "quotas": limits, "monitors": watched.0, "backups": watched.1 }))
    }

    pub(in super::super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let tenant = at.tenant();
        let asked: ProvisionRequest = at.payload()?;
        let (monitors, backups) = store::watched(at.conn()?, tenant).await?;
        let whole = super::super::limits::lacking(at, &asked).await?.is_empty();
        Ok((whole && monitors > 0 && backups > 0)
            .then(|| json!({ "monitors": monitors, "backups": backups })))
    }

    pub(in super::super) async fn undo(at: &mut At) -> Result<()> {
        let tenant = at.tenant();
        store::wipe(
            at.reach(Reach::Provision).await?,
            tenant,
            &["monitor", "monitor_turn", "backup_schedule", "tenant_limit"],
        )
        .await
    }
}

/// The known baseline (R30, R31): fields are attached, tasks are there and run only where the template says so.
pub(super) mod baseline {
    use super::*;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let tenant = at.tenant();
        let conn = at.conn()?;
        let (key, version) = (template_key(&asked), asked.template_version);
        let (offer, _) = crate::templates::asked_for(conn, key, version).await?;
        let found = store::baseline(conn, tenant).await?;
        let enabled: Vec<_> =
            offer.bundle.tasks.iter().filter(|task| task.enabled).map(|task| task.key.clone()).collect();
        let unasked: Vec<_> = found.enabled.iter().filter(|key| !enabled.contains(key)).collect();
        if !unasked.is_empty() {
            return Err(Error::Conflict(format!("Tasks are enabled that nobody asked for: {unasked:?}.")));
        }
        if (found.fields as usize) < offer.bundle.fields.len() {
            return Err(Error::Conflict(format!(
                "Only {} of {} fields of the baseline are attached.",
                found.fields,
                offer.bundle.fields.len()
            )));
        }
        Ok(json!({ "fields": found.fields, "tasks": found.tasks, "enabled": found.enabled }))
    }

    pub(in super::super) async fn check(_at: &mut At) -> Result<Option<Value>> {
        Ok(None)
    }

    pub(in super::super) async fn undo(_at: &mut At) -> Result<()> {
        Ok(())
    }
}
