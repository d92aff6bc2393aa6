//! What every section of a tenant's page stands in: breadcrumbs, header with status, score and stages, the actions
//! that its status allows, the banner of a suspended or leaving tenant, and the navigation between sections.
//!
//! A section of another noun is a few lines: `view! { <TenantSection section=Section::Tasks view=|head| … /> }`. An
//! action that the role can never do is absent; one that the status forbids is there, disabled, with the reason.

use super::lifecycle_api::get_tenant_head;
use super::parts::{Day, Utc, band_look, icon, status_look};
use crate::paths;
use crate::ui::{self, Load};
use leptos::prelude::*;
use leptos_meta::Title;
use model::permission::{Actor, Permission, Scope, Verdict};
use model::tenants::{Action, Stage, Status, Suspension, Tenant, TenantHead};

/// The sections of a tenant's page; each is a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Overview,
    Onboarding,
    Tasks,
    Fields,
    Usage,
    Health,
    ApiKeys,
    Audit,
    Offboarding,
}

impl Section {
    pub const ALL: &'static [Self] = &[
        Self::Overview,
        Self::Onboarding,
        Self::Tasks,
        Self::Fields,
        Self::Usage,
        Self::Health,
        Self::ApiKeys,
        Self::Audit,
        Self::Offboarding,
    ];

    /// The last segment of its address; see `paths::tenant`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Onboarding => "onboarding",
            Self::Tasks => "tasks",
            Self::Fields => "fields",
            Self::Usage => "usage",
            Self::Health => "health",
            Self::ApiKeys => "api-keys",
            Self::Audit => "audit",
            Self::Offboarding => "offboarding",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Onboarding => "Onboarding",
            Self::Tasks => "Tasks",
            Self::Fields => "Fields",
            Self::Usage => "Usage",
            Self::Health => "Health",
            Self::ApiKeys => "API keys",
            Self::Audit => "Audit",
            Self::Offboarding => "Offboarding",
        }
    }

    /// What one needs to see it.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Overview => Permission::TenantRead,
            Self::Onboarding | Self::Offboarding => Permission::ChecklistRead,
            Self::Tasks => Permission::TaskRead,
            Self::Fields => Permission::FieldRead,
            Self::Usage => Permission::UsageRead,
            Self::Health => Permission::HealthRead,
            Self::ApiKeys => Permission::ApiKeyManage,
            Self::Audit => Permission::AuditRead,
        }
    }
}

/// Whether the role holds it, whatever the tenant's status takes away for now.
pub(super) fn could(viewer: &Actor, permission: Permission, tenant: &Tenant) -> bool {
    matches!(viewer.may(permission, Scope::Tenant(tenant.id)), Verdict::Allowed | Verdict::Suspended(_))
}

/// One section: reads the tenant of the address once and gives it to the body. The page's title is the section's
/// name and the tenant's.
#[component]
pub fn TenantSection<V>(section: Section, view: V) -> impl IntoView
where
    V: Fn(TenantHead) -> AnyView + Clone + Send + Sync + 'static,
{
    let slug = ui::param("slug");
    view! {
        <Load read=move || get_tenant_head(slug.clone()) view=move |head: TenantHead| {
            let title = match section {
                Section::Overview => head.tenant.name.clone(),
                other => format!("{} · {}", other.label(), head.tenant.name),
            };
            let body = view(head.clone());
            view! { <Title text=title/> <TenantFrame head section>{body}</TenantFrame> }.into_any()
        }/>
    }
}

#[component]
pub fn TenantFrame(head: TenantHead, section: Section, children: Children) -> impl IntoView {
    view! {
        <Header head=head.clone() section/>
        {banner(&head)}
        <SectionNav head section/>
        {children()}
    }
    .into_any()
}

