//! The field catalogue, and how full it is for one tenant (R34, R47).

mod store;

use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use crate::tasks;
use model::TenantId;
use model::fields::{FieldList, FieldUse, WritingTask};
use model::permission::{Permission, Scope};

pub(crate) use store::catalogue;

/// Every field with the tasks that write it and its share of the newest conversations that have a value.
pub async fn list_for_tenant(cx: &Ctx, tenant: TenantId) -> Result<FieldList> {
    cx.require(Permission::FieldRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let fields = catalogue(read.conn()).await?;
    let writers = tasks::writers(read.conn(), tenant).await?;
    let sampled = store::sampled(read.conn(), tenant).await?;
    let mut filled = store::filled(read.conn(), tenant).await?;
    let fields = fields.into_iter().map(|field| {
        let tasks = writers
            .iter()
            .filter(|(key, _)| *key == field.key)
            .map(|(_, task)| task.clone())
            .collect::<Vec<WritingTask>>();
        FieldUse { filled: filled.remove(&field.key).unwrap_or(0), tasks, field }
    });
    Ok(FieldList { fields: fields.collect(), sampled })
}
