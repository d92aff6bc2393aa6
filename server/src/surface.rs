//! Every door of the service: each server function, each route of the machine API, each file that leaves or comes and
//! each stream, with what it asks for.
//!
//! The author of a server function adds one line to [`FUNCTIONS`], of any other door one to the tables of `doors`; the
//! server refuses to start without it ([`check()`]). The line says what the door's service asks for first
//! (`cx.require`), which parameter names the tenant, and a call that is well formed. The tests in `server/tests` walk
//! this list: without a session, with too weak a role, with another tenant's id, and with the own tenant and what is
//! another's. In samples, `acme` is the tenant that the tests own.

mod check;
mod doors;
mod lines;
#[cfg(test)]
mod tests;

pub use check::check;
pub use doors::{DOWNLOADS, Download, Keys, ROUTES, Route, STREAMS, Stream, UPLOADS, Upload};
pub use lines::{Line, lines};

use axum::http::Method;
use model::permission::{Permission, Permission::*};
use std::collections::BTreeMap;

/// What a door asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Nothing: anybody may call it.
    Nothing,
    /// A session, whatever its role.
    Session,
    /// This permission over the platform.
    Platform(Permission),
    /// This permission over the tenant that the parameter names, or that owns what the parameter names.
    Tenant(Permission, &'static str),
}

impl Asks {
    /// As `server surface --json` says it: what kind, which permission, and which parameter names the tenant.
    const fn words(self) -> (&'static str, Option<&'static str>, Option<&'static str>) {
        match self {
            Self::Nothing => ("public", None, None),
            Self::Session => ("session", None, None),
            Self::Platform(permission) => ("platform", Some(permission.as_str()), None),
            Self::Tenant(permission, parameter) => ("tenant", Some(permission.as_str()), Some(parameter)),
        }
    }
}

/// A server function.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    pub name: &'static str,
    pub asks: Asks,
    /// Its arguments, form-encoded.
    pub sample: &'static str,
    /// Whether it changes something, and therefore leaves an audit line.
    pub changes: bool,
}

pub const fn public(name: &'static str, sample: &'static str) -> Function {
    Function { name, asks: Asks::Nothing, sample, changes: true }
}

pub const fn session(name: &'static str, sample: &'static str) -> Function {
    Function { name, asks: Asks::Session, sample, changes: false }
}

/// Changes something of the caller's own, whatever their role.
pub const fn own(name: &'static str, sample: &'static str) -> Function {
    Function { name, asks: Asks::Session, sample, changes: true }
}

pub const fn platform(name: &'static str, permission: Permission, sample: &'static str) -> Function {
    Function { name, asks: Asks::Platform(permission), sample, changes: permission.writes() }
}

/// The parameter `slug` names the tenant.
pub const fn tenant(name: &'static str, permission: Permission, sample: &'static str) -> Function {
    Function { name, asks: Asks::Tenant(permission, "slug"), sample, changes: permission.writes() }
}

/// A function that only reads, though what it asks for is the permission to change: the page of a form, say.
pub const fn reads(mut function: Function) -> Function {
    function.changes = false;
    function
}

/// A function that changes something, though what it asks for is a permission to read: it leaves evidence.
pub const fn changes(mut function: Function) -> Function {
    function.changes = true;
    function
}

