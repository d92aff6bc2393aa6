//! The parts of a page: header, section nav, crumbs, cards, definition lists, figures in numbers, grids.

use super::Tone;
use leptos::prelude::*;

/// The top of a page: title, badges, what can be done, small facts. Children stand in the band below (score, stages).
///
/// `<PageHeader title=t.name badges=view!{ <StatusBadge …/> }.into_any() actions=view!{ <LinkButton …/> }.into_any() meta=vec![…]/>`
#[component]
pub fn PageHeader(
    #[prop(into)] title: String,
    #[prop(optional)] badges: Option<AnyView>,
    /// At most two default buttons, one primary, then a `Menu`.
    #[prop(optional)]
    actions: Option<AnyView>,
    /// One sentence.
    #[prop(optional, into)]
    lead: String,
    /// Small facts; the separators are drawn.
    #[prop(optional)]
    meta: Vec<AnyView>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let lead = (!lead.is_empty()).then(|| view! { <p class="c-page-head__lead">{lead}</p> });
    let meta = (!meta.is_empty()).then(|| view! { <Meta items=meta/> });
    view! {
        <header class="c-page-head">
            <div class="c-page-head__row">
                <div class="c-page-head__title"><h1>{title}</h1>{badges}</div>
                {actions.map(|actions| view! { <div class="c-page-head__actions">{actions}</div> })}
            </div>
            {lead}
            {meta}
            {children.map(|children| view! { <div class="c-page-head__band">{children()}</div> })}
        </header>
    }
    .into_any()
}

/// A line of small facts.
///
/// `<Meta items=vec!["eu-1".into_any(), view!{ <When at/> }.into_any()]/>`
#[component]
pub fn Meta(items: Vec<AnyView>) -> impl IntoView {
    view! { <ul class="c-meta">{items.into_iter().map(|item| view! { <li>{item}</li> }).collect_view()}</ul> }
        .into_any()
}

/// An entry of [`SectionNav`] or [`ViewsNav`](super::ViewsNav).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NavItem {
    pub href: String,
    pub label: String,
    pub count: Option<String>,
    /// What the count counts, for those who cannot see its colour: `overridden`.
    pub count_word: Option<&'static str>,
    pub tone: Option<Tone>,
    pub current: bool,
}

impl NavItem {
    pub fn new(href: impl Into<String>, label: impl Into<String>, current: bool) -> Self {
        Self { href: href.into(), label: label.into(), current, ..Self::default() }
    }

    pub fn count(mut self, count: impl ToString) -> Self {
        self.count = Some(count.to_string());
        self
    }

    /// A count with a meaning: `.counted(6, "overridden", Tone::Override)`.
    pub fn counted(mut self, count: impl ToString, word: &'static str, tone: Tone) -> Self {
        self.count = Some(count.to_string());
        self.count_word = Some(word);
        self.tone = Some(tone);
        self
    }

    /// A dot in this tone, read out as "needs attention".
    pub fn attention(mut self, tone: Tone) -> Self {
        self.tone = Some(tone);
        self
    }

    pub(super) fn link(self) -> AnyView {
        let tone = self.tone.map(Tone::as_str);
        let mark = match self.count {
            Some(count) => {
                let word = self.count_word.map(|word| view! { <span class="u-visually-hidden">{format!(" {word}")}</span> });
                view! { " " <span class="c-count" data-tone=tone>{count}{word}</span> }.into_any()
            }
            None if tone.is_some() => view! { " " <span class="c-dot" data-tone=tone></span><span class="u-visually-hidden">"needs attention"</span> }.into_any(),
            None => ().into_any(),
        };
        view! { <a href=self.href aria-current=self.current.then_some("page")>{self.label}{mark}</a> }
            .into_any()
    }
}

/// The sections of an object, each with its own address; `small` for tabs inside a page.
///
/// `<SectionNav label="Tenant sections" items=vec![NavItem::new(paths::tenant(&slug, "tasks"), "Tasks", true).count(4)]/>`
#[component]
pub fn SectionNav(label: &'static str, items: Vec<NavItem>, #[prop(optional)] small: bool) -> impl IntoView {
    let items = items.into_iter().map(|item| view! { <li>{item.link()}</li> });
    view! { <nav class="c-section-nav" aria-label=label data-size=small.then_some("sm")><ul>{items.collect_view()}</ul></nav> }.into_any()
}

/// Where a page stands. The last one is the page itself.
///
/// `<Breadcrumbs items=vec![("/tenants".into(), "Tenants".into()), (here, "Acme".into())]/>`
#[component]
pub fn Breadcrumbs(items: Vec<(String, String)>) -> impl IntoView {
    let last = items.len().saturating_sub(1);
    let items = items.into_iter().enumerate().map(|(at, (href, label))| view! { <li><a href=href aria-current=(at == last).then_some("page")>{label}</a></li> });
    view! { <nav class="c-crumbs" aria-label="Breadcrumb"><ol>{items.collect_view()}</ol></nav> }.into_any()
}

