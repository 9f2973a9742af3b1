//! Words that people say: reasons, titles, names.

use smol_str::SmolStr;

use crate::{command::Refusal, printable::is_misleading};

/// Words that people will read: not empty, not too long, on one line. Blanks around them are taken off.
pub(crate) fn checked(text: &str, what: &str, bytes_max: usize) -> Result<SmolStr, Refusal> {
    let text = text.trim();
    let hint = || format!("write 1 to {bytes_max} bytes of plain text, on one line");
    if text.is_empty() {
        return Err(Refusal::invalid(format!("the {what} is missing"), hint()));
    }
    if text.len() > bytes_max || !is_one_line(text) {
        let what = format!("the {what} is too long or holds control characters");
        return Err(Refusal::invalid(what, hint()));
    }
    Ok(text.into())
}

/// Whether a text is seen as it is: without control characters, and without those that turn the direction of writing.
pub(crate) fn is_one_line(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || is_misleading(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_read_otherwise_than_they_are_are_refused() {
        let is_taken = |text| checked(text, "reason", 100).is_ok();
        assert!(is_taken("Zürich, 日本, עברית, 🚢, 👩‍🚀"));
        for text in ["a\u{202e}b", "\u{2066}a", "a\u{200f}", "a\u{2028}b", "a\nb", "a\u{85}b"] {
            assert!(!is_taken(text), "{text:?}");
        }
    }
}
