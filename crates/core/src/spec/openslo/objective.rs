//! `objectives` of v1 and v2alpha.

use super::{Dialect, indicator, metadata::labels};
use crate::{
    ratio::{NotExact, Target},
    spec::{
        code,
        duration::{self, Duration, DurationUnit, Use},
        fields::{Fields, Item},
        model::{Method, Number, Objective, Operator},
        report::Report,
        yaml::Value,
    },
};

/// Which metric an indicator has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InlineMetric {
    Threshold,
    Ratio,
}

/// What the SLO around an objective says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub(super) dialect: Dialect,
    pub(super) method: Method,
    /// The metric of the SLO's indicator, when that stands in place.
    pub(super) metric: Option<InlineMetric>,
    /// Whether objectives have indicators of their own.
    pub(super) is_composite: bool,
}

/// Reads one objective.
pub(super) fn objective(item: &Item<'_>, around: Around, report: &mut Report) -> Option<Objective> {
    let mut fields = item.fields(report)?;
    let display_name =
        fields.get("displayName").and_then(|item| item.text(report)).map(str::to_owned);
    if around.dialect.is_v2 {
        objective_labels(&mut fields, report);
    }
    let (op, value) = comparison(&mut fields, around, report);
    let target = fields
        .exactly_one(&["target", "targetPercent"], report)
        .and_then(|(key, item)| target(&item, key == "targetPercent", report));
    let slice_target = slice_target(&mut fields, around.method, report);
    let slice_window = slice_window(&mut fields, around.method, report);
    let own = indicator::linked(&mut fields, around.dialect, report);
    let has_own = fields.has(around.dialect.indicator) || fields.has(around.dialect.indicator_ref);
    if around.is_composite && !has_own {
        let message = format!(
            "one of {}, {} is required in every objective of a composite SLO",
            around.dialect.indicator, around.dialect.indicator_ref
        );
        item.error(report, code::ONE_OF, message, "");
    }
    let weight = fields.get("compositeWeight").and_then(|item| weight(&item, report));
    fields.finish(report);
    Some(Objective {
        display_name,
        op,
        value,
        target: target?,
        slice_target,
        slice_window,
        indicator: own,
        weight,
    })
}

fn objective_labels(fields: &mut Fields<'_>, report: &mut Report) {
    if let Some(item) = fields.get("labels") {
        let hint = "read and left aside; the specification has them, its SDK refuses them";
        item.warning(
            report,
            code::V2_OBJECTIVE_LABELS,
            "labels of an objective are in dispute",
            hint,
        );
        labels(&item, report);
    }
}

/// `op` and `value`: needed for a threshold metric, out of place beside a ratio, unknown where only a name is given.
fn comparison(
    fields: &mut Fields<'_>,
    around: Around,
    report: &mut Report,
) -> (Option<Operator>, Option<Number>) {
    let op = fields.get("op").and_then(|item| item.choice(&Operator::WORDS, report));
    let value = fields.get("value").and_then(|item| number(&item, report));
    match around.metric {
        Some(InlineMetric::Threshold) => {
            for key in ["op", "value"] {
                if !fields.has(key) {
                    fields.missing(key, "a threshold metric is compared with it", report);
                }
            }
        }
        Some(InlineMetric::Ratio) => {
            fields.forbid("value", "with a ratio metric", report);
            if let Some(item) = fields.get("op") {
                let hint = "read as if it were not there: a ratio is compared with the target";
                item.warning(
                    report,
                    code::OP_WITH_RATIO,
                    "has no meaning with a ratio metric",
                    hint,
                );
            }
        }
        None => {}
    }
    (op, value)
}

/// Reads a decimal number of any size.
pub(super) fn number(item: &Item<'_>, report: &mut Report) -> Option<Number> {
    let text = item.number(report)?;
    let number = Number::read(text);
    if number.is_none() {
        item.error(report, code::WRONG_TYPE, format!("{text} is not a decimal number"), "");
    }
    number
}

fn weight(item: &Item<'_>, report: &mut Report) -> Option<Number> {
    let weight = number(item, report)?;
    if !weight.is_positive() {
        item.error(
            report,
            code::OUT_OF_RANGE,
            format!("must be above 0, is {}", weight.as_str()),
            "",
        );
    }
    Some(weight)
}

/// Reads a target from 0 to just below 1, or below 100 where it is a percentage.
pub(super) fn target(item: &Item<'_>, is_percent: bool, report: &mut Report) -> Option<Target> {
    let text = item.number(report)?;
    let whole = if is_percent { "100" } else { "1" };
    let parsed =
        if is_percent { Target::parse_percent(text) } else { Target::parse_fraction(text) };
    let too_large = match parsed {
        Ok(Target::PERFECT) => "for 100 % write the annotation plimsoll/target: \"100%\"",
        Ok(target) => return Some(target),
        Err(NotExact::TooLarge) if !is_percent => "a percentage is written as targetPercent",
        Err(NotExact::TooLarge) => "",
        Err(other) => {
            not_exact(item, text, other, report);
            return None;
        }
    };
    item.error(report, code::OUT_OF_RANGE, format!("must be below {whole}, is {text}"), too_large);
    None
}

fn not_exact(item: &Item<'_>, text: &str, why: NotExact, report: &mut Report) {
    let (code, hint) = match why {
        NotExact::Negative => (code::OUT_OF_RANGE, ""),
        NotExact::TooFine => (code::NOT_EXACT, "round it; nothing is gained by more decimals"),
        NotExact::NotANumber => (code::WRONG_TYPE, "write plain decimal digits"),
        NotExact::TooLarge => (code::OUT_OF_RANGE, "the whole is 1"),
    };
    item.error(report, code, format!("{text} {why}"), hint);
}

/// Reads `timeSliceTarget`, above 0 and at most 1.
fn slice_target(fields: &mut Fields<'_>, method: Method, report: &mut Report) -> Option<Target> {
    let Some(item) = fields.get("timeSliceTarget") else {
        if method == Method::Timeslices {
            fields.missing("timeSliceTarget", "a slice is good when so much of it is", report);
        }
        return None;
    };
    let target = share(&item, report)?;
    if target.ppb() == 0 {
        let hint = "read as written: every slice with traffic is good";
        item.warning(report, code::SLICE_TARGET_ZERO, "is 0, which no slice can miss", hint);
    }
    Some(target)
}

/// Reads a share from 0 to 1.
pub(super) fn share(item: &Item<'_>, report: &mut Report) -> Option<Target> {
    let text = item.number(report)?;
    Target::parse_fraction(text).map_err(|why| not_exact(item, text, why, report)).ok()
}

/// Reads `timeSliceWindow`: a duration, or a number of minutes.
fn slice_window(fields: &mut Fields<'_>, method: Method, report: &mut Report) -> Option<Duration> {
    let Some(item) = fields.get("timeSliceWindow") else {
        if method != Method::Occurrences {
            fields.missing("timeSliceWindow", "the length of a slice, such as 1m", report);
        }
        return None;
    };
    let minutes = match &item.node.value {
        Value::Number(number) => {
            number.parse::<u32>().ok().filter(|_| number.bytes().all(|b| b.is_ascii_digit()))
        }
        _ => None,
    };
    let Some(count) = minutes else { return duration::read(&item, Use::Length, report) };
    let hint = format!("read as {count} minutes; write {count}m");
    item.warning(report, code::SLICE_WINDOW_NUMBER, format!("{count} has no unit"), hint);
    Some(Duration { count, unit: DurationUnit::Minute })
}
