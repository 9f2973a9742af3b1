//! The exceptions that are kept.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use serde::{Deserialize, Serialize, Serializer};
use smol_str::SmolStr;

use super::{Asked, Exception, ExceptionId, Quarter, Status};
use crate::limits::{EXCEPTIONS_MAX, EXCEPTIONS_PER_SERVICE_MAX};

/// Exceptions, found by name and by service.
///
/// They stay, also those of withdrawn services, until a service has [`EXCEPTIONS_PER_SERVICE_MAX`] or all have
/// [`EXCEPTIONS_MAX`]. Then each new one drops one that neither waits nor is in force: of those that were never approved
/// the one that was asked for first, and where all were approved the first of these. The journal keeps all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "Vec<Exception>")]
pub struct Exceptions {
    by_id: BTreeMap<ExceptionId, Exception>,
    by_service: BTreeMap<SmolStr, BTreeSet<(i64, ExceptionId)>>,
}

impl From<Vec<Exception>> for Exceptions {
    fn from(made: Vec<Exception>) -> Self {
        let mut exceptions = Exceptions::default();
        for exception in made {
            exceptions.insert(exception);
        }
        exceptions
    }
}

impl Serialize for Exceptions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.by_id.values())
    }
}

impl Exceptions {
    /// The exception of this name.
    pub fn get(&self, id: &ExceptionId) -> Option<&Exception> {
        self.by_id.get(id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// All of them, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Exception> {
        self.by_id.values()
    }

    /// Those of a service in the order in which they were asked for.
    pub fn of_service(&self, service: &str) -> impl DoubleEndedIterator<Item = &Exception> {
        let asked = self.by_service.get(service).into_iter().flatten();
        asked.filter_map(|(_, id)| self.by_id.get(id))
    }

    /// Those of a service that were approved in a quarter.
    pub fn approved_in(&self, service: &str, quarter: Quarter) -> impl Iterator<Item = &Exception> {
        self.of_service(service).filter(move |exception| {
            let approved = exception.approved.as_ref();
            approved.is_some_and(|(at_ms, _)| Quarter::of(*at_ms) == quarter)
        })
    }

    /// Whether there is room for one more.
    pub(super) fn has_room(&self, at_ms: i64) -> bool {
        self.len() < EXCEPTIONS_MAX || to_drop(self.iter(), at_ms).is_some()
    }

    /// Takes in one that was asked for, and drops another where there are too many.
    pub(super) fn add(&mut self, at_ms: i64, asked: Asked) {
        let of_it = self.of_service(&asked.service);
        let dropped = if of_it.count() >= EXCEPTIONS_PER_SERVICE_MAX {
            to_drop(self.of_service(&asked.service), at_ms)
        } else if self.len() >= EXCEPTIONS_MAX {
            to_drop(self.iter(), at_ms)
        } else {
            None
        };
        if let Some(id) = dropped {
            self.take(&id);
        }
        self.insert(Exception {
            asked,
            asked_ms: at_ms,
            approved: None,
            rejected: None,
            revoked: None,
            paid: None,
        });
    }

    /// Alters one that is here.
    pub(super) fn alter(&mut self, id: &ExceptionId, alter: impl FnOnce(&mut Exception)) {
        if let Some(exception) = self.by_id.get_mut(id) {
            alter(exception);
        }
    }

    /// Takes in an exception, in place of one of the same name.
    fn insert(&mut self, exception: Exception) {
        let Asked { exception: id, service, .. } = &exception.asked;
        let (id, service) = (id.clone(), service.clone());
        self.take(&id);
        let asked = self.by_service.entry(service).or_default();
        asked.insert((exception.asked_ms, id.clone()));
        self.by_id.insert(id, exception);
    }

    fn take(&mut self, id: &ExceptionId) {
        let Some(exception) = self.by_id.remove(id) else { return };
        if let Entry::Occupied(mut asked) = self.by_service.entry(exception.asked.service.clone()) {
            asked.get_mut().remove(&(exception.asked_ms, id.clone()));
            if asked.get().is_empty() {
                asked.remove();
            }
        }
    }
}

/// Which of these may go first.
fn to_drop<'a>(among: impl Iterator<Item = &'a Exception>, at_ms: i64) -> Option<ExceptionId> {
    let is_done = |e: &&Exception| !matches!(e.status(at_ms), Status::Waiting | Status::InForce);
    let first = among.filter(is_done).min_by_key(|e| (e.approved.is_some(), e.asked_ms));
    first.map(|exception| exception.asked.exception.clone())
}
