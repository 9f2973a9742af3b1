//! How a command fails: what went wrong, why, what to do, and the exit code.

use std::{
    fmt::{self, Display},
    io::Write as _,
    process::ExitCode,
};

use plimsoll_core::printable::printable_lines;

/// Exit code when the input could not be used.
pub const INPUT: u8 = 1;

/// Exit code when the command line or a configuration is wrong.
pub const USAGE: u8 = 2;

/// Why a command ended without its answer.
#[derive(Debug)]
pub struct Failure {
    what: String,
    hint: Option<String>,
    code: u8,
}

impl Failure {
    /// The input could not be used.
    pub fn input(what: impl Display) -> Self {
        Failure { what: what.to_string(), hint: None, code: INPUT }
    }

    /// The command was called in a way that cannot be answered.
    pub fn usage(what: impl Display) -> Self {
        Failure { what: what.to_string(), hint: None, code: USAGE }
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
