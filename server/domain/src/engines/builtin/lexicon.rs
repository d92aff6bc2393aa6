//! English word lists, written for customer-service talk.
//!
//! The scale (−4 very bad to +4 very good) and the ideas of boosters, negation and "but" follow
//! Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
//! Media Text" (ICWSM 2014); the words and weights here are our own. Words that social media uses
//! as praise but a service desk uses as requests ("please", "help", "free", "like") are left out.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::phrases::Phrasebook;

/// Valence and the words that have it; apostrophes left out, as in the normalised text.
const WORDS: &[(f32, &str)] = &[
    (
        3.2,
        "amazing awesome fantastic excellent outstanding superb brilliant phenomenal exceptional \
           flawless magnificent incredible marvelous marvellous sensational spectacular stellar",
    ),
    (
        2.8,
        "wonderful perfect perfectly love loved loves best thrilled delighted delightful \
           extraordinary impeccable terrific fabulous splendid ecstatic",
    ),
    (
        2.2,
        "great lovely beautiful impressed impressive happy happily excited glad \
           wonderfully greatly joy grateful thankful lifesaver greatest superbly nicest kindest gorgeous \
           charming overjoyed elated generously praise praised admire admirable",
    ),
    (
        1.8,
        "helpful awesomely good nice enjoy enjoyed enjoying appreciate appreciated appreciates \
           pleased pleasure pleasant smooth smoothly efficient courteous friendly kind kindly \
           recommend polite professional knowledgeable attentive caring generous patient superior \
           favorite favourite satisfied satisfying satisfactory cool sweet neat reliable \
           trustworthy welcoming thoughtful understanding relieved relief gracious considerate respectful responsive hospitable \
           dependable hilarious cheerful calm enjoyable exciting congratulations commend commended",
    ),
    (
        1.3,
        "comfortable convenient fun interesting better easy easily quick quickly fast faster \
           handy useful worked solved fixed ideal prompt promptly clear hope hopeful hopefully \
           success successful successfully agree fair reasonable affordable lucky tidy safe safely secure effective solid stable fortunate fortunately pleasing \
           simple simpler improved improvement benefit",
    ),
    (0.7, "fine thanks thank thx cheers works okay alright yay wow appreciation"),
    (
        -0.7,
        "sorry expensive costly pricey slow slower late unsure complicated unclear odd strange \
            weird doubt hesitant lacking limited noisy crowded cramped boring bored lengthy \
            inconvenience inconvenient tedious",
    ),
    (
        -1.2,
        "unfortunately problem problems issue issues trouble difficulty difficult hard error \
            errors delay delays delayed missing wrong wrongly mistake mistakes confused confusing \
            confusion concerned concern worry worried worries unable unavailable incorrect \
            incorrectly inaccurate declined denied refused refuse refuses complain complaining \
            complaint complaints tired dislike disliked overdue stuck interrupted dirty damaged \
            defective faulty unsuccessful unreliable lost lose loses losing troubled troublesome unpleasant \
            uncomfortable unhappily unacceptably nervous afraid scared anxious forgot forgotten \
            mishandled misplaced mixup misunderstood misunderstanding unfriendly dismissive leaking \
            outdated unusable",
    ),
    (
        -1.8,
        "bad badly poor poorly fail fails failed failing failure annoyed annoying annoys broken \
            broke crash crashed crashes crashing frustrated frustrating frustration disappointed \
            disappointing disappointment unhappy dissatisfied unsatisfied unprofessional unhelpful \
            useless upset sad sadly worse waste wasted wasting pointless ignored ignoring neglected \
            overcharged unfair misleading misled mislead inefficient incompetent careless sloppy \
            stressful stressed hassle nuisance regret rejected unwanted mess messy messed \
            unresolved unreasonable unwilling inadequate lousy lied lying lie lies irritated irritating irritates pissed bitter insult bothered \
            dishonestly ruined ruin ruins spoiled unbearable painful pathetically botched sloppily \
            clueless untrustworthy negligent negligence hopeless discouraged dismayed distressed \
            aggravating aggravated exasperated appalled",
    ),
    (
        -2.5,
        "terrible horrible awful dreadful angry furious outraged outrageous unacceptable \
            ridiculous rude disrespectful hate hated hates worst appalling atrocious disgusted \
            disgusting disgrace disgraceful pathetic shameful abysmal garbage rubbish insulting \
            insulted cheated ripoff scam scammed scammers fraud fraudulent fraudsters stolen steal \
            theft robbed liar liars nightmare disaster livid infuriating infuriated enraged \
            intolerable inexcusable abusive hostile sucks suck sucked crap crappy joke absurd \
            deceptive dishonest harassed harassment threatened threatening sick worthless \
            horrendous miserable idiotic stupid despise detest loathe repulsive vile horrid horribly \
            worthlessly disgustingly atrociously incompetence",
    ),
];

