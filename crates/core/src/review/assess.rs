//! The assessment: what a log says of its services, and what that would mean.

mod objective;

use std::{cmp::Reverse, fmt};

pub use objective::{Kept, NamedOutage, Objective, Origin};

use crate::{
    limits::WINDOW_MINUTES_MAX,
    measure::{
        gap::Gap,
        ledger::{Batch, Ledger},
        set_aside::{self, SetAside},
        silence::{self, Silence},
        sli::Sli,
        slot::Slot,
        tally::{Cell, Series},
        window::{NoExtent, Window},
    },
    promise::{
        decision::{Decision, Reading, Reason, Verdict, decide},
        policy::Policy,
        slo::Slo,
        standing::Standing,
    },
    ratio::{BILLION, grouped, share_ppb},
    spec::name::Labels,
    time::{DAY, HOUR, Minute, Span, utc},
};

/// Windows to choose from, longest first, in minutes. The standard ones of the trade, then what a short log can fill.
const WINDOWS: [i64; 9] =
    [30 * DAY, 28 * DAY, 14 * DAY, 7 * DAY, 3 * DAY, DAY, 12 * HOUR, 6 * HOUR, HOUR];

/// A window is chosen when the log fills at least so many percent of it: a month's log may lack its last minutes.
const FILLED_PERCENT: i64 = 95;

/// What to assess.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The services and their minutes.
    pub services: &'a [Service<'a>],
    /// The latency ladder that the cells count by, in microseconds, ascending.
    pub thresholds_us: &'a [u64],
    /// From the first minute of the input to its last.
    pub extent: Span,
    /// Silent runs that are missing data. Every other silent minute is *no traffic*.
    pub missing: &'a [Span],
    /// The requests of each minute over all services, ascending, minutes without any left out.
    pub activity: &'a [(Minute, u64)],
    /// When silence is no accident.
    pub gap: Gap,
    /// The window to propose for; `None` lets the input choose.
    pub window: Option<&'a Window>,
    /// Objectives to hold the services against instead of proposing.
    pub given: &'a [Given],
    /// How to decide.
    pub policy: &'a Policy,
}

/// One service of the input.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its minutes.
    pub series: &'a Series,
}

/// An objective from a document, for one service of the input.
#[derive(Debug, Clone)]
pub struct Given {
    /// The objective; `slo.service` is the name of a service of the input.
    pub slo: Slo,
    /// What it counts.
    pub sli: Sli,
    /// Where it stands, for the reason: `slo.yaml:3`.
    pub place: String,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// Services, the heaviest verdict first, then those with the least left of a budget.
    pub services: Vec<ServiceFigures>,
    /// The outages of all services, by the share of their budget.
    pub worst: Vec<NamedOutage>,
}

/// What was found of one service.
#[derive(Debug, Clone)]
pub struct ServiceFigures {
    /// Its name.
    pub name: String,
    /// Requests that count, good and bad.
    pub requests: u64,
    /// Every SLI that the input answers: availability, then latency by threshold.
    pub slis: Vec<SliFigures>,
    /// Objectives that are proposed or were given, those the decision rests on first.
    pub objectives: Vec<Objective>,
    /// Where it was silent and should not have been, while the log went on.
    pub silent: Vec<Silence>,
    /// Requests that do not count.
    pub excluded: u64,
    /// Where most of the requests did not count.
    pub set_aside: Vec<SetAside>,
    /// What the policy says.
    pub decision: Decision,
}

impl ServiceFigures {
    /// What is left of the budget that decides and has the least left, in parts per billion; all of it where there
    /// is none.
    fn least_left_ppb(&self) -> i64 {
        self.tightest().map_or(BILLION as i64, Objective::least_left_ppb)
    }

    /// The objective that decides and has the least left of its budget.
    pub fn tightest(&self) -> Option<&Objective> {
        let deciding = self.objectives.iter().filter(|objective| objective.decides());
        deciding.min_by_key(|objective| objective.least_left_ppb())
    }
}

/// The figures of an SLI over the whole input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SliFigures {
    /// Which.
    pub sli: Sli,
    /// Good events.
    pub good: u64,
    /// Bad events.
    pub bad: u64,
    /// Share of the input's minutes that are not missing, in parts per billion, rounded down.
    pub coverage_ppb: u64,
}

