//! Numbers as access logs write them: read from bytes, exact, never through a float.

use super::Malformed;
use serde::{Deserialize, Serialize};

use crate::limits::LOG_DURATION_US_MAX;

/// A run of ASCII digits as an integer; `None` when it is empty, holds anything else or does not fit.
pub(super) fn integer(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| sum.checked_mul(10)?.checked_add(digit(*byte)?.into()))
}

/// The value of one ASCII digit.
pub(super) fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// A decimal number times 10^`power`, truncated: `scaled(b"0.0015", 6)` is 1,500.
///
/// Reads a leading `+`, a fraction and an exponent (`2.7e-6`); `None` for anything else, for negative numbers and for
/// results beyond 64 bits.
pub(super) fn scaled(text: &[u8], power: i32) -> Option<u64> {
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&text[..at], signed(&text[at + 1..])?),
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.iter().position(|byte| *byte == b'.') {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &mantissa[..0]),
    };
    if whole.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Twelve digits behind the point are a picosecond: what follows them changes no result and could overflow.
    let fraction = &fraction[..fraction.len().min(12)];
    let digits = fraction.iter().try_fold(u128::from(integer(whole)?), |sum, byte| {
        Some(sum * 10 + u128::from(digit(*byte)?)) // at most 2^64 × 10^12, far below 2^128
    })?;
    let shift = power.checked_add(exponent)?.checked_sub(fraction.len() as i32)?;
    let factor = 10_u128.checked_pow(shift.unsigned_abs());
    let result =
        if shift < 0 { factor.map_or(0, |f| digits / f) } else { digits.checked_mul(factor?)? };
    u64::try_from(result).ok()
}

/// A small integer with an optional sign, as in an exponent.
fn signed(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] | digits => (1, digits),
    };
    Some(sign * i32::try_from(integer(digits)?).ok()?)
}

/// Units in which logs state how long a request took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    /// `text` of this unit in microseconds, truncated; `None` when it is not a number, negative or absurdly long.
    #[inline]
    pub(super) fn micros(self, text: &[u8]) -> Option<u64> {
        match (self, text.first_chunk()) {
            (Unit::Seconds, Some(short)) if text.len() == short.len() => {
                short_micros(*short).or_else(|| self.any_micros(text))
            }
            _ => self.any_micros(text),
        }
    }

    fn any_micros(self, text: &[u8]) -> Option<u64> {
        let power = match self {
            Unit::Seconds => 6,
            Unit::Millis => 3,
            Unit::Micros => 0,
            Unit::Nanos => -3,
        };
        plausible(scaled(text, power)?)
    }
}

/// Seconds as nginx writes them in nearly every line, such as `0.012`, in microseconds.
#[inline]
pub(super) fn short_micros(text: [u8; 5]) -> Option<u64> {
    let word = five_bytes(text);
    let is_point = (word >> 8) as u8 == b'.';
    let millis = four_digits((word & 0xff | word >> 8 & 0xffff_ff00) as u32)?;
    is_point.then_some(u64::from(millis) * 1000)
}

/// Five bytes as a word, the first of them lowest.
#[inline]
fn five_bytes([low @ .., high]: [u8; 5]) -> u64 {
    u64::from(u32::from_le_bytes(low)) | u64::from(high) << 32
}

/// The number that four ASCII digits make, the first of them lowest. All are looked at together.
#[inline]
fn four_digits(text: u32) -> Option<u32> {
    let digits = text ^ 0x3030_3030;
    // The highest bit of a byte is set where it was no digit, or carries from one that was none.
    if (digits.wrapping_add(0x7676_7676) | digits) & 0x8080_8080 != 0 {
        return None;
    }
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff;
    Some((pairs & 0xff) * 100 + (pairs >> 16))
}

/// A duration unless it is too long to be one of a request.
pub(super) fn plausible(micros: u64) -> Option<u64> {
    (micros <= LOG_DURATION_US_MAX).then_some(micros)
}

/// The status in what follows a request in nearly every line, such as ` 200 5316`, and what follows it in turn.
#[inline]
pub(super) fn usual_status(text: &[u8]) -> Option<(u16, &[u8])> {
    let word = five_bytes(*text.first_chunk()?);
    let is_field = word & 0xff_0000_00ff == 0x20_0000_0020;
    let status = four_digits(word as u32 & 0xffff_ff00 | u32::from(b'0'))?;
    (is_field && status >= 100).then_some((status as u16, &text[4..]))
}

