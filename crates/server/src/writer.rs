//! The writer: decides on a private state that runs ahead, and appends what was decided in one durable batch. Only
//! then is it published and answered: at once, or by whoever takes what was appended while the next batch is decided.
//!
//! It has no clock, no dice and no thread of its own, so that a simulation can drive it through every fault.

use std::{collections::BTreeMap, fmt, sync::Arc};

use plimsoll_core::{
    command::{Actor, Command, Context, Refusal},
    decide::decide,
    event::Event,
    state::State,
};
use plimsoll_store::{
    Error,
    idempotency::Reply,
    journal::{AppendError, Batch, Draft, Head, Journal, JsonLine, NotJson, Refused},
    secret::SecretChange,
};
use serde::{Deserialize, Serialize};

use crate::{
    published::Published,
    replay::{ReplayError, replay, snapshot},
};

/// The kind under which the hashes of tokens are kept.
pub const TOKEN_SECRET: &str = "token";
/// The kind under which names and addresses of people are kept.
pub const PROFILE_SECRET: &str = "profile";

/// Under this kind something is written and taken back, to see whether there is room.
const ROOM: &str = "room";
const ROOM_BYTES: usize = 4096;

/// A command on its way.
#[derive(Clone)]
pub struct Job {
    /// What is asked for.
    pub command: Command,
    /// Who asks.
    pub actor: Actor,
    /// Fresh random bits.
    pub fresh: u128,
    /// What must be kept secret of it: the hash of a token, the profile of a person.
    pub secret: Option<Vec<u8>>,
    /// By which a repeat of the request is known.
    pub repeat: Option<Repeat>,
    /// What must be so for it to be done.
    pub condition: Option<Condition>,
}

impl fmt::Debug for Job {
    /// Does not show the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("command", &self.command)
            .field("actor", &self.actor)
            .field("repeat", &self.repeat)
            .finish_non_exhaustive()
    }
}

/// What must be so for a job to be done, such as that what it changes is what its sender saw.
#[derive(Clone)]
pub struct Condition(pub Arc<dyn Fn(&State) -> bool + Send + Sync>);

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condition(…)")
    }
}

/// An idempotency key of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// Whose request it is.
    pub person: String,
    /// The key.
    pub key: String,
    /// SHA-256 of the request.
    pub request_hash: [u8; 32],
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The journal's newest entry when it was done.
    pub seq: u64,
    /// When that was, in milliseconds since 1970.
    pub at_ms: i64,
    /// What happened; nothing where everything was so already.
    pub events: Vec<Event>,
}

/// Why a job was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDone {
    /// The rules refuse it.
    Refused(Refusal),
    /// The key came before, with another request.
    OtherRequest,
    /// What it is about is not what its sender took it for.
    Changed,
    /// Too many jobs wait already; nothing was tried.
    Busy,
    /// The store could not take it; nothing of it was kept. It may be sent again.
    Store(AppendError),
    /// Nothing is written until the store was opened anew; nothing was tried.
    Stopped(String),
    /// It is not known whether it was kept. To know, it may be sent again with the same idempotency key.
    Unknown(String),
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotDone::Refused(refusal) => refusal.fmt(f),
            NotDone::OtherRequest => f.write_str(
                "this idempotency key came before with another request; use a fresh key for a fresh request",
            ),
            NotDone::Changed => f.write_str(
                "what this is about was changed since; look at it again, and send what still fits",
            ),
            NotDone::Busy => f.write_str("too many commands wait; send it again later"),
            NotDone::Store(error) => write!(f, "nothing was kept: {error}; send it again later"),
            NotDone::Stopped(why) => {
                write!(f, "nothing is written for now, because {why}; send it again later")
            }
            NotDone::Unknown(why) => write!(
                f,
                "it is not known whether this was kept: {why}; send it again with the same idempotency key"
            ),
        }
    }
}

/// What became of a job.
pub type Outcome = Result<Done, NotDone>;

