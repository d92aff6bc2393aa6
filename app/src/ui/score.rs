//! A health score: ring, number, band, change. Everything it shows is also said in words.

use super::badge::band_look;
use super::{Icon, Tone};
use leptos::prelude::*;
use model::tenants::Band;

/// A change with its direction: the arrow says which way, the tone whether that is good.
///
/// `<Delta change=-8 text="in 30 days" good_up=true/>`
#[component]
pub fn Delta(
    change: i64,
    /// What follows the number.
    #[prop(optional, into)]
    text: String,
    /// Whether more is better.
    #[prop(default = true)]
    good_up: bool,
) -> impl IntoView {
    delta(change, &text, good_up)
}

fn delta(change: i64, text: &str, good_up: bool) -> AnyView {
    let (icon, word, good) = match change {
        0 => ("minus", "unchanged", None),
        1.. => ("arrow-up", "up", Some(good_up)),
        _ => ("arrow-down", "down", Some(!good_up)),
    };
    let tone = match good {
        None => Tone::Neutral,
        Some(true) => Tone::Success,
        Some(false) => Tone::Danger,
    };
    let number = model::page::grouped(i64::try_from(change.unsigned_abs()).unwrap_or(i64::MAX));
    let after = if text.is_empty() { String::new() } else { format!(" {text}") };
    let content = if change == 0 {
        format!("unchanged{after}").into_any()
    } else {
        view! { <span class="u-visually-hidden">{format!("{word} ")}</span>{format!("{number}{after}")} }
            .into_any()
    };
    view! { <span class="c-delta" data-tone=tone.as_str()><Icon name=icon/>{content}</span> }.into_any()
}

/// `72, Watch, down 8 in 30 days`.
pub fn score_text(score: Option<i16>, change: Option<i64>) -> String {
    let Some(number) = score else { return Band::NoData.label().to_owned() };
    let band = Band::of(score).label();
    match change {
        None => format!("{number}, {band}"),
        Some(0) => format!("{number}, {band}, unchanged in 30 days"),
        Some(by) => format!(
            "{number}, {band}, {} {} in 30 days",
            if by > 0 { "up" } else { "down" },
            by.unsigned_abs()
        ),
    }
}

/// The score with its ring, for headers.
///
/// `<Score score=t.health_score change=Some(-8)/>`
#[component]
pub fn Score(
    /// 0 to 100, or none.
    score: Option<i16>,
    /// Against 30 days ago.
    #[prop(optional_no_strip)]
    change: Option<i64>,
) -> impl IntoView {
    let band = Band::of(score);
    let (word, icon) = band_look(band);
    let text = score_text(score, change);
    view! {
        <div class="c-score" data-band=word>
            <svg class="c-score__ring" viewBox="0 0 64 64" aria-hidden="true">
                <circle cx="32" cy="32" r="28"></circle>
                <circle class="c-score__arc" cx="32" cy="32" r="28" pathLength="100" stroke-dasharray=format!("{} 100", score.unwrap_or(0).clamp(0, 100))></circle>
            </svg>
            <p class="c-score__number" aria-hidden="true">{score.map_or_else(|| "—".to_owned(), |n| n.to_string())}</p>
            <div class="c-score__text">
                <p class="c-score__band" aria-hidden="true"><Icon name=icon/>{band.label()}</p>
                {change.map(|by| view! { <div aria-hidden="true">{delta(by, "in 30 days", true)}</div> })}
                <span class="u-visually-hidden">{text}</span>
            </div>
        </div>
    }
    .into_any()
}

/// The score in a row.
///
/// `<ScoreInline score=t.health_score change=None/>`
#[component]
pub fn ScoreInline(score: Option<i16>, #[prop(optional_no_strip)] change: Option<i64>) -> impl IntoView {
    let band = Band::of(score);
    let (word, icon) = band_look(band);
    view! {
        <span class="c-score" data-size="sm" data-band=word>
            <Icon name=icon/>
            <span class="c-score__number">{score.map_or_else(|| "—".to_owned(), |n| n.to_string())}</span>
            <span class="u-visually-hidden">{format!(" {}", band.label())}</span>
            {change.filter(|by| *by != 0).map(|by| delta(by, "", true))}
        </span>
    }
    .into_any()
}

/// A line of values without axes; decoration beside a number that is written out.
///
/// `<Spark values=vec![3.0, 4.0, 2.0]/>`
#[component]
pub fn Spark(values: Vec<f64>, #[prop(optional)] tone: Option<Tone>) -> impl IntoView {
    view! {
        <svg class="c-spark" viewBox="0 0 90 20" preserveAspectRatio="none" aria-hidden="true" data-tone=tone.map(Tone::as_str)>
            <polyline points=spark_points(&values)></polyline>
        </svg>
    }
    .into_any()
}

/// Values spread over 90 by 20, one pixel of air; a flat line lies in the middle. What is not a number is left out.
fn spark_points(values: &[f64]) -> String {
    let values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let step = 90.0 / f64::from(u32::try_from(values.len().saturating_sub(1)).unwrap_or(u32::MAX).max(1));
    let y = |value: f64| if high > low { 19.0 - (value - low) / (high - low) * 18.0 } else { 10.0 };
    let mut x = -step;
    values
        .iter()
        .map(|value| {
            x += step;
            format!("{x:.1},{:.1}", y(*value))
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_says_its_band_and_its_change() {
        assert_eq!(score_text(Some(72), Some(-8)), "72, Watch, down 8 in 30 days");
        assert_eq!(score_text(Some(75), Some(3)), "75, Healthy, up 3 in 30 days");
        assert_eq!(score_text(Some(10), None), "10, Critical");
        assert_eq!(score_text(None, Some(1)), "No score");
    }

    #[test]
    fn a_spark_stays_in_its_box() {
        assert_eq!(spark_points(&[1.0, 2.0, 3.0]), "0.0,19.0 45.0,10.0 90.0,1.0");
        assert_eq!(spark_points(&[5.0, 5.0]), "0.0,10.0 90.0,10.0");
        assert_eq!(spark_points(&[f64::NAN]), "");
        assert_eq!(spark_points(&[]), "");
    }
}
