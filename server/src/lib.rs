//! The server: router, sessions, security layers, machine API, command line, embedded PostgreSQL.
//!
//! Start reading at [`router`], whose layer stack every request goes through; [`start`] is how a process begins and
//! ends; [`surface`] is the list of every door. The binary is only [`cli::run`].

pub mod address;
pub mod api;
pub mod assets;
pub mod behind;
pub mod cli;
pub mod config;
pub mod download;
pub mod embedded;
pub mod events;
pub mod forms;
pub mod headers;
pub mod listen;
pub mod observe;
pub mod router;
pub mod session;
pub mod start;
pub mod surface;
pub mod theme;
pub mod upload;
