//! The journal: every entry was asked for, once; what was acknowledged is there; what is shown is what is there.

use std::collections::BTreeMap;

use plimsoll_core::{
    command::{Actor, Command},
    event::Event,
    people::{person::PersonId, token::TokenId},
    state::State,
};
use plimsoll_server::writer::{Done, NotDone, Outcome, PROFILE_SECRET, TOKEN_SECRET, Writer};
use plimsoll_store::journal::{Entry, Journal};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Found, hold,
    roll::{Happened, Roll, person},
};
use crate::journal::{FakeJournal, JournalDisk};

/// Something that was asked for, perhaps several times.
#[derive(Debug)]
pub struct Request {
    /// What.
    pub command: Command,
    /// Who asks, where it is a person.
    pub who: Option<String>,
    /// Whose request it is, and its key.
    pub key: Option<(String, String)>,
    /// The hash of the request.
    pub hash: [u8; 32],
    /// What it brought along, in each attempt.
    pub secrets: Vec<Vec<u8>>,
    /// How it was answered.
    pub answer: Option<Done>,
    /// Its entries: the first, and the one behind the last.
    pub entries: Option<(u64, u64)>,
}

impl Request {
    /// What is asked for now.
    pub fn of(
        command: Command,
        who: Option<String>,
        key: Option<(String, String)>,
        hash: [u8; 32],
    ) -> Self {
        let (secrets, answer, entries) = (Vec::new(), None, None);
        Request { command, who, key, hash, secrets, answer, entries }
    }
}

/// What is known of the journal.
#[derive(Debug, Default)]
pub struct Entries {
    /// Everything that was ever asked for, by number.
    pub requests: Vec<Request>,
    /// What the journal says.
    pub roll: Roll,
    hashes: Vec<[u8; 32]>,
    newest_ms: i64,
    /// What the clock said when the journal was looked at last.
    now_ms: i64,
    /// What each machine may show: the fold of the entries up to one.
    folds: BTreeMap<usize, (u64, State)>,
}

/// What was so before requests came.
#[derive(Debug)]
pub struct Before {
    /// What the journal said.
    pub roll: Roll,
    /// Those of the requests whose answer was kept already.
    pub answered: Vec<usize>,
}

/// The actor of a request: by it every entry is known to belong to one. A person has a token of its name.
pub fn actor(number: usize, who: Option<&str>) -> Actor {
    let name = format!("request {number}");
    match who.and_then(|who| PersonId::parse(who).ok()) {
        Some(person) => Actor::Person { person, token: TokenId(name.into()) },
        None => Actor::Rule(name.into()),
    }
}

fn number_of(actor: &Value) -> Option<usize> {
    let name = actor["rule"].as_str().or_else(|| actor["person"]["token"].as_str())?;
    name.strip_prefix("request ")?.parse().ok()
}

impl Entries {
    /// Takes in what is new in the journal. It was appended at this time, if at all.
    ///
    /// # Errors
    /// When an entry is gone or altered, out of order, or nobody asked for it.
    pub fn follow(&mut self, disk: &JournalDisk, now_ms: i64) -> Found<usize> {
        self.now_ms = now_ms;
        let known = self.hashes.len();
        hold(disk.entries.len() >= known, || "entries are gone".to_owned())?;
        let last = known.checked_sub(1).map(|at| disk.entries[at].hash == self.hashes[at]);
        hold(last != Some(false), || format!("entry {known} was altered"))?;
        for entry in &disk.entries[known..] {
            self.take(entry, now_ms).map_err(|why| format!("entry {}: {why}", entry.seq))?;
        }
        let new = disk.entries.len() - known;
        if new > 0 {
            self.secrets(disk)?;
        }
        Ok(new)
    }

