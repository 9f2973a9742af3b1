//! Every limit of the server, by name.

use std::time::Duration;

/// Most jobs that one durable batch takes.
pub const BATCH_JOBS_MAX: usize = 256;

/// Most jobs that wait for the writer; whoever comes then is sent away.
pub const JOBS_WAITING_MAX: usize = 4096;

/// Most orders of slots that are kept in one transaction.
pub const ORDERS_TOGETHER_MAX: usize = 1024;

/// Most orders of slots that wait for the keeper; whoever comes then is sent away.
pub const ORDERS_WAITING_MAX: usize = 4096;

/// How soon the journal is opened anew after a failure.
pub const REOPEN_AFTER_MIN: Duration = Duration::from_millis(100);

/// How long it takes at most until the next attempt to open it anew. The pauses double up to this.
pub const REOPEN_AFTER_MAX: Duration = Duration::from_secs(5);

/// A snapshot is saved after so many entries: replaying them takes a fraction of a second.
pub const SNAPSHOT_EVERY_ENTRIES: u64 = 50_000;

/// Most changes, and most lines of the bill, that a page shows.
pub const PAGE_LINES_MAX: usize = 50;

/// Most names that an answer lists where it also says how many there are.
pub const NAMES_SHOWN_MAX: usize = 100;

/// How long an idempotency key is remembered.
pub const REPLIES_KEPT_MS: i64 = 24 * 3600 * 1000;

/// How often old idempotency keys are swept out.
pub const REPLIES_SWEPT_EVERY_MS: i64 = 3600 * 1000;

/// Largest body of a request that has no limit of its own.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Largest body of samples: a day of one SLI is a tenth of it.
pub const SAMPLES_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Largest body of documents.
pub const DOCUMENTS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How much all larger bodies together may hold in memory; the next waits for room.
pub const BODIES_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A body of so many bytes takes no room of the others.
pub const BODY_BYTES_FREE: usize = 32 * 1024;

/// How long a client may take to send the head of a request; idle connections are closed after it too.
pub const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// How long a connection stays open over which nothing that was sent is taken.
pub const TAKEN_WITHIN: Duration = Duration::from_secs(60);

/// How long a client may take to send the body of a request.
pub const BODY_WITHIN: Duration = Duration::from_secs(30);

/// Largest head of a request, in bytes.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Most header fields of a request.
pub const HEADER_FIELDS_MAX: usize = 64;

/// Most connections at the same time; the next is told so and closed.
pub const CONNECTIONS_MAX: usize = 2048;

/// How long open requests may take to finish when the server stops.
pub const STOP_WITHIN: Duration = Duration::from_secs(20);

/// Longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;

/// Most items of one page of a list.
pub const PAGE_ITEMS_MAX: usize = 1000;

/// Items of one page where the request does not say.
pub const PAGE_ITEMS_DEFAULT: usize = 100;

/// Requests per second that one client without a token may make on average.
pub const ANONYMOUS_RATE: u32 = 1_000;

/// Requests per second that one token may be used for on average. It keeps one client from starving the others and
/// is no measure of what the server can do.
pub const TOKEN_RATE: u32 = 50_000;

/// Wrong tokens per minute that are taken from one address before it is told to slow down.
pub const WRONG_TOKENS_PER_MINUTE: u32 = 30;

/// Most clients whose rates are remembered; beyond them, those that were quiet longest are forgotten.
pub const CLIENTS_REMEMBERED_MAX: usize = 16_384;

/// Most requests at once that read much of the disk: verification, backups, the journal.
pub const HEAVY_REQUESTS_MAX: usize = 2;

/// Longest name of a set of documents, in bytes.
pub const SET_NAME_BYTES_MAX: usize = 100;

/// Most requests at once that read a little of the disk: slots, budgets, statements.
pub const LOOKS_MAX: usize = 16;

/// Most minutes of an SLI that are shown at once: 31 days.
pub const SLOTS_MINUTES_MAX: i64 = 31 * 24 * 60;

/// Most objectives that stand on a page for people.
pub const PAGE_SLOS_MAX: usize = 1_000;
