//! Finding many phrases in one pass over the words.

use std::collections::HashMap;

/// Phrases of one or more words, indexed by their first word, each with what it means.
///
/// The map is only ever looked up, never walked, so its order cannot reach an answer.
pub(super) struct Phrasebook<T> {
    by_first: HashMap<String, Vec<(String, T)>>,
}

impl<T> Phrasebook<T> {
    /// Phrases must be in the form of the text they are sought in: lower case, single spaces.
    pub fn new(entries: impl IntoIterator<Item = (String, T)>) -> Self {
        let mut by_first: HashMap<String, Vec<(String, T)>> = HashMap::new();
        for (phrase, meaning) in entries {
            if let Some(first) = phrase.split(' ').next().filter(|w| !w.is_empty()) {
                by_first.entry(first.to_owned()).or_default().push((phrase, meaning));
            }
        }
        for list in by_first.values_mut() {
            // Longest first, so that "not working" wins over "not"; the sort is stable.
            list.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
        }
        Self { by_first }
    }

    /// Splits `list` at `|`; every phrase gets the same meaning.
    pub fn entries(list: &str, meaning: T) -> impl Iterator<Item = (String, T)>
    where
        T: Clone,
    {
        list.split('|').map(move |phrase| (phrase.trim().to_owned(), meaning.clone()))
    }

    /// The phrases that begin with the word at `start..end` of `norm`, longest first.
    pub fn at<'p>(
        &'p self,
        norm: &'p str,
        start: usize,
        end: usize,
    ) -> impl Iterator<Item = (&'p str, &'p T)> {
        let list = self.by_first.get(&norm[start..end]).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(move |(phrase, meaning)| {
            let rest = norm[start..].strip_prefix(phrase.as_str())?;
            (rest.is_empty() || rest.starts_with(' ')).then_some((phrase.as_str(), meaning))
        })
    }
}

/// How many words a phrase has.
pub(super) fn word_count(phrase: &str) -> usize {
    phrase.split(' ').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_longest_first() {
        let book = Phrasebook::new(Phrasebook::entries("not|not working|note", 1));
        let found = |norm: &str| book.at(norm, 1, 4).map(|(p, _)| p.to_owned()).collect::<Vec<_>>();
        assert_eq!(found(" not working "), ["not working", "not"]);
        assert_eq!(found(" not workings "), ["not"]);
        assert_eq!(found(" now working "), Vec::<String>::new());
    }
}
