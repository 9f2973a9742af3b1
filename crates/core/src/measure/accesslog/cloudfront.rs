//! The standard log of Amazon CloudFront: a table with tabs, whose `#Fields:` header names the columns.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    Malformed, Request,
    number::{Unit, status},
    request_line::host,
    stamp::{self, Zone},
};

/// Where the columns stand that a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Columns {
    date: usize,
    time: usize,
    status: usize,
    /// The host the client asked for.
    host: Option<usize>,
    /// The host of the distribution, where the one above is not logged.
    distribution: Option<usize>,
    stem: Option<usize>,
    query: Option<usize>,
    seconds: Option<usize>,
}

/// The columns of a file without header, as CloudFront has written them since 2014.
impl Default for Columns {
    fn default() -> Self {
        Columns {
            date: 0,
            time: 1,
            status: 8,
            host: Some(15),
            distribution: Some(6),
            stem: Some(7),
            query: Some(11),
            seconds: Some(18),
        }
    }
}

impl Columns {
    /// The columns that a header line names; `None` when it is not a `#Fields:` header with date, time and status.
    pub(super) fn of_header(line: &[u8]) -> Option<Self> {
        let names: Vec<&[u8]> = line
            .strip_prefix(b"#Fields:")?
            .split(u8::is_ascii_whitespace)
            .filter(|name| !name.is_empty())
            .collect();
        let at = |wanted: &[u8]| names.iter().position(|name| *name == wanted);
        Some(Columns {
            date: at(b"date")?,
            time: at(b"time")?,
            status: at(b"sc-status")?,
            host: at(b"x-host-header"),
            distribution: at(b"cs(Host)"),
            stem: at(b"cs-uri-stem"),
            query: at(b"cs-uri-query"),
            seconds: at(b"time-taken"),
        })
    }
}

/// Reads a line of CloudFront's log.
pub(super) fn parse<'a>(line: &'a [u8], columns: &Columns) -> Result<Request<'a>, Malformed> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
    if fields.len() < 2 {
        return Err(Malformed("not a table with tabs"));
    }
    let field = |index: usize| fields.get(index).copied();
    let optional =
        |index: Option<usize>| index.and_then(field).filter(|text| !matches!(*text, b"-" | b""));
    let (Some(date), Some(time)) = (field(columns.date), field(columns.time)) else {
        return Err(Malformed("ends before the time"));
    };
    let at_s = stamp::iso(&[date, b"T", time].concat(), &Zone::Fixed(0))
        .ok_or(Malformed("date and time are not like 2019-12-04 and 21:02:31"))?;
    let target = optional(columns.stem).map(|stem| match optional(columns.query) {
        Some(query) => Cow::Owned([stem, b"?", query].concat()),
        None => Cow::Borrowed(stem),
    });
    Ok(Request {
        at_s,
        status: status(field(columns.status).ok_or(Malformed("ends before the status"))?)?,
        host: optional(columns.host)
            .or_else(|| optional(columns.distribution))
            .and_then(host)
            .map(Into::into),
        target,
        duration_us: optional(columns.seconds).and_then(|text| Unit::Seconds.micros(text)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111.cloudfront.net\t/index.html\t200\t-\tMozilla\t-\t-\tHit\tSOX4==\twww.example.com\thttps\t23\t0.001\t-\tTLSv1.2";

    fn expected() -> Request<'static> {
        Request {
            at_s: 1_575_493_351, // date -u -d 2019-12-04T21:02:31Z +%s
            status: Some(200),
            host: Some(b"www.example.com".into()),
            target: Some(b"/index.html".into()),
            duration_us: Some(1_000),
        }
    }

    fn read(line: &str) -> Request<'static> {
        parse(line.as_bytes(), &Columns::default()).unwrap().into_owned()
    }

    #[test]
    fn the_columns_without_header_are_read() {
        assert_eq!(read(LINE), expected());
        assert_eq!(
            read(&LINE.replace("Mozilla\t-", "Mozilla\ta=b")).target,
            Some(b"/index.html?a=b".into())
        );
        assert_eq!(read(&LINE.replace("\t200\t", "\t000\t")).status, None);
        assert_eq!(
            read(&LINE.replace("www.example.com", "-")).host,
            Some(b"d111.cloudfront.net".into())
        );
        assert_eq!(
            read(LINE.split("\tMozilla").next().unwrap()).duration_us,
            None,
            "older files have fewer columns"
        );
    }

    #[test]
    fn a_header_names_the_columns() {
        let columns = Columns::of_header(
            b"#Fields: sc-status time-taken time date cs-uri-stem x-host-header",
        )
        .unwrap();
        let line = b"200\t0.001\t21:02:31\t2019-12-04\t/index.html\twww.example.com";
        assert_eq!(parse(line, &columns), Ok(expected()));
        assert_eq!(Columns::of_header(b"#Version: 1.0"), None);
        assert_eq!(Columns::of_header(b"#Fields: date time"), None, "no status");
    }

    #[test]
    fn the_header_as_amazon_writes_it_names_the_default_columns() {
        let header = b"#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher";
        assert_eq!(Columns::of_header(header), Some(Columns::default()));
    }

    #[test]
    fn malformed_lines_say_what_is_missing() {
        let reason = |line: &str| parse(line.as_bytes(), &Columns::default()).unwrap_err().0;
        assert_eq!(reason("hello world"), "not a table with tabs");
        assert_eq!(
            reason(&LINE.replace("12-04", "02-30")),
            "date and time are not like 2019-12-04 and 21:02:31"
        );
        assert_eq!(reason(&LINE[..60]), "ends before the status");
        assert_eq!(reason(&LINE.replace("\t200\t", "\tHit\t")), "status is not a number");
    }
}