    fn take(&mut self, entry: &Entry, now_ms: i64) -> Found {
        let (place, due_ms) = (self.hashes.len() as u64 + 1, self.newest_ms.max(now_ms));
        hold(entry.seq == place, || format!("it stands at {place}"))?;
        hold(entry.at_ms == due_ms, || format!("its time is {}, not {due_ms}", entry.at_ms))?;
        let before = self.hashes.last().copied().unwrap_or_default();
        let hash = chained(&before, entry);
        hold(hash == entry.hash, || "its hash is wrong".to_owned())?;
        let by: Value = serde_json::from_str(&entry.actor).map_err(|error| error.to_string())?;
        let number = number_of(&by).filter(|number| *number < self.requests.len());
        let number = number.ok_or_else(|| format!("nobody asked for it: {by}"))?;
        let request = &mut self.requests[number];
        hold(person(&by) == request.who, || {
            format!("{:?} asked for it, and not {by}", request.who)
        })?;
        hold(is_of(&request.command, &entry.event), || {
            format!("{:?} does not ask for {}", request.command, entry.event)
        })?;
        let (first, behind) = request.entries.unwrap_or((entry.seq, entry.seq));
        hold(behind == entry.seq && request.answer.is_none(), || {
            format!("request {number} was done before, at {first} to {behind}")
        })?;
        request.entries = Some((first, entry.seq + 1));
        let event: Value = serde_json::from_str(&entry.event).map_err(|error| error.to_string())?;
        hold(event.get("by").is_none_or(|own| *own == by), || format!("{event} was by {by}"))?;
        let (at_ms, seq, command) = (entry.at_ms, entry.seq, &request.command);
        self.roll.take(&Happened { at_ms, seq, event: &event, command })?;
        self.hashes.push(hash);
        self.newest_ms = entry.at_ms;
        Ok(())
    }

    /// Secrets are there exactly for tokens that were not revoked and people who were not erased.
    fn secrets(&self, disk: &JournalDisk) -> Found {
        for ((kind, id), value) in &disk.secrets {
            let is_due = match kind.as_str() {
                TOKEN_SECRET => self.roll.tokens.get(id).is_some_and(|token| !token.is_revoked),
                PROFILE_SECRET => self.roll.people.get(id) == Some(&true),
                _ => false,
            };
            hold(is_due, || format!("the secret {kind}/{id} should not be there"))?;
            let is_brought = self.requests.iter().rev().any(|r| r.secrets.contains(value));
            hold(is_brought, || format!("nobody brought the secret {kind}/{id}"))?;
        }
        let tokens = self.roll.tokens.iter().filter(|(_, token)| !token.is_revoked);
        let people = self.roll.people.iter().filter(|(_, is_here)| **is_here);
        let due = tokens.map(|(id, _)| (TOKEN_SECRET, id));
        for (kind, id) in due.chain(people.map(|(id, _)| (PROFILE_SECRET, id))) {
            let is_there = disk.secrets.contains_key(&(kind.to_owned(), id.clone()));
            hold(is_there, || format!("the secret {kind}/{id} is not there"))?;
        }
        Ok(())
    }

    /// What is so before requests come.
    pub fn before(&self, numbers: &[usize], disk: &JournalDisk) -> Before {
        let key = |number: &usize| self.requests[*number].key.as_ref();
        let is_kept =
            |number: &usize| key(number).is_some_and(|key| disk.replies.contains_key(key));
        let answered = numbers.iter().copied().filter(is_kept).collect();
        Before { roll: self.roll.clone(), answered }
    }

    /// Holds the answers to a batch of requests against the journal, which was followed since. `before` is what was
    /// so when they came, where the writer knew all of it.
    ///
    /// # Errors
    /// When an answer is not true.
    pub fn answered(
        &mut self,
        numbers: &[usize],
        outcomes: &[Outcome],
        first_new: u64,
        before: Option<Before>,
        disk: &JournalDisk,
    ) -> Found {
        hold(numbers.len() == outcomes.len(), || "an answer is missing".to_owned())?;
        let mut before = before;
        for (at, (number, outcome)) in numbers.iter().zip(outcomes).enumerate() {
            // What is not done may be done when it comes again behind others.
            let mut later = numbers.iter().zip(outcomes).skip(at);
            let is_later = outcome.is_err()
                && later.any(|(other, outcome)| other == number && outcome.is_ok());
            let first_new = if is_later { u64::MAX } else { first_new };
            self.answer(*number, outcome, first_new, before.as_mut(), disk)
                .map_err(|why| format!("request {number}, answered {outcome:?}: {why}"))?;
        }
        Ok(())
    }

