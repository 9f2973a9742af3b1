//! What every access-log format is read into.

use std::borrow::Cow;

/// One served request, as one line of an access log states it.
///
/// The borrowed fields point into the line; they are owned only where the format escapes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// When the log says the request happened, in whole seconds since 1970-01-01T00:00:00Z.
    pub at_s: i64,
    /// The status code sent to the client (100 to 999); `None` where the log says that no response was sent
    /// (HAProxy `-1`, Envoy and CloudFront `0`, ALB and Traefik `-`).
    pub status: Option<u16>,
    /// Virtual host the client asked for, without port, as written in the log. `None` where the format has none.
    pub host: Option<Cow<'a, [u8]>>,
    /// Request target as sent (path and query, or a full URL). `None` where the request line could not be read as
    /// HTTP, such as a TLS hello sent to a plain port: such a line is still a request that was answered.
    pub target: Option<Cow<'a, [u8]>>,
    /// Time to serve the request, in microseconds, truncated; `None` where the log does not have it.
    pub duration_us: Option<u64>,
}

/// A request of which every field stands in its line, or is lent by a [`Request`]. Its fields stay in
/// registers; a [`Request`] has to be dropped, and for that be in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRef<'a> {
    /// See [`Request::at_s`].
    pub at_s: i64,
    /// See [`Request::status`].
    pub status: Option<u16>,
    /// See [`Request::host`].
    pub host: Option<&'a [u8]>,
    /// See [`Request::target`].
    pub target: Option<&'a [u8]>,
    /// See [`Request::duration_us`].
    pub duration_us: Option<u64>,
}

impl Request<'_> {
    /// The same request, lent.
    pub fn as_ref(&self) -> RequestRef<'_> {
        RequestRef {
            at_s: self.at_s,
            status: self.status,
            host: self.host.as_deref(),
            target: self.target.as_deref(),
            duration_us: self.duration_us,
        }
    }

    /// The same request, no longer tied to its line.
    pub fn into_owned(self) -> Request<'static> {
        Request {
            host: self.host.map(|host| Cow::Owned(host.into_owned())),
            target: self.target.map(|target| Cow::Owned(target.into_owned())),
            ..self
        }
    }
}

/// Why a line is not a request of the format it was read as. The text completes "line 17: …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}
