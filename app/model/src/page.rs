//! Keyset pages: a list is read from a cursor onwards in the order of an index; there is no page number and no `OFFSET`.

use serde::{Deserialize, Serialize};

/// A slice of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Opaque cursors for the URL; `None` at that end of the list.
    pub next: Option<String>,
    pub previous: Option<String>,
    pub total: Total,
}

/// How many rows match: exact up to a cap, because counting a whole fleet on every page makes a console slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Total {
    Exact(i64),
    /// At least this many (the cap of the count was reached).
    AtLeast(i64),
    /// The planner's estimate.
    About(i64),
}

impl Total {
    /// A count that is said exactly up to `cap`, and as more than that above it: the same words for a number and for the
    /// list behind it, which is not counted any further.
    pub const fn up_to(n: i64, cap: i64) -> Self {
        if n > cap { Self::AtLeast(cap) } else { Self::Exact(n) }
    }

    /// Where there is little room: `10 000+`.
    pub fn short(self) -> String {
        match self {
            Self::AtLeast(n) => format!("{}+", grouped(n)),
            other => other.to_string(),
        }
    }
}

impl std::fmt::Display for Total {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(n) => f.write_str(&grouped(*n)),
            Self::AtLeast(n) => write!(f, "more than {}", grouped(*n)),
            Self::About(n) => write!(f, "about {}", grouped(*n)),
        }
    }
}

/// Digits in groups of three, with a thin no-break space: `104 218`.
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    if n < 0 {
        out.push('−');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// Bytes as the plans name them (`seeds/003` 5.3): powers of 1024, one decimal where there is one, cut and not rounded, so
/// that a limit never looks reached too early. The only way in which this console writes bytes.
pub fn bytes(n: i64) -> String {
    const UNITS: [(&str, u64); 5] =
        [("PB", 1 << 50), ("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)];
    let sign = if n < 0 { "−" } else { "" };
    let size = n.unsigned_abs();
    let Some((unit, step)) = UNITS.iter().find(|(_, step)| size >= *step) else {
        return format!("{}\u{202f}B", grouped(n));
    };
    let tenths = u128::from(size) * 10 / u128::from(*step);
    let whole = grouped(i64::try_from(tenths / 10).unwrap_or(i64::MAX));
    match tenths % 10 {
        0 => format!("{sign}{whole}\u{202f}{unit}"),
        tenth => format!("{sign}{whole}.{tenth}\u{202f}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_no_more_than_the_list_behind_it() {
        assert_eq!(Total::up_to(10_000, 10_000), Total::Exact(10_000));
        assert_eq!(Total::up_to(10_303, 10_000), Total::AtLeast(10_000));
        assert_eq!(Total::up_to(10_303, 10_000).to_string(), "more than 10\u{202f}000");
        assert_eq!(Total::up_to(10_303, 10_000).short(), "10\u{202f}000+");
        assert_eq!(Total::up_to(312, 10_000).short(), "312");
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(104_218), "104\u{202f}218");
        assert_eq!(grouped(-1_000_000), "−1\u{202f}000\u{202f}000");
    }

    #[test]
    fn bytes_are_counted_in_one_way_everywhere() {
        for (n, text) in [
            (0, "0\u{202f}B"),
            (1_023, "1\u{202f}023\u{202f}B"),
            (1_024, "1\u{202f}kB"),
            (1_048_575, "1\u{202f}023.9\u{202f}kB"),
            (104_857_600, "100\u{202f}MB"),
            (1_610_612_736, "1.5\u{202f}GB"),
            (-2_048, "−2\u{202f}kB"),
        ] {
            assert_eq!(bytes(n), text);
        }
        assert!(bytes(i64::MAX).ends_with("PB") && bytes(i64::MIN).starts_with('−'));
    }

    #[test]
    fn totals_say_how_sure_they_are() {
        assert_eq!(Total::Exact(58).to_string(), "58");
        assert_eq!(Total::AtLeast(10_000).to_string(), "more than 10\u{202f}000");
    }
}