impl SliFigures {
    /// All events.
    pub fn total(&self) -> u64 {
        self.good + self.bad
    }

    /// The share of good events in parts per billion, rounded down; `None` without events.
    pub fn ratio_ppb(&self) -> Option<u64> {
        share_ppb(self.good, self.total())
    }
}

/// Why an assessment cannot be made. Each names the objective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswerable {
    /// The objective's window has no place at the end of the input.
    Window {
        /// The objective's name and place.
        slo: String,
        /// Why not.
        why: NoExtent,
    },
    /// The objective's latency threshold was not counted.
    Threshold {
        /// The objective's name and place.
        slo: String,
    },
}

impl fmt::Display for Unanswerable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unanswerable::Window { slo, why } => write!(f, "{slo}: {why}"),
            Unanswerable::Threshold { slo } => {
                write!(f, "{slo}: requests were not counted at its latency threshold")
            }
        }
    }
}

/// Assesses every service. Without given objectives it proposes them.
///
/// # Errors
/// [`Unanswerable`], for given objectives only.
pub fn assess(question: &Question<'_>) -> Result<Assessment, Unanswerable> {
    let mut services = Vec::new();
    let mut worst = Vec::new();
    let mut names = Labels::default();
    for service in question.services {
        let (figures, mut outages) = assess_service(question, service, &mut names)?;
        services.push(figures);
        worst.append(&mut outages);
    }
    services.sort_by_key(|service: &ServiceFigures| {
        (
            Reverse(service.decision.verdict),
            service.least_left_ppb(),
            Reverse(service.requests),
            service.name.clone(),
        )
    });
    worst.sort_by(|a, b| b.share_ppb.cmp(&a.share_ppb).then_with(|| a.key().cmp(&b.key())));
    Ok(Assessment { services, worst })
}

fn assess_service(
    question: &Question<'_>,
    service: &Service<'_>,
    names: &mut Labels,
) -> Result<(ServiceFigures, Vec<NamedOutage>), Unanswerable> {
    let all = service.series.total();
    let slis = figures(question, &all);
    let (objectives, ledgers) = if question.given.is_empty() {
        objective::propose(question, service, names)
    } else {
        objective::hold(question, service)?
    };
    let mut readings = Vec::new();
    let mut further = Vec::new();
    let mut outages = Vec::new();
    for (objective, ledger) in
        objectives.iter().zip(&ledgers).filter(|(objective, _)| objective.decides())
    {
        let of = Reading::of(
            &objective.slo,
            question.policy,
            ledger,
            &objective::NO_EXCLUSIONS,
            question.extent.to,
        );
        let of = of.map_err(|why| Unanswerable::Window { slo: objective.slo.name.clone(), why })?;
        further.extend(objective.kept_nothing(fresh(question, &of).verdict));
        readings.extend(of);
        outages.extend(objective.outages(ledger, question));
    }
    let requests = slis.first().map_or(0, SliFigures::total);
    if objectives.is_empty() && question.given.is_empty() {
        further.extend(objective::nothing_proposed(question, service));
    }
    let (input, missing) = (question.activity, question.missing);
    let silent = silence::of(service.series, input, missing, question.extent, question.gap);
    let set_aside = if all.excluded > 0 { set_aside::of(service.series) } else { Vec::new() };
    further.extend(silent.last().and_then(|silence| unknown_since(silence, question.extent)));
    let windows = readings.iter().map(|reading| reading.budget.extent.span);
    further.extend(windows.min().and_then(|window| doubtful(&set_aside, window)));
    let decision = further.into_iter().fold(fresh(question, &readings), Decision::with);
    Ok((
        ServiceFigures {
            name: service.name.to_owned(),
            requests,
            slis,
            objectives,
            silent,
            excluded: all.excluded,
            set_aside,
            decision,
        },
        outages,
    ))
}

/// What is decided where nothing was decided before.
fn fresh(question: &Question<'_>, readings: &[Reading]) -> Decision {
    decide(question.policy, readings, &Standing::default(), question.extent.to)
}

