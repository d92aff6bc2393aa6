//! The way to Postgres: roles, migrations, the pool and its guard.
//!
//! Invariants: the serving login has no rights of its own; a connection that goes back to the pool is in no
//! transaction (a cancelled `BEGIN` would otherwise poison the next borrower, sqlx#4385), has no setting of its last
//! borrower and holds no lock; the schema is never newer than the binary. Next: `login` for who the server logs in as.

pub mod login;
mod store;

use crate::error::{Error, Result};
use sqlx::migrate::{Migrate, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::str::FromStr;
use std::time::Duration;

/// The migrations, as they were when the binary was built.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// What the running server's login may become, it may through this role; nobody logs in as it.
pub const APP_LOGIN: &str = "steward_app";

/// Connections for what people and programs ask, unless the configuration says otherwise: three for each core, six at
/// least. More do not make it quicker: whoever waits for a core in PostgreSQL makes those wait that are nearly done.
pub fn serving() -> u32 {
    let cores =
        std::thread::available_parallelism().map_or(2, |cores| u32::try_from(cores.get()).unwrap_or(2));
    (3 * cores).clamp(6, 64)
}
/// Connections for background work: a few jobs at a time, whatever is waiting.
const JOBS: u32 = 8;

/// Prepares a database as its administrator: roles, then migrations, under an advisory lock.
///
/// # Errors
/// `Internal` when the schema is newer than this binary (an old process must not write into it).
pub async fn migrate(admin_url: &str) -> Result<()> {
    let mut admin = connect(admin_url).await?;
    lock_start(&mut admin).await?;
    let outcome = migrate_locked(&mut admin).await;
    store::unlock_start(&mut admin).await?;
    admin.close().await?;
    outcome
}

/// Waits for the start of other processes by asking again and again: a statement that waits holds a snapshot, and an index
/// that is built concurrently would wait for that, and both for ever.
async fn lock_start(admin: &mut PgConnection) -> Result<()> {
    while !store::try_lock_start(admin).await? {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn migrate_locked(admin: &mut PgConnection) -> Result<()> {
    store::roles(admin).await?;
    admin.ensure_migrations_table("_sqlx_migrations").await.map_err(migration)?;
    let applied = admin.list_applied_migrations("_sqlx_migrations").await.map_err(migration)?;
    let newest = MIGRATOR.iter().map(|m| m.version).max().unwrap_or_default();
    if let Some(newer) = applied.iter().map(|m| m.version).filter(|v| *v > newest).max() {
        return Err(Error::Internal(format!(
            "the database has schema version {newer}, this binary knows only up to {newest}: start a newer one"
        )));
    }
    mend_indexes(admin).await?;
    MIGRATOR.run_direct(None, admin, false).await.map_err(migration)?;
    // A start that was interrupted between the migrations and the last schema is made good by the next one.
    if applied.iter().all(|m| m.version < newest) || store::behind(admin).await? {
        follow(admin).await?;
    }
    // Nothing depends on it: without the extension vectors are compared here, and the search says when there were more.
    match store::vectors(admin).await {
        Ok(true) => tracing::info!("the extension for vectors is installed"),
        Ok(false) => {}
        Err(error) => {
            tracing::warn!(%error, "pgvector is there and could not be installed; vectors are searched without it")
        }
    }
    Ok(())
}

/// Makes indexes whole that were being built beside the running server when a start was interrupted: their migration begins
/// again, finds them there (`IF NOT EXISTS`), and would leave them as they are. Whoever holds the lock is the only one who
/// builds any. One that cannot be mended is left to the next start: the server works without it.
async fn mend_indexes(admin: &mut PgConnection) -> Result<()> {
    for (name, is_rest) in store::invalid_indexes(admin).await? {
        let mended = if is_rest {
            store::drop_index(admin, &name).await
        } else {
            store::rebuild_index(admin, &name).await
        };
        match mended {
            Ok(()) => tracing::info!(index = %name, "an index was not finished and is mended"),
            Err(error) => {
                tracing::warn!(index = %name, %error, "an index is not finished and cannot be mended")
            }
        }
    }
    Ok(())
}

/// Gives the schemas of dedicated tenants what the migrations gave to `pooled`: one tenant per transaction, because each
/// takes a hundred locks.
async fn follow(admin: &mut PgConnection) -> Result<()> {
    for tenant in store::dedicated(admin).await? {
        store::create_namespace(admin, tenant).await?;
    }
    Ok(())
}

/// Creates the cluster's roles on the server of this address: what the databases of tests need before their migrations.
pub async fn prepare_roles(admin_url: &str) -> Result<()> {
    let mut admin = connect(admin_url).await?;
    store::roles(&mut admin).await?;
    admin.close().await?;
    Ok(())
}

/// Brings statistics and visibility maps up to date as the administrator: after a load, before anybody asks.
pub async fn vacuum(admin_url: &str) -> Result<()> {
    let mut admin = connect(admin_url).await?;
    store::vacuum(&mut admin).await?;
    admin.close().await?;
    Ok(())
}

fn migration(error: sqlx::migrate::MigrateError) -> Error {
    Error::Internal(format!("migration: {error}"))
}

async fn connect(url: &str) -> Result<PgConnection> {
    Ok(PgConnectOptions::from_str(url)?.connect().await?)
}

/// The two pools of a process: what is asked, and background work.
#[derive(Debug)]
pub struct Pools {
    pub serving: PgPool,
    pub jobs: PgPool,
}

/// Pools on the database of `admin_url`, logged in as that database's [`login`]; `serving` connections for what is asked.
pub async fn pools(admin_url: &str, serving: u32) -> Result<Pools> {
    let options = login::options(&PgConnectOptions::from_str(admin_url)?).await?;
    // Whoever asks does not wait for a connection to be opened, least of all many at once in the first second.
    Ok(Pools { serving: open(options.clone(), serving, serving).await?, jobs: open(options, JOBS, 1).await? })
}

/// A pool whose connections are clean when they are lent again.
pub async fn pool(options: PgConnectOptions, size: u32) -> Result<PgPool> {
    open(options, size, 0).await
}

async fn open(options: PgConnectOptions, size: u32, ready: u32) -> Result<PgPool> {
    let pool = PgPoolOptions::new()
        .max_connections(size)
        .min_connections(ready)
        .acquire_timeout(Duration::from_secs(3))
        .max_lifetime(Duration::from_secs(15 * 60))
        // The hook below already proves that the connection lives.
        .test_before_acquire(false)
        .after_release(|connection, _| {
            Box::pin(async move {
                // Reads never commit and a cancelled request leaves its transaction open: end it here, and whatever
                // else could reach the next borrower. An error closes the connection.
                store::clean(connection).await?;
                Ok(true)
            })
        })
        // Ending a transaction where there is none warns, and every warning is a message on the wire; the login keeps it
        // out of the server's log.
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

    /// As after a start that was interrupted while it built an index.
    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn a_start_mends_an_index_that_was_not_finished(admin: PgPool) {
        for sql in [
            "CREATE INDEX tenant_by_trial_end_ccnew ON steward.tenant (trial_ends_at)",
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid IN
                ('steward.tenant_by_trial_end'::regclass, 'steward.tenant_by_trial_end_ccnew'::regclass)",
        ] {
            sqlx::query(sql).execute(&admin).await.expect("interrupted");
        }
        migrate(&url(&admin)).await.expect("another start");
        let found: Vec<(String, bool)> = sqlx::query_as(
            "SELECT c.relname::text, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE c.relname LIKE 'tenant_by_trial_end%'",
        )
        .fetch_all(&admin)
        .await
        .expect("indexes");
        assert_eq!(found, [("tenant_by_trial_end".to_owned(), true)]);
    }

    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn a_start_installs_what_searches_vectors_where_the_server_has_it(admin: PgPool) {
        sqlx::raw_sql("DROP EXTENSION IF EXISTS vector").execute(&admin).await.expect("not there");
        migrate(&url(&admin)).await.expect("a start");
        migrate(&url(&admin)).await.expect("another start, which finds it there");
        let (offered, installed): (bool, bool) = sqlx::query_as(
            "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector'), EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')",
        )
        .fetch_one(&admin)
        .await
        .expect("an answer");
        assert_eq!(installed, offered);
    }

    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn a_start_brings_back_what_a_schema_of_its_own_lacks(admin: PgPool) {
        let tenant = crate::testing::tenant(&admin, "own").await.expect("a tenant");
        for sql in [
            "UPDATE tenant SET placement = 'dedicated', plan_id = 'enterprise' WHERE id = $1",
            "SELECT prov.create_namespace(id) FROM tenant WHERE id = $1",
        ] {
            sqlx::query(sql).bind(tenant).execute(&admin).await.expect("its schema");
        }
        let schema = format!("t_{}", tenant.0.simple());
        let behind = || async {
            store::behind(&mut admin.acquire().await.expect("a connection")).await.expect("an answer")
        };
        assert!(!behind().await, "it has all there is");
        for (what, loss) in [
            ("a table", format!("DROP TABLE {schema}.vector_item")),
            ("a column", format!("ALTER TABLE {schema}.vector_item DROP COLUMN meta")),
            ("a key", format!("ALTER TABLE {schema}.vector_item DROP CONSTRAINT vector_item_conversation")),
        ] {
            sqlx::query(sqlx::AssertSqlSafe(loss)).execute(&admin).await.expect("a loss");
            assert!(behind().await, "{what} is missed");
            migrate(&url(&admin)).await.expect("another start, without a new migration");
            assert!(!behind().await, "{what} is back");
        }
        // Whose data is on the way out is left alone.
        for sql in [
            format!("DROP TABLE {schema}.vector_item"),
            "UPDATE tenant SET status = 'purging' WHERE slug = 'own'".to_owned(),
        ] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&admin).await.expect("changed");
        }
        assert!(!behind().await);
    }
}
