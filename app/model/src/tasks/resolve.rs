//! What a task is for one tenant, and which parts of it the tenant has made its own.

use super::{EngineKind, Filters, Output, Override, Part, Setting, TaskVersion, normal_prompt};
use crate::states::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a part of an effective task comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Provenance {
    /// From the global default, and with it into the future.
    Inherited,
    /// From the tenant's override.
    Overridden {
        author: String,
        at: DateTime<Utc>,
        reason: String,
        /// It says what the default says anyway.
        redundant: bool,
    },
}

words! {
    /// What a card says about the override.
    OverrideState {
        Inherited = "inherited", "Global default";
        /// The effective task differs.
        Overridden = "overridden", "Overridden settings";
        /// There is an override that changes nothing.
        Redundant = "redundant", "Same as default";
    }
}

/// The task that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effective {
    pub version: i32,
    pub prompt: String,
    pub filters: Filters,
    pub outputs: Vec<Output>,
    pub engine: EngineKind,
    pub prompt_from: Provenance,
    pub filters_from: Provenance,
    /// The settings in which it differs from what it would be without the override.
    pub differing: Vec<Setting>,
    /// There is an override, and the global version moved since it was made (R147).
    pub base_updated: bool,
}

/// The published version with the tenant's override on it. A part that is not overridden follows the version.
pub fn resolve(published: &TaskVersion, overriding: Option<&Override>) -> Effective {
    let prompt = overriding.and_then(|o| o.prompt.as_ref());
    let filters = overriding.and_then(|o| o.filters.as_ref());
    let mut differing = Vec::new();
    if prompt.is_some_and(|prompt| normal_prompt(prompt) != normal_prompt(&published.prompt)) {
        differing.push(Setting::Prompt);
    }
    if let Some(filters) = filters {
        differing.extend(filters.differing(&published.filters));
    }
    let from = |part: Part| match overriding.filter(|o| o.has(part)) {
        None => Provenance::Inherited,
        Some(o) => Provenance::Overridden {
            author: o.author.clone(),
            at: o.updated_at,
            reason: o.reason.clone(),
            redundant: !differing.iter().any(|setting| setting.part() == part),
        },
    };
    Effective {
        version: published.version,
        prompt: prompt.unwrap_or(&published.prompt).clone(),
        filters: filters.unwrap_or(&published.filters).clone(),
        outputs: published.outputs.clone(),
        engine: published.engine,
        prompt_from: from(Part::Prompt),
        filters_from: from(Part::Filters),
        base_updated: overriding.is_some_and(|o| o.base_version != published.version),
        differing,
    }
}

impl Effective {
    pub fn from(&self, part: Part) -> &Provenance {
        match part {
            Part::Prompt => &self.prompt_from,
            Part::Filters => &self.filters_from,
        }
    }

    /// The parts in which it really differs: what the tag stands for.
    pub fn overridden_parts(&self) -> Vec<Part> {
        let real = |part: &Part| matches!(self.from(*part), Provenance::Overridden { redundant: false, .. });
        Part::ALL.iter().copied().filter(real).collect()
    }

    /// The parts that are overridden with what the default says anyway.
    pub fn redundant_parts(&self) -> Vec<Part> {
        let idle = |part: &Part| matches!(self.from(*part), Provenance::Overridden { redundant: true, .. });
        Part::ALL.iter().copied().filter(idle).collect()
    }

    pub fn state(&self) -> OverrideState {
        if !self.differing.is_empty() {
            OverrideState::Overridden
        } else if self.redundant_parts().is_empty() {
            OverrideState::Inherited
        } else {
            OverrideState::Redundant
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Channel, ConversationFacts};
    use super::*;

    /// A small generator (xorshift64*), so that a failing case can be repeated.
    struct Random(u64);

    impl Random {
        fn below(&mut self, n: u64) -> u64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
        }

        fn pick<T: Clone>(&mut self, from: &[T]) -> T {
            from[usize::try_from(self.below(from.len() as u64)).expect("small")].clone()
        }

        fn filters(&mut self) -> Filters {
            let some = |random: &mut Self, n| random.below(n) > 0;
            let mut channels = Vec::new();
            for _ in 0..self.below(4) {
                channels.push(self.pick(Channel::ALL));
            }
            let mut languages = Vec::new();
            for _ in 0..self.below(3) {
                languages.push(self.pick(&["en", "en-gb", "de", "EN"]).to_owned());
            }
            let min_turns = if some(self, 2) { self.pick(&[0, 1, 2, 3]) } else { 0 };
            let min_chars = if some(self, 2) { self.pick(&[0, 1, 10]) } else { 0 };
            Filters { channels, languages, min_turns, min_chars }
        }

        fn prompt(&mut self) -> String {
            self.pick(&[
                "Sum it up.",
                "Sum it up.\r\n",
                " Sum it up.\n\n",
                "Sum it up!",
                "a\nb",
                "a\r\nb",
                "a b",
            ])
            .to_owned()
        }

        fn overriding(&mut self) -> Option<Override> {
            let prompt = (self.below(2) == 0).then(|| self.prompt());
            let filters = (self.below(2) == 0).then(|| self.filters());
            if prompt.is_none() && filters.is_none() {
                return None;
            }
            let base_version = self.pick(&[1, 2]);
            Some(Override {
                prompt,
                filters,
                base_version,
                reason: "because".into(),
                author: "Ito".into(),
                updated_at: DateTime::UNIX_EPOCH,
                version: 1,
            })
        }

        fn version(&mut self) -> TaskVersion {
            TaskVersion {
                version: 2,
                prompt: self.prompt(),
                filters: self.filters(),
                outputs: vec![],
                engine: EngineKind::Builtin,
                notes: String::new(),
                published_at: DateTime::UNIX_EPOCH,
            }
        }
    }

