//! The folded state at an entry of the journal, so that a start need not replay everything.
//!
//! A snapshot is never needed: whatever does not match to the last bit is passed over, and the journal is replayed.

use rusqlite::{Connection, Row, Transaction};
use sha2::{Digest, Sha256};

use crate::{journal::Head, limits::SNAPSHOTS_KEPT};

/// The state after an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Version of the state's meaning. Another version's snapshot is not used.
    pub state_version: u32,
    /// The entry up to which it is folded.
    pub head: Head,
    /// The state, as the caller encodes it.
    pub bytes: Vec<u8>,
}

/// Keeps a snapshot, and drops those that are older than the last few.
pub(crate) fn save(tx: &Transaction<'_>, snapshot: &Snapshot) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO snapshot (seq, state_version, head_hash, checksum, bytes) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (seq) DO UPDATE SET state_version = excluded.state_version, \
         head_hash = excluded.head_hash, checksum = excluded.checksum, bytes = excluded.bytes",
        (
            snapshot.head.seq as i64,
            snapshot.state_version,
            &snapshot.head.hash[..],
            &checksum(snapshot.state_version, &snapshot.bytes)[..],
            &snapshot.bytes,
        ),
    )?;
    tx.execute(
        "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT $1)",
        [SNAPSHOTS_KEPT as i64],
    )?;
    Ok(())
}

/// The newest snapshot of this version that is whole and lies on the journal's chain.
pub(crate) fn newest(conn: &Connection, state_version: u32) -> rusqlite::Result<Option<Snapshot>> {
    let mut query = conn.prepare(
        "SELECT s.seq, e.at_ms, s.head_hash, s.checksum, s.bytes FROM snapshot s \
         JOIN entry e ON e.seq = s.seq AND e.hash = s.head_hash \
         WHERE s.state_version = $1 ORDER BY s.seq DESC",
    )?;
    let mut rows = query.query([state_version])?;
    while let Some(row) = rows.next()? {
        // A row that cannot be read is as good as none.
        if let Ok(Some(snapshot)) = sound(row, state_version) {
            return Ok(Some(snapshot));
        }
    }
    Ok(None)
}

fn sound(row: &Row<'_>, state_version: u32) -> rusqlite::Result<Option<Snapshot>> {
    let head = Head { seq: row.get::<_, i64>(0)? as u64, at_ms: row.get(1)?, hash: row.get(2)? };
    let kept: [u8; 32] = row.get(3)?;
    let bytes: Vec<u8> = row.get(4)?;
    let whole = checksum(state_version, &bytes) == kept;
    Ok(whole.then_some(Snapshot { state_version, head, bytes }))
}

fn checksum(state_version: u32, bytes: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(state_version.to_le_bytes()).chain_update(bytes).finalize().into()
}
