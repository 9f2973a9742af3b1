//! JSON as the journal keeps it.

use std::{fmt, ops::Deref};

use memchr::memchr2;
use serde::Serialize;

/// A JSON value that stands in one line of an export and comes out of it byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonLine(String);

/// Why a text is no [`JsonLine`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotJson(pub String);

/// Room for the text of a usual event, in bytes, so that it need not grow while it is written.
const USUAL_BYTES: usize = 256;

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is not one line of JSON: {}", self.0)
    }
}

impl std::error::Error for NotJson {}

impl JsonLine {
    /// Writes a value. What is written so need not be read to know that it is JSON.
    ///
    /// # Errors
    /// [`NotJson`], when the value has no form in JSON, or brings text of its own with a line end.
    pub fn of(value: &impl Serialize) -> Result<Self, NotJson> {
        let mut text = Vec::with_capacity(USUAL_BYTES);
        serde_json::to_writer(&mut text, value).map_err(|error| NotJson(error.to_string()))?;
        let text = String::from_utf8(text).map_err(|error| NotJson(error.to_string()))?;
        stands_in_a_line(&text)?;
        Ok(JsonLine(text))
    }

    /// Takes a text as it is.
    ///
    /// # Errors
    /// [`NotJson`], when it is no JSON, or has a line end in it or blanks around it.
    pub fn parse(text: impl Into<String>) -> Result<Self, NotJson> {
        let text = text.into();
        stands_in_a_line(&text)?;
        serde_json::from_str::<serde::de::IgnoredAny>(&text)
            .map_err(|error| NotJson(error.to_string()))?;
        Ok(JsonLine(text))
    }

    /// Its text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for JsonLine {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

fn stands_in_a_line(text: &str) -> Result<(), NotJson> {
    let blank = |c: char| c.is_ascii_whitespace();
    let line_end = memchr2(b'\n', b'\r', text.as_bytes()).is_some();
    if text.starts_with(blank) || text.ends_with(blank) || line_end {
        return Err(NotJson("it has blanks around it or a line end".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn what_does_not_stand_in_one_line_is_refused() {
        for text in ["{\"n\":4", "{\n}", "{\r}", " {}", "{} ", "", "{}{}", "nul"] {
            let refused = JsonLine::parse(text).unwrap_err();
            assert!(refused.to_string().starts_with("it is not one line of JSON: "), "{refused}");
        }
        for text in ["{}", "0", "\"x\"", r#"{ "b" : 1.50, "a":"\u00e9\/" , "b" : 2 }"#] {
            assert_eq!(&*JsonLine::parse(text).unwrap(), text);
        }
    }

    #[test]
    fn what_is_written_reads_back_the_same_whatever_it_holds() {
        let value = ("line\nend\r\u{2028}\"\\\0", Some(1_u64), [(); 2]);
        let line = JsonLine::of(&value).unwrap();
        assert_eq!(JsonLine::parse(&*line).as_ref(), Ok(&line));
        let (text, number, _): (String, Option<u64>, [(); 2]) =
            serde_json::from_str(&line).unwrap();
        assert_eq!((&*text, number), (value.0, value.1));
        let raw = RawValue::from_string("[1,\n2]".to_owned()).unwrap();
        assert!(JsonLine::of(&raw).is_err());
        assert!(JsonLine::of(&std::collections::BTreeMap::from([((1, 2), 3)])).is_err());
    }
}
