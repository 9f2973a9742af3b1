//! Why a batch is not in the journal.

use std::fmt;

use super::{entry::Head, json_line::NotJson};
use crate::{error::Error, limits::BATCH_ENTRIES_MAX};

/// Why an append did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendError {
    /// The journal has an entry the writer has not seen. Read it, decide again, append again.
    HeadMoved {
        /// What the writer took for the newest entry.
        expected: Head,
        /// The newest entry.
        found: Head,
    },
    /// The batch cannot be in a journal. Sending it again does not help.
    Refused(Refused),
    /// The disk is full; nothing of the batch was kept. It may be sent again.
    Full(Error),
    /// The journal may not be written to; nothing of the batch was kept.
    ReadOnly(Error),
    /// It is unknown whether the batch is there. Open the journal again to see.
    Failed(Error),
}

/// What is wrong with a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// An entry is older than the one before it.
    BackInTime {
        /// Its time.
        at_ms: i64,
        /// The time of the one before.
        newest_ms: i64,
    },
    /// The actor or the event cannot be written as one line of JSON.
    NotJson(NotJson),
    /// The event does not read back as it was written: who replays the journal would find another one, or none.
    ReadsOtherwise,
    /// A part is above its limit.
    TooLarge {
        /// Which part.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// More entries than one batch may hold.
    TooMany {
        /// How many.
        entries: usize,
    },
    /// The key was answered before.
    ReplyExists {
        /// Which.
        key: String,
    },
}

impl From<Error> for AppendError {
    fn from(error: Error) -> Self {
        match error {
            Error::Full { .. } => AppendError::Full(error),
            Error::ReadOnly { .. } => AppendError::ReadOnly(error),
            _ => AppendError::Failed(error),
        }
    }
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AppendError::HeadMoved { expected, found } => write!(
                f,
                "the journal is at entry {}, not at {} as expected; read what is new and decide again",
                found.seq, expected.seq
            ),
            AppendError::Refused(refused) => refused.fmt(f),
            AppendError::Full(error)
            | AppendError::ReadOnly(error)
            | AppendError::Failed(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::BackInTime { at_ms, newest_ms } => write!(
                f,
                "time {at_ms} ms is before the newest entry's {newest_ms} ms; entries never go back in time"
            ),
            Refused::NotJson(why) => why.fmt(f),
            Refused::ReadsOtherwise => {
                f.write_str("the event does not read back as it was written")
            }
            Refused::TooLarge { what, bytes, limit } => {
                write!(f, "the {what} has {bytes} bytes, above the limit of {limit}")
            }
            Refused::TooMany { entries } => write!(
                f,
                "a batch of {entries} entries is above the limit of {BATCH_ENTRIES_MAX}; append it in parts"
            ),
            Refused::ReplyExists { key } => {
                write!(f, "the idempotency key `{key}` was answered before; give that answer again")
            }
        }
    }
}

impl std::error::Error for AppendError {}
impl std::error::Error for Refused {}
