//! Changes: whatever alters production, as a pipeline or a person records it.
//!
//! A change has one name in all of Plimsoll, so that decisions, exceptions, attributions and plots can point at it.
//! Whoever records it may repeat themselves: the same said twice is said once, and something else under the same name
//! is refused.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    catalog::{Kind, ObjectId},
    command::{Actor, Context, Refusal},
    event::Event,
    limits::{
        CHANGE_AHEAD_MS_MAX, CHANGE_BACK_MS_MAX, CHANGE_ID_BYTES_MAX, CHANGE_TITLE_BYTES_MAX,
        CHANGE_URL_BYTES_MAX,
    },
    promise::{
        decision::Verdict,
        exception::ExceptionId,
        gate::{self, Asking, Pass, Risk},
        in_force,
    },
    spec::name::is_dns_label,
    state::State,
    text::shortened,
    time::rfc3339_ms,
    words,
};

/// The name of a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeId(pub SmolStr);

impl ChangeId {
    /// A name that a pipeline gives: 1 to [`CHANGE_ID_BYTES_MAX`] ASCII letters, digits and `. _ - : / @ + # =`, a
    /// letter or digit first.
    ///
    /// # Errors
    /// [`Refusal`], for any other text.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/@+#=".contains(&byte);
        let is_name = text.len() <= CHANGE_ID_BYTES_MAX
            && text.bytes().all(may_stand)
            && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if is_name {
            return Ok(ChangeId(text.into()));
        }
        Err(Refusal::invalid(
            format!("{:?} is no name of a change", shortened(text)),
            format!(
                "write 1 to {CHANGE_ID_BYTES_MAX} letters, digits and . _ - : / @ + # =, a letter or digit first, \
                 such as shop-4f2a"
            ),
        ))
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is in production.
    Succeeded,
    /// It did not get into production, or did not work there.
    Failed,
    /// It was stopped before it altered anything.
    Cancelled,
}

impl Outcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
        }
    }
}

/// What the gate would have said of a change when it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What was decided about its service.
    pub verdict: Verdict,
    /// The entry in the journal that holds the decision.
    pub entry: u64,
    /// Whether it might pass.
    pub pass: Pass,
    /// The exception that covered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<ExceptionId>,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What is known since it started.
    #[serde(flatten)]
    pub start: Started,
    /// When it was recorded, in milliseconds since 1970.
    pub recorded_ms: i64,
    /// How it ended; nothing while nobody said that it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

/// How a change ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When, in milliseconds since 1970.
    pub finished_ms: i64,
    /// What became of it, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Who said so.
    pub by: Actor,
}

/// A change started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Its name.
    pub change: ChangeId,
    /// What it alters.
    pub service: SmolStr,
    /// Of which kind it is, such as `deploy` or `p0-fix`.
    pub kind: SmolStr,
    /// How much it may break.
    pub risk: Risk,
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<SmolStr>,
    /// Where more of it is to be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<SmolStr>,
    /// When it started, in milliseconds since 1970.
    pub started_ms: i64,
    /// The change that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<ChangeId>,
    /// What the gate would have said; nothing where it is not known what was decided then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Told>,
    /// Who said so.
    pub by: Actor,
}

/// A change finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Which.
    pub change: ChangeId,
    /// How.
    #[serde(flatten)]
    pub end: End,
}

/// What is asked for when a change starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartWish {
    /// Its name; a fresh one where it has none.
    pub id: Option<String>,
    /// What it alters.
    pub service: String,
    /// Of which kind it is.
    pub kind: String,
    /// How much it may break.
    pub risk: Risk,
    /// What it is, for people.
    pub title: Option<String>,
    /// Where more of it is to be read.
    pub url: Option<String>,
    /// When it started; now, where it is not said.
    pub started_ms: Option<i64>,
    /// The change that it takes back.
    pub reverts: Option<String>,
    /// What the gate would say for its doubts alone, such as that nothing is measured for now; nothing where there are
    /// none, and where the change started earlier.
    pub doubt: Option<Verdict>,
}