    fn answer(
        &mut self,
        number: usize,
        outcome: &Outcome,
        first_new: u64,
        before: Option<&mut Before>,
        disk: &JournalDisk,
    ) -> Found {
        let at_ms = self.newest_ms.max(self.now_ms);
        let request = &self.requests[number];
        let is_new = request.entries.is_some_and(|(first, _)| first >= first_new);
        match outcome {
            Ok(done) => {
                check_done(request, done, disk)?;
                if let Some(Before { roll, answered }) = before
                    && request.answer.is_none()
                    && !answered.contains(&number)
                    && (is_new || request.entries.is_none())
                {
                    happens(roll, request, done)?;
                }
                self.requests[number].answer = Some(done.clone());
                Ok(())
            }
            Err(NotDone::Refused(_)) => {
                let is_later = first_new == u64::MAX;
                hold(request.entries.is_none() || is_later, || "it was done".to_owned())?;
                let who = request.who.as_deref();
                let allowed =
                    before.and_then(|before| before.roll.allows(&request.command, who, at_ms));
                hold(allowed != Some(true), || "the rules allow it".to_owned())
            }
            Err(NotDone::OtherRequest) => {
                hold(!is_new, || "it was done".to_owned())?;
                let is_shared = |other: &&Request| other.key == request.key;
                let sharing = self.requests.iter().filter(is_shared).count();
                hold(sharing > 1, || "nobody else has this key".to_owned())
            }
            Err(NotDone::Unknown(_)) => Ok(()),
            Err(_) => hold(!is_new, || "it was done".to_owned()),
        }
    }

    /// Whether a request may be sent again: its answer, if it has one, is still kept.
    pub fn may_repeat(&self, number: usize, disk: &JournalDisk) -> bool {
        let request = &self.requests[number];
        let is_kept = request.key.as_ref().is_some_and(|key| disk.replies.contains_key(key));
        is_kept || request.key.is_some() && request.entries.is_none() && request.answer.is_none()
    }

    /// What a machine shows is the fold of the journal as far as it knows it, and while it is stopped what it was.
    ///
    /// # Errors
    /// When it shows something else.
    pub fn shown(
        &mut self,
        machine: usize,
        writer: &Writer<FakeJournal>,
        disk: &JournalDisk,
    ) -> Found {
        let (seq, state) = self.folds.entry(machine).or_default();
        if writer.stopped().is_none() {
            let head = writer.journal().head().seq;
            hold(*seq <= head, || "it went back".to_owned())?;
            for entry in &disk.entries[*seq as usize..head as usize] {
                fold(state, entry)?;
            }
            *seq = head;
        }
        let shown = writer.published().read();
        hold(*shown == *state, || {
            format!("machine {machine} does not show the journal up to {seq}")
        })
    }

    /// A machine began anew: it must show the whole journal.
    ///
    /// # Errors
    /// When an entry cannot be read.
    pub fn restarted(&mut self, machine: usize, disk: &JournalDisk) -> Found {
        let (seq, state) = self.folds.entry(machine).or_default();
        for entry in &disk.entries[*seq as usize..] {
            fold(state, entry)?;
        }
        *seq = disk.entries.len() as u64;
        Ok(())
    }

    /// Everything from the beginning: the chain, the fold, the answers.
    ///
    /// # Errors
    /// When anything is not as it was.
    pub fn everything(&self, disk: &JournalDisk) -> Found {
        let hashes = disk.entries.iter().map(|entry| &entry.hash);
        hold(hashes.eq(&self.hashes), || "entries were altered".to_owned())?;
        let mut state = State::default();
        disk.entries.iter().try_for_each(|entry| fold(&mut state, entry))?;
        self.roll.agrees(&state)?;
        self.secrets(disk)?;
        for request in self.requests.iter().filter(|request| request.answer.is_some()) {
            let count = request.answer.as_ref().map_or(0, |done| done.events.len() as u64);
            let kept = request.entries.map_or(0, |(first, behind)| behind - first);
            hold(count == kept, || format!("{request:?} is not there as it was acknowledged"))?;
        }
        Ok(())
    }
}

