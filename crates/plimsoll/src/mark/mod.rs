//! What is said about stretches of time: exclusions and attributions.

pub mod attribution;
pub mod exclusion;

use jiff::{SignedDuration, Timestamp};
use plimsoll_server::api::{actor::Actor, interval::Interval};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    client::{self, At, path},
    failure::Failure,
    output, time,
    words::{lasting, minute},
};

/// Of what, and when.
#[derive(Debug, clap::Args)]
struct When {
    #[command(flatten)]
    of: Of,
    /// Its first minute: 2026-11-23T06:45Z, "2026-11-23 06:45" in UTC, or now
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    from: Timestamp,
    /// The first minute after it
    #[arg(long, value_name = "TIME", value_parser = time::parse, required_unless_present = "length")]
    to: Option<Timestamp>,
    /// How long it is, such as 45m, 2h or 1d, instead of --to
    #[arg(long = "for", id = "length", value_name = "LENGTH", value_parser = time::length, conflicts_with = "to")]
    length: Option<SignedDuration>,
}

/// An SLI, or a service.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Of {
    /// Of this SLI
    #[arg(long, value_name = "NAME")]
    sli: Option<String>,
    /// Of each SLI of this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

impl When {
    /// Its beginning and its end, for the interface.
    fn bounds(&self) -> Result<(String, String), Failure> {
        let to = match (self.to, self.length) {
            (Some(to), _) => to,
            (None, length) => self
                .from
                .checked_add(length.unwrap_or_default())
                .map_err(|_| Failure::usage("the interval ends beyond all calendars"))?,
        };
        Ok((self.from.to_string(), to.to_string()))
    }
}

/// Asks for a mark, and tells in words what was made.
fn add<T: DeserializeOwned>(
    at: &At,
    noun: &str,
    new: &impl Serialize,
    as_json: bool,
    words: impl FnOnce(&T) -> String,
) -> Result<(), Failure> {
    let answer = at.client()?.post(&path(&[noun]), new)?;
    if as_json {
        output::json(&answer)
    } else {
        output::say(&words(&client::read(answer.as_bytes())?))
    }
}

/// Takes a mark back.
fn undo(at: &At, noun: &str, id: &str) -> Result<(), Failure> {
    at.client()?.delete(&path(&[noun, id]))?;
    output::say(&format!("{id} was taken back"))
}

/// `service shop` or `sli web-answers`.
fn subject(interval: &Interval) -> String {
    match (&interval.sli, &interval.service) {
        (Some(sli), _) => format!("sli {sli}"),
        (None, service) => format!("service {}", service.as_deref().unwrap_or_default()),
    }
}

/// How long an interval is.
fn length(interval: &Interval) -> String {
    let at = |time: &str| time.parse::<Timestamp>().ok().map(Timestamp::as_second);
    match (at(&interval.from), at(&interval.to)) {
        (Some(from), Some(to)) => lasting((to - from) / 60),
        _ => String::new(),
    }
}

/// `service shop, 2026-11-23 06:45 UTC, 2 h`.
fn described(interval: &Interval) -> String {
    format!("{}, {} UTC, {}", subject(interval), minute(&interval.from), length(interval))
}

/// Who it was.
pub fn author(actor: Actor) -> String {
    match actor {
        Actor::Person { person, .. } | Actor::Owner { person } => person,
        Actor::Rule { rule } => format!("rule {rule}"),
    }
}
