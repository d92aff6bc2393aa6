//! The text of a key: `stw_<live|demo>_<id: 32 hex>_<secret: 43 base64url><CRC-32 of all before: 8 hex>`.
//!
//! A fixed shape with a prefix and a checksum lets scanners find leaked keys, and lets us turn down nonsense before
//! the database is asked. The secret is 256 random bits; of it only the SHA-256 is kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::ApiKeyId;
use sha2::{Digest, Sha256};

/// `stw_live_` and `stw_demo_` are of one length.
const PREFIX: usize = 9;
const ID: usize = 32;
const SECRET: usize = 43;
const CRC: usize = 8;
const LENGTH: usize = PREFIX + ID + 1 + SECRET + CRC;

/// What a well-formed key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Presented {
    pub id: ApiKeyId,
    pub secret_hash: [u8; 32],
}

pub(super) fn write(demo: bool, id: ApiKeyId, secret: &[u8; 32]) -> String {
    let kind = if demo { "demo" } else { "live" };
    let body = format!("stw_{kind}_{}_{}", id.0.simple(), URL_SAFE_NO_PAD.encode(secret));
    format!("{body}{:08x}", crc32fast::hash(body.as_bytes()))
}

/// `None` for everything that no server of ours ever handed out, and for every key with a typing mistake.
pub(super) fn read(text: &str) -> Option<Presented> {
    if text.len() != LENGTH || !text.is_ascii() {
        return None;
    }
    let (body, crc) = text.split_at(LENGTH - CRC);
    if format!("{:08x}", crc32fast::hash(body.as_bytes())) != crc {
        return None;
    }
    let rest = body.strip_prefix("stw_live_").or_else(|| body.strip_prefix("stw_demo_"))?;
    let (id, secret) = rest.split_at(ID);
    let id = ApiKeyId(uuid::Uuid::try_parse(id).ok()?);
    let secret = URL_SAFE_NO_PAD.decode(secret.strip_prefix('_')?).ok()?;
    let secret: [u8; 32] = secret.try_into().ok()?;
    Some(Presented { id, secret_hash: hash(&secret) })
}

pub(super) fn hash(secret: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let id = ApiKeyId(uuid::Uuid::from_u128(0x1234));
        for secret in [[0; 32], [255; 32], [7; 32]] {
            for demo in [false, true] {
                let text = write(demo, id, &secret);
                assert_eq!(text.len(), LENGTH);
                assert_eq!(read(&text), Some(Presented { id, secret_hash: hash(&secret) }));
            }
        }
    }

    #[test]
    fn every_single_mistake_is_found_before_the_database() {
        let text = write(false, ApiKeyId(uuid::Uuid::from_u128(42)), &[9; 32]);
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
            assert_eq!(read(&String::from_utf8(bytes).expect("ascii")), None, "character {at}");
        }
        for bad in
            ["", "stw_live_", &text[1..], &text[..LENGTH - 1], &format!("{text}0"), &"é".repeat(LENGTH / 2)]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
