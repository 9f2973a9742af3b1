//! Each minute: the keeper looks at the catalog and at the clock, makes figures and decisions, and takes what is news
//! to the journal.

use std::sync::Arc;

use plimsoll_core::{command::Command, promise::record};
use plimsoll_store::journal::Journal;

use crate::{
    audit::{Found, budgets, entries::Request, verdicts},
    deeds::hash,
    world::World,
};

impl World {
    /// The keeper looks at the catalog and at the clock, and makes the figures.
    pub(crate) fn tick(&mut self) -> Found {
        let now = self.now()?;
        let Some(writer) = &self.machines[0].writer else { return Ok(()) };
        let published = Arc::clone(writer.published());
        let Some(house) = &mut self.house else { return Ok(()) };
        let news = house.follow_catalog(&published.read(), published.measures());
        self.made(news)?;
        let Some(house) = &mut self.house else { return Ok(()) };
        let was = house.keeping.shared().board().end();
        house.keeping.advance(now);
        let news = house.make_figures(&published.read());
        let end = house.keeping.shared().board().end();
        self.story.tell(|| format!("  the board goes from {} to {}", was.0, end.0));
        self.count(match end.0 - was.0 {
            0 => "tick: same minute",
            1..=2880 => "tick: minutes walked",
            ..0 => "tick: back in time",
            _ => "tick: board made anew",
        });
        self.check_windows(&[])?;
        self.made(news)
    }

    /// Figures and decisions were made: they are held against the auditor's, and what is news goes to the journal.
    fn made(&mut self, news: Option<Vec<record::Decided>>) -> Found {
        let Some(news) = news else { return Ok(()) };
        self.check_figures()?;
        for decided in news {
            let number = self.entries.requests.len();
            let command = Command::Record(Box::new(decided));
            self.entries.requests.push(Request::of(command, None, None, hash(number)));
            self.recording.push(number);
        }
        // Some wait at the desk, while others come before them.
        if self.recording.is_empty() || self.dice.happens(200) {
            return Ok(());
        }
        let now_ms = self.now_ms(0)?;
        let numbers = std::mem::take(&mut self.recording);
        self.hand_in(0, numbers, now_ms)
    }

    fn check_figures(&mut self) -> Found {
        let Some(house) = &self.house else { return Ok(()) };
        let Some(writer) = &self.machines[0].writer else { return Ok(()) };
        // The first machine may not know yet what the second wrote.
        let is_behind = writer.journal().head() != self.journal.borrow().head();
        if is_behind || writer.stopped().is_some() {
            return Ok(());
        }
        let (roll, minutes) = (&self.entries.roll, &self.minutes);
        let dues = budgets::check(&house.figures, &house.objectives, roll, minutes)?;
        let decided = verdicts::check(&house.decisions, &house.earlier, roll, minutes, &dues)?;
        *self.counts.entry("budgets checked").or_default() += dues.len() as u64;
        *self.counts.entry("decisions checked").or_default() += decided;
        Ok(())
    }
}
