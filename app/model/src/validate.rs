//! Parsing at the border: what a form or a program sent becomes a typed value, or a sentence beside its field.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A word outside a closed set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord(pub String);

impl std::fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "“{}” is not one of the known words", self.0)
    }
}

impl std::error::Error for UnknownWord {}

/// What is wrong, field by field, in words a person would use. The empty field name is the form itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldErrors(pub BTreeMap<String, String>);

impl FieldErrors {
    /// One error at one field.
    pub fn one(field: &str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// Adds a message; the first one for a field stays.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.entry(field.to_owned()).or_insert_with(|| message.into());
    }

    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps the value of a field that parsed, or notes why it did not.
    pub fn take<T>(&mut self, field: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|message| self.add(field, message)).ok()
    }

    /// `Ok` when nothing is wrong.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

/// Text of 1 to `max` characters once trimmed; it may have several lines. `what` begins the sentence: "A reason".
pub fn required(text: &str, what: &str, max: u32) -> Result<String, String> {
    let text = text.trim();
    let length = text.chars().count();
    if text.is_empty() {
        Err(format!("{what} is needed."))
    } else if length > max as usize {
        Err(format!("{what} may have {max} characters at most; this has {length}."))
    } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t' && c != '\r') {
        Err(format!("{what} holds a character that cannot be shown."))
    } else {
        Ok(text.to_owned())
    }
}

/// Like [`required`], for what stands on one line, like a name: lists, mails and log lines show it, so it may neither
/// break the line, nor turn the order of what stands around it, nor look like nothing.
pub fn line(text: &str, what: &str, max: u32) -> Result<String, String> {
    let text = text.trim();
    let blank = !text.is_empty() && text.chars().all(|c| c.is_whitespace() || has_no_width(c));
    if blank || text.chars().any(cannot_stand_in_a_line) {
        return Err(format!("{what} cannot hold line breaks or invisible characters."));
    }
    required(text, what, max)
}

/// Like [`line`], but nothing is fine.
pub fn optional_line(text: &str, what: &str, max: u32) -> Result<Option<String>, String> {
    if text.trim().is_empty() { Ok(None) } else { line(text, what, max).map(Some) }
}

/// Control characters (tabs and line breaks among them), the separators of lines and paragraphs, and what overrides or
/// isolates the direction of writing.
fn cannot_stand_in_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters that nobody sees. Between others they have their use, in Persian words and in emoji; alone they are no text.
const fn has_no_width(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// Like [`required`], but nothing is fine.
pub fn optional(text: &str, what: &str, max: u32) -> Result<Option<String>, String> {
    if text.trim().is_empty() { Ok(None) } else { required(text, what, max).map(Some) }
}

/// One word of a closed set.
pub fn word<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, String> {
    if text.is_empty() {
        return Err(format!("{what} is needed."));
    }
    text.parse().map_err(|_| format!("{what} “{text}” is not known."))
}

/// Words that stand in URLs where a slug could: no tenant may have them (`ux.md` N10).
const RESERVED_SLUGS: &[&str] =
    &["new", "import", "bulk", "export", "edit", "all", "none", "platform", "api", "me"];

/// A slug: 1–63 of `a-z`, `0-9` and inner `-`; not a reserved word. The same shape as a DNS label (RFC 1123).
pub fn slug(text: &str) -> Result<String, String> {
    let text = text.trim();
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() {
        Err("A slug is needed.".into())
    } else if text.len() > 63 {
        Err("A slug may have 63 characters at most.".into())
    } else if !text.chars().all(inner) || text.starts_with('-') || text.ends_with('-') {
        Err("A slug has lower-case letters, digits and inner hyphens only.".into())
    } else if RESERVED_SLUGS.contains(&text) {
        Err(format!("“{text}” is a reserved word; choose another slug."))
    } else {
        Ok(text.to_owned())
    }
}

/// The slug that is suggested for a name: ASCII letters and digits of it, hyphens between; never empty.
pub fn suggest_slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        let c = fold(c);
        if c.is_empty() {
            if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        } else {
            slug.push_str(c);
        }
        if slug.len() >= 50 {
            break;
        }
    }
    let slug = slug.trim_matches('-');
    if slug.is_empty() || RESERVED_SLUGS.contains(&slug) {
        format!("tenant-{slug}").trim_end_matches('-').to_owned()
    } else {
        slug.to_owned()
    }
}

