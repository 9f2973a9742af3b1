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
//!   recoverAt: 10%
//!   escalation: {afterDays: 14, to: the head of engineering}
//!   exceptions: {perQuarter: 3, maxHours: 72}
//!   approvers: {product: [ada], engineering: [grace]}
//!   reviewDate: 2027-05-01
//!   solo: false
//! ```
//!
//! Every condition may be left out; then the one above holds, with nobody to escalate to, no approvers and no review
//! date. Where only `stabiliseAt` is given, `recoverAt` is 10 % above it, and at most 100 %.

use super::signing;
use crate::{
    promise::{
        lint,
        policy::{FastBurn, Policy, RECOVER_PPB},
        slo::NoData,
    },
    ratio::{BILLION, NotExact, Target, parse_decimal_ppb, percent_floor},
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
    set(&mut policy.caution_at_ppb, spec.get("cautionAt"), report, threshold);
    set(&mut policy.stabilise_at_ppb, spec.get("stabiliseAt"), report, threshold);
    set(&mut policy.fast_burn, spec.get("fastBurn"), report, fast_burns);
    set(&mut policy.min_events, spec.get("minEvents"), report, count);
    set(&mut policy.min_coverage_ppb, spec.get("minCoverage"), report, share);
    set(&mut policy.max_data_age_minutes, spec.get("maxDataAge"), report, minutes);
    set(&mut policy.exempt_kinds, spec.get("exemptKinds"), report, kinds);
    policy.recover_at_ppb = (policy.stabilise_at_ppb + RECOVER_PPB).min(BILLION as i64);
    let begin = policy.stabilise_at_ppb;
    let recovery = |item: &Item<'_>, report: &mut Report| recovery(begin, item, report);
    set(&mut policy.recover_at_ppb, spec.get("recoverAt"), report, recovery);
    set(&mut policy.escalation, spec.get("escalation"), report, signing::escalation);
    set(&mut policy.exceptions, spec.get("exceptions"), report, signing::exceptions);
    policy.review_date = spec.get("reviewDate").and_then(|item| signing::date(&item, report));
    policy.solo = spec.get("solo").and_then(|item| item.boolean(report)).unwrap_or(false);
    if let Some(item) = spec.get("approvers") {
        set(&mut policy.approvers, Some(item.clone()), report, signing::approvers);
        signing::check_two(&policy, &item, report);
    }
    let no_data = spec.get("noData").and_then(|item| {
        let text = item.text(report)?;
        extension::no_data(&item, text, report)
    });
    find(&policy, &mut spec, report);
    spec.finish(report);
    Some(PolicyDoc { metadata, description, policy, no_data })
}

/// Tells of conditions that contradict each other, or mean less than they seem to.
fn find(policy: &Policy, spec: &mut Fields<'_>, report: &mut Report) {
    if let Some(finding) = lint::shares(policy) {
        if let Some(item) = spec.get("cautionAt") {
            item.error(report, code::OUT_OF_RANGE, finding.message, finding.hint);
        } else if let Some(item) = spec.get("stabiliseAt") {
            let message = format!("{}, which is the default of cautionAt", finding.message);
            item.error(report, code::OUT_OF_RANGE, message, finding.hint);
        }
    }
    if let Some(finding) = lint::recovery(policy) {
        if let Some(item) = spec.get("recoverAt") {
            item.warning(report, finding.code, finding.message, finding.hint);
        } else if let Some(item) = spec.get("stabiliseAt") {
            let message =
                format!("{}; recoverAt, left out, is 10 % above, at most 100 %", finding.message);
            item.warning(report, finding.code, message, finding.hint);
        }
    }
    if let (Some(finding), Some(item)) = (lint::events(policy), spec.get("minEvents")) {
        item.warning(report, finding.code, finding.message, finding.hint);
    }
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

/// A share with no more than which something is asked for. No budget has more than 100 % left, so that with this share
/// it would be asked for always.
fn threshold(item: &Item<'_>, report: &mut Report) -> Option<i64> {
    let share = signed_share(item, report)?;
    if share >= BILLION as i64 {
        let message = "no budget has more than 100 % left: nothing would ever ship";
        item.error(report, code::OUT_OF_RANGE, message, "give less than 100%, such as 25%");
        return None;
    }
    Some(share)
}

/// With how much *stabilise* ends, which began with `begin`.
fn recovery(begin: i64, item: &Item<'_>, report: &mut Report) -> Option<i64> {
    let end = signed_share(item, report)?;
    if end < begin {
        let (end, begin) = (percent_floor(end), percent_floor(begin));
        let message =
            format!("stabilise would end with {end} left, below the {begin} it begins with");
        item.error(report, code::OUT_OF_RANGE, message, "give no less than stabiliseAt");
        return None;
    }
    Some(end)
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
    let duration = duration::read(item, Use::Positive, report)?;
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
