//! Finds and reads the document files of paths: the files themselves, and those in folders.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use plimsoll_core::{
    limits::{DOCUMENT_BYTES_MAX, DOCUMENT_FILES_MAX, DOCUMENT_TOTAL_BYTES_MAX},
    spec::{code, problem::Problem},
};

/// Endings of document files in a folder. A file that is named itself may have any.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// What was found of documents.
#[derive(Debug, Default)]
pub struct Found {
    /// Names and contents.
    pub files: Vec<(String, Vec<u8>)>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    bytes: usize,
    /// Files and folders that were taken already, by their real path: no file is read twice, no loop is followed.
    seen_files: BTreeSet<PathBuf>,
    seen_folders: BTreeSet<PathBuf>,
    is_full: bool,
}

/// Reads the document files of paths. Within a folder hidden files and folders are left out; the order is that of the
/// names.
pub fn find(paths: &[PathBuf]) -> Found {
    let mut found = Found::default();
    for path in paths {
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => found.take_folder(path),
            Ok(_) => found.take_file(path),
            Err(error) => found.unreadable(path, &error),
        }
    }
    found
}

impl Found {
    fn take_folder(&mut self, root: &Path) {
        let problems_before = self.problems.len();
        let files_before = self.seen_files.len();
        let mut has_document = false;
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            match self.entries(&folder) {
                Ok(entries) => {
                    for path in entries.files {
                        has_document = true;
                        self.take_file(&path);
                    }
                    folders.extend(entries.folders.into_iter().rev());
                }
                Err(error) => self.unreadable(&folder, &error),
            }
            if self.is_full {
                return;
            }
        }
        let is_silent =
            self.problems.len() == problems_before && self.seen_files.len() == files_before;
        if is_silent && !has_document {
            let hint = format!("documents in a folder end in .{}", ENDINGS.join(", ."));
            self.problem(root, code::NO_FILES, "the folder holds no document", &hint);
        }
    }

    /// What stands in a folder; nothing, where the folder was seen before.
    fn entries(&mut self, folder: &Path) -> io::Result<Entries> {
        let mut entries = Entries::default();
        if !self.seen_folders.insert(fs::canonicalize(folder)?) {
            return Ok(entries);
        }
        if self.seen_folders.len() > DOCUMENT_FILES_MAX {
            self.full(folder, &format!("more than {DOCUMENT_FILES_MAX} folders"));
            return Ok(entries);
        }
        let mut names: Vec<_> = fs::read_dir(folder)?
            .map(|entry| entry.map(|e| e.file_name()))
            .collect::<Result<_, _>>()?;
        names.sort();
        for name in names.iter().filter(|name| !name.as_encoded_bytes().starts_with(b".")) {
            let path = folder.join(name);
            // Follows links; one that leads nowhere is only of interest when it is named like a document.
            let is_folder = fs::metadata(&path).is_ok_and(|meta| meta.is_dir());
            if is_folder {
                entries.folders.push(path);
            } else if is_document(&path) {
                entries.files.push(path);
            }
        }
        Ok(entries)
    }

    fn take_file(&mut self, path: &Path) {
        if self.is_full {
            return;
        }
        match self.read(path) {
            Ok(None) => {}
            Ok(Some(bytes)) => {
                self.bytes += bytes.len();
                self.files.push((path.display().to_string(), bytes));
            }
            Err(error) => self.unreadable(path, &error),
        }
        if self.bytes > DOCUMENT_TOTAL_BYTES_MAX {
            self.full(path, &format!("more than {DOCUMENT_TOTAL_BYTES_MAX} bytes in all files"));
        }
    }

    /// The content of a file, and one byte more than a document may have at most; `None` where it was read before.
    fn read(&mut self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        // A pipe or device may never end, and opening it may block.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        if !self.seen_files.insert(fs::canonicalize(path)?) {
            return Ok(None);
        }
        if self.seen_files.len() > DOCUMENT_FILES_MAX {
            self.full(path, &format!("more than {DOCUMENT_FILES_MAX} files"));
            return Ok(None);
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        if error.kind() == io::ErrorKind::NotFound {
            let message = format!("{} does not exist", path.display());
            return self.problem(path, code::UNREADABLE, &message, "check the path");
        }
        let hint = match error.kind() {
            io::ErrorKind::PermissionDenied => "allow reading it",
            _ => "leave it out, or make it readable",
        };
        self.problem(path, code::UNREADABLE, &format!("cannot be read: {error}"), hint);
    }

    fn full(&mut self, path: &Path, what: &str) {
        self.is_full = true;
        let message = format!("there are {what}; what follows is not checked");
        self.problem(path, code::TOO_MANY_FILES, &message, "check a smaller folder");
    }

    fn problem(&mut self, path: &Path, code: &'static str, message: &str, hint: &str) {
        self.problems.push(Problem::of_file(&path.display().to_string(), code, message, hint));
    }
}

#[derive(Debug, Default)]
struct Entries {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

fn is_document(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}
