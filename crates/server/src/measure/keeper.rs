//! The keeper: the one thread that writes slots.
//!
//! It takes all orders that wait and keeps them in one durable transaction, moves the board on when a minute is over,
//! makes the figures, and puts hours and days together when there is nothing else to do. When the store fails it opens
//! it anew by itself, as often as it takes.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use plimsoll_core::{
    promise::record::Decided,
    time::{DAY, Minute, Span},
};
use plimsoll_store::{
    Error,
    limits::TRANSACTION_SLOTS_MAX,
    slots::{SlotReader, SlotStore},
};
use tokio::sync::oneshot;

use super::{
    decisions::{self, Decisions, Rules},
    figures::{self, Figures, Objective},
    keeping::{Keeping, Kept, NotKept, Order, Shared},
    watch::Watch,
};
use crate::{
    bond::Bond,
    clock::Clock,
    limits::{ORDERS_TOGETHER_MAX, ORDERS_WAITING_MAX, REOPEN_AFTER_MAX, REOPEN_AFTER_MIN},
    published::Published,
};

/// A minute is over so long after its end: what comes at once is there by then. What comes later corrects it.
pub const GRACE_MS: i64 = 5_000;

/// Looks at the clock at least so often.
const LOOK_UP: Duration = Duration::from_millis(500);

/// After late minutes the figures are made anew, at most so often.
const FIGURES_EVERY: Duration = Duration::from_secs(1);

/// Looks so often whether there is room again.
const LOOK_FOR_ROOM: Duration = Duration::from_secs(1);

/// A clock that goes on by more than so many minutes at once has jumped, or the machine slept.
const STEP_MINUTES: i64 = 10;

/// What is told to orders that come too late.
const STOPPING: &str = "the server stops";
/// Readers that are kept open for the next who asks.
const READERS_KEPT: usize = 4;

/// Where orders are handed in, and where what was measured can be seen. Its clones all lead to the one thread.
#[derive(Debug, Clone)]
pub struct Keeper {
    queue: SyncSender<Message>,
    seen: Arc<Seen>,
}

/// What others may see.
struct Seen {
    shared: Shared,
    figures: RwLock<Arc<Figures>>,
    decisions: RwLock<Arc<Decisions>>,
    stopped: RwLock<Option<String>>,
    kept: RwLock<Span>,
    readers: Mutex<Vec<SlotReader>>,
    open_reader: Box<dyn Fn() -> Result<SlotReader, Error> + Send + Sync>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").field("kept", &self.kept).finish_non_exhaustive()
    }
}

/// The thread of a keeper.
#[derive(Debug)]
pub struct KeeperThread {
    queue: SyncSender<Message>,
    thread: JoinHandle<()>,
}

enum Message {
    Order(Box<Waiting>),
    /// Tell when what was published before has been decided on.
    CatchUp(oneshot::Sender<()>),
    Stop,
}

struct Waiting {
    order: Order,
    answer: oneshot::Sender<Kept>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Message::Order(_) => "Order",
            Message::CatchUp(_) => "CatchUp",
            Message::Stop => "Stop",
        })
    }
}

/// Why a keeper cannot be started.
#[derive(Debug)]
pub enum StartError {
    /// The slots cannot be opened or read.
    Store(Error),
    /// The system gives no thread.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Store(error) => error.fmt(f),
            StartError::Thread(error) => write!(f, "could not start the keeper's thread: {error}"),
        }
    }
}

/// How slots are opened, anew after a failure too, and for reading.
pub struct Opening<O, R> {
    /// For writing.
    pub store: O,
    /// For reading, beside the writer.
    pub reader: R,
}

