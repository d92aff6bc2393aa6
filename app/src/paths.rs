//! The only place where the addresses of pages are spelled.

pub const HOME: &str = "/";
pub const SIGN_IN: &str = "/sign-in";
pub const OVERVIEW: &str = "/overview";
pub const TENANTS: &str = "/tenants";
pub const TENANTS_NEW: &str = "/tenants/new";
pub const TENANTS_IMPORT: &str = "/tenants/import";
pub const BULK: &str = "/tenants/bulk";
pub const TENANTS_EXPORT: &str = "/tenants/export.csv";
pub const AUDIT_EXPORT: &str = "/audit.csv";
pub const USAGE_EXPORT: &str = "/usage.csv";
pub const HEALTH: &str = "/health";
pub const AUDIT: &str = "/audit";
pub const USAGE: &str = "/usage";
pub const SETTINGS: &str = "/settings";
pub const APPROVALS: &str = "/settings/approvals";
pub const RULES: &str = "/settings/rules";
pub const PLATFORM_KEYS: &str = "/settings/keys";
pub const TEMPLATES: &str = "/templates";
pub const TEMPLATES_NEW: &str = "/templates/new";
pub const TEMPLATES_COMPARE: &str = "/templates/compare";
pub const SIGNUP_PAGES: &str = "/signup-pages";
pub const SIGNUP_PAGES_NEW: &str = "/signup-pages/new";
pub const ALIGNMENT: &str = "/alignment";
pub const OPERATIONS: &str = "/operations";
pub const PLAN_CHANGES: &str = "/plan-changes";
pub const ISOLATION: &str = "/isolation";
pub const SEARCH: &str = "/search";
pub const USERS: &str = "/users";
pub const SESSIONS: &str = "/me/sessions";
pub const PASSWORD: &str = "/me/password";
pub const PREFERENCES: &str = "/me/preferences";
pub const SHORTCUTS: &str = "/me/shortcuts";
pub const GALLERY: &str = "/dev/gallery";

/// The place of pages that are the same for a tenant and for the platform; no tenant can have this slug.
pub const PLATFORM: &str = "platform";
pub const NOTIFICATIONS: &str = "/notifications";
pub const WEBHOOKS: &str = "/webhooks";

/// The log of a tenant, or of the [`PLATFORM`].
pub fn deliveries(slug: &str) -> String {
    if slug == PLATFORM { NOTIFICATIONS.into() } else { tenant(slug, "notifications") }
}

/// The same, of one endpoint.
pub fn deliveries_of(slug: &str, webhook: model::WebhookId) -> String {
    format!("{}?webhook={webhook}", deliveries(slug))
}

/// One delivery.
pub fn delivery(slug: &str, id: model::DeliveryId) -> String {
    format!("{}/{id}", deliveries(slug))
}

/// The endpoints of a tenant, or of the [`PLATFORM`].
pub fn webhooks(slug: &str) -> String {
    if slug == PLATFORM { WEBHOOKS.into() } else { tenant(slug, "webhooks") }
}

/// A page of one endpoint; `action` is `remove`, or empty for the endpoint itself.
pub fn webhook(slug: &str, id: model::WebhookId, action: &str) -> String {
    let page = format!("{}/{id}", webhooks(slug));
    if action.is_empty() { page } else { format!("{page}/{action}") }
}

/// The page of a one-time link by which an invited person chooses a password.
pub fn set_up(token: &str) -> String {
    format!("/set-up/{token}")
}

/// One of the platform's people.
pub fn user(id: &str) -> String {
    format!("{USERS}/{id}")
}

/// One operation.
pub fn operation(id: model::OperationId) -> String {
    format!("{OPERATIONS}/{id}")
}

/// The operations of one tenant.
pub fn operations_of(slug: &str) -> String {
    format!("{OPERATIONS}?tenant={slug}")
}

/// A page of the wizard that makes a tenant.
pub fn draft(id: model::DraftId, page: model::drafts::Page) -> String {
    format!("{TENANTS_NEW}/{id}/{}", page.as_str())
}

/// The preview of an import.
pub fn tenants_import(id: &str) -> String {
    format!("{TENANTS_IMPORT}/{id}")
}

/// A set of tenants that work is to be done on.
pub fn bulk(id: &str) -> String {
    format!("{BULK}/{id}")
}

/// A tenant's page; `section` is one of the fixed names (`overview` is the bare address).
pub fn tenant(slug: &str, section: &str) -> String {
    if section.is_empty() || section == "overview" {
        format!("/tenants/{slug}")
    } else {
        format!("/tenants/{slug}/{section}")
    }
}

/// The evidence of one run of the isolation probe of a tenant.
pub fn isolation(slug: &str, run: model::RunId) -> String {
    format!("{}/{run}", tenant(slug, "isolation"))
}

