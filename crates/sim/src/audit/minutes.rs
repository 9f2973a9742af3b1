//! Slots, kept naively: each minute of each source by itself, and the rule of generations word by word.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::measure::slot::Slot;
use plimsoll_server::measure::keeping::{Kept, NotKept, Order};
use plimsoll_store::slots::Why;

use super::{Found, hold};
use crate::slots::{Place, SlotDisk};

/// What was seen of a minute: good events, bad ones, and whether that was all there was.
pub type Seen = (u64, u64, bool);

/// What is known of a minute, and of which generation that is.
type Known = (u64, Option<Seen>);

/// What an order does: minutes changed and repeated, or the batch, minute and reason that stand against it.
type Due = Result<(usize, usize), (usize, Option<i64>, Why)>;

/// What the store must hold.
#[derive(Debug, Default)]
pub struct Minutes {
    known: BTreeMap<Place, Known>,
    /// Every SLI that ever had a slot, and its sources.
    sources: BTreeMap<u32, BTreeSet<u32>>,
    cursors: BTreeMap<(u32, String), Vec<u8>>,
    /// Minutes that were dropped, drop by drop, as long as a crash may bring them back.
    dropped: Vec<BTreeMap<Place, Known>>,
    /// Older minutes were dropped at some time.
    pub dropped_before: i64,
}

/// What was there before a write: to take it back.
#[derive(Default)]
struct Before {
    known: BTreeMap<Place, Option<Known>>,
    cursors: BTreeMap<(u32, String), Option<Vec<u8>>>,
}

/// A slot in the auditor's words.
pub fn seen(slot: Slot) -> Option<Seen> {
    match slot {
        Slot::Missing | Slot::Partial { good: 0, bad: 0 } => None,
        Slot::NoTraffic => Some((0, 0, true)),
        Slot::Measured { good, bad } => Some((good, bad, true)),
        Slot::Partial { good, bad } => Some((good, bad, false)),
    }
}

impl Minutes {
    /// A minute of an SLI over all its sources: those that said nothing do not count; it was seen in full where all
    /// others say so.
    pub fn over_sources(&self, sli: u32) -> BTreeMap<i64, Seen> {
        let mut minutes: BTreeMap<i64, Seen> = BTreeMap::new();
        for source in self.sources.get(&sli).into_iter().flatten() {
            let all = (*source, sli, i64::MIN)..=(*source, sli, i64::MAX);
            for ((.., minute), (_, seen)) in self.known.range(all) {
                let Some((good, bad, is_whole)) = *seen else { continue };
                let sum = minutes.entry(*minute).or_insert((0, 0, true));
                *sum = (sum.0 + good, sum.1 + bad, sum.2 && is_whole);
            }
        }
        minutes
    }

    /// All SLIs that ever had a minute.
    pub fn slis(&self) -> impl Iterator<Item = u32> {
        self.sources.keys().copied()
    }

    /// Holds what became of orders against the rules and the disk. Nobody heard the answers of a machine that
    /// crashed.
    ///
    /// # Errors
    /// When something else is there, or was answered, than the rules say.
    pub fn written(
        &mut self,
        orders: &[Order],
        kept: Option<&[Kept]>,
        disk: &SlotDisk,
    ) -> Found<bool> {
        let mut before = Before::default();
        let due: Vec<Due> = orders.iter().map(|order| self.order(order, &mut before)).collect();
        let is_kept = match kept {
            None => None,
            Some(kept) => {
                hold(kept.len() == orders.len(), || "an answer is missing".to_owned())?;
                answers(&due, kept)?
            }
        };
        let is_done = is_kept.unwrap_or_else(|| self.is_on(&before, disk));
        if is_done {
            // A write that changes nothing leaves no trace: where nobody heard, it may not have been synced.
            if is_kept.is_some() || self.differs(&before) {
                self.dropped.clear();
            }
        } else {
            self.take_back(&before);
        }
        hold(self.is_on(&before, disk), || {
            format!("the store holds neither what was there nor what came: {orders:?}, {kept:?}")
        })?;
        Ok(is_done)
    }

