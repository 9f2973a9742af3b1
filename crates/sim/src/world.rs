//! The world: machines, their disk, their clocks, and who wants something of them.

use std::{collections::VecDeque, rc::Rc, sync::Arc};

use plimsoll_core::{measure::window::Window, state::State, time::Minute};
use plimsoll_server::{measure::figures, writer::Writer};

use crate::{
    audit::{Found, entries::Entries, log::Log, minutes::Minutes},
    clocks::Clocks,
    dice::Dice,
    house::House,
    journal::{FakeJournal, SharedJournal},
    push::Pusher,
    reader::Reader,
    slots::{FakeSlots, SharedSlots},
    strike::{Counts, Strikes, Struck},
    swarm::{DEEDS, Deed, Swarm},
};

/// Lines of the story that are kept.
const STORY_LINES: usize = 60;

/// A machine with a writer.
#[derive(Debug)]
pub struct Machine {
    pub(crate) struck: Struck,
    pub(crate) writer: Option<Writer<FakeJournal>>,
}

/// Everything.
#[derive(Debug)]
pub struct World {
    pub(crate) dice: Dice,
    pub(crate) swarm: Swarm,
    pub(crate) journal: SharedJournal,
    pub(crate) slots: SharedSlots,
    pub(crate) machines: Vec<Machine>,
    pub(crate) house: Option<House>,
    pub(crate) clocks: Clocks,
    /// By how much the wall clock is ahead of what it should be.
    pub(crate) jumped_ms: i64,
    pub(crate) pusher: Pusher,
    pub(crate) reader: Reader,
    /// Requests that were not answered for good, to be sent again.
    pub(crate) open: Vec<usize>,
    /// Decisions on their way to the first machine's writer.
    pub(crate) recording: Vec<usize>,
    pub(crate) entries: Entries,
    pub(crate) minutes: Minutes,
    pub(crate) log: Log,
    pub(crate) counts: Counts,
    pub(crate) story: Story,
}

/// The last steps, in words.
#[derive(Debug)]
pub struct Story {
    is_told: bool,
    lines: VecDeque<String>,
}

impl Story {
    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if self.is_told {
            if self.lines.len() == STORY_LINES {
                self.lines.pop_front();
            }
            self.lines.push_back(line());
        }
    }
}

impl World {
    /// The world of a seed, before anything happened.
    pub fn new(seed: u64, is_told: bool) -> Self {
        let swarm = Swarm::of(seed);
        let machine =
            |name: &str| Machine { struck: Strikes::of(seed, name, swarm.rates), writer: None };
        let mut machines = vec![machine("first machine")];
        if swarm.two_writers {
            machines.push(machine("second machine"));
        }
        World {
            dice: Dice::of(seed, "world"),
            journal: Rc::default(),
            slots: Rc::default(),
            machines,
            house: None,
            clocks: Clocks::at(swarm.begin_ms),
            jumped_ms: 0,
            pusher: Pusher::default(),
            reader: Reader::default(),
            open: Vec::new(),
            recording: Vec::new(),
            entries: Entries::default(),
            minutes: Minutes::default(),
            log: Log::default(),
            counts: Counts::new(),
            story: Story { is_told, lines: VecDeque::new() },
            swarm,
        }
    }

    /// The last steps, in words.
    pub fn story(&self) -> impl Iterator<Item = &String> {
        self.story.lines.iter()
    }

