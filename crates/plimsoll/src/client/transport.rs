//! One request and its response, however they travel.

use std::time::Duration;

use crate::failure::Failure;

/// Methods that the interface knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    /// Its name in HTTP.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

/// What happens when a request is sent again because nobody heard the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing: it only looks.
    Looks,
    /// Nothing: what is sent under one key is done once.
    Keyed(String),
    /// It is done twice.
    Doubles,
}

/// Under which condition something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnlyIf {
    /// What it is about has this entity tag.
    Is(String),
    /// What it is about is not there.
    IsAbsent,
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Of what: the path with its query, from the first slash.
    pub path: String,
    /// JSON, where there is more to say.
    pub body: Option<Vec<u8>>,
    /// What sending it again does.
    pub repeat: Repeat,
    /// Under which condition it is done.
    pub only_if: Option<OnlyIf>,
}

impl Request {
    /// Asks for what is at a path.
    pub fn get(path: &str) -> Self {
        let (path, repeat) = (path.to_owned(), Repeat::Looks);
        Request { method: Method::Get, path, body: None, repeat, only_if: None }
    }

    /// The header fields that say how it is to be done.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let key = match &self.repeat {
            Repeat::Keyed(key) => Some(("idempotency-key", key.as_str())),
            Repeat::Looks | Repeat::Doubles => None,
        };
        let only_if = self.only_if.as_ref().map(|only_if| match only_if {
            OnlyIf::Is(tag) => ("if-match", tag.as_str()),
            OnlyIf::IsAbsent => ("if-none-match", "*"),
        });
        key.into_iter().chain(only_if)
    }
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status of HTTP.
    pub status: u16,
    /// The media type of what it says, without parameters.
    pub media_type: Option<String>,
    /// When it may be asked again.
    pub retry_after: Option<Duration>,
    /// What it says.
    pub body: Vec<u8>,
}

/// Why there is no response.
#[derive(Debug)]
pub enum NoResponse {
    /// The server cannot be spoken to.
    Unreachable(Failure),
    /// The time is over and no whole answer is here: what was asked may have been done.
    Late(Failure),
    /// The connection broke before the response was here: what was asked may have been done.
    Broken(Failure),
}

/// How requests get to a server.
pub trait Transport {
    /// Sends a request and waits for the whole response, whatever its status, no longer than so long.
    ///
    /// # Errors
    /// [`NoResponse`].
    fn call(&mut self, request: &Request, within: Duration) -> Result<Response, NoResponse>;
}

/// The header that says what a body is, without its parameters.
pub fn media_type(header: Option<&[u8]>) -> Option<String> {
    let text = std::str::from_utf8(header?).ok()?;
    text.split(';').next().map(|name| name.trim().to_ascii_lowercase())
}

/// The header that says when to ask again, in seconds.
pub fn retry_after(header: Option<&[u8]>) -> Option<Duration> {
    std::str::from_utf8(header?).ok()?.trim().parse().ok().map(Duration::from_secs)
}
