//! Passwords: argon2id with 19 MiB, two passes, one lane (the OWASP minimum), off the runtime's own threads.
//!
//! Only as many are hashed at once as there are processors: each takes 19 MiB and tens of milliseconds, so a flood of
//! guesses waits in line here instead of filling the memory.

use crate::error::{Error, Result};
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use model::users::{PASSWORD_MAX, PASSWORD_MIN};
use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a sign-in waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

static TURNS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get)));

/// What an account without a password is compared with, so that it takes as long as any other.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_now("nobody has this password", b"a salt for nobody").unwrap_or_default());

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(|e| Error::Internal(format!("argon2: {e}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str, salt: &[u8]) -> Result<String> {
    let hash: PasswordHash = argon2()?
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(|e| Error::Internal(format!("argon2: {e}")))?;
    Ok(hash.to_string())
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let turn =
        tokio::time::timeout(PATIENCE, TURNS.acquire()).await.map_err(|_| Error::Throttled { seconds: 5 })?;
    let _turn = turn.map_err(|e| Error::Internal(e.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Internal(format!("hashing: {e}")))
}

/// The PHC string to keep.
pub(super) async fn hash(password: String, salt: [u8; 16]) -> Result<String> {
    in_turn(move || hash_now(&password, &salt)).await?
}

/// Whether the password is the one that was hashed; takes the same time where there is no hash.
pub(super) async fn verify(password: String, hash: Option<String>) -> Result<bool> {
    in_turn(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        // A password that is too long was never accepted; it is cut so that it costs no more than the longest that was.
        let bytes = password.as_bytes();
        let bytes = &bytes[..bytes.len().min(PASSWORD_MAX as usize * 4)];
        let parsed = PasswordHash::new(&hash).map_err(|e| Error::Internal(format!("a stored hash: {e}")))?;
        Ok(argon2()?.verify_password(bytes, &parsed).is_ok() && known)
    })
    .await?
}

/// Long enough, not too long, and not what everybody tries first.
pub(super) fn check(password: &str, email: &str, name: &str) -> Result<(), String> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    if length < PASSWORD_MIN as usize {
        return Err(format!("The password needs {PASSWORD_MIN} characters or more; this has {length}."));
    }
    if length > PASSWORD_MAX as usize {
        return Err(format!("The password may have {PASSWORD_MAX} characters at most."));
    }
    let few = {
        let mut letters: Vec<char> = lower.chars().collect();
        letters.sort_unstable();
        letters.dedup();
        letters.len() < 5
    };
    let local = email.split('@').next().unwrap_or_default();
    let own = |word: &str| {
        word.len() >= 4 && lower.contains(&word.to_lowercase()) && length < word.chars().count() + 8
    };
    let common =
        ["password", "passwort", "qwerty", "123456", "steward", "letmein", "administrator", "welcome"];
    if few || own(local) || own(name) || common.iter().any(|word| own(word)) {
        return Err("The password is easy to guess. Take several words that do not belong together.".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_same_password_fits() {
        let kept = hash("correct horse battery".into(), [7; 16]).await.expect("hash");
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify("correct horse battery".into(), Some(kept.clone())).await.expect("verify"));
        assert!(!verify("correct horse batterz".into(), Some(kept)).await.expect("verify"));
        assert!(!verify("nobody has this password".into(), None).await.expect("verify"), "nobody never fits");
    }

    #[test]
    fn weak_passwords_are_refused() {
        for weak in [
            "short",
            "aaaaaaaaaaaaaaaa",
            "password1234",
            "Ada.Roy12345",
            "qwerty123456",
            &"x1y2z3".repeat(30),
        ] {
            assert!(check(weak, "ada.roy@example.com", "Ada Roy").is_err(), "{weak}");
        }
        for good in ["correct horse battery", "zwölf Büchsen Kraut", "t7!kd0-qlw_x"] {
            assert_eq!(check(good, "ada.roy@example.com", "Ada Roy"), Ok(()), "{good}");
        }
    }
}
