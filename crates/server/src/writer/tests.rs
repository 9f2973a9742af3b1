//! The writer over a journal that fails in every way a store may.

use std::{cell::RefCell, collections::BTreeSet, path::PathBuf, rc::Rc};

use plimsoll_core::people::person::PersonId;
use plimsoll_store::{
    Error,
    journal::{Entry, Head, hash},
    snapshot::Snapshot,
};
use proptest::prelude::*;

use super::*;

/// What is on the disk.
#[derive(Debug, Default, Clone)]
struct Disk {
    entries: Vec<Entry>,
    replies: Vec<Reply>,
    secrets: BTreeMap<(String, String), Vec<u8>>,
}

/// What the next append does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Nothing is kept, and the store says so.
    Full,
    /// Nothing is kept, and the store does not know.
    Lost,
    /// All of it is kept, and the store does not know.
    Kept,
}

/// A journal in memory whose faults are told beforehand.
#[derive(Debug)]
struct Fake {
    disk: Rc<RefCell<Disk>>,
    faults: Rc<RefCell<Vec<Fault>>>,
    is_poisoned: bool,
}

impl Fake {
    fn keep(&self, batch: &Batch) -> Head {
        let mut disk = self.disk.borrow_mut();
        for draft in &batch.entries {
            let head = disk.entries.last().map_or(Head::EMPTY, Entry::head);
            let Draft { at_ms, actor, event } = draft.clone();
            assert!(at_ms >= head.at_ms, "time ran backwards");
            let hash = hash(&head.hash, head.seq + 1, at_ms, &actor, &event);
            let (actor, event) = (actor.into_string(), event.into_string());
            disk.entries.push(Entry { seq: head.seq + 1, at_ms, actor, event, hash });
        }
        disk.replies.extend(batch.replies.iter().cloned());
        for change in &batch.secrets {
            match change.clone() {
                SecretChange::Put { kind, id, value } => disk.secrets.insert((kind, id), value),
                SecretChange::Erase { kind, id } => disk.secrets.remove(&(kind, id)),
            };
        }
        disk.entries.last().map_or(Head::EMPTY, Entry::head)
    }
}

fn failed() -> AppendError {
    AppendError::Failed(Error::Poisoned {
        file: PathBuf::from("fake"),
        since: "a fault".to_owned(),
    })
}

impl Journal for Fake {
    fn head(&self) -> Head {
        self.disk.borrow().entries.last().map_or(Head::EMPTY, Entry::head)
    }

    fn append(&mut self, expected: Head, batch: &Batch) -> Result<Head, AppendError> {
        assert!(!self.is_poisoned, "a failed store was written to again");
        assert_eq!(expected, self.head());
        match self.faults.borrow_mut().pop().unwrap_or(Fault::None) {
            Fault::None => Ok(self.keep(batch)),
            Fault::Full => Err(AppendError::Full(Error::Full { file: PathBuf::from("fake") })),
            fault => {
                self.is_poisoned = true;
                if fault == Fault::Kept {
                    self.keep(batch);
                }
                Err(failed())
            }
        }
    }

    fn read(&self, after_seq: u64, limit: usize) -> Result<Vec<Entry>, Error> {
        let disk = self.disk.borrow();
        Ok(disk
            .entries
            .iter()
            .filter(|entry| entry.seq > after_seq)
            .take(limit.min(3))
            .cloned()
            .collect())
    }

    fn secret(&self, kind: &str, id: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.disk.borrow().secrets.get(&(kind.to_owned(), id.to_owned())).cloned())
    }

    fn secrets(&self, _kind: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        Ok(Vec::new())
    }

    fn reply(&self, person: &str, key: &str) -> Result<Option<Reply>, Error> {
        if self.is_poisoned {
            return Err(Error::Poisoned {
                file: PathBuf::from("fake"),
                since: "a fault".to_owned(),
            });
        }
        let disk = self.disk.borrow();
        Ok(disk.replies.iter().find(|reply| reply.person == person && reply.key == key).cloned())
    }

    fn forget_replies(&mut self, _before_ms: i64) -> Result<usize, Error> {
        Ok(0)
    }

    fn snapshot(&self, _state_version: u32) -> Result<Option<Snapshot>, Error> {
        Ok(None)
    }

    fn save_snapshot(&mut self, _snapshot: &Snapshot) -> Result<(), Error> {
        Ok(())
    }

    fn close(self) -> Result<(), Error> {
        Ok(())
    }
}

fn job(number: usize, command: Command) -> Job {
    let repeat = Repeat {
        person: "ada".to_owned(),
        key: format!("key-{number}"),
        request_hash: [number as u8; 32],
    };
    Job {
        command,
        actor: Actor::Rule("test".into()),
        fresh: number as u128,
        secret: Some(vec![number as u8]),
        repeat: Some(repeat),
        condition: None,
    }
}

