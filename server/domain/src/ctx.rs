//! One request's hands: who acts, what time it is, and the only ways to the database.
//!
//! `Read` and `Tx` own the role switch: `BEGIN; SET LOCAL ROLE …; SET LOCAL app.tenant_id …` in one round trip, gone
//! with the transaction. Nothing else touches the pool. A `Read` is never committed; a `Tx` only together with its
//! audit lines. Dropping either rolls back (the pool's release hook ends the transaction).

mod gate;
mod placement;
mod store;

use crate::audit::{self, AuditEvent};
use crate::error::{Error, Result};
use crate::seal::Keyring;
use crate::users::SessionCache;
use chrono::{DateTime, Utc};
use model::TenantId;
use model::permission::{Actor, Permission, Scope, Verdict};
use placement::Placed;
use rand::Rng;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};
use std::sync::Arc;

/// Connections that are given up because a role is refused there, before the refusal is believed.
const REFUSALS: usize = 3;

/// What the process was configured with, as far as services need it.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// Seals secrets; without a key none can be kept.
    pub keys: Keyring,
    /// The console's address in the browser, without a slash at the end; links in mails begin with it.
    pub public_url: String,
    /// Where mails are handed in; without it they are kept as “not sent”.
    pub mail: Option<crate::notifications::mail::Server>,
    /// How addresses that other people chose are talked to.
    pub outward: crate::outward::Client,
}

/// What the whole process shares, with the pool that its holder draws from.
#[derive(Clone, Debug)]
pub struct Services {
    pool: PgPool,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    deployment: Deployment,
    /// Fixed in tests.
    clock: Option<DateTime<Utc>>,
    sessions: SessionCache,
    overview: crate::overview::Cache,
    directory: crate::tenants::Cache,
    usage: crate::usage::report::Cache,
    settings: crate::settings::Cache,
    operations: tokio::sync::Notify,
    placements: placement::Cache,
    door: crate::db::login::Door,
}

impl Services {
    /// `pool` must be logged in as the serving role, see `db::pools`. Nothing is configured: no key, no mail
    /// server, nobody inside the network who may be talked to.
    pub fn new(pool: PgPool) -> Self {
        Self::configured(pool, Deployment::default())
    }

    pub fn configured(pool: PgPool, deployment: Deployment) -> Self {
        Self::made(pool, deployment, None)
    }

    /// For tests: `cx.now()` is always this.
    pub fn with_clock(pool: PgPool, now: DateTime<Utc>) -> Self {
        Self::made(pool, Deployment::default(), Some(now))
    }

    fn made(pool: PgPool, deployment: Deployment, clock: Option<DateTime<Utc>>) -> Self {
        let inner = Inner {
            deployment,
            clock,
            sessions: SessionCache::default(),
            overview: Default::default(),
            directory: Default::default(),
            usage: Default::default(),
            settings: Default::default(),
            operations: Default::default(),
            placements: Default::default(),
            door: Default::default(),
        };
        Self { pool, inner: Arc::new(inner) }
    }

    /// The same process, drawing from another pool: background work must not take the connections that people wait for.
    pub fn drawing_from(&self, pool: PgPool) -> Self {
        Self { pool, inner: self.inner.clone() }
    }

    /// What the process was configured with.
    pub fn deployment(&self) -> &Deployment {
        &self.inner.deployment
    }

    /// A context for one request.
    pub fn ctx(&self, actor: impl Into<Arc<Actor>>, request_id: impl Into<Arc<str>>) -> Ctx {
        Ctx { services: self.clone(), actor: actor.into(), request_id: request_id.into(), once: None }
    }

    /// A context for the server's own work.
    pub fn system(&self, name: &str) -> Ctx {
        self.ctx(Actor::System { name: name.to_owned() }, format!("{name}-{}", self.new_id()))
    }

    /// A new id, sortable by time.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
    pub fn new_id(&self) -> uuid::Uuid {
        uuid::Uuid::now_v7()
    }

