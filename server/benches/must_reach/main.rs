//! `make bench`: what Steward must reach, measured in one run on one machine and printed as one table.
//!
//! Nothing here fails a build: what a number means depends on the machine. Speed is therefore told as a ratio to what
//! the same PostgreSQL does alone with the same statements in the same minute (`floor.rs`).
//!
//! Needs `DATABASE_URL` of an administrator (`make bench` starts an embedded server), a release build, and about two
//! gigabytes of disk for fleets of 10,000, 100,000 and 1,000,000 tenants, which are kept for the next run.
//! `STEWARD_BENCH=quick` leaves the million out, and measures for a shorter time and each page once instead of by turns
//! with its floor (`rounds.rs`).

mod begin;
mod floor;
mod http;
mod ingest;
mod page;
mod provision;
mod rounds;
mod steward;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{Load, get, load};
use rounds::{each, median, middle, over, shares};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::path::{Path, PathBuf};
use std::time::Duration;
use steward::{Database, Steward, database};

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

const CONNECTIONS: usize = 16;

/// The table.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 4]>,
}

impl Report {
    /// One line; `reached` is none where nothing is asked.
    pub fn line(&mut self, what: &str, measured: String, target: &str, reached: Option<bool>) {
        let verdict = match reached {
            None => "",
            Some(true) => "ok",
            Some(false) => "MISSED",
        };
        eprintln!("  {what}: {measured}");
        self.rows.push([what.into(), measured, target.into(), verdict.into()]);
    }

    fn print(&self) {
        let head = ["what", "measured", "target", ""].map(String::from);
        let width = |at: usize| {
            self.rows.iter().chain([&head]).map(|row| row[at].chars().count()).max().unwrap_or_default()
        };
        let widths = [0, 1, 2, 3].map(width);
        println!();
        for row in [&head].into_iter().chain(&self.rows) {
            let cells: Vec<String> =
                row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            println!("  {}", cells.join("  ").trim_end());
        }
        let missed = self.rows.iter().filter(|row| row[3] == "MISSED").count();
        println!(
            "\n  {} of {} targets reached\n",
            self.rows.iter().filter(|row| row[3] == "ok").count(),
            missed + self.rows.iter().filter(|row| row[3] == "ok").count()
        );
    }
}

/// A page of the directory.
struct Scenario {
    name: &'static str,
    path: String,
    /// Least share of the floor's requests per second.
    share: f64,
}

/// The pages that are measured. The deep one begins in the middle of the fleet, by a cursor made from the first page's.
async fn scenarios(steward: &Steward, database: &Database, cookie: &str) -> Result<Vec<Scenario>, Failure> {
    let page = steward.get("/tenants", cookie, false).await?.text().replace("&amp;", "&");
    let cursor = page
        .split("after=")
        .nth(1)
        .and_then(|rest| rest.split(['"', '&']).next())
        .ok_or("no link to a next page")?;
    let mut mark: serde_json::Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(cursor)?)?;
    let mut admin = PgConnection::connect(&database.url).await?;
    let (name, id, at): (String, uuid::Uuid, i64) = sqlx::query_as(
        "SELECT name_key, id, (SELECT count(*) FROM steward.tenant) / 2 FROM steward.tenant ORDER BY name_key, id
        OFFSET (SELECT count(*) FROM steward.tenant) / 2 LIMIT 1",
    )
    .fetch_one(&mut admin)
    .await?;
    mark["k"] = serde_json::json!({ "n": name });
    mark["i"] = serde_json::json!(id);
    mark["p"] = serde_json::json!(at);
    let deep = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&mark)?);
    let scenario = |name, path: &str, share| Scenario { name, path: path.to_owned(), share };
    Ok(vec![
        scenario("first page", "/tenants", 0.08),
        scenario("filter", "/tenants?status=trial&plan=professional", 0.08),
        scenario("deep page", &format!("/tenants?after={deep}"), 0.08),
        scenario("search", "/tenants?q=harbour+energy", 0.2),
    ])
}

/// What a page asks PostgreSQL, from the log of a server that tells it.
async fn statements(
    binary: &Path,
    database: &Database,
    log: &Path,
    scenarios: &[Scenario],
) -> Result<Vec<Vec<String>>, Failure> {
    let mut admin = PgConnection::connect(&database.url).await?;
    let login = domain::db::login::name(&mut admin).await?;
    admin.execute(AssertSqlSafe(format!("ALTER ROLE {login} SET log_statement = 'all'"))).await?;
    let told = async {
        let steward = Steward::start(binary, database).await?;
        let cookie = steward.sign_in(database).await?;
        settled(database).await?;
        let mut all = Vec::new();
        for scenario in scenarios {
            let tap = floor::Tap::open(log)?;
            steward.get(&scenario.path, &cookie, false).await?;
            tokio::time::sleep(Duration::from_millis(300)).await;
            let page = tap.statements().map_err(|error| format!("{}: {error}", scenario.name))?;
            std::fs::write(
                database.data.join(format!("{}.sql", scenario.name.replace(' ', "-"))),
                page.join(";\n"),
            )?;
            all.push(page);
        }
        Ok(all)
    }
    .await;
    admin.execute(AssertSqlSafe(format!("ALTER ROLE {login} RESET log_statement"))).await?;
    told
}