/// The one that writes.
#[derive(Debug)]
pub struct Writer<J> {
    journal: J,
    private: State,
    published: Arc<Published>,
    /// Why it does not write any more, until it is given a journal that was opened anew.
    stopped: Option<String>,
    /// Why the last batch was not taken, though the journal is sound: there is no room, or it may not be written to.
    refused: Option<String>,
}

impl<J: Journal> Writer<J> {
    /// Replays a journal and goes on from its end.
    ///
    /// # Errors
    /// [`ReplayError`], when the journal cannot be read.
    pub fn open(journal: J) -> Result<Self, ReplayError> {
        let state = replay(&journal)?;
        let published = Arc::new(Published::of(state.clone(), journal.head().seq));
        Ok(Writer { journal, private: state, published, stopped: None, refused: None })
    }

    /// The state that everybody may see.
    pub fn published(&self) -> &Arc<Published> {
        &self.published
    }

    /// The journal it writes to.
    pub fn journal(&self) -> &J {
        &self.journal
    }

    /// Gives the journal back.
    pub fn into_journal(self) -> J {
        self.journal
    }

    /// Why it does not write any more.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Why nothing can be written, though nothing is broken.
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// Looks whether there is room, by writing something and taking it back.
    pub fn look_for_room(&mut self) {
        if self.stopped.is_some() {
            return;
        }
        let (kind, id) = (ROOM.to_owned(), String::new());
        let put =
            SecretChange::Put { kind: kind.clone(), id: id.clone(), value: vec![0; ROOM_BYTES] };
        let secrets = vec![put, SecretChange::Erase { kind, id }];
        let head = self.journal.head();
        let written = self.journal.append(head, &Batch { secrets, ..Batch::default() });
        self.note(written.as_ref().err());
    }

    /// Takes note of how a write ended.
    fn note(&mut self, error: Option<&AppendError>) {
        self.refused = None;
        match error {
            Some(error @ (AppendError::Full(_) | AppendError::ReadOnly(_))) => {
                self.refused = Some(error.to_string());
            }
            Some(error @ (AppendError::Failed(_) | AppendError::HeadMoved { .. })) => {
                self.stopped = Some(error.to_string());
            }
            Some(AppendError::Refused(_)) | None => {}
        }
    }

    /// Goes on with a journal that was opened anew after a failure. What is durable in it is published, also what
    /// nobody was told of.
    ///
    /// # Errors
    /// [`ReplayError`]; the writer stays stopped.
    pub fn reopen(&mut self, journal: J) -> Result<(), ReplayError> {
        let state = replay(&journal)?;
        self.published.replace(state.clone(), journal.head().seq);
        (self.journal, self.private) = (journal, state);
        (self.stopped, self.refused) = (None, None);
        Ok(())
    }

    /// Does jobs in order, in one durable batch, and publishes what they did; what became of each.
    pub fn work(&mut self, jobs: &[Job], now_ms: i64) -> Vec<Outcome> {
        self.append(jobs, now_ms).publish(&self.published)
    }

    /// Does jobs in order, in one durable batch. What they did is to be published before anybody is answered, in the
    /// order of the batches: here or on another thread, for after a failure this one waits for it. `now_ms` is what
    /// the clock says; time in the journal never runs backwards, whatever the clock does.
    pub fn append(&mut self, jobs: &[Job], now_ms: i64) -> Appended {
        self.append_in_turn(jobs.iter().map(|job| (now_ms, job)))
    }

