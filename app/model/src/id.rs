//! Identifiers: newtypes over UUID (version 7, made by `domain::Ctx`), so that a task's id cannot be passed as a tenant's.

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

id! {
    /// A tenant of the platform.
    TenantId,
    /// A person who signs in.
    UserId,
    /// A global AI task.
    TaskId,
    /// A conversation of one tenant.
    ConversationId,
    /// One run of a task, or of a checklist, of one tenant.
    RunId,
    /// A key of a program.
    ApiKeyId,
    /// A key of one of the operator's own programs.
    PlatformKeyId,
    /// A notice to one recipient.
    DeliveryId,
    /// An address at which a program is told what happens.
    WebhookId,
    /// A CSV import between upload and confirmation.
    ImportId,
    /// The answers of a wizard between its pages.
    DraftId,
    /// One piece of long work in the ledger.
    OperationId,
    /// A page on which organisations sign up.
    SignupPageId,
    /// Somebody who has asked for a tenant there.
    SignupId,
    /// A tenant template.
    TemplateId,
}

impl TenantId {
    /// The stream of the platform itself in the audit log; no tenant ever has it.
    pub const PLATFORM: Self = Self(uuid::Uuid::nil());
}
