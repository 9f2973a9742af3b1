//! `type: accesslog`: the data source that this program reads itself. Its words are strict.
//!
//! ```yaml
//! apiVersion: openslo/v1
//! kind: DataSource
//! metadata:
//!   name: edge
//! spec:
//!   type: accesslog
//!   connectionDetails:
//!     files: [/var/log/nginx/access.log*]
//! ```
//!
//! An indicator asks it for counts of one service: for availability `bad` of `all`, for latency `within` a
//! `threshold` of `timed`.

use regex::RegexBuilder;

use super::{
    code,
    fields::{Fields, Item},
    model::{Counts, Metric, Query},
    reading::Reading,
    yaml::{Node, Value},
};
use crate::{
    limits::{LATENCY_THRESHOLD_US_MAX, PATTERN_BYTES_MAX},
    measure::sli::Sli,
    ratio::{self, BILLION},
};

/// The `type` of the data source.
pub const TYPE: &str = "accesslog";

/// Which logs are read, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessLogSource {
    /// Names of files, with `*` for any part of a name; at least one.
    pub files: Vec<String>,
    /// How a line is taken apart, as a regular expression with named groups; known formats need none.
    pub pattern: Option<String>,
    /// How the group `time` of the pattern is read.
    pub time_format: Option<String>,
    /// Which status codes count as what, where it differs from the default.
    pub classify: Classify,
}

/// Which status codes count as what; `None` is the default of the reader.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Classify {
    /// Counted as bad.
    pub bad: Option<Vec<Statuses>>,
    /// Not counted at all.
    pub excluded: Option<Vec<Statuses>>,
    /// Not counted for latency.
    pub untimed: Option<Vec<Statuses>>,
}

/// Status codes from `from` to `to`, both included: `499` or `5xx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statuses {
    /// The first.
    pub from: u16,
    /// The last.
    pub to: u16,
}

impl AccessLogSource {
    /// Reads `connectionDetails`.
    pub(crate) fn read(item: &Item<'_>, reading: &mut Reading) -> Option<Self> {
        let mut fields = item.fields(reading)?;
        let files = fields.require("files", reading).map(|item| texts(&item, reading));
        let pattern = fields.get("pattern").and_then(|item| pattern(&item, reading));
        if !fields.has("pattern") {
            fields.forbid("timeFormat", "without pattern", reading);
        }
        let time_format = fields.get("timeFormat").and_then(|item| item.filled_text(reading));
        let classify =
            fields.get("classify").map(|item| classify(&item, reading)).unwrap_or_default();
        fields.finish(reading);
        Some(AccessLogSource {
            files: files?,
            pattern,
            time_format: time_format.map(str::to_owned),
            classify,
        })
    }
}

/// One text, or a list of at least one.
fn texts(item: &Item<'_>, reading: &mut Reading) -> Vec<String> {
    if !matches!(item.node.value, Value::List(_)) {
        return item.filled_text(reading).map(str::to_owned).into_iter().collect();
    }
    let items = item.list(reading).unwrap_or_default();
    if items.is_empty() {
        item.error(reading, code::WRONG_COUNT, "must have at least one item", "");
    }
    items.iter().filter_map(|item| item.filled_text(reading)).map(str::to_owned).collect()
}

fn pattern(item: &Item<'_>, reading: &mut Reading) -> Option<String> {
    let text = item.filled_text(reading)?;
    match RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build() {
        Ok(regex) => {
            for group in ["time", "status"] {
                if !regex.capture_names().flatten().any(|name| name == group) {
                    let message = format!("has no group named {group}");
                    let hint = format!("name it: (?P<{group}>…)");
                    item.error(reading, code::BAD_PATTERN, message, hint);
                }
            }
            Some(text.to_owned())
        }
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            item.error(reading, code::BAD_PATTERN, format!("is no regular expression: {why}"), "");
            None
        }
    }
}

fn classify(item: &Item<'_>, reading: &mut Reading) -> Classify {
    let Some(mut fields) = item.fields(reading) else { return Classify::default() };
    let [bad, excluded, untimed] = ["bad", "excluded", "untimed"]
        .map(|key| fields.get(key).map(|item| statuses(&item, reading)));
    fields.finish(reading);
    Classify { bad, excluded, untimed }
}

