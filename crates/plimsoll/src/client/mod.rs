//! The client: how commands speak to a server, over a socket or in this process.

mod at;
mod http;
mod in_process;
mod path;
mod problem;
mod transport;

use std::{
    thread,
    time::{Duration, Instant},
};

pub use at::{At, DATA};
pub use path::{path, query};
use plimsoll_server::random;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
pub use transport::OnlyIf;
use transport::{Method, NoResponse, Repeat, Request, Response, Transport};

use crate::failure::Failure;

/// So often a request is sent that the server has no room for.
const ATTEMPTS: u32 = 4;

/// No longer than this is waited between them, whatever the server asks for.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// A question is answered in that time, with its repeats. The server gives nobody longer to ask or to listen.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// What knows no idempotency key copies everything that is kept.
const COPY_WITHIN: Duration = Duration::from_secs(60 * 60);

/// A request is given no less than this.
const LEFT_MIN: Duration = Duration::from_millis(1);

/// What something is to be done to is not what it was.
const CONDITION_FAILED: u16 = 412;

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
    /// So long is waited for an answer; `None` for as long as its kind takes.
    within: Option<Duration>,
}

impl Client {
    /// A client that speaks through this.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Client { transport: Box::new(transport), within: None }
    }

    /// The same, but nothing that is asked takes longer than this.
    #[must_use]
    pub fn within(self, within: Duration) -> Self {
        Client { within: Some(within), ..self }
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

    /// Asks what the server says to something, which changes nothing.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn look(&mut self, path: &str, body: &impl Serialize) -> Result<String, Failure> {
        let (body, repeat) = (Some(json(body)?), Repeat::Looks);
        text(self.send(&Request { method: Method::Post, body, repeat, ..Request::get(path) })?)
    }

    /// Asks the server to make something; what it answers, as it wrote it.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn post(&mut self, path: &str, body: &impl Serialize) -> Result<String, Failure> {
        let (body, repeat) = (Some(json(body)?), keyed()?);
        text(self.send(&Request { method: Method::Post, body, repeat, ..Request::get(path) })?)
    }

    /// The same for what knows no idempotency key, so that it is sent once.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn post_once(&mut self, path: &str, body: &impl Serialize) -> Result<String, Failure> {
        let (body, repeat) = (Some(json(body)?), Repeat::Doubles);
        text(self.send(&Request { method: Method::Post, body, repeat, ..Request::get(path) })?)
    }

    /// Asks the server to make something what the body says; what it answers, as it wrote it, or `None` where the
    /// condition does not hold.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn put(
        &mut self,
        path: &str,
        body: &impl Serialize,
        only_if: OnlyIf,
    ) -> Result<Option<String>, Failure> {
        let (body, repeat, only_if) = (Some(json(body)?), keyed()?, Some(only_if));
        let request = Request { method: Method::Put, body, repeat, only_if, ..Request::get(path) };
        let response = self.answered(&request)?;
        if response.status == CONDITION_FAILED {
            return Ok(None);
        }
        text(done(response)?).map(Some)
    }

    /// Asks the server to take something away.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn delete(&mut self, path: &str) -> Result<(), Failure> {
        let repeat = keyed()?;
        self.send(&Request { method: Method::Delete, repeat, ..Request::get(path) }).map(drop)
    }

    /// What the server answers to a request, unless that is a problem.
    fn send(&mut self, request: &Request) -> Result<Response, Failure> {
        done(self.answered(request)?)
    }

    /// Sends a request, again where the server has no room for it now.
    fn answered(&mut self, request: &Request) -> Result<Response, Failure> {
        let within = self.within.unwrap_or(match request.repeat {
            Repeat::Looks | Repeat::Keyed(_) => ANSWER_WITHIN,
            Repeat::Doubles => COPY_WITHIN,
        });
        let until = Instant::now() + within;
        for attempt in 1.. {
            let response = self.heard(request, within, until)?;
            let left = until.saturating_duration_since(Instant::now());
            match response.retry_after.map(|wait| wait.min(WAIT_MAX)) {
                Some(wait)
                    if [429, 503].contains(&response.status)
                        && attempt < ATTEMPTS
                        && wait < left =>
                {
                    // The server said when to come back; who wakes early is told again.
                    thread::sleep(wait);
                }
                _ => return Ok(response),
            }
        }
        Err(strange("it never has room"))
    }

    /// Sends a request, once more where the connection breaks and a repeat does no harm.
    fn heard(
        &mut self,
        request: &Request,
        within: Duration,
        until: Instant,
    ) -> Result<Response, Failure> {
        let mut is_repeat = false;
        let failure = loop {
            // What is left of the time; the last part is never nothing, so that whoever is asked can answer.
            let left = until.saturating_duration_since(Instant::now()).max(LEFT_MIN).min(within);
            match self.transport.call(request, left) {
                Ok(response) => return Ok(response),
                Err(NoResponse::Unreachable(failure)) if !is_repeat => return Err(failure),
                Err(NoResponse::Broken(_)) if !is_repeat && request.repeat != Repeat::Doubles => {
                    is_repeat = true;
                }
                Err(
                    NoResponse::Unreachable(failure)
                    | NoResponse::Broken(failure)
                    | NoResponse::Late(failure),
                ) => break failure,
            }
        };
        Err(match request.repeat {
            Repeat::Looks => failure,
            Repeat::Keyed(_) | Repeat::Doubles => failure.hint(
                "it may have been done: look before you do it again; plimsoll journal tail shows what was",
            ),
        })
    }
}

/// Reads an answer.
///
/// # Errors
/// [`Failure`], where it is not what this program understands.
pub fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(answer).map_err(strange)
}

/// The response, unless it is a problem.
fn done(response: Response) -> Result<Response, Failure> {
    if (200..300).contains(&response.status) {
        Ok(response)
    } else {
        Err(problem::failure(&response))
    }
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(body)
        .map_err(|error| Failure::input(format!("cannot write the request: {error}")))
}

/// A key under which a request is done once, however often it is sent.
fn keyed() -> Result<Repeat, Failure> {
    random::fresh().map(|bits| Repeat::Keyed(format!("{bits:032x}"))).map_err(Failure::usage)
}

fn text(response: Response) -> Result<String, Failure> {
    String::from_utf8(response.body).map_err(|_| strange("it is no text"))
}

fn strange(why: impl std::fmt::Display) -> Failure {
    Failure::usage(format!("the server's answer is not understood: {why}"))
        .hint("check that the address is that of a Plimsoll server, and of the same version as this program")
}
