//! What lies on the disk: files as the system knows them, found by patterns, opened, and kept open.

use std::{
    collections::BTreeMap,
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::UNIX_EPOCH,
};

use plimsoll_core::limits::{FOLLOW_FILES_MAX, FOLLOW_LOOKS_MAX, FOLLOW_OPEN_FILES_MAX};
use serde::{Deserialize, Serialize};

use super::walk::Walk;
use crate::problem::Problem;

/// A file, whatever it is called: its device and its number there. The number of a deleted file is given to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct FileId {
    device: u64,
    number: u64,
}

impl FileId {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata, _: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        FileId { device: metadata.dev(), number: metadata.ino() }
    }

    /// Elsewhere a file is known by its path, and a renamed one by what it holds.
    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata, path: &Path) -> Self {
        use sha2::{Digest as _, Sha256};
        let digest: [u8; 32] = Sha256::digest(path.to_string_lossy().as_bytes()).into();
        let word =
            |at: usize| digest[at..at + 8].iter().fold(0, |word, b| word << 8 | u64::from(*b));
        FileId { device: word(0), number: word(8) }
    }
}

/// What changes when a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) bytes: u64,
    /// In nanoseconds since 1970.
    pub(super) modified_ns: i64,
    changed: (i64, i64),
}

impl Stat {
    pub(super) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let changed = {
            use std::os::unix::fs::MetadataExt as _;
            (metadata.ctime(), metadata.ctime_nsec())
        };
        #[cfg(not(unix))]
        let changed = (0, 0);
        let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let modified_ns = modified.map_or(0, |since| since.as_nanos() as i64);
        Stat { bytes: metadata.len(), modified_ns, changed }
    }
}

/// A file that was seen in this poll.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    pub(super) id: FileId,
    /// The first of its names that a pattern matches; where none does, its last.
    pub(super) path: String,
    pub(super) stat: Stat,
    /// Whether a pattern matches one of its names.
    pub(super) is_inside: bool,
}

/// What the patterns match.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) files: BTreeMap<FileId, Sighting>,
    /// The file behind each name.
    pub(super) names: BTreeMap<String, FileId>,
    /// Names that match and cannot be followed.
    pub(super) problems: BTreeMap<String, Problem>,
    /// How many files each pattern matches, and why it may be too few.
    pub(super) patterns: Vec<(usize, Option<Problem>)>,
    /// A folder of which nothing may be opened.
    apart: Option<PathBuf>,
}

impl Scan {
    /// Looks for what the patterns match.
    pub(super) fn of(patterns: &[String], apart: Option<&Path>) -> Self {
        let mut scan = Scan { apart: apart.map(Path::to_path_buf), ..Scan::default() };
        for pattern in patterns {
            let result = scan.pattern(pattern);
            scan.patterns.push(result);
        }
        scan
    }

    /// Whether every folder that the patterns name could be read.
    pub(super) fn is_complete(&self) -> bool {
        self.patterns.iter().all(|(_, problem)| problem.is_none())
    }

    fn pattern(&mut self, pattern: &str) -> (usize, Option<Problem>) {
        // The pattern was tried when the follower was made.
        let Walk { found, mut problem, .. } = Walk::of(pattern, FOLLOW_LOOKS_MAX);
        let mut matched = 0;
        for path in found {
            if self.names.len() >= FOLLOW_FILES_MAX {
                problem = Some(Problem::new(
                    format!("matches more than {FOLLOW_FILES_MAX} files"),
                    "",
                    "Name fewer with a narrower pattern.",
                ));
                break;
            }
            matched += usize::from(self.path(&path));
        }
        (matched, problem)
    }

    /// Whether it lies in the folder of which nothing may be opened, wherever the path leads first.
    fn is_apart(&self, path: &Path) -> bool {
        let Some(apart) = &self.apart else { return false };
        path.canonicalize().is_ok_and(|path| path.starts_with(apart))
    }

