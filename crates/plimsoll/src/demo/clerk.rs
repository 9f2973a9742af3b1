//! The clerk: takes what people and pipelines of the company ask for to the journal, each at its own time.

use plimsoll_core::{
    command::{Actor, Command},
    event::Event,
    people::{person::PersonId, token},
    state::State,
};
use plimsoll_server::{
    random,
    replay::ReplayError,
    writer::{Done, Job, Outcome, Writer},
};
use plimsoll_store::journal::JournalFile;
use std::{collections::BTreeSet, path::Path, sync::RwLockReadGuard};

use crate::{example::dice::Dice, failure::Failure};

/// The one that writes the journal of the demo.
///
/// Jobs are kept until somebody must see what became of them; then all of them are one durable batch.
#[derive(Debug)]
pub(super) struct Clerk {
    writer: Writer<JournalFile>,
    waiting: Vec<(i64, Job)>,
    dice: Dice,
}

impl Clerk {
    /// Opens the journal.
    ///
    /// # Errors
    /// When it cannot be had.
    pub(super) fn open(journal: &Path, seed: u64) -> Result<Self, Failure> {
        let journal = JournalFile::open(journal).map_err(|error| Failure::stored(&error))?;
        let writer = Writer::open(journal).map_err(|error: ReplayError| Failure::usage(error))?;
        Ok(Clerk { writer, waiting: Vec::new(), dice: Dice::new(!seed) })
    }

    /// What is in the journal.
    pub(super) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.writer.published().read()
    }

    /// Another number for every state in which something else is measured.
    pub(super) fn measures(&self) -> u64 {
        self.writer.published().measures()
    }

    /// Hands in what somebody asks for at a time.
    pub(super) fn ask(&mut self, at_ms: i64, actor: Actor, command: Command) {
        self.ask_with(at_ms, actor, command, None);
    }

    fn ask_with(&mut self, at_ms: i64, actor: Actor, command: Command, secret: Option<Vec<u8>>) {
        let fresh = u128::from(self.dice.bits()) << 64 | u128::from(self.dice.bits());
        let job = Job { command, actor, fresh, secret, repeat: None, condition: None };
        self.waiting.push((at_ms, job));
    }

    /// Issues a token. Nobody knows what would prove it, so it lets nobody in: it only says by what somebody acted.
    ///
    /// # Errors
    /// When the system gives no random bits.
    pub(super) fn issue(
        &mut self,
        at_ms: i64,
        actor: Actor,
        person: &str,
        label: &str,
        scope: token::Scope,
    ) -> Result<(), Failure> {
        let secret: [u8; 32] = random::bytes().map_err(Failure::usage)?;
        let wish = token::Wish {
            person: person.to_owned(),
            label: label.to_owned(),
            scopes: BTreeSet::from([token::Scope::Read, scope]),
            days: 366,
        };
        self.ask_with(at_ms, actor, Command::IssueToken(wish), Some(secret.to_vec()));
        Ok(())
    }

    /// Writes down what waits; what happened.
    ///
    /// # Errors
    /// When the journal cannot be written, or when the rules refuse something: then the story is wrong.
    pub(super) fn write(&mut self) -> Result<Vec<Event>, Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        let jobs = waiting.iter().map(|(at_ms, job)| (*at_ms, job));
        let appended = self.writer.append_in_turn(jobs);
        let outcomes = appended.publish(self.writer.published());
        let mut events = Vec::new();
        for ((_, job), outcome) in waiting.iter().zip(outcomes) {
            events.extend(done(job, outcome)?.events);
        }
        Ok(events)
    }

    /// The person of a handle, acting by their token of this label.
    pub(super) fn actor(&self, handle: &str, label: &str) -> Result<Actor, Failure> {
        let person = person(handle)?;
        let state = self.state();
        let of_them = |token: &&token::Token| token.person == person && token.label == label;
        let found = state.tokens.iter().find(|(_, token)| of_them(token));
        let (token, _) =
            found.ok_or_else(|| Failure::usage(format!("{handle} has no token for {label}")))?;
        Ok(Actor::Person { person, token: token.clone() })
    }

    /// Saves a snapshot and closes the journal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn close(mut self) -> Result<(), Failure> {
        use plimsoll_store::journal::Journal as _;
        self.write()?;
        self.writer.save_snapshot();
        self.writer.into_journal().close().map_err(|error| Failure::stored(&error))
    }
}

/// The person of a handle.
pub(super) fn person(handle: &str) -> Result<PersonId, Failure> {
    PersonId::parse(handle).map_err(Failure::usage)
}

fn done(job: &Job, outcome: Outcome) -> Result<Done, Failure> {
    outcome.map_err(|why| {
        Failure::usage(format!("the story of the demo cannot be told: {:?}: {why}", job.command))
    })
}
