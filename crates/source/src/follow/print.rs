//! What a log is known by when its name and its place on the disk have changed.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use memchr::memchr_iter;
use plimsoll_core::limits::{FOLLOW_PRINT_BYTES, FOLLOW_STARTS_MAX};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Length and hash of a few bytes of a log; the default is of none. The bytes themselves are not kept: they may be personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Print {
    bytes: u64,
    /// The first half of their SHA-256.
    hash: [u64; 2],
}

impl Print {
    pub(super) fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Print::default();
        }
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let word =
            |at: usize| digest[at..at + 8].iter().fold(0, |word, b| word << 8 | u64::from(*b));
        Print { bytes: bytes.len() as u64, hash: [word(0), word(8)] }
    }

    /// Of the first bytes of a file, as many as are known when everything before `offset` is.
    pub(super) fn head(file: &File, offset: u64) -> io::Result<Self> {
        range(file, 0, offset.min(FOLLOW_PRINT_BYTES as u64)).map(|bytes| Print::of(&bytes))
    }

    /// Of the last bytes of a file before `offset`.
    pub(super) fn tail(file: &File, offset: u64) -> io::Result<Self> {
        let from = offset.saturating_sub(FOLLOW_PRINT_BYTES as u64);
        range(file, from, offset).map(|bytes| Print::of(&bytes))
    }

    /// Short prints of each beginning that ends with a line, of the first lines.
    pub(super) fn starts(head: &[u8]) -> Vec<u64> {
        let ends = memchr_iter(b'\n', head).take(FOLLOW_STARTS_MAX);
        ends.map(|end| Print::of(&head[..=end]).short()).collect()
    }

    /// A shorter hash.
    pub(super) fn short(self) -> u64 {
        self.hash[0]
    }

    /// How many bytes it was taken of.
    pub(super) fn bytes(self) -> u64 {
        self.bytes
    }

    /// Whether it is of as many bytes as a print can be of: no two logs begin alike for so long by chance.
    pub(super) fn is_full(self) -> bool {
        self.bytes == FOLLOW_PRINT_BYTES as u64
    }

    /// Whether `bytes` begin with what it was taken of.
    pub(super) fn begins(self, bytes: &[u8]) -> bool {
        bytes.get(..self.bytes as usize).is_some_and(|begin| Print::of(begin) == self)
    }
}

/// The bytes of a file from `from` to `to`; fewer where it ends before.
pub(super) fn range(file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let mut file = file;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(to - from).read_to_end(&mut bytes)?;
    Ok(bytes)
}
