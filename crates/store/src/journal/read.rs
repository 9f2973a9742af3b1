//! Entries out of the file, each held against the chain.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row};

use super::{
    chain::flaw,
    entry::{Entry, Head},
};
use crate::{error::Error, limits::READ_BYTES_MAX};

/// Entries that verification reads at once.
const PAGE: usize = 1000;

/// Entries after `after_seq`; see [`super::Journal::read`].
pub(super) fn entries(
    conn: &Connection,
    file: &Path,
    after_seq: u64,
    limit: usize,
) -> Result<Vec<Entry>, Error> {
    page(conn, file, after_seq, limit).map_err(|error| match error {
        // It is said of a damaged entry that those before it are sound: here not all of them were looked at.
        Error::Damaged(_) if after_seq > 0 => walk(conn, file, |_| {}).err().unwrap_or(error),
        _ => error,
    })
}

fn page(conn: &Connection, file: &Path, after_seq: u64, limit: usize) -> Result<Vec<Entry>, Error> {
    let Some(mut head) = head_at(conn, file, after_seq)? else { return Ok(Vec::new()) };
    let damaged =
        |seq: u64, e: &rusqlite::Error| match Error::of_sqlite(file, "read the journal", e) {
            Error::Damaged(damage) => Error::entry(file, seq, damage.what),
            other => other,
        };
    let mut query = conn
        .prepare_cached(
            "SELECT seq, at_ms, hash, actor, event FROM entry WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .map_err(|e| damaged(after_seq + 1, &e))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows =
        query.query((after_seq as i64, limit)).map_err(|e| damaged(after_seq + 1, &e))?;
    let (mut entries, mut bytes) = (Vec::new(), 0);
    while bytes < READ_BYTES_MAX {
        let next = rows.next().map_err(|e| damaged(head.seq + 1, &e))?;
        let Some(row) = next else { break };
        let entry = of_row(row).map_err(|e| damaged(head.seq + 1, &e))?;
        if let Some(what) = flaw(head, &entry) {
            return Err(Error::entry(file, head.seq + 1, what));
        }
        head = entry.head();
        bytes += entry.actor.len() + entry.event.len();
        entries.push(entry);
    }
    Ok(entries)
}

/// The newest entry, held against the one before it.
pub(super) fn newest(conn: &Connection, file: &Path) -> Result<Head, Error> {
    let seq = newest_seq(conn, file)?;
    if seq == 0 {
        return Ok(Head::EMPTY);
    }
    let last = entries(conn, file, seq - 1, 1)?;
    last.first().map(Entry::head).ok_or_else(|| Error::entry(file, seq, "it is not there"))
}

/// The newest entry, as it stands there.
pub(super) fn newest_unchecked(conn: &Connection) -> rusqlite::Result<Head> {
    let head = conn
        .prepare_cached("SELECT seq, at_ms, hash FROM entry ORDER BY seq DESC LIMIT 1")?
        .query_row([], head_of_row)
        .optional()?;
    Ok(head.unwrap_or(Head::EMPTY))
}

/// Walks the whole chain, then the structure of the file.
pub(super) fn verify(
    conn: &Connection,
    file: &Path,
    progress: impl FnMut(u64),
) -> Result<Head, Error> {
    let head = walk(conn, file, progress)?;
    let found: String = conn
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|e| Error::of_sqlite(file, "check it", &e))?;
    if found == "ok" { Ok(head) } else { Err(Error::damaged(file, found)) }
}

fn walk(conn: &Connection, file: &Path, mut progress: impl FnMut(u64)) -> Result<Head, Error> {
    let mut head = Head::EMPTY;
    while let Some(last) = page(conn, file, head.seq, PAGE)?.last() {
        head = last.head();
        progress(head.seq);
    }
    Ok(head)
}

fn newest_seq(conn: &Connection, file: &Path) -> Result<u64, Error> {
    conn.prepare_cached("SELECT coalesce(max(seq), 0) FROM entry")
        .and_then(|mut query| query.query_row([], |row| row.get::<_, i64>(0)))
        .map(|seq| seq as u64)
        .map_err(|e| Error::of_sqlite(file, "find its newest entry", &e))
}

/// The head after entry `seq`; `None` past the end.
fn head_at(conn: &Connection, file: &Path, seq: u64) -> Result<Option<Head>, Error> {
    if seq == 0 {
        return Ok(Some(Head::EMPTY));
    }
    let head = conn
        .prepare_cached("SELECT seq, at_ms, hash FROM entry WHERE seq = $1")
        .and_then(|mut query| query.query_row([seq as i64], head_of_row).optional())
        .map_err(|e| match Error::of_sqlite(file, "read the journal", &e) {
            Error::Damaged(damage) => Error::entry(file, seq, damage.what),
            other => other,
        })?;
    if head.is_none() && seq <= newest_seq(conn, file)? {
        return Err(Error::entry(file, seq, "it is not there"));
    }
    Ok(head)
}

fn head_of_row(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head { seq: row.get::<_, i64>(0)? as u64, at_ms: row.get(1)?, hash: row.get(2)? })
}

fn of_row(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let Head { seq, at_ms, hash } = head_of_row(row)?;
    Ok(Entry { seq, at_ms, actor: row.get(3)?, event: row.get(4)?, hash })
}
