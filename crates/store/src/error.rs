//! What can go wrong with a file of the store, in words for the person who has to act on it.

use std::{fmt, io, path::Path, path::PathBuf};

use rusqlite::ffi;

/// Why the store could not do what it was asked. Every variant names the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The disk is full. Nothing of the change was kept, and what was there before is unharmed.
    Full {
        /// Where it was to be written.
        file: PathBuf,
    },
    /// The file or its folder may not be written to.
    ReadOnly {
        /// Which.
        file: PathBuf,
    },
    /// There is no such file.
    Absent {
        /// Which.
        file: PathBuf,
    },
    /// The file is gone, or empty, while something that never is without it is there.
    Gone {
        /// Which.
        file: PathBuf,
        /// What was left.
        left: PathBuf,
    },
    /// A file was to be made where one is.
    Exists {
        /// Which.
        file: PathBuf,
    },
    /// The file is something else.
    NotOurs {
        /// Which.
        file: PathBuf,
        /// What it should have been, such as `journal`.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// The file was written by a newer version of this program.
    TooNew {
        /// Which.
        file: PathBuf,
        /// Version of its tables.
        found: u32,
        /// Newest version this program knows.
        known: u32,
    },
    /// What is in the file is not what was written.
    Damaged(Damage),
    /// The outside world failed: the disk, the file system, the operating system. Whether the change reached the
    /// disk is unknown until the file is opened again.
    Failed {
        /// Which file.
        file: PathBuf,
        /// What was being done, such as `append to the journal`.
        doing: &'static str,
        /// What the system said.
        why: String,
    },
    /// An earlier failure left it unknown what is on the disk; nothing more is done until the file is opened again.
    Poisoned {
        /// Which file.
        file: PathBuf,
        /// The earlier failure.
        since: String,
    },
    /// What was to be written is above a limit.
    TooLarge {
        /// What.
        what: &'static str,
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
}

/// Where a file is damaged, and how that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Which file.
    pub file: PathBuf,
    /// Where in it.
    pub place: Place,
    /// What is wrong there.
    pub what: String,
}

/// A place in a damaged file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// This entry of the journal. All entries before it are sound.
    Entry(u64),
    /// This line of an export.
    Line(u64),
    /// Somewhere in the file, not in an entry.
    Elsewhere,
}

impl Error {
    /// A damaged journal entry.
    pub(crate) fn entry(file: &Path, seq: u64, what: impl Into<String>) -> Self {
        Error::Damaged(Damage { file: file.into(), place: Place::Entry(seq), what: what.into() })
    }

    /// Damage that is in no entry.
    pub(crate) fn damaged(file: &Path, what: impl Into<String>) -> Self {
        Error::Damaged(Damage { file: file.into(), place: Place::Elsewhere, what: what.into() })
    }

    /// What an operation on a plain file met.
    pub(crate) fn of_io(file: &Path, doing: &'static str, error: &io::Error) -> Self {
        let file = file.to_path_buf();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full { file },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Error::ReadOnly { file }
            }
            io::ErrorKind::NotFound => Error::Absent { file },
            io::ErrorKind::AlreadyExists => Error::Exists { file },
            _ => Error::Failed { file, doing, why: error.to_string() },
        }
    }

    /// What a call of SQLite met.
    pub(crate) fn of_sqlite(file: &Path, doing: &'static str, error: &rusqlite::Error) -> Self {
        let why = error.to_string();
        let code = error.sqlite_error().map_or(0, |e| e.extended_code);
        let file = file.to_path_buf();
        match code & 0xff {
            // What is shared beside the file needs room, too.
            _ if code == ffi::SQLITE_IOERR_SHMSIZE => Error::Full { file },
            ffi::SQLITE_FULL => Error::Full { file },
            _ if code == ffi::SQLITE_IOERR_SHORT_READ => Error::damaged(&file, "it ends early"),
            ffi::SQLITE_CANTOPEN if !file.exists() => Error::Absent { file },
            ffi::SQLITE_READONLY | ffi::SQLITE_PERM | ffi::SQLITE_CANTOPEN => {
                Error::ReadOnly { file }
            }
            ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => Error::damaged(&file, why),
            _ if is_of_content(error) => Error::damaged(&file, why),
            _ => Error::Failed { file, doing, why },
        }
    }

    /// Whether the change certainly did not happen, so that the same handle may try again.
    pub fn is_certain(&self) -> bool {
        !matches!(self, Error::Failed { .. } | Error::Poisoned { .. } | Error::Damaged(_))
    }
}

/// Whether a column held something that is never written there.
fn is_of_content(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
    };
    matches!(
        error,
        FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | Utf8Error(..)
    )
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Full { file } => write!(
                f,
                "{}: the disk is full; nothing of the change was kept and nothing was lost. Free some space",
                file.display()
            ),
            Error::ReadOnly { file } => write!(
                f,
                "{}: may not be written to. Give the folder and its files to the user that runs this, or mount \
                 the file system for writing",
                file.display()
            ),
            Error::Absent { file } => write!(f, "{}: there is no such file", file.display()),
            Error::Gone { file, left } => write!(
                f,
                "{}: gone, or empty, though {} is there: it was lost, or a restore was cut short. Restore a backup \
                 into a new folder",
                file.display(),
                left.file_name().unwrap_or_default().display()
            ),
            Error::Exists { file } => write!(
                f,
                "{}: exists already and is not overwritten. Name another, or move it away",
                file.display()
            ),
            Error::NotOurs { file, expected, found } => write!(
                f,
                "{}: not a {expected} but {found}. Name the right folder, or move the file away",
                file.display()
            ),
            Error::TooNew { file, found, known } => write!(
                f,
                "{}: its tables have version {found}, this program knows up to {known}. Use the newer program \
                 that wrote it, or restore a backup from before",
                file.display()
            ),
            Error::Damaged(damage) => damage.fmt(f),
            Error::Failed { file, doing, why } => write!(
                f,
                "{}: could not {doing}: {why}. Look at the disk and at the system's log; what was acknowledged \
                 before is kept, and opening the file again shows whether this was",
                file.display()
            ),
            Error::Poisoned { file, since } => write!(
                f,
                "{}: nothing is done with it after a failure until it is opened again ({since})",
                file.display()
            ),
            Error::TooLarge { what, bytes, limit } => {
                write!(
                    f,
                    "the {what} has {bytes} bytes, above the limit of {limit}. Send less at once"
                )
            }
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.place {
            Place::Entry(seq) => write!(
                f,
                "{file}: entry {seq} is damaged: {}. {} Keep a copy of the file, check the disk, and restore the \
                 newest backup that verifies",
                self.what,
                sound_before(seq)
            ),
            Place::Line(line) => write!(
                f,
                "{file}: line {line} is damaged: {}. Nothing was imported; export again",
                self.what
            ),
            Place::Elsewhere => write!(
                f,
                "{file}: damaged: {}. Keep a copy of the file, check the disk, and restore the newest backup \
                 that verifies",
                self.what
            ),
        }
    }
}

fn sound_before(seq: u64) -> String {
    match seq {
        0 | 1 => "It is the first.".into(),
        2 => "Entry 1 is sound.".into(),
        _ => format!("Entries 1 to {} are sound.", seq - 1),
    }
}

impl std::error::Error for Error {}
