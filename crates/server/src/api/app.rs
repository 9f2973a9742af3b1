//! What every handler has at hand.

use std::{path::PathBuf, sync::Arc};

use plimsoll_core::{command::Command, event::Event, state::State};
use serde::Serialize;
use tokio::sync::Semaphore;

use super::{
    auth::LocalCredential,
    call::Call,
    host::Hosts,
    metrics::Answered,
    problem::{Code, Problem},
    rate::{Buckets, Rate},
};
use crate::{
    clock::{self, Clock},
    desk::Desk,
    follow::health::Healths,
    keyring::Keyring,
    measure::keeper::Keeper,
    random,
    verifier::Damage,
    writer::{Condition, Done, Job, NotDone},
};

/// What every handler has at hand.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) desk: Desk,
    pub(crate) keeper: Keeper,
    /// How sources are doing.
    pub(crate) healths: Healths,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) local: LocalCredential,
    pub(crate) clock: Arc<dyn Clock>,
    /// The end of the newest slots when the server started, in milliseconds since 1970; 0 where there were none.
    pub(crate) slots_end_ms: i64,
    /// Where the journal is.
    pub(crate) journal: PathBuf,
    /// Where the slots are.
    pub(crate) slots: PathBuf,
    pub(crate) buckets: Buckets,
    /// Bounds what reads much of the disk at once.
    pub(crate) heavy: Semaphore,
    /// Bounds what reads a little of it.
    pub(crate) looks: Semaphore,
    /// Keeps a place for monitoring systems, whatever else is asked.
    pub(crate) scrapes: Semaphore,
    /// Bounds what bodies hold in memory, in KiB.
    pub(crate) bodies: Arc<Semaphore>,
    /// How requests were answered.
    pub(crate) answered: Answered,
    /// What is wrong with the journal, once that is known.
    pub(crate) damage: Damage,
}

/// What a router adds: how it is reached.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// The names it answers to.
    pub(crate) hosts: Hosts,
    /// Whether nobody but this machine can reach it.
    pub(crate) is_local_only: bool,
    /// How fast clients without a token may go.
    pub(crate) anonymous: Rate,
    /// How fast one token may be used.
    pub(crate) token: Rate,
}

/// What is done beside the command itself.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    /// What is kept secret of it.
    pub(crate) secret: Option<Vec<u8>>,
    /// What must be so.
    pub(crate) condition: Option<Condition>,
}

impl App {
    /// Now, but never before the journal's newest entry: what has expired by the journal does not come back to life
    /// with a clock that went backwards. For tokens, exceptions and whatever else runs out.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now().ms.max(self.desk.head().at_ms)
    }

    /// That the clock stands behind what is on record, where it does: the journal's newest entry, or the newest slots.
    pub(crate) fn clock_behind(&self) -> Option<String> {
        clock::behind(self.clock.now().ms, self.desk.head().at_ms, self.slots_end_ms)
    }

    /// Does a command for a caller; done means: on the disk.
    pub(crate) async fn act(&self, call: Call, command: Command) -> Result<Done, Problem> {
        self.act_aside(call, command, Aside::default()).await
    }

    /// The same to what `find` finds: where the request says `If-Match`, only while it is that.
    pub(crate) async fn act_on<T: Serialize + 'static>(
        &self,
        call: Call,
        command: Command,
        find: impl Fn(&State) -> Option<T> + Send + Sync + 'static,
    ) -> Result<Done, Problem> {
        let condition = call.only_if(find);
        self.act_aside(call, command, Aside { secret: None, condition }).await
    }

    /// The same, with a secret or a condition.
    pub(crate) async fn act_aside(
        &self,
        call: Call,
        command: Command,
        aside: Aside,
    ) -> Result<Done, Problem> {
        let actor = call.caller()?.actor();
        let Aside { secret, condition } = aside;
        let repeat = call.repeat;
        let job = Job { command, actor, fresh: random::fresh()?, secret, repeat, condition };
        self.desk.work(job).await.map_err(|not_done: NotDone| Problem::from(not_done))
    }

    /// Does something that blocks or takes long, where it holds nobody up. Only a few of these run at once.
    pub(crate) async fn heavily<T, W>(&self, work: W) -> Result<T, Problem>
    where
        T: Send + 'static,
        W: FnOnce() -> Result<T, Problem> + Send + 'static,
    {
        aside(&self.heavy, work).await
    }

    /// Does something for a monitoring system, which waits for nobody else.
    pub(crate) async fn scrape<T, W>(&self, work: W) -> Result<T, Problem>
    where
        T: Send + 'static,
        W: FnOnce() -> Result<T, Problem> + Send + 'static,
    {
        aside(&self.scrapes, work).await
    }

    /// Does something that blocks for a moment.
    pub(crate) async fn look<T, W>(&self, work: W) -> Result<T, Problem>
    where
        T: Send + 'static,
        W: FnOnce() -> Result<T, Problem> + Send + 'static,
    {
        aside(&self.looks, work).await
    }
}

/// What came of a command.
pub(crate) fn made<T>(done: Done, pick: impl Fn(Event) -> Option<T>) -> Result<T, Problem> {
    done.events.into_iter().find_map(pick).ok_or_else(Problem::nothing_happened)
}

async fn aside<T, W>(places: &Semaphore, work: W) -> Result<T, Problem>
where
    T: Send + 'static,
    W: FnOnce() -> Result<T, Problem> + Send + 'static,
{
    let _place = places.acquire().await.map_err(|_| broken())?;
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(broken()))
}

fn broken() -> Problem {
    Problem::new(Code::Internal, "a task of the server ended early", "look at the server's log")
}
