//! The lint finds what it is for, and nothing in our own schema; tenants do not reach each other; a connection that
//! comes back to the pool is clean.

mod evidence;

use super::{Finding, store};
use crate::ctx::Reach;
use crate::{db, testing};
use model::TenantId;
use model::permission::Role;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgPool, Row};
use std::time::Duration;

const MIGRATED: &str = "a migrated schema";

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn our_own_schema_has_no_finding(admin: PgPool) {
    let services = testing::services(&admin).await;
    let found = super::lint(&testing::platform(&services, Role::Auditor))
        .await
        .expect("the lint as the serving role");
    assert_eq!(found, [], "{MIGRATED} has no finding");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_those_who_read_the_platforms_audit_may_lint(admin: PgPool) {
    let services = testing::services(&admin).await;
    assert!(super::lint(&testing::platform(&services, Role::Success)).await.is_err());
}

const KEYED: &str = "(tenant_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant_id, id))";
const HEX: &str = "0123456789abcdef0123456789abcdef";

/// One defect per rule: how it is made, and everything the lint must say about it.
fn defects() -> Vec<(&'static str, String, Vec<String>)> {
    let guarded = |name: &str| {
        format!(
            "CREATE TABLE steward.{name} {KEYED}; ALTER TABLE steward.{name} ENABLE ROW LEVEL SECURITY; \
             ALTER TABLE steward.{name} FORCE ROW LEVEL SECURITY; \
             CREATE POLICY own ON steward.{name} TO steward_tenant USING (tenant_id = steward.current_tenant())"
        )
    };
    let one = |rule: &'static str, sql: String, object: &str| (rule, sql, vec![format!("{rule} {object}")]);
    vec![
        (
            "R01",
            format!("CREATE TABLE steward.bad {KEYED}; CREATE POLICY own ON steward.bad TO steward_tenant USING (tenant_id = steward.current_tenant())"),
            vec!["R01 steward.bad".into()],
        ),
        one("R02", format!("CREATE TABLE steward.bad {KEYED}; ALTER TABLE steward.bad ENABLE ROW LEVEL SECURITY; ALTER TABLE steward.bad FORCE ROW LEVEL SECURITY"), "steward.bad"),
        one("R03", format!("{}; CREATE POLICY everything ON steward.bad TO steward_tenant USING (true)", guarded("bad")), "everything on bad"),
        one("R04", format!("{}; CREATE POLICY anything ON steward.bad FOR INSERT TO steward_operator", guarded("bad")), "anything on bad"),
        one("R05", "CREATE VIEW steward.bad AS SELECT id FROM steward.tenant; GRANT SELECT ON steward.bad TO steward_tenant".into(), "steward.bad"),
        one("R06", "CREATE MATERIALIZED VIEW steward.bad AS SELECT id FROM steward.tenant; GRANT SELECT ON steward.bad TO steward_tenant".into(), "steward.bad"),
        one(
            "R07",
            "CREATE FUNCTION steward.bad() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; REVOKE ALL ON FUNCTION steward.bad() FROM PUBLIC".into(),
            "bad()",
        ),
        one(
            "R08",
            "CREATE FUNCTION steward.bad() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT 1'".into(),
            "bad()",
        ),
        one("R09", "CREATE ROLE steward_bad LOGIN CREATEROLE".into(), "steward_bad"),
        one("R10", "ALTER ROLE steward_app INHERIT".into(), "steward_app"),
        one("R11", "CREATE TABLE steward.bad (n int); ALTER TABLE steward.bad OWNER TO steward_operator".into(), "steward.bad owner steward_operator"),
        one("R12", "GRANT pg_read_all_data TO steward_app".into(), "steward_app -> pg_read_all_data"),
        (
            "R13",
            format!(
                "{}; CREATE UNIQUE INDEX bad_id ON steward.bad (id); {}; ALTER TABLE steward.worse ADD CONSTRAINT loose FOREIGN KEY (id) REFERENCES steward.bad (id)",
                guarded("bad"),
                guarded("worse")
            ),
            vec!["R13 loose on worse".into(), "R14 bad_id".into()],
        ),
        one("R14", format!("{}; CREATE UNIQUE INDEX bad_id ON steward.bad (id)", guarded("bad")), "bad_id"),
        one(
            "R15",
            format!(
                "CREATE TABLE steward.whole {KEYED} PARTITION BY HASH (tenant_id); ALTER TABLE steward.whole ENABLE ROW LEVEL SECURITY; \
                 ALTER TABLE steward.whole FORCE ROW LEVEL SECURITY; CREATE POLICY own ON steward.whole TO steward_tenant USING (tenant_id = steward.current_tenant()); \
                 CREATE TABLE steward.bad PARTITION OF steward.whole FOR VALUES WITH (MODULUS 1, REMAINDER 0); GRANT SELECT ON steward.bad TO steward_tenant"
            ),
            "steward.bad",
        ),
        one("R16", format!("{}; GRANT TRUNCATE ON steward.bad TO steward_tenant", guarded("bad")), "steward_tenant on steward.bad"),
        (
            "R17",
            "GRANT CREATE ON SCHEMA public TO PUBLIC; DO $$ BEGIN EXECUTE format('GRANT TEMP ON DATABASE %I TO PUBLIC', current_database()); END $$".into(),
            vec!["R17 schema public".into(), "R17 temporary tables".into()],
        ),
        one("R18", "GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO PUBLIC".into(), "pg_catalog.set_config"),
        (
            "R19",
            format!("CREATE SCHEMA t_{HEX}; GRANT USAGE ON SCHEMA t_{HEX} TO steward_tenant"),
            vec![format!("R19 t_{HEX} -> steward_tenant"), format!("R20 t_{HEX}")],
        ),
        ("R20", format!("CREATE SCHEMA t_{HEX}"), vec![format!("R20 t_{HEX}")]),
        ("R21", format!("CREATE ROLE tr_{HEX} NOLOGIN; DO $$ BEGIN EXECUTE format('COMMENT ON ROLE tr_{HEX} IS %L', 'steward:' || current_database()); END $$"), vec![format!("R21 tr_{HEX}")]),
        one(
            "R22",
            "INSERT INTO steward.tenant (id, slug, name, status, plan_id, placement) VALUES (gen_random_uuid(), 'alone', 'Alone', 'active', 'enterprise', 'dedicated')".into(),
            "alone",
        ),
        one("R23", "ALTER ROLE steward_tenant LOGIN".into(), "steward_tenant"),
        one("R24", "GRANT UPDATE ON steward.audit_entry TO steward_operator".into(), "steward_operator on steward.audit_entry"),
        one("R25", "GRANT SELECT ON steward.session TO steward_tenant".into(), "steward_tenant on steward.session"),
        one("R26", "GRANT SELECT (value) ON steward.secret TO steward_operator".into(), "steward_operator on steward.secret"),
    ]
}

fn short(found: &[Finding]) -> Vec<String> {
    found.iter().map(|f| format!("{} {}", &f.rule[..3], f.object)).collect()
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_rule_finds_its_defect_and_nothing_else(admin: PgPool) {
    let mut connection = admin.acquire().await.expect("a connection");
    let defects = defects();
    let rules: Vec<_> = defects.iter().map(|(rule, ..)| (*rule).to_owned()).collect();
    let expected: Vec<_> = (1..=26).map(|n| format!("R{n:02}")).collect();
    assert_eq!(rules, expected, "one defect per rule");
    for (rule, sql, expected) in defects {
        let mut tx = connection.begin().await.expect("a transaction");
        tx.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|error| panic!("{rule}: {error}"));
        let found = store::lint(&mut tx).await.expect("the lint");
        tx.rollback().await.expect("undone");
        assert_eq!(short(&found), expected, "{rule}");
    }
    assert_eq!(store::lint(&mut connection).await.expect("the lint"), [], "everything is undone");
}

/// SQLSTATE, or `ok` with the rows that came or were changed.
async fn attempt(services: &crate::Services, reach: Reach, sql: String) -> String {
    let mut tx = services.system("test").begin(reach).await.expect("begin");
    match sqlx::query(AssertSqlSafe(sql)).fetch_all(tx.conn()).await {
        Ok(rows) => format!("ok {}", rows.len()),
        Err(sqlx::Error::Database(error)) => error.code().unwrap_or_default().into_owned(),
        Err(error) => error.to_string(),
    }
}

async fn tables(admin: &PgPool, privilege: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('steward', 'pooled') AND has_table_privilege('steward_tenant', c.oid, $1)
           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') ORDER BY 1",
    )
    .bind(privilege)
    .fetch_all(admin)
    .await
    .expect("tables")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenant_sees_and_touches_only_its_own_rows(admin: PgPool) {
    let services = testing::services(&admin).await;
    let a = testing::tenant(&admin, "a").await.expect("a tenant");
    let b = testing::tenant(&admin, "b").await.expect("a tenant");
    let person = uuid::Uuid::from_u128(160);
    sqlx::query("INSERT INTO user_account (id, email, name) VALUES ($1, 'p@example.com', 'P')")
        .bind(person)
        .execute(&admin)
        .await
        .expect("a person");
    for tenant in [a, b] {
        sqlx::query("INSERT INTO member (tenant_id, user_id, role) VALUES ($1, $2, 'tenant_member')")
            .bind(tenant)
            .bind(person)
            .execute(&admin)
            .await
            .expect("a member");
        sqlx::query(
            "INSERT INTO audit_head (tenant_id, seq, hash) VALUES ($1, 0, decode(repeat('00', 32), 'hex'))",
        )
        .bind(tenant)
        .execute(&admin)
        .await
        .expect("a head");
    }
    let within = Reach::Tenant(a);
    // The positive control: one's own rows are there.
    assert_eq!(attempt(&services, within, "SELECT FROM tenant".into()).await, "ok 1");
    assert_eq!(attempt(&services, within, "SELECT FROM member".into()).await, "ok 1");
    assert_eq!(attempt(&services, Reach::Fleet, "SELECT FROM member".into()).await, "ok 2");
    let readable = tables(&admin, "SELECT").await;
    assert!(readable.len() > 8, "{readable:?}");
    for table in readable {
        assert_eq!(
            attempt(&services, within, format!("SELECT FROM {table} WHERE tenant_id <> '{a}'")).await,
            "ok 0",
            "{table}"
        );
        let nobody = Reach::Tenant(TenantId::PLATFORM);
        if !table.starts_with("steward.audit") {
            assert_eq!(
                attempt(&services, nobody, format!("SELECT FROM {table}")).await,
                "ok 0",
                "{table} as no tenant"
            );
        }
    }
    for table in tables(&admin, "UPDATE").await {
        assert_eq!(
            attempt(
                &services,
                within,
                format!("UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = '{b}' RETURNING 1")
            )
            .await,
            "ok 0",
            "{table}"
        );
    }
    for table in tables(&admin, "DELETE").await {
        assert_eq!(
            attempt(&services, within, format!("DELETE FROM {table} WHERE tenant_id = '{b}' RETURNING 1"))
                .await,
            "ok 0",
            "{table}"
        );
    }
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM member").fetch_one(&admin).await.expect("a count");
    assert_eq!(left, 2);
    let insert = |tenant: TenantId| {
        format!(
            "INSERT INTO member (tenant_id, user_id, role) VALUES ('{tenant}', '{person}', 'tenant_admin') ON CONFLICT DO NOTHING"
        )
    };
    assert_eq!(attempt(&services, within, insert(b)).await, "42501", "into another tenant");
    assert_eq!(
        attempt(&services, within, format!("UPDATE member SET tenant_id = '{b}'")).await,
        "42501",
        "or over to it"
    );
    assert_eq!(attempt(&services, within, insert(a)).await, "ok 0", "into one's own");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenant_does_not_get_out_of_its_role(admin: PgPool) {
    let services = testing::services(&admin).await;
    let a = testing::tenant(&admin, "a").await.expect("a tenant");
    let b = testing::tenant(&admin, "b").await.expect("a tenant");
    for (what, sql) in [
        ("another tenant's setting", format!("SELECT set_config('app.tenant_id', '{b}', true)")),
        ("another role's setting", "SELECT set_config('role', 'steward_operator', true)".to_owned()),
        ("the owner", "SET LOCAL ROLE steward_owner".into()),
        ("somebody else", "SET SESSION AUTHORIZATION steward_admin".into()),
        ("tables", "CREATE TABLE steward.x (n int)".into()),
        ("temporary tables", "CREATE TEMP TABLE x (n int)".into()),
        ("functions", "CREATE FUNCTION steward.x() RETURNS int LANGUAGE sql AS 'SELECT 1'".into()),
        ("truncation", "TRUNCATE member".into()),
        ("policies", "ALTER TABLE tenant DISABLE ROW LEVEL SECURITY".into()),
        ("files", "COPY tenant TO '/tmp/x'".into()),
        ("programs", "COPY tenant TO PROGRAM 'cat'".into()),
        ("reading files", "SELECT pg_read_file('PG_VERSION')".into()),
        ("large objects", "SELECT lo_import('/etc/passwd')".into()),
        ("password hashes", "SELECT password_hash FROM user_account".into()),
        ("sessions", "SELECT FROM session".into()),
        ("catalogue passwords", "SELECT rolpassword FROM pg_authid".into()),
        ("the past", "UPDATE audit_entry SET reason = NULL".into()),
        ("forgetting", "DELETE FROM audit_entry".into()),
    ] {
        assert_eq!(attempt(&services, Reach::Tenant(a), sql).await, "42501", "{what}");
    }
    let mut plain = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(testing::login(&admin).await)
        .await
        .expect("a login")
        .acquire()
        .await
        .expect("a connection")
        .detach();
    let refused = plain.execute("SELECT FROM steward.tenant").await.expect_err("no rights without a role");
    assert_eq!(refused.as_database_error().and_then(|e| e.code()).as_deref(), Some("42501"));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn tenants_that_follow_each_other_on_one_connection_see_only_themselves(admin: PgPool) {
    let options = testing::login(&admin).await;
    testing::services(&admin).await;
    let services = crate::Services::new(db::pool(options, 1).await.expect("a pool of one"));
    let a = testing::tenant(&admin, "a").await.expect("a tenant");
    let b = testing::tenant(&admin, "b").await.expect("a tenant");
    let cx = services.system("test");
    for (tenant, slug) in [(a, "a"), (b, "b"), (a, "a")] {
        let mut read = cx.read(Reach::Tenant(tenant)).await.expect("a read");
        let slugs: Vec<String> =
            sqlx::query_scalar("SELECT slug FROM tenant").fetch_all(read.conn()).await.expect("rows");
        assert_eq!(slugs, [slug]);
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn settings_and_locks_of_a_borrower_end_with_it(admin: PgPool) {
    testing::services(&admin).await;
    let options = testing::login(&admin).await;
    let pool = db::pool(options, 1).await.expect("a pool of one");
    let state = "SELECT current_user::text || ' ' || current_setting('search_path') || ' ' || current_setting('statement_timeout')
        || ' ' || (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory')";
    let clean: String = sqlx::query_scalar(state).fetch_one(&pool).await.expect("a state");
    let mut borrowed = pool.acquire().await.expect("a connection");
    borrowed
        .execute("SET ROLE steward_operator; SET search_path = pg_catalog; SET statement_timeout = '1h'; SELECT pg_advisory_lock(7)")
        .await
        .expect("a careless borrower");
    drop(borrowed);
    let after: String = sqlx::query_scalar(state).fetch_one(&pool).await.expect("a state");
    assert_eq!(after, clean);
}

async fn open_transactions(admin: &PgPool) -> i64 {
    // The hook runs after the connection was handed back.
    tokio::time::sleep(Duration::from_millis(200)).await;
    sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'steward_test_app' AND state LIKE 'idle in transaction%'")
        .fetch_one(admin)
        .await
        .expect("a count")
}

/// sqlx#4385: a `BEGIN` whose future is dropped leaves its transaction to the next borrower, whose writes are then lost.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_cancelled_begin_does_not_reach_the_next_borrower(admin: PgPool) {
    let services = testing::services(&admin).await;
    let options = testing::login(&admin).await;
    // The control: a pool without our hook keeps the transaction open.
    let bare = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await.expect("a pool");
    bare.acquire()
        .await
        .expect("a connection")
        .execute("BEGIN; SET LOCAL ROLE steward_operator")
        .await
        .expect("begun");
    assert_eq!(open_transactions(&admin).await, 1, "without the hook it stays open");
    bare.close().await;

    let cx = services.system("test");
    let mut cancelled = 0;
    for n in 0..60 {
        if tokio::time::timeout(Duration::from_micros(n * 20), cx.begin(Reach::Fleet)).await.is_err() {
            cancelled += 1;
        }
    }
    assert!(cancelled > 5, "only {cancelled} were cancelled");
    assert_eq!(open_transactions(&admin).await, 0);
    let tenant = testing::tenant(&admin, "a").await.expect("a tenant");
    let mut tx = cx.begin(Reach::Fleet).await.expect("begin");
    let row = sqlx::query("UPDATE tenant SET name = 'Changed' WHERE id = $1 RETURNING current_user::text")
        .bind(tenant)
        .fetch_one(tx.conn())
        .await
        .expect("updated");
    assert_eq!(row.get::<String, _>(0), "steward_operator");
    tx.commit(crate::AuditEvent::on(tenant, "tenant.rename", "a")).await.expect("committed");
    let name: String = sqlx::query_scalar("SELECT name FROM tenant").fetch_one(&admin).await.expect("a name");
    assert_eq!(name, "Changed", "what was acknowledged is there");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_probe_proves_the_same_of_a_tenant_with_conversations_and_of_one_without(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (full, empty) = (
        testing::tenant(&admin, "full").await.expect("one"),
        testing::tenant(&admin, "empty").await.expect("one"),
    );
    for n in 0..3 {
        sqlx::query(
            "INSERT INTO pooled.conversation (tenant_id, id, external_id, channel, started_at, turns, turn_count, bytes)
             VALUES ($1, gen_random_uuid(), $2, 'chat', now(), '[]', 0, 0)",
        )
        .bind(full)
        .bind(format!("c{n}"))
        .execute(&admin)
        .await
        .expect("a conversation");
    }
    let cx = services.system("test");
    for tenant in [full, empty] {
        let evidence = super::probe(&cx, tenant, super::Trigger::Schedule).await.expect("evidence");
        let failed: Vec<_> = evidence.attempts.iter().filter(|attempt| !attempt.passed).collect();
        assert!(failed.is_empty(), "{}: {failed:?}", evidence.slug);
    }
    let left: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pooled.conversation WHERE external_id = 'probe' OR tenant_id = $1",
    )
    .bind(empty)
    .fetch_one(&admin)
    .await
    .expect("a count");
    assert_eq!(left, 0, "nothing of the probe stays");
    // A policy that lets rows wander is noticed.
    sqlx::raw_sql(
        "DROP POLICY tenant_rows ON pooled.conversation;
         CREATE POLICY tenant_rows ON pooled.conversation TO steward_tenant USING (tenant_id = steward.current_tenant()) WITH CHECK (true)",
    )
    .execute(&admin)
    .await
    .expect("a weaker policy");
    let evidence = super::probe(&cx, empty, super::Trigger::Schedule).await.expect("evidence");
    assert!(
        evidence.attempts.iter().any(|a| !a.passed && a.name == "a conversation into another tenant"),
        "{evidence:?}"
    );
}

/// Of each finding those who run the platform hear once, whoever looks first, and once more when it is gone.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_the_lint_finds_is_told_once_and_cleared(admin: PgPool) {
    let services = testing::services(&admin).await;
    let system = services.system("hourly");
    let told = async || -> Vec<(String, String, String)> {
        sqlx::query_as(
            "SELECT event, tenant_id::text, data->'monitor'->>'said' FROM notification ORDER BY id",
        )
        .fetch_all(&admin)
        .await
        .expect("notices")
    };
    let made = async |sql: &'static str| {
        sqlx::raw_sql(sql).execute(&admin).await.expect("changed");
    };
    assert_eq!(super::lint_and_tell(&system).await.expect("the lint"), []);
    assert_eq!(told().await, [], "where nothing is found nobody hears of it");
    made("CREATE VIEW steward.bad AS SELECT id FROM steward.tenant; GRANT SELECT ON steward.bad TO steward_tenant").await;
    let (one, two) = tokio::join!(super::lint_and_tell(&system), super::lint_and_tell(&system));
    assert_eq!((one.expect("the lint").len(), two.expect("the lint").len()), (1, 1));
    super::lint_and_tell(&system).await.expect("an hour later");
    let all = told().await;
    assert_eq!(all.len(), 1, "of two processes one tells, and once: {all:?}");
    let platform = model::TenantId::PLATFORM.to_string();
    assert_eq!((all[0].0.as_str(), &all[0].1), ("monitor.raised", &platform));
    assert!(all[0].2.starts_with("R05") && all[0].2.contains("steward.bad"), "{all:?}");
    // A second one is told alone.
    made("CREATE VIEW steward.worse AS SELECT id FROM steward.tenant; GRANT SELECT ON steward.worse TO steward_tenant").await;
    super::lint_and_tell(&system).await.expect("the lint");
    let all = told().await;
    assert_eq!(all.len(), 2);
    assert!(all[1].2.contains("steward.worse") && !all[1].2.contains("steward.bad"), "{all:?}");
    made("DROP VIEW steward.bad, steward.worse").await;
    for _ in 0..2 {
        assert_eq!(super::lint_and_tell(&system).await.expect("the lint"), []);
    }
    let all = told().await;
    assert_eq!((all.len(), all[2].0.as_str()), (3, "monitor.cleared"), "{all:?}");
    let lines: Vec<String> = sqlx::query_scalar(
        "SELECT action FROM audit_entry WHERE action LIKE 'isolation.%' AND result = 'done' ORDER BY seq",
    )
    .fetch_all(&admin)
    .await
    .expect("lines");
    assert_eq!(lines, ["isolation.weakened", "isolation.weakened", "isolation.mended"]);
    let refused = super::lint_and_tell(&testing::platform(&services, Role::Owner)).await;
    assert!(matches!(refused, Err(crate::Error::Forbidden(_))), "it is the server's own work");
}
