//! The shapes of tenants in the machine API: as they are, and as they are asked for.

use chrono::{DateTime, Utc};
use model::directory::TenantRow;
use model::operations::{Person, ProvisionRequest};
use model::permission::{Actor, Permission, Role, Scope};
use model::plans::LimitChange;
use model::schedules::PlanSchedule;
use model::tenants::{Action, Placement, PlanId, SuspensionReason, Tenant};
use model::usage::Limit;
use model::validate::{self, FieldErrors};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A tenant in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantItem {
    #[schema(example = "acme")]
    pub slug: String,
    #[schema(example = "Acme")]
    pub name: String,
    /// `provisioning`, `failed`, `trial`, `active`, `suspended`, `offboarding`, `offboarded`, `purging` or `deleted`.
    #[schema(example = "active")]
    pub status: &'static str,
    /// What the status leaves to the tenant’s people and programs: `full`, `read_only` or `none`.
    #[schema(example = "full")]
    pub access: &'static str,
    /// Why it is suspended or leaves.
    #[schema(example = "payment_failure")]
    pub reason: Option<String>,
    #[schema(example = "operate")]
    pub stage: &'static str,
    #[schema(example = "professional")]
    pub plan: &'static str,
    #[schema(example = "eu-1")]
    pub region: String,
    pub trial_ends_at: Option<DateTime<Utc>>,
    pub grace_ends_at: Option<DateTime<Utc>>,
    /// 0 to 100.
    pub health_score: Option<i16>,
    #[schema(example = "healthy")]
    pub health_band: &'static str,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<TenantRow> for TenantItem {
    fn from(row: TenantRow) -> Self {
        Self {
            access: model::tenants::Access::of(row.status, row.suspension).as_str(),
            slug: row.slug,
            name: row.name,
            status: row.status.as_str(),
            reason: row.status_reason,
            stage: row.stage.as_str(),
            plan: row.plan.as_str(),
            region: row.region,
            trial_ends_at: row.trial_ends_at,
            grace_ends_at: row.grace_ends_at,
            health_score: row.health_score,
            health_band: row.health_band.as_str(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A page of tenants.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantPage {
    pub tenants: Vec<TenantItem>,
    /// Send it as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A suspension, as the platform’s people see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuspensionNow {
    #[schema(example = "payment_failure")]
    pub code: Option<String>,
    /// How pressing its reason is: 0 before 2.
    #[schema(example = 0)]
    pub priority: Option<u8>,
    /// `read_only` or `blocked`.
    #[schema(example = "read_only")]
    pub scope: &'static str,
    /// For the platform only.
    pub reason: Option<String>,
    /// What the tenant’s people are told.
    pub message: Option<String>,
    pub since: DateTime<Utc>,
    /// The status that it interrupted.
    #[schema(example = "active")]
    pub interrupts: Option<&'static str>,
}

/// A limit of a plan with what is used of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitUse {
    #[schema(example = "users")]
    pub meter: &'static str,
    pub limit: LimitValue,
    /// What is in use now; of a rate the highest of the last seven days; null where it is not counted.
    pub used: Option<i64>,
}

/// A limit in words that a program tells apart.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitValue {
    /// `number`, `unlimited`, `custom` (agreed by contract) or `none` (not limited by this plan).
    #[schema(example = "number")]
    pub kind: &'static str,
    /// Where the kind is `number`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 25)]
    pub value: Option<i64>,
}

impl From<Option<Limit>> for LimitValue {
    fn from(limit: Option<Limit>) -> Self {
        let (kind, value) = match limit {
            Some(Limit::Number(value)) => ("number", Some(value)),
            Some(Limit::Unlimited) => ("unlimited", None),
            Some(Limit::Custom) => ("custom", None),
            None => ("none", None),
        };
        Self { kind, value }
    }
}

/// A plan change that waits for its day, or that failed on it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanChangeAhead {
    /// Cancel this operation to call it off.
    pub operation: uuid::Uuid,
    #[schema(example = "enterprise")]
    pub to: &'static str,
    pub at: DateTime<Utc>,
    #[schema(example = "queued")]
    pub state: &'static str,
    /// What the tenant uses now that the new plan does not allow.
    pub refusals: Vec<String>,
}

impl From<PlanSchedule> for PlanChangeAhead {
    fn from(one: PlanSchedule) -> Self {
        Self {
            operation: one.operation.0,
            to: one.to.as_str(),
            at: one.at,
            state: one.state.as_str(),
            refusals: one.refusals,
        }
    }
}

/// Whether a move could be made now.
#[derive(Debug, Serialize, ToSchema)]
pub struct MoveNow {
    /// The end of its address: `suspend`, `scope`, `reinstate`, `plan`, `trial/convert` or `trial/extend`.
    #[serde(rename = "move")]
    #[schema(example = "suspend")]
    pub name: &'static str,
    pub allowed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What the status of a tenant and the role of a key allow now.
pub fn moves_now(tenant: &Tenant, actor: &Actor) -> Vec<MoveNow> {
    let all = [
        ("suspend", Action::Suspend, Permission::TenantSuspend),
        ("scope", Action::ChangeScope, Permission::TenantSuspend),
        ("reinstate", Action::Reinstate, Permission::TenantSuspend),
        ("plan", Action::ChangePlan, Permission::TenantPlan),
        ("trial/convert", Action::ConvertTrial, Permission::TenantPlan),
        ("trial/extend", Action::ExtendTrial, Permission::TenantPlan),
    ];
    let now = |(name, action, permission): (&'static str, Action, Permission)| {
        let why = match action.check(tenant.status) {
            Err(why) => Some(why),
            Ok(()) if !actor.allows(permission, Scope::Tenant(tenant.id)) => {
                Some("The key’s role does not allow it.".to_owned())
            }
            Ok(()) => None,
        };
        MoveNow { name, allowed: why.is_none(), why }
    };
    all.into_iter().map(now).collect()
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantDetail {
    pub id: uuid::Uuid,
    #[schema(example = "acme")]
    pub slug: String,
    pub name: String,
    pub domain: Option<String>,
    pub external_id: Option<String>,
    #[schema(example = "active")]
    pub status: &'static str,
    pub status_since: DateTime<Utc>,
    #[schema(example = "full")]
    pub access: &'static str,
    #[schema(example = "operate")]
    pub stage: &'static str,
    /// While it is suspended.
    pub suspension: Option<SuspensionNow>,
    pub trial_ends_at: Option<DateTime<Utc>>,
    pub grace_ends_at: Option<DateTime<Utc>>,
    #[schema(example = "professional")]
    pub plan: &'static str,
    pub plan_change: Option<PlanChangeAhead>,
    pub limits: Vec<LimitUse>,
    /// `pooled` or `dedicated`.
    #[schema(example = "pooled")]
    pub placement: String,
    #[schema(example = "eu-1")]
    pub region: String,
    pub country: Option<String>,
    pub industry: Option<String>,
    pub tags: Vec<String>,
    /// The person of the platform who looks after it.
    pub owner: Option<uuid::Uuid>,
    pub health_score: Option<i16>,
    #[schema(example = "healthy")]
    pub health_band: &'static str,
    /// What can be done to it right now.
    pub moves: Vec<MoveNow>,
    /// Counts its changes: sent with a move, the move is refused where somebody was quicker.
    #[schema(example = 7)]
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl TenantDetail {
    pub fn of(tenant: Tenant, limits: Vec<LimitChange>, ahead: Option<PlanSchedule>, actor: &Actor) -> Self {
        let moves = moves_now(&tenant, actor);
        let access = tenant.access().as_str();
        let code = tenant.status_reason.as_deref().and_then(|word| word.parse::<SuspensionReason>().ok());
        let suspended = tenant.suspension.filter(|_| tenant.status == model::tenants::Status::Suspended);
        let suspension = suspended.map(|scope| SuspensionNow {
            code: tenant.status_reason.clone(),
            priority: code.map(SuspensionReason::priority),
            scope: scope.as_str(),
            reason: tenant.status_note.clone(),
            message: tenant.status_message.clone(),
            since: tenant.status_since,
            interrupts: tenant.status_before.map(model::tenants::Status::as_str),
        });
        let limit = |limit: LimitChange| LimitUse {
            meter: limit.meter.as_str(),
            limit: limit.after.into(),
            used: limit.used,
        };
        Self {
            id: tenant.id.0,
            slug: tenant.slug,
            name: tenant.name,
            domain: tenant.domain,
            external_id: tenant.external_id,
            status: tenant.status.as_str(),
            status_since: tenant.status_since,
            access,
            stage: tenant.stage.as_str(),
            suspension,
            trial_ends_at: tenant.trial_ends_at,
            grace_ends_at: tenant.grace_ends_at,
            plan: tenant.plan.as_str(),
            plan_change: ahead.map(PlanChangeAhead::from),
            limits: limits.into_iter().map(limit).collect(),
            placement: tenant.placement,
            region: tenant.region,
            country: tenant.country,
            industry: tenant.industry,
            tags: tenant.tags,
            owner: tenant.owner.map(|owner| owner.0),
            health_score: tenant.health_score,
            health_band: tenant.health_band.as_str(),
            moves,
            version: tenant.version,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}

/// Somebody to let in. They get a mail with which they set their password.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    #[serde(default)]
    #[schema(required = true, example = "Ada Admin")]
    pub name: String,
    #[serde(default)]
    #[schema(required = true, example = "ada@acme.example")]
    pub email: String,
    /// `tenant_admin` or `tenant_member`. Left out: `tenant_admin` of the administrator, `tenant_member` of other people.
    #[serde(default)]
    pub role: Option<String>,
}

/// A tenant to be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Acme", "slug": "acme", "plan": "professional", "template": "baseline", "placement": "pooled", "trial_days": 14,
    "admin": { "name": "Ada Admin", "email": "ada@acme.example" }, "billing_reference": "PO-4711", "reason": "Contract signed."
}))]
pub struct NewTenant {
    #[serde(default)]
    #[schema(required = true, example = "Acme")]
    pub name: String,
    /// Left out: suggested from the name.
    #[serde(default)]
    pub slug: String,
    #[serde(default)]
    pub domain: String,
    #[serde(default)]
    pub external_id: String,
    /// `free`, `starter`, `professional` or `enterprise`.
    #[serde(default)]
    #[schema(required = true, example = "professional")]
    pub plan: String,
    /// Left out: the platform’s own.
    #[serde(default)]
    pub region: String,
    #[serde(default)]
    pub country: String,
    #[serde(default)]
    pub tags: Vec<String>,
    /// `pooled` (left out) or `dedicated`: a schema and a role of its own.
    #[serde(default)]
    pub placement: Option<String>,
    /// The key of a template; left out: the baseline.
    #[serde(default)]
    pub template: String,
    /// Left out: the newest one that is published.
    #[serde(default)]
    pub template_version: Option<i32>,
    /// Settings of this tenant alone, by their keys.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// The first administrator; left out: nobody is let in yet.
    #[serde(default)]
    pub admin: Option<NewPerson>,
    /// More people to let in, at most 500.
    #[serde(default)]
    pub people: Vec<NewPerson>,
    #[serde(default)]
    pub support_contact: String,
    #[serde(default)]
    pub escalation_contact: String,
    /// 0 to 365; 0: active at once; left out: as many as the platform’s settings say.
    #[serde(default)]
    pub trial_days: Option<i32>,
    /// Where the bill goes.
    #[serde(default)]
    pub billing_reference: String,
    /// Why; part of what a second person approves.
    #[serde(default)]
    pub reason: String,
}

impl NewTenant {
    /// The request as the ledger takes it; `trial_days` where nothing is said of them.
    ///
    /// # Errors
    /// Every word that is not known, by its field.
    pub fn request(self, trial_days: i32) -> Result<ProvisionRequest, FieldErrors> {
        let mut errors = FieldErrors::default();
        let plan = errors.take("plan", validate::word::<PlanId>(&self.plan, "A plan"));
        let placement = match &self.placement {
            Some(word) => errors.take("placement", validate::word::<Placement>(word, "A placement")),
            None => Some(Placement::Pooled),
        };
        let admin = self.admin.map(|admin| person(&mut errors, "admin_role", admin, Role::TenantAdmin));
        let people: Vec<Person> = self
            .people
            .into_iter()
            .map(|one| person(&mut errors, "people_role", one, Role::TenantMember))
            .collect();
        let (Some(plan), Some(placement), true) = (plan, placement, errors.is_empty()) else {
            return Err(errors);
        };
        Ok(ProvisionRequest {
            name: self.name,
            slug: self.slug,
            domain: self.domain,
            external_id: self.external_id,
            plan,
            region: self.region,
            country: self.country,
            tags: self.tags,
            placement,
            template: self.template,
            template_version: self.template_version,
            settings: self.settings,
            limits: vec![],
            owner: None,
            admin,
            people,
            support_contact: self.support_contact,
            escalation_contact: self.escalation_contact,
            trial_days: self.trial_days.unwrap_or(trial_days),
            billing_reference: self.billing_reference,
            reason: self.reason,
        })
    }
}

/// That a tenant's people have no role of the platform is checked with the rest of the request.
fn person(errors: &mut FieldErrors, field: &str, person: NewPerson, otherwise: Role) -> Person {
    let role = match &person.role {
        Some(word) => errors.take(field, validate::word::<Role>(word, "A role")),
        None => Some(otherwise),
    };
    Person { name: person.name, email: person.email, role: role.unwrap_or(otherwise) }
}
