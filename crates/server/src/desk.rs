//! The desk: the one thread on which the writer works.
//!
//! It takes all jobs that wait and does them in one durable batch; while that is published and answered, it goes on
//! with the next. When the store fails it opens the journal anew by
//! itself, as often as it takes; meanwhile every job is told so. It saves a snapshot now and then and forgets old
//! replies.

mod publisher;

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use plimsoll_core::command::{Actor, Command};
use plimsoll_store::{
    Error,
    journal::{AppendError, Head, Journal},
};
use tokio::sync::oneshot;

use crate::{
    clock::Clock,
    keyring::Keyring,
    limits::{
        BATCH_JOBS_MAX, JOBS_WAITING_MAX, REOPEN_AFTER_MAX, REOPEN_AFTER_MIN, REPLIES_KEPT_MS,
        REPLIES_SWEPT_EVERY_MS, SNAPSHOT_EVERY_ENTRIES,
    },
    measure::keeper::Recorder,
    published::Published,
    writer::{Job, NotDone, Outcome, Writer},
};
use publisher::{Batch, Publisher};

/// Looks up whether there is housekeeping to do at least so often.
const IDLE: Duration = Duration::from_secs(60);
/// Where there was no room, is looked so often whether there is: perhaps nobody else writes anything meanwhile.
const LOOK_FOR_ROOM: Duration = Duration::from_secs(1);
/// A clock that goes on by more between two looks has jumped, or the machine slept.
const STEP_MS: i64 = 600_000;
/// About what an entry takes in the journal. A snapshot is due when the journal grew by as much as the last one took,
/// so that snapshots cost no more than the journal itself, however large the state is.
const ENTRY_BYTES: u64 = 256;
/// By which rule decisions are made.
pub const POLICY_RULE: &str = "policy";
/// What jobs are told that come too late.
const STOPPING: &str = "the server stops";

/// Where jobs are handed in. Its clones all lead to the one desk.
#[derive(Debug, Clone)]
pub struct Desk {
    queue: SyncSender<Message>,
    published: Arc<Published>,
    health: Arc<Health>,
}

/// The thread of a desk. It ends when it is told to, or when nobody is left who could hand anything in.
#[derive(Debug)]
pub struct DeskThread {
    queue: SyncSender<Message>,
    thread: JoinHandle<()>,
}

/// How the desk is.
#[derive(Debug)]
struct Health(RwLock<(Option<String>, Head)>);

enum Message {
    Job(Box<Waiting>),
    Stop,
}

struct Waiting {
    job: Job,
    answer: Answer,
}

/// Who waits for what became of a job.
type Answer = oneshot::Sender<Outcome>;

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Message::Job(_) => "Job",
            Message::Stop => "Stop",
        })
    }
}

impl Desk {
    /// Starts the thread. `open` opens the journal anew after a failure.
    ///
    /// # Errors
    /// When the secrets of tokens cannot be read, or the system gives no thread.
    pub fn start<J, O>(
        writer: Writer<J>,
        keyring: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        open: O,
    ) -> Result<(Desk, DeskThread), String>
    where
        J: Journal + Send + 'static,
        O: FnMut() -> Result<J, Error> + Send + 'static,
    {
        keyring.load(writer.journal()).map_err(|error| error.to_string())?;
        let head = writer.journal().head();
        let sweep = Sweep::from(clock.now().ms);
        let health = Arc::new(Health(RwLock::new((None, head))));
        let published = Arc::clone(writer.published());
        let (queue, jobs) = sync_channel(JOBS_WAITING_MAX);
        let no_thread = |error| format!("could not start the writer's threads: {error}");
        let beside = Publisher::start(Arc::clone(&published)).map_err(no_thread)?;
        let work = Work {
            writer,
            publisher: beside,
            keyring,
            clock,
            open,
            health: Arc::clone(&health),
            snapshot_seq: head.seq,
            snapshot_bytes: 0,
            sweep,
            reopen: None,
        };
        let thread = thread::Builder::new()
            .name("desk".to_owned())
            .spawn(move || work.run(&jobs))
            .map_err(no_thread)?;
        let desk = Desk { queue: queue.clone(), published, health };
        Ok((desk, DeskThread { queue, thread }))
    }

    /// Does a job; done means: on the disk.
    ///
    /// # Errors
    /// [`NotDone`], which says whether anything of it may have been kept.
    pub async fn work(&self, job: Job) -> Outcome {
        match self.hand_in(job) {
            Ok(answer) => answer.await.unwrap_or_else(|_| Err(lost())),
            Err(not_done) => Err(not_done),
        }
    }

