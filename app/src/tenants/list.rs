//! The directory (`ux.md` 3.3): links and GET forms, everything in the address.
//!
//! Rows are written as text (`ui::Markup`) and a stage track is a string made once: this page is the one that is asked
//! for most, and as views its fifty rows were most of the work.

use super::api::get_directory;
use crate::bulk::{Bar, SelectAll};
use crate::ui::{self, Chip, Choice, FilterGroup, LinkButton, Load, NavItem, Tone};
use crate::{paths, ui::Kind};
use leptos::prelude::*;
use leptos_meta::Title;
use model::directory::{self, Directory, FILTERS, Query, ROWS, Sort, SortKey, TenantRow, Term};
use model::page::Total;
use model::tenants::{Band, PlanId, Stage, Status};
use std::fmt::Write;
use std::sync::LazyLock;

#[component]
pub fn DirectoryPage() -> impl IntoView {
    let query = model::url::encode(&ui::query());
    view! {
        <Title text="Tenants"/>
        <Load read=move || get_directory(query.clone()) view=|page| page_of(page).into_any()/>
    }
    .into_any()
}

fn page_of(page: Directory) -> impl IntoView {
    let import = page.may_create.then(|| {
        view! {
            <LinkButton href=paths::TENANTS_IMPORT>"Import"</LinkButton>
            <LinkButton href=paths::TENANTS_NEW kind=Kind::Primary>"New tenant"</LinkButton>
        }
    });
    if page.is_unused() {
        return view! {
            <ui::PageHeader title="Tenants"/>
            <ui::Empty icon="building" title="No tenants yet" text="A tenant is one customer with its own people, data and settings. Make the first one, or import a fleet that exists elsewhere already.">
                {import}
            </ui::Empty>
        }
        .into_any();
    }
    let export = page.query.at(directory::Cursor::First).href(paths::TENANTS_EXPORT);
    let all = (page.may_bulk && !page.page.rows.is_empty()).then(|| {
        let here = understood(&page);
        let (label, href) = if selects(&page) {
            ("Done selecting", here.drop("select").href(paths::TENANTS))
        } else {
            ("Select", here.set("select", "on").href(paths::TENANTS))
        };
        view! { <LinkButton href>{label}</LinkButton> }
    });
    let actions = view! {
        {all}
        <LinkButton href=export>"Export CSV"</LinkButton>
        {import}
    }
    .into_any();
    view! {
        <ui::PageHeader title="Tenants" actions/>
        <ui::ViewsNav items=views(&page)/>
        {filters(&page)}
        {ignored(&page)}
        <ui::Chips chips=chips(&page) clear=page.query.filtered(Default::default()).href(paths::TENANTS) result=result(&page)/>
        {chosen(&page)}
        <ui::Pagination path=paths::TENANTS shown=page.page.rows.len() total=page.page.total next=page.page.next.clone()
            previous=page.page.previous.clone() what="tenants" sizes=ROWS.to_vec() size=page.query.rows base=understood(&page)/>
    }
    .into_any()
}

/// The address without what was not understood in it, for links that go on from here.
fn understood(page: &Directory) -> ui::Query {
    let on = if selects(page) { "on" } else { "" };
    ui::Query(page.query.pairs()).set("select", on)
}

/// Whether the rows have boxes: asked for by the address, because they are an element more in every row of the page that is
/// asked for most (T4).
fn selects(page: &Directory) -> bool {
    page.may_bulk && ui::Query::here().get("select") == Some("on")
}

fn views(page: &Directory) -> Vec<NavItem> {
    let item = |view: &directory::ViewCount| {
        let href = Query::of(view.filter.clone()).href(paths::TENANTS);
        NavItem::new(href, view.view.label(), view.filter == page.query.filter).count(view.total.short())
    };
    page.views.iter().map(item).collect()
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str, label: fn(T) -> &'static str) -> Vec<Choice> {
    all.iter().map(|value| Choice::new(word(*value), label(*value))).collect()
}

/// What is in use and what is ticked, each once.
fn plain(offered: &[String], ticked: &[String]) -> Vec<Choice> {
    let mut values: Vec<&String> = offered.iter().collect();
    values.extend(ticked.iter().filter(|value| !offered.contains(value)));
    values.into_iter().map(|value| Choice::new(value.clone(), value.clone())).collect()
}

