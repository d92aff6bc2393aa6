//! Points in time and spans, always in UTC, worked out on the server with the clock of the request.

use super::Tone;
use chrono::{DateTime, Datelike, Utc};
use leptos::prelude::*;

/// The clock of this request.
pub fn now() -> DateTime<Utc> {
    crate::server::now()
}

/// `21 Nov 2026 09:12 UTC`.
pub fn absolute(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y %H:%M UTC").to_string()
}

/// `21 Nov 2026`.
pub fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y").to_string()
}

/// `3 h ago`, `in 2 days`; beyond seven days the date itself, with its year only when it is another.
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (at - now).num_seconds();
    let (past, span) = (seconds <= 0, seconds.abs());
    let text = match span {
        0..45 if past => return "just now".into(),
        0..60 => return if past { "1 min ago".into() } else { "in a minute".into() },
        60..3_600 => format!("{} min", span / 60),
        3_600..86_400 => format!("{} h", span / 3_600),
        86_400..=604_800 => plural(span / 86_400, "day"),
        _ if at.year() == now.year() => return at.format("%-d %b").to_string(),
        _ => return day(at),
    };
    if past { format!("{text} ago") } else { format!("in {text}") }
}

/// `1 day`, `2 days`.
pub fn plural(count: i64, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{} {word}s", model::page::grouped(count)) }
}

/// Whole days until `at`, the begun one counted: 0 once it has passed.
pub fn days_left(at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    let seconds = (at - now).num_seconds();
    if seconds <= 0 { 0 } else { (seconds + 86_399) / 86_400 }
}

/// A point in time: relative up to seven days, in full in the title.
///
/// `<When at=tenant.created_at/>`; `full=true` writes it out.
#[component]
pub fn When(at: DateTime<Utc>, #[prop(optional)] full: bool) -> impl IntoView {
    let text = if full { absolute(at) } else { relative(at, now()) };
    view! { <time class="c-time" datetime=at.format("%Y-%m-%dT%H:%M:%SZ").to_string() title=at.format("%-d %b %Y %H:%M:%S UTC").to_string()>{text}</time> }.into_any()
}

/// A point in time that may not have come: a dash with a word for it.
///
/// `<MaybeWhen at=key.last_used_at never="never"/>`
#[component]
pub fn MaybeWhen(at: Option<DateTime<Utc>>, #[prop(default = "never")] never: &'static str) -> impl IntoView {
    match at {
        Some(at) => view! { <When at/> }.into_any(),
        None => view! { <span class="u-muted">{never}</span> }.into_any(),
    }
}

/// Days left until something happens, and the moment itself.
///
/// `<Countdown until=grace_ends_at what="Deletion not before"/>`
#[component]
pub fn Countdown(
    until: DateTime<Utc>,
    #[prop(into)] what: String,
    #[prop(optional)] tone: Option<Tone>,
) -> impl IntoView {
    let left = days_left(until, now());
    let tone = tone.unwrap_or(if left <= 3 { Tone::Danger } else { Tone::Orange });
    let text = if left == 0 { "Time is up".to_owned() } else { format!("{} left", plural(left, "day")) };
    view! { <p class="c-countdown" data-tone=tone.as_str()><strong>{text}</strong>" "{what}" "<When at=until full=true/></p> }.into_any()
}

/// A span in a few characters: `420 ms`, `1.4 s`, `3 min 5 s`, `2 h 10 min`.
pub fn span(milliseconds: i64) -> String {
    match milliseconds.max(0) {
        ms @ 0..1_000 => format!("{ms} ms"),
        ms @ 1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        ms @ 60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        ms => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone};

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 21, 12, 0, 0).single().expect("a date")
    }

    #[test]
    fn relative_times_reach_seven_days_both_ways() {
        for (seconds, text) in [
            (0, "just now"),
            (-44, "just now"),
            (-50, "1 min ago"),
            (-60, "1 min ago"),
            (-3_599, "59 min ago"),
            (-7_200, "2 h ago"),
            (-86_400, "1 day ago"),
            (-604_800, "7 days ago"),
            (-604_801, "14 Nov"),
            (30, "in a minute"),
            (7_200, "in 2 h"),
            (172_800, "in 2 days"),
            (-31_536_000, "21 Nov 2025"),
        ] {
            assert_eq!(relative(noon() + TimeDelta::seconds(seconds), noon()), text, "{seconds}");
        }
    }

    #[test]
    fn a_begun_day_is_a_day_left_and_none_is_left_at_the_end() {
        for (seconds, days) in [(1, 1), (86_400, 1), (86_401, 2), (0, 0), (-1, 0)] {
            assert_eq!(days_left(noon() + TimeDelta::seconds(seconds), noon()), days, "{seconds}");
        }
    }

    #[test]
    fn spans_are_short() {
        for (ms, text) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_400, "1.4 s"),
            (185_000, "3 min 5 s"),
            (7_800_000, "2 h 10 min"),
            (-5, "0 ms"),
        ] {
            assert_eq!(span(ms), text);
        }
    }
}
