//! The stable names of all rules. A name is never given to another rule; scripts may rely on it.

// Files and syntax.
/// The file or folder cannot be read.
pub const UNREADABLE: &str = "unreadable";
/// The folder holds no file that could be a document.
pub const NO_FILES: &str = "no-files";
/// There are more files, folders or bytes than the limit.
pub const TOO_MANY_FILES: &str = "too-many-files";
/// The file holds no document.
pub const EMPTY_FILE: &str = "empty-file";
/// The file is larger than a document may be.
pub const TOO_LARGE: &str = "too-large";
/// The file is not UTF-8 text.
pub const NOT_UTF8: &str = "not-utf8";
/// The file is not well-formed YAML or JSON.
pub const SYNTAX: &str = "syntax";
/// A key stands twice in one mapping.
pub const DUPLICATE_KEY: &str = "duplicate-key";
/// The document is nested deeper than the limit.
pub const TOO_DEEP: &str = "too-deep";
/// The document has more nodes, aliases expanded, than the limit.
pub const TOO_MANY_NODES: &str = "too-many-nodes";
/// An alias stands inside the node it names.
pub const ALIAS_OF_ITSELF: &str = "alias-of-itself";
/// A YAML tag that has no meaning here.
pub const UNKNOWN_TAG: &str = "unknown-tag";
/// A merge key `<<` whose value is no mapping.
pub const BAD_MERGE: &str = "bad-merge";
/// The file has more problems than are listed.
pub const MORE_PROBLEMS: &str = "more-problems";

// Objects and fields.
/// The `apiVersion` is none that is read.
pub const UNKNOWN_VERSION: &str = "unknown-version";
/// The `kind` does not exist in that version.
pub const UNKNOWN_KIND: &str = "unknown-kind";
/// A kind that this version of the program does not support yet.
pub const UNSUPPORTED_KIND: &str = "unsupported-kind";
/// A required field is missing or empty.
pub const MISSING_FIELD: &str = "missing-field";
/// A field that does not exist at this place.
pub const UNKNOWN_FIELD: &str = "unknown-field";
/// A value of another type than the field's.
pub const WRONG_TYPE: &str = "wrong-type";
/// A value that is none of those allowed.
pub const BAD_CHOICE: &str = "bad-choice";
/// Fields of which exactly one must be given.
pub const ONE_OF: &str = "one-of";
/// A field that must not stand beside another.
pub const FORBIDDEN_FIELD: &str = "forbidden-field";
/// A list with too few or too many items.
pub const WRONG_COUNT: &str = "wrong-count";
/// A text longer than allowed.
pub const TOO_LONG: &str = "too-long";
/// A name or reference that is not an RFC 1123 label.
pub const BAD_NAME: &str = "bad-name";
/// A label key or value that breaks the rules.
pub const BAD_LABEL: &str = "bad-label";
/// An annotation key that breaks the rules.
pub const BAD_ANNOTATION: &str = "bad-annotation";
/// A number outside its range.
pub const OUT_OF_RANGE: &str = "out-of-range";
/// A number that cannot be held exactly.
pub const NOT_EXACT: &str = "not-exact";
/// A text that is no duration.
pub const BAD_DURATION: &str = "bad-duration";
/// A time window that is neither rolling nor calendar-aligned, or both.
pub const BAD_WINDOW: &str = "bad-window";
/// A text that is no date and time.
pub const BAD_TIME: &str = "bad-time";
/// A name that is no IANA time zone.
pub const BAD_ZONE: &str = "bad-zone";
/// A regular expression that cannot be used.
pub const BAD_PATTERN: &str = "bad-pattern";

// Across documents.
/// Two objects of one version and kind have the same name.
pub const DUPLICATE_NAME: &str = "duplicate-name";
/// A reference to an object that is not there.
pub const UNRESOLVED_REFERENCE: &str = "unresolved-reference";
/// A valid SLO that cannot be evaluated as it stands.
pub const NOT_EVALUATED: &str = "not-evaluated";
/// The objectives of a composite SLO are evaluated one by one.
pub const COMPOSITE_READ_APART: &str = "composite-read-apart";

// Contradictions within OpenSLO; docs/reference/openslo-contradictions.md holds the decisions.
/// `op` beside an inline ratio metric.
pub const OP_WITH_RATIO: &str = "op-with-ratio";
/// A name with capital letters.
pub const NAME_WITH_CAPITALS: &str = "name-with-capitals";
/// A calendar window of so many "m".
pub const CALENDAR_MINUTES: &str = "calendar-minutes";
/// No `budgetingMethod`.
pub const NO_BUDGETING_METHOD: &str = "no-budgeting-method";
/// No `timeWindow`.
pub const NO_TIME_WINDOW: &str = "no-time-window";
/// A burn-rate condition that holds while the burn is low.
pub const LOW_BURN_ALERTS: &str = "low-burn-alerts";
/// A `timeSliceWindow` that is a plain number.
pub const SLICE_WINDOW_NUMBER: &str = "slice-window-number";
/// Months, quarters or years outside a calendar.
pub const MONTH_WITHOUT_CALENDAR: &str = "month-without-calendar";
/// A `timeSliceTarget` of 0.
pub const SLICE_TARGET_ZERO: &str = "slice-target-zero";
/// `service` in v2alpha, which the SDK calls `serviceRef`.
pub const V2_SERVICE_FIELD: &str = "v2-service-field";
/// `labels` of an objective in v2alpha, which the SDK does not know.
pub const V2_OBJECTIVE_LABELS: &str = "v2-objective-labels";
/// A duration of 0.
pub const ZERO_DURATION: &str = "zero-duration";
/// A metric source with neither a type nor a reference.
pub const NO_SOURCE_TYPE: &str = "no-source-type";
/// Several objectives for one threshold metric in v1.
pub const SEVERAL_THRESHOLDS: &str = "several-thresholds";
/// No objectives.
pub const NO_OBJECTIVES: &str = "no-objectives";
/// An object that is declared twice, each time otherwise.
pub const DECLARED_TWICE: &str = "declared-twice";
/// An object that belongs to another set of files.
pub const BELONGS_ELSEWHERE: &str = "belongs-elsewhere";
/// An indicator names a data source that only another set of files declares.
pub const SOURCE_ELSEWHERE: &str = "source-elsewhere";
/// An indicator that no objective names.
pub const UNUSED_INDICATOR: &str = "unused-indicator";
/// A promise names something that is neither among the files nor on the server.
pub const UNKNOWN_TO_PROMISE: &str = "unknown-to-promise";
/// A day by which something was to be looked at again has passed.
pub const REVIEW_OVERDUE: &str = "review-overdue";
/// A document names somebody who is no person of the server.
pub const UNKNOWN_PERSON: &str = "unknown-person";
/// A service with two promises.
pub const SECOND_PROMISE: &str = "second-promise";
/// Services that depend on each other, so that each needs the other first.
pub const DEPENDENCY_CYCLE: &str = "dependency-cycle";
/// More is promised than the services give that it depends on.
pub const ABOVE_CEILING: &str = "above-ceiling";
/// A promise rests on a service that promises nothing that could be counted on.
pub const UNPROMISED_DEPENDENCY: &str = "unpromised-dependency";
