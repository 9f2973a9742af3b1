//! What is to be read, and how.

use std::{
    cmp::Ordering,
    fmt,
    hash::{BuildHasher as _, RandomState},
    io::Read,
    num::NonZeroUsize,
    path::PathBuf,
    thread,
};

use plimsoll_core::{
    measure::{
        accesslog::Format,
        tally::{Method, Seed},
    },
    printable::printable,
};

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// Standard input, plain or compressed. Given twice it is still read once.
    Stdin,
    /// A file, or anything else that can be opened and read, such as a pipe.
    Path(PathBuf),
    /// A log that the program makes itself.
    Made(Made),
}

/// A log that the program makes itself: a name, and what makes it.
#[derive(Clone, Copy)]
pub struct Made {
    /// What it is called in reports.
    pub name: &'static str,
    /// Begins it anew. The same bytes each time.
    pub make: fn() -> Box<dyn Read + Send>,
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Made({})", self.name)
    }
}

/// Two are the same when they have the same name.
impl PartialEq for Made {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Made {}

impl PartialOrd for Made {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Made {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(other.name)
    }
}

impl Input {
    /// The input that an argument names; `-` is standard input.
    pub fn of_argument(argument: impl Into<PathBuf>) -> Self {
        let path = argument.into();
        if path.as_os_str() == "-" { Input::Stdin } else { Input::Path(path) }
    }
}

impl fmt::Display for Input {
    /// Its name, printable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Stdin => f.write_str("standard input"),
            Input::Path(path) => f.write_str(&printable(&path.display().to_string())),
            Input::Made(made) => f.write_str(made.name),
        }
    }
}

/// How inputs are read.
#[derive(Debug, Clone)]
pub struct Options {
    /// How requests are counted.
    pub method: Method,
    /// The format of every input; `None` to tell it from the beginning of each.
    pub format: Option<Format>,
    /// Requests later than this are malformed, in seconds since 1970: the clock and a day, to leave room for clocks
    /// that are wrong.
    pub not_after_s: i64,
    /// How many threads parse.
    pub threads: NonZeroUsize,
    /// How much of a plain file a thread takes at once, in bytes.
    pub chunk_bytes: NonZeroUsize,
    /// How much is read at once, in bytes. This should stay in a core's own cache.
    pub block_bytes: NonZeroUsize,
    /// What names are hashed with. Results do not depend on it.
    pub seed: Seed,
}

impl Options {
    /// Everything by itself, on all cores.
    pub fn new(not_after_s: i64) -> Self {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Options {
            method: Method::default(),
            format: None,
            not_after_s,
            threads,
            chunk_bytes: const { NonZeroUsize::new(8 << 20).unwrap() },
            block_bytes: const { NonZeroUsize::new(256 << 10).unwrap() },
            seed: Seed::new(RandomState::new().hash_one(0), RandomState::new().hash_one(1)),
        }
    }
}

/// How far reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read, as they lie on the disk.
    pub done_bytes: u64,
    /// Bytes to read; `None` when an input does not tell its size.
    pub total_bytes: Option<u64>,
}
