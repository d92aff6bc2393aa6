//! Turns cut into sentences and words, and the quoting of them.
//!
//! Every slice is taken at offsets that `char_indices` gave, never inside a character.

use std::ops::Range;

use super::super::{Speaker, Turn};
use super::lexicon;

/// The longest quote in an explanation, in characters.
pub(super) const QUOTE_CHARS: usize = 110;

/// One word of a sentence.
pub(super) struct Word {
    /// Where the word stands in [`Sentence::norm`], in bytes.
    pub norm: Range<usize>,
    /// Where the word stands in [`Sentence::text`], in bytes.
    pub raw: Range<usize>,
    /// Punctuation stands before the word, so negation does not reach across.
    pub breaks: bool,
    pub capital: bool,
    /// Written in capitals throughout, three letters or more.
    pub shout: bool,
}

/// One sentence, a verbatim slice of its turn.
pub(super) struct Sentence<'a> {
    pub text: &'a str,
    /// The words in lower case without apostrophes, one space before each and one at the end, so
    /// that "that's" and "thats" read the same and whole words can be compared.
    pub norm: String,
    pub words: Vec<Word>,
    pub question: bool,
    /// Exclamation marks, at most 3.
    pub bangs: u8,
}

impl Sentence<'_> {
    pub fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |w| &self.norm[w.norm.clone()])
    }
}

/// One turn, cut up.
pub(super) struct Said<'a> {
    /// From 1.
    pub number: usize,
    pub speaker: Speaker,
    pub sentences: Vec<Sentence<'a>>,
}

/// A whole conversation, cut up once for all that read it.
pub(super) struct Talk<'a> {
    pub turns: Vec<Said<'a>>,
}

/// Whether the word lists, which are English, apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Other,
    NoWords,
}

impl<'a> Talk<'a> {
    pub fn new(turns: &[Turn<'a>]) -> Self {
        let turns = turns.iter().enumerate().map(|(index, turn)| Said {
            number: index + 1,
            speaker: turn.speaker,
            sentences: sentences(turn.text),
        });
        Self { turns: turns.collect() }
    }

    /// The turns of one speaker with their index in `turns`.
    pub fn by(&self, speaker: Speaker) -> impl Iterator<Item = (usize, &Said<'a>)> {
        self.turns.iter().enumerate().filter(move |(_, said)| said.speaker == speaker)
    }

    /// The language of what `speaker` says; of everything said when `None`.
    pub fn language(&self, speaker: Option<Speaker>) -> Language {
        let (mut all, mut known) = (0_usize, 0_usize);
        let turns = self.turns.iter().filter(|t| speaker.is_none_or(|s| s == t.speaker));
        for sentence in turns.flat_map(|t| &t.sentences) {
            for index in 0..sentence.words.len() {
                all += 1;
                known += usize::from(lexicon::is_common_english(sentence.word(index)));
            }
        }
        match all {
            0 => Language::NoWords,
            // English dialogue has 35–60 % of these words, its neighbours under 12 %.
            _ if known * 100 >= all * 18 => Language::English,
            // "San Jose" or "3 people" is too little to call foreign when the agent speaks English.
            1..12 if speaker.is_some() => self.language(None),
            _ => Language::Other,
        }
    }

    /// `turn N (speaker): “words”`, the words verbatim and at most [`QUOTE_CHARS`] long.
    pub fn cite(&self, at: At) -> String {
        let Some((said, sentence)) = self.find(at) else {
            return String::new();
        };
        // An inner closing mark would end the quote early for whoever reads it by machine.
        let marks = ['“', '”'];
        let whole = sentence.text.trim_matches(marks).split(marks).next().unwrap_or_default();
        let (text, cut) = clip(whole, QUOTE_CHARS);
        let more = if cut { " …" } else { "" };
        format!("turn {} ({}): “{}”{more}", said.number, said.speaker, text)
    }

    pub fn find(&self, at: At) -> Option<(&Said<'a>, &Sentence<'a>)> {
        let said = self.turns.get(at.turn)?;
        Some((said, said.sentences.get(at.sentence)?))
    }
}

/// A sentence's place: indexes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub turn: usize,
    pub sentence: usize,
}

