//! The one error of the domain. Rich for the log; `app` turns it into the closed enum that people see.

use model::page::grouped;
use model::permission::Permission;
use model::tenants::Access;
use model::validate::FieldErrors;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or the actor may not know of it.
    #[error("not found")]
    NotFound,
    #[error("sign-in needed")]
    SignIn,
    #[error("not allowed to {}", .0.label())]
    Forbidden(Permission),
    /// The tenant's status leaves the actor no (or only reading) access.
    #[error("the tenant is suspended ({})", .0.label())]
    Suspended(Access),
    /// Who signed in, or whose key it is, belongs to tenants that let nobody in; since when or why, in words for them.
    #[error("no tenant lets this person in")]
    Closed(String),
    /// The input is wrong, field by field.
    #[error("invalid input: {0:?}")]
    Invalid(FieldErrors),
    /// Somebody was quicker, or the object is in another state than the form believed.
    #[error("conflict: {0}")]
    Conflict(String),
    /// Conversations whose ids were used before for other content: the line of each, 0 where it came alone, and its id.
    #[error("{} ids were sent before with other content", .0.len())]
    OtherContent(Vec<(i64, String)>),
    /// A limit is used up; `resets_in` seconds until it is not.
    #[error("limit of {} reached", grouped(*.limit))]
    OverQuota { limit: i64, used: i64, resets_in: i64 },
    /// Too many tries; `seconds` until the next one.
    #[error("throttled for {seconds} s")]
    Throttled { seconds: i64 },
    /// More is asked at once than the process has connections for, or the database is away; it passes.
    #[error("the database cannot be reached, or no connection to it came free in time")]
    Busy,
    #[error("database: {0}")]
    Database(#[source] sqlx::Error),
    /// A fault of ours. The text is for the log only.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// One wrong field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(FieldErrors::one(field, message))
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

/// SQLSTATEs of a server that shuts down, was shut down, starts, or has no connection left.
const SHUT: [&str; 4] = ["57P01", "57P02", "57P03", "53300"];
/// `character_not_in_repertoire`: a NUL.
const UNTRANSLATABLE: &str = "22021";

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            // Busy, gone, or starting again: each passes.
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => Self::Busy,
            sqlx::Error::Database(error) if error.code().is_some_and(|code| SHUT.contains(&&*code)) => {
                Self::Busy
            }
            // No text of ours holds it, so nothing can be found by it, nor kept.
            sqlx::Error::Database(error) if error.code().as_deref() == Some(UNTRANSLATABLE) => {
                Self::field("", "This holds a character that cannot be kept.")
            }
            other => Self::Database(other),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(format!("json: {error}"))
    }
}

/// Turns a named constraint into the error beside the field that broke it.
pub trait OnConstraint<T> {
    fn on_constraint(self, constraint: &str, field: &str, message: &str) -> Result<T>;
}

impl<T> OnConstraint<T> for Result<T, sqlx::Error> {
    fn on_constraint(self, constraint: &str, field: &str, message: &str) -> Result<T> {
        self.map_err(Error::from).on_constraint(constraint, field, message)
    }
}

impl<T> OnConstraint<T> for Result<T> {
    fn on_constraint(self, constraint: &str, field: &str, message: &str) -> Result<T> {
        self.map_err(|error| match error {
            Error::Database(sqlx::Error::Database(db)) if db.constraint() == Some(constraint) => {
                Error::field(field, message)
            }
            other => other,
        })
    }
}
