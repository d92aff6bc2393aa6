//! What it costs to provision a tenant: against the SQL that it takes, many at once, and the thousandth against the tenth;
//! and how quick work on many tenants is.

use crate::http::percentile;
use crate::steward::{Database, fresh};
use crate::{Failure, Report};
use domain::operations::{Runner, request_provision};
use domain::{Ctx, Services};
use model::operations::{ProvisionRequest, State};
use model::tenants::Placement;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::path::Path;
use std::time::{Duration, Instant};

/// Tenants whose cost is measured one by one.
const SINGLE: usize = 40;
/// Tenants that are asked for at once.
const BULK: usize = 1_000;
/// Around the tenth and around the last: the median of so many.
const AROUND: usize = 9;
const PATIENCE: Duration = Duration::from_secs(120);

/// The ledger with one runner, in this process: what is measured is the work, without HTTP.
struct Ledger {
    cx: Ctx,
    runner: Runner,
    next: usize,
}

impl Ledger {
    async fn open(database: &Database, first: usize) -> Result<Self, Failure> {
        let services = Services::new(domain::db::pools(&database.url, domain::db::serving()).await?.serving);
        Ok(Self { cx: services.system("bench"), runner: Runner::new(services), next: first })
    }

    async fn ask(&mut self, placement: Placement) -> Result<model::OperationId, Failure> {
        self.next += 1;
        let asked = serde_json::json!({
            "name": format!("Bench {}", self.next), "plan": "professional", "placement": placement,
            "support_contact": "support@bench.example", "escalation_contact": "escalation@bench.example",
            "reason": "A benchmark",
        });
        let asked: ProvisionRequest = serde_json::from_value(asked)?;
        Ok(request_provision(&self.cx, asked, None).await?.id)
    }

    /// Milliseconds from the request to the open tenant.
    async fn one(&mut self, placement: Placement) -> Result<f64, Failure> {
        let begin = Instant::now();
        let id = self.ask(placement).await?;
        match self.runner.finish(id, PATIENCE).await? {
            State::Succeeded => Ok(begin.elapsed().as_secs_f64() * 1e3),
            state => Err(format!("a tenant is {state:?} instead of provisioned").into()),
        }
    }

    async fn several(&mut self, n: usize, placement: Placement) -> Result<Vec<f64>, Failure> {
        let mut times = Vec::with_capacity(n);
        for _ in 0..n {
            times.push(self.one(placement).await?);
        }
        times.sort_by(f64::total_cmp);
        Ok(times)
    }

    /// Asks for so many and lets the runner do as many at once as a server does; seconds until the last one is open.
    async fn many(
        &mut self,
        n: usize,
        placement: Placement,
        admin: &mut PgConnection,
    ) -> Result<f64, Failure> {
        let begin = Instant::now();
        for _ in 0..n {
            self.ask(placement).await?;
        }
        self.work(admin).await?;
        Ok(begin.elapsed().as_secs_f64())
    }

    /// Suspends everybody by one piece of work from the directory; how many tenants, and in how many seconds.
    async fn suspend_all(&self, admin: &mut PgConnection) -> Result<(i32, f64), Failure> {
        let (id, name, email): (uuid::Uuid, String, String) = sqlx::query_as(
            "SELECT id, name, email FROM steward.user_account WHERE platform_role = 'operator' LIMIT 1",
        )
        .fetch_one(&mut *admin)
        .await?;
        let platform = Some(model::permission::Role::Operator);
        let actor = model::permission::Actor::User {
            id: model::UserId(id),
            name,
            email,
            platform,
            memberships: vec![],
        };
        let cx = self.cx.acting_as(actor);
        let begin = Instant::now();
        let input = model::bulk::BulkInput {
            action: "suspend".into(),
            whom: "matching".into(),
            list: "status=trial".into(),
            at: cx.now().to_rfc3339(),
            code: "customer_request".into(),
            scope: "read_only".into(),
            ..Default::default()
        };
        let set = domain::bulk::preview(&cx, &input).await?;
        let eligible: i32 = sqlx::query_scalar("SELECT eligible FROM steward.bulk WHERE id = $1")
            .bind(set)
            .fetch_one(&mut *admin)
            .await?;
        domain::bulk::start(&cx, set, "A benchmark", &eligible.to_string()).await?;
        self.work(admin).await?;
        Ok((eligible, begin.elapsed().as_secs_f64()))
    }