fn filters(page: &Directory) -> AnyView {
    let filter = &page.query.filter;
    let mut owners: Vec<Choice> = page
        .facets
        .owners
        .iter()
        .map(|owner| Choice::new(owner.value.clone(), owner.label.clone()))
        .collect();
    for owner in filter.owner.iter().map(ToString::to_string) {
        if !owners.iter().any(|choice| choice.value == owner) {
            owners.push(Choice::new(owner, "Somebody else"));
        }
    }
    let offered = |key: &str| match key {
        "status" => ("status", "Status", words(Status::ALL, Status::as_str, Status::label)),
        "stage" => ("stage", "Stage", words(Stage::ALL, Stage::as_str, Stage::label)),
        "plan" => ("plan", "Plan", words(PlanId::ALL, PlanId::as_str, PlanId::label)),
        "health" => ("health", "Health", words(Band::ALL, Band::as_str, Band::label)),
        "region" => ("region", "Region", plain(&page.facets.regions, &filter.region)),
        "owner" => ("owner", "Owner", owners.clone()),
        _ => ("tag", "Tag", plain(&page.facets.tags, &filter.tag)),
    };
    let groups = FILTERS.iter().map(|key| offered(key)).filter(|(_, _, choices)| !choices.is_empty());
    let groups =
        groups.map(|(name, label, choices)| view! { <FilterGroup name label choices/> }).collect_view();
    view! {
        <ui::FilterBar label="Tenants" path=paths::TENANTS placeholder="Name, slug, domain or id" keep=&["sort", "rows", "select"] end=order(page)>
            {groups}
        </ui::FilterBar>
    }
    .into_any()
}

/// The orders as a menu: one of them is no column.
fn order(page: &Directory) -> AnyView {
    let link = |key: &SortKey| {
        let sort = if page.query.sort.key == *key {
            page.query.sort
        } else {
            Sort { key: *key, descending: newest_first(*key) }
        };
        let href = page.query.sorted(sort).href(paths::TENANTS);
        let label = match key {
            SortKey::Relevance => "Best match",
            SortKey::Name => "Name",
            SortKey::Health => "Health",
            SortKey::Created => "Newest",
            SortKey::Updated => "Last changed",
        };
        view! { <ui::MenuLink href current={page.query.sort.key == *key}>{label}</ui::MenuLink> }
    };
    let keys =
        SortKey::ALL.iter().filter(|key| **key != SortKey::Relevance || !page.query.filter.search.is_empty());
    let links = keys.map(link).collect_view();
    view! { <ui::Menu label="Sort" icon="chevrons-up-down">{links}</ui::Menu> }.into_any()
}

const fn newest_first(key: SortKey) -> bool {
    matches!(key, SortKey::Created | SortKey::Updated)
}

fn ignored(page: &Directory) -> Option<AnyView> {
    if page.ignored.is_empty() {
        return None;
    }
    let keys = page.ignored.iter().map(|part| part.key.as_str());
    let text = ui::left_out(keys, |key| match key {
        "rows" => Some("Rows"),
        "sort" => Some("Sort"),
        known if known == "q" || FILTERS.contains(&known) => Some(key_label(known)),
        _ => None,
    });
    Some(view! { <ui::Banner tone=Tone::Warning>{text}</ui::Banner> }.into_any())
}

pub(crate) fn key_label(key: &str) -> &'static str {
    match key {
        "q" => "Search",
        "status" => "Status",
        "stage" => "Stage",
        "plan" => "Plan",
        "health" => "Health",
        "region" => "Region",
        "owner" => "Owner",
        _ => "Tag",
    }
}

fn chips(page: &Directory) -> Vec<Chip> {
    let chip = |term: Term| Chip {
        label: format!("{}: {}", key_label(&term.key), page.label(&term)),
        href: page.query.filtered(page.query.filter.without(&term)).href(paths::TENANTS),
    };
    page.query.filter.terms().into_iter().map(chip).collect()
}

fn result(page: &Directory) -> String {
    let sort = page.query.sort;
    let direction = match (sort.key, sort.descending) {
        (SortKey::Relevance, _) => "",
        (SortKey::Name, true) => ", Z to A",
        (SortKey::Name, false) => ", A to Z",
        (SortKey::Health, true) => ", best first",
        (SortKey::Health, false) => ", worst first",
        (_, true) => ", newest first",
        (_, false) => ", oldest first",
    };
    let noun = noun(page.page.total, page.query.filter.is_empty());
    let order = if sort.key == SortKey::Relevance {
        "best match first".into()
    } else {
        format!("sorted by {}", sort.key.label())
    };
    format!("{} {noun}, {order}{direction}", page.page.total)
}

/// What the number above the list counts: “1 match”, “3 match”.
const fn noun(total: Total, all: bool) -> &'static str {
    match (total, all) {
        (Total::Exact(1), true) => "tenant",
        (_, true) => "tenants",
        (_, false) => "match",
    }
}

