//! Which conversations a task looks at.

use super::{Channel, Setting, SkipReason};
use serde::{Deserialize, Serialize};

/// Conditions, all of which must hold. Stored as JSON: a condition that this program does not know is an error, not a
/// condition left out, because a task must never run more widely than it was meant to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    /// None: every channel.
    pub channels: Vec<Channel>,
    /// Language ranges like `en` or `en-gb` (RFC 4647 basic filtering), in any case. None: every language, also an
    /// unknown one.
    pub languages: Vec<String>,
    pub min_turns: u32,
    /// Characters of all turns together.
    pub min_chars: u32,
}

/// What filters look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationFacts<'a> {
    pub channel: Channel,
    /// As the sender declared it (BCP 47), in any case.
    pub language: Option<&'a str>,
    pub turns: u32,
    /// Characters of all turns together.
    pub chars: u32,
}

impl Filters {
    /// `Ok` when the task is to run. A conversation without words never gets through: there is nothing to analyse.
    pub fn matches(&self, facts: &ConversationFacts<'_>) -> Result<(), SkipReason> {
        if facts.turns == 0 || facts.chars == 0 {
            Err(SkipReason::NoContent)
        } else if !self.channels.is_empty() && !self.channels.contains(&facts.channel) {
            Err(SkipReason::FilterChannel)
        } else if !self.languages.is_empty() && !self.speaks(facts.language) {
            Err(SkipReason::FilterLanguage)
        } else if facts.turns < self.min_turns {
            Err(SkipReason::FilterMinTurns)
        } else if facts.chars < self.min_chars {
            Err(SkipReason::FilterMinChars)
        } else {
            Ok(())
        }
    }

    fn speaks(&self, language: Option<&str>) -> bool {
        language.is_some_and(|tag| {
            let tag = tag.to_lowercase();
            self.languages.iter().any(|range| covers(&range.to_lowercase(), &tag))
        })
    }

    /// The one spelling of all filters that let the same conversations through: so that a redundant override is told
    /// from a real one.
    pub fn canonical(&self) -> Self {
        let mut channels = self.channels.clone();
        channels.sort_unstable();
        channels.dedup();
        if channels.len() == Channel::ALL.len() {
            channels.clear();
        }
        let mut languages: Vec<String> = self.languages.iter().map(|l| l.to_lowercase()).collect();
        languages.sort_unstable();
        languages.dedup();
        let wide = languages.clone();
        languages.retain(|range| !wide.iter().any(|other| other != range && covers(other, range)));
        // What has no words is never run, so one turn and one character are no condition.
        let least = |n: u32| if n <= 1 { 0 } else { n };
        Self { channels, languages, min_turns: least(self.min_turns), min_chars: least(self.min_chars) }
    }

    /// Which settings let other conversations through.
    pub fn differing(&self, other: &Self) -> Vec<Setting> {
        let (a, b) = (self.canonical(), other.canonical());
        [
            (Setting::Channels, a.channels != b.channels),
            (Setting::Languages, a.languages != b.languages),
            (Setting::MinTurns, a.min_turns != b.min_turns),
            (Setting::MinChars, a.min_chars != b.min_chars),
        ]
        .into_iter()
        .filter_map(|(setting, differs)| differs.then_some(setting))
        .collect()
    }

    /// One setting in words; the prompt is none of these.
    pub fn describe(&self, setting: Setting) -> String {
        let canonical = self.canonical();
        match setting {
            Setting::Prompt => String::new(),
            Setting::Channels if canonical.channels.is_empty() => "All channels".into(),
            Setting::Channels => canonical.channels.iter().map(|c| c.label()).collect::<Vec<_>>().join(", "),
            Setting::Languages if canonical.languages.is_empty() => "All languages".into(),
            Setting::Languages => canonical.languages.join(", "),
            Setting::MinTurns => at_least(canonical.min_turns, "turns"),
            Setting::MinChars => at_least(canonical.min_chars, "characters"),
        }
    }

