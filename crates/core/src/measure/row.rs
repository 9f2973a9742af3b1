//! One minute of all SLIs, packed: a server keeps hundreds of them, of a hundred thousand SLIs each.

use std::collections::BTreeMap;

use super::slot::Slot;

/// The slots of one minute by the number of their SLI; an SLI that is not there is missing.
///
/// A slot takes eight bytes: three bits say what it is, the rest counts. The few whose counts need more stand beside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    packed: Vec<u64>,
    large: BTreeMap<u32, Slot>,
}

const MISSING: u64 = 0;
const NO_TRAFFIC: u64 = 1;
const MEASURED: u64 = 2;
const PARTIAL: u64 = 3;
/// The slot stands beside.
const LARGE: u64 = 4;

const KIND_BITS: u32 = 3;
const BAD_BITS: u32 = 24;
const GOOD_BITS: u32 = u64::BITS - KIND_BITS - BAD_BITS;

impl Row {
    /// The slot of an SLI.
    pub fn get(&self, sli: u32) -> Slot {
        self.packed.get(sli as usize).map_or(Slot::Missing, |packed| self.unpack(sli, *packed))
    }

    /// Puts a slot in place of what was there.
    pub fn set(&mut self, sli: u32, slot: Slot) {
        let at = sli as usize;
        if self.packed.len() <= at {
            if slot == Slot::Missing {
                return;
            }
            self.packed.resize(at + 1, MISSING);
        }
        if self.packed[at] == LARGE {
            self.large.remove(&sli);
        }
        self.packed[at] = pack(slot).unwrap_or_else(|| {
            self.large.insert(sli, slot);
            LARGE
        });
    }

    /// Every slot that is not missing, by the number of its SLI.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Slot)> + '_ {
        (0..).zip(&self.packed).filter(|(_, packed)| **packed != MISSING).map(|(sli, packed)| {
            let slot = self.unpack(sli, *packed);
            (sli, slot)
        })
    }

    /// One more than the highest number that may not be missing.
    pub fn slis(&self) -> usize {
        self.packed.len()
    }

    #[inline]
    fn unpack(&self, sli: u32, packed: u64) -> Slot {
        let bad = packed >> KIND_BITS & ((1 << BAD_BITS) - 1);
        let good = packed >> (KIND_BITS + BAD_BITS);
        match packed & ((1 << KIND_BITS) - 1) {
            NO_TRAFFIC => Slot::NoTraffic,
            MEASURED => Slot::Measured { good, bad },
            PARTIAL => Slot::Partial { good, bad },
            LARGE => self.large.get(&sli).copied().unwrap_or_default(),
            _ => Slot::Missing,
        }
    }
}

impl FromIterator<(u32, Slot)> for Row {
    fn from_iter<T: IntoIterator<Item = (u32, Slot)>>(slots: T) -> Self {
        let mut row = Row::default();
        for (sli, slot) in slots {
            row.set(sli, slot);
        }
        row
    }
}

/// A slot in eight bytes, where it fits.
fn pack(slot: Slot) -> Option<u64> {
    let (good, bad) = slot.events();
    let kind = match slot {
        Slot::Missing => MISSING,
        Slot::NoTraffic => NO_TRAFFIC,
        Slot::Measured { .. } => MEASURED,
        Slot::Partial { .. } => PARTIAL,
    };
    let fits = good >> GOOD_BITS == 0 && bad >> BAD_BITS == 0;
    fits.then_some(kind | bad << KIND_BITS | good << (KIND_BITS + BAD_BITS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_slot() -> impl Strategy<Value = Slot> {
        let count = || {
            prop_oneof![0..9_u64, Just((1 << 24) - 1), Just(1 << 24), Just(1 << 36), 0..1_u64 << 40]
        };
        prop_oneof![
            Just(Slot::Missing),
            Just(Slot::NoTraffic),
            (count(), count()).prop_map(|(good, bad)| Slot::measured(good, bad)),
            (count(), count()).prop_map(|(good, bad)| Slot::Partial { good, bad }),
        ]
    }

    proptest! {
        #[test]
        fn a_row_keeps_what_was_put_into_it_last(
            puts in prop::collection::vec((0..40_u32, any_slot()), 0..80),
        ) {
            let mut naive = BTreeMap::new();
            let mut row = Row::default();
            for (sli, slot) in puts {
                naive.insert(sli, slot);
                row.set(sli, slot);
            }
            for sli in 0..50 {
                prop_assert_eq!(row.get(sli), naive.get(&sli).copied().unwrap_or_default());
            }
            naive.retain(|_, slot| *slot != Slot::Missing);
            prop_assert_eq!(row.iter().collect::<BTreeMap<_, _>>(), naive);
        }
    }
}
