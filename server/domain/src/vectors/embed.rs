//! The embedder on the box: feature hashing of words. No model, no network, the same numbers for the same text for ever,
//! so that collections stay comparable with each other and with themselves.
//!
//! It knows words, not meanings: texts that share words are near each other. Case and punctuation do not count, nor does
//! the order of the words; a word said again counts for less every time.

use std::collections::BTreeMap;

/// Numbers of a vector of this embedder.
pub const DIMENSION: usize = 256;

/// The vector of a text, of unit length; nothing for a text without a word, which is near nothing.
pub fn embed(text: &str) -> Option<Vec<f32>> {
    let text = text.to_lowercase();
    // In one order, so that sums are rounded in the same way every time.
    let mut words: BTreeMap<&str, u32> = BTreeMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *words.entry(word).or_default() += 1;
    }
    let mut sums = vec![0_f64; DIMENSION];
    for (word, times) in words {
        let hash = hash(word);
        // Two words in one place must not look like one word said twice: half of them count backwards.
        let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
        sums[(hash % DIMENSION as u64) as usize] += sign * (1.0 + f64::from(times).ln());
    }
    let length = sums.iter().map(|x| x * x).sum::<f64>().sqrt();
    (length > 0.0).then(|| sums.iter().map(|x| (x / length) as f32).collect())
}

/// FNV-1a of 64 bits, its bits mixed at the end, because the lowest and the highest are used.
fn hash(word: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in word.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: &str, b: &str) -> f64 {
        let (a, b) = (embed(a).expect("words"), embed(b).expect("words"));
        a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    #[test]
    fn every_vector_has_unit_length_and_the_dimension() {
        for text in ["one", "Where is my parcel?", &"many words in a row ".repeat(500), "größe 42 żółw 包裹"]
        {
            let vector = embed(text).expect("words");
            assert_eq!(vector.len(), DIMENSION);
            let length: f64 = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            assert!((length - 1.0).abs() < 1e-5, "{text}: {length}");
        }
    }

    #[test]
    fn the_same_text_gives_the_same_numbers_for_ever() {
        assert_eq!(embed("a b c d e f g"), embed("a b c d e f g"));
        // What is stored was computed by an older version: it must not change.
        let places = |text: &str| -> Vec<(usize, f32)> {
            let vector = embed(text).expect("words");
            vector.into_iter().enumerate().filter(|(_, x)| *x != 0.0).collect()
        };
        assert_eq!(places("parcel"), [(185, -1.0)]);
    }

    #[test]
    fn shared_words_are_nearer_than_others() {
        assert!((near("Where is my parcel?", "WHERE — is my PARCEL") - 1.0).abs() < 1e-6);
        let (same, other) = (
            near("the parcel is late", "my parcel came late"),
            near("the parcel is late", "please change our invoice"),
        );
        assert!(same > 0.3 && other.abs() < 0.3, "{same} {other}");
        assert!(near("refund", "refund refund invoice") > near("refund", "refund invoice"));
    }

    #[test]
    fn a_text_without_words_is_near_nothing() {
        for text in ["", "  \n", "?! … —"] {
            assert_eq!(embed(text), None, "{text:?}");
        }
    }
}