#[component]
fn Header(head: TenantHead, section: Section) -> impl IntoView {
    let tenant = head.tenant.clone();
    let (tone, symbol) = status_look(tenant.status);
    let quiet = (tenant.status == Status::Deleted).then_some("outline");
    let home = paths::tenant(&tenant.slug, "overview");
    let here = paths::tenant(&tenant.slug, section.as_str());
    let platform = head.viewer.is_platform();
    let role = match &head.viewer {
        Actor::User { platform: Some(role), .. } => Some(role.label().to_lowercase()),
        _ => None,
    };
    view! {
        <nav class="c-crumbs" aria-label="Breadcrumb"><ol>
            {platform.then(|| view! { <li><a href=paths::TENANTS>"Tenants"</a></li> })}
            {(section != Section::Overview).then(|| view! { <li><a href=home>{tenant.name.clone()}</a></li> })}
            <li><a href=here aria-current="page">{if section == Section::Overview { tenant.name.clone() } else { section.label().to_owned() }}</a></li>
        </ol></nav>
        <header class="c-page-head">
            <div class="c-page-head__row">
                <div class="c-page-head__title">
                    <h1>{tenant.name.clone()}</h1>
                    <span class="c-badge" data-tone=tone data-kind=quiet>{icon(symbol)}{tenant.status_text(head.now)}</span>
                    <span class="c-tag">{tenant.plan.label()}</span>
                    {tenant.legal_hold.then(|| view! { <span class="c-badge" data-tone="danger" data-kind="outline">{icon("lock")}"Legal hold"</span> })}
                </div>
                <div class="c-page-head__actions">{actions(&head)}</div>
            </div>
            <ul class="c-meta">
                {role.map(|role| view! { <li>{format!("You are viewing {} as {role}", tenant.name)}</li> })}
                <li><code>{tenant.slug.clone()}</code></li>
                <li><span class="u-visually-hidden">"Id "</span><code>{tenant.id.to_string()}</code></li>
                <li>{tenant.region.clone()}</li>
                <li>"Created "<Day at=tenant.created_at/></li>
                {tenant.owner_name.clone().map(|owner| view! { <li>{format!("Owner {owner}")}</li> })}
            </ul>
            <div class="c-page-head__band">{score(&head)}{stages(&head)}</div>
        </header>
    }
    .into_any()
}

/// Ring, number and band; a link to where they come from.
fn score(head: &TenantHead) -> AnyView {
    let tenant = &head.tenant;
    let (band, symbol) = band_look(tenant.health_band);
    let arc = format!("{} 100", tenant.health_score.unwrap_or(0));
    let number = tenant.health_score.map_or_else(|| "—".to_owned(), |score| score.to_string());
    let change = head.score_change.filter(|change| *change != 0);
    let spoken = match (tenant.health_score, change) {
        (None, _) => "No health score yet".to_owned(),
        (Some(score), None) => format!("{score}, {}", tenant.health_band.label()),
        (Some(score), Some(change)) => {
            format!(
                "{score}, {}, {} {} in 30 days",
                tenant.health_band.label(),
                if change < 0 { "down" } else { "up" },
                change.abs()
            )
        }
    };
    let delta = change.map(|change| {
        let (tone, arrow) = if change < 0 { ("danger", "arrow-down") } else { ("success", "arrow-up") };
        view! { <p class="c-delta" data-tone=tone aria-hidden="true">{icon(arrow)}{format!("{} in 30 days", change.abs())}</p> }
    });
    view! {
        <div class="c-score" data-band=band>
            <svg class="c-score__ring" viewBox="0 0 64 64" aria-hidden="true">
                <circle cx="32" cy="32" r="28"/>
                <circle class="c-score__arc" cx="32" cy="32" r="28" pathLength="100" stroke-dasharray=arc/>
            </svg>
            <p class="c-score__number" aria-hidden="true">{number}</p>
            <div class="c-score__text">
                <p class="c-score__band">
                    <a href=paths::tenant(&tenant.slug, Section::Health.as_str())>
                        <span aria-hidden="true">{icon(symbol)}{tenant.health_band.label()}</span>
                        <span class="u-visually-hidden">{format!("Health: {spoken}")}</span>
                    </a>
                </p>
                {delta}
            </div>
        </div>
    }
    .into_any()
}