    /// Lets the runner work until nothing is left, or something failed.
    async fn work(&self, admin: &mut PgConnection) -> Result<(), Failure> {
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let running = tokio::spawn(self.runner.clone().run(stopping));
        let outcome = async {
            loop {
                let (open, failed): (i64, i64) = sqlx::query_as(
                    "SELECT count(*) FILTER (WHERE state IN ('queued', 'running', 'undoing')),
                        count(*) FILTER (WHERE state NOT IN ('queued', 'running', 'undoing', 'succeeded'))
                    FROM steward.operation
                    WHERE requested_at >= (SELECT min(requested_at) FROM steward.operation WHERE subject LIKE 'Bench %')",
                )
                .fetch_one(&mut *admin)
                .await?;
                if failed > 0 {
                    return Err(Failure::from(format!("{failed} operations did not succeed")));
                }
                if open == 0 {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        .await;
        stop.send(true)?;
        running.await?;
        outcome
    }
}

/// Milliseconds that PostgreSQL says it worked on the statements of one provisioning, from its log.
async fn by_hand(database: &Database, log: &Path, first: usize) -> Result<f64, Failure> {
    let mut admin = PgConnection::connect(&database.url).await?;
    let login = domain::db::login::name(&mut admin).await?;
    admin.execute(AssertSqlSafe(format!("ALTER ROLE {login} SET log_min_duration_statement = 0"))).await?;
    let told = async {
        // Sessions that begin now tell; the first tenant fills their caches.
        let mut ledger = Ledger::open(database, first).await?;
        ledger.one(Placement::Pooled).await?;
        let from = std::fs::metadata(log)?.len() as usize;
        ledger.several(SINGLE, Placement::Pooled).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let text = std::fs::read(log)?;
        let text = String::from_utf8_lossy(text.get(from..).unwrap_or_default()).into_owned();
        let total: f64 = text
            .lines()
            .filter_map(|line| line.split_once("LOG:  duration: ")?.1.split(' ').next()?.parse::<f64>().ok())
            .sum();
        Ok::<_, Failure>(total / SINGLE as f64)
    }
    .await;
    admin.execute(AssertSqlSafe(format!("ALTER ROLE {login} RESET log_min_duration_statement"))).await?;
    told
}

pub async fn provision(
    binary: &Path,
    admin_url: &str,
    data: &Path,
    log: &Path,
    quick: bool,
    report: &mut Report,
) -> Result<(), Failure> {
    let database = fresh(binary, admin_url, data, "bench_provisioning").await?;
    let mut admin = PgConnection::connect(&database.url).await?;
    // Who approves is not what is measured.
    admin.execute("DELETE FROM steward.approval_rule").await?;

    let mut ledger = Ledger::open(&database, 0).await?;
    ledger.several(5, Placement::Pooled).await?;
    let own = percentile(&ledger.several(SINGLE, Placement::Pooled).await?, 0.5);
    if log.exists() {
        let sql = by_hand(&database, log, 10_000).await?;
        let times = own / sql.max(0.001);
        report.line(
            "provisioning a pooled tenant",
            format!("{own:.0} ms, {times:.1} times its SQL ({sql:.1} ms)"),
            "≤ 5 times",
            Some(times <= 5.0),
        );
    } else {
        report.line("provisioning a pooled tenant", format!("{own:.0} ms"), "no log: no floor", None);
    }

    let n = if quick { BULK / 10 } else { BULK };
    let seconds = ledger.many(n, Placement::Pooled, &mut admin).await?;
    report.line(
        &format!("provisioning {n} pooled tenants"),
        format!("{seconds:.0} s, {:.0}/s", n as f64 / seconds),
        "",
        None,
    );

    let (tenants, seconds) = ledger.suspend_all(&mut admin).await?;
    report.line(
        &format!("suspending {tenants} tenants by bulk"),
        format!("{seconds:.0} s, {:.0}/s", f64::from(tenants) / seconds),
        "",
        None,
    );

    ledger.several(10 - AROUND / 2 - 1, Placement::Dedicated).await?;
    let tenth = percentile(&ledger.several(AROUND, Placement::Dedicated).await?, 0.5);
    // The last of the nine around it is the last that a cell takes.
    ledger.many(n - 10 - AROUND - AROUND / 2, Placement::Dedicated, &mut admin).await?;
    let last = percentile(&ledger.several(AROUND, Placement::Dedicated).await?, 0.5);
    let ratio = last / tenth.max(0.001);
    report.line(
        &format!("the {n}th dedicated tenant against the 10th"),
        format!("{last:.0} ms, {ratio:.2} times {tenth:.0} ms"),
        "≤ 1.5 times",
        Some(ratio <= 1.5),
    );
    drop(ledger);
    let mut admin = PgConnection::connect(admin_url).await?;
    admin.execute("DROP DATABASE bench_provisioning WITH (FORCE)").await?;
    Ok(())
}
