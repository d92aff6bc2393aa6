//! The demo fleet: tenants of every kind with ninety days behind them, so that every screen has something true to show.
//!
//! Equal for two loads within an hour (but for the four sign-ins and their random passwords), and relative to the
//! database's day. What is shown follows from what is loaded: scores come from `health::score` over the loaded usage,
//! days are the sums of their hours, a tenant with conversations has as many as its usage says, and every audit chain
//! stands up to `audit verify`.
//!
//! The first [`WITH_HISTORY`] tenants have members, usage, scores and an audit history; the rest, for benches, are their
//! rows alone. Hours exist for the last three days, older usage as days. It is loaded in parts, each a transaction of
//! its own; a load that was cut off goes on where it stopped.

mod batch;
mod conversations;
mod fleet;
mod history;
mod names;
mod past;
mod people;
mod random;
mod store;

use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::{signup, tasks, users};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use batch::Batch;
use chrono::{DateTime, Utc};
use model::UserId;
use model::permission::{Permission, Role, Scope};
use model::signup::{Colour, PageInput};
use model::tasks::EngineKind;
use model::tenants::{Placement, PlanId};
use past::{Baseline, Staff};
use people::{ADMIN, OPERATOR, OWNER, Person, SUCCESS};
use serde::Serialize;

/// Tenants that are loaded unless a number is given.
pub const TENANTS: u64 = 300;
/// The most.
pub const TENANTS_MAX: u64 = 1_000_000;
/// Tenants that have more than their row.
pub const WITH_HISTORY: u64 = 2_000;
/// Tenants of one transaction, with and without a history.
const PART: u64 = 300;
const LARGE_PART: u64 = 10_000;

/// One way to sign in.
#[derive(Clone, Serialize)]
pub struct SignIn {
    pub email: String,
    pub password: String,
    /// The slug of the tenant, for its admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// What is written to `credentials.json` and printed once.
#[derive(Clone, Serialize)]
pub struct SignIns {
    pub owner: SignIn,
    pub operator: SignIn,
    pub success: SignIn,
    pub tenant_admin: SignIn,
}

impl std::fmt::Debug for SignIns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignIns(secret)")
    }
}

/// Whether there is no tenant at all, so that a demo fleet would be in nobody's way.
pub async fn is_empty(cx: &Ctx) -> Result<bool> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    Ok(store::state(read.conn()).await?.tenants == 0)
}

/// Whether the tenants that are here are a demo fleet.
pub async fn is_here(cx: &Ctx) -> Result<bool> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let state = store::state(read.conn()).await?;
    Ok(state.tenants > 0 && state.is_demo)
}

/// Loads a fleet, or lets the one that is there grow to this number, and gives its four sign-ins new passwords.
/// `progress` is told how many tenants are there.
///
/// # Errors
/// `Conflict` where there are tenants that are not a demo fleet.
pub async fn load(cx: &Ctx, tenants: u64, mut progress: impl FnMut(u64)) -> Result<SignIns> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let tenants = tenants.clamp(1, TENANTS_MAX);
    let mut read = cx.read(Reach::Fleet).await?;
    let state = store::state(read.conn()).await?;
    drop(read);
    if state.tenants > 0 && !state.is_demo {
        return Err(Error::Conflict(format!(
            "This database holds {} tenants of its own; a demo fleet is only loaded into an empty one. \
             Name another database, or remove the embedded one with `make clean-data`.",
            state.tenants
        )));
    }
    let operator = sign_in(cx, OPERATOR, Some(Role::Operator)).await?;
    let success = sign_in(cx, SUCCESS, Some(Role::Success)).await?;
    let mut admin = sign_in(cx, ADMIN, None).await?;
    if state.tenants == 0 {
        publish(cx).await?;
        open_door(cx).await?;
    }
    let platform = Platform::read(cx, state.now, (operator.0, success.0)).await?;
    let mut from = u64::try_from(state.tenants).unwrap_or_default();
    while from < tenants {
        let size = if from < WITH_HISTORY { PART.min(WITH_HISTORY - from) } else { LARGE_PART };
        let to = tenants.min(from + size);
        if from < WITH_HISTORY {
            part(cx, &platform, from, to).await?
        } else {
            rows(cx, &platform, from, to).await?
        }
        progress(to);
        from = to;
    }
    let own = fleet::tenant(0, state.now);
    admin.1.tenant = Some(own.slug.clone());
    let id = crate::tenants::by_slug(cx, &own.slug).await?.id;
    users::add_member(cx, id, admin.0, Role::TenantAdmin).await?;
    // After the fleet: she is one of the colleagues that came with it.
    let owner = sign_in(cx, OWNER, Some(Role::Owner)).await?;
    if users::person(cx, owner.0).await?.role != Role::Owner {
        users::set_role(cx, owner.0, Role::Owner.as_str(), "Somebody has to own the platform.").await?;
    }
    Ok(SignIns { owner: owner.1, operator: operator.1, success: success.1, tenant_admin: admin.1 })
}

