//! A quantity against its limit: in a bar, in numbers and in words.

use super::format::percent;
use super::{Icon, Tone};
use leptos::prelude::*;

/// How a quantity stands to its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Ok,
    Near,
    /// The soft limit is reached and not passed.
    AtSoft,
    /// The soft limit is passed.
    Over,
    /// The hard limit is reached: nothing more is taken.
    Blocked,
    Unlimited,
    /// Nothing was measured.
    None,
}

impl Level {
    /// Near from `near` percent of the hard limit on, over above the soft limit, blocked at the hard limit.
    pub fn of(used: Option<i64>, soft: Option<i64>, hard: Option<i64>, near: i64) -> Self {
        match (used, hard) {
            (None, _) => Self::None,
            (Some(_), None) if soft.is_none() => Self::Unlimited,
            (Some(used), Some(hard)) if used >= hard => Self::Blocked,
            (Some(used), _) if soft.is_some_and(|soft| used > soft) => Self::Over,
            (Some(_), _) if soft == used => Self::AtSoft,
            (Some(used), Some(hard)) if percent(used, hard) >= near => Self::Near,
            _ => Self::Ok,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Near | Self::AtSoft => "near",
            Self::Over => "over",
            Self::Blocked => "blocked",
            Self::Unlimited => "unlimited",
            Self::None => "none",
        }
    }

    /// The words beside the bar.
    pub const fn note(self) -> Option<&'static str> {
        match self {
            Self::Ok => None,
            Self::Near => Some("Approaching limit"),
            Self::AtSoft => Some("At the soft limit"),
            Self::Over => Some("Over soft limit"),
            Self::Blocked => Some("Blocked at hard limit"),
            Self::Unlimited => Some("Unlimited"),
            Self::None => Some("No data yet; it may take up to 24 h"),
        }
    }

    pub const fn tone(self) -> Tone {
        match self {
            Self::Near | Self::AtSoft | Self::Over => Tone::Warning,
            Self::Blocked => Tone::Danger,
            Self::Ok | Self::Unlimited | Self::None => Tone::Neutral,
        }
    }
}

/// Usage of one resource against its soft and hard limit. `None` as a limit is "unlimited", as usage "no data".
///
/// `<QuotaRow id="q-api" label="API calls" used=Some(84) soft=Some(85) hard=Some(100) near=70/>`
#[component]
pub fn QuotaRow(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    #[prop(into)] label: String,
    used: Option<i64>,
    #[prop(optional_no_strip)] soft: Option<i64>,
    #[prop(optional_no_strip)] hard: Option<i64>,
    /// Percent of the hard limit from which it is near.
    #[prop(default = 85)]
    near: i64,
    /// How a number is written: `ui::bytes`, `ui::grouped`.
    #[prop(optional)]
    number: Option<fn(i64) -> String>,
    /// More words, like a forecast.
    #[prop(optional, into)]
    note: String,
    /// In a table cell.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    let write = number.unwrap_or(model::page::grouped);
    let level = Level::of(used, soft, hard, near);
    let end = hard.or(soft).map(|end| end.max(1));
    let text = match (used, end) {
        (None, _) => "no data".to_owned(),
        (Some(used), None) => format!("{}, unlimited", write(used)),
        (Some(used), Some(_)) => {
            let limit = hard.or(soft).unwrap_or_default();
            format!("{} of {} ({} %)", write(used), write(limit), percent(used, limit))
        }
    };
    let mark = soft
        .zip(end)
        .filter(|(soft, end)| *soft > 0 && soft < end)
        .map(|(soft, end)| format!("M{} 0v1", percent(soft, end)));
    let bar = end.map(|end| {
        view! {
            <div class="c-meter__track">
                <meter aria-labelledby=id.clone() min="0" max=end value=used.unwrap_or(0).clamp(0, end)>{text.clone()}</meter>
                <svg class="c-meter__marks" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">{mark.map(|d| view! { <path d=d></path> })}</svg>
            </div>
        }
    });
    let words = [
        level.note().filter(|_| level != Level::Unlimited).map(str::to_owned),
        (!note.is_empty()).then_some(note),
    ]
    .into_iter()
    .flatten()
    .reduce(|a, b| format!("{a}, {b}"));
    let icon = (level.tone() != Tone::Neutral).then(|| view! { <Icon name=level.tone().icon()/> });
    view! {
        <div class="c-meter" data-level=level.as_str() data-size=small.then_some("sm")>
            <div class="c-meter__head"><span class="c-meter__label" id=id>{label}</span><span class="c-meter__text">{text}</span></div>
            {bar}
            {words.map(|words| view! { <p class="c-meter__note">{icon}{words}</p> })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_change_exactly_at_their_limits() {
        let of = |used| Level::of(Some(used), Some(8_500), Some(10_000), 70);
        assert_eq!(of(6_999), Level::Ok);
        assert_eq!(of(7_000), Level::Near);
        assert_eq!(of(8_499), Level::Near);
        assert_eq!(of(8_500), Level::AtSoft);
        assert_eq!(of(8_501), Level::Over);
        assert_eq!(of(9_999), Level::Over);
        assert_eq!(of(10_000), Level::Blocked);
        assert_eq!(Level::of(Some(5), None, None, 70), Level::Unlimited);
        assert_eq!(Level::of(Some(5), Some(5), None, 70), Level::AtSoft);
        assert_eq!(Level::of(Some(6), Some(5), None, 70), Level::Over);
        assert_eq!(Level::of(None, None, Some(5), 70), Level::None);
        assert_eq!(Level::of(Some(0), None, Some(0), 70), Level::Blocked);
    }
}
