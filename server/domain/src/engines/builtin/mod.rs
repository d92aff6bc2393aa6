//! The `builtin` engine: the four baseline tasks by rules, on the box, with no model to fetch.
//!
//! It counts words of feeling, closing phrases and keywords, and quotes what it counted. It knows
//! English only; for other languages it says so and gives no value. The lines of a prompt that it
//! obeys are listed in [`directives`](mod@directives).

mod csat;
mod directives;
mod keywords;
mod lexicon;
mod outcome;
mod phrases;
mod polarity;
mod sentiment;
mod signs;
mod summary;
mod text;

pub use directives::{Directives, Focus, Rule, directives};

use std::borrow::Cow;

use serde_json::Value;

use super::{Answer, EngineError, Outcome, Output, OutputKind, Request, Speaker};
use keywords::{Label, Table};
use text::{Language, Talk};

/// The most prompt and turns together that are read, in bytes. A phone call of two hours has
/// about 100,000.
pub const MAX_BYTES: usize = 512 * 1024;
/// Most prompt problems told in one explanation.
const MAX_TOLD: usize = 3;
/// The confidence of "Other": no keyword was found, which proves little.
const OTHER_CONFIDENCE: f32 = 0.2;

/// The attributes a task can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aspect {
    Summary,
    Sentiment,
    Csat,
    Reason,
    Outcome,
    Topic,
}

/// Runs one of the tasks `summary`, `sentiment`, `csat` and `reason`.
///
/// An attribute is told by its key: `sentiment` and `sentiment_label` are the same to the engine;
/// the task `reason` fills reasons (or intents), outcomes and topics.
///
/// # Errors
///
/// When the request is too long, has no turns or outputs, or asks for what the task cannot give.
/// Turns without words, or in another language, are no error: their values are `Null`.
pub fn run(task_key: &str, request: &Request<'_>) -> Result<Outcome, EngineError> {
    check_size(request)?;
    let aspects =
        request.outputs.iter().map(|output| aspect(task_key, output)).collect::<Result<Vec<_>, _>>()?;
    let talk = Talk::new(request.turns);
    let orders = directives(request.prompt);
    let reading = Reading::new(&talk, &orders);
    let mut answers = Vec::with_capacity(aspects.len());
    for (output, aspect) in request.outputs.iter().zip(aspects) {
        answers.push(reading.answer(output, aspect));
    }
    let input = request.turns.iter().map(|t| t.text.chars().count()).sum::<usize>();
    let output = answers.iter().map(|a| a.value.to_string().chars().count() + a.explanation.chars().count());
    let output_tokens = tokens(output.sum());
    Ok(Outcome { answers, input_tokens: tokens(input + request.prompt.chars().count()), output_tokens })
}

/// An estimate: 4 characters a token, rounded up, as is common for English.
fn tokens(chars: usize) -> u32 {
    u32::try_from(chars.div_ceil(4)).unwrap_or(u32::MAX)
}

fn check_size(request: &Request<'_>) -> Result<(), EngineError> {
    if request.turns.is_empty() {
        return Err(EngineError::Empty);
    }
    if request.outputs.is_empty() {
        return Err(EngineError::NoOutputs);
    }
    let lengths = request.turns.iter().map(|turn| turn.text.len());
    let bytes = lengths.fold(request.prompt.len(), usize::saturating_add);
    if bytes > MAX_BYTES {
        return Err(EngineError::TooLong { bytes, limit: MAX_BYTES });
    }
    Ok(())
}

/// What the output asks for, when the task can give it in that form.
fn aspect(task_key: &str, output: &Output<'_>) -> Result<Aspect, EngineError> {
    let known: &[(&str, Aspect)] = match task_key {
        "summary" => &[("summary", Aspect::Summary)],
        "sentiment" => &[("sentiment", Aspect::Sentiment)],
        "csat" => &[("csat", Aspect::Csat), ("satisfaction", Aspect::Csat)],
        "reason" => &[
            ("outcome", Aspect::Outcome),
            ("resolution", Aspect::Outcome),
            ("topic", Aspect::Topic),
            ("reason", Aspect::Reason),
            ("intent", Aspect::Reason),
        ],
        _ => {
            return Err(EngineError::UnknownTask { task: task_key.to_owned() });
        }
    };
    let key = output.attribute.to_lowercase();
    let found = known.iter().find(|(word, _)| key.contains(word)).map(|(_, aspect)| *aspect);
    found
        .filter(|aspect| fits(*aspect, &output.kind))
        .ok_or_else(|| EngineError::Unsupported { attribute: output.attribute.to_owned() })
}

