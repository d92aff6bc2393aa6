//! Names of companies and people, put together from word lists; none is meant to be anybody's.

use super::random::Random;

const FIRST: [&str; 96] = [
    "Alder", "Amber", "Ash", "Aspen", "Beacon", "Birch", "Black", "Blue", "Bramble", "Bright", "Bronze",
    "Cedar", "Chalk", "Clear", "Clover", "Cobalt", "Copper", "Coral", "Crane", "Dawn", "Deep", "Drift",
    "Dun", "East", "Elder", "Elm", "Ember", "Fair", "Falcon", "Fallow", "Fen", "Fern", "Fine", "Flint",
    "Fox", "Frost", "Gale", "Glen", "Gold", "Grand", "Granite", "Green", "Grey", "Hazel", "Heath", "Heron",
    "High", "Hollow", "Holm", "Iron", "Ivy", "Juniper", "Kestrel", "Lake", "Larch", "Lark", "Linden", "Long",
    "Maple", "Marsh", "Meadow", "Mill", "Mist", "Moor", "Moss", "North", "Oak", "Ochre", "Osprey", "Otter",
    "Pebble", "Pine", "Plover", "Quill", "Quince", "Raven", "Red", "Reed", "Ridge", "River", "Rowan", "Sage",
    "Salt", "Sand", "Silver", "Slate", "South", "Spruce", "Stone", "Storm", "Summer", "Swift", "Thorn",
    "Tide", "West", "Willow",
];
const SECOND: [&str; 48] = [
    "bank", "barrow", "beck", "borough", "bridge", "brook", "burn", "castle", "cliff", "combe", "cote",
    "court", "croft", "cross", "dale", "den", "field", "ford", "gate", "grove", "hall", "ham", "harbour",
    "haven", "hurst", "keep", "land", "leigh", "march", "mead", "mere", "mont", "mouth", "park", "point",
    "port", "quay", "rise", "shore", "side", "stead", "strand", "vale", "view", "ward", "well", "wick",
    "wood",
];
/// What a company does, and the words that end its name.
const INDUSTRIES: [(&str, &[&str]); 12] = [
    ("Insurance", &["Insurance", "Mutual", "Assurance", "Cover"]),
    ("Telecommunications", &["Telecom", "Mobile", "Fibre", "Networks"]),
    ("Retail", &["Market", "Outfitters", "Home", "Stores"]),
    ("Banking", &["Savings", "Credit Union", "Finance", "Trust"]),
    ("Energy", &["Energy", "Power", "Solar", "Grid"]),
    ("Travel", &["Travel", "Airways", "Hotels", "Rail"]),
    ("Healthcare", &["Health", "Clinics", "Dental", "Care"]),
    ("Logistics", &["Freight", "Logistics", "Parcel", "Lines"]),
    ("Software", &["Software", "Cloud", "Systems", "Analytics"]),
    ("Media", &["Media", "Press", "Studios", "Radio"]),
    ("Public sector", &["Water", "Council", "Housing", "Transit"]),
    ("Education", &["College", "Academy", "Learning", "Campus"]),
];
/// Set behind the name where the words above are used up.
const BEHIND: [&str; 10] = [
    "",
    " Group",
    " Nordic",
    " Iberia",
    " Pacific",
    " Partners",
    " Direct",
    " Union",
    " Atlantic",
    " Services",
];

const GIVEN: [&str; 64] = [
    "Ada", "Aisha", "Alma", "Amara", "Anders", "Anika", "Arun", "Beatriz", "Bruno", "Carmen", "Chen",
    "Clara", "Dagny", "Daniel", "Devika", "Dmitri", "Ebba", "Elias", "Emeka", "Esther", "Farid", "Fatou",
    "Felix", "Freya", "Gita", "Hana", "Henrik", "Ines", "Ismail", "Ivana", "Jamal", "Jonas", "Jun", "Kamala",
    "Karim", "Keiko", "Lars", "Leila", "Lucia", "Magnus", "Mai", "Marek", "Mina", "Nadia", "Nils", "Noor",
    "Oksana", "Omar", "Paula", "Priya", "Rafael", "Rosa", "Samir", "Sanna", "Sofia", "Tariq", "Tessa",
    "Tomas", "Uma", "Viktor", "Wanjiru", "Yara", "Yusuf", "Zofia",
];
const FAMILY: [&str; 64] = [
    "Abara",
    "Adeyemi",
    "Almeida",
    "Andersson",
    "Banerjee",
    "Baptiste",
    "Becker",
    "Bianchi",
    "Castillo",
    "Chaudhry",
    "Cohen",
    "Dahl",
    "Demir",
    "Diallo",
    "Dubois",
    "Eriksen",
    "Farouk",
    "Ferreira",
    "Fischer",
    "Fontaine",
    "Garcia",
    "Haddad",
    "Hansen",
    "Hassan",
    "Hoang",
    "Ivanov",
    "Jansen",
    "Jensen",
    "Kaya",
    "Keller",
    "Khan",
    "Kimura",
    "Kowalski",
    "Lehtonen",
    "Lindqvist",
    "Lopez",
    "Mbeki",
    "Mehta",
    "Moreau",
    "Mori",
    "Murphy",
    "Nakamura",
    "Nguyen",
    "Novak",
    "Okafor",
    "Oliveira",
    "Osei",
    "Papadakis",
    "Park",
    "Petrov",
    "Quispe",
    "Rahman",
    "Reyes",
    "Rossi",
    "Sato",
    "Schmidt",
    "Silva",
    "Singh",
    "Tanaka",
    "Torres",
    "Varga",
    "Wagner",
    "Yilmaz",
    "Zhang",
];

/// A company's name and industry. No two indexes below 180 million share a name.
pub(super) fn company(index: u64) -> (String, &'static str) {
    const ENDINGS: u64 = 48;
    const STEMS: u64 = (FIRST.len() * SECOND.len()) as u64;
    const ALL: u64 = STEMS * ENDINGS;
    // A step that shares no factor with the number of names visits each once, and neighbours look unrelated.
    let at = (index % ALL) * 115_249 % ALL;
    let (stem, ending) = ((at / ENDINGS) as usize, (at % ENDINGS) as usize);
    let (industry, words) = INDUSTRIES[ending / 4];
    let round = (index / ALL) as usize;
    let behind = BEHIND[round % BEHIND.len()];
    let mut name = format!(
        "{}{} {}{behind}",
        FIRST[stem / SECOND.len()],
        SECOND[stem % SECOND.len()],
        words[ending % 4]
    );
    if round >= BEHIND.len() {
        name.push_str(&format!(" {}", round / BEHIND.len() + 1));
    }
    (name, industry)
}

/// Lower case, letters and digits, hyphens between words. The lists above hold nothing else.
pub(super) fn slug(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

pub(super) fn person(random: &mut Random) -> (&'static str, &'static str) {
    (random.pick(&GIVEN), random.pick(&FAMILY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_make_valid_slugs() {
        let mut seen = HashSet::new();
        for index in (0..400_000).step_by(7).chain(0..2_000) {
            let (name, _) = company(index);
            let slug = slug(&name);
            assert!(
                slug.len() <= 60
                    && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{slug}"
            );
            seen.insert((index, name));
        }
        let names: HashSet<_> = seen.iter().map(|(_, name)| name).collect();
        let indexes: HashSet<_> = seen.iter().map(|(index, _)| index).collect();
        assert_eq!(names.len(), indexes.len());
    }
}
