//! A journal in memory, on a disk that fails.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use plimsoll_store::{
    Error,
    idempotency::Reply,
    journal::{AppendError, Batch, Draft, Entry, Head, Journal, Refused, hash},
    limits::SNAPSHOTS_KEPT,
    secret::SecretChange,
    snapshot::Snapshot,
};

use crate::strike::{Strike, Struck, failed, file};

/// What is durable. It changes by whole transactions only.
#[derive(Debug, Default)]
pub struct JournalDisk {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Secrets, by kind and id.
    pub secrets: BTreeMap<(String, String), Vec<u8>>,
    /// Replies, by person and key.
    pub replies: BTreeMap<(String, String), Reply>,
    /// Snapshots, the oldest first.
    pub snapshots: Vec<Snapshot>,
}

/// The disk, for each who has opened it.
pub type SharedJournal = Rc<RefCell<JournalDisk>>;

/// Entries that are read at once at most: few, so that reading goes in several steps.
const READ_AT_ONCE: usize = 40;

/// A handle of the journal. After a failure of unknown outcome it does nothing more.
#[derive(Debug)]
pub struct FakeJournal {
    disk: SharedJournal,
    struck: Struck,
    head: Head,
    is_poisoned: bool,
}

impl JournalDisk {
    /// The newest entry.
    pub fn head(&self) -> Head {
        self.entries.last().map_or(Head::EMPTY, Entry::head)
    }

    fn keep(&mut self, batch: &Batch) {
        for Draft { at_ms, actor, event } in batch.entries.iter().cloned() {
            let head = self.head();
            let seq = head.seq + 1;
            let hash = hash(&head.hash, seq, at_ms, &actor, &event);
            let (actor, event) = (actor.into_string(), event.into_string());
            self.entries.push(Entry { seq, at_ms, actor, event, hash });
        }
        for change in batch.secrets.iter().cloned() {
            match change {
                SecretChange::Put { kind, id, value } => self.secrets.insert((kind, id), value),
                SecretChange::Erase { kind, id } => self.secrets.remove(&(kind, id)),
            };
        }
        for reply in batch.replies.iter().cloned() {
            self.replies.insert((reply.person.clone(), reply.key.clone()), reply);
        }
    }

    fn refusal(&self, batch: &Batch) -> Option<Refused> {
        let is_here =
            |reply: &&Reply| self.replies.contains_key(&(reply.person.clone(), reply.key.clone()));
        let here = batch.replies.iter().find(is_here);
        here.map(|reply| Refused::ReplyExists { key: reply.key.clone() })
    }
}

fn back_in_time(head: Head, batch: &Batch) -> Option<Refused> {
    let mut newest_ms = head.at_ms;
    for Draft { at_ms, .. } in &batch.entries {
        if *at_ms < newest_ms {
            return Some(Refused::BackInTime { at_ms: *at_ms, newest_ms });
        }
        newest_ms = *at_ms;
    }
    None
}

impl FakeJournal {
    /// Opens the journal.
    ///
    /// # Errors
    /// When a fault strikes.
    pub fn open(disk: &SharedJournal, struck: &Struck) -> Result<Self, Error> {
        struck.borrow_mut().on_open()?;
        let (disk, struck) = (Rc::clone(disk), Rc::clone(struck));
        let head = disk.borrow().head();
        Ok(FakeJournal { disk, struck, head, is_poisoned: false })
    }

    fn usable(&self) -> Result<(), Error> {
        if self.is_poisoned {
            return Err(Error::Poisoned { file: file(), since: "a simulated fault".to_owned() });
        }
        Ok(())
    }

    fn readable(&self) -> Result<(), Error> {
        self.usable()?;
        self.struck.borrow_mut().on_read()
    }

    /// Does a write as a whole, or not at all.
    fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&mut JournalDisk) -> T,
    ) -> Result<T, Error> {
        self.usable()?;
        let strike = self.struck.borrow_mut().on_write();
        match strike {
            Strike::Nothing => Ok(work(&mut self.disk.borrow_mut())),
            Strike::Full => Err(Error::Full { file: file() }),
            Strike::ReadOnly => Err(Error::ReadOnly { file: file() }),
            Strike::Lost | Strike::Kept => {
                self.is_poisoned = true;
                if strike == Strike::Kept {
                    work(&mut self.disk.borrow_mut());
                }
                Err(failed(doing))
            }
        }
    }
}

impl Journal for FakeJournal {
    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, expected: Head, batch: &Batch) -> Result<Head, AppendError> {
        self.usable()?;
        if let Some(refused) = back_in_time(expected, batch) {
            return Err(AppendError::Refused(refused));
        }
        let done = self.write("append", |disk| {
            let found = disk.head();
            if found != expected {
                return Err(AppendError::HeadMoved { expected, found });
            }
            if let Some(refused) = disk.refusal(batch) {
                return Err(AppendError::Refused(refused));
            }
            disk.keep(batch);
            Ok(disk.head())
        });
        let done = done.map_err(AppendError::from)?;
        match &done {
            Ok(head) | Err(AppendError::HeadMoved { found: head, .. }) => self.head = *head,
            Err(_) => {}
        }
        done
    }

    fn read(&self, after_seq: u64, limit: usize) -> Result<Vec<Entry>, Error> {
        self.readable()?;
        let disk = self.disk.borrow();
        let after = disk.entries.iter().skip(after_seq as usize);
        Ok(after.take(limit.min(READ_AT_ONCE)).cloned().collect())
    }

    fn secret(&self, kind: &str, id: &str) -> Result<Option<Vec<u8>>, Error> {
        self.readable()?;
        Ok(self.disk.borrow().secrets.get(&(kind.to_owned(), id.to_owned())).cloned())
    }

    fn secrets(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.readable()?;
        let disk = self.disk.borrow();
        let of_kind = disk.secrets.iter().filter(|((of, _), _)| of == kind);
        Ok(of_kind.map(|((_, id), value)| (id.clone(), value.clone())).collect())
    }

    fn reply(&self, person: &str, key: &str) -> Result<Option<Reply>, Error> {
        self.readable()?;
        Ok(self.disk.borrow().replies.get(&(person.to_owned(), key.to_owned())).cloned())
    }

    fn forget_replies(&mut self, before_ms: i64) -> Result<usize, Error> {
        self.write("forget old replies", |disk| {
            let before = disk.replies.len();
            disk.replies.retain(|_, reply| reply.at_ms >= before_ms);
            before - disk.replies.len()
        })
    }

    fn snapshot(&self, state_version: u32) -> Result<Option<Snapshot>, Error> {
        self.readable()?;
        let disk = self.disk.borrow();
        let is_on_chain = |head: &Head| {
            let at = head.seq.checked_sub(1).and_then(|at| disk.entries.get(at as usize));
            at.is_some_and(|entry| entry.head() == *head)
        };
        let newest_first = disk.snapshots.iter().rev();
        let mut sound = newest_first
            .filter(|kept| kept.state_version == state_version && is_on_chain(&kept.head));
        Ok(sound.next().cloned())
    }

    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        self.write("save a snapshot", |disk| {
            disk.snapshots.retain(|kept| kept.head.seq != snapshot.head.seq);
            disk.snapshots.push(snapshot.clone());
            disk.snapshots.sort_by_key(|kept| kept.head.seq);
            let surplus = disk.snapshots.len().saturating_sub(SNAPSHOTS_KEPT);
            disk.snapshots.drain(..surplus);
        })
    }

    fn close(self) -> Result<(), Error> {
        Ok(())
    }
}