    /// What happened how often, faults included.
    pub fn counts(&self) -> Counts {
        let mut counts = self.counts.clone();
        for machine in &self.machines {
            for (what, times) in &machine.struck.borrow().counts {
                *counts.entry(what).or_default() += times;
            }
        }
        counts
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// One step: something happens, and the auditor looks at what came of it.
    ///
    /// # Errors
    /// What the auditor found.
    pub fn step(&mut self, number: u64) -> Found {
        self.clocks.pass(self.dice.clone().between(0, 40));
        if self.recover()? {
            return Ok(());
        }
        let deed = DEEDS[self.dice.weighed(&self.swarm.weights.clone())];
        self.story.tell(|| format!("{number}: {deed:?}"));
        self.act(deed)?;
        self.bury()?;
        self.look()?;
        if number.is_multiple_of(256) {
            self.look_at_everything()?;
        }
        Ok(())
    }

    fn act(&mut self, deed: Deed) -> Found {
        match deed {
            Deed::Pass => {
                let ms = if self.dice.happens(300) { 90_000 } else { 20_000 };
                let ms = self.dice.between(0, ms);
                self.clocks.pass(ms);
                Ok(())
            }
            Deed::PassLong => {
                let minutes = self.dice.pick(&[90, 700, 1500, 4000]).copied().unwrap_or(90);
                let ms = self.dice.between(0, minutes * 60_000);
                self.clocks.pass(ms);
                Ok(())
            }
            Deed::Jump => {
                self.jump();
                Ok(())
            }
            Deed::Command => self.command(),
            Deed::Push => self.push(),
            Deed::Log => self.read_log(),
            Deed::Tick => self.tick(),
            Deed::Fold => self.fold(),
            Deed::Drop => self.drop_old(),
            Deed::Save => {
                self.save();
                Ok(())
            }
            Deed::Harm => {
                self.harm();
                Ok(())
            }
            Deed::Forget => self.forget(),
            Deed::Crash => {
                let machine = self.dice.below(self.machines.len() as u64) as usize;
                self.machines[machine].struck.borrow_mut().crashed = true;
                self.count("crash between steps");
                Ok(())
            }
            Deed::Stop => {
                self.save();
                self.count("stopped well");
                self.machines[0].writer = None;
                self.house = None;
                self.recording.clear();
                self.reader = Reader::default();
                Ok(())
            }
        }
    }

    /// The wall clock jumps, or jumps back.
    fn jump(&mut self) {
        let by_ms = if self.jumped_ms != 0 && self.dice.happens(500) {
            -self.jumped_ms
        } else {
            let most = [3_000, 59_000, 3_600_000, 40 * 86_400_000, 10 * 365 * 86_400_000];
            let most = self.dice.pick(&most).copied().unwrap_or(3_000);
            self.dice.between(-most, most)
        };
        self.jumped_ms += by_ms;
        self.clocks.wall_ms += by_ms;
        self.count("clock jumped");
        self.story.tell(|| format!("the wall clock jumps by {} s", by_ms / 1000));
    }

    /// What the clock of a machine says.
    pub(crate) fn now_ms(&mut self, machine: usize) -> Found<i64> {
        let now = self.clocks.look()?;
        if now.jump_ms != 0 {
            self.count("jump not believed yet");
        }
        Ok(if machine == 0 { now.ms } else { now.ms + self.swarm.skew_ms })
    }

    /// The first minute that is not over.
    pub(crate) fn now(&mut self) -> Found<Minute> {
        Ok(Minute::of_second(self.now_ms(0)?.div_euclid(1000)))
    }

    /// Machines that died are gone, with everything they had in mind.
    fn bury(&mut self) -> Found {
        for machine in 0..self.machines.len() {
            let struck = Rc::clone(&self.machines[machine].struck);
            if !struck.borrow().crashed {
                continue;
            }
            self.count("machine died");
            self.story.tell(|| format!("machine {machine} dies"));
            self.machines[machine].writer = None;
            if machine == 0 {
                self.house = None;
                self.recording.clear();
                self.reader = Reader::default();
                let lazy = self.slots.borrow().lazy() as u64;
                let lost = struck.borrow_mut().below(lazy + 1) as usize;
                if self.slots.borrow_mut().crash(lost) > 0 {
                    self.count("lazy writes lost");
                }
                self.minutes.crashed(&self.slots.borrow())?;
            }
        }
        Ok(())
    }

    /// Starts what is down and opens anew what is stopped, or tries to. Whether that was this step.
    fn recover(&mut self) -> Found<bool> {
        for machine in 0..self.machines.len() {
            let is_down = self.machines[machine].writer.is_none();
            if is_down && self.dice.happens(400) {
                self.start(machine)?;
                self.bury()?;
                self.look()?;
                return Ok(true);
            }
            let stopped = self.machines[machine].writer.as_ref().and_then(Writer::stopped);
            if stopped.is_some() && self.dice.happens(300) {
                self.reopen(machine)?;
                self.bury()?;
                self.look()?;
                return Ok(true);
            }
        }
        let stopped = self.house.as_ref().and_then(|house| house.keeping.stopped());
        if stopped.is_some() && self.dice.happens(300) {
            self.reopen_slots();
            self.bury()?;
            self.look()?;
            return Ok(true);
        }
        Ok(false)
    }

    fn start(&mut self, machine: usize) -> Found {
        let struck = Rc::clone(&self.machines[machine].struck);
        struck.borrow_mut().crashed = false;
        if machine == 0 {
            let record_ms = self.journal.borrow().head().at_ms.max(self.slots.borrow().end_ms());
            self.clocks.restart(record_ms)?;
        }
        let journal = FakeJournal::open(&self.journal, &struck);
        let writer = journal.ok().and_then(|journal| Writer::open(journal).ok());
        let Some(writer) = writer else {
            self.count("start failed at the journal");
            self.story.tell(|| format!("machine {machine} does not start: the journal"));
            return Ok(());
        };
        if machine == 0 && !self.start_house(&writer, &struck)? {
            self.count("start failed at the slots");
            self.story.tell(|| "the first machine does not start: the slots".to_owned());
            return Ok(());
        }
        self.count("start");
        self.story.tell(|| format!("machine {machine} starts"));
        self.entries.restarted(machine, &self.journal.borrow())?;
        self.machines[machine].writer = Some(writer);
        Ok(())
    }

    fn start_house(&mut self, writer: &Writer<FakeJournal>, struck: &Struck) -> Found<bool> {
        let end = self.now()?;
        let published = writer.published();
        let (version, state) = (published.measures(), published.read());
        let opened = FakeSlots::open(&self.slots, struck);
        self.house = opened.and_then(|slots| House::open(slots, &state, version, end)).ok();
        Ok(self.house.is_some())
    }

    fn reopen(&mut self, machine: usize) -> Found {
        let struck = Rc::clone(&self.machines[machine].struck);
        let Some(writer) = &mut self.machines[machine].writer else { return Ok(()) };
        let opened = FakeJournal::open(&self.journal, &struck);
        let opened = opened.map_err(|error| error.to_string());
        let opened = opened.and_then(|j| writer.reopen(j).map_err(|error| error.to_string()));
        if opened.is_ok() {
            self.entries.restarted(machine, &self.journal.borrow())?;
            self.count("journal opened anew");
        } else {
            self.count("journal not opened anew");
        }
        self.story.tell(|| format!("machine {machine} opens the journal anew: {opened:?}"));
        Ok(())
    }

    fn reopen_slots(&mut self) {
        let struck = Rc::clone(&self.machines[0].struck);
        let Some(house) = &mut self.house else { return };
        let opened = FakeSlots::open(&self.slots, &struck).and_then(|s| house.keeping.reopen(s));
        house.is_outdated = true;
        // What it read and did not hear of may be there or not.
        self.reader.place = None;
        self.count(if opened.is_ok() { "slots opened anew" } else { "slots not opened anew" });
        self.story.tell(|| format!("the slots are opened anew: {opened:?}"));
    }

    /// What everybody sees is what is durable.
    fn look(&mut self) -> Found {
        let journal = self.journal.borrow();
        for (number, machine) in self.machines.iter().enumerate() {
            if let Some(writer) = &machine.writer {
                self.entries.shown(number, writer, &journal)?;
            }
        }
        Ok(())
    }

    /// Everything that was ever kept.
    ///
    /// # Errors
    /// What the auditor found.
    pub fn look_at_everything(&mut self) -> Found {
        self.entries.everything(&self.journal.borrow())?;
        let slots = self.slots.borrow();
        self.minutes.everything(&slots)?;
        self.log.everything(&slots, self.minutes.dropped_before)
    }

    /// All trouble ends: everything comes back by itself, and what is still open is done.
    ///
    /// # Errors
    /// What the auditor found, or what did not come back.
    pub fn finish(&mut self) -> Found {
        self.story.tell(|| "all trouble ends".to_owned());
        for machine in &self.machines {
            machine.struck.borrow_mut().calm();
        }
        self.swarm.weights = [0; 14];
        let mut rounds = 0;
        while !self.is_well() {
            self.recover()?;
            rounds += 1;
            super::audit::hold(rounds < 500, || "it does not come back by itself".to_owned())?;
        }
        while !self.open.is_empty() {
            self.command()?;
            self.recover()?;
            self.look()?;
            rounds += 1;
            super::audit::hold(rounds < 5000, || format!("{:?} stay open", self.open))?;
        }
        self.reader.place = None;
        while self.reader.place != Some(self.log.lines.len()) {
            self.read_log_only()?;
        }
        self.tick()?;
        self.look()?;
        self.look_at_everything()
    }

    fn is_well(&self) -> bool {
        let writes = |machine: &Machine| {
            machine.writer.as_ref().is_some_and(|writer| writer.stopped().is_none())
        };
        let keeps = self.house.as_ref().is_some_and(|house| house.keeping.stopped().is_none());
        keeps && self.machines.iter().all(writes)
    }

    /// The state that everybody sees of the first machine.
    pub(crate) fn published(&self) -> Option<State> {
        let writer = self.machines[0].writer.as_ref()?;
        Some(Arc::clone(writer.published()).read().clone())
    }

    /// The windows that are on the board.
    pub(crate) fn windows(house: &House) -> Vec<Window> {
        figures::running_windows(&house.objectives)
    }
}
