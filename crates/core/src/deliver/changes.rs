//! The changes that are kept.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    ops::Bound,
};

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct as _};
use smol_str::SmolStr;

use super::change::{Change, ChangeId, End};
use crate::limits::{CHANGES_MAX, CHANGES_PER_SERVICE_MAX};

/// Changes, found by name, by service and by start.
///
/// They stay, also those of withdrawn services, until a service has [`CHANGES_PER_SERVICE_MAX`] or all have
/// [`CHANGES_MAX`]: then each new one drops the one that started first. How far back each service is whole stays known
/// ([`Changes::whole_from`]), so that no figure over a longer time passes for one. The journal keeps all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "Kept")]
pub struct Changes {
    by_id: BTreeMap<ChangeId, Change>,
    by_service: BTreeMap<SmolStr, Starts>,
    by_start: Starts,
    whole_from: BTreeMap<SmolStr, i64>,
}

/// Starts in milliseconds since 1970, and the changes that started then.
type Starts = BTreeSet<(i64, ChangeId)>;

/// What a snapshot holds of them.
#[derive(Deserialize)]
struct Kept {
    made: Vec<Change>,
    whole_from: BTreeMap<SmolStr, i64>,
}

impl From<Kept> for Changes {
    fn from(Kept { made, whole_from }: Kept) -> Self {
        let mut changes = Changes { whole_from, ..Changes::default() };
        for change in made {
            changes.insert(change);
        }
        changes
    }
}

impl Serialize for Changes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let made: Vec<&Change> = self.by_id.values().collect();
        let mut kept = serializer.serialize_struct("Kept", 2)?;
        kept.serialize_field("made", &made)?;
        kept.serialize_field("whole_from", &self.whole_from)?;
        kept.end()
    }
}

impl Changes {
    /// The change of this name.
    pub fn get(&self, id: &ChangeId) -> Option<&Change> {
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

    /// All of them in the order in which they started.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Change> {
        self.by_start.iter().filter_map(|(_, id)| self.by_id.get(id))
    }

    /// Those that started in `from_ms..to_ms`, of one service or of all, in the order of their starts and names, as
    /// far as they come behind `after`.
    pub fn within(
        &self,
        service: Option<&str>,
        from_ms: i64,
        to_ms: i64,
        after: Option<&(i64, ChangeId)>,
    ) -> impl DoubleEndedIterator<Item = &Change> {
        let first = |ms: i64| (ms, ChangeId(SmolStr::default()));
        let (from, to) = (first(from_ms), first(to_ms));
        let from = match after {
            Some(after) if *after >= from => Bound::Excluded(after.clone()),
            _ => Bound::Included(from),
        };
        let is_some = match &from {
            Bound::Included(from) | Bound::Excluded(from) => *from < to,
            Bound::Unbounded => true,
        };
        let starts = match service {
            Some(service) => self.by_service.get(service),
            None => Some(&self.by_start),
        };
        let starts = starts.filter(|_| is_some).into_iter();
        let starts = starts.flat_map(move |s| s.range((from.clone(), Bound::Excluded(to.clone()))));
        starts.filter_map(|(_, id)| self.by_id.get(id))
    }

    /// Of a service every change is kept that started after this, in milliseconds since 1970; nothing where none was
    /// dropped yet.
    pub fn whole_from(&self, service: &str) -> Option<i64> {
        self.whole_from.get(service).copied()
    }

    /// Takes in a change, and drops the one that started first where there are too many.
    pub(super) fn add(&mut self, change: Change) {
        let service = change.start.service.clone();
        self.insert(change);
        let first = match self.by_service.get(&service) {
            Some(starts) if starts.len() > CHANGES_PER_SERVICE_MAX => starts.first(),
            _ if self.by_id.len() > CHANGES_MAX => self.by_start.first(),
            _ => None,
        };
        if let Some((started_ms, id)) = first.cloned()
            && let Some(dropped) = self.take(&id)
        {
            let whole_from = self.whole_from.entry(dropped.start.service).or_insert(started_ms);
            *whole_from = started_ms.max(*whole_from);
        }
    }

    /// Takes in that one finished.
    pub(super) fn finish(&mut self, id: &ChangeId, end: End) {
        if let Some(change) = self.by_id.get_mut(id) {
            change.end = Some(end);
        }
    }

    /// Takes in a change, in place of one of the same name.
    fn insert(&mut self, change: Change) {
        let (id, started_ms) = (change.start.change.clone(), change.start.started_ms);
        self.take(&id);
        self.by_start.insert((started_ms, id.clone()));
        let starts = self.by_service.entry(change.start.service.clone()).or_default();
        starts.insert((started_ms, id.clone()));
        self.by_id.insert(id, change);
    }

    fn take(&mut self, id: &ChangeId) -> Option<Change> {
        let change = self.by_id.remove(id)?;
        let start = (change.start.started_ms, id.clone());
        self.by_start.remove(&start);
        if let Entry::Occupied(mut starts) = self.by_service.entry(change.start.service.clone()) {
            starts.get_mut().remove(&start);
            if starts.get().is_empty() {
                starts.remove();
            }
        }
        Some(change)
    }
}
