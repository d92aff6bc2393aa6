//! Settings (R19, R20, R49–R59): a typed registry, and the cascade that says what holds for a tenant.
//!
//! There are no free keys: what can be set is a [`Key`], and its [`Spec`] says type, unit, range, default, the words
//! for people and who may change it. A level of the cascade (platform → template → parent tenants → tenant) either says
//! nothing (inherit), gives a value, or gives a value and locks it: then nothing below it holds, though it is kept.
//! [`resolve`] is pure, so that the page explains with the same function that the server obeys.

mod registry;
mod resolve;

pub use registry::{Kind, Spec};
pub use resolve::{Effective, Entry, Level, Said, resolve};

use crate::page::grouped;
use crate::states::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// What belongs together on the page.
    Section {
        Analysis = "analysis", "AI and limits";
        Security = "security", "Security";
        Sessions = "sessions", "Sessions";
        /// By which ways conversations come in, and what is done with them there.
        Channels = "channels", "Channels";
        Features = "features", "Feature flags";
        Notifications = "notifications", "Notifications";
        Branding = "branding", "Branding";
        Retention = "retention", "Retention and backup";
        Lifecycle = "lifecycle", "Trial and workflow";
    }
}

words! {
    /// What can be set. The word is stored; it never changes its meaning.
    Key {
        AiModel = "ai.model", "Model";
        AiMaxTokens = "ai.max_tokens", "Longest answer";
        RequestsPerMinute = "limits.requests_per_minute", "Request rate";
        TranscriptionLanguage = "transcription.language", "Transcription language";
        SignIn = "security.sign_in", "Allowed sign-in";
        Mfa = "security.mfa", "Second factor";
        PasswordMinLength = "security.password_min_length", "Shortest password";
        ApiKeyMaxDays = "security.api_key_max_days", "Longest life of an API key";
        ContentEncryption = "security.encryption", "Encryption at rest";
        SessionIdle = "security.session_idle_minutes", "Session idle time";
        SessionMax = "security.session_max_hours", "Longest session";
        BasicChat = "features.basic_chat", "Chat conversations";
        Voice = "features.voice", "Voice conversations";
        Email = "features.email", "E-mail conversations";
        TaskOverrides = "features.task_overrides", "Own prompts and filters";
        NotifyLifecycle = "notifications.lifecycle", "Mail about changes of status";
        NotifyQuotaPercent = "notifications.quota_percent", "Quota warning";
        BrandName = "branding.product_name", "Product name";
        SupportUrl = "branding.support_url", "Support address";
        RetainAudio = "retention.audio_days", "Audio";
        RetainTranscripts = "retention.transcript_days", "Transcripts";
        RetainThreads = "retention.thread_days", "Text threads";
        RetainFields = "retention.field_days", "Field values";
        BackupSchedule = "backup.schedule", "Backup";
        BackupDays = "backup.retention_days", "Backups are kept";
        TrialDays = "lifecycle.trial_days", "Trial";
        InactivityDays = "lifecycle.inactivity_days", "Inactive after";
        OverrideApproval = "workflow.override_approval", "Overrides need approval";
    }
}

/// What a setting is set to. Which variant is legal, the key's [`Kind`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Switch(bool),
    Number(i64),
    Text(String),
}

impl Value {
    pub fn as_number(&self) -> Option<i64> {
        if let Self::Number(n) = self { Some(*n) } else { None }
    }

    pub fn as_switch(&self) -> Option<bool> {
        if let Self::Switch(on) = self { Some(*on) } else { None }
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// What the form's field holds: the inverse of [`Key::parse`].
    pub fn raw(&self) -> String {
        match self {
            Self::Switch(true) => "on".into(),
            Self::Switch(false) => "off".into(),
            Self::Number(n) => n.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Key {
    /// Every key of a section, in the order of the page.
    pub fn of(section: Section) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |key| key.spec().section == section)
    }

    /// Reads what a form or a program sent.
    ///
    /// # Errors
    /// A sentence for beside the field.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self.spec().kind {
            Kind::Switch => match text {
                "on" | "true" => Ok(Value::Switch(true)),
                "off" | "false" => Ok(Value::Switch(false)),
                _ => Err("Choose on or off.".into()),
            },
            Kind::Number { min, max, unit } => match text.parse::<i64>() {
                Ok(n) if (min..=max).contains(&n) => Ok(Value::Number(n)),
                _ => {
                    Err(format!("A whole number from {} to {} {unit} is needed.", grouped(min), grouped(max)))
                }
            },
            Kind::Choice(words) => match words.iter().any(|(word, _)| *word == text) {
                true => Ok(Value::Text(text.to_owned())),
                false => Err("Choose one of the list.".into()),
            },
            Kind::Text { max, optional } => {
                let text = if optional {
                    crate::validate::optional_line(text, self.label(), max)?.unwrap_or_default()
                } else {
                    crate::validate::line(text, self.label(), max)?
                };
                Ok(Value::Text(text))
            }
        }
    }

    /// Whether a stored value is legal: a template of an older version may hold one that no longer is.
    pub fn accepts(self, value: &Value) -> bool {
        self.parse(&value.raw()).as_ref() == Ok(value)
    }

