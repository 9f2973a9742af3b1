//! Every limit of the system, by name. Only what a published format limits stands where that format is read.

use crate::time::Minute;

/// Most readings that a recorded decision holds.
pub const READINGS_FROZEN_MAX: usize = 200;

/// When nobody decided for more than so many minutes, nothing is known of that time; a restart takes less.
pub const UNWATCHED_MINUTES: i64 = 5;

/// Most turns of a service's decisions that are kept beside the journal: three a day for a year.
pub const TURNS_KEPT_MAX: usize = 1_000;

/// Most hours that an exception from a policy may last: a long weekend.
pub const EXCEPTION_HOURS_MAX: u32 = 72;

/// How long an exception that was asked for waits for an answer, in milliseconds (seven days).
pub const EXCEPTION_WAITS_MS: i64 = 7 * 24 * 3600 * 1000;

/// Most exceptions of one service that wait for an answer.
pub const EXCEPTIONS_WAITING_MAX: usize = 20;

/// Most changes, or kinds of changes, that one exception names.
pub const EXCEPTION_NAMES_MAX: usize = 50;

/// Most exceptions of one service that are kept: three a quarter are forty years.
pub const EXCEPTIONS_PER_SERVICE_MAX: usize = 500;

/// Most exceptions of all that are kept.
pub const EXCEPTIONS_MAX: usize = 20_000;

/// How far ahead the day may be until which an exception is paid back, in days.
pub const PAYBACK_DAYS_MAX: i64 = 366;

/// Most exceptions of one service that a policy may allow in a quarter.
pub const EXCEPTIONS_PER_QUARTER_MAX: u32 = 100;

/// Most days after which a policy may escalate.
pub const ESCALATION_DAYS_MAX: u32 = 365;

/// Longest name of whom a policy escalates to, in characters.
pub const ESCALATION_TO_CHARS_MAX: usize = 120;

/// Most people whom a policy may name for one side.
pub const APPROVERS_MAX: usize = 100;

/// Largest count that one slot of one source may hold for `good` and for `bad`: 68 billion events a minute. Good and
/// bad of [`SLI_SOURCES_MAX`] sources on [`LEDGER_DAYS_MAX`] days then sum to less than 2^64; those of the longest
/// window, weighed by minutes, billionths and thousandths, to less than 2^122 of 128 bits.
pub const SLOT_COUNT_MAX: u64 = 1 << 36;

/// Most sources of one SLI.
pub const SLI_SOURCES_MAX: usize = 64;

/// Most days of which a ledger keeps minutes: the longest window twice, and some. A day takes 46 kB for each source.
pub const LEDGER_DAYS_MAX: usize = 1_000;

/// Most slots that a ledger takes at once: all minutes of the longest window, and as many again to spare.
pub const BATCH_SLOTS_MAX: usize = 1 << 20;

/// First minute that a ledger takes: 1900-01-01T00:00:00Z. Logs are not believed before 1990 ([`LOG_TIME_MIN_S`]).
pub const LEDGER_FROM: Minute = Minute(-36_816_480);

/// First minute after those that a ledger takes: 2200-01-01T00:00:00Z.
pub const LEDGER_TO: Minute = Minute(120_968_640);

/// Longest access-log line that is parsed. Longer ones are counted as malformed, and skipped without being kept.
pub const LOG_LINE_BYTES_MAX: usize = 64 * 1024;

/// Longest window of an SLO, in minutes (400 days).
pub const WINDOW_MINUTES_MAX: u32 = 400 * 24 * 60;

/// Shortest window of an SLO, in minutes (one hour).
pub const WINDOW_MINUTES_MIN: u32 = 60;

/// Largest document file that is read, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Deepest nesting of a document.
pub const DOCUMENT_DEPTH_MAX: usize = 64;

/// Most nodes of one document file after aliases are expanded: an alias bomb ends here.
pub const DOCUMENT_NODES_MAX: usize = 200_000;

