//! Signing in: the input, and what every page knows about the person who looks at it.

use crate::permission::Actor;
use serde::{Deserialize, Serialize};

/// The shortest password that is accepted (ASVS 5.0 asks for 8 and recommends 15).
pub const PASSWORD_MIN: u32 = 12;
/// The longest; longer ones only burn time in the hash.
pub const PASSWORD_MAX: u32 = 128;

/// What every page needs to know about its reader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewer {
    pub actor: Actor,
}
