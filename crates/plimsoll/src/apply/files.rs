//! The files of a set, as they are sent: each under a name that does not depend on where it lies on this machine.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use plimsoll_server::api::documents::{DocumentProblem, Severity};

use crate::{check, failure::Failure};

/// A file that is sent.
#[derive(Debug)]
struct File {
    /// Where it is here.
    shown: String,
    text: String,
}

/// Files by the names under which they are sent.
#[derive(Debug)]
pub struct Files(BTreeMap<String, File>);

impl Files {
    /// Reads the documents of paths. A file of a folder is named from that folder on, so that a checkout elsewhere is
    /// the same set.
    ///
    /// # Errors
    /// [`Failure`], when any of them cannot be read: a set is sent whole or not at all.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        let mut problems = String::new();
        for path in paths {
            let found = check::find(std::slice::from_ref(path));
            for problem in found.problems {
                // Writing to a String does not fail.
                let _ = write!(problems, "\n{problem}");
            }
            for (shown, bytes) in found.files {
                let name = name(path, &shown);
                let Ok(text) = String::from_utf8(bytes) else {
                    let _ = write!(problems, "\n{shown}: it is no text in UTF-8");
                    continue;
                };
                let is_same = |known: &File| known.shown == shown;
                if files.get(&name).is_some_and(|known| !is_same(known)) {
                    let _ = write!(
                        problems,
                        "\n{shown}: another file is named {name} too; apply their common folder"
                    );
                    continue;
                }
                files.insert(name, File { shown, text });
            }
        }
        if problems.is_empty() {
            return Ok(Files(files));
        }
        Err(Failure::input(format!("the documents cannot be read; nothing was sent{problems}")))
    }

    /// Their texts by name.
    pub fn texts(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(name, file)| (name.clone(), file.text.clone())).collect()
    }

    /// Where a file is here.
    pub fn place(&self, name: &str) -> String {
        self.0.get(name).map_or(name, |file| &file.shown).to_owned()
    }

    /// Problems as lines.
    pub fn shown(&self, problems: &[DocumentProblem]) -> String {
        let mut text = String::new();
        for problem in problems {
            let DocumentProblem { line, column, severity, code, field, message, hint, .. } =
                problem;
            let severity = match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let place = self.place(&problem.path);
            let field = if field.is_empty() { String::new() } else { format!("{field}: ") };
            let _ = writeln!(text, "{place}:{line}:{column}: {severity}[{code}] {field}{message}");
            if let Some(hint) = hint {
                let _ = writeln!(text, "  hint: {hint}");
            }
        }
        text
    }
}

/// The name of a file that was found at a path: below a folder, its way from there; else the last part of its path.
fn name(path: &std::path::Path, shown: &str) -> String {
    let file = std::path::Path::new(shown);
    let below = file.strip_prefix(path).ok().filter(|below| !below.as_os_str().is_empty());
    let own = below.or_else(|| file.file_name().map(std::path::Path::new)).unwrap_or(file);
    let parts: Vec<_> = own.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
