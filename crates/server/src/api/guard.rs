//! What every request passes before a handler sees it: host and origin, credentials, rate, scope, size and time of its
//! body.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use plimsoll_core::people::token::TokenId;

use super::{
    app::{App, Reach},
    auth::{Access, Identified, allow, identify},
    call::{Call, Whole},
    problem::{Code, Problem},
    rate::{Client, Rate},
};
use crate::limits::{BODY_BYTES_MAX, BODY_WITHIN, WRONG_TOKENS_PER_MINUTE};

/// Both ends of the connection that a request came by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) peer: SocketAddr,
    pub(crate) local: SocketAddr,
}

/// What a route asks of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) access: Access,
    /// Largest body, in bytes.
    pub(crate) body_max: usize,
    /// Whether it takes in measurements: these are never told to slow down, only that the server cannot take them.
    pub(crate) is_intake: bool,
    /// Whether requests are counted against a rate.
    pub(crate) is_counted: bool,
}

/// The guard of one route.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    pub(crate) app: Arc<App>,
    pub(crate) reach: Arc<Reach>,
    pub(crate) rules: Rules,
}

/// Lets a request pass, or answers why not.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.admit(request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

impl Guard {
    async fn admit(&self, request: Request) -> Result<Request, Problem> {
        let (parts, body) = request.into_parts();
        let ends = parts.extensions.get::<Ends>().copied();
        self.reach.hosts.check(&parts.uri, &parts.headers, ends.map(|ends| ends.local))?;
        if self.rules.access == Access::Anyone && !self.rules.is_counted {
            return Ok(Request::from_parts(parts, Body::empty()));
        }
        let identified = self.identify(&parts.headers, ends)?;
        self.count(identified.as_ref(), ends)?;
        allow(self.rules.access, identified.as_ref(), self.reach.is_local_only)?;
        let body = match parts.method {
            Method::GET | Method::HEAD => Bytes::new(),
            // Nobody who is unknown fills the memory.
            _ if identified.is_none() => {
                arrived(body, &parts.headers, self.rules.body_max.min(BODY_BYTES_MAX)).await?
            }
            _ => arrived(body, &parts.headers, self.rules.body_max).await?,
        };
        let call = Call::of(&parts, &body, identified)?;
        let mut request = Whole(body).into_request(parts);
        request.extensions_mut().insert(call);
        Ok(request)
    }

    /// Who sends it. Whoever shows wrong tokens again and again is told to slow down; a right one is always let in.
    fn identify(
        &self,
        headers: &HeaderMap,
        ends: Option<Ends>,
    ) -> Result<Option<Identified>, Problem> {
        identify(&self.app, headers).map_err(|problem| {
            // A token of no name stands for the wrong ones of an address.
            let address = ends.map(|ends| ends.peer.ip().to_string()).unwrap_or_default();
            let client = Client::Token(TokenId(format!("wrong from {address}").into()));
            let rate = Rate::per_minute(WRONG_TOKENS_PER_MINUTE);
            match self.app.buckets.take(client, rate, self.app.clock.now().ms) {
                Ok(()) => problem,
                Err(seconds) => too_fast("too many wrong tokens came from this address", seconds),
            }
        })
    }

    fn count(&self, identified: Option<&Identified>, ends: Option<Ends>) -> Result<(), Problem> {
        if self.rules.is_intake {
            return Ok(());
        }
        let (client, rate) = match identified {
            None => (Client::Address(ends.map(|ends| ends.peer.ip())), self.reach.anonymous),
            Some(identified) => {
                let token = identified.caller.token.clone();
                (token.map_or(Client::Owner, Client::Token), self.reach.token)
            }
        };
        self.app
            .buckets
            .take(client, rate, self.app.clock.now().ms)
            .map_err(|seconds| too_fast("too many requests came from this client", seconds))
    }
}

fn too_fast(what: &str, seconds: u64) -> Problem {
    let hint = format!("nothing was done; send it again after {seconds} s, and fewer at once");
    Problem::new(Code::TooFast, what, hint).retry_after(seconds)
}

/// The whole body, when it arrives in time and is not too large.
async fn arrived(body: Body, headers: &HeaderMap, most: usize) -> Result<Bytes, Problem> {
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|n| n.to_str().ok()?.parse().ok());
    if stated.is_some_and(|bytes: usize| bytes > most) {
        return Err(too_large(most));
    }
    match tokio::time::timeout(BODY_WITHIN, Limited::new(body, most).collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(most)),
        Ok(Err(error)) => Err(Problem::new(
            Code::Malformed,
            format!("the body did not arrive whole: {error}"),
            "nothing was done; send it again",
        )),
        Err(_) => Err(Problem::new(
            Code::TooSlow,
            format!("the body did not arrive within {} s", BODY_WITHIN.as_secs()),
            "nothing was done; send it in smaller parts",
        )),
    }
}

fn too_large(most: usize) -> Problem {
    let detail = format!("the body is above the limit of {most} bytes");
    Problem::new(Code::TooLarge, detail, "nothing was done; send less at once").with("limit", most)
}
