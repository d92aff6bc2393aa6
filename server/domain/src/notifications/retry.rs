//! When a failed delivery is tried again.
//!
//! Webhooks follow the schedule of the Standard Webhooks specification (75 h 35 min 5 s in all), mails a shorter one, for
//! mail servers queue by themselves. Every wait is shaken by up to a tenth, so that what failed together does not come
//! back together.

use model::notifications::Channel;

/// Seconds before the second attempt, the third, and so on.
const WEBHOOK: &[i64] = &[5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
const MAIL: &[i64] = &[10, 60, 300, 900, 3_600, 14_400, 43_200];
/// The longest wait that the other side may ask for.
const ASKED_MAX: i64 = 86_400;

/// Attempts until it is given up.
pub const fn attempts(channel: Channel) -> usize {
    schedule(channel).len() + 1
}

const fn schedule(channel: Channel) -> &'static [i64] {
    match channel {
        Channel::Webhook => WEBHOOK,
        Channel::Mail => MAIL,
    }
}

/// Milliseconds until the next attempt after `tries` that failed, `None` when it is given up. `dice` is drawn by chance;
/// `asked` are the seconds that the other side wants to be left alone for.
pub(super) fn wait(channel: Channel, tries: i16, dice: u16, asked: Option<i64>) -> Option<i64> {
    let done = usize::try_from(tries).unwrap_or(0).max(1);
    let base = schedule(channel).get(done - 1)? * 1_000;
    let shake = base / 10;
    // From a tenth less to a tenth more.
    let shaken = base - shake + (2 * shake) * i64::from(dice) / i64::from(u16::MAX);
    Some(shaken.max(asked.unwrap_or(0).min(ASKED_MAX) * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_shaken_and_end() {
        assert_eq!(WEBHOOK.iter().sum::<i64>(), 75 * 3600 + 35 * 60 + 5, "the specification's table");
        for channel in [Channel::Mail, Channel::Webhook] {
            let mut before = 0;
            for tries in 1..attempts(channel) {
                let tries = i16::try_from(tries).expect("small");
                let (low, high) = (wait(channel, tries, 0, None), wait(channel, tries, u16::MAX, None));
                let (low, high) = (low.expect("another"), high.expect("another"));
                assert!(high > before && high > low, "{channel:?} {tries}: {low}..{high}");
                assert!((high - low) * 5 <= high + low, "a tenth either way");
                before = high;
            }
            let last = i16::try_from(attempts(channel)).expect("small");
            assert_eq!(wait(channel, last, 0, None), None);
            assert_eq!(wait(channel, i16::MAX, 0, Some(1)), None, "asking does not bring it back");
        }
        assert!(wait(Channel::Webhook, 0, 0, None).is_some());
    }

    #[test]
    fn who_asks_to_be_left_alone_is() {
        assert_eq!(wait(Channel::Webhook, 1, 0, Some(600)), Some(600_000));
        assert_eq!(wait(Channel::Webhook, 1, 0, Some(i64::MAX)), Some(ASKED_MAX * 1_000));
        assert_eq!(wait(Channel::Webhook, 2, 0, Some(1)), wait(Channel::Webhook, 2, 0, None));
    }
}
