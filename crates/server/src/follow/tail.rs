//! One log source: what a poll of its followers brings, as an order for the keeper.
//!
//! It has no thread and no clock of its own.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::PathBuf,
};

use plimsoll_core::{
    measure::{
        accesslog::Format,
        gap,
        slot::Slot,
        tally::{Ladder, Method},
    },
    time::{Minute, Span},
};
use plimsoll_source::{
    Options,
    follow::{Cursor, Delta, Event, Follower},
};

use super::route::Route;
use crate::{
    clock::Now,
    measure::keeping::{Order, OrderedAddition, OrderedBatch},
};

/// The name of the cursor that says until when everything was seen.
const SEEN: &str = "seen";

/// The name of the cursor that says where silence was found missing at the first start.
const SILENT: &str = "silent";

/// The name of the cursor that says from when on each SLI counts.
const SINCE: &str = "since";

/// The name of the cursor that says how often minutes were opened again.
const OPENED: &str = "opened";

/// The names of the cursors of logs begin so.
const LOG: &str = "log/";

/// For so long no file may match a pattern before the minutes count as not watched: a rotation takes a moment.
const BLIND_S: i64 = 60;

/// Logs that are read for the first time are all there once their newest line is no older than so many minutes, or
/// nothing came for [`STILL_S`]: somebody may be copying them just now.
const FRESH_MINUTES: i64 = 5;

/// See [`FRESH_MINUTES`].
const STILL_S: i64 = 60;

/// So many slots are closed, or opened again, with one order at most.
const CLOSED_AT_ONCE: i64 = 200_000;

/// A clock that goes back by no more was only trimmed.
const TRIMMED_MINUTES: i64 = 1;

/// One log source that is followed.
#[derive(Debug)]
pub struct Tail {
    route: Route,
    ladder: Ladder,
    follower: Follower,
    /// Every minute before it is closed: seen in full, or known not to be. `None` until all that was there at the
    /// first start is read.
    seen_until: Option<Minute>,
    /// When a line came last.
    heard_s: Option<i64>,
    /// Since when a pattern matches nothing.
    blind_since_s: Option<i64>,
    /// Silence that was found missing in what was there at the first start.
    silent: Vec<Span>,
    /// From which minute on everything was counted for an SLI: what was read before it was declared was not. `None`
    /// where it was there from the beginning.
    since: BTreeMap<u32, Option<Minute>>,
    /// Whether `since` is kept as it is.
    is_since_kept: bool,
    /// How often minutes were opened again: each time they get a generation above those before.
    opened: u64,
    /// What the last poll brings, until it is kept.
    next_seen: Option<Minute>,
    next_silent: Option<Vec<Span>>,
    next_opened: Option<u64>,
}

/// What a poll brought.
#[derive(Debug, Default)]
pub struct Polled {
    /// To be kept, then [committed](Tail::commit); nothing where there is nothing new.
    pub order: Option<Order>,
    /// What the follower said.
    pub delta: Delta,
    /// Why minutes are not closed for now.
    pub trouble: Option<String>,
    /// Whether there is more to read or to close at once.
    pub is_more: bool,
}

/// What is kept of a source so far.
pub trait History {
    /// Every minute of a span, of an SLI from a source. What was counted of the source itself is kept under its own
    /// number.
    ///
    /// # Errors
    /// Why that cannot be said.
    fn slots(&self, source: u32, sli: u32, span: Span) -> Result<Vec<Slot>, String>;
}

/// What becomes of minutes with a poll.
enum Closing {
    /// These were seen in full, and everything before a minute is closed with them.
    Close(Vec<Span>, Minute),
    /// These are opened again, and these slots take the place of what was there.
    Open(Span, Vec<OrderedBatch>),
}

