//! Problem documents (RFC 9457): what is wrong, where, why, and what to do.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use plimsoll_core::command::{Refusal, RefusalKind};
use plimsoll_store::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    measure::{keeping::NotKept, look::Unseen},
    random::NoRandomness,
    replay::ReplayError,
    writer::NotDone,
};

/// The media type of problem documents.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds after which a request that met trouble of the server is worth sending again.
const RETRY_AFTER_S: u64 = 1;

/// What is wrong with a request, or with the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDocument {
    /// Names the sort of problem: `/problems/` and its code.
    #[schema(example = "/problems/not-found")]
    pub r#type: String,
    /// The sort of problem, in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong here, where, and why.
    pub detail: String,
    /// What to do.
    pub hint: String,
    /// Further facts, by the sort of problem.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

/// Sorts of problems. The code is an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The request cannot be understood.
    Malformed,
    /// It needs a token.
    TokenNeeded,
    /// The token is not one of ours, or not valid any more.
    TokenInvalid,
    /// The token may not do this.
    ScopeMissing,
    /// The page that sent it is not one of ours.
    OriginRefused,
    /// What it is about is not here.
    NotFound,
    /// The path is known, the method is not.
    MethodNotAllowed,
    /// It took too long to arrive.
    TooSlow,
    /// It contradicts what is here.
    Conflict,
    /// A minute is here already, with this generation and other counts, or with a higher one.
    GenerationConflict,
    /// What it is about was changed since.
    Changed,
    /// Its body is too large.
    TooLarge,
    /// Its body is of another media type.
    MediaType,
    /// The host it was sent to is none of ours.
    HostRefused,
    /// It makes no sense.
    Invalid,
    /// Its idempotency key came before with another request.
    KeyReused,
    /// There would be too many of something.
    TooMany,
    /// Too many requests.
    TooFast,
    /// The server failed.
    Internal,
    /// What the server keeps is not what it wrote.
    Damaged,
    /// The server cannot do it for now; nothing was done.
    Unavailable,
    /// It is not known whether it was done.
    OutcomeUnknown,
}

impl Code {
    /// Its name, its status and its title.
    const fn facts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Code::Malformed => ("malformed", StatusCode::BAD_REQUEST, "The request cannot be read"),
            Code::TokenNeeded => {
                ("token-needed", StatusCode::UNAUTHORIZED, "The request needs a token")
            }
            Code::TokenInvalid => {
                ("token-invalid", StatusCode::UNAUTHORIZED, "The token is not valid")
            }
            Code::ScopeMissing => {
                ("scope-missing", StatusCode::FORBIDDEN, "The token may not do this")
            }
            Code::OriginRefused => {
                ("origin-refused", StatusCode::FORBIDDEN, "Another site sent the request")
            }
            Code::NotFound => ("not-found", StatusCode::NOT_FOUND, "There is no such thing"),
            Code::MethodNotAllowed => (
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "The method is not known here",
            ),
            Code::TooSlow => {
                ("too-slow", StatusCode::REQUEST_TIMEOUT, "The request took too long to arrive")
            }
            Code::Conflict => {
                ("conflict", StatusCode::CONFLICT, "The request contradicts what is here")
            }
            Code::GenerationConflict => (
                "generation-conflict",
                StatusCode::CONFLICT,
                "The minute is here already, otherwise",
            ),
            Code::Changed => ("changed", StatusCode::PRECONDITION_FAILED, "It was changed since"),
            Code::TooLarge => ("too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Code::MediaType => (
                "media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body is of another media type",
            ),
            Code::HostRefused => {
                ("host-refused", StatusCode::MISDIRECTED_REQUEST, "The host is not this server")
            }
            Code::Invalid => {
                ("invalid", StatusCode::UNPROCESSABLE_ENTITY, "The request makes no sense")
            }
            Code::KeyReused => (
                "idempotency-key-reused",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The idempotency key came before with another request",
            ),
            Code::TooMany => {
                ("too-many", StatusCode::UNPROCESSABLE_ENTITY, "A limit would be exceeded")
            }
            Code::TooFast => {
                ("too-fast", StatusCode::TOO_MANY_REQUESTS, "Too many requests in a short time")
            }
            Code::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "The server failed"),
            Code::Damaged => {
                ("damaged", StatusCode::INTERNAL_SERVER_ERROR, "What the server keeps is damaged")
            }
            Code::Unavailable => (
                "unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "The server cannot do this for now",
            ),
            Code::OutcomeUnknown => (
                "outcome-unknown",
                StatusCode::SERVICE_UNAVAILABLE,
                "It is not known whether this was done",
            ),
        }
    }

    /// Its status.
    pub const fn status(self) -> StatusCode {
        self.facts().1
    }
}

