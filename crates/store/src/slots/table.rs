//! The rows of the slot store's tables.

use plimsoll_core::time::{Minute, Span};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::block::{Key, Length};

/// A block's bytes.
pub(super) fn bytes(conn: &Connection, key: Key) -> rusqlite::Result<Option<Vec<u8>>> {
    conn.prepare_cached(
        "SELECT slots FROM block WHERE length = $1 AND first = $2 AND source = $3 AND chunk = $4",
    )?
    .query_row((key.length.minutes(), key.first.0, key.source, key.chunk), |row| row.get(0))
    .optional()
}

pub(super) fn put(tx: &Transaction<'_>, key: Key, bytes: &[u8]) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO block (length, first, source, chunk, slots) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (length, first, source, chunk) DO UPDATE SET slots = excluded.slots",
    )?
    .execute((key.length.minutes(), key.first.0, key.source, key.chunk, bytes))
    .map(drop)
}

pub(super) fn remove(tx: &Transaction<'_>, key: Key) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "DELETE FROM block WHERE length = $1 AND first = $2 AND source = $3 AND chunk = $4",
    )?
    .execute((key.length.minutes(), key.first.0, key.source, key.chunk))
    .map(drop)
}

pub(super) fn put_sums(tx: &Transaction<'_>, day: Key, bytes: &[u8]) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO day_sums (day, source, chunk, sums) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (day, source, chunk) DO UPDATE SET sums = excluded.sums",
    )?
    .execute((day.first.0, day.source, day.chunk, bytes))
    .map(drop)
}

/// Every block of a length that begins in a span, in order.
pub(super) fn each(
    conn: &Connection,
    length: Length,
    begins: Span,
    mut visit: impl FnMut(Key, &[u8]),
) -> rusqlite::Result<()> {
    let mut query = conn.prepare_cached(
        "SELECT first, source, chunk, slots FROM block WHERE length = $1 AND first >= $2 AND first < $3 \
         ORDER BY first, source, chunk",
    )?;
    let mut rows = query.query((length.minutes(), begins.from.0, begins.to.0))?;
    while let Some(row) = rows.next()? {
        visit(key(length, row)?, row.get_ref(3)?.as_blob()?);
    }
    Ok(())
}

/// The day sums of the days that begin in a span, in order.
pub(super) fn each_sums(
    conn: &Connection,
    begins: Span,
    mut visit: impl FnMut(Key, &[u8]),
) -> rusqlite::Result<()> {
    let mut query = conn.prepare_cached(
        "SELECT day, source, chunk, sums FROM day_sums WHERE day >= $1 AND day < $2 \
         ORDER BY day, source, chunk",
    )?;
    let mut rows = query.query((begins.from.0, begins.to.0))?;
    while let Some(row) = rows.next()? {
        visit(key(Length::Day, row)?, row.get_ref(3)?.as_blob()?);
    }
    Ok(())
}

fn key(length: Length, row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key { length, first: Minute(row.get(0)?), source: row.get(1)?, chunk: row.get(2)? })
}

/// When the first block of a length begins.
pub(super) fn oldest(conn: &Connection, length: Length) -> rusqlite::Result<Option<Minute>> {
    let query = "SELECT min(first) FROM block WHERE length = $1";
    edge(conn, query, length)
}

/// When the last block of a length begins.
pub(super) fn newest(conn: &Connection, length: Length) -> rusqlite::Result<Option<Minute>> {
    let query = "SELECT max(first) FROM block WHERE length = $1";
    edge(conn, query, length)
}

fn edge(conn: &Connection, query: &str, length: Length) -> rusqlite::Result<Option<Minute>> {
    conn.prepare_cached(query)?
        .query_row([length.minutes()], |row| row.get::<_, Option<i64>>(0))
        .map(|first| first.map(Minute))
}

/// Which sources and chunks have blocks of a length that begin in a span; at most so many.
pub(super) fn groups(
    conn: &Connection,
    length: Length,
    begins: Span,
    limit: usize,
) -> rusqlite::Result<Vec<(u32, u32)>> {
    conn.prepare_cached(
        "SELECT DISTINCT source, chunk FROM block WHERE length = $1 AND first >= $2 AND first < $3 \
         ORDER BY source, chunk LIMIT $4",
    )?
    .query_map((length.minutes(), begins.from.0, begins.to.0, limit as i64), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?
    .collect()
}

/// Whether a source and chunk have a block of a length that begins in a span.
pub(super) fn any(
    conn: &Connection,
    length: Length,
    begins: Span,
    source: u32,
    chunk: u32,
) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM block WHERE length = $1 AND first >= $2 AND first < $3 \
         AND source = $4 AND chunk = $5)",
    )?
    .query_row((length.minutes(), begins.from.0, begins.to.0, source, chunk), |row| row.get(0))
}

/// Removes what begins before a minute; says how many blocks that were.
pub(super) fn remove_before(tx: &Transaction<'_>, minute: Minute) -> rusqlite::Result<usize> {
    let mut removed = 0;
    for length in [Length::Minute, Length::Hour, Length::Day] {
        removed += tx.execute(
            "DELETE FROM block WHERE length = $1 AND first < $2",
            (length.minutes(), minute.0),
        )?;
    }
    tx.execute("DELETE FROM day_sums WHERE day < $1", [minute.0])?;
    Ok(removed)
}

pub(super) fn put_cursor(
    tx: &Transaction<'_>,
    source: u32,
    name: &str,
    position: Option<&[u8]>,
) -> rusqlite::Result<()> {
    match position {
        Some(position) => tx
            .prepare_cached(
                "INSERT INTO progress (source, name, position) VALUES ($1, $2, $3) \
                 ON CONFLICT (source, name) DO UPDATE SET position = excluded.position",
            )?
            .execute((source, name, position)),
        None => tx
            .prepare_cached("DELETE FROM progress WHERE source = $1 AND name = $2")?
            .execute((source, name)),
    }
    .map(drop)
}

/// The cursors of a source, by name.
pub(super) fn cursors(conn: &Connection, source: u32) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    conn.prepare_cached("SELECT name, position FROM progress WHERE source = $1 ORDER BY name")?
        .query_map([source], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
