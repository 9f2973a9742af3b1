//! Writes requests in every format, by the manuals of the servers and by nothing of the code under test.

use jiff::{Timestamp, civil::DateTime, tz};

use crate::measure::accesslog::Request;

/// A request as a server knows it.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub(super) at_s: i64,
    /// What the server's clocks are ahead of UTC by, in minutes.
    pub(super) ahead_min: i32,
    pub(super) status: u16,
    pub(super) host: String,
    /// Path and query, of characters that no format escapes.
    pub(super) target: String,
    /// Characters that formats escape, which some writers append to the target.
    pub(super) odd: String,
    pub(super) duration_us: u64,
}

/// A format under test: its name as detected, how it is written, and what of a request it keeps.
pub(super) struct Writer {
    pub(super) name: &'static str,
    pub(super) write: fn(&Served) -> String,
    pub(super) kept: fn(&Served) -> Request<'static>,
}

/// Every published format.
pub(super) const WRITERS: [Writer; 15] = [
    Writer { name: "common", write: common, kept: |s| s.kept(None, None) },
    Writer { name: "combined", write: combined, kept: |s| s.kept(None, None).with_odd(s) },
    Writer {
        name: "vhost + combined",
        write: |s| format!("{}:443 {}", s.host, combined(s)),
        kept: |s| s.kept(Some(&s.host), None).with_odd(s),
    },
    Writer {
        name: "combined + request time in s",
        write: |s| format!("{} {} {}", combined(s), s.seconds(), s.seconds()),
        kept: |s| s.kept(None, Some(1_000)).with_odd(s),
    },
    Writer {
        name: "combined + request time in s (rt=)",
        write: |s| format!("{} rt={} urt=\"-\"", combined(s), s.seconds()),
        kept: |s| s.kept(None, Some(1_000)).with_odd(s),
    },
    Writer {
        name: "combined + request time in µs",
        write: |s| format!("{} {}", combined(s), s.duration_us),
        kept: |s| s.kept(None, Some(1)).with_odd(s),
    },
    Writer {
        name: "nginx JSON",
        write: nginx_json,
        kept: |s| s.kept(Some(&s.host), Some(1_000)).with_odd(s),
    },
    Writer {
        name: "Caddy JSON",
        write: caddy_json,
        kept: |s| s.kept(Some(&s.host), Some(1)).with_odd(s),
    },
    Writer { name: "Envoy text", write: envoy_text, kept: |s| s.kept(Some(&s.host), Some(1_000)) },
    Writer {
        name: "Envoy JSON",
        write: envoy_json,
        kept: |s| s.kept(Some(&s.host), Some(1_000)).with_odd(s),
    },
    Writer {
        name: "HAProxy httplog (syslog header)",
        write: haproxy,
        kept: |s| s.kept(None, Some(1_000)),
    },
    Writer { name: "AWS ALB", write: alb, kept: |s| s.kept(Some(&s.host), Some(1_000)) },
    Writer {
        name: "Traefik CLF",
        write: traefik_clf,
        kept: |s| s.kept(None, Some(1_000)).with_odd(s),
    },
    Writer {
        name: "Traefik JSON",
        write: traefik_json,
        kept: |s| s.kept(Some(&s.host), Some(1)).with_odd(s),
    },
    Writer { name: "CloudFront", write: cloudfront, kept: |s| s.kept(Some(&s.host), Some(1_000)) },
];

impl Served {
    /// What a format keeps that has the host or not, and the duration in so many microseconds or not.
    fn kept(&self, host: Option<&str>, unit_us: Option<u64>) -> Request<'static> {
        Request {
            at_s: self.at_s,
            status: Some(self.status),
            host: host.map(|host| host.as_bytes().to_vec().into()),
            target: Some(self.target.clone().into_bytes().into()),
            duration_us: unit_us.map(|unit| self.duration_us / unit * unit),
        }
    }

    fn odd_target(&self) -> String {
        format!("{}{}", self.target, self.odd)
    }

    fn local(&self) -> DateTime {
        self.offset().to_datetime(Timestamp::from_second(self.at_s).unwrap())
    }

    fn offset(&self) -> tz::Offset {
        tz::Offset::from_seconds(self.ahead_min * 60).unwrap()
    }

    /// RFC 3339 with milliseconds in UTC.
    fn iso(&self) -> String {
        format!("{:.3}", Timestamp::from_millisecond(self.at_s * 1000 + 123).unwrap())
    }

    /// RFC 3339 with the offset of the server's clocks.
    fn iso_local(&self) -> String {
        format!("{}{}", self.local(), self.signed_offset(":"))
    }

    fn signed_offset(&self, colon: &str) -> String {
        let sign = if self.ahead_min < 0 { '-' } else { '+' };
        let minutes = self.ahead_min.abs();
        format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
    }

    fn clf_time(&self) -> String {
        format!("{} {}", self.local().strftime("%d/%b/%Y:%H:%M:%S"), self.signed_offset(""))
    }

    /// The duration in seconds, as nginx writes it.
    fn seconds(&self) -> String {
        format!("{}.{:03}", self.duration_us / 1_000_000, self.duration_us / 1_000 % 1_000)
    }

    fn millis(&self) -> u64 {
        self.duration_us / 1_000
    }
}