impl Tail {
    /// Follows a source from where its stored cursors stand. Of the folder `apart` nothing is read.
    ///
    /// # Errors
    /// A sentence, when the source cannot be followed: its pattern, its thresholds, or its cursors are wrong.
    pub fn new(
        route: Route,
        cursors: &[(String, Vec<u8>)],
        apart: PathBuf,
    ) -> Result<Self, String> {
        let ladder = route.ladder()?;
        let rules = route.logs.classify.clone().unwrap_or_default();
        let method = Method { rules, ladder, by: route.logs.by.unwrap_or_default() };
        let mut options = Options { method, ..Options::new(i64::MAX) };
        if let Some(pattern) = &route.logs.pattern {
            options.format = Some(Format::pattern(pattern, route.logs.time_format.as_deref())?);
        }
        let (mut logs, mut seen_until, mut silent) = (Vec::new(), None, Vec::new());
        let mut opened = 0;
        let mut kept_since: BTreeMap<u32, Option<Minute>> = BTreeMap::new();
        for (name, bytes) in cursors {
            let read =
                |error: serde_json::Error| format!("the cursor {name} cannot be read: {error}");
            if name == SEEN {
                seen_until = Some(Minute(serde_json::from_slice(bytes).map_err(read)?));
            } else if name == SILENT {
                let spans: Vec<(i64, i64)> = serde_json::from_slice(bytes).map_err(read)?;
                silent = spans.into_iter().map(|(a, b)| Span::new(Minute(a), Minute(b))).collect();
            } else if name == SINCE {
                let pairs: Vec<(u32, Option<i64>)> = serde_json::from_slice(bytes).map_err(read)?;
                kept_since = pairs.into_iter().map(|(key, at)| (key, at.map(Minute))).collect();
            } else if name == OPENED {
                opened = serde_json::from_slice(bytes).map_err(read)?;
            } else if name.starts_with(LOG) {
                logs.push(serde_json::from_slice::<Cursor>(bytes).map_err(read)?);
            }
        }
        let is_new = logs.is_empty();
        let follower = Follower::new(route.logs.files.clone(), options, logs)
            .map(|f| f.apart_from(apart))
            .map_err(|problem| format!("{} {} {}", problem.what, problem.why, problem.remedy))?;
        // What was read before, was read for those that were there then.
        let is_new = is_new && seen_until.is_none();
        let keys = route.slis.iter().map(|fed| fed.key);
        let since =
            keys.filter_map(|key| Some((key, if is_new { None } else { *kept_since.get(&key)? })));
        let since: BTreeMap<u32, Option<Minute>> = since.collect();
        let is_since_kept = since == kept_since;
        Ok(Tail {
            route,
            ladder,
            follower,
            seen_until,
            silent,
            since,
            is_since_kept,
            opened,
            heard_s: None,
            blind_since_s: None,
            next_seen: None,
            next_silent: None,
            next_opened: None,
        })
    }

    /// What it follows.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// Every minute before it is closed.
    pub fn seen_until(&self) -> Option<Minute> {
        self.seen_until
    }