/// Phrases whose feeling is not the sum of their words. They hide the words they cover.
const IDIOMS: &[(f32, &str)] = &[
    (
        3.0,
        "could not be happier|couldnt be happier|could not be better|couldnt be better|\
           above and beyond|youre the best|you are the best|made my day|five stars",
    ),
    (
        2.2,
        "cant wait|cannot wait|well done|thumbs up|good job|great job|great help|big help|\
           huge help|a lot of help|lots of help|much help|just what i|exactly what i|\
           life saver|saved me|over the moon|i like you|no complaints",
    ),
    (
        1.4,
        "i like it|i like that|i like this|i like the|like it|not bad|looking forward|\
           no hassle|hassle free|without a problem|without any problem|without issue|\
           as good as it gets|good idea|good choice|good news",
    ),
    (
        1.0,
        "sounds good|sound good|sounds great|sounds nice|sounds perfect|looks good|works well|\
           that works|works for me|good enough|suits me|good for me|so far so good|thank goodness",
    ),
    (0.7, "thank you|thanks a lot|many thanks|thanks much|thanks so much"),
    // Courtesies, requests and names that only look like feelings.
    (
        0.0,
        "no problem|no problems|no worries|not a problem|no trouble|good morning|good afternoon|\
           good evening|good day|good night|good bye|good one|good time|good rest|great day|\
           great time|nice day|nice time|nice one|wonderful day|wonderful time|lovely day|\
           fantastic day|pleasant day|pleasant afternoon|enjoy your|enjoy the|take care|happy hour|\
           happy to|glad to|pleasure to|fine dining|my pleasure|best time|best way|\
           to be clear|kind of|so kind as to|if you do not mind|sorry for|im sorry|i am sorry|\
           sorry i|sorry to|best western|hard rock|free of charge|no thanks|no thank you|nope thanks|\
           credit card fraud|fair enough|worked at|no hard feelings|not sure|lost luggage|\
           hard drive|hard copy|late checkout|late check|late night|late flight|correct me|what kind|\
           any kind|some kind|which kind|this kind|that kind|a kind|better day|at best|\
           romantic comedy|last minute|hope you|hope to|hopefully you|hope that",
    ),
    (
        -0.8,
        "not sure about|too much|too long|too far|too late|too many|so so|so much for|\
            wont work for me|doesnt work for me|does not work for me|not great|not ideal|not too happy|not interested",
    ),
    (
        -1.6,
        "not working|doesnt work|does not work|didnt work|did not work|isnt working|wont work|\
            stopped working|not what i|still waiting|still have not|still havent|still not|\
            never received|never arrived|never got|never came|no one|nobody|hung up|let down|\
            let me down|so long|no help|not help|no use|cut off|no answer|no response|no reply|\
            i dont like|i do not like|didnt like|did not like|dont care|doesnt care|cant believe|\
            cannot believe|no idea why|again and again|over and over|double charged|charged twice|\
            on hold for",
    ),
    (
        -2.4,
        "fed up|waste of|had enough|sick of|sick and tired|rip off|ripped off|money back|\
            last straw|never again|too bad service|nothing works|what a joke|the worst|shame on|\
            not acceptable|not good enough|bad service|poor service|terrible service|\
            unhappy with|fell apart|lost my patience",
    ),
];

