//! What one piece of the input holds, counted without a look at any other piece.

use super::{Cell, Ladder, Roster, hash::hash, roster::Names};
use crate::{
    limits::THRESHOLDS_MAX,
    measure::{
        accesslog::Request,
        classify::{Class, Rules, is_latency},
        service::{self, By},
    },
    time::Minute,
};

/// How requests are counted.
#[derive(Debug, Clone, Default)]
pub struct Method {
    /// What is good, bad, excluded.
    pub rules: Rules,
    /// Which latencies are told apart.
    pub ladder: Ladder,
    /// Which names are kept. A kind that is not asked for is not kept, which saves time and memory.
    pub by: By,
}

/// The counts of one piece of the input, by raw name and minute.
///
/// This is the innermost loop of the program: a request costs a look at the last name, the last minute of that name,
/// and four additions. Nothing is allocated for it, unless its name or minute is new.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    keys: Keys,
    rows: Vec<Row>,
    /// The key of every request, in order: where there are too many names, which of them are counted together
    /// depends on the order of the requests, and on nothing else.
    sequence: Vec<u32>,
    first_s: Option<i64>,
    last_s: Option<i64>,
}

/// Good, bad, excluded; then timed requests by the number of thresholds that they exceed.
const COUNTERS: usize = 3 + THRESHOLDS_MAX + 1;
const TIMED: usize = 3;

/// The counts of one key in one minute. There may be several rows for the same key and minute.
#[derive(Debug, Clone)]
struct Row {
    minute: Minute,
    key: u32,
    counters: [u32; COUNTERS],
}

impl Row {
    fn cell(&self) -> Cell {
        let count = |at: usize| u64::from(self.counters[at]);
        let mut cell =
            Cell { good: count(0), bad: count(1), excluded: count(2), ..Cell::default() };
        let mut sum = 0;
        for (step, within) in cell.within.iter_mut().chain([&mut cell.timed]).enumerate() {
            sum += count(TIMED + step);
            *within = sum;
        }
        cell
    }
}

impl Batch {
    /// Counts a request.
    #[inline]
    pub fn add(&mut self, request: &Request<'_>, method: &Method) {
        let class = method.rules.class(request.status);
        let key = self.keys.find(
            request.host.as_deref().unwrap_or_default(),
            request.target.as_deref().unwrap_or_default(),
            method.by,
        );
        let minute = Minute::of_second(request.at_s);
        let row = self.row(key, minute, request.status == Some(404));
        let column = match class {
            Class::Good => 0,
            Class::Bad => 1,
            Class::Excluded => 2,
        };
        row.counters[column] += 1;
        if let Some(duration_us) = request.duration_us
            && is_latency(request.status, class)
        {
            row.counters[TIMED + method.ladder.exceeded(duration_us)] += 1;
        }
        self.sequence.push(key);
        self.first_s = Some(self.first_s.map_or(request.at_s, |first| first.min(request.at_s)));
        self.last_s = Some(self.last_s.map_or(request.at_s, |last| last.max(request.at_s)));
    }

    /// The row of this key and minute: one of the last two of the key, or a new one.
    #[inline]
    fn row(&mut self, key: u32, minute: Minute, not_found: bool) -> &mut Row {
        let known = &mut self.keys.known[key as usize];
        known.not_found += u32::from(not_found);
        let [newest, older] = known.recent;
        let at = if newest.0 == minute {
            newest.1
        } else if older.0 == minute {
            older.1
        } else {
            let at = self.rows.len() as u32;
            self.rows.push(Row { minute, key, counters: [0; COUNTERS] });
            known.recent = [(minute, at), newest];
            at
        };
        &mut self.rows[at as usize]
    }

    /// How many requests were counted.
    pub fn requests(&self) -> u64 {
        self.sequence.len() as u64
    }