fn fits(aspect: Aspect, kind: &OutputKind<'_>) -> bool {
    match kind {
        OutputKind::Text { max_chars } => *max_chars > 0,
        OutputKind::Number { min, max } => {
            matches!(aspect, Aspect::Sentiment | Aspect::Csat)
                && min.is_finite()
                && max.is_finite()
                && min <= max
        }
        OutputKind::Choice(choices) => aspect != Aspect::Summary && !choices.is_empty(),
    }
}

/// A value with its reasons, before the prompt's problems are told.
struct Found {
    value: Value,
    explanation: String,
    confidence: f32,
}

impl Found {
    fn nothing(explanation: impl Into<String>) -> Self {
        Self { value: Value::Null, explanation: explanation.into(), confidence: 0.0 }
    }
}

/// A conversation, read once for all outputs.
struct Reading<'r, 'a> {
    talk: &'r Talk<'a>,
    orders: &'r Directives,
    signs: signs::Signs,
    ending: outcome::Ending,
}

impl<'r, 'a> Reading<'r, 'a> {
    fn new(talk: &'r Talk<'a>, orders: &'r Directives) -> Self {
        let signs = signs::Signs::read(talk);
        let ending = outcome::read(talk, &signs);
        Self { talk, orders, signs, ending }
    }

    fn answer(&self, output: &Output<'_>, aspect: Aspect) -> Answer {
        let found = self.unreadable(aspect).unwrap_or_else(|| match aspect {
            Aspect::Summary => self.summary(&output.kind),
            Aspect::Sentiment => self.sentiment(&output.kind),
            Aspect::Csat => self.csat(&output.kind),
            Aspect::Outcome => self.outcome(&output.kind),
            Aspect::Reason | Aspect::Topic => self.labelled(aspect, &output.kind),
        });
        let mut explanation = found.explanation;
        for problem in self.orders.problems.iter().take(MAX_TOLD) {
            explanation.push_str(" Prompt line not followed: ");
            explanation.push_str(problem);
            explanation.push('.');
        }
        Answer {
            attribute: output.attribute.to_owned(),
            value: found.value,
            explanation,
            confidence: (found.confidence.clamp(0.0, 1.0) * 100.0).round() / 100.0,
        }
    }

    /// Why nothing can be read, if so. A summary and an outcome need only some English speaker.
    fn unreadable(&self, aspect: Aspect) -> Option<Found> {
        let anyone = matches!(aspect, Aspect::Summary | Aspect::Outcome);
        let speaker = if anyone { None } else { Some(Speaker::Customer) };
        match self.talk.language(speaker) {
            Language::English => None,
            Language::NoWords if anyone => Some(Found::nothing("No value: the conversation has no words.")),
            Language::NoWords => Some(Found::nothing("No value: the customer's turns have no words.")),
            Language::Other => Some(Found::nothing(format!(
                "No value: the text does not read as English, the only language of this engine{}.",
                self.first_words(speaker)
            ))),
        }
    }

    fn first_words(&self, speaker: Option<Speaker>) -> String {
        let said = self
            .talk
            .turns
            .iter()
            .position(|t| speaker.is_none_or(|s| s == t.speaker) && !t.sentences.is_empty());
        said.map_or_else(String::new, |turn| format!(": {}", self.talk.cite(text::At { turn, sentence: 0 })))
    }

    fn summary(&self, kind: &OutputKind<'_>) -> Found {
        let OutputKind::Text { max_chars } = kind else {
            return Found::nothing("No value.");
        };
        let sentences = self.orders.sentences.unwrap_or(3);
        let focus = self.orders.focus.unwrap_or(Focus::Both);
        let extract = summary::extract(self.talk, &self.signs, &self.ending, sentences, focus, *max_chars);
        extract.map_or_else(
            || {
                Found::nothing(
                    "No value: the room allowed is too small for a sentence, or no one in focus speaks.",
                )
            },
            |extract| Found {
                explanation: summary::explain(self.talk, &extract),
                confidence: extract.confidence,
                value: Value::String(extract.text),
            },
        )
    }

