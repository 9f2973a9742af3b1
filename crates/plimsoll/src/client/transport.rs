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

/// What is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Of what: the path with its query, from the first slash.
    pub path: String,
    /// JSON, where there is more to say.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// Asks for what is at a path.
    pub fn get(path: &str) -> Self {
        Request { method: Method::Get, path: path.to_owned(), body: None }
    }
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status of HTTP.
    pub status: u16,
    /// When it may be asked again.
    pub retry_after: Option<Duration>,
    /// What it says.
    pub body: Vec<u8>,
}

/// How requests get to a server.
pub trait Transport {
    /// Sends a request and waits for the response, whatever its status.
    ///
    /// # Errors
    /// [`Failure`], when there is no response.
    fn call(&mut self, request: &Request) -> Result<Response, Failure>;
}

/// The header that says when to ask again, in seconds.
pub fn retry_after(header: Option<&[u8]>) -> Option<Duration> {
    std::str::from_utf8(header?).ok()?.trim().parse().ok().map(Duration::from_secs)
}
