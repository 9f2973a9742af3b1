//! How a command fails: what went wrong, why, what to do, and the exit code.

use std::{
    fmt::{self, Display},
    io::Write as _,
    process::ExitCode,
};

use plimsoll_core::printable::printable_lines;
use plimsoll_server::{measure::keeper::StartError, replay::ReplayError, serve::OpenError};
use plimsoll_store::{Error, folder::FolderError};

/// Exit code when the input could not be used, or what is kept is damaged.
pub const INPUT: u8 = 1;

/// Exit code when the command line or a configuration is wrong, or the server or the folder cannot be had.
pub const USAGE: u8 = 2;

/// How far a question came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It was not heard: what it was asked with is wrong, such as an address, a folder or a token.
    Wrongly,
    /// Nobody answers for now.
    Nobody,
    /// A server answered that the question is wrong.
    Answered,
}

/// Why a command ended without its answer.
#[derive(Debug)]
pub struct Failure {
    what: String,
    hint: Option<String>,
    code: u8,
    asked: Asked,
}

impl Failure {
    /// The input could not be used.
    pub fn input(what: impl Display) -> Self {
        Failure { what: what.to_string(), hint: None, code: INPUT, asked: Asked::Wrongly }
    }

    /// The command was called in a way that cannot be answered.
    pub fn usage(what: impl Display) -> Self {
        Failure { what: what.to_string(), hint: None, code: USAGE, asked: Asked::Wrongly }
    }

    /// Nobody answers for now.
    pub fn away(what: impl Display) -> Self {
        Failure { asked: Asked::Nobody, ..Failure::usage(what) }
    }

    /// A server answered that what it was asked for cannot be had.
    pub fn answered(what: impl Display) -> Self {
        Failure { asked: Asked::Answered, ..Failure::input(what) }
    }

    /// Something that is kept could not be used.
    pub fn stored(error: &Error) -> Self {
        match error {
            Error::Damaged(_)
            | Error::Gone { .. }
            | Error::NotOurs { .. }
            | Error::Exists { .. } => Failure::input(error),
            error => Failure::usage(error),
        }
    }

    /// The lock of a folder could not be had.
    pub fn locked(error: &FolderError) -> Self {
        match error {
            FolderError::Store(error) => Failure::stored(error),
            error => Failure::usage(error),
        }
    }

    /// A folder could not be opened.
    pub fn opened(error: &OpenError) -> Self {
        match error {
            OpenError::Folder(error) => Failure::locked(error),
            OpenError::Store(error)
            | OpenError::Replay(ReplayError::Store(error))
            | OpenError::Keeper(StartError::Store(error)) => Failure::stored(error),
            OpenError::Unbound(_) | OpenError::Replay(_) => Failure::input(error),
            error => Failure::usage(error),
        }
    }

    /// What went wrong, without what to do about it.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// How far the question came.
    pub fn asked(&self) -> Asked {
        self.asked
    }

    /// The exit code.
    #[cfg(test)]
    pub fn code(&self) -> u8 {
        self.code
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// Writes it to standard error and gives the exit code.
    pub fn report(&self) -> ExitCode {
        // Where standard error is gone nobody is left to tell; the exit code still says it.
        let _ = writeln!(anstream::stderr(), "{self}");
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", printable_lines(&self.what))?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {}", printable_lines(hint))?;
        }
        Ok(())
    }
}