    fn order(&mut self, order: &Order, before: &mut Before) -> Due {
        let mut mine = Before::default();
        let done = self.try_order(order, &mut mine);
        if done.is_ok() {
            for (source, name, position) in &order.cursors {
                let key = (*source, name.clone());
                let old = match position {
                    Some(position) => self.cursors.insert(key.clone(), position.clone()),
                    None => self.cursors.remove(&key),
                };
                before.cursors.entry(key).or_insert(old);
            }
            for (place, known) in mine.known {
                before.known.entry(place).or_insert(known);
            }
        } else {
            self.take_back(&mine);
            for (place, known) in mine.known {
                before.known.entry(place).or_insert(known);
            }
        }
        done
    }

    fn try_order(&mut self, order: &Order, before: &mut Before) -> Due {
        let (mut changed, mut repeated) = (0, 0);
        let batches = order.batches.iter();
        let batches = batches.map(|b| (b.source, b.sli, Some(b.generation), &b.slots));
        let additions = order.additions.iter().map(|a| (a.source, a.sli, None, &a.slots));
        for (batch, (source, sli, generation, slots)) in batches.chain(additions).enumerate() {
            let mut slots: Vec<(i64, Option<Seen>)> =
                slots.iter().map(|(minute, slot)| (minute.0, seen(*slot))).collect();
            slots.sort_by_key(|(minute, _)| *minute);
            if generation == Some(0) {
                return Err((batch, None, Why::NoGeneration));
            }
            if let Some(twice) = slots.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err((batch, Some(twice[0].0), Why::MinuteTwice));
            }
            for (minute, new) in slots {
                let place = (source, sli, minute);
                let old = self.known.get(&place).copied();
                let next = match generation {
                    Some(generation) => replaced(old, generation, new),
                    None => Ok(added(old, new)),
                };
                let next = next.map_err(|why| (batch, Some(minute), why))?;
                before.known.entry(place).or_insert(old);
                self.known.insert(place, next);
                self.sources.entry(sli).or_default().insert(source);
                let is_same = old.is_some_and(|(_, seen)| seen == next.1);
                *(if is_same { &mut repeated } else { &mut changed }) += 1;
            }
        }
        Ok((changed, repeated))
    }

    fn take_back(&mut self, before: &Before) {
        for (place, known) in &before.known {
            match known {
                Some(known) => self.known.insert(*place, *known),
                None => self.known.remove(place),
            };
        }
        for (key, position) in &before.cursors {
            match position {
                Some(position) => self.cursors.insert(key.clone(), position.clone()),
                None => self.cursors.remove(key),
            };
        }
    }

    /// Whether anything is other than before.
    fn differs(&self, before: &Before) -> bool {
        let known = before.known.iter();
        known.into_iter().any(|(place, old)| self.known.get(place) != old.as_ref())
            || before.cursors.iter().any(|(key, old)| self.cursors.get(key) != old.as_ref())
    }

    /// Whether the disk holds what is known of everything that was touched.
    fn is_on(&self, touched: &Before, disk: &SlotDisk) -> bool {
        let same = |place: &Place| on_disk(disk, *place) == self.known.get(place).copied();
        touched.known.keys().all(same)
            && touched.cursors.keys().all(|key| disk.cursors.get(key) == self.cursors.get(key))
    }

    /// Old minutes were to be dropped, or so it was tried: the disk has all of them or none.
    ///
    /// # Errors
    /// When it has some.
    pub fn dropped(&mut self, before_minute: i64, disk: &SlotDisk) -> Found {
        let old = self.known.iter().filter(|((.., minute), _)| *minute < before_minute);
        let old: BTreeMap<Place, Known> = old.map(|(place, known)| (*place, *known)).collect();
        if all_or_none(&old, disk)? == Some(false) {
            self.known.retain(|(.., minute), _| *minute >= before_minute);
            self.dropped_before = self.dropped_before.max(before_minute);
            self.dropped.push(old);
        }
        Ok(())
    }

    /// The machine crashed: what was dropped lately may be back, the newest drop first.
    ///
    /// # Errors
    /// When it is partly back.
    pub fn crashed(&mut self, disk: &SlotDisk) -> Found {
        for old in std::mem::take(&mut self.dropped).into_iter().rev() {
            if all_or_none(&old, disk)? == Some(true) {
                self.known.extend(old);
            }
        }
        Ok(())
    }

    /// Everything that is known is on the disk, and nothing else.
    ///
    /// # Errors
    /// When not.
    pub fn everything(&self, disk: &SlotDisk) -> Found {
        let cells =
            disk.cells.iter().map(|(place, cell)| (*place, (cell.generation, seen(cell.slot))));
        let same = cells.eq(self.known.iter().map(|(place, known)| (*place, *known)));
        hold(same, || "the store holds other slots than were kept".to_owned())?;
        hold(disk.cursors == self.cursors, || "the cursors are others".to_owned())
    }
}