/// Cuts at sentence ends and line breaks; sentences without a letter, digit or emoji are dropped.
pub(super) fn sentences(text: &str) -> Vec<Sentence<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let ends = match c {
            '\n' | '\r' | '。' | '！' | '？' => true,
            '.' | '!' | '?' | '…' => {
                let free = chars.peek().is_none_or(|(_, next)| next.is_whitespace());
                free && !(c == '.' && is_abbreviation(&text[start..at]))
            }
            _ => false,
        };
        if ends {
            push_sentence(&text[start..end], &mut found);
            start = end;
        }
    }
    push_sentence(&text[start..], &mut found);
    found
}

fn push_sentence<'a>(slice: &'a str, into: &mut Vec<Sentence<'a>>) {
    let text = slice.trim();
    if text.chars().any(|c| c.is_alphanumeric() || !c.is_ascii()) {
        into.push(sentence(text));
    }
}

/// The text before a full stop ends with a title or "a.m", so the sentence goes on.
fn is_abbreviation(before: &str) -> bool {
    let last = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let known = ["mr", "mrs", "ms", "dr", "st", "vs", "approx", "inc", "jr", "e.g", "i.e"];
    known.iter().any(|word| last.eq_ignore_ascii_case(word))
}

fn sentence(text: &str) -> Sentence<'_> {
    let mut norm = String::with_capacity(text.len() + 2);
    norm.push(' ');
    let mut words = Vec::with_capacity(text.len() / 5 + 1);
    let mut rest = 0;
    let mut breaks = false;
    while let Some((from, to)) = next_word(text, rest) {
        breaks |= text[rest..from].contains([',', ';', ':', '.', '!', '?', '(', ')', '–', '—']);
        words.push(push_word(text, from..to, breaks, &mut norm));
        (rest, breaks) = (to, false);
    }
    let tail = &text[rest..];
    let bangs = tail.bytes().filter(|b| *b == b'!').count().min(3);
    Sentence {
        text,
        norm,
        words,
        question: tail.contains(['?', '？']),
        bangs: u8::try_from(bangs).unwrap_or(3),
    }
}

/// The byte range of the next run of letters, digits and inner apostrophes from `from` on.
fn next_word(text: &str, from: usize) -> Option<(usize, usize)> {
    let start = from + text[from..].find(char::is_alphanumeric)?;
    let mut end = start;
    for (at, c) in text[start..].char_indices() {
        if c.is_alphanumeric() {
            end = start + at + c.len_utf8();
        } else if !is_apostrophe(c) {
            break;
        }
    }
    Some((start, end))
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | 'ʼ' | '`')
}

fn push_word(text: &str, raw: Range<usize>, breaks: bool, norm: &mut String) -> Word {
    let start = norm.len();
    let (mut letters, mut upper) = (0_usize, 0_usize);
    for c in text[raw.clone()].chars().filter(|c| !is_apostrophe(*c)) {
        letters += usize::from(c.is_alphabetic());
        upper += usize::from(c.is_uppercase());
        norm.extend(c.to_lowercase());
    }
    let range = start..norm.len();
    norm.push(' ');
    let capital = text[raw.clone()].starts_with(char::is_uppercase);
    Word { norm: range, raw, breaks, capital, shout: letters >= 3 && upper == letters }
}

/// The longest prefix of at most `max` characters that ends at a word, and whether text was lost.
/// A single word longer than `max` is cut between characters.
pub(super) fn clip(text: &str, max: usize) -> (&str, bool) {
    let Some((limit, next)) = text.char_indices().nth(max) else {
        return (text, false);
    };
    let head = &text[..limit];
    let cut = if next.is_whitespace() { None } else { head.rfind(char::is_whitespace) };
    let kept = cut.map_or(head, |at| &head[..at]).trim_end();
    let kept = kept.trim_end_matches([',', ';', ':', '-', '–', '—']);
    (if kept.is_empty() { head } else { kept }, true)
}