/// What is asked for when a change finishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishWish {
    /// Its name.
    pub id: String,
    /// When it finished; now, where it is not said.
    pub finished_ms: Option<i64>,
    /// What became of it.
    pub outcome: Option<Outcome>,
}

/// Records that a change started. Nothing happens where the same was recorded before.
pub(crate) fn start(
    state: &State,
    wish: &StartWish,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let id = wish.id.as_deref().map(ChangeId::parse).transpose()?;
    let reverts = wish.reverts.as_deref().map(ChangeId::parse).transpose()?;
    let title = wish.title.as_deref();
    let title = title.map(|title| words::checked(title, "title", CHANGE_TITLE_BYTES_MAX));
    let mut started = Started {
        change: id.unwrap_or_else(|| ChangeId(context.fresh_id("c", 0))),
        service: wish.service.as_str().into(),
        kind: wish.kind.as_str().into(),
        risk: wish.risk,
        title: title.transpose()?,
        url: wish.url.as_deref().map(address).transpose()?,
        started_ms: wish.started_ms.unwrap_or(context.at_ms),
        reverts,
        gate: None,
        by: context.actor.clone(),
    };
    if let Some(known) = state.changes.get(&started.change) {
        return again(&known.start, &started, wish.started_ms.is_some());
    }
    check(state, &started)?;
    check_time("started", started.started_ms, context)?;
    started.gate = told(state, &started, wish.doubt);
    Ok(vec![Event::ChangeStarted(started)])
}

/// A change of this name is here: the same, or another.
fn again(known: &Started, told: &Started, tells_time: bool) -> Result<Vec<Event>, Refusal> {
    let started_ms = if tells_time { told.started_ms } else { known.started_ms };
    let (gate, by) = (known.gate.clone(), known.by.clone());
    if *known == (Started { started_ms, gate, by, ..told.clone() }) {
        return Ok(Vec::new());
    }
    let Started { change, service, kind, started_ms, .. } = known;
    Err(Refusal::conflict(
        format!(
            "there is another change {change} already: {kind} of {service}, started {}",
            rfc3339_ms(*started_ms)
        ),
        "give each change a name of its own, such as the service and the number of the run",
    ))
}

/// What the gate would have said: by the verdict that was known when it started and what was doubtful then, and the
/// policy and exceptions of now.
fn told(state: &State, started: &Started, doubt: Option<Verdict>) -> Option<Told> {
    let Started { change, service, kind, risk, started_ms, .. } = started;
    let mut turns = state.decisions.get(service)?.turns().rev();
    let turn = turns.find(|turn| turn.at_ms <= *started_ms)?;
    let exception = state.covering(service, Some(&change.0), Some(kind), *started_ms);
    let asking = Asking { kind: Some(kind), risk: *risk, exception };
    let verdict = doubt.map_or(turn.verdict, |doubt| doubt.max(turn.verdict));
    let pass = gate::pass(&in_force::policy_of_service(state, service), verdict, asking);
    let used = exception.filter(|_| pass == Pass::Covered);
    let exception = used.map(|exception| exception.asked.exception.clone());
    Some(Told { verdict, entry: turn.entry, pass, exception })
}

fn check(state: &State, started: &Started) -> Result<(), Refusal> {
    let Started { change, service, kind, .. } = started;
    if !state.objects.contains_key(&ObjectId { kind: Kind::Service, name: service.clone() }) {
        return Err(no_service(service));
    }
    if !is_dns_label(kind) {
        return Err(Refusal::invalid(
            format!("{:?} is no kind of change", shortened(kind)),
            "write small letters, digits and hyphens, such as deploy, config or p0-fix",
        ));
    }
    let Some(reverts) = &started.reverts else { return Ok(()) };
    if reverts == change {
        let hint = "name the change that is taken back; this one is another";
        return Err(Refusal::invalid(format!("{change} cannot take back itself"), hint));
    }
    let known = state.changes.get(reverts).ok_or_else(|| none(reverts))?;
    if known.start.service != *service {
        return Err(Refusal::conflict(
            format!("{reverts} changed {}, and not {service}", known.start.service),
            "name a change of the same service, or leave it out",
        ));
    }
    Ok(())
}