    /// Does a job, outside of any asynchronous task.
    ///
    /// # Errors
    /// As [`Desk::work`].
    pub fn work_blocking(&self, job: Job) -> Outcome {
        match self.hand_in(job) {
            Ok(answer) => answer.blocking_recv().unwrap_or_else(|_| Err(lost())),
            Err(not_done) => Err(not_done),
        }
    }

    /// Takes decisions to the journal without waiting for it: whoever made them sees in the state whether they are
    /// there, and makes them again.
    pub fn recorder(&self) -> Recorder {
        let desk = self.clone();
        Box::new(move |decisions| {
            for decided in decisions {
                let job = Job {
                    command: Command::Record(Box::new(decided)),
                    actor: Actor::Rule(POLICY_RULE.into()),
                    fresh: 0,
                    secret: None,
                    repeat: None,
                    condition: None,
                };
                if desk.hand_in(job).is_err() {
                    return;
                }
            }
        })
    }

    fn hand_in(&self, job: Job) -> Result<oneshot::Receiver<Outcome>, NotDone> {
        let (answer, outcome) = oneshot::channel();
        let waiting = Message::Job(Box::new(Waiting { job, answer }));
        match self.queue.try_send(waiting) {
            Ok(()) => Ok(outcome),
            Err(TrySendError::Full(_)) => Err(NotDone::Busy),
            Err(TrySendError::Disconnected(_)) => Err(NotDone::Stopped(STOPPING.to_owned())),
        }
    }

    /// What is durable.
    pub fn published(&self) -> &Published {
        &self.published
    }

    /// The newest entry of the journal.
    pub fn head(&self) -> Head {
        self.health.read().1
    }

    /// Why nothing is written for now.
    pub fn stopped(&self) -> Option<String> {
        self.health.read().0.clone()
    }
}

/// The thread ended while it had the job: it may or may not have been done.
fn lost() -> NotDone {
    NotDone::Unknown("the writer ended".to_owned())
}

impl DeskThread {
    /// Does what waits, saves a snapshot, closes the journal and ends.
    pub fn stop(self) {
        // Where the thread is gone already, there is nothing left to stop.
        if self.queue.send(Message::Stop).is_ok() {
            let _ = self.thread.join();
        }
    }
}

impl Health {
    fn read(&self) -> (Option<String>, Head) {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, stopped: Option<&str>, head: Head) {
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if now.0.as_deref() != stopped {
            now.0 = stopped.map(str::to_owned);
        }
        now.1 = head;
    }
}

/// When the journal is opened anew.
#[derive(Clone, Copy)]
struct Reopen {
    at: Instant,
    after: Duration,
}

/// The desk, on its thread.
struct Work<J, O> {
    writer: Writer<J>,
    publisher: Publisher,
    keyring: Arc<Keyring>,
    clock: Arc<dyn Clock>,
    open: O,
    health: Arc<Health>,
    /// The entry of the last snapshot, or the one the thread began with.
    snapshot_seq: u64,
    /// The size of the last snapshot.
    snapshot_bytes: u64,
    sweep: Sweep,
    reopen: Option<Reopen>,
}

impl<J: Journal, O: FnMut() -> Result<J, Error>> Work<J, O> {
    fn run(mut self, queue: &Receiver<Message>) {
        loop {
            let (jobs, is_last) = match queue.recv_timeout(self.patience()) {
                Ok(first) => gather(first, queue),
                Err(RecvTimeoutError::Timeout) => (Vec::new(), false),
                Err(RecvTimeoutError::Disconnected) => (Vec::new(), true),
            };
            if jobs.is_empty() && !is_last {
                self.writer.look_for_room();
            }
            self.turn(jobs);
            if is_last {
                break;
            }
        }
        if self.writer.stopped().is_none() && self.writer.journal().head().seq > self.snapshot_seq {
            self.save_snapshot();
        }
        self.publisher.stop();
        if self.writer.stopped().is_none()
            && let Err(error) = self.writer.into_journal().close()
        {
            tracing::warn!("the journal was not closed well, which loses nothing: {error}");
        }
    }

    /// How long to wait for jobs before looking up.
    fn patience(&self) -> Duration {
        let idle = if self.writer.refused().is_some() { LOOK_FOR_ROOM } else { IDLE };
        self.reopen.map_or(idle, |reopen| reopen.at.saturating_duration_since(Instant::now()))
    }

    fn turn(&mut self, waiting: Vec<Waiting>) {
        if self.reopen.is_some_and(|reopen| reopen.at <= Instant::now()) {
            self.try_reopen();
        }
        let (jobs, answers): (Vec<Job>, Vec<_>) =
            waiting.into_iter().map(|Waiting { job, answer }| (job, answer)).unzip();
        self.work(&jobs, answers);
        self.keep_house();
        self.look_after();
    }

