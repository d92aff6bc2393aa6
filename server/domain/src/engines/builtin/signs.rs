//! Signs of how a conversation goes: done, failed, thanked, complained, passed on, given up.

use std::sync::LazyLock;

use super::super::Speaker;
use super::phrases::Phrasebook;
use super::text::{At, Sentence, Talk};

/// What a phrase tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// The agent reports that something was done.
    Done,
    /// The agent reports that something could not be done.
    Failed,
    Thanks,
    /// The customer praises the service itself.
    Praise,
    Complaint,
    /// The customer has no further wish.
    Closing,
    /// The conversation passes to somebody else.
    Escalation,
    /// The customer breaks off.
    GivingUp,
    /// The customer says that it does not help.
    Unsolved,
}

const CUSTOMER: &[(Sign, &str)] = &[
    (Sign::Thanks, "thank|thanks|thank you|thx|appreciate|cheers|grateful"),
    (
        Sign::Praise,
        "helpful|great help|big help|huge help|much help|youre the best|great service|\
        you are the best|youre awesome|you are awesome|you are great|excellent service|good service|\
        youre great|good job|great job|well done|the way you help|appreciate your help|life saver|\
        appreciate the help|appreciate your assistance|appreciate all your|been a great|for helping",
    ),
    (
        Sign::Complaint,
        "complain|complaint|unacceptable|ridiculous|not happy|unhappy|disappointed|\
        frustrated|frustrating|fed up|still waiting|not acceptable|never received|never arrived|\
        worst|terrible|horrible|awful|rude|waste of|third time|money back|charged twice|overcharged|\
        not helpful|unhelpful|useless|angry|furious|sick of|disgusted|poor service|bad service|\
        not good enough|scam|how many times|no one has|nobody has|annoyed|annoying|double charged",
    ),
    (
        Sign::Closing,
        "thats all|that is all|that will be all|thatll be all|that would be all|\
        thats everything|that is everything|all i need|all i needed|all i wanted|thats it|that is it|\
        im all set|i am all set|im good|i am good|im done|i am done|nothing else|nothing more|\
        no thanks|no thank you|nope thanks|nope thank you|not right now|not now|bye|goodbye|\
        good bye|have a nice day|have a great day|have a good day|dont need anything|no more help|\
        do not need anything|any more help|any other help|dont need any|do not need any|thatll do|\
        that will do|im fine|i am fine|all for now|all for today|youve answered|thats about it|\
        no im ok|im okay|thats enough|thats quite enough|all good|you can go now|\
        got everything",
    ),
    (
        Sign::Escalation,
        "speak to a manager|talk to a manager|speak to your manager|supervisor|\
        speak to a human|talk to a human|real person|human agent|speak to someone else|\
        speak with a manager|your manager|file a complaint|talk to someone else",
    ),
    (
        Sign::GivingUp,
        "never mind|nevermind|forget it|forget about it|ill try later|try again later|\
        ill call back|call back later|call again later|do it myself|go elsewhere|somewhere else then|\
        i give up|i have to go|i gotta go|dont bother|no time for this|hanging up",
    ),
    (
        Sign::Unsolved,
        "still not|still doesnt|still does not|still isnt|still cant|still cannot|\
        didnt help|did not help|doesnt help|does not help|not resolved|not solved|not fixed|\
        no solution|not what i asked|didnt work|did not work|didnt answer|still broken|still wrong",
    ),
];

const AGENT: &[(Sign, &str)] = &[
    (
        Sign::Done,
        "all set|successfully|was successful|is successful|went through|is complete|\
        on its way|its done|it is done|youre set|you are set|all done|was able to confirm|was able to book|was able to make|\
        was able to reserve|was able to schedule|was able to get|was able to purchase|\
        was able to complete|was able to fix|was able to resolve|was able to cancel|\
        was able to process|was able to send|was able to transfer|booked for you|is on the way|\
        now playing|started playing|is playing|is coming for you|will arrive|enjoy the movie|\
        your confirmation number|confirmation code|good to go|taken care of|reservation is successful",
    ),
    (
        Sign::Failed,
        "unable to|was not able|wasnt able|am not able|not able to|unsuccessful|failed|\
        couldnt|could not|was not successful|wasnt successful|not successful|didnt go through|\
        did not go through|cannot find|cant find|cannot process|cant process|was a problem|\
        cant do that|cannot do that|not possible|no results|did not find|didnt find|found no|\
        having trouble|ran into|not be completed|wasnt possible|not been successful|cannot help|\
        cant help",
    ),
    (
        Sign::Escalation,
        "transfer you|transferring you|connect you|connecting you|put you through|\
        escalate|escalated|escalating|supervisor|a specialist|senior agent|opened a ticket|\
        raised a ticket|open a ticket|ticket number|case number|call you back|callback|\
        get back to you|pass you on|hand you over|forwarded your|another department|my manager",
    ),
];

const PARTICIPLES: &str = "booked made confirmed reserved scheduled completed sent processed placed \
    purchased rented transferred cancelled canceled resolved fixed updated refunded issued bought \
    arranged set finalized secured ordered hired submitted changed credited restored reset removed \
    paid approved activated done";
const AUXILIARIES: [&str; 15] = [
    "been",
    "is",
    "are",
    "ive",
    "have",
    "i",
    "was",
    "were",
    "got",
    "successfully",
    "just",
    "now",
    "already",
    "weve",
    "we",
];

