//! Badges, tags and counts. A badge always has a word; colour and shape only repeat it.

use super::icon::maybe_icon;
use super::time::{day, days_left, now, plural};
use super::{Icon, Tone};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use model::tenants::{Band, OffboardingReason, PlanId, Status, Suspension, SuspensionReason};

/// A state in a word.
///
/// `<Badge tone=Tone::Danger icon="lock" outline=true>"Legal hold"</Badge>`
#[component]
pub fn Badge(
    #[prop(optional)] tone: Tone,
    #[prop(optional)] icon: Option<&'static str>,
    /// For modifiers that stand beside a state.
    #[prop(optional)]
    outline: bool,
    children: Children,
) -> impl IntoView {
    view! { <span class="c-badge" data-tone=tone.as_str() data-kind=outline.then_some("outline")>{maybe_icon(icon)}{children()}</span> }.into_any()
}

/// Tone and icon of a tenant's status: the one place where they are chosen.
pub const fn status_look(status: Status) -> (Tone, &'static str) {
    match status {
        Status::Provisioning => (Tone::Info, "status-provisioning"),
        Status::Failed => (Tone::Danger, "octagon-x"),
        Status::Trial => (Tone::Neutral, "clock"),
        Status::Active => (Tone::Success, "status-active"),
        Status::Suspended => (Tone::Warning, "status-suspended"),
        Status::Offboarding => (Tone::Orange, "status-offboarding"),
        Status::Offboarded => (Tone::Neutral, "archive"),
        Status::Purging => (Tone::Danger, "status-provisioning"),
        Status::Deleted => (Tone::Neutral, "ban"),
    }
}

/// What a badge adds to the word of a status.
#[derive(Clone, Copy, Debug, Default)]
pub struct StatusDetail<'a> {
    /// The stored word of a suspension's or an offboarding's reason.
    pub reason: Option<&'a str>,
    pub suspension: Option<Suspension>,
    /// The end of the trial or of the grace period; of a deleted tenant, when it was deleted.
    pub until: Option<DateTime<Utc>>,
}

/// `Suspended · payment failure`, `Trial · 9 days left`, `Deleted 2 Oct 2026`.
pub fn status_text(status: Status, detail: StatusDetail<'_>, now: DateTime<Utc>) -> String {
    let label = status.label();
    let left = detail.until.map(|until| match days_left(until, now) {
        0 => "time is up".to_owned(),
        days => format!("{} left", plural(days, "day")),
    });
    let extra = match status {
        Status::Suspended => {
            let reason = detail
                .reason
                .and_then(|word| word.parse::<SuspensionReason>().ok())
                .map(|reason| reason.label().to_lowercase());
            let access = (detail.suspension == Some(Suspension::ReadOnly)).then(|| "read-only".to_owned());
            [access, reason].into_iter().flatten().reduce(|a, b| format!("{a}, {b}"))
        }
        Status::Trial | Status::Offboarding => left.or_else(|| {
            detail
                .reason
                .and_then(|word| word.parse::<OffboardingReason>().ok())
                .map(|reason| reason.label().to_lowercase())
        }),
        Status::Deleted => {
            return detail.until.map_or_else(|| label.to_owned(), |at| format!("{label} {}", day(at)));
        }
        Status::Provisioning | Status::Failed | Status::Active | Status::Offboarded | Status::Purging => None,
    };
    extra.map_or_else(|| label.to_owned(), |extra| format!("{label} · {extra}"))
}

/// The status of a tenant, with the reason of a suspension and the days left of a trial or a grace period.
///
/// `<StatusBadge status=t.status reason=t.status_reason.clone() suspension=t.suspension until=t.grace_ends_at/>`
#[component]
pub fn StatusBadge(
    status: Status,
    #[prop(optional_no_strip)] reason: Option<String>,
    #[prop(optional_no_strip)] suspension: Option<Suspension>,
    #[prop(optional_no_strip)] until: Option<DateTime<Utc>>,
) -> impl IntoView {
    let (tone, icon) = status_look(status);
    let text = status_text(status, StatusDetail { reason: reason.as_deref(), suspension, until }, now());
    view! { <Badge tone icon outline={status == Status::Deleted}>{text}</Badge> }.into_any()
}

/// The word of `data-band` and the icon of a health band.
pub const fn band_look(band: Band) -> (&'static str, &'static str) {
    match band {
        Band::Healthy => ("healthy", "band-healthy"),
        Band::Watch => ("watch", "band-watch"),
        Band::AtRisk => ("risk", "band-risk"),
        Band::Critical => ("critical", "band-critical"),
        Band::NoData => ("none", "band-none"),
    }
}