    fn sentiment(&self, kind: &OutputKind<'_>) -> Found {
        let course = sentiment::course(self.talk);
        let explanation = sentiment::explain(self.talk, &course);
        let value = match kind {
            OutputKind::Number { min, max } => {
                let share = (f64::from(course.overall) + 1.0) / 2.0;
                let place = min + share * (max - min);
                number(((place * 100.0).round() / 100.0).clamp(*min, *max))
            }
            OutputKind::Text { max_chars } => Some(short(course.label(), *max_chars)),
            OutputKind::Choice(choices) => feeling_choice(&course, choices),
        };
        chosen(value, explanation, course.confidence())
    }

    fn csat(&self, kind: &OutputKind<'_>) -> Found {
        let course = sentiment::course(self.talk);
        let Some(estimate) = csat::estimate(self.talk, &self.signs, &course, &self.ending) else {
            return Found::nothing("No value: the customer shows neither feeling nor how it went.");
        };
        let (low, high, note) = self.scale(kind);
        let rating = csat::rescale(estimate.points, low, high);
        let value = match kind {
            OutputKind::Number { min, max } => number(rating.clamp(*min, *max)),
            OutputKind::Text { max_chars } => Some(short(&rating.to_string(), *max_chars)),
            OutputKind::Choice(choices) => rating_choice(&rating.to_string(), choices),
        };
        let reasons = estimate.reasons.join("; ");
        let explanation = format!("{rating} on {low} to {high}: from the middle, {reasons}.{note}");
        chosen(value, explanation, estimate.confidence)
    }

    /// The scale in force: the prompt's if the attribute can hold it, else the attribute's own.
    fn scale(&self, kind: &OutputKind<'_>) -> (f64, f64, Cow<'static, str>) {
        let asked = self.orders.scale.map(|(low, high)| (f64::from(low), f64::from(high)));
        let (low, high) = asked.unwrap_or((1.0, 5.0));
        let OutputKind::Number { min, max } = kind else {
            return (low, high, Cow::Borrowed(""));
        };
        // Bounds so wide that they are none ("any number") do not make a scale.
        let is_scale = max - min <= 100.0;
        let holds = *min <= low && high <= *max;
        match (asked, is_scale) {
            (Some(_), _) if holds => (low, high, Cow::Borrowed("")),
            (None, false) if holds => (low, high, Cow::Borrowed("")),
            (None, true) => (min.ceil(), max.floor().max(min.ceil()), Cow::Borrowed("")),
            _ => {
                let note = format!(" The scale {low} to {high} does not fit the attribute's {min} to {max}.");
                (*min, *max, Cow::Owned(note))
            }
        }
    }

    fn outcome(&self, kind: &OutputKind<'_>) -> Found {
        let explanation = outcome::explain(self.talk, &self.ending);
        let Some(label) = self.ending.label else {
            return Found::nothing(explanation);
        };
        let value = match kind {
            OutputKind::Choice(choices) => outcome_choice(label, choices),
            OutputKind::Text { max_chars } => Some(short(label, *max_chars)),
            OutputKind::Number { .. } => None,
        };
        chosen(value, explanation, self.ending.confidence)
    }

    fn labelled(&self, aspect: Aspect, kind: &OutputKind<'_>) -> Found {
        let table = self.table(aspect, kind);
        let turns = self.talk.by(Speaker::Customer).filter(|(_, said)| !said.sentences.is_empty());
        let Some(best) = table.winner(turns.take(12), turn_weight) else {
            return self.other(aspect, kind);
        };
        let label = table.labels.get(best.label).map_or("", String::as_str);
        let cited = best
            .matches
            .iter()
            .take(3)
            .map(|m| format!("{} ({} {:+.1})", self.talk.cite(m.at), m.words, m.score));
        let explanation = format!("{label}: {}.", cited.collect::<Vec<_>>().join("; "));
        let lead = (best.score - best.runner_up) / best.score.max(1.0);
        let confidence = 0.35 + 0.4 * lead + 0.03 * best.score.min(6.0);
        let value = match kind {
            OutputKind::Text { max_chars } => short(label, *max_chars),
            _ => Value::String(label.to_owned()),
        };
        Found { value, explanation, confidence }
    }

