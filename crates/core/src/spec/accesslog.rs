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

use serde::{Deserialize, Serialize};

use super::{
    code,
    fields::{Fields, Item},
    model::{Counts, Metric, Query},
    report::Report,
    yaml::{Node, Value},
};
use crate::{
    limits::{HOST_NAME_BYTES_MAX, THRESHOLD_US_MAX},
    measure::{accesslog::Format, classify::Rules, gap::Gap, service::By, sli::Sli},
    printable::is_unprintable,
};

/// The `type` of the data source.
pub const TYPE: &str = "accesslog";

/// Which logs are read, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessLogSource {
    /// Names of files, with `*` for any part of a name; none where the logs come from elsewhere, such as a pipe.
    pub files: Vec<String>,
    /// How a line is taken apart, as a regular expression with named groups; known formats need none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// How the group `time` of the pattern is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// Which answers are good, where that differs from the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classify: Option<Rules>,
    /// What makes a service, where that is not found by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// The name of the one service of the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// When silence is missing data, where that differs from the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
}

impl AccessLogSource {
    /// Reads `connectionDetails`.
    pub(crate) fn read(item: &Item<'_>, report: &mut Report) -> Option<Self> {
        let mut fields = item.fields(report)?;
        let files = fields.get("files").map(|item| texts(&item, report)).unwrap_or_default();
        let pattern = fields.get("pattern");
        if pattern.is_none() {
            fields.forbid("timeFormat", "without pattern", report);
        }
        let time_format = fields.get("timeFormat").and_then(|item| item.filled_text(report));
        let pattern = pattern.and_then(|item| pattern_text(&item, time_format, report));
        let classify = fields.get("classify").and_then(|item| classify(&item, report));
        let by = fields.get("by").and_then(|item| parsed(&item, By::parse, report));
        let service = fields.get("service").and_then(|item| parsed(&item, service_name, report));
        let gap = fields.get("gap").and_then(|item| parsed(&item, Gap::parse, report));
        fields.finish(report);
        Some(AccessLogSource {
            files,
            pattern,
            time_format: time_format.map(str::to_owned),
            classify,
            by,
            service,
            gap,
        })
    }
}

/// One text, or a list of at least one.
fn texts(item: &Item<'_>, report: &mut Report) -> Vec<String> {
    if !matches!(item.node.value, Value::List(_)) {
        return item.filled_text(report).map(str::to_owned).into_iter().collect();
    }
    let items = item.list(report).unwrap_or_default();
    if items.is_empty() {
        item.error(report, code::WRONG_COUNT, "must have at least one item", "");
    }
    items.iter().filter_map(|item| item.filled_text(report)).map(str::to_owned).collect()
}

/// The pattern, judged by the reader that will use it.
fn pattern_text(item: &Item<'_>, time_format: Option<&str>, report: &mut Report) -> Option<String> {
    let text = item.filled_text(report)?;
    if let Err(why) = Format::pattern(text, time_format) {
        // The engine draws a picture of the place over several lines; its last line says what is wrong.
        let (first, last) =
            (why.lines().next().unwrap_or_default(), why.lines().last().unwrap_or_default());
        let why = if first == last { first.to_owned() } else { format!("{first} {last}") };
        item.error(report, code::BAD_PATTERN, why, "");
        return None;
    }
    Some(text.to_owned())
}

/// A text that is read by what understands it.
fn parsed<T>(
    item: &Item<'_>,
    parse: impl Fn(&str) -> Result<T, String>,
    report: &mut Report,
) -> Option<T> {
    match parse(item.filled_text(report)?) {
        Ok(value) => Some(value),
        Err(why) => {
            item.error(report, code::BAD_CHOICE, why, "");
            None
        }
    }
}

/// Reads the name of the one service of the logs.
///
/// # Errors
/// A sentence that says what is allowed.
pub fn service_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let fits =
        !name.is_empty() && name.len() <= HOST_NAME_BYTES_MAX && !name.chars().any(is_unprintable);
    fits.then(|| name.to_owned()).ok_or_else(|| {
        format!("the name of a service has 1 to {HOST_NAME_BYTES_MAX} bytes, all of them printable")
    })
}

