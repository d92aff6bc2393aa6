//! One conversation as a program sends it: JSON in, a row ready to be stored or every fault with its place out.
//!
//! The fast way reads straight into borrowed text and knows only "right" or "wrong". What is wrong is read a second
//! time, slowly, to say all that is wrong with it.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use model::conversations::{CONVERSATION_BYTES_MAX, Channel, EXTERNAL_ID_MAX, Speaker, TURNS_MAX};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// A conversation that may be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub external_id: String,
    pub channel: Channel,
    pub language: Option<String>,
    /// None: when it arrives.
    pub started_at: Option<DateTime<Utc>>,
    /// Where it stood in what was sent, counted from 1; 0 where it was sent alone.
    pub line: i64,
    /// The turns as JSON, in our own spelling: fields that we do not know are gone.
    pub turns: String,
    pub turn_count: i32,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer (RFC 6901) into the conversation; empty for all of it.
    pub pointer: String,
    pub detail: String,
}

impl Fault {
    fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// Most faults told of one conversation.
const FAULTS_MAX: usize = 20;

#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    channel: Option<Channel>,
    language: Option<String>,
    started_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    turns: Vec<SentTurn<'a>>,
}

#[derive(Deserialize, Serialize)]
struct SentTurn<'a> {
    speaker: Speaker,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// The latest time at which a conversation that comes in `now` may have begun: clocks of senders run ahead, and some
/// leave the zone out.
pub fn latest(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_add_signed(TimeDelta::days(1)).unwrap_or(now)
}

/// As [`parse_until`], for a conversation of our own making: no clock is asked.
///
/// # Errors
/// All faults, up to 20.
pub fn parse(json: &[u8]) -> Result<Prepared, Vec<Fault>> {
    parse_until(json, DateTime::<Utc>::MAX_UTC)
}

/// Reads one conversation, which may have begun at [`latest`] and no later.
///
/// # Errors
/// All faults, up to 20.
pub fn parse_until(json: &[u8], latest: DateTime<Utc>) -> Result<Prepared, Vec<Fault>> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    if json.len() > CONVERSATION_BYTES_MAX {
        return Err(vec![Fault::at("", format!("longer than {CONVERSATION_BYTES_MAX} bytes"))]);
    }
    match serde_json::from_slice::<Sent<'_>>(json) {
        Ok(sent) if sound(&sent, latest) => prepare(sent),
        Ok(_) => Err(diagnose(json, latest, "not a conversation")),
        Err(error) => Err(diagnose(json, latest, &error.to_string())),
    }
}

fn sound(sent: &Sent<'_>, latest: DateTime<Utc>) -> bool {
    id_fault(&sent.id).is_none()
        && sent.language.as_deref().is_none_or(is_language)
        && sent.started_at.is_none_or(|time| time_fault(time, latest).is_none())
        && (1..=TURNS_MAX).contains(&sent.turns.len())
        && !sent.turns.iter().any(|turn| turn.text.contains('\0'))
}

/// A time that no conversation has: more often a wrong unit or a wrong clock than a wish. Years of more than the four
/// digits that RFC 3339 gives them no program after us could read.
fn time_fault(time: DateTime<Utc>, latest: DateTime<Utc>) -> Option<&'static str> {
    if time < DateTime::UNIX_EPOCH {
        Some("lies before 1970")
    } else if time > latest || time.year() > 9999 {
        Some("lies more than a day in the future")
    } else {
        None
    }
}

fn prepare(sent: Sent<'_>) -> Result<Prepared, Vec<Fault>> {
    let turns = serde_json::to_string(&sent.turns).map_err(|e| vec![Fault::at("/turns", e.to_string())])?;
    Ok(Prepared {
        external_id: sent.id.into_owned(),
        line: 0,
        channel: sent.channel.unwrap_or(Channel::Chat),
        language: sent.language,
        started_at: sent.started_at,
        turn_count: i32::try_from(sent.turns.len()).unwrap_or(i32::MAX),
        turns,
    })
}

fn id_fault(id: &str) -> Option<String> {
    // Counting characters only where the bytes leave it open.
    if id.trim().is_empty() {
        Some("is empty".into())
    } else if id.len() > EXTERNAL_ID_MAX && id.chars().count() > EXTERNAL_ID_MAX {
        Some(format!("has more than {EXTERNAL_ID_MAX} characters"))
    } else if id.contains(char::is_control) {
        Some("holds a control character".into())
    } else {
        None
    }
}

