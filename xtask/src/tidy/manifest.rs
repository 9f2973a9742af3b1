//! What `crates/core` may depend on.

use super::Place;
use crate::tree::File;

/// Crates that do no input or output by themselves. A dependency of core is an architecture decision: it stands here.
const PURE: &[&str] =
    &["indexmap", "jiff", "memchr", "regex", "saphyr-parser", "serde", "serde_json", "smol_str"];

/// Dependencies of core's manifest that are not known to be pure; those for tests are free.
pub(crate) fn impure_dependencies(file: &File, _: &[File]) -> Vec<Place> {
    let mut places = Vec::new();
    let mut table = String::new();
    for (index, line) in file.text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let header = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        if let Some(header) = header {
            header.clone_into(&mut table);
        }
        let named = match header {
            Some(header) => {
                header.split_once("dependencies.").map(|(kind, name)| (kind.to_owned(), name))
            }
            None => table.strip_suffix("dependencies").zip(line.split_once('=')).map(
                |(kind, (name, _))| {
                    (kind.to_owned(), name.split('.').next().unwrap_or_default().trim())
                },
            ),
        };
        if let Some((kind, name)) = named
            && !kind.ends_with("dev-")
            && !PURE.contains(&name)
        {
            places.push(Place {
                line: index + 1,
                what: format!("`{name}` is not on the list of pure crates"),
            });
        }
    }
    places
}