/// The account with a new random password.
async fn sign_in(cx: &Ctx, (email, name): (&str, &str), role: Option<Role>) -> Result<(UserId, SignIn)> {
    let password = BASE64_URL_SAFE_NO_PAD.encode(cx.random::<15>());
    let mut read = cx.read(Reach::System).await?;
    let known = store::user_of(read.conn(), email).await?.map(UserId);
    drop(read);
    let id = match known {
        Some(id) => {
            users::set_password(cx, id, &password).await?;
            id
        }
        None => users::create_user(cx, email, name, Some(&password), role).await?,
    };
    Ok((id, SignIn { email: email.to_owned(), password, tenant: None }))
}

/// A second version of one task, so that some override has a base that moved.
async fn publish(cx: &Ctx) -> Result<()> {
    let mut read = cx.read(Reach::Fleet).await?;
    let all = store::baseline(read.conn()).await?;
    drop(read);
    let Some(task) = all.into_iter().find(|task| task.key == "csat" && task.published == 1) else {
        return Ok(());
    };
    let new = tasks::NewVersion {
        prompt: task.prompt.replace(
            "Use whole numbers only.",
            "Use whole numbers only. A technical fault that was put right at once costs no point.",
        ),
        filters: serde_json::from_value(task.filters)?,
        outputs: serde_json::from_value(task.outputs)?,
        engine: EngineKind::Builtin,
        notes: "Faults that are put right at once cost no point.".into(),
    };
    tasks::publish_version(cx, &task.key, &new).await?;
    Ok(())
}

/// A page on which organisations sign up by themselves. Somebody looks at each before anything is made: whoever finds a
/// demo is a stranger.
async fn open_door(cx: &Ctx) -> Result<()> {
    if !signup::pages(cx).await?.rows.is_empty() {
        return Ok(());
    }
    let page = PageInput {
        slug: "try".into(),
        name: "Conversation analytics trial".into(),
        greeting:
            "See what your customers talk about: two weeks with your own conversations, and nothing to pay."
                .into(),
        colour: Colour::Petrol.as_str().into(),
        template: "baseline".into(),
        plan: PlanId::Starter.as_str().into(),
        placement: Placement::Pooled.as_str().into(),
        region: "eu-1".into(),
        trial_days: "14".into(),
        daily_limit: "10".into(),
        approval: "on".into(),
        ..PageInput::default()
    };
    signup::create(cx, &page).await.map(drop)
}

/// What every part needs to know.
struct Platform {
    now: DateTime<Utc>,
    weights: model::health::Weights,
    tasks: Vec<Baseline>,
    /// Of the onboarding list.
    steps: Vec<model::checklists::Step>,
    colleagues: Vec<Person>,
    /// The customer-success people in the order of `Tenant::owner`.
    owners: Vec<Person>,
    operators: Vec<Person>,
    /// The hash of a password that nobody knows: these people work here, and nobody signs in as one of them.
    unknown: String,
}