    /// All of them in a line: `Voice, Chat · en · at least 2 turns`; what does not restrict is left out.
    pub fn summary(&self) -> String {
        let canonical = self.canonical();
        let mut parts = vec![canonical.describe(Setting::Channels)];
        if !canonical.languages.is_empty() {
            parts.push(canonical.describe(Setting::Languages));
        }
        if canonical.min_turns > 0 {
            parts.push(canonical.describe(Setting::MinTurns).to_lowercase());
        }
        if canonical.min_chars > 0 {
            parts.push(canonical.describe(Setting::MinChars).to_lowercase());
        }
        parts.join(" · ")
    }
}

fn at_least(n: u32, what: &str) -> String {
    if n == 0 { "No minimum".into() } else { format!("At least {} {what}", crate::page::grouped(n.into())) }
}

/// Whether a language range takes in a tag: `en` takes in `en` and `en-gb`, not `eng`.
fn covers(range: &str, tag: &str) -> bool {
    tag.strip_prefix(range).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: ConversationFacts<'static> =
        ConversationFacts { channel: Channel::Chat, language: Some("en-GB"), turns: 4, chars: 120 };

    #[test]
    fn no_filters_let_everything_with_words_through() {
        assert_eq!(Filters::default().matches(&FACTS), Ok(()));
        assert_eq!(
            Filters::default().matches(&ConversationFacts { language: None, turns: 1, chars: 1, ..FACTS }),
            Ok(())
        );
        for (turns, chars) in [(0, 5), (5, 0), (0, 0)] {
            let empty = ConversationFacts { turns, chars, ..FACTS };
            assert_eq!(Filters::default().matches(&empty), Err(SkipReason::NoContent));
        }
    }

    #[test]
    fn each_condition_has_its_own_reason() {
        let with = |change: fn(&mut Filters)| {
            let mut filters = Filters::default();
            change(&mut filters);
            filters.matches(&FACTS)
        };
        assert_eq!(with(|f| f.channels = vec![Channel::Voice]), Err(SkipReason::FilterChannel));
        assert_eq!(with(|f| f.channels = vec![Channel::Voice, Channel::Chat]), Ok(()));
        assert_eq!(with(|f| f.languages = vec!["de".into()]), Err(SkipReason::FilterLanguage));
        assert_eq!(with(|f| f.languages = vec!["en".into()]), Ok(()));
        assert_eq!(with(|f| f.languages = vec!["en-us".into()]), Err(SkipReason::FilterLanguage));
        assert_eq!(with(|f| f.languages = vec!["e".into()]), Err(SkipReason::FilterLanguage));
        assert_eq!(with(|f| f.min_turns = 4), Ok(()));
        assert_eq!(with(|f| f.min_turns = 5), Err(SkipReason::FilterMinTurns));
        assert_eq!(with(|f| f.min_chars = 120), Ok(()));
        assert_eq!(with(|f| f.min_chars = 121), Err(SkipReason::FilterMinChars));
        let unknown = ConversationFacts { language: None, ..FACTS };
        let english = Filters { languages: vec!["en".into()], ..Filters::default() };
        assert_eq!(english.matches(&unknown), Err(SkipReason::FilterLanguage));
    }

    #[test]
    fn the_canonical_form_drops_what_does_not_restrict() {
        let all = Filters {
            channels: vec![Channel::Email, Channel::Voice, Channel::Chat, Channel::Voice],
            languages: vec!["en-gb".into(), "de".into(), "EN".into()],
            min_turns: 1,
            min_chars: 1,
        };
        let canonical = all.canonical();
        assert_eq!(canonical, Filters { languages: vec!["de".into(), "en".into()], ..Filters::default() });
        assert_eq!(all.differing(&canonical), []);
        assert_eq!(all.summary(), "All channels · de, en");
    }

    #[test]
    fn a_condition_unknown_to_this_program_is_refused() {
        assert!(serde_json::from_str::<Filters>(r#"{"channels":["voice"],"min_turns":2}"#).is_ok());
        assert!(serde_json::from_str::<Filters>(r#"{"queues":["vip"]}"#).is_err());
        assert!(serde_json::from_str::<Filters>(r#"{"channels":["fax"]}"#).is_err());
    }
}
