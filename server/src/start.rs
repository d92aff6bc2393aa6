//! How a process begins and ends: database, migrations, secret, the first person, the accept loop, the drain.

use crate::config::Config;
use crate::embedded::Embedded;
use crate::router::{Parts, router};
use crate::{listen, surface};
use domain::db::Pools;
use domain::seal::Keyring;
use domain::{Deployment, Services};
use leptos::config::LeptosOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How many tenants the demo fleet of an empty embedded database has.
const DEMO_TENANTS: u32 = 300;

/// An open database: migrated, with the pools on it.
pub struct Opened {
    pub services: Services,
    /// The same, for work that nobody waits for.
    background: Services,
    pub admin_url: String,
    embedded: Option<Embedded>,
}

impl Opened {
    /// Starts the embedded server where no `DATABASE_URL` is set, migrates, and opens the pools.
    ///
    /// # Errors
    /// When PostgreSQL cannot be started or reached, or its schema is newer than this binary.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        let (admin_url, embedded) = match &config.database_url {
            Some(url) => (url.clone(), None),
            None => {
                let embedded = Embedded::start(&config.data).await?;
                (embedded.admin_url().to_owned(), Some(embedded))
            }
        };
        domain::db::migrate(&admin_url).await.map_err(|error| of_database(config, error))?;
        let pools = domain::db::pools(&admin_url, config.connections).await;
        let Pools { serving, jobs } = pools.map_err(|error| of_database(config, error))?;
        let keys = match &config.keys {
            Some(keys) => keys.clone(),
            None => own_key(config, &Services::new(serving.clone()))?,
        };
        let mail = config.mail.as_ref().map(|(url, from)| {
            domain::notifications::mail::Server::new(url, from)
                .map_err(|problem| format!("STEWARD_SMTP_URL: {problem}"))
        });
        let deployment = Deployment {
            keys,
            public_url: config.public_url.trim_end_matches('/').to_owned(),
            mail: mail.transpose()?,
            outward: domain::outward::Client::new(config.outward_allow.clone()),
        };
        let services = Services::configured(serving, deployment);
        let background = services.drawing_from(jobs);
        Ok(Self { services, background, admin_url, embedded })
    }

    /// Whether the database is this machine's own and therefore may get a demo fleet.
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Closes the pools and gives the embedded server up.
    pub async fn close(self) {
        self.services.close().await;
        self.background.close().await;
        if let Some(embedded) = self.embedded
            && let Err(error) = embedded.stop().await
        {
            tracing::warn!(%error, "the embedded PostgreSQL was not stopped");
        }
    }
}

/// Names the variable where the database that it points to does not answer, or does not let us in.
fn of_database(config: &Config, error: domain::Error) -> Failure {
    match error {
        domain::Error::Busy | domain::Error::Database(_) if config.database_url.is_some() => {
            format!("DATABASE_URL: {error}").into()
        }
        other => other.into(),
    }
}

/// Serves until it is told to stop.
///
/// # Errors
/// When it cannot start; never because of a request.
pub async fn serve(config: &Config) -> Result<(), Failure> {
    let begin = Instant::now();
    surface::check()?;
    // Before anything takes long: a signal during the start must end it as well.
    let stop = listen::signals()?;
    let listener =
        TcpListener::bind(config.addr).await.map_err(|error| format!("{}: {error}", config.addr))?;
    let opened = Opened::open(config).await?;
    // Whoever only runs a command sends nothing.
    match &config.mail {
        None => {
            tracing::warn!(
                "STEWARD_SMTP_URL is not set: mails stand in the log of notifications as not sent"
            );
        }
        Some((url, _)) if domain::notifications::mail::in_clear(url) => {
            tracing::warn!(
                "STEWARD_SMTP_URL: mails travel in clear, with links in them that let people in; write smtps://… or add ?tls=required"
            );
        }
        Some(_) => {}
    }
    let outcome = serve_on(config, &opened, listener, stop, begin).await;
    opened.close().await;
    outcome
}

