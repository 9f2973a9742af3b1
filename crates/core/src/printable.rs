//! Text of strangers as text that does a terminal no harm: names of files, keys of documents, lines of logs.

use std::{borrow::Cow, fmt::Write as _};

/// Whether a character does something instead of being seen: controls (C0, C1), separators of lines, and format
/// characters (category Cf of Unicode 16), among them those that turn the direction of writing.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0001}'
                | '\u{e0020}'..='\u{e007f}'
        )
}

/// Whether a character turns the direction of writing or breaks a line, so that a text of one line reads otherwise
/// than it is: the bidirectional controls of Unicode, and its separators of lines and paragraphs.
pub fn is_misleading(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// The text with everything escaped that is not printable: `\n`, `\u{202e}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, is_unprintable, |c, into| into.extend(c.escape_default()))
}

/// The same for a text of several lines, whose breaks stay.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && is_unprintable(c), |c, into| into.extend(c.escape_default()))
}

/// A JSON text that means the same and has nothing in its strings that is not printable.
pub fn printable_json(text: &str) -> Cow<'_, str> {
    escaped(
        text,
        |c| c != '\n' && is_unprintable(c),
        |c, into| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String does not fail.
                let _ = write!(into, "\\u{unit:04x}");
            }
        },
    )
}

fn escaped(
    text: &str,
    is_escaped: impl Fn(char) -> bool,
    escape: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_escaped(c) {
            escape(c, &mut escaped);
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_escaped() {
        assert_eq!(printable("Zürich/日本 🚢.log"), "Zürich/日本 🚢.log");
        assert_eq!(printable("a\u{1b}[2Jb\u{9b}c\nd"), r"a\u{1b}[2Jb\u{9b}c\nd");
        assert_eq!(
            printable("a\u{202e}b\u{2066}\u{ad}\u{e0041}"),
            r"a\u{202e}b\u{2066}\u{ad}\u{e0041}"
        );
        assert_eq!(printable_lines("a\r\nb\u{7f}"), "a\\r\nb\\u{7f}");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({"a\u{9b}": ["\u{202e}", "\u{e0041}", "\u{7f}ü\n"]});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let safe = printable_json(&text);
        assert!(!safe.chars().any(|c| c != '\n' && is_unprintable(c)), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }
}
