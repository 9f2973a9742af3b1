//! Access logs: one file per published format, all of them pure functions from bytes to [`Request`].
//!
//! [`detect()`] finds the [`Format`] of a file from its first lines, a [`Parser`] reads its lines by it.

mod alb;
mod clf;
mod cloudfront;
mod detect;
mod envelope;
mod envoy;
mod format;
mod haproxy;
mod json;
mod number;
mod parser;
mod pattern;
mod request;
mod request_line;
mod stamp;
mod timing;
mod words;

pub use detect::detect;
pub use format::Format;
pub use parser::{Line, Parser};
pub use request::{Malformed, Request, RequestRef};

#[cfg(test)]
mod tests;