/// Latin letters with marks become their plain letter; what has none becomes a break.
fn fold(c: char) -> &'static str {
    const PLAIN: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    if let Some(at) = PLAIN.find(c) {
        return &PLAIN[at..=at];
    }
    match c {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' | 'ė' => "e",
        'ğ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' | 'į' => "i",
        'ł' | 'ľ' | 'ļ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ő' | 'ō' => "o",
        'ö' | 'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

/// A DNS name in lower case, with at least one dot. International names are given in their ASCII form.
pub fn domain(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if text.len() > 253 || !text.contains('.') || !text.split('.').all(label) {
        Err(format!("“{text}” is not a domain name like example.com."))
    } else {
        Ok(text)
    }
}

/// An address in lower case. What is left out of it, only sending a mail can tell.
pub fn email(text: &str) -> Result<String, String> {
    let text = text.trim().to_lowercase();
    match text.split_once('@') {
        Some((local, host))
            if !local.is_empty()
                && text.len() <= 254
                && domain(host).is_ok()
                && !text.contains(|c: char| {
                    c.is_whitespace() || cannot_stand_in_a_line(c) || has_no_width(c)
                }) =>
        {
            Ok(text)
        }
        _ => Err(format!("“{text}” is not an e-mail address.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_have_the_shape_of_a_dns_label() {
        assert_eq!(slug(" acme-2 ").as_deref(), Ok("acme-2"));
        for bad in ["", "-a", "a-", "A", "a_b", "a.b", "ä", "new", &"x".repeat(64)] {
            assert!(slug(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_suggested_slug_is_a_slug_whatever_the_name() {
        for (name, expected) in [
            ("Fundação Hermínio Ometto", "fundacao-herminio-ometto"),
            ("Universität Zürich", "universitaet-zuerich"),
            ("New", "tenant-new"),
            ("東京大学", "tenant"),
            ("  --  ", "tenant"),
        ] {
            assert_eq!(suggest_slug(name), expected);
            assert!(slug(&suggest_slug(name)).is_ok(), "{name}");
        }
        assert!(slug(&suggest_slug(&"long name ".repeat(40))).is_ok());
    }

    #[test]
    fn required_text_is_trimmed_counted_and_clean() {
        assert_eq!(required("  because ", "A reason", 10).as_deref(), Ok("because"));
        assert_eq!(required(" \n ", "A reason", 10), Err("A reason is needed.".into()));
        assert!(required("ééééé", "A reason", 5).is_ok());
        assert!(required("éééééé", "A reason", 5).is_err());
        assert!(required("a\u{0}b", "A reason", 5).is_err());
    }

    #[test]
    fn what_stands_on_one_line_cannot_break_it_turn_it_or_be_invisible() {
        assert_eq!(line("  Acme Holdings ", "A name", 20).as_deref(), Ok("Acme Holdings"));
        // Joiners inside a word, and a mark of direction, are part of how names are written.
        for name in ["می\u{200C}خواهم", "👩\u{200D}🔬 Labs", "אקמה\u{200F}!", "Ökonomie & Söhne"]
        {
            assert_eq!(line(name, "A name", 40).as_deref(), Ok(name));
        }
        let says = "A name cannot hold line breaks or invisible characters.";
        for bad in [
            "Acme\nHoldings",
            "Acme\r\nHoldings",
            "Acme\tHoldings",
            "Acme\u{0}",
            "Acme\u{1B}[31m",
            "Acme\u{85}Holdings",
            "Acme\u{2028}Holdings",
            "Acme\u{202A}",
            "Acme \u{202E}sgnidloH",
            "\u{2066}Acme\u{2069}",
            "\u{200B}",
            "\u{FEFF} \u{2060}\u{200F}",
        ] {
            assert_eq!(line(bad, "A name", 40), Err(says.into()), "{bad:?}");
            assert_eq!(optional_line(bad, "A name", 40), Err(says.into()), "{bad:?}");
        }
        assert_eq!(line(" \n ", "A name", 10), Err("A name is needed.".into()));
        assert!(line("éééééé", "A name", 5).is_err());
        assert_eq!(optional_line("  ", "A country", 5), Ok(None));
        assert_eq!(optional_line(" DE ", "A country", 5), Ok(Some("DE".into())));
        // Text of several lines keeps them.
        assert_eq!(required("a\n\tb", "A reason", 10).as_deref(), Ok("a\n\tb"));
    }

    #[test]
    fn domains_and_addresses() {
        assert_eq!(domain("FHO.edu.br.").as_deref(), Ok("fho.edu.br"));
        for bad in ["", "localhost", "a..b", "-a.com", "a b.com", "ä.de"] {
            assert!(domain(bad).is_err(), "{bad}");
        }
        assert_eq!(email("A.Roy@Example.com").as_deref(), Ok("a.roy@example.com"));
        for bad in
            ["", "a", "@b.com", "a@b", "a b@c.com", "a\u{202E}@c.com", "a\u{200B}@c.com", "a\u{0}b@c.com"]
        {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_error_of_a_field_stays() {
        let mut errors = FieldErrors::default();
        errors.add("a", "first");
        errors.add("a", "second");
        assert_eq!(errors.get("a"), Some("first"));
        assert!(errors.into_result().is_err());
    }
}
