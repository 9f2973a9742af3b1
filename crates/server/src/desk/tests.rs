//! The desk over a journal that is made to fail.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use plimsoll_core::command::{Actor, Command};
use plimsoll_store::{
    idempotency::Reply,
    journal::{Batch, Entry, Refused, hash},
    snapshot::Snapshot,
};

use super::*;
use crate::{clock::SystemClock, writer::Repeat};

/// What is on the disk, and what goes wrong with it.
#[derive(Debug, Default)]
struct Disk {
    entries: Mutex<Vec<Entry>>,
    replies: Mutex<BTreeMap<String, Reply>>,
    snapshots: Mutex<Vec<Snapshot>>,
    /// The next append is kept, and its sync fails.
    fails: AtomicBool,
    /// It cannot be opened so many times.
    closed: AtomicUsize,
    /// An append of more entries is refused.
    most: AtomicUsize,
}

#[derive(Debug)]
struct Fake(Arc<Disk>);

fn trouble() -> Error {
    Error::Poisoned { file: "fake".into(), since: "a fault".to_owned() }
}

impl Journal for Fake {
    fn head(&self) -> Head {
        self.0.entries.lock().unwrap().last().map_or(Head::EMPTY, Entry::head)
    }

    fn append(&mut self, expected: Head, batch: &Batch) -> Result<Head, AppendError> {
        assert_eq!(expected, self.head());
        if batch.entries.len() > self.0.most.load(Ordering::SeqCst) {
            let entries = batch.entries.len();
            return Err(AppendError::Refused(Refused::TooMany { entries }));
        }
        let mut kept = self.0.entries.lock().unwrap();
        for draft in &batch.entries {
            let head = kept.last().map_or(Head::EMPTY, Entry::head);
            let hash = hash(&head.hash, head.seq + 1, draft.at_ms, &draft.actor, &draft.event);
            let (actor, event) = (draft.actor.to_string(), draft.event.to_string());
            kept.push(Entry { seq: head.seq + 1, at_ms: draft.at_ms, actor, event, hash });
        }
        let replies = batch.replies.iter().map(|reply| (reply.key.clone(), reply.clone()));
        self.0.replies.lock().unwrap().extend(replies);
        if self.0.fails.swap(false, Ordering::SeqCst) {
            return Err(AppendError::Failed(trouble()));
        }
        Ok(kept.last().map_or(Head::EMPTY, Entry::head))
    }

    fn read(&self, after_seq: u64, limit: usize) -> Result<Vec<Entry>, Error> {
        let kept = self.0.entries.lock().unwrap();
        Ok(kept.iter().filter(|entry| entry.seq > after_seq).take(limit).cloned().collect())
    }

    fn secret(&self, _: &str, _: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }

    fn secrets(&self, _: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        Ok(Vec::new())
    }

    fn reply(&self, _: &str, key: &str) -> Result<Option<Reply>, Error> {
        Ok(self.0.replies.lock().unwrap().get(key).cloned())
    }

    fn forget_replies(&mut self, _: i64) -> Result<usize, Error> {
        Ok(0)
    }

    fn snapshot(&self, _: u32) -> Result<Option<Snapshot>, Error> {
        Ok(None)
    }

    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        self.0.snapshots.lock().unwrap().push(snapshot.clone());
        Ok(())
    }

    fn close(self) -> Result<(), Error> {
        Ok(())
    }
}

fn start(files: &Arc<Disk>) -> (Desk, DeskThread) {
    files.most.store(usize::MAX, Ordering::SeqCst);
    let writer = Writer::open(Fake(Arc::clone(files))).unwrap();
    let again = Arc::clone(files);
    let open = move || {
        let is_closed = |left: usize| left.checked_sub(1);
        match again.closed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_closed) {
            Ok(_) => Err(trouble()),
            Err(_) => Ok(Fake(Arc::clone(&again))),
        }
    };
    Desk::start(writer, Arc::default(), Arc::new(SystemClock::start()), open).unwrap()
}

fn add(handle: &str) -> Job {
    let request_hash = [handle.len() as u8; 32];
    let repeat = Repeat { person: "ada".to_owned(), key: handle.to_owned(), request_hash };
    Job {
        command: Command::AddPerson(handle.to_owned()),
        actor: Actor::Rule("test".into()),
        fresh: 1,
        secret: None,
        repeat: Some(repeat),
        condition: None,
    }
}

