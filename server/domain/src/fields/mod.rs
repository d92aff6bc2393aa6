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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::testing;
    use model::permission::Role;
    use sqlx::PgPool;

    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn the_catalogue_says_what_is_filled_and_by_what(admin: PgPool) {
        let services = testing::services(&admin).await;
        let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
        let other = testing::tenant(&admin, "other").await.expect("a tenant");
        for (tenant, value) in [(acme, "4"), (acme, "null"), (other, "5")] {
            let id = uuid::Uuid::from_u128(rand::random());
            sqlx::query("INSERT INTO pooled.conversation (tenant_id, id, external_id, channel, started_at, turns, turn_count, bytes) VALUES ($1, $2, $2::text, 'chat', now(), '[]', 0, 2)")
                .bind(tenant).bind(id).execute(&admin).await.expect("a conversation");
            sqlx::query("INSERT INTO pooled.field_value (tenant_id, conversation_id, field_key, value, explanation, confidence, run_id) VALUES ($1, $2, 'csat', $3::jsonb, '', 1, $2)")
                .bind(tenant).bind(id).bind(value).execute(&admin).await.expect("a value");
        }
        let cx = testing::member(&services, acme, Role::TenantAdmin);
        tasks::enable(&cx, acme, "csat").await.expect("enabled");
        let list = list_for_tenant(&cx, acme).await.expect("a list");
        assert_eq!((list.fields.len(), list.sampled), (15, 2));
        let csat = list.fields.iter().find(|f| f.field.key == "csat").expect("a field");
        assert_eq!(csat.filled, 1);
        assert_eq!(
            csat.tasks.iter().map(|t| (t.key.as_str(), t.enabled)).collect::<Vec<_>>(),
            [("csat", true)]
        );
        let score = list.fields.iter().find(|f| f.field.key == "lead_score").expect("a field");
        assert!(score.tasks.is_empty() && score.filled == 0);
        let stranger = testing::member(&services, other, Role::TenantAdmin);
        assert!(matches!(list_for_tenant(&stranger, acme).await, Err(Error::NotFound)));
    }
}
