//! The client: how commands speak to a server, over a socket or in this process.

mod at;
mod http;
mod in_process;
mod path;
mod problem;
mod transport;

use std::{thread, time::Duration};

pub use at::{At, DATA};
pub use path::{path, query};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use transport::{Method, Request, Response, Transport};

use crate::failure::Failure;

/// So often a request is sent that the server has no room for.
const ATTEMPTS: u32 = 4;

/// No longer than this is waited between them, whatever the server asks for.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// One page of a list, each item as the server wrote it.
#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    next: Option<String>,
}

/// A whole list, as the server would write it on one page.
#[derive(Debug, Serialize)]
pub struct List {
    /// Its items, each as the server wrote it.
    pub items: Vec<Box<RawValue>>,
    next: Option<String>,
}

impl List {
    /// A list of answers.
    ///
    /// # Errors
    /// [`Failure`], where one is no JSON.
    pub fn of(answers: Vec<String>) -> Result<Self, Failure> {
        let items = answers.into_iter().map(RawValue::from_string).collect::<Result<_, _>>();
        Ok(List { items: items.map_err(strange)?, next: None })
    }

    /// The items read.
    ///
    /// # Errors
    /// [`Failure`], where one is not what this program understands.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>, Failure> {
        self.items.iter().map(|item| read(item.get().as_bytes())).collect()
    }

    /// The list as JSON, one item a line.
    pub fn json(&self) -> String {
        let items: Vec<&str> = self.items.iter().map(|item| item.get()).collect();
        match items.as_slice() {
            [] => "{\"items\":[],\"next\":null}\n".to_owned(),
            items => format!("{{\"items\":[\n{}\n],\"next\":null}}\n", items.join(",\n")),
        }
    }
}

/// What speaks to a server.
pub struct Client {
    transport: Box<dyn Transport>,
}

impl Client {
    /// A client that speaks through this.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Client { transport: Box::new(transport) }
    }

    /// What the server says at a path, as it wrote it.
    ///
    /// # Errors
    /// [`Failure`], when it cannot be reached or says that there is a problem.
    pub fn get(&mut self, path: &str) -> Result<String, Failure> {
        text(self.send(&Request::get(path))?)
    }

    /// What the server says at a path, read.
    ///
    /// # Errors
    /// As [`Client::get`], or when it is not what this program understands.
    pub fn read<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, Failure> {
        read(self.get(path)?.as_bytes())
    }

    /// All items of a list, over all its pages. `path` may have a query.
    ///
    /// # Errors
    /// As [`Client::read`].
    pub fn list(&mut self, path: &str) -> Result<List, Failure> {
        let mut items = Vec::new();
        let mut at = path.to_owned();
        loop {
            let page: Page = self.read(&at)?;
            items.extend(page.items);
            let Some(cursor) = page.next else { return Ok(List { items, next: None }) };
            let sign = if path.contains('?') { '&' } else { '?' };
            at = format!("{path}{sign}cursor={}", path::encoded(&cursor));
        }
    }

    /// Asks the server to do or to make something; what it answers, as it wrote it.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn post(&mut self, path: &str, body: &impl Serialize) -> Result<String, Failure> {
        self.ask(Method::Post, path, body)
    }

    /// Asks the server to make something what the body says; what it answers, as it wrote it.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn put(&mut self, path: &str, body: &impl Serialize) -> Result<String, Failure> {
        self.ask(Method::Put, path, body)
    }

    /// Asks the server to take something away.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn delete(&mut self, path: &str) -> Result<(), Failure> {
        let request = Request { method: Method::Delete, path: path.to_owned(), body: None };
        self.send(&request).map(drop)
    }

    fn ask(
        &mut self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<String, Failure> {
        let body = serde_json::to_vec(body)
            .map_err(|error| Failure::input(format!("cannot write the request: {error}")))?;
        text(self.send(&Request { method, path: path.to_owned(), body: Some(body) })?)
    }

    /// Sends a request, again where the server has no room for it now. What it answers, unless that is a problem.
    fn send(&mut self, request: &Request) -> Result<Response, Failure> {
        for attempt in 1.. {
            let response = self.transport.call(request)?;
            match response.status {
                200..300 => return Ok(response),
                429 | 503 if attempt < ATTEMPTS && response.retry_after.is_some() => {
                    // The server said when to come back; who wakes early is told again.
                    let wait = response.retry_after.unwrap_or(WAIT_MAX);
                    thread::sleep(wait.min(WAIT_MAX));
                }
                _ => return Err(problem::failure(&response)),
            }
        }
        Err(strange("it never has room"))
    }
}

/// Reads an answer.
///
/// # Errors
/// [`Failure`], where it is not what this program understands.
pub fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(answer).map_err(strange)
}

fn text(response: Response) -> Result<String, Failure> {
    String::from_utf8(response.body).map_err(|_| strange("it is no text"))
}

fn strange(why: impl std::fmt::Display) -> Failure {
    Failure::usage(format!("the server's answer is not understood: {why}"))
        .hint("check that the address is that of a Plimsoll server, and of the same version as this program")
}
