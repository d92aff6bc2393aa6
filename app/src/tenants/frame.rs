//! What every section of a tenant's page stands in: header with status, score and stages, the actions
//! that its status allows, the banner of a suspended or leaving tenant, and the navigation between sections.
//!
//! A section of another noun is a few lines: `view! { <TenantSection section=Section::Tasks view=|head| … /> }`. An
//! action that the role can never do is absent; one that the status forbids stands in a menu, disabled, with the reason.

use super::lifecycle_api::get_tenant_head;
use super::{banner::banner, strip};
use crate::paths;
use crate::ui::{self, Kind, Load, NavItem, StageNote, Tone};
use leptos::prelude::*;
use leptos_meta::Title;
use model::permission::{Actor, Permission, Scope, Verdict};
use model::tenants::{Action, Stage, Status, Tenant, TenantHead};

/// The sections of a tenant's page; each is a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Overview,
    Onboarding,
    Tasks,
    Fields,
    Settings,
    Baseline,
    Usage,
    Billing,
    Health,
    ApiKeys,
    Users,
    Webhooks,
    Notifications,
    Audit,
    Offboarding,
    /// In no list of sections, so that neither they nor the rail grow: the card on the overview leads there.
    Isolation,
    /// Likewise: the key facts on the overview lead there.
    Details,
}

impl Section {
    pub const ALL: &'static [Self] = &[
        Self::Overview,
        Self::Onboarding,
        Self::Tasks,
        Self::Fields,
        Self::Settings,
        Self::Baseline,
        Self::Usage,
        Self::Billing,
        Self::Health,
        Self::ApiKeys,
        Self::Users,
        Self::Webhooks,
        Self::Notifications,
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
            Self::Settings => "settings",
            Self::Baseline => "baseline",
            Self::Usage => "usage",
            Self::Billing => "billing",
            Self::Health => "health",
            Self::ApiKeys => "api-keys",
            Self::Users => "users",
            Self::Webhooks => "webhooks",
            Self::Notifications => "notifications",
            Self::Audit => "audit",
            Self::Offboarding => "offboarding",
            Self::Isolation => "isolation",
            Self::Details => "details",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Onboarding => "Onboarding",
            Self::Tasks => "Tasks",
            Self::Fields => "Fields",
            Self::Settings => "Settings",
            Self::Baseline => "Baseline",
            Self::Usage => "Usage",
            Self::Billing => "Billing",
            Self::Health => "Health",
            Self::ApiKeys => "API keys",
            Self::Users => "People",
            Self::Webhooks => "Webhooks",
            Self::Notifications => "Notifications",
            Self::Audit => "Audit",
            Self::Offboarding => "Offboarding",
            Self::Isolation => "Isolation",
            Self::Details => "Details",
        }
    }

    /// What one needs to see it.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Overview | Self::Details => Permission::TenantRead,
            Self::Onboarding | Self::Offboarding => Permission::ChecklistRead,
            Self::Tasks => Permission::TaskRead,
            Self::Fields => Permission::FieldRead,
            Self::Settings => Permission::SettingRead,
            Self::Baseline => Permission::TemplateRead,
            Self::Usage => Permission::UsageRead,
            Self::Billing => Permission::BillingRead,
            Self::Health => Permission::HealthRead,
            Self::ApiKeys => Permission::ApiKeyRead,
            Self::Users => Permission::MemberRead,
            Self::Webhooks | Self::Notifications => Permission::NotificationRead,
            Self::Audit | Self::Isolation => Permission::AuditRead,
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
        <Header head=head.clone()/>
        {strip::strip(&head)}
        {banner(&head)}
        <SectionNav head section/>
        {children()}
    }
    .into_any()
}