trait WithOdd {
    fn with_odd(self, served: &Served) -> Self;
}

impl WithOdd for Request<'static> {
    /// The target with the odd characters as well.
    fn with_odd(self, served: &Served) -> Self {
        Request { target: Some(served.odd_target().into_bytes().into()), ..self }
    }
}

fn common(s: &Served) -> String {
    format!(r#"192.0.2.7 - - [{}] "GET {} HTTP/1.1" {} 512"#, s.clf_time(), s.target, s.status)
}

/// As nginx does, which escapes quotes, backslashes and everything beyond ASCII.
fn combined(s: &Served) -> String {
    let escaped: String = s.odd_target().bytes().map(nginx_escape).collect();
    format!(
        r#"192.0.2.7 - jane [{}] "GET {escaped} HTTP/1.1" {} 512 "https://example.com/" "Mozilla/5.0 (X11) \x22Odd\x22""#,
        s.clf_time(),
        s.status
    )
}

fn nginx_escape(byte: u8) -> String {
    match byte {
        b'"' | b'\\' | 0..32 | 127.. => format!("\\x{byte:02X}"),
        byte => char::from(byte).to_string(),
    }
}

fn nginx_json(s: &Served) -> String {
    let uri = serde_json::to_string(&s.odd_target()).unwrap();
    format!(
        r#"{{"time":"{}","remote_addr":"192.0.2.7","status":{},"request_uri":{uri},"http_host":"{}","request_time":{},"ua":"\"x\""}}"#,
        s.iso_local(),
        s.status,
        s.host,
        s.seconds()
    )
}

fn caddy_json(s: &Served) -> String {
    let duration = format!("{}.{:06}123", s.duration_us / 1_000_000, s.duration_us % 1_000_000);
    let uri = serde_json::to_string(&s.odd_target()).unwrap();
    format!(
        r#"{{"level":"info","ts":{}.5604126,"msg":"handled request","request":{{"host":"{}:443","uri":{uri},"headers":{{"Accept":["*/*"]}}}},"duration":{duration},"size":7,"status":{}}}"#,
        s.at_s, s.host, s.status
    )
}

fn envoy_text(s: &Served) -> String {
    format!(
        r#"[{}] "GET {} HTTP/2" {} - 0 256 {} - "192.0.2.7" "curl" "1c65-88" "{}" "10.0.0.1:80""#,
        s.iso(),
        s.target,
        s.status,
        s.millis(),
        s.host
    )
}

fn envoy_json(s: &Served) -> String {
    let path = serde_json::to_string(&s.odd_target()).unwrap();
    format!(
        r#"{{":authority":"{}","bytes_sent":9,"duration":{},"method":"GET","response_code":{},"response_flags":"-","start_time":"{}","x-envoy-origin-path":{path},"route_name":null}}"#,
        s.host,
        s.millis(),
        s.status,
        s.iso()
    )
}

fn haproxy(s: &Served) -> String {
    format!(
        r#"<134>1 {} lb haproxy 7 - - 192.0.2.7:40000 [{}.123] front~ back/s1 1/0/2/3/{} {} 512 - - ---- 1/1/1/1/0 0/0 {{h|}} "GET {} HTTP/1.1""#,
        s.iso_local(),
        s.local().strftime("%d/%b/%Y:%H:%M:%S"),
        s.millis(),
        s.status,
        s.target
    )
}

fn alb(s: &Served) -> String {
    let target_s = s.millis() / 3 * 2;
    let rest_s = s.millis() - target_s;
    format!(
        r#"h2 {} app/lb/50dc 192.0.2.7:2817 10.0.0.1:80 0.000 {}.{:03} {}.{:03} {} {} 0 57 "GET https://{}:443{} HTTP/2.0" "curl" - -"#,
        s.iso(),
        target_s / 1_000,
        target_s % 1_000,
        rest_s / 1_000,
        rest_s % 1_000,
        s.status,
        s.status,
        s.host,
        s.target
    )
}

fn traefik_clf(s: &Served) -> String {
    format!(r#"{} 500 "web@docker" "http://10.0.0.1:80" {}ms"#, combined(s), s.millis())
}

fn traefik_json(s: &Served) -> String {
    let path = serde_json::to_string(&s.odd_target()).unwrap();
    format!(
        r#"{{"ClientHost":"192.0.2.7","DownstreamStatus":{},"Duration":{},"OriginStatus":599,"RequestHost":"{}","RequestPath":{path},"ServiceURL":{{"Path":"/x"}},"StartUTC":"{}","time":"2000-01-01T00:00:00Z"}}"#,
        s.status,
        s.duration_us * 1_000 + 999,
        s.host,
        s.iso()
    )
}

fn cloudfront(s: &Served) -> String {
    let utc = tz::Offset::UTC.to_datetime(Timestamp::from_second(s.at_s).unwrap());
    let (stem, query) = s.target.split_once('?').unwrap_or((&s.target, "-"));
    format!(
        "{}\tLAX1\t392\t192.0.2.7\tGET\td111.cloudfront.net\t{stem}\t{}\t-\tcurl\t{query}\t-\tHit\tSOX4==\t{}\thttps\t23\t{}\t-",
        utc.strftime("%Y-%m-%d\t%H:%M:%S"),
        s.status,
        s.host,
        s.seconds()
    )
}