/// The six stages with the one it is in.
fn stages(head: &TenantHead) -> AnyView {
    let tenant = &head.tenant;
    let items = Stage::ALL.iter().map(|stage| {
        let state = stage_state(*stage, tenant);
        let note = match (state, head.onboarding) {
            ("current", Some(progress)) if matches!(stage, Stage::Configure | Stage::Validate | Stage::GoLive) => format!("{} of {} items", progress.done, progress.total),
            ("current", _) => "now".to_owned(),
            ("failed", _) => "failed".to_owned(),
            ("stopped", _) => "stopped".to_owned(),
            ("done", _) => "done".to_owned(),
            _ => "ahead".to_owned(),
        };
        let label = match (state, stage) {
            ("current" | "stopped", Stage::Configure | Stage::Validate | Stage::GoLive) => {
                view! { <a class="c-stages__label" href=paths::tenant(&tenant.slug, Section::Onboarding.as_str())>{stage.label()}</a> }.into_any()
            }
            ("current", Stage::Offboard) => {
                view! { <a class="c-stages__label" href=paths::tenant(&tenant.slug, Section::Offboarding.as_str())>{stage.label()}</a> }.into_any()
            }
            _ => view! { <span class="c-stages__label">{stage.label()}</span> }.into_any(),
        };
        let step = matches!(state, "current" | "stopped" | "failed").then_some("step");
        view! { <li class="c-stages__item" data-state=state aria-current=step>{label}<span class="c-stages__note">{note}</span></li> }
    });
    view! { <ol class="c-stages" aria-label="Lifecycle">{items.collect_view()}</ol> }.into_any()
}

fn stage_state(stage: Stage, tenant: &Tenant) -> &'static str {
    if stage == tenant.stage {
        match tenant.status {
            Status::Failed => "failed",
            Status::Suspended => "stopped",
            Status::Deleted => "done",
            _ => "current",
        }
    } else if stage < tenant.stage {
        "done"
    } else {
        "ahead"
    }
}

/// The next thing to do as the one filled button, then what else can be done to the tenant as a whole.
fn actions(head: &TenantHead) -> AnyView {
    let tenant = &head.tenant;
    let to = |section: &str| paths::tenant(&tenant.slug, section);
    let open = head.onboarding.is_some_and(|p| p.done < p.total);
    let primary = match (tenant.status, tenant.stage) {
        (Status::Suspended, _) => None,
        (Status::Offboarding, _) => Some((Permission::ChecklistRead, "Open runbook", to("offboarding"))),
        (_, Stage::GoLive) if !open => Some((Permission::TenantCreate, "Go live…", to("go-live"))),
        (_, Stage::Configure | Stage::Validate | Stage::GoLive) => {
            Some((Permission::ChecklistWork, "Continue onboarding", to("onboarding")))
        }
        _ => None,
    };
    let primary = primary.filter(|(permission, ..)| could(&head.viewer, *permission, tenant)).map(
        |(_, label, href)| {
            view! { <a class="c-button" data-kind="primary" href=href>{label}</a> }
        },
    );
    let suspended = tenant.status == Status::Suspended;
    let list = [
        (Action::ChangePlan, Permission::TenantPlan, "Change plan…", to("plan"), None),
        if suspended {
            (Action::Reinstate, Permission::TenantSuspend, "Reinstate…", to("reinstate"), Some("primary"))
        } else {
            (Action::Suspend, Permission::TenantSuspend, "Suspend…", to("suspend"), None)
        },
        (
            Action::StartOffboarding,
            Permission::TenantOffboard,
            "Start offboarding…",
            to("offboarding"),
            Some("danger-quiet"),
        ),
    ];
    let buttons = list.into_iter().filter(|(_, permission, ..)| could(&head.viewer, *permission, tenant)).map(|(action, _, label, href, kind)| {
        match action.check(tenant.status) {
            Ok(()) => view! { <a class="c-button" data-kind=kind href=href>{label}</a> }.into_any(),
            Err(why) => {
                let id = format!("why-{}", label.split(' ').next().unwrap_or_default().trim_end_matches('…').to_lowercase());
                view! {
                    <button class="c-button" type="button" aria-disabled="true" aria-describedby=id.clone() title=why.clone()>{label}</button>
                    <span id=id class="u-visually-hidden">{why}</span>
                }
                .into_any()
            }
        }
    });
    view! { {primary}{buttons.collect_view()} }.into_any()
}

