//! The formats, by name.

use std::fmt;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{
    clf::Layout, cloudfront::Columns, json::Dialect, pattern::Pattern, stamp::Zone, timing::Timing,
};

/// How the lines of a file are to be read.
#[derive(Debug, Clone)]
pub struct Format {
    pub(super) kind: Kind,
    pub(super) zone: Zone,
}

/// The formats that are known, and what a sample of a file told about its fields.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Kind {
    /// The common log format and its extensions.
    Clf(Clf),
    /// JSON, and whose it mostly is.
    Json(Dialect),
    /// Envoy's text.
    Envoy,
    /// HAProxy's `httplog`.
    HaProxy {
        /// Whether most lines begin with the header of syslog.
        has_header: bool,
    },
    /// AWS application load balancer.
    Alb,
    /// Amazon CloudFront.
    CloudFront(Columns),
    /// A pattern that somebody wrote for the file.
    #[serde(skip)]
    Pattern(Pattern),
}

/// What is known of a file in the common log format or one of its extensions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Clf {
    /// Whether referer and user agent follow in most lines.
    pub(super) is_combined: bool,
    /// What stands before the request in most lines.
    pub(super) layout: Layout,
    /// Where the duration stands, if there is one.
    pub(super) timing: Option<Timing>,
}

impl Kind {
    /// Every published format, as it is before a sample was seen, in the order in which they are tried.
    pub(super) fn published() -> [Kind; 6] {
        [
            Kind::Clf(Clf::default()),
            Kind::Json(Dialect::Nginx),
            Kind::Envoy,
            Kind::HaProxy { has_header: false },
            Kind::Alb,
            Kind::CloudFront(Columns::default()),
        ]
    }
}

impl Format {
    /// A format for any other log: a regular expression that names what it finds.
    ///
    /// Groups are `time` and `status`, which every request has; `request` (the whole request line) or `target`;
    /// `host`; and one of `seconds`, `millis`, `micros`, `nanos` for the duration. `time_format` is in the language of
    /// `strptime`; without one the time may be as in the common log format, as in RFC 3339, or count from 1970.
    ///
    /// # Errors
    ///
    /// When the pattern is no regular expression, has unknown groups or lacks one it needs, or when the time format
    /// gives no date and time. The text says which.
    pub fn pattern(pattern: &str, time_format: Option<&str>) -> Result<Format, String> {
        Pattern::new(pattern, time_format).map(|pattern| Format::new(Kind::Pattern(pattern)))
    }

    /// A format whose times without zone are UTC.
    pub(super) fn new(kind: Kind) -> Self {
        Format { kind, zone: Zone::of(TimeZone::UTC) }
    }

    /// Takes times that state no zone to be on the clocks of `zone`; without this they are taken for UTC.
    ///
    /// Few formats have such times: HAProxy, unless the header of syslog states an offset, some of Caddy's, and
    /// patterns.
    #[must_use]
    pub fn with_zone(self, zone: TimeZone) -> Self {
        Format { zone: Zone::of(zone), ..self }
    }

    /// A format that [`detect()`](super::detect()) found, as text that [`Format::recalled`] reads: who goes on with a
    /// file must not guess anew from other lines. `None` for a pattern, which is in the words of its writer already.
    pub fn remembered(&self) -> Option<String> {
        serde_json::to_string(&self.kind).ok()
    }

    /// The format that [`Format::remembered`] wrote, with times without zone in UTC; `None` where another version of
    /// this program wrote it in other words.
    pub fn recalled(text: &str) -> Option<Format> {
        serde_json::from_str(text).ok().map(Format::new)
    }

    /// What people call it, such as `combined + request time in s`.
    pub fn name(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Clf(clf) => clf.fmt(f),
            Kind::Json(dialect) => dialect.fmt(f),
            Kind::Envoy => f.write_str("Envoy text"),
            Kind::HaProxy { has_header: false } => f.write_str("HAProxy httplog"),
            Kind::HaProxy { has_header: true } => f.write_str("HAProxy httplog (syslog header)"),
            Kind::Alb => f.write_str("AWS ALB"),
            Kind::CloudFront(_) => f.write_str("CloudFront"),
            Kind::Pattern(_) => f.write_str("pattern"),
        }
    }
}

impl fmt::Display for Clf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.timing.as_ref().is_some_and(Timing::is_traefik) {
            return f.write_str("Traefik CLF");
        }
        f.write_str(if self.layout.has_vhost() { "vhost + " } else { "" })?;
        f.write_str(if self.is_combined { "combined" } else { "common" })?;
        match &self.timing {
            Some(timing) => write!(f, " + {}", timing.name()),
            None => Ok(()),
        }
    }
}
