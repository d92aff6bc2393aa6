//! The document and the whole route table.

use crate::error::{AppError, ErrorView};
use crate::layout::Layout;
use crate::session::{BootstrapPage, SignInPage};
use crate::tenants;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::SsrMode;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::path;

/// A link that the pointer rests on is fetched ahead; files to download are not. Goes out as inner HTML: in a script
/// element a view's text would be escaped.
const PREFETCH: &str = r#"{"prefetch":[{"where":{"and":[{"href_matches":"/*"},{"not":{"href_matches":"/api/*"}},{"not":{"href_matches":"/*\\?*format=*"}},{"not":{"href_matches":"/*.*"}}]},"eagerness":"moderate"}]}"#;

/// The HTML around every page. Rendered on the server only.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let theme = crate::ui::theme();
    let density = crate::ui::density();
    let keys = crate::ui::keys_off();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme data-density=density data-keys=keys>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="preload" href="/fonts/atkinson-hyperlegible-next-ascii-400-650.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <HashedStylesheet options=options.clone() id="css"/>
                <HydrationScripts options=options islands=true/>
                <script type="speculationrules" nonce=use_nonce() inner_html=PREFETCH></script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        // The title is written as it is: names in it are other people's.
        <Title formatter=|title: String| {
            if title.is_empty() { "Steward".into() } else { format!("{} · Steward", html_escape::encode_text(&title)) }
        }/>
        <Router>
            <Routes fallback=|| view! { <Layout><NotFound/></Layout> }>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/set-up/:token") view=crate::session::SetUpPage ssr=SsrMode::Async/>
                <Route path=path!("/join/:page") view=crate::signup::JoinPage ssr=SsrMode::Async/>
                <Route path=path!("/join/:page/sent") view=crate::signup::SentPage ssr=SsrMode::Async/>
                <Route path=path!("/join/:page/:token") view=crate::signup::ConfirmPage ssr=SsrMode::Async/>
                <Route path=path!("/bootstrap/:token") view=BootstrapPage ssr=SsrMode::Async/>
                <ParentRoute path=path!("") view=crate::layout::Framed ssr=SsrMode::Async>
                    <Route path=path!("/dev/gallery") view=crate::gallery::GalleryPage ssr=SsrMode::Async/>
                    <Route path=path!("/search") view=crate::search::SearchPage ssr=SsrMode::Async/>
                    <Route path=path!("/users") view=crate::access::PeoplePage ssr=SsrMode::Async/>
                    <Route path=path!("/users/:id") view=crate::access::PersonPage ssr=SsrMode::Async/>
                    <Route path=path!("/me/sessions") view=crate::access::SessionsPage ssr=SsrMode::Async/>
                    <Route path=path!("/me/password") view=crate::access::PasswordPage ssr=SsrMode::Async/>
                    <Route path=path!("/me/preferences") view=crate::me::PreferencesPage ssr=SsrMode::Async/>
                    <Route path=path!("/me/shortcuts") view=crate::me::ShortcutsPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants") view=tenants::DirectoryPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/new") view=tenants::NewTenantPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/new/:draft/:step") view=tenants::DraftPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/import") view=tenants::ImportPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/import/:id") view=tenants::ImportPreviewPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/bulk") view=crate::bulk::BulkSetupPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/bulk/:id") view=crate::bulk::BulkPage ssr=SsrMode::Async/>
                    <Route path=path!("/operations") view=crate::operations::OperationsPage ssr=SsrMode::Async/>
                    <Route path=path!("/plan-changes") view=tenants::PlanChangesPage ssr=SsrMode::Async/>
                    <Route path=path!("/operations/:id") view=crate::operations::OperationPage ssr=SsrMode::Async/>
                    <Route path=path!("/isolation") view=crate::isolation::FleetIsolationPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/isolation") view=crate::isolation::IsolationPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/isolation/:run") view=crate::isolation::EvidencePage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug") view=tenants::TenantPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/api-keys") view=crate::api_keys::ApiKeysPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/api-keys/:key/revoke") view=crate::api_keys::RevokePage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/health") view=crate::health::TenantHealthPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/usage") view=crate::usage::TenantUsagePage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/limits") view=crate::usage::TenantLimitsPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/details") view=tenants::DetailsPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/billing") view=crate::billing::BillingPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/audit") view=crate::audit::TenantAuditPage ssr=SsrMode::Async/>
                    <Route path=path!("/notifications") view=crate::notifications::NotificationsPage ssr=SsrMode::Async/>
                    <Route path=path!("/notifications/:delivery") view=crate::notifications::DeliveryPage ssr=SsrMode::Async/>
                    <Route path=path!("/webhooks") view=crate::webhooks::WebhooksPage ssr=SsrMode::Async/>
                    <Route path=path!("/webhooks/:webhook") view=crate::webhooks::WebhookPage ssr=SsrMode::Async/>
                    <Route path=path!("/webhooks/:webhook/remove") view=crate::webhooks::RemovePage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/notifications") view=crate::notifications::TenantNotificationsPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/notifications/:delivery") view=crate::notifications::TenantDeliveryPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/webhooks") view=crate::webhooks::TenantWebhooksPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/webhooks/:webhook") view=crate::webhooks::TenantWebhookPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/webhooks/:webhook/remove") view=crate::webhooks::TenantRemovePage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/users") view=crate::users::UsersPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/users/invite") view=crate::users::InviteSeveralPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/users/:user/withdraw") view=crate::users::WithdrawPage ssr=SsrMode::Async/>
                    <Route path=path!("/overview") view=crate::overview::OverviewPage ssr=SsrMode::Async/>
                    <Route path=path!("/health") view=crate::health::FleetHealthPage ssr=SsrMode::Async/>
                    <Route path=path!("/usage") view=crate::usage::FleetUsagePage ssr=SsrMode::Async/>
                    <Route path=path!("/audit") view=crate::audit::AuditPage ssr=SsrMode::Async/>
                    <Route path=path!("/audit/:stream/:seq") view=crate::audit::EntryPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/tasks") view=crate::tasks::TasksPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/tasks/:key") view=crate::tasks::TaskPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/tasks/:key/override") view=crate::tasks::TaskOverridePage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/tasks/:key/compare") view=crate::tasks::TaskComparePage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/tasks/:key/revert") view=crate::tasks::TaskRevertPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/fields") view=crate::fields::FieldsPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/settings") view=crate::settings::SettingsPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/settings/:key") view=crate::settings::SettingPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/baseline") view=crate::templates::BaselinePage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/baseline/apply") view=crate::templates::ApplyPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/baseline/accept") view=crate::templates::AcceptPage ssr=SsrMode::Async/>
                    <Route path=path!("/templates") view=crate::templates::TemplatesPage ssr=SsrMode::Async/>
                    <Route path=path!("/templates/new") view=crate::templates::NewTemplatePage ssr=SsrMode::Async/>
                    <Route path=path!("/templates/compare") view=crate::templates::ComparePage ssr=SsrMode::Async/>
                    <Route path=path!("/templates/:key") view=crate::templates::TemplatePage ssr=SsrMode::Async/>
                    <Route path=path!("/templates/:key/edit") view=crate::templates::DraftPage ssr=SsrMode::Async/>
                    <Route path=path!("/templates/:key/details") view=crate::templates::TemplateDetailsPage ssr=SsrMode::Async/>
                    <Route path=path!("/templates/:key/publish") view=crate::templates::PublishPage ssr=SsrMode::Async/>
                    <Route path=path!("/templates/:key/deprecate") view=crate::templates::DeprecatePage ssr=SsrMode::Async/>
                    <Route path=path!("/templates/:key/roll-out") view=crate::templates::RollOutPage ssr=SsrMode::Async/>
                    <Route path=path!("/templates/:key/roll-out/:id") view=crate::templates::RolloutPage ssr=SsrMode::Async/>
                    <Route path=path!("/signup-pages") view=crate::signup::SignupPagesPage ssr=SsrMode::Async/>
                    <Route path=path!("/signup-pages/new") view=crate::signup::NewSignupPagePage ssr=SsrMode::Async/>
                    <Route path=path!("/signup-pages/:page") view=crate::signup::SignupPagePage ssr=SsrMode::Async/>
                    <Route path=path!("/signup-pages/:page/edit") view=crate::signup::EditSignupPagePage ssr=SsrMode::Async/>
                    <Route path=path!("/alignment") view=crate::templates::AlignmentPage ssr=SsrMode::Async/>
                    <Route path=path!("/settings") view=crate::settings::PlatformSettingsPage ssr=SsrMode::Async/>
                    <Route path=path!("/settings/approvals") view=crate::settings::ApprovalRulesPage ssr=SsrMode::Async/>
                    <Route path=path!("/settings/approvals/:kind") view=crate::settings::ApprovalRulePage ssr=SsrMode::Async/>
                    <Route path=path!("/settings/rules") view=crate::settings::LifecycleRulesPage ssr=SsrMode::Async/>
                    <Route path=path!("/settings/rules/:kind") view=crate::settings::LifecycleRulePage ssr=SsrMode::Async/>
                    <Route path=path!("/settings/keys") view=crate::settings::PlatformKeysPage ssr=SsrMode::Async/>
                    <Route path=path!("/settings/keys/:key/revoke") view=crate::settings::RevokePlatformKeyPage ssr=SsrMode::Async/>
                    <Route path=path!("/settings/:key") view=crate::settings::PlatformSettingPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/onboarding") view=crate::checklists::OnboardingPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/offboarding") view=tenants::OffboardingPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/suspend") view=tenants::SuspendPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/scope") view=tenants::ScopePage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/convert") view=tenants::ConvertTrialPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/extend-trial") view=tenants::ExtendTrialPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/reinstate") view=tenants::ReinstatePage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/plan") view=tenants::PlanPage ssr=SsrMode::Async/>
                    <Route path=path!("/tenants/:slug/go-live") view=tenants::GoLivePage ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    crate::ui::status(404);
    view! { <ErrorView error=AppError::NotFound/> }
}
