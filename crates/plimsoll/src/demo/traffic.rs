//! Traffic: how many requests each minute brings, and how many of them go wrong.

use plimsoll_core::{
    measure::slot::Slot,
    time::{DAY, HOUR, Minute, Span},
};

use super::{
    company::{EXCEPTED, LAUNCHED, Objective, SATURATED, Service, Shape, UNSEEN},
    plot::{Plot, is_weekend},
};
use crate::example::dice::Dice;

/// Requests by hour of the day, in units of which the mean is [`UNITS`].
const SHOP: [u64; 24] =
    [4, 3, 2, 2, 2, 3, 6, 10, 14, 17, 19, 20, 21, 20, 19, 19, 20, 22, 25, 27, 26, 21, 14, 8];
const OFFICE: [u64; 24] =
    [0, 0, 0, 0, 0, 0, 2, 14, 32, 40, 44, 40, 20, 36, 42, 40, 26, 8, 0, 0, 0, 0, 0, 0];
const UNITS: u64 = 14;

const MILLION: u64 = 1_000_000;

/// So many times as many come as on other days, at the bad launch.
const SURGE: u64 = 6;

/// Something that makes requests fail for a while.
#[derive(Debug, Clone, Copy)]
struct Trouble {
    span: Span,
    /// Of a million requests so many fail.
    failing_ppm: u64,
    /// So many times as many requests come.
    surge: u64,
}

/// The requests of one SLI, minute by minute.
#[derive(Debug)]
pub(super) struct Traffic {
    service: &'static Service,
    dice: Dice,
    troubles: Vec<Trouble>,
    usual_ppm: u64,
    unseen: Option<Span>,
}

/// Mean of requests of a service in a minute, in thousandths: straight between full hours.
fn mean_milli(service: &Service, minute: Minute) -> u64 {
    let (day, of_day) = (minute.0.div_euclid(DAY), minute.0.rem_euclid(DAY));
    let (hour, past) = ((of_day / HOUR) as usize, (of_day % HOUR) as u64);
    let (shape, percent) = match (service.shape, is_weekend(day)) {
        (Shape::Shop, false) => (&SHOP, 94),
        (Shape::Shop, true) => (&SHOP, 118),
        (Shape::Office, false) => (&OFFICE, 140),
        (Shape::Office, true) => (&OFFICE, 0),
    };
    let units = shape[hour] * (60 - past) + shape[(hour + 1) % 24] * past;
    service.rate_milli * units * percent / (60 * 100 * UNITS)
}

impl Traffic {
    /// What an SLI of this service sees in the story of a seed.
    pub(super) fn of(
        plot: &Plot,
        seed: u64,
        service: &'static Service,
        objective: &Objective,
    ) -> Self {
        let name = service.sli(objective);
        let own = name.bytes().fold(seed, |sum, byte| {
            sum.wrapping_mul(0x0100_0000_01b3).wrapping_add(u64::from(byte))
        });
        let mut troubles = if objective.suffix == "availability" {
            troubles(plot, service, objective)
        } else {
            Vec::new()
        };
        troubles.sort_by_key(|trouble| trouble.span);
        Traffic {
            service,
            dice: Dice::new(own),
            troubles,
            usual_ppm: objective.allowed_ppm * objective.usual_percent,
            unseen: (service.team == UNSEEN).then_some(plot.outage),
        }
    }

    /// What was seen in the next minute; each is asked once, in order.
    pub(super) fn slot(&mut self, minute: Minute) -> Slot {
        let trouble = self.troubles.iter().find(|trouble| trouble.span.contains(minute));
        let surge = trouble.map_or(1, |trouble| trouble.surge);
        let requests = self.dice.count(mean_milli(self.service, minute) * surge);
        // The usual share is kept in hundredths of a millionth: a percentage of what is allowed.
        let of_all = trouble.map_or(self.usual_ppm, |trouble| trouble.failing_ppm * 100);
        let bad = (requests * of_all + self.dice.below(100 * MILLION)) / (100 * MILLION);
        if self.unseen.is_some_and(|unseen| unseen.contains(minute)) {
            return Slot::Missing;
        }
        let bad = bad.min(requests);
        Slot::measured(requests - bad, bad)
    }
}

/// What happens to a service, each with the share of requests that fail so that it costs what the story says.
fn troubles(plot: &Plot, service: &'static Service, objective: &Objective) -> Vec<Trouble> {
    let week: u64 = hours(Span::new(plot.begin, plot.begin.plus(7 * DAY)))
        .map(|hour| mean_milli(service, hour) * HOUR as u64)
        .sum();
    // Good and bad of a whole window, in thousandths.
    let window = week * objective.days as u64 / 7;
    let costing = |span: Span, percent: u64, surge: u64| {
        let there: u64 = span.iter().map(|minute| mean_milli(service, minute) * surge).sum();
        let bad = window / 1000 * objective.allowed_ppm / 1000 * percent / 100;
        let failing_ppm = (bad * MILLION / there.max(1)).min(MILLION);
        Trouble { span, failing_ppm, surge }
    };
    let mut troubles = Vec::new();
    for (_, percent) in SATURATED.iter().filter(|(name, _)| *name == service.name) {
        troubles.extend(plot.saturations.iter().map(|span| costing(*span, *percent, 1)));
    }
    if service.name == LAUNCHED {
        troubles.push(costing(plot.launch, 160, SURGE));
    }
    if service.name == EXCEPTED {
        troubles.push(costing(plot.covered, 45, 1));
    }
    if moved(service) {
        troubles.push(Trouble { span: plot.maintenance, failing_ppm: MILLION, surge: 1 });
    }
    let slips = plot.slips.iter().filter(|slip| slip.service == service.name);
    troubles.extend(slips.map(|slip| costing(slip.span, slip.percent, 1)));
    troubles
}

/// Whether a service does not answer while the database is moved: the database itself, and the orders.
pub(super) fn moved(service: &Service) -> bool {
    [super::company::DATABASE, EXCEPTED].contains(&service.name)
}

/// The beginning of each hour of a span.
fn hours(span: Span) -> impl Iterator<Item = Minute> {
    span.iter().step_by(HOUR as usize)
}