/// A problem on its way to whoever sent the request.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    code: Code,
    detail: String,
    hint: String,
    more: BTreeMap<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem: what is wrong, and what to do.
    pub fn new(code: Code, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        let (more, headers) = (BTreeMap::new(), Vec::new());
        let problem = Problem { code, detail: detail.into(), hint: hint.into(), more, headers };
        match code.status() {
            StatusCode::SERVICE_UNAVAILABLE => problem.retry_after(RETRY_AFTER_S),
            StatusCode::UNAUTHORIZED => {
                let bearer = HeaderValue::from_static(r#"Bearer realm="plimsoll""#);
                problem.header(header::WWW_AUTHENTICATE, bearer)
            }
            _ => problem,
        }
    }

    /// What was asked for is not here.
    pub fn not_found(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Problem::new(Code::NotFound, what, hint)
    }

    /// The server did not do what it said it did.
    pub(crate) fn nothing_happened() -> Self {
        Problem::new(Code::Internal, "nothing came of the command", "look at the server's log")
    }

    /// The same, with a further fact.
    #[must_use]
    pub fn with(mut self, name: &str, fact: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), fact.into());
        self
    }

    /// The same, to be sent again after so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Of which sort it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What is sent.
    pub fn document(&self) -> ProblemDocument {
        let (name, status, title) = self.code.facts();
        ProblemDocument {
            r#type: format!("/problems/{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.detail.clone(),
            hint: self.hint.clone(),
            more: self.more.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Texts and numbers only: it cannot fail to be written.
        let body = serde_json::to_vec(&self.document()).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.extend(self.headers);
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.kind {
            RefusalKind::Invalid => Code::Invalid,
            RefusalKind::NotFound => Code::NotFound,
            RefusalKind::Conflict => Code::Conflict,
            RefusalKind::TooMany => Code::TooMany,
        };
        Problem::new(code, refusal.what, refusal.hint)
    }
}

impl From<NotDone> for Problem {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::Refused(refusal) => refusal.into(),
            NotDone::OtherRequest => Problem::new(
                Code::KeyReused,
                "this idempotency key came before with another request",
                "use a fresh key for a fresh request",
            ),
            NotDone::Changed => Problem::new(
                Code::Changed,
                "what is here now is not what If-Match or If-None-Match asks for",
                "look at it again, and send what still fits with its new ETag",
            ),
            NotDone::Busy => Problem::new(
                Code::Unavailable,
                "too many commands wait for the disk",
                "nothing was done; send it again later",
            ),
            NotDone::Store(error) => Problem::new(
                Code::Unavailable,
                format!("nothing was kept: {error}"),
                "send it again when that is put right",
            ),
            NotDone::Stopped(why) => Problem::new(
                Code::Unavailable,
                format!("nothing is written for now: {why}"),
                "nothing was done; send it again later",
            ),
            NotDone::Unknown(why) => Problem::new(
                Code::OutcomeUnknown,
                format!("it is not known whether this was kept: {why}"),
                "send it again with the same idempotency key; without one, look whether it is there",
            ),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Exists { .. } => {
                Problem::new(Code::Conflict, error.to_string(), "name a folder that is not there")
            }
            Error::Damaged(_) | Error::NotOurs { .. } => Problem::new(
                Code::Damaged,
                error.to_string(),
                "it does not pass by itself: whoever runs the server must see to it",
            ),
            error => Problem::new(
                Code::Unavailable,
                error.to_string(),
                "look at the disk and the server's log, then send it again",
            ),
        }
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Store(error) => Problem::from(error),
            ReplayError::Entry { .. } => {
                let hint = "read it with the program that wrote it, or restore a backup";
                Problem::new(Code::Internal, error.to_string(), hint)
            }
        }
    }
}

impl From<Unseen> for Problem {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::Store(error) => error.into(),
            Unseen::Behind(_) => {
                Problem::new(Code::Unavailable, unseen.to_string(), "ask again in a few seconds")
            }
        }
    }
}

impl From<NotKept> for Problem {
    fn from(not_kept: NotKept) -> Self {
        let code = match not_kept {
            NotKept::Refused(_) => Code::Invalid,
            NotKept::Unknown(_) => Code::OutcomeUnknown,
            NotKept::Store(_) | NotKept::Stopped(_) | NotKept::Busy => Code::Unavailable,
        };
        Problem::new(
            code,
            not_kept.to_string(),
            "send it again: what is here already changes nothing",
        )
    }
}

impl From<NoRandomness> for Problem {
    fn from(error: NoRandomness) -> Self {
        Problem::new(Code::Unavailable, error.to_string(), "nothing was done; send it again later")
    }
}
