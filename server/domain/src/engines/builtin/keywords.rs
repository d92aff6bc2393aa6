//! Scoring of labels by keywords, for call reasons and topics.

mod words;

pub(super) use words::{REASONS, TOPICS};

use std::sync::LazyLock;

use super::directives::Rule;
use super::phrases::{Phrasebook, word_count};
use super::text::{self, At, Said, Sentence};

/// What a label's own name and a keyword from a prompt weigh; defaults weigh 1 to 4.
const NAME_WEIGHT: f32 = 2.5;
const PROMPT_WEIGHT: f32 = 4.0;
/// A label with less speaking for it is not given: one common word late in the talk is chance.
const LEAST_SCORE: f32 = 0.75;

/// One label of a built-in table.
pub(super) struct Label {
    pub name: &'static str,
    /// Other names a choice may have, by word.
    pub aliases: &'static str,
    /// Weight and keywords.
    pub words: &'static [(f32, &'static str)],
}

/// Labels and the keywords, by stem, that speak for them.
pub(super) struct Table {
    pub labels: Vec<String>,
    /// Stemmed keyword to (index of the label, weight).
    book: Phrasebook<(usize, f32)>,
}

/// One keyword that was found.
pub(super) struct Match<'a> {
    pub at: At,
    /// Verbatim.
    pub words: &'a str,
    pub score: f32,
}

/// A label that won, with what spoke for it, strongest first.
pub(super) struct Winner<'a> {
    pub label: usize,
    pub score: f32,
    pub runner_up: f32,
    pub matches: Vec<Match<'a>>,
}

/// The words of a phrase by stem, single spaces between.
fn stemmed(phrase: &str) -> String {
    let lower = phrase.to_lowercase().replace(['\'', '’'], "");
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    words.map(text::stem).collect::<Vec<_>>().join(" ")
}

struct Builder {
    labels: Vec<String>,
    entries: Vec<(String, (usize, f32))>,
}

impl Builder {
    fn words(&mut self, label: usize, weight: f32, words: impl Iterator<Item = impl AsRef<str>>) {
        let stems = words.map(|w| stemmed(w.as_ref())).filter(|w| !w.is_empty());
        self.entries.extend(stems.map(|stem| (stem, (label, weight))));
    }

    fn defaults(&mut self, index: usize, label: &Label) {
        for (weight, words) in label.words {
            self.words(index, *weight, words.split('|').map(str::trim));
        }
    }

    fn position(&mut self, name: &str) -> usize {
        let lower = name.to_lowercase();
        if let Some(at) = self.labels.iter().position(|l| l.to_lowercase() == lower) {
            return at;
        }
        self.labels.push(name.to_owned());
        self.labels.len() - 1
    }

    fn build(self) -> Table {
        Table { labels: self.labels, book: Phrasebook::new(self.entries) }
    }
}

fn replaced(name: &str, rules: &[Rule]) -> bool {
    rules.iter().any(|r| r.replace && r.label.to_lowercase() == name.to_lowercase())
}

/// The built-in labels, unless `only`, and those of the rules.
pub(super) fn table(defaults: &[Label], rules: &[Rule], only: bool) -> Table {
    let mut builder = Builder { labels: Vec::new(), entries: Vec::new() };
    for label in defaults {
        let named = rules.iter().any(|r| r.label.eq_ignore_ascii_case(label.name));
        if only && !named {
            continue;
        }
        let index = builder.position(label.name);
        if !replaced(label.name, rules) {
            builder.defaults(index, label);
        }
    }
    for rule in rules {
        let index = builder.position(&rule.label);
        builder.words(index, PROMPT_WEIGHT, rule.keywords.iter());
    }
    builder.build()
}

/// Only `choices`: each with its own words, those of the built-in labels it means, and its rule's.
pub(super) fn table_of_choices(choices: &[&str], defaults: &[Label], rules: &[Rule]) -> Table {
    let mut builder = Builder { labels: Vec::new(), entries: Vec::new() };
    for choice in choices {
        let index = builder.position(choice);
        if is_other(choice) {
            continue;
        }
        let name = stemmed(choice);
        if !replaced(choice, rules) {
            let own = name.split(' ').filter(|w| w.chars().count() > 3);
            builder.words(index, NAME_WEIGHT, own);
            for label in defaults.iter().filter(|l| means(&name, l)) {
                builder.defaults(index, label);
            }
        }
        for rule in rules.iter().filter(|r| r.label.to_lowercase() == choice.to_lowercase()) {
            builder.words(index, PROMPT_WEIGHT, rule.keywords.iter());
        }
    }
    builder.build()
}

/// A word of the choice names the label.
fn means(stems: &str, label: &Label) -> bool {
    let mut names = label.aliases.split(' ').map(text::stem);
    names.any(|alias| stems.split(' ').any(|word| word == alias))
}

/// A choice for all that no other fits.
pub(super) fn is_other(choice: &str) -> bool {
    let lower = choice.to_lowercase();
    ["other", "others", "none", "general", "misc", "miscellaneous"]
        .iter()
        .any(|w| lower.split(|c: char| !c.is_alphanumeric()).any(|part| part == *w))
}

