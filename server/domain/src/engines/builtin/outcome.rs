//! How a conversation ended.

use super::super::Speaker;
use super::signs::{Sign, Signs};
use super::text::{At, Talk};

/// How it ended, with the sentence that tells.
pub(super) struct Ending {
    /// `resolved`, `unresolved`, `escalated` or `abandoned`; `None` when nothing tells.
    pub label: Option<&'static str>,
    pub because: &'static str,
    pub at: Option<At>,
    /// 0 to 1.
    pub confidence: f32,
}

pub(super) const LABELS: [&str; 4] = ["resolved", "unresolved", "escalated", "abandoned"];

fn ending(label: &'static str, because: &'static str, at: At, confidence: f32) -> Ending {
    Ending { label: Some(label), because, at: Some(at), confidence }
}

/// Reads the closing signs, the most telling first.
pub(super) fn read(talk: &Talk<'_>, signs: &Signs) -> Ending {
    broken_off(talk, signs)
        .or_else(|| passed_on(signs))
        .or_else(|| failed(talk, signs))
        .or_else(|| fulfilled(talk, signs))
        .or_else(|| left_open(talk))
        .unwrap_or(Ending { label: None, because: "no closing sign", at: None, confidence: 0.0 })
}

/// The index of the `n`th customer turn from the end (1 is the last); 0 when there are fewer.
fn customer_turn_from_end(talk: &Talk<'_>, n: usize) -> usize {
    let turns: Vec<usize> = talk.by(Speaker::Customer).map(|(turn, _)| turn).collect();
    turns.len().checked_sub(n).and_then(|i| turns.get(i)).copied().unwrap_or(0)
}

fn broken_off(talk: &Talk<'_>, signs: &Signs) -> Option<Ending> {
    // "Never mind, show me another" goes on; only at the end does it break off.
    let at = signs.last_from(Sign::GivingUp, customer_turn_from_end(talk, 1))?;
    Some(ending("abandoned", "the customer breaks off", at, 0.75))
}

fn passed_on(signs: &Signs) -> Option<Ending> {
    let at = signs.last(Sign::Escalation)?;
    let done_later = signs.last(Sign::Done).is_some_and(|done| done > at);
    (!done_later).then(|| ending("escalated", "passed on to somebody else", at, 0.75))
}

fn failed(talk: &Talk<'_>, signs: &Signs) -> Option<Ending> {
    if let Some(at) = signs.last_from(Sign::Unsolved, customer_turn_from_end(talk, 2)) {
        let done_later = signs.last(Sign::Done).is_some_and(|done| done > at);
        if !done_later {
            return Some(ending("unresolved", "the customer is not helped", at, 0.75));
        }
    }
    let at = signs.last(Sign::Failed)?;
    let mended = signs.last(Sign::Done).is_some_and(|done| done > at);
    // A failure that six more turns follow was talked past: another offer, another wish.
    let near = at.turn + 6 >= talk.turns.len();
    (!mended && near).then(|| ending("unresolved", "the agent reports a failure, nothing mends it", at, 0.65))
}

fn fulfilled(talk: &Talk<'_>, signs: &Signs) -> Option<Ending> {
    let from = customer_turn_from_end(talk, 2);
    let closed = signs.last_from(Sign::Closing, from).or_else(|| signs.last_from(Sign::Praise, from));
    let thanked = signs.last_from(Sign::Thanks, from);
    match (signs.last(Sign::Done), closed, thanked) {
        (Some(_), Some(at), _) => Some(ending("resolved", "done, and the customer closes", at, 0.9)),
        (Some(_), None, Some(at)) => Some(ending("resolved", "done, and the customer thanks", at, 0.85)),
        (Some(at), None, None) if at.turn + 3 >= talk.turns.len() => {
            Some(ending("resolved", "done at the end", at, 0.7))
        }
        (_, Some(at), _) => Some(ending("resolved", "the customer wants nothing more", at, 0.7)),
        (_, None, Some(at)) => Some(ending("resolved", "the customer closes with thanks", at, 0.6)),
        _ => None,
    }
}

/// Nobody answers the last question.
fn left_open(talk: &Talk<'_>) -> Option<Ending> {
    let (turn, said) = talk.turns.iter().enumerate().rev().find(|(_, s)| !s.sentences.is_empty())?;
    let sentence = said.sentences.len().checked_sub(1)?;
    let at = At { turn, sentence };
    let asks = said.sentences.iter().any(|s| s.question);
    match (said.speaker, asks) {
        (Speaker::Agent, true) => Some(ending("abandoned", "the customer does not answer", at, 0.5)),
        (Speaker::Customer, true) => Some(ending("unresolved", "nobody answers the customer", at, 0.5)),
        _ => None,
    }
}

pub(super) fn explain(talk: &Talk<'_>, ending: &Ending) -> String {
    match (ending.label, ending.at) {
        (Some(label), Some(at)) => format!("{label}: {}, {}.", ending.because, talk.cite(at)),
        _ => "No value: no turn shows how the conversation ended.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Turn;
    use super::*;
    use Speaker::{Agent, Customer};

    fn label(turns: &[(Speaker, &str)]) -> Option<&'static str> {
        let turns: Vec<_> = turns.iter().map(|(speaker, text)| Turn { speaker: *speaker, text }).collect();
        let talk = Talk::new(&turns);
        read(&talk, &Signs::read(&talk)).label
    }

    #[test]
    fn endings() {
        let ask = (Customer, "Please book a table.");
        let done = (Agent, "Your table has been booked.");
        let fail = (Agent, "Sorry, I was unable to book it. Anything else?");
        let bye = (Customer, "No, that's all, thanks.");
        assert_eq!(label(&[ask, done, bye]), Some("resolved"));
        assert_eq!(label(&[ask, fail, bye]), Some("unresolved"));
        assert_eq!(label(&[ask, fail, ask, done, bye]), Some("resolved"));
        assert_eq!(label(&[ask, fail, (Customer, "Never mind, bye.")]), Some("abandoned"));
        assert_eq!(label(&[ask, (Agent, "I'll transfer you to a specialist."), bye]), Some("escalated"));
        assert_eq!(label(&[ask, (Agent, "For how many people?")]), Some("abandoned"));
        assert_eq!(label(&[(Customer, "Hello there.")]), None);
        assert_eq!(label(&[]), None);
    }
}
