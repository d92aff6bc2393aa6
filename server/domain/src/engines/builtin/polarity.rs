//! How good or bad a sentence sounds.

use super::lexicon;
use super::phrases::word_count;
use super::text::Sentence;

/// A turn's or sentence's score is kept within ± this.
const CAP: f32 = 5.0;

/// Phrases that make a sentence a wish: its praise is asked for, not felt.
const WISHES: [&str; 22] = [
    " find ",
    " looking for ",
    " i want ",
    " i need ",
    " search ",
    " recommend ",
    " show me ",
    " i would like ",
    " id like ",
    " can you ",
    " could you ",
    " would you ",
    " please ",
    " i wish ",
    " suggest ",
    " hoping ",
    " i would love ",
    " id love ",
    " i wanna ",
    " look for ",
    " book ",
    " let me know ",
];

/// The feeling of one sentence.
pub(super) struct Score<'a> {
    /// −5 to +5; 0 is neutral.
    pub value: f32,
    /// The word or idiom that weighs most, verbatim.
    pub word: Option<&'a str>,
}

/// Adds up the words, each turned by the negation and graded by the intensity before it.
pub(super) fn score<'a>(sentence: &Sentence<'a>) -> Score<'a> {
    let mut total = 0.0;
    let mut top: Option<(f32, &'a str)> = None;
    // Sought only once a word of feeling turns up; most sentences have none.
    let mut frame: Option<(bool, Option<usize>)> = None;
    let mut index = 0;
    while index < sentence.words.len() {
        let (base, length) = base_value(sentence, index);
        if base != 0.0 {
            let mut value = base * emphasis(sentence, index) * context(sentence, index, base);
            value *= nod(sentence, index, base);
            let (wish, but) = *frame.get_or_insert_with(|| (is_wish(sentence), last_but(sentence)));
            if wish {
                // "Is it pricey?" asks; "why is it so terrible?" feels.
                let asked = value > 0.0 || (sentence.question && base.abs() < 1.0);
                value *= if asked { 0.25 } else { 0.7 };
            }
            if let Some(but) = but {
                // What follows a "but" is what the speaker stands by.
                value *= if index < but { 0.5 } else { 1.25 };
            }
            total += value;
            if top.is_none_or(|(best, _)| value.abs() > best.abs()) {
                top = raw_span(sentence, index, length).map(|raw| (value, raw));
            }
        }
        index += length;
    }
    add_emoji(sentence.text, &mut total, &mut top);
    Score { value: total.clamp(-CAP, CAP), word: top.map(|(_, word)| word) }
}

fn is_wish(sentence: &Sentence<'_>) -> bool {
    sentence.question || WISHES.iter().any(|w| sentence.norm.contains(w))
}

/// "Great." and "Cool, book it" nod to what was said; as praise they count half.
fn nod(sentence: &Sentence<'_>, index: usize, base: f32) -> f32 {
    let alone = sentence.words.get(1).is_none_or(|next| next.breaks);
    let nods = index == 0 && base > 1.0 && alone && sentence.bangs == 0;
    if nods { 0.5 } else { 1.0 }
}

/// The valence at `index` and how many words it covers (1 or more).
fn base_value(sentence: &Sentence<'_>, index: usize) -> (f32, usize) {
    let span = &sentence.words[index].norm;
    if let Some((phrase, value)) = lexicon::IDIOM.at(&sentence.norm, span.start, span.end).next() {
        return (*value, word_count(phrase));
    }
    let value = lexicon::valence(sentence.word(index)).unwrap_or(0.0);
    (if value != 0.0 && is_name(sentence, index) { 0.0 } else { value }, 1)
}

/// A capitalised word beside another one inside a sentence is a name ("Great Wolf Lodge").
fn is_name(sentence: &Sentence<'_>, index: usize) -> bool {
    let capital =
        |i: usize| sentence.words.get(i).is_some_and(|w| w.capital && !w.shout && sentence.word(i) != "i");
    let beside = (index > 1 && capital(index - 1)) || capital(index + 1);
    index > 0 && !sentence.words[index].breaks && capital(index) && beside
}