    /// Enters a file. False where there is none at this path.
    fn path(&mut self, path: &Path) -> bool {
        let Some(name) = path.to_str() else {
            let problem = Problem::new("has a name that is not UTF-8", "", "Rename it.");
            self.problems.insert(path.to_string_lossy().into_owned(), problem);
            return false;
        };
        match path.metadata() {
            Ok(metadata) if metadata.is_file() && self.is_apart(path) => {
                let (what, remedy) =
                    ("belongs to the server itself", "Name the logs more closely.");
                self.problems.insert(name.to_owned(), Problem::new(what, "", remedy));
            }
            Ok(metadata) if metadata.is_file() => {
                let id = FileId::of(&metadata, path);
                self.names.insert(name.to_owned(), id);
                let stat = Stat::of(&metadata);
                self.files.entry(id).or_insert_with(|| Sighting {
                    id,
                    path: name.to_owned(),
                    stat,
                    is_inside: true,
                });
                return true;
            }
            // `logs/*` matches folders too, and nobody means them.
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => {
                let problem = Problem::new("is no file", "", "Only files can be followed.");
                self.problems.insert(name.to_owned(), problem);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => drop(self.problems.insert(name.to_owned(), Problem::opening(&error))),
        }
        false
    }
}

/// Files that are kept open. What was deleted or moved away can still be read.
#[derive(Debug, Default)]
pub(super) struct Files {
    open: BTreeMap<FileId, Arc<File>>,
}

impl Files {
    /// The file, opened if it is not yet; `None` where the path leads to another by now.
    pub(super) fn get(&mut self, id: FileId, path: &str) -> io::Result<Option<Arc<File>>> {
        if let Some(file) = self.open.get(&id) {
            return Ok(Some(Arc::clone(file)));
        }
        let file = open(id, path)?.map(Arc::new);
        self.open.extend(file.iter().map(|file| (id, Arc::clone(file))));
        Ok(file)
    }

    /// The file, without keeping it open; `None` where it cannot be opened.
    pub(super) fn borrow(&self, id: FileId, path: &str) -> Option<Arc<File>> {
        let kept = self.open.get(&id).cloned();
        kept.or_else(|| open(id, path).ok().flatten().map(Arc::new))
    }

    /// The file where it is open.
    pub(super) fn peek(&self, id: FileId) -> Option<&File> {
        self.open.get(&id).map(Arc::as_ref)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = FileId> + '_ {
        self.open.keys().copied()
    }

    pub(super) fn close(&mut self, id: FileId) {
        self.open.remove(&id);
    }

    /// Closes so many files that no more than allowed stay open: first those that can be opened again by a name that
    /// is known, and of them those that have not been written to for longest.
    pub(super) fn trim(&mut self, scan: &Scan) {
        // Not each time one more is opened: that takes a look at all of them.
        if self.open.len() <= FOLLOW_OPEN_FILES_MAX {
            return;
        }
        let excess = self.open.len() - FOLLOW_OPEN_FILES_MAX * 3 / 4;
        let rank = |id: &FileId| {
            let file = scan.files.get(id);
            (file.is_none_or(|file| !file.is_inside), file.map(|file| file.stat.modified_ns), *id)
        };
        let mut order: Vec<FileId> = self.open.keys().copied().collect();
        order.sort_by_key(rank);
        order.truncate(excess);
        for id in order {
            self.close(id);
        }
    }
}

/// Opens a file; `None` where the path leads to another by now.
pub(super) fn open(id: FileId, path: &str) -> io::Result<Option<File>> {
    let file = File::open(path)?;
    let is_it = FileId::of(&file.metadata()?, Path::new(path)) == id;
    Ok(is_it.then_some(file))
}

/// The name that a file has in the folder of `path`, whatever it is called there; `None` where it is not there.
///
/// # Errors
/// When the folder cannot be read, unless it does not exist.
pub(super) fn find_beside(path: &str, id: FileId) -> io::Result<Option<String>> {
    let folder = Path::new(path).parent().unwrap_or(Path::new("."));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let is_it = path.metadata().is_ok_and(|metadata| FileId::of(&metadata, &path) == id);
        if let (true, Some(name)) = (is_it, path.to_str()) {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}
