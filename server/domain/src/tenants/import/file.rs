//! The file of an import, row by row: nothing in it is trusted.

use crate::tenants::create::check;
use crate::tenants::store::import::Staged;
use csv::{ByteRecord, ReaderBuilder, Trim};
use model::directory::{IMPORT_BYTES, IMPORT_ROWS, NewTenant};
use model::page::grouped;
use model::tenants::PlanId;
use model::validate;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

const COLUMNS: [&str; 10] =
    ["name", "domain", "country", "country_code", "slug", "plan", "region", "tags", "external_id", "owner"];

/// A row under examination.
pub(super) struct Row {
    pub(super) staged: Staged,
    /// The file said no slug: it may be changed until it is free.
    pub(super) suggested: bool,
}

/// Reads the whole file. `Err` is a sentence about the file as a whole.
pub(super) fn read(file: &[u8], plan: PlanId) -> Result<(Vec<Row>, Vec<String>), String> {
    if file.len() > IMPORT_BYTES as usize {
        return Err(format!("The file is larger than {} MB.", IMPORT_BYTES / 1024 / 1024));
    }
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let file = &*with_newlines(file);
    if file.iter().all(u8::is_ascii_whitespace) {
        return Err("The file is empty.".into());
    }
    if file.contains(&0) {
        return Err("This is not a CSV file. Save the sheet as “CSV UTF-8” and try again.".into());
    }
    let delimiter = delimiter(file);
    if let Some(line) = unclosed(file, delimiter) {
        return Err(format!(
            "The quotation mark that opens on line {} is never closed, so that everything after it would be one cell. \
             Close it, or write it twice where it is meant.",
            grouped(line)
        ));
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(Trim::All)
        .has_headers(true)
        .from_reader(file);
    let head = reader.byte_headers().map_err(|error| format!("The file cannot be read: {error}."))?.clone();
    let head = columns(&head)?;
    let ignored: Vec<String> =
        head.iter().filter(|name| !COLUMNS.contains(&name.as_str())).cloned().collect();
    let mut rows = Vec::new();
    let mut lines = LineNumbers::default();
    let mut record = ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) if record.iter().all(<[u8]>::is_empty) => {}
            Ok(true) => {
                if rows.len() == IMPORT_ROWS as usize {
                    return Err(format!(
                        "The file has more than {} rows. Split it.",
                        grouped(i64::from(IMPORT_ROWS))
                    ));
                }
                let line = lines.of(file, record.position().map_or(0, csv::Position::byte));
                rows.push(row(&head, &record, line, plan));
            }
            Err(error) => return Err(format!("The file cannot be read: {error}.")),
        }
    }
    if rows.is_empty() {
        return Err("The file has a head but no rows.".into());
    }
    among_themselves(&mut rows);
    Ok((rows, ignored))
}

/// With one kind of line end, whichever the file was written with: a lone carriage return is one as well.
fn with_newlines(file: &[u8]) -> Cow<'_, [u8]> {
    if !file.contains(&b'\r') {
        return Cow::Borrowed(file);
    }
    let mut out = Vec::with_capacity(file.len());
    let mut bytes = file.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\r' {
            bytes.next_if_eq(&b'\n');
            out.push(b'\n');
        } else {
            out.push(byte);
        }
    }
    Cow::Owned(out)
}

/// The line on which a cell opens with a quotation mark that nothing closes: the reader would swallow the rest of the
/// file as one cell.
fn unclosed(file: &[u8], delimiter: u8) -> Option<i64> {
    let (mut line, mut opened, mut quoted, mut fresh) = (1, 1, false, true);
    let mut bytes = file.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\n' {
            line += 1;
        }
        if quoted {
            // Twice, it is one quotation mark of the text.
            if byte == b'"' && bytes.next_if_eq(&b'"').is_none() {
                quoted = false;
            }
        } else if byte == b'"' && fresh {
            (quoted, opened, fresh) = (true, line, false);
        } else {
            fresh = byte == delimiter || byte == b'\n';
        }
    }
    quoted.then_some(opened)
}

/// The lines on which records begin, counted along; blank lines before a record are passed over.
#[derive(Default)]
struct LineNumbers {
    at: usize,
    before: i32,
}

impl LineNumbers {
    fn of(&mut self, file: &[u8], byte: u64) -> i32 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX).min(file.len());
        let blank = file[start..].iter().take_while(|byte| **byte == b'\n').count();
        let start = (start + blank).max(self.at);
        let ends = file[self.at..start].iter().filter(|byte| **byte == b'\n').count();
        self.before = self.before.saturating_add(i32::try_from(ends).unwrap_or(i32::MAX));
        self.at = start;
        self.before.saturating_add(1)
    }
}

