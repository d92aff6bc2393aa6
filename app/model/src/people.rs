//! Lists of people to let in, one on each line: name, e-mail, role (R23). Read here, so that the wizard of new tenants, the
//! page of a tenant's people and the server refuse the same with the same words.
//!
//! Invariants: every line that is not blank is either somebody or says what is wrong with it, by its number; nothing that
//! somebody typed is left out in silence; a list that [`write`] wrote reads as the same people.

use crate::operations::Person;
use crate::permission::Role;
use crate::states::words;
use crate::validate;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The most people of one list.
pub const PEOPLE_MAX: usize = 500;
/// The longest list, in bytes: its preview carries it twice, and a form has its own limit.
pub const LIST_BYTES: usize = 60_000;
/// The longest name of a person.
const NAME_MAX: u32 = 120;
/// What is shown of a cell that is wrong.
const SHOWN: usize = 60;
/// Errors that are spelled out at once.
const SPELLED: usize = 10;

/// One line of a list that is not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1, as editors count.
    pub line: u32,
    /// As they were typed, cut where they are long.
    pub name: String,
    pub email: String,
    /// Who it is, or all that is wrong with the line.
    pub person: Result<Person, String>,
}

words! {
    /// What becomes of one line of a list.
    Fate {
        Invite = "invite", "Will be invited";
        Member = "member", "Already there";
        Refused = "refused", "Not invited";
    }
}

/// One line with what becomes, or became, of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub line: u32,
    pub name: String,
    pub email: String,
    pub role: Option<Role>,
    pub fate: Fate,
    /// Why not, in words.
    pub why: String,
}

/// The seats of a plan that counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats {
    pub all: i64,
    pub taken: i64,
}

impl Seats {
    /// A plan that became smaller leaves none.
    pub fn left(self) -> i64 {
        (self.all - self.taken).max(0)
    }
}

/// A list, line by line: as preview, or as what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitations {
    pub lines: Vec<Judged>,
    /// Before anybody of the list is invited, or after. None: the plan has no limit.
    pub seats: Option<Seats>,
    /// The list to go on with: all of it, or what is left to mend.
    pub text: String,
}

impl Invitations {
    pub fn count(&self, fate: Fate) -> i64 {
        let count = self.lines.iter().filter(|line| line.fate == fate).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }
}

/// Which cells of a line hold what.
#[derive(Clone, Copy)]
struct Columns {
    name: Option<usize>,
    email: Option<usize>,
    role: Option<usize>,
    count: usize,
}

const USUAL: Columns = Columns { name: Some(0), email: Some(1), role: Some(2), count: 3 };

/// Reads a list, line by line. A first line that names its columns may stand above, in any order.
///
/// # Errors
/// A sentence about the list as a whole, where it is too long.
pub fn read(text: &str) -> Result<Vec<Line>, String> {
    if text.len() > LIST_BYTES {
        return Err(format!(
            "The list is too long: it may have {} kB. Send it in parts.",
            LIST_BYTES / 1_000
        ));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut numbered = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).peekable();
    let mut columns = USUAL;
    if let Some(head) = numbered.peek().and_then(|(_, line)| head(&cells(line))) {
        columns = head;
        numbered.next();
    }
    let mut lines: Vec<Line> = numbered.map(|(number, line)| one(number, line, columns)).collect();
    if lines.len() > PEOPLE_MAX {
        return Err(format!("At most {PEOPLE_MAX} people at once; this list has {}.", lines.len()));
    }
    // The first of two stays.
    let mut seen: HashMap<String, u32> = HashMap::new();
    for line in &mut lines {
        let Ok(person) = &line.person else { continue };
        let first = *seen.entry(person.email.clone()).or_insert(line.line);
        if first != line.line {
            line.person = Err(format!("“{}” is on line {first} already.", person.email));
        }
    }
    Ok(lines)
}

/// The people of a list that has nothing wrong in it.
///
/// # Errors
/// What is wrong, each with the number of its line.
pub fn everybody(text: &str) -> Result<Vec<Person>, String> {
    let (mut people, mut wrong) = (Vec::new(), Vec::new());
    for line in read(text)? {
        match line.person {
            Ok(person) => people.push(person),
            Err(why) => wrong.push(format!("Line {}: {why}", line.line)),
        }
    }
    if wrong.is_empty() {
        return Ok(people);
    }
    let more = match wrong.len().saturating_sub(SPELLED) {
        0 => String::new(),
        1 => " One more line is wrong.".to_owned(),
        more => format!(" {more} more lines are wrong."),
    };
    wrong.truncate(SPELLED);
    Err(format!("{}{more}", wrong.join(" ")))
}

/// The list of these people, as [`read`] reads it.
pub fn write(people: &[Person]) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    for person in people {
        let role = if person.role == Role::TenantAdmin { "admin" } else { "member" };
        // Into memory nothing fails.
        let _ = out.write_record([person.name.as_str(), person.email.as_str(), role]);
    }
    String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// The list without these lines; the line with the names of the columns stays. Nothing where no line is left.
