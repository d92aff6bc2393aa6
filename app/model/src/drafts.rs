//! The wizard that makes a tenant: its pages, and the answers kept between them (R10, R11, R29).
//!
//! A draft belongs to who began it, and holds only answers that were right when they were given; what else is wrong is
//! said when it is submitted.

use crate::details::Owner;
use crate::operations::{ProvisionRequest, Terms};
use crate::plans::Plan;
use crate::states::words;
use crate::templates::{Catalogue, Offer};
use crate::{DraftId, OperationId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words! {
    /// A page of the wizard, in its order.
    Page {
        Template = "template", "Template";
        Identity = "identity", "Identity";
        Plan = "plan", "Plan and placement";
        People = "people", "Administrators and contacts";
        Review = "review", "Review";
    }
}

impl Page {
    /// From 0.
    pub fn place(self) -> usize {
        Self::ALL.iter().position(|page| *page == self).unwrap_or_default()
    }

    pub fn next(self) -> Self {
        Self::ALL.get(self.place() + 1).copied().unwrap_or(Self::Review)
    }

    /// The page after this one, or the review where it was opened from there.
    pub fn then(self, word: &str) -> Self {
        if word == Self::Review.as_str() { Self::Review } else { self.next() }
    }

    pub fn before(self) -> Option<Self> {
        Self::ALL.get(self.place().checked_sub(1)?).copied()
    }

    /// The fields that it asks for, by their names in forms and errors.
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Template => &["template"],
            Self::Identity => {
                &["name", "slug", "domain", "external_id", "region", "country", "tags", "owner"]
            }
            Self::Plan => &[
                "plan",
                "placement",
                "trial_days",
                "billing_reference",
                "limit[users]",
                "limit_reason[users]",
                "limit[projects]",
                "limit_reason[projects]",
                "limit[storage_bytes]",
                "limit_reason[storage_bytes]",
                "limit[api_calls_15min]",
                "limit_reason[api_calls_15min]",
            ],
            Self::People => &["admin_name", "admin_email", "people", "support_contact", "escalation_contact"],
            Self::Review => &["reason"],
        }
    }
}

/// What one page was answered with; the rest of the request is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    pub page: Page,
    pub request: ProvisionRequest,
    /// Why the list of people could not be read; then the request holds none of them.
    pub wrong_people: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    pub id: DraftId,
    pub request: ProvisionRequest,
    /// How many pages are answered, in their order.
    pub reached: usize,
    pub version: i64,
    pub operation: Option<OperationId>,
    pub updated_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl Draft {
    /// Whether the page can be opened: those before it are answered.
    pub fn may_open(&self, page: Page) -> bool {
        page.place() <= self.reached
    }

    /// Where its owner goes on.
    pub fn open(&self) -> Page {
        Page::ALL.get(self.reached).copied().unwrap_or(Page::Review)
    }
}

/// What the wizard's pages are made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftView {
    pub draft: Draft,
    pub offers: Vec<Offer>,
    pub plans: Vec<Plan>,
    /// Who may look after it.
    pub owners: Vec<Owner>,
    /// The names of what the offers hold.
    pub catalogue: Catalogue,
    /// What is asked for so far, in numbers; nothing where its template is not there any more.
    pub terms: Option<Terms>,
    /// What will happen, in order.
    pub steps: Vec<String>,
    /// Milliseconds that steps usually take, by their label.
    pub typical: BTreeMap<String, i64>,
    /// Somebody else has to approve it before it begins.
    pub second_person: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_lead_to_the_review_and_back() {
        let mut page = Page::Template;
        for place in 0..Page::ALL.len() {
            assert_eq!(page.place(), place);
            assert_eq!(page.next().before(), Some(if page == Page::Review { Page::People } else { page }));
            page = page.next();
        }
        assert_eq!((page, Page::Template.before()), (Page::Review, None));
    }

    #[test]
    fn every_limit_is_asked_for_on_the_page_of_the_plan() {
        for meter in crate::usage::LimitMeter::ALL {
            for field in [crate::limits::field(*meter), crate::limits::reason_field(*meter)] {
                assert!(Page::Plan.fields().contains(&field), "{field}");
            }
        }
    }

    #[test]
    fn no_field_is_asked_for_twice() {
        let mut fields: Vec<_> = Page::ALL.iter().flat_map(|page| page.fields()).collect();
        let all = fields.len();
        fields.sort();
        fields.dedup();
        assert_eq!(fields.len(), all);
    }
}
