//! Which hosts and sites requests may name: a page of another site must not reach the server through somebody's
//! browser, not even by a name that it lets point here.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, Uri, header};

use super::problem::{Code, Problem};

/// The names under which the server answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hosts {
    names: Vec<String>,
}

impl Hosts {
    /// This machine, and these further names.
    pub(crate) fn new(names: &[String]) -> Self {
        Hosts { names: names.iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// Checks what a request that came in at `local` says of where it goes to and comes from.
    pub(crate) fn check(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        local: Option<SocketAddr>,
    ) -> Result<(), Problem> {
        if headers.get_all(header::HOST).iter().count() > 1 {
            let hint = "send one Host field";
            return Err(Problem::new(Code::Malformed, "the request names several hosts", hint));
        }
        let field = headers.get(header::HOST).map(|host| host.to_str().unwrap_or_default());
        let host = uri.authority().map(axum::http::uri::Authority::as_str).or(field);
        let host = host.ok_or_else(|| {
            Problem::new(Code::Malformed, "the request names no host", "send the Host field")
        })?;
        if !self.hold(host, local) {
            return Err(Problem::new(
                Code::HostRefused,
                format!("this server does not answer for the host {host:?}"),
                "use localhost or the address it listens on, or start it with --host NAME",
            ));
        }
        let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
        let origin = origin.to_str().unwrap_or_default();
        let site = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        if site.is_some_and(|site| self.hold(site, local)) {
            return Ok(());
        }
        Err(Problem::new(
            Code::OriginRefused,
            format!("a page of {origin:?} sent this"),
            "open the server's own page, or start it with --host NAME",
        ))
    }

    /// Whether this is the server, whatever the port.
    fn hold(&self, authority: &str, local: Option<SocketAddr>) -> bool {
        let Some(name) = without_port(authority) else { return false };
        // An address is no name that somebody else could let point here.
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address {
            Ok(address) => {
                address.is_loopback() || local.is_some_and(|local| local.ip() == address)
            }
            Err(_) => {
                name.eq_ignore_ascii_case("localhost")
                    || self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
            }
        }
    }
}

/// The host of `host:port`; `None` where the port is no number.
fn without_port(authority: &str) -> Option<&str> {
    let end = if authority.starts_with('[') { authority.find(']')? + 1 } else { 0 };
    match authority[end..].rsplit_once(':') {
        None => Some(authority),
        Some((host, port)) => {
            let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
            (is_port && port.len() <= 5).then(|| &authority[..end + host.len()])
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_names_of_this_server_are_its_names() {
        let hosts = Hosts::new(&["Plimsoll.Example".to_owned()]);
        let local = Some("192.0.2.7:7420".parse().unwrap());
        for name in [
            "localhost",
            "LOCALHOST:7420",
            "127.0.0.1",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:7420",
            "plimsoll.example:443",
            "192.0.2.7:7420",
        ] {
            assert!(hosts.hold(name, local), "{name}");
        }
        for name in [
            "",
            "evil.example",
            "localhost.evil.example",
            "evil.example:7420",
            "192.0.2.8",
            "[::2]",
            "localhost:x",
            "localhost:80:80",
            "127.0.0.1.evil.example",
            "user@localhost",
            "[::1",
        ] {
            assert!(!hosts.hold(name, local), "{name}");
        }
    }

    #[test]
    fn a_request_names_one_host() {
        let (hosts, uri) = (Hosts::new(&[]), Uri::from_static("/api/v1/services"));
        let check = |names: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for name in names {
                headers.append(header::HOST, HeaderValue::from_static(name));
            }
            hosts.check(&uri, &headers, None).is_ok()
        };
        assert!(check(&["localhost"]));
        for names in [&[][..], &["localhost", "evil.example"], &["localhost", "localhost"]] {
            assert!(!check(names), "{names:?}");
        }
    }
}
