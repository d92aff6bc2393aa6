//! Faults: which pass by themselves, and how an operator reads them.

use crate::error::Error;

/// Whether trying again may help.
pub(super) fn is_of_the_moment(error: &Error) -> bool {
    match error {
        // Integrity (23…), rights (42501) and what a check refuses stay as they are.
        Error::Database(sqlx::Error::Database(db)) => !db
            .code()
            .is_some_and(|code| code.starts_with("23") || code.starts_with("42") || code.starts_with("22")),
        Error::Busy | Error::Database(_) | Error::Internal(_) | Error::Throttled { .. } => true,
        Error::NotFound
        | Error::SignIn
        | Error::Forbidden(_)
        | Error::Closed(_)
        | Error::Suspended(_)
        | Error::Invalid(_)
        | Error::Conflict(_)
        | Error::OtherContent(_)
        | Error::OverQuota { .. } => false,
    }
}

/// An error as an operator reads it.
pub(super) fn words(error: &Error) -> String {
    let said = match error {
        Error::Conflict(why) => why.clone(),
        Error::Invalid(fields) => fields.0.values().cloned().collect::<Vec<_>>().join(" "),
        Error::NotFound => "What it is about is not there.".to_owned(),
        other => format!("{other}."),
    };
    text(&said)
}

/// The database holds no U+0000.
pub(super) fn text(said: &str) -> String {
    said.replace('\0', "?").chars().take(2_000).collect()
}