    /// Bytes that nobody can guess.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that draws random bytes")]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        rand::rng().fill_bytes(&mut bytes);
        bytes
    }

    /// Who is signed in, as this process has seen it within the last second.
    pub(crate) fn sessions(&self) -> &SessionCache {
        &self.inner.sessions
    }

    /// Numbers about the whole fleet, as this process has read them lately.
    pub(crate) fn overview(&self) -> &crate::overview::Cache {
        &self.inner.overview
    }

    /// What the directory has counted.
    pub(crate) fn directory(&self) -> &crate::tenants::Cache {
        &self.inner.directory
    }

    /// What settings hold, as this process has read them within the last second.
    pub(crate) fn settings(&self) -> &crate::settings::Cache {
        &self.inner.settings
    }

    /// The fleet's usage, as this process has read it lately.
    pub(crate) fn usage(&self) -> &crate::usage::report::Cache {
        &self.inner.usage
    }

    /// Rings when this process has put an operation into the queue.
    pub(crate) fn operations(&self) -> &tokio::sync::Notify {
        &self.inner.operations
    }

    /// Whether the database answers, and lets this process in again should its connections end.
    pub async fn ready(&self) -> Result<()> {
        store::answers(&self.pool).await?;
        self.inner.door.check(&self.pool).await
    }

    /// Closes the pool; waits for connections in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Which rows a transaction can see, by the role it runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Across tenants: platform people and the server's own jobs. Of conversations, runs and values it sees those of
    /// pooled tenants.
    Fleet,
    /// Exactly one tenant, by row level security; where it has a schema and a role of its own, in them.
    Tenant(TenantId),
    /// As [`Reach::Fleet`], but with the conversations, runs and values of this tenant, wherever they are.
    Within(TenantId),
    /// Before anyone is known: sign-in, sessions, key look-up.
    System,
    /// The functions that make and remove tenants; nothing else.
    Provision,
}

impl Reach {
    const fn tenant(self) -> Option<TenantId> {
        match self {
            Self::Tenant(id) | Self::Within(id) => Some(id),
            Self::Fleet | Self::System | Self::Provision => None,
        }
    }
}

/// How PostgreSQL plans a prepared statement from its sixth run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plans {
    /// It weighs a plan for these parameters against one for any, each time: planning can take longer than the reading.
    Weighed,
    /// It keeps the one for any.
    Kept,
}

/// The context of one request or one job.
#[derive(Clone, Debug)]
pub struct Ctx {
    services: Services,
    actor: Arc<Actor>,
    request_id: Arc<str>,
    once: Option<Arc<Once>>,
}

/// A caller's key for one request, and all that is asked for with it.
#[derive(Debug)]
struct Once {
    key: String,
    body: Vec<u8>,
}

impl Ctx {
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The same request as somebody else: after sign-in, and for work that the server does on its own account.
    pub fn acting_as(&self, actor: Actor) -> Self {
        let (services, request_id) = (self.services.clone(), self.request_id.clone());
        Self { services, actor: Arc::new(actor), request_id, once: None }
    }

    /// The same call with the caller's key for what it asks for: an operation that is asked for again with the key and
    /// the same body within 24 hours is the same operation.
    pub fn with_key(&self, key: impl Into<String>, body: Vec<u8>) -> Self {
        Self { once: Some(Arc::new(Once { key: key.into(), body })), ..self.clone() }
    }

    /// The caller's key and what is asked for with it.
    pub(crate) fn once(&self) -> Option<(&str, &[u8])> {
        self.once.as_deref().map(|once| (once.key.as_str(), once.body.as_slice()))
    }

