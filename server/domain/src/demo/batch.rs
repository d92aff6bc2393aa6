//! One part of the fleet on its way into the database: everything that follows from its tenants, table by table.

use super::conversations;
use super::fleet::Tenant;
use super::history::{DAYS, HOUR_DAYS, History};
use super::past::{Baseline, KEYS};
use super::people::Person;
use super::random::Random;
use super::store::{self, Activation, GivenSignal, Key, Override, Usage};
use super::{Platform, loaded};
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use crate::{audit, checklists, templates};
use chrono::{DateTime, Duration, Utc};
use model::TenantId;
use model::checklists::{ListKey, Milestone, Step};
use model::tenants::Status;
use sha2::{Digest, Sha256};

/// Everything of one part, before it is written.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) people: Vec<Person>,
    activations: Vec<Activation>,
    overrides: Vec<Override>,
    keys: Vec<Key>,
    pub(super) conversations: Vec<(uuid::Uuid, Vec<conversations::Conversation>)>,
    usage: Usage,
    signals: Vec<GivenSignal>,
    snapshots: Vec<(uuid::Uuid, chrono::NaiveDate, crate::health::score::Score)>,
    pub(super) runs: Vec<store::Run>,
    pub(super) items: Vec<store::Item>,
    pub(super) past: Vec<audit::Past>,
    /// What some of them owe.
    pub(super) bills: Vec<store::Bill>,
}

impl Batch {
    /// The onboarding list of a tenant: closed at go-live, else as far as its milestones say. What a probe can prove it
    /// looks at again by itself, so nothing here claims to be proven that would not hold.
    pub(super) fn onboarding(&mut self, t: &Tenant, steps: &[Step], owner: &Person) {
        if matches!(t.status, Status::Provisioning | Status::Failed | Status::Purging | Status::Deleted) {
            return;
        }
        self.runs.push(store::Run { tenant: t.id, started_at: t.created_at, ended_at: t.live_at });
        for step in steps {
            let by_person = |state, note: &'static str, at| store::Item {
                tenant: t.id,
                step: step.key.clone(),
                state,
                by: Some(owner.name.clone()),
                note: Some(note),
                at,
            };
            let item = match (t.live_at, t.validated_at, t.configured_at, step.milestone) {
                (Some(at), ..) if step.key == "transcription" && t.tags.contains(&"chat-only") => {
                    by_person("waived", "They have no voice channel.", at)
                }
                (Some(at), ..) => by_person("passed", "Confirmed with the customer before go-live.", at),
                (None, Some(at), _, Some(Milestone::Validated)) if step.manual => {
                    by_person("passed", "Listened to two test calls with the customer.", at)
                }
                (None, Some(at), _, Some(Milestone::Validated)) => {
                    by_person("waived", "Shown on the pilot; their own first runs follow with go-live.", at)
                }
                (None, _, Some(at), Some(Milestone::Configured)) => store::Item {
                    tenant: t.id,
                    step: step.key.clone(),
                    state: "passed",
                    by: None,
                    note: None,
                    at,
                },
                _ => continue,
            };
            self.items.push(item);
        }
    }

    pub(super) fn scores(
        &mut self,
        t: &mut Tenant,
        history: &History,
        platform: &Platform,
        now: DateTime<Utc>,
    ) {
        let age =
            |at: DateTime<Utc>| usize::try_from((now.date_naive() - at.date_naive()).num_days()).unwrap_or(0);
        let closed = matches!(t.status, Status::Offboarded | Status::Purging | Status::Deleted);
        let last = if closed { age(t.status_since) } else { 0 };
        t.score = None;
        t.delta = None;
        for ago in (last..DAYS.min(age(t.created_at) + 1)).rev() {
            self.snapshots.push((t.id, history.day(ago), history.score(ago, &platform.weights)));
        }
        if !closed {
            t.score = history.score(0, &platform.weights).score;
            let week = history.score(7.min(age(t.created_at)), &platform.weights).score;
            t.delta = t.score.zip(week).map(|(now, then)| now - then);
        }
        self.signals.extend(history.signals.iter().map(|s| GivenSignal {
            tenant: t.id,
            dimension: s.dimension,
            at: s.at,
            value: s.value,
            detail: s.detail,
        }));
    }

    /// Tasks that are enabled, overrides of some, and keys.
    pub(super) fn tools(
        &mut self,
        t: &Tenant,
        history: &History,
        admin: Option<&Person>,
        platform: &Platform,
    ) {
        let Some(admin) = admin else { return };
        let mut random = Random::of("tools", t.index);
        let start = t.configured_at.unwrap_or(t.created_at) + Duration::minutes(20);
        for (at, task) in platform.tasks.iter().take(history.tasks).enumerate() {
            self.activations.push(Activation {
                tenant: t.id,
                task: task.id,
                by: admin.name.clone(),
                at: (start + Duration::hours(at as i64 * 7)).min(platform.now),
            });
        }
        for key in 0..history.keys {
            let at = (start + Duration::minutes(30 + 3 * key as i64)).min(platform.now);
            self.keys.push(Key {
                tenant: t.id,
                id: random.id(at),
                name: KEYS[key % KEYS.len()],
                // Nobody knows what this would be the hash of.
                hash: Sha256::digest(random.id(at).as_bytes()).to_vec(),
                access: if key == 0 { "read_write" } else { "read" },
                by: admin.name.clone(),
                at,
                used: (key < history.keys_used)
                    .then(|| t.access_until(platform.now) - Duration::minutes(random.range(3, 900)))
                    .filter(|used| *used > at),
            });
        }
        if self.overrides.len() < 12
            && t.status == Status::Active
            && history.tasks >= 3
            && t.validated_at.is_some()
        {
            let number = self.overrides.len();
            self.overrides.extend(overriding(number, t, admin, &platform.tasks, start + Duration::days(2)));
        }
    }

    /// `stored`: where every conversation is there, what they weigh is known, and what the tasks did is counted when they do it.
    pub(super) fn usage(
        &mut self,
        t: &Tenant,
        history: &History,
        stored: Option<&[conversations::Conversation]>,
    ) {
        for ago in (0..DAYS).rev() {
            let day = history.day(ago);
            let mut push = |hour, n: i64| {
                let reads = (n as f64 * history.reads_each).round() as i64;
                self.usage.push(t.id, "conversations", day, hour, n);
                self.usage.push(t.id, "api_calls", day, hour, n + reads);
                if stored.is_none() {
                    self.usage.push(t.id, "task_runs", day, hour, n * history.tasks as i64);
                    self.usage.push(t.id, "storage_bytes", day, hour, n * history.bytes_each);
                }
            };
            if ago < HOUR_DAYS {
                history.hours(ago).into_iter().enumerate().for_each(|(hour, n)| push(Some(hour), n));
            } else {
                push(None, history.conversations(ago));
            }
        }
        let Some(all) = stored else { return };
        let recent = history.day(HOUR_DAYS - 1);
        let mut bytes = std::collections::BTreeMap::new();
        for conversation in all {
            let day = conversation.at.date_naive();
            let hour = (day >= recent).then(|| chrono::Timelike::hour(&conversation.at) as usize);
            *bytes.entry((day, hour)).or_insert(0) += conversation.bytes();
        }
        for ((day, hour), sum) in bytes {
            self.usage.push(t.id, "storage_bytes", day, hour, sum);
        }
    }

    pub(super) async fn write(
        self,
        cx: &Ctx,
        platform: &Platform,
        tenants: &[Tenant],
        (from, to): (u64, u64),
    ) -> Result<()> {
        let mut tx = cx.begin(Reach::Fleet).await?;
        let conn = tx.conn();
        store::people(conn, &platform.colleagues, &platform.unknown).await?;
        store::people(conn, &self.people, &platform.unknown).await?;
        store::tenants(conn, tenants, &platform.owner_ids()).await?;
        store::members(conn, &self.people).await?;
        store::activations(conn, &self.activations).await?;
        store::overrides(conn, &self.overrides).await?;
        store::keys(conn, &self.keys).await?;
        for (tenant, all) in &self.conversations {
            store::conversations(conn, *tenant, all).await?;
        }
        let tenants_of =
            |runs: &[store::Run]| runs.iter().map(|run| TenantId(run.tenant)).collect::<Vec<_>>();
        checklists::start(conn, ListKey::Onboarding, &tenants_of(&self.runs)).await?;
        store::checklists(conn, &self.runs, &self.items).await?;
        let leaving: Vec<_> =
            tenants.iter().filter(|t| t.status == Status::Offboarding).map(|t| TenantId(t.id)).collect();
        checklists::start(conn, ListKey::Offboarding, &leaving).await?;
        let ids: Vec<_> = tenants.iter().map(|t| t.id).collect();
        for tenant in store::templates(conn, &ids).await? {
            templates::refresh_in(conn, tenant).await?;
        }
        store::usage(conn, &self.usage).await?;
        store::signals(conn, &self.signals).await?;
        store::bills(conn, &self.bills).await?;
        for some in self.snapshots.chunks(4_000) {
            store::snapshots(conn, platform.weights.version, some).await?;
        }
        audit::begin_chains(conn, self.past, cx.request_id()).await?;
        tx.commit(loaded(from, to)).await
    }
}

