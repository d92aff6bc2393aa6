//! Numbers for people. `model::page::grouped` writes them in full; these shorten them.

pub use model::page::{bytes, grouped};

/// A count with a suffix: `980`, `12 k`, `1.2 M`.
pub fn compact(n: i64) -> String {
    scaled(n, &["", "k", "M", "G", "T", "P"]).trim_end().to_owned()
}

/// One decimal below ten, none above; rounding never leaves `1000 k`.
fn scaled(n: i64, units: &[&str]) -> String {
    const STEP: u64 = 1_000;
    let sign = if n < 0 { "−" } else { "" };
    let n = n.unsigned_abs();
    let (mut unit, mut scale) = (0, 1_u64);
    // The half of a unit that rounding would add is taken into account: 999 950 is 1.0 M.
    while unit + 1 < units.len() && n.saturating_add(scale / 2) / scale >= STEP {
        unit += 1;
        scale *= STEP;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    let tenths = u128::from(n) * 10 / u128::from(scale);
    if unit == 0 || tenths % 10 == 0 || !(10..100).contains(&tenths) {
        let whole = (u128::from(n) + u128::from(scale) / 2) / u128::from(scale);
        format!("{sign}{whole}\u{202f}{name}")
    } else {
        format!("{sign}{}.{}\u{202f}{name}", tenths / 10, tenths % 10)
    }
}

/// `84 %` of a limit, rounded down so that 100 % is never shown too early; a limit of 0 is full.
pub fn percent(used: i64, limit: i64) -> i64 {
    if limit <= 0 {
        return 100;
    }
    i64::try_from(i128::from(used.max(0)) * 100 / i128::from(limit)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shortened_without_lying() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1\u{202f}k"),
            (1_250, "1.2\u{202f}k"),
            (12_480, "12\u{202f}k"),
            (999_600, "1\u{202f}M"),
            (104_218_000, "104\u{202f}M"),
            (-1_500, "−1.5\u{202f}k"),
        ] {
            assert_eq!(compact(n), text, "{n}");
        }
    }

    #[test]
    fn a_percentage_reaches_100_only_at_the_limit() {
        for (used, limit, expected) in [
            (0, 100, 0),
            (999, 1_000, 99),
            (1_000, 1_000, 100),
            (1_500, 1_000, 150),
            (1, 0, 100),
            (-5, 10, 0),
            (i64::MAX, 1, i64::MAX),
        ] {
            assert_eq!(percent(used, limit), expected);
        }
    }
}
