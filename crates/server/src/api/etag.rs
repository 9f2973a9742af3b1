//! Entity tags: strong, made from the bytes of what is sent.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

/// How many bytes of the hash stand in a tag: enough that two never meet by chance.
const TAG_BYTES: usize = 16;

/// The entity tag of these bytes, with its quotes.
pub(crate) fn of(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    format!("\"{}\"", hex(&hash[..TAG_BYTES]))
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The tags that a request names in a field such as `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tags {
    /// `*`: whatever is there.
    Any,
    /// These, as written.
    These(Vec<String>),
}

impl Tags {
    /// The tags of a header field, perhaps none; `None` without the field.
    ///
    /// # Errors
    /// When it holds something else: a condition that is not understood must not be taken for none.
    pub(crate) fn of(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, NoTag> {
        let mut fields = headers.get_all(name).iter().peekable();
        if fields.peek().is_none() {
            return Ok(None);
        }
        let texts: Result<Vec<&str>, _> = fields.map(HeaderValue::to_str).collect();
        let texts = texts.map_err(|_| NoTag)?;
        if texts[..] == ["*"] {
            return Ok(Some(Tags::Any));
        }
        let tags = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
        let tags: Vec<&str> = tags.filter(|tag| !tag.is_empty()).collect();
        if tags.iter().any(|tag| !is_tag(tag)) {
            return Err(NoTag);
        }
        Ok(Some(Tags::These(tags.into_iter().map(str::to_owned).collect())))
    }

    /// Whether one of them is this very tag, for `If-Match`: weak tags never are.
    pub(crate) fn hold(&self, tag: Option<&str>) -> bool {
        match self {
            Tags::Any => tag.is_some(),
            Tags::These(tags) => tag.is_some_and(|tag| tags.iter().any(|known| known == tag)),
        }
    }

    /// Whether one of them means these bytes, for `If-None-Match`: a weak tag does, too.
    pub(crate) fn name(&self, tag: &str) -> bool {
        let strong = |known: &String| known.strip_prefix("W/").unwrap_or(known) == tag;
        match self {
            Tags::Any => true,
            Tags::These(tags) => tags.iter().any(strong),
        }
    }
}

/// Something that is no entity tag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoTag;

/// Whether it is an entity tag. Ours hold no comma, so that one with a comma is cut into what is none.
fn is_tag(text: &str) -> bool {
    let text = text.strip_prefix("W/").unwrap_or(text);
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'))
}

#[cfg(test)]
mod tests {
    use axum::http::header::IF_MATCH;

    use super::*;

    fn tags(fields: &[&str]) -> Option<Tags> {
        read(fields).unwrap()
    }

    fn read(fields: &[&str]) -> Result<Option<Tags>, NoTag> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(IF_MATCH, HeaderValue::from_str(field).unwrap());
        }
        Tags::of(&headers, &IF_MATCH)
    }

    #[test]
    fn what_is_no_tag_is_not_taken_for_no_condition() {
        for fields in [&["x"][..], &["\"a"], &["\"a\" \"b\""], &["*", "*"], &["\"a\", *"], &["W/"]]
        {
            assert_eq!(read(fields), Err(NoTag), "{fields:?}");
        }
        assert_eq!(tags(&[""]), Some(Tags::These(Vec::new())));
        assert!(!tags(&[""]).unwrap().hold(Some("\"a\"")) && !tags(&[","]).unwrap().name("\"a\""));
    }

    #[test]
    fn tags_are_compared_as_http_says() {
        assert_eq!(tags(&[]), None);
        let some = tags(&[r#""a", W/"b""#, r#""c""#]).unwrap();
        assert!(some.hold(Some(r#""a""#)) && some.hold(Some(r#""c""#)));
        assert!(!some.hold(Some(r#""b""#)) && !some.hold(None));
        assert!(some.name(r#""b""#) && !some.name(r#""d""#));
        let any = tags(&["*"]).unwrap();
        assert!(any.hold(Some(r#""x""#)) && !any.hold(None) && any.name(r#""x""#));
    }

    #[test]
    fn a_tag_is_the_hash_of_the_bytes() {
        // printf plimsoll | sha256sum
        assert_eq!(of(b"plimsoll").len(), 2 + 2 * TAG_BYTES);
        assert_eq!(hex(&[0, 0x0f, 0xff]), "000fff");
        assert_ne!(of(b"a"), of(b"b"));
    }
}