impl Keeper {
    /// Starts the thread. It begins where the clock stands.
    ///
    /// # Errors
    /// When the store cannot be read, or the system gives no thread.
    pub fn start<S, O, R>(
        mut opening: Opening<O, R>,
        bond: Option<Bond>,
        published: Arc<Published>,
        clock: Arc<dyn Clock>,
        record: Recorder,
    ) -> Result<(Keeper, KeeperThread), StartError>
    where
        S: SlotStore + Send + 'static,
        O: FnMut() -> Result<S, Error> + Send + 'static,
        R: Fn() -> Result<SlotReader, Error> + Send + Sync + 'static,
    {
        let store = (opening.store)().map_err(StartError::Store)?;
        let version = published.measures();
        let (objectives, rules) = {
            let state = published.read();
            (figures::objectives(&state), Rules::of(&state))
        };
        let end = over(clock.now().ms);
        let watch = Watch::begin(&store, bond, end).map_err(StartError::Store)?;
        let windows = figures::running_windows(&objectives);
        let keeping = Keeping::open(store, end, windows).map_err(StartError::Store)?;
        let seen = Arc::new(Seen {
            shared: keeping.shared().clone(),
            figures: RwLock::default(),
            decisions: RwLock::default(),
            stopped: RwLock::default(),
            kept: RwLock::new(keeping.kept(end)),
            readers: Mutex::default(),
            open_reader: Box::new(opening.reader),
        });
        let (queue, orders) = sync_channel(ORDERS_WAITING_MAX);
        let mut work = Work {
            keeping,
            published,
            clock,
            open: opening.store,
            seen: Arc::clone(&seen),
            version,
            objectives,
            rules,
            record,
            watch,
            steady_since: end,
            swept: None,
            is_folded: false,
            is_outdated: true,
            made_at: Instant::now(),
            reopen: None,
            look_for_room_at: None,
        };
        work.make_figures();
        let thread = thread::Builder::new()
            .name("keeper".to_owned())
            .spawn(move || work.run(&orders))
            .map_err(StartError::Thread)?;
        Ok((Keeper { queue: queue.clone(), seen }, KeeperThread { queue, thread }))
    }

    /// Keeps an order; kept means: on the disk.
    ///
    /// # Errors
    /// [`NotKept`], which says whether anything of it may have been kept.
    pub async fn keep(&self, order: Order) -> Kept {
        match self.hand_in(order) {
            Ok(answer) => answer.await.unwrap_or_else(|_| Err(lost())),
            Err(not_kept) => Err(not_kept),
        }
    }

    /// Keeps an order, outside of any asynchronous task.
    ///
    /// # Errors
    /// As [`Keeper::keep`].
    pub fn keep_blocking(&self, order: Order) -> Kept {
        match self.hand_in(order) {
            Ok(answer) => answer.blocking_recv().unwrap_or_else(|_| Err(lost())),
            Err(not_kept) => Err(not_kept),
        }
    }

    /// Waits until decisions rest on everything that was published before this was called. Where the keeper is busy,
    /// stops or cannot write, they follow later.
    pub async fn caught_up(&self) {
        let (answer, done) = oneshot::channel();
        if self.queue.try_send(Message::CatchUp(answer)).is_ok() {
            // Without an answer it ended: there is nothing left to wait for.
            let _ = done.await;
        }
    }

    fn hand_in(&self, order: Order) -> Result<oneshot::Receiver<Kept>, NotKept> {
        let (answer, outcome) = oneshot::channel();
        match self.queue.try_send(Message::Order(Box::new(Waiting { order, answer }))) {
            Ok(()) => Ok(outcome),
            Err(TrySendError::Full(_)) => Err(NotKept::Busy),
            Err(TrySendError::Disconnected(_)) => Err(NotKept::Stopped(STOPPING.to_owned())),
        }
    }

    /// Every minute before it counts.
    pub fn end(&self) -> Minute {
        self.shared().board().end()
    }

    /// The minutes that may be measured: from the oldest that is kept to the one that has begun.
    pub fn kept(&self, now_ms: i64) -> Span {
        let kept = *self.seen.kept.read().unwrap_or_else(PoisonError::into_inner);
        Span::new(kept.from, Minute::of_second(now_ms.div_euclid(1000)).plus(1))
    }

