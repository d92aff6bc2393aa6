//! The few lines of a prompt that the builtin engine understands.
//!
//! A prompt is written for large engines; this one obeys only lines of these forms (upper or lower
//! case, optionally after `-` or `*`) and skips every other line:
//!
//! | line | effect |
//! |---|---|
//! | `sentences: 2` | length of the summary, 1 to 5 sentences |
//! | `focus: customer` | whose words are summed up: `customer`, `agent` or `both` |
//! | `scale: 1-10` | CSAT scale, `1-5` or `1-10` |
//! | `reason "Billing": invoice, charge` | adds keywords to a call reason, new or known |
//! | `reason "Billing" = invoice, charge` | the same, but only these keywords count for it |
//! | `topic "Roaming": roaming, abroad` | as `reason`, for the topic (also with `=`) |
//! | `reasons: only` / `topics: only` | drops the reasons / topics that the prompt does not name |
//!
//! A line of such a form that cannot be obeyed is reported in [`Directives::problems`].

/// Longest label or keyword, in characters.
const MAX_NAME: usize = 60;
/// Most rules of one prompt, and most keywords of one rule.
const MAX_RULES: usize = 100;
/// Most problems kept; a prompt full of errors needs no longer list.
const MAX_PROBLEMS: usize = 10;

/// Whose words a summary takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Customer,
    Agent,
    Both,
}

/// A keyword rule for one call reason or topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub label: String,
    /// In lower case.
    pub keywords: Vec<String>,
    /// Whether the built-in keywords of this label are dropped.
    pub replace: bool,
}

/// What a prompt asks of the builtin engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// 1 to 5.
    pub sentences: Option<u8>,
    pub focus: Option<Focus>,
    /// Lowest and highest CSAT value: (1, 5) or (1, 10).
    pub scale: Option<(u8, u8)>,
    pub reasons: Vec<Rule>,
    pub topics: Vec<Rule>,
    pub only_reasons: bool,
    pub only_topics: bool,
    /// Lines that look like a directive but were not obeyed, and why.
    pub problems: Vec<String>,
}

/// Reads the directives of a prompt. When a directive is given twice with different values, the
/// first stands and the second is reported.
pub fn directives(prompt: &str) -> Directives {
    let mut found = Directives::default();
    for line in prompt.lines() {
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '*'));
        read_line(line.trim_end(), &mut found);
    }
    found
}

fn read_line(line: &str, found: &mut Directives) {
    if let Some(rest) = after_word(line, "reason") {
        read_rule("reason", rest, found);
    } else if let Some(rest) = after_word(line, "topic") {
        read_rule("topic", rest, found);
    } else if let Some((key, value)) = line.split_once(':') {
        read_setting(key.trim(), value.trim().trim_end_matches('.'), found);
    }
}

fn read_setting(key: &str, value: &str, found: &mut Directives) {
    let value = value.to_lowercase();
    match key.to_lowercase().as_str() {
        "sentences" => {
            let parsed = value.parse().ok().filter(|n| (1..=5).contains(n));
            let fault = settle(&mut found.sentences, parsed, &value, "sentences", "1 to 5");
            found.report(fault);
        }
        "focus" => {
            let parsed = match value.as_str() {
                "customer" => Some(Focus::Customer),
                "agent" => Some(Focus::Agent),
                "both" => Some(Focus::Both),
                _ => None,
            };
            let fault = settle(&mut found.focus, parsed, &value, "focus", "customer, agent or both");
            found.report(fault);
        }
        "scale" => {
            let parsed = match value.replace(' ', "").replace('–', "-").as_str() {
                "1-5" => Some((1, 5)),
                "1-10" => Some((1, 10)),
                _ => None,
            };
            let fault = settle(&mut found.scale, parsed, &value, "scale", "1-5 or 1-10");
            found.report(fault);
        }
        "reasons" if value == "only" => found.only_reasons = true,
        "topics" if value == "only" => found.only_topics = true,
        _ => {}
    }
}

/// Sets `slot` if it is free; gives back what is wrong with the line, if anything.
fn settle<T: PartialEq>(
    slot: &mut Option<T>,
    parsed: Option<T>,
    value: &str,
    key: &str,
    allowed: &str,
) -> Option<String> {
    let shown = super::text::clip_marked(value, MAX_NAME);
    match (parsed, slot.as_ref()) {
        (None, _) => Some(format!("{key}: {shown} is not one of {allowed}")),
        (Some(new), Some(old)) if new != *old => {
            Some(format!("{key}: {shown} contradicts an earlier line; the first counts"))
        }
        (Some(new), _) => {
            *slot = Some(new);
            None
        }
    }
}

