//! HAProxy's `option httplog`, alone or behind the header of syslog (RFC 3164 or RFC 5424):
//!
//! ```text
//! 10.0.0.1:33317 [06/Feb/2009:12:14:14.655] front back/server 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {a} {b} "GET / HTTP/1.1"
//! ```
//!
//! The time is when the connection was accepted, on the clocks of HAProxy's machine. Nothing in it tells their zone;
//! where the syslog header has a time with an offset, as RFC 5424 demands, that offset is taken.

use memchr::{memchr, memrchr};

use super::{
    Malformed, Request,
    number::{Unit, integer, status},
    request_line::{host_and_path, target},
    stamp::{self, Zone},
};

const NO_TIME: Malformed = Malformed("no accept date in […]");
const NO_TIMERS: Malformed = Malformed("no timers as in 10/0/30/69/109 behind the server");
const NO_STATUS: Malformed = Malformed("ends before the status");

/// Bytes of `06/Feb/2009:12:14:14.655`.
const DATE_BYTES: usize = 24;

/// Reads a line of HAProxy's HTTP format. `zone` is that of times for which no header states an offset.
pub(super) fn parse<'a>(line: &'a [u8], zone: &Zone) -> Result<Request<'a>, Malformed> {
    let (prefix, date, rest) = accept_date(line).ok_or(NO_TIME)?;
    let at_s = match header_offset(prefix) {
        Some(ahead_s) => stamp::clf_local(date, &Zone::Fixed(ahead_s))?,
        None => stamp::clf_local(date, zone)?,
    };
    // Frontend, backend and server, timers, status, rest.
    let mut words = rest.splitn(5, |byte| *byte == b' ').skip(2);
    let timers = words.next().ok_or(NO_STATUS)?;
    let total = total_time(timers).ok_or(NO_TIMERS)?;
    let status = status(words.next().ok_or(NO_STATUS)?)?;
    let (host, target) = host_and_path(target(request(words.next().unwrap_or_default())));
    Ok(Request {
        at_s,
        status,
        host: host.map(Into::into),
        target: target.map(Into::into),
        duration_us: Unit::Millis.micros(total),
    })
}

/// Whether more than the client stands before the accept date: the header of syslog.
pub(super) fn has_header(line: &[u8]) -> bool {
    accept_date(line).is_some_and(|(prefix, ..)| prefix.trim_ascii().contains(&b' '))
}

/// The accept date, what stands before and what behind.
fn accept_date(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut from = 0;
    while let Some(at) = memchr(b'[', &line[from..]) {
        let open = from + at;
        // The header of syslog has brackets as well: `haproxy[123]:`.
        if let Some((date, rest)) = line[open + 1..].split_at_checked(DATE_BYTES)
            && (date[2], date[6], date[20]) == (b'/', b'/', b'.')
            && let Some(rest) = rest.strip_prefix(b"] ")
        {
            return Some((&line[..open], date, rest));
        }
        from = open + 1;
    }
    None
}

/// The offset from UTC that the time of a syslog header states, in seconds.
fn header_offset(prefix: &[u8]) -> Option<i64> {
    // `<134>1 2009-02-06T12:14:14.655+01:00 host haproxy 123 - - …`, or the time first where a file has no priority.
    let is_time = |word: &&[u8]| word.len() >= 20 && word[4] == b'-' && word[10] == b'T';
    prefix.split(|byte| *byte == b' ').take(2).find(is_time).and_then(stamp::stated_offset)
}

/// The last of five timers, which is the time of the whole request, in milliseconds.
fn total_time(timers: &[u8]) -> Option<&[u8]> {
    let mut count = 0;
    let mut total = None;
    for timer in timers.split(|byte| *byte == b'/') {
        // A plus says that the log was written before the end (`option logasap`), a minus that it never came so far.
        integer(timer.strip_prefix(b"+").or(timer.strip_prefix(b"-")).unwrap_or(timer))?;
        (count, total) = (count + 1, Some(timer));
    }
    total.filter(|_| count == 5)
}

