//! What container runtimes put around a line: Kubernetes (CRI) a prefix, Docker a JSON object.

use std::borrow::Cow;

use serde::Deserialize;

/// The line inside of its envelope, or the line itself where it has none.
#[inline]
pub(super) fn unwrap(line: &[u8]) -> Cow<'_, [u8]> {
    match line {
        [_, _, _, _, b'-', _, _, b'-', _, _, b'T', ..] => {
            Cow::Borrowed(without_cri(line).unwrap_or(line))
        }
        [b'{', b'"', b'l', b'o', b'g', b'"', ..] => {
            out_of_docker(line).map_or(Cow::Borrowed(line), Cow::Owned)
        }
        _ => Cow::Borrowed(line),
    }
}

/// What follows `2025-12-31T17:37:40.493035218+01:00 stdout F `. Only the beginning of a line that the runtime split
/// (`P` for partial) can be of any use, so parts are not joined.
fn without_cri(line: &[u8]) -> Option<&[u8]> {
    let mut parts = line.splitn(4, |byte| *byte == b' ').skip(1);
    let (stream, tag, content) = (parts.next()?, parts.next()?, parts.next()?);
    (matches!(stream, b"stdout" | b"stderr") && matches!(tag, b"F" | b"P")).then_some(content)
}

/// The `log` of an object like `{"log":"…\n","stream":"stdout","time":"…"}`.
fn out_of_docker(line: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Entry {
        log: String,
        #[serde(rename = "stream")]
        _stream: String,
    }
    let entry: Entry = serde_json::from_slice(line).ok()?;
    Some(entry.log.trim_end_matches(['\r', '\n']).as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwrapped(line: &str) -> String {
        String::from_utf8(unwrap(line.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn envelopes_are_taken_off() {
        assert_eq!(unwrapped("2025-12-31T17:37:40.493035218+01:00 stdout F a b"), "a b");
        assert_eq!(unwrapped("2025-12-31T17:37:40Z stderr P {"), "{");
        assert_eq!(
            unwrapped(r#"{"log":"a \"b\"\r\n","stream":"stdout","time":"2025-12-31T17:37:40Z"}"#),
            r#"a "b""#
        );
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        for line in [
            "",
            "a b",
            "2025-12-31T17:37:40Z host app: a",
            r#"{"log":"a"}"#,
            r#"{"log":1,"stream":"stdout"}"#,
        ] {
            assert_eq!(unwrapped(line), line);
        }
    }
}
