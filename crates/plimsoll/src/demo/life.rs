//! Life: while the demo runs, the company goes on: its log grows, and its counters send each minute.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread::{self, JoinHandle},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use plimsoll_core::{
    measure::slot::Slot,
    time::{Minute, rfc3339},
};
use plimsoll_server::api::samples::{Batches, Kept, NamedSamples, Quality, Sample};

use super::{
    lines::{Ahead, Edge},
    story::Told,
    traffic::Traffic,
};
use crate::client::{self, At};

/// How often something is written.
const EVERY: Duration = Duration::from_secs(1);

/// No more minutes than these are sent later: a machine that slept lost the others.
const LATE_MINUTES: i64 = 10;

/// The thread on which the company goes on.
#[derive(Debug)]
pub(super) struct Life {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

/// What goes on.
struct Work {
    edge: Edge,
    ahead: Ahead,
    pushed: BTreeMap<String, Traffic>,
    /// The next minute that is sent.
    next: Minute,
    /// What was counted and is not kept yet.
    waiting: Vec<NamedSamples>,
    data: PathBuf,
}

impl Life {
    /// Goes on where the story ended.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(told: Told, data: PathBuf) -> std::io::Result<Self> {
        let (stop, stopped) = sync_channel(1);
        let Told { plot, edge, pushed, .. } = told;
        let (ahead, waiting) = (Ahead::from(plot.end), Vec::new());
        let work = Work { edge, ahead, pushed, next: plot.end, waiting, data };
        let thread =
            thread::Builder::new().name("life".to_owned()).spawn(move || work.run(&stopped))?;
        Ok(Life { stop, thread })
    }

    /// Ends it.
    pub(super) fn end(self) {
        // Where the thread is gone already, there is nothing left to stop.
        if self.stop.send(()).is_ok() {
            let _ = self.thread.join();
        }
    }
}

impl Work {
    fn run(mut self, stopped: &Receiver<()>) {
        loop {
            let second = now_s();
            // A disk that is full is no reason to end: what is missing then is missing.
            let _ = self.ahead.write_until(&mut self.edge, second);
            self.send_until(Minute::of_second(second));
            match stopped.recv_timeout(EVERY) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Sends every minute before this one, again where it was not answered.
    fn send_until(&mut self, now: Minute) {
        let mut next = self.next.max(now.plus(-LATE_MINUTES));
        while next < now {
            for (sli, traffic) in &mut self.pushed {
                let minutes = vec![sample(next, traffic.slot(next))];
                self.waiting.push(NamedSamples {
                    sli: sli.clone(),
                    source: None,
                    generation: 1,
                    minutes,
                });
            }
            next = next.plus(1);
        }
        self.next = next;
        if self.waiting.is_empty() {
            return;
        }
        let most = self.pushed.len() * LATE_MINUTES as usize;
        let surplus = self.waiting.len().saturating_sub(most);
        let batches = self.waiting.split_off(surplus);
        self.waiting.clear();
        let sent = Batches { batches };
        if self.send(&sent).is_none() {
            self.waiting = sent.batches;
        }
    }

    /// Sends as any counter does.
    fn send(&self, batches: &Batches) -> Option<Kept> {
        let at = At { data: Some(self.data.clone()), server: None, token_file: None };
        let answer = at.client().ok()?.post_once("/api/v1/samples", batches).ok()?;
        client::read(answer.as_bytes()).ok()
    }
}

/// A minute as it is sent.
fn sample(minute: Minute, slot: Slot) -> Sample {
    let (good, bad) = slot.events();
    let (state, counts) = match slot {
        Slot::NoTraffic => (Some(Quality::NoTraffic), None),
        Slot::Missing | Slot::Partial { .. } => (Some(Quality::Missing), None),
        Slot::Measured { .. } => (None, Some((good, bad))),
    };
    let minute = rfc3339(minute.second());
    Sample { minute, state, good: counts.map(|(good, _)| good), bad: counts.map(|(_, bad)| bad) }
}

/// The time, in seconds since 1970.
pub(super) fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or_default()
}
