//! SQL of the context: the frame of a transaction, the role it runs as, and the two things about a tenant that are read
//! before anything else is.
//!
//! Names carry their schema here: no search path has been set yet, or it is the one of a tenant's own schema.

use super::gate::Standing;
use super::placement::Placed;
use super::{Plans, Reach};
use crate::error::Result;
use model::TenantId;
use model::tenants::Placement;
use sqlx::{AssertSqlSafe, Executor, PgConnection};

/// How a tenant's row is held.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hold {
    /// By any number of writers at once; none of them may go on to change the row itself.
    Share,
    /// By one.
    Alone,
}

/// Whether the database answers at all.
pub(super) async fn answers(executor: impl sqlx::PgExecutor<'_>) -> sqlx::Result<()> {
    executor.execute("SELECT 1").await?;
    Ok(())
}

/// Opens a transaction that has no role yet.
pub(super) async fn begin(connection: &mut PgConnection) -> sqlx::Result<()> {
    connection.execute("BEGIN").await?;
    Ok(())
}

/// Opens a transaction in its role, in one round trip.
pub(super) async fn begin_as(
    connection: &mut PgConnection,
    reach: Reach,
    placed: Placed,
    plans: Plans,
) -> sqlx::Result<()> {
    let plans = match plans {
        Plans::Weighed => "",
        Plans::Kept => "; SET LOCAL plan_cache_mode = force_generic_plan",
    };
    connection.execute(AssertSqlSafe(format!("BEGIN; {}{plans}", role(reach, placed)))).await?;
    Ok(())
}

/// Takes the role in a transaction that is open and had none.
pub(super) async fn enter(connection: &mut PgConnection, reach: Reach, placed: Placed) -> sqlx::Result<()> {
    connection.execute(AssertSqlSafe(role(reach, placed))).await?;
    Ok(())
}

/// Takes another role in a transaction that had one, and nothing of the first one's way to its tables.
pub(super) async fn change(connection: &mut PgConnection, reach: Reach, placed: Placed) -> sqlx::Result<()> {
    let enter = format!("SET LOCAL search_path TO DEFAULT; {}", role(reach, placed));
    connection.execute(AssertSqlSafe(enter)).await?;
    Ok(())
}

/// Ends a transaction and keeps what it wrote.
pub(super) async fn commit(connection: &mut PgConnection) -> sqlx::Result<()> {
    connection.execute("COMMIT").await?;
    Ok(())
}

/// Ends a transaction and keeps nothing.
pub(super) async fn roll_back(connection: &mut PgConnection) -> sqlx::Result<()> {
    connection.execute("ROLLBACK").await?;
    Ok(())
}

/// Built from a closed set of role names and a UUID only.
fn role(reach: Reach, placed: Placed) -> String {
    let role = match reach {
        Reach::Fleet | Reach::Within(_) => "steward_operator",
        Reach::Tenant(_) => "steward_tenant",
        Reach::System => "steward_system",
        Reach::Provision => "steward_provision",
    };
    let own = |id: TenantId| id.0.simple().to_string();
    match (reach, placed) {
        (Reach::Tenant(id), Placed::Own) => {
            let hex = own(id);
            format!(
                "SET LOCAL ROLE tr_{hex}; SET LOCAL search_path = t_{hex}, steward, public; SET LOCAL app.tenant_id = '{id}'"
            )
        }
        (Reach::Within(id), Placed::Own) => {
            let hex = own(id);
            format!(
                "SET LOCAL ROLE {role}; SET LOCAL search_path = t_{hex}, steward, public; SET LOCAL app.tenant_id = ''"
            )
        }
        (Reach::Tenant(id), Placed::Shared) => {
            format!("SET LOCAL ROLE {role}; SET LOCAL app.tenant_id = '{id}'")
        }
        // Its schema is being made, or was taken away: whoever looks finds nothing, and nobody writes elsewhere.
        (Reach::Tenant(id), Placed::Nowhere) => {
            format!("SET TRANSACTION READ ONLY; SET LOCAL ROLE {role}; SET LOCAL app.tenant_id = '{id}'")
        }
        _ => format!("SET LOCAL ROLE {role}; SET LOCAL app.tenant_id = ''"),
    }
}

/// A tenant's status, its row locked until the transaction ends; nothing where there is no such tenant.
pub(super) async fn hold(
    connection: &mut PgConnection,
    tenant: TenantId,
    hold: Hold,
) -> Result<Option<Standing>> {
    let sql = match hold {
        Hold::Share => "SELECT status, suspension FROM steward.tenant WHERE id = $1 FOR SHARE",
        Hold::Alone => "SELECT status, suspension FROM steward.tenant WHERE id = $1 FOR NO KEY UPDATE",
    };
    Ok(sqlx::query_as(sql).bind(tenant).fetch_optional(connection).await?)
}

/// Where a tenant is to be, and whether a role and a schema of its own are there; leaves the transaction as the server's
/// own role.
pub(super) async fn placement(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<(Placement, bool)>> {
    connection.execute("SET LOCAL ROLE steward_system").await?;
    let row = sqlx::query_as(
        "SELECT placement, to_regrole('tr_' || replace(id::text, '-', '')) IS NOT NULL
            AND to_regnamespace('t_' || replace(id::text, '-', '')) IS NOT NULL FROM steward.tenant WHERE id = $1",
    )
    .bind(tenant)
    .fetch_optional(connection)
    .await?;
    Ok(row)
}
