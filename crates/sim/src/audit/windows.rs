//! What every window holds: its bounds from the calendar, its sums minute by minute.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, Zoned, civil::Weekday};
use plimsoll_core::{
    measure::{
        slot::Sums,
        window::{Unit, Window},
    },
    time::{Minute, Span, zone as zone_of},
};
use plimsoll_server::measure::board::Board;

use super::{
    Found, hold,
    minutes::{Minutes, Seen},
    roll::Stretch,
};

/// An SLI of which nothing ever comes.
const NEVER_SEEN: u32 = 27;

/// Where a window begins when every minute before `end` is over. Calendar windows of the simulation begin on a
/// Thursday that is the first of a month, at midnight.
///
/// # Errors
/// When the calendar does not reach there.
pub fn begins(window: &Window, end: i64) -> Found<i64> {
    let (zone, every) = match window {
        Window::Rolling { minutes } => return Ok(end - i64::from(*minutes)),
        Window::Calendar { zone, every, .. } => (zone, every),
    };
    let text = |error: jiff::Error| error.to_string();
    let zone = zone_of(zone).ok_or_else(|| format!("no zone {zone}"))?;
    let now = Timestamp::from_second(end * 60).map_err(text)?.to_zoned(zone);
    let first = match every.unit {
        Unit::Hour => return Ok(end.div_euclid(60) * 60),
        Unit::Day => now,
        Unit::Week => {
            let days = now.weekday().since(Weekday::Thursday);
            now.checked_sub(i64::from(days).days()).map_err(text)?
        }
        Unit::Month => now.first_of_month().map_err(text)?,
        Unit::Quarter | Unit::Year => return Err("not simulated".to_owned()),
    };
    midnight(&first)
}

fn midnight(day: &Zoned) -> Found<i64> {
    let start = day.start_of_day().map_err(|error| error.to_string())?;
    Ok(start.timestamp().as_second().div_euclid(60))
}

/// Minutes of a span, each marked where it is taken out.
#[derive(Debug)]
pub struct Marked {
    first: i64,
    is_out: Vec<bool>,
}

impl Marked {
    /// The minutes from `from` to before `to`, without those of some stretches.
    pub fn without(from: i64, to: i64, stretches: &[&Stretch]) -> Self {
        let mut is_out = vec![false; (to - from).max(0) as usize];
        for stretch in stretches {
            let bounds = [stretch.from, stretch.to].map(|minute| minute.clamp(from, to.max(from)));
            let [first, behind] = bounds.map(|minute| (minute - from) as usize);
            is_out[first..behind.max(first)].fill(true);
        }
        Marked { first: from, is_out }
    }

    fn is_out(&self, minute: i64) -> bool {
        self.is_out[(minute - self.first) as usize]
    }

    fn out(&self, from: i64, to: i64) -> u64 {
        let bounds = [from, to.max(from)].map(|minute| (minute - self.first) as usize);
        self.is_out[bounds[0]..bounds[1]].iter().filter(|is_out| **is_out).count() as u64
    }
}

/// What minutes sum to, without those that are marked.
pub fn sums(minutes: &BTreeMap<i64, Seen>, from: i64, to: i64, marked: Option<&Marked>) -> Sums {
    let mut sums = Sums::default();
    let out = marked.map_or(0, |marked| marked.out(from, to));
    let (mut known, mut all) = (0, 0);
    for (minute, (good, bad, is_whole)) in minutes.range(from..to.max(from)) {
        if marked.is_some_and(|marked| marked.is_out(*minute)) {
            continue;
        }
        all += 1;
        sums.good += good;
        sums.bad += bad;
        if !is_whole {
            sums.partial += 1;
            sums.partial_events += good + bad;
        } else if good + bad == 0 {
            sums.no_traffic += 1;
            known += 1;
        } else {
            sums.measured += 1;
            known += 1;
        }
    }
    debug_assert_eq!(known + sums.partial, all);
    sums.missing = (to - from).max(0) as u64 - out - known;
    sums
}

/// Every window of these SLIs on the board, of all where none is named, holds what its minutes sum to.
///
/// # Errors
/// When one does not.
pub fn check(board: &Board, minutes: &Minutes, named: &[u32]) -> Found<u64> {
    let end = board.end().0;
    let mut checked = 0;
    let bounds: Vec<(&Window, i64)> = board
        .readings()
        .windows()
        .map(|window| Ok((window, begins(window, end)?)))
        .collect::<Found<_>>()?;
    let all: Vec<u32> = minutes.slis().chain([NEVER_SEEN]).collect();
    for &sli in if named.is_empty() { &all } else { named } {
        let of_sli = minutes.over_sources(sli);
        for (window, from) in &bounds {
            let span = Span::new(Minute(*from), board.end());
            let due = sums(&of_sli, *from, end, None);
            let found = board.readings().sums(sli, span);
            hold(found == Some(due), || {
                format!("{window} of SLI {sli} from {from} to {end}: {found:?}, not {due:?}")
            })?;
            checked += 1;
        }
        recent(board, sli, &of_sli)?;
    }
    Ok(checked)
}

/// The minutes that the board shows by themselves.
fn recent(board: &Board, sli: u32, minutes: &BTreeMap<i64, Seen>) -> Found {
    for minute in board.end().0 - 5..board.end().0 + 3 {
        let found = board.slot(sli, Minute(minute)).and_then(super::minutes::seen);
        let due = minutes.get(&minute).copied();
        hold(found == due, || format!("minute {minute} of SLI {sli}: {found:?}, not {due:?}"))?;
    }
    Ok(())
}
