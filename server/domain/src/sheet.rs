//! CSV files for people: what a spreadsheet would run is text in them.

use crate::error::{Error, Result};
use std::borrow::Cow;

/// Refuses a file of more than was asked for: a page says beside its list which filters it did not understand, a file can
/// say nothing.
///
/// # Errors
/// `Invalid` with the words that were not understood.
pub(crate) fn understood<S: AsRef<str>>(left_out: &[S]) -> Result<()> {
    if left_out.is_empty() {
        return Ok(());
    }
    let words: Vec<_> = left_out.iter().map(|word| format!("“{}”", word.as_ref())).collect();
    Err(Error::field(
        "",
        format!(
            "Not understood: {}. Nothing was exported, because it would have been more than was asked for.",
            words.join(", ")
        ),
    ))
}

/// Rows as CSV; every cell is [`guarded`].
pub(crate) fn written(rows: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>> {
    let broken = |error: &dyn std::fmt::Display| Error::Internal(format!("csv: {error}"));
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in rows {
        out.write_record(row.iter().map(|cell| guarded(cell).into_owned()))
            .map_err(|error| broken(&error))?;
    }
    out.into_inner().map_err(|error| broken(&error))
}

/// The head of a file.
pub(crate) fn head(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What a spreadsheet would take for a formula becomes text (ASVS 5.0 1.2.10).
pub(crate) fn guarded(cell: &str) -> Cow<'_, str> {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            Cow::Owned(format!("'{cell}"))
        }
        _ => Cow::Borrowed(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(guarded(bad), format!("'{bad}"));
        }
        for fine in ["", "Acme", "a=b", "'quoted", "1-2"] {
            assert_eq!(guarded(fine), fine);
        }
        let file = written([head(&["a", "b"]), vec!["x, \"y\"".into(), "=1".into()]]).expect("written");
        assert_eq!(String::from_utf8(file).expect("text"), "a,b\n\"x, \"\"y\"\"\",'=1\n");
    }
}
