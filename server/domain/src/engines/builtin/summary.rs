//! An extract of a conversation: who wanted what, what was done, how it ended.

use super::super::Speaker;
use super::directives::Focus;
use super::outcome::Ending;
use super::signs::{Sign, Signs};
use super::text::{At, Sentence, Talk, clip_marked};

/// Characters for up to three sentences, and for each of four or five.
const DEFAULT_CHARS: usize = 400;
const CHARS_EACH: usize = 140;
/// The longest single sentence, in characters, while others share the room.
const SENTENCE_CHARS: usize = 170;

/// Phrases that ask outright, and phrases that merely tell of a need.
const WANTS: [&str; 23] = [
    " i want ",
    " i need ",
    " id like ",
    " i would like ",
    " looking for ",
    " looking to ",
    " find ",
    " can you ",
    " could you ",
    " help me ",
    " book ",
    " reserve ",
    " i wish ",
    " please ",
    " search ",
    " trying to ",
    " buy ",
    " check ",
    " show ",
    " get me ",
    " want to ",
    " is there ",
    " cancel ",
];
const NEEDS: [&str; 5] = [" i have ", " my ", " i am ", " im ", " i was "];

/// An extract and the sentences it is made of.
pub(super) struct Extract {
    pub text: String,
    /// What each sentence is there for.
    pub parts: Vec<(&'static str, At)>,
    /// 0 to 1.
    pub confidence: f32,
}

/// At most `sentences` (1 to 5) sentences and `max_chars` characters.
pub(super) fn extract(
    talk: &Talk<'_>,
    signs: &Signs,
    ending: &Ending,
    sentences: u8,
    focus: Focus,
    max_chars: usize,
) -> Option<Extract> {
    let mut parts = choose(talk, signs, ending, focus);
    parts.truncate(usize::from(sentences));
    let sure = parts.iter().filter(|(role, _)| *role != "said").count();
    parts.sort_by_key(|(_, at)| *at);
    let by_default = if sentences <= 3 { DEFAULT_CHARS } else { CHARS_EACH * usize::from(sentences) };
    let text = write(talk, &parts, ending, max_chars.min(by_default));
    if text.is_empty() {
        return None;
    }
    Some(Extract { text, parts, confidence: 0.4 + 0.15 * sure.min(3) as f32 })
}

/// The sentences worth telling, most needed first.
fn choose(talk: &Talk<'_>, signs: &Signs, ending: &Ending, focus: Focus) -> Vec<(&'static str, At)> {
    let mut parts: Vec<(&'static str, At)> = Vec::new();
    let mut add = |role, at: Option<At>| {
        if let Some(at) = at.filter(|at| parts.iter().all(|(_, known)| known != at)) {
            parts.push((role, at));
        }
    };
    let (customer, agent) = (focus != Focus::Agent, focus != Focus::Customer);
    let want = first_want(talk);
    if customer {
        add("wanted", want);
    }
    if agent {
        add("done", done(talk, signs));
    }
    if customer {
        add("ended", ending_words(talk, ending));
        let mut later = later_wants(talk, want).into_iter();
        add("also wanted", later.next());
        add("also wanted", later.next());
    }
    if agent {
        for at in agent_facts(talk) {
            add("said", Some(at));
        }
    }
    if parts.is_empty() {
        let first = talk.turns.iter().position(|t| !t.sentences.is_empty());
        parts.extend(first.map(|turn| ("said", At { turn, sentence: 0 })));
    }
    parts
}

/// The first sentence of the customer that asks for something, or their longest early one.
fn first_want(talk: &Talk<'_>) -> Option<At> {
    let early = || {
        talk.by(Speaker::Customer).take(3).flat_map(|(turn, said)| {
            let numbered = said.sentences.iter().enumerate();
            numbered.map(move |(sentence, text)| (At { turn, sentence }, text))
        })
    };
    let first = |phrases: &[&str]| early().find(|(_, s)| s.words.len() >= 4 && is_want(s, phrases));
    let asked = first(&WANTS).or_else(|| first(&NEEDS));
    asked.or_else(|| early().first_max(|(_, s)| s.words.len())).map(|(at, _)| at)
}

fn is_want(sentence: &Sentence<'_>, phrases: &[&str]) -> bool {
    phrases.iter().any(|w| sentence.norm.contains(w)) && !sentence.norm.starts_with(" thank")
}

/// Later wishes that open a new matter.
fn later_wants(talk: &Talk<'_>, first: Option<At>) -> Vec<At> {
    const NEW: [&str; 10] = [
        " also ",
        " find ",
        " i need ",
        " looking for ",
        " can you ",
        " book ",
        " reserve ",
        " search ",
        " buy ",
        " another ",
    ];
    let from = first.map_or(0, |at| at.turn + 2);
    let mut found: Vec<(usize, At)> = Vec::new();
    for (turn, said) in talk.by(Speaker::Customer).filter(|(turn, _)| *turn > from) {
        for (sentence, text) in said.sentences.iter().enumerate().filter(|(_, s)| s.words.len() >= 5) {
            let strength = NEW.iter().filter(|w| text.norm.contains(*w)).count();
            if strength > 0 {
                found.push((strength, At { turn, sentence }));
            }
        }
    }
    found.sort_by_key(|(strength, _)| std::cmp::Reverse(*strength));
    found.into_iter().map(|(_, at)| at).collect()
}

/// The last report of success or failure; without one, what the agent last told.
fn done(talk: &Talk<'_>, signs: &Signs) -> Option<At> {
    let report = signs.last(Sign::Done).max(signs.last(Sign::Failed)).max(signs.last(Sign::Escalation));
    report.or_else(|| last_offer(talk)).or_else(|| agent_facts(talk).first().copied())
}

/// The last sentence of the agent with three names or figures: most likely what was settled on.
fn last_offer(talk: &Talk<'_>) -> Option<At> {
    let told = talk.by(Speaker::Agent).flat_map(|(turn, said)| {
        let numbered = said.sentences.iter().enumerate();
        numbered.map(move |(sentence, text)| (At { turn, sentence }, text))
    });
    told.filter(|(_, s)| facts_in(s) >= 3).last().map(|(at, _)| at)
}

/// The agent's sentences that tell most, best first: figures and names, no question or courtesy.
fn agent_facts(talk: &Talk<'_>) -> Vec<At> {
    let mut facts: Vec<(usize, At)> = Vec::new();
    for (turn, said) in talk.by(Speaker::Agent) {
        for (sentence, text) in said.sentences.iter().enumerate() {
            let telling = text.words.len() >= 4 && !text.norm.contains(" confirm ");
            if telling && !text.question {
                facts.push((facts_in(text), At { turn, sentence }));
            }
        }
    }
    facts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    facts.truncate(4);
    facts.into_iter().map(|(_, at)| at).collect()
}

/// Names and figures, at most 6: a long list tells no more than a short one.
fn facts_in(sentence: &Sentence<'_>) -> usize {
    let inner = sentence.words.iter().skip(1);
    let figures =
        inner.filter(|w| w.capital || sentence.text[w.raw.clone()].starts_with(|c: char| c.is_ascii_digit()));
    figures.count().min(6)
}

/// The words that show the ending, when the customer says them; else the customer's last words.
fn ending_words(talk: &Talk<'_>, ending: &Ending) -> Option<At> {
    let by_customer = |at: &At| talk.find(*at).is_some_and(|(s, _)| s.speaker == Speaker::Customer);
    ending.at.filter(by_customer).or_else(|| {
        let last = talk.by(Speaker::Customer).filter(|(_, s)| !s.sentences.is_empty()).last();
        last.map(|(turn, said)| At { turn, sentence: said.sentences.len() - 1 })
    })
}

/// "Customer: … Agent: … Resolved – customer: …", cut at words to fit.
fn write(talk: &Talk<'_>, parts: &[(&'static str, At)], ending: &Ending, max: usize) -> String {
    let mut out = String::new();
    let mut left = max;
    for (index, (role, at)) in parts.iter().enumerate() {
        let Some((said, sentence)) = talk.find(*at) else {
            continue;
        };
        let lead = lead(role, said.speaker, ending);
        let gap = usize::from(!out.is_empty());
        let fixed = lead.chars().count() + gap + 1;
        let rest = parts.len() - index - 1;
        // Leaves later sentences some room of their own.
        let room = left.saturating_sub(fixed).saturating_sub(rest * 50);
        let room = if rest == 0 { room } else { room.min(SENTENCE_CHARS) };
        if room < 8 {
            break;
        }
        let body = clip_marked(sentence.text, room);
        let stop = if body.ends_with(['.', '!', '?', '…', '。', '！', '？']) { "" } else { "." };
        let piece = format!("{}{lead}{body}{stop}", if gap == 1 { " " } else { "" });
        left = left.saturating_sub(piece.chars().count());
        out.push_str(&piece);
    }
    out
}

fn lead(role: &str, speaker: Speaker, ending: &Ending) -> String {
    let who = if speaker == Speaker::Customer { "Customer" } else { "Agent" };
    match (role, ending.label) {
        ("ended", Some(label)) => format!("Ended {label} – {}: ", who.to_lowercase()),
        _ => format!("{who}: "),
    }
}

pub(super) fn explain(talk: &Talk<'_>, extract: &Extract) -> String {
    let cited = extract.parts.iter().map(|(role, at)| format!("{role}, {}", talk.cite(*at)));
    format!("Taken from {}.", cited.collect::<Vec<_>>().join("; "))
}

/// The first of the greatest, where `max_by_key` would give the last.
trait FirstMax: Iterator + Sized {
    fn first_max(self, key: impl Fn(&Self::Item) -> usize) -> Option<Self::Item> {
        self.fold(None, |best, item| match best {
            Some(kept) if key(&kept) >= key(&item) => Some(kept),
            _ => Some(item),
        })
    }
}

impl<I: Iterator> FirstMax for I {}
