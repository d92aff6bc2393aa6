//! The command line. Every command ends with 0, or says on standard error why not.

use crate::config::Config;
use crate::start::{self, Failure, Opened};
use crate::{embedded, surface};
use domain::audit::Verified;
use model::TenantId;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

const HELP: &str = "Steward, the control plane of a multi-tenant platform

  server [serve]               serve; starts an embedded PostgreSQL where DATABASE_URL is not set
  server migrate               bring the database to this binary's schema, and end
  server roles                 make the roles that a cluster needs before the databases of tests, and end
  server postgres -- COMMAND…  run COMMAND with DATABASE_URL of the embedded PostgreSQL
  server demo --tenants N      load a demo fleet of N tenants
  server audit verify          check every chain of the audit log; names the first broken entry
  server isolation verify --json [SLUG]
                               attack the isolation of one tenant, or of all in service, and keep the evidence
  server reconcile --json      list what no operation stands for any more, and how to clean it
  server surface --json        list every door of the service with what it asks for
  server help                  this list

Settings are environment variables; the README lists them.
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    Serve,
    Migrate,
    Roles,
    Postgres(Vec<OsString>),
    Demo(u32),
    VerifyAudit,
    VerifyIsolation(Option<String>),
    Reconcile,
    Surface,
    Help,
}

fn parse(arguments: &[OsString]) -> Result<Command, String> {
    let words: Vec<&str> = arguments.iter().map(|word| word.to_str().unwrap_or("?")).collect();
    match words.as_slice() {
        [] | ["serve"] => Ok(Command::Serve),
        ["migrate"] => Ok(Command::Migrate),
        ["roles"] => Ok(Command::Roles),
        ["postgres", "--", _, ..] => Ok(Command::Postgres(arguments[2..].to_vec())),
        ["demo", "--tenants", count] => match count.parse() {
            Ok(count @ 1..=1_000_000) => Ok(Command::Demo(count)),
            _ => Err(format!("“{count}” is not a number from 1 to 1000000")),
        },
        ["audit", "verify"] => Ok(Command::VerifyAudit),
        ["isolation", "verify", "--json"] => Ok(Command::VerifyIsolation(None)),
        ["isolation", "verify", "--json", slug] => Ok(Command::VerifyIsolation(Some((*slug).to_owned()))),
        ["reconcile", "--json"] => Ok(Command::Reconcile),
        ["surface", "--json"] => Ok(Command::Surface),
        ["help" | "--help" | "-h"] => Ok(Command::Help),
        other => Err(format!("“{}” is not a command; see `server help`", other.join(" "))),
    }
}

