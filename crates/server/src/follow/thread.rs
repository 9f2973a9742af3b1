//! The thread that follows all logs: a look each second, more where there is more to read.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use plimsoll_core::{
    measure::slot::Slot,
    time::{Minute, Span},
};
use plimsoll_source::follow::Event;
use plimsoll_store::slots::SlotReads as _;

use super::{
    health::Healths,
    route::{Route, routes},
    tail::{History, Polled, Tail},
};
use crate::{
    clock::Clock,
    measure::{
        keeper::{GRACE_MS, Keeper},
        keeping::{NotKept, Order},
    },
    published::Published,
};

/// How often logs are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// The thread that follows logs.
#[derive(Debug)]
pub struct FollowThread {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl FollowThread {
    /// Starts the thread. Of the folder `apart`, which is the server's own, nothing is read.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(
        keeper: Keeper,
        published: Arc<Published>,
        clock: Arc<dyn Clock>,
        healths: Healths,
        apart: PathBuf,
    ) -> Result<Self, String> {
        let (stop, stopped) = sync_channel(1);
        let work = Work {
            keeper,
            published,
            clock,
            healths,
            apart,
            version: None,
            tails: BTreeMap::new(),
        };
        let thread = thread::Builder::new()
            .name("follow".to_owned())
            .spawn(move || work.run(&stopped))
            .map_err(|error| format!("could not start the thread that follows logs: {error}"))?;
        Ok(FollowThread { stop, thread })
    }

    /// Ends it; what it read and is not kept is read again at the next start.
    pub fn stop(self) {
        // Where the thread is gone already, there is nothing left to stop.
        if self.stop.send(()).is_ok() {
            let _ = self.thread.join();
        }
    }
}

struct Work {
    keeper: Keeper,
    published: Arc<Published>,
    clock: Arc<dyn Clock>,
    healths: Healths,
    /// The server's own folder.
    apart: PathBuf,
    /// The state that the tails are of.
    version: Option<u64>,
    tails: BTreeMap<String, Followed>,
}

/// A source, and its follower; none while it cannot be had.
struct Followed {
    route: Route,
    tail: Option<Tail>,
}

impl History for Keeper {
    fn slots(&self, source: u32, sli: u32, span: Span) -> Result<Vec<Slot>, String> {
        self.slots_from(source, sli, span).map_err(|error| error.to_string())
    }
}

impl Work {
    fn run(mut self, stopped: &Receiver<()>) {
        loop {
            self.follow_catalog();
            let mut is_more = false;
            let names: Vec<String> = self.tails.keys().cloned().collect();
            for name in names {
                is_more |= self.poll(&name);
            }
            let pause = if is_more { Duration::ZERO } else { EVERY };
            match stopped.recv_timeout(pause) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Follows what the documents say now.
    fn follow_catalog(&mut self) {
        let version = self.published.measures();
        if self.version == Some(version) {
            return;
        }
        self.version = Some(version);
        let routes = routes(&self.published.read());
        let mut before = std::mem::take(&mut self.tails);
        for route in routes {
            let name = route.name.clone();
            let followed = match before.remove(&name) {
                Some(same) if same.route == route => same,
                _ => Followed { route, tail: None },
            };
            self.tails.insert(name, followed);
        }
    }

    /// Looks at one source once; whether there is more at once.
    fn poll(&mut self, name: &str) -> bool {
        let now = self.clock.now();
        let now_ms = now.ms;
        let (keeper, healths) = (&self.keeper, &self.healths);
        let Some(followed) = self.tails.get_mut(name) else { return false };
        let tail = match open(followed, keeper, &self.apart) {
            Ok(tail) => tail,
            Err(why) => {
                healths.note(name, |health| health.trouble = Some(why));
                return false;
            }
        };
        let over = Minute::of_second(now_ms.saturating_sub(GRACE_MS).div_euclid(1000));
        let mut polled = tail.poll(now, keeper.kept(now_ms), over, keeper);
        let kept = polled.order.take().map_or(Ok(()), |order| keep(keeper, order));
        match &kept {
            Ok(()) => tail.commit(),
            Err(_) => tail.abandon(),
        }
        note(healths, name, now_ms, tail, &polled, kept.as_ref().err());
        match kept {
            Ok(()) => polled.is_more,
            Err(not_kept) => {
                // Whether the cursors moved is only known to the store.
                if matches!(not_kept, NotKept::Unknown(_)) {
                    followed.tail = None;
                }
                false
            }
        }
    }
}

/// The follower of a source, from its stored cursors where there is none yet.
fn open<'a>(
    followed: &'a mut Followed,
    keeper: &Keeper,
    apart: &Path,
) -> Result<&'a mut Tail, String> {
    if followed.tail.is_none() {
        if let Some(why) = keeper.stopped() {
            return Err(format!("nothing is written for now, because {why}"));
        }
        let source = followed.route.source;
        let cursors = keeper.read(|reader| reader.cursors(source)).map_err(|e| e.to_string())?;
        followed.tail = Some(Tail::new(followed.route.clone(), &cursors, apart.to_path_buf())?);
    }
    followed.tail.as_mut().ok_or_else(String::new)
}

fn keep(keeper: &Keeper, order: Order) -> Result<(), NotKept> {
    keeper.keep_blocking(order).map(drop)
}

/// Tells how the source is doing.
fn note(
    healths: &Healths,
    name: &str,
    now_ms: i64,
    tail: &Tail,
    polled: &Polled,
    not_kept: Option<&NotKept>,
) {
    healths.note(name, |health| {
        health.trouble = not_kept.map(ToString::to_string).or_else(|| polled.trouble.clone());
        health.seen_until = tail.seen_until();
        health.files = Some(tail.health());
        if not_kept.is_some() {
            return;
        }
        let delta = &polled.delta;
        if delta.lines > 0 {
            health.heard_ms = Some(now_ms);
        }
        let newest = delta.cells.keys().map(|(_, minute)| *minute).max();
        health.newest = health.newest.max(newest);
        health.taken += delta.lines - delta.malformed;
        health.rejected += delta.malformed;
        if !delta.examples.is_empty() {
            health.examples.clone_from(&delta.examples);
        }
        for event in &delta.events {
            health.happened(now_ms, in_words(event));
        }
    });
}

/// What happened to a file, for people.
fn in_words(event: &Event) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = match event {
        Event::Found { path } => write!(text, "found {path}"),
        Event::Renamed { from, to: Some(to) } => write!(text, "{from} was renamed to {to}"),
        Event::Renamed { from, to: None } => write!(text, "{from} was moved away or deleted"),
        Event::Copied { of, path } => write!(text, "{path} is a copy of {of}"),
        Event::Truncated { path, copy: Some(copy) } => {
            write!(text, "{path} was emptied; {copy} holds what it held")
        }
        Event::Truncated { path, copy: None } => {
            write!(text, "{path} was emptied; lines may be lost that were written just before")
        }
        Event::Cut { path, bytes } => write!(text, "{path} lost {bytes} bytes that were counted"),
        Event::Gone { path } => {
            write!(text, "{path} is gone; lines may be lost that were written just before")
        }
    };
    text
}
