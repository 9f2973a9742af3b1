//! The access log of AWS application load balancers:
//!
//! ```text
//! https 2018-07-02T22:23:00.186641Z app/lb/50dc 192.0.2.1:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET
//!   https://example.com:443/ HTTP/1.1" "curl" …
//! ```
//!
//! The time is when the balancer answered.

use super::{
    Malformed, Request,
    number::{Unit, plausible, status},
    request_line::{host_and_path, target, unescape},
    stamp::{self, Zone},
    words::{Words, unquoted},
};

/// Reads a line of a load balancer's log.
pub(super) fn parse(line: &[u8]) -> Result<Request<'_>, Malformed> {
    const NO_STATUS: Malformed = Malformed("ends before the status");
    let mut words = Words(line);
    if !matches!(words.next(), Some(b"http" | b"https" | b"h2" | b"grpcs" | b"ws" | b"wss")) {
        return Err(Malformed("does not begin with the kind of connection, such as https"));
    }
    let time = words.next().ok_or(Malformed("no time"))?;
    let at_s = stamp::iso(time, &Zone::Fixed(0))
        .ok_or(Malformed("time is not like 2018-07-02T22:23:00.186641Z"))?;
    // The balancer, the client and the target stand before the times of request, target and response.
    let times = [words.nth(3), words.next(), words.next()];
    let status = status(words.next().ok_or(NO_STATUS)?)?;
    // The target's status, bytes received and bytes sent stand before the request.
    let request = words.nth(3).map(unquoted).unwrap_or_default();
    let (host, target) = host_and_path(target(request));
    Ok(Request {
        at_s,
        status,
        host: host.map(Into::into),
        target: target.map(unescape),
        duration_us: sum_of_seconds(times),
    })
}

/// The sum of times in seconds, in microseconds; `None` when one is missing or is −1, which says that it never came
/// so far.
fn sum_of_seconds(times: [Option<&[u8]>; 3]) -> Option<u64> {
    let sum = times
        .into_iter()
        .try_fold(0_u64, |sum, time| sum.checked_add(Unit::Seconds.micros(time?)?));
    plausible(sum?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"https 2018-07-02T22:23:00.186641Z app/my-lb/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/a?b=c HTTP/1.1" "curl/7.46.0" ECDHE TLSv1.2"#;

    #[test]
    fn times_are_summed_and_the_host_is_in_the_url() {
        let expected = Request {
            at_s: 1_530_570_180, // date -u -d 2018-07-02T22:23:00Z +%s
            status: Some(200),
            host: Some(b"www.example.com".into()),
            target: Some(b"/a?b=c".into()),
            duration_us: Some(171_000),
        };
        assert_eq!(parse(LINE.as_bytes()), Ok(expected));
    }

    #[test]
    fn requests_without_answer_have_no_status_and_no_duration() {
        let line = LINE.replace("0.086 0.048 0.037 200 200", "0.086 -1 -1 - -");
        let request = parse(line.as_bytes()).unwrap();
        assert_eq!((request.status, request.duration_us), (None, None));
        let line =
            LINE.replace("GET https://www.example.com:443/a?b=c HTTP/1.1", "- http://lb:443- -");
        let request = parse(line.as_bytes()).unwrap();
        assert_eq!((request.host, request.target), (None, None));
    }

    #[test]
    fn malformed_lines_say_what_is_missing() {
        let reason = |line: &str| parse(line.as_bytes()).unwrap_err().0;
        assert_eq!(reason("tcp 2018"), "does not begin with the kind of connection, such as https");
        assert_eq!(reason("https"), "no time");
        assert_eq!(reason("https yesterday"), "time is not like 2018-07-02T22:23:00.186641Z");
        assert_eq!(reason(&LINE[..100]), "ends before the status");
        assert_eq!(reason(&LINE.replace("200 200", "2OO 200")), "status is not a number");
    }
}
