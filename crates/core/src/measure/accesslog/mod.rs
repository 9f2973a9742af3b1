//! Access logs: one file per published format, all of them pure functions from bytes to [`Request`].
//!
//! [`detect`] finds the [`Format`] of a file from its first lines, a [`Parser`] reads its lines by it.

mod clf;
mod detect;
mod format;
mod number;
mod parser;
mod request;
mod request_line;
mod stamp;
mod timing;

pub use detect::detect;
pub use format::Format;
pub use parser::{Line, Parser};
pub use request::{Malformed, Request};
