//! What pages and programs are sent about templates.

use super::{Alignment, Bundle, Catalogue, Change, Compliance, Standing, TenantType, VersionState};
use crate::page::Page;
use crate::tenants::{PlanId, Status};
use crate::validate::{FieldErrors, line, optional, optional_line, suggest_slug, word};
use crate::{TemplateId, TenantId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One version of one template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VersionRef {
    pub template: TemplateId,
    pub version: i32,
}

/// What a template is, whatever its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub id: TemplateId,
    /// Its word in addresses; never changes.
    pub key: String,
    pub name: String,
    pub description: String,
    pub tenant_type: TenantType,
    pub industry: Option<String>,
    pub compliance: Compliance,
    pub version: i64,
}

impl Template {
    /// For whom it is: “Enterprise · Healthcare · HIPAA”.
    pub fn for_whom(&self) -> String {
        let mut words = vec![self.tenant_type.label().to_owned()];
        words.extend(self.industry.clone());
        if self.compliance != Compliance::None {
            words.push(self.compliance.label().to_owned());
        }
        words.join(" · ")
    }
}

/// A published version, as the wizard offers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub template: Template,
    pub version: i32,
    pub bundle: Bundle,
    /// Tenants on this template, whatever the version.
    pub used_by: i64,
}

impl Offer {
    pub fn at(&self) -> VersionRef {
        VersionRef { template: self.template.id, version: self.version }
    }
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRow {
    pub template: Template,
    /// The newest published version.
    pub published: Option<i32>,
    pub published_at: Option<DateTime<Utc>>,
    pub summary: Vec<String>,
    pub has_draft: bool,
    pub used_by: i64,
    /// Tenants on an older version than the newest published one.
    pub behind: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateList {
    pub rows: Vec<TemplateRow>,
    pub may_edit: bool,
    /// Tenants on no template.
    pub without: i64,
}

/// One version with its contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub version: i32,
    pub state: VersionState,
    pub bundle: Bundle,
    /// What changed, for those whose tenants it concerns.
    pub notes: String,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub published_by: Option<String>,
    pub published_at: Option<DateTime<Utc>>,
    pub deprecated_at: Option<DateTime<Utc>>,
    pub deprecated_why: Option<String>,
    /// Of the draft, for optimistic locking.
    pub edits: i64,
    pub used_by: i64,
}

/// A template with all its versions, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateDetail {
    pub template: Template,
    pub versions: Vec<Version>,
    pub catalogue: Catalogue,
    pub may_edit: bool,
    pub may_apply: bool,
}

impl TemplateDetail {
    pub fn get(&self, version: i32) -> Option<&Version> {
        self.versions.iter().find(|v| v.version == version)
    }

    pub fn published(&self) -> Option<&Version> {
        self.versions.iter().find(|v| v.state == VersionState::Published)
    }

    pub fn draft(&self) -> Option<&Version> {
        self.versions.iter().find(|v| v.state == VersionState::Draft)
    }
}

/// Which template a tenant is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    pub template: Template,
    pub version: i32,
    pub state: VersionState,
    pub newest: Option<i32>,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// What applying would do to one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyPreview {
    pub tenant: TenantId,
    pub slug: String,
    pub name: String,
    pub now: Option<Assigned>,
    pub to: Offer,
    pub changes: Vec<Change>,
    pub catalogue: Catalogue,
    /// Why it cannot be applied.
    pub refusal: Option<String>,
    /// Its operation would wait for a second person.
    #[serde(default)]
    pub second_person: bool,
}

/// One application in the history of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    pub template: String,
    pub key: String,
    pub version: i32,
    pub by: String,
    pub at: DateTime<Utc>,
    /// Lines that it changed.
    pub changed: i32,
    pub reason: Option<String>,
}

/// The section of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantBaseline {
    pub assigned: Option<Assigned>,
    pub alignment: Alignment,
    pub history: Vec<Application>,
    pub offers: Vec<(String, String, i32)>,
    pub catalogue: Catalogue,
    pub may_accept: bool,
    pub may_apply: bool,
    /// As of.
    pub now: DateTime<Utc>,
}

/// A tenant in the fleet-wide list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlignmentRow {
    pub tenant: TenantId,
    pub slug: String,
    pub name: String,
    pub status: Status,
    pub plan: PlanId,
    /// Key, name and version.
    pub template: Option<(String, String, i32)>,
    pub newest: Option<i32>,
    pub expected: i64,
    pub aligned: i64,
    pub accepted: i64,
    pub open: i64,
    pub next_expiry: Option<DateTime<Utc>>,
    pub checked_at: Option<DateTime<Utc>>,
}

/// The fleet-wide list with its totals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FleetAlignment {
    pub page: Page<AlignmentRow>,
    /// Over the whole fleet: tenants with open differences, with accepted ones only, fully aligned, on no template.
    pub drifting: i64,
    pub accepted: i64,
    pub aligned: i64,
    pub without: i64,
    /// Key and name, for the filter.
    pub templates: Vec<(String, String)>,
}

/// What narrows the fleet's list; the URL is its state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetFilter {
    /// Key of a template.
    pub template: Option<String>,
    pub standing: Option<Standing>,
    /// Only tenants on an older version than the newest.
    pub behind: bool,
    pub after: Option<String>,
}

