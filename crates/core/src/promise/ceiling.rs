//! The ceiling: nobody can promise more than the services give without which they fail.
//!
//! When hard dependencies fail independently of each other, a service is up at most as often as all of them are: the
//! product of what they promise. Only availability counts; a share of fast answers bounds nothing.

use std::fmt;

use super::promise::{Catalog, Promise};
use crate::{
    catalog::object::{Kind, Measure, Object},
    measure::sli::Sli,
    ratio::{BILLION, Target, decimal},
};

/// One, in the products below: 27 digits, so that the product of three targets is exact, and its product with a
/// billion fits 128 bits.
const ONE: u128 = 1_000_000_000_000_000_000_000_000_000;

/// The share that is left when all of these must be kept at once, in parts of 10^27, rounded down.
fn product(targets: impl IntoIterator<Item = Target>) -> u128 {
    let billion = u128::from(BILLION);
    targets.into_iter().fold(ONE, |left, target| left * u128::from(target.ppb()) / billion)
}

/// Whether more is promised than these targets leave, if only by the least bit. From the fifth target on it may say so
/// where the two differ by less than 10^-26; it never hides that more is promised.
fn is_above(promised: Target, given: &[Target]) -> bool {
    product([promised]) > product(given.iter().copied())
}

/// Why it is doubtful that a promise can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// More is promised than its hard dependencies give.
    Above {
        /// The strictest of its objectives for availability.
        slo: String,
        /// What that promises.
        target: Target,
        /// What the dependencies give together, in billionths, rounded down.
        ceiling_ppb: u64,
        /// What each of them gives.
        given: Vec<(String, Target)>,
    },
    /// It rests on a service of which nothing is promised that could be counted on.
    Unpromised {
        /// The service.
        service: String,
        /// Why nothing can be counted on.
        why: &'static str,
    },
}

impl Finding {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Finding::Above { .. } => {
                "promise less, agree on more with them, or get along without one of them (dependsOn.soft)"
            }
            Finding::Unpromised { .. } => {
                "agree on a promise with its owner, with an SLO for availability"
            }
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Above { slo, target, ceiling_ppb, given } => {
                let given: Vec<String> =
                    given.iter().map(|(service, target)| format!("{service} {target}")).collect();
                // A percent is ten million billionths.
                let ceiling = decimal(i128::from(*ceiling_ppb), 7);
                let given = given.join(", ");
                write!(
                    f,
                    "{target} are promised ({slo}), and its hard dependencies give at most {ceiling} %: {given}"
                )
            }
            Finding::Unpromised { service, why } => {
                write!(f, "it depends on {service}, and what that gives is not known: {why}")
            }
        }
    }
}

/// Holds a promise against the promises of its hard dependencies. `promise_of` gives the promise of a service.
pub(crate) fn findings<'a, C: Catalog>(
    catalog: &C,
    promise: &Promise,
    promise_of: impl Fn(&str) -> Option<&'a Promise>,
) -> Vec<Finding> {
    let own = availability(catalog, promise);
    let Some((slo, target)) = own.into_iter().max_by_key(|(_, target)| target.ppb()) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let mut given = Vec::new();
    for service in &promise.depends_on.hard {
        match least(catalog, promise_of(service)) {
            Ok(least) => given.push((service.clone(), least)),
            Err(why) => findings.push(Finding::Unpromised { service: service.clone(), why }),
        }
    }
    let targets: Vec<Target> = given.iter().map(|(_, target)| *target).collect();
    if is_above(target, &targets) {
        let ceiling = product(targets) / (ONE / u128::from(BILLION));
        // At most a billion.
        let ceiling_ppb = ceiling as u64;
        findings.insert(0, Finding::Above { slo: slo.to_owned(), target, ceiling_ppb, given });
    }
    findings
}

/// The least that a promise gives for availability, or why nothing can be counted on.
fn least(catalog: &impl Catalog, promise: Option<&Promise>) -> Result<Target, &'static str> {
    let promise = promise.ok_or("it has no promise")?;
    if !promise.breakages_in(catalog).is_empty() {
        return Err("its promise is broken");
    }
    let targets = availability(catalog, promise).into_iter().map(|(_, target)| target);
    targets.min_by_key(|target| target.ppb()).ok_or("it promises no availability")
}

/// The objectives of a promise that are about availability: all but those that are known to be about speed.
fn availability<'a>(catalog: &impl Catalog, promise: &'a Promise) -> Vec<(&'a str, Target)> {
    let of = |name: &'a String| {
        let Some(Object::Slo(slo)) = catalog.object(Kind::Slo, name) else { return None };
        let is_speed = matches!(
            catalog.object(Kind::Sli, &slo.sli),
            Some(Object::Sli { measure: Measure::Requests { sli: Sli::Latency { .. }, .. }, .. })
        );
        (!is_speed).then_some((name.as_str(), slo.target))
    };
    promise.slos.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn targets(texts: &[&str]) -> Vec<Target> {
        texts.iter().map(|text| Target::parse_percent(text).unwrap()).collect()
    }

    #[test]
    fn two_of_three_nines_do_not_carry_three_nines() {
        let is = |promised, given: &[&str]| is_above(targets(&[promised])[0], &targets(given));
        // 0.999 × 0.999 = 0.998001.
        assert!(is("99.9", &["99.9", "99.9"]));
        assert!(is("99.8002", &["99.9", "99.9"]));
        assert!(!is("99.8001", &["99.9", "99.9"]));
        assert!(!is("99.8", &["99.9", "99.9"]));
        assert!(!is("99.9", &["99.9"]) && !is("100", &["100", "100"]) && !is("100", &[]));
        assert!(is("100", &["99.9999999"]));
    }

    proptest! {
        #[test]
        fn a_breach_is_found_exactly_and_never_hidden(
            promised in 0..=BILLION,
            given in prop::collection::vec(999_000_000..=BILLION, 0..40),
        ) {
            let of = |ppb| Target::from_ppb(ppb);
            let (Some(promised), Some(given)) =
                (of(promised), given.iter().map(|ppb| of(*ppb)).collect::<Option<Vec<_>>>())
            else { return Ok(()) };
            // Four targets fit 128 bits as they are. What is promised of nothing is promised of one perfect service.
            let first = &given[..given.len().min(4)];
            let exact: u128 = first.iter().map(|target| u128::from(target.ppb())).product();
            let exact = if first.is_empty() { u128::from(BILLION) } else { exact };
            let others = first.len().saturating_sub(1) as u32;
            let bar = u128::from(promised.ppb()) * u128::from(BILLION).pow(others);
            prop_assert_eq!(is_above(promised, first), bar > exact);
            // One more dependency never makes a promise easier to keep.
            prop_assert!(is_above(promised, &given) || !is_above(promised, first));
        }
    }
}