/// A dozen overrides of every kind: prompt, filters, both, one that changes nothing, one whose base has moved.
fn overriding(
    number: usize,
    t: &Tenant,
    admin: &Person,
    tasks: &[Baseline],
    at: DateTime<Utc>,
) -> Option<Override> {
    let find = |key: &str| tasks.iter().find(|task| task.key == key);
    let (task, prompt, filters, reason): (_, Option<String>, _, _) = match number % 6 {
        0 => {
            let task = find("summary")?;
            (
                task,
                Some(task.prompt.replace("sentences: 3", "sentences: 2")),
                None,
                "Agents read them on the phone: two sentences.",
            )
        }
        1 => {
            let task = find("sentiment")?;
            (
                task,
                None,
                Some(serde_json::json!({ "channels": ["voice", "chat"] })),
                "Our e-mails are mostly forms.",
            )
        }
        // The very text of the baseline: set, but nothing is different.
        2 => {
            let task = find("summary")?;
            (task, Some(task.prompt.clone()), None, "Kept as it is until our review in spring.")
        }
        3 => {
            let task = find("csat")?;
            let prompt = task
                .prompt
                .replace("Do not choose 3 merely because you are unsure.", "Choose 3 when you are unsure.");
            (task, Some(prompt), None, "Our survey counts a 3 as “no answer”.")
        }
        4 => {
            let task = find("reason")?;
            let prompt = task.prompt.replace(
                "reason \"Payment\":",
                "reason \"Loyalty\": points, voucher, bonus\nreason \"Payment\":",
            );
            (
                task,
                Some(prompt),
                Some(serde_json::json!({ "min_turns": 4 })),
                "We count loyalty questions apart; greetings alone are no case.",
            )
        }
        _ => {
            let task = find("summary")?;
            (task, None, Some(serde_json::json!({ "min_turns": 6 })), "Short ones need no summary.")
        }
    };
    Some(Override {
        tenant: t.id,
        task: task.id,
        prompt,
        filters,
        // Of the task that has two versions, one override was written on the first.
        base: if number == 3 { 1 } else { task.published },
        reason,
        author: admin.name.clone(),
        at,
    })
}