    /// Every conversation that the generated filters can tell apart.
    fn all_facts() -> Vec<ConversationFacts<'static>> {
        let mut facts = Vec::new();
        for channel in Channel::ALL {
            for language in [None, Some("en"), Some("en-GB"), Some("en-US"), Some("de"), Some("fr")] {
                for turns in 0..5 {
                    for chars in [0, 1, 9, 10, 11] {
                        facts.push(ConversationFacts { channel: *channel, language, turns, chars });
                    }
                }
            }
        }
        facts
    }

    fn behaves_alike(a: &Filters, b: &Filters, facts: &[ConversationFacts<'_>]) -> bool {
        facts.iter().all(|fact| a.matches(fact).is_ok() == b.matches(fact).is_ok())
    }

    fn reads_alike(a: &str, b: &str) -> bool {
        a.trim().replace('\r', "") == b.trim().replace('\r', "")
    }

    #[test]
    fn the_tag_stands_exactly_when_the_effective_task_differs() {
        let mut random = Random(0x5EED_0001);
        let facts = all_facts();
        let mut seen = [0; 3];
        for case in 0..20_000 {
            let published = random.version();
            let overriding = random.overriding();
            let with = resolve(&published, overriding.as_ref());
            let without = resolve(&published, None);
            let differs = !reads_alike(&with.prompt, &without.prompt)
                || !behaves_alike(&with.filters, &without.filters, &facts);
            let told = format!("case {case}: {overriding:?} on {published:?}");
            assert_eq!(!with.overridden_parts().is_empty(), differs, "{told}");
            assert_eq!(!with.differing.is_empty(), differs, "{told}");
            assert_eq!(with.state() == OverrideState::Overridden, differs, "{told}");
            assert_eq!(without.state(), OverrideState::Inherited, "{told}");
            assert_eq!(with.base_updated, overriding.as_ref().is_some_and(|o| o.base_version != 2), "{told}");
            // A part that is inherited is the version's own, to the letter.
            for part in Part::ALL {
                let inherited = !overriding.as_ref().is_some_and(|o| o.has(*part));
                assert_eq!(*with.from(*part) == Provenance::Inherited, inherited, "{told}");
            }
            if with.prompt_from == Provenance::Inherited {
                assert_eq!(with.prompt, published.prompt, "{told}");
            }
            // Overridden and redundant parts together are the override's parts.
            let parts = with.overridden_parts().len() + with.redundant_parts().len();
            assert_eq!(
                parts,
                Part::ALL.iter().filter(|p| overriding.as_ref().is_some_and(|o| o.has(**p))).count(),
                "{told}"
            );
            seen[with.state() as usize] += 1;
        }
        assert!(seen.iter().all(|n| *n > 1000), "the cases are one-sided: {seen:?}");
    }

    #[test]
    fn the_canonical_form_lets_the_same_conversations_through() {
        let mut random = Random(0x5EED_0002);
        let facts = all_facts();
        for case in 0..5_000 {
            let (a, b) = (random.filters(), random.filters());
            let canonical = a.canonical();
            assert!(behaves_alike(&a, &canonical, &facts), "case {case}: {a:?}");
            assert_eq!(canonical, canonical.canonical(), "case {case}: {a:?}");
            assert_eq!(a.differing(&b).is_empty(), behaves_alike(&a, &b, &facts), "case {case}: {a:?} {b:?}");
        }
    }

    #[test]
    fn reverting_follows_the_next_version() {
        let mut random = Random(7);
        let mut published = random.version();
        let mut overriding = Override {
            prompt: Some("mine".into()),
            filters: Some(Filters { min_turns: 9, ..Filters::default() }),
            base_version: 2,
            reason: "r".into(),
            author: "a".into(),
            updated_at: DateTime::UNIX_EPOCH,
            version: 1,
        };
        assert_eq!(resolve(&published, Some(&overriding)).overridden_parts(), Part::ALL);
        overriding.prompt = None;
        published.version = 3;
        published.prompt = "new".into();
        let effective = resolve(&published, Some(&overriding));
        assert_eq!(effective.prompt, "new");
        assert_eq!(effective.overridden_parts(), [Part::Filters]);
        assert!(effective.base_updated);
    }
}
