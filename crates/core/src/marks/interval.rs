//! Stretches of time, of an SLI or of a service.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    catalog::{Kind, ObjectId},
    command::{Context, Refusal},
    limits::{LEDGER_FROM, LEDGER_TO, MARK_AHEAD_MINUTES_MAX, MARK_MINUTES_MAX},
    state::State,
    text::shortened,
    time::{DAY, Minute, Span},
};

/// What a mark is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// One SLI, by its name.
    Sli(SmolStr),
    /// Every SLI of this service, also those that are declared later.
    Service(SmolStr),
}

impl Subject {
    /// The object it names.
    fn object(&self) -> ObjectId {
        let (kind, name) = match self {
            Subject::Sli(name) => (Kind::Sli, name),
            Subject::Service(name) => (Kind::Service, name),
        };
        ObjectId { kind, name: name.clone() }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Sli(name) => write!(f, "sli {name}"),
            Subject::Service(name) => write!(f, "service {name}"),
        }
    }
}

/// A stretch of time of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// Of what.
    pub of: Subject,
    /// First minute, counted since 1970.
    pub from_minute: i64,
    /// First minute after.
    pub to_minute: i64,
}

impl Interval {
    /// The stretch of an SLI or service.
    pub fn new(of: Subject, from: Minute, to: Minute) -> Self {
        Interval { of, from_minute: from.0, to_minute: to.0 }
    }

    /// When it is.
    pub fn span(&self) -> Span {
        Span::new(Minute(self.from_minute), Minute(self.to_minute))
    }

    /// Refuses what cannot be marked. How long ago it was does not matter: after a clock was ahead for a while, the
    /// journal's time stands in the future, and the present must still be markable.
    pub(super) fn check(&self, state: &State, context: &Context) -> Result<(), Refusal> {
        let (from, to) = (Minute(self.from_minute), Minute(self.to_minute));
        if !state.objects.contains_key(&self.of.object()) {
            let (kind, name) = match &self.of {
                Subject::Sli(name) => ("sli", name),
                Subject::Service(name) => ("service", name),
            };
            return Err(Refusal::not_found(
                format!("there is no {kind} {:?}", shortened(name)),
                format!("plimsoll {kind} list shows them"),
            ));
        }
        if to <= from {
            return Err(Refusal::invalid(
                "the interval holds no minute",
                "let its end be at least a minute after its beginning",
            ));
        }
        if from < LEDGER_FROM || to > LEDGER_TO {
            return Err(Refusal::invalid(
                format!("the interval reaches beyond {LEDGER_FROM} to {LEDGER_TO}"),
                "check the year",
            ));
        }
        if to.0 - from.0 > MARK_MINUTES_MAX {
            return Err(Refusal::invalid(
                format!("the interval is longer than {} days", MARK_MINUTES_MAX / DAY),
                "mark several shorter ones, if that is meant",
            ));
        }
        let now = Minute::of_second(context.at_ms.div_euclid(1000));
        if from.0 > now.0.saturating_add(MARK_AHEAD_MINUTES_MAX) {
            return Err(Refusal::invalid(
                format!(
                    "the interval begins more than {} days ahead",
                    MARK_AHEAD_MINUTES_MAX / DAY
                ),
                "check the year, or mark it later",
            ));
        }
        Ok(())
    }
}