static CUSTOMER_BOOK: LazyLock<Phrasebook<Sign>> = LazyLock::new(|| book(CUSTOMER));
static AGENT_BOOK: LazyLock<Phrasebook<Sign>> = LazyLock::new(|| book(AGENT));
static PARTICIPLE: LazyLock<std::collections::HashSet<&'static str>> =
    LazyLock::new(|| PARTICIPLES.split_whitespace().collect());

fn book(lists: &'static [(Sign, &'static str)]) -> Phrasebook<Sign> {
    Phrasebook::new(lists.iter().flat_map(|(sign, list)| Phrasebook::entries(list, *sign)))
}

/// All signs in the order of the conversation; a sign counts once in a sentence.
pub(super) struct Signs {
    found: Vec<(Sign, At)>,
}

impl Signs {
    pub fn read(talk: &Talk<'_>) -> Self {
        let mut found = Vec::new();
        for (turn, said) in talk.turns.iter().enumerate() {
            for (index, sentence) in said.sentences.iter().enumerate() {
                let from = found.len();
                let at = At { turn, sentence: index };
                read_sentence(said.speaker, sentence, |sign| {
                    if !found[from..].iter().any(|(known, _)| *known == sign) {
                        found.push((sign, at));
                    }
                });
            }
        }
        Self { found }
    }

    pub fn all(&self, sign: Sign) -> impl DoubleEndedIterator<Item = At> {
        self.found.iter().filter(move |(s, _)| *s == sign).map(|(_, at)| *at)
    }

    pub fn last(&self, sign: Sign) -> Option<At> {
        self.all(sign).next_back()
    }

    /// The last such sign at or after turn `from` (index from 0).
    pub fn last_from(&self, sign: Sign, from: usize) -> Option<At> {
        self.last(sign).filter(|at| at.turn >= from)
    }

    pub fn count(&self, sign: Sign) -> usize {
        self.all(sign).count()
    }
}

fn read_sentence(speaker: Speaker, sentence: &Sentence<'_>, mut note: impl FnMut(Sign)) {
    let agent = speaker == Speaker::Agent;
    let book = if agent { &*AGENT_BOOK } else { &*CUSTOMER_BOOK };
    // "Would you like it booked?" and "please confirm" tell of nothing done yet.
    let open = agent && (sentence.question || is_asking(&sentence.norm));
    for (index, word) in sentence.words.iter().enumerate() {
        for (phrase, sign) in book.at(&sentence.norm, word.norm.start, word.norm.end) {
            let hollow = *sign == Sign::Done && (open || is_denied(sentence, index))
                || *sign == Sign::Praise && is_denied(sentence, index)
                || *sign == Sign::Failed && open && phrase != "failed";
            if !hollow {
                note(*sign);
            }
        }
        if agent && !open && is_done(sentence, index) {
            note(Sign::Done);
        }
    }
}

fn is_asking(norm: &str) -> bool {
    [
        " please confirm ",
        " confirming ",
        " just to confirm ",
        " like to confirm ",
        " need to confirm ",
        " confirm that ",
        " confirm the ",
        " shall i ",
        " should i ",
        " confirm these ",
        " do you ",
    ]
    .iter()
    .any(|p| norm.contains(p))
}

/// "has been booked", "I've just sent": a participle right after an auxiliary word.
fn is_done(sentence: &Sentence<'_>, index: usize) -> bool {
    index > 0
        && PARTICIPLE.contains(sentence.word(index))
        && !sentence.words[index].breaks
        && AUXILIARIES.contains(&sentence.word(index - 1))
        && !is_denied(sentence, index)
}

fn is_denied(sentence: &Sentence<'_>, index: usize) -> bool {
    (1..=3).any(|back| index >= back && super::lexicon::is_negator(sentence.word(index - back)))
}

#[cfg(test)]
mod tests {
    use super::super::super::Turn;
    use super::*;

    fn signs(speaker: Speaker, text: &str) -> Vec<Sign> {
        let talk = Talk::new(&[Turn { speaker, text }]);
        Signs::read(&talk).found.into_iter().map(|(sign, _)| sign).collect()
    }

    #[test]
    fn done_needs_a_report() {
        let agent = |text| signs(Speaker::Agent, text);
        assert_eq!(agent("Your table has been booked."), [Sign::Done]);
        assert_eq!(agent("I've just sent the invoice."), [Sign::Done]);
        assert_eq!(agent("It has not been booked."), []);
        assert_eq!(agent("Please confirm: the table is booked for 5 pm."), []);
        assert_eq!(agent("I was unable to make the reservation."), [Sign::Failed]);
        assert_eq!(agent("I will transfer you to billing."), [Sign::Escalation]);
    }

    #[test]
    fn customers_close_praise_and_complain() {
        let customer = |text| signs(Speaker::Customer, text);
        assert_eq!(customer("No, that's all, thanks."), [Sign::Closing, Sign::Thanks]);
        assert_eq!(customer("You have been very helpful."), [Sign::Praise]);
        assert_eq!(customer("That was not very helpful."), []);
        assert_eq!(customer("This is unacceptable."), [Sign::Complaint]);
        assert_eq!(customer("Never mind."), [Sign::GivingUp]);
    }
}
