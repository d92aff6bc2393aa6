use super::super::Turn;
use super::*;
use Speaker::{Agent, Customer};

const TEXT: OutputKind<'static> = OutputKind::Text { max_chars: 2000 };
const SCALE: OutputKind<'static> = OutputKind::Number { min: 1.0, max: 5.0 };

/// Written for these tests.
const DINNER: &[(Speaker, &str)] = &[
    (Customer, "Hello! I'd like to reserve a table at a quiet restaurant in Ghent."),
    (Agent, "For how many people and when?"),
    (Customer, "Four people, Friday at 7 pm. Do they serve fish?"),
    (Agent, "De Brug serves fish. Please confirm: a table for 4 at De Brug, Friday at 7 pm?"),
    (Customer, "Yes, that's perfect."),
    (Agent, "Your table has been booked. Is there anything else I can help you with?"),
    (Customer, "No, that's all. You've been very helpful, thank you!"),
    (Agent, "Have a great evening."),
];
const INVOICE: &[(Speaker, &str)] = &[
    (Customer, "I was charged twice on my March invoice. This is the third time, it is ridiculous!"),
    (Agent, "I am sorry about that. May I have your customer number?"),
    (Customer, "It's 4471. I want my money back and I'm really fed up with waiting."),
    (Agent, "Unfortunately I was unable to issue the refund today."),
    (Customer, "That is not acceptable. Terrible service."),
    (Agent, "I apologize for the inconvenience."),
];
const SPANISH: &[(Speaker, &str)] = &[
    (Customer, "Hola, quiero reservar una mesa para cuatro personas el viernes por la noche."),
    (Agent, "Claro, su mesa está reservada. ¿Algo más?"),
    (Customer, "No, muchas gracias, todo perfecto."),
];

fn turns<'a>(lines: &[(Speaker, &'a str)]) -> Vec<Turn<'a>> {
    lines.iter().map(|(speaker, text)| Turn { speaker: *speaker, text }).collect()
}

fn ask(task: &str, prompt: &str, lines: &[(Speaker, &str)], attribute: &str, kind: OutputKind<'_>) -> Answer {
    let turns = turns(lines);
    let outputs = [Output { attribute, kind }];
    let mut outcome = run(task, &Request { prompt, turns: &turns, outputs: &outputs }).unwrap();
    assert_quotes(&outcome.answers[0].explanation, &turns);
    outcome.answers.remove(0)
}