/// Waits until the workers have nothing left of what the load gave them: what is measured is a server at rest.
async fn settled(database: &Database) -> Result<(), Failure> {
    let mut admin = PgConnection::connect(&database.url).await?;
    for _ in 0..300 {
        let left: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM pooled.conversation WHERE state IN ('pending', 'running'))
                + (SELECT count(*) FROM steward.checklist_run r JOIN steward.tenant t ON t.id = r.tenant_id
                    WHERE r.ended_at IS NULL AND r.swept_at IS NULL AND t.status NOT IN ('offboarded', 'purging', 'deleted'))
                + (SELECT count(*) FROM steward.operation WHERE state IN ('queued', 'running', 'undoing') AND run_after <= now())
                + (SELECT count(*) FROM steward.notification WHERE fanned_at IS NULL AND parked_at IS NULL)
                + (SELECT count(*) FROM steward.delivery WHERE state = 'waiting' AND attempts = 0)",
        )
        .fetch_one(&mut admin)
        .await?;
        if left == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    eprintln!("  the workers were still busy after five minutes: the numbers are too low");
    Ok(())
}

struct Bench {
    binary: PathBuf,
    admin_url: String,
    data: PathBuf,
    /// PostgreSQL's log, where it is ours.
    log: PathBuf,
    seconds: u64,
    /// How often a page and its floor are measured by turns, and for how long each time.
    turns: (usize, u64),
    quick: bool,
}

impl Bench {
    fn from_env() -> Result<Self, Failure> {
        let admin_url =
            std::env::var("DATABASE_URL").map_err(|_| "DATABASE_URL is not set: run `make bench`")?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no workspace")?.to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
        let binary = target.join("release/server");
        if !binary.exists() {
            return Err(format!("{} is missing: run `make bench`", binary.display()).into());
        }
        let data = std::env::var_os("STEWARD_DATA").map_or(root.join(".data/bench"), PathBuf::from);
        let log = std::env::var_os("STEWARD_BENCH_LOG").map_or(data.join("postgres.log"), PathBuf::from);
        let quick = std::env::var("STEWARD_BENCH").is_ok_and(|word| word == "quick");
        let (seconds, turns) = if quick { (3, (1, 3)) } else { (8, (3, 5)) };
        Ok(Self { binary, admin_url, data, log, seconds, turns, quick })
    }

    async fn database(&self, tenants: u64) -> Result<Database, Failure> {
        database(&self.binary, &self.admin_url, &self.data, tenants).await
    }

    async fn load(
        &self,
        steward: &Steward,
        path: &str,
        cookie: &str,
        compressed: bool,
        seconds: u64,
    ) -> Result<Load, Failure> {
        let lasting = Duration::from_secs(seconds);
        load(&steward.address, get(path, cookie, compressed), CONNECTIONS, lasting).await
    }

