//! What pages and programs are sent about templates.

use super::{Alignment, Bundle, Catalogue, Change, Compliance, TenantType, VersionState};
use crate::page::Page;
use crate::tenants::{PlanId, Status};
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
