//! The story: ninety days of the company, told to the journal and the slot store by the code of the server.
//!
//! Everything lies on an agenda and is done in the order of its time: people act, pipelines ask and record, counters
//! send each past day, and decisions are made from the minutes that were over then. So the journal reads as if the
//! server had been running all the time.
//!
//! A server decides each minute. Here it is each minute while something happens, right after it, and when it leaves a
//! window or a lookback; else each half hour. A turn that falls between, such as one that a slow trickle of failures
//! brings, is recorded up to half an hour later than a server would have done it. Turns and their numbers are those
//! that the rules make from the minutes at that time.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use plimsoll_core::{
    command::{Actor, Command},
    marks::{Interval, Subject, attribution},
    measure::{push, slot::Slot, slots::Slots as _},
    people::token::Scope,
    promise::{agreement, decision::Reading, exception::Status},
    time::{DAY, Minute, Span},
};
use plimsoll_server::{
    desk::POLICY_RULE,
    measure::{
        decisions::{self, Decisions, Rules},
        figures::{self, Objective},
        keeper::GRACE_MS,
        keeping::{Keeping, Order, OrderedBatch},
        look::Minutes,
    },
};
use plimsoll_store::{
    folder::Folder,
    slots::{SlotFile, SlotStore as _},
};

use super::{
    changes::{self, Course, Names, Plan},
    clerk::{Clerk, person},
    company::{ENGINEERING, SERVICES, TEAMS},
    deeds::{self, DECLARED, Deed, Due, STARTED},
    hour::Hour,
    lines::{Edge, pattern},
    plot::{DAYS, Plot},
    traffic::Traffic,
};
use crate::{example::dice::Dice, failure::Failure};

/// The labels of tokens.
const OWN: &str = "command line";
const PIPELINE: &str = "pipeline";

/// How far apart decisions are while nothing happens, in minutes.
const CALM_MINUTES: i64 = 30;

/// What was told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) plot: Plot,
    /// Who goes on writing the log.
    pub(super) edge: Edge,
    /// What goes on being pushed, by SLI.
    pub(super) pushed: BTreeMap<String, Traffic>,
    /// How many changes started.
    pub(super) changes: usize,
    /// How many minutes were kept, over all SLIs.
    pub(super) minutes: usize,
}

/// What is to be done at a time.
enum Item {
    Deed(Due),
    Plan(Plan),
    Finish(Actor, Command),
    /// A change is taken back, under the name it had.
    Revert(Plan, String),
    Decide(Minute),
    /// What was counted of a day is sent.
    Push(Span),
    /// A minute is over that came from the log.
    Logged(Minute),
}

/// The story while it is told.
pub(super) struct Story {
    pub(super) plot: Plot,
    pub(super) clerk: Clerk,
    pub(super) keeping: Keeping<SlotFile>,
    agenda: BTreeMap<(i64, usize), Item>,
    dice: Dice,
    names: Names,
    /// What was counted before there were logs, by SLI.
    counted: BTreeMap<String, Minutes>,
    traffic: BTreeMap<String, Traffic>,
    /// The state that these are of.
    measures: Option<u64>,
    objectives: Vec<Objective>,
    rules: Rules,
    decisions: Decisions,
    changes: usize,
    minutes: usize,
}

/// Tells the story of a seed up to a minute, to an empty data folder and a folder of logs.
///
/// Nothing where it is told to end before.
///
/// # Errors
/// When a folder cannot be written to; or when the story breaks a rule, which is a fault of the story.
pub(super) fn tell(
    data: &Path,
    logs: &Path,
    seed: u64,
    end: Minute,
    is_told: &AtomicBool,
) -> Result<Option<Told>, Failure> {
    let folder = Folder::lock(data).map_err(|error| Failure::locked(&error))?;
    let plot = Plot::of(seed, end);
    let slots = SlotFile::open(&folder.slots()).map_err(|error| Failure::stored(&error))?;
    // Nobody looks at windows before the last hour: what was counted is at hand.
    let keeping = Keeping::open(slots, plot.logs_from, Vec::new());
    let clerk = Clerk::open(&folder.journal(), seed)?;
    let (counted, traffic) = count(&plot, seed);
    let mut story = Story {
        keeping: keeping.map_err(|error| Failure::stored(&error))?,
        clerk,
        agenda: BTreeMap::new(),
        dice: Dice::new(seed ^ 0x57_0217),
        names: Names::default(),
        counted,
        traffic,
        measures: None,
        objectives: Vec::new(),
        rules: Rules::default(),
        decisions: Decisions::default(),
        changes: 0,
        minutes: 0,
        plot,
    };
    story.found()?;
    story.plan(&deeds::all(&story.plot.clone(), &pattern(logs)));
    let edge = Edge::open(logs, &story.plot, seed).map_err(|error| cannot_log(logs, &error))?;
    let mut hour = Hour::of(edge, logs.to_owned());
    while let Some(((at_ms, _), item)) = story.agenda.pop_first() {
        if is_told.load(Ordering::Acquire) {
            return Ok(None);
        }
        story.turn(at_ms, item, &mut hour)?;
    }
    let Story { plot, clerk, keeping, traffic, changes, minutes, .. } = story;
    clerk.close()?;
    keeping.into_store().close().map_err(|error| Failure::stored(&error))?;
    let is_pushed = |name: &String| {
        SERVICES.iter().any(|service| {
            !service.is_logged() && service.objectives.iter().any(|one| service.sli(one) == *name)
        })
    };
    let pushed = traffic.into_iter().filter(|(name, _)| is_pushed(name)).collect();
    Ok(Some(Told { plot, edge: hour.into_edge(), pushed, changes, minutes }))
}