/// There is no such service.
pub(crate) fn no_service(name: &str) -> Refusal {
    Refusal::not_found(
        format!("there is no service {:?}", shortened(name)),
        "plimsoll service list shows them; documents declare them",
    )
}

fn none(id: &ChangeId) -> Refusal {
    Refusal::not_found(
        format!("there is no change {:?}", shortened(&id.0)),
        "plimsoll change list shows those that are kept; record its start first",
    )
}

/// Refuses a time that no honest clock shows for something that is recorded now.
fn check_time(verb: &str, at_ms: i64, context: &Context) -> Result<(), Refusal> {
    if at_ms > context.at_ms.saturating_add(CHANGE_AHEAD_MS_MAX) {
        return Err(Refusal::invalid(
            format!("the change {verb} at {}, which is still to come", rfc3339_ms(at_ms)),
            format!(
                "here it is {}: check the clock of whoever records it, or leave the time out",
                rfc3339_ms(context.at_ms)
            ),
        ));
    }
    if at_ms < context.at_ms.saturating_sub(CHANGE_BACK_MS_MAX) {
        let days = CHANGE_BACK_MS_MAX / (24 * 3600 * 1000);
        return Err(Refusal::invalid(
            format!("the change {verb} at {}, more than {days} days ago", rfc3339_ms(at_ms)),
            "check the year, or leave the time out",
        ));
    }
    Ok(())
}

/// An address that may stand as a link on a page.
fn address(text: &str) -> Result<SmolStr, Refusal> {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_web && is_plain && text.len() <= CHANGE_URL_BYTES_MAX {
        return Ok(text.into());
    }
    Err(Refusal::invalid(
        format!("{:?} is no address of a web page", shortened(text)),
        format!(
            "write at most {CHANGE_URL_BYTES_MAX} bytes that begin with https://, without blanks"
        ),
    ))
}

/// Records that a change finished. Nothing happens where the same was recorded before.
pub(crate) fn finish(
    state: &State,
    wish: &FinishWish,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let id = ChangeId::parse(&wish.id)?;
    let known = state.changes.get(&id).ok_or_else(|| none(&id))?;
    if let Some(end) = &known.end {
        let is_same = wish.outcome == end.outcome
            && wish.finished_ms.is_none_or(|finished_ms| finished_ms == end.finished_ms);
        if is_same {
            return Ok(Vec::new());
        }
        let outcome = end.outcome.map_or("without an outcome", Outcome::word);
        return Err(Refusal::conflict(
            format!("{id} finished at {} already, {outcome}", rfc3339_ms(end.finished_ms)),
            "what is recorded stays; a further change has a name of its own",
        ));
    }
    // Whoever started it by a clock that is ahead may finish it by the same clock, or by ours.
    let now_ms = context.at_ms.max(known.start.started_ms);
    let finished_ms = wish.finished_ms.unwrap_or(now_ms);
    if finished_ms < known.start.started_ms {
        return Err(Refusal::invalid(
            format!(
                "{id} finished at {}, before it started at {}",
                rfc3339_ms(finished_ms),
                rfc3339_ms(known.start.started_ms)
            ),
            "check both times, or leave the end out: then it is now",
        ));
    }
    check_time("finished", finished_ms, context)?;
    let end = End { finished_ms, outcome: wish.outcome, by: context.actor.clone() };
    Ok(vec![Event::ChangeFinished(Finished { change: id, end })])
}

pub(crate) fn apply_started(state: &mut State, at_ms: i64, event: &Started) {
    state.changes.add(Change { start: event.clone(), recorded_ms: at_ms, end: None });
}

pub(crate) fn apply_finished(state: &mut State, event: &Finished) {
    state.changes.finish(&event.change, event.end.clone());
}
