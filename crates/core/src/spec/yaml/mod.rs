//! YAML 1.2 and JSON, read into a tree in which every key and value keeps its place.
//!
//! Aliases are expanded, within limits. The merge key `<<` of YAML 1.1 is understood because documents in use have
//! it: its mapping (or list of mappings) gives the keys that are not there, and a key that is there wins.

mod build;
mod hint;
mod json;
mod node;
mod scalar;

pub use node::{Entry, Node, Position, Value};
pub(crate) use scalar::{is_decimal, resolve};

use saphyr_parser::{Marker, Parser};

use super::{code, report::Report};
use build::Builder;

/// Reads all documents of a file. Broken syntax ends the file there; what came before is kept.
pub(crate) fn parse(text: &str, report: &mut Report) -> Vec<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = json::join_surrogates(text);
    let mut builder = Builder::default();
    for event in Parser::new_from_str(&text) {
        let stopped = match event {
            Ok((event, span)) => builder.take(event, position(span.start), report).is_err(),
            Err(error) => {
                let at = position(*error.marker());
                if error.info().contains("recursion limit") {
                    build::too_deep(at, report);
                } else {
                    let (message, hint) = hint::explain(&text, at, &error);
                    report.error(code::SYNTAX, at, "", message, hint);
                }
                true
            }
        };
        if stopped {
            break;
        }
    }
    builder.documents()
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line().max(1) as u32, column: marker.col() as u32 + 1 }
}

#[cfg(test)]
mod tests;