/// Every `turn N (speaker): “words”` stands in that turn.
fn assert_quotes(explanation: &str, turns: &[Turn<'_>]) -> usize {
    let mut count = 0;
    for (at, _) in explanation.match_indices("): “") {
        let head = &explanation[..at];
        let head = &head[head.rfind("turn ").unwrap() + 5..];
        let (number, speaker) = head.split_once(" (").unwrap();
        let turn = &turns[number.parse::<usize>().unwrap() - 1];
        let quote = explanation[at + "): “".len()..].split('”').next().unwrap();
        assert_eq!(speaker, turn.speaker.to_string());
        assert!(!quote.is_empty() && turn.text.contains(quote), "{quote:?} not in turn {number}");
        count += 1;
    }
    count
}

#[test]
fn a_good_conversation() {
    let feeling =
        ask("sentiment", "", DINNER, "sentiment", OutputKind::Choice(&["positive", "neutral", "negative"]));
    assert_eq!(feeling.value, "positive");
    assert!(feeling.explanation.contains("turn 7 (customer): “You've been very helpful, thank you!”"));
    assert!(ask("csat", "", DINNER, "csat", SCALE).value.as_i64() >= Some(4));
    assert_eq!(ask("reason", "", DINNER, "call_reason", TEXT).value, "Reservation");
    assert_eq!(ask("reason", "", DINNER, "call_outcome", TEXT).value, "resolved");
    assert_eq!(ask("reason", "", DINNER, "call_topic", TEXT).value, "Restaurants");
    let summary = ask("summary", "", DINNER, "summary", TEXT);
    assert_eq!(
        summary.value,
        "Customer: I'd like to reserve a table at a quiet restaurant in Ghent. \
         Agent: Your table has been booked. Ended resolved – customer: No, that's all."
    );
    assert!(summary.confidence > 0.7);
}

#[test]
fn a_bad_conversation() {
    assert_eq!(ask("sentiment", "", INVOICE, "sentiment", TEXT).value, "negative");
    assert_eq!(ask("csat", "", INVOICE, "csat", SCALE).value, 1);
    assert_eq!(ask("reason", "", INVOICE, "reason", TEXT).value, "Billing");
    assert_eq!(ask("reason", "", INVOICE, "outcome", TEXT).value, "unresolved");
}

#[test]
fn no_value_is_made_up() {
    let silent: &[(Speaker, &str)] = &[(Customer, " "), (Agent, "…"), (Customer, "")];
    for lines in [SPANISH, silent] {
        for (task, attribute) in [
            ("summary", "summary"),
            ("sentiment", "sentiment"),
            ("csat", "csat"),
            ("reason", "reason"),
            ("reason", "outcome"),
            ("reason", "topic"),
        ] {
            let answer = ask(task, "", lines, attribute, TEXT);
            assert_eq!(answer.value, Value::Null, "{task} {answer:?}");
            assert!(answer.explanation.starts_with("No value:") && answer.confidence < 0.1);
        }
    }
    let plain = [(Customer, "What is the street number of the house?")];
    assert_eq!(ask("reason", "", &plain, "reason", OutputKind::Choice(&["Pets"])).value, Value::Null);
    let flat = [
        (Customer, "I want to go to the station."),
        (Agent, "At what time do you go?"),
        (Customer, "At five."),
    ];
    assert_eq!(ask("csat", "", &flat, "csat", SCALE).value, Value::Null);
}

#[test]
fn the_prompt_has_an_effect() {
    let text =
        |prompt: &str| ask("summary", prompt, DINNER, "summary", TEXT).value.as_str().unwrap().to_owned();
    assert_eq!(text("sentences: 1"), "Customer: I'd like to reserve a table at a quiet restaurant in Ghent.");
    assert!(!text("focus: agent").contains("Customer:"));
    assert!(text("sentences: 5").len() > text("sentences: 3").len());
    let wide = OutputKind::Number { min: 1.0, max: 10.0 };
    assert!(ask("csat", "scale: 1-10", DINNER, "csat", wide).value.as_i64() > Some(7));
    let misfit = ask("csat", "scale: 1-10", DINNER, "csat", SCALE);
    assert!(misfit.value.as_i64() <= Some(5) && misfit.explanation.contains("does not fit"));
    let reason = ask("reason", "reason \"Dining\": quiet restaurant, table", DINNER, "reason", TEXT);
    assert_eq!(reason.value, "Dining");
    let wrong = ask("summary", "sentences: 12", DINNER, "summary", TEXT);
    assert!(wrong.explanation.contains("Prompt line not followed: sentences: 12"));
}

#[test]
fn values_keep_to_the_form() {
    for max_chars in [1, 5, 20, 60, 100, 400] {
        let kind = OutputKind::Text { max_chars };
        for prompt in ["", "sentences: 5"] {
            let value = ask("summary", prompt, DINNER, "summary", kind).value;
            assert!(value.as_str().unwrap_or_default().chars().count() <= max_chars);
        }
        let value = ask("reason", "", DINNER, "reason", kind).value;
        assert!(value.as_str().unwrap().chars().count() <= max_chars);
    }
    let number = ask("sentiment", "", INVOICE, "sentiment_score", OutputKind::Number { min: -1.0, max: 1.0 });
    assert!(number.value.as_f64().unwrap() < -0.5);
    let graded = OutputKind::Choice(&["1 - bad", "2", "3", "4", "5 - good"]);
    assert_eq!(ask("csat", "", INVOICE, "csat", graded).value, "1 - bad");
}

#[test]
fn refusals() {
    let one = turns(&[(Customer, "Hello, I need help.")]);
    let summary = [Output { attribute: "summary", kind: TEXT }];
    let request = |turns, outputs| Request { prompt: "", turns, outputs };
    assert_eq!(run("summary", &request(&[], &summary)), Err(EngineError::Empty));
    assert_eq!(run("summary", &request(&one, &[])), Err(EngineError::NoOutputs));
    assert!(matches!(run("poem", &request(&one, &summary)), Err(EngineError::UnknownTask { .. })));
    assert!(matches!(run("csat", &request(&one, &summary)), Err(EngineError::Unsupported { .. })));
    let number = [Output { attribute: "summary", kind: SCALE }];
    assert!(matches!(run("summary", &request(&one, &number)), Err(EngineError::Unsupported { .. })));
    let huge = "very good ".repeat(110_000);
    let huge = turns(&[(Customer, &huge)]);
    let refused = run("summary", &request(&huge, &summary));
    assert_eq!(refused, Err(EngineError::TooLong { bytes: 1_100_000, limit: MAX_BYTES }));
}

#[test]
fn odd_text_is_survived() {
    let long_word = "ž".repeat(5_000);
    let endless = "I want the very good 👩‍👩‍👧 and ”that“ ".repeat(2_000);
    for text in [
        "“”",
        "”I want” “this please",
        "İstanbul'a I want to go, please. ǅ",
        "a\u{301}\u{301}",
        "\u{0}\r\n\t",
        "I'm ''' the ’’’ you",
        "-- :) :( 😡",
        "I WANT THE MANAGER!!!!!",
        &long_word,
        &endless,
    ] {
        let lines = [(Customer, text), (Agent, text), (Customer, text)];
        for (task, attribute) in
            [("summary", "summary"), ("sentiment", "sentiment"), ("csat", "csat"), ("reason", "reason")]
        {
            let first = ask(task, "", &lines, attribute, TEXT);
            assert_eq!(first, ask(task, "", &lines, attribute, TEXT));
            assert!((0.0..=1.0).contains(&first.confidence));
        }
    }
}

#[test]
fn tokens_are_estimated() {
    let outcome = run(
        "sentiment",
        &Request {
            prompt: "12345678",
            turns: &turns(&[(Customer, "good")]),
            outputs: &[Output { attribute: "sentiment", kind: TEXT }],
        },
    )
    .unwrap();
    assert_eq!(outcome.input_tokens, 3);
    assert!(outcome.output_tokens > 0);
}
