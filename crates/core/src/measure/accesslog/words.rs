//! Words of a line, parted by spaces, where quoted text is one word.

use memchr::memchr;

use super::request_line::is_escaped;

/// Takes words off the front of a text.
pub(super) struct Words<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.0.iter().position(|byte| *byte != b' ')?;
        let text = &self.0[start..];
        let quoted = if text[0] == b'"' { closing_quote(text) } else { 0 };
        let end = quoted + memchr(b' ', &text[quoted..]).unwrap_or(text.len() - quoted);
        self.0 = &text[end..];
        Some(&text[..end])
    }
}

/// Where the quoted text that begins here ends: behind the first quote that is not escaped.
fn closing_quote(text: &[u8]) -> usize {
    let mut from = 1;
    while let Some(at) = memchr(b'"', &text[from..]) {
        from += at + 1;
        if !is_escaped(text, from - 1) {
            return from;
        }
    }
    text.len()
}

/// A word without the quotes around it.
pub(super) fn unquoted(word: &[u8]) -> &[u8] {
    word.strip_prefix(b"\"").map_or(word, |word| word.strip_suffix(b"\"").unwrap_or(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_is_one_word() {
        let words = |text| Words(text).map(unquoted).collect::<Vec<_>>();
        assert_eq!(
            words(br#" a  "b c" "d \" e" rt="0.1" "-"#),
            [&b"a"[..], b"b c", br#"d \" e"#, br#"rt="0.1""#, b"-"]
        );
        assert_eq!(words(b"  "), [&b""[..]; 0]);
        assert_eq!(words(b"\"\" \""), [&b""[..], b""]);
    }
}
