//! `BudgetPolicy`: what follows from the error budget, as conditions a machine can check.
//!
//! ```yaml
//! apiVersion: plimsoll/v1
//! kind: BudgetPolicy
//! metadata:
//!   name: default
//! spec:
//!   cautionAt: 25%
//!   stabiliseAt: 0%
//!   fastBurn:
//!     - {lookback: 1h, factor: 14.4, minFailures: 5}
//!     - {lookback: 6h, factor: 6, minFailures: 5}
//!   minEvents: 100
//!   minCoverage: 90%
//!   maxDataAge: 1h
//!   exemptKinds: [security, p0-fix, revert, reliability]
//! ```
//!
//! Every condition may be left out; then the one above holds.

use crate::{
    promise::{
        lint,
        policy::{FastBurn, Policy},
        slo::NoData,
    },
    ratio::{NotExact, Target, parse_decimal_ppb},
    spec::{
        code,
        duration::{self, Use},
        extension,
        fields::{Fields, Item},
        model::Metadata,
        name,
        openslo::{description, metadata},
        report::Report,
        yaml::Value,
    },
};

/// A budget policy as a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDoc {
    /// Who it is.
    pub metadata: Metadata,
    /// What it means.
    pub description: Option<String>,
    /// Its conditions; the policy's name is that of the document.
    pub policy: Policy,
    /// What minutes without data mean, where the SLO does not say.
    pub no_data: Option<NoData>,
}

/// Reads a budget policy. A condition that does not exist is refused, never passed over.
pub(super) fn read(object: &mut Fields<'_>, report: &mut Report) -> Option<PolicyDoc> {
    let metadata = metadata(object, report);
    let mut spec = object.require("spec", report)?.filled_fields(report)?;
    let description = description(&mut spec, report);
    let mut policy = Policy { name: metadata.name.clone(), ..Policy::default() };
    set(&mut policy.caution_at_ppb, spec.get("cautionAt"), report, signed_share);
    set(&mut policy.stabilise_at_ppb, spec.get("stabiliseAt"), report, signed_share);
    set(&mut policy.fast_burn, spec.get("fastBurn"), report, fast_burns);
    set(&mut policy.min_events, spec.get("minEvents"), report, count);
    set(&mut policy.min_coverage_ppb, spec.get("minCoverage"), report, share);
    set(&mut policy.max_data_age_minutes, spec.get("maxDataAge"), report, minutes);
    set(&mut policy.exempt_kinds, spec.get("exemptKinds"), report, kinds);
    let no_data = spec.get("noData").and_then(|item| {
        let text = item.text(report)?;
        extension::no_data(&item, text, report)
    });
    if let Some(finding) = lint::shares(&policy) {
        if let Some(item) = spec.get("cautionAt") {
            item.error(report, code::OUT_OF_RANGE, finding.message, finding.hint);
        } else if let Some(item) = spec.get("stabiliseAt") {
            item.warning(report, finding.code, finding.message, finding.hint);
        }
    }
    spec.finish(report);
    Some(PolicyDoc { metadata, description, policy, no_data })
}

/// Replaces a default by what the document says.
fn set<T>(
    slot: &mut T,
    item: Option<Item<'_>>,
    report: &mut Report,
    read: impl FnOnce(&Item<'_>, &mut Report) -> Option<T>,
) {
    if let Some(value) = item.and_then(|item| read(&item, report)) {
        *slot = value;
    }
}

/// A share of the budget; below 0 % it would mean a budget more than spent, which no condition waits for.
fn signed_share(item: &Item<'_>, report: &mut Report) -> Option<i64> {
    share(item, report).map(|ppb| ppb as i64)
}

/// A share such as `25%`, in billionths.
fn share(item: &Item<'_>, report: &mut Report) -> Option<u64> {
    const HINT: &str = "write it as a percentage from 0% to 100%, such as 25%";
    if let Value::Number(number) = &item.node.value {
        item.error(report, code::WRONG_TYPE, format!("{number} has no unit"), HINT);
        return None;
    }
    let text = item.filled_text(report)?;
    let number = text.strip_suffix('%').map(str::trim_end);
    let parsed = number.ok_or(NotExact::NotANumber).and_then(Target::parse_percent);
    if parsed.is_err() {
        item.error(report, code::OUT_OF_RANGE, format!("{text:?} is no percentage"), HINT);
    }
    parsed.ok().map(Target::ppb)
}

fn fast_burns(item: &Item<'_>, report: &mut Report) -> Option<Vec<FastBurn>> {
    let items = item.list(report)?;
    Some(items.iter().filter_map(|item| fast_burn(item, report)).collect())
}

/// Kinds of changes, each once.
fn kinds(item: &Item<'_>, report: &mut Report) -> Option<Vec<String>> {
    let mut kinds: Vec<String> = Vec::new();
    for item in item.list(report)? {
        let Some(text) = item.filled_text(report) else { continue };
        if !name::is_dns_label(text) {
            let message = format!("{text:?} is no kind of change");
            item.error(
                report,
                code::BAD_NAME,
                message,
                "write small letters, digits and hyphens, such as p0-fix",
            );
        } else if kinds.iter().any(|kind| kind == text) {
            item.error(report, code::BAD_CHOICE, format!("{text} is named twice"), "");
        } else {
            kinds.push(text.to_owned());
        }
    }
    Some(kinds)
}

fn fast_burn(item: &Item<'_>, report: &mut Report) -> Option<FastBurn> {
    let mut fields = item.fields(report)?;
    let lookback = fields.require("lookback", report).and_then(|item| minutes(&item, report));
    let factor = fields.require("factor", report).and_then(|item| factor(&item, report));
    let min_failures = fields.require("minFailures", report).and_then(|item| count(&item, report));
    fields.finish(report);
    Some(FastBurn {
        lookback_minutes: lookback?,
        factor_milli: factor?,
        min_failures: min_failures?,
    })
}

/// A length of at least a minute, in whole minutes.
fn minutes(item: &Item<'_>, report: &mut Report) -> Option<u32> {
    let duration = duration::read(item, Use::Length, report)?;
    let minutes = duration.minutes().filter(|minutes| *minutes > 0);
    if minutes.is_none() {
        let message = format!("{duration} is no whole number of minutes above 0");
        item.error(report, code::BAD_DURATION, message, "for example 1h");
    }
    minutes
}

/// A number above 0 with at most three decimals, in thousandths.
fn factor(item: &Item<'_>, report: &mut Report) -> Option<u64> {
    const PPB_OF_MILLI: u64 = 1_000_000;
    let text = item.number(report)?;
    let ppb = parse_decimal_ppb(text).ok();
    let milli = ppb
        .filter(|ppb| *ppb > 0 && ppb.is_multiple_of(PPB_OF_MILLI))
        .map(|ppb| ppb / PPB_OF_MILLI);
    if milli.is_none() {
        let message = format!("must be above 0 with at most three decimals, is {text}");
        item.error(report, code::OUT_OF_RANGE, message, "");
    }
    milli
}

fn count(item: &Item<'_>, report: &mut Report) -> Option<u64> {
    let text = item.number(report)?;
    let count = text.parse().ok();
    if count.is_none() {
        item.error(report, code::OUT_OF_RANGE, format!("must be a whole number, is {text}"), "");
    }
    count
}
