//! A server in this process, for as long as one command takes: requests reach it without a socket.

use std::{fmt::Display, time::Duration};

use plimsoll_server::serve::Server;
use ureq::http::{self, header};

use super::transport::{NoResponse, Request, Response, Transport, media_type, retry_after};
use crate::failure::Failure;

/// A data folder that nobody else has.
#[derive(Debug)]
pub struct InProcess {
    server: Server,
}

impl InProcess {
    /// The folder of this server.
    pub fn new(server: Server) -> Self {
        InProcess { server }
    }
}

impl Transport for InProcess {
    /// What this process does itself is not given up on the way: there is nobody else to wait for.
    fn call(&mut self, request: &Request, _within: Duration) -> Result<Response, NoResponse> {
        let failed = |error: &dyn Display| NoResponse::Unreachable(Failure::usage(error));
        let mut builder = http::Request::builder()
            .method(request.method.name())
            .uri(&request.path)
            .header(header::HOST, "localhost")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.server.local_token()))
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in request.fields() {
            builder = builder.header(name, value);
        }
        let body = request.body.clone().unwrap_or_default();
        let built = builder.body(body).map_err(|error| failed(&error))?;
        let response = self.server.call(built).map_err(|error| failed(&error))?;
        let field = |name| response.headers().get(name).map(http::HeaderValue::as_bytes);
        Ok(Response {
            status: response.status().as_u16(),
            media_type: media_type(field(header::CONTENT_TYPE)),
            retry_after: retry_after(field(header::RETRY_AFTER)),
            body: response.into_body().to_vec(),
        })
    }
}