fn fold(state: &mut State, entry: &Entry) -> Found {
    let event = Event::read(&entry.event).map_err(|error| error.to_string())?;
    hold(event.to_text() == entry.event, || format!("{} reads otherwise", entry.event))?;
    state.apply(entry.at_ms, &event);
    Ok(())
}

/// The hash that an entry must have, from the words of the store's documentation.
fn chained(before: &[u8; 32], entry: &Entry) -> [u8; 32] {
    let mut bytes = before.to_vec();
    bytes.extend(entry.seq.to_le_bytes());
    bytes.extend(entry.at_ms.to_le_bytes());
    for text in [&entry.actor, &entry.event] {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    Sha256::digest(&bytes).into()
}

/// Whether a command may have such an event.
fn is_of(command: &Command, event: &str) -> bool {
    let kinds: &[&str] = match command {
        Command::AddPerson(_) => &["person.added"],
        Command::ErasePerson(_) => &["person.erased", "token.revoked"],
        Command::IssueToken(_) => &["token.issued"],
        Command::RevokeToken(_) => &["token.revoked"],
        Command::Apply { .. } => &["declared", "withdrawn", "promise.proposed", "policy.proposed"],
        Command::Agree(_) => &["agreement.given"],
        Command::Exclude(_) => &["exclusion.added"],
        Command::UndoExclusion(_) => &["exclusion.undone"],
        Command::Attribute(_) => &["attribution.added"],
        Command::UndoAttribution(_) => &["attribution.undone"],
        Command::StartChange(_) => &["change.started"],
        Command::FinishChange(_) => &["change.finished"],
        Command::AskException(_) => &["exception.asked"],
        Command::ApproveException(_) => &["exception.approved"],
        Command::RejectException { .. } => &["exception.rejected"],
        Command::RevokeException { .. } => &["exception.revoked"],
        Command::PayException { .. } => &["exception.paid"],
        Command::SignExit(_) => &["exit.signed", "exit.granted"],
        Command::Record(_) => &["decision.made"],
    };
    kinds.iter().any(|kind| event.starts_with(&format!(r#"{{"type":"{kind}","#)))
}

/// Takes in what came of a request, by what was so before it.
fn happens(roll: &mut Roll, request: &Request, done: &Done) -> Found {
    let (command, who) = (&request.command, request.who.as_deref());
    let allowed = roll.allows(command, who, done.at_ms);
    hold(allowed != Some(false), || "the rules forbid it".to_owned())?;
    let moves = roll.moves(command);
    hold(moves.is_none_or(|moves| moves != done.events.is_empty()), || {
        format!("something must come of it: {moves:?}")
    })?;
    let first = done.seq + 1 - done.events.len() as u64;
    for (seq, event) in (first..).zip(&done.events) {
        let event = serde_json::from_str(&event.to_text()).map_err(|error| error.to_string())?;
        roll.take(&Happened { at_ms: done.at_ms, seq, event: &event, command })?;
    }
    Ok(())
}

fn check_done(request: &Request, done: &Done, disk: &JournalDisk) -> Found {
    if let Some(answer) = &request.answer {
        hold(answer == done, || format!("it was answered {answer:?} before"))?;
    }
    let (first, behind) = request.entries.unwrap_or((0, 0));
    let count = done.events.len() as u64;
    hold(behind - first == count, || format!("entries {first} to {behind} are its own"))?;
    hold(count == 0 || done.seq == behind - 1, || "its number is wrong".to_owned())?;
    let texts = disk.entries.iter().skip(first.saturating_sub(1) as usize);
    let same = texts.zip(&done.events).all(|(entry, event)| entry.event == event.to_text());
    hold(same, || "the journal says otherwise".to_owned())?;
    if let Some(key) = &request.key {
        let reply = disk.replies.get(key).filter(|reply| reply.request_hash == request.hash);
        let kept = reply.and_then(|r| serde_json::from_slice::<Value>(&r.response).ok());
        // Where its events are; that these are the events was held above.
        let wanted = json!({"seq": done.seq, "at_ms": done.at_ms, "events": count});
        hold(kept == Some(wanted), || format!("the kept answer is {kept:?}"))?;
    }
    Ok(())
}