/// Most problems reported for one document file; the rest are counted.
pub const PROBLEMS_PER_FILE_MAX: usize = 200;

/// Longest duration that a log may state for one request, in microseconds (366 days); a longer one is not believed.
pub const LOG_DURATION_US_MAX: u64 = 366 * 24 * 3600 * 1_000_000;

/// Most lines of a file that its format is detected from.
pub const LOG_SAMPLE_LINES_MAX: usize = 1_000;

/// Most latency thresholds counted at once: the fixed ladder and those asked for.
pub const THRESHOLDS_MAX: usize = 16;

/// Longest latency threshold, in microseconds (one hour).
pub const THRESHOLD_US_MAX: u64 = 3_600_000_000;

/// Most services of one input that are shown by name; the rest are counted together.
pub const SERVICES_MAX: usize = 200;

/// Most names of one kind (virtual hosts, first path segments) counted one by one while reading. When there are
/// more, those with the fewest requests are counted together from then on.
pub const NAMES_MAX: usize = 1024;

/// How many names stay when there were more than [`NAMES_MAX`].
pub const NAMES_KEPT: usize = 512;

/// Most names remembered as "counted together". When they are more, no new name is counted by itself.
pub const NAMES_FOLDED_MAX: usize = 1 << 19;

/// Longest name of a service taken from a path, in bytes.
pub const SERVICE_NAME_BYTES_MAX: usize = 40;

/// Longest name of a virtual host, in bytes (RFC 1035: 253, and brackets).
pub const HOST_NAME_BYTES_MAX: usize = 255;

/// A silent run is missing data when at least so many requests were to be expected in it. If requests come
/// independently of each other, so long a silence happens by chance with a probability of e^-20.
pub const SILENCE_REQUESTS: u64 = 20;

/// Largest compiled size of a regular expression in a document or for log lines, in bytes.
pub const PATTERN_BYTES_MAX: usize = 1024 * 1024;

/// Most document files, and most folders, that are walked through at once.
pub const DOCUMENT_FILES_MAX: usize = 10_000;

/// Most bytes of document files that are read at once.
pub const DOCUMENT_TOTAL_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Most bytes at the beginning of a file from which its format is told.
pub const LOG_SAMPLE_BYTES_MAX: usize = 1024 * 1024;

/// Earliest time of a request that is believed, in seconds since 1970: 1990-01-01T00:00:00Z, before there was a web.
pub const LOG_TIME_MIN_S: i64 = 631_152_000;

/// How many malformed lines of an input are kept as examples.
pub const LOG_EXAMPLES_MAX: usize = 3;

/// How much of a malformed line is shown, in characters.
pub const LOG_EXAMPLE_CHARS_MAX: usize = 120;

/// Most objects that documents declare.
pub const OBJECTS_MAX: usize = 1_000_000;

/// Longest handle of a person, in bytes.
pub const PERSON_HANDLE_BYTES_MAX: usize = 40;

/// Most people, erased ones included.
pub const PEOPLE_MAX: usize = 10_000;

/// Most tokens of one person that are valid at the same time.
pub const TOKENS_PER_PERSON_MAX: usize = 100;

/// Longest time for which a token is issued, in days.
pub const TOKEN_DAYS_MAX: u32 = 366;

/// Longest label of a token, in characters.
pub const TOKEN_LABEL_CHARS_MAX: usize = 120;

/// Longest interval that is excluded or attributed at once, in minutes (31 days).
pub const MARK_MINUTES_MAX: i64 = 31 * 24 * 60;

/// How far ahead such an interval may begin, in minutes (366 days).
pub const MARK_AHEAD_MINUTES_MAX: i64 = 366 * 24 * 60;

/// Most exclusions, and most attributions, of one SLI or service within the longest window.
pub const MARKS_PER_SUBJECT_MAX: usize = 10_000;

/// Most exclusions, and most attributions, of all within the longest window.
pub const MARKS_MAX: usize = 200_000;