    /// The same for jobs that came one after the other, each with what the clock said then.
    pub fn append_in_turn<'a>(
        &mut self,
        jobs: impl ExactSizeIterator<Item = (i64, &'a Job)>,
    ) -> Appended {
        if let Some(why) = &self.stopped {
            let stopped = |_| Err(NotDone::Stopped(why.clone()));
            return Appended::nothing(jobs.map(stopped).collect());
        }
        let before = self.journal.head();
        let mut run = Run::new(before, jobs.len());
        for (now_ms, job) in jobs {
            run.at_ms = run.at_ms.max(now_ms);
            let outcome = run.job(job, &mut self.private, &self.journal);
            run.outcomes.push(outcome);
        }
        if let Some(error) = run.broken.take() {
            return self.fail(run, error, before);
        }
        if run.batch == Batch::default() {
            return Appended::nothing(run.outcomes);
        }
        match self.journal.append(before, &run.batch) {
            Ok(_) => {
                self.note(None);
                let Run { seq, outcomes, new, .. } = run;
                Appended { seq, outcomes, new }
            }
            Err(error) => self.fail(run, error, before),
        }
    }

    /// Writes nothing more until the journal was opened anew.
    pub(crate) fn stop(&mut self, why: &impl fmt::Display) {
        self.stopped = Some(why.to_string());
    }

    /// Keeps the state in the journal's file, so that the next start need not replay everything. Where that fails
    /// for certain, nothing is lost; else the writer stops. A stopped writer keeps none: what it shows may be older
    /// than the journal's head. The size of the snapshot, in bytes; 0 where there is none.
    pub fn save_snapshot(&mut self) -> usize {
        if self.stopped.is_some() {
            return 0;
        }
        // Between batches the private state is at the head, whether that was published yet or not.
        let Some(snapshot) = snapshot(&self.private, &self.journal) else { return 0 };
        let saved = self.journal.save_snapshot(&snapshot);
        self.stop_unless_certain(saved);
        snapshot.bytes.len()
    }

    /// Forgets the answers that were given before a time. Where that fails for certain, the next time will do; else
    /// the writer stops.
    pub fn forget_replies(&mut self, before_ms: i64) {
        let forgotten = self.journal.forget_replies(before_ms).map(drop);
        self.stop_unless_certain(forgotten);
    }

    fn stop_unless_certain(&mut self, done: Result<(), Error>) {
        match done {
            Err(error) if !error.is_certain() => self.stop(&error),
            _ => {}
        }
    }

    /// Takes back what was decided after `before` and could not be kept.
    fn fail(&mut self, run: Run, error: AppendError, before: Head) -> Appended {
        self.published.wait_for(before.seq);
        self.private = self.published.read().clone();
        self.note(Some(&error));
        let is_certain = !matches!(error, AppendError::Failed(_));
        let not_done =
            if is_certain { NotDone::Store(error) } else { NotDone::Unknown(error.to_string()) };
        // A refusal may rest on what another job of the batch did, which is not there now.
        let depends = |outcome: &Outcome| !matches!(outcome, Err(NotDone::OtherRequest));
        let outcomes = run.outcomes.into_iter();
        let outcomes =
            outcomes.map(|outcome| if depends(&outcome) { Err(not_done.clone()) } else { outcome });
        Appended::nothing(outcomes.collect())
    }
}

/// What became of jobs; what they did is durable, and not published yet.
#[derive(Debug)]
#[must_use = "nobody sees what was done before it is published"]
pub struct Appended {
    /// The journal's newest entry after it.
    seq: u64,
    outcomes: Vec<Outcome>,
    /// The places of the outcomes that are new: others repeat older ones.
    new: Vec<usize>,
}

impl Appended {
    /// Nothing was done that was not done before.
    fn nothing(outcomes: Vec<Outcome>) -> Self {
        Appended { seq: 0, outcomes, new: Vec::new() }
    }

    /// What became of each job.
    pub(crate) fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Publishes what was done; what became of each job, to be told now.
    pub fn publish(self, published: &Published) -> Vec<Outcome> {
        if !self.new.is_empty() {
            let done = self.new.iter().filter_map(|place| self.outcomes[*place].as_ref().ok());
            let events = done.flat_map(|done| done.events.iter().map(|event| (done.at_ms, event)));
            published.apply(self.seq, events);
        }
        self.outcomes
    }
}

