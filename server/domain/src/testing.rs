//! For tests: receivers that are really there ([`http`], [`smtp`]), a serving pool on the test's own database, actors of every role, a fixed clock, and seeds.

pub mod http;
pub mod smtp;

use crate::ctx::{Ctx, Deployment, Services};
use crate::db;
use crate::error::Result;
use model::permission::{Actor, Membership, Role};
use model::tenants::Access;
use model::{TenantId, UserId};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

pub use db::MIGRATOR;

/// The login of tests. Its password is in this file, so it may connect to databases of tests and to no other: being let
/// into a database is not inherited, and Steward's own are closed to the public.
pub const LOGIN: &str = "steward_test_app";

/// How tests connect as the server does: without rights of their own, and able to become what it becomes.
pub async fn login(admin: &PgPool) -> PgConnectOptions {
    let mut connection = admin.acquire().await.expect("a connection of the administrator");
    // Tests of several processes begin together on one cluster.
    let make = format!(
        "DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{LOGIN}') THEN
                BEGIN
                    CREATE ROLE {LOGIN} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '{LOGIN}';
                    GRANT {app} TO {LOGIN};
                    ALTER ROLE {LOGIN} SET statement_timeout = '15s';
                    ALTER ROLE {LOGIN} SET lock_timeout = '5s';
                    ALTER ROLE {LOGIN} SET idle_in_transaction_session_timeout = '15s';
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another process was quicker
                END;
            END IF;
            -- Older tests gave the server's role a password that everybody can read.
            BEGIN
                IF EXISTS (SELECT FROM pg_authid WHERE rolname = '{app}' AND rolpassword IS NOT NULL) THEN
                    ALTER ROLE {app} PASSWORD NULL;
                END IF;
            EXCEPTION WHEN insufficient_privilege OR internal_error THEN NULL; -- not ours to see, or another was quicker
            END;
            IF NOT has_database_privilege('{LOGIN}', current_database(), 'CONNECT') THEN
                EXECUTE format('GRANT CONNECT ON DATABASE %I TO {LOGIN}', current_database());
            END IF;
        END $$",
        app = db::APP_LOGIN
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(make)).execute(&mut *connection).await.expect("the login of tests");
    (*admin.connect_options()).clone().username(LOGIN).password(LOGIN)
}

/// Services on the database of a `#[sqlx::test]` pool, logged in without rights as the running server is.
///
/// The test's pool is the administrator's: it may look at everything, which the code under test may not.
pub async fn services(admin: &PgPool) -> Services {
    services_with(admin, deployment()).await
}

/// A key that seals, and this machine as the only place inside that may be talked to.
pub fn deployment() -> Deployment {
    Deployment {
        keys: crate::seal::Keyring::new(&[[7; crate::seal::KEY]]),
        public_url: "https://steward.test".into(),
        mail: None,
        outward: crate::outward::Client::new(vec!["127.0.0.1".parse().expect("an address")]),
    }
}

/// [`services`], configured otherwise.
pub async fn services_with(admin: &PgPool, deployment: Deployment) -> Services {
    let options = login(admin).await;
    let mut connection = admin.acquire().await.expect("a connection of the administrator");
    // Roles outlive the databases of tests, which come back under the same names.
    sqlx::raw_sql(
        "DO $$ DECLARE r name; BEGIN
            FOR r IN SELECT rolname FROM pg_roles WHERE rolname ~ '^tr_[0-9a-f]{32}$'
                AND shobj_description(oid, 'pg_authid') = 'steward:' || current_database()
                AND to_regnamespace('t_' || substr(rolname, 4)) IS NULL LOOP
                EXECUTE format('DROP ROLE IF EXISTS %I', r);
            END LOOP; END $$",
    )
    .execute(&mut *connection)
    .await
    .ok();
    let pool = db::pool(options, 5).await.expect("a serving pool");
    Services::configured(pool, deployment)
}

/// A platform user with this role.
pub fn platform(services: &Services, role: Role) -> Ctx {
    let actor = Actor::User {
        id: UserId(uuid::Uuid::from_u128(1)),
        name: format!("Test {}", role.label()),
        email: format!("{}@example.com", role.as_str()),
        platform: Some(role),
        memberships: vec![],
    };
    services.ctx(actor, "test")
}

/// Somebody inside one tenant.
pub fn member(services: &Services, tenant: TenantId, role: Role) -> Ctx {
    let membership =
        Membership { tenant, slug: "test".into(), tenant_name: "Test".into(), role, access: Access::Full };
    let actor = Actor::User {
        id: UserId(uuid::Uuid::from_u128(2)),
        name: format!("Test {}", role.label()),
        email: format!("{}@example.com", role.as_str()),
        platform: None,
        memberships: vec![membership],
    };
    services.ctx(actor, "test")
}

/// A tenant on trial with its first audit line, as the import inserts it; for tests that need one and not its making.
pub async fn new_tenant(cx: &Ctx, new: model::directory::NewTenant) -> Result<TenantId> {
    crate::tenants::put(cx, new).await
}

/// Inserts a bare active tenant on the professional plan and answers its id.
#[expect(clippy::disallowed_methods, reason = "a seed has no context to ask for an id")]
pub async fn tenant(admin: &PgPool, slug: &str) -> Result<TenantId> {
    let id = TenantId(uuid::Uuid::now_v7());
    sqlx::query(
        "INSERT INTO tenant (id, slug, name, status, plan_id) VALUES ($1, $2, $2, 'active', 'professional')",
    )
    .bind(id)
    .bind(slug)
    .execute(admin)
    .await?;
    Ok(id)
}
