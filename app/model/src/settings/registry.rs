//! What each setting is: the only place where a new one is declared, beside its word in [`Key`].

use super::{Key, Section, Value};

/// The type of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Switch,
    /// Both ends are legal.
    Number {
        min: i64,
        max: i64,
        unit: &'static str,
    },
    /// Word and label.
    Choice(&'static [(&'static str, &'static str)]),
    /// One line of at most `max` characters.
    Text {
        max: u32,
        optional: bool,
    },
}

/// What there is to know about a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    pub section: Section,
    pub kind: Kind,
    /// What holds where no level says anything.
    pub default: Value,
    /// A sentence for people: what it does.
    pub help: &'static str,
    /// Whether a tenant's administrators may change it, or operators only.
    pub tenant_may: bool,
}

const DAYS: Kind = Kind::Number { min: 1, max: 3650, unit: "days" };
const SIGN_IN: &[(&str, &str)] = &[
    ("password", "Password"),
    ("password_or_sso", "Password or single sign-on"),
    ("sso", "Single sign-on only"),
];
const MFA: &[(&str, &str)] = &[("optional", "Optional"), ("required", "Required")];
const BACKUP: &[(&str, &str)] =
    &[("daily", "Daily increments, weekly full"), ("weekly", "Weekly full"), ("monthly", "Monthly full")];
const ENCRYPTION: &[(&str, &str)] = &[("platform", "Platform key"), ("tenant", "Key of the tenant")];
const LANGUAGES: &[(&str, &str)] = &[
    ("auto", "Recognised by itself"),
    ("en", "English"),
    ("de", "German"),
    ("es", "Spanish"),
    ("fr", "French"),
    ("it", "Italian"),
    ("pt", "Portuguese"),
];

impl Key {
    /// What this setting is.
    pub fn spec(self) -> Spec {
        use Section::*;
        let number = |min, max, unit| Kind::Number { min, max, unit };
        let (section, kind, default, tenant_may, help) = match self {
            Self::AiModel => (
                Analysis,
                Kind::Text { max: 100, optional: false },
                text("gpt-4o-mini"),
                false,
                "The model that tasks are run with where they use an endpoint.",
            ),
            Self::AiMaxTokens => (
                Analysis,
                number(1, 32_000, "tokens"),
                Value::Number(1000),
                false,
                "An answer of a model is cut off there.",
            ),
            Self::RequestsPerMinute => (
                Analysis,
                number(1, 100_000, "requests per minute"),
                Value::Number(60),
                false,
                "How many requests the tenant’s programs may send; never more than its limit of calls allows.",
            ),
            Self::TranscriptionLanguage => (
                Channels,
                Kind::Choice(LANGUAGES),
                text("auto"),
                true,
                "The language that voice conversations are transcribed in.",
            ),
            Self::SignIn => (
                Security,
                Kind::Choice(SIGN_IN),
                text("password"),
                true,
                "How the tenant’s people prove who they are.",
            ),
            Self::Mfa => (
                Security,
                Kind::Choice(MFA),
                text("optional"),
                true,
                "Whether a second factor is asked for at every sign-in.",
            ),
            Self::PasswordMinLength => (
                Security,
                number(12, 128, "characters"),
                Value::Number(12),
                true,
                "A new password of one of the tenant’s people has at least this many.",
            ),
            Self::ApiKeyMaxDays => (
                Security,
                number(1, 3650, "days"),
                Value::Number(365),
                true,
                "A new API key ends after this many days at the latest.",
            ),
            Self::ContentEncryption => (
                Security,
                Kind::Choice(ENCRYPTION),
                text("platform"),
                false,
                "Whose key conversations are encrypted with where they are stored.",
            ),
            Self::SessionIdle => (
                Sessions,
                number(5, 1440, "minutes"),
                Value::Number(30),
                true,
                "A session that is not used for so long ends.",
            ),
            Self::SessionMax => (
                Sessions,
                number(1, 168, "hours"),
                Value::Number(12),
                true,
                "A session ends then, used or not.",
            ),
            Self::BasicChat => {
                (Channels, Kind::Switch, Value::Switch(true), false, "Chat conversations are taken in.")
            }
            Self::Voice => {
                (Channels, Kind::Switch, Value::Switch(true), false, "Voice conversations are taken in.")
            }
            Self::Email => {
                (Channels, Kind::Switch, Value::Switch(true), false, "E-mail conversations are taken in.")
            }
            Self::TaskOverrides => (
                Features,
                Kind::Switch,
                Value::Switch(true),
                false,
                "The tenant’s administrators may override prompts and filters of tasks.",
            ),
            Self::NotifyLifecycle => (
                Notifications,
                Kind::Switch,
                Value::Switch(true),
                true,
                "The tenant’s administrators are told by mail when it goes live, is reinstated, or its plan or trial changes. What takes access from them, or is about to, they are always told.",
            ),
            Self::NotifyQuotaPercent => (
                Notifications,
                number(50, 100, "% of a quota"),
                Value::Number(85),
                true,
                "From there on the tenant is warned.",
            ),
            Self::BrandName => (
                Branding,
                Kind::Text { max: 60, optional: true },
                text(""),
                true,
                "Stands in mails and on registration pages instead of the platform’s name.",
            ),
            Self::SupportUrl => (
                Branding,
                Kind::Text { max: 200, optional: true },
                text(""),
                true,
                "Where the tenant’s people are sent for help.",
            ),
            Self::RetainAudio => {
                (Retention, DAYS, Value::Number(90), true, "Recordings are deleted when they are older.")
            }
            Self::RetainTranscripts => {
                (Retention, DAYS, Value::Number(365), true, "Transcripts are deleted when they are older.")
            }
            Self::RetainThreads => (
                Retention,
                DAYS,
                Value::Number(365),
                true,
                "Chats and e-mails are deleted when they are older.",
            ),
            Self::RetainFields => {
                (Retention, DAYS, Value::Number(730), true, "What tasks wrote is deleted when it is older.")
            }
            Self::BackupSchedule => (
                Retention,
                Kind::Choice(BACKUP),
                text("daily"),
                false,
                "How often the tenant’s data is backed up.",
            ),
            Self::BackupDays => {
                (Retention, DAYS, Value::Number(35), false, "Backups are deleted when they are older.")
            }
            Self::TrialDays => (
                Lifecycle,
                number(1, 90, "days"),
                Value::Number(14),
                false,
                "How long a trial lasts from its first day, for tenants that begin one.",
            ),
            Self::InactivityDays => (
                Lifecycle,
                number(30, 730, "days"),
                Value::Number(180),
                false,
                "A tenant without any use for so long counts as inactive.",
            ),
            Self::OverrideApproval => (
                Lifecycle,
                Kind::Switch,
                Value::Switch(false),
                true,
                "A second person approves what a tenant overrides.",
            ),
        };
        Spec { section, kind, default, help, tenant_may }
    }
}

impl Key {
    /// Whether something obeys it today. What nothing obeys yet is kept, shown and inherited, and its page says so.
    pub const fn obeyed(self) -> bool {
        use Key::*;
        matches!(
            self,
            PasswordMinLength
                | ApiKeyMaxDays
                | SessionIdle
                | SessionMax
                | BasicChat
                | Voice
                | Email
                | TaskOverrides
                | NotifyLifecycle
                | NotifyQuotaPercent
                | BackupSchedule
                | BackupDays
                | TrialDays
                | InactivityDays
        )
    }
}

fn text(word: &str) -> Value {
    Value::Text(word.to_owned())
}