    /// Reads what is new. `kept` spans the minutes that are kept; every minute before `over` is over.
    pub fn poll(&mut self, now: Now, kept: Span, over: Minute, history: &impl History) -> Polled {
        let now_s = now.ms.div_euclid(1000);
        // A clock that was a day behind and is set right is not believed at once, but what is logged by it is taken.
        self.note_joined(over.max(Minute::of_second(now_s)).plus(1));
        let delta = self.follower.poll(now_s, now_s.saturating_add(now.jump_ms.max(0) / 1000));
        let mut parts = self.route.parts(&delta.cells, &self.ladder);
        // Also what is older than what is kept: the clock may be wrong. If it is not, the store drops it later.
        for (key, minutes) in &mut parts {
            self.believe_late(*key, minutes);
        }
        if delta.lines > 0 || self.heard_s.is_none() {
            self.heard_s = Some(now_s);
        }
        let sight = self.sight(now_s, &delta);
        let ahead = self.seen_until.filter(|until| *until > over.plus(TRIMMED_MINUTES));
        let closing = match (&sight, ahead) {
            (_, Some(until)) => self.opening(over, until, history),
            (Sight::Clear, None) => self.closing(now_s, kept, over, &parts, history),
            (Sight::Lost, None) => Ok(Closing::Close(Vec::new(), over)),
            (Sight::None(why), None) => Err(why.clone()),
        };
        let (mut batches, mut trouble, mut next) = (Vec::new(), None, None);
        match closing {
            Ok(Closing::Close(spans, until)) => {
                self.close(&spans, &mut parts);
                next = Some(until);
            }
            Ok(Closing::Open(span, slots)) => {
                (batches, next) = (slots, Some(span.from));
                self.next_opened = Some(self.opened + 1);
            }
            Err(why) => trouble = Some(why),
        }
        self.next_seen = next.filter(|next| self.seen_until != Some(*next));
        let is_more = delta.is_more || self.next_seen.is_some_and(|next| next != over);
        let order = Order { batches, ..self.order(&delta, parts) };
        let has_any = order != Order::default();
        let trouble = trouble.filter(|why| !why.is_empty());
        Polled { order: has_any.then_some(order), delta, trouble, is_more }
    }

    /// Takes note of SLIs that were not there when the logs were read up to here: they count in full from this minute on.
    fn note_joined(&mut self, from: Minute) {
        for fed in &self.route.slis {
            if let Entry::Vacant(free) = self.since.entry(fed.key) {
                free.insert(Some(from));
                self.is_since_kept = false;
            }
        }
    }

    /// The first minute of which everything was counted for an SLI, as far as its log was read.
    fn since(&self, key: u32) -> Minute {
        self.since.get(&key).copied().flatten().unwrap_or(Minute(i64::MIN))
    }

    /// A line that comes late into silence that was judged missing shows that its minute is in the log after all.
    fn believe_late(&self, key: u32, minutes: &mut BTreeMap<Minute, Slot>) {
        let (begin, closed) = (self.since(key), self.seen_until.unwrap_or(Minute(i64::MIN)));
        for (minute, slot) in minutes.range_mut(begin..).filter(|(minute, _)| **minute < closed) {
            if self.silent.iter().any(|span| span.contains(*minute)) {
                *slot = slot.with_more(Slot::NoTraffic);
            }
        }
    }

    /// Whether the minutes up to now were watched.
    fn sight(&mut self, now_s: i64, delta: &Delta) -> Sight {
        let health = self.follower.health();
        let unmatched = health.patterns.iter().find(|p| p.files == 0 || p.problem.is_some());
        if let Some(pattern) = unmatched {
            self.blind_since_s.get_or_insert(now_s);
            return Sight::None(match &pattern.problem {
                Some(problem) => format!("{} {}", pattern.pattern, problem.what),
                None => format!("no file matches {}", pattern.pattern),
            });
        }
        if let Some(file) = health.files.iter().find(|file| file.problem.is_some()) {
            let what = file.problem.as_ref().map_or("", |problem| problem.what.as_str());
            return Sight::None(format!("{} {what}", file.path));
        }
        if delta.is_more || !health.is_watching() {
            return Sight::None(String::new());
        }
        let was_blind = self.blind_since_s.take().is_some_and(|since| now_s - since > BLIND_S);
        let lost = delta.events.iter().any(|event| {
            matches!(
                event,
                Event::Gone { .. } | Event::Truncated { copy: None, .. } | Event::Cut { .. }
            )
        });
        // Whatever was there at the first start is judged by itself.
        if (was_blind || lost) && self.seen_until.is_some() { Sight::Lost } else { Sight::Clear }
    }