/// Runs the process.
pub async fn run(arguments: Vec<OsString>) -> ExitCode {
    let command = match parse(&arguments) {
        Ok(command) => command,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    match execute(command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(command: Command) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout();
    match command {
        Command::Help => out.write_all(HELP.as_bytes())?,
        Command::Surface => {
            surface::check()?;
            serde_json::to_writer_pretty(&mut out, &surface::lines())?;
            writeln!(out)?;
        }
        Command::Postgres(command) => {
            let config = configured()?;
            let first =
                async |url: &str| -> Result<(), Failure> { Ok(domain::db::prepare_roles(url).await?) };
            let status = embedded::run_after(&config.data, command, first).await?;
            return Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)));
        }
        Command::Serve => start::serve(&configured()?).await?,
        Command::Migrate => {
            let opened = Opened::open(&configured()?).await?;
            opened.close().await;
            writeln!(out, "The database has this binary's schema.")?;
        }
        Command::Roles => {
            let url = configured()?.database_url.ok_or("DATABASE_URL names the cluster; it is not set")?;
            domain::db::prepare_roles(&url).await?;
            writeln!(out, "The cluster has the roles.")?;
        }
        Command::Demo(tenants) => {
            let config = configured()?;
            let opened = Opened::open(&config).await?;
            let loaded = start::demo(&opened, &config.data, tenants, false).await;
            opened.close().await;
            loaded?;
        }
        Command::VerifyIsolation(slug) => {
            let opened = Opened::open(&configured()?).await?;
            let verified = verify_isolation(&opened, slug.as_deref(), &mut out).await;
            opened.close().await;
            return verified;
        }
        Command::Reconcile => {
            let opened = Opened::open(&configured()?).await?;
            let found = domain::operations::reconcile(&opened.services.system("reconcile")).await;
            opened.close().await;
            let found = found?;
            serde_json::to_writer_pretty(&mut out, &found)?;
            writeln!(out)?;
            return Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::VerifyAudit => {
            let opened = Opened::open(&configured()?).await?;
            let verified = verify(&opened, &mut out).await;
            opened.close().await;
            return verified;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A chain by its id and, where its tenant is still there, by its slug.
async fn name(cx: &domain::Ctx, chain: TenantId) -> Result<String, Failure> {
    if chain == TenantId::PLATFORM {
        return Ok("platform".to_owned());
    }
    let slug = domain::tenants::slug_of(cx, chain).await?;
    Ok(slug.map_or_else(|| chain.to_string(), |slug| format!("{chain} ({slug})")))
}

async fn verify(opened: &Opened, out: &mut impl Write) -> Result<ExitCode, Failure> {
    let cx = opened.services.system("audit-verify");
    let mut entries = 0;
    let mut broken = 0;
    let chains = domain::audit::chains(&cx).await?;
    for tenant in &chains {
        let name = name(&cx, *tenant).await?;
        match domain::audit::verify(&cx, *tenant).await? {
            Verified::Sound(count) => {
                entries += count;
                writeln!(out, "sound: chain {name}, {count} entries")?;
            }
            Verified::Broken { seq, why } => {
                broken += 1;
                writeln!(out, "broken: chain {name}, entry {seq}: {why}")?;
            }
        }
    }
    for tenant in domain::audit::without_chain(&cx).await? {
        broken += 1;
        let name = name(&cx, tenant).await?;
        writeln!(out, "broken: chain {name}, entry 1: the tenant is there and its whole chain is not")?;
    }
    writeln!(out, "{} chains, {entries} sound entries, {broken} broken chains", chains.len())?;
    writeln!(
        out,
        "This proves that nothing within the chains was changed or left out. Whoever owns the database can cut off the end \
         of a chain and set its head back: keep this output elsewhere, and compare that no chain became shorter."
    )?;
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Probes one tenant or all; what is printed holds every run, and in full what did not come out as it must.
async fn verify_isolation(
    opened: &Opened,
    slug: Option<&str>,
    out: &mut impl Write,
) -> Result<ExitCode, Failure> {
    use domain::isolation::{Trigger, in_service, lint, probe};
    let cx = opened.services.system("isolation-verify");
    let mut runs = Vec::new();
    let mut failed = 0;
    let mut after = None;
    loop {
        let tenants = match slug {
            Some(slug) => vec![domain::tenants::by_slug(&cx, slug).await?.id],
            None => in_service(&cx, after, 100).await?,
        };
        for tenant in &tenants {
            let run = probe(&cx, *tenant, Trigger::Request).await?;
            failed += i64::from(run.failed);
            let wrong: Vec<_> = run.attempts.iter().filter(|attempt| !attempt.passed).collect();
            runs.push(serde_json::json!({
                "tenant": run.tenant, "slug": run.slug, "placement": run.placement, "run": run.id,
                "passed": run.passed, "failed": run.failed, "problems": wrong,
            }));
        }
        after = tenants.last().copied();
        if slug.is_some() || tenants.is_empty() {
            break;
        }
    }
    let findings: Vec<_> = lint(&cx)
        .await?
        .into_iter()
        .map(|f| serde_json::json!({ "rule": f.rule, "object": f.object }))
        .collect();
    let sound = failed == 0 && findings.is_empty();
    serde_json::to_writer_pretty(
        &mut *out,
        &serde_json::json!({ "sound": sound, "tenants": runs.len(), "catalogue": findings, "runs": runs }),
    )?;
    writeln!(out)?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The configuration, with the log set up as it says.
fn configured() -> Result<Config, Failure> {
    let config = Config::from_env()?;
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("RUST_LOG").unwrap_or_else(|_| "info,sqlx=warn".into());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = if config.json_logs {
        log.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    } else {
        log.with_target(false).try_init()
    };
    if let Err(error) = set {
        eprintln!("log: {error}");
    }
    tracing::debug!(?config, "configured");
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Command, String> {
        parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn commands_are_understood_or_refused() {
        assert_eq!(of(""), Ok(Command::Serve));
        assert_eq!(of("serve"), Ok(Command::Serve));
        assert_eq!(of("roles"), Ok(Command::Roles));
        assert_eq!(
            of("postgres -- psql -c x"),
            Ok(Command::Postgres(vec!["psql".into(), "-c".into(), "x".into()]))
        );
        assert_eq!(of("demo --tenants 1000"), Ok(Command::Demo(1000)));
        for bad in [
            "postgres",
            "postgres --",
            "demo",
            "demo --tenants 0",
            "demo --tenants many",
            "audit",
            "surface",
            "sevre",
            "serve now",
        ] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