/// A service that has fallen silent is unknown, however well it did before.
fn unknown_since(silence: &Silence, extent: Span) -> Option<Reason> {
    (silence.span.to == extent.to).then(|| Reason {
        verdict: Verdict::Unknown,
        text: format!(
            "silent since {}, where the same minutes of other days predict {} requests",
            utc(silence.span.from),
            grouped(silence.expected.into())
        ),
    })
}

/// While most requests do not count, a service may be failing unseen.
fn doubtful(set_aside: &[SetAside], window: Span) -> Option<Reason> {
    let inside = set_aside.iter().filter(|run| !run.span.intersection(window).is_empty());
    let largest = inside.max_by_key(|run| run.excluded)?;
    Some(Reason {
        verdict: Verdict::Caution,
        text: format!(
            "{} of {} requests from {} to {} were excluded, so nothing says that they were served",
            grouped(largest.excluded.into()),
            grouped(largest.requests.into()),
            utc(largest.span.from),
            utc(largest.span.to)
        ),
    })
}

/// The minutes of an input from its first second to its last, and those of them that windows can look back at.
pub fn extents(first_s: i64, last_s: i64) -> (Span, Span) {
    let end = Minute::of_second(last_s).plus(1);
    let whole = Span::new(Minute::of_second(first_s), end);
    let furthest = end.plus(-i64::from(WINDOW_MINUTES_MAX));
    (whole, Span::new(whole.from.max(furthest), end))
}

/// The window to propose for: the longest standard one that the input fills, at least an hour.
pub fn window_for(extent: Span) -> Window {
    let filled = |&&minutes: &&i64| extent.minutes() * 100 >= minutes * FILLED_PERCENT;
    let minutes = WINDOWS.iter().find(filled).copied().unwrap_or(HOUR);
    Window::Rolling { minutes: minutes as u32 }
}

/// Availability, and latency at every threshold where there are times.
fn figures(question: &Question<'_>, all: &Cell) -> Vec<SliFigures> {
    let lost: i64 =
        question.missing.iter().map(|span| span.intersection(question.extent).minutes()).sum();
    let minutes = question.extent.minutes();
    let coverage_ppb = share_ppb((minutes - lost) as u64, minutes as u64).unwrap_or(0);
    let availability =
        SliFigures { sli: Sli::Availability, good: all.good, bad: all.bad, coverage_ppb };
    let latency = question.thresholds_us.iter().enumerate().map(|(at, &at_most_us)| SliFigures {
        sli: Sli::Latency { at_most_us },
        good: all.within[at],
        bad: all.timed - all.within[at],
        coverage_ppb,
    });
    std::iter::once(availability).chain(latency.filter(|_| all.timed > 0)).collect()
}

/// The ledger of one SLI of one service: every minute of the input has a slot.
pub fn ledger(question: &Question<'_>, series: &Series, sli: Sli) -> Option<Ledger> {
    let at = match sli {
        Sli::Availability => None,
        Sli::Latency { at_most_us } => {
            Some(question.thresholds_us.iter().position(|&us| us == at_most_us)?)
        }
    };
    let slot = |cell: &Cell| match at {
        None => Slot::measured(cell.good, cell.bad),
        Some(at) => Slot::measured(cell.within[at], cell.timed - cell.within[at]),
    };
    let mut slots: Vec<(Minute, Slot)> =
        question.extent.iter().map(|minute| (minute, Slot::NoTraffic)).collect();
    let first = question.extent.from;
    for span in question.missing {
        for minute in span.intersection(question.extent).iter() {
            slots[(minute.0 - first.0) as usize].1 = Slot::Missing;
        }
    }
    series.visit(|minute, cell| {
        if question.extent.contains(minute) {
            slots[(minute.0 - first.0) as usize].1 = slot(cell);
        }
    });
    let mut ledger = Ledger::expecting([SOURCE]);
    ledger.replace(Batch { source: SOURCE, generation: 1, slots: &slots }).ok()?;
    Some(ledger)
}

/// The one source of an assessment's slots.
const SOURCE: &str = "input";

#[cfg(test)]
mod tests;