/// Adds people p0 to p19; some twice under different keys, which is refused once.
fn jobs() -> Vec<Job> {
    (0..24).map(|number| job(number, Command::AddPerson(format!("p{}", number % 20)))).collect()
}

fn any_fault() -> impl Strategy<Value = Fault> {
    prop_oneof![Just(Fault::None), Just(Fault::Full), Just(Fault::Lost), Just(Fault::Kept),]
}

proptest! {
    #[test]
    fn what_is_acknowledged_is_kept_and_every_request_is_done_once(
        faults in prop::collection::vec(any_fault(), 0..30),
        sizes in prop::collection::vec(1..7_usize, 30),
        clock in prop::collection::vec(-50..200_i64, 200),
    ) {
        let disk = Rc::new(RefCell::new(Disk::default()));
        let faults = Rc::new(RefCell::new(faults));
        let open = || Fake { disk: disk.clone(), faults: faults.clone(), is_poisoned: false };
        let mut writer = Writer::open(open()).unwrap();
        let mut waiting = jobs();
        let mut done = BTreeSet::new();
        let (mut now, mut round) = (0, 0);
        while !waiting.is_empty() {
            now += clock[round % clock.len()];
            let size = sizes[round % sizes.len()].min(waiting.len());
            let batch: Vec<Job> = waiting[..size].to_vec();
            let outcomes = writer.work(&batch, now);
            prop_assert_eq!(outcomes.len(), size);
            let mut again = Vec::new();
            for (job, outcome) in batch.into_iter().zip(outcomes) {
                match outcome {
                    Ok(reply) => {
                        // Acknowledged: it is on the disk, and everybody sees it.
                        let Command::AddPerson(handle) = &job.command else { unreachable!() };
                        let person = PersonId::parse(handle).unwrap();
                        prop_assert!(writer.published().read().people.contains_key(&person));
                        let texts: Vec<String> = reply.events.iter().map(Event::to_text).collect();
                        let kept = disk.borrow();
                        for text in texts {
                            prop_assert_eq!(kept.entries.iter().filter(|entry| entry.event == text).count(), 1);
                        }
                        prop_assert!(done.insert(handle.clone()));
                    }
                    Err(NotDone::Refused(_)) => {}
                    Err(NotDone::Store(_) | NotDone::Unknown(_) | NotDone::Stopped(_)) => again.push(job),
                    Err(NotDone::OtherRequest | NotDone::Changed | NotDone::Busy) => {
                        prop_assert!(false, "keys are unique here, and nothing is conditional");
                    }
                }
            }
            again.extend(waiting.drain(size..));
            waiting = again;
            // What everybody sees is what is on the disk, or, while it is stopped, not more than that.
            let replayed = replay(&open()).unwrap();
            if writer.stopped().is_some() {
                let seen: Vec<PersonId> = writer.published().read().people.keys().cloned().collect();
                prop_assert!(seen.iter().all(|person| replayed.people.contains_key(person)));
                writer.reopen(open()).unwrap();
            }
            prop_assert_eq!(&*writer.published().read(), &replayed);
            round += 1;
        }
        prop_assert_eq!(done.len(), 20);
        prop_assert_eq!(disk.borrow().entries.len(), 20);
    }
}

#[test]
fn a_repeat_gets_the_same_answer_and_another_request_under_its_key_none() {
    let open = || Fake { disk: Rc::default(), faults: Rc::default(), is_poisoned: false };
    let mut writer = Writer::open(open()).unwrap();
    let first = job(1, Command::AddPerson("ada".to_owned()));
    let answers = writer.work(&[first.clone(), first.clone()], 10);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(writer.work(std::slice::from_ref(&first), 20), answers[..1]);
    assert_eq!(writer.journal().head().seq, 1);

    let mut other = job(2, Command::AddPerson("bob".to_owned()));
    other.repeat = Some(Repeat { request_hash: [9; 32], ..first.repeat.unwrap() });
    assert_eq!(writer.work(&[other], 30), [Err(NotDone::OtherRequest)]);
    assert_eq!(writer.journal().secret(PROFILE_SECRET, "ada"), Ok(Some(vec![1])));
    let erase = [
        job(3, Command::AddPerson("bob".to_owned())),
        job(4, Command::ErasePerson("ada".to_owned())),
    ];
    assert!(writer.work(&erase, 40).iter().all(Result::is_ok));
    assert_eq!(writer.journal().secret(PROFILE_SECRET, "ada"), Ok(None));
}

#[test]
fn time_in_the_journal_never_runs_backwards() {
    let disk: Rc<RefCell<Disk>> = Rc::default();
    let mut writer =
        Writer::open(Fake { disk: disk.clone(), faults: Rc::default(), is_poisoned: false })
            .unwrap();
    for (number, now) in [1000, 400, -5, 1001].into_iter().enumerate() {
        assert!(
            writer.work(&[job(number, Command::AddPerson(format!("p{number}")))], now)[0].is_ok()
        );
    }
    let times: Vec<i64> = disk.borrow().entries.iter().map(|entry| entry.at_ms).collect();
    assert_eq!(times, [1000, 1000, 1000, 1001]);
}