pub fn without(text: &str, settled: &[u32]) -> String {
    let (mut kept, mut people) = (String::new(), false);
    let mut begun = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() || settled.contains(&number) {
            continue;
        }
        let is_head = !begun && head(&cells(line.trim_start_matches('\u{feff}'))).is_some();
        begun = true;
        people |= !is_head;
        kept.push_str(line);
        kept.push('\n');
    }
    if people { kept } else { String::new() }
}

/// The cells of one line, trimmed; quotation marks hold a cell together. Sheets are written with semicolons and tabs as
/// well: what leaves an address in a cell of its own is what separates them.
fn cells(line: &str) -> Vec<String> {
    let split = |delimiter: u8| {
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(line.as_bytes());
        let record = reader.into_records().next().and_then(Result::ok).unwrap_or_default();
        record.iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let address = |cell: &String| {
        is_email_head(cell) || !cell.contains([',', ';', '\t']) && validate::email(cell).is_ok()
    };
    let fits = |cells: &Vec<String>| cells.len() > 1 && cells.iter().any(address);
    [b',', b';', b'\t'].into_iter().map(split).find(fits).unwrap_or_else(|| split(b','))
}

fn is_email_head(cell: &str) -> bool {
    matches!(
        cell.to_lowercase().replace([' ', '-'], "_").as_str(),
        "email" | "e_mail" | "mail" | "email_address"
    )
}

/// The columns, where the cells are their names.
fn head(cells: &[String]) -> Option<Columns> {
    if cells.iter().any(|cell| cell.contains('@')) {
        return None;
    }
    let at = |named: &dyn Fn(&str) -> bool| cells.iter().position(|cell| named(cell));
    let email = at(&is_email_head)?;
    Some(Columns {
        name: at(&|cell| cell.eq_ignore_ascii_case("name")),
        email: Some(email),
        role: at(&|cell| cell.eq_ignore_ascii_case("role")),
        count: cells.len(),
    })
}

fn one(line: u32, text: &str, columns: Columns) -> Line {
    let cells = cells(text);
    let cell = |at: Option<usize>| at.and_then(|at| cells.get(at)).map_or("", String::as_str);
    let (name, email) = (cell(columns.name), cell(columns.email));
    let mut wrong = Vec::new();
    let mut take = |parsed: Result<String, String>| parsed.map_err(|why| wrong.push(why)).unwrap_or_default();
    let (mut person_name, mut person_email, mut role) = (String::new(), String::new(), Role::TenantMember);
    if is_open(text) {
        take(Err("A quotation mark is not closed.".to_owned()));
    } else if cells.len() > columns.count {
        take(Err("More cells than name, e-mail and role. Put a cell that has a comma in quotation marks."
            .to_owned()));
    } else {
        person_name = take(validate::line(name, "A name", NAME_MAX));
        person_email = take(if email.is_empty() {
            Err("An e-mail address is needed.".to_owned())
        } else {
            validate::email(email)
        });
        match self::role(cell(columns.role)) {
            Ok(known) => role = known,
            Err(why) => wrong.push(why),
        }
    }
    let person = if wrong.is_empty() {
        Ok(Person { name: person_name, email: person_email, role })
    } else {
        Err(wrong.join(" "))
    };
    Line { line, name: shown(name), email: shown(email), person }
}

/// Whether a cell opens with a quotation mark that nothing closes; one inside a cell is part of the text.
fn is_open(line: &str) -> bool {
    let line = line.trim();
    let opens = line.starts_with('"') || [",\"", ";\"", "\t\""].iter().any(|begin| line.contains(begin));
    opens && line.matches('"').count() % 2 == 1
}

/// Without a word: who reads only, the lesser of the two.
fn role(word: &str) -> Result<Role, String> {
    match word.to_lowercase().replace([' ', '-'], "_").as_str() {
        "" | "member" | "tenant_member" => Ok(Role::TenantMember),
        "admin" | "administrator" | "tenant_admin" => Ok(Role::TenantAdmin),
        other if other.parse::<Role>().is_ok() => {
            Err(format!("The role “{word}” belongs to the platform, not to a tenant."))
        }
        _ => Err(format!("The role “{}” is not known: write admin or member.", shown(word))),
    }
}

fn shown(cell: &str) -> String {
    if cell.chars().count() <= SHOWN {
        return cell.to_owned();
    }
    let mut out: String = cell.chars().take(SHOWN).collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, email: &str, role: Role) -> Person {
        Person { name: name.into(), email: email.into(), role }
    }

    fn wrong(text: &str) -> Vec<(u32, String)> {
        let lines = read(text).expect("a list");
        lines.into_iter().filter_map(|line| Some((line.line, line.person.err()?))).collect()
    }

    #[test]
    fn a_list_is_read_with_its_quotes_and_without_its_blank_lines() {
        let text = "\u{feff}Ada Lovelace, Ada@Example.com, admin\r\n\r\n\"Roe, Jane \"\"JJ\"\"\",jane@example.com\r\n  Bo  ,bo@example.com,Tenant Admin\n";
        let expected = [
            person("Ada Lovelace", "ada@example.com", Role::TenantAdmin),
            person("Roe, Jane \"JJ\"", "jane@example.com", Role::TenantMember),
            person("Bo", "bo@example.com", Role::TenantAdmin),
        ];
        assert_eq!(everybody(text).as_deref(), Ok(expected.as_slice()));
        let lines: Vec<_> = read(text).expect("a list").iter().map(|line| line.line).collect();
        assert_eq!(lines, [1, 3, 4], "lines are counted as editors count them");
        assert_eq!(everybody(" \r\n\n"), Ok(vec![]));
    }

    #[test]
    fn a_line_with_the_names_of_the_columns_says_their_order() {
        let ada = [person("Ada", "ada@example.com", Role::TenantAdmin)];
        for text in [
            "name,email,role\nAda,ada@example.com,admin",
            "Name;E-Mail;Role\r\nAda;ada@example.com;admin",
            "E-mail\tRole\tName\nada@example.com\tadmin\tAda",
            "email,department,name,role\nada@example.com,\"Ops, 2nd floor\",Ada,admin",
            "Ada;ada@example.com;admin",
            "Ada\tada@example.com\tadmin",
        ] {
            assert_eq!(everybody(text).as_deref(), Ok(ada.as_slice()), "{text}");
        }
        assert_eq!(everybody("name,email,role\n"), Ok(vec![]), "a head is nobody");
    }

    #[test]
    fn every_line_says_all_that_is_wrong_with_it() {
        let text = "name,email,role\n\
            Ada,ada@example.com,admin\n\
            ,nobody,boss\n\
            \n\
            Bo,ADA@example.com,member\n\
            Cy,cy@example.com,owner\n\
            Roe, Jane,jane@example.com,member\n\
            \"Di,di@example.com,member\n\
            Ed\n";
        let found = wrong(text);
        let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 5, 6, 7, 8, 9]);
        for (at, says) in [
            (
                0,
                "A name is needed. “nobody” is not an e-mail address. The role “boss” is not known: write admin or member.",
            ),
            (1, "“ada@example.com” is on line 2 already."),
            (2, "The role “owner” belongs to the platform, not to a tenant."),
            (3, "More cells than name, e-mail and role. Put a cell that has a comma in quotation marks."),
            (4, "A quotation mark is not closed."),
            (5, "An e-mail address is needed."),
        ] {
            assert_eq!(found[at].1, says);
        }
        let said = everybody(text).expect_err("wrong");
        assert!(said.starts_with("Line 3: A name is needed.") && said.contains("Line 9:"), "{said}");
    }

    #[test]
    fn a_list_has_its_limits_and_spells_ten_errors_out() {
        let many =
            |count: usize, with: &str| (0..count).map(|n| format!("N,n{n}{with}\n")).collect::<String>();
        assert_eq!(everybody(&many(PEOPLE_MAX, "@example.com")).map(|people| people.len()), Ok(PEOPLE_MAX));
        let said = read(&many(PEOPLE_MAX + 1, "@example.com")).expect_err("too many");
        assert!(said.contains("At most 500 people at once; this list has 501."), "{said}");
        assert!(read(&"x".repeat(LIST_BYTES + 1)).expect_err("too long").contains("60 kB"));
        let said = everybody(&many(12, "")).expect_err("wrong");
        assert!(said.ends_with("2 more lines are wrong.") && said.contains("Line 10:"), "{said}");
        assert!(!said.contains("Line 11:"), "{said}");
        let long = wrong(&format!("{},a@example.com", "n".repeat(121)));
        assert_eq!(long.len(), 1, "{long:?}");
    }

    #[test]
    fn what_is_written_reads_as_the_same_people() {
        let people = [
            person("Ada; A; B; C", "ada@example.com", Role::TenantAdmin),
            person("Roe, \"JJ\" Jane", "jane@example.com", Role::TenantMember),
        ];
        assert_eq!(everybody(&write(&people)).as_deref(), Ok(people.as_slice()));
        assert_eq!(write(&[]), "");
    }

    #[test]
    fn what_is_settled_leaves_the_list() {
        let text = "name,email\r\nAda,ada@example.com\r\n\r\nBo,bo\r\nCy,cy@example.com\r\n";
        assert_eq!(without(text, &[2, 5]), "name,email\nBo,bo\n");
        assert_eq!(without(text, &[2, 4, 5]), "", "a head alone is nothing to go on with");
        assert_eq!(without("Ada,ada@example.com\n", &[]), "Ada,ada@example.com\n");
    }

    #[test]
    fn seats_are_never_less_than_none() {
        assert_eq!(Seats { all: 5, taken: 3 }.left(), 2);
        assert_eq!(Seats { all: 5, taken: 8 }.left(), 0);
    }
}