/// That the log cannot be written.
pub(super) fn cannot_log(logs: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write the log in {}: {error}", logs.display()))
}

/// Counts everything that is pushed.
fn count(plot: &Plot, seed: u64) -> (BTreeMap<String, Minutes>, BTreeMap<String, Traffic>) {
    let (mut counted, mut traffic) = (BTreeMap::new(), BTreeMap::new());
    for service in &SERVICES {
        for objective in service.objectives {
            let mut of_it = Traffic::of(plot, seed, service, objective);
            let slots = plot.pushed().iter().map(|minute| of_it.slot(minute)).collect();
            counted.insert(service.sli(objective), Minutes::of(plot.begin, slots));
            traffic.insert(service.sli(objective), of_it);
        }
    }
    (counted, traffic)
}

/// The time of a minute as the journal has it.
fn ms(minute: Minute) -> i64 {
    minute.second() * 1000
}

impl Story {
    /// The first start: people, and the tokens by which they and their pipelines act.
    fn found(&mut self) -> Result<(), Failure> {
        let at_ms = ms(self.plot.begin.plus(STARTED)) + 12_407;
        let rule = Actor::Rule("first start".into());
        self.clerk.ask(at_ms, rule, Command::AddPerson(ENGINEERING.to_owned()));
        let owner = Actor::Owner { person: person(ENGINEERING)? };
        for (number, other) in (1..).zip(deeds::others()) {
            let at_ms = at_ms + number * 21_300;
            self.clerk.ask(at_ms, owner.clone(), Command::AddPerson(other.to_owned()));
            self.clerk.issue(at_ms + 4_000, owner.clone(), other, OWN, Scope::Write)?;
        }
        for (number, (team, lead, _)) in (1..).zip(TEAMS) {
            let at_ms = at_ms + 400_000 + number * 17_000;
            let label = format!("{PIPELINE} of {team}");
            self.clerk.issue(at_ms, owner.clone(), lead, &label, Scope::Change)?;
        }
        self.clerk.write().map(drop)
    }

    /// Puts everything on the agenda.
    fn plan(&mut self, deeds: &[Due]) {
        let plot = self.plot.clone();
        for due in deeds {
            self.at(due.at_ms, Item::Deed(due.clone()));
        }
        for plan in deeds::breaking_changes(&plot, &mut self.dice) {
            self.at(plan.at_ms, Item::Plan(plan));
        }
        let today = plot.end.0.div_euclid(DAY);
        for day in today - DAYS..=today {
            let whole = Span::new(Minute(day * DAY), Minute((day + 1) * DAY));
            let pushed = whole.intersection(plot.pushed());
            if !pushed.is_empty() {
                self.at(ms(pushed.to) + GRACE_MS - 1, Item::Push(pushed));
            }
            for plan in changes::plans(day, &mut self.dice) {
                self.at(plan.at_ms, Item::Plan(plan));
            }
        }
        for minute in moments(&plot) {
            self.at(ms(minute) + GRACE_MS, Item::Decide(minute));
        }
        for minute in Span::new(plot.logs_from, plot.end).iter() {
            self.at(ms(minute.plus(1)) + GRACE_MS, Item::Logged(minute));
        }
    }

    /// Puts something on the agenda: what would be after the end of the story does not happen, and what would be before
    /// there are services neither.
    fn at(&mut self, at_ms: i64, item: Item) {
        let from_ms = ms(self.plot.begin.plus(DECLARED));
        let to_ms = ms(self.plot.end) + GRACE_MS;
        if (from_ms..=to_ms).contains(&at_ms) {
            let number = self.agenda.len();
            let key = (0..).map(|more| (at_ms, number + more));
            let free = key.into_iter().find(|key| !self.agenda.contains_key(key));
            self.agenda.extend(free.map(|key| (key, item)));
        }
    }