/// The rest of the line when it begins with `word` and then a quoted label, as in `reason "X"`.
fn after_word<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let head = line.get(..word.len())?;
    let rest = line.get(word.len()..)?.trim_start();
    (head.eq_ignore_ascii_case(word) && rest.starts_with(['"', '“'])).then_some(rest)
}

fn read_rule(kind: &str, rest: &str, found: &mut Directives) {
    match parse_rule(rest) {
        Ok(rule) => {
            let rules = if kind == "reason" { &mut found.reasons } else { &mut found.topics };
            let fault = add_rule(rules, rule).map(|why| format!("{kind}: {why}"));
            found.report(fault);
        }
        Err(why) => found.report(Some(format!("{kind}: {why}"))),
    }
}

fn parse_rule(rest: &str) -> Result<Rule, String> {
    let marks = ['"', '“', '”'];
    let mut parts = rest.splitn(3, marks);
    let label = parts.nth(1).map(str::trim).unwrap_or_default();
    let tail = parts.next().ok_or("the label's closing quote is missing")?.trim_start();
    if label.is_empty() || label.chars().count() > MAX_NAME {
        return Err(format!("a label needs 1 to {MAX_NAME} characters"));
    }
    let (replace, list) = match (tail.strip_prefix(':'), tail.strip_prefix('=')) {
        (Some(list), _) => (false, list),
        (_, Some(list)) => (true, list),
        _ => return Err(format!("“{label}” needs “:” or “=” and keywords")),
    };
    let keywords: Vec<String> = list
        .split(',')
        .map(|k| k.trim().trim_matches(marks).trim_end_matches('.').to_lowercase())
        .filter(|k| !k.is_empty())
        .collect();
    if keywords.is_empty() {
        return Err(format!("“{label}” has no keywords"));
    }
    if keywords.len() > MAX_RULES || keywords.iter().any(|k| k.chars().count() > MAX_NAME) {
        return Err(format!(
            "“{label}” has more than {MAX_RULES} keywords or one over {MAX_NAME} characters"
        ));
    }
    Ok(Rule { label: label.to_owned(), keywords, replace })
}

/// Joins rules of one label; gives back what is wrong, if anything.
fn add_rule(rules: &mut Vec<Rule>, new: Rule) -> Option<String> {
    let label = new.label.to_lowercase();
    if let Some(known) = rules.iter_mut().find(|r| r.label.to_lowercase() == label) {
        let conflict = known.replace != new.replace;
        known.keywords.extend(new.keywords);
        known.keywords.truncate(MAX_RULES);
        known.replace |= new.replace;
        return conflict.then(|| format!("“{}” is given with “:” and “=”; “=” counts", new.label));
    }
    if rules.len() >= MAX_RULES {
        return Some(format!("more than {MAX_RULES} rules; “{}” is left out", new.label));
    }
    rules.push(new);
    None
}

impl Directives {
    fn report(&mut self, fault: Option<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.extend(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_lines_are_obeyed_and_others_skipped() {
        let found = directives(
            "You are an analyst. Note: be brief.\n- Sentences: 2\n * focus: Agent.\nscale: 1 - 10\n\
             reason \"Billing\": invoice, Charge , refund.\nTopic “Roaming” = roaming\nreasons: only",
        );
        assert_eq!(found.sentences, Some(2));
        assert_eq!(found.focus, Some(Focus::Agent));
        assert_eq!(found.scale, Some((1, 10)));
        assert_eq!(found.reasons[0].keywords, ["invoice", "charge", "refund"]);
        assert!(found.topics[0].replace && found.only_reasons && !found.only_topics);
        assert_eq!(found.problems, Vec::<String>::new());
    }

    #[test]
    fn faults_are_reported() {
        let found = directives(
            "sentences: 9\nsentences: 3\nsentences: 4\nfocus: the weather\nscale: 0-7\n\
             reason \"X\" invoice\nreason \"Y\":\nreason \"Z\ntopic \"\": a\n\
             reason \"A\": b\nreason \"A\" = c",
        );
        assert_eq!(found.sentences, Some(3));
        assert_eq!(found.problems.len(), 9, "{:#?}", found.problems);
        assert!(found.problems[1].contains("contradicts"));
        assert_eq!(found.reasons.len(), 1);
    }

    #[test]
    fn odd_prompts_do_no_harm() {
        assert_eq!(directives(""), Directives::default());
        assert_eq!(directives("reason why: none\nрезюме: 2\nreasonable"), Directives::default());
        let many = directives(&"scale: 3\n".repeat(1000));
        assert_eq!(many.problems.len(), MAX_PROBLEMS);
    }
}