/// Status codes in a text or a list of them: `5xx, 429`. An empty list means none.
fn statuses(item: &Item<'_>, reading: &mut Reading) -> Vec<Statuses> {
    let items = match &item.node.value {
        Value::List(_) => item.list(reading).unwrap_or_default(),
        _ => vec![item.clone()],
    };
    let mut statuses = Vec::new();
    for item in &items {
        let text = match &item.node.value {
            Value::Number(number) => number,
            _ => item.text(reading).unwrap_or_default(),
        };
        for part in text.split(',').map(str::trim) {
            if let Some(range) = Statuses::parse(part) {
                statuses.push(range);
            } else {
                let message = format!("{part:?} is no status code");
                item.error(reading, code::BAD_CHOICE, message, "write codes as 499 or 5xx");
            }
        }
    }
    statuses
}

impl Statuses {
    /// Reads `499` or `5xx`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(class) = text.strip_suffix("xx") {
            let class = class
                .parse::<u16>()
                .ok()
                .filter(|class| (1..=9).contains(class) && text.len() == 3)?;
            return Some(Statuses { from: class * 100, to: class * 100 + 99 });
        }
        let status = text
            .parse::<u16>()
            .ok()
            .filter(|status| (100..=999).contains(status) && text.len() == 3)?;
        Some(Statuses { from: status, to: status })
    }
}

impl std::fmt::Display for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.from == self.to {
            write!(f, "{}", self.from)
        } else {
            write!(f, "{}xx", self.from / 100)
        }
    }
}

/// What an indicator asks of access logs: a service and what is counted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The service.
    pub service: String,
    /// What is counted.
    pub sli: Sli,
}

/// Reads a metric that an access log answers. `field` is the field of the metric, `query_spec` the way from a query
/// to its own words.
pub(crate) fn question(
    metric: &Metric,
    field: &str,
    query_spec: &str,
    root: &Node,
    reading: &mut Reading,
) -> Option<Question> {
    let Metric::Ratio { counts, part, total, .. } = metric else {
        let key =
            if matches!(metric, Metric::Threshold(_)) { "thresholdMetric" } else { "ratioMetric" };
        let field = format!("{field}.{key}");
        let hint = "for availability bad and total, for latency good and total";
        let message = "access logs answer a ratioMetric of good or bad and total";
        reading.error(code::BAD_CHOICE, root.position_of(&field), &field, message, hint);
        return None;
    };
    let part_key = if *counts == Counts::Good { "good" } else { "bad" };
    let part_field = format!("{field}.ratioMetric.{part_key}.{query_spec}");
    let total_field = format!("{field}.ratioMetric.total.{query_spec}");
    let part = spec(part, &part_field, root, reading);
    let total = spec(total, &total_field, root, reading);
    let (part, total) = (part?, total?);
    if part.service != total.service {
        let message = format!("{:?} here, {:?} in {part_key}", total.service, part.service);
        let field = format!("{total_field}.service");
        reading.error(
            code::BAD_CHOICE,
            root.position_of(&field),
            &field,
            message,
            "name the same service in both",
        );
        return None;
    }
    let sli = match (counts, part.count, total.count) {
        (Counts::Bad, Count::Bad, Count::All) => Sli::Availability,
        (Counts::Good, Count::Within { at_most_us }, Count::Timed) => Sli::Latency { at_most_us },
        _ => {
            let field = format!("{part_field}.count");
            let message = format!("{part_key} and total do not fit each other");
            let hint = "for availability bad: {count: bad}, total: {count: all}; for latency good: {count: within, \
                        threshold: 300ms}, total: {count: timed}";
            reading.error(code::BAD_CHOICE, root.position_of(&field), &field, message, hint);
            return None;
        }
    };
    Some(Question { service: part.service, sli })
}

struct Asked {
    service: String,
    count: Count,
}

#[derive(Clone, Copy)]
enum Count {
    Bad,
    All,
    Within { at_most_us: u64 },
    Timed,
}

/// Reads `{service, count, threshold}`.
fn spec(query: &Query, field: &str, root: &Node, reading: &mut Reading) -> Option<Asked> {
    let node = Node { at: root.position_of(field), value: query.spec.value.clone() };
    let item = Item { node: &node, field: field.to_owned() };
    let mut fields = item.fields(reading)?;
    let service = fields
        .require("service", reading)
        .and_then(|item| item.filled_text(reading).map(str::to_owned));
    let count = count(&mut fields, reading);
    fields.finish(reading);
    Some(Asked { service: service?, count: count? })
}

