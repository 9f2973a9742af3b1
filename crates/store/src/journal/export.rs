//! The journal as lines of JSON, to read elsewhere and to check with any SHA-256.
//!
//! One line an entry, `{"seq":1,"at_ms":…,"actor":…,"event":…,"hash":"…"}`, actor and event byte for byte as they are
//! hashed; then one line `{"end":{"seq":…,"hash":"…"}}`, without which the export is not whole. No secrets.

use std::{
    fmt,
    io::{self, Write},
};

use super::{
    chain::Hash,
    entry::{Entry, Head},
    file::JournalReader,
};
use crate::error::Error;

const PAGE: usize = 1000;

/// Why an export stopped.
#[derive(Debug)]
pub enum ExportError {
    /// The journal could not be read.
    Journal(Error),
    /// The lines could not be written.
    Write(io::Error),
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExportError::Journal(error) => error.fmt(f),
            ExportError::Write(error) => write!(f, "the export could not be written: {error}"),
        }
    }
}

impl std::error::Error for ExportError {}

/// Writes every entry up to the head of now, and returns that head.
///
/// # Errors
/// When the journal is damaged or the lines cannot be written. The last line is then missing.
pub fn export(journal: &JournalReader, out: &mut impl Write) -> Result<Head, ExportError> {
    let last = journal.head().map_err(ExportError::Journal)?;
    let mut head = Head::EMPTY;
    while head.seq < last.seq {
        let limit = PAGE.min((last.seq - head.seq) as usize);
        let page = journal.read(head.seq, limit).map_err(ExportError::Journal)?;
        for entry in &page {
            write_line(entry, out).map_err(ExportError::Write)?;
        }
        match page.last() {
            Some(entry) => head = entry.head(),
            None => break,
        }
    }
    let Head { seq, hash, .. } = head;
    writeln!(out, "{{\"end\":{{\"seq\":{seq},\"hash\":\"{}\"}}}}", Hex(&hash))
        .and_then(|()| out.flush())
        .map_err(ExportError::Write)?;
    Ok(head)
}

fn write_line(entry: &Entry, out: &mut impl Write) -> io::Result<()> {
    let Entry { seq, at_ms, actor, event, hash } = entry;
    writeln!(
        out,
        "{{\"seq\":{seq},\"at_ms\":{at_ms},\"actor\":{actor},\"event\":{event},\"hash\":\"{}\"}}",
        Hex(hash)
    )
}

struct Hex<'a>(&'a Hash);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