/// The quoted request, which the log may have cut short. Captured headers before it hold no quotes: HAProxy writes
/// `#22` for them.
fn request(rest: &[u8]) -> &[u8] {
    let Some(open) = memchr(b'"', rest) else {
        return &[];
    };
    let text = &rest[open + 1..];
    memrchr(b'"', text).map_or(text, |close| &text[..close])
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1""#;

    /// 2009-02-06T12:14:14Z: `date -u -d 2009-02-06T12:14:14Z +%s`.
    const AT_S: i64 = 1_233_922_454;

    fn read(line: &str) -> Result<Request<'_>, Malformed> {
        parse(line.as_bytes(), &Zone::Fixed(0))
    }

    fn expected() -> Request<'static> {
        Request {
            at_s: AT_S,
            status: Some(200),
            host: None,
            target: Some(b"/index.html".into()),
            duration_us: Some(109_000),
        }
    }

    #[test]
    fn lines_are_read_with_and_without_the_header_of_syslog() {
        assert_eq!(read(LINE), Ok(expected()));
        for header in [
            "Feb  6 12:14:14 localhost haproxy[14389]: ",
            "<134>Feb  6 12:14:14 localhost haproxy[14389]: ",
            "<134>1 2009-02-06T12:14:14.655Z localhost haproxy 14389 - - ",
            "<134>1 - localhost haproxy 14389 - [a b=\"c\"] ",
        ] {
            let line = format!("{header}{LINE}");
            assert_eq!(read(&line), Ok(expected()), "{header}");
            assert!(has_header(line.as_bytes()));
        }
        assert!(!has_header(LINE.as_bytes()));
    }

    #[test]
    fn local_times_take_the_offset_of_the_header_or_the_given_zone() {
        for header in [
            "<134>1 2009-02-06T12:14:14.655+01:00 lb haproxy 1 - - ",
            "2009-02-06T12:14:14+01:00 lb haproxy: ",
        ] {
            assert_eq!(read(&format!("{header}{LINE}")).unwrap().at_s, AT_S - 3600);
        }
        let zone = Zone::of(crate::time::zone("America/New_York").unwrap());
        assert_eq!(parse(LINE.as_bytes(), &zone).unwrap().at_s, AT_S + 5 * 3600);
    }

    #[test]
    fn requests_without_answer_have_no_status_or_no_duration() {
        let read = |timers: &str, status: &str| {
            let line = LINE.replace("10/0/30/69/109 200", &format!("{timers} {status}"));
            read(&line).map(Request::into_owned).unwrap()
        };
        assert_eq!(read("-1/-1/-1/-1/0", "-1").status, None);
        assert_eq!(read("10/-1/-1/-1/50", "503").duration_us, Some(50_000));
        assert_eq!(read("10/0/30/69/+109", "200").duration_us, Some(109_000));
        assert_eq!(read("-1/-1/-1/-1/-1", "400").duration_us, None);
    }

    #[test]
    fn targets_are_found_behind_captured_headers_and_in_urls() {
        let target = |request: &str| {
            let line = LINE.replace("GET /index.html HTTP/1.1", request);
            let Request { host, target, .. } = read(&line).unwrap().into_owned();
            let text = |bytes: Option<std::borrow::Cow<[u8]>>| {
                bytes.map(|b| String::from_utf8(b.to_vec()).unwrap())
            };
            (text(host), text(target))
        };
        assert_eq!(target("<BADREQ>"), (None, None));
        assert_eq!(
            target("GET https://example.com:8443/a?b HTTP/2.0"),
            (Some("example.com".into()), Some("/a?b".into()))
        );
        let cut = &LINE[..LINE.len() - 10];
        assert_eq!(
            read(cut).unwrap().target,
            Some(b"/index.html".into()),
            "the log may cut the request short"
        );
    }

    #[test]
    fn malformed_lines_say_what_is_missing() {
        let reason = |line: &str| read(line).unwrap_err().0;
        assert_eq!(reason("hello [world]"), "no accept date in […]");
        assert_eq!(
            reason(&LINE.replace("06/Feb", "30/Feb")),
            "time in […] is a date that does not exist"
        );
        assert_eq!(
            reason(&LINE.replace("/69/109", "/109")),
            "no timers as in 10/0/30/69/109 behind the server"
        );
        assert_eq!(reason(&LINE.replace(" 200 ", " OK ")), "status is not a number");
        assert_eq!(reason(LINE.split(" 200").next().unwrap()), "ends before the status");
        assert_eq!(
            reason("10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in/1: SSL handshake failure"),
            "no timers as in 10/0/30/69/109 behind the server"
        );
    }
}
