//! The login of the running server: `steward_app_<oid of the database>`, one per database, made at the first start.
//!
//! Invariants: its password is random, drawn once and kept in `steward.secret`, which only the administrator may read:
//! every process of an installation reads the same one, however each spells the address, and two installations on one
//! cluster have nothing in common. A password that works is never changed. The login has no rights of its own but to
//! connect; what it may become, it may through [`super::APP_LOGIN`]. How long a statement, a wait for a lock and an idle
//! transaction of it may last is set at every start.

use super::{APP_LOGIN, store};
use crate::error::{Error, Result};
use rand::Rng;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How the serving login of this database connects; made where it is missing.
///
/// # Errors
/// When the administrator's address does not work, or the login cannot be used although its password is right.
pub(super) async fn options(admin: &PgConnectOptions) -> Result<PgConnectOptions> {
    let mut connection = admin.connect().await?;
    super::lock_start(&mut connection).await?;
    let outcome = ensure(&mut connection, admin).await;
    store::unlock_start(&mut connection).await?;
    connection.close().await?;
    outcome
}

/// The name of this database's login.
pub async fn name(connection: &mut PgConnection) -> Result<String> {
    let oid = store::oid(connection).await?;
    Ok(format!("{APP_LOGIN}_{oid}"))
}

async fn ensure(connection: &mut PgConnection, admin: &PgConnectOptions) -> Result<PgConnectOptions> {
    let name = name(connection).await?;
    let password = password(connection).await?;
    let options = admin.clone().username(&name).password(&password).application_name("steward");
    if !store::role_exists(connection, &name).await? {
        store::make_login(connection, &name, &password).await?;
    }
    store::bound_login(connection, &name).await?;
    store::allow_login(connection, &name).await?;
    store::quiet_login(connection, &name).await?;
    match options.connect().await {
        Ok(works) => works.close().await?,
        // Nobody else sets it: it was changed by hand, or the cluster's roles were restored from elsewhere.
        Err(sqlx::Error::Database(refused)) if refused.code().as_deref() == Some(WRONG_PASSWORD) => {
            tracing::warn!(
                login = name,
                "the password of the serving login was not the one kept; it is again"
            );
            store::set_password(connection, &name, &password).await?;
            options.connect().await?.close().await?;
        }
        Err(other) => return Err(other.into()),
    }
    Ok(options)
}

/// `invalid_password`
const WRONG_PASSWORD: &str = "28P01";

/// The password that is kept, drawn where there is none yet.
async fn password(connection: &mut PgConnection) -> Result<String> {
    #[expect(clippy::disallowed_methods, reason = "before there is a context to draw from")]
    let fresh = {
        let mut bytes = [0_u8; 32];
        rand::rng().fill_bytes(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let kept = store::keep_password(connection, &fresh).await?;
    if kept.len() < 32 || !kept.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::Internal("steward.secret: the kept password is not one of ours".into()));
    }
    Ok(kept)
}

/// Whether new connections can be made, asked by making one, at most once in [`Door::EVERY`]: a pool that lives on the
/// connections it has would tell a load balancer that all is well until the last of them ends.
#[derive(Debug, Default)]
pub(crate) struct Door(Mutex<Option<Instant>>);

impl Door {
    const EVERY: Duration = Duration::from_secs(5);