    /// The time for display and for names. What is decided by time is decided by the database's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        self.services.inner.clock.unwrap_or_else(Utc::now)
    }

    /// A new id, sortable by time.
    pub fn new_id(&self) -> uuid::Uuid {
        self.services.new_id()
    }

    /// Bytes that nobody can guess.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        self.services.random()
    }

    /// Refuses what the actor may not do; the refusal itself is audited. First line of every service function.
    ///
    /// # Errors
    /// `SignIn` for nobody, `NotFound` for what the actor may not know of, `Forbidden` or `Suspended` otherwise.
    pub async fn require(&self, permission: Permission, scope: Scope) -> Result<()> {
        let error = match self.actor.may(permission, scope) {
            Verdict::Allowed => return Ok(()),
            Verdict::SignIn => return Err(Error::SignIn),
            Verdict::Hidden => Error::NotFound,
            Verdict::Forbidden => Error::Forbidden(permission),
            Verdict::Suspended(access) => Error::Suspended(access),
        };
        audit::record_denial(self, permission, scope).await?;
        Err(error)
    }

    /// A transaction that only reads.
    pub async fn read(&self, reach: Reach) -> Result<Read> {
        Ok(Read { connection: self.open(reach, Plans::Weighed).await? })
    }

    /// The same for a statement that has one best plan, whatever it asks for. What else is read there says so first
    /// ([`Plans::Weighed`]) if it has parameters.
    pub(crate) async fn read_by_kept_plans(&self, reach: Reach) -> Result<Read> {
        Ok(Read { connection: self.open(reach, Plans::Kept).await? })
    }

    /// A transaction that writes; ends with [`Tx::commit`].
    pub async fn begin(&self, reach: Reach) -> Result<Tx> {
        Ok(Tx { connection: self.open(reach, Plans::Weighed).await?, cx: self.clone() })
    }

    async fn open(&self, reach: Reach, plans: Plans) -> Result<PoolConnection<Postgres>> {
        let mut tries = 0;
        loop {
            let mut connection = self.services.pool.acquire().await?;
            match self.open_on(&mut connection, reach, plans).await {
                Ok(()) => return Ok(connection),
                Err(Error::Database(error)) if placement::is_refused(&error) && tries < REFUSALS => {
                    connection.close_on_drop();
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn open_on(&self, connection: &mut PgConnection, reach: Reach, plans: Plans) -> Result<()> {
        let Some(tenant) = reach.tenant() else {
            store::begin_as(connection, reach, Placed::Shared, plans).await?;
            return Ok(());
        };
        if let Some(placed) = self.services.inner.placements.get(tenant) {
            match store::begin_as(connection, reach, placed, plans).await {
                Ok(()) => return Ok(()),
                Err(error) if placed == Placed::Own && placement::is_gone(&error) => {
                    // Taken away since this process has looked.
                    self.services.inner.placements.forget(tenant);
                    store::roll_back(connection).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        store::begin(connection).await?;
        let placed = self.services.inner.placements.look(connection, tenant).await?;
        store::enter(connection, reach, placed).await?;
        Ok(())
    }
}

/// A read: a snapshot of what one role may see.
#[derive(Debug)]
pub struct Read {
    connection: PoolConnection<Postgres>,
}

impl Read {
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

/// A write in progress.
#[derive(Debug)]
pub struct Tx {
    connection: PoolConnection<Postgres>,
    cx: Ctx,
}

impl Tx {
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Who writes.
    pub(crate) fn cx(&self) -> &Ctx {
        &self.cx
    }

    /// Goes on in the same transaction as another role, and with another tenant's tables where it is about one.
    pub(crate) async fn switch(&mut self, reach: Reach) -> Result<()> {
        let placed = match reach.tenant() {
            None => Placed::Shared,
            Some(tenant) => match self.cx.services.inner.placements.get(tenant) {
                Some(placed) => placed,
                None => self.cx.services.inner.placements.look(&mut self.connection, tenant).await?,
            },
        };
        match store::change(&mut self.connection, reach, placed).await {
            Err(error) if placement::is_refused(&error) => {
                // What was written before is lost with it; another connection can do it again.
                self.connection.close_on_drop();
                Err(Error::Busy)
            }
            outcome => Ok(outcome?),
        }
    }

    /// The same transaction, its audit line in another name: whoever has just signed in.
    pub(crate) fn acting_as(mut self, cx: &Ctx) -> Self {
        self.cx = cx.clone();
        self
    }

    /// Commits the change together with its audit line.
    pub async fn commit(self, event: AuditEvent) -> Result<()> {
        self.commit_all(vec![event]).await
    }

    /// Commits one change that concerns several tenants, a line in the chain of each.
    pub async fn commit_all(mut self, events: Vec<AuditEvent>) -> Result<()> {
        if events.is_empty() {
            return Err(Error::Internal("a write without an audit line".into()));
        }
        let counted = events.iter().any(AuditEvent::is_about_tenants);
        audit::append(&mut self.connection, &self.cx, events).await?;
        store::commit(&mut self.connection).await?;
        // The change may have been about who may do what: nobody in this process acts on the old answer.
        self.cx.services.sessions().clear();
        if counted {
            self.cx.services.directory().forget();
        }
        Ok(())
    }

    /// Commits what has its own record and no meaning to an auditor: counters, sessions' last-seen times, task runs,
    /// roll-ups. `what` says which, for the reader of the code.
    pub async fn commit_unaudited(mut self, _what: &'static str) -> Result<()> {
        store::commit(&mut self.connection).await?;
        Ok(())
    }
}
