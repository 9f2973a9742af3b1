//! Shares in JSON: plain decimal numbers, without a float between the count and the reader.

use std::borrow::Cow;

use plimsoll_core::ratio::decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Object, RefOr, Schema, Type},
};

/// Decimals of a share in parts per billion.
const PPB_DECIMALS: u32 = 9;

/// A decimal number, written exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exact(String);

impl Exact {
    /// A share in parts per billion.
    pub fn ppb(ppb: i64) -> Self {
        Exact(decimal(i128::from(ppb), PPB_DECIMALS))
    }

    /// A number of so many decimals, given without its point.
    pub fn decimals(value: i128, places: u32) -> Self {
        Exact(decimal(value, places))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.0.clone()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let number = serde_json::from_str::<serde_json::Number>(raw.get());
        number.map_err(serde::de::Error::custom)?;
        Ok(Exact(raw.get().to_owned()))
    }
}

impl PartialSchema for Exact {
    fn schema() -> RefOr<Schema> {
        let mut number = Object::with_type(Type::Number);
        number.description = Some("A decimal number, written exactly.".to_owned());
        number.into()
    }
}

impl ToSchema for Exact {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Exact")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_out_and_come_in_digit_by_digit() {
        for (ppb, text) in
            [(0, "0"), (999_000_000, "0.999"), (-1, "-0.000000001"), (1, "0.000000001")]
        {
            let exact = Exact::ppb(ppb);
            assert_eq!(serde_json::to_string(&exact).unwrap(), text);
            assert_eq!(serde_json::from_str::<Exact>(text).unwrap(), exact);
        }
        assert!(serde_json::from_str::<Exact>("\"0.9\"").is_err());
    }
}