fn count(fields: &mut Fields<'_>, reading: &mut Reading) -> Option<Count> {
    let words = [
        ("bad", Count::Bad),
        ("all", Count::All),
        ("within", Count::Within { at_most_us: 0 }),
        ("timed", Count::Timed),
    ];
    let count = fields.require("count", reading).and_then(|item| item.choice(&words, reading));
    if let Some(Count::Within { .. }) = count {
        let at_most_us =
            fields.require("threshold", reading).and_then(|item| threshold(&item, reading))?;
        return Some(Count::Within { at_most_us });
    }
    if count.is_some() {
        fields.forbid("threshold", "unless count is within", reading);
    } else {
        // Asked for, so that it is not reported as unknown.
        fields.has("threshold");
    }
    count
}

fn threshold(item: &Item<'_>, reading: &mut Reading) -> Option<u64> {
    let text = item.text(reading)?;
    let threshold = parse_threshold(text).filter(|us| (1..=LATENCY_THRESHOLD_US_MAX).contains(us));
    if threshold.is_none() {
        let message = format!("{text:?} is no time from 1us to 1h, in whole microseconds");
        item.error(reading, code::BAD_DURATION, message, "write it as 300ms, 1.5s or 250us");
    }
    threshold
}

/// Reads `300ms`, `1.5s` or `250us` as microseconds.
pub fn parse_threshold(text: &str) -> Option<u64> {
    let units = [("us", 1), ("ms", 1_000), ("s", 1_000_000)];
    let (number, unit_us) =
        units.iter().find_map(|(unit, us)| text.strip_suffix(unit).map(|number| (number, *us)))?;
    if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let scaled = u128::from(ratio::parse_decimal_ppb(number).ok()?) * unit_us;
    let billion = u128::from(BILLION);
    scaled.is_multiple_of(billion).then(|| u64::try_from(scaled / billion).ok())?
}

/// Writes microseconds as [`parse_threshold`] reads them: `300ms`.
pub fn write_threshold(us: u64) -> String {
    match us {
        _ if us.is_multiple_of(1_000_000) => format!("{}s", us / 1_000_000),
        _ if us.is_multiple_of(1_000) => format!("{}ms", us / 1_000),
        _ => format!("{us}us"),
    }
}

/// The metric by which an indicator asks for these counts. The data source is named by `source_ref`.
pub fn metric(question: &Question, source_ref: &str) -> Metric {
    let query = |words: Vec<(&str, String)>| {
        let service = ("service", Node::text(&question.service));
        let words = words.into_iter().map(|(key, text)| (key, Node::text(text)));
        Query {
            source_ref: Some(source_ref.to_owned()),
            source_type: None,
            source: None,
            spec: Node::map(std::iter::once(service).chain(words)),
        }
    };
    let (counts, part, total) = match question.sli {
        Sli::Availability => {
            (Counts::Bad, vec![("count", "bad".to_owned())], vec![("count", "all".to_owned())])
        }
        Sli::Latency { at_most_us } => (
            Counts::Good,
            vec![("count", "within".to_owned()), ("threshold", write_threshold(at_most_us))],
            vec![("count", "timed".to_owned())],
        ),
    };
    Metric::Ratio { counter: Some(true), counts, part: query(part), total: query(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_exact() {
        for (text, us) in [
            ("300ms", 300_000),
            ("1.5s", 1_500_000),
            ("250us", 250),
            ("0.001ms", 1),
            ("2s", 2_000_000),
        ] {
            assert_eq!(parse_threshold(text), Some(us), "{text}");
        }
        for text in ["", "ms", "300", "300 ms", "0.0001ms", "-1ms", "1e3ms", "1m", "99999999999s"] {
            assert_eq!(parse_threshold(text), None, "{text}");
        }
        assert_eq!(
            [1_500_000, 2_000_000, 300_000, 250].map(write_threshold),
            ["1500ms", "2s", "300ms", "250us"]
        );
    }

    #[test]
    fn statuses_by_hand() {
        assert_eq!(Statuses::parse("5xx"), Some(Statuses { from: 500, to: 599 }));
        assert_eq!(Statuses::parse("499"), Some(Statuses { from: 499, to: 499 }));
        for text in ["", "xx", "0xx", "55xx", "99", "1000", "+99", "5XX", "abc"] {
            assert_eq!(Statuses::parse(text), None, "{text}");
        }
    }
}