/// A health band without its score.
///
/// `<BandBadge band=Band::Watch/>`
#[component]
pub fn BandBadge(band: Band) -> impl IntoView {
    let (word, icon) = band_look(band);
    view! { <span class="c-badge" data-band=word><Icon name=icon/>{band.label()}</span> }.into_any()
}

/// The plan of a tenant.
///
/// `<PlanTag plan=tenant.plan/>`
#[component]
pub fn PlanTag(plan: PlanId) -> impl IntoView {
    view! { <Tag>{plan.label()}</Tag> }
}

/// A quiet label; a link when it has an address.
///
/// `<Tag>"vip"</Tag>`, `<Tag tone=Tone::Warning icon="alert-triangle">"Default changed"</Tag>`
#[component]
pub fn Tag(
    #[prop(optional)] tone: Option<Tone>,
    #[prop(optional)] icon: Option<&'static str>,
    #[prop(optional, into)] href: Option<String>,
    children: Children,
) -> impl IntoView {
    let tone = tone.map(Tone::as_str);
    match href {
        Some(href) => {
            view! { <a class="c-tag" data-tone=tone href=href>{maybe_icon(icon)}{children()}</a> }.into_any()
        }
        None => view! { <span class="c-tag" data-tone=tone>{maybe_icon(icon)}{children()}</span> }.into_any(),
    }
}

/// "Overridden settings": stands exactly where something effective differs from the default, and leads to the comparison.
///
/// `<OverriddenTag count=2 href=compare/>`
#[component]
pub fn OverriddenTag(count: i64, #[prop(into)] href: String) -> impl IntoView {
    view! {
        <a class="c-overrides" href=href>
            <Icon name="diamond"/>"Overridden settings "<span class="c-overrides__count">{count}</span>
            <span class="u-visually-hidden">", compare with the global default"</span>
        </a>
    }
    .into_any()
}

/// Where an effective value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Platform,
    Plan,
    Template,
    Parent,
    Tenant,
    Locked,
}

/// The chip that says where an effective value comes from.
///
/// `<Provenance origin=Origin::Template/>`
#[component]
pub fn Provenance(origin: Origin) -> impl IntoView {
    let (word, icon, text) = match origin {
        Origin::Platform => ("platform", "globe", "Platform default"),
        Origin::Plan => ("plan", "tag", "Plan"),
        Origin::Template => ("template", "layers", "Template"),
        Origin::Parent => ("parent", "corner-down-right", "Parent"),
        Origin::Tenant => ("tenant", "diamond", "This tenant"),
        Origin::Locked => ("locked", "lock", "Locked"),
    };
    view! { <span class="c-provenance" data-kind=word><Icon name=icon/>{text}</span> }.into_any()
}

/// A number in a pill.
///
/// `<Count>{model::page::grouped(1904)}</Count>`
#[component]
pub fn Count(#[prop(optional)] tone: Option<Tone>, children: Children) -> impl IntoView {
    view! { <span class="c-count" data-tone=tone.map(Tone::as_str)>{children()}</span> }.into_any()
}

/// The initials of a name, up to two.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone};

    fn text(status: Status, detail: StatusDetail<'_>) -> String {
        let now = Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).single().expect("a date");
        status_text(status, detail, now)
    }

    #[test]
    fn a_status_says_what_matters_about_it() {
        let now = Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).single().expect("a date");
        let none = StatusDetail::default();
        assert_eq!(text(Status::Active, none), "Active");
        assert_eq!(text(Status::Suspended, none), "Suspended");
        assert_eq!(
            text(Status::Suspended, StatusDetail { reason: Some("payment_failure"), ..none }),
            "Suspended · payment failure"
        );
        let detail = StatusDetail {
            reason: Some("payment_failure"),
            suspension: Some(Suspension::ReadOnly),
            until: None,
        };
        assert_eq!(text(Status::Suspended, detail), "Suspended · read-only, payment failure");
        assert_eq!(
            text(Status::Suspended, StatusDetail { reason: Some("no such word"), ..none }),
            "Suspended"
        );
        let until = |days| StatusDetail { until: Some(now + TimeDelta::days(days)), ..none };
        assert_eq!(text(Status::Trial, until(9)), "Trial · 9 days left");
        assert_eq!(text(Status::Offboarding, until(1)), "Offboarding · 1 day left");
        assert_eq!(text(Status::Offboarding, until(-1)), "Offboarding · time is up");
        assert_eq!(text(Status::Deleted, until(-50)), "Deleted 2 Oct 2026");
    }

    #[test]
    fn initials_are_two_at_most() {
        assert_eq!(initials("Mei Ito"), "MI");
        assert_eq!(initials("ada b. lovelace"), "AL");
        assert_eq!(initials("root"), "R");
        assert_eq!(initials(" "), "");
    }
}
