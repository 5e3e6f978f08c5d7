//! The rules around exports, which page, command and service share: who may do what, and what a connection must be.
//! How they are kept, asked and shown is the host's.

mod access;
mod connection;

pub use access::{Action, Role, Sharing, allowed};
pub use connection::{PRIVACY_STATEMENT, PRIVACY_VERSION, check};