    fn table(&self, aspect: Aspect, kind: &OutputKind<'_>) -> TableRef {
        let topic = aspect == Aspect::Topic;
        let orders = self.orders;
        let (defaults, rules, only): (&[Label], _, _) = if topic {
            (keywords::TOPICS, &orders.topics, orders.only_topics)
        } else {
            (keywords::REASONS, &orders.reasons, orders.only_reasons)
        };
        match kind {
            OutputKind::Choice(choices) => {
                TableRef::Own(keywords::table_of_choices(choices, defaults, rules))
            }
            _ if !rules.is_empty() || only => TableRef::Own(keywords::table(defaults, rules, only)),
            _ if topic => TableRef::Shared(&keywords::TOPIC_TABLE),
            _ => TableRef::Shared(&keywords::REASON_TABLE),
        }
    }

    /// No keyword was found: "Other", if that may be said.
    fn other(&self, aspect: Aspect, kind: &OutputKind<'_>) -> Found {
        let what = if aspect == Aspect::Topic { "topic" } else { "reason" };
        let explanation = format!("No keyword of any {what}{}.", self.first_words(Some(Speaker::Customer)));
        let value = match kind {
            OutputKind::Choice(choices) => {
                choices.iter().find(|c| keywords::is_other(c)).map(|c| Value::String((*c).to_owned()))
            }
            OutputKind::Text { max_chars } => Some(short("Other", *max_chars)),
            OutputKind::Number { .. } => None,
        };
        chosen(value, explanation, OTHER_CONFIDENCE)
    }
}

/// A table of this run, or a built-in one shared by all.
enum TableRef {
    Own(Table),
    Shared(&'static Table),
}

impl std::ops::Deref for TableRef {
    type Target = Table;

    fn deref(&self) -> &Table {
        match self {
            Self::Own(table) => table,
            Self::Shared(table) => table,
        }
    }
}

/// The first turns tell why somebody calls; what follows adds a little.
fn turn_weight(nth: usize) -> f32 {
    match nth {
        0 => 1.0,
        1 => 0.6,
        2 => 0.35,
        _ => 0.15,
    }
}

/// The value with its reasons; `Null` and why when the attribute has no place for the value.
fn chosen(value: Option<Value>, explanation: String, confidence: f32) -> Found {
    match value {
        Some(value) => Found { value, explanation, confidence },
        None => Found::nothing(format!("No value: none of the choices fits. {explanation}")),
    }
}

fn short(text: &str, max_chars: usize) -> Value {
    Value::String(text::clip_marked(text, max_chars))
}

/// A whole number is written without a fraction.
fn number(value: f64) -> Option<Value> {
    if value.fract() == 0.0 && value.abs() < 9.0e15 {
        return Some(Value::from(value as i64));
    }
    serde_json::Number::from_f64(value).map(Value::Number)
}

fn same(choice: &str, names: &[&str]) -> bool {
    names.iter().any(|name| choice.trim().eq_ignore_ascii_case(name))
}

fn pick(choices: &[&str], names: &[&str]) -> Option<Value> {
    let hit = choices.iter().find(|choice| same(choice, names))?;
    Some(Value::String((*hit).to_owned()))
}

/// Also finer choices ("very positive") and the other common names.
fn feeling_choice(course: &sentiment::Course<'_>, choices: &[&str]) -> Option<Value> {
    let strong = course.overall.abs() >= 0.7;
    let (very, plain): (&[&str], &[&str]) = match course.label() {
        "positive" => (&["very positive", "very_positive"], &["positive", "pos", "good", "happy"]),
        "negative" => (&["very negative", "very_negative"], &["negative", "neg", "bad", "unhappy"]),
        _ => (&[], &["neutral", "mixed", "none"]),
    };
    let fine = if strong { pick(choices, very) } else { None };
    fine.or_else(|| pick(choices, plain))
}

/// "4", or a choice that begins with it, such as "4 – satisfied".
fn rating_choice(rating: &str, choices: &[&str]) -> Option<Value> {
    let leads = |choice: &&&str| choice.trim().split(|c: char| !c.is_ascii_digit()).next() == Some(rating);
    choices.iter().find(leads).map(|c| Value::String((*c).to_owned()))
}

fn outcome_choice(label: &str, choices: &[&str]) -> Option<Value> {
    debug_assert!(outcome::LABELS.contains(&label));
    let names: &[&str] = match label {
        "resolved" => &["resolved", "solved", "success", "completed"],
        "unresolved" => &["unresolved", "not resolved", "unsolved", "failed", "failure"],
        "escalated" => &["escalated", "transferred", "escalation"],
        _ => &["abandoned", "dropped", "abandonment"],
    };
    pick(choices, names)
}

#[cfg(test)]
mod tests;
