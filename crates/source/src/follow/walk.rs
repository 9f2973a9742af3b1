//! The walk through the folders that a pattern names, with an end: `/**/x` would otherwise lead through every folder of
//! the machine, once a second.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use crate::problem::Problem;
use glob::{MatchOptions, Pattern};

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// What a pattern leads to.
#[derive(Debug)]
pub(super) struct Walk {
    /// Whatever is there at a path that matches, in the order of the paths.
    pub(super) found: Vec<PathBuf>,
    /// Why it may be too little.
    pub(super) problem: Option<Problem>,
    /// How many names may be looked at, and how many still may.
    looks: (usize, usize),
}

impl Walk {
    /// Walks a pattern, which may be wrong: then it leads nowhere. It looks at so many names at most.
    pub(super) fn of(pattern: &str, looks: usize) -> Self {
        let (start, rest) = match pattern.strip_prefix('/') {
            Some(rest) => (PathBuf::from("/"), rest),
            None => (PathBuf::new(), pattern),
        };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let mut walk = Walk { found: Vec::new(), problem: None, looks: (looks, looks) };
        walk.follow(start, &parts);
        walk.found.sort_unstable();
        walk.found.dedup();
        walk
    }

    fn follow(&mut self, at: PathBuf, parts: &[&str]) {
        let Some((part, rest)) = parts.split_first() else {
            self.found.push(at);
            return;
        };
        if *part == "**" {
            self.follow_all(at, rest);
        } else if !part.contains(['*', '?', '[']) {
            let next = at.join(part);
            if self.may_look() && (!rest.is_empty() || next.symlink_metadata().is_ok()) {
                self.follow(next, rest);
            }
        } else if let Ok(pattern) = Pattern::new(part) {
            for name in self.names(&at) {
                if pattern.matches_with(&name.to_string_lossy(), OPTIONS) {
                    let next = at.join(name);
                    if rest.is_empty() || next.is_dir() {
                        self.follow(next, rest);
                    }
                }
            }
        }
    }

    /// The folder and every one below it, without following links and without hidden ones.
    fn follow_all(&mut self, at: PathBuf, rest: &[&str]) {
        for name in self.names(&at) {
            let next = at.join(&name);
            let is_hidden = name.as_encoded_bytes().starts_with(b".");
            if !is_hidden && next.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                self.follow_all(next, rest);
            } else if !is_hidden && rest.is_empty() {
                self.found.push(next);
            }
        }
        if !rest.is_empty() {
            self.follow(at, rest);
        }
    }

    /// The names in a folder. None where there is no such folder.
    fn names(&mut self, folder: &Path) -> Vec<OsString> {
        let here = Path::new(".");
        let folder = if folder.as_os_str().is_empty() { here } else { folder };
        if self.is_spent() {
            return Vec::new();
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Vec::new(),
            Err(error) => {
                self.problem = Some(Problem::opening(&error));
                return Vec::new();
            }
        };
        let mut names = Vec::new();
        for entry in entries {
            if !self.may_look() {
                break;
            }
            match entry {
                Ok(entry) => names.push(entry.file_name()),
                Err(error) if is_absent(&error) => {}
                Err(error) => self.problem = Some(Problem::opening(&error)),
            }
        }
        names
    }

    /// Whether another name may be looked at.
    fn may_look(&mut self) -> bool {
        let may = !self.is_spent();
        self.looks.1 -= usize::from(may);
        may
    }

    /// Whether no further name may be looked at, which is then said.
    fn is_spent(&mut self) -> bool {
        let (most, left) = self.looks;
        if left == 0 {
            self.problem = Some(Problem::new(
                format!("leads past more than {most} files and folders"),
                "",
                "Name the folders more closely.",
            ));
        }
        left == 0
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tempfile::TempDir;

    use super::*;

    fn tree() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "a.log",
            "b.log",
            ".hidden.log",
            "x[1].log",
            "one/a.log",
            "one/two/a.log",
            "one/two/b.txt",
            ".git/a.log",
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink(folder.path().join("one/two"), folder.path().join("link"))
            .unwrap();
        folder
    }

    /// What the glob crate finds itself is the truth to hold the walk against.
    #[test]
    fn finds_what_the_library_finds() {
        let folder = tree();
        let base = folder.path().to_str().unwrap();
        for pattern in [
            "*.log",
            "?.log",
            "*",
            "*/*.log",
            "one/*",
            "one/two/b.txt",
            "one/none",
            "**/a.log",
            "**/two/*",
            "one/**/a.log",
            "[ab].log",
            "x[[]1].log",
            "*/a.log",
            "link/*.log",
            "a.log/*",
            "one/../a.log",
            "one//a.log",
            "**/**/a.log",
            "[!a]*.log",
        ] {
            let whole = format!("{base}/{pattern}");
            let library: BTreeSet<PathBuf> =
                glob::glob_with(&whole, OPTIONS).unwrap().flatten().collect();
            // The library follows links also below any folder, in circles where they lead.
            let is_linked = |path: &PathBuf| {
                pattern.starts_with("**") && path.starts_with(folder.path().join("link"))
            };
            let library: BTreeSet<PathBuf> =
                library.into_iter().filter(|path| !is_linked(path)).collect();
            let walk = Walk::of(&whole, 1000);
            let found: BTreeSet<PathBuf> = walk.found.iter().cloned().collect();
            assert_eq!(found, library, "{pattern}");
            assert!(walk.problem.is_none(), "{pattern}: {:?}", walk.problem);
        }
    }

    #[test]
    fn below_any_folder_no_link_is_followed() {
        let folder = tree();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("one/loop")).unwrap();
        let walk = Walk::of(&format!("{}/**/b.*", folder.path().display()), 1000);
        let names = ["b.log", "one/two/b.txt"].map(|name| folder.path().join(name));
        assert_eq!(walk.found, names);
    }

    #[test]
    fn hidden_files_are_found_only_by_their_dot() {
        let folder = tree();
        let walk = Walk::of(&format!("{}/.*.log", folder.path().display()), 1000);
        assert_eq!(walk.found, [folder.path().join(".hidden.log")]);
    }

    #[test]
    fn a_walk_has_an_end() {
        let folder = tree();
        for pattern in ["**/b.txt", "*/*/b.txt", "**"] {
            let whole = format!("{}/{pattern}", folder.path().display());
            let (short, long) = (Walk::of(&whole, 8), Walk::of(&whole, 100));
            assert!(short.problem.unwrap().to_string().contains("past more than 8 files"));
            assert!(long.problem.is_none() && long.found.len() > short.found.len(), "{pattern}");
        }
        assert!(Walk::of("/**/no-such-file", 10_000).looks.1 < 10_000);
    }
}
