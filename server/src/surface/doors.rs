//! The doors that are no server functions: the routes of the machine API, the files that leave and come, the streams.
//!
//! The routes are compared with the OpenAPI document, all others with what the router is built from
//! (`router::MOUNTED`); see `check`.

use super::Asks;
use model::permission::{Permission, Permission::*};

/// Whose keys a route of the machine API is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// It needs none.
    Nobody,
    /// A tenant's: the tenant is the key's.
    Tenant,
    /// The platform's: `{slug}` names the tenant, or `{id}` an operation on one.
    Platform,
}

impl Keys {
    /// As `server surface --json` says it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nobody => "public",
            Self::Tenant => "key",
            Self::Platform => "platform_key",
        }
    }
}

/// A route of the machine API. Its caller is a key.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub content_type: &'static str,
    pub keys: Keys,
    pub permission: Option<Permission>,
    /// What is sent; of a GET its query.
    pub sample: &'static str,
}

/// Every route of the machine API.
pub const ROUTES: &[Route] = &[
    route("GET", "/api/v1/openapi.json", None, "", ""),
    route("GET", "/api/v1/tenant", Some(TenantRead), "", ""),
    route("GET", "/api/v1/template", Some(TenantRead), "", ""),
    route("GET", "/api/v1/settings", Some(SettingRead), "", ""),
    route("GET", "/api/v1/isolation", Some(TenantRead), "", ""),
    route("GET", "/api/v1/conversations", Some(ConversationRead), "", ""),
    route("GET", "/api/v1/conversations/{id}", Some(ConversationRead), "", ""),
    route(
        "POST",
        "/api/v1/conversations",
        Some(ConversationWrite),
        "application/json",
        r#"{"id":"sample-1","turns":[{"speaker":"customer","text":"Where is my parcel?"}]}"#,
    ),
    route("GET", "/api/v1/webhooks", Some(NotificationRead), "", ""),
    route(
        "POST",
        "/api/v1/webhooks",
        Some(WebhookManage),
        "application/json",
        r#"{"name":"Sample","url":"https://hooks.example.com/"}"#,
    ),
    route("GET", "/api/v1/webhooks/{id}", Some(NotificationRead), "", ""),
    route(
        "PUT",
        "/api/v1/webhooks/{id}",
        Some(WebhookManage),
        "application/json",
        r#"{"name":"Other","url":"https://hooks.example.com/"}"#,
    ),
    route("DELETE", "/api/v1/webhooks/{id}", Some(WebhookManage), "", ""),
    route("POST", "/api/v1/webhooks/{id}/rotate", Some(WebhookManage), "", ""),
    route("POST", "/api/v1/webhooks/{id}/test", Some(WebhookManage), "", ""),
    route("GET", "/api/v1/deliveries", Some(NotificationRead), "", ""),
    route("GET", "/api/v1/deliveries/{id}", Some(NotificationRead), "", ""),
    route("POST", "/api/v1/deliveries/{id}/resend", Some(NotificationSend), "", ""),
    platform("GET", "/api/v1/tenants", TenantList, "status=active&limit=10"),
    platform(
        "POST",
        "/api/v1/tenants",
        TenantCreate,
        r#"{"name":"Sample by key","plan":"free","trial_days":14,"reason":"sample"}"#,
    ),
    platform("GET", "/api/v1/tenants/{slug}", TenantRead, ""),
    platform(
        "PATCH",
        "/api/v1/tenants/{slug}",
        TenantDetails,
        r#"{"industry":"Logistics","tags":["vip"],"reason":"sample"}"#,
    ),
    platform(
        "PUT",
        "/api/v1/tenants/{slug}/billing-reference",
        TenantDetails,
        r#"{"billing_reference":"PO-9"}"#,
    ),
    platform(
        "POST",
        "/api/v1/tenants/{slug}/suspend",
        TenantSuspend,
        r#"{"code":"customer_request","scope":"read_only","reason":"sample"}"#,
    ),
    platform(
        "POST",
        "/api/v1/tenants/{slug}/scope",
        TenantSuspend,
        r#"{"scope":"blocked","reason":"sample"}"#,
    ),
    platform("POST", "/api/v1/tenants/{slug}/reinstate", TenantSuspend, r#"{"proof":"sample"}"#),
    platform("GET", "/api/v1/tenants/{slug}/plan", TenantPlan, "to=enterprise"),
    platform("POST", "/api/v1/tenants/{slug}/plan", TenantPlan, r#"{"plan":"enterprise","note":"sample"}"#),
    platform("POST", "/api/v1/tenants/{slug}/trial/convert", TenantPlan, r#"{"reason":"sample"}"#),
    platform("POST", "/api/v1/tenants/{slug}/trial/extend", TenantPlan, r#"{"day":"+30","reason":"sample"}"#),
    platform("POST", "/api/v1/tenants/{slug}/go-live", TenantGoLive, "{}"),
    platform("GET", "/api/v1/tenants/{slug}/payments", BillingRead, ""),
    platform(
        "POST",
        "/api/v1/tenants/{slug}/payments",
        TenantSuspend,
        r#"{"reference":"Invoice 2","amount":"9 EUR"}"#,
    ),
    platform(
        "POST",
        "/api/v1/tenants/{slug}/payments/{reference}/settle",
        TenantSuspend,
        r#"{"how":"sample"}"#,
    ),
    platform("GET", "/api/v1/operations", OperationFleet, "state=queued&limit=10"),
    platform("GET", "/api/v1/operations/{id}", OperationRead, ""),
    platform("POST", "/api/v1/operations/{id}/retry", OperationControl, r#"{"note":"sample"}"#),
    platform("POST", "/api/v1/operations/{id}/cancel", OperationControl, r#"{"note":"sample"}"#),
    platform("POST", "/api/v1/operations/{id}/roll-back", OperationControl, r#"{"note":"sample"}"#),
    platform(
        "POST",
        "/api/v1/bulk",
        TenantBulk,
        r#"{"action":"suspend","whom":"ticked","tenants":["acme"],"code":"inactivity","scope":"read_only"}"#,
    ),
    platform("GET", "/api/v1/bulk/{id}", TenantBulk, "outcome=waiting"),
    platform("POST", "/api/v1/bulk/{id}/start", TenantBulk, r#"{"reason":"sample","confirm":1}"#),
];

/// A file for people, by a link on a page.
#[derive(Clone, Copy, Debug)]
pub struct Download {
    /// As it is mounted.
    pub path: &'static str,
    pub asks: Asks,
}

impl Download {
    /// Where the sample is: `acme` stands for the tenant's slug.
    pub fn address(&self) -> String {
        self.path.replace("{slug}", "acme")
    }
}

/// Every file that leaves through a page.
pub const DOWNLOADS: &[Download] = &[
    Download { path: app::paths::TENANTS_EXPORT, asks: Asks::Platform(TenantList) },
    Download { path: app::paths::AUDIT_EXPORT, asks: Asks::Platform(AuditFleet) },
    Download { path: app::paths::USAGE_EXPORT, asks: Asks::Platform(OverviewRead) },
    Download { path: "/tenants/{slug}/audit.csv", asks: Asks::Tenant(AuditRead, "slug") },
    Download { path: "/tenants/{slug}/usage.csv", asks: Asks::Tenant(UsageRead, "slug") },
];

/// A file that people send, by a form of a page.
#[derive(Clone, Copy, Debug)]
pub struct Upload {
    pub path: &'static str,
    pub asks: Asks,
    /// With the boundary of the sample.
    pub content_type: &'static str,
    pub sample: &'static str,
}

/// Every file that comes in through a page.
pub const UPLOADS: &[Upload] = &[Upload {
    path: app::paths::TENANTS_IMPORT,
    asks: Asks::Platform(TenantCreate),
    content_type: "multipart/form-data; boundary=sample",
    sample: "--sample\r\nContent-Disposition: form-data; name=\"plan\"\r\n\r\nfree\r\n\
        --sample\r\nContent-Disposition: form-data; name=\"file\"; filename=\"sample.csv\"\r\nContent-Type: text/csv\r\n\r\n\
        name\nSample import\n\r\n--sample--\r\n",
}];

/// What an open page listens to.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// As it is mounted; what stands in braces is a parameter.
    pub path: &'static str,
    /// The parameter of a tenant's door may name a part of the tenant: the door looks up whose it is.
    pub asks: Asks,
    /// What it answers with: nothing is sent to it.
    pub content_type: &'static str,
    /// Its parameters, form-encoded, those of the path among them.
    pub sample: &'static str,
}

impl Stream {
    /// Where the sample is.
    pub fn address(&self) -> String {
        let mut path = self.path.to_owned();
        for (parameter, value) in self.sample.split('&').filter_map(|pair| pair.split_once('=')) {
            path = path.replace(&format!("{{{parameter}}}"), value);
        }
        path
    }
}

/// Every stream.
pub const STREAMS: &[Stream] = &[Stream {
    path: "/operations/{id}/events",
    asks: Asks::Tenant(OperationRead, "id"),
    content_type: "text/event-stream",
    sample: "id=00000000-0000-0000-0000-000000000009",
}];

const fn route(
    method: &'static str,
    path: &'static str,
    permission: Option<Permission>,
    content_type: &'static str,
    sample: &'static str,
) -> Route {
    let keys = if permission.is_some() { Keys::Tenant } else { Keys::Nobody };
    Route { method, path, content_type, keys, permission, sample }
}

/// For a key of the platform.
const fn platform(
    method: &'static str,
    path: &'static str,
    permission: Permission,
    sample: &'static str,
) -> Route {
    let is_body = !sample.is_empty() && sample.as_bytes()[0] == b'{';
    let content_type = if is_body { "application/json" } else { "" };
    Route { method, path, content_type, keys: Keys::Platform, permission: Some(permission), sample }
}
