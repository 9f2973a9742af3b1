//! `BudgetPolicy`: what follows from the error budget, as conditions a machine can check.
//!
//! ```yaml
//! apiVersion: plimsoll/v1
//! kind: BudgetPolicy
//! metadata:
//!   name: default
//! spec:
//!   cautionBelow: 25%
//!   stabiliseAt: 0%
//!   fastBurn:
//!     - {lookback: 1h, factor: 14.4, minFailures: 5}
//!     - {lookback: 6h, factor: 6, minFailures: 5}
//!   minEvents: 100
//!   minCoverage: 90%
//! ```
//!
//! Every condition may be left out; then the one above holds.

use crate::{
    promise::slo::NoData,
    ratio::{NotExact, Target, parse_decimal_ppb},
    spec::{
        code,
        duration::{self, Use},
        extension,
        fields::{Fields, Item},
        model::Metadata,
        openslo::{description, metadata},
        reading::Reading,
        yaml::Value,
    },
};

/// The conditions of a budget policy, in exact integers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDoc {
    /// Who it is.
    pub metadata: Metadata,
    /// What it means.
    pub description: Option<String>,
    /// *Caution* when less than this share of the budget is left, in billionths.
    pub caution_below_ppb: u64,
    /// *Stabilise* when no more than this share of the budget is left, in billionths.
    pub stabilise_at_ppb: u64,
    /// *Stabilise* when the budget burns as fast as one of these.
    pub fast_burn: Vec<FastBurn>,
    /// *Unknown* when the window holds fewer events.
    pub min_events: u64,
    /// *Unknown* when a smaller share of the window is measured, in billionths.
    pub min_coverage_ppb: u64,
    /// What minutes without data mean, where the SLO does not say.
    pub no_data: Option<NoData>,
}

/// A burn that is too fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FastBurn {
    /// The time over which the burn is taken, in minutes.
    pub lookback_minutes: u32,
    /// How many times faster than the budget allows, in thousandths.
    pub factor_milli: u64,
    /// Fewer bad events than this in that time do not count.
    pub min_failures: u64,
}

impl Default for PolicyDoc {
    /// The policy that holds where nobody wrote one.
    fn default() -> Self {
        let fast_burn = [(60, 14_400), (360, 6_000)].map(|(lookback_minutes, factor_milli)| {
            FastBurn { lookback_minutes, factor_milli, min_failures: 5 }
        });
        PolicyDoc {
            metadata: Metadata { name: "default".to_owned(), ..Metadata::default() },
            description: None,
            caution_below_ppb: 250_000_000,
            stabilise_at_ppb: 0,
            fast_burn: fast_burn.to_vec(),
            min_events: 100,
            min_coverage_ppb: 900_000_000,
            no_data: None,
        }
    }
}

/// Reads a budget policy. A condition that does not exist is refused, never passed over.
pub(super) fn read(object: &mut Fields<'_>, reading: &mut Reading) -> Option<PolicyDoc> {
    let mut policy = PolicyDoc { metadata: metadata(object, reading), ..PolicyDoc::default() };
    let mut spec = object.require("spec", reading)?.filled_fields(reading)?;
    policy.description = description(&mut spec, reading);
    set(&mut policy.caution_below_ppb, spec.get("cautionBelow"), reading, share);
    set(&mut policy.stabilise_at_ppb, spec.get("stabiliseAt"), reading, share);
    set(&mut policy.fast_burn, spec.get("fastBurn"), reading, fast_burns);
    set(&mut policy.min_events, spec.get("minEvents"), reading, count);
    set(&mut policy.min_coverage_ppb, spec.get("minCoverage"), reading, share);
    policy.no_data = spec.get("noData").and_then(|item| {
        let text = item.text(reading)?;
        extension::no_data(&item, text, reading)
    });
    if let (Some(item), true) =
        (spec.get("cautionBelow"), policy.caution_below_ppb < policy.stabilise_at_ppb)
    {
        let hint = "caution comes before stabilise: write a larger share here";
        item.error(reading, code::OUT_OF_RANGE, "is below stabiliseAt", hint);
    }
    spec.finish(reading);
    Some(policy)
}

/// Replaces a default by what the document says.
fn set<T>(
    slot: &mut T,
    item: Option<Item<'_>>,
    reading: &mut Reading,
    read: impl FnOnce(&Item<'_>, &mut Reading) -> Option<T>,
) {
    if let Some(value) = item.and_then(|item| read(&item, reading)) {
        *slot = value;
    }
}

/// A share such as `25%`, in billionths.
fn share(item: &Item<'_>, reading: &mut Reading) -> Option<u64> {
    const HINT: &str = "write it as a percentage from 0% to 100%, such as 25%";
    if let Value::Number(number) = &item.node.value {
        item.error(reading, code::WRONG_TYPE, format!("{number} has no unit"), HINT);
        return None;
    }
    let text = item.filled_text(reading)?;
    let number = text.strip_suffix('%').map(str::trim_end);
    let parsed = number.ok_or(NotExact::NotANumber).and_then(Target::parse_percent);
    if parsed.is_err() {
        item.error(reading, code::OUT_OF_RANGE, format!("{text:?} is no percentage"), HINT);
    }
    parsed.ok().map(Target::ppb)
}

fn fast_burns(item: &Item<'_>, reading: &mut Reading) -> Option<Vec<FastBurn>> {
    let items = item.list(reading)?;
    Some(items.iter().filter_map(|item| fast_burn(item, reading)).collect())
}

fn fast_burn(item: &Item<'_>, reading: &mut Reading) -> Option<FastBurn> {
    let mut fields = item.fields(reading)?;
    let lookback = fields.require("lookback", reading).and_then(|item| lookback(&item, reading));
    let factor = fields.require("factor", reading).and_then(|item| factor(&item, reading));
    let min_failures =
        fields.require("minFailures", reading).and_then(|item| count(&item, reading));
    fields.finish(reading);
    Some(FastBurn {
        lookback_minutes: lookback?,
        factor_milli: factor?,
        min_failures: min_failures?,
    })
}

fn lookback(item: &Item<'_>, reading: &mut Reading) -> Option<u32> {
    let duration = duration::read(item, Use::Length, reading)?;
    let minutes = duration.minutes().filter(|minutes| *minutes > 0);
    if minutes.is_none() {
        item.error(
            reading,
            code::BAD_DURATION,
            format!("{duration} is no time to look back over"),
            "",
        );
    }
    minutes
}

/// A number above 0 with at most three decimals, in thousandths.
fn factor(item: &Item<'_>, reading: &mut Reading) -> Option<u64> {
    const PPB_OF_MILLI: u64 = 1_000_000;
    let text = item.number(reading)?;
    let ppb = parse_decimal_ppb(text).ok();
    let milli = ppb
        .filter(|ppb| *ppb > 0 && ppb.is_multiple_of(PPB_OF_MILLI))
        .map(|ppb| ppb / PPB_OF_MILLI);
    if milli.is_none() {
        let message = format!("must be above 0 with at most three decimals, is {text}");
        item.error(reading, code::OUT_OF_RANGE, message, "");
    }
    milli
}

fn count(item: &Item<'_>, reading: &mut Reading) -> Option<u64> {
    let text = item.number(reading)?;
    let count = text.parse().ok();
    if count.is_none() {
        item.error(reading, code::OUT_OF_RANGE, format!("must be a whole number, is {text}"), "");
    }
    count
}