    fn turn(&mut self, at_ms: i64, item: Item, hour: &mut Hour) -> Result<(), Failure> {
        match item {
            Item::Deed(due) => self.deed(&due),
            Item::Plan(plan) => self.change(plan),
            Item::Finish(actor, command) => {
                self.clerk.ask(at_ms, actor, command);
                Ok(())
            }
            Item::Revert(plan, of) => self.start(&plan, Some(&of)).map(drop),
            Item::Decide(end) => self.decide(end),
            Item::Push(span) => self.push(span),
            Item::Logged(minute) => hour.minute(self, minute),
        }
    }

    /// A person acts.
    fn deed(&mut self, Due { at_ms, who, deed }: &Due) -> Result<(), Failure> {
        let actor = if *who == ENGINEERING {
            Actor::Owner { person: person(who)? }
        } else {
            self.clerk.actor(who, OWN)?
        };
        if !matches!(deed, Deed::Ask(_)) {
            // What they see is what was written so far.
            self.clerk.write()?;
        }
        if let Some(command) = self.command(deed, *at_ms) {
            let is_only_told = matches!(command, Command::Attribute(_) | Command::AskException(_));
            self.clerk.ask(*at_ms, actor, command);
            if !is_only_told {
                self.clerk.write()?;
            }
        }
        Ok(())
    }

    /// What a deed asks for, by what is so then.
    fn command(&self, deed: &Deed, at_ms: i64) -> Option<Command> {
        let state = self.clerk.state();
        match deed {
            Deed::Ask(command) => Some(command.clone()),
            Deed::Sign(of, role) => {
                let version = state.versions.get(of)?.last()?.number;
                Some(Command::Agree(agreement::Wish { of: of.clone(), version, role: *role }))
            }
            Deed::Answer(service, reason) => {
                let mut waiting = state.exceptions.of_service(service);
                let found = waiting.find(|one| one.status(at_ms) == Status::Waiting)?;
                let id = found.asked.exception.0.to_string();
                Some(match reason {
                    None => Command::ApproveException(id),
                    Some(reason) => {
                        Command::RejectException { id, reason: Some((*reason).to_owned()) }
                    }
                })
            }
            Deed::PayBack(service, note) => {
                let mut over = state.exceptions.of_service(service);
                let found = over.find(|one| one.approved.is_some())?;
                let id = found.asked.exception.0.to_string();
                Some(Command::PayException { id, note: (*note).to_owned() })
            }
        }
    }

    /// A pipeline asks the gate, and goes ahead or not.
    fn change(&mut self, plan: Plan) -> Result<(), Failure> {
        let course = if plan.is_certain {
            Course::Ahead
        } else {
            let (name, kind) = (plan.service.name, Some(plan.kind));
            let state = self.clerk.state();
            let is_covered = state.covering(name, None, kind, plan.at_ms).is_some();
            let verdict = state.decisions.get(name).map(|record| record.last.verdict);
            drop(state);
            changes::course(verdict.filter(|_| !is_covered), &mut self.dice)
        };
        match course {
            Course::Ahead => self.start(&plan, None),
            Course::Instead => {
                let instead = plan.instead(&mut self.dice);
                self.start(&instead, None)
            }
            Course::Waits => Ok(()),
        }
    }

    fn start(&mut self, plan: &Plan, reverts: Option<&str>) -> Result<(), Failure> {
        let service = plan.service;
        let label = format!("{PIPELINE} of {}", service.team);
        let actor = self.clerk.actor(service.lead(), &label)?;
        let id = self.names.next(service, plan.kind);
        self.clerk.ask(plan.at_ms, actor.clone(), plan.start(&id, reverts));
        self.changes += 1;
        self.at(plan.ends_ms(), Item::Finish(actor, plan.finish(&id)));
        if let Some((span, at_ms)) = plan.blamed {
            let wish = attribution::Wish {
                interval: Interval::new(Subject::Service(service.name.into()), span.from, span.to),
                kind: "change".to_owned(),
                name: id.clone(),
                reason: Some("It began with this, and ended when it was taken back".to_owned()),
            };
            let deed = Deed::Ask(Command::Attribute(wish));
            self.at(at_ms, Item::Deed(Due { at_ms, who: service.on_call(), deed }));
        }
        if let Some(at_ms) = plan.reverted_ms {
            self.at(at_ms, Item::Revert(plan.revert(at_ms), id));
        }
        Ok(())
    }

    /// The counters send what they counted in a day that is over.
    fn push(&mut self, span: Span) -> Result<(), Failure> {
        let batches = self.counted.iter().map(|(sli, counted)| {
            let seen = counted.slots(span).filter(|(_, slot)| *slot != Slot::Missing);
            (sli.clone(), seen.collect::<Vec<_>>())
        });
        let batches: Vec<_> = batches.collect();
        self.clerk.write()?;
        let order = self.ordered(span.to, &batches)?;
        self.keep(&[order])
    }