/// Longest reason of an exclusion or attribution, in bytes.
pub const REASON_BYTES_MAX: usize = 1_000;

/// Longest name of an incident, a change or a piece of maintenance, in bytes.
pub const ACCOUNT_NAME_BYTES_MAX: usize = 120;

/// Longest name of a change, in bytes: an attribution can name it.
pub const CHANGE_ID_BYTES_MAX: usize = ACCOUNT_NAME_BYTES_MAX;

/// Longest title of a change, in bytes.
pub const CHANGE_TITLE_BYTES_MAX: usize = 300;

/// Longest address of a change, in bytes.
pub const CHANGE_URL_BYTES_MAX: usize = 1_000;

/// How far ahead of the server's clock a change may have started or finished, in milliseconds (five minutes): so much
/// clocks of pipelines are off.
pub const CHANGE_AHEAD_MS_MAX: i64 = 5 * 60 * 1000;

/// How long ago a change may have started that is recorded now, in milliseconds (366 days).
pub const CHANGE_BACK_MS_MAX: i64 = 366 * 24 * 3600 * 1000;

/// Most changes of one service that are kept: forty a day of nine months, or ten a day of three years.
pub const CHANGES_PER_SERVICE_MAX: usize = 10_000;

/// Most changes of all that are kept.
pub const CHANGES_MAX: usize = 200_000;

/// How much the counted pieces of logs that wait for their turn may take, in bytes, before other tasks pause.
pub const LOG_WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most outages of an objective that are weighed against its budget, the largest first.
pub const OUTAGES_WEIGHED_MAX: usize = 50;

/// How much of the beginning of a followed log, and of what stands before the first byte not yet counted, is hashed to
/// know the log again, in bytes.
pub const FOLLOW_PRINT_BYTES: usize = 1024;

/// Of so many first lines of a followed log, as far as they are among the bytes above, a hash is kept each: a copy that
/// was made when the log held no more is known by it.
pub const FOLLOW_STARTS_MAX: usize = 64;

/// How much one poll of followed logs reads, in bytes, before the rest has to wait for the next.
pub const FOLLOW_POLL_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Most followed files that are kept open between polls. An open file can be read to its end after it was moved away or
/// deleted.
pub const FOLLOW_OPEN_FILES_MAX: usize = 256;

/// How long a rotated log must have been still before its last line counts without a line break, and before a log that
/// was moved away or deleted is closed, in seconds.
pub const FOLLOW_STILL_S: i64 = 300;

/// How long a log that is shorter than what was counted of it may be on its way back, as a file that is copied over
/// itself, in seconds. Then it has lost its end.
pub const FOLLOW_SHORT_S: i64 = 60;

/// How many logs that are gone are remembered, so that a copy of one is known when it comes late. The oldest are
/// forgotten first.
pub const FOLLOW_GONE_MAX: usize = 4096;

/// Most files that the patterns of one follower may match.
pub const FOLLOW_FILES_MAX: usize = 100_000;

/// Most names of files and folders that one look at the patterns of a follower passes.
pub const FOLLOW_LOOKS_MAX: usize = 200_000;

/// A log of which less was counted is not recognised in another file, in bytes: lines begin alike, and none of an access
/// log is shorter.
pub const FOLLOW_KNOWN_BYTES_MIN: u64 = 32;

/// Longest sentence of a promise, and longest text of what it excludes or does next, in characters.
pub const PROMISE_TEXT_CHARS_MAX: usize = 500;

/// Most items of one list of a promise: objectives, exclusions, dependencies.
pub const PROMISE_ITEMS_MAX: usize = 100;

/// Most versions of a promise or policy that are kept in the state beside the one in force; the journal keeps all.
pub const VERSIONS_KEPT_MAX: usize = 100;

/// Most services of a circle of dependencies that a message names.
pub const CIRCLE_SHOWN_MAX: usize = 12;
