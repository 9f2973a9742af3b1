//! The marks in force.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize, Serializer};
use smol_str::SmolStr;

use super::interval::{Interval, Subject};
use crate::{
    command::{Context, Refusal},
    limits::{MARKS_MAX, MARKS_PER_SUBJECT_MAX, WINDOW_MINUTES_MAX},
    time::{DAY, Minute},
};

/// The name of a mark.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MarkId(pub SmolStr);

impl fmt::Display for MarkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that is said about an interval.
pub trait Mark {
    /// What several of it are called.
    const PLURAL: &'static str;

    /// Its name.
    fn id(&self) -> &MarkId;

    /// About what it is said.
    fn interval(&self) -> &Interval;
}

/// Marks of one kind in the order in which they were made, found by name, by subject and by end.
///
/// They stay until they are taken back. Only where there are as many as there may be, of one subject or in all, each
/// new one drops the one that ended first, if that ended before the longest window and a day; if not, the new one is
/// refused. So no number changes by dropping, and a clock that jumps drops nothing by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<u64, Box<M>>")]
#[serde(bound(deserialize = "M: Mark + Deserialize<'de>"))]
pub struct Marks<M> {
    /// In boxes: a tree moves what it holds with each change.
    made: BTreeMap<u64, Box<M>>,
    /// Found by hash: most of a tree's time went into comparing names. Its order is that of insertion, whatever the hash.
    by_id: IndexMap<MarkId, u64>,
    by_subject: IndexMap<Subject, Ends>,
    by_end: Ends,
}

/// Ends of intervals, and the numbers of their marks.
type Ends = BTreeSet<(i64, u64)>;

impl<M> Default for Marks<M> {
    fn default() -> Self {
        Marks {
            made: BTreeMap::new(),
            by_id: IndexMap::new(),
            by_subject: IndexMap::new(),
            by_end: Ends::new(),
        }
    }
}

impl<M: Mark> From<BTreeMap<u64, Box<M>>> for Marks<M> {
    fn from(made: BTreeMap<u64, Box<M>>) -> Self {
        let mut marks = Marks::default();
        for (number, mark) in made {
            marks.insert(number, mark);
        }
        marks
    }
}

impl<M: Serialize> Serialize for Marks<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.made.serialize(serializer)
    }
}

impl<M: Mark> Marks<M> {
    /// All of them, in the order in which they were made.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &M> {
        self.made.values().map(AsRef::as_ref)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.made.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// Whether there is one of this name.
    pub fn contains(&self, id: &MarkId) -> bool {
        self.by_id.contains_key(id)
    }

    /// The one of this name.
    pub fn get(&self, id: &MarkId) -> Option<&M> {
        self.made.get(self.by_id.get(id)?).map(AsRef::as_ref)
    }

    /// Those about any of these subjects, in the order in which they were made.
    pub(super) fn about(&self, subjects: &[Subject]) -> Vec<&M> {
        let ends = subjects.iter().filter_map(|subject| self.by_subject.get(subject)).flatten();
        let numbers: BTreeSet<u64> = ends.map(|(_, number)| *number).collect();
        numbers.iter().filter_map(|number| self.made.get(number).map(AsRef::as_ref)).collect()
    }

    /// Those about just this interval, in the order in which they were made.
    pub(super) fn of(&self, interval: &Interval) -> impl Iterator<Item = &M> {
        let Interval { of, to_minute, .. } = interval;
        let ends = self.by_subject.get(of).into_iter();
        let numbers = ends.flat_map(|ends| ends.range((*to_minute, 0)..=(*to_minute, u64::MAX)));
        let marks = numbers.filter_map(|(_, number)| self.made.get(number).map(AsRef::as_ref));
        marks.filter(move |mark| mark.interval() == interval)
    }

    /// Refuses one more about this subject, where there are as many as there may be and none can be dropped.
    pub(super) fn check_room(&self, of: &Subject, context: &Context) -> Result<(), Refusal> {
        if self.len() < MARKS_PER_SUBJECT_MAX {
            return Ok(());
        }
        let now = Minute::of_second(context.at_ms.div_euclid(1000));
        let kept_from = now.0.saturating_sub(i64::from(WINDOW_MINUTES_MAX) + DAY);
        let is_too_full = |ends: &Ends, most| {
            ends.len() >= most && ends.first().is_some_and(|(end, _)| *end > kept_from)
        };
        if self.by_subject.get(of).is_some_and(|ends| is_too_full(ends, MARKS_PER_SUBJECT_MAX)) {
            let what = format!("{} of {of} within the longest window", M::PLURAL);
            return Err(Refusal::too_many(&what, MARKS_PER_SUBJECT_MAX));
        }
        if is_too_full(&self.by_end, MARKS_MAX) {
            let what = format!("{} within the longest window", M::PLURAL);
            return Err(Refusal::too_many(&what, MARKS_MAX));
        }
        Ok(())
    }

    /// Takes in a mark, and drops the one that ended first where there are too many.
    pub(super) fn add(&mut self, mark: M) {
        if self.len() >= MARKS_PER_SUBJECT_MAX {
            self.make_room(&mark.interval().of);
        }
        let number = self.made.last_key_value().map_or(0, |(last, _)| last + 1);
        self.insert(number, Box::new(mark));
    }

    /// Drops the mark that ended first where there are as many as there may be, of this subject or in all.
    fn make_room(&mut self, of: &Subject) {
        let first = match self.by_subject.get(of) {
            Some(ends) if ends.len() >= MARKS_PER_SUBJECT_MAX => ends.first(),
            _ if self.len() >= MARKS_MAX => self.by_end.first(),
            _ => None,
        };
        if let Some((_, number)) = first.copied()
            && let Some(dropped) = self.take(number)
        {
            self.by_id.swap_remove(dropped.id());
        }
    }

    /// Takes a mark out.
    pub(super) fn remove(&mut self, id: &MarkId) {
        if let Some(number) = self.by_id.swap_remove(id) {
            self.take(number);
        }
    }

    /// Takes in a mark under this number, in place of one of the same name: a name is of one mark.
    fn insert(&mut self, number: u64, mark: Box<M>) {
        if let Some(older) = self.by_id.insert(mark.id().clone(), number) {
            self.take(older);
        }
        let Interval { of, to_minute, .. } = mark.interval();
        self.by_end.insert((*to_minute, number));
        self.by_subject.entry(of.clone()).or_default().insert((*to_minute, number));
        self.made.insert(number, mark);
    }

    /// Takes out a mark whose name is out already; the mark.
    fn take(&mut self, number: u64) -> Option<Box<M>> {
        let mark = self.made.remove(&number)?;
        let Interval { of, to_minute, .. } = mark.interval();
        self.by_end.remove(&(*to_minute, number));
        if let Some(ends) = self.by_subject.get_mut(of) {
            ends.remove(&(*to_minute, number));
            if ends.is_empty() {
                self.by_subject.swap_remove(of);
            }
        }
        Some(mark)
    }
}
