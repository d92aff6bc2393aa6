//! What a first visit costs: bytes and requests until the page is usable, and the size of the code.

use crate::http::Answer;
use crate::steward::{Steward, attribute};
use crate::{Failure, Report};
use std::path::{Path, PathBuf};

fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

/// The page, and everything that stands between it and being readable and clickable as a browser shows it: styles, the
/// fonts of plain text, scripts that block, the icons. WASM and its loader come on top and have their own budget.
pub async fn cold(steward: &Steward, cookie: &str, report: &mut Report) -> Result<(), Failure> {
    let page = steward.get("/tenants", cookie, true).await?;
    let plain = steward.get("/tenants", cookie, false).await?.text();
    let mut needed: Vec<String> = Vec::new();
    for tag in plain.split('<').map(|rest| rest.split('>').next().unwrap_or_default()) {
        let path = if tag.starts_with("link ") {
            let rel = attribute(tag, "rel").unwrap_or_default();
            let wanted = matches!(rel, "stylesheet" | "icon")
                || rel == "preload" && matches!(attribute(tag, "as"), Some("font" | "style" | "image"));
            attribute(tag, "href").filter(|_| wanted)
        } else if tag.starts_with("use ") {
            attribute(tag, "href").and_then(|href| href.split('#').next())
        } else if tag.starts_with("script ") && !tag.contains("module") && !tag.contains("speculation") {
            attribute(tag, "src")
        } else {
            None
        };
        if let Some(path) =
            path.filter(|path| path.starts_with('/') && !needed.iter().any(|known| known == path))
        {
            needed.push(path.to_owned());
        }
    }
    for styles in needed.clone().iter().filter(|path| path.ends_with(".css")) {
        let styles = steward.get(styles, cookie, false).await?.text();
        for font in plain_fonts(&styles).filter(|font| !needed.contains(font)).collect::<Vec<_>>() {
            needed.push(font);
        }
    }
    let mut bytes = page.wire;
    let mut parts = vec![format!("page {:.1}", kilobytes(page.wire))];
    for path in &needed {
        let answer: Answer = steward.get(path, cookie, true).await?;
        // The page of an error is small too.
        if answer.status != 200 {
            let why = format!("not measured: {path} answers {}, is the site built?", answer.status);
            report.line("cold directory page", why, "≤ 60 kB", None);
            return Ok(());
        }
        bytes += answer.wire;
        let name =
            path.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default().to_owned();
        parts.push(format!("{name} {:.1}", kilobytes(answer.wire)));
    }
    let requests = needed.len() + 1;
    report.line(
        "cold directory page",
        format!("{:.1} kB ({})", kilobytes(bytes), parts.join(", ")),
        "≤ 60 kB",
        Some(kilobytes(bytes) <= 60.0),
    );
    report.line("  requests until usable", requests.to_string(), "≤ 6", Some(requests <= 6));
    Ok(())
}

/// Fonts that ASCII text is set in: those without a range of characters, or with one that begins there.
fn plain_fonts(styles: &str) -> impl Iterator<Item = String> {
    styles.split("@font-face").skip(1).filter_map(|rest| {
        let face = rest.split('}').next()?;
        let range =
            face.split_once("unicode-range:").map(|(_, range)| range.trim_start().to_ascii_uppercase());
        let plain = range.is_none_or(|range| range.starts_with("U+0020") || range.starts_with("U+20-"));
        let url = face.split_once("url(")?.1.split(')').next()?.trim_matches(['"', '\'']);
        plain.then(|| url.to_owned())
    })
}

/// The newest of each kind of file in the built site, as it is sent: compressed beforehand.
pub fn assets(report: &mut Report) -> Result<(), Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no workspace")?.to_owned();
    let site = std::env::var_os("LEPTOS_SITE_ROOT").map_or(root.join("target/site"), PathBuf::from);
    for (kind, most) in [("wasm", 120.0), ("css", 15.0)] {
        let mut found: Vec<_> = std::fs::read_dir(site.join("pkg"))
            .into_iter()
            .flatten()
            .flatten()
            .filter(|file| file.file_name().to_string_lossy().ends_with(&format!(".{kind}.br")))
            .filter_map(|file| file.metadata().ok().and_then(|m| Some((m.modified().ok()?, m.len()))))
            .collect();
        found.sort();
        match found.last() {
            Some((_, bytes)) => {
                let size = kilobytes(*bytes as usize);
                report.line(
                    &format!("{kind}, brotli"),
                    format!("{size:.1} kB"),
                    &format!("≤ {most} kB"),
                    Some(size <= most),
                );
            }
            None => {
                report.line(&format!("{kind}, brotli"), "not built".into(), &format!("≤ {most} kB"), None)
            }
        }
    }
    Ok(())
}
