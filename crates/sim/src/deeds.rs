//! What happens in a step, and what the auditor is told of it.

use std::collections::BTreeSet;

use plimsoll_core::command::Command;
use plimsoll_server::{
    measure::keeping::{Kept, NotKept, Order},
    writer::{Job, NotDone, Outcome, Repeat},
};
use plimsoll_store::{
    journal::{AppendError, Journal},
    slots::SlotReads,
};

use crate::{
    audit::{
        Found,
        entries::{Request, actor},
        log::SOURCE,
        windows,
    },
    dice::Dice,
    reader::write_lines,
    request::{self, View},
    tally,
    world::World,
};

/// Replies are kept for so long.
const REPLIES_KEPT_MS: i64 = 24 * 3600 * 1000;
/// Requests that are open at most.
const OPEN_MAX: usize = 40;

impl World {
    /// Some commands come to a machine together.
    pub(crate) fn command(&mut self) -> Found {
        let machine = self.dice.below(self.machines.len() as u64) as usize;
        let now_ms = self.now_ms(machine)?;
        let mut numbers = self.requests(now_ms);
        if machine == 0 {
            numbers.splice(..0, std::mem::take(&mut self.recording));
        }
        self.hand_in(machine, numbers, now_ms)
    }

    /// A machine works on requests, and what becomes of them is held against the rules.
    pub(crate) fn hand_in(&mut self, machine: usize, numbers: Vec<usize>, now_ms: i64) -> Found {
        let jobs: Vec<Job> = numbers.iter().map(|number| self.job(*number)).collect();
        let journal = self.journal.borrow().head();
        let Some(writer) = &mut self.machines[machine].writer else { return Ok(()) };
        let is_up_to_date = writer.stopped().is_none() && writer.journal().head() == journal;
        let before = is_up_to_date.then(|| self.entries.before(&numbers, &self.journal.borrow()));
        let outcomes = writer.work(&jobs, now_ms);
        let disk = self.journal.borrow();
        self.entries.follow(&disk, now_ms)?;
        let is_heard = !self.machines[machine].struck.borrow().crashed;
        self.story.tell(|| format!("  machine {machine} answers {numbers:?} with {outcomes:?}"));
        if is_heard {
            self.entries.answered(&numbers, &outcomes, journal.seq + 1, before, &disk)?;
        }
        // Further requests may follow before everybody looks, and stop the writer.
        if let Some(writer) = &self.machines[machine].writer {
            self.entries.shown(machine, writer, &disk)?;
        }
        drop(disk);
        for (number, outcome) in numbers.into_iter().zip(&outcomes) {
            self.hear(number, outcome, is_heard, machine);
        }
        Ok(())
    }

    /// New requests, and some that were not answered for good, or twice the same.
    fn requests(&mut self, now_ms: i64) -> Vec<usize> {
        let disk = self.journal.borrow();
        self.open.retain(|number| self.entries.may_repeat(*number, &disk));
        let mut numbers = Vec::new();
        for _ in 0..=self.dice.weighed(&[40, 20, 15, 10, 5, 5]) {
            let is_ending = self.swarm.weights == [0; 14];
            if let Some(number) = self.dice.pick(&self.open).copied()
                && (is_ending || self.dice.happens(350) || self.open.len() > OPEN_MAX)
            {
                numbers.push(number);
                continue;
            }
            if is_ending {
                break;
            }
            let last = self.entries.requests.len();
            let recent = last.saturating_sub(30) + self.dice.below(30) as usize;
            let is_again = self.dice.happens(120) && recent < last;
            if is_again && self.entries.may_repeat(recent, &disk) {
                numbers.push(recent);
                continue;
            }
            let number = last;
            let house = self.house.as_ref();
            let left = |service: &str| house.map(|house| house.left(service)).unwrap_or_default();
            let view = View { roll: &self.entries.roll, now_ms, left: &left };
            let (command, who) = request::command(&mut self.dice, &view, number, self.swarm.zone);
            let key = key(&mut self.dice, number);
            self.entries.requests.push(Request::of(command, who, key, hash(number)));
            numbers.push(number);
        }
        numbers
    }

    fn job(&mut self, number: usize) -> Job {
        let fresh = u128::from(self.dice.throw()) << 64 | u128::from(self.dice.throw());
        let secret = fresh.to_le_bytes().to_vec();
        let request = &mut self.entries.requests[number];
        request.secrets.push(secret.clone());
        let repeat = request.key.clone().map(|(person, key)| Repeat {
            person,
            key,
            request_hash: request.hash,
        });
        let command: Command = request.command.clone();
        let actor = actor(number, request.who.as_deref());
        Job { command, actor, fresh, secret: Some(secret), repeat, condition: None }
    }

