//! Names across documents: each object has its own, and whoever is asked for should be there.
//!
//! A name belongs to a version and a kind, as in OpenSLO's SDK. An indicator exists only as a document: one that is not
//! there is an error where the files define others, for then they are taken to be complete, and a warning where they
//! define none. Data sources, alert policies, conditions and targets often live elsewhere: those that are not there are
//! warnings. A service may be named without being defined at all: its name says enough.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    code,
    kind::{Kind, Version},
    problem::{Problem, Severity},
    report::Mention,
    suggest,
    yaml::Position,
};

/// The names of all files, each with its path.
#[derive(Debug, Default)]
pub(crate) struct Names {
    definitions: BTreeMap<(Version, Kind), BTreeMap<String, (String, Mention)>>,
    references: Vec<(String, Mention)>,
    /// Names that are given twice: the later path and name, and the first path and name.
    duplicates: Vec<[(String, Mention); 2]>,
}

impl Names {
    /// Takes in the names of one file.
    pub(crate) fn add(&mut self, path: &str, definitions: Vec<Mention>, references: Vec<Mention>) {
        for name in definitions {
            let known = self.definitions.entry((name.version, name.kind)).or_default();
            if let Some(first) = known.get(&name.name) {
                self.duplicates.push([(path.to_owned(), name), first.clone()]);
            } else {
                known.insert(name.name.clone(), (path.to_owned(), name));
            }
        }
        self.references.extend(references.into_iter().map(|name| (path.to_owned(), name)));
    }

    /// Names that are given twice, and names that lead nowhere.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let duplicates = self.duplicates.iter().map(duplicate);
        let unresolved =
            self.references.iter().filter_map(|(path, name)| self.unresolved(path, name));
        duplicates.chain(unresolved).collect()
    }

    /// The places of objects that repeat the name of an earlier one.
    pub(crate) fn repeated(&self) -> BTreeSet<(String, Position)> {
        self.duplicates.iter().map(|[(path, name), _]| (path.clone(), name.at)).collect()
    }

    fn unresolved(&self, path: &str, name: &Mention) -> Option<Problem> {
        let known = self.definitions.get(&(name.version, name.kind));
        if known.is_some_and(|known| known.contains_key(&name.name)) {
            return None;
        }
        let nearest =
            known.and_then(|known| suggest::nearest(&name.name, known.keys().map(String::as_str)));
        let suggestion = nearest.map(|nearest| format!("did you mean {nearest}?"));
        let (severity, hint) = match (name.kind, known.is_some()) {
            (Kind::Service, false) => return None,
            (Kind::Service, true) => (Severity::Warning, "its name is used as it is"),
            (Kind::Sli, true) => (Severity::Error, "define it, or put the name right"),
            (_, true) => (
                Severity::Warning,
                "define it, put the name right, or know that it lives elsewhere",
            ),
            (_, false) => (
                Severity::Warning,
                "the files define none of this kind; check them together with it",
            ),
        };
        let message =
            format!("no {} named {:?} is defined in {}", name.kind, name.name, name.version);
        let hint = suggestion.unwrap_or_else(|| hint.to_owned());
        Some(problem(path, name, severity, code::UNRESOLVED_REFERENCE, message, hint))
    }
}

/// A service is only a name with a description, so that a second one does no harm.
fn duplicate([(path, name), (first_path, first)]: &[(String, Mention); 2]) -> Problem {
    let message = format!(
        "the {} {:?} is already defined at {first_path}:{}:{}",
        name.kind, name.name, first.at.line, first.at.column
    );
    let (severity, hint) = if name.kind == Kind::Service {
        (Severity::Warning, "the first one is used; keep one of the two")
    } else {
        (Severity::Error, "rename one of the two, or keep only one")
    };
    problem(path, name, severity, code::DUPLICATE_NAME, message, hint.to_owned())
}

fn problem(
    path: &str,
    name: &Mention,
    severity: Severity,
    code: &'static str,
    message: String,
    hint: String,
) -> Problem {
    Problem {
        path: path.to_owned(),
        line: name.at.line,
        column: name.at.column,
        severity,
        code,
        field: name.field.clone(),
        message,
        hint: Some(hint),
    }
}