/// As [`clip`], with an ellipsis inside the `max` characters when text was lost.
pub(super) fn clip_marked(text: &str, max: usize) -> String {
    if clip(text, max).1 { format!("{}…", clip(text, max.saturating_sub(1)).0) } else { text.to_owned() }
}

/// Letters that vary with the grammatical form removed: "charges", "charged" and "charging" agree.
/// Crude on purpose; both sides of every comparison go through it.
pub(super) fn stem(word: &str) -> &str {
    let keep = |word: &str, suffix: &str| word.len() >= suffix.len() + 3 && word.ends_with(suffix);
    let plural = keep(word, "s") && !["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    let word = if plural { &word[..word.len() - 1] } else { word };
    let ending = ["ing", "ed"].into_iter().find(|suffix| keep(word, suffix));
    let cut = ending.and_then(|suffix| word.strip_suffix(suffix)).unwrap_or(word);
    let cut = cut.strip_suffix('e').filter(|s| s.len() >= 3).unwrap_or(cut);
    let bytes = cut.as_bytes();
    match bytes {
        [.., a, b] if a == b && b.is_ascii_alphabetic() && cut.len() > 3 => &cut[..cut.len() - 1],
        _ => cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_verbatim_slices() {
        let text = "Hi, Dr. Who here!  It costs $5.80, ok?\nĐà Nẵng… 好的。谢谢";
        let found: Vec<_> = sentences(text).iter().map(|s| s.text).collect();
        assert_eq!(found, ["Hi, Dr. Who here!", "It costs $5.80, ok?", "Đà Nẵng…", "好的。", "谢谢"]);
        assert!(sentences(" .. -- ?! \n").is_empty());
    }

    #[test]
    fn words_lose_case_and_apostrophes() {
        let all = sentences("That’s NOT what I'd want, OK?");
        assert_eq!(all[0].norm, " thats not what id want ok ");
        assert!(all[0].words[1].shout && all[0].words[5].breaks && all[0].question);
    }

    #[test]
    fn clip_never_cuts_a_character_or_word() {
        assert_eq!(clip("one two three", 8), ("one two", true));
        assert_eq!(clip("one two", 7), ("one two", false));
        assert_eq!(clip("one two three", 7), ("one two", true));
        assert_eq!(clip("žluťoučký", 4), ("žluť", true));
        assert_eq!(clip("🙂🙂🙂", 2), ("🙂🙂", true));
        assert_eq!(clip("x", 0), ("", true));
        assert_eq!(clip_marked("one two three", 8), "one two…");
        assert_eq!(clip_marked("žluťoučký", 0), "…");
    }

    #[test]
    fn stems_agree_across_forms() {
        for forms in [
            ["charge", "charges", "charged", "charging"],
            ["cancel", "cancels", "cancelled", "cancelling"],
            ["bill", "bills", "billed", "billing"],
            ["book", "bookings", "booked", "booking"],
            ["reserve", "reserves", "reserved", "reserving"],
        ] {
            assert!(forms.iter().all(|f| stem(f) == stem(forms[0])), "{forms:?}");
        }
        assert_eq!((stem("bus"), stem("this"), stem("thing")), ("bus", "this", "thing"));
    }

    #[test]
    fn language_is_told_by_common_words() {
        let language =
            |text| Talk::new(&[Turn { speaker: Speaker::Customer, text }]).language(Some(Speaker::Customer));
        assert_eq!(language("I want to book a table for two people."), Language::English);
        assert_eq!(language("¡Gracias! ¿Puede reservar una mesa para dos?"), Language::Other);
        assert_eq!(language("Ik wil graag een tafel in Amsterdam, is dat mogelijk?"), Language::Other);
        assert_eq!(language("Ich möchte bitte einen Tisch für zwei Personen"), Language::Other);
        assert_eq!(language("Je voudrais réserver une table pour deux, merci"), Language::Other);
        assert_eq!(language("二人のテーブルを予約したいです。"), Language::Other);
        assert_eq!(language("!!! ... 🙂"), Language::NoWords);
    }
}