/// Sends a job again and again, as a client does, until it is neither stopped nor unknown.
fn insist(desk: &Desk, job: &Job) -> (Outcome, usize) {
    let mut refused = 0;
    loop {
        match desk.work_blocking(job.clone()) {
            Err(NotDone::Stopped(_) | NotDone::Unknown(_)) => refused += 1,
            outcome => return (outcome, refused),
        }
        std::thread::yield_now();
    }
}

#[test]
fn it_comes_back_by_itself_and_does_what_was_unknown_once() {
    let files = Arc::new(Disk::default());
    let (desk, thread) = start(&files);
    assert!(desk.work_blocking(add("ada")).is_ok());
    files.fails.store(true, Ordering::SeqCst);
    files.closed.store(1, Ordering::SeqCst);
    assert!(matches!(desk.work_blocking(add("bob")), Err(NotDone::Unknown(_))));
    assert!(desk.stopped().is_some());
    let (outcome, refused) = insist(&desk, &add("bob"));
    assert!(outcome.is_ok() && refused > 0 && desk.stopped().is_none());
    assert!(insist(&desk, &add("cy")).0.is_ok());
    let people: Vec<String> =
        desk.published().read().people.keys().map(ToString::to_string).collect();
    assert_eq!(people, ["ada", "bob", "cy"]);
    assert_eq!((desk.head().seq, files.entries.lock().unwrap().len()), (3, 3));
    thread.stop();
}

#[test]
fn what_is_too_large_takes_nobody_down_with_it() {
    let files = Arc::new(Disk::default());
    let (desk, thread) = start(&files);
    files.most.store(1, Ordering::SeqCst);
    let done: Vec<Outcome> = std::thread::scope(|scope| {
        let handles = ["ada", "bob", "cy", "dee", "eve"];
        let workers = handles.map(|handle| scope.spawn(|| desk.work_blocking(add(handle))));
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert_eq!(files.entries.lock().unwrap().len(), 5);
    thread.stop();
}

#[test]
fn a_stop_does_what_waits_and_keeps_the_state() {
    let files = Arc::new(Disk::default());
    let (desk, thread) = start(&files);
    assert!(desk.work_blocking(add("ada")).is_ok());
    thread.stop();
    assert!(matches!(desk.work_blocking(add("bob")), Err(NotDone::Stopped(_))));
    let kept = files.snapshots.lock().unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].head, files.entries.lock().unwrap()[0].head());
}

#[test]
fn a_condition_is_asked_of_the_state_that_the_command_meets() {
    let files = Arc::new(Disk::default());
    let (desk, thread) = start(&files);
    let only_if_empty = || {
        let condition = crate::writer::Condition(Arc::new(|state| state.people.is_empty()));
        Some(condition)
    };
    let first = Job { condition: only_if_empty(), ..add("ada") };
    let second = Job { condition: only_if_empty(), ..add("bob") };
    assert!(desk.work_blocking(first.clone()).is_ok());
    assert_eq!(desk.work_blocking(second), Err(NotDone::Changed));
    // A repeat is answered as before, although its condition does not hold any more.
    assert!(desk.work_blocking(first).is_ok());
    thread.stop();
}

#[test]
fn replies_are_swept_only_after_an_hour_of_a_clock_that_did_not_jump() {
    const MINUTE: i64 = 60_000;
    let begin = 1_800_000_000_000;
    // When it is due, in minutes after the begin, where the clock says this at each look.
    let due = |looks: &[i64]| -> Vec<i64> {
        let mut sweep = Sweep::from(begin);
        let is_due = |minute: &&i64| sweep.is_due(begin + **minute * MINUTE);
        looks.iter().filter(is_due).copied().collect()
    };
    let steps = |from: i64, to: i64| (from..=to).collect::<Vec<i64>>();
    assert_eq!(due(&steps(1, 200)), [60, 120, 180]);
    // An hour before it is due the clock jumps by a year, and stays there.
    let year = 525_600;
    assert_eq!(due(&[steps(1, 30), steps(year, year + 70)].concat()), [year + 60]);
    // It jumps back.
    assert_eq!(due(&[steps(1, 50), steps(-year, 70 - year)].concat()), [60 - year]);
    // It jumps about: never.
    let about: Vec<i64> = (0..500).map(|look| look + (look % 2) * year).collect();
    assert_eq!(due(&about), Vec::<i64>::new());
}