impl Table {
    /// The label that most speaks for. `turns` are turns with their index, the nth of which
    /// weighs `weight(n)`. Ties go to what is said first, then to the order of the labels.
    pub fn winner<'a, 't>(
        &self,
        turns: impl Iterator<Item = (usize, &'t Said<'a>)>,
        weight: fn(usize) -> f32,
    ) -> Option<Winner<'a>>
    where
        'a: 't,
    {
        let mut hits: Vec<Vec<Match<'a>>> = self.labels.iter().map(|_| Vec::new()).collect();
        for (nth, (turn, said)) in turns.enumerate() {
            for (sentence, text) in said.sentences.iter().enumerate() {
                self.read(text, At { turn, sentence }, weight(nth), &mut hits);
            }
        }
        let totals: Vec<f32> = hits.iter().map(|h| h.iter().map(|m| m.score).sum()).collect();
        let first = |label: usize| hits[label].iter().map(|m| m.at).min();
        let ahead =
            |a: usize, b: usize| totals[b].total_cmp(&totals[a]).then_with(|| first(a).cmp(&first(b)));
        let mut order: Vec<usize> = (0..totals.len()).filter(|l| totals[*l] >= LEAST_SCORE).collect();
        order.sort_by(|a, b| ahead(*a, *b));
        let label = *order.first()?;
        let runner_up = order.get(1).map_or(0.0, |l| totals[*l]);
        let mut matches = std::mem::take(&mut hits[label]);
        matches.sort_by(|a, b| b.score.total_cmp(&a.score));
        Some(Winner { label, score: totals[label], runner_up, matches })
    }

    fn read<'a>(&self, text: &Sentence<'a>, at: At, weight: f32, hits: &mut [Vec<Match<'a>>]) {
        let (norm, spans) = stems_of(text);
        for (index, span) in spans.iter().enumerate() {
            for (phrase, (label, base)) in self.book.at(&norm, span.0, span.1) {
                let last = index + word_count(phrase) - 1;
                let (Some(from), Some(to)) = (text.words.get(index), text.words.get(last)) else {
                    continue;
                };
                let words = &text.text[from.raw.start..to.raw.end];
                let score = base * weight;
                let known = &mut hits[*label];
                // A turn that says "flight" thrice is not thrice about flights.
                let again = known.iter().any(|m| m.at.turn == at.turn && m.words.eq_ignore_ascii_case(words));
                if !again {
                    known.push(Match { at, words, score });
                }
            }
        }
    }
}

/// The sentence by stem, one space before each and one at the end, and where each stem stands.
fn stems_of(sentence: &Sentence<'_>) -> (String, Vec<(usize, usize)>) {
    let mut norm = String::with_capacity(sentence.norm.len());
    norm.push(' ');
    let mut spans = Vec::with_capacity(sentence.words.len());
    for index in 0..sentence.words.len() {
        let start = norm.len();
        norm.push_str(text::stem(sentence.word(index)));
        spans.push((start, norm.len()));
        norm.push(' ');
    }
    (norm, spans)
}

pub(super) static REASON_TABLE: LazyLock<Table> = LazyLock::new(|| table(REASONS, &[], false));
pub(super) static TOPIC_TABLE: LazyLock<Table> = LazyLock::new(|| table(TOPICS, &[], false));

#[cfg(test)]
mod tests {
    use super::super::super::{Speaker, Turn};
    use super::super::text::Talk;
    use super::*;

    fn best(table: &Table, text: &str) -> Option<String> {
        let talk = Talk::new(&[Turn { speaker: Speaker::Customer, text }]);
        table.winner(talk.by(Speaker::Customer), |_| 1.0).map(|w| table.labels[w.label].clone())
    }

    #[test]
    fn defaults() {
        for (text, label) in [
            ("I'd like to reserve a table for two.", "Reservation"),
            ("What will the weather be like in Oslo?", "Information"),
            ("I want to buy two tickets.", "Purchase"),
            ("Please transfer 50 dollars to Mary.", "Payment"),
            ("I was overcharged on my last invoice.", "Billing"),
            ("I want to complain about poor service.", "Complaint"),
            ("Please cancel my subscription.", "Cancellation"),
            ("My router stopped working.", "Technical"),
            ("I forgot my password and cannot log in.", "Account"),
            ("I need an appointment with a dentist.", "Appointment"),
        ] {
            assert_eq!(best(&REASON_TABLE, text).as_deref(), Some(label), "{text}");
        }
        assert_eq!(best(&REASON_TABLE, "Hello."), None);
        assert_eq!(best(&TOPIC_TABLE, "A one way flight to Rome").as_deref(), Some("Flights"));
    }

    #[test]
    fn rules_extend_replace_and_stand_alone() {
        let rule = |label: &str, word: &str, replace| Rule {
            label: label.to_owned(),
            keywords: vec![word.to_owned()],
            replace,
        };
        let added = table(REASONS, &[rule("Pets", "dog", false)], false);
        assert_eq!(best(&added, "It is about my dogs").as_deref(), Some("Pets"));
        let replaced = table(REASONS, &[rule("billing", "dog", true)], false);
        assert_eq!(best(&replaced, "the invoice"), None);
        let only = table(REASONS, &[rule("Pets", "dog", false)], true);
        assert_eq!(only.labels, ["Pets"]);
    }

    #[test]
    fn choices_are_understood_by_name() {
        let table = table_of_choices(&["Bookings", "Tech support", "Gardening", "Other"], REASONS, &[]);
        assert_eq!(best(&table, "Reserve a table").as_deref(), Some("Bookings"));
        assert_eq!(best(&table, "My router is broken").as_deref(), Some("Tech support"));
        assert_eq!(best(&table, "I do gardening").as_deref(), Some("Gardening"));
        assert_eq!(best(&table, "The other one"), None);
    }
}
