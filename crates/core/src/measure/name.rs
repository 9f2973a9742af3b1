//! What makes a service, and what can be the name of one.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::limits::{HOST_NAME_BYTES_MAX, SERVICE_NAME_BYTES_MAX};

/// What makes a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum By {
    /// Whatever says more; see [`service::find`](super::service::find).
    #[default]
    Auto,
    /// Each virtual host.
    Vhost,
    /// Each first segment of the path that can name a service.
    Segment,
    /// Everything is one service.
    One,
}

impl By {
    /// Reads `auto`, `vhost`, `segment` or `one`.
    ///
    /// # Errors
    /// A sentence that says what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(By::Auto),
            "vhost" => Ok(By::Vhost),
            "segment" => Ok(By::Segment),
            "one" => Ok(By::One),
            _ => Err(format!(
                "`{text}` does not say what makes a service: write `vhost`, `segment` (first of the path), `one`, or \
                 `auto`"
            )),
        }
    }
}

impl TryFrom<String> for By {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        By::parse(&text)
    }
}

impl From<By> for String {
    fn from(value: By) -> String {
        value.to_string()
    }
}

impl fmt::Display for By {
    /// The word that [`By::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            By::Auto => "auto",
            By::Vhost => "vhost",
            By::Segment => "segment",
            By::One => "one",
        })
    }
}

/// The virtual host that a log writes as `raw`: in lower case, without port and last dot. `None` where that is no
/// name (empty, `-`, or bytes that stand in no name).
pub(super) fn host_name(raw: &[u8]) -> Option<String> {
    let host = without_port(raw);
    let host = host.strip_suffix(b".").unwrap_or(host);
    let is_name = !host.is_empty() && host != b"-" && host.len() <= HOST_NAME_BYTES_MAX;
    let is_allowed = |b: &u8| b.is_ascii_alphanumeric() || b"-._[]:".contains(b);
    (is_name && host.iter().all(is_allowed))
        .then(|| String::from_utf8_lossy(host).to_ascii_lowercase())
}

/// Cuts `:8080` off. An address of IPv6 has colons of its own, and is in brackets when a port follows.
fn without_port(host: &[u8]) -> &[u8] {
    let Some(colon) = host.iter().rposition(|b| *b == b':') else { return host };
    let (name, port) = host.split_at(colon);
    let is_port = port[1..].iter().all(u8::is_ascii_digit);
    if is_port && (name.ends_with(b"]") || !name.contains(&b':')) { name } else { host }
}

/// The service that a first path segment can name: letters, digits, `_`, `-` and `.`, beginning with a letter; not a
/// file, and not an identifier of some thing.
pub(super) fn segment_name(raw: &[u8]) -> Option<String> {
    let name = decoded(raw)?;
    let name = std::str::from_utf8(&name).ok()?;
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    let is_name = name.len() <= SERVICE_NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(is_allowed)
        && !is_file(name)
        && !is_identifier(name);
    is_name.then(|| name.to_owned())
}

/// Undoes percent-encoding; `None` where it is broken.
fn decoded(raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !raw.contains(&b'%') {
        return Some(Cow::Borrowed(raw));
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw.iter();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => hex(*rest.next()?)? << 4 | hex(*rest.next()?)?,
            _ => *byte,
        });
    }
    Some(Cow::Owned(decoded))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// Whether it ends like a file: a point and up to five letters or digits, such as `.ico`, `.html`, `.mp4`. Names of
/// packages, whose last part begins with a capital (`grpc.health.v1.Health`), and versions (`v1.2`) do not.
fn is_file(name: &str) -> bool {
    let Some((_, end)) = name.rsplit_once('.') else { return false };
    let is_version = end.bytes().all(|b| b.is_ascii_digit());
    let is_short = (1..=5).contains(&end.len()) && end.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_one_case = !end.bytes().any(|b| b.is_ascii_uppercase())
        || !end.bytes().any(|b| b.is_ascii_lowercase());
    end.is_empty() || (is_short && is_one_case && !is_version)
}

/// Whether it looks like the key of some thing: hexadecimal with a digit (also in groups, as UUIDs are), or mostly
/// digits.
fn is_identifier(name: &str) -> bool {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let is_hex = name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    name.len() >= 8 && digits > 0 && (is_hex || digits * 2 >= name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_without_case_port_and_last_dot() {
        for (raw, name) in [
            ("Example.COM", Some("example.com")),
            ("example.com.", Some("example.com")),
            ("example.com:8080", Some("example.com")),
            ("example.com:", Some("example.com")),
            ("192.0.2.7:80", Some("192.0.2.7")),
            ("[2001:DB8::1]:443", Some("[2001:db8::1]")),
            ("[2001:db8::1]", Some("[2001:db8::1]")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("_", Some("_")),
            ("-", None),
            ("", None),
            (".", None),
            (":80", None),
            ("a b", None),
            ("a/b", None),
            ("ä", None),
            ("\u{1b}[2J", None),
        ] {
            assert_eq!(host_name(raw.as_bytes()).as_deref(), name, "{raw:?}");
        }
        assert_eq!(host_name(&[b'a'; 256]), None);
        assert_eq!(host_name(&[0xff, 0xfe]), None);
    }

    #[test]
    fn segments_that_name_a_service() {
        for name in [
            "api",
            "a",
            "v1",
            "user-service",
            "user_service",
            "API",
            "helloworld.Greeter",
            "grpc.health.v1.Health",
            "deadbeef",
            "facade",
            "v1.2",
            "s3",
            "oauth2",
            "checkout2023",
        ] {
            assert_eq!(segment_name(name.as_bytes()).as_deref(), Some(name));
        }
        assert_eq!(segment_name(b"%61%70i").as_deref(), Some("api"));
        for raw in [
            "",
            "-x",
            "7",
            "123",
            ".env",
            ".well-known",
            "favicon.ico",
            "index.php",
            "x.tar.gz",
            "IMG.JPG",
            "a.mp4",
            "x.",
            "a b",
            "a+b",
            "a:b",
            "a%2Fb",
            "%zz",
            "%6",
            "%",
            "a%00",
            "caf\u{e9}",
            "caf%C3%A9",
            "deadbeef12",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "order12345678",
            "%e2%82",
        ] {
            assert_eq!(segment_name(raw.as_bytes()), None, "{raw:?}");
        }
        assert!(segment_name(&[b'x'; SERVICE_NAME_BYTES_MAX]).is_some());
        assert!(segment_name(&[b'x'; SERVICE_NAME_BYTES_MAX + 1]).is_none());
        assert!(segment_name(&[0xff]).is_none());
    }

    #[test]
    fn what_makes_a_service_is_read_and_written() {
        for by in [By::Auto, By::Vhost, By::Segment, By::One] {
            assert_eq!(By::parse(&by.to_string()), Ok(by));
        }
        assert!(By::parse("host").unwrap_err().contains("`host`"));
    }
}
