//! Exact shares and targets. No floating point: a share of a billion parts decides, cross-multiplied in 128 bits.
//!
//! With floats, 60 bad events of 60,000 at 99.9 % leave `1.1e-16` of the budget, which reads "0.0 % left, ship".
//! Here the same numbers leave exactly nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Parts per billion in a whole.
pub const BILLION: u64 = 1_000_000_000;

/// The share of events that an objective asks to be good, in parts per billion: `99.9 %` is `999_000_000`.
/// Between 0 and 1; 1 (100 %) is legal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Target(u64);

impl TryFrom<u64> for Target {
    type Error = String;

    fn try_from(ppb: u64) -> Result<Self, String> {
        Target::from_ppb(ppb)
            .ok_or_else(|| format!("{ppb} parts per billion are more than a whole"))
    }
}

impl From<Target> for u64 {
    fn from(target: Target) -> u64 {
        target.ppb()
    }
}

impl Target {
    /// The target of 100 %: no event may be bad.
    pub const PERFECT: Target = Target(BILLION);

    /// A target of so many parts per billion; `None` above a whole.
    pub fn from_ppb(ppb: u64) -> Option<Self> {
        (ppb <= BILLION).then_some(Target(ppb))
    }

    /// Reads a fraction such as `0.999` exactly; see [`parse_decimal_ppb`].
    ///
    /// # Errors
    /// When the text is not a plain decimal number from 0 to 1 with at most nine decimals.
    pub fn parse_fraction(text: &str) -> Result<Self, NotExact> {
        let ppb = parse_decimal_ppb(text)?;
        Target::from_ppb(ppb).ok_or(NotExact::TooLarge)
    }

    /// Reads a percentage such as `99.95` exactly (at most seven decimals).
    ///
    /// # Errors
    /// When the text is not a plain decimal number from 0 to 100 with at most seven decimals.
    pub fn parse_percent(text: &str) -> Result<Self, NotExact> {
        let ppb_of_percent = parse_decimal_ppb(text)?;
        if !ppb_of_percent.is_multiple_of(100) {
            return Err(NotExact::TooFine);
        }
        Target::from_ppb(ppb_of_percent / 100).ok_or(NotExact::TooLarge)
    }

    /// The target in parts per billion.
    pub fn ppb(self) -> u64 {
        self.0
    }

    /// What the target allows to be bad, in parts per billion.
    pub fn allowed_ppb(self) -> u64 {
        BILLION - self.0
    }

    /// As a decimal fraction without trailing zeros: `0.999`.
    pub fn fraction(self) -> String {
        decimal(i128::from(self.0), 9)
    }
}

impl fmt::Display for Target {
    /// As a percentage, exact: `99.9 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", decimal(i128::from(self.0), 7))
    }
}

/// Why a number could not be read exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotExact {
    /// It is not a plain decimal number.
    NotANumber,
    /// It is negative.
    Negative,
    /// It is above the largest value allowed.
    TooLarge,
    /// It has more decimals than parts per billion can hold.
    TooFine,
}

impl fmt::Display for NotExact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotExact::NotANumber => "is not a plain decimal number",
            NotExact::Negative => "is negative",
            NotExact::TooLarge => "is too large",
            NotExact::TooFine => "has more decimals than a billionth can hold",
        })
    }
}

