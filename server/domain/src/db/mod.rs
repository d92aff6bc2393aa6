//! The way to Postgres: roles, migrations, the pool and its guard.
//!
//! Invariants: the serving login has no rights of its own; a connection that goes back to the pool is in no
//! transaction (a cancelled `BEGIN` would otherwise poison the next borrower, sqlx#4385); the schema is never newer
//! than the binary.

use crate::error::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sqlx::migrate::{Migrate, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use std::str::FromStr;
use std::time::Duration;

/// The migrations, as they were when the binary was built.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// The only login of the running server.
pub const APP_LOGIN: &str = "steward_app";

/// Serialises the start of several processes on one database ("stwd" in ASCII).
const START_LOCK: i64 = 0x7374_7764;

/// Connections of the serving pool.
const POOL: u32 = 20;

/// Prepares a database as its administrator: roles, then migrations, under an advisory lock.
///
/// # Errors
/// `Internal` when the schema is newer than this binary (an old process must not write into it).
pub async fn migrate(admin_url: &str) -> Result<()> {
    let mut admin = connect(admin_url).await?;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(START_LOCK).execute(&mut admin).await?;
    let outcome = migrate_locked(&mut admin).await;
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(START_LOCK).execute(&mut admin).await?;
    admin.close().await?;
    outcome
}

async fn migrate_locked(admin: &mut PgConnection) -> Result<()> {
    roles(admin).await?;
    admin.ensure_migrations_table("_sqlx_migrations").await.map_err(migration)?;
    let applied = admin.list_applied_migrations("_sqlx_migrations").await.map_err(migration)?;
    let newest = MIGRATOR.iter().map(|m| m.version).max().unwrap_or_default();
    if let Some(newer) = applied.iter().map(|m| m.version).filter(|v| *v > newest).max() {
        return Err(Error::Internal(format!(
            "the database has schema version {newer}, this binary knows only up to {newest}: start a newer one"
        )));
    }
    MIGRATOR.run_direct(None, admin, false).await.map_err(migration)?;
    Ok(())
}

/// Creates the cluster's roles on the server of this address: what the databases of tests need before their migrations.
pub async fn prepare_roles(admin_url: &str) -> Result<()> {
    let mut admin = connect(admin_url).await?;
    roles(&mut admin).await?;
    admin.close().await?;
    Ok(())
}

/// Creates the cluster's roles where they are missing.
pub async fn roles(admin: &mut PgConnection) -> Result<()> {
    admin.execute(include_str!("roles.sql")).await?;
    Ok(())
}

/// Brings statistics and visibility maps up to date as the administrator: after a load, before anybody asks.
pub async fn vacuum(admin_url: &str) -> Result<()> {
    let mut admin = connect(admin_url).await?;
    admin.execute("VACUUM (ANALYZE)").await?;
    admin.close().await?;
    Ok(())
}

fn migration(error: sqlx::migrate::MigrateError) -> Error {
    Error::Internal(format!("migration: {error}"))
}

async fn connect(url: &str) -> Result<PgConnection> {
    Ok(PgConnectOptions::from_str(url)?.connect().await?)
}

/// The serving pool on the database of `admin_url`, logged in as [`APP_LOGIN`].
///
/// The password of that login is derived from the administrator's, so that every process of a deployment agrees on it
/// without a second secret to distribute; it is set when logging in with it fails.
pub async fn serving_pool(admin_url: &str) -> Result<PgPool> {
    let admin_options = PgConnectOptions::from_str(admin_url)?;
    let password = app_password(admin_url)?;
    let options = admin_options.clone().username(APP_LOGIN).password(&password).application_name("steward");
    if options.connect().await.is_err() {
        let mut admin = admin_options.connect().await?;
        admin.execute(AssertSqlSafe(format!("ALTER ROLE {APP_LOGIN} PASSWORD '{password}'"))).await?;
        admin.close().await?;
    }
    pool(options, POOL).await
}

/// HMAC-SHA256 of the login's name under the administrator's address, in hex.
fn app_password(admin_url: &str) -> Result<String> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(admin_url.as_bytes()).map_err(|e| Error::Internal(e.to_string()))?;
    mac.update(APP_LOGIN.as_bytes());
    Ok(mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect())
}

/// A pool whose connections are clean when they are lent again.
pub async fn pool(options: PgConnectOptions, size: u32) -> Result<PgPool> {
    let pool = PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(Duration::from_secs(3))
        .max_lifetime(Duration::from_secs(15 * 60))
        // The hook below already proves that the connection lives.
        .test_before_acquire(false)
        .after_release(|connection, _| {
            Box::pin(async move {
                // Reads never commit and a cancelled request leaves its transaction open: end it here. An error closes
                // the connection.
                connection.execute("ROLLBACK").await?;
                Ok(true)
            })
        })
        // Ending a transaction where there is none warns, and every warning is a message on the wire and in the log.
        .connect_with(options.options([("client_min_messages", "error")]))
        .await?;
    Ok(pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(admin: &PgPool) -> String {
        admin.connect_options().to_url_lossy().to_string()
    }

    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn a_schema_newer_than_the_binary_is_left_alone(admin: PgPool) {
        migrate(&url(&admin)).await.expect("our own schema is fine, again and again");
        sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999999, 'from the future', true, '', 0)")
            .execute(&admin)
            .await
            .expect("a newer version");
        let error = migrate(&url(&admin)).await.expect_err("refused");
        assert!(error.to_string().contains("999999"), "{error}");
    }

    #[sqlx::test]
    async fn processes_that_start_together_migrate_one_after_the_other(admin: PgPool) {
        let url = url(&admin);
        let (a, b, c) = tokio::join!(migrate(&url), migrate(&url), migrate(&url));
        for outcome in [a, b, c] {
            outcome.expect("migrated");
        }
        let twice: i64 = sqlx::query_scalar("SELECT count(*) FROM (SELECT version FROM _sqlx_migrations GROUP BY version HAVING count(*) > 1) x")
            .fetch_one(&admin)
            .await
            .expect("a count");
        assert_eq!(twice, 0);
    }

    #[test]
    fn the_logins_password_follows_from_the_administrators() {
        let one = app_password("postgres://a:b@h/d").expect("a password");
        assert_eq!(one.len(), 64);
        assert_eq!(Some(&one), app_password("postgres://a:b@h/d").ok().as_ref());
        assert_ne!(Some(one), app_password("postgres://a:c@h/d").ok());
    }
}