    /// The clock was ahead and closed minutes that were yet to come: nothing is known of them, but for what was counted.
    /// The last ones are opened again first, so that all before what is closed stays closed.
    fn opening(
        &self,
        over: Minute,
        until: Minute,
        history: &impl History,
    ) -> Result<Closing, String> {
        let span = Span::new(over.max(until.plus(-self.minutes_at_once())), until);
        let mut batches = Vec::new();
        for sli in self.keys() {
            let slots = span.iter().zip(history.slots(self.route.source, sli, span)?);
            let closed = slots.filter(|(_, slot)| !slot.is_missing());
            let slots: Vec<(Minute, Slot)> = closed
                .map(|(minute, slot)| {
                    let (good, bad) = slot.events();
                    (minute, Slot::Partial { good, bad })
                })
                .collect();
            // What is added to a log's minutes leaves them their generation, which is 1 from the beginning.
            let generation = self.opened + 2;
            let batch = OrderedBatch { source: self.route.source, sli, generation, slots };
            batches.extend((!batch.slots.is_empty()).then_some(batch));
        }
        Ok(Closing::Open(span, batches))
    }

    /// The numbers under which something is counted: of each SLI, and of the source itself.
    fn keys(&self) -> impl Iterator<Item = u32> {
        self.route.slis.iter().map(|fed| fed.key).chain([self.route.source])
    }

    /// How many minutes are closed, or opened again, with one order.
    fn minutes_at_once(&self) -> i64 {
        (CLOSED_AT_ONCE / (self.route.slis.len() as i64 + 1)).max(1)
    }

    /// The spans that are seen in full now, and until when everything is closed with them.
    fn closing(
        &mut self,
        now_s: i64,
        kept: Span,
        over: Minute,
        parts: &BTreeMap<u32, BTreeMap<Minute, Slot>>,
        history: &impl History,
    ) -> Result<Closing, String> {
        let Some(seen_until) = self.seen_until else {
            let begin = self.judge_silence(now_s, kept, over, parts, history)?;
            return Ok(Closing::Close(Vec::new(), begin));
        };
        let from = seen_until.max(kept.from);
        let to = over.min(from.plus(self.minutes_at_once()));
        if to <= from {
            return Ok(Closing::Close(Vec::new(), seen_until));
        }
        Ok(Closing::Close(without(Span::new(from, to), &self.silent), to))
    }

    /// Of the logs that were there at the first start every minute was seen, but for silence that is missing data.
    /// Says where they begin.
    fn judge_silence(
        &mut self,
        now_s: i64,
        kept: Span,
        over: Minute,
        parts: &BTreeMap<u32, BTreeMap<Minute, Slot>>,
        history: &impl History,
    ) -> Result<Minute, String> {
        let slots = history.slots(self.route.source, self.route.source, kept)?;
        let requests = kept.iter().zip(slots).map(|(minute, slot)| (minute, slot.events().0));
        let mut activity: BTreeMap<Minute, u64> =
            requests.filter(|(_, requests)| *requests > 0).collect();
        for (minute, slot) in parts.get(&self.route.source).into_iter().flatten() {
            *activity.entry(*minute).or_default() += slot.events().0;
        }
        let ends = activity.keys().next().zip(activity.keys().next_back());
        let Some((first, last)) = ends.map(|(first, last)| (*first, *last)) else {
            return Ok(over);
        };
        let is_still = self.heard_s.is_some_and(|heard_s| now_s.saturating_sub(heard_s) >= STILL_S);
        if last < over.plus(-FRESH_MINUTES) && !is_still {
            return Err(String::new());
        }
        // As if a line came now: the silence up to now is judged like any other.
        activity.entry(over).or_insert(1);
        let activity: Vec<(Minute, u64)> = activity.into_iter().collect();
        let missing = gap::missing(&activity, self.route.logs.gap.unwrap_or_default());
        self.next_silent = Some(missing.into_iter().map(|missing| missing.span).collect());
        Ok(first.min(over))
    }

