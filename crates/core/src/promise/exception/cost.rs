//! What an exception cost: how much of each budget was spent while it was in force, computed from the slots each time.
//!
//! It is what was spent in that time, whatever spent it. Nobody knows what would have been spent without it.

use crate::{
    measure::{
        exclusion::Exclusions,
        slot::Sums,
        slots::Slots,
        window::{Extent, NoExtent, Window},
    },
    promise::{budget::Budget, cost::Costing, slo::Slo},
    time::{Minute, Span},
};

/// What a time cost one window of an objective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// The window.
    pub window: Window,
    /// Which share of a whole budget was spent, in parts per billion, rounded up; above 10^9 where more than one budget
    /// was. Nothing where not a minute was seen: then nothing is known.
    pub share_ppb: Option<i64>,
    /// What was seen in that time, without excluded minutes.
    pub sums: Sums,
}

/// The minutes in which an exception was in force, given in milliseconds since 1970: from the one in which it began to
/// the one in which it ended, as far as they were over at `end`.
pub fn span(from_ms: i64, to_ms: i64, end: Minute) -> Span {
    const MINUTE_MS: i64 = 60_000;
    let begun = to_ms.rem_euclid(MINUTE_MS) > 0;
    let to = Minute(to_ms.div_euclid(MINUTE_MS) + i64::from(begun));
    Span::new(Minute(from_ms.div_euclid(MINUTE_MS)), to.min(end))
}

/// What a time cost each window of an objective, when every minute before `end` is complete. The budget is that of the
/// window as it stood when the time ended. Where the time is longer than the window, and where a period of the
/// calendar ended in it, it is cut into pieces no longer than that, each with its own budget, and these are summed.
///
/// # Errors
/// [`NoExtent`], where a calendar window has no place at that time.
pub fn costs(
    slots: &impl Slots,
    exclusions: &Exclusions,
    slo: &Slo,
    span: Span,
    end: Minute,
) -> Result<Vec<Cost>, NoExtent> {
    let costing = Costing { budgeting: slo.budgeting, no_data: slo.no_data };
    let sums = exclusions.sums(slots, span);
    let is_unseen = sums.known() == 0 && sums.total() == 0;
    let cost = |window: &Window| {
        let mut share_ppb = 0_i64;
        for (piece, extent) in pieces(window, costing, span, end)? {
            let budget = Budget::over(slots, exclusions, slo.target, costing, extent);
            share_ppb = share_ppb.saturating_add(budget.part_ppb(slots, exclusions, piece));
        }
        Ok(Cost { window: window.clone(), share_ppb: (!is_unseen).then_some(share_ppb), sums })
    };
    slo.windows.iter().map(cost).collect()
}

/// The earliest minute that [`costs`] looks at.
///
/// # Errors
/// As [`costs`].
pub fn reach(slo: &Slo, span: Span, end: Minute) -> Result<Minute, NoExtent> {
    let costing = Costing { budgeting: slo.budgeting, no_data: slo.no_data };
    let mut from = span.from;
    for window in &slo.windows {
        let pieces = pieces(window, costing, span, end)?;
        from = pieces.iter().map(|(_, extent)| extent.span.from).fold(from, Minute::min);
    }
    Ok(from)
}

/// A time in pieces, each with the window that its budget is of. Where slices count, a window ends with the slice that
/// the piece ends in, as far as that is complete.
fn pieces(
    window: &Window,
    costing: Costing,
    span: Span,
    end: Minute,
) -> Result<Vec<(Span, Extent)>, NoExtent> {
    let slice = costing.slice_minutes().unwrap_or(1);
    let mut pieces = Vec::new();
    let mut from = span.from;
    while from < span.to {
        let (to, extent) = match (window, window.period(from)?) {
            (Window::Rolling { minutes }, _) => {
                let to = span.to.min(from.plus(i64::from(*minutes)));
                (to, window.at(to.ceil(slice).min(end.floor(slice)))?)
            }
            (Window::Calendar { .. }, None) => return Err(NoExtent::EmptyPeriod),
            (Window::Calendar { .. }, Some(period)) => {
                let to = span.to.min(period.to);
                let whole = (to.0 - period.from.0 + slice - 1) / slice * slice;
                let known = (end.0 - period.from.0) / slice * slice;
                let last = period.from.plus(whole.min(known));
                let last = if end >= period.to { last.min(period.to) } else { last };
                let span = Span::new(period.from, last);
                (to, Extent { span, whole_minutes: period.minutes() })
            }
        };
        pieces.push((Span::new(from, to), extent));
        from = to;
    }
    Ok(pieces)
}
