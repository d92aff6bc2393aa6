//! The text of a key: `stw_<live|demo|platform>_<id: 32 hex>_<secret: 43 base64url><CRC-32 of all before: 8 hex>`.
//!
//! A fixed shape with a prefix and a checksum lets scanners find leaked keys, and lets us turn down nonsense before
//! the database is asked. The secret is 256 random bits; of it only the SHA-256 is kept. Keys of tenants and keys of the
//! platform are told apart by their prefix, and live in different tables: neither is ever looked for in the other's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

const ID: usize = 32;
const SECRET: usize = 43;
const CRC: usize = 8;

/// Whose key it is, and of which fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A tenant's.
    Live,
    /// A demo tenant's.
    Demo,
    /// One of the operator's own programs'.
    Platform,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Live, Self::Demo, Self::Platform];

    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Live => "stw_live_",
            Self::Demo => "stw_demo_",
            Self::Platform => "stw_platform_",
        }
    }
}

/// What a well-formed key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Presented {
    pub kind: Kind,
    pub id: Uuid,
    pub secret_hash: [u8; 32],
}

pub(crate) fn write(kind: Kind, id: Uuid, secret: &[u8; 32]) -> String {
    let body = format!("{}{}_{}", kind.prefix(), id.simple(), URL_SAFE_NO_PAD.encode(secret));
    format!("{body}{:08x}", crc32fast::hash(body.as_bytes()))
}

/// `None` for everything that no server of ours ever handed out, and for every key with a typing mistake.
pub(crate) fn read(text: &str) -> Option<Presented> {
    let kind = Kind::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))?;
    if text.len() != kind.prefix().len() + ID + 1 + SECRET + CRC || !text.is_ascii() {
        return None;
    }
    let (body, crc) = text.split_at(text.len() - CRC);
    if format!("{:08x}", crc32fast::hash(body.as_bytes())) != crc {
        return None;
    }
    let (id, secret) = body.strip_prefix(kind.prefix())?.split_at(ID);
    let id = Uuid::try_parse(id).ok()?;
    let secret = URL_SAFE_NO_PAD.decode(secret.strip_prefix('_')?).ok()?;
    let secret: [u8; 32] = secret.try_into().ok()?;
    Some(Presented { kind, id, secret_hash: hash(&secret) })
}

pub(crate) fn hash(secret: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let id = Uuid::from_u128(0x1234);
        for secret in [[0; 32], [255; 32], [7; 32]] {
            for kind in Kind::ALL {
                let text = write(kind, id, &secret);
                assert_eq!(read(&text), Some(Presented { kind, id, secret_hash: hash(&secret) }));
            }
        }
    }

    #[test]
    fn every_single_mistake_is_found_before_the_database() {
        for kind in Kind::ALL {
            let text = write(kind, Uuid::from_u128(42), &[9; 32]);
            let length = text.len();
            for at in 0..length {
                let mut bytes = text.clone().into_bytes();
                bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
                assert_eq!(read(&String::from_utf8(bytes).expect("ascii")), None, "character {at}");
            }
            let wide = format!("{}{}", kind.prefix(), "é".repeat(length / 2));
            for bad in
                ["", kind.prefix(), &text[1..], &text[..length - 1], &format!("{text}0"), wide.as_str()]
            {
                assert_eq!(read(bad), None, "{bad}");
            }
            // Another prefix makes no other key of it.
            for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
                assert_eq!(read(&text.replacen(kind.prefix(), other.prefix(), 1)), None);
            }
        }
    }
}
