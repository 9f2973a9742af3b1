//! A journal made from an export, held against its hashes line by line.

use std::{
    fmt,
    io::{self, BufRead, Read},
    path::Path,
};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Journal,
    chain::{Hash, hash},
    entry::{Batch, Draft, Head},
    file::JournalFile,
    json_line::JsonLine,
    refused::AppendError,
};
use crate::{
    backup::{give_name, partial_of, remove_partial},
    error::{Damage, Error, Place},
    limits::EXPORT_LINE_BYTES_MAX,
};

/// Entries, and bytes of entries, that are appended at once.
const PAGE: usize = 1000;
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Why an import was refused. Nothing of it is kept.
#[derive(Debug)]
pub enum ImportError {
    /// The new journal could not be written, or a line of the export is damaged.
    Journal(Error),
    /// The entries cannot be in a journal.
    Append(AppendError),
    /// The export could not be read.
    Read(io::Error),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::Journal(error) => error.fmt(f),
            ImportError::Append(error) => error.fmt(f),
            ImportError::Read(error) => write!(f, "the export could not be read: {error}"),
        }
    }
}

impl std::error::Error for ImportError {}

impl From<Error> for ImportError {
    fn from(error: Error) -> Self {
        ImportError::Journal(error)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryLine<'a> {
    seq: u64,
    at_ms: i64,
    #[serde(borrow)]
    actor: &'a RawValue,
    #[serde(borrow)]
    event: &'a RawValue,
    hash: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndLine {
    end: End,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    seq: u64,
    hash: String,
}

/// Makes a journal at `file` from an export. `name` is what messages call the export. The file gets its name when
/// every line was held against the chain and the last one was there; secrets are not in an export.
///
/// # Errors
/// When `file` is there or cannot be written, or when a line is not as it was exported: then nothing is left.
pub fn import(name: &Path, input: impl BufRead, file: &Path) -> Result<Head, ImportError> {
    if file.exists() {
        return Err(Error::Exists { file: file.into() }.into());
    }
    let partial = partial_of(file);
    remove_partial(&partial);
    let done = import_into(name, input, &partial);
    match done {
        Ok(head) => give_name(&partial, file).map(|()| head).map_err(ImportError::Journal),
        Err(error) => {
            remove_partial(&partial);
            Err(error)
        }
    }
}

fn import_into(name: &Path, mut input: impl BufRead, file: &Path) -> Result<Head, ImportError> {
    let mut journal = JournalFile::open(file)?;
    let bad = |line: u64, what: String| {
        ImportError::Journal(Error::Damaged(Damage {
            file: name.into(),
            place: Place::Line(line),
            what,
        }))
    };
    let (mut head, mut page) = (Head::EMPTY, Page::default());
    for number in 1.. {
        let Some(line) = next_line(&mut input).map_err(|e| match e.kind() {
            io::ErrorKind::InvalidData => bad(number, e.to_string()),
            _ => ImportError::Read(e),
        })?
        else {
            return Err(bad(
                number,
                "it should be the line that says where the export ends".into(),
            ));
        };
        if let Ok(EndLine { end }) = serde_json::from_str(&line) {
            if end.seq != head.seq || of_hex(&end.hash) != Some(head.hash) {
                return Err(bad(number, "it does not match the entries before it".into()));
            }
            if next_line(&mut input).map_err(ImportError::Read)?.is_some() {
                return Err(bad(number + 1, "there is more after the end".into()));
            }
            break;
        }
        let (next, draft) = entry_of(&line, head).map_err(|what| bad(number, what))?;
        head = next;
        page.push(draft);
        if page.is_full() {
            page.append(&mut journal)?;
        }
    }
    page.append(&mut journal)?;
    journal.close()?;
    Ok(head)
}

#[derive(Default)]
struct Page {
    batch: Batch,
    bytes: usize,
}

impl Page {
    fn push(&mut self, draft: Draft) {
        self.bytes += draft.actor.len() + draft.event.len();
        self.batch.entries.push(draft);
    }

    fn is_full(&self) -> bool {
        self.batch.entries.len() >= PAGE || self.bytes >= PAGE_BYTES
    }

    fn append(&mut self, journal: &mut JournalFile) -> Result<(), ImportError> {
        journal.append(journal.head(), &self.batch).map_err(ImportError::Append)?;
        *self = Page::default();
        Ok(())
    }
}

/// The entry of a line, if it follows `head`.
fn entry_of(line: &str, head: Head) -> Result<(Head, Draft), String> {
    let entry: EntryLine<'_> = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let (actor, event) = (entry.actor.get(), entry.event.get());
    let found = hash(&head.hash, entry.seq, entry.at_ms, actor, event);
    if entry.seq != head.seq + 1 {
        return Err(format!("it holds entry {} where {} should be", entry.seq, head.seq + 1));
    }
    if of_hex(&entry.hash) != Some(found) {
        return Err("its hash does not match its content and the entry before it".into());
    }
    let line = |text: &str| JsonLine::parse(text).map_err(|error| error.to_string());
    let draft = Draft { at_ms: entry.at_ms, actor: line(actor)?, event: line(event)? };
    Ok((Head { seq: entry.seq, at_ms: entry.at_ms, hash: found }, draft))
}

fn next_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = input.take(EXPORT_LINE_BYTES_MAX as u64 + 1).read_line(&mut line)?;
    if read > EXPORT_LINE_BYTES_MAX {
        let what = format!("it is longer than {EXPORT_LINE_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    Ok((read > 0).then_some(line))
}

fn of_hex(text: &str) -> Option<Hash> {
    let digit = |byte: u8| (byte as char).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
    let digits: Option<Vec<u8>> = text.bytes().map(|b| digit(b).map(|d| d as u8)).collect();
    let bytes: Vec<u8> =
        digits?.chunks(2).map(|pair| pair.iter().fold(0, |n, d| n * 16 + d)).collect();
    (text.len() == 64).then_some(())?;
    bytes.try_into().ok()
}
