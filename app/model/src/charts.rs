//! A chart as a page shows it: two drawings made on the server, a sentence, and the same values as a table.
//!
//! The drawings are approximate (the library computes in `f32`); the table is exact and is what people copy from.

use serde::{Deserialize, Serialize};

/// What stands in a `<figure class="c-chart">`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// Prefix of every id inside, unique on its page.
    pub id: String,
    pub title: String,
    /// First and last, lowest and highest, crossings of thresholds, in words; also the drawing's description.
    pub summary: String,
    /// 640×240 and 340×220; `None` where there is nothing to draw. Made by `domain::charts` only, which escapes
    /// every text in it: safe as HTML.
    pub wide: Option<String>,
    pub narrow: Option<String>,
    /// `data-series` and name; empty where one series speaks for itself.
    pub legend: Vec<(String, String)>,
    /// Heads of the table, the first for the rows' names.
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Where the same values can be downloaded.
    pub csv: Option<String>,
}
