//! What the documents say, as values. All versions of OpenSLO are read into the same ones.
//!
//! Field names and meanings are OpenSLO's; where a version cannot say something, the value is the one that leaves the
//! meaning unchanged. Places in files are kept beside these values (see [`super::docs::Placed`]), not in them.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::{accesslog::AccessLogSource, duration::Duration, yaml::Node};
use crate::{promise::slo::NoData, ratio, ratio::Target};

/// Who an object is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Unique among the objects of its kind and version.
    pub name: String,
    /// A name for people.
    pub display_name: Option<String>,
    /// Any number of values per key.
    pub labels: BTreeMap<String, Vec<String>>,
    /// Notes for machines. Those that begin with `plimsoll/` are not here but in [`Extension`].
    pub annotations: BTreeMap<String, String>,
}

/// A service that promises something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceDoc {
    /// Who it is.
    pub metadata: Metadata,
    /// What it is.
    pub description: Option<String>,
}

/// Where measurements come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSourceDoc {
    /// Who it is.
    pub metadata: Metadata,
    /// What it is.
    pub description: Option<String>,
    /// How it is reached.
    pub source: Source,
}

impl DataSourceDoc {
    /// The logs it names, when it is one that this program reads itself.
    pub fn access_log(&self) -> Option<&AccessLogSource> {
        if let Source::AccessLog(logs) = &self.source { Some(logs) } else { None }
    }
}

/// The type of a data source to which slots are sent.
pub const PUSH_TYPE: &str = "push";

/// A type of data source and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Access logs, read by this program: `type: accesslog`.
    AccessLog(Box<AccessLogSource>),
    /// Somebody sends slots to the server: `type: push`.
    Push,
    /// Anything else.
    Other {
        /// The type as written.
        kind: String,
        /// The connection details as written.
        connection: Node,
    },
}

impl Source {
    /// The type as it is written.
    pub fn kind(&self) -> &str {
        match self {
            Source::AccessLog(_) => super::accesslog::TYPE,
            Source::Push => PUSH_TYPE,
            Source::Other { kind, .. } => kind,
        }
    }
}

/// An indicator: what is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliDoc {
    /// Who it is.
    pub metadata: Metadata,
    /// What it means.
    pub description: Option<String>,
    /// How it is measured.
    pub metric: Metric,
}

/// How an indicator is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Metric {
    /// A value that each objective compares with its threshold.
    Threshold(Query),
    /// Good or bad events of all events.
    Ratio {
        /// Whether the counts only ever grow.
        counter: Option<bool>,
        /// What `part` counts.
        counts: Counts,
        /// The numerator.
        part: Query,
        /// The denominator.
        total: Query,
    },
    /// A ratio that was computed elsewhere.
    Raw {
        /// Without meaning here, kept as it was.
        counter: Option<bool>,
        /// What the ratio is the share of.
        counts: Counts,
        /// Where it is.
        query: Query,
    },
}

/// What the numerator of a ratio counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Good events, or successes.
    Good,
    /// Bad events, or failures.
    Bad,
}

/// A question to a data source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The name of a data source.
    pub source_ref: Option<String>,
    /// The type of data source.
    pub source_type: Option<String>,
    /// A data source of its own, as v2alpha allows.
    pub source: Option<Box<Source>>,
    /// The question, in the words of the data source: a mapping.
    pub spec: Node,
}

/// Another object, by name or in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linked<T> {
    /// Its name.
    Reference(String),
    /// The object itself.
    Inline(T),
}

/// What is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SloDoc {
    /// Who it is.
    pub metadata: Metadata,
    /// What it means.
    pub description: Option<String>,
    /// The name of the service.
    pub service: String,
    /// What is measured; `None` where each objective says so itself.
    pub indicator: Option<Linked<SliDoc>>,
    /// Over which time; `None` where the document does not say.
    pub window: Option<TimeWindow>,
    /// How the budget is counted; `None` where the document does not say.
    pub budgeting: Option<Method>,
    /// What is to be reached.
    pub objectives: Vec<Objective>,
    /// When to alert.
    pub alert_policies: Vec<Linked<AlertPolicyDoc>>,
    /// What OpenSLO has no words for.
    pub extension: Extension,
}

impl SloDoc {
    /// The indicator of an objective: its own, or that of the SLO.
    pub fn indicator_of<'a>(&'a self, objective: &'a Objective) -> Option<&'a Linked<SliDoc>> {
        objective.indicator.as_ref().or(self.indicator.as_ref())
    }
}

