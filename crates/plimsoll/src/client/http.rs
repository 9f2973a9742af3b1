//! Requests over HTTP/1.1, without TLS: a server listens on loopback, or behind something that ends TLS before it.

use std::{io, time::Duration};

use ureq::{
    Agent, AsSendBody, Body, Error, Timeout,
    http::{self, header},
};

use super::transport::{Method, NoResponse, Request, Response, Transport, media_type, retry_after};
use crate::{failure::Failure, time::seconds_text};

/// Whoever takes no connection in that time takes none.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Largest answer that is taken, in bytes.
const ANSWER_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A server at an address.
#[derive(Debug)]
pub struct Http {
    agent: Agent,
    /// Without a slash at its end.
    base: String,
    token: Option<String>,
}

impl Http {
    /// The server at an address such as `http://127.0.0.1:7420` or `127.0.0.1:7420`, to which this token is shown.
    ///
    /// # Errors
    /// [`Failure`], when this program cannot speak to such an address.
    pub fn new(address: &str, token: Option<String>) -> Result<Self, Failure> {
        let base = base(address)?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_WITHIN))
            .proxy(None)
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Http { agent: config.into(), base, token })
    }

    fn run(&self, request: &Request, within: Duration) -> Result<http::Response<Body>, Error> {
        let mut builder = http::Request::builder()
            .method(request.method.name())
            .uri(format!("{}{}", self.base, request.path))
            .header(header::ACCEPT, "application/json");
        if let Some(token) = &self.token {
            builder = builder.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in request.fields() {
            builder = builder.header(name, value);
        }
        match (&request.body, request.method) {
            (None, Method::Get | Method::Delete) => self.sent(builder.body(())?, within),
            (body, _) => {
                let body = body.as_deref().unwrap_or_default();
                let builder = builder.header(header::CONTENT_TYPE, "application/json");
                self.sent(builder.body(body)?, within)
            }
        }
    }

    /// Sends a request. The time goes on until the last byte of the answer was read.
    fn sent<S: AsSendBody>(
        &self,
        request: http::Request<S>,
        within: Duration,
    ) -> Result<http::Response<Body>, Error> {
        let request = self.agent.configure_request(request).timeout_global(Some(within)).build();
        self.agent.run(request)
    }

    fn no_response(&self, error: &Error, within: Duration) -> NoResponse {
        if let Error::Timeout(of) = error {
            return self.late(*of, within);
        }
        if is_break(error) {
            let what = format!("{} broke the connection before its answer was here", self.base);
            return NoResponse::Broken(
                Failure::away(what).hint("see whether the server still runs"),
            );
        }
        let hint = match error {
            Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                "nothing listens there; plimsoll serve starts a server"
            }
            Error::HostNotFound => "check the name of the host",
            _ => "check the address, and that the server is running",
        };
        let why = match error {
            // What the system says, without our library's name for it.
            Error::Io(error) => error.to_string(),
            error => error.to_string(),
        };
        let what = format!("cannot reach {}: {why}", self.base);
        NoResponse::Unreachable(Failure::away(what).hint(hint))
    }

    /// The time was over before a connection was there, or before the answer was.
    fn late(&self, of: Timeout, within: Duration) -> NoResponse {
        let before_it_was_sent = matches!(of, Timeout::Resolve | Timeout::Connect);
        let (does_not, within) = if before_it_was_sent {
            ("takes no connection", within.min(CONNECT_WITHIN))
        } else {
            ("gave no whole answer", within)
        };
        let what = format!("{} {does_not} within {}", self.base, seconds_text(within));
        let failure = Failure::away(what)
            .hint("see whether the server is overloaded or stopped, and that the address is its");
        if before_it_was_sent {
            NoResponse::Unreachable(failure)
        } else {
            NoResponse::Late(failure)
        }
    }
}

impl Transport for Http {
    fn call(&mut self, request: &Request, within: Duration) -> Result<Response, NoResponse> {
        let no_response = |error: Error| self.no_response(&error, within);
        let response = self.run(request, within).map_err(no_response)?;
        let status = response.status().as_u16();
        let field = |name| response.headers().get(name).map(http::HeaderValue::as_bytes);
        let media_type = media_type(field(header::CONTENT_TYPE));
        let retry_after = retry_after(field(header::RETRY_AFTER));
        let body = response.into_body().into_with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(no_response)?;
        Ok(Response { status, media_type, retry_after, body })
    }
}

/// Whether a connection was there and is not any more.
fn is_break(error: &Error) -> bool {
    let Error::Io(error) = error else { return false };
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

/// An address with its scheme, without a slash at its end.
fn base(address: &str) -> Result<String, Failure> {
    let rest = match address.split_once("://") {
        None => address,
        Some(("http", rest)) => rest,
        Some((scheme, _)) => {
            return Err(Failure::usage(format!("--server {address}: {scheme} is not spoken, only http"))
                .hint("reach a server that is elsewhere through a tunnel, such as ssh -L 7420:127.0.0.1:7420 HOST"));
        }
    };
    let rest = rest.trim_end_matches('/');
    let is_uri = format!("http://{rest}")
        .parse::<http::Uri>()
        .is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()));
    if !is_uri || rest.contains(['?', '#', '@']) {
        return Err(Failure::usage(format!("{address:?} is no address of a server"))
            .hint("write it like http://127.0.0.1:7420"));
    }
    Ok(format!("http://{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_plain_http() {
        for (written, is) in [
            ("127.0.0.1:7420", "http://127.0.0.1:7420"),
            ("http://[::1]:7420/", "http://[::1]:7420"),
            ("http://plimsoll.local/ours/", "http://plimsoll.local/ours"),
        ] {
            assert_eq!(base(written).unwrap(), is);
        }
        for wrong in
            ["", "http://", "https://x", "ftp://x", "http://a b", "http://u@x", "http://x?y"]
        {
            assert!(base(wrong).is_err(), "{wrong}");
        }
    }
}
