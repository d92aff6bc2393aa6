//! The cascade: what holds, who says so, and what it would be otherwise.

use super::{Key, Value};
use serde::{Deserialize, Serialize};

/// Who says something about a setting, the farthest from the tenant first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The registry: nobody said anything.
    Default,
    Platform,
    /// Name and version.
    Template(String, i32),
    /// Slug and name of a tenant above.
    Parent(String, String),
    Tenant,
}

impl Level {
    /// The word for programs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Platform => "platform",
            Self::Template(..) => "template",
            Self::Parent(..) => "parent",
            Self::Tenant => "tenant",
        }
    }

    /// For the middle of a sentence: “the platform”.
    pub fn words(&self) -> String {
        match self {
            Self::Default => "the default".into(),
            Self::Platform => "the platform".into(),
            Self::Template(name, version) => format!("the template {name}, version {version}"),
            Self::Parent(_, name) => format!("the parent tenant {name}"),
            Self::Tenant => "this tenant".into(),
        }
    }
}

/// What a level says: nothing is no entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub level: Level,
    pub value: Value,
    /// Nothing below holds.
    pub locked: bool,
}

/// One line of the provenance: a level that said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub level: Level,
    pub value: Value,
    pub locked: bool,
    /// Whether it is the value that holds.
    pub holds: bool,
}

/// What holds for a tenant, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effective {
    pub value: Value,
    pub from: Level,
    /// The level above the tenant that keeps everything below it from holding.
    pub locked_by: Option<Level>,
    /// What it would be if the tenant itself said nothing.
    pub inherited: Value,
    /// Everybody who said something, the default first.
    pub stack: Vec<Said>,
}

impl Effective {
    /// Whether the tenant itself makes a difference; saying the same as what is inherited makes none.
    pub fn differs(&self) -> bool {
        self.from == Level::Tenant && self.value != self.inherited
    }

    /// Whether the tenant says what it would inherit anyway.
    pub fn redundant(&self) -> bool {
        self.from == Level::Tenant && self.value == self.inherited
    }

    /// Whether the tenant says something that does not hold, because of a lock above.
    pub fn shadowed(&self) -> bool {
        self.from != Level::Tenant && self.stack.iter().any(|said| said.level == Level::Tenant)
    }
}

/// Resolves one setting from what the levels say, the platform first and the tenant last. A value that the registry no
/// longer allows is passed over, as if nothing had been said.
pub fn resolve(key: Key, entries: &[Entry]) -> Effective {
    let default = key.spec().default;
    let mut stack = vec![Said { level: Level::Default, value: default.clone(), locked: false, holds: false }];
    let mut winner = 0;
    let mut inherited = default;
    let mut lock: Option<Level> = None;
    for entry in entries.iter().filter(|entry| key.accepts(&entry.value)) {
        stack.push(Said {
            level: entry.level.clone(),
            value: entry.value.clone(),
            locked: entry.locked,
            holds: false,
        });
        if lock.is_some() {
            continue;
        }
        winner = stack.len() - 1;
        if entry.level != Level::Tenant {
            inherited = entry.value.clone();
            lock = entry.locked.then(|| entry.level.clone());
        }
    }
    let mut from = Level::Default;
    let mut value = inherited.clone();
    if let Some(said) = stack.get_mut(winner) {
        said.holds = true;
        from = said.level.clone();
        value = said.value.clone();
    }
    Effective { value, from, locked_by: lock, inherited, stack }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key::SessionIdle;

    fn entry(level: Level, n: i64, locked: bool) -> Entry {
        Entry { level, value: Value::Number(n), locked }
    }

    fn template() -> Level {
        Level::Template("Baseline".into(), 2)
    }

    fn parent() -> Level {
        Level::Parent("group".into(), "Group".into())
    }

    #[test]
    fn where_nobody_says_anything_the_default_holds() {
        let got = resolve(KEY, &[]);
        assert_eq!((got.value, got.from, got.locked_by), (Value::Number(30), Level::Default, None));
        assert_eq!(got.stack.len(), 1);
        assert!(got.stack[0].holds);
    }

    #[test]
    fn the_nearest_level_holds_and_the_others_are_shown() {
        let all = [
            entry(Level::Platform, 60, false),
            entry(template(), 45, false),
            entry(parent(), 20, false),
            entry(Level::Tenant, 10, false),
        ];
        for (said, value, from) in
            [(1, 60, Level::Platform), (2, 45, template()), (3, 20, parent()), (4, 10, Level::Tenant)]
        {
            let got = resolve(KEY, &all[..said]);
            assert_eq!((got.value.clone(), got.from.clone()), (Value::Number(value), from));
            assert_eq!(got.stack.iter().filter(|s| s.holds).count(), 1);
        }
        let got = resolve(KEY, &all);
        assert_eq!(got.inherited, Value::Number(20), "what it would be without the tenant’s own");
        assert!(got.differs() && !got.redundant() && !got.shadowed());
    }

    #[test]
    fn a_lock_above_keeps_what_is_below_but_lets_none_of_it_hold() {
        for (at, by) in [(Level::Platform, 60), (template(), 45), (parent(), 20)] {
            let mut all = vec![
                entry(Level::Platform, 60, false),
                entry(template(), 45, false),
                entry(parent(), 20, false),
                entry(Level::Tenant, 10, false),
            ];
            all.iter_mut().filter(|e| e.level == at).for_each(|e| e.locked = true);
            let got = resolve(KEY, &all);
            assert_eq!((got.value.clone(), got.locked_by.clone()), (Value::Number(by), Some(at.clone())));
            assert_eq!(got.from, at);
            assert!(got.shadowed() && !got.differs());
            assert_eq!(got.stack.len(), 5, "nothing is forgotten");
        }
    }

    #[test]
    fn a_tenants_own_lock_is_for_its_children_not_for_itself() {
        let got = resolve(KEY, &[entry(Level::Tenant, 10, true)]);
        assert_eq!((got.value, got.from, got.locked_by), (Value::Number(10), Level::Tenant, None));
    }

    #[test]
    fn saying_what_is_inherited_makes_no_difference() {
        let got = resolve(KEY, &[entry(Level::Platform, 60, false), entry(Level::Tenant, 60, false)]);
        assert!(got.redundant() && !got.differs());
    }

    #[test]
    fn a_value_that_is_no_longer_legal_is_passed_over() {
        let bad = Entry { level: Level::Platform, value: Value::Number(2), locked: true };
        let wrong = Entry { level: template(), value: Value::Text("x".into()), locked: true };
        let got = resolve(KEY, &[bad, wrong, entry(Level::Tenant, 10, false)]);
        assert_eq!((got.value, got.locked_by), (Value::Number(10), None));
    }

    /// Over every combination of three levels: inherit, value, or locked value.
    #[test]
    fn the_first_lock_holds_otherwise_the_last_value() {
        let levels = [Level::Platform, template(), Level::Tenant];
        for combination in 0..27_u32 {
            let mut entries = Vec::new();
            for (at, level) in levels.iter().enumerate() {
                let choice = combination / 3_u32.pow(at as u32) % 3;
                if choice > 0 {
                    entries.push(entry(level.clone(), 10 + at as i64, choice == 2));
                }
            }
            let expected = entries
                .iter()
                .find(|e| e.locked && e.level != Level::Tenant)
                .or(entries.last())
                .map_or(30, |e| e.value.as_number().unwrap_or(0));
            assert_eq!(resolve(KEY, &entries).value, Value::Number(expected), "{entries:?}");
        }
    }
}
