//! The data folder: one process owns it, and nobody else may look into it.
//!
//! `lock` says who owns it (and is held through the operating system, so a crash frees it), `local.token` lets its
//! owner's commands in, `journal.db` and `slots.db` are the store.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process,
};

use crate::{
    backup::{partial_of, remove_partial},
    error::Error,
    limits::{LOCK_BYTES_MAX, TOKEN_BYTES_MAX},
    sqlite::{log_of, sync_folder},
};

const LOCK: &str = "lock";
const TOKEN: &str = "local.token";
pub(crate) const JOURNAL: &str = "journal.db";
pub(crate) const SLOTS: &str = "slots.db";

/// Read, write and enter: the owner, nobody else.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// What group and others may do.
const OTHERS: u32 = 0o077;

/// A data folder that belongs to this process until it is dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: File,
}

/// Who has a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner {
    /// Where it listens; `None` while it starts, or when it only acts once.
    pub address: Option<String>,
    /// Its process id.
    pub pid: Option<u32>,
}

/// Why a folder cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderError {
    /// Another process has it.
    InUse {
        /// Which folder.
        folder: PathBuf,
        /// Who has it.
        owner: Owner,
    },
    /// There are files in it, and none of ours: it belongs to something else.
    NotOurs {
        /// Which folder.
        folder: PathBuf,
        /// One of the files.
        found: String,
    },
    /// Others could have read the token.
    TokenExposed {
        /// The token's file.
        file: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The operating system would not.
    Store(Error),
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FolderError::InUse { folder, owner } => write!(
                f,
                "{}: in use by {owner}. Send commands to it, stop it, or name another folder",
                folder.display()
            ),
            FolderError::NotOurs { folder, found } => write!(
                f,
                "{}: holds `{found}` and no journal. Name an empty folder, or one that this program made",
                folder.display()
            ),
            FolderError::TokenExposed { file, mode } => write!(
                f,
                "{}: its mode is {mode:04o}, so others may have read it. Delete it; a new one is made",
                file.display()
            ),
            FolderError::Store(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.pid, &self.address) {
            (Some(pid), Some(address)) => write!(f, "process {pid}, which listens on {address}"),
            (Some(pid), None) => write!(f, "process {pid}"),
            (None, _) => write!(f, "another process"),
        }
    }
}

impl std::error::Error for FolderError {}

impl From<Error> for FolderError {
    fn from(error: Error) -> Self {
        FolderError::Store(error)
    }
}

impl Folder {
    /// Takes the folder for this process, and makes it where it is not. Others lose their right to look into it.
    ///
    /// # Errors
    /// When another process has it (and which), when it holds something else, or when it may not be written to.
    pub fn lock(path: &Path) -> Result<Folder, FolderError> {
        let io = |doing| move |e: io::Error| Error::of_io(path, doing, &e);
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(path)
            .map_err(io("make the folder"))?;
        check_ours(path)?;
        let at = path.join(LOCK);
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(&at)
            .map_err(|e| Error::of_io(&at, "take the folder", &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let owner = owner_in(&lock);
                return Err(FolderError::InUse { folder: path.into(), owner });
            }
            Err(TryLockError::Error(e)) => {
                return Err(Error::of_io(&at, "take the folder", &e).into());
            }
        }
        close_to_others(path).map_err(io("close the folder to others"))?;
        let folder = Folder { path: path.into(), lock };
        folder.sign(None)?;
        Ok(folder)
    }

