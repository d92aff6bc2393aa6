//! What the tenant starts with: template, configuration and policies; quotas, monitoring, backups; fields and tasks.

use super::{ProvisionRequest, store, template_key};
use crate::ctx::Reach;
use crate::error::{Error, Result};
use crate::operations::step::At;
use model::settings::Key;
use serde_json::{Value, json};

/// The template with its settings and policies, and what was asked for beyond it (R19, R20, R29).
pub(super) mod configuration {
    use super::*;
    use model::templates::VersionRef;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let (tenant, by) = (at.tenant(), at.cx.actor().name().to_owned());
        let offer = crate::templates::for_provisioning(at.conn()?, template_key(&asked)).await?;
        let version = asked.template_version.unwrap_or(offer.version);
        let to = VersionRef { template: offer.template.id, version };
        let cx = at.cx.clone();
        let applied = crate::templates::apply(at.conn()?, &cx, tenant, to, Some("Provisioning")).await?;
        if applied.changed {
            at.audit(applied.event());
        }
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

/// Plan limits hold by the plan; what is watched and copied has rows (R24).
pub(super) mod monitoring {
    use super::*;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let tenant = at.tenant();
        let levels = {
            let conn = at.conn()?;
            crate::settings::levels(conn, tenant).await?
        };
        let effective =
            |key: Key| model::settings::resolve(key, &crate::settings::of_key(&levels, key)).value;
        let keep = effective(Key::BackupDays).as_number().unwrap_or(30);
        let weekly = effective(Key::BackupSchedule).as_text() == Some("weekly");
        let quota = effective(Key::NotifyQuotaPercent).as_number().unwrap_or(80);
        let conn = at.conn()?;
        store::monitors(conn, tenant, quota).await?;
        store::backups(conn, tenant, if weekly { 7 } else { 1 }, keep).await?;
        let limits = store::plan_limits(conn, asked.plan).await?;
        let watched = store::watched(conn, tenant).await?;
        Ok(json!({ "quotas": limits, "monitors": watched.0, "backups": watched.1 }))
    }

    pub(in super::super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let tenant = at.tenant();
        let (monitors, backups) = store::watched(at.conn()?, tenant).await?;
        Ok((monitors > 0 && backups > 0).then(|| json!({ "monitors": monitors, "backups": backups })))
    }

    pub(in super::super) async fn undo(at: &mut At) -> Result<()> {
        let tenant = at.tenant();
        store::wipe(at.reach(Reach::Provision).await?, tenant, &["monitor", "backup_schedule"]).await
    }
}

/// The known baseline (R30, R31): fields are attached, tasks are there and run only where the template says so.
pub(super) mod baseline {
    use super::*;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let tenant = at.tenant();
        let conn = at.conn()?;
        let offer = crate::templates::for_provisioning(conn, template_key(&asked)).await?;
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
