//! Steward itself, as a process: its databases, its start, its sign-in.

use crate::Failure;
use crate::http::{Answer, Client, get, post};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Database {
    pub url: String,
    /// Where the server keeps its secrets and the sign-ins of this database.
    pub data: PathBuf,
}

/// The database of a fleet of this size. What an earlier run left is used again if this binary still knows its schema.
pub async fn database(
    binary: &Path,
    admin_url: &str,
    data: &Path,
    tenants: u64,
) -> Result<Database, Failure> {
    let name = format!("bench_{tenants}");
    let database = place(admin_url, data, &name);
    let whole = database.data.join("loaded");
    let known = whole.exists() && run(binary, &database, &["migrate"]).is_ok();
    if !known {
        let _ = std::fs::remove_file(&whole);
        eprintln!("  loading {tenants} tenants (kept for the next run)");
        let begin = Instant::now();
        load(binary, admin_url, &database, &name, tenants).await?;
        std::fs::write(&whole, format!("{:?}\n", begin.elapsed()))?;
        eprintln!("  loaded in {:.0} s", begin.elapsed().as_secs_f64());
    }
    Ok(database)
}

/// A database that nothing was done to yet but loading a small fleet.
pub async fn fresh(binary: &Path, admin_url: &str, data: &Path, name: &str) -> Result<Database, Failure> {
    let database = place(admin_url, data, name);
    load(binary, admin_url, &database, name, 10).await?;
    Ok(database)
}

/// A migrated database without a tenant, made anew.
pub async fn empty(binary: &Path, admin_url: &str, data: &Path, name: &str) -> Result<Database, Failure> {
    let database = place(admin_url, data, name);
    create(admin_url, name).await?;
    run(binary, &database, &["migrate"])?;
    Ok(database)
}

fn place(admin_url: &str, data: &Path, name: &str) -> Database {
    let (server, parameters) = admin_url.split_once('?').unwrap_or((admin_url, ""));
    let base = server.rsplit_once('/').map_or(server, |(base, _)| base);
    let mark = if parameters.is_empty() { "" } else { "?" };
    Database { url: format!("{base}/{name}{mark}{parameters}"), data: data.join(name) }
}

async fn load(
    binary: &Path,
    admin_url: &str,
    database: &Database,
    name: &str,
    tenants: u64,
) -> Result<(), Failure> {
    create(admin_url, name).await?;
    demo(binary, database, tenants)
}

async fn create(admin_url: &str, name: &str) -> Result<(), Failure> {
    let mut admin = PgConnection::connect(admin_url).await?;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await?;
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
    Ok(())
}

/// Loads a demo fleet into the database, or lets it grow to this size.
pub fn demo(binary: &Path, database: &Database, tenants: u64) -> Result<(), Failure> {
    run(binary, database, &["demo", "--tenants", &tenants.to_string()])
}

fn command(binary: &Path, database: &Database) -> Command {
    let mut command = Command::new(binary);
    command
        .env("DATABASE_URL", &database.url)
        .env("STEWARD_DATA", &database.data)
        .env("STEWARD_DEMO", "off")
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

fn run(binary: &Path, database: &Database, words: &[&str]) -> Result<(), Failure> {
    let status = command(binary, database).args(words).stderr(Stdio::inherit()).status()?;
    if status.success() { Ok(()) } else { Err(format!("server {}: {status}", words.join(" ")).into()) }
}

pub struct Steward {
    child: Child,
    pub address: String,
    pub ready: Duration,
}

impl Steward {
    /// Starts it and waits until it says that it is ready.
    pub async fn start(binary: &Path, database: &Database) -> Result<Self, Failure> {
        Self::launch(command(binary, database)).await
    }

    /// The same where it has to start the PostgreSQL of its data directory first; the last to leave stops that again.
    pub async fn start_embedded(binary: &Path, data: &Path) -> Result<Self, Failure> {
        let database = Database { url: String::new(), data: data.to_owned() };
        let mut command = command(binary, &database);
        command.env_remove("DATABASE_URL");
        Self::launch(command).await
    }

    async fn launch(mut command: Command) -> Result<Self, Failure> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let begin = Instant::now();
        let child = command
            .env("STEWARD_ADDR", &address)
            .env("STEWARD_PUBLIC_URL", format!("http://{address}"))
            .stderr(Stdio::inherit())
            .spawn()?;
        let mut steward = Self { child, address, ready: Duration::ZERO };
        loop {
            if let Some(status) = steward.child.try_wait()? {
                return Err(format!("the server ended: {status}").into());
            }
            if begin.elapsed() > Duration::from_secs(60) {
                return Err("the server was not ready after a minute".into());
            }
            if steward.get("/readyz", "", false).await.is_ok_and(|answer| answer.status == 200) {
                steward.ready = begin.elapsed();
                return Ok(steward);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn get(&self, path: &str, cookie: &str, compressed: bool) -> Result<Answer, Failure> {
        Client::connect(&self.address).await?.send(&get(path, cookie, compressed), true).await
    }

    pub async fn post(&self, path: &str, headers: &str, body: &[u8]) -> Result<Answer, Failure> {
        let request = post(path, &format!("http://{}", self.address), headers, body);
        Client::connect(&self.address).await?.send(&request, true).await
    }

    /// Signs the operator in by the form, as a browser without scripts would; answers the cookies.
    pub async fn sign_in(&self, database: &Database) -> Result<String, Failure> {
        let people: serde_json::Value =
            serde_json::from_slice(&std::fs::read(database.data.join("credentials.json"))?)?;
        let word = |name: &str| people["operator"][name].as_str().unwrap_or_default().to_owned();
        let page = self.get("/sign-in", "", false).await?.text();
        let mut form: Vec<(String, String)> = Vec::new();
        for input in page.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
            if attribute(input, "type") == Some("hidden")
                && let Some(name) = attribute(input, "name")
            {
                form.push((name.to_owned(), attribute(input, "value").unwrap_or_default().to_owned()));
            }
        }
        form.push(("email".into(), word("email")));
        form.push(("password".into(), word("password")));
        let body = serde_urlencoded::to_string(&form)?;
        let answer = self
            .post(
                "/sign-in",
                "content-type: application/x-www-form-urlencoded\r\naccept: text/html\r\n",
                body.as_bytes(),
            )
            .await?;
        let cookies: Vec<&str> = answer
            .head
            .lines()
            .filter_map(|line| {
                line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            })
            .filter_map(|(_, value)| value.trim().split(';').next())
            .collect();
        let cookie = cookies.join("; ");
        match self.get("/tenants", &cookie, false).await?.status {
            200 => Ok(cookie),
            status => {
                Err(format!("signing in led to {} and then to {status} at /tenants", answer.status).into())
            }
        }
    }

    /// Resident memory in bytes; Linux only.
    pub fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
    }
}

impl Drop for Steward {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        // An embedded PostgreSQL may take its time to write everything down.
        for _ in 0..1_200 {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The value of an attribute of a tag, as it stands there.
pub fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let at = tag.find(&format!(" {name}="))?;
    let rest = &tag[at + name.len() + 2..];
    match rest.chars().next()? {
        '"' => rest[1..].split('"').next(),
        _ => rest.split([' ', '/']).next(),
    }
}