fn on_disk(disk: &SlotDisk, place: Place) -> Option<Known> {
    disk.cells.get(&place).map(|cell| (cell.generation, seen(cell.slot)))
}

/// A batch replaces: the same generation must say the same, a lower one says nothing any more.
fn replaced(old: Option<Known>, generation: u64, new: Option<Seen>) -> Result<Known, Why> {
    match old {
        Some((kept, _)) if generation < kept => Err(Why::OlderThanKept { kept }),
        Some((kept, seen)) if generation == kept && seen != new => {
            Err(Why::SameGenerationOtherSlot)
        }
        _ => Ok((generation, new)),
    }
}

/// What more was seen adds to what was.
fn added(old: Option<Known>, new: Option<Seen>) -> Known {
    let (generation, old) = old.unwrap_or((1, None));
    let sum = match (old, new) {
        (Some(a), Some(b)) => Some((a.0 + b.0, a.1 + b.1, a.2 || b.2)),
        (a, b) => a.or(b),
    };
    (generation, sum)
}

/// Whether all was kept, or nothing; unknown where the answer says so.
fn answers(due: &[Due], kept: &[Kept]) -> Found<Option<bool>> {
    let mut is_kept = None;
    for (due, kept) in due.iter().zip(kept) {
        let this = match (kept, due) {
            (Ok(applied), Ok((changed, repeated))) => {
                let same = (applied.changed, applied.repeated) == (*changed, *repeated);
                hold(same, || format!("{applied:?}, and not {changed} and {repeated}"))?;
                Some(true)
            }
            (Err(NotKept::Refused(refused)), Err(due)) => {
                let found = (refused.batch, refused.minute.map(|m| m.0), refused.why);
                hold(found == *due, || format!("refused for {found:?}, not for {due:?}"))?;
                Some(true)
            }
            (Ok(_) | Err(NotKept::Refused(_)), due) => {
                return Err(format!("answered {kept:?} where {due:?} was due"));
            }
            (Err(NotKept::Store(_) | NotKept::Stopped(_) | NotKept::Busy), _) => Some(false),
            (Err(NotKept::Unknown(_)), _) => None,
        };
        hold(is_kept.is_none_or(|other| other == this), || "answers differ".to_owned())?;
        is_kept = Some(this);
    }
    Ok(is_kept.flatten())
}

/// Whether the disk has all of these, or none; unknown of nothing.
fn all_or_none(of: &BTreeMap<Place, Known>, disk: &SlotDisk) -> Found<Option<bool>> {
    let there = of.iter().filter(|(place, known)| on_disk(disk, **place) == Some(**known));
    match there.count() {
        _ if of.is_empty() => Ok(None),
        0 => Ok(Some(false)),
        all if all == of.len() => Ok(Some(true)),
        some => Err(format!("{some} of {} old minutes were dropped", of.len())),
    }
}