    /// A value in the words that people read, with its unit.
    pub fn words(self, value: &Value) -> String {
        match (self.spec().kind, value) {
            (_, Value::Switch(true)) => "On".into(),
            (_, Value::Switch(false)) => "Off".into(),
            (Kind::Number { unit, .. }, Value::Number(n)) => format!("{} {unit}", grouped(*n)),
            (_, Value::Number(n)) => grouped(*n),
            (Kind::Choice(words), Value::Text(text)) => words
                .iter()
                .find(|(word, _)| word == text)
                .map_or_else(|| text.clone(), |(_, label)| (*label).to_owned()),
            (_, Value::Text(text)) if text.is_empty() => "Not set".into(),
            (_, Value::Text(text)) => text.clone(),
        }
    }
}

/// A setting at one tenant, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSetting {
    pub key: Key,
    pub effective: Effective,
    /// What this tenant itself says, in force or not.
    pub own: Option<Own>,
}

/// What one level says of a setting, with who said it and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    pub value: Value,
    /// Whether it holds for everything below.
    pub locked: bool,
    pub reason: String,
    pub by: String,
    pub at: DateTime<Utc>,
    /// For optimistic locking; 0 stands for “there was none”.
    pub version: i64,
}

/// Everything that the section of a tenant shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSettings {
    pub settings: Vec<TenantSetting>,
    /// Whether the reader may change those that a tenant may change, and those that only operators may.
    pub may_write: bool,
    pub operator: bool,
    /// Tenants below this one: what it locks holds for them.
    pub children: i64,
}

impl TenantSettings {
    /// Settings that this tenant itself says, in force.
    pub fn overridden(&self) -> i64 {
        let own = self.settings.iter().filter(|s| s.effective.differs());
        i64::try_from(own.count()).unwrap_or(i64::MAX)
    }

    /// Why the reader cannot change this setting; `None` where they can.
    pub fn refusal(&self, setting: &TenantSetting) -> Option<String> {
        if let Some(by) = &setting.effective.locked_by {
            return Some(format!("Locked by {}.", by.words()));
        }
        if !self.operator && !setting.key.spec().tenant_may {
            return Some("Only the platform’s operators can change it.".into());
        }
        (!self.may_write).then(|| "Your role can read settings, not change them.".to_owned())
    }
}

/// A setting of the platform itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformSetting {
    pub key: Key,
    pub own: Option<Own>,
    /// Tenants that say something of their own about it.
    pub overridden: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformSettings {
    pub settings: Vec<PlatformSetting>,
    pub may_write: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_legal_and_comes_back_from_its_own_words() {
        for key in Key::ALL {
            let spec = key.spec();
            assert!(key.accepts(&spec.default), "{key}: its default is not legal");
            assert_eq!(key.parse(&spec.default.raw()), Ok(spec.default.clone()));
            assert!(!spec.help.is_empty() && spec.help.ends_with('.'), "{key}");
            assert_eq!(key.as_str().parse::<Key>(), Ok(*key));
        }
    }

    #[test]
    fn every_section_has_settings() {
        let listed: usize = Section::ALL.iter().map(|section| Key::of(*section).count()).sum();
        assert_eq!(listed, Key::ALL.len());
        assert!(Section::ALL.iter().all(|section| Key::of(*section).next().is_some()));
    }

    #[test]
    fn the_default_configuration_is_that_of_the_source_document() {
        let words = |key: Key| key.words(&key.spec().default);
        assert_eq!(words(Key::AiModel), "gpt-4o-mini");
        assert_eq!(words(Key::AiMaxTokens), "1\u{202f}000 tokens");
        assert_eq!(words(Key::RequestsPerMinute), "60 requests per minute");
        assert_eq!(words(Key::BasicChat), "On");
    }

    #[test]
    fn values_outside_their_type_or_range_are_refused_in_words() {
        assert_eq!(Key::PasswordMinLength.parse(" 14 "), Ok(Value::Number(14)));
        for (key, bad) in [
            (Key::PasswordMinLength, "11"),
            (Key::PasswordMinLength, "ten"),
            (Key::PasswordMinLength, "99999999999999999999"),
            (Key::BasicChat, "maybe"),
            (Key::SignIn, "magic"),
            (Key::AiModel, " "),
            (Key::BrandName, "a\nb"),
            (Key::BrandName, "a\u{202E}b"),
            (Key::BrandName, "\u{200B}"),
        ] {
            assert!(key.parse(bad).is_err_and(|why| why.ends_with('.')), "{key}: {bad}");
        }
        assert_eq!(Key::BrandName.parse(""), Ok(Value::Text(String::new())));
        assert_eq!(Key::BrandName.words(&Value::Text(String::new())), "Not set");
        assert!(!Key::BasicChat.accepts(&Value::Number(1)));
        assert!(!Key::PasswordMinLength.accepts(&Value::Number(3)));
    }

    #[test]
    fn stored_values_are_plain_json() {
        for (value, json) in [
            (Value::Switch(true), "true"),
            (Value::Number(60), "60"),
            (Value::Text("daily".into()), "\"daily\""),
        ] {
            assert_eq!(serde_json::to_string(&value).expect("JSON"), json);
            assert_eq!(serde_json::from_str::<Value>(json).expect("a value"), value);
        }
    }
}