    pub(crate) async fn check(&self, pool: &PgPool) -> Result<()> {
        let mut passed = self.0.lock().await;
        if passed.is_some_and(|at| at.elapsed() < Self::EVERY) {
            return Ok(());
        }
        *passed = None;
        let options = pool.connect_options();
        let mut fresh = tokio::time::timeout(Duration::from_secs(3), options.connect())
            .await
            .map_err(|_| Error::Internal("no new connection to the database within 3 s".into()))??;
        store::answers(&mut fresh).await?;
        fresh.close().await?;
        *passed = Some(Instant::now());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MIGRATOR, pools};
    use crate::{Result, Services};
    use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgPool};

    async fn serving_pool(url: &str) -> Result<PgPool> {
        Ok(pools(url, 5).await?.serving)
    }

    /// What the cluster holds of every login of ours.
    async fn verifiers(admin: &PgPool, like: &str) -> Vec<(String, Option<String>)> {
        sqlx::query_as("SELECT rolname::text, rolpassword FROM pg_authid WHERE rolname LIKE $1 ORDER BY 1")
            .bind(like)
            .fetch_all(admin)
            .await
            .expect("an administrator who is a superuser")
    }

    async fn forget(admin: &PgPool, login: &str) {
        let sql = format!(
            "DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM {login}', current_database()); END $$; DROP ROLE {login}"
        );
        admin.execute(AssertSqlSafe(sql)).await.expect("gone");
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn a_process_that_spells_the_address_differently_locks_nobody_out(admin: PgPool) {
        let mut connection = admin.acquire().await.expect("a connection");
        let login = super::name(&mut connection).await.expect("a name");
        drop(connection);
        let url = admin.connect_options().to_url_lossy().to_string();
        let first = serving_pool(&url).await.expect("the first process");
        let before = verifiers(&admin, &login).await;
        assert!(before.iter().any(|(name, password)| *name == login && password.is_some()), "{before:?}");
        let join = if url.contains('?') { '&' } else { '?' };
        for spelled in
            [format!("{url}{join}application_name=newcomer"), url.replace("127.0.0.1", "localhost")]
        {
            let newcomer = serving_pool(&spelled).await.expect("a newcomer");
            newcomer.execute("SELECT 1").await.expect("it works");
            newcomer.close().await;
        }
        assert_eq!(verifiers(&admin, &login).await, before, "a password that works is never changed");
        // What the first process would do after its connections ended.
        first.acquire().await.expect("a connection").close().await.expect("closed");
        Services::new(first.clone()).ready().await.expect("it can still connect");
        first.close().await;
        forget(&admin, &login).await;
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn a_process_that_can_make_no_new_connection_is_not_ready(admin: PgPool) {
        let mut connection = admin.acquire().await.expect("a connection");
        let login = super::name(&mut connection).await.expect("a name");
        drop(connection);
        let url = admin.connect_options().to_url_lossy().to_string();
        let services = Services::new(serving_pool(&url).await.expect("a pool"));
        admin.execute(AssertSqlSafe(format!("ALTER ROLE {login} NOLOGIN"))).await.expect("locked out");
        assert!(services.ready().await.is_err(), "its open connections still answer, and yet");
        admin.execute(AssertSqlSafe(format!("ALTER ROLE {login} LOGIN"))).await.expect("let in");
        services.ready().await.expect("ready again");
        services.close().await;
        forget(&admin, &login).await;
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn every_start_bounds_what_the_login_may_take(admin: PgPool) {
        let mut connection = admin.acquire().await.expect("a connection");
        let login = super::name(&mut connection).await.expect("a name");
        drop(connection);
        let url = admin.connect_options().to_url_lossy().to_string();
        let bounds = async || -> (String, String, String, String) {
            let pool = serving_pool(&url).await.expect("a start");
            let set = sqlx::query_as(
                "SELECT session_user::text, current_setting('statement_timeout'), current_setting('lock_timeout'),
                    current_setting('idle_in_transaction_session_timeout')",
            );
            let found = set.fetch_one(&pool).await.expect("settings");
            pool.close().await;
            found
        };
        let right = (login.clone(), "15s".to_owned(), "5s".to_owned(), "15s".to_owned());
        assert_eq!(bounds().await, right, "where it was made");
        for by_hand in [
            format!("ALTER ROLE {login} RESET ALL"),
            format!(
                "ALTER ROLE {login} SET statement_timeout = 0; ALTER ROLE {login} SET lock_timeout = '1h'"
            ),
        ] {
            admin.execute(AssertSqlSafe(by_hand)).await.expect("changed");
            assert_eq!(bounds().await, right, "and at the next start");
        }
        // It is so for what the server does, also after a connection was lent and given back.
        let services = Services::new(serving_pool(&url).await.expect("a pool"));
        let cx = services.system("test");
        for _ in 0..2 {
            let mut read = cx.read(crate::ctx::Reach::Fleet).await.expect("a read");
            let limit: String = sqlx::query_scalar("SELECT current_setting('statement_timeout')")
                .fetch_one(read.conn())
                .await
                .expect("a setting");
            assert_eq!(limit, "15s");
        }
        services.close().await;
        forget(&admin, &login).await;
    }

    /// Its password is known to everybody who can read.
    #[sqlx::test(migrator = "MIGRATOR")]
    async fn the_login_of_tests_gets_into_no_database_but_theirs(admin: PgPool) {
        let options = crate::testing::login(&admin).await;
        options.connect().await.expect("a database of tests").close().await.expect("closed");
        let login = crate::testing::LOGIN;
        let as_any_other = format!(
            "DO $$ BEGIN EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM {login}', current_database()); END $$"
        );
        admin.execute(AssertSqlSafe(as_any_other)).await.expect("as if no test had ever used it");
        let refused = options.connect().await.expect_err("a database that is no test's");
        assert_eq!(refused.as_database_error().and_then(|e| e.code()).as_deref(), Some("42501"));
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn no_serving_role_reads_the_password(admin: PgPool) {
        let services = crate::testing::services(&admin).await;
        let cx = services.system("test");
        for reach in [crate::ctx::Reach::Fleet, crate::ctx::Reach::System, crate::ctx::Reach::Provision] {
            let mut read = cx.read(reach).await.expect("a read");
            assert!(
                sqlx::query("SELECT value FROM steward.secret").fetch_all(read.conn()).await.is_err(),
                "{reach:?}"
            );
        }
    }
}
