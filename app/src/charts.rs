//! A server-made chart as a figure of the design system.

use crate::ui;
use leptos::prelude::*;
use model::charts::Figure;

/// `data-series` words of the style sheet.
const INKS: [&str; 12] =
    ["1", "2", "3", "4", "5", "6", "other", "limit", "healthy", "watch", "risk", "critical"];

/// Both drawings of the figure; the style sheet shows the one that fits. `id` is the one it was drawn under.
#[component]
pub fn Chart(id: &'static str, figure: Figure) -> impl IntoView {
    debug_assert_eq!(id, figure.id, "the drawing refers to its ids");
    let svg = [figure.wide, figure.narrow].into_iter().flatten().collect::<String>();
    let legend = figure
        .legend
        .into_iter()
        .filter_map(|(word, name)| INKS.iter().find(|ink| **ink == word).map(|ink| (*ink, name)))
        .collect::<Vec<_>>();
    match figure.csv {
        Some(csv) => view! { <ui::Figure id title=figure.title summary=figure.summary svg legend columns=figure.columns rows=figure.rows csv=csv/> }.into_any(),
        None => view! { <ui::Figure id title=figure.title summary=figure.summary svg legend columns=figure.columns rows=figure.rows/> }.into_any(),
    }
}