/// Every server function.
pub const FUNCTIONS: &[Function] = &[
    // Accounts
    public("sign_in", "email=nobody%40example.com&password=wrong"),
    session("sign_out", ""),
    public("bootstrap_check", "token=guess"),
    public("bootstrap", "token=guess&name=Ada&email=ada%40example.com&password=correct+horse+battery"),
    public("set_up_check", "token=guess"),
    public("set_up", "token=guess&password=correct+horse+battery"),
    // The platform's people
    reads(platform("get_platform_people", UserManage, "")),
    reads(platform("get_person", UserManage, "user=00000000-0000-0000-0000-000000000009")),
    platform("invite_person", UserManage, "email=bo%40example.com&name=Bo&role=auditor"),
    platform("renew_person_link", UserManage, "user=00000000-0000-0000-0000-000000000009"),
    platform(
        "set_person_role",
        UserManage,
        "user=00000000-0000-0000-0000-000000000009&role=auditor&reason=test",
    ),
    platform("close_person", UserManage, "user=00000000-0000-0000-0000-000000000009&reason=test"),
    platform("end_person_sessions", UserManage, "user=00000000-0000-0000-0000-000000000009"),
    // Everybody, for themselves
    session("get_own_sessions", ""),
    own("end_own_session", "session=others"),
    own("change_own_password", "current=correct+horse+battery&password=another+battery+staple"),
    session("set_preferences", "theme=dark&density=compact&keys=on"),
    session("search", "q=te"),
    // Tenants
    tenant("get_tenant", TenantRead, "slug=acme"),
    platform("get_directory", TenantList, "query=status%3Dactive"),
    platform("search_tenants", TenantList, "text=acme"),
    reads(platform("get_create_form", TenantCreate, "")),
    reads(platform("get_drafts", TenantCreate, "")),
    reads(platform("get_draft", TenantCreate, "id=00000000-0000-0000-0000-000000000009&step=plan")),
    platform("begin_tenant_draft", TenantCreate, "template=baseline"),
    platform(
        "save_draft_template",
        TenantCreate,
        "id=00000000-0000-0000-0000-000000000009&version=1&template=baseline",
    ),
    platform(
        "save_draft_identity",
        TenantCreate,
        "id=00000000-0000-0000-0000-000000000009&version=1&name=Nine",
    ),
    platform(
        "save_draft_plan",
        TenantCreate,
        "id=00000000-0000-0000-0000-000000000009&version=1&plan=free&placement=pooled&trial_days=14",
    ),
    platform("save_draft_people", TenantCreate, "id=00000000-0000-0000-0000-000000000009&version=1"),
    platform("discard_tenant_draft", TenantCreate, "id=00000000-0000-0000-0000-000000000009"),
    platform("submit_tenant_draft", TenantCreate, "id=00000000-0000-0000-0000-000000000009&version=1"),
    reads(platform("get_tenant_import", TenantCreate, "id=00000000-0000-0000-0000-000000000009")),
    platform("apply_tenant_import", TenantCreate, "id=00000000-0000-0000-0000-000000000009"),
    tenant("get_tenant_head", TenantRead, "slug=acme"),
    // API keys
    reads(tenant("list_api_keys", ApiKeyRead, "slug=acme")),
    reads(tenant("get_api_key", ApiKeyRead, "slug=acme&key=00000000-0000-0000-0000-000000000000")),
    tenant("create_api_key", ApiKeyManage, "slug=acme&name=Sample&access=read"),
    tenant(
        "revoke_api_key",
        ApiKeyManage,
        "slug=acme&key=00000000-0000-0000-0000-000000000000&reason=rotated",
    ),
    // People
    tenant("get_people", MemberRead, "slug=acme"),
    tenant("invite_user", MemberManage, "slug=acme&email=new%40example.com&name=New&role=tenant_member"),
    reads(tenant("get_invite_several", MemberManage, "slug=acme")),
    reads(tenant("preview_invitations", MemberManage, "slug=acme&people=Several%2C+several%40example.com")),
    tenant("invite_several", MemberManage, "slug=acme&people=Several%2C+several%40example.com"),
    tenant("get_invitation", MemberRead, "slug=acme&user=00000000-0000-0000-0000-0000000000a1"),
    tenant("invite_again", MemberManage, "slug=acme&user=00000000-0000-0000-0000-0000000000a1"),
    tenant("withdraw_invitation", MemberManage, "slug=acme&user=00000000-0000-0000-0000-0000000000a1"),
    // Webhooks, and what was told to whom. The slug `platform` is the platform's own.
    tenant("list_webhooks", NotificationRead, "slug=acme"),
    tenant("get_webhook", NotificationRead, "slug=acme&webhook=00000000-0000-0000-0000-0000000000a2"),
    tenant(
        "create_webhook",
        WebhookManage,
        "slug=acme&name=Sample&url=https%3A%2F%2Fhooks.example.com%2F&which=every",
    ),
    tenant(
        "change_webhook",
        WebhookManage,
        "slug=acme&webhook=00000000-0000-0000-0000-0000000000a2&version=1&name=Other&url=https%3A%2F%2Fhooks.example.com%2F&which=chosen&events=tenant.suspended%2Ctenant.reinstated",
    ),
    tenant("test_webhook", WebhookManage, "slug=acme&webhook=00000000-0000-0000-0000-0000000000a2"),
    tenant("rotate_webhook", WebhookManage, "slug=acme&webhook=00000000-0000-0000-0000-0000000000a2"),
    tenant(
        "switch_webhook",
        WebhookManage,
        "slug=acme&webhook=00000000-0000-0000-0000-0000000000a2&enabled=false",
    ),
    tenant("get_deliveries", NotificationRead, "slug=acme"),
    tenant("get_delivery", NotificationRead, "slug=acme&delivery=00000000-0000-0000-0000-0000000000a3"),
    tenant("resend_failed", NotificationSend, "slug=acme"),
    tenant("resend_delivery", NotificationSend, "slug=acme&delivery=00000000-0000-0000-0000-0000000000a3"),
    tenant(
        "remove_webhook",
        WebhookManage,
        "slug=acme&webhook=00000000-0000-0000-0000-0000000000a2&reason=test",
    ),
    // Overview, health, usage, audit
    platform("get_overview", OverviewRead, ""),
    tenant("get_tenant_health", HealthRead, "slug=acme"),
    tenant("compute_health", HealthCompute, "slug=acme"),
    platform("get_fleet_health", HealthFleet, ""),
    tenant("get_tenant_usage", UsageRead, "slug=acme&days=30"),
    platform("get_fleet_usage", OverviewRead, ""),
    platform("get_audit", AuditFleet, ""),
    tenant("get_tenant_audit", AuditRead, "slug=acme"),
    tenant("get_audit_entry", AuditRead, "slug=acme&seq=1"),
    tenant("verify_audit", AuditRead, "slug=acme"),
    // Isolation
    tenant("get_newest_isolation", TenantRead, "slug=acme"),
    tenant("get_isolation", AuditRead, "slug=acme"),
    tenant("get_isolation_evidence", AuditRead, "slug=acme&run=00000000-0000-0000-0000-000000000009"),
    changes(tenant("verify_isolation", AuditFleet, "slug=acme")),
    tenant("get_monitoring", TenantRead, "slug=acme"),
    platform("get_fleet_isolation", AuditFleet, "query=standing%3Dnever"),
    // Tasks and fields
    tenant("get_tasks", TaskRead, "slug=acme"),
    tenant("get_task", TaskRead, "slug=acme&key=summary"),
    tenant("get_task_comparison", TaskRead, "slug=acme&key=summary"),
    tenant("switch_task", TaskEnable, "slug=acme&key=summary&enabled=true"),
    tenant(
        "override_task",
        TaskOverride,
        "slug=acme&key=summary&prompt_mode=override&prompt=Mine&filters_mode=inherit&reason=test&version=0&base=1",
    ),
    tenant("keep_task_override", TaskOverride, "slug=acme&key=summary&version=1&base=1"),
    tenant("revert_task", TaskOverride, "slug=acme&key=summary&version=2"),
    tenant("get_fields", FieldRead, "slug=acme"),
    // Templates and alignment
    platform("get_templates", TemplateRead, ""),
    platform("get_template", TemplateRead, "key=baseline"),
    platform("get_template_comparison", TemplateRead, "from=baseline.1&to=regulated.1"),
    platform("create_template", TemplateEdit, "name=Sample&tenant_type=standard&compliance=none"),
    platform(
        "describe_template",
        TemplateEdit,
        "key=baseline&name=Base&tenant_type=standard&compliance=none&version=1",
    ),
    platform("begin_template_draft", TemplateEdit, "key=baseline&from=1"),
    platform(
        "save_template_draft",
        TemplateEdit,
        "key=baseline&edits=1&notes=Less&field%5Bcsat%5D=on&task%5Bcsat%5D=disabled&mode%5Bai.model%5D=locked&value%5Bai.model%5D=small",
    ),
    platform("publish_template", TemplateEdit, "key=baseline&edits=2"),
    platform("discard_template_draft", TemplateEdit, "key=sample&edits=1"),
    platform("deprecate_template", TemplateEdit, "key=regulated&version=1&reason=test"),
    tenant("get_apply_preview", TemplateRead, "slug=acme&to=baseline.1"),
    tenant("apply_template", TemplateApply, "slug=acme&to=baseline.1"),
    tenant("get_baseline", TemplateRead, "slug=acme"),
    tenant("check_alignment", TemplateAccept, "slug=acme"),
    tenant(
        "accept_difference",
        TemplateAccept,
        "slug=acme&item=checklist%3Aonboarding&expected=Version+1&actual=Not+started&reason=test",
    ),
    tenant("take_back_acceptance", TemplateAccept, "slug=acme&item=checklist%3Aonboarding&why=test"),
    reads(platform("get_rollout_plan", TemplateApply, "key=baseline&query=version%3D2%26whom%3Dbehind")),
    platform("start_rollout", TemplateApply, "key=baseline&version=2&whom=listed&listed=acme&reason=test"),
    platform("get_rollouts", TemplateRead, "key=baseline"),
    platform("get_rollout", TemplateRead, "id=00000000-0000-0000-0000-000000000009"),
    platform("advance_rollout", TemplateApply, "id=00000000-0000-0000-0000-000000000009"),
    platform("pause_rollout", TemplateApply, "id=00000000-0000-0000-0000-000000000009&hold=test"),
    platform("resume_rollout", TemplateApply, "id=00000000-0000-0000-0000-000000000009&hold=test"),
    platform("cancel_rollout", TemplateApply, "id=00000000-0000-0000-0000-000000000009&why=test"),
    platform("get_fleet_alignment", TemplateRead, ""),
    // Sign-up: the pages, and what visitors do on them
    platform("get_signup_pages", SignupPageRead, ""),
    platform("get_signup_page", SignupPageRead, "page=sample"),
    reads(platform("get_signup_choices", SignupPageManage, "")),
    reads(platform("get_signup_form", SignupPageManage, "page=sample")),
    platform(
        "create_signup_page",
        SignupPageManage,
        "slug=new-page&name=Voice&colour=blue&template=baseline&plan=free&placement=pooled&region=eu-1&trial_days=14&daily_limit=5",
    ),
    platform(
        "change_signup_page",
        SignupPageManage,
        "page=sample&version=1&name=Voice&colour=rose&template=baseline.1&plan=free&placement=pooled&region=eu-1&trial_days=7&daily_limit=9&approval=true",
    ),
    platform("switch_signup_page", SignupPageManage, "page=sample&version=1&open=false"),
    reads(public("get_signup_door", "page=sample")),
    public("register_signup", "page=sample&organisation=Nine&name=Ada&email=ada9%40example.com"),
    reads(public("get_signup_confirmation", "page=sample&token=guess")),
    public("confirm_signup", "page=sample&token=guess&password=correct+horse+battery"),
    // Settings
    tenant("get_settings", SettingRead, "slug=acme"),
    tenant(
        "set_setting",
        SettingWrite,
        "slug=acme&key=security.session_idle_minutes&value=20&reason=test&version=0",
    ),
    tenant("revert_setting", SettingWrite, "slug=acme&key=security.session_idle_minutes&why=test&version=1"),
    platform("get_platform_settings", SettingPlatformRead, ""),
    platform(
        "set_platform_setting",
        SettingPlatform,
        "key=lifecycle.trial_days&value=21&reason=test&version=0",
    ),
    platform("revert_platform_setting", SettingPlatform, "key=lifecycle.trial_days&why=test&version=1"),
    platform("get_approval_rules", SettingPlatformRead, ""),
    platform(
        "set_approval_rule",
        ApprovalManage,
        "kind=reinstate&whom=some&some=enterprise%2Cdedicated&reason=test",
    ),
    platform("get_lifecycle_rules", SettingPlatformRead, ""),
    platform(
        "set_lifecycle_rule",
        SettingPlatform,
        "kind=inactivity&enabled=on&scope=read_only&reason=test&version=1",
    ),
    platform("list_platform_keys", PlatformKeyRead, ""),
    platform("get_platform_key", PlatformKeyRead, "key=00000000-0000-0000-0000-000000000000"),
    platform("create_platform_key", PlatformKeyManage, "name=Sample&role=auditor&days=30"),
    platform(
        "revoke_platform_key",
        PlatformKeyManage,
        "key=00000000-0000-0000-0000-000000000000&reason=rotated",
    ),
    tenant("get_tenant_overview", TenantRead, "slug=acme"),
    tenant("get_limits", TenantRead, "slug=acme"),
    tenant("get_tenant_limits", TenantRead, "slug=acme"),
    tenant("set_tenant_limit", TenantPlan, "slug=acme&meter=projects&version=0&limit=300&reason=test"),
    tenant("remove_tenant_limit", TenantPlan, "slug=acme&meter=users&version=1&why=test"),
    // The moves of a tenant's life
    reads(tenant("get_impact", TenantSuspend, "slug=acme")),
    reads(tenant("get_graces", TenantOffboard, "slug=acme")),
    reads(tenant("get_plan_change", TenantPlan, "slug=acme&plan=free")),
    tenant(
        "suspend_tenant",
        TenantSuspend,
        "slug=acme&version=1&code=inactivity&scope=read_only&reason=test",
    ),
    tenant("change_suspension_scope", TenantSuspend, "slug=acme&version=1&scope=blocked&reason=test"),
    tenant("reinstate_tenant", TenantSuspend, "slug=acme&version=1&proof=test"),
    reads(tenant("get_trial", TenantPlan, "slug=acme")),
    tenant("convert_trial", TenantPlan, "slug=acme&version=1&reason=test"),
    tenant("extend_trial", TenantPlan, "slug=acme&version=1&day=%2B30&reason=test"),
    tenant("get_plan_schedule", TenantRead, "slug=acme"),
    platform("get_plan_changes", OperationFleet, ""),
    tenant("schedule_plan_change", TenantPlan, "slug=acme&plan=enterprise&at=%2B30"),
    tenant("move_plan_change", TenantPlan, "slug=acme&version=1&day=%2B60&why=test"),
    tenant("cancel_plan_change", TenantPlan, "slug=acme&version=1&reason=test"),
    tenant("get_plan_request", BillingRead, "slug=acme&plan=enterprise"),
    tenant("ask_for_plan", TenantPlanRequest, "slug=acme&from=professional&plan=enterprise&reason=test"),
    tenant("withdraw_plan_request", TenantPlanRequest, "slug=acme&version=1"),
    tenant("get_tenant_details", TenantRead, "slug=acme"),
    tenant(
        "change_tenant_details",
        TenantDetails,
        "slug=acme&version=1&name=Acme+Ltd&tags=vip&owner=nobody&reason=test",
    ),
    tenant("set_billing_reference", TenantDetails, "slug=acme&version=1&billing_reference=PO-9"),
    tenant("get_payments", BillingRead, "slug=acme"),
    tenant("note_failed_payment", TenantSuspend, "slug=acme&reference=Invoice+1&amount=9+EUR&failed_on="),
    tenant("settle_payment", TenantSuspend, "slug=acme&payment=Invoice+1&how=paid"),
    tenant("change_plan", TenantPlan, "slug=acme&version=1&plan=enterprise"),
    tenant(
        "start_offboarding",
        TenantOffboard,
        "slug=acme&version=1&code=contract_end&reason=test&confirm=acme",
    ),
    tenant("cancel_offboarding", TenantOffboard, "slug=acme&version=1&reason=test"),
    tenant("go_live", TenantGoLive, "slug=acme&version=1"),
    tenant("set_contacts", ChecklistWork, "slug=acme&version=1&support=a&escalation=b"),
    // Operations
    platform("get_operations", OperationFleet, "open=true"),
    platform("get_operation_page", OperationFleet, "query=state%3Drunning"),
    tenant("get_tenant_operations", OperationRead, "slug=acme"),
    session("get_operation", "id=00000000-0000-0000-0000-000000000009"),
    platform("approve_operation", OperationApprove, "id=00000000-0000-0000-0000-000000000009"),
    platform("reject_operation", OperationApprove, "id=00000000-0000-0000-0000-000000000009&note=test"),
    platform("retry_operation", OperationControl, "id=00000000-0000-0000-0000-000000000009"),
    platform("cancel_operation", OperationControl, "id=00000000-0000-0000-0000-000000000009"),
    platform("roll_back_operation", OperationControl, "id=00000000-0000-0000-0000-000000000009"),
    platform("request_tenant", TenantCreate, "name=Gamma&plan=free&key=sample"),
    // Work on many
    reads(platform("get_bulk_form", TenantBulk, "")),
    platform(
        "preview_bulk",
        TenantBulk,
        "action=change_plan&plan=enterprise&whom=ticked&at=2026-11-21T10%3A00%3A00Z&tenants=acme",
    ),
    reads(platform("get_bulk", TenantBulk, "id=00000000-0000-0000-0000-000000000009")),
    platform("start_bulk", TenantBulk, "id=00000000-0000-0000-0000-000000000009&reason=test&confirm=1"),
    platform("get_bulk_outcome", OperationFleet, "id=00000000-0000-0000-0000-000000000009"),
    // Checklists
    tenant("get_checklist", ChecklistRead, "slug=acme&list=onboarding"),
    tenant("begin_onboarding", ChecklistWork, "slug=acme"),
    tenant("check_item", ChecklistWork, "slug=acme&list=onboarding&step=ingestion"),
    tenant("complete_item", ChecklistWork, "slug=acme&list=onboarding&step=dashboards&note=test"),
    tenant("waive_item", ChecklistWaive, "slug=acme&list=onboarding&step=dashboards&reason=test"),
    tenant("reopen_item", ChecklistWork, "slug=acme&list=onboarding&step=dashboards&reason=test"),
];

/// Name to method and path of every function that this process answers.
pub fn registered() -> BTreeMap<String, (Method, String)> {
    server_fn::axum::server_fn_paths()
        .map(|(path, method)| (path.rsplit('/').next().unwrap_or(path).to_owned(), (method, path.to_owned())))
        .collect()
}
