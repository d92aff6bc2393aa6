//! A page and its floor by turns. A machine is not as quick in one minute as in the next: what is compared was measured one
//! right after the other, a few times over, and of the comparisons the one in the middle counts.

use crate::http::Load;

/// The value in the middle; of an even number the greater of the two.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The middle of several loads, number by number.
pub fn middle(loads: &[Load]) -> Load {
    Load {
        per_second: median(loads.iter().map(|load| load.per_second)),
        p50: median(loads.iter().map(|load| load.p50)),
        p99: median(loads.iter().map(|load| load.p99)),
    }
}

/// How much of its floor a page reached in each turn.
pub fn shares(pages: &[Load], floors: &[Load]) -> Vec<f64> {
    pages.iter().zip(floors).map(|(page, floor)| page.per_second / floor.per_second.max(0.001)).collect()
}

/// By how many milliseconds the slowest of a hundred were over the floor's in each turn.
pub fn over(pages: &[Load], floors: &[Load]) -> Vec<f64> {
    pages.iter().zip(floors).map(|(page, floor)| page.p99 - floor.p99).collect()
}

/// All turns behind the one in the middle, where there are more than one: how far they lie apart.
pub fn each(values: &[f64], digits: usize) -> String {
    if values.len() < 2 {
        return String::new();
    }
    let all: Vec<String> = values.iter().map(|value| format!("{value:.digits$}")).collect();
    format!(" (of {})", all.join(", "))
}
