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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(104_218), "104\u{202f}218");
        assert_eq!(grouped(-1_000_000), "−1\u{202f}000\u{202f}000");
    }

    #[test]
    fn totals_say_how_sure_they_are() {
        assert_eq!(Total::Exact(58).to_string(), "58");
        assert_eq!(Total::AtLeast(10_000).to_string(), "more than 10\u{202f}000");
    }
}
