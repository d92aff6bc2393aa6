//! SQL of the start: the lock that serialises it, roles and schemas, the login and its password.
//!
//! Names carry their schema here: the administrator's search path is whatever the cluster says.

use super::APP_LOGIN;
use crate::error::Result;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

/// Serialises the start of several processes on one database ("stwd" in ASCII).
const START_LOCK: i64 = 0x7374_7764;

/// Whether the start is ours alone now; never waits.
pub(super) async fn try_lock_start(admin: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(START_LOCK).fetch_one(admin).await?)
}

/// Lets the next process start.
pub(super) async fn unlock_start(admin: &mut PgConnection) -> Result<()> {
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(START_LOCK).execute(admin).await?;
    Ok(())
}

/// Creates the cluster's roles where they are missing.
pub(super) async fn roles(admin: &mut PgConnection) -> Result<()> {
    admin.execute(include_str!("roles.sql")).await?;
    Ok(())
}

/// Indexes of ours that nobody may use: whoever built them beside the running server was interrupted. Each with whether it
/// is only what a rebuilding has left beside the index itself.
pub(super) async fn invalid_indexes(admin: &mut PgConnection) -> Result<Vec<(String, bool)>> {
    let found: Vec<(String, bool)> = sqlx::query_as(
        "SELECT format('%I.%I', n.nspname, c.relname), c.relname::text ~ '_cc(new|old)[0-9]*$'
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname IN ('steward', 'pooled') ORDER BY 1",
    )
    .fetch_all(admin)
    .await?;
    Ok(found)
}

/// Builds an index anew, beside whoever writes. The name is quoted as [`invalid_indexes`] does it.
pub(super) async fn rebuild_index(admin: &mut PgConnection, name: &str) -> Result<()> {
    admin.execute(AssertSqlSafe(format!("REINDEX INDEX CONCURRENTLY {name}"))).await?;
    Ok(())
}

/// Removes an index, likewise.
pub(super) async fn drop_index(admin: &mut PgConnection, name: &str) -> Result<()> {
    admin.execute(AssertSqlSafe(format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"))).await?;
    Ok(())
}

/// The tenants whose schema is there and stays.
pub(super) async fn dedicated(admin: &mut PgConnection) -> Result<Vec<Uuid>> {
    let tenants = sqlx::query_scalar(
        "SELECT id FROM steward.tenant WHERE placement = 'dedicated' AND status NOT IN ('purging', 'deleted')
            AND to_regnamespace('t_' || replace(id::text, '-', '')) IS NOT NULL ORDER BY id",
    )
    .fetch_all(admin)
    .await?;
    Ok(tenants)
}

/// Whether a schema that [`dedicated`] names lacks a column or a key of a table of `pooled`. By hashes over the catalogue:
/// a fraction of a second for a thousand schemas, and next to nothing where there are few.
pub(super) async fn behind(admin: &mut PgConnection) -> Result<bool> {
    let behind = sqlx::query_scalar(
        "WITH own AS MATERIALIZED (
            SELECT n.oid FROM steward.tenant t JOIN pg_namespace n ON n.nspname = ('t_' || replace(t.id::text, '-', ''))::name
            WHERE t.placement = 'dedicated' AND t.status NOT IN ('purging', 'deleted')),
        shared AS MATERIALIZED (
            SELECT c.oid, c.relname FROM pg_class c WHERE c.relnamespace = 'pooled'::regnamespace AND c.relkind = 'r')
        SELECT EXISTS (
            SELECT FROM own CROSS JOIN shared s JOIN pg_attribute a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE NOT EXISTS (SELECT FROM pg_class c JOIN pg_attribute b ON b.attrelid = c.oid AND NOT b.attisdropped
                WHERE c.relnamespace = own.oid AND c.relname = s.relname AND b.attname = a.attname))
        OR EXISTS (
            SELECT FROM own CROSS JOIN shared s JOIN pg_constraint k ON k.conrelid = s.oid AND k.contype IN ('p', 'u', 'c', 'f')
            WHERE NOT EXISTS (SELECT FROM pg_class c JOIN pg_constraint x ON x.conrelid = c.oid
                WHERE c.relnamespace = own.oid AND c.relname = s.relname AND x.conname = k.conname))",
    )
    .fetch_one(admin)
    .await?;
    Ok(behind)
}

/// Brings a tenant's schema up to what `pooled` has.
pub(super) async fn create_namespace(admin: &mut PgConnection, tenant: Uuid) -> Result<()> {
    sqlx::query("SELECT prov.create_namespace($1)").bind(tenant).execute(admin).await?;
    Ok(())
}

/// Installs pgvector where the server offers it and the database has it not; whether it did. It goes where every role of
/// ours looks for types.
pub(super) async fn vectors(admin: &mut PgConnection) -> Result<bool> {
    let offered: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector' AND installed_version IS NULL)",
    )
    .fetch_one(&mut *admin)
    .await?;
    if offered {
        admin.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public").await?;
    }
    Ok(offered)
}

