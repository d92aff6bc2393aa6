//! The end of a trial as a person says it: a day, and how far ahead it may be.

use chrono::{DateTime, Days, NaiveDate, Utc};

/// How many days from today a trial may be made to end at the latest.
pub const TRIAL_DAYS_AHEAD: u64 = 90;

/// The end of a trial whose last day this is: `2027-01-31`, or `+30` for so many days from today. The whole day counts.
///
/// # Errors
/// In words where it is no day, not after today, or more than [`TRIAL_DAYS_AHEAD`] days ahead.
pub fn trial_end(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let (text, today) = (text.trim(), now.date_naive());
    let day = match text.strip_prefix('+') {
        Some(days) => days.parse::<u64>().ok().and_then(|days| today.checked_add_days(Days::new(days))),
        None => text.parse::<NaiveDate>().ok(),
    };
    let end = day.and_then(|day| Some((day, day.and_hms_opt(23, 59, 59)?.and_utc())));
    let Some((day, end)) = end else { return Err("A day like 2027-01-31.".to_owned()) };
    let last = today.checked_add_days(Days::new(TRIAL_DAYS_AHEAD)).unwrap_or(today);
    if day <= today {
        Err("A day after today.".to_owned())
    } else if day > last {
        Err(format!(
            "At most {TRIAL_DAYS_AHEAD} days from today: {} is the last one.",
            last.format("%-d %b %Y")
        ))
    } else {
        Ok(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_ends_with_its_last_day_and_at_most_ninety_ahead() {
        let now = "2026-11-22T15:00:00Z".parse().expect("a time");
        let end = |text: &str| trial_end(text, now).map(|at| at.to_rfc3339());
        assert_eq!(end(" 2026-11-23 "), Ok("2026-11-23T23:59:59+00:00".into()));
        assert_eq!(end("2027-02-20"), Ok("2027-02-20T23:59:59+00:00".into()), "the ninetieth day");
        assert_eq!(end("+90"), end("2027-02-20"));
        let last = "At most 90 days from today: 20 Feb 2027 is the last one.";
        for far in ["2027-02-21", "+91", "9999-12-31"] {
            assert_eq!(end(far), Err(last.into()), "{far}");
        }
        for over in ["2026-11-22", "2026-11-21", "1970-01-01", "+0"] {
            assert_eq!(end(over), Err("A day after today.".into()), "{over}");
        }
        for odd in ["", "tomorrow", "2026-02-30", "31.01.2027", "+", "+-1", "+1.5", "+99999999999999999999"] {
            assert_eq!(end(odd), Err("A day like 2027-01-31.".into()), "{odd}");
        }
    }
}