/// A batch while it is put together.
struct Run {
    /// What the clock said last.
    at_ms: i64,
    seq: u64,
    batch: Batch,
    outcomes: Vec<Outcome>,
    /// The places of the outcomes that are new: others repeat older ones.
    new: Vec<usize>,
    /// Keys of this batch, with the place of their outcome.
    keys: BTreeMap<(String, String), (usize, [u8; 32])>,
    /// Who acted last, and how that is written.
    actor: Option<(Actor, JsonLine)>,
    /// Why nothing of it can be appended.
    broken: Option<AppendError>,
}

/// What is kept of an answer: its events are in the journal.
#[derive(Serialize, Deserialize)]
struct Answered {
    seq: u64,
    at_ms: i64,
    events: u64,
}

impl Run {
    fn new(Head { at_ms, seq, .. }: Head, jobs: usize) -> Self {
        // Most jobs have one event.
        let batch = Batch { entries: Vec::with_capacity(jobs), ..Batch::default() };
        let (outcomes, new) = (Vec::with_capacity(jobs), Vec::with_capacity(jobs));
        let (keys, actor, broken) = (BTreeMap::new(), None, None);
        Run { at_ms, seq, batch, outcomes, new, keys, actor, broken }
    }

    fn job(&mut self, job: &Job, state: &mut State, journal: &impl Journal) -> Outcome {
        if let Some(repeat) = &job.repeat
            && let Some(outcome) = self.repeated(repeat, journal)
        {
            return outcome;
        }
        if job.condition.as_ref().is_some_and(|condition| !(condition.0)(state)) {
            return Err(NotDone::Changed);
        }
        let context = Context { at_ms: self.at_ms, actor: job.actor.clone(), fresh: job.fresh };
        let events = decide(state, &job.command, &context).map_err(NotDone::Refused)?;
        for event in &events {
            state.apply(self.at_ms, event);
            self.batch.secrets.extend(secret(event, job));
            if let Err(why) = self.draft(&job.actor, event) {
                self.broken = Some(AppendError::Refused(why));
            }
        }
        self.new.push(self.outcomes.len());
        self.seq += events.len() as u64;
        let done = Done { seq: self.seq, at_ms: self.at_ms, events };
        if let Some(repeat) = &job.repeat {
            self.keep(repeat, &done);
        }
        Ok(done)
    }

    /// Takes in an event. Where it could not be written, the batch is not appended.
    fn draft(&mut self, actor: &Actor, event: &Event) -> Result<(), Refused> {
        let actor = self.actor_line(actor).map_err(Refused::NotJson)?;
        let line = JsonLine::of(event).map_err(Refused::NotJson)?;
        if is_of_many_forms(event) && Event::read(&line).as_ref() != Ok(event) {
            return Err(Refused::ReadsOtherwise);
        }
        self.batch.entries.push(Draft { at_ms: self.at_ms, actor, event: line });
        Ok(())
    }

    /// How an actor is written. Most jobs of a batch have the same.
    fn actor_line(&mut self, actor: &Actor) -> Result<JsonLine, NotJson> {
        if let Some((last, line)) = &self.actor
            && last == actor
        {
            return Ok(line.clone());
        }
        let line = JsonLine::of(actor)?;
        self.actor = Some((actor.clone(), line.clone()));
        Ok(line)
    }

    /// What a request with this key was answered before.
    fn repeated(&mut self, repeat: &Repeat, journal: &impl Journal) -> Option<Outcome> {
        let Repeat { person, key, request_hash } = repeat;
        if let Some((place, hash)) = self.keys.get(&(person.clone(), key.clone())) {
            let same = hash == request_hash;
            return Some(if same {
                self.outcomes[*place].clone()
            } else {
                Err(NotDone::OtherRequest)
            });
        }
        match journal.reply(person, key) {
            Ok(None) => None,
            Ok(Some(reply)) if reply.request_hash != *request_hash => {
                Some(Err(NotDone::OtherRequest))
            }
            Ok(Some(reply)) => Some(answered(&reply, journal).map_err(NotDone::Unknown)),
            Err(error) => {
                if !error.is_certain() {
                    self.broken = Some(AppendError::Failed(error.clone()));
                }
                Some(Err(NotDone::Store(AppendError::from(error))))
            }
        }
    }