impl Platform {
    async fn read(cx: &Ctx, now: DateTime<Utc>, (operator, success): (UserId, UserId)) -> Result<Self> {
        let mut read = cx.read(Reach::Fleet).await?;
        let weights = store::weights(read.conn()).await?;
        let tasks = store::baseline(read.conn()).await?;
        let steps = store::onboarding_steps(read.conn()).await?;
        let colleagues = people::colleagues(now);
        // A fleet that grows meets the colleagues of its first load.
        let mut known = Vec::new();
        for person in &colleagues {
            let id = store::user_of(read.conn(), &person.email).await?.unwrap_or(person.id);
            known.push(Person { id, ..person.clone() });
        }
        let one = |id: UserId, (email, name): (&str, &str), role| Person {
            id: id.0,
            email: email.into(),
            name: name.into(),
            platform: Some(role),
            member: None,
            last_seen_at: None,
            created_at: now,
        };
        let of = |role: Role| known.iter().filter(move |p| p.platform == Some(role)).cloned();
        Ok(Self {
            now,
            weights,
            tasks,
            steps,
            owners: std::iter::once(one(success, SUCCESS, Role::Success)).chain(of(Role::Success)).collect(),
            operators: std::iter::once(one(operator, OPERATOR, Role::Operator))
                .chain(of(Role::Operator))
                .collect(),
            colleagues,
            unknown: users::unknown_password(cx).await?,
        })
    }

    fn owner_ids(&self) -> Vec<uuid::Uuid> {
        self.owners.iter().map(|p| p.id).collect()
    }
}

/// Tenants without a history.
async fn rows(cx: &Ctx, platform: &Platform, from: u64, to: u64) -> Result<()> {
    let tenants: Vec<_> = (from..to).map(|index| fleet::tenant(index, platform.now)).collect();
    let mut tx = cx.begin(Reach::Fleet).await?;
    store::tenants(tx.conn(), &tenants, &platform.owner_ids()).await?;
    tx.commit(loaded(from, to)).await
}

fn loaded(from: u64, to: u64) -> AuditEvent {
    AuditEvent::platform("demo.load", "demo fleet")
        .after(serde_json::json!({ "tenants_before": from, "tenants": to }))
}

/// Tenants with everything.
async fn part(cx: &Ctx, platform: &Platform, from: u64, to: u64) -> Result<()> {
    let now = platform.now;
    let mut tenants: Vec<_> = (from..to).map(|index| fleet::tenant(index, now)).collect();
    if from == 0 {
        fleet::families(&mut tenants);
    }
    let library = conversations::Library::read()?;
    let staff =
        Staff { operators: platform.operators.iter().collect(), owners: platform.owners.iter().collect() };
    let mut batch = Batch::default();
    let mut stored = if from == 0 { 0 } else { conversations::TENANTS };
    for t in &mut tenants {
        let members = people::members(t, now);
        let with_conversations = conversations::has(t, stored);
        stored += usize::from(with_conversations);
        let history = history::has_history(t).then(|| history::of(t, with_conversations, now));
        if let Some(history) = &history {
            batch.scores(t, history, platform, now);
            batch.tools(t, history, members.first(), platform);
            let all = if with_conversations { library.of(t, history, now) } else { Vec::new() };
            batch.usage(t, history, with_conversations.then_some(all.as_slice()));
            if with_conversations {
                batch.conversations.push((t.id, all));
            }
        }
        if history.is_none() {
            // Nothing was ever measured.
            (t.score, t.delta) = (None, None);
        }
        let bill = past::bill(t);
        let owner = platform.owners.get(t.owner.unwrap_or(0)).or(platform.owners.first());
        if let Some(owner) = owner {
            batch.onboarding(t, &platform.steps, owner);
        }
        batch.past.extend(past::lines(t, &members, history.as_ref(), &platform.tasks, &staff, now));
        batch.bills.extend(bill);
        batch.people.extend(members);
    }
    batch.write(cx, platform, &tenants, (from, to)).await
}

#[cfg(test)]
mod tests;
