//! What events may only name by id: hashes of passwords and tokens, addresses, channel keys.
//!
//! Secrets are apart from the journal so that an export leaks nothing and a person can be erased. Erased bytes are
//! overwritten in the file and gone from its log when the call returns; copies in backups are the backups' keeper's.

use rusqlite::{Connection, OptionalExtension, Transaction};

/// A change of one secret.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretChange {
    /// Keeps these bytes under a name, in place of what was there.
    Put {
        /// Sort of secret, such as `token`.
        kind: String,
        /// Its id among its kind.
        id: String,
        /// The secret itself.
        value: Vec<u8>,
    },
    /// Forgets a secret. It need not be there.
    Erase {
        /// Sort of secret.
        kind: String,
        /// Its id among its kind.
        id: String,
    },
}

impl std::fmt::Debug for SecretChange {
    /// Names the secret and does not show it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretChange::Put { kind, id, value } => {
                write!(f, "Put({kind}/{id}, {} bytes)", value.len())
            }
            SecretChange::Erase { kind, id } => write!(f, "Erase({kind}/{id})"),
        }
    }
}

pub(crate) fn change(tx: &Transaction<'_>, change: &SecretChange) -> rusqlite::Result<()> {
    match change {
        SecretChange::Put { kind, id, value } => tx
            .prepare_cached(
                "INSERT INTO secret (kind, id, value) VALUES ($1, $2, $3) \
                 ON CONFLICT (kind, id) DO UPDATE SET value = excluded.value",
            )?
            .execute((kind, id, value)),
        SecretChange::Erase { kind, id } => {
            tx.prepare_cached("DELETE FROM secret WHERE kind = $1 AND id = $2")?.execute((kind, id))
        }
    }
    .map(drop)
}

pub(crate) fn find(conn: &Connection, kind: &str, id: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    conn.prepare_cached("SELECT value FROM secret WHERE kind = $1 AND id = $2")?
        .query_row((kind, id), |row| row.get(0))
        .optional()
}

pub(crate) fn all(conn: &Connection, kind: &str) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    conn.prepare_cached("SELECT id, value FROM secret WHERE kind = $1 ORDER BY id")?
        .query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
