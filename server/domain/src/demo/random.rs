//! Numbers that look random and never change: xorshift64*, seeded per tenant, so that two loads are equal and a fleet
//! of a million begins with the same three hundred.

/// A generator; never for secrets.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// `part` keeps the streams of one tenant apart, so that a new draw in one does not change the others.
    pub(super) fn of(part: &str, index: u64) -> Self {
        // FNV-1a, then SplitMix64's finish: neighbouring indexes get unrelated streams.
        let seed = part
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((z ^ (z >> 31)) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// 0 to 1, one excluded.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Both ends included.
    pub(super) fn range(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % u64::try_from(high - low + 1).unwrap_or(1)) as i64
    }

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.next() % 100 < u64::from(percent)
    }

    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[(self.next() % list.len() as u64) as usize]
    }

    /// By weights that need not add up to anything in particular.
    pub(super) fn weighted<T: Copy>(&mut self, list: &[(T, u32)]) -> T {
        let sum: u64 = list.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut at = self.next() % sum.max(1);
        for (value, weight) in list {
            match at.checked_sub(u64::from(*weight)) {
                Some(rest) => at = rest,
                None => return *value,
            }
        }
        list[0].0
    }

    /// A version 7 id of that moment.
    pub(super) fn id(&mut self, at: chrono::DateTime<chrono::Utc>) -> uuid::Uuid {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.next().to_le_bytes());
        bytes[8..].copy_from_slice(&self.next().to_le_bytes()[..2]);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_one_others() {
        let draw = |part, index| {
            let mut random = Random::of(part, index);
            (0..8).map(|_| random.next()).collect::<Vec<_>>()
        };
        assert_eq!(draw("a", 1), draw("a", 1));
        assert_ne!(draw("a", 1), draw("a", 2));
        assert_ne!(draw("a", 1), draw("b", 1));
    }

    #[test]
    fn weights_hold_roughly() {
        let mut random = Random::of("weights", 0);
        let hits = (0..10_000).filter(|_| random.weighted(&[(true, 1), (false, 3)])).count();
        assert!((2_200..2_800).contains(&hits), "{hits}");
    }
}
