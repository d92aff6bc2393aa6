//! The whole router on a real database: who may pass which door, what every answer says, how sessions end.

mod events;
mod forms;
mod ground;
mod headers;
mod import;
mod layers;
mod processes;
mod session;
mod signup;
mod site;
mod surface;
mod text;