/// Reads a plain decimal number (`12`, `0.999`, `.5`, with an optional exponent as YAML and JSON allow) as parts
/// per billion, exactly.
///
/// # Errors
/// [`NotExact`], when it is no such number, negative, above 10^9, or needs more than nine decimals.
pub fn parse_decimal_ppb(text: &str) -> Result<u64, NotExact> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('-') {
        return match parse_decimal_ppb(rest) {
            Ok(0) => Ok(0),
            Ok(_) | Err(NotExact::TooLarge | NotExact::TooFine) => Err(NotExact::Negative),
            Err(other) => Err(other),
        };
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, exponent.parse::<i32>().map_err(|_| NotExact::NotANumber)?)
        }
        None => (text, 0),
    };
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(decimals.bytes()).collect();
    if digits.is_empty() || digits.len() > 64 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NotExact::NotANumber);
    }
    // value = digits × 10^(exponent − decimals); in parts per billion, nine powers more.
    let power = i64::from(exponent) - decimals.len() as i64 + 9;
    let mut value: u128 = 0;
    for digit in &digits {
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(u128::from(digit - b'0')))
            .ok_or(NotExact::TooLarge)?;
    }
    let mut power = power;
    while power < 0 && value != 0 {
        if !value.is_multiple_of(10) {
            return Err(NotExact::TooFine);
        }
        value /= 10;
        power += 1;
    }
    while power > 0 && value != 0 {
        value = value.checked_mul(10).ok_or(NotExact::TooLarge)?;
        power -= 1;
    }
    let limit = u128::from(BILLION) * u128::from(BILLION);
    if value > limit { Err(NotExact::TooLarge) } else { Ok(value as u64) }
}

/// `part / whole` in parts per billion, rounded towards zero. `None` when the whole is zero.
pub fn share_ppb(part: u64, whole: u64) -> Option<u64> {
    (whole != 0).then(|| (u128::from(part) * u128::from(BILLION) / u128::from(whole)) as u64)
}

/// `numerator / denominator` in parts per billion, rounded down, and whether something was cut off. Exact by long
/// division, where a product with 10^9 would not fit in 128 bits. `None` when the denominator is zero or above 2^120.
pub fn quotient_ppb(numerator: u128, denominator: u128) -> Option<(u128, bool)> {
    if denominator == 0 || denominator > 1 << 120 {
        return None;
    }
    let (mut quotient, mut rest) = (numerator / denominator, numerator % denominator);
    for _ in 0..9 {
        rest *= 10;
        quotient = quotient.checked_mul(10)? + rest / denominator;
        rest %= denominator;
    }
    Some((quotient, rest != 0))
}

/// `numerator × factor / denominator`, rounded down, and whether something was cut off. Exact by long multiplication
/// and division, where the product would not fit in 128 bits. `None` when the denominator is zero or above 2^120, or
/// the result does not fit.
pub fn scaled(numerator: u128, factor: u64, denominator: u128) -> Option<(u128, bool)> {
    if denominator == 0 || denominator > 1 << 120 {
        return None;
    }
    let (whole, part) = (numerator / denominator, numerator % denominator);
    let (mut quotient, mut rest) = (0_u128, 0);
    for bit in (0..u64::BITS).rev() {
        rest = rest * 2 + if factor >> bit & 1 == 1 { part } else { 0 };
        quotient = quotient * 2 + rest / denominator;
        rest %= denominator;
    }
    let quotient = whole.checked_mul(factor.into())?.checked_add(quotient)?;
    Some((quotient, rest != 0))
}

/// Writes `value / 10^places` without trailing zeros: `decimal(999_000_000, 9)` is `0.999`.
pub fn decimal(value: i128, places: u32) -> String {
    let scale = 10_u128.pow(places);
    let sign = if value < 0 { "-" } else { "" };
    let magnitude = value.unsigned_abs();
    let (whole, rest) = (magnitude / scale, magnitude % scale);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let decimals = format!("{rest:0width$}", width = places as usize);
    format!("{sign}{whole}.{}", decimals.trim_end_matches('0'))
}

/// Writes a share as a percentage with one decimal, rounded down: what is left or covered is never overstated, and
/// 100 % is only ever all of it.
pub fn percent_floor(ppb: i64) -> String {
    percent(ppb.div_euclid(TENTH_PPB))
}

/// A tenth of a percent, in parts per billion.
const TENTH_PPB: i64 = BILLION as i64 / 1000;

/// Writes a share as a percentage with one decimal, rounded up: what is spent is never understated.
pub fn percent_ceil(ppb: i64) -> String {
    percent(tenths_ceil(ppb))
}

/// A share in tenths of a percent, rounded up.
pub fn tenths_ceil(ppb: i64) -> i64 {
    ppb.div_euclid(TENTH_PPB) + i64::from(ppb.rem_euclid(TENTH_PPB) > 0)
}

