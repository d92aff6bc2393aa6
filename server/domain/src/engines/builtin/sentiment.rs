//! Sentiment of the customer over the whole conversation.

use super::super::Speaker;
use super::polarity;
use super::text::{At, Talk};

/// What an agent's turn weighs beside a customer's: courtesy is their job.
const AGENT_WEIGHT: f32 = 0.1;
/// The first turn's weight and what is added up to the last: how it ends is remembered.
const FIRST_WEIGHT: f32 = 0.7;
const LATER_WEIGHT: f32 = 0.6;
/// A course beyond ± this is positive or negative.
const THRESHOLD: f32 = 0.4;

/// A sentence that has feeling.
pub(super) struct Feeling<'a> {
    pub at: At,
    /// Weighted contribution, about −7 to +7.
    pub value: f32,
    pub word: &'a str,
}

/// How the customer feels.
pub(super) struct Course<'a> {
    /// −1 to +1.
    pub overall: f32,
    /// The same of the last third of the customer's turns.
    pub end: f32,
    /// Strongest first.
    pub feelings: Vec<Feeling<'a>>,
}

impl Course<'_> {
    pub fn label(&self) -> &'static str {
        if self.overall >= THRESHOLD {
            "positive"
        } else if self.overall <= -THRESHOLD {
            "negative"
        } else {
            "neutral"
        }
    }

    /// 0.35 (on the border, or no evidence) to 0.95.
    pub fn confidence(&self) -> f32 {
        let distance = (self.overall.abs() - THRESHOLD).abs();
        let evidence = f32::from(u8::try_from(self.feelings.len().min(4)).unwrap_or(4));
        (0.35 + 0.6 * distance + 0.06 * evidence).min(0.95)
    }
}

pub(super) fn course<'a>(talk: &Talk<'a>) -> Course<'a> {
    let customers: Vec<usize> = talk.by(Speaker::Customer).map(|(turn, _)| turn).collect();
    let late_from = customers.get(customers.len() - customers.len().div_ceil(3)).copied();
    let (mut sum, mut late) = (0.0, 0.0);
    let mut feelings = Vec::new();
    for (turn, said) in talk.turns.iter().enumerate() {
        let customer = said.speaker == Speaker::Customer;
        let weight = if customer { 1.0 } else { AGENT_WEIGHT } * position_weight(turn, talk);
        for (sentence, text) in said.sentences.iter().enumerate() {
            let score = polarity::score(text);
            let value = score.value * weight;
            sum += value;
            if customer && late_from.is_some_and(|from| turn >= from) {
                late += score.value;
            }
            if let (true, Some(word), true) = (customer, score.word, value != 0.0) {
                feelings.push(Feeling { at: At { turn, sentence }, value, word });
            }
        }
    }
    // Stable, so equal feelings stay in the order of the conversation.
    feelings.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
    let turns = customers.len();
    Course { overall: squash(sum, turns), end: squash(late, turns.div_ceil(3)), feelings }
}

/// Grows from the first turn to the last.
fn position_weight(turn: usize, talk: &Talk<'_>) -> f32 {
    let last = talk.turns.len().saturating_sub(1).max(1);
    FIRST_WEIGHT + LATER_WEIGHT * (turn as f32 / last as f32)
}

/// A sum over `turns` turns brought to −1..=1. The root lets a few strong words stand out of a
/// long conversation without letting many faint ones pile up.
fn squash(sum: f32, turns: usize) -> f32 {
    let mean = sum / (turns.max(1) as f32).sqrt();
    mean / (mean * mean + 4.0).sqrt()
}

/// Cites the strongest feelings, at most `count`.
pub(super) fn evidence(talk: &Talk<'_>, course: &Course<'_>, count: usize) -> String {
    let cited = course
        .feelings
        .iter()
        .take(count)
        .map(|f| format!("{} ({} {:+.1})", talk.cite(f.at), f.word, f.value));
    cited.collect::<Vec<_>>().join("; ")
}

/// The explanation of the label.
pub(super) fn explain(talk: &Talk<'_>, course: &Course<'_>) -> String {
    let score = format!("{} ({:+.2} on −1 to +1)", course.label(), course.overall);
    if course.feelings.is_empty() {
        return match talk.by(Speaker::Customer).find(|(_, said)| !said.sentences.is_empty()) {
            Some((turn, _)) => format!(
                "{score}: no word of feeling in the customer's turns, as in {}.",
                talk.cite(At { turn, sentence: 0 })
            ),
            None => format!("{score}: no word of feeling."),
        };
    }
    format!("{score}, customer and later turns weighing more: {}.", evidence(talk, course, 3))
}

#[cfg(test)]
mod tests {
    use super::super::super::Turn;
    use super::*;

    fn label(texts: &[&str]) -> &'static str {
        let turns: Vec<_> = texts.iter().map(|text| Turn { speaker: Speaker::Customer, text }).collect();
        course(&Talk::new(&turns)).label()
    }

    #[test]
    fn labels() {
        assert_eq!(label(&["I need a table.", "At six.", "Great, you have been very helpful!"]), "positive");
        assert_eq!(label(&["My order never arrived and nobody answers. This is terrible."]), "negative");
        assert_eq!(label(&["I need a table for two.", "At six in the evening."]), "neutral");
        assert_eq!(label(&[]), "neutral");
    }

    #[test]
    fn later_turns_weigh_more() {
        let of = |texts: [&str; 2]| {
            let turns = texts.map(|text| Turn { speaker: Speaker::Customer, text });
            course(&Talk::new(&turns)).overall
        };
        assert!(of(["That is bad.", "That is good."]) > of(["That is good.", "That is bad."]));
    }
}
