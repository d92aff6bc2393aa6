//! From the library's drawing to ours: reserved colours become variables, and what the style sheet decides goes.
//!
//! charts-rs writes colours as `#RRGGBB` only. It is given colours that nobody would choose (`#C0DE01`…); each stands
//! for one variable of the style sheet and is replaced here. Anything else that looks like a colour is refused: a drawing
//! with a fixed colour would be wrong in one of the themes.

use charts_rs::Color;
use std::fmt::Write;

/// What a reserved colour stands for; its place is its last byte.
const TOKENS: [&str; 17] = [
    "--text-subtle",
    "--border-subtle",
    "--border",
    "--text",
    "--surface",
    "--chart-1",
    "--chart-2",
    "--chart-3",
    "--chart-4",
    "--chart-5",
    "--chart-6",
    "--chart-other",
    "--chart-limit",
    "--chart-healthy",
    "--chart-watch",
    "--chart-risk",
    "--chart-critical",
];

pub(super) const TEXT_SUBTLE: u8 = 0;
pub(super) const GRID: u8 = 1;
pub(super) const AXIS: u8 = 2;
pub(super) const TEXT: u8 = 3;
pub(super) const SURFACE: u8 = 4;

/// The reserved colour of a token's place.
pub(super) fn reserved(place: u8) -> Color {
    (0xC0, 0xDE, place).into()
}

pub(super) const fn place(ink: super::Ink) -> u8 {
    use super::Ink;
    match ink {
        Ink::Series(n @ 1..=6) => 4 + n,
        Ink::Series(_) => 11,
        Ink::Limit => 12,
        Ink::Healthy => 13,
        Ink::Watch => 14,
        Ink::Risk => 15,
        Ink::Critical => 16,
    }
}

/// `svg` as the library wrote it; `head` replaces its root tag, `title` is its accessible name.
pub(super) fn themed(
    svg: &str,
    id: &str,
    size: &str,
    view_box: &str,
    title: &str,
) -> Result<String, &'static str> {
    let start = svg.find("<svg").ok_or("not an SVG")?;
    let body = start + svg[start..].find('>').ok_or("no root tag")? + 1;
    let mut out = String::with_capacity(svg.len());
    let _ = write!(
        out,
        r#"<svg class="c-chart__svg" data-size="{size}" viewBox="{view_box}" role="img" aria-labelledby="{id}-{size}" aria-describedby="{id}-s" focusable="false"><title id="{id}-{size}">{}</title>"#,
        html_escape::encode_text(title)
    );
    let mut rest = &svg[body..];
    // Colours stand in attributes, whole: fill="#C0DE01". Text may hold the same characters and is left alone.
    while let Some(at) = rest.find("=\"") {
        let (before, value) = rest.split_at(at + 2);
        let end = value.find('"').ok_or("an attribute without an end")?;
        let name = before[..at].rsplit([' ', '\n']).next().unwrap_or_default();
        match name {
            "font-family" => out.push_str(before[..at].trim_end_matches("font-family").trim_end()),
            _ => {
                out.push_str(before);
                out.push_str(&token(&value[..end])?);
                out.push('"');
            }
        }
        rest = &value[end + 1..];
    }
    out.push_str(rest);
    Ok(without_ends(&out))
}

/// The library ends every level line in a dot and an arrow, as if it led somewhere. Neither can be switched off.
fn without_ends(svg: &str) -> String {
    const DOT: &str = r#" r="3.5""#;
    const ARROW: &str = r#"l-5-5 15 5-15 5z""#;
    let mut out = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        let tag = &rest[at..end];
        let ends = (tag.starts_with("<circle") && tag.contains(DOT))
            || (tag.starts_with("<path") && tag.contains(ARROW));
        if !ends || !tag.ends_with("/>") {
            out.push_str(tag);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// An attribute's value, a reserved colour turned into its variable.
fn token(value: &str) -> Result<std::borrow::Cow<'_, str>, &'static str> {
    let Some(hex) = value.strip_prefix('#') else { return Ok(value.into()) };
    let place = hex.strip_prefix("C0DE").and_then(|place| usize::from_str_radix(place, 16).ok());
    match place.and_then(|place| TOKENS.get(place)) {
        Some(token) => Ok(format!("var({token})").into()),
        // The library's "nothing": drawn with opacity 0.
        None if hex == "000000" => Ok("none".into()),
        None => Err("a colour that no theme knows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_of_the_bridge_is_in_the_style_sheet() {
        let sheet = include_str!("../../../../style/_tokens.scss");
        for token in TOKENS {
            assert!(sheet.contains(&format!("{token}:")), "{token}");
        }
    }

    #[test]
    fn a_colour_of_no_theme_is_refused_and_text_is_left_alone() {
        assert!(themed(r##"<svg><path fill="#E6E6E6"/></svg>"##, "a", "wide", "0 0 1 1", "t").is_err());
        let svg = themed(r##"<svg width="1" height="2"><path fill="#C0DE05" font-family="Roboto" x="1"/><text>#E6E6E6</text></svg>"##, "a", "wide", "0 0 1 1", "a <b> & c").expect("fine");
        assert!(svg.ends_with(r#"<path fill="var(--chart-1)" x="1"/><text>#E6E6E6</text></svg>"#), "{svg}");
        assert!(svg.contains("a &lt;b&gt; &amp; c"));
        assert!(!svg.contains("width="));
    }
}