    fn keep(&mut self, repeat: &Repeat, done: &Done) {
        let Repeat { person, key, request_hash } = repeat.clone();
        self.keys.insert((person.clone(), key.clone()), (self.outcomes.len(), request_hash));
        let answered =
            Answered { seq: done.seq, at_ms: done.at_ms, events: done.events.len() as u64 };
        // Numbers only: it cannot fail to be written.
        let response = serde_json::to_vec(&answered).unwrap_or_default();
        self.batch.replies.push(Reply { person, key, request_hash, response, at_ms: self.at_ms });
    }
}

/// What was answered, from what is kept of it and the journal; or why that cannot be told.
fn answered(reply: &Reply, journal: &impl Journal) -> Result<Done, String> {
    let kept: Answered = serde_json::from_slice(&reply.response).map_err(|e| e.to_string())?;
    let Answered { seq, at_ms, events: count } = kept;
    let mut events = Vec::new();
    while (events.len() as u64) < count {
        let left = count - events.len() as u64;
        let entries = journal.read(seq.saturating_sub(left), left as usize);
        let entries = entries.map_err(|error| error.to_string())?;
        if entries.is_empty() {
            return Err(format!("the journal ends before entry {seq}"));
        }
        for entry in entries {
            events.push(Event::read(&entry.event).map_err(|why| why.to_string())?);
        }
    }
    Ok(Done { seq, at_ms, events })
}

/// Whether so much can stand in an event that it is read once before it is kept for good: a journal of which one entry
/// cannot be read is of no use. Such events are few.
fn is_of_many_forms(event: &Event) -> bool {
    matches!(
        event,
        Event::Declared(_)
            | Event::PromiseProposed(_)
            | Event::PolicyProposed(_)
            | Event::DecisionMade(_)
    )
}

/// What an event means for the secrets.
fn secret(event: &Event, job: &Job) -> Option<SecretChange> {
    let put = |kind: &str, id: &str| {
        let value = job.secret.clone()?;
        Some(SecretChange::Put { kind: kind.to_owned(), id: id.to_owned(), value })
    };
    let erase = |kind: &str, id: &str| {
        Some(SecretChange::Erase { kind: kind.to_owned(), id: id.to_owned() })
    };
    match event {
        Event::TokenIssued(issued) => put(TOKEN_SECRET, &issued.token.0),
        Event::TokenRevoked(revoked) => erase(TOKEN_SECRET, &revoked.token.0),
        Event::PersonAdded(added) => put(PROFILE_SECRET, added.person.as_str()),
        Event::PersonErased(erased) => erase(PROFILE_SECRET, erased.person.as_str()),
        Event::Declared(_)
        | Event::Withdrawn(_)
        | Event::ExclusionAdded(_)
        | Event::ExclusionUndone(_)
        | Event::AttributionAdded(_)
        | Event::AttributionUndone(_)
        | Event::ChangeStarted(_)
        | Event::ChangeFinished(_)
        | Event::ExceptionAsked(_)
        | Event::ExceptionApproved(_)
        | Event::ExceptionRejected(_)
        | Event::ExceptionRevoked(_)
        | Event::ExceptionPaid(_)
        | Event::PromiseProposed(_)
        | Event::PolicyProposed(_)
        | Event::AgreementGiven(_)
        | Event::ExitSigned(_)
        | Event::ExitGranted(_)
        | Event::DecisionMade(_) => None,
    }
}

#[cfg(test)]
mod tests;
