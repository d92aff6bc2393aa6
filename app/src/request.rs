//! What the server's layers put into a request for the page that answers it.

use crate::error::AppError;
use serde::{Deserialize, Serialize};

/// A banner for the next page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    pub tone: String,
    pub text: String,
    /// A form that takes it back: the server function and its hidden inputs.
    pub undo: Option<Undo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    pub form: String,
    pub inputs: Vec<(String, String)>,
}

/// What a form was sent with when it failed; the same page is rendered again from it. Made by the server's form layer.
#[derive(Clone, Debug)]
pub struct FormFailure {
    /// The server function.
    pub form: String,
    pub values: Vec<(String, String)>,
    pub error: AppError,
}

/// The theme cookie, already checked.
#[derive(Clone, Copy, Debug)]
pub struct Theme(pub &'static str);