#[component]
fn Header(head: TenantHead) -> impl IntoView {
    let tenant = head.tenant.clone();
    let until = if tenant.status == Status::Trial { tenant.trial_ends_at } else { tenant.grace_ends_at };
    let badges = view! {
        <ui::StatusBadge status=tenant.status reason=tenant.status_reason.clone() suspension=tenant.suspension until=until/>
        <ui::PlanTag plan=tenant.plan/>
        {tenant.legal_hold.then(|| view! { <ui::Badge tone=Tone::Danger icon="lock" outline=true>"Legal hold"</ui::Badge> })}
    };
    view! {
        <ui::PageHeader title=tenant.name.clone() badges=badges.into_any() actions=actions(&head) meta=facts(&head)>
            <a class="c-score__link" href=paths::tenant(&tenant.slug, Section::Health.as_str()) title="Health">
                <ui::Score score=tenant.health_score change=head.score_change.map(i64::from)/>
            </a>
            <ui::Stages stage=tenant.stage status=tenant.status notes=notes(&head)/>
        </ui::PageHeader>
    }
    .into_any()
}

/// The small facts below the name; what is marked `data-more` has no room on a phone. Who looks at a tenant from outside is told so in the top bar.
fn facts(head: &TenantHead) -> Vec<AnyView> {
    let tenant = &head.tenant;
    let mut facts = Vec::new();
    let slug = tenant.slug.clone();
    let id = tenant.id.to_string();
    facts.push(
        view! { <code>{slug.clone()}</code> <ui::Copy value=slug label="Copy slug".to_owned()/> }.into_any(),
    );
    facts.push(
        view! { <span class="u-visually-hidden" data-more>"Id "</span><code>{id.clone()}</code> <ui::Copy value=id label="Copy id".to_owned()/> }
            .into_any(),
    );
    facts.push(view! { <span data-more>{tenant.region.clone()}</span> }.into_any());
    facts.push(view! { <span data-more>"Created "</span><ui::When at=tenant.created_at/> }.into_any());
    if let Some(owner) = &tenant.owner_name {
        facts.push(view! { <span data-more>{format!("Owner {owner}")}</span> }.into_any());
    }
    facts
}

/// The stage it is in says how far its list is and leads there.
fn notes(head: &TenantHead) -> Vec<StageNote> {
    let tenant = &head.tenant;
    let to = |section: Section| Some(paths::tenant(&tenant.slug, section.as_str()));
    match (tenant.stage, head.onboarding) {
        (Stage::Configure | Stage::Validate | Stage::GoLive, Some(progress)) => {
            let note = format!("{} of {} items", progress.done, progress.total);
            vec![StageNote { stage: tenant.stage, note, href: to(Section::Onboarding) }]
        }
        (Stage::Offboard, _) => {
            let note = if tenant.status == Status::Deleted { "done" } else { "now" };
            vec![StageNote { stage: Stage::Offboard, note: note.into(), href: to(Section::Offboarding) }]
        }
        _ => vec![],
    }
}

