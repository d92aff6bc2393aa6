//! The order of the list.

use crate::states::words;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

words! {
    /// What the directory is sorted by; each is an index.
    SortKey {
        /// Best match first; only with a search, and then the default.
        Relevance = "relevance", "best match";
        Name = "name", "name";
        Health = "health", "health";
        Created = "created", "created";
        Updated = "updated", "updated";
    }
}

/// A sort and its direction; in a URL `name` or `-name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

impl Sort {
    pub const fn ascending(key: SortKey) -> Self {
        Self { key, descending: false }
    }

    /// What a click on this column's head leads to: the other direction, or the direction that people want first.
    pub const fn toggled(self, key: SortKey) -> Self {
        if self.key as u8 == key as u8 {
            Self { key, descending: !self.descending }
        } else {
            Self { key, descending: matches!(key, SortKey::Created | SortKey::Updated) }
        }
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key.as_str())
    }
}

impl FromStr for Sort {
    type Err = crate::validate::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (descending, word) = text.strip_prefix('-').map_or((false, text), |word| (true, word));
        let key = word.parse()?;
        // There is no worst match first.
        if descending && key == SortKey::Relevance {
            Err(crate::validate::UnknownWord(text.to_owned()))
        } else {
            Ok(Self { key, descending })
        }
    }
}
