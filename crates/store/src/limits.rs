//! Every limit of the store, by name.

/// Largest event, in bytes: a document of the largest size fits, with what JSON adds to it.
pub const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Largest description of who acted, in bytes.
pub const ACTOR_BYTES_MAX: usize = 64 * 1024;

/// Most entries of one batch: a set of documents is applied as a whole, and may declare every object that there may be.
pub const BATCH_ENTRIES_MAX: usize = 1_000_000;

/// Largest secret, in bytes.
pub const SECRET_BYTES_MAX: usize = 1024 * 1024;

/// Largest response kept for an idempotency key, in bytes.
pub const REPLY_BYTES_MAX: usize = 1024 * 1024;

/// Longest kind or id of a secret, person, or idempotency key, in bytes.
pub const KEY_BYTES_MAX: usize = 1024;

/// Largest snapshot, in bytes. SQLite holds at most a billion in one value.
pub const SNAPSHOT_BYTES_MAX: usize = 900_000_000;

/// How many snapshots are kept: the newest, and one before it in case that one is damaged.
pub const SNAPSHOTS_KEPT: usize = 2;

/// A read of entries ends early when it holds so many bytes, so that memory stays flat whatever their size.
pub const READ_BYTES_MAX: usize = 8 * 1024 * 1024;

/// So many bytes written since the last checkpoint make the next one due.
pub const CHECKPOINT_BYTES: usize = 4 * 1024 * 1024;

/// Longest line of an export that is read: an entry of the largest size, with its frame.
pub const EXPORT_LINE_BYTES_MAX: usize = EVENT_BYTES_MAX + ACTOR_BYTES_MAX + 1024;

/// Most of a token's file that is read.
pub const TOKEN_BYTES_MAX: u64 = 1024;

/// Most of a lock file that is read.
pub const LOCK_BYTES_MAX: u64 = 1024;

/// Farthest minute from 1970 that a slot may have, either way: some two thousand years.
pub const MINUTE_DISTANCE_MAX: i64 = 1 << 30;

/// Most slots of all writes of one transaction: they are held in memory until it ends.
pub const TRANSACTION_SLOTS_MAX: usize = 1 << 21;

/// Longest name of a cursor, in bytes: a path.
pub const CURSOR_NAME_BYTES_MAX: usize = 8 * 1024;

/// Largest position of a cursor, in bytes.
pub const CURSOR_BYTES_MAX: usize = 1024 * 1024;
