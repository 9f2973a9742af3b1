//! Access logs: one file per published format, all of them pure functions from bytes to [`Request`].

mod request;

pub use request::{Malformed, Request};
