//! The last hour: lines are written, followed and counted minute by minute, by what the server follows with.

use std::path::PathBuf;

use plimsoll_core::{
    measure::slot::Slot,
    time::{Minute, Span},
};
use plimsoll_server::{
    clock::Now,
    follow::{
        route::routes,
        tail::{History, Tail},
    },
    measure::{figures, keeper::GRACE_MS, keeping::Order},
};

use super::{
    lines::Edge,
    story::{Story, cannot_log},
};
use crate::failure::Failure;

/// The log of the edge, and the follower of the server on it.
pub(super) struct Hour {
    edge: Edge,
    logs: PathBuf,
    tail: Option<Tail>,
}

/// Nothing was counted of a log before there was one.
struct Nothing;

impl History for Nothing {
    fn slots(&self, _: u32, _: u32, span: Span) -> Result<Vec<Slot>, String> {
        Ok(vec![Slot::Missing; span.minutes() as usize])
    }
}

impl Hour {
    pub(super) fn of(edge: Edge, logs: PathBuf) -> Self {
        Hour { edge, logs, tail: None }
    }

    pub(super) fn into_edge(self) -> Edge {
        self.edge
    }

    /// A minute goes by: it is logged, followed, and decided about when it is over.
    pub(super) fn minute(&mut self, story: &mut Story, minute: Minute) -> Result<(), Failure> {
        let end = minute.plus(1);
        if story.follow_catalog() {
            story.keeping.set_windows(figures::running_windows(story.objectives()));
        }
        if self.tail.is_none() {
            // It is looked at before there is a line: from then on it is watched.
            self.tail = Some(self.open(story)?);
            let orders = self.follow(story, minute)?;
            story.keep(&orders)?;
        }
        self.edge.minute(minute).map_err(|error| cannot_log(&self.logs, &error))?;
        let mut orders = self.follow(story, end)?;
        let unlogged = story.unlogged(minute);
        orders.push(story.ordered(end, &unlogged)?);
        story.keep(&orders)?;
        story.keeping.advance(end);
        story.decide_from_board(end)
    }

    fn open(&self, story: &Story) -> Result<Tail, Failure> {
        let route = routes(&story.clerk.state()).into_iter().next();
        let route = route.ok_or_else(|| Failure::usage("the story declares no log"))?;
        // The server's own folder, of which nothing is read, lies beside the logs.
        Tail::new(route, &[], self.logs.join("apart")).map_err(Failure::usage)
    }

    /// What is new in the log when a minute is over. Where it cannot be kept the story ends, so that the follower need
    /// not wait for that.
    fn follow(&mut self, story: &Story, end: Minute) -> Result<Vec<Order>, Failure> {
        let mut orders = Vec::new();
        let Some(tail) = &mut self.tail else { return Ok(orders) };
        loop {
            let now = Now { ms: end.second() * 1000 + GRACE_MS, jump_ms: 0 };
            let polled = tail.poll(now, story.keeping.kept(end), end, &Nothing);
            if let Some(why) = polled.trouble {
                return Err(Failure::usage(format!("the log cannot be followed: {why}")));
            }
            orders.extend(polled.order);
            tail.commit();
            if !polled.is_more {
                return Ok(orders);
            }
        }
    }
}
