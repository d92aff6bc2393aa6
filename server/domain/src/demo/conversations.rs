//! Conversations for a few tenants: dialogues of our own (`dialogues.jsonl`, written for this project), filled with
//! names and numbers. They are loaded as waiting, and the pipeline analyses them like any others.

use super::fleet::Tenant;
use super::history::{DAYS, History};
use super::{names, random::Random};
use crate::error::Result;
use chrono::{DateTime, Duration, NaiveTime, Utc};
use model::conversations::{Channel, Turn};
use model::tenants::Status;
use serde::Deserialize;
use uuid::Uuid;

/// Tenants that have conversations, the demo tenant among them.
pub(super) const TENANTS: usize = 10;

#[derive(Deserialize)]
struct Dialogue {
    channel: Channel,
    language: String,
    turns: Vec<Turn>,
}

pub(super) struct Conversation {
    pub id: Uuid,
    pub external_id: String,
    pub channel: Channel,
    pub language: String,
    pub at: DateTime<Utc>,
    pub turns: Vec<Turn>,
}

impl Conversation {
    /// What the text weighs, as ingestion would count it.
    pub(super) fn bytes(&self) -> i64 {
        self.turns.iter().map(|turn| turn.text.len() as i64).sum()
    }
}

/// Whether this tenant's conversations are loaded, given how many before it have theirs.
pub(super) fn has(t: &Tenant, before: usize) -> bool {
    before < TENANTS && t.status == Status::Active && t.validated_at.is_some()
}

/// The dialogues of the file.
pub(super) struct Library(Vec<Dialogue>);

impl Library {
    pub(super) fn read() -> Result<Self> {
        let lines = include_str!("dialogues.jsonl").lines();
        Ok(Self(lines.map(serde_json::from_str).collect::<Result<_, _>>()?))
    }

    /// As many for each day as the tenant's history counts, in the order of their times.
    pub(super) fn of(&self, t: &Tenant, history: &History, now: DateTime<Utc>) -> Vec<Conversation> {
        let mut random = Random::of("conversations", t.index);
        let mut all = Vec::new();
        for ago in (0..DAYS).rev() {
            let midnight = history.day(ago).and_time(NaiveTime::MIN).and_utc();
            for (hour, count) in history.hours(ago).into_iter().enumerate() {
                let hour = midnight + Duration::hours(hour as i64);
                let mut times: Vec<_> =
                    (0..count).map(|_| hour + Duration::seconds(random.range(0, 3_599))).collect();
                times.sort_unstable();
                all.extend(times.into_iter().filter(|at| *at < now).map(|at| self.one(at, &mut random)));
            }
        }
        for (at, conversation) in all.iter_mut().enumerate() {
            conversation.external_id = format!("demo-{:05}", at + 1);
        }
        all
    }

    fn one(&self, at: DateTime<Utc>, random: &mut Random) -> Conversation {
        const PRODUCTS: [&str; 8] = [
            "kettle",
            "tablet",
            "router",
            "travel card",
            "thermostat",
            "headset",
            "family plan",
            "dishwasher",
        ];
        const DAYS: [&str; 5] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
        let dialogue = &self.0[random.range(0, self.0.len() as i64 - 1) as usize];
        let (customer, family) = names::person(random);
        let (agent, _) = names::person(random);
        let number =
            format!("{}-{}", (b'A' + random.range(0, 25) as u8) as char, random.range(10_000, 99_999));
        let amount = format!("{}.{:02}", random.range(9, 240), random.range(0, 99));
        let words = [
            ("{customer}", format!("{customer} {family}")),
            ("{agent}", agent.to_owned()),
            ("{number}", number),
            ("{amount}", amount),
            ("{day}", random.pick(&DAYS).to_owned()),
            ("{product}", random.pick(&PRODUCTS).to_owned()),
        ];
        let fill =
            |text: &str| words.iter().fold(text.to_owned(), |text, (mark, word)| text.replace(mark, word));
        let turns = dialogue
            .turns
            .iter()
            .map(|turn| Turn { speaker: turn.speaker, text: fill(&turn.text) })
            .collect();
        Conversation {
            id: random.id(at),
            external_id: String::new(),
            channel: dialogue.channel,
            language: dialogue.language.clone(),
            at,
            turns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::{fleet, history};

    #[test]
    fn a_tenant_has_as_many_as_its_usage_says_and_no_mark_is_left() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).expect("a time");
        let t = fleet::tenant(0, now);
        let history = history::of(&t, true, now);
        let all = Library::read().expect("valid dialogues").of(&t, &history, now);
        let counted: i64 = (0..DAYS).map(|ago| history.conversations(ago)).sum();
        assert_eq!(all.len() as i64, counted);
        assert!((200..600).contains(&all.len()), "{}", all.len());
        assert!(all.is_sorted_by_key(|c| c.at));
        assert!(all.iter().flat_map(|c| &c.turns).all(|turn| !turn.text.contains(['{', '}'])));
    }
}
