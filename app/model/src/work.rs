//! What is done inside a tenant, and which statuses allow it: one table, by which services refuse and pages explain.
//!
//! Access (`tenants::Access`) is what a status leaves to the people and programs of the tenant; this is what it leaves
//! to anybody, operators and jobs included. The moves of its life have a table of their own (`tenants::Action`).
//!
//! Decided (R27): conversations are taken in from the first day in service on, not only when the tenant is live. What the
//! onboarding proves (ingestion configured, transcription validated, the baseline at work) it proves with conversations that
//! come in by the very door of production, and a trial is tried with them. Going live says that this is production from now
//! on: `domain::tenants::go_live`.

use crate::states::words;
use crate::tenants::Status;

words! {
    /// A kind of writing inside one tenant.
    Work {
        /// Its baseline: tasks, overrides, settings, templates, accepted differences.
        Configure = "configure", "configured";
        /// Its onboarding list.
        Onboard = "onboard", "onboarded";
        /// Scores and alignment, computed because somebody asked.
        Measure = "measure", "measured";
        /// Letting in: people, keys, endpoints.
        Admit = "admit", "given people, keys or endpoints";
        /// Taking away what was let in.
        Withdraw = "withdraw", "changed";
        /// Its papers: contacts, the offboarding list, a notice sent again.
        Record = "record", "written to";
        /// Conversations that come in.
        Ingest = "ingest", "sent conversations";
    }
}

impl Work {
    /// The whole table. A tombstone takes nothing, nor does what is being taken apart.
    pub const fn allowed_in(self, status: Status) -> bool {
        match status {
            Status::Trial | Status::Active => true,
            Status::Suspended => match self {
                Self::Configure
                | Self::Onboard
                | Self::Measure
                | Self::Admit
                | Self::Withdraw
                | Self::Record => true,
                Self::Ingest => false,
            },
            // It may be called back, and then goes on as it was.
            Status::Offboarding => match self {
                Self::Configure | Self::Measure | Self::Admit | Self::Withdraw | Self::Record => true,
                Self::Onboard | Self::Ingest => false,
            },
            Status::Offboarded => match self {
                Self::Withdraw | Self::Record => true,
                Self::Configure | Self::Onboard | Self::Measure | Self::Admit | Self::Ingest => false,
            },
            // Its operation does what is to be done.
            Status::Provisioning | Status::Failed => match self {
                Self::Withdraw => true,
                Self::Configure
                | Self::Onboard
                | Self::Measure
                | Self::Admit
                | Self::Record
                | Self::Ingest => false,
            },
            Status::Purging | Status::Deleted => false,
        }
    }

    /// `Ok`, or why not, in words for the page; the server refuses with the same words.
    pub fn check(self, status: Status) -> Result<(), String> {
        if self.allowed_in(status) {
            return Ok(());
        }
        let what = self.label();
        Err(match status {
            Status::Provisioning => {
                format!("It is still being made. Once it is in service it can be {what}.")
            }
            Status::Failed => {
                format!("It was never finished: a tenant whose provisioning failed cannot be {what}.")
            }
            Status::Deleted => {
                format!("Nothing is left but its name and its audit log: a deleted tenant cannot be {what}.")
            }
            Status::Trial
            | Status::Active
            | Status::Suspended
            | Status::Offboarding
            | Status::Offboarded
            | Status::Purging => {
                format!("A tenant {} cannot be {what}.", status.clause())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_at_one_glance() {
        let table: Vec<_> = Status::ALL
            .iter()
            .map(|status| {
                let works: Vec<_> = Work::ALL
                    .iter()
                    .filter(|work| work.allowed_in(*status))
                    .map(|work| work.as_str())
                    .collect();
                format!("{}: {}", status.as_str(), works.join(" "))
            })
            .collect();
        assert_eq!(
            table,
            [
                "provisioning: withdraw",
                "failed: withdraw",
                "trial: configure onboard measure admit withdraw record ingest",
                "active: configure onboard measure admit withdraw record ingest",
                "suspended: configure onboard measure admit withdraw record",
                "offboarding: configure measure admit withdraw record",
                "offboarded: withdraw record",
                "purging: ",
                "deleted: ",
            ]
        );
    }

    #[test]
    fn a_refusal_says_which_status_and_what() {
        let why = Work::Configure.check(Status::Deleted).expect_err("refused");
        assert_eq!(
            why,
            "Nothing is left but its name and its audit log: a deleted tenant cannot be configured."
        );
        let why = Work::Ingest.check(Status::Suspended).expect_err("refused");
        assert_eq!(why, "A tenant that is suspended cannot be sent conversations.");
    }
}
