//! A tenant to be, and many of them from a file.

use crate::ImportId;
use crate::tenants::PlanId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A tenant to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTenant {
    pub name: String,
    /// Empty: suggested from the name.
    pub slug: String,
    pub domain: String,
    pub external_id: String,
    pub plan: PlanId,
    pub region: String,
    pub country: String,
    pub tags: Vec<String>,
}

impl NewTenant {
    /// A tenant with a name, a plan and nothing else said.
    pub fn named(name: impl Into<String>, plan: PlanId) -> Self {
        Self {
            name: name.into(),
            slug: String::new(),
            domain: String::new(),
            external_id: String::new(),
            plan,
            region: String::new(),
            country: String::new(),
            tags: vec![],
        }
    }
}

/// The largest file that is imported, in bytes.
pub const IMPORT_BYTES: u32 = 10 * 1024 * 1024;
/// The most rows of one import.
pub const IMPORT_ROWS: u32 = 20_000;
/// Rows of a page of the preview.
pub const IMPORT_PAGE: u32 = 100;

/// One row of an import's preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// The line in the file; the head is line 1.
    pub line: i32,
    pub slug: String,
    pub name: String,
    pub domain: Option<String>,
    pub plan: String,
    pub region: String,
    /// The name of who will look after it.
    pub owner: Option<String>,
    pub country: Option<String>,
    pub tags: Vec<String>,
    pub problems: Vec<String>,
}

/// An import between upload and confirmation, and its record afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    pub id: ImportId,
    pub file_name: String,
    pub created_at: DateTime<Utc>,
    pub applied_at: Option<DateTime<Utc>>,
    /// Tenants made, once applied.
    pub created: Option<i32>,
    /// Columns of the file that mean nothing here.
    pub ignored: Vec<String>,
    pub good: i64,
    pub bad: i64,
    /// Whether `rows` are those with problems only.
    pub only_bad: bool,
    pub rows: Vec<ImportRow>,
    /// The line after which the next page starts; none on the last page.
    pub next: Option<i32>,
    pub may_create: bool,
    /// Plans of good rows whose new tenants a second person approves: then nothing of the file is imported.
    pub second_person: Vec<PlanId>,
    /// Days of the trial that each begins with.
    pub trial_days: i32,
}

/// Why a file with tenants of these plans is not imported, where a second person has to approve new ones of them (R10).
pub fn import_refusal(second_person: &[PlanId]) -> Option<String> {
    let plans: Vec<_> = second_person.iter().map(|plan| plan.label()).collect();
    let plans = match plans.split_last()? {
        (last, []) => (*last).to_owned(),
        (last, others) => format!("{} and {last}", others.join(", ")),
    };
    Some(format!(
        "A second person has to approve new tenants on {plans}, and nobody would approve an import. Ask for them one by one, or have the rule changed first. Nothing was created."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_plans() {
        assert_eq!(import_refusal(&[]), None);
        let words = import_refusal(&[PlanId::Starter, PlanId::Enterprise]).unwrap_or_default();
        assert!(words.contains("on Starter and Enterprise, "), "{words}");
    }
}