/// A page of one task of a tenant; `action` is `override`, `compare` or `revert`, or empty for the task itself.
pub fn task(slug: &str, key: &str, action: &str) -> String {
    let task = tenant(slug, &format!("tasks/{key}"));
    if action.is_empty() { task } else { format!("{task}/{action}") }
}

/// One setting of a tenant.
pub fn setting(slug: &str, key: model::settings::Key) -> String {
    format!("{}/{}", tenant(slug, "settings"), key.as_str())
}

/// One setting of the platform.
pub fn platform_setting(key: model::settings::Key) -> String {
    format!("{SETTINGS}/{}", key.as_str())
}

/// The rule about a second person for one kind of operation.
pub fn approval_rule(kind: model::operations::Kind) -> String {
    format!("{APPROVALS}/{}", kind.as_str())
}

/// The rule about suspensions that nobody has to ask for.
pub fn lifecycle_rule(kind: model::rules::RuleKind) -> String {
    format!("{RULES}/{}", kind.as_str())
}

/// A page of a template; `action` is `edit`, `details`, `publish`, `deprecate` or `roll-out`, or empty for the template.
pub fn template(key: &str, action: &str) -> String {
    if action.is_empty() { format!("{TEMPLATES}/{key}") } else { format!("{TEMPLATES}/{key}/{action}") }
}

/// A roll-out of a template.
pub fn rollout(key: &str, id: &str) -> String {
    format!("{}/{id}", template(key, "roll-out"))
}

/// One version of a template.
pub fn template_version(key: &str, version: i32) -> String {
    format!("{TEMPLATES}/{key}?version={version}")
}

/// Two versions beside each other.
pub fn compare_templates(from: (&str, i32), to: (&str, i32)) -> String {
    format!("{TEMPLATES_COMPARE}?from={}.{}&to={}.{}", from.0, from.1, to.0, to.1)
}

/// What applying a version would change for a tenant.
pub fn apply_template(slug: &str, key: &str, version: i32) -> String {
    format!("{}/apply?to={key}.{version}", tenant(slug, "baseline"))
}

/// Where a difference from the template is accepted.
pub fn accept_difference(slug: &str, item: &str) -> String {
    format!("{}/accept?item={}", tenant(slug, "baseline"), encoded(item))
}

/// Where a key of a tenant is revoked.
pub fn revoke_api_key(slug: &str, key: model::ApiKeyId) -> String {
    format!("/tenants/{slug}/api-keys/{key}/revoke")
}

/// Where a platform key is revoked.
pub fn revoke_platform_key(key: model::PlatformKeyId) -> String {
    format!("{PLATFORM_KEYS}/{key}/revoke")
}

/// Where several people are invited into a tenant at once.
pub fn invite_several(slug: &str) -> String {
    format!("/tenants/{slug}/users/invite")
}

/// Where the invitation of somebody into a tenant is withdrawn.
pub fn withdraw_invitation(slug: &str, user: model::UserId) -> String {
    format!("/tenants/{slug}/users/{user}/withdraw")
}

/// An entry of the audit log; `stream` is a tenant's slug or `platform`.
pub fn audit_entry(stream: &str, seq: i64) -> String {
    format!("{AUDIT}/{stream}/{seq}")
}

/// One item of a checklist of a tenant, opened; `list` is the section's name.
pub fn tenant_item(slug: &str, list: &str, item: &str) -> String {
    format!("{}?item={}", tenant(slug, list), encoded(item))
}

/// The sign-in page that leads back to `next` (a local path with its query).
pub fn sign_in(next: &str) -> String {
    if next.is_empty() || next == HOME { SIGN_IN.into() } else { format!("{SIGN_IN}?next={}", encoded(next)) }
}

/// The page of a one-time link that makes the first owner.
pub fn bootstrap(token: &str) -> String {
    format!("/bootstrap/{token}")
}

/// A sign-up page, for the people of the platform; `action` is `edit`, or empty for the page itself.
pub fn signup_page(slug: &str, action: &str) -> String {
    let page = format!("{SIGNUP_PAGES}/{slug}");
    if action.is_empty() { page } else { format!("{page}/{action}") }
}

/// A sign-up page, for visitors.
pub fn join(slug: &str) -> String {
    format!("/join/{slug}")
}

/// What a visitor sees who has registered.
pub fn join_sent(slug: &str) -> String {
    format!("/join/{slug}/sent")
}

/// Where the link of a mail leads that confirms a sign-up.
pub fn join_link(slug: &str, token: &str) -> String {
    format!("/join/{slug}/{token}")
}

/// A value of a query; slashes stay readable.
fn encoded(value: &str) -> String {
    model::url::component(value).to_string().replace("%2F", "/")
}
