//! A server on a fresh folder, and requests to it.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use axum::http::{Method, Request, header};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Options, Server,
    clock::{Clock, Now, SteadyClock},
    serve::OpenError,
};

/// 2026-11-23T12:00:00Z.
pub(super) const NOON_MS: i64 = 1_795_435_200_000;

/// A clock that stands still until it is moved. What it shows is believed, but by a server that was told to last.
#[derive(Debug)]
pub(super) struct FakeClock {
    wall_ms: AtomicI64,
    steady: Mutex<Option<SteadyClock>>,
}

impl FakeClock {
    fn at(wall_ms: i64) -> Self {
        FakeClock { wall_ms: AtomicI64::new(wall_ms), steady: Mutex::default() }
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Now {
        let wall_ms = self.wall_ms.load(Ordering::SeqCst);
        let believed = Now { ms: wall_ms, jump_ms: 0 };
        self.steady.lock().unwrap().as_mut().map_or(believed, |steady| steady.look(wall_ms, 0))
    }

    fn starts_after(&self, record_ms: i64) {
        let wall_ms = self.wall_ms.load(Ordering::SeqCst);
        *self.steady.lock().unwrap() = Some(SteadyClock::start_after(record_ms, wall_ms, 0));
    }
}

/// A server on a fresh folder.
pub(super) struct House {
    pub(super) server: Server,
    pub(super) clock: Arc<FakeClock>,
    pub(super) folder: TempDir,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: axum::http::HeaderMap,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Asserts a problem document of this sort, with all that it must say.
    pub(super) fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!(
            (self.status, &body["type"]),
            (status, &json!(format!("/problems/{code}"))),
            "{body}"
        );
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(body["status"], json!(status));
        for said in ["title", "detail", "hint"] {
            assert!(body[said].as_str().is_some_and(|text| !text.is_empty()), "{said}: {body}");
        }
        body
    }
}

/// A request on its way.
pub(super) struct Ask<'a> {
    house: &'a House,
    request: axum::http::request::Builder,
    body: Vec<u8>,
}

impl House {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::at(NOON_MS));
        let server = open(folder.path(), &clock).unwrap();
        House { server, clock, folder }
    }

    /// Stops the server and opens the folder again.
    pub(super) fn again(self) -> Self {
        let House { server, clock, folder } = self;
        server.close();
        let server = open(folder.path(), &clock).unwrap();
        House { server, clock, folder }
    }

    /// Stops the server and opens the folder again, to last, when the clock shows so much more.
    pub(super) fn again_to_last(self, ms: i64) -> Self {
        let House { server, clock, folder } = self;
        server.close();
        clock.wall_ms.fetch_add(ms, Ordering::SeqCst);
        let options = Options { is_lasting: true, ..options(folder.path(), &clock) };
        let server = Server::open(options).unwrap();
        House { server, clock, folder }
    }

    pub(super) fn pass(&self, ms: i64) {
        self.clock.wall_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// A request without a token.
    pub(super) fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
        Ask { house: self, request, body: Vec::new() }
    }

    pub(super) fn get(&self, path: &str) -> Ask<'_> {
        self.ask(Method::GET, path).owner()
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Ask<'_> {
        self.ask(Method::POST, path).owner().json(body)
    }

    pub(super) fn put(&self, path: &str, body: &Value) -> Ask<'_> {
        self.ask(Method::PUT, path).owner().json(body)
    }

    pub(super) fn delete(&self, path: &str) -> Ask<'_> {
        self.ask(Method::DELETE, path).owner()
    }

    /// Issues a token with these scopes for the owner; its text.
    pub(super) fn token(&self, scopes: &[&str]) -> String {
        let issued = self.post("/api/v1/tokens", &json!({"scopes": scopes})).send();
        assert_eq!(issued.status, 201, "{:?}", issued.json());
        issued.json()["text"].as_str().unwrap().to_owned()
    }
}

pub(super) fn open(folder: &Path, clock: &Arc<FakeClock>) -> Result<Server, OpenError> {
    Server::open(options(folder, clock))
}

fn options(folder: &Path, clock: &Arc<FakeClock>) -> Options {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Options { owner: Some("ada".to_owned()), clock, ..Options::new(folder) }
}

impl Ask<'_> {
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(super) fn token(self, text: &str) -> Self {
        let field = format!("Bearer {text}");
        self.header("authorization", &field)
    }

    fn owner(self) -> Self {
        let text = self.house.server.local_token();
        self.token(&text)
    }

    pub(super) fn json(self, body: &Value) -> Self {
        self.body(body.to_string().into_bytes()).header("content-type", "application/json")
    }

    pub(super) fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    pub(super) fn send(self) -> Answer {
        let request = self.request.body(self.body).unwrap();
        let (parts, bytes) = self.house.server.call(request).unwrap().into_parts();
        Answer { status: parts.status.as_u16(), headers: parts.headers, bytes: bytes.to_vec() }
    }
}