    /// A client hears what became of its request, or hears nothing.
    fn hear(&mut self, number: usize, outcome: &Outcome, is_heard: bool, machine: usize) {
        let what = match outcome {
            _ if !is_heard => "command: no answer",
            Ok(done) if done.events.is_empty() => "command: nothing to do",
            Ok(_) => "command: done",
            Err(NotDone::Refused(_)) => "command: refused",
            Err(NotDone::OtherRequest) => "command: key used otherwise",
            Err(NotDone::Store(AppendError::HeadMoved { .. })) => "command: the other was faster",
            Err(NotDone::Store(AppendError::Refused(_))) => "command: the other has the key",
            Err(NotDone::Store(AppendError::Full(_))) => "command: disk full",
            Err(NotDone::Store(AppendError::ReadOnly(_))) => "command: read-only",
            Err(NotDone::Store(AppendError::Failed(_))) => "command: not read",
            Err(NotDone::Stopped(_)) => "command: stopped",
            Err(NotDone::Unknown(_)) => "command: unknown",
            Err(NotDone::Changed | NotDone::Busy) => "command: not tried",
        };
        self.count(what);
        if is_heard {
            self.tally(number, outcome);
        }
        let is_over =
            is_heard && matches!(outcome, Ok(_) | Err(NotDone::Refused(_) | NotDone::OtherRequest));
        let was_open = self.open.contains(&number);
        if is_over {
            self.open.retain(|open| *open != number);
        } else if !was_open && self.entries.requests[number].key.is_some() {
            self.open.push(number);
        }
        self.story.tell(|| {
            let command = &self.entries.requests[number].command;
            let command = match command {
                Command::Apply { set, files, .. } => format!("Apply {set}, {} files", files.len()),
                Command::Record(made) => format!("Record {}", made.decision.verdict),
                other => format!("{other:?}"),
            };
            let heard = if is_heard { format!("{outcome:?}") } else { "no answer".to_owned() };
            format!("  request {number} to machine {machine}: {command}: {heard}")
        });
    }

