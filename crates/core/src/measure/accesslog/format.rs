//! The formats, by name.

use std::fmt;

use super::timing::Timing;

/// How the lines of a file are to be read.
#[derive(Debug, Clone)]
pub struct Format {
    pub(super) kind: Kind,
}

/// The published formats.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Common log format and its extensions.
    Clf(Clf),
}

/// What is known of a file in the common log format or one of its extensions.
#[derive(Debug, Clone, Default)]
pub(super) struct Clf {
    /// Whether referer and user agent follow in most lines.
    pub(super) is_combined: bool,
    /// Whether a virtual host stands before the client in most lines.
    pub(super) has_vhost: bool,
    /// Where the duration stands, if there is one.
    pub(super) timing: Option<Timing>,
}

impl Format {
    /// What people call it, such as `combined + request time in s`.
    pub fn name(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Clf(clf) => clf.fmt(f),
        }
    }
}

impl fmt::Display for Clf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.timing.as_ref().is_some_and(Timing::is_traefik) {
            return f.write_str("Traefik CLF");
        }
        f.write_str(if self.has_vhost { "vhost + " } else { "" })?;
        f.write_str(if self.is_combined { "combined" } else { "common" })?;
        match &self.timing {
            Some(timing) => write!(f, " + {}", timing.name()),
            None => Ok(()),
        }
    }
}
