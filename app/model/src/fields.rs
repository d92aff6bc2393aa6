//! Fields: what an analysis writes, once for the whole platform (R34, R47). Key and kind never change.

use crate::states::words;
use serde::{Deserialize, Serialize};

words! {
    /// The four groups of the baseline catalogue.
    Group {
        Cx = "cx", "Customer experience";
        Understanding = "understanding", "Conversation understanding";
        Sales = "sales", "Sales";
        Operational = "operational", "Operational";
    }
}

words! {
    /// What values a field holds.
    FieldKind {
        Text = "text", "Text";
        Number = "number", "Number";
        Choice = "choice", "One of a list";
        MultiChoice = "multi_choice", "Several of a list";
        Date = "date", "Date";
    }
}

/// A field of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub key: String,
    pub name: String,
    pub group: Group,
    pub kind: FieldKind,
    /// The allowed values of a choice; empty where any is.
    pub options: Vec<String>,
}

/// A field as one tenant's page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldUse {
    pub field: Field,
    /// The tasks that write it.
    pub tasks: Vec<WritingTask>,
    /// Conversations of the sample that have a value.
    pub filled: i64,
}

/// A task that writes a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WritingTask {
    pub key: String,
    pub name: String,
    pub enabled: bool,
}

/// The newest conversations that a fill rate looks at: a share of these is as telling as one of millions, and costs
/// the same for every tenant.
pub const SAMPLE: i64 = 1000;

/// The catalogue with what one tenant makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldList {
    pub fields: Vec<FieldUse>,
    /// Conversations in the sample: at most [`SAMPLE`], the newest.
    pub sampled: i64,
}

/// A share in percent, rounded half up, never 0 or 100 unless it is exactly that; `None` of nothing.
pub fn percent(part: i64, whole: i64) -> Option<i64> {
    if whole <= 0 {
        return None;
    }
    let rounded = (part * 200 + whole) / (whole * 2);
    Some(match rounded {
        0 if part > 0 => 1,
        100 if part < whole => 99,
        n => n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_nothing_or_all_only_when_it_is() {
        assert_eq!(percent(0, 0), None);
        assert_eq!(percent(0, 1000), Some(0));
        assert_eq!(percent(1, 1000), Some(1));
        assert_eq!(percent(999, 1000), Some(99));
        assert_eq!(percent(1000, 1000), Some(100));
        assert_eq!(percent(1, 2), Some(50));
        assert_eq!(percent(125, 1000), Some(13));
    }
}
