//! The commands that a timer or a pipeline runs, as it runs them: the binary itself on a database of the test's own, with
//! its exit code and what it prints.
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgPool};
use std::path::PathBuf;
use std::process::{Output, Stdio};

/// The database of a test, and where the processes on it keep their files.
struct Place {
    admin: PgPool,
    data: PathBuf,
}

/// How a command ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    fn json(&self) -> Value {
        let read = serde_json::from_str(&self.out);
        assert!(read.is_ok(), "no JSON: {}{}", self.out, self.err);
        read.expect("JSON")
    }
}

impl Place {
    fn new(admin: PgPool, name: &str) -> Self {
        let data = std::env::temp_dir().join(format!("steward-cli-{}-{name}", std::process::id()));
        Self { admin, data }
    }

    fn command(&self, words: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_server"));
        command
            .args(words)
            .env("DATABASE_URL", self.admin.connect_options().to_url_lossy().as_str())
            .env("STEWARD_DATA", &self.data)
            .env("STEWARD_DEMO", "off")
            .env("STEWARD_KEY", "BwcH".repeat(10) + "Bwc=")
            .env("STEWARD_CONNECTIONS", "2")
            .env("RUST_LOG", "error")
            .env_remove("STEWARD_SMTP_URL")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, words: &[&str]) -> Ended {
        let Output { status, stdout, stderr } = self.command(words).output().await.expect("the binary");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ended { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    async fn sql(&self, sql: &'static str) {
        self.admin.execute(sql).await.expect("done");
    }

    async fn tenant(&self, slug: &str) {
        domain::testing::tenant(&self.admin, slug).await.expect("a tenant");
    }

    /// Takes away what outlives the database: the login that the processes made for it.
    async fn leave(self) {
        let mut connection = self.admin.acquire().await.expect("a connection");
        let login = domain::db::login::name(&mut connection).await.expect("a name");
        drop(connection);
        let forget = format!(
            "DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM {login}', current_database()); END $$; DROP ROLE {login}"
        );
        self.admin.execute(AssertSqlSafe(forget)).await.expect("gone");
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn reconcile_lists_what_is_left_over_and_ends_with_one_where_anything_is(admin: PgPool) {
    let place = Place::new(admin, "reconcile");
    // The roles of a cluster are all databases' together: other tests' are no business of this one.
    let mine = |found: &Value| -> Vec<Value> {
        let list = found.as_array().expect("a list");
        list.iter().filter(|finding| finding["kind"] != "role").cloned().collect()
    };
    let ended = place.run(&["reconcile", "--json"]).await;
    let found = ended.json();
    assert_eq!(mine(&found), Vec::<Value>::new(), "nothing is left over of nothing");
    let nothing = found.as_array().is_some_and(Vec::is_empty);
    assert_eq!(ended.code, Some(i32::from(!nothing)), "{found}: {}", ended.err);

    // A schema of no tenant, and a name that no request holds.
    place.sql("CREATE SCHEMA t_0123456789abcdef0123456789abcdef").await;
    place.sql("INSERT INTO steward.name_claim VALUES ('slug', 'gone', gen_random_uuid())").await;
    let ended = place.run(&["reconcile", "--json"]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    let found = mine(&ended.json());
    assert_eq!(found.len(), 2, "{found:?}");
    for finding in &found {
        assert_eq!(keys(finding), ["kind", "object", "remedy", "why"]);
        let mut values = finding.as_object().into_iter().flatten().map(|(_, value)| value.as_str());
        assert!(values.all(|value| value.is_some_and(|text| !text.is_empty())), "{finding}");
    }
    let of = |kind: &str| found.iter().find(|finding| finding["kind"] == kind).expect("a finding");
    assert_eq!(of("schema")["object"], "t_0123456789abcdef0123456789abcdef");
    assert_eq!(of("name")["object"], "slug gone");
    place.leave().await;
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn isolation_is_verified_of_one_tenant_or_of_all(admin: PgPool) {
    let place = Place::new(admin, "isolation");
    let all = ["isolation", "verify", "--json"];
    let ended = place.run(&all).await;
    let told = ended.json();
    assert_eq!(ended.code, Some(0), "{told}: {}", ended.err);
    assert_eq!(keys(&told), ["catalogue", "runs", "sound", "tenants"]);
    assert_eq!(told, json!({ "sound": true, "tenants": 0, "catalogue": [], "runs": [] }));

    place.tenant("acme").await;
    place.tenant("other").await;
    let ended = place.run(&all).await;
    let told = ended.json();
    assert_eq!((ended.code, &told["sound"], &told["tenants"]), (Some(0), &json!(true), &json!(2)), "{told}");
    let run = &told["runs"][0];
    assert_eq!(keys(run), ["failed", "passed", "placement", "problems", "run", "slug", "tenant"]);
    assert!(run["passed"].as_i64() > Some(0), "{run}");
    assert_eq!(
        (&run["failed"], &run["placement"], &run["problems"]),
        (&json!(0), &json!("pooled"), &json!([]))
    );
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM steward.isolation_run")
        .fetch_one(&place.admin)
        .await
        .expect("a count");
    assert_eq!(kept, 2, "the evidence is kept");

    let ended = place.run(&["isolation", "verify", "--json", "other"]).await;
    let told = ended.json();
    assert_eq!((ended.code, &told["tenants"]), (Some(0), &json!(1)), "{told}");
    assert_eq!(told["runs"][0]["slug"], "other");

    // Nobody of this name: an error, and no result that could be taken for one.
    let ended = place.run(&["isolation", "verify", "--json", "nobody"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    assert!(!ended.err.is_empty());

    // A table whose policies its owner passes by.
    place.sql("ALTER TABLE pooled.conversation NO FORCE ROW LEVEL SECURITY").await;
    let ended = place.run(&all).await;
    let told = ended.json();
    assert_eq!((ended.code, &told["sound"]), (Some(1), &json!(false)), "{told}");
    let findings = told["catalogue"].as_array().expect("a list");
    assert!(findings.iter().any(|finding| finding["object"] == "pooled.conversation"), "{findings:?}");
    assert!(findings.iter().all(|finding| keys(finding) == ["object", "rule"]));
    place.leave().await;
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn the_audit_log_is_verified_and_a_meddled_entry_is_named(admin: PgPool) {
    let place = Place::new(admin, "audit");
    let services = domain::testing::services(&place.admin).await;
    let acme = domain::testing::tenant(&place.admin, "acme").await.expect("a tenant");
    for name in ["One", "Two", "Three"] {
        domain::api_keys::create(&services.system("test"), acme, name, "read").await.expect("an entry");
    }
    services.close().await;
    let ended = place.run(&["audit", "verify"]).await;
    let sound = format!("sound: chain {acme} (acme), 3 entries");
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(ended.out.lines().any(|line| line == sound), "{}", ended.out);
    assert!(ended.out.contains(" 0 broken chains"), "{}", ended.out);

    place.sql("UPDATE steward.audit_entry SET target = 'somebody else' WHERE seq = 2").await;
    let ended = place.run(&["audit", "verify"]).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.err);
    let broken = format!("broken: chain {acme} (acme), entry 2: its hash does not fit");
    assert!(ended.out.lines().any(|line| line == broken), "{}", ended.out);
    assert!(ended.out.contains(" 1 broken chains"), "{}", ended.out);

    // An entry that is gone is named as well, and so is a whole chain.
    place.sql("DELETE FROM steward.audit_entry WHERE seq = 2").await;
    let ended = place.run(&["audit", "verify"]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.out.contains("entry 2: an entry is missing"), "{}", ended.out);
    place.sql("DELETE FROM steward.audit_entry").await;
    place.sql("DELETE FROM steward.audit_head").await;
    let ended = place.run(&["audit", "verify"]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.out.contains("entry 1: the tenant is there and its whole chain is not"), "{}", ended.out);
    place.leave().await;
}

#[sqlx::test]
async fn the_roles_of_a_cluster_are_made_before_any_migration(admin: PgPool) {
    let place = Place::new(admin, "roles");
    for _ in 0..2 {
        let ended = place.run(&["roles"]).await;
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "again and again");
    }
    let found: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_roles WHERE rolname IN ('steward_owner', 'steward_operator', 'steward_tenant',
            'steward_system', 'steward_provision', 'steward_prov', 'steward_app')",
    )
    .fetch_one(&place.admin)
    .await
    .expect("a count");
    assert_eq!(found, 7);
    let schemas: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_namespace WHERE nspname = 'steward'")
        .fetch_one(&place.admin)
        .await
        .expect("a count");
    assert_eq!(schemas, 0, "nothing else is done");
}

/// A start that waits for another process's migration, and is told to end meanwhile.
#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_signal_ends_a_start_that_is_not_through(admin: PgPool) {
    let place = Place::new(admin, "signal");
    let mut other = place.admin.acquire().await.expect("a connection");
    sqlx::query("SELECT pg_advisory_lock(1937012580)").execute(&mut *other).await.expect("its lock");
    let address =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let mut server = place
        .command(&["serve"])
        .env("STEWARD_ADDR", address.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary");
    // It asks for the lock again and again.
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_try_advisory_lock%'
        AND pid <> pg_backend_pid() AND state = 'idle')";
    let mut waiting = false;
    for _ in 0..1_200 {
        waiting = sqlx::query_scalar(waits).fetch_one(&place.admin).await.expect("an answer");
        if waiting {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(waiting, "it began");
    assert!(std::net::TcpStream::connect(address).is_err(), "it listens when it is ready, and not before");
    let pid = server.id().expect("a process").to_string();
    let sent = std::process::Command::new("sh").args(["-c", "kill -TERM \"$0\"", pid.as_str()]).status();
    assert!(sent.expect("a shell").success());
    let ended = tokio::time::timeout(std::time::Duration::from_secs(20), server.wait()).await;
    assert_eq!(ended.expect("at once").expect("ended").code(), Some(0), "by itself, and not killed");
    drop(other);
    let _ = std::fs::remove_dir_all(&place.data);
}

/// It needs neither a database nor a setting.
#[tokio::test]
async fn every_door_is_listed_with_all_that_is_known_of_it() {
    let ended = tokio::process::Command::new(env!("CARGO_BIN_EXE_server"))
        .args(["surface", "--json"])
        .output()
        .await
        .expect("the binary");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let lines: Vec<Value> = serde_json::from_slice(&ended.stdout).expect("a list");
    assert!(lines.len() > 100, "{}", lines.len());
    for line in &lines {
        assert_eq!(
            keys(line),
            [
                "asks",
                "content_type",
                "kind",
                "method",
                "name",
                "path",
                "permission",
                "sample",
                "tenant_parameter"
            ]
        );
        for key in ["asks", "kind", "method", "name", "path"] {
            assert!(line[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {line}");
        }
        for key in ["content_type", "sample"] {
            assert!(line[key].is_string(), "{key}: {line}");
        }
        // Whatever asks for a permission says which, and nothing else does; a tenant's door says how it is named.
        let asks = line["asks"].as_str().unwrap_or_default();
        assert_eq!(line["permission"].is_string(), !["public", "session"].contains(&asks), "{line}");
        assert!(asks != "tenant" || line["tenant_parameter"].is_string(), "{line}");
    }
    for kind in ["function", "route", "download", "upload", "stream"] {
        assert!(lines.iter().any(|line| line["kind"] == kind), "{kind}");
    }
}

#[tokio::test]
async fn a_word_too_many_ends_with_two() {
    let binary = env!("CARGO_BIN_EXE_server");
    for words in [&["reconcile"][..], &["isolation", "verify"], &["reconcile", "--json", "now"]] {
        let ended = tokio::process::Command::new(binary).args(words).output().await.expect("the binary");
        assert_eq!(ended.status.code(), Some(2), "{words:?}");
        assert!(String::from_utf8_lossy(&ended.stderr).contains("is not a command"), "{words:?}");
        assert!(ended.stdout.is_empty());
    }
}
