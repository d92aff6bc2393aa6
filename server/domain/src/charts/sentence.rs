//! What a chart says, as a sentence: for those who cannot see it and those who do not want to study it.

use super::{Kind, Spec, Threshold};
use chrono::NaiveDate;

/// The first series only; others stand in the table.
pub(super) fn sentence(spec: &Spec) -> String {
    let Some(series) = spec.series.first() else { return "No data in this period.".into() };
    let points: Vec<(NaiveDate, i64)> = spec
        .days
        .iter()
        .zip(&series.values)
        .filter_map(|(day, value)| value.map(|value| (*day, value)))
        .collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return "No data in this period.".into();
    };
    // The earliest of equals, so that the sentence does not depend on the order of iteration.
    let lowest = points.iter().min_by_key(|(day, value)| (*value, *day)).unwrap_or(first);
    let highest = points.iter().max_by_key(|(day, value)| (*value, std::cmp::Reverse(*day))).unwrap_or(first);
    let show = |value: i64| spec.unit.exact(value);
    let mut text = match spec.kind {
        Kind::Columns => {
            let sum: i64 = points.iter().map(|(_, value)| value).sum();
            if sum == 0 {
                return format!("None in {}.", days(points.len()));
            }
            let mut text = format!(
                "{} in {}; most {} on {}",
                show(sum),
                days(points.len()),
                spec.unit.plain(highest.1),
                date(highest.0)
            );
            if points.len() > 1 {
                text.push_str(&format!(", least {} on {}", spec.unit.plain(lowest.1), date(lowest.0)));
            }
            text
        }
        Kind::Line if points.len() == 1 => {
            format!("{} on {}, the only day with data", show(last.1), date(last.0))
        }
        Kind::Line => {
            let verb = match last.1.cmp(&first.1) {
                std::cmp::Ordering::Less => "Fell",
                std::cmp::Ordering::Equal => "Level",
                std::cmp::Ordering::Greater => "Rose",
            };
            let way = if last.1 == first.1 {
                format!("{verb} at {} from {} to {}", show(first.1), date(first.0), date(last.0))
            } else {
                format!(
                    "{verb} from {} on {} to {} on {}",
                    show(first.1),
                    date(first.0),
                    show(last.1),
                    date(last.0)
                )
            };
            format!(
                "{way}; lowest {} on {}, highest {} on {}",
                show(lowest.1),
                date(lowest.0),
                show(highest.1),
                date(highest.0)
            )
        }
    };
    text.push('.');
    for threshold in &spec.thresholds {
        if let Some(crossing) = crossing(threshold, &points) {
            text.push(' ');
            text.push_str(&crossing);
        }
    }
    text
}

/// The last time that the values passed the threshold, and how often they did. On the threshold counts as above.
fn crossing(threshold: &Threshold, points: &[(NaiveDate, i64)]) -> Option<String> {
    let above = |value: i64| value >= threshold.value;
    let crossings: Vec<_> =
        points.windows(2).filter(|pair| above(pair[0].1) != above(pair[1].1)).map(|pair| pair[1]).collect();
    let (day, value) = crossings.last()?;
    let verb = if above(*value) { "Reached" } else { "Fell below" };
    let often =
        if crossings.len() > 1 { format!(", crossed {} times", crossings.len()) } else { String::new() };
    Some(format!("{verb} {} on {}{often}.", threshold.name, date(*day)))
}

fn date(day: NaiveDate) -> String {
    day.format("%-d %b").to_string()
}

fn days(n: usize) -> String {
    if n == 1 { "1 day".into() } else { format!("{n} days") }
}

#[cfg(test)]
mod tests {
    use super::super::tests::spec;
    use super::super::{Ink, Unit};
    use super::*;

    fn line(values: &[Option<i64>]) -> String {
        let mut spec = spec(Kind::Line, values);
        spec.thresholds = vec![Threshold { name: "75 (Healthy)".into(), value: 75, ink: Ink::Healthy }];
        sentence(&spec)
    }

    #[test]
    fn a_line_says_where_it_went_and_what_it_crossed() {
        assert_eq!(
            line(&[Some(81), Some(75), None, Some(69), Some(72)]),
            "Fell from 81 on 1 Nov to 72 on 5 Nov; lowest 69 on 4 Nov, highest 81 on 1 Nov. Fell below 75 (Healthy) on 4 Nov."
        );
        assert_eq!(
            line(&[Some(74), Some(75), Some(74), Some(90)]),
            "Rose from 74 on 1 Nov to 90 on 4 Nov; lowest 74 on 1 Nov, highest 90 on 4 Nov. Reached 75 (Healthy) on 4 Nov, crossed 3 times."
        );
    }

    #[test]
    fn a_level_line_a_single_day_and_nothing() {
        assert_eq!(
            line(&[Some(60), Some(60)]),
            "Level at 60 from 1 Nov to 2 Nov; lowest 60 on 1 Nov, highest 60 on 1 Nov."
        );
        assert_eq!(line(&[None, Some(60)]), "60 on 2 Nov, the only day with data.");
        assert_eq!(line(&[]), "No data in this period.");
        assert_eq!(line(&[None]), "No data in this period.");
    }

    #[test]
    fn columns_are_summed_up() {
        let columns = |values: &[Option<i64>]| sentence(&spec(Kind::Columns, values));
        assert_eq!(
            columns(&[Some(1000), Some(0), Some(500)]),
            "1\u{202f}500 calls in 3 days; most 1\u{202f}000 on 1 Nov, least 0 on 2 Nov."
        );
        assert_eq!(columns(&[Some(0), Some(0)]), "None in 2 days.");
        let mut one = spec(Kind::Columns, &[Some(2048)]);
        one.unit = Unit::Bytes;
        assert_eq!(sentence(&one), "2\u{202f}kB in 1 day; most 2\u{202f}kB on 1 Nov.");
    }
}