async fn serve_on(
    config: &Config,
    opened: &Opened,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
    begin: Instant,
) -> Result<(), Failure> {
    let services = &opened.services;
    let secret = secret(config, services)?;
    if config.demo && opened.is_embedded() {
        demo(opened, &config.data, DEMO_TENANTS, true).await?;
    }
    let options = leptos_options(config);
    let parts = Parts {
        services: services.clone(),
        options,
        https: config.is_https(),
        proxies: config.proxies.clone().into(),
        secret,
        turns: config.connections as usize,
    };
    let app = router(&parts);
    let hourly = tokio::spawn(hourly(opened.background.clone()));
    let roll_outs = tokio::spawn(roll_outs(opened.background.clone()));
    let proofs = tokio::spawn(proofs(opened.background.clone()));
    let (stop_worker, worker_stops) = tokio::sync::oneshot::channel::<()>();
    let worker = domain::pipeline::Worker::new(opened.background.clone()).run(async {
        let _ = worker_stops.await;
    });
    let worker = tokio::spawn(worker);
    tracing::info!(address = %config.public_url, ms = begin.elapsed().as_millis(), "ready");
    greet(config, services).await?;
    let cut = listen::serve(listener, app, listen::Limits::default(), stop).await;
    if cut > 0 {
        tracing::warn!(connections = cut, "cut off at the end of the drain");
    }
    hourly.abort();
    roll_outs.abort();
    proofs.abort();
    drop(stop_worker);
    // It finishes what it has in hand; what it cannot, the lease gives back.
    if tokio::time::timeout(Duration::from_secs(10), worker).await.is_err() {
        tracing::warn!("the worker was cut off");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Where the built files are and what they are called.
pub fn leptos_options(config: &Config) -> LeptosOptions {
    let name = std::env::var("LEPTOS_OUTPUT_NAME").unwrap_or_else(|_| "steward".into());
    LeptosOptions::builder()
        .output_name(name)
        .site_root(config.site_root.to_string_lossy().to_string())
        .hash_files(std::env::var("LEPTOS_HASH_FILES").is_ok_and(|value| value == "true"))
        .site_addr(config.addr)
        .reload_port(
            std::env::var("LEPTOS_RELOAD_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3001),
        )
        .build()
}

/// Loads the demo fleet, or lets it grow, and writes its new sign-ins to `credentials.json` and, once, to the terminal;
/// `only_empty` leaves a database alone that knows tenants already.
///
/// # Errors
/// When it cannot be loaded as a whole, or the database holds tenants that are no demo fleet.
pub async fn demo(opened: &Opened, data: &Path, tenants: u32, only_empty: bool) -> Result<(), Failure> {
    let cx = opened.services.system("demo");
    if only_empty && !domain::demo::is_empty(&cx).await? {
        return Ok(());
    }
    let begin = Instant::now();
    let large = u64::from(tenants) > domain::demo::WITH_HISTORY;
    let sign_ins = domain::demo::load(&cx, tenants.into(), |count| {
        if large {
            eprint!("\r  {count} tenants");
        }
    })
    .await?;
    // Statistics and visibility for the planner; without them the first pages would be slow until autovacuum came by.
    domain::db::vacuum(&opened.admin_url).await?;
    tracing::info!(tenants, ms = begin.elapsed().as_millis(), "demo fleet loaded");
    std::fs::create_dir_all(data)?;
    let path = data.join("credentials.json");
    // Written beside and moved: never half a file, and never readable by others.
    let fresh = data.join(".credentials.json");
    let _ = std::fs::remove_file(&fresh);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    serde_json::to_writer_pretty(&mut file, &sign_ins)?;
    file.write_all(b"\n")?;
    std::fs::rename(&fresh, &path)?;
    let mut out = std::io::stdout();
    writeln!(out, "\n  The demo fleet is loaded. Sign in with (kept in {}):", path.display())?;
    for (role, person) in [
        ("owner", &sign_ins.owner),
        ("operator", &sign_ins.operator),
        ("success", &sign_ins.success),
        ("tenant_admin", &sign_ins.tenant_admin),
    ] {
        writeln!(out, "  {role:<14}{:<30}{}", person.email, person.password)?;
    }
    Ok(())
}

/// Says on the terminal, for people, where the console is and how to get in. Passwords are only in their file.
async fn greet(config: &Config, services: &Services) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    writeln!(out, "\n  Steward  {}", config.public_url)?;
    if let Some(token) = domain::users::bootstrap_link(&services.system("start")).await? {
        let page = app::paths::bootstrap(&token);
        writeln!(out, "  Nobody can sign in yet. Make the first owner here, once, within 24 hours:")?;
        writeln!(out, "  {}{page}\n", config.public_url.trim_end_matches('/'))?;
        return Ok(());
    }
    let file = config.data.join("credentials.json");
    if let Some(people) =
        std::fs::read(&file).ok().and_then(|json| serde_json::from_slice::<serde_json::Value>(&json).ok())
    {
        writeln!(out, "  Sign in as one of these; their passwords are in {}:", file.display())?;
        for (role, person) in people.as_object().into_iter().flatten() {
            if let Some(email) = person.get("email").and_then(|email| email.as_str()) {
                writeln!(out, "  {role:<14}{email}")?;
            }
        }
    }
    writeln!(out)?;
    Ok(())
}

/// The key that signs banners: given, or made once and kept with mode 0600.
fn secret(config: &Config, services: &Services) -> Result<Vec<u8>, Failure> {
    match &config.secret {
        Some(secret) => Ok(secret.clone()),
        None => kept(&config.data, "secret", services),
    }
}

/// The key that seals secrets, where none is given: made once and kept with mode 0600. It must outlive the machine as
/// long as the database does.
fn own_key(config: &Config, services: &Services) -> Result<Keyring, Failure> {
    let bytes = kept(&config.data, "key", services)?;
    let key = bytes.try_into().map_err(|_| format!("{}: not 32 bytes", config.data.join("key").display()))?;
    if config.database_url.is_some() {
        tracing::warn!(
            file = %config.data.join("key").display(),
            "STEWARD_KEY is not set: what this process seals, others on the same database cannot open"
        );
    }
    Ok(Keyring::new(&[key]))
}

/// 32 bytes or more in a file that only we may read; made when it is not there.
fn kept(data: &Path, name: &str, services: &Services) -> Result<Vec<u8>, Failure> {
    let path = data.join(name);
    match std::fs::read(&path) {
        Ok(secret) if secret.len() >= 32 => return Ok(secret),
        Ok(_) => {
            return Err(
                format!("{}: shorter than 32 bytes; remove it to get a new one", path.display()).into()
            );
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    }
    std::fs::create_dir_all(data)?;
    let secret = services.random::<32>().to_vec();
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => {
            file.write_all(&secret)?;
            Ok(secret)
        }
        // Another process was quicker: its secret is the one.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(std::fs::read(&path)?),
        Err(error) => Err(format!("{}: {error}", path.display()).into()),
    }
}

/// Every few seconds: goes on with roll-outs of templates; every minute: looks again at tenants whose accepted differences
/// ran out; and tells those whose sign-up came to nothing. Any number of processes may do it: each move is made under a lock, once.
async fn roll_outs(services: Services) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for n in 0_u64.. {
        tick.tick().await;
        let cx = services.system("templates");
        if let Err(error) = domain::templates::tick(&cx).await {
            tracing::warn!(%error, "roll-outs did not go on");
        }
        if let Err(error) = domain::signup::tick(&cx).await {
            tracing::warn!(%error, "nobody was told what became of their sign-up");
        }
        if n % 12 == 0
            && let Err(error) = domain::templates::sweep(&cx, 200).await
        {
            tracing::warn!(%error, "alignment was not looked at");
        }
    }
}

/// At the start and every hour: looks whether anything weakens the isolation of tenants, and removes ended sessions and
/// old counters.
async fn hourly(services: Services) {
    let mut tick = tokio::time::interval(Duration::from_secs(3600));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let cx = services.system("hourly");
        match domain::isolation::lint(&cx).await {
            Ok(findings) => {
                for finding in &findings {
                    tracing::error!(
                        rule = finding.rule,
                        object = finding.object,
                        "the isolation of tenants is weakened"
                    );
                }
                tracing::info!(findings = findings.len(), "isolation checked");
            }
            Err(error) => tracing::error!(%error, "isolation could not be checked"),
        }
        if let Err(error) = domain::operations::sweep(&cx).await {
            tracing::warn!(%error, "old keys of requests were not removed");
        }
        if let Err(error) = domain::monitors::sweep(&cx).await {
            tracing::warn!(%error, "monitors were given no turn");
        }
        if let Err(error) = domain::users::sweep(&cx).await {
            tracing::warn!(%error, "ended sessions were not removed");
        }
        if let Err(error) = domain::tenants::sweep_drafts(&cx).await {
            tracing::warn!(%error, "forgotten drafts were not removed");
        }
        if let Err(error) = domain::signup::sweep(&cx).await {
            tracing::warn!(%error, "sign-ups that are over were not removed");
        }
        if let Err(error) = domain::bulk::sweep(&cx).await {
            tracing::warn!(%error, "previews that nobody confirmed were not removed");
        }
        if let Err(error) = domain::notifications::sweep(&cx).await {
            tracing::warn!(%error, "old deliveries were not removed");
        }
    }
}

/// Proves the isolation of tenants, mostly resting; where nobody waits for it, looks again a minute later. Any number of
/// processes may do it: they share the tenants.
async fn proofs(services: Services) {
    // Whoever starts has other things to do first.
    let mut pause = Duration::from_secs(10);
    loop {
        tokio::time::sleep(pause).await;
        pause = match domain::isolation::prove_some(&services.system("isolation")).await {
            Ok(0) => Duration::from_secs(60),
            Ok(_) => Duration::ZERO,
            Err(error) => {
                tracing::error!(%error, "the isolation of tenants could not be probed");
                Duration::from_secs(60)
            }
        };
    }
}