/// The journal can break behind the writer's back, when its log is copied into it after an append.
/// Each job of a batch has its own time, in the journal, in the answer and in what everybody sees.
#[test]
fn jobs_of_one_batch_that_came_one_after_the_other_keep_their_times() {
    let disk = Rc::new(RefCell::new(Disk::default()));
    let open = || Fake { disk: disk.clone(), faults: Rc::default(), is_poisoned: false };
    let mut writer = Writer::open(open()).unwrap();
    let jobs: Vec<Job> = jobs().into_iter().take(4).collect();
    let appended = writer.append_in_turn([100, 170, 160, 300].into_iter().zip(&jobs));
    let outcomes = appended.publish(writer.published());
    let expected = [100, 170, 170, 300];
    let at_ms = |outcome: Outcome| outcome.unwrap().at_ms;
    assert!(outcomes.into_iter().map(at_ms).eq(expected));
    assert!(disk.borrow().entries.iter().map(|entry| entry.at_ms).eq(expected));
    let state = writer.published().read();
    assert!(state.people.values().map(|person| person.added_ms).eq(expected));
    assert_eq!(*state, replay(&open()).unwrap());
}

#[test]
fn a_journal_that_cannot_be_asked_for_a_key_stops_the_writer() {
    let disk = Rc::new(RefCell::new(Disk::default()));
    let faults = Rc::new(RefCell::new(Vec::new()));
    let fake = |is_poisoned| Fake { disk: disk.clone(), faults: faults.clone(), is_poisoned };
    let mut writer = Writer::open(fake(true)).unwrap();
    let add = job(1, Command::AddPerson("ada".to_owned()));
    let outcomes = writer.work(std::slice::from_ref(&add), 0);
    assert!(matches!(outcomes[..], [Err(NotDone::Unknown(_))]), "{outcomes:?}");
    assert!(writer.stopped().is_some());
    writer.reopen(fake(false)).unwrap();
    assert!(writer.work(&[add], 0)[0].is_ok());
}

#[test]
fn the_answer_to_a_large_command_is_kept_small_and_told_again_in_full() {
    let disk = Rc::new(RefCell::new(Disk::default()));
    let faults = Rc::new(RefCell::new(Vec::new()));
    let fake = Fake { disk: disk.clone(), faults, is_poisoned: false };
    let mut writer = Writer::open(fake).unwrap();
    let services = (0..5_000).map(|number| {
        format!("---\napiVersion: openslo/v1\nkind: Service\nmetadata: {{name: s{number}}}\nspec: {{}}\n")
    });
    let files = vec![("s.yaml".to_owned(), services.collect::<String>().into_bytes())];
    let apply = Command::Apply { set: "one".to_owned(), files, may_withdraw: false, reason: None };
    let jobs = [job(1, apply)];
    let first = writer.work(&jobs, 0).remove(0).unwrap();
    assert_eq!(first.events.len(), 5_000);
    assert!(disk.borrow().replies[0].response.len() < 100);
    let more = [job(2, Command::AddPerson("ada".to_owned()))];
    writer.work(&more, 0).remove(0).unwrap();
    assert_eq!(writer.work(&jobs, 9), [Ok(first)]);
}

#[test]
fn where_there_is_no_room_is_said_until_there_is() {
    let disk = Rc::new(RefCell::new(Disk::default()));
    let faults = Rc::new(RefCell::new(vec![Fault::None, Fault::Full, Fault::Full, Fault::None]));
    let fake = Fake { disk: disk.clone(), faults: faults.clone(), is_poisoned: false };
    let mut writer = Writer::open(fake).unwrap();
    writer.look_for_room();
    assert_eq!((writer.refused(), writer.stopped()), (None, None));
    let add = [job(1, Command::AddPerson("ada".to_owned()))];
    assert!(matches!(writer.work(&add, 0)[0], Err(NotDone::Store(_))));
    assert!(writer.refused().is_some_and(|why| why.contains("full")));
    writer.look_for_room();
    assert!(writer.refused().is_some() && writer.stopped().is_none());
    writer.look_for_room();
    assert_eq!(writer.refused(), None);
    assert!(writer.work(&add, 0)[0].is_ok());
    let kept: Vec<(String, String)> = disk.borrow().secrets.keys().cloned().collect();
    assert_eq!(kept, [(PROFILE_SECRET.to_owned(), "ada".to_owned())]);
    faults.borrow_mut().push(Fault::Lost);
    writer.look_for_room();
    assert!(writer.stopped().is_some());
}
