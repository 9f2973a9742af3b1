//! What the system knows an input by, whatever it is called.

use std::fs::Metadata;
#[cfg(target_os = "linux")]
use std::{fs::File, io::Seek as _};

use crate::input::Input;

/// An input as the system knows it: two names with the same identity lead to the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Device and number on it.
    key: (u64, u64),
    /// Whether it is a file, which can be read any number of times.
    pub(crate) is_file: bool,
}

impl Identity {
    /// The identity of an input; `None` where the system tells none.
    pub(crate) fn of(input: &Input) -> Option<Self> {
        match input {
            Input::Stdin => of_stdin(),
            Input::Path(path) => of_metadata(&path.metadata().ok()?),
            Input::Made(_) => None,
        }
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems tell none")]
fn of_metadata(metadata: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    Some(Identity { key: (metadata.dev(), metadata.ino()), is_file: metadata.is_file() })
}

#[cfg(unix)]
fn of_stdin() -> Option<Identity> {
    of_metadata(&stdin()?.metadata().ok()?)
}

/// Standard input as a file, sharing its position.
#[cfg(unix)]
fn stdin() -> Option<std::fs::File> {
    use std::os::fd::AsFd as _;
    Some(std::io::stdin().as_fd().try_clone_to_owned().ok()?.into())
}

#[cfg(not(unix))]
fn of_metadata(_: &Metadata) -> Option<Identity> {
    None
}

#[cfg(not(unix))]
fn of_stdin() -> Option<Identity> {
    None
}

/// The file that standard input was redirected from, opened anew; `None` where it is no file, or was read from.
#[cfg(target_os = "linux")]
pub(crate) fn file_of_stdin() -> Option<File> {
    let mut given = stdin()?;
    let is_untouched = given.metadata().ok()?.is_file() && given.stream_position().ok()? == 0;
    let file = is_untouched.then(|| File::open("/proc/self/fd/0").ok()).flatten()?;
    (of_metadata(&file.metadata().ok()?) == of_stdin()).then_some(file)
}

/// Elsewhere a file cannot be opened anew without its name.
#[cfg(not(target_os = "linux"))]
pub(crate) fn file_of_stdin() -> Option<std::fs::File> {
    None
}
