//! How a process begins and ends: database, migrations, secret, the first person, the accept loop, the drain.

mod fleet;

pub use fleet::demo;

use crate::config::Config;
use crate::embedded::Embedded;
use crate::router::{self, Parts, router};
use crate::{assets, listen, surface};
use domain::db::Pools;
use domain::seal::Keyring;
use domain::{Deployment, Services};
use leptos::config::LeptosOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

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
        let never = pin!(std::future::pending());
        Self::open_until(config, never).await?.ok_or_else(|| "stopped".into())
    }

    /// [`Self::open`]; `None` where it is told to stop before that is done. Nothing is left behind then: what was begun is
    /// rolled back, and the embedded server is given up.
    async fn open_until(
        config: &Config,
        stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Option<Self>, Failure> {
        let (admin_url, embedded) = match &config.database_url {
            Some(url) => (url.clone(), None),
            // Its start takes seconds and is finished: PostgreSQL would be left alone by one that is cut off.
            None => {
                let embedded = Embedded::start(&config.data).await?;
                (embedded.admin_url().to_owned(), Some(embedded))
            }
        };
        let opened = tokio::select! {
            biased;
            () = stop => Ok(None),
            services = Self::services(config, &admin_url) => services.map(Some),
        };
        match opened {
            Ok(Some((services, background))) => Ok(Some(Self { services, background, admin_url, embedded })),
            unopened => {
                give_up(embedded).await;
                unopened.map(|_| None)
            }
        }
    }

    /// Migrates, and opens the pools: for what is asked, and for background work.
    async fn services(config: &Config, admin_url: &str) -> Result<(Services, Services), Failure> {
        domain::db::migrate(admin_url).await.map_err(|error| of_database(config, error))?;
        let pools = domain::db::pools(admin_url, config.connections).await;
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
        Ok((services, background))
    }

    /// Whether the database is this machine's own and therefore may get a demo fleet.
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Closes the pools and gives the embedded server up.
    pub async fn close(self) {
        let pools = async { tokio::join!(self.services.close(), self.background.close()) };
        if timeout(CLOSE, pools).await.is_err() {
            tracing::warn!("connections that were still in use are left to the database");
        }
        give_up(self.embedded).await;
    }
}

async fn give_up(embedded: Option<Embedded>) {
    if let Some(embedded) = embedded
        && let Err(error) = embedded.stop().await
    {
        tracing::warn!(%error, "the embedded PostgreSQL was not stopped");
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

/// Serves until it is told to stop, which may also be before it is ready.
///
/// # Errors
/// When it cannot start; never because of a request.
pub async fn serve(config: &Config) -> Result<(), Failure> {
    let begin = Instant::now();
    surface::check()?;
    // Before anything takes long: a signal during the start must end it as well.
    let mut stop = pin!(listen::signals()?);
    let socket = reserved(config.addr).map_err(|error| format!("{}: {error}", config.addr))?;
    let Some(opened) = Opened::open_until(config, stop.as_mut()).await? else {
        tracing::info!("stopped before it was ready");
        return Ok(());
    };
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
    let outcome = serve_on(config, &opened, socket, stop, begin).await;
    opened.close().await;
    outcome
}

/// The address, taken before anything is done: who finds it in use says so at once. It listens when we are ready: until then
/// whoever asks is refused, and nobody takes us for a server that hangs.
///
/// While it does not listen two sockets that may reuse an address could both have it; ours may not until then. Only where
/// that fails, because connections of the process before us are still ending, it may.
fn reserved(addr: SocketAddr) -> std::io::Result<TcpSocket> {
    let new = || if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = new()?;
    match socket.bind(addr) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let socket = new()?;
            socket.set_reuseaddr(true)?;
            socket.bind(addr)?;
            Ok(socket)
        }
        bound => bound.map(|()| socket),
    }
}

