//! A request that was let in: who sends it, and under which conditions.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::PathRejection},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
};
use plimsoll_core::{people::token::Scope, state::State};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{
    answer,
    auth::{Caller, Identified},
    etag::{NoTag, Tags},
    problem::{Code, Problem},
};
use crate::{
    limits::IDEMPOTENCY_KEY_BYTES_MAX,
    writer::{Condition, Repeat},
};

/// The header field of an idempotency key.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Who sends a request, and under which conditions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    caller: Option<Caller>,
    /// Whether they may see and do everything.
    pub(crate) is_admin: bool,
    /// The idempotency key.
    pub(crate) repeat: Option<Repeat>,
    /// The tags one of which must be that of what is here.
    pub(crate) if_match: Option<Tags>,
    /// The tags that are known to whoever asks.
    pub(crate) if_none_match: Option<Tags>,
}

impl Call {
    /// What a request says besides its body.
    pub(crate) fn of(
        parts: &Parts,
        body: &[u8],
        identified: Option<Identified>,
    ) -> Result<Self, Problem> {
        let is_admin = identified.as_ref().is_some_and(|who| who.allows(Scope::Admin));
        let caller = identified.map(|who| who.caller);
        let key = parts.headers.get(IDEMPOTENCY_KEY);
        let repeat = match (key, &caller) {
            (Some(key), Some(caller)) => Some(repeat(key, parts, body, caller)?),
            _ => None,
        };
        let tags = |name: HeaderName| {
            Tags::of(&parts.headers, &name).map_err(|NoTag| {
                Problem::new(
                    Code::Malformed,
                    format!("the {name} field holds no entity tags"),
                    "send *, or ETags as they were given, with their quotes",
                )
            })
        };
        let (if_match, if_none_match) = (tags(header::IF_MATCH)?, tags(header::IF_NONE_MATCH)?);
        Ok(Call { caller, is_admin, repeat, if_match, if_none_match })
    }

    /// What `If-Match` and `If-None-Match` ask of what `find` finds.
    pub(crate) fn only_if<T: Serialize + 'static>(
        &self,
        find: impl Fn(&State) -> Option<T> + Send + Sync + 'static,
    ) -> Option<Condition> {
        self.only_while(move |state| find(state).and_then(|found| answer::tag(&found)))
    }

    /// The same of what has this entity tag, or none where it is not there. It is asked when the command is decided,
    /// so nothing comes between.
    pub(crate) fn only_while(
        &self,
        tag: impl Fn(&State) -> Option<String> + Send + Sync + 'static,
    ) -> Option<Condition> {
        let (wanted, unwanted) = (self.if_match.clone(), self.if_none_match.clone());
        if wanted.is_none() && unwanted.is_none() {
            return None;
        }
        Some(Condition(Arc::new(move |state| {
            let tag = tag(state);
            let is_unwanted = |tags: &Tags| tag.as_deref().is_some_and(|tag| tags.name(tag));
            wanted.as_ref().is_none_or(|tags| tags.hold(tag.as_deref()))
                && !unwanted.as_ref().is_some_and(is_unwanted)
        })))
    }

    /// Who sends it.
    pub(crate) fn caller(&self) -> Result<&Caller, Problem> {
        // Routes that need to know let nobody in without a token; this is the second lock.
        self.caller.as_ref().ok_or_else(|| {
            Problem::new(
                Code::TokenNeeded,
                "this needs a token",
                "send `Authorization: Bearer TOKEN`",
            )
        })
    }
}

fn repeat(
    key: &HeaderValue,
    parts: &Parts,
    body: &[u8],
    caller: &Caller,
) -> Result<Repeat, Problem> {
    let text = key.to_str().unwrap_or_default();
    let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_visible || !(1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&text.len()) {
        return Err(Problem::new(
            Code::Malformed,
            "the Idempotency-Key field holds no key",
            format!("send 1 to {IDEMPOTENCY_KEY_BYTES_MAX} visible ASCII characters"),
        ));
    }
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let field = |name| parts.headers.get(name).map_or(&[][..], HeaderValue::as_bytes);
    let (if_match, if_none_match) = (field(header::IF_MATCH), field(header::IF_NONE_MATCH));
    // Lengths go before what has none of its own, so that no two requests read alike.
    let request_hash = Sha256::new()
        .chain_update(parts.method.as_str())
        .chain_update((target.len() as u64).to_le_bytes())
        .chain_update(target)
        .chain_update((if_match.len() as u64).to_le_bytes())
        .chain_update(if_match)
        .chain_update((if_none_match.len() as u64).to_le_bytes())
        .chain_update(if_none_match)
        .chain_update(body)
        .finalize()
        .into();
    Ok(Repeat { person: caller.person.as_str().to_owned(), key: text.to_owned(), request_hash })
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(parts.extensions.remove().unwrap_or_default())
    }
}

/// The JSON of a body.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, _: &S) -> Result<Self, Problem> {
        is_json(request.headers())?;
        let Whole(body) = request.extensions_mut().remove().unwrap_or_default();
        // A list would be read as the fields in their order, which nobody described.
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            let hint = "send a JSON object, as GET /api/v1/openapi.json describes it";
            return Err(Problem::new(Code::Malformed, "the body is a list", hint));
        }
        serde_json::from_slice(&body).map(Json).map_err(|error| unreadable(&error))
    }
}

/// A body that has arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Whole(pub(crate) Bytes);

impl Whole {
    /// Puts it where [`Json`] finds it.
    pub(crate) fn into_request(self, mut parts: Parts) -> Request {
        parts.extensions.insert(self);
        Request::from_parts(parts, Body::empty())
    }
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let field = headers.get(header::CONTENT_TYPE).map(|field| field.to_str().unwrap_or("?"));
    let essence = field.unwrap_or("none").split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        Code::MediaType,
        format!("the body's media type is {essence}"),
        "send JSON, with `Content-Type: application/json`",
    ))
}

fn unreadable(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let place = format!(" at line {line} column {column}");
    let why = error.to_string();
    let why = why.strip_suffix(&place).unwrap_or(&why);
    let code = if error.is_data() { Code::Invalid } else { Code::Malformed };
    Problem::new(
        code,
        format!("the body cannot be read at line {line}, column {column}: {why}"),
        "GET /api/v1/openapi.json says what is expected",
    )
    .with("line", line)
    .with("column", column)
}

/// The query of a request.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = Query::try_from_uri(&parts.uri);
        read.map(|Query(params)| Params(params)).map_err(|error| {
            // The reason itself stands behind what axum says of it.
            let why = std::error::Error::source(&error).map(ToString::to_string);
            let why = why.unwrap_or_else(|| error.body_text());
            Problem::new(
                Code::Malformed,
                format!("the query cannot be read: {why}"),
                "GET /api/v1/openapi.json lists its parameters",
            )
        })
    }
}

/// The one name in a path.
#[derive(Debug)]
pub(crate) struct Named(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let name = Path::<String>::from_request_parts(parts, state).await;
        name.map(|Path(name)| Named(name)).map_err(|error: PathRejection| {
            Problem::new(
                Code::Malformed,
                format!("the path cannot be read: {}", error.body_text()),
                "write names in UTF-8, percent-encoded",
            )
        })
    }
}
