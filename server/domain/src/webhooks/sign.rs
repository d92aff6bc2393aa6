//! Signatures as the Standard Webhooks specification wants them: `v1,base64(HMAC-SHA256(secret, "id.timestamp.body"))`.

use crate::error::{Error, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The length of a secret in bytes (the specification: 24 to 64).
pub const SECRET: usize = 32;

/// The text of a secret, as people copy it.
pub fn text(secret: &[u8]) -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(secret))
}

/// The value of `webhook-signature`: one signature per secret that is good now, the newest first.
pub(crate) fn signature(secrets: &[Vec<u8>], id: &str, timestamp: i64, body: &[u8]) -> Result<String> {
    let sign = |secret: &Vec<u8>| {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret).map_err(|error| Error::Internal(error.to_string()))?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Ok(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
    };
    Ok(secrets.iter().map(sign).collect::<Result<Vec<_>>>()?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn the_specifications_example_comes_out() {
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let signed =
            signature(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed.expect("signed"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn during_a_rotation_both_secrets_sign() {
        let both = signature(&[vec![1; 32], vec![2; 32]], "m", 1, b"{}").expect("signed");
        let old = signature(&[vec![2; 32]], "m", 1, b"{}").expect("signed");
        assert_eq!(both.split(' ').count(), 2);
        assert!(both.ends_with(&old));
        assert!(text(&[0; SECRET]).starts_with("whsec_AAAA"));
    }
}