/// The next thing to do as the one filled button, then what else can be done to the tenant as a whole.
fn actions(head: &TenantHead) -> AnyView {
    let tenant = &head.tenant;
    let to = |section: &str| paths::tenant(&tenant.slug, section);
    let allowed = |permission| could(&head.viewer, permission, tenant);
    let open = head.onboarding.is_none_or(|progress| progress.done < progress.total);
    let primary = match (tenant.status, tenant.stage) {
        (Status::Suspended, _) => Some((Permission::TenantSuspend, "Reinstate…", to("reinstate"))),
        (Status::Offboarding, _) => Some((Permission::ChecklistRead, "Open runbook", to("offboarding"))),
        // It is in production, and would be suspended with its trial's end.
        (Status::Trial, Stage::Operate) => {
            Some((Permission::TenantPlan, "Convert to customer…", to("convert")))
        }
        (_, Stage::GoLive) if !open => Some((Permission::TenantGoLive, "Go live…", to("go-live"))),
        (_, Stage::Configure | Stage::Validate | Stage::GoLive) => {
            Some((Permission::ChecklistWork, "Continue onboarding", to("onboarding")))
        }
        _ => None,
    };
    let primary = primary
        .filter(|(permission, ..)| allowed(*permission))
        .map(|(_, label, href)| view! { <ui::LinkButton href kind=Kind::Primary>{label}</ui::LinkButton> });
    let list = [
        (Action::ChangePlan, Permission::TenantPlan, "Change plan…", "plan", None),
        (Action::ChangePlan, Permission::TenantPlanRequest, "Ask for another plan…", "plan", None),
        (Action::ConvertTrial, Permission::TenantPlan, "Convert to customer…", "convert", None),
        (Action::ExtendTrial, Permission::TenantPlan, "Extend trial…", "extend-trial", None),
        (Action::Suspend, Permission::TenantSuspend, "Suspend…", "suspend", None),
        (Action::ChangeScope, Permission::TenantSuspend, "Change scope…", "scope", None),
        (
            Action::StartOffboarding,
            Permission::TenantOffboard,
            "Start offboarding…",
            "offboarding",
            Some(Tone::Danger),
        ),
    ];
    // The plan has a button, what is done more seldom stands in the menu (`ux.md` 3.5).
    let (mut button, mut items, mut refused) = (None, Vec::new(), Vec::new());
    for (action, permission, label, section, tone) in list {
        // The way back stands as the primary button; the way there would be a riddle beside it.
        let under_way = matches!(
            (tenant.status, action),
            (Status::Suspended, Action::Suspend) | (Status::Offboarding, Action::StartOffboarding)
        );
        let beside_the_point = match action {
            // Without a suspension there is no scope to speak of, without a trial no end of it.
            Action::ChangeScope => tenant.status != Status::Suspended,
            Action::ExtendTrial => tenant.status != Status::Trial,
            // Or it is the primary button.
            Action::ConvertTrial => tenant.status != Status::Trial || tenant.stage == Stage::Operate,
            _ => false,
        };
        // Whoever changes plans need not ask.
        let asks = permission == Permission::TenantPlanRequest && head.viewer.is_platform();
        if under_way || beside_the_point || asks || !allowed(permission) {
            continue;
        }
        let href = to(section);
        match action.check(tenant.status) {
            Ok(()) if action == Action::ChangePlan => {
                button = Some(view! { <ui::LinkButton href>{label}</ui::LinkButton> });
            }
            Ok(()) => items.push(match tone {
                Some(tone) => view! { <ui::MenuLink href tone>{label}</ui::MenuLink> }.into_any(),
                None => view! { <ui::MenuLink href>{label}</ui::MenuLink> }.into_any(),
            }),
            Err(reason) => {
                refused.push(view! { <ui::MenuDisabled reason>{label}</ui::MenuDisabled> }.into_any())
            }
        }
    }
    let more = (!items.is_empty() || !refused.is_empty()).then(|| {
        let rule = (!items.is_empty() && !refused.is_empty()).then(|| view! { <ui::MenuRule/> });
        view! { <ui::Menu label="More actions">{items}{rule}{refused}</ui::Menu> }
    });
    view! { {primary}{button}{more} }.into_any()
}

#[component]
fn SectionNav(head: TenantHead, section: Section) -> impl IntoView {
    // A section in no list is named where the reader is in it.
    let unlisted = (!Section::ALL.contains(&section)).then_some(&section);
    let items = Section::ALL
        .iter()
        .chain(unlisted)
        .filter(|each| could(&head.viewer, each.permission(), &head.tenant))
        .map(|each| {
            let item =
                NavItem::new(paths::tenant(&head.tenant.slug, each.as_str()), each.label(), *each == section);
            match head.onboarding.filter(|_| *each == Section::Onboarding) {
                Some(progress) => NavItem {
                    count_word: Some("items done"),
                    ..item.count(format!("{}/{}", progress.done, progress.total))
                },
                None => item,
            }
        })
        .collect();
    view! { <ui::SectionNav label="Tenant sections" items/> }.into_any()
}