fn classify(item: &Item<'_>, report: &mut Report) -> Option<Rules> {
    match Rules::parse(item.filled_text(report)?) {
        Ok(rules) => Some(rules),
        Err(why) => {
            item.error(report, code::BAD_CHOICE, why, "for example bad=5xx,429 excluded=499");
            None
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
    report: &mut Report,
) -> Option<Question> {
    let Metric::Ratio { counts, part, total, .. } = metric else {
        let key =
            if matches!(metric, Metric::Threshold(_)) { "thresholdMetric" } else { "ratioMetric" };
        let field = format!("{field}.{key}");
        let hint = "for availability bad and total, for latency good and total";
        let message = "access logs answer a ratioMetric of good or bad and total";
        report.error(code::BAD_CHOICE, root.position_of(&field), &field, message, hint);
        return None;
    };
    let part_key = if *counts == Counts::Good { "good" } else { "bad" };
    let part_field = format!("{field}.ratioMetric.{part_key}.{query_spec}");
    let total_field = format!("{field}.ratioMetric.total.{query_spec}");
    let part = spec(part, &part_field, root, report);
    let total = spec(total, &total_field, root, report);
    let (part, total) = (part?, total?);
    if part.service != total.service {
        let message = format!("{:?} here, {:?} in {part_key}", total.service, part.service);
        let field = format!("{total_field}.service");
        report.error(
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
            report.error(code::BAD_CHOICE, root.position_of(&field), &field, message, hint);
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
fn spec(query: &Query, field: &str, root: &Node, report: &mut Report) -> Option<Asked> {
    let node = Node { at: root.position_of(field), value: query.spec.value.clone() };
    let item = Item { node: &node, field: field.to_owned() };
    let mut fields = item.fields(report)?;
    let service = fields
        .require("service", report)
        .and_then(|item| item.filled_text(report).map(str::to_owned));
    let count = count(&mut fields, report);
    fields.finish(report);
    Some(Asked { service: service?, count: count? })
}

fn count(fields: &mut Fields<'_>, report: &mut Report) -> Option<Count> {
    let words = [
        ("bad", Count::Bad),
        ("all", Count::All),
        ("within", Count::Within { at_most_us: 0 }),
        ("timed", Count::Timed),
    ];
    let count = fields.require("count", report).and_then(|item| item.choice(&words, report));
    if let Some(Count::Within { .. }) = count {
        let at_most_us =
            fields.require("threshold", report).and_then(|item| threshold(&item, report))?;
        return Some(Count::Within { at_most_us });
    }
    if count.is_some() {
        fields.forbid("threshold", "unless count is within", report);
    } else {
        // Asked for, so that it is not reported as unknown.
        fields.has("threshold");
    }
    count
}

fn threshold(item: &Item<'_>, report: &mut Report) -> Option<u64> {
    let text = item.text(report)?;
    let threshold = parse_threshold(text).filter(|us| (1..=THRESHOLD_US_MAX).contains(us));
    if threshold.is_none() {
        let message = format!("{text:?} is no time from 1us to 1h, in whole microseconds");
        item.error(report, code::BAD_DURATION, message, "write it as 300ms, 1.5s or 250us");
    }
    threshold
}

/// Reads `300ms`, `1.5s` or `250us` as microseconds.
pub fn parse_threshold(text: &str) -> Option<u64> {
    let units = [("us", 1), ("ms", 1_000), ("s", 1_000_000)];
    let (number, unit_us) =
        units.iter().find_map(|(unit, us)| text.strip_suffix(unit).map(|number| (number, *us)))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = [whole, fraction].concat();
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let us = digits.parse::<u64>().ok()?.checked_mul(unit_us)?;
    us.is_multiple_of(scale).then_some(us / scale)
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
            ("1000000001us", 1_000_000_001),
            ("0001.50s", 1_500_000),
        ] {
            assert_eq!(parse_threshold(text), Some(us), "{text}");
        }
        for text in [
            "",
            "ms",
            "300",
            "300 ms",
            "0.0001ms",
            "-1ms",
            "1e3ms",
            "1m",
            ".5s",
            "1.2.3s",
            "99999999999999999999s",
            "1.00000000000000000000s",
        ] {
            assert_eq!(parse_threshold(text), None, "{text}");
        }
        assert_eq!(
            [1_500_000, 2_000_000, 300_000, 250].map(write_threshold),
            ["1500ms", "2s", "300ms", "250us"]
        );
    }
}
