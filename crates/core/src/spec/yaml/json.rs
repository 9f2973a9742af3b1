//! The one thing in JSON that YAML does not read: a character written as two `\u` escapes.

use std::{borrow::Cow, fmt::Write};

/// Joins surrogate pairs (`\ud83d\ude00`) into one YAML escape (`\U0001F600`), when the text is JSON. Anything else
/// stays untouched, so that positions keep their meaning.
pub(crate) fn join_surrogates(text: &str) -> Cow<'_, str> {
    if !text.trim_start().starts_with(['{', '[']) || !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(backslash) = rest.find('\\') {
        let (before, escape) = rest.split_at(backslash);
        joined.push_str(before);
        let length = if let Some(code) = pair(escape) {
            // Writing to a String does not fail.
            let _ = write!(joined, "\\U{code:08X}");
            12
        } else {
            let length = 1 + escape.chars().nth(1).map_or(0, char::len_utf8);
            joined.push_str(&escape[..length]);
            length
        };
        rest = &escape[length..];
    }
    joined.push_str(rest);
    Cow::Owned(joined)
}

/// The character that a text beginning with two surrogate escapes stands for.
fn pair(text: &str) -> Option<u32> {
    let high = unit(text.get(0..6)?)?;
    let low = unit(text.get(6..12)?)?;
    let is_pair = (0xD800..0xDC00).contains(&high) && (0xDC00..0xE000).contains(&low);
    is_pair.then(|| 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
}

fn unit(escape: &str) -> Option<u32> {
    let digits = escape
        .strip_prefix("\\u")
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}