    /// Says of every SLI that these minutes were seen in full.
    fn close(&self, spans: &[Span], parts: &mut BTreeMap<u32, BTreeMap<Minute, Slot>>) {
        for key in self.keys() {
            let (minutes, begin) = (parts.entry(key).or_default(), self.since(key));
            let spans = spans.iter().flat_map(|span| span.iter());
            for minute in spans.filter(|minute| *minute >= begin) {
                let slot = minutes.entry(minute).or_default();
                *slot = slot.with_more(Slot::NoTraffic);
            }
        }
    }

    fn order(&self, delta: &Delta, parts: BTreeMap<u32, BTreeMap<Minute, Slot>>) -> Order {
        let source = self.route.source;
        let additions = parts.into_iter().filter(|(_, minutes)| !minutes.is_empty());
        let additions = additions.map(|(sli, minutes)| OrderedAddition {
            source,
            sli,
            slots: minutes.into_iter().collect(),
        });
        let name = |key: u64| format!("{LOG}{key}");
        // A cursor is texts and numbers: it cannot fail to be written.
        let text = |cursor: &Cursor| serde_json::to_vec(cursor).unwrap_or_default();
        let changed = delta.cursors.iter().map(|c| (source, name(c.key), Some(text(c))));
        let dropped = delta.dropped.iter().map(|key| (source, name(*key), None));
        let seen = self
            .next_seen
            .map(|next| (source, SEEN.to_owned(), Some(next.0.to_string().into_bytes())));
        let silent = self.next_silent.as_ref().map(|spans| {
            let spans: Vec<(i64, i64)> = spans.iter().map(|s| (s.from.0, s.to.0)).collect();
            (source, SILENT.to_owned(), Some(serde_json::to_vec(&spans).unwrap_or_default()))
        });
        let since = (!self.is_since_kept).then(|| {
            let pairs = self.since.iter().map(|(key, at)| (*key, at.map(|at| at.0)));
            let pairs: Vec<(u32, Option<i64>)> = pairs.collect();
            (source, SINCE.to_owned(), Some(serde_json::to_vec(&pairs).unwrap_or_default()))
        });
        let opened = self
            .next_opened
            .map(|opened| (source, OPENED.to_owned(), Some(opened.to_string().into_bytes())));
        let kept = seen.into_iter().chain(silent).chain(since).chain(opened);
        Order {
            batches: Vec::new(),
            additions: additions.collect(),
            cursors: changed.chain(dropped).chain(kept).collect(),
        }
    }

    /// Says that what the last poll brought is kept.
    pub fn commit(&mut self) {
        self.follower.commit();
        self.is_since_kept = true;
        if let Some(next) = self.next_seen.take() {
            self.seen_until = Some(next);
        }
        if let Some(opened) = self.next_opened.take() {
            self.opened = opened;
        }
        if let Some(silent) = self.next_silent.take() {
            self.silent = silent;
        }
    }

    /// Says that nothing of what the last poll brought is kept.
    pub fn abandon(&mut self) {
        self.follower.abandon();
        (self.next_seen, self.next_silent) = (None, None);
    }

    /// How its files are.
    pub fn health(&self) -> plimsoll_source::follow::Health {
        self.follower.health()
    }
}

/// A span without some others, which are in order.
fn without(span: Span, others: &[Span]) -> Vec<Span> {
    let mut from = span.from;
    let mut rest = Vec::new();
    for other in others.iter().map(|other| other.intersection(span)).filter(|o| !o.is_empty()) {
        rest.push(Span::new(from, other.from));
        from = other.to;
    }
    rest.push(Span::new(from, span.to));
    rest.retain(|span| !span.is_empty());
    rest
}

/// Whether the minutes since those that are closed were watched.
enum Sight {
    /// All of them.
    Clear,
    /// Something of them is lost for good.
    Lost,
    /// That cannot be said yet; why, for people, where it is not just that reading takes its time.
    None(String),
}

#[cfg(test)]
mod tests;
