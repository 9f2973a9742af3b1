//! The plot: what happens in the ninety days before the demo starts, and when.

use plimsoll_core::time::{DAY, Minute, Span};

use super::company::BREAKABLE;
use crate::example::dice::Dice;

/// For so many days before today there is something to tell.
pub(super) const DAYS: i64 = 90;

/// So many minutes come from logs; what is older was pushed.
pub(super) const LOG_MINUTES: i64 = 60;

/// From this day of the story on the policy wants most of the window to be measured.
pub(super) const STRICT_AFTER_DAYS: i64 = 31;

/// A deploy that broke its service until it was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slip {
    /// Which service.
    pub(super) service: &'static str,
    /// While it was broken.
    pub(super) span: Span,
    /// What that costs of a budget, in percent.
    pub(super) percent: u64,
}

/// What happens, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plot {
    /// The first minute that is measured.
    pub(super) begin: Minute,
    /// The first minute that comes from logs.
    pub(super) logs_from: Minute,
    /// Every minute before it is over when the server opens.
    pub(super) end: Minute,
    /// While the database had no connection left, every other week; the oldest first.
    pub(super) saturations: Vec<Span>,
    /// While the launch had more visitors than it could bear.
    pub(super) launch: Span,
    /// While the database was moved, as announced.
    pub(super) maintenance: Span,
    /// While one counter sent nothing.
    pub(super) outage: Span,
    /// While the deploy that an exception let pass broke its service.
    pub(super) covered: Span,
    /// Other deploys that broke something.
    pub(super) slips: Vec<Slip>,
}

/// Days of the week, counted from Sunday.
const SUNDAY: i64 = 0;
const WEDNESDAY: i64 = 3;
const THURSDAY: i64 = 4;
const SATURDAY: i64 = 6;

/// The day of the week of a day, counted since 1970; that began on a Thursday.
pub(super) fn weekday(day: i64) -> i64 {
    (day + 4).rem_euclid(7)
}

/// Whether nobody works on this day.
pub(super) fn is_weekend(day: i64) -> bool {
    [SUNDAY, SATURDAY].contains(&weekday(day))
}

/// The last such day of the week that lies at least so many days back.
fn last(wanted: i64, today: i64, back: i64) -> i64 {
    let latest = today - back;
    latest - (weekday(latest) - wanted).rem_euclid(7)
}

/// Some minutes of a day.
fn span(day: i64, minute: i64, length: i64) -> Span {
    let from = Minute(day * DAY + minute);
    Span::new(from, from.plus(length))
}

impl Plot {
    /// The plot of a seed, told up to this minute.
    pub(super) fn of(seed: u64, end: Minute) -> Self {
        let mut dice = Dice::new(seed);
        let today = end.0.div_euclid(DAY);
        let first = today - DAYS;
        // Eight to fourteen days ago: the last but one is then within thirty days, and the one before is not.
        let latest = last(WEDNESDAY, today, 8);
        let mut saturations: Vec<Span> = (0..6)
            .map(|number| latest - 14 * number)
            .map(|day| {
                let (minute, length) = (dice.between(785, 940), dice.between(34, 47));
                span(day, minute as i64, length as i64)
            })
            .collect();
        saturations.reverse();
        let covered = saturations[saturations.len() - 3].from.0.div_euclid(DAY) + 1;
        let slips = (0..26).map(|number| slip(&mut dice, first + 2 + number * 3)).collect();
        Plot {
            begin: Minute(first * DAY),
            logs_from: end.plus(-LOG_MINUTES),
            end,
            saturations,
            launch: span(last(THURSDAY, today, 8), 18 * 60 + dice.below(20) as i64, 95),
            maintenance: span(last(SUNDAY, today, 16), 3 * 60, 50),
            outage: span(last(SATURDAY, today, 2), 70 + dice.below(20) as i64, 340),
            covered: span(covered, 10 * 60 + 21, 22),
            slips,
        }
    }

    /// The spans in which, and after which, decisions may turn from one minute to the next.
    pub(super) fn troubles(&self) -> impl Iterator<Item = Span> {
        let single = [self.launch, self.maintenance, self.outage, self.covered];
        let slips = self.slips.iter().map(|slip| slip.span);
        self.saturations.iter().copied().chain(single).chain(slips)
    }

    /// Everything that was measured before there were logs.
    pub(super) fn pushed(&self) -> Span {
        Span::new(self.begin, self.logs_from)
    }
}

/// A deploy that breaks something on this day, or on the next where nobody works.
fn slip(dice: &mut Dice, day: i64) -> Slip {
    let day = if is_weekend(day) { day + 2 } else { day };
    let service = BREAKABLE[dice.below(BREAKABLE.len() as u64) as usize];
    let (minute, length) = (dice.between(500, 980), dice.between(6, 15));
    Slip { service, span: span(day, minute as i64, length as i64), percent: dice.between(3, 8) }
}