    /// Counts what came of a request.
    fn tally(&mut self, number: usize, outcome: &Outcome) {
        let what: Vec<&'static str> = match outcome {
            Ok(done) => {
                let roll = &self.entries.roll;
                let agreed = done.events.iter().filter_map(|event| tally::agreed(event, roll));
                done.events.iter().filter_map(tally::practice).chain(agreed).collect()
            }
            Err(NotDone::Refused(refusal)) => {
                let command = &self.entries.requests[number].command;
                tally::refused(command, refusal).into_iter().collect()
            }
            Err(_) => Vec::new(),
        };
        for what in what {
            self.count(what);
        }
    }

    /// Slots are pushed, several orders together.
    pub(crate) fn push(&mut self) -> Found {
        let end = self.now()?;
        let Some(state) = self.published() else { return Ok(()) };
        let Some(house) = &self.house else { return Ok(()) };
        let (kept, late_max) = (house.keeping.kept(end), self.swarm.late_max);
        let mut orders = self.pusher.orders(&mut self.dice, &state, end.0, kept, late_max);
        if self.dice.happens(200)
            && let Some((order, _)) = self.next_lines(end.0)
        {
            orders.push(order);
            // Whatever becomes of it, the reader asks the store where it is.
            self.reader.place = None;
        }
        self.keep(&orders).map(drop)
    }

    /// Keeps orders, and holds what became of them against the rules; nothing where nobody heard.
    fn keep(&mut self, orders: &[Order]) -> Found<Option<Vec<Kept>>> {
        let Some(house) = &mut self.house else { return Ok(None) };
        let kept = house.keeping.write(orders);
        let is_heard = !self.machines[0].struck.borrow().crashed;
        let slots = self.slots.borrow();
        self.minutes.written(orders, is_heard.then_some(&kept[..]), &slots)?;
        self.log.check(&slots, self.minutes.dropped_before)?;
        drop(slots);
        for (order, kept) in orders.iter().zip(&kept) {
            self.count(match kept {
                _ if !is_heard => "order: no answer",
                Ok(_) => "order: kept",
                Err(NotKept::Refused(_)) => "order: refused",
                Err(NotKept::Store(_)) => "order: full or read-only",
                Err(NotKept::Stopped(_)) => "order: stopped",
                Err(NotKept::Unknown(_)) => "order: unknown",
                Err(NotKept::Busy) => "order: not tried",
            });
            self.story.tell(|| {
                let bounds = order.batches.iter().map(|b| {
                    let first = b.slots.first().map_or(0, |(minute, _)| minute.0);
                    (b.source, b.sli, b.generation, first, b.slots.len())
                });
                let bounds: Vec<_> = bounds.collect();
                format!("  order {bounds:?} and {} additions: {kept:?}", order.additions.len())
            });
        }
        let batches = orders.iter().flat_map(|order| order.batches.iter().map(|batch| batch.sli));
        let additions = orders.iter().flat_map(|order| order.additions.iter().map(|more| more.sli));
        let named: BTreeSet<u32> = batches.chain(additions).collect();
        self.check_windows(&Vec::from_iter(named))?;
        Ok(is_heard.then_some(kept))
    }

    /// Somebody writes to the log, and the reader reads on.
    pub(crate) fn read_log(&mut self) -> Found {
        let now = self.now()?;
        write_lines(&mut self.dice, &mut self.log, now.0);
        self.read_log_only()
    }

    pub(crate) fn read_log_only(&mut self) -> Found {
        let now = self.now()?;
        let Some((order, to)) = self.next_lines(now.0) else { return Ok(()) };
        let kept = self.keep(std::slice::from_ref(&order))?;
        self.reader.place = match kept.as_deref() {
            Some([Ok(_)]) => Some(to),
            _ => None,
        };
        Ok(())
    }

    fn next_lines(&mut self, now: i64) -> Option<(Order, usize)> {
        let place = if let Some(place) = self.reader.place {
            place
        } else {
            self.count("reader began at its cursor");
            let cursors = self.house.as_ref()?.keeping.store().cursors(SOURCE).ok()?;
            self.reader.learn(&cursors)?
        };
        Some(self.reader.read(&mut self.dice, &self.log, place, now))
    }

    /// Every window of these SLIs, of all where none is named, holds what its minutes sum to.
    pub(crate) fn check_windows(&mut self, named: &[u32]) -> Found {
        let Some(house) = &self.house else { return Ok(()) };
        if house.keeping.stopped().is_some() || self.machines[0].struck.borrow().crashed {
            return Ok(());
        }
        let board = house.keeping.shared().board();
        let shown: Vec<_> = board.readings().windows().cloned().collect();
        super::audit::hold(shown == World::windows(house), || format!("windows: {shown:?}"))?;
        let checked = windows::check(&board, &self.minutes, named)?;
        drop(board);
        *self.counts.entry("windows checked").or_default() += checked;
        Ok(())
    }

    /// Slots are folded, all that can be or a part.
    pub(crate) fn fold(&mut self) -> Found {
        let times = 1 + self.dice.below(4);
        let Some(house) = &mut self.house else { return Ok(()) };
        for _ in 0..times {
            if house.keeping.fold() {
                break;
            }
        }
        self.count("folded");
        self.check_windows(&[])
    }

    /// Old slots are dropped.
    pub(crate) fn drop_old(&mut self) -> Found {
        let now = self.now()?;
        let Some(house) = &mut self.house else { return Ok(()) };
        if house.keeping.stopped().is_some() {
            return Ok(());
        }
        // As the keeper does it: once the clock is followed.
        house.keeping.advance(now);
        let from = house.keeping.kept(now).from;
        house.keeping.drop_before(from);
        self.story.tell(|| format!("  what is before {} is dropped", from.0));
        let before = self.minutes.dropped_before;
        self.minutes.dropped(from.0, &self.slots.borrow())?;
        if self.minutes.dropped_before != before {
            self.count("old slots dropped");
        }
        self.check_windows(&[])
    }

    /// A snapshot is saved.
    pub(crate) fn save(&mut self) {
        let machine = self.dice.below(self.machines.len() as u64) as usize;
        if let Some(writer) = &mut self.machines[machine].writer {
            if self.dice.below(4) == 0 {
                writer.look_for_room();
                self.count("room looked for");
            } else {
                writer.save_snapshot();
                self.count("snapshot saved");
            }
        }
    }

    /// Snapshots are lost, damaged, or from another version of the program.
    pub(crate) fn harm(&mut self) {
        let mut disk = self.journal.borrow_mut();
        let dice: &mut Dice = &mut self.dice;
        match (dice.below(3), disk.snapshots.last_mut()) {
            (_, None) => return,
            (0, _) => drop(disk.snapshots.pop()),
            (1, Some(snapshot)) => snapshot.bytes.truncate(dice.below(200) as usize),
            (_, Some(snapshot)) => snapshot.state_version += 1,
        }
        drop(disk);
        self.count("snapshot harmed");
    }

    /// Answers that are a day old are forgotten.
    pub(crate) fn forget(&mut self) -> Found {
        let now_ms = self.now_ms(0)?;
        let before = self.journal.borrow().replies.len();
        if let Some(writer) = &mut self.machines[0].writer
            && writer.stopped().is_none()
        {
            writer.forget_replies(now_ms - REPLIES_KEPT_MS);
        }
        if self.journal.borrow().replies.len() < before {
            self.count("answers forgotten");
        }
        Ok(())
    }
}

/// Whose request it is, and under which key. Some have none; a few take that of another.
fn key(dice: &mut Dice, number: usize) -> Option<(String, String)> {
    let person = format!("client {}", dice.below(3));
    match dice.weighed(&[90, 5, 5]) {
        0 => Some((person, format!("key {number}"))),
        1 => Some((person, format!("key {}", number.saturating_sub(dice.below(6) as usize)))),
        _ => None,
    }
}

pub(crate) fn hash(number: usize) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&(number as u64).to_le_bytes());
    hash
}