/// How long work without a connection has to end after the drain. With it and [`CLOSE`] a stop takes less than the 30 s that
/// supervisors usually grant.
const LAST: Duration = Duration::from_secs(7);

/// How long the pools have to close: a connection that is still in use is not waited for.
const CLOSE: Duration = Duration::from_secs(2);

/// Connections that wait in the kernel's queue.
const BACKLOG: u32 = 1024;

async fn serve_on(
    config: &Config,
    opened: &Opened,
    socket: TcpSocket,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    begin: Instant,
) -> Result<(), Failure> {
    let services = &opened.services;
    let secret = secret(config, services)?;
    if config.demo && opened.is_embedded() {
        tokio::select! {
            biased;
            () = stop.as_mut() => {
                tracing::info!("stopped before it was ready");
                return Ok(());
            }
            loaded = demo(opened, &config.data, fleet::TENANTS, true) => loaded?,
        }
    }
    let options = leptos_options(config);
    let parts = Parts {
        services: services.clone(),
        options,
        https: config.is_https(),
        proxies: config.proxies.clone().into(),
        secret,
        turns: config.connections as usize,
        answer_time: router::ANSWER_TIME,
        tasks: TaskTracker::new(),
    };
    let app = router(&parts);
    // As every listener has it: the next process is not to wait for our last connections.
    socket.set_reuseaddr(true)?;
    let listener = socket.listen(BACKLOG).map_err(|error| format!("{}: {error}", config.addr))?;
    let hourly = tokio::spawn(hourly(opened.background.clone()));
    let roll_outs = tokio::spawn(roll_outs(opened.background.clone()));
    let proofs = tokio::spawn(proofs(opened.background.clone()));
    let (stop_worker, worker_stops) = tokio::sync::oneshot::channel::<()>();
    let worker = domain::pipeline::Worker::new(opened.background.clone()).run(async {
        let _ = worker_stops.await;
    });
    let worker = tokio::spawn(worker);
    tracing::info!(address = %config.public_url, ms = begin.elapsed().as_millis(), "ready");
    fleet::greet(config, opened).await?;
    let cut = listen::serve(listener, app, listen::Limits::default(), stop).await;
    if cut > 0 {
        tracing::warn!(connections = cut, "cut off at the end of the drain");
    }
    hourly.abort();
    roll_outs.abort();
    proofs.abort();
    drop(stop_worker);
    // Requests whose callers had gone have no connection that the drain could have waited for. The worker finishes what it
    // has in hand; what it cannot, the lease gives back.
    parts.tasks.close();
    let rest = timeout(LAST, async { tokio::join!(parts.tasks.wait(), worker) });
    if rest.await.is_err() {
        tracing::warn!(requests = parts.tasks.len(), "work was cut off");
    }
    tracing::info!("stopped");
    Ok(())
}

/// The list of names beside the executable; cargo-leptos calls it so.
const HASHES: &str = "hash.txt";

/// Where the built files are and what they are called: with a hash, unless said otherwise, where their list is.
pub fn leptos_options(config: &Config) -> LeptosOptions {
    let name = std::env::var("LEPTOS_OUTPUT_NAME").unwrap_or_else(|_| "steward".into());
    LeptosOptions::builder()
        .output_name(name)
        .site_root(config.site_root.to_string_lossy().to_string())
        .hash_files(
            std::env::var("LEPTOS_HASH_FILES")
                .map_or_else(|_| assets::hashes(HASHES).is_some(), |value| value == "true"),
        )
        .site_addr(config.addr)
        .reload_port(
            std::env::var("LEPTOS_RELOAD_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3001),
        )
        .build()
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

/// At the start and every hour: looks whether anything weakens the isolation of tenants and tells whoever runs the platform
/// of it, and removes ended sessions and
/// old counters.
async fn hourly(services: Services) {
    let mut tick = tokio::time::interval(Duration::from_secs(3600));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let cx = services.system("hourly");
        match domain::isolation::lint_and_tell(&cx).await {
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