    /// Tells whoever asks where this process listens.
    ///
    /// # Errors
    /// When the lock file cannot be written.
    pub fn announce(&self, address: &str) -> Result<(), Error> {
        self.sign(Some(address))
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its journal is.
    pub fn journal(&self) -> PathBuf {
        journal_of(&self.path)
    }

    /// Where its slots are.
    pub fn slots(&self) -> PathBuf {
        self.path.join(SLOTS)
    }

    /// Whether a journal is there, or nothing yet that comes with one: a start makes the journal first, and a restore
    /// brings it last.
    ///
    /// # Errors
    /// [`Error::Gone`]: what is there was left without its journal.
    pub fn check_journal(&self) -> Result<(), Error> {
        let file = self.journal();
        // A file of one byte counts as empty for SQLite.
        let has_bytes = |file: &Path| file.metadata().is_ok_and(|found| found.len() > 1);
        if has_bytes(&file) || has_bytes(&log_of(&file)) {
            return Ok(());
        }
        let partial = partial_of(&self.slots());
        match [self.slots(), partial].into_iter().find(|left| left.exists()) {
            Some(left) => Err(Error::Gone { file, left }),
            None => Ok(()),
        }
    }

    /// The owner's token; `None` while there is none.
    ///
    /// # Errors
    /// When others may read it, or it cannot be read.
    pub fn token(path: &Path) -> Result<Option<String>, FolderError> {
        let file = path.join(TOKEN);
        let io = |e: io::Error| Error::of_io(&file, "read the token", &e);
        let open = match File::open(&file) {
            Ok(open) => open,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(io(e).into()),
        };
        let mode = open.metadata().map_err(io)?.permissions().mode() & 0o7777;
        if mode & OTHERS != 0 {
            return Err(FolderError::TokenExposed { file, mode });
        }
        // Whatever is no token any more is no trouble of the disk: whoever asked sees that it is none.
        let mut token = Vec::new();
        open.take(TOKEN_BYTES_MAX).read_to_end(&mut token).map_err(io)?;
        Ok(Some(String::from_utf8_lossy(&token).trim_end().to_owned()))
    }

    /// Keeps a token, in place of the one before, where only the owner reads it.
    ///
    /// # Errors
    /// When it cannot be written. The one before is then still there.
    pub fn keep_token(&self, token: &str) -> Result<(), Error> {
        let file = self.path.join(TOKEN);
        let partial = partial_of(&file);
        let io = |e: io::Error| Error::of_io(&file, "keep the token", &e);
        remove_partial(&partial);
        let mut open = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(&partial)
            .map_err(io)?;
        open.write_all(token.as_bytes())
            .and_then(|()| open.write_all(b"\n"))
            .and_then(|()| open.sync_all())
            .and_then(|()| fs::rename(&partial, &file))
            .map_err(io)?;
        sync_folder(&file)
    }

    /// Writes who has the folder: the process, then where it listens. Shorter than a page, so read whole or not.
    fn sign(&self, address: Option<&str>) -> Result<(), Error> {
        let text = format!("{}\n{}\n", process::id(), address.unwrap_or_default());
        let written = self.lock.write_all_at(text.as_bytes(), 0);
        written
            .and_then(|()| self.lock.set_len(text.len() as u64))
            .map_err(|e| Error::of_io(&self.path.join(LOCK), "sign the lock", &e))
    }
}

/// What a folder lacks before it is made, so that whoever fails to fill it takes away what they made, and no more.
#[derive(Debug)]
pub(crate) struct Lacking {
    lock: Option<PathBuf>,
    /// The folder and those around it, the innermost first.
    folders: Vec<PathBuf>,
}

impl Lacking {
    pub(crate) fn of(path: &Path) -> Self {
        let lock = path.join(LOCK);
        let is_lacking = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let folders = path.ancestors().take_while(is_lacking).map(Path::to_path_buf).collect();
        Lacking { lock: (!lock.exists()).then_some(lock), folders }
    }

    /// Takes away what was lacking and is there now. What somebody else put into a folder stays, with the folder.
    pub(crate) fn take_away(&self) {
        if let Some(lock) = &self.lock {
            let _ = fs::remove_file(lock);
        }
        for folder in &self.folders {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Where the journal of a folder is, whoever has it.
pub fn journal_of(folder: &Path) -> PathBuf {
    folder.join(JOURNAL)
}

fn owner_in(lock: &File) -> Owner {
    let mut text = String::new();
    // Whatever cannot be read is not known; the folder is in use all the same.
    let _ = lock.take(LOCK_BYTES_MAX).read_to_string(&mut text);
    let mut lines = text.lines();
    let pid = lines.next().and_then(|line| line.parse().ok());
    let address = lines.next().filter(|line| !line.is_empty()).map(str::to_owned);
    Owner { address, pid }
}

/// A folder is ours when it is empty or holds a file of ours: nobody's home is closed by a slip of the hand.
fn check_ours(path: &Path) -> Result<(), FolderError> {
    let io = |e: io::Error| Error::of_io(path, "look into the folder", &e);
    if [LOCK, JOURNAL].iter().any(|name| path.join(name).exists()) {
        return Ok(());
    }
    match fs::read_dir(path).map_err(io)?.next() {
        None => Ok(()),
        Some(found) => {
            let found = found.map_err(io)?.file_name().to_string_lossy().into_owned();
            Err(FolderError::NotOurs { folder: path.into(), found })
        }
    }
}

fn close_to_others(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & OTHERS == 0 {
        Ok(())
    } else {
        fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE))
    }
}