/// A status field: 100 to 999, or `None` in the spellings that mean "no response was sent" (`-`, `-1`, `0`, `000`).
#[inline]
pub(super) fn status(text: &[u8]) -> Result<Option<u16>, Malformed> {
    match text {
        [a @ b'1'..=b'9', b, c]
            if let Some(status) = four_digits(u32::from_le_bytes([b'0', *a, *b, *c])) =>
        {
            Ok(Some(status as u16))
        }
        b"-" | b"-1" | b"0" | b"000" => Ok(None),
        [] => Err(Malformed("status is empty")),
        text if text.iter().all(u8::is_ascii_digit) => {
            Err(Malformed("status is not between 100 and 999"))
        }
        _ => Err(Malformed("status is not a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_scaled_exactly_and_truncated() {
        assert_eq!(scaled(b"0.0015", 6), Some(1_500));
        assert_eq!(scaled(b"0.29", 6), Some(290_000));
        assert_eq!(scaled(b"12", 6), Some(12_000_000));
        assert_eq!(scaled(b"+12", 3), Some(12_000));
        assert_eq!(scaled(b"0.000002701", 6), Some(2));
        assert_eq!(scaled(b"2.701e-06", 6), Some(2));
        assert_eq!(scaled(b"2.701E+3", 0), Some(2_701));
        assert_eq!(scaled(b"1999", -3), Some(1));
        assert_eq!(scaled(b"1e-400", 6), Some(0));
        assert_eq!(scaled(b"0.99999999999999999999999999", 6), Some(999_999));
    }

    #[test]
    fn four_bytes_are_a_number_when_all_are_digits() {
        for number in 0..10_000_u32 {
            let text: [u8; 4] = format!("{number:04}").into_bytes().try_into().unwrap();
            assert_eq!(four_digits(u32::from_le_bytes(text)), Some(number));
            for (at, byte) in (0..4).flat_map(|at| (0..=255).map(move |byte| (at, byte))) {
                let mut other = text;
                other[at] = byte;
                assert_eq!(
                    four_digits(u32::from_le_bytes(other)).is_some(),
                    byte.is_ascii_digit(),
                    "{other:?}"
                );
            }
        }
        assert_eq!(short_micros(*b"0.012"), Some(12_000));
        assert_eq!(short_micros(*b"00012"), None);
        assert_eq!(short_micros(*b"0.0-2"), None);
    }

    #[test]
    fn what_is_not_a_number_has_no_value() {
        for text in [
            &b""[..],
            b".",
            b".5",
            b"-1",
            b"1.2.3",
            b"1,5",
            b"0x1",
            b"1e",
            b"1e999999999999",
            b"nan",
            b"1 ",
        ] {
            assert_eq!(scaled(text, 6), None, "{}", text.escape_ascii());
        }
        assert_eq!(scaled(b"99999999999999999999", 0), None);
        assert_eq!(scaled(b"18446744073709551615", 1), None);
    }

    #[test]
    fn durations_beyond_a_year_are_no_durations() {
        assert_eq!(Unit::Seconds.micros(b"31622400"), Some(31_622_400_000_000));
        assert_eq!(Unit::Seconds.micros(b"31622400.000001"), None);
        assert_eq!(Unit::Nanos.micros(b"357313"), Some(357));
    }

    #[test]
    fn a_status_is_three_digits_or_says_that_there_is_none() {
        assert_eq!(status(b"200"), Ok(Some(200)));
        assert_eq!(status(b"999"), Ok(Some(999)));
        assert_eq!(status(b"000"), Ok(None));
        assert_eq!(status(b"-1"), Ok(None));
        assert_eq!(status(b"099"), Err(Malformed("status is not between 100 and 999")));
        assert_eq!(status(b"2000"), Err(Malformed("status is not between 100 and 999")));
        assert_eq!(status(b"2x0"), Err(Malformed("status is not a number")));
        assert_eq!(status(b""), Err(Malformed("status is empty")));
    }
}