/// A framed block with a heading. `id` is the heading's, unique on the page.
///
/// `<Card id="facts" title="Key facts"><Props items=…/></Card>`
#[component]
pub fn Card(
    id: &'static str,
    #[prop(into)] title: String,
    /// Beside the heading: a link or a small button.
    #[prop(optional)]
    aside: Option<AnyView>,
    #[prop(optional)] foot: Option<AnyView>,
    /// Draws the gutter bar.
    #[prop(optional)]
    tone: Option<Tone>,
    /// The body touches the edges, as a table wants it.
    #[prop(optional)]
    flush: bool,
    children: Children,
) -> impl IntoView {
    let body = if flush {
        children().into_any()
    } else {
        view! { <div class="c-card__body">{children()}</div> }.into_any()
    };
    view! {
        <section class="c-card" aria-labelledby=id data-tone=tone.map(Tone::as_str)>
            <div class="c-card__head"><h2 id=id>{title}</h2>{aside}</div>
            {body}
            {foot.map(|foot| view! { <div class="c-card__foot">{foot}</div> })}
        </section>
    }
    .into_any()
}

/// A part of a page with a heading but no frame.
///
/// `<Section id="recent" title="Recent changes">…</Section>`
#[component]
pub fn Section(
    id: &'static str,
    #[prop(into)] title: String,
    #[prop(optional)] aside: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="c-section" aria-labelledby=id>
            <div class="c-section__head"><h2 id=id>{title}</h2>{aside}</div>
            {children()}
        </section>
    }
    .into_any()
}

/// Names and values.
///
/// `<Props items=vec![("Region", region.into_any()), ("Plan", view!{ <PlanTag plan/> }.into_any())]/>`
#[component]
pub fn Props(items: Vec<(&'static str, AnyView)>, #[prop(optional)] two_columns: bool) -> impl IntoView {
    let items = items.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> });
    view! { <dl class="c-props" data-cols=two_columns.then_some("2")>{items.collect_view()}</dl> }.into_any()
}

/// One number that leads to the list behind it.
///
/// `<KpiCard label="Tenants" href="/tenants" value=grouped(n) note=view!{ <Delta …/> }.into_any()/>`
#[component]
pub fn KpiCard(
    #[prop(into)] label: String,
    /// The list that shows exactly this many.
    #[prop(optional, into)]
    href: Option<String>,
    /// The number; empty shows that there is none.
    #[prop(into)]
    value: String,
    #[prop(optional)] note: Option<AnyView>,
    #[prop(optional)] spark: Option<AnyView>,
    #[prop(optional)] tone: Option<Tone>,
    /// The number could not be read: never shown as zero.
    #[prop(optional)]
    failed: bool,
) -> impl IntoView {
    let label = match href {
        Some(href) => view! { <a class="c-kpi__link" href=href>{label}</a> }.into_any(),
        None => label.into_any(),
    };
    let value = if failed {
        view! { <dd class="c-kpi__failed">"could not load"</dd> }.into_any()
    } else {
        view! { <dd class="c-kpi__value">{if value.is_empty() { "—".to_owned() } else { value }}</dd> }
            .into_any()
    };
    view! {
        <dl class="c-kpi" data-tone=tone.map(Tone::as_str)>
            <dt class="c-kpi__label">{label}</dt>
            {value}
            {note.map(|note| view! { <dd class="c-kpi__note">{note}</dd> })}
            {spark.map(|spark| view! { <dd class="c-kpi__spark">{spark}</dd> })}
        </dl>
    }
    .into_any()
}

/// KPI cards in a row.
///
/// `<Kpis><KpiCard …/><KpiCard …/></Kpis>`
#[component]
pub fn Kpis(children: Children) -> impl IntoView {
    view! { <div class="l-kpis">{children()}</div> }.into_any()
}

/// The columns of a [`Grid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cols {
    Two,
    Three,
    Four,
    /// Content and 320 px beside it.
    Aside,
    /// A form and the list of its sections.
    Form,
}

/// Blocks side by side where there is room for it.
///
/// `<Grid cols=Cols::Two><Card …/><Card …/></Grid>`
#[component]
pub fn Grid(cols: Cols, children: Children) -> impl IntoView {
    let cols = match cols {
        Cols::Two => "2",
        Cols::Three => "3",
        Cols::Four => "4",
        Cols::Aside => "aside",
        Cols::Form => "form",
    };
    view! { <div class="l-grid" data-cols=cols>{children()}</div> }.into_any()
}

/// Blocks below each other.
///
/// `<Stack gap=6><Card …/><Card …/></Stack>`; gaps: 1, 2, 3, 4, 6, 8.
#[component]
pub fn Stack(#[prop(optional)] gap: Option<u32>, children: Children) -> impl IntoView {
    view! { <div class="u-stack" data-gap=gap>{children()}</div> }.into_any()
}

/// Things in a row that may wrap.
///
/// `<Row><Badge …/><Badge …/></Row>`
#[component]
pub fn Row(#[prop(optional)] gap: Option<u32>, children: Children) -> impl IntoView {
    view! { <div class="u-row" data-gap=gap>{children()}</div> }.into_any()
}
