//! A server of its own for each test.

use super::locate::major_version;
use super::site::{Memo, hex};
use super::*;
use sqlx::Connection as _;
use sqlx::PgConnection;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::PathBuf;
use std::process::Command;

/// A data directory that goes away with the test. Declare it before the server in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        let path = std::env::temp_dir().join(format!("steward-test-{}", hex(&rand::random::<[u8; 6]>())));
        fs::DirBuilder::new().mode(0o755).create(&path).expect("a scratch directory");
        Scratch(path)
    }

    fn memo(&self) -> Memo {
        serde_json::from_slice(&fs::read(self.0.join("postgres.json")).expect("postgres.json")).expect("JSON")
    }

    fn pid(&self) -> u32 {
        let text = fs::read_to_string(self.0.join("postgres/postmaster.pid")).expect("a pid file");
        text.lines().next().expect("a first line").parse().expect("a number")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn ask(server: &Embedded, sql: &'static str) -> String {
    let mut connection = PgConnection::connect(server.admin_url()).await.expect("a connection");
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("an answer")
}

async fn tell(server: &Embedded, sql: &'static str) {
    let mut connection = PgConnection::connect(server.admin_url()).await.expect("a connection");
    sqlx::query(sql).execute(&mut connection).await.expect("done");
}

fn kill(signal: &str, pid: u32) {
    let sent = Command::new("sh").args(["-c", "kill \"$0\" \"$1\"", signal]).arg(pid.to_string()).status();
    assert!(sent.expect("a shell").success());
}

#[tokio::test]
async fn what_was_written_is_there_after_a_stop_and_after_a_kill() {
    let scratch = Scratch::new();
    let server = Embedded::start(&scratch.0).await.expect("first start");
    assert_eq!(ask(&server, "SHOW listen_addresses").await, "127.0.0.1");
    assert_eq!(ask(&server, "SHOW server_encoding").await, "UTF8");
    assert_eq!(ask(&server, "SHOW unix_socket_directories").await, "");
    assert_eq!(
        ask(&server, "SELECT rolname || '/' || datname FROM pg_database d JOIN pg_roles r ON r.oid = datdba WHERE datname = current_database()").await,
        "steward_admin/steward"
    );
    tell(&server, "CREATE TABLE kept AS SELECT 'one' AS word").await;
    server.stop().await.expect("a clean stop");
    assert!(!scratch.0.join("postgres/postmaster.pid").exists());

    let server = Embedded::start(&scratch.0).await.expect("second start");
    assert_eq!(ask(&server, "SELECT word FROM kept").await, "one");
    tell(&server, "CHECKPOINT").await;
    kill("-KILL", scratch.pid());
    drop(server);

    let server = Embedded::start(&scratch.0).await.expect("start after a kill");
    assert_eq!(ask(&server, "SELECT word FROM kept").await, "one");
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn two_users_share_one_server_and_the_last_one_stops_it() {
    let scratch = Scratch::new();
    let (first, second) = tokio::join!(Embedded::start(&scratch.0), Embedded::start(&scratch.0));
    let (first, second) = (first.expect("first"), second.expect("second"));
    assert_eq!(first.admin_url(), second.admin_url());
    first.stop().await.expect("first leaves");
    assert_eq!(ask(&second, "SELECT 'here'").await, "here");
    drop(second);
    assert!(!scratch.0.join("postgres/postmaster.pid").exists());
}

#[tokio::test]
async fn a_taken_port_and_a_pid_file_naming_another_program_are_no_obstacle() {
    let scratch = Scratch::new();
    Embedded::start(&scratch.0).await.expect("first start").stop().await.expect("stop");
    let before = scratch.memo().port;
    let _squatter = TcpListener::bind((Ipv4Addr::LOCALHOST, before)).expect("the port");
    let cluster = scratch.0.join("postgres");
    let stale = format!("{}\n{}\n1\n{before}\n\n127.0.0.1\n", std::process::id(), cluster.display());
    fs::write(cluster.join("postmaster.pid"), stale).expect("a stale pid file");

    let server = Embedded::start(&scratch.0).await.expect("start elsewhere");
    assert_ne!(scratch.memo().port, before);
    server.stop().await.expect("stop");
}

#[tokio::test]
async fn the_password_file_is_private_and_its_loss_is_explained() {
    let scratch = Scratch::new();
    Embedded::start(&scratch.0).await.expect("start").stop().await.expect("stop");
    let memo = scratch.0.join("postgres.json");
    assert_eq!(fs::metadata(&memo).expect("postgres.json").mode() & 0o777, 0o600);
    fs::remove_file(&memo).expect("removed");
    let error = Embedded::start(&scratch.0).await.expect_err("no password").to_string();
    assert!(error.contains("password is lost") && error.contains("postgres.json"), "{error}");
}

#[tokio::test]
async fn the_command_gets_an_address_and_its_exit_code_comes_back() {
    let scratch = Scratch::new();
    let script = "case $DATABASE_URL in postgres://steward_admin:*/steward*) exit 7;; esac";
    let command = ["sh", "-c", script].map(OsString::from).to_vec();
    let status = run_with(&scratch.0, command).await.expect("it ran");
    assert_eq!(status.code(), Some(7));
    assert!(!scratch.0.join("postgres/postmaster.pid").exists());
}

#[test]
fn versions_are_read_from_what_postgres_says() {
    assert_eq!(major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
    assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
    assert_eq!(major_version("bash: not found"), None);
}