/// The shape of a BCP 47 tag; whether there is such a language, nobody asks.
fn is_language(tag: &str) -> bool {
    tag.len() <= 35
        && tag
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        && tag.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
}

fn diagnose(json: &[u8], latest: DateTime<Utc>, otherwise: &str) -> Vec<Fault> {
    let value = match serde_json::from_slice::<Value>(json) {
        Ok(Value::Object(map)) => map,
        Ok(_) => return vec![Fault::at("", "is not a JSON object")],
        Err(error) => return vec![Fault::at("", format!("is not JSON: {error}"))],
    };
    let mut faults = Vec::new();
    match value.get("id") {
        Some(Value::String(id)) => faults.extend(id_fault(id).map(|detail| Fault::at("/id", detail))),
        Some(_) => faults.push(Fault::at("/id", "is not a string")),
        None => faults.push(Fault::at("/id", "is missing")),
    }
    match value.get("channel") {
        None | Some(Value::Null) => {}
        Some(Value::String(word)) if word.parse::<Channel>().is_ok() => {}
        Some(_) => faults.push(Fault::at("/channel", "is not voice, chat or email")),
    }
    match value.get("language") {
        None | Some(Value::Null) => {}
        Some(Value::String(tag)) if is_language(tag) => {}
        Some(_) => faults.push(Fault::at("/language", "is not a language tag like en or pt-BR (BCP 47)")),
    }
    match value.get("started_at") {
        None | Some(Value::Null) => {}
        Some(time) => match time.as_str().and_then(|time| time.parse::<DateTime<Utc>>().ok()) {
            Some(time) => {
                faults.extend(time_fault(time, latest).map(|detail| Fault::at("/started_at", detail)));
            }
            None => {
                faults.push(Fault::at("/started_at", "is not a time like 2026-02-01T09:30:00Z (RFC 3339)"))
            }
        },
    }
    match value.get("turns") {
        Some(Value::Array(turns)) if turns.is_empty() => faults.push(Fault::at("/turns", "is empty")),
        Some(Value::Array(turns)) if turns.len() > TURNS_MAX => {
            faults.push(Fault::at("/turns", format!("has more than {TURNS_MAX} turns")));
        }
        Some(Value::Array(turns)) => {
            let each = turns.iter().enumerate().flat_map(|(at, turn)| turn_faults(at, turn));
            faults.extend(each.take(FAULTS_MAX));
        }
        Some(_) => faults.push(Fault::at("/turns", "is not an array")),
        None => faults.push(Fault::at("/turns", "is missing")),
    }
    if faults.is_empty() {
        // Such as a field that is there twice.
        faults.push(Fault::at("", otherwise));
    }
    faults.truncate(FAULTS_MAX);
    faults
}