/// A suspended or leaving tenant says so on every one of its pages: reason, since when, by whom, until when, way out.
fn banner(head: &TenantHead) -> Option<AnyView> {
    let tenant = &head.tenant;
    let by = head.status_by.clone().map(|by| format!(" by {by}"));
    let reason = tenant.reason_label().map(|reason| format!(": {}", reason.to_lowercase()));
    let note = tenant.status_note.clone().map(|note| view! { <p>"Note: "<q>{note}</q></p> });
    let (symbol, tone, text, way_out) = match tenant.status {
        Status::Suspended => {
            let (kind, effect) = match tenant.suspension {
                Some(Suspension::ReadOnly) => ("read-only", "Its people and API keys can read; nothing can be written and nothing is ingested."),
                _ => ("blocked", "Its people cannot sign in to it and its API keys are refused."),
            };
            let out = (Permission::TenantSuspend, "Reinstate…", "reinstate");
            (
                "status-suspended",
                "warning",
                view! { <p><strong>{format!("Suspended, {kind}")}</strong>{reason}", since "<Utc at=tenant.status_since/>{by}". "{effect}</p> }.into_any(),
                Some(out),
            )
        }
        Status::Offboarding => {
            let left = match tenant.days_left(head.now) {
                Some(0) => "the grace period is over".to_owned(),
                Some(1) => "1 day left".to_owned(),
                Some(days) => format!("{days} days left"),
                None => String::new(),
            };
            let until = tenant.grace_ends_at.map(|at| view! { " Access ends not before "<Utc at/>"." });
            (
                "status-offboarding",
                "warning",
                view! { <p><strong>{format!("Offboarding, {left}")}</strong>{reason}", started "<Utc at=tenant.status_since/>{by}". It is read-only."{until}</p> }.into_any(),
                Some((Permission::TenantOffboard, "Cancel offboarding…", "offboarding")),
            )
        }
        Status::Offboarded | Status::Purging => (
            "archive",
            "info",
            view! { <p><strong>{tenant.status.label()}</strong>{reason}", since "<Utc at=tenant.status_since/>". Nobody of this tenant has access."</p> }.into_any(),
            None,
        ),
        Status::Failed => {
            ("octagon-x", "danger", view! { <p><strong>"Provisioning failed"</strong>", "<Utc at=tenant.status_since/>"."</p> }.into_any(), None)
        }
        _ => return None,
    };
    let way_out = way_out.filter(|(permission, ..)| could(&head.viewer, *permission, tenant)).map(|(_, label, section)| {
        view! { <div class="c-banner__actions"><a class="c-button" data-size="sm" href=paths::tenant(&tenant.slug, section)>{label}</a></div> }
    });
    let banner = view! {
        <section class="c-banner" data-kind="strip" data-tone=tone aria-label="Status of this tenant">
            {icon(symbol)}
            <div class="c-banner__body">{text}{note}</div>
            {way_out}
        </section>
    };
    Some(banner.into_any())
}

#[component]
fn SectionNav(head: TenantHead, section: Section) -> impl IntoView {
    let items = Section::ALL.iter().filter(|s| could(&head.viewer, s.permission(), &head.tenant)).map(|s| {
        let current = (*s == section).then_some("page");
        let count = head.onboarding.filter(|_| *s == Section::Onboarding).map(|progress| {
            view! { " "<span class="c-count">{format!("{}/{}", progress.done, progress.total)}<span class="u-visually-hidden">" items done"</span></span> }
        });
        view! { <li><a href=paths::tenant(&head.tenant.slug, s.as_str()) aria-current=current>{s.label()}{count}</a></li> }
    });
    view! { <nav class="c-section-nav" aria-label="Tenant sections"><ul>{items.collect_view()}</ul></nav> }
        .into_any()
}
