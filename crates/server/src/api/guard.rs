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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    app::{App, Reach},
    auth::{Access, Identified, allow, identify},
    call::{Call, Whole},
    problem::{Code, Problem},
    rate::{Client, Rate},
};
use crate::limits::{BODY_BYTES_FREE, BODY_BYTES_MAX, BODY_WITHIN, WRONG_TOKENS_PER_MINUTE};

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
        // The room is given back when the request is answered.
        Ok((request, _room)) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

impl Guard {
    async fn admit(&self, request: Request) -> Result<(Request, Option<Room>), Problem> {
        let (parts, body) = request.into_parts();
        let ends = parts.extensions.get::<Ends>().copied();
        self.reach.hosts.check(&parts.uri, &parts.headers, ends.map(|ends| ends.local))?;
        if self.rules.access == Access::Anyone && !self.rules.is_counted {
            return Ok((Request::from_parts(parts, Body::empty()), None));
        }
        let identified = self.identify(&parts.headers, ends)?;
        self.count(identified.as_ref(), ends)?;
        allow(self.rules.access, identified.as_ref(), self.reach.is_local_only)?;
        // Nobody who is unknown fills the memory.
        let most = if identified.is_some() { usize::MAX } else { BODY_BYTES_MAX };
        let most = self.rules.body_max.min(most);
        let (body, room) = match parts.method {
            Method::GET | Method::HEAD => (Bytes::new(), None),
            _ => arrived(body, &parts.headers, most, &self.app.bodies).await?,
        };
        let call = Call::of(&parts, &body, identified)?;
        let mut request = Whole(body).into_request(parts);
        request.extensions_mut().insert(call);
        Ok((request, room))
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

/// What a body may hold of the memory for bodies.
type Room = OwnedSemaphorePermit;

/// The whole body, when there is room for it, it arrives in time and is not too large.
async fn arrived(
    body: Body,
    headers: &HeaderMap,
    most: usize,
    bodies: &Arc<Semaphore>,
) -> Result<(Bytes, Option<Room>), Problem> {
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|n| n.to_str().ok()?.parse().ok());
    if stated.is_some_and(|bytes: usize| bytes > most) {
        return Err(too_large(most));
    }
    let room = room(stated.unwrap_or(most), bodies).await?;
    match tokio::time::timeout(BODY_WITHIN, Limited::new(body, most).collect()).await {
        Ok(Ok(whole)) => Ok((whole.to_bytes(), room)),
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

/// Room for a body of so many bytes, where it needs any.
async fn room(bytes: usize, bodies: &Arc<Semaphore>) -> Result<Option<Room>, Problem> {
    if bytes <= BODY_BYTES_FREE {
        return Ok(None);
    }
    let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
    let room = Arc::clone(bodies).acquire_many_owned(kib);
    match tokio::time::timeout(BODY_WITHIN, room).await {
        Ok(Ok(room)) => Ok(Some(room)),
        Ok(Err(_)) | Err(_) => Err(Problem::new(
            Code::Unavailable,
            "too many large bodies are on their way",
            "nothing was done; send it again later",
        )),
    }
}

fn too_large(most: usize) -> Problem {
    let detail = format!("the body is above the limit of {most} bytes");
    Problem::new(Code::TooLarge, detail, "nothing was done; send less at once").with("limit", most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn large_bodies_wait_for_room_and_small_ones_do_not() {
        let bodies = Arc::new(Semaphore::new(100));
        let first = room(60 * 1024, &bodies).await.unwrap();
        assert!(first.is_some() && room(BODY_BYTES_FREE, &bodies).await.unwrap().is_none());
        let mut second = Box::pin(room(60 * 1024, &bodies));
        assert!(asked_once(&mut second).await.is_none(), "there was no room for it");
        drop(first);
        assert!(second.await.unwrap().is_some());
        assert_eq!(bodies.available_permits(), 100);
    }

    /// What a future says when it is asked once.
    async fn asked_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        tokio::select! { biased; output = future => Some(output), () = std::future::ready(()) => None }
    }
}