fn turn_faults(at: usize, turn: &Value) -> Vec<Fault> {
    let Value::Object(turn) = turn else {
        return vec![Fault::at(format!("/turns/{at}"), "is not an object")];
    };
    let mut faults = Vec::new();
    match turn.get("speaker") {
        Some(Value::String(word)) if word.parse::<Speaker>().is_ok() => {}
        Some(_) => faults.push(Fault::at(format!("/turns/{at}/speaker"), "is not customer or agent")),
        None => faults.push(Fault::at(format!("/turns/{at}/speaker"), "is missing")),
    }
    match turn.get("text") {
        Some(Value::String(text)) if text.contains('\0') => {
            faults.push(Fault::at(format!("/turns/{at}/text"), "holds the character U+0000"));
        }
        Some(Value::String(_)) => {}
        Some(_) => faults.push(Fault::at(format!("/turns/{at}/text"), "is not a string")),
        None => faults.push(Fault::at(format!("/turns/{at}/text"), "is missing")),
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(json: &str) -> Vec<String> {
        parse(json.as_bytes()).expect_err("wrong").into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn what_is_not_known_is_ignored_and_defaults_are_set() {
        let json = r#"{"id":"1_00000","services":["R"],"intents":["x"],"turns":[{"speaker":"customer","text":"Caf\u00e9 \"X\"","mood":1}]}"#;
        let prepared = parse(json.as_bytes()).expect("right");
        assert_eq!(prepared.external_id, "1_00000");
        assert_eq!((prepared.channel, prepared.turn_count), (Channel::Chat, 1));
        assert_eq!(prepared.turns, r#"[{"speaker":"customer","text":"Café \"X\""}]"#);
        assert_eq!((prepared.language, prepared.started_at), (None, None));
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let json = r#"{"id":5,"channel":"fax","language":"e n","started_at":"today","turns":[{"speaker":"bot","text":"a"},7,{"speaker":"agent"}]}"#;
        assert_eq!(
            pointers(json),
            ["/id", "/channel", "/language", "/started_at", "/turns/0/speaker", "/turns/1", "/turns/2/text"]
        );
        assert_eq!(pointers("{}"), ["/id", "/turns"]);
        assert_eq!(pointers(r#"{"id":"a","turns":[]}"#), ["/turns"]);
        for json in ["", "[]", "7", "{", r#"{"id":"a","id":"b","turns":[{"speaker":"agent","text":""}]}"#] {
            assert_eq!(pointers(json), [""], "{json}");
        }
    }

    #[test]
    fn what_the_database_cannot_hold_is_refused_here() {
        assert_eq!(pointers(r#"{"id":"a\u0000","turns":[{"speaker":"agent","text":"a"}]}"#), ["/id"]);
        assert_eq!(
            pointers(r#"{"id":"a","turns":[{"speaker":"agent","text":"a\u0000b"}]}"#),
            ["/turns/0/text"]
        );
        assert_eq!(pointers(r#"{"id":"a","turns":[{"speaker":"agent","text":"\ud800"}]}"#), [""]);
        let long = |id: &str| format!(r#"{{"id":"{id}","turns":[{{"speaker":"agent","text":"a"}}]}}"#);
        assert!(parse(long(&"é".repeat(200)).as_bytes()).is_ok());
        assert_eq!(pointers(&long(&"é".repeat(201))), ["/id"]);
        assert_eq!(pointers(&long(&"x".repeat(CONVERSATION_BYTES_MAX))), [""]);
    }

    #[test]
    fn a_time_lies_between_1970_and_tomorrow() {
        let now: DateTime<Utc> = "2026-02-01T09:30:00Z".parse().expect("a time");
        let sent = |time: &str| {
            format!(r#"{{"id":"a","started_at":"{time}","turns":[{{"speaker":"agent","text":"a"}}]}}"#)
        };
        let at = |time: &str| parse_until(sent(time).as_bytes(), latest(now));
        for good in ["1970-01-01T00:00:00Z", "2026-02-01T09:30:00+14:00", "2026-02-02T09:30:00Z"] {
            assert!(at(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("-9999-12-31T23:59:59Z", "before 1970"),
            ("0001-01-01T00:00:00+01:00", "before 1970"),
            ("1970-01-01T00:00:00+01:00", "before 1970"),
            ("2026-02-02T09:30:01Z", "in the future"),
            ("9999-12-31T23:59:59Z", "in the future"),
            ("+262000-12-31T23:59:59Z", "in the future"),
        ] {
            let faults = at(bad).expect_err("refused");
            let places: Vec<_> = faults.iter().map(|f| f.pointer.as_str()).collect();
            assert_eq!(places, ["/started_at"], "{bad}");
            assert!(faults[0].detail.contains(why), "{bad}: {}", faults[0].detail);
        }
        assert!(
            parse(sent("9999-12-31T23:59:59Z").as_bytes()).is_ok(),
            "nobody asks a clock of our own ones"
        );
        assert!(parse(sent("+262000-12-31T23:59:59Z").as_bytes()).is_err());
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert!(
            parse("\u{feff}{\"id\":\"a\",\"turns\":[{\"speaker\":\"agent\",\"text\":\"a\"}]}".as_bytes())
                .is_ok()
        );
    }

    #[test]
    fn language_tags_by_shape() {
        for good in ["en", "pt-BR", "zh-Hant-TW", "x-klingon"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "-", "en_GB", "en-", "1en", "abcdefghi", "ünd"] {
            assert!(!is_language(bad), "{bad}");
        }
    }
}
