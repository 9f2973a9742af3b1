//! Changes: what the teams bring into production on a day, forty times.

use std::collections::BTreeMap;

use plimsoll_core::{
    command::Command,
    deliver::change::{FinishWish, Outcome, StartWish},
    promise::{decision::Verdict, gate::Risk},
    time::{DAY, Minute, Span},
};

use super::{
    company::{SERVICES, Service},
    plot::is_weekend,
};
use crate::example::dice::Dice;

/// Changes that people plan for a working day, and for a day of the weekend: forty a day over a week.
const WORKDAY: (u64, u64) = (47, 56);
const WEEKEND: (u64, u64) = (12, 20);

/// A change that somebody wants to make.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) service: &'static Service,
    /// When its pipeline begins.
    pub(super) at_ms: i64,
    pub(super) kind: &'static str,
    pub(super) takes_ms: i64,
    pub(super) outcome: Outcome,
    pub(super) title: &'static str,
    /// When it is taken back, where it is.
    pub(super) reverted_ms: Option<i64>,
    /// What is put down to it afterwards, and when.
    pub(super) blamed: Option<(Span, i64)>,
    /// Whether it happens whatever the gate says.
    pub(super) is_certain: bool,
}

/// What becomes of a plan when the gate was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// It goes ahead.
    Ahead,
    /// It waits; something else is done that makes the service better.
    Instead,
    /// It waits.
    Waits,
}

const DEPLOYS: [&str; 14] = [
    "Show the day of delivery",
    "Sort teas by harvest",
    "Round totals as the invoice does",
    "Let gifts go to a second address",
    "Use the new price service",
    "Drop the old banner",
    "Say why a coupon does not apply",
    "Read addresses in one query",
    "Log how long the bank takes",
    "Update dependencies",
    "Cache the list of teas for a minute",
    "Translate the last page",
    "Show stock of the warehouse in Ghent",
    "Send less to the browser",
];
const CONFIGS: [&str; 4] =
    ["Keep sessions for a week", "Raise the timeout to 3 s", "Two more workers", "Log less"];
const FLAGS: [&str; 3] =
    ["Turn on for a tenth", "Turn on for everybody", "Turn off after the test"];
const MIGRATIONS: [&str; 2] = ["Add an index", "Drop a column nobody reads"];
const INFRAS: [&str; 2] = ["New base image", "Move to larger machines"];
const RELIABILITY: [&str; 4] = [
    "Retry with a pause",
    "Give up after two seconds",
    "Limit connections to the database",
    "Test what happens without the database",
];

/// The changes that people want to make on a day.
pub(super) fn plans(day: i64, dice: &mut Dice) -> Vec<Plan> {
    let (low, high) = if is_weekend(day) { WEEKEND } else { WORKDAY };
    let mut plans: Vec<Plan> = (0..dice.between(low, high)).map(|_| plan(day, dice)).collect();
    plans.sort_by_key(|plan| plan.at_ms);
    plans
}

