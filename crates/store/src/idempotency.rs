//! What was answered to a request that carried an idempotency key.
//!
//! A reply is written in the transaction of what it answers, so a repeat either finds both or neither.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

/// An answer that was given, by person and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Whose request it was: keys of different people do not meet.
    pub person: String,
    /// The key that came with the request.
    pub key: String,
    /// SHA-256 of the request, by which another request under the same key is told apart.
    pub request_hash: [u8; 32],
    /// The answer, as the caller encodes it.
    pub response: Vec<u8>,
    /// When it was given, in milliseconds since 1970.
    pub at_ms: i64,
}

/// Keeps a reply; `false` when the key was answered before.
pub(crate) fn insert(tx: &Transaction<'_>, reply: &Reply) -> rusqlite::Result<bool> {
    tx.prepare_cached(
        "INSERT INTO reply (person, key, request_hash, response, at_ms) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (person, key) DO NOTHING",
    )?
    .execute((&reply.person, &reply.key, &reply.request_hash[..], &reply.response, reply.at_ms))
    .map(|rows| rows > 0)
}

pub(crate) fn find(conn: &Connection, person: &str, key: &str) -> rusqlite::Result<Option<Reply>> {
    conn.prepare_cached(
        "SELECT person, key, request_hash, response, at_ms FROM reply WHERE person = $1 AND key = $2",
    )?
    .query_row((person, key), of_row)
    .optional()
}

/// Forgets what was answered before a time; says how many replies that were.
pub(crate) fn forget(tx: &Transaction<'_>, before_ms: i64) -> rusqlite::Result<usize> {
    tx.execute("DELETE FROM reply WHERE at_ms < $1", [before_ms])
}

fn of_row(row: &Row<'_>) -> rusqlite::Result<Reply> {
    Ok(Reply {
        person: row.get(0)?,
        key: row.get(1)?,
        request_hash: row.get(2)?,
        response: row.get(3)?,
        at_ms: row.get(4)?,
    })
}
