//! Health: the section of one tenant, and the page of customer success.

pub mod api;
mod fleet;
mod tenant;

pub use fleet::FleetHealthPage;
pub use tenant::TenantHealthPage;

use leptos::prelude::*;
use model::directory::COUNTED;
use model::health::BandCount;
use model::page::Total;
use model::tenants::Band;

/// The share of each band as one bar. Decoration: the numbers stand in the list beside it.
#[component]
pub fn BandBar(bands: Vec<BandCount>) -> impl IntoView {
    let rects = segments(&bands).into_iter().map(|(band, x, width)| {
        let (word, _) = crate::ui::band_look(band);
        view! { <rect x=format!("{x:.2}") y="0" width=format!("{width:.2}") height="4" data-band=word></rect> }
    });
    view! { <svg class="c-bands" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">{rects.collect_view()}</svg> }.into_any()
}

/// Place and width of each band that has tenants, of 100, with a gap of 0.4 between.
fn segments(bands: &[BandCount]) -> Vec<(Band, f64, f64)> {
    const GAP: f64 = 0.4;
    let total: i64 = bands.iter().map(|b| b.tenants).sum();
    let shown: Vec<_> = bands.iter().filter(|b| b.tenants > 0).collect();
    let room = 100.0 - GAP * (shown.len().max(1) - 1) as f64;
    let mut x = 0.0;
    shown
        .into_iter()
        .map(|band| {
            let width = room * band.tenants as f64 / total.max(1) as f64;
            let at = x;
            x += width + GAP;
            (band.band, at, width)
        })
        .collect()
}

/// Band, tenants, share; each band leads to the list of exactly its tenants. `more` is kept in the address.
#[component]
pub fn BandTable(bands: Vec<BandCount>, #[prop(optional)] more: Vec<(String, String)>) -> impl IntoView {
    let total: i64 = bands.iter().map(|b| b.tenants).sum();
    let rows = bands.into_iter().map(move |count| {
        let (word, icon) = crate::ui::band_look(count.band);
        let mut query = crate::ui::Query::default().set("health", count.band.as_str());
        for (key, value) in &more {
            query = query.set(key, value);
        }
        let href = query.href(crate::paths::TENANTS);
        view! {
            <tr>
                <th scope="row"><span class="c-score" data-size="sm" data-band=word><crate::ui::Icon name=icon/><a href=href>{count.band.label()}</a></span></th>
                <td class="u-num">{Total::up_to(count.tenants, COUNTED).short()}</td>
                <td class="u-num">{share(count.tenants, total)}</td>
            </tr>
        }
    });
    view! {
        <crate::ui::DataTable id="bands" caption="Tenants by health band" small=true head=view! {
            <crate::ui::Th>"Band"</crate::ui::Th><crate::ui::Th num=true>"Tenants"</crate::ui::Th><crate::ui::Th num=true>"Share"</crate::ui::Th>
        }.into_any()>{rows.collect_view()}</crate::ui::DataTable>
    }
    .into_any()
}

/// `12.5 %`; of nothing, a dash.
fn share(part: i64, total: i64) -> String {
    if total == 0 { "—".into() } else { format!("{:.1} %", part as f64 * 100.0 / total as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_its_width_and_leaves_out_empty_bands() {
        let count = |band, tenants| BandCount { band, tenants };
        let bar = segments(&[count(Band::Healthy, 1), count(Band::Watch, 0), count(Band::Critical, 3)]);
        assert_eq!(bar.len(), 2);
        let (_, x, width) = bar[1];
        assert!((x + width - 100.0).abs() < 1e-9);
        assert!(segments(&[count(Band::Healthy, 0)]).is_empty());
    }

    #[test]
    fn shares_of_nothing_are_not_numbers() {
        assert_eq!(share(0, 0), "—");
        assert_eq!(share(1, 8), "12.5 %");
    }
}