    /// Throughput against the floor, memory after it, the cold page.
    async fn directory(&self, report: &mut Report) -> Result<(), Failure> {
        let database = self.database(100_000).await?;
        let listed = {
            let steward = Steward::start(&self.binary, &database).await?;
            let cookie = steward.sign_in(&database).await?;
            scenarios(&steward, &database, &cookie).await?
        };
        let floors = match (floor::pgbench(), self.log.exists()) {
            (Some(program), true) => {
                Some((program, statements(&self.binary, &database, &self.log, &listed).await?))
            }
            _ => None,
        };
        // Twice started before: what is measured is not the first contact with the disk.
        let steward = Steward::start(&self.binary, &database).await?;
        let ready = steward.ready.as_secs_f64();
        report.line(
            "ready (PostgreSQL running, migrated)",
            format!("{ready:.2} s"),
            "≤ 5 s",
            Some(ready <= 5.0),
        );
        let cookie = steward.sign_in(&database).await?;
        settled(&database).await?;
        let fresh = steward.memory();
        for (at, scenario) in listed.iter().enumerate() {
            let (turns, seconds) = self.turns;
            let statements = match &floors {
                Some((_, all)) => all.get(at).map(Vec::as_slice).unwrap_or_default(),
                None => &[],
            };
            let (mut pages, mut alone) = (Vec::new(), Vec::new());
            for _ in 0..turns {
                pages.push(self.load(&steward, &scenario.path, &cookie, false, seconds).await?);
                let Some((program, _)) = floors.as_ref().filter(|_| !statements.is_empty()) else { continue };
                let scratch = self.data.join("pgbench");
                alone.push(floor::floor(program, &database.url, statements, CONNECTIONS, seconds, &scratch)?);
            }
            let got = middle(&pages);
            let own = format!("{:.0}/s, p50 {:.1} ms, p99 {:.1} ms", got.per_second, got.p50, got.p99);
            if alone.is_empty() {
                let why = match floors {
                    Some(_) => "its statements were not found: no floor",
                    None => "no pgbench or no log: no floor",
                };
                report.line(scenario.name, own, why, None);
                continue;
            }
            report.line(scenario.name, own, "", None);
            let (floor, shares) = (middle(&alone), shares(&pages, &alone));
            let share = median(shares.iter().copied());
            // A page cannot be quicker than its own statements: then something else was replayed.
            if share >= 1.0 {
                let doubt = format!("{:.0}/s is slower than the page: not its floor", floor.per_second);
                report.line("  of its floor", doubt, &format!("≥ {}", scenario.share), None);
                continue;
            }
            report.line(
                &format!("  of its floor ({} statements)", statements.len()),
                format!("{share:.3} of {:.0}/s at {:.1} ms{}", floor.per_second, floor.p50, each(&shares, 3)),
                &format!("≥ {}", scenario.share),
                Some(share >= scenario.share),
            );
            let differences = over(&pages, &alone);
            let difference = median(differences.iter().copied());
            report.line(
                "  p99 over the floor's",
                format!("{difference:.1} ms{}", each(&differences, 1)),
                "≤ 12 ms",
                Some(difference <= 12.0),
            );
        }
        let compressed = self.load(&steward, "/tenants", &cookie, true, self.seconds).await?;
        report.line(
            "first page, compressed",
            format!(
                "{:.0}/s, p50 {:.1} ms, p99 {:.1} ms",
                compressed.per_second, compressed.p50, compressed.p99
            ),
            "",
            None,
        );
        if let (Some(memory), Some(fresh)) = (steward.memory(), fresh) {
            let megabytes = |bytes: u64| bytes as f64 / 1e6;
            report.line(
                "memory after the load",
                format!("{:.0} MB (fresh {:.0} MB)", megabytes(memory), megabytes(fresh)),
                "≤ 80 MB",
                Some(megabytes(memory) <= 80.0),
            );
        }
        page::cold(&steward, &cookie, report).await
    }

    /// The same pages in a small and a very large fleet.
    async fn growth(&self, report: &mut Report) -> Result<(), Failure> {
        let large = if self.quick { 100_000 } else { 1_000_000 };
        let mut medians = Vec::new();
        for tenants in [10_000, large] {
            let database = self.database(tenants).await?;
            let steward = Steward::start(&self.binary, &database).await?;
            let cookie = steward.sign_in(&database).await?;
            settled(&database).await?;
            let mut of = Vec::new();
            for scenario in scenarios(&steward, &database, &cookie).await? {
                // One connection: how long a page takes, not how many there are at once.
                let request = get(&scenario.path, &cookie, false);
                let got =
                    load(&steward.address, request, 1, Duration::from_secs(self.seconds / 2 + 1)).await?;
                of.push((scenario.name, got.p50));
            }
            medians.push(of);
        }
        let [small, big] = medians.as_slice() else { return Ok(()) };
        for ((name, before), (_, after)) in small.iter().zip(big) {
            let ratio = after / before.max(0.001);
            let (target, reached) = match *name {
                "search" => ("≤ 20 ms", *after <= 20.0),
                _ => ("≤ 1.3 times", ratio <= 1.3),
            };
            report.line(
                &format!("{name}, {large} against 10000"),
                format!("{after:.2} ms, {ratio:.2} times {before:.2} ms"),
                target,
                Some(reached),
            );
        }
        Ok(())
    }
}

async fn run() -> Result<(), Failure> {
    let bench = Bench::from_env()?;
    let mut report = Report::default();
    let mut failed = Vec::new();
    // A part that cannot be measured is said, and the others go on.
    if let Err(error) = begin::fleet(&bench.binary, &bench.admin_url, &bench.data, &mut report).await {
        failed.push(format!("demo fleet: {error}"));
    }
    if let Err(error) = begin::embedded(&bench.binary, &bench.data, &mut report).await {
        failed.push(format!("embedded start: {error}"));
    }
    if let Err(error) = bench.directory(&mut report).await {
        failed.push(format!("directory: {error}"));
    }
    if let Err(error) = bench.growth(&mut report).await {
        failed.push(format!("growth: {error}"));
    }
    let database = bench.database(10_000).await?;
    if let Err(error) = ingest::ingest(&bench.binary, &database, &mut report).await {
        failed.push(format!("ingest: {error}"));
    }
    let Bench { binary, admin_url, data, log, quick, .. } = &bench;
    if let Err(error) = provision::provision(binary, admin_url, data, log, *quick, &mut report).await {
        failed.push(format!("provisioning: {error}"));
    }
    page::assets(&mut report)?;
    report.print();
    if let Ok(load) = std::fs::read_to_string("/proc/loadavg") {
        println!("  load average at the end: {}", load.split(' ').take(3).collect::<Vec<_>>().join(" "));
    }
    for problem in failed {
        println!("  not measured: {problem}");
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Err(error) = run().await {
        println!("  not measured: {error}");
    }
}