/// The factor of negation and intensity from up to three words before, in the same clause.
fn context(sentence: &Sentence<'_>, index: usize, base: f32) -> f32 {
    let mut factor = 1.0;
    let mut negated = false;
    for back in 1..=3 {
        if index < back || sentence.words[index - back + 1].breaks {
            break;
        }
        let word = sentence.word(index - back);
        if let (Some(degree), true) = (lexicon::degree(word), back <= 2) {
            factor *= degree;
        }
        // "no" rules only the next word: "no, thanks" and "no the good one" deny nothing good.
        let thanks = sentence.word(index).starts_with("thank");
        let only = sentence.word(index - back + 1) == "only";
        negated |= lexicon::is_negator(word) && !only && !thanks && (word != "no" || back == 1);
    }
    match (negated, base > 0.0) {
        (true, true) => -0.65 * factor,
        // "Not bad" is faint praise.
        (true, false) => -0.35 * factor,
        (false, _) => factor,
    }
}

/// Capitals among small letters and exclamation marks strengthen, up to 1.5 times.
fn emphasis(sentence: &Sentence<'_>, index: usize) -> f32 {
    let shout = sentence.words[index].shout && sentence.words.iter().any(|w| !w.shout);
    (if shout { 1.2 } else { 1.0 }) * (1.0 + 0.08 * f32::from(sentence.bangs))
}

fn last_but(sentence: &Sentence<'_>) -> Option<usize> {
    let found = sentence.norm.contains(" but ") || sentence.norm.contains(" however ");
    let is_but = |i: &usize| matches!(sentence.word(*i), "but" | "however");
    // At the very start it turns away from an earlier sentence, not from this one.
    found.then(|| (1..sentence.words.len()).rev().find(is_but)).flatten()
}

fn raw_span<'a>(sentence: &Sentence<'a>, index: usize, length: usize) -> Option<&'a str> {
    let first = sentence.words.get(index)?;
    let last = sentence.words.get(index + length - 1)?;
    sentence.text.get(first.raw.start..last.raw.end)
}

fn add_emoji<'a>(text: &'a str, total: &mut f32, top: &mut Option<(f32, &'a str)>) {
    if !text.is_ascii() {
        for (at, c) in text.char_indices() {
            if let Some(value) = lexicon::emoji(c) {
                *total += value;
                top.get_or_insert((value, &text[at..at + c.len_utf8()]));
            }
        }
    }
    for (mark, value) in [(":)", 1.5), (":-)", 1.5), (":(", -1.5), (":-(", -1.5)] {
        if let Some(at) = text.find(mark) {
            *total += value;
            top.get_or_insert((value, &text[at..at + mark.len()]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::sentences;
    use super::*;

    fn of(text: &str) -> f32 {
        sentences(text).iter().map(|s| score(s).value).sum()
    }

    #[test]
    fn negation_turns_and_stops_at_punctuation() {
        assert!(of("That is good.") > 1.0);
        assert!(of("That is not good.") < -0.5);
        assert!(of("It isn't very helpful.") < -1.0);
        assert!(of("No, that is good.") > 1.0);
        assert!(of("Not only good, it is great.") > 2.0);
        assert!(of("It was not bad.") > 0.0);
        assert!(of("No thanks.") >= 0.0);
    }

    #[test]
    fn intensity_orders() {
        assert!(of("very bad") < of("bad") && of("bad") < of("slightly bad"));
        assert!(of("This is GREAT") > of("This is great"));
        assert!(of("This is great!!!") > of("This is great"));
        assert!(of("It was good but the room was terrible.") < -1.0);
    }

    #[test]
    fn wishes_courtesy_and_names_are_not_feelings() {
        assert!(of("Can you find a good restaurant?") < 0.6);
        assert_eq!(of("Have a great day."), 0.0);
        assert_eq!(of("I stay at the Great Wolf Lodge."), 0.0);
        assert_eq!(of("No problem."), 0.0);
        assert!(of("My phone is not working and I need help.") < -1.0);
    }

    #[test]
    fn emoji_count_once_each_and_slices_hold() {
        assert!(of("ok 👍👍") > 3.0);
        assert!(of("😡 very bad") < -3.0);
        assert!(of("hm :(") < -1.0);
    }
}