    /// The figures of the last minute.
    pub fn figures(&self) -> Arc<Figures> {
        Arc::clone(&self.seen.figures.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The decisions that were made with the figures.
    pub fn decisions(&self) -> Arc<Decisions> {
        Arc::clone(&self.seen.decisions.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why nothing is written for now.
    pub fn stopped(&self) -> Option<String> {
        self.seen.stopped.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The board, for a look.
    pub fn shared(&self) -> &Shared {
        &self.seen.shared
    }

    /// Gives a reader of the slots to who asks, and keeps it for the next. It blocks: not for asynchronous tasks.
    ///
    /// # Errors
    /// When the slots cannot be opened or read.
    pub fn read<T, E: From<Error>>(
        &self,
        ask: impl FnOnce(&SlotReader) -> Result<T, E>,
    ) -> Result<T, E> {
        let kept = self.seen.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = kept.map_or_else(|| (self.seen.open_reader)(), Ok)?;
        let answer = ask(&reader)?;
        let mut readers = self.seen.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS_KEPT {
            readers.push(reader);
        }
        Ok(answer)
    }
}

/// The thread ended while it had the order: it may or may not have been kept.
fn lost() -> NotKept {
    NotKept::Unknown("the keeper ended".to_owned())
}

/// Every minute before it is over.
fn over(now_ms: i64) -> Minute {
    Minute::of_second(now_ms.saturating_sub(GRACE_MS).div_euclid(1000))
}

impl KeeperThread {
    /// Keeps what waits, closes the store and ends.
    pub fn stop(self) {
        // Where the thread is gone already, there is nothing left to stop.
        if self.queue.send(Message::Stop).is_ok() {
            let _ = self.thread.join();
        }
    }
}

/// Takes decisions to the journal.
pub type Recorder = Box<dyn Fn(Vec<Decided>) + Send>;

/// When the store is opened anew.
#[derive(Clone, Copy)]
struct Reopen {
    at: Instant,
    after: Duration,
}

/// The keeper, on its thread.
struct Work<S, O> {
    keeping: Keeping<S>,
    published: Arc<Published>,
    clock: Arc<dyn Clock>,
    open: O,
    seen: Arc<Seen>,
    /// The state that the objectives are of.
    version: u64,
    objectives: Vec<Objective>,
    /// What decisions are made by.
    rules: Rules,
    /// Takes decisions that say something new to the journal. What it loses comes again.
    record: Recorder,
    watch: Watch,
    /// Since when the clock goes on step by step.
    steady_since: Minute,
    /// The oldest minute that was kept when old ones were dropped last.
    swept: Option<Minute>,
    is_folded: bool,
    /// The figures are of other objectives, or of a board that was made anew: none of them still holds.
    is_outdated: bool,
    /// When the figures were made last.
    made_at: Instant,
    reopen: Option<Reopen>,
    look_for_room_at: Option<Instant>,
}

impl<S: SlotStore, O: FnMut() -> Result<S, Error>> Work<S, O> {
    fn run(mut self, queue: &Receiver<Message>) {
        let mut next = None;
        loop {
            let patience = if self.is_folded { LOOK_UP } else { Duration::ZERO };
            let Gathered { orders, catching_up, is_last } = match next.take() {
                Some(first) => gather(first, &mut next, queue),
                None => match queue.recv_timeout(patience) {
                    Ok(first) => gather(first, &mut next, queue),
                    Err(RecvTimeoutError::Timeout) => Gathered::default(),
                    Err(RecvTimeoutError::Disconnected) => {
                        Gathered { is_last: true, ..Gathered::default() }
                    }
                },
            };
            let is_idle = orders.is_empty() && catching_up.is_empty();
            self.turn(orders);
            for waiting in catching_up {
                // Whoever does not wait any more looks for themselves.
                let _ = waiting.send(());
            }
            if is_last {
                break;
            }
            if is_idle {
                self.is_folded = self.keeping.fold();
            }
        }
        self.remember();
        if self.keeping.stopped().is_none()
            && let Err(error) = self.keeping.into_store().close()
        {
            tracing::warn!("the slots were not closed well, which loses nothing: {error}");
        }
    }

    fn turn(&mut self, waiting: Vec<Waiting>) {
        self.try_reopen();
        let (orders, answers): (Vec<Order>, Vec<_>) =
            waiting.into_iter().map(|Waiting { order, answer }| (order, answer)).unzip();
        if !orders.is_empty() {
            let kept = self.keeping.write(&orders);
            for (answer, kept) in answers.into_iter().zip(kept) {
                // Whoever does not wait any more sends it again.
                let _ = answer.send(kept);
            }
        }
        self.follow_catalog();
        self.follow_clock();
        self.follow_late_minutes();
        self.look_for_room();
        self.look_after();
    }

    /// Puts other windows onto the board where the objectives are others.
    fn follow_catalog(&mut self) {
        let version = self.published.measures();
        if version != self.version {
            self.version = version;
            let (objectives, rules) = {
                let state = self.published.read();
                (figures::objectives(&state), Rules::of(&state))
            };
            if objectives == self.objectives && rules == self.rules {
                return;
            }
            self.rules = rules;
            (self.objectives, self.is_outdated) = (objectives, true);
            self.keeping.set_windows(figures::running_windows(&self.objectives));
            self.make_figures();
        }
    }

    fn follow_clock(&mut self) {
        let end = over(self.clock.now().ms);
        let before = self.keeping.shared().board().end();
        if end == before {
            return;
        }
        if !(0..=STEP_MINUTES).contains(&(end.0 - before.0)) {
            self.steady_since = end;
        }
        self.keeping.advance(end);
        self.make_figures();
        self.remember();
        self.is_folded = false;
        let kept = self.keeping.kept(end);
        // A wrong clock that is believed must not cost a slot: nothing is dropped until it has gone on for a day.
        let is_trusted = end.0 - self.steady_since.0 >= DAY;
        if is_trusted && self.swept != Some(kept.from) {
            self.keeping.drop_before(kept.from);
            self.swept = Some(kept.from);
        }
        *self.seen.kept.write().unwrap_or_else(PoisonError::into_inner) = kept;
    }

    /// Whoever sends minutes that are over, and looks, finds them counted.
    fn follow_late_minutes(&mut self) {
        if self.keeping.is_touched() && self.made_at.elapsed() >= FIGURES_EVERY {
            self.make_figures();
        }
    }

    /// Lets the slots remember how far all came; where that fails, in a minute.
    fn remember(&mut self) {
        let cursors = self.watch.cursors(&self.published);
        let _ = self.keeping.write(&[Order { cursors, ..Order::default() }]);
    }

    fn make_figures(&mut self) {
        if self.keeping.stopped().is_some() {
            // They are made anew with the board.
            self.is_outdated = true;
            return;
        }
        self.made_at = Instant::now();
        let touched = self.keeping.take_touched();
        let before = if self.is_outdated {
            Arc::default()
        } else {
            Arc::clone(&self.seen.figures.read().unwrap_or_else(PoisonError::into_inner))
        };
        let standings = {
            let before = self.seen.decisions.read().unwrap_or_else(PoisonError::into_inner);
            before.standings(&self.published.read())
        };
        let made = {
            let board = self.keeping.shared().board();
            let is_touched = |sli: u32| touched.contains(&sli);
            let store = self.keeping.store();
            figures::all(&self.objectives, &board, store, &before, is_touched).and_then(|made| {
                let decided =
                    decisions::all(&self.rules, &standings, &self.objectives, &board, store)?;
                Ok((made, decided))
            })
        };
        match made {
            Ok((figures, decisions)) => {
                self.is_outdated = false;
                if let Some(end) = decisions.end {
                    self.watch.decided(end);
                }
                (self.record)(decisions.news(&self.published.read(), self.watch.unwatched()));
                *self.seen.figures.write().unwrap_or_else(PoisonError::into_inner) =
                    Arc::new(figures);
                *self.seen.decisions.write().unwrap_or_else(PoisonError::into_inner) =
                    Arc::new(decisions);
            }
            Err(error) => {
                self.is_outdated = true;
                tracing::error!("the figures could not be made: {error}");
            }
        }
    }

    /// Where there was no room, looks now and then whether there is.
    fn look_for_room(&mut self) {
        let now = Instant::now();
        if self.look_for_room_at.is_some_and(|at| at <= now) {
            self.keeping.look_for_room();
            self.look_for_room_at = None;
        }
        if self.keeping.refused().is_some() {
            self.look_for_room_at.get_or_insert(now + LOOK_FOR_ROOM);
        }
    }

    /// Tells how things are, and sees to it that stopped keeping goes on.
    fn look_after(&mut self) {
        let stopped = self.keeping.stopped().map(str::to_owned);
        if let (Some(why), None) = (&stopped, self.reopen) {
            tracing::error!("no slots are written for now: {why}");
            self.reopen =
                Some(Reopen { at: Instant::now() + REOPEN_AFTER_MIN, after: REOPEN_AFTER_MIN });
        }
        let stopped = stopped.or_else(|| self.keeping.refused().map(str::to_owned));
        let mut seen = self.seen.stopped.write().unwrap_or_else(PoisonError::into_inner);
        if self.reopen.is_none() && *seen != stopped {
            if let Some(why) = &stopped {
                tracing::error!("no slots can be written for now: {why}");
            } else {
                tracing::info!("slots can be written again");
            }
        }
        *seen = stopped;
    }

    fn try_reopen(&mut self) {
        let Some(Reopen { at, after }) = self.reopen else { return };
        if Instant::now() < at {
            return;
        }
        match (self.open)().and_then(|store| self.keeping.reopen(store)) {
            Ok(()) => {
                tracing::info!("the slots were opened anew; they are written again");
                self.seen.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
                (self.reopen, self.is_outdated) = (None, true);
                self.make_figures();
            }
            Err(error) => {
                tracing::error!("the slots could not be opened anew: {error}");
                let after = (after * 2).min(REOPEN_AFTER_MAX);
                self.reopen = Some(Reopen { at: Instant::now() + after, after });
            }
        }
    }
}

/// Messages that are taken together.
#[derive(Default)]
struct Gathered {
    orders: Vec<Waiting>,
    /// Who waits for decisions on what is published.
    catching_up: Vec<oneshot::Sender<()>>,
    /// Whether nothing comes any more.
    is_last: bool,
}

/// The first message and those that wait behind it, as many as one transaction takes; what did not fit is `next`.
fn gather(first: Message, next: &mut Option<Message>, queue: &Receiver<Message>) -> Gathered {
    let (mut gathered, mut slots) = (Gathered::default(), 0);
    let mut message = Some(first);
    while let Some(taken) = message.take() {
        match taken {
            Message::Stop => return Gathered { is_last: true, ..gathered },
            Message::CatchUp(waiting) => gathered.catching_up.push(waiting),
            Message::Order(waiting) => {
                let more = waiting.order.slots();
                if !gathered.orders.is_empty() && slots + more > TRANSACTION_SLOTS_MAX {
                    *next = Some(Message::Order(waiting));
                    break;
                }
                slots += more;
                gathered.orders.push(*waiting);
            }
        }
        if gathered.orders.len() < ORDERS_TOGETHER_MAX {
            message = queue.try_recv().ok();
        }
    }
    gathered
}
