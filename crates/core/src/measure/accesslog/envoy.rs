//! The default text format of Envoy, and that of Istio, which puts details before the numbers:
//!
//! ```text
//! [2016-04-15T20:17:00.310Z] "POST /path HTTP/2" 204 - 154 0 226 100 "forwarded for" "agent" "id" "authority" "upstream"
//! [2016-04-15T20:17:00.310Z] "POST /path HTTP/2" 204 - via_upstream - "-" 154 0 226 100 "forwarded for" …
//! ```

use super::{
    Malformed, Request,
    number::{Unit, integer, status},
    request_line::{host, target},
    stamp::{self, Zone},
    words::{Words, unquoted},
};

/// Reads a line of Envoy's default format.
pub(super) fn parse<'a>(line: &'a [u8], zone: &Zone) -> Result<Request<'a>, Malformed> {
    let text = line.strip_prefix(b"[").ok_or(Malformed("does not begin with a time in […]"))?;
    let end = memchr::memchr(b']', text).ok_or(Malformed("no time in […]"))?;
    let at_s = stamp::iso(&text[..end], zone)
        .ok_or(Malformed("time in […] is not like 2016-04-15T20:17:00.310Z"))?;
    let mut words = Words(&text[end + 1..]);
    let request = words
        .next()
        .filter(|word| word.starts_with(b"\""))
        .ok_or(Malformed("no quoted request behind the time"))?;
    let status = status(words.next().ok_or(Malformed("ends before the status"))?)?;
    let (duration, authority) = behind_status(words);
    Ok(Request {
        at_s,
        status,
        host: authority.and_then(host).map(Into::into),
        target: target(unquoted(request)).map(Into::into),
        duration_us: duration.and_then(|text| Unit::Millis.micros(text)),
    })
}

/// The duration and the authority. The numbers stand in a row, bytes received, bytes sent, duration, time of the
/// upstream (or a hyphen); behind them the authority is the fourth quoted text.
fn behind_status(words: Words<'_>) -> (Option<&[u8]>, Option<&[u8]>) {
    let words: Vec<&[u8]> = words.collect();
    let is_number = |word: &&[u8]| integer(word).is_some();
    let Some(first) = words.windows(3).position(|row| row.iter().all(is_number)) else {
        return (None, None);
    };
    let mut quoted = words[first + 3..].iter().skip(1);
    (Some(words[first + 2]), quoted.nth(3).copied().map(unquoted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Request<'_>, Malformed> {
        parse(line.as_bytes(), &Zone::Fixed(0))
    }

    const LINE: &str = r#"[2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0" "locations:8080" "tcp://10.0.2.1:80""#;

    #[test]
    fn the_default_format_is_read() {
        let expected = Request {
            at_s: 1_460_751_420, // date -u -d 2016-04-15T20:17:00Z +%s
            status: Some(204),
            host: Some(b"locations".into()),
            target: Some(b"/api/v1/locations".into()),
            duration_us: Some(226_000),
        };
        assert_eq!(read(LINE), Ok(expected.clone()));
        let istio = LINE.replace("- 154", r#"- via_upstream - "-" 154"#);
        assert_eq!(read(&istio), Ok(expected.clone()));
        let without_upstream = LINE.replace(" 226 100 ", " 226 - ");
        assert_eq!(read(&without_upstream), Ok(expected));
    }

    #[test]
    fn no_response_is_no_status() {
        let line = r#"[2016-04-15T20:17:00.310Z] "- - HTTP/1.1" 0 DC 0 0 5 - "-" "-" "-" "-" "-""#;
        let expected = Request {
            at_s: 1_460_751_420,
            status: None,
            host: None,
            target: None,
            duration_us: Some(5_000),
        };
        assert_eq!(read(line), Ok(expected));
    }

    #[test]
    fn a_line_cut_short_behind_the_status_is_a_request() {
        let request = read(&LINE[..64]).unwrap();
        assert_eq!((request.status, request.duration_us, request.host), (Some(204), None, None));
    }

    #[test]
    fn malformed_lines_say_what_is_missing() {
        let reason = |line: &str| read(line).unwrap_err().0;
        assert_eq!(reason("10.0.0.1 - -"), "does not begin with a time in […]");
        assert_eq!(reason("[2016-04-15"), "no time in […]");
        assert_eq!(
            reason(&LINE.replace("04-15", "02-31")),
            "time in […] is not like 2016-04-15T20:17:00.310Z"
        );
        assert_eq!(reason(&LINE[..27]), "no quoted request behind the time");
        assert_eq!(reason(&LINE[..58]), "ends before the status");
        assert_eq!(reason(&LINE.replace(" 204 ", " up ")), "status is not a number");
    }
}