impl FleetFilter {
    /// Reads a URL's pairs; never fails. Keys that were not understood come back beside it.
    pub fn parse<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> (Self, Vec<String>) {
        let mut filter = Self::default();
        let mut ignored = Vec::new();
        for (key, value) in pairs.iter().map(|(k, v)| (k.as_ref(), v.as_ref())) {
            if value.is_empty() {
                continue;
            }
            match key {
                "template" => filter.template = Some(value.chars().take(63).collect()),
                "standing" if value.parse::<Standing>().is_ok() => filter.standing = value.parse().ok(),
                "behind" => filter.behind = true,
                "after" => filter.after = Some(value.to_owned()),
                _ => ignored.push(key.to_owned()),
            }
        }
        (filter, ignored)
    }

    pub fn is_empty(&self) -> bool {
        Self { after: None, ..self.clone() } == Self::default()
    }
}

/// The form that says what a template is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailsInput {
    pub name: String,
    pub description: String,
    pub tenant_type: String,
    pub industry: String,
    pub compliance: String,
}

impl DetailsInput {
    /// Its key is suggested from its name; the id is left for the caller.
    ///
    /// # Errors
    /// All that is wrong, field by field.
    pub fn validate(&self) -> Result<Template, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", line(&self.name, "A name", 100));
        let description = errors.take("description", optional(&self.description, "A description", 1_000));
        let tenant_type =
            errors.take("tenant_type", word::<TenantType>(&self.tenant_type, "The type of tenant"));
        let industry = errors.take("industry", optional_line(&self.industry, "An industry", 60));
        let compliance =
            errors.take("compliance", word::<Compliance>(&self.compliance, "The compliance profile"));
        match (name, description, tenant_type, industry, compliance) {
            (Some(name), Some(description), Some(tenant_type), Some(industry), Some(compliance)) => {
                Ok(Template {
                    id: TemplateId(uuid::Uuid::nil()),
                    key: suggest_slug(&name),
                    name,
                    description: description.unwrap_or_default(),
                    tenant_type,
                    industry,
                    compliance,
                    version: 1,
                })
            }
            _ => Err(errors),
        }
    }
}

/// A side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    pub key: String,
    pub name: String,
    pub version: i32,
    pub state: VersionState,
    pub notes: String,
}

impl Compared {
    pub fn of(template: &Template, version: &Version) -> Self {
        Self {
            key: template.key.clone(),
            name: template.name.clone(),
            version: version.version,
            state: version.state,
            notes: version.notes.clone(),
        }
    }

    /// The word of it in an address: `baseline.2`.
    pub fn word(&self) -> String {
        format!("{}.{}", self.key, self.version)
    }

    /// Reads [`Compared::word`].
    pub fn parse(word: &str) -> Option<(String, i32)> {
        let (key, version) = word.rsplit_once('.')?;
        Some((key.to_owned(), version.parse().ok()?))
    }
}

/// Two versions beside each other, and what else there is to compare with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    pub from: Compared,
    pub to: Compared,
    pub changes: Vec<Change>,
    pub versions: Vec<Compared>,
    pub catalogue: Catalogue,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_template_is_is_checked_at_once_and_its_key_follows_from_its_name() {
        let input = DetailsInput {
            name: " Ärzte & Praxen ".into(),
            tenant_type: "enterprise".into(),
            industry: "Healthcare".into(),
            compliance: "hipaa".into(),
            ..DetailsInput::default()
        };
        let template = input.validate().expect("fine");
        assert_eq!((template.key.as_str(), template.name.as_str()), ("aerzte-praxen", "Ärzte & Praxen"));
        assert_eq!(template.for_whom(), "Enterprise · Healthcare · HIPAA");
        let errors = DetailsInput { industry: "x".repeat(61), ..DetailsInput::default() }
            .validate()
            .expect_err("wrong");
        assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["compliance", "industry", "name", "tenant_type"]);
        // Name and industry are one line, the description may have several.
        let errors = DetailsInput {
            name: "Two\nlines".into(),
            description: "Two\nlines".into(),
            industry: "\u{200B}".into(),
            ..input
        }
        .validate()
        .expect_err("wrong");
        assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["industry", "name"]);
    }

    #[test]
    fn a_filter_reads_its_url_and_names_what_it_did_not_understand() {
        let (filter, ignored) = FleetFilter::parse(&[
            ("template", "baseline"),
            ("standing", "drifting"),
            ("behind", "1"),
            ("standing", "nonsense"),
            ("x", "y"),
            ("after", ""),
        ]);
        assert_eq!(ignored, ["standing", "x"]);
        assert_eq!((filter.standing, filter.behind), (Some(Standing::Drifting), true));
        assert!(!filter.is_empty() && FleetFilter::parse(&[("after", "1.x")]).0.is_empty());
    }

    #[test]
    fn a_side_of_a_comparison_has_a_word() {
        assert_eq!(Compared::parse("voice-sales.12"), Some(("voice-sales".into(), 12)));
        for bad in ["", "baseline", "baseline.", "baseline.x", ".9999999999"] {
            assert_eq!(Compared::parse(bad).filter(|(key, _)| !key.is_empty()), None, "{bad}");
        }
    }
}