    /// What was pushed, as the server orders it: where it belongs, and whether it may come, is asked first.
    pub(super) fn ordered(
        &self,
        now: Minute,
        pushed: &[(String, Vec<(Minute, Slot)>)],
    ) -> Result<Order, Failure> {
        let kept = self.keeping.kept(now);
        let state = self.clerk.state();
        let mut order = Order::default();
        for (sli, slots) in pushed {
            let place = push::place(&state, sli, None, slots, kept).map_err(Failure::usage)?;
            let (source, sli, generation) = (place.source, place.sli, 1);
            order.batches.push(OrderedBatch { source, sli, generation, slots: slots.clone() });
        }
        Ok(order)
    }

    /// Keeps orders.
    pub(super) fn keep(&mut self, orders: &[Order]) -> Result<(), Failure> {
        self.minutes += orders.iter().map(Order::slots).sum::<usize>();
        let kept = self.keeping.write(orders);
        kept.into_iter().try_for_each(|kept| kept.map(drop).map_err(Failure::usage))
    }

    /// What is counted of the SLIs that are in no log.
    pub(super) fn unlogged(&mut self, minute: Minute) -> Vec<(String, Vec<(Minute, Slot)>)> {
        let unlogged = SERVICES.iter().filter(|service| !service.is_logged());
        let names = unlogged.flat_map(|one| one.objectives.iter().map(|slo| one.sli(slo)));
        let traffic = &mut self.traffic;
        let slots = names.filter_map(|name| {
            let slot = traffic.get_mut(&name)?.slot(minute);
            Some((name, vec![(minute, slot)]))
        });
        slots.collect()
    }

    /// Follows what is declared; whether that is other than before.
    pub(super) fn follow_catalog(&mut self) -> bool {
        let measures = self.clerk.measures();
        if self.measures == Some(measures) {
            return false;
        }
        let state = self.clerk.state();
        let (objectives, rules) = (figures::objectives(&state), Rules::of(&state));
        drop(state);
        (self.measures, self.objectives, self.rules) = (Some(measures), objectives, rules);
        true
    }

    /// The objectives that are declared.
    pub(super) fn objectives(&self) -> &[Objective] {
        &self.objectives
    }

    /// Decides from what was counted, and records what is new.
    fn decide(&mut self, end: Minute) -> Result<(), Failure> {
        self.follow_catalog();
        let counted = &self.counted;
        let standings = self.decisions.standings(&self.clerk.state());
        let made = decisions::by_readings(
            &self.rules,
            &standings,
            &self.objectives,
            end,
            |Objective { slo, exclusions, .. }, policy| {
                let nothing = Minutes::of(end, Vec::new());
                let minutes = counted.get(&slo.sli).unwrap_or(&nothing);
                Ok::<_, Infallible>(Reading::of(slo, policy, minutes, exclusions, end))
            },
        );
        let Ok(made) = made;
        self.record(made, end)
    }

    /// Decides from the board.
    pub(super) fn decide_from_board(&mut self, end: Minute) -> Result<(), Failure> {
        let standings = self.decisions.standings(&self.clerk.state());
        let board = self.keeping.shared().board();
        let (rules, objectives) = (&self.rules, &self.objectives);
        let made = decisions::all(rules, &standings, objectives, &board, self.keeping.store());
        drop(board);
        self.record(made.map_err(Failure::usage)?, end)
    }

    fn record(&mut self, made: Decisions, end: Minute) -> Result<(), Failure> {
        let news = made.news(&self.clerk.state(), None);
        self.decisions = made;
        let mut is_new = false;
        for decided in news {
            let rule = Actor::Rule(POLICY_RULE.into());
            self.clerk.ask(ms(end) + GRACE_MS, rule, Command::Record(Box::new(decided)));
            is_new = true;
        }
        // What others asked for meanwhile waits for this, or for the end of the day: it turns no decision.
        if is_new { self.clerk.write().map(drop) } else { Ok(()) }
    }
}

/// When decisions are made before there are logs.
fn moments(plot: &Plot) -> BTreeSet<Minute> {
    let calm = plot.pushed().iter().filter(|minute| minute.0 % CALM_MINUTES == 0);
    let mut moments: BTreeSet<Minute> = calm.collect();
    let mut each = |from: Minute, to: Minute| moments.extend(Span::new(from, to).iter());
    for Span { from, to } in plot.troubles() {
        each(from, to.plus(20));
        // It leaves the lookbacks of the policy, and the windows.
        for back in [60, 360, 7 * DAY, 30 * DAY] {
            each(from.plus(back), to.plus(back + 6));
        }
    }
    let bounds = Span::new(plot.begin.plus(DECLARED + 1), plot.logs_from);
    moments.retain(|minute| bounds.contains(*minute));
    moments
}

#[cfg(test)]
mod tests;