/// Shares in tenths of a percent that add up to `total`, which is their sum rounded up or down: each is rounded down,
/// and the tenths that are then missing go one each to those that lost most, the first among equals (the method of the
/// largest remainder). So a column of them can be added up by hand.
pub fn tenths_adding_up(shares_ppb: &[i64], total: i64) -> Vec<i64> {
    let mut tenths: Vec<i64> = shares_ppb.iter().map(|ppb| ppb.div_euclid(TENTH_PPB)).collect();
    let missing = usize::try_from(total - tenths.iter().sum::<i64>()).unwrap_or_default();
    let mut order: Vec<usize> = (0..shares_ppb.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(shares_ppb[*at].rem_euclid(TENTH_PPB)));
    for at in order.into_iter().take(missing) {
        tenths[at] += 1;
    }
    tenths
}

/// Tenths of a percent: `1,000 %`, `-0.1 %`.
pub fn percent(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, tenth) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    let tenth = if tenth == 0 { String::new() } else { format!(".{tenth}") };
    format!("{sign}{}{tenth} %", grouped(whole.into()))
}

/// Writes a count with a comma at every thousand: `12,340`.
pub fn grouped(count: u128) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Large whole numbers as texts: many readers of JSON hold no more than 53 bits.
pub(crate) mod text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(
        number: &u128,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("{text:?} is no whole number")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn targets_are_exact() {
        assert_eq!(Target::parse_percent("99.9999").unwrap().ppb(), 999_999_000);
        assert_eq!(Target::parse_fraction("0.999999").unwrap().ppb(), 999_999_000);
        assert_eq!(Target::parse_fraction("1").unwrap(), Target::PERFECT);
        assert_eq!(Target::parse_fraction("1.0").unwrap(), Target::PERFECT);
        assert_eq!(Target::parse_fraction("99e-2").unwrap().ppb(), 990_000_000);
        assert_eq!(Target::parse_percent("99.95").unwrap().to_string(), "99.95 %");
        assert_eq!(Target::parse_fraction("0.999").unwrap().fraction(), "0.999");
    }

    #[test]
    fn what_is_not_exact_is_refused_with_a_reason() {
        assert_eq!(Target::parse_fraction("1.1"), Err(NotExact::TooLarge));
        assert_eq!(Target::parse_fraction("-0.5"), Err(NotExact::Negative));
        assert_eq!(Target::parse_fraction("0.9999999999"), Err(NotExact::TooFine));
        for text in ["", ".", "nan", "inf", "0x1", "1_000", "0.9.9", "1e", "٣"] {
            assert_eq!(Target::parse_fraction(text), Err(NotExact::NotANumber), "{text:?}");
        }
        assert_eq!(Target::parse_fraction("1e999999999"), Err(NotExact::TooLarge));
        assert_eq!(Target::parse_fraction("1e-999999999"), Err(NotExact::TooFine));
    }

    #[test]
    fn quotients_are_exact_where_products_would_not_fit() {
        assert_eq!(quotient_ppb(1, 3), Some((333_333_333, true)));
        assert_eq!(quotient_ppb(3, 2), Some((1_500_000_000, false)));
        assert_eq!(quotient_ppb(1 << 119, 1 << 120), Some((500_000_000, false)));
        assert_eq!(quotient_ppb(1, 0), None);
    }

    #[test]
    fn shares_read_well_and_never_too_good() {
        assert_eq!(percent_floor(432_100_000), "43.2 %");
        assert_eq!(percent_floor(999_999_999), "99.9 %");
        assert_eq!(percent_floor(1_000_000_000), "100 %");
        assert_eq!(percent_floor(-1), "-0.1 %");
        assert_eq!(percent_floor(-2_150_000_000), "-215 %");
        assert_eq!(percent_ceil(10_000_000_001), "1,000.1 %");
        assert_eq!(percent_ceil(833_300_000), "83.4 %");
        assert_eq!(percent_ceil(1_000_000_001), "100.1 %");
        assert_eq!(percent_ceil(1_000_000_000), "100 %");
        assert_eq!(percent_ceil(-1), "0 %");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
    }

    #[test]
    fn what_is_left_is_rounded_down_and_what_is_spent_up() {
        let both = |ppb: i64| (percent_floor(ppb), percent_ceil(ppb));
        assert_eq!(both(1_000_000_000), ("100 %".into(), "100 %".into()));
        assert_eq!(both(1_000_000_001), ("100 %".into(), "100.1 %".into()));
        assert_eq!(both(999_999_999), ("99.9 %".into(), "100 %".into()));
        assert_eq!(both(-1), ("-0.1 %".into(), "0 %".into()));
        assert_eq!(percent_ceil(i64::MAX), "922,337,203,685.5 %");
    }

    #[test]
    fn lines_add_up_to_their_total() {
        // 140.02 % and 70.03 % are 210.05 %; rounded up one by one they would be 0.1 % more than their sum.
        assert_eq!(tenths_adding_up(&[1_400_200_000, 700_300_000], 2101), [1400, 701]);
        assert_eq!(
            tenths_adding_up(&[333_333_334, 333_333_333, 333_333_333], 1000),
            [334, 333, 333]
        );
        assert_eq!(tenths_adding_up(&[1, 1], tenths_ceil(2)), [1, 0]);
        assert_eq!(tenths_adding_up(&[], 0), [0; 0]);
    }

    proptest! {
        #[test]
        fn tenths_are_each_next_to_their_share(shares in proptest::collection::vec(0..5_000_000_000_i64, 1..20)) {
            let sum = shares.iter().sum::<i64>();
            for total in [tenths_ceil(sum), sum / TENTH_PPB] {
                let tenths = tenths_adding_up(&shares, total);
                prop_assert_eq!(tenths.iter().sum::<i64>(), total);
                for (tenth, share) in tenths.iter().zip(&shares) {
                    prop_assert!((tenth * TENTH_PPB - share).abs() < TENTH_PPB);
                }
            }
        }

        #[test]
        fn quotients_are_the_products_that_fit(numerator in 0..1_u128 << 90, denominator in 1..1_u128 << 100) {
            let product = numerator * u128::from(BILLION);
            let expected = (product / denominator, product % denominator != 0);
            prop_assert_eq!(quotient_ppb(numerator, denominator), Some(expected));
        }

        #[test]
        fn scaling_is_the_product_that_fits(numerator in 0..1_u128 << 63, factor: u64, denominator in 1..1_u128 << 120) {
            let product = numerator * u128::from(factor);
            let expected = (product / denominator, product % denominator != 0);
            prop_assert_eq!(scaled(numerator, factor, denominator), Some(expected));
        }

        #[test]
        fn scaling_by_a_multiple_of_the_denominator_is_exact(
            numerator in 0..1_u128 << 118, few in 1..500_u64, factor in 0..1_u64 << 30,
        ) {
            let (denominator, product) = (u128::from(few), numerator / u128::from(few) * u128::from(few));
            let expected = (product / denominator).checked_mul(u128::from(factor)).map(|n| (n, false));
            prop_assert_eq!(scaled(product, factor, denominator), expected);
        }

        #[test]
        fn left_and_spent_are_a_whole_on_screen(ppb in -5_000_000_000..5_000_000_000_i64) {
            let tenths = |text: String| -> i64 {
                let text = text.trim_end_matches(" %");
                let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
                let sign = if text.starts_with('-') { -1 } else { 1 };
                whole.trim_start_matches('-').parse::<i64>().unwrap() * 10 * sign + tenth.parse::<i64>().unwrap() * sign
            };
            prop_assert_eq!(tenths(percent_floor(BILLION as i64 - ppb)) + tenths(percent_ceil(ppb)), 1000);
        }

        #[test]
        fn every_target_reads_back(ppb in 0..=BILLION) {
            let target = Target::from_ppb(ppb).unwrap();
            prop_assert_eq!(Target::parse_fraction(&target.fraction()).unwrap(), target);
            let percent = target.to_string();
            prop_assert_eq!(Target::parse_percent(percent.trim_end_matches(" %")).unwrap(), target);
        }
    }
}