    /// About how much memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
            + self.sequence.capacity() * size_of::<u32>()
            + self.keys.bytes()
    }

    /// When the earliest request happened, in seconds since 1970.
    pub fn first_s(&self) -> Option<i64> {
        self.first_s
    }

    /// When the latest request happened, in seconds since 1970.
    pub fn last_s(&self) -> Option<i64> {
        self.last_s
    }

    /// Adds everything to the names.
    pub(super) fn pour(&self, hosts: &mut Roster, segments: &mut Roster) {
        let by_host = self.names(|known| known.host.as_deref());
        let by_segment = self.names(|known| known.segment.as_deref());
        let host_places = hosts.admit(&by_host, &self.sequence);
        let segment_places = segments.admit(&by_segment, &self.sequence);
        let mut order: Vec<&Row> = self.rows.iter().collect();
        order.sort_by_key(|row| row.minute);
        for row in order {
            let cell = row.cell();
            hosts.add(host_places[row.key as usize], row.minute, &cell);
            segments.add(segment_places[row.key as usize], row.minute, &cell);
        }
    }

    fn names<'a>(&'a self, name: impl Fn(&'a Known) -> Option<&'a str>) -> Names<'a> {
        self.keys.known.iter().map(|known| (name(known), u64::from(known.not_found))).collect()
    }
}

/// The keys of a batch: raw host and raw first path segment, as they stand in the log, numbered as they come.
#[derive(Debug, Clone, Default)]
struct Keys {
    /// The bytes of all keys, one behind the other.
    text: Vec<u8>,
    known: Vec<Known>,
    /// Number of the key plus one, by hash; zero is free. At most half full.
    table: Vec<u32>,
    last: u32,
}

#[derive(Debug, Clone)]
struct Known {
    hash: u64,
    /// Where its bytes stand: the host from `start` to `middle`, the segment from there to `end`.
    start: usize,
    middle: usize,
    end: usize,
    recent: [(Minute, u32); 2],
    not_found: u32,
    /// The names it stands for; `None` where it names nothing.
    host: Option<String>,
    segment: Option<String>,
}

/// No log holds a request in this minute.
const NEVER: Minute = Minute(i64::MIN);

impl Keys {
    /// The number of the key of a request.
    #[inline]
    fn find(&mut self, host: &[u8], target: &[u8], by: By) -> u32 {
        let (url_host, segment) = if by.segments() || host.is_empty() {
            service::raw_segment(target)
        } else {
            (None, &[][..])
        };
        let host = match url_host {
            _ if !by.hosts() => &[],
            Some(url_host) if host.is_empty() => url_host,
            _ => host,
        };
        let segment = if by.segments() { segment } else { &[] };
        if self.is(self.last, host, segment) {
            return self.last;
        }
        let hash = hash(segment, hash(host, 0));
        self.last = self.look_up(hash, host, segment);
        self.last
    }

    #[inline]
    fn is(&self, key: u32, host: &[u8], segment: &[u8]) -> bool {
        self.known.get(key as usize).is_some_and(|known| {
            self.text[known.start..known.middle] == *host
                && self.text[known.middle..known.end] == *segment
        })
    }

    fn look_up(&mut self, hash: u64, host: &[u8], segment: &[u8]) -> u32 {
        if self.known.len() * 2 >= self.table.len() {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        while let Some(key) = self.table[at].checked_sub(1) {
            if self.known[key as usize].hash == hash && self.is(key, host, segment) {
                return key;
            }
            at = (at + 1) & mask;
        }
        let key = self.known.len() as u32;
        self.table[at] = key + 1;
        let start = self.text.len();
        self.text.extend_from_slice(host);
        let middle = self.text.len();
        self.text.extend_from_slice(segment);
        self.known.push(Known {
            hash,
            start,
            middle,
            end: self.text.len(),
            recent: [(NEVER, 0); 2],
            not_found: 0,
            host: service::host_name(host),
            segment: service::segment_name(segment),
        });
        key
    }

    #[cold]
    fn grow(&mut self) {
        let len = (self.table.len() * 2).max(64);
        self.table = vec![0; len];
        for (key, known) in self.known.iter().enumerate() {
            let mut at = known.hash as usize & (len - 1);
            while self.table[at] != 0 {
                at = (at + 1) & (len - 1);
            }
            self.table[at] = key as u32 + 1;
        }
    }

    fn bytes(&self) -> usize {
        self.text.capacity()
            + self.known.capacity() * size_of::<Known>()
            + self.table.capacity() * size_of::<u32>()
    }
}