/// `budgetingMethod`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Good events of all events.
    Occurrences,
    /// Good slices of all slices.
    Timeslices,
    /// The mean of the slices' ratios.
    RatioTimeslices,
}

/// A time window, rolling unless it has a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeWindow {
    /// Its length, or the length of its periods.
    pub duration: Duration,
    /// Where its periods begin.
    pub calendar: Option<Calendar>,
}

/// Where calendar-aligned periods begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Where the first one begins, on the clocks of the zone.
    pub start: DateTime,
    /// IANA name.
    pub zone: String,
}

/// One objective of an SLO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objective {
    /// A name for people.
    pub display_name: Option<String>,
    /// How a measured value is compared with `value`.
    pub op: Option<Operator>,
    /// The threshold of a threshold metric.
    pub value: Option<Number>,
    /// The share that must be good, as OpenSLO can say it: below 100 %.
    pub target: Target,
    /// The share of a slice that must be good.
    pub slice_target: Option<Target>,
    /// How long a slice is.
    pub slice_window: Option<Duration>,
    /// What is measured, in a composite SLO.
    pub indicator: Option<Linked<SliDoc>>,
    /// How much it weighs in a composite SLO.
    pub weight: Option<Number>,
}

/// `op`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// At most.
    Lte,
    /// At least.
    Gte,
    /// Less than.
    Lt,
    /// More than.
    Gt,
}

impl Operator {
    /// As they are written.
    pub const WORDS: [(&'static str, Operator); 4] = [
        ("lte", Operator::Lte),
        ("gte", Operator::Gte),
        ("lt", Operator::Lt),
        ("gt", Operator::Gt),
    ];

    /// Whether it holds for small values.
    pub fn is_below(self) -> bool {
        matches!(self, Operator::Lte | Operator::Lt)
    }
}

/// A decimal number in the digits it was written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    /// A number in decimal digits; `None` for anything else, also for infinity and hexadecimals.
    pub fn read(text: &str) -> Option<Self> {
        super::yaml::is_decimal(text).then(|| Number(text.to_owned()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is above zero.
    pub fn is_positive(&self) -> bool {
        let mantissa = self.0.split(['e', 'E']).next().unwrap_or_default();
        !self.0.starts_with('-') && mantissa.bytes().any(|digit| (b'1'..=b'9').contains(&digit))
    }

    /// In billionths.
    ///
    /// # Errors
    /// When it is negative, above 10^9 or finer than a billionth.
    pub fn ppb(&self) -> Result<u64, ratio::NotExact> {
        ratio::parse_decimal_ppb(&self.0)
    }
}

/// What an SLO says through annotations with the prefix `plimsoll/`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extension {
    /// `plimsoll/target: "100%"`: no event may be bad. The objective's own target is for other tools.
    pub perfect_target: bool,
    /// `plimsoll/further-windows: "7d, 1d"`: each with a budget of its own.
    pub further_windows: Vec<TimeWindow>,
    /// `plimsoll/no-data: hold 30m`: what minutes without data mean.
    pub no_data: Option<NoData>,
}

/// When to alert, and whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertPolicyDoc {
    /// Who it is.
    pub metadata: Metadata,
    /// What it means.
    pub description: Option<String>,
    /// Alert when there is no data.
    pub when_no_data: bool,
    /// Alert when the condition holds.
    pub when_breaching: bool,
    /// Alert when the condition no longer holds.
    pub when_resolved: bool,
    /// Exactly one, in a list for later versions.
    pub conditions: Vec<Linked<AlertConditionDoc>>,
    /// At least one.
    pub targets: Vec<Linked<AlertNotificationTargetDoc>>,
}

/// When to alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertConditionDoc {
    /// Who it is.
    pub metadata: Metadata,
    /// What it means.
    pub description: Option<String>,
    /// Any word.
    pub severity: String,
    /// How the burn rate is compared with the threshold.
    pub op: Operator,
    /// The burn rate.
    pub threshold: Number,
    /// The time over which the burn rate is taken.
    pub lookback: Duration,
    /// How long the condition must hold.
    pub after: Option<Duration>,
}

/// Whom to alert.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertNotificationTargetDoc {
    /// Who it is.
    pub metadata: Metadata,
    /// What it is.
    pub description: Option<String>,
    /// The means, such as `email` or `slack`.
    pub target: String,
}