    /// Does jobs together, and lets their answers be given. What the store takes for too large would take the others
    /// down with it: then each is done alone.
    fn work(&mut self, jobs: &[Job], answers: Vec<Answer>) {
        let now_ms = self.clock.now().ms;
        let after_seq = self.writer.journal().head().seq;
        let appended = self.writer.append(jobs, now_ms);
        let is_too_large =
            |outcome: &Outcome| matches!(outcome, Err(NotDone::Store(AppendError::Refused(_))));
        if jobs.len() > 1 && appended.outcomes().iter().any(is_too_large) {
            for (job, answer) in jobs.iter().zip(answers) {
                self.work(std::slice::from_ref(job), vec![answer]);
            }
            return;
        }
        if let Err(error) = self.keyring.follow(appended.outcomes(), self.writer.journal()) {
            self.writer.stop(&error);
        }
        self.look_after();
        self.publisher.take(Batch { after_seq, appended, answers });
    }

    /// Tells how things are, and sees to it that a stopped writer goes on.
    fn look_after(&mut self) {
        let stopped = self.writer.stopped();
        if let (Some(why), None) = (stopped, self.reopen) {
            tracing::error!("nothing is written for now: {why}");
            let after = REOPEN_AFTER_MIN;
            self.reopen = Some(Reopen { at: Instant::now() + after, after });
        }
        self.health.set(stopped.or(self.writer.refused()), self.writer.journal().head());
    }

    fn try_reopen(&mut self) {
        let opened = (self.open)().map_err(|error| error.to_string());
        let opened = opened.and_then(|journal| {
            self.keyring.load(&journal).map_err(|error| error.to_string())?;
            self.writer.reopen(journal).map_err(|error| error.to_string())
        });
        match opened {
            Ok(()) => {
                tracing::info!("the journal was opened anew; it is written again");
                self.reopen = None;
            }
            Err(why) => {
                tracing::error!("the journal could not be opened anew: {why}");
                let after = self.reopen.map_or(REOPEN_AFTER_MIN, |reopen| reopen.after * 2);
                let after = after.min(REOPEN_AFTER_MAX);
                self.reopen = Some(Reopen { at: Instant::now() + after, after });
            }
        }
    }

    fn keep_house(&mut self) {
        if self.writer.stopped().is_some() {
            return;
        }
        let entries = self.writer.journal().head().seq - self.snapshot_seq;
        if entries >= SNAPSHOT_EVERY_ENTRIES && entries * ENTRY_BYTES >= self.snapshot_bytes {
            self.save_snapshot();
        }
        let now_ms = self.clock.now().ms;
        if self.sweep.is_due(now_ms) {
            self.writer.forget_replies(now_ms.saturating_sub(REPLIES_KEPT_MS));
        }
    }

    /// Tries once for this entry: a snapshot is never needed.
    fn save_snapshot(&mut self) {
        self.snapshot_seq = self.writer.journal().head().seq;
        self.snapshot_bytes = self.writer.save_snapshot() as u64;
    }
}

/// When old replies are forgotten: after each hour through which the clock went on step by step. Where it jumped, or
/// the machine slept, the hour begins anew, so that a wrong clock forgets no reply that was given just before.
#[derive(Debug)]
struct Sweep {
    hour_began_ms: i64,
    looked_ms: i64,
}

impl Sweep {
    fn from(now_ms: i64) -> Self {
        Sweep { hour_began_ms: now_ms, looked_ms: now_ms }
    }

    /// Whether now is the time, at a look at the clock.
    fn is_due(&mut self, now_ms: i64) -> bool {
        let step_ms = now_ms.saturating_sub(std::mem::replace(&mut self.looked_ms, now_ms));
        if !(0..=STEP_MS).contains(&step_ms) {
            self.hour_began_ms = now_ms;
        }
        let is_due = now_ms.saturating_sub(self.hour_began_ms) >= REPLIES_SWEPT_EVERY_MS;
        if is_due {
            self.hour_began_ms = now_ms;
        }
        is_due
    }
}

/// The first message and those that wait behind it; and whether that was the last.
fn gather(first: Message, queue: &Receiver<Message>) -> (Vec<Waiting>, bool) {
    let mut jobs = Vec::new();
    let mut next = Some(first);
    while let Some(message) = next {
        match message {
            Message::Job(waiting) => jobs.push(*waiting),
            Message::Stop => return (jobs, true),
        }
        next = if jobs.len() < BATCH_JOBS_MAX { queue.try_recv().ok() } else { None };
    }
    (jobs, false)
}

#[cfg(test)]
mod tests;
