//! The override form at the border: strings in, a draft or sentences beside the fields out.

use super::{Channel, Filters};
use crate::validate::{FieldErrors, required};
use serde::{Deserialize, Serialize};

/// The longest prompt, in characters; the column has the same limit.
pub const MAX_PROMPT: u32 = 20_000;
const MAX_REASON: u32 = 1_000;
const MAX_LANGUAGES: u32 = 50;
const MAX_TURNS: u32 = 1_000;
const MAX_CHARS: u32 = 100_000;

/// A prompt as it is stored and compared: forms send line ends as CRLF, and blank space around it says nothing.
pub fn normal_prompt(text: &str) -> String {
    text.trim().replace("\r\n", "\n").replace('\r', "\n")
}

/// The form as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideInput {
    /// `override`, or `inherit`.
    pub prompt_mode: String,
    pub prompt: String,
    pub filters_mode: String,
    /// Not empty: ticked.
    pub channel_voice: String,
    pub channel_chat: String,
    pub channel_email: String,
    /// `en, de-at`; empty for all.
    pub languages: String,
    pub min_turns: String,
    pub min_chars: String,
    pub reason: String,
    /// Of the override the form was filled in on; 0 where there was none.
    pub version: String,
    /// The global version the form showed.
    pub base: String,
}

/// A form that makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideDraft {
    pub prompt: Option<String>,
    pub filters: Option<Filters>,
    pub reason: String,
    pub version: i64,
    pub base: i32,
}

impl OverrideInput {
    /// # Errors
    /// All that is wrong, field by field. What stands in a part that is inherited is not looked at.
    pub fn validate(&self) -> Result<OverrideDraft, FieldErrors> {
        let mut errors = FieldErrors::default();
        let prompt = match overrides(&self.prompt_mode) {
            Ok(true) => errors.take("prompt", required(&normal_prompt(&self.prompt), "A prompt", MAX_PROMPT)),
            Ok(false) => None,
            Err(message) => {
                errors.add("prompt_mode", message);
                None
            }
        };
        let filters = match overrides(&self.filters_mode) {
            Ok(true) => self.filters(&mut errors),
            Ok(false) => None,
            Err(message) => {
                errors.add("filters_mode", message);
                None
            }
        };
        let reason = errors.take("reason", required(&self.reason, "A reason", MAX_REASON));
        let stale = || "This page is out of date. Reload it.".to_owned();
        let version = errors.take("", self.version.parse::<i64>().map_err(|_| stale()));
        let base = errors.take("", self.base.parse::<i32>().map_err(|_| stale()));
        match (reason, version, base) {
            (Some(reason), Some(version), Some(base)) if errors.is_empty() => {
                Ok(OverrideDraft { prompt, filters, reason, version, base })
            }
            _ => Err(errors),
        }
    }

    fn filters(&self, errors: &mut FieldErrors) -> Option<Filters> {
        let ticked = [
            (Channel::Voice, &self.channel_voice),
            (Channel::Chat, &self.channel_chat),
            (Channel::Email, &self.channel_email),
        ];
        let channels: Vec<Channel> =
            ticked.into_iter().filter(|(_, sent)| !sent.is_empty()).map(|(channel, _)| channel).collect();
        if channels.is_empty() {
            errors.add("channels", "Tick at least one channel. To stop the task altogether, disable it.");
        }
        let languages = errors.take("languages", languages(&self.languages));
        let min_turns = errors.take("min_turns", least(&self.min_turns, MAX_TURNS));
        let min_chars = errors.take("min_chars", least(&self.min_chars, MAX_CHARS));
        Some(
            Filters { channels, languages: languages?, min_turns: min_turns?, min_chars: min_chars? }
                .canonical(),
        )
    }
}

fn overrides(mode: &str) -> Result<bool, String> {
    match mode {
        "override" => Ok(true),
        "inherit" => Ok(false),
        _ => Err("Choose between the global default and your own.".into()),
    }
}

fn least(text: &str, max: u32) -> Result<u32, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(0);
    }
    match text.parse::<u32>() {
        Ok(n) if n <= max => Ok(n),
        _ => Err(format!("Enter a whole number from 0 to {}.", crate::page::grouped(max.into()))),
    }
}

/// Language ranges, divided by commas or blanks.
fn languages(text: &str) -> Result<Vec<String>, String> {
    let tags: Vec<String> = text
        .split([',', ';', ' ', '\n', '\t', '\r'])
        .filter(|t| !t.is_empty())
        .map(str::to_lowercase)
        .collect();
    if tags.len() > MAX_LANGUAGES as usize {
        return Err(format!("List {MAX_LANGUAGES} languages at most."));
    }
    match tags.iter().find(|tag| !is_language(tag)) {
        Some(tag) => Err(format!("“{tag}” is not a language code like en or pt-br.")),
        None => Ok(tags),
    }
}

/// The shape of a BCP 47 tag: a language of two or three letters, then subtags of up to eight letters or digits.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first =
        parts.next().is_some_and(|p| matches!(p.len(), 2 | 3) && p.bytes().all(|b| b.is_ascii_lowercase()));
    first && parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> OverrideInput {
        OverrideInput {
            prompt_mode: "override".into(),
            prompt: " One.\r\nTwo. \r\n".into(),
            filters_mode: "override".into(),
            channel_voice: "on".into(),
            languages: "EN, pt-br".into(),
            min_turns: "2".into(),
            reason: " shorter ".into(),
            version: "0".into(),
            base: "1".into(),
            ..OverrideInput::default()
        }
    }

    #[test]
    fn a_good_form_becomes_a_draft() {
        let draft = input().validate().expect("a draft");
        assert_eq!(draft.prompt.as_deref(), Some("One.\nTwo."));
        let filters = draft.filters.expect("filters");
        assert_eq!(filters.channels, [Channel::Voice]);
        assert_eq!(filters.languages, ["en", "pt-br"]);
        assert_eq!((filters.min_turns, filters.min_chars), (2, 0));
        assert_eq!((draft.reason.as_str(), draft.version, draft.base), ("shorter", 0, 1));
    }

    #[test]
    fn all_errors_are_told_at_once() {
        let wrong = OverrideInput {
            prompt: " ".into(),
            channel_voice: String::new(),
            languages: "english".into(),
            min_turns: "-1".into(),
            min_chars: "many".into(),
            reason: String::new(),
            ..input()
        };
        let errors = wrong.validate().expect_err("errors");
        let fields: Vec<&str> = errors.0.keys().map(String::as_str).collect();
        assert_eq!(fields, ["channels", "languages", "min_chars", "min_turns", "prompt", "reason"]);
    }

    #[test]
    fn an_inherited_part_is_not_looked_at() {
        let half = OverrideInput {
            filters_mode: "inherit".into(),
            channel_voice: String::new(),
            min_turns: "x".into(),
            ..input()
        };
        assert_eq!(half.validate().expect("a draft").filters, None);
        let odd = OverrideInput { prompt_mode: String::new(), base: "x".into(), ..input() };
        let errors = odd.validate().expect_err("errors");
        assert!(errors.get("prompt_mode").is_some() && errors.get("").is_some());
    }

    #[test]
    fn prompts_have_a_limit() {
        let limit = MAX_PROMPT as usize;
        assert!(OverrideInput { prompt: "é".repeat(limit), ..input() }.validate().is_ok());
        assert!(OverrideInput { prompt: "é".repeat(limit + 1), ..input() }.validate().is_err());
    }
}
