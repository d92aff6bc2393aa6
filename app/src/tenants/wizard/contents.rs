//! What the templates on offer hold, and the way to compare two of them: for who has to choose one.

use crate::paths;
use crate::templates::brief;
use crate::ui::Button;
use leptos::prelude::*;
use model::templates::{Catalogue, Offer};

/// Unfolds the contents of each.
pub(super) fn previews(offers: &[Offer], catalogue: &Catalogue) -> AnyView {
    let each = offers.iter().map(|offer| {
        let about = format!(" of {}, version {}", offer.template.name, offer.version);
        view! {
            <details class="c-disclosure">
                <summary>"Preview contents"{about}</summary>
                <p>{offer.template.description.clone()}</p>
                {brief(&offer.bundle, catalogue)}
            </details>
        }
    });
    each.collect_view().into_any()
}

/// A form of its own, beside the one that chooses; the first two to begin with. It leads to another page, so it is sent
/// by its button only.
pub(super) fn compare(offers: &[Offer]) -> AnyView {
    if offers.len() < 2 {
        return ().into_any();
    }
    let select = |name: &'static str, label: &'static str, at: usize| {
        let options = offers.iter().enumerate().map(|(n, offer)| {
            let word = format!("{}.{}", offer.template.key, offer.version);
            let text = format!("{}, version {}", offer.template.name, offer.version);
            view! { <option value=word selected=n == at>{text}</option> }
        });
        view! {
            <label class="c-filter-bar__field"><span>{label}</span><select class="c-select" name=name>{options.collect_view()}</select></label>
        }
    };
    let (from, to) = (select("from", "Compare", 0), select("to", "With", 1));
    view! {
        <form class="c-filter-bar" data-by-hand method="get" action=paths::TEMPLATES_COMPARE role="search" aria-label="Templates to compare">
            {from}
            {to}
            <Button>"Compare"</Button>
            <a href=paths::TEMPLATES>"All templates and versions"</a>
        </form>
    }
    .into_any()
}
