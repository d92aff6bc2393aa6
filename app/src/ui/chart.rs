//! A chart as a figure: heading, the finding in words, the drawing, its data as a table, the data as a file.

use super::Empty;
use super::empty::EmptyKind;
use leptos::prelude::*;

/// The fixed shape of a chart's box, so that nothing moves when it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ratio {
    #[default]
    R8x3,
    R2x1,
    R1x1,
    R16x3,
}

impl Ratio {
    const fn as_str(self) -> &'static str {
        match self {
            Self::R8x3 => "8x3",
            Self::R2x1 => "2x1",
            Self::R1x1 => "1x1",
            Self::R16x3 => "16x3",
        }
    }
}

/// A chart with everything that belongs to it.
///
/// `svg` is put into the page as it is: it comes from the server's own chart code, which escapes every text in it, and
/// from nowhere else. It names itself by `{id}-t` (a `title`) and is described by `{id}-s`, the summary.
///
/// `<Figure id="score" title="Health score, last 90 days" summary="Fell from 81 to 72." svg=chart.svg columns=… rows=… csv="?format=csv"/>`
#[component]
pub fn Figure(
    /// Unique on the page.
    id: &'static str,
    #[prop(into)] title: String,
    /// The finding in a sentence, and as of when.
    #[prop(into)]
    summary: String,
    /// Whole `<svg class="c-chart__svg" data-size="wide">` elements; empty shows that there is no data.
    #[prop(into)]
    svg: String,
    #[prop(optional)] ratio: Ratio,
    /// `(data-series, name)`; only where there is more than one.
    #[prop(optional)]
    legend: Vec<(&'static str, String)>,
    columns: Vec<String>,
    /// The first cell of a row is its heading.
    rows: Vec<Vec<String>>,
    /// The address of the data as CSV.
    #[prop(optional, into)]
    csv: Option<String>,
    #[prop(optional)] failed: bool,
) -> impl IntoView {
    let plot = if failed {
        view! { <div class="c-chart__plot" data-ratio=ratio.as_str()><Empty kind=EmptyKind::Failed icon="alert-triangle" title="Could not load"/></div> }.into_any()
    } else if svg.is_empty() {
        view! { <div class="c-chart__plot" data-ratio=ratio.as_str()><Empty icon="activity" title="No data yet"/></div> }.into_any()
    } else {
        // As inner HTML: the server has drawn it, and escaped what tenants wrote.
        view! { <div class="c-chart__plot" data-ratio=ratio.as_str() inner_html=svg></div> }.into_any()
    };
    let legend = (legend.len() > 1).then(|| {
        view! { <ul class="c-legend">{legend.into_iter().map(|(series, name)| view! { <li data-series=series>{name}</li> }).collect_view()}</ul> }
    });
    let table = (!rows.is_empty()).then(|| {
        view! {
            <details class="c-chart__data">
                <summary>"Data table"</summary>
                <div class="c-table-region" role="region" aria-label=format!("{title}, data") tabindex="0">
                    <table class="c-table" data-size="sm">
                        <caption class="u-visually-hidden">{title.clone()}</caption>
                        <thead><tr>{columns.into_iter().enumerate().map(|(at, name)| view! { <th scope="col" class=(at > 0).then_some("u-num")>{name}</th> }).collect_view()}</tr></thead>
                        <tbody>{rows.into_iter().map(data_row).collect_view()}</tbody>
                    </table>
                </div>
                {csv.map(|href| view! { <a href=href>"Download CSV"</a> })}
            </details>
        }
    });
    view! {
        <figure class="c-chart" aria-labelledby=format!("{id}-h")>
            <figcaption class="c-chart__head"><h3 id=format!("{id}-h")>{title.clone()}</h3><p id=format!("{id}-s")>{summary}</p></figcaption>
            {plot}
            {legend}
            {table}
        </figure>
    }
    .into_any()
}

fn data_row(cells: Vec<String>) -> AnyView {
    let cells = cells.into_iter().enumerate().map(|(at, cell)| {
        if at == 0 {
            view! { <th scope="row">{cell}</th> }.into_any()
        } else {
            view! { <td class="u-num">{cell}</td> }.into_any()
        }
    });
    view! { <tr>{cells.collect_view()}</tr> }.into_any()
}
