//! Answers in JSON.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    call::Call,
    etag,
    problem::{Code, Problem},
};

/// An answer, or why there is none.
pub(crate) type Answer = Result<Response, Problem>;

/// Something and nothing else: with its entity tag, and without its body for whoever has it already.
pub(crate) fn one<T: Serialize>(call: &Call, value: &T) -> Answer {
    let body = json(value)?;
    let tag = etag::of(&body);
    tagged(call, body, &tag)
}

/// The same for something that may become another although it looks alike: its tag is made from more than is shown.
pub(crate) fn one_of_tag<T: Serialize>(call: &Call, value: &T, tag: &str) -> Answer {
    tagged(call, json(value)?, tag)
}

fn tagged(call: &Call, body: Vec<u8>, tag: &str) -> Answer {
    let known = call.if_none_match.as_ref().is_some_and(|tags| tags.name(tag));
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = of_json(status, if known { Vec::new() } else { body });
    response.headers_mut().insert(header::ETAG, text(tag)?);
    Ok(response)
}

/// Something that is no resource by itself: a list, a report.
pub(crate) fn report<T: Serialize>(value: &T) -> Answer {
    Ok(of_json(StatusCode::OK, json(value)?))
}

/// Something that was made, and where it is.
pub(crate) fn created<T: Serialize>(place: &str, value: &T) -> Answer {
    let mut response = of_json(StatusCode::CREATED, json(value)?);
    response.headers_mut().insert(header::LOCATION, text(place)?);
    Ok(response)
}

/// It is done, and there is nothing to say.
pub(crate) fn gone() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// The entity tag that [`one`] gives.
pub(crate) fn tag<T: Serialize>(value: &T) -> Option<String> {
    json(value).ok().map(|body| etag::of(&body))
}

/// The same answer, not to be kept anywhere.
pub(crate) fn secretly(mut response: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

fn of_json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| internal(&error.to_string()))
}

fn text(value: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(value).map_err(|error| internal(&error.to_string()))
}

fn internal(why: &str) -> Problem {
    Problem::new(Code::Internal, why, "look at the server's log")
}

/// A time of the journal, in RFC 3339 and UTC. What lies beyond all calendars shows as its last day.
pub(crate) fn time(ms: i64) -> String {
    let most = if ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(ms).unwrap_or(most).to_string()
}