/// The table; for those who may work on many inside the form that takes what is ticked to its page.
fn chosen(page: &Directory) -> AnyView {
    if !selects(page) || page.page.rows.is_empty() {
        return table(page);
    }
    let (list, at) = (list_of(page), at_of(page));
    let total = format!("{} {}", page.page.total, noun(page.page.total, page.query.filter.is_empty()));
    let total = if page.query.filter.is_empty() { total } else { format!("{} that match", page.page.total) };
    view! {
        <form class="c-selection" method="get" action=paths::BULK aria-label="Tenants to work on">
            <input type="hidden" name="list" value=list/>
            <input type="hidden" name="at" value=at/>
            {table(page)}
            <Bar total/>
        </form>
    }
    .into_any()
}

/// The filter as the address of the list says it: what all that match are found by.
fn list_of(page: &Directory) -> String {
    Query::of(page.query.filter.clone()).to_query()
}

fn at_of(page: &Directory) -> String {
    page.now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

const COLUMNS: u32 = 8;

fn table(page: &Directory) -> AnyView {
    let sort = page.query.sort.to_string();
    let base = understood(page);
    let all = (selects(page) && !page.page.rows.is_empty()).then(|| view! { <SelectAll/> });
    let head = view! {
        <ui::SortHeader key="name" label="Tenant" sort=sort.clone() path=paths::TENANTS base=base.clone() before=all.into_any()/>
        <ui::Th>"Status"</ui::Th>
        <ui::Th>"Stage"</ui::Th>
        <ui::Th>"Plan"</ui::Th>
        <ui::SortHeader key="health" label="Health" sort=sort.clone() path=paths::TENANTS base=base.clone()/>
        <ui::Th>"Region"</ui::Th>
        <ui::Th>"Owner"</ui::Th>
        <ui::SortHeader key="updated" label="Updated" sort=sort path=paths::TENANTS base/>
    }
    .into_any();
    if page.page.rows.is_empty() {
        let rows = zero(page);
        return view! { <ui::DataTable id="tenants" caption="Tenants" head cards=true>{rows}</ui::DataTable> }
            .into_any();
    }
    let mut written = ui::Markup::with_capacity(page.page.rows.len() * ROW_BYTES);
    let pick = selects(page);
    for row in &page.page.rows {
        write_row(&mut written, row, page.now, pick);
    }
    view! { <ui::DataTable id="tenants" caption="Tenants" head cards=true written/> }.into_any()
}

fn zero(page: &Directory) -> AnyView {
    let hints = page.hints.iter().map(|hint| {
        let terms = page.query.filter.terms();
        let values: Vec<_> =
            terms.iter().filter(|term| term.key == hint.key).map(|term| page.label(term)).collect();
        let text = format!("{} match without {}: {}", hint.total, key_label(&hint.key), values.join(", "));
        let href = page.query.filtered(page.query.filter.without_key(&hint.key)).href(paths::TENANTS);
        view! { <p><a href=href>{text}</a></p> }
    });
    let hints = hints.collect_view();
    let clear = page.query.filtered(Default::default()).href(paths::TENANTS);
    view! { <ui::ZeroRow columns=COLUMNS what="No tenants match" clear>{hints}</ui::ZeroRow> }.into_any()
}

/// Room for a row.
const ROW_BYTES: usize = 1_400;

/// What the components of `ui` would write (`Badge`, `ScoreInline`, `Delta`), in one go.
fn write_row(html: &mut ui::Markup, row: &TenantRow, now: chrono::DateTime<chrono::Utc>, pick: bool) {
    let (tone, icon) = ui::status_look(row.status);
    // The shape of a band is the style sheet's, by its word: an icon would be two elements more in every row.
    let (band, _) = ui::band_look(row.health_band);
    html.raw(r#"<tr><th scope="row">"#);
    if pick {
        html.raw(r#"<input class="c-table__pick" type="checkbox" name="t" value=""#)
            .attribute(&row.slug)
            .raw(r#"" aria-label="Select "#)
            .attribute(&row.name)
            .raw("\">");
    }
    html.raw(r#"<a class="c-table__link" href=""#)
        .attribute(&paths::tenant(&row.slug, ""))
        .raw("\">")
        .text(&row.name)
        .raw(r#"</a><code class="c-table__sub">"#)
        .text(&row.slug)
        .raw(r#"</code></th><td data-label="Status"><span class="c-badge" data-tone=""#)
        .raw(tone.as_str());
    write_icon(html.raw("\">"), icon);
    html.text(&row.badge().text(now))
        .raw(r#"</span></td><td data-label="Stage">"#)
        .raw(track(row.stage, row.status))
        .raw(r#"</td><td data-label="Plan">"#)
        .raw(row.plan.label())
        .raw(r#"</td><td data-label="Health"><span class="c-score" data-size="row" data-band=""#)
        .raw(band)
        .raw("\">");
    match row.health_score {
        Some(score) => html.text(&score.to_string()),
        None => html.raw("—"),
    };
    html.raw(r#"<span class="u-visually-hidden">"#).raw(row.health_band.label());
    match row.health_delta.filter(|by| *by != 0) {
        Some(by) => write_change(html, by),
        None => {
            html.raw("</span>");
        }
    }
    html.raw(r#"</span></td><td data-label="Region">"#)
        .text(&row.region)
        .raw(r#"</td><td data-label="Owner">"#)
        .text(row.owner_name.as_deref().unwrap_or("—"))
        .raw(r#"</td><td data-label="Updated"><time datetime=""#)
        .attribute(&row.updated_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        .raw("\">")
        .text(&ui::relative(row.updated_at, now))
        .raw("</time></td></tr>");
}

fn write_icon(html: &mut ui::Markup, name: &'static str) {
    html.raw(r##"<svg class="c-icon" aria-hidden="true"><use href="/icons.svg#"##)
        .raw(name)
        .raw("\"/></svg>");
}

/// The change of a score within a week, when there is any: its direction in words inside the hidden text that is open,
/// for the eye as a triangle of the style sheet.
fn write_change(html: &mut ui::Markup, by: i16) {
    let (tone, word) = if by > 0 { ("success", "up") } else { ("danger", "down") };
    html.raw(", ")
        .raw(word)
        .raw(r#" </span><span class="c-delta" data-tone=""#)
        .raw(tone)
        .raw(r#"" data-way=""#)
        .raw(word)
        .raw("\">")
        .text(&by.unsigned_abs().to_string())
        .raw("</span>");
}

/// The stage track of a row: one of a few strings, made when first needed; it looks as `ui::StageTrack`.
fn track(stage: Stage, status: Status) -> &'static str {
    static TRACKS: LazyLock<Vec<(Stage, Status, String)>> = LazyLock::new(|| {
        let each =
            |stage: Stage| Status::ALL.iter().map(move |status| (stage, *status, drawn(stage, *status)));
        Stage::ALL.iter().copied().flat_map(each).collect()
    });
    TRACKS.iter().find(|(s, t, _)| (*s, *t) == (stage, status)).map_or("", |(_, _, svg)| svg.as_str())
}

fn drawn(stage: Stage, status: Status) -> String {
    let word = match status {
        Status::Failed => ", failed",
        Status::Suspended => ", stopped",
        _ => "",
    };
    let mut svg = format!(
        r#"<svg class="c-track" role="img" aria-label="Stage {} of 6: {}{word}" viewBox="0 0 70 6" width="70" height="6">"#,
        stage.position() + 1,
        stage.label()
    );
    // One path per state, not one shape per segment: a third of the elements of a row.
    let segments: Vec<_> =
        ui::segments(stage, status).into_iter().map(|(_, segment)| segment).zip(0_u32..).collect();
    for group in segments.chunk_by(|a, b| a.0.as_str() == b.0.as_str()) {
        let [(segment, first), ..] = group else { continue };
        let state = segment.as_str();
        let _ = write!(svg, r#"<path data-state="{state}" d="M{}.5.5h9v5h-9z"#, 12 * first);
        for _ in &group[1..] {
            svg.push_str("m12 0h9v5h-9z");
        }
        svg.push_str("\"/>");
        if matches!(segment, ui::Segment::Failed | ui::Segment::Stopped) {
            let _ =
                write!(svg, r#"<path data-state="{state}" d="M{} 5l2-4m1 4l2-4m1 4l2-4"/>"#, 12 * first + 2);
        }
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_match() {
        assert_eq!([noun(Total::Exact(1), false), noun(Total::Exact(3), false)], ["match", "match"]);
        assert_eq!([noun(Total::Exact(1), true), noun(Total::About(1), true)], ["tenant", "tenants"]);
    }

    #[test]
    fn a_track_has_six_segments_and_a_name() {
        let svg = track(Stage::Validate, Status::Suspended);
        assert_eq!(svg.matches("h9v5h-9z").count(), 6);
        assert!(svg.contains(r#"<path data-state="done" d="M0.5.5h9v5h-9zm12 0h9v5h-9z"/>"#), "{svg}");
        assert!(svg.contains("aria-label=\"Stage 3 of 6: Validate, stopped\"") && svg.contains("5l2-4"));
    }

    #[test]
    fn the_track_of_a_leaving_tenant_claims_no_stage_that_it_may_not_have_reached() {
        let svg = track(Stage::Offboard, Status::Offboarding);
        assert_eq!(svg.matches("h9v5h-9z").count(), 6);
        assert!(svg.contains(r#"<path data-state="done" d="M0.5.5h9v5h-9z"/>"#), "{svg}");
        assert_eq!(svg.matches(r#"data-state="done""#).count(), 1, "{svg}");
        assert!(svg.contains(r#"<path data-state="current" d="M60.5.5h9v5h-9z"/>"#), "{svg}");
        assert!(svg.contains("aria-label=\"Stage 6 of 6: Offboard\""), "{svg}");
    }
}
