//! Numbered, checksummed changes to the tables of a file.
//!
//! The text is SQL that PostgreSQL takes as it stands; for SQLite its types are renamed and tables made strict.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction};
use sha2::{Digest, Sha256};

use crate::{error::Error, sqlite::Kind};

/// One change. Its number is its place in the list, from 1. A change that was released is never edited.
pub(crate) struct Migration {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

const DOING: &str = "bring its tables up to date";

/// Brings the tables of a file to the newest version, each change in one transaction. The changes that were made
/// before are compared by checksum.
pub(crate) fn migrate(conn: &mut Connection, file: &Path, kind: &Kind) -> Result<(), Error> {
    let sql = |e: rusqlite::Error| Error::of_sqlite(file, DOING, &e);
    let found = version(conn).map_err(sql)?;
    let known = kind.migrations.len() as u32;
    if found > known {
        return Err(Error::TooNew { file: file.into(), found, known });
    }
    for (number, migration) in (1u32..).zip(kind.migrations) {
        if number <= found {
            compare(conn, file, number, migration)?;
        } else {
            let tx = conn.transaction().map_err(sql)?;
            apply(&tx, kind, number, migration).map_err(sql)?;
            tx.commit().map_err(sql)?;
        }
    }
    Ok(())
}

/// Version of the tables; 0 in an empty file.
pub(crate) fn version(conn: &Connection) -> rusqlite::Result<u32> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn compare(
    conn: &Connection,
    file: &Path,
    number: u32,
    migration: &Migration,
) -> Result<(), Error> {
    let query = "SELECT checksum FROM migration WHERE version = $1";
    let kept: Option<Vec<u8>> = conn
        .query_row(query, [number], |row| row.get(0))
        .optional()
        .map_err(|e| Error::of_sqlite(file, DOING, &e))?;
    if kept.as_deref() == Some(&checksum(migration)[..]) {
        return Ok(());
    }
    let name = migration.name;
    let what = format!("its tables were made by another text of change {number} ({name})");
    Err(Error::damaged(file, what))
}

fn apply(
    tx: &Transaction<'_>,
    kind: &Kind,
    number: u32,
    migration: &Migration,
) -> rusqlite::Result<()> {
    if number == 1 {
        tx.pragma_update(None, "application_id", kind.application_id)?;
        tx.execute_batch(&for_sqlite(
            "CREATE TABLE migration (\n    version BIGINT NOT NULL PRIMARY KEY,\n    name TEXT NOT NULL,\n    \
             checksum BYTEA NOT NULL\n);",
        ))?;
    }
    tx.execute_batch(&for_sqlite(migration.sql))?;
    tx.execute(
        "INSERT INTO migration (version, name, checksum) VALUES ($1, $2, $3)",
        (number, migration.name, &checksum(migration)[..]),
    )?;
    tx.pragma_update(None, "user_version", number)
}

fn checksum(migration: &Migration) -> [u8; 32] {
    Sha256::digest(migration.sql).into()
}

/// PostgreSQL's words in SQLite's: `INTEGER` and `BLOB`, and tables that hold their columns to their types.
fn for_sqlite(sql: &str) -> String {
    sql.replace("BIGINT", "INTEGER").replace("BYTEA", "BLOB").replace("\n);", "\n) STRICT;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(migrations: &'static [Migration]) -> Kind {
        Kind { name: "test file", application_id: 7, migrations }
    }

    const ONE: Migration =
        Migration { name: "one", sql: "CREATE TABLE a (\n    x BIGINT NOT NULL\n);" };
    const TWO: Migration = Migration { name: "two", sql: "ALTER TABLE a ADD COLUMN y BYTEA;" };
    const ONE_EDITED: Migration =
        Migration { name: "one", sql: "CREATE TABLE a (\n    x TEXT NOT NULL\n);" };

    fn migrated(conn: &mut Connection, list: &'static [Migration]) -> Result<(), Error> {
        migrate(conn, Path::new("f.db"), &kind(list))
    }

    #[test]
    fn changes_are_made_once_in_order_and_keep_what_is_there() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrated(&mut conn, &[ONE]).unwrap();
        conn.execute("INSERT INTO a VALUES (5)", []).unwrap();
        migrated(&mut conn, &[ONE, TWO]).unwrap();
        migrated(&mut conn, &[ONE, TWO]).unwrap();
        let row: (i64, Option<Vec<u8>>) =
            conn.query_row("SELECT x, y FROM a", [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
        assert_eq!(row, (5, None));
        assert!(conn.execute("INSERT INTO a (x) VALUES ('text')", []).is_err());
    }

    #[test]
    fn a_newer_file_and_an_edited_change_are_refused() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrated(&mut conn, &[ONE, TWO]).unwrap();
        let refused = migrated(&mut conn, &[ONE]).unwrap_err();
        assert_eq!(refused, Error::TooNew { file: "f.db".into(), found: 2, known: 1 });
        let refused = migrated(&mut conn, &[ONE_EDITED, TWO]).unwrap_err();
        assert!(matches!(refused, Error::Damaged(_)), "{refused}");
    }
}