/// Words that strengthen (> 1) or weaken (< 1) the feeling of a word soon after.
const DEGREES: &[(f32, &str)] = &[
    (
        1.35,
        "very really so extremely super absolutely totally completely utterly incredibly highly \
            especially truly most exceptionally insanely remarkably seriously deeply entirely \
            particularly awfully terribly hugely fully",
    ),
    (1.2, "quite pretty too rather more much such real"),
    (
        0.6,
        "slightly somewhat bit little kinda sorta fairly almost partly mildly marginally \
           moderately less partially",
    ),
];

const NEGATORS: &str = "not never none nothing neither nor cannot cant dont doesnt didnt wont \
    wouldnt couldnt shouldnt isnt arent wasnt werent hasnt havent hadnt aint without hardly barely \
    rarely seldom no";

/// Frequent words that are rare in the neighbouring languages.
const COMMON_ENGLISH: &str = "the and you i to it that for my can what have has with this would \
    like not are be please thanks thank yes your im id ive ill its thats whats dont do does did \
    how there is of they will could need want where when which any some sure right now one two \
    at from on up out about if we he she them their was were been who why been okay looking find \
    help me no great good nope yeah much more all also just day going get book something";

fn table(groups: &'static [(f32, &'static str)]) -> HashMap<&'static str, f32> {
    let pairs = groups.iter().flat_map(|(v, words)| words.split_whitespace().map(|w| (w, *v)));
    pairs.collect()
}

static VALENCE: LazyLock<HashMap<&'static str, f32>> = LazyLock::new(|| table(WORDS));
static DEGREE: LazyLock<HashMap<&'static str, f32>> = LazyLock::new(|| table(DEGREES));
static NEGATOR: LazyLock<HashSet<&'static str>> = LazyLock::new(|| NEGATORS.split_whitespace().collect());
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| COMMON_ENGLISH.split_whitespace().collect());

/// Idioms with their valence, −4 to +4.
pub(super) static IDIOM: LazyLock<Phrasebook<f32>> =
    LazyLock::new(|| Phrasebook::new(IDIOMS.iter().flat_map(|(v, list)| Phrasebook::entries(list, *v))));

/// −4 to +4; `None` for a word without feeling.
pub(super) fn valence(word: &str) -> Option<f32> {
    VALENCE.get(word).copied()
}

/// A factor, 0.6 to 1.35; `None` for a word that does not grade.
pub(super) fn degree(word: &str) -> Option<f32> {
    DEGREE.get(word).copied()
}

pub(super) fn is_negator(word: &str) -> bool {
    NEGATOR.contains(word)
}

pub(super) fn is_common_english(word: &str) -> bool {
    COMMON.contains(word)
}

/// The valence of an emoji or, with its last character, an emoticon; `None` for other characters.
pub(super) fn emoji(c: char) -> Option<f32> {
    match c {
        '😀'..='😆' | '😊' | '🙂' | '😍' | '🥰' | '👍' | '🎉' | '❤' | '💯' | '🙏' => {
            Some(2.0)
        }
        '😞'..='😢' | '😤' | '😭' | '🙁' | '☹' | '👎' | '🤬' | '😒' | '😔' => Some(-2.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_stands_once_and_normalised() {
        let mut seen = HashSet::new();
        for (value, words) in WORDS {
            assert!(value.abs() <= 4.0);
            for word in words.split_whitespace() {
                assert!(seen.insert(word), "{word} stands twice");
                assert!(word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
            }
        }
        assert!(seen.len() >= 400, "{}", seen.len());
    }

    #[test]
    fn idioms_are_normalised() {
        for phrase in IDIOMS.iter().flat_map(|(_, list)| list.split('|')) {
            assert!(phrase.bytes().all(|b| b.is_ascii_lowercase() || b == b' '), "{phrase:?}");
            assert!(!phrase.contains("  "), "{phrase:?}");
        }
    }
}