/// Statistics and visibility maps of the whole database.
pub(super) async fn vacuum(admin: &mut PgConnection) -> Result<()> {
    admin.execute("VACUUM (ANALYZE)").await?;
    Ok(())
}

/// Ends whatever a borrower left in its connection; prepared statements stay.
pub(super) async fn clean(connection: &mut PgConnection) -> sqlx::Result<()> {
    connection.execute("ROLLBACK; RESET ALL; RESET ROLE; SELECT pg_advisory_unlock_all()").await?;
    Ok(())
}

/// Whether a connection answers.
pub(super) async fn answers(connection: &mut PgConnection) -> Result<()> {
    connection.execute("SELECT 1").await?;
    Ok(())
}

/// The number that the cluster knows this database by.
pub(super) async fn oid(connection: &mut PgConnection) -> Result<String> {
    let oid = sqlx::query_scalar("SELECT oid::text FROM pg_database WHERE datname = current_database()")
        .fetch_one(connection)
        .await?;
    Ok(oid)
}

/// Whether the cluster has a role of this name.
pub(super) async fn role_exists(admin: &mut PgConnection, name: &str) -> Result<bool> {
    let exists = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
        .bind(name)
        .fetch_one(admin)
        .await?;
    Ok(exists)
}

/// Makes a login without rights of its own. The name is made of letters and digits, the password of hexadecimal digits.
pub(super) async fn make_login(admin: &mut PgConnection, name: &str, password: &str) -> Result<()> {
    let make = format!(
        "CREATE ROLE {name} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '{password}'"
    );
    admin.execute(AssertSqlSafe(make)).await?;
    Ok(())
}

/// Bounds what a login may take, at every start: whoever made it, and whatever was set by hand meanwhile.
pub(super) async fn bound_login(admin: &mut PgConnection, name: &str) -> Result<()> {
    let bound = format!(
        "ALTER ROLE {name} SET statement_timeout = '15s'; ALTER ROLE {name} SET lock_timeout = '5s'; \
         ALTER ROLE {name} SET idle_in_transaction_session_timeout = '15s'"
    );
    admin.execute(AssertSqlSafe(bound)).await?;
    Ok(())
}

/// Lets a login in, and lets it become what the server becomes, where it may not yet.
pub(super) async fn allow_login(admin: &mut PgConnection, name: &str) -> Result<()> {
    let allow = format!(
        "DO $$ BEGIN
           IF NOT pg_has_role('{name}', '{APP_LOGIN}', 'MEMBER') THEN GRANT {APP_LOGIN} TO {name}; END IF;
           IF NOT has_database_privilege('{name}', current_database(), 'CONNECT') THEN
             EXECUTE format('GRANT CONNECT ON DATABASE %I TO {name}', current_database());
           END IF;
         END $$"
    );
    admin.execute(AssertSqlSafe(allow)).await?;
    Ok(())
}

/// Keeps what only warns out of the server's log, where the administrator may say so: every connection that is given back
/// ends a transaction, and where there is none the server warns.
pub(super) async fn quiet_login(admin: &mut PgConnection, name: &str) -> Result<()> {
    let quiet = format!(
        "DO $$ BEGIN ALTER ROLE {name} SET log_min_messages = 'error';
         EXCEPTION WHEN insufficient_privilege THEN NULL; END $$"
    );
    admin.execute(AssertSqlSafe(quiet)).await?;
    Ok(())
}

/// Gives a login the password that is kept. Names and passwords as in [`make_login`].
pub(super) async fn set_password(admin: &mut PgConnection, name: &str, password: &str) -> Result<()> {
    admin.execute(AssertSqlSafe(format!("ALTER ROLE {name} PASSWORD '{password}'"))).await?;
    Ok(())
}

/// The login's password: the one that is kept, or this one from now on where none is.
pub(super) async fn keep_password(admin: &mut PgConnection, fresh: &str) -> Result<String> {
    let mut tx = admin.begin().await?;
    tx.execute("SET LOCAL ROLE steward_owner").await?;
    sqlx::query("INSERT INTO steward.secret (name, value) VALUES ('login', $1) ON CONFLICT DO NOTHING")
        .bind(fresh)
        .execute(&mut *tx)
        .await?;
    let kept = sqlx::query_scalar("SELECT value FROM steward.secret WHERE name = 'login'")
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(kept)
}
