//! A reader of a growing log: adds what more it saw, together with how far it read.

use std::collections::BTreeMap;

use plimsoll_core::{measure::slot::Slot, time::Minute};
use plimsoll_server::measure::keeping::{Order, OrderedAddition};

use crate::{
    audit::log::{Line, Log, SLIS, SOURCE},
    dice::Dice,
};

/// How far it is, while the machine lives.
#[derive(Debug, Default)]
pub struct Reader {
    /// Lines read; unknown after a start or a failure, until the store was asked.
    pub place: Option<usize>,
    /// The name of the file, which changes when the log is rotated.
    file: u32,
}

/// Somebody writes some lines, mostly of now.
pub fn write_lines(dice: &mut Dice, log: &mut Log, now: i64) {
    for _ in 0..dice.below(40) {
        let minute = if dice.happens(900) { now } else { now - dice.between(0, 90) };
        let sli = *dice.pick(&SLIS).unwrap_or(&SLIS[0]);
        log.lines.push(Line { sli, minute, is_bad: dice.happens(150) });
    }
}

impl Reader {
    /// Reads some lines on. At the end of the log, the minutes before `now` are complete.
    pub fn read(&mut self, dice: &mut Dice, log: &Log, place: usize, now: i64) -> (Order, usize) {
        let most = 1 + dice.below(60) as usize;
        let to = log.lines.len().min(place + most);
        let mut seen: BTreeMap<(u32, i64), (u64, u64)> = BTreeMap::new();
        for line in &log.lines[place..to] {
            let (good, bad) = seen.entry((line.sli, line.minute)).or_default();
            *(if line.is_bad { bad } else { good }) += 1;
        }
        let mut slots: BTreeMap<u32, BTreeMap<Minute, Slot>> = BTreeMap::new();
        for ((sli, minute), (good, bad)) in seen {
            slots.entry(sli).or_default().insert(Minute(minute), Slot::Partial { good, bad });
        }
        if to == log.lines.len() {
            for (sli, minute) in SLIS.iter().flat_map(|sli| (now - 3..now).map(|m| (*sli, m))) {
                let slot = slots.entry(sli).or_default().entry(Minute(minute)).or_default();
                *slot = slot.with_more(Slot::NoTraffic);
            }
        }
        let additions = slots.into_iter().map(|(sli, slots)| OrderedAddition {
            source: SOURCE,
            sli,
            slots: slots.into_iter().collect(),
        });
        let mut cursors = Vec::new();
        if dice.happens(50) {
            cursors.push((SOURCE, self.name(), None));
            self.file += 1;
        }
        cursors.push((SOURCE, self.name(), Some(to.to_string().into_bytes())));
        (Order { additions: additions.collect(), cursors, ..Order::default() }, to)
    }

    fn name(&self) -> String {
        format!("access.{}.log", self.file)
    }

    /// Learns from the store where it was.
    pub fn learn(&mut self, cursors: &[(String, Vec<u8>)]) -> Option<usize> {
        let (name, place) = match cursors {
            [] => return self.start(0),
            [one] => one,
            _ => return None,
        };
        let number = |text: &str| text.split('.').nth(1)?.parse().ok();
        self.file = number(name)?;
        let place = String::from_utf8_lossy(place).parse().ok()?;
        self.start(place)
    }

    fn start(&mut self, place: usize) -> Option<usize> {
        self.place = Some(place);
        self.place
    }
}
