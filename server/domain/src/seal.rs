//! Secrets that must be read again (a webhook's signing key), sealed before they reach the database.
//!
//! XChaCha20-Poly1305 under a key that the database never sees: a copy of the database alone opens nothing. Each sealed
//! value is bound to its place (the row and what it is), so that it cannot be moved to another tenant's row and opened
//! there. The nonce has 192 bits and is drawn at random, so that no counter needs keeping.
//!
//! Rotation: several keys may be configured; the first seals, all open. What opens with none of them says so instead of
//! looking like a damaged row.

use crate::error::{Error, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

/// The length of a key in bytes.
pub const KEY: usize = 32;
const NONCE: usize = 24;
const VERSION: u8 = 1;
const HEAD: usize = 1 + 4 + NONCE;

/// The keys of this deployment.
#[derive(Clone, Default)]
pub struct Keyring {
    keys: Vec<([u8; 4], XChaCha20Poly1305)>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("keys", &self.keys.len()).finish()
    }
}

impl Keyring {
    pub fn new(keys: &[[u8; KEY]]) -> Self {
        let keys = keys.iter().map(|key| (fingerprint(key), XChaCha20Poly1305::new(key.into())));
        Self { keys: keys.collect() }
    }

    /// Keys in base64 with commas between, the one that seals first.
    ///
    /// # Errors
    /// What is wrong, without the text itself.
    pub fn read(text: &str) -> Result<Self, String> {
        let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
        let keys = keys.map(|key| {
            let bytes = BASE64_STANDARD.decode(key).map_err(|_| "is not base64".to_owned())?;
            <[u8; KEY]>::try_from(bytes)
                .map_err(|bytes| format!("has {} bytes instead of {KEY}", bytes.len()))
        });
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err("holds no key".into()) } else { Ok(Self::new(&keys)) }
    }

    /// Seals `secret` for `place`; `nonce` is drawn anew for each call.
    pub(crate) fn seal(&self, nonce: [u8; NONCE], place: &str, secret: &[u8]) -> Result<Vec<u8>> {
        let (id, cipher) =
            self.keys.first().ok_or_else(|| Error::Internal("no key to seal secrets with".into()))?;
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::Internal("a secret could not be sealed".into()))?;
        let mut out = Vec::with_capacity(HEAD + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(id);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let damaged = || Error::Internal(format!("the secret of {place} is damaged or not its own"));
        let (head, text) = sealed.split_at_checked(HEAD).ok_or_else(damaged)?;
        let (Some(&VERSION), Some(id), Some(nonce)) =
            (head.first(), head.get(1..5), head.get(5..).and_then(|n| <[u8; NONCE]>::try_from(n).ok()))
        else {
            return Err(damaged());
        };
        let (_, cipher) = self.keys.iter().find(|(known, _)| known == id).ok_or_else(|| {
            Error::Internal(format!("the secret of {place} was sealed with a key that is not configured"))
        })?;
        let payload = Payload { msg: text, aad: place.as_bytes() };
        cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| damaged())
    }
}

/// Tells keys apart without telling what they are.
fn fingerprint(key: &[u8; KEY]) -> [u8; 4] {
    let hash = Sha256::new().chain_update(b"steward key id").chain_update(key).finalize();
    [hash[0], hash[1], hash[2], hash[3]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_in_its_place_and_unchanged() {
        let ring = Keyring::new(&[[7; KEY]]);
        let sealed = ring.seal([1; NONCE], "a", b"secret").expect("sealed");
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
        assert_eq!(ring.open("a", &sealed).expect("opened"), b"secret");
        assert!(ring.open("b", &sealed).is_err(), "another row");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(ring.open("a", &changed).is_err(), "byte {at}");
            assert!(ring.open("a", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn keys_are_rotated_by_putting_a_new_one_in_front() {
        let old = Keyring::new(&[[1; KEY]]);
        let sealed = old.seal([9; NONCE], "a", b"x").expect("sealed");
        let both = Keyring::new(&[[2; KEY], [1; KEY]]);
        assert_eq!(both.open("a", &sealed).expect("opened"), b"x");
        let anew = both.seal([9; NONCE], "a", b"x").expect("sealed");
        assert!(old.open("a", &anew).is_err_and(|e| e.to_string().contains("not configured")));
        assert!(Keyring::default().seal([0; NONCE], "a", b"x").is_err(), "nothing is kept unsealed");
    }

    #[test]
    fn keys_are_read_and_never_printed() {
        let text = BASE64_STANDARD.encode([3; KEY]);
        let ring = Keyring::read(&format!("{text}, {text}")).expect("two keys");
        assert_eq!(format!("{ring:?}"), "Keyring { keys: 2 }");
        for wrong in ["", "!!", "AAAA", ","] {
            let error = Keyring::read(wrong).expect_err(wrong);
            assert!(!error.contains("AAAA"));
        }
    }
}