/// What separates the cells of the first line: some spreadsheets write semicolons or tabs.
fn delimiter(file: &[u8]) -> u8 {
    let head = file.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| head.iter().filter(|byte| **byte == delimiter).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

fn columns(head: &ByteRecord) -> Result<Vec<String>, String> {
    let names: Vec<String> = head
        .iter()
        .map(|cell| {
            String::from_utf8_lossy(cell)
                .trim()
                .to_lowercase()
                .replace([' ', '-'], "_")
                .chars()
                .take(60)
                .collect()
        })
        .collect();
    if !names.iter().any(|name| name == "name") {
        return Err(format!(
            "The first line has no column “name”. It says: {}.",
            names.iter().take(12).cloned().collect::<Vec<_>>().join(", ")
        ));
    }
    let mut seen = HashSet::new();
    match names.iter().find(|name| COLUMNS.contains(&name.as_str()) && !seen.insert(name.as_str())) {
        Some(twice) => Err(format!("The column “{twice}” is there twice.")),
        None => Ok(names),
    }
}

/// What Windows-1252 has at 0x80 to 0x9F, where Unicode has control characters that nobody types. A file that was once read
/// by the wrong table holds those in place of its quotation marks and dashes. Five were never given a meaning.
const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// The character that a cell means by this one.
fn meant(c: char) -> char {
    match c {
        '\u{80}'..='\u{9f}' => WINDOWS.chars().nth(u32::from(c) as usize - 0x80).unwrap_or(c),
        _ => c,
    }
}

fn row(head: &[String], record: &ByteRecord, line: i32, plan: PlanId) -> Row {
    let mut problems = Vec::new();
    if std::str::from_utf8(record.as_slice()).is_err() {
        problems.push("The row is not UTF-8; save the file as “CSV UTF-8”.".to_owned());
    }
    if record.len() > head.len() {
        problems.push("The row has more cells than the first line.".to_owned());
    }
    let cell = |name: &str| {
        let at = head.iter().position(|column| column == name);
        at.and_then(|at| record.get(at))
            .map(|bytes| {
                let chars = String::from_utf8_lossy(bytes);
                chars.chars().filter(|c| *c != '\0').map(meant).take(500).collect::<String>()
            })
            .unwrap_or_default()
    };
    let code = cell("country_code");
    let two_letters = code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic());
    if !code.is_empty() && !two_letters {
        problems.push(format!("“{code}” is not a country code of two letters."));
    }
    let named = cell("plan").to_lowercase();
    let plan = if named.is_empty() {
        plan
    } else {
        named.parse().unwrap_or_else(|_| {
            problems.push(format!("The plan “{named}” is not known."));
            plan
        })
    };
    let country = cell("country");
    let new = NewTenant {
        name: cell("name"),
        slug: cell("slug"),
        domain: cell("domain"),
        external_id: cell("external_id"),
        plan,
        region: cell("region"),
        // One vocabulary for all tenants, wherever the file knows it.
        country: if two_letters { code.to_ascii_uppercase() } else { country },
        tags: cell("tags").split([';', ',', '|']).map(str::to_owned).collect(),
    };
    let suggested = new.slug.trim().is_empty();
    // Whose it is stands in the fleet, and is looked up for all rows at once.
    let owner = cell("owner");
    let owner_email = if owner.trim().is_empty() {
        None
    } else {
        validate::email(&owner).map_err(|why| problems.push(format!("Owner: {why}"))).ok()
    };
    let staged = match check(&new) {
        Ok(fine) => Staged {
            line,
            slug: fine.slug,
            name: fine.name,
            domain: fine.domain,
            external_id: fine.external_id,
            country: fine.country,
            region: fine.region,
            plan: plan.as_str().to_owned(),
            tags: fine.tags,
            owner_email,
            owner: None,
            problems,
        },
        Err(errors) => {
            problems.extend(errors.0.into_values());
            let some = |text: String| Some(text).filter(|text| !text.is_empty());
            Staged {
                line,
                slug: if suggested { validate::suggest_slug(&new.name) } else { new.slug },
                name: new.name,
                domain: some(new.domain),
                external_id: some(new.external_id),
                country: some(new.country),
                region: new.region,
                plan: named,
                tags: new.tags,
                owner_email,
                owner: None,
                problems,
            }
        }
    };
    Row { staged, suggested }
}

/// Finds what stands in the file twice. The first row keeps it.
fn among_themselves(rows: &mut [Row]) {
    let mut slugs: HashMap<String, i32> = HashMap::new();
    let mut domains: HashMap<String, i32> = HashMap::new();
    let mut external_ids: HashMap<String, i32> = HashMap::new();
    for Row { staged, suggested } in rows {
        let line = staged.line;
        let mut once = |seen: &mut HashMap<String, i32>, what: &str, value: Option<&String>| {
            let Some(value) = value else { return };
            let first = *seen.entry(value.to_lowercase()).or_insert(line);
            if first != line {
                staged
                    .problems
                    .push(format!("The {what} “{value}” is on line {} already.", grouped(i64::from(first))));
            }
        };
        let slug = Some(staged.slug.clone()).filter(|_| !*suggested);
        let (domain, external_id) = (staged.domain.clone(), staged.external_id.clone());
        once(&mut slugs, "slug", slug.as_ref());
        once(&mut domains, "domain", domain.as_ref());
        once(&mut external_ids, "external id", external_id.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(file: &str) -> Vec<(String, Vec<String>)> {
        let (rows, _) = read(file.as_bytes(), PlanId::Starter).expect("a file");
        rows.into_iter().map(|row| (row.staged.name, row.staged.problems)).collect()
    }

    #[test]
    fn what_windows_meant_is_read_as_it_was_meant() {
        let file = "name,domain\n\
            Medical Academy \u{93}Karol Marcinkowski\u{94} in Poznan,a.example\n\
            O\u{92}Neill \u{96} Co \u{80},b.example\n";
        assert_eq!(
            names(file),
            [
                ("Medical Academy “Karol Marcinkowski” in Poznan".to_owned(), vec![]),
                ("O’Neill – Co €".to_owned(), vec![]),
            ]
        );
        for (c, same) in
            [('\u{7f}', true), ('\u{80}', false), ('\u{9f}', false), ('\u{a0}', true), ('é', true)]
        {
            assert_eq!(meant(c) == c, same, "{c:?}");
        }
    }

    #[test]
    fn what_nobody_ever_meant_is_refused() {
        for never in ['\u{81}', '\u{8d}', '\u{8f}', '\u{90}', '\u{9d}', '\u{7}', '\u{7f}'] {
            let found = names(&format!("name\nA{never}B\n"));
            assert!(found[0].1.iter().any(|why| why.contains("invisible")), "{never:?}: {found:?}");
        }
    }
}
