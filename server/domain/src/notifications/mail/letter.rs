//! One mail as blocks, written twice from the same words: as plain text and as simple HTML.
//!
//! The HTML has no picture, no script, no style from elsewhere and nothing that is fetched: opening it tells nobody. What
//! comes from tenants is escaped here, in one place.

use html_escape::encode_quoted_attribute as escaped;
use std::fmt::Write;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Paragraph(String),
    /// Label and value of each line.
    Facts(Vec<(&'static str, String)>),
    /// What it leads to, and where.
    Link(&'static str, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    blocks: Vec<Block>,
}

impl Letter {
    /// The subject is one line, whatever a tenant is called.
    pub fn new(subject: impl Into<String>) -> Self {
        let subject: String = subject.into();
        let subject = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self { subject, blocks: Vec::new() }
    }

    pub fn paragraph(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Paragraph(text.into()));
        self
    }

    /// Facts without a value are left out.
    pub fn facts(mut self, facts: Vec<(&'static str, Option<String>)>) -> Self {
        let facts: Vec<_> = facts.into_iter().filter_map(|(label, value)| Some((label, value?))).collect();
        if !facts.is_empty() {
            self.blocks.push(Block::Facts(facts));
        }
        self
    }

    pub fn link(mut self, label: &'static str, url: impl Into<String>) -> Self {
        self.blocks.push(Block::Link(label, url.into()));
        self
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        for block in &self.blocks {
            match block {
                Block::Paragraph(text) => out.push_str(text),
                Block::Facts(facts) => {
                    let lines: Vec<_> =
                        facts.iter().map(|(label, value)| format!("  {label}: {value}")).collect();
                    out.push_str(&lines.join("\n"));
                }
                Block::Link(label, url) => {
                    let _ = write!(out, "{label}:\n{url}");
                }
            }
            out.push_str("\n\n");
        }
        out.push_str("-- \nSteward\n");
        out
    }

    pub fn html(&self) -> String {
        let mut out = String::from("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
        out.push_str(&escaped(&self.subject));
        out.push_str(
            "</title></head><body style=\"font-family:sans-serif;font-size:16px;line-height:1.5;max-width:38em\">",
        );
        for block in &self.blocks {
            match block {
                Block::Paragraph(text) => {
                    let _ = write!(out, "<p>{}</p>", escaped(text).replace('\n', "<br>"));
                }
                Block::Facts(facts) => {
                    out.push_str("<table>");
                    for (label, value) in facts {
                        let _ = write!(
                            out,
                            "<tr><th align=\"left\" style=\"padding-right:1em\">{label}</th><td>{}</td></tr>",
                            escaped(value)
                        );
                    }
                    out.push_str("</table>");
                }
                Block::Link(label, url) => {
                    let url = escaped(url);
                    let _ = write!(out, "<p><a href=\"{url}\">{label}</a><br><small>{url}</small></p>");
                }
            }
        }
        out.push_str("<p><small>Steward</small></p></body></html>");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_the_same_twice_and_escapes_what_strangers_wrote() {
        let letter = Letter::new("About <b>\nX: y")
            .paragraph("Dear <script>alert(1)</script>")
            .facts(vec![("Plan", Some("\"Free\" & easy".into())), ("Nothing", None)])
            .link("Open it", "https://example.com/?a=1&b=2");
        assert_eq!(letter.subject, "About <b> X: y");
        let (text, html) = (letter.text(), letter.html());
        assert!(
            text.contains("Dear <script>")
                && text.contains("  Plan: \"Free\" & easy")
                && text.contains("?a=1&b=2")
        );
        assert!(!html.contains("<script>") && html.contains("&quot;Free&quot; &amp; easy"), "{html}");
        assert!(html.contains("href=\"https://example.com/?a=1&amp;b=2\""));
        assert!(!text.contains("Nothing") && !html.contains("Nothing"));
        for fetched in ["<img", "src=", "url(", "<link", "@import"] {
            assert!(!html.contains(fetched), "{fetched}");
        }
    }
}