fn plan(day: i64, dice: &mut Dice) -> Plan {
    let all: u64 = SERVICES.iter().map(|service| service.changes).sum();
    let mut number = dice.below(all);
    let chosen = SERVICES.iter().find(|service| {
        let is_it = number < service.changes;
        number = number.saturating_sub(service.changes);
        is_it
    });
    let service = chosen.unwrap_or(&SERVICES[0]);
    // From seven to half past five, most of them around noon.
    let second = 7 * 3600 + dice.below(19_000) + dice.below(19_000);
    let (kind, titles): (_, &[&'static str]) = match dice.below(100) {
        0..80 => ("deploy", &DEPLOYS),
        80..88 => ("config", &CONFIGS),
        88..95 => ("flag", &FLAGS),
        95..98 => ("migration", &MIGRATIONS),
        _ => ("infra", &INFRAS),
    };
    let outcome = match dice.below(200) {
        0..5 => Outcome::Failed,
        5..6 => Outcome::Cancelled,
        _ => Outcome::Succeeded,
    };
    let at_ms = (Minute(day * DAY).second() + second as i64) * 1000 + dice.below(1000) as i64;
    let takes_ms = dice.between(70_000, 560_000) as i64;
    let is_reverted = kind == "deploy" && dice.below(100) < 2;
    Plan {
        service,
        at_ms,
        kind,
        takes_ms,
        outcome,
        title: titles[dice.below(titles.len() as u64) as usize],
        reverted_ms: is_reverted.then_some(at_ms + takes_ms + 1_300_000),
        blamed: None,
        is_certain: false,
    }
}

/// A change after which its service fails for a span, until it is taken back.
pub(super) fn breaking(
    service: &'static Service,
    kind: &'static str,
    title: &'static str,
    span: Span,
    blamed_after: Option<i64>,
) -> Plan {
    let ms = |minute: Minute| minute.second() * 1000;
    Plan {
        service,
        at_ms: ms(span.from) - 95_000,
        kind,
        takes_ms: 95_000,
        outcome: Outcome::Succeeded,
        title,
        reverted_ms: Some(ms(span.to) - 70_000),
        blamed: blamed_after.map(|minutes| (span, ms(span.to.plus(minutes)))),
        is_certain: true,
    }
}

/// What becomes of a plan by what was decided about its service. Most pipelines obey; a few people know a way around.
pub(super) fn course(verdict: Option<Verdict>, dice: &mut Dice) -> Course {
    let stands = verdict == Some(Verdict::Stabilise);
    match (stands, dice.below(100)) {
        (true, 0..66) => Course::Waits,
        (true, 66..92) => Course::Instead,
        _ => Course::Ahead,
    }
}

impl Plan {
    /// Work that the policy lets pass always, in place of this.
    pub(super) fn instead(mut self, dice: &mut Dice) -> Self {
        self.kind = "reliability";
        self.title = RELIABILITY[dice.below(RELIABILITY.len() as u64) as usize];
        self.reverted_ms = None;
        self
    }

    /// The change that takes this one back.
    pub(super) fn revert(&self, at_ms: i64) -> Self {
        Plan {
            at_ms,
            kind: "revert",
            takes_ms: 65_000,
            outcome: Outcome::Succeeded,
            title: "Take it back",
            reverted_ms: None,
            blamed: None,
            is_certain: true,
            ..self.clone()
        }
    }

    /// That it started, under this name.
    pub(super) fn start(&self, id: &str, reverts: Option<&str>) -> Command {
        Command::StartChange(StartWish {
            id: Some(id.to_owned()),
            service: self.service.name.to_owned(),
            kind: self.kind.to_owned(),
            risk: match self.kind {
                "migration" | "infra" => Risk::High,
                "config" | "flag" | "revert" => Risk::Low,
                _ => Risk::Normal,
            },
            title: Some(self.title.to_owned()),
            url: None,
            started_ms: Some(self.at_ms),
            reverts: reverts.map(str::to_owned),
            doubt: None,
        })
    }

    /// That it finished.
    pub(super) fn finish(&self, id: &str) -> Command {
        Command::FinishChange(FinishWish {
            id: id.to_owned(),
            finished_ms: Some(self.ends_ms()),
            outcome: Some(self.outcome),
        })
    }

    /// When it is finished.
    pub(super) fn ends_ms(&self) -> i64 {
        self.at_ms + self.takes_ms
    }
}

/// The names of changes: versions of each service that grow, numbers of everything else.
#[derive(Debug, Default)]
pub(super) struct Names {
    versions: BTreeMap<&'static str, (u32, u32)>,
    others: u32,
}

impl Names {
    /// The name of the next change of a kind.
    pub(super) fn next(&mut self, service: &Service, kind: &str) -> String {
        let name = service.name;
        let (major, minor) = service.version;
        let (minor, patch) = self.versions.entry(name).or_insert((minor, 0));
        match kind {
            "deploy" | "reliability" => {
                (*minor, *patch) = (*minor + 1, 0);
                format!("{name}-{major}.{minor}.0")
            }
            "revert" | "p0-fix" => {
                *patch += 1;
                format!("{name}-{major}.{minor}.{patch}")
            }
            _ => {
                self.others += 1;
                format!("{name}-{kind}-{}", 2_000 + self.others)
            }
        }
    }
}
