//! What one piece of the input holds, counted without a look at any other piece.

use super::{
    Cell, Ladder, Roster, Seed,
    keys::{Keys, Meaning},
    roster::Counted,
};
use crate::{
    limits::THRESHOLDS_MAX,
    measure::{
        accesslog::{Request, RequestRef},
        classify::{Class, Rules, is_latency},
        name::By,
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

/// What a request can be counted under; `None` where it names nothing, or where it is not kept (see [`By`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Names<'a> {
    /// The virtual host.
    pub host: Option<&'a str>,
    /// The first segment of the path.
    pub segment: Option<&'a str>,
}

/// The counts of one piece of the input, by raw name and minute.
///
/// This is the innermost loop of the program: a request costs a look at the last name, the last minute of that name,
/// and four additions. Nothing is allocated for it, unless its name or minute is new.
#[derive(Debug, Clone)]
pub struct Batch {
    keys: Keys,
    rows: Vec<Row>,
    /// The key of every request, in order: where there are too many names, which of them are counted together
    /// depends on the order of the requests, and on nothing else.
    sequence: Vec<u32>,
    /// The earliest and the latest second; without meaning while there is no request.
    first_s: i64,
    last_s: i64,
}

impl Default for Batch {
    fn default() -> Self {
        Batch {
            keys: Keys::default(),
            rows: Vec::new(),
            sequence: Vec::new(),
            first_s: i64::MAX,
            last_s: i64::MIN,
        }
    }
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

/// A new row, and where it stands.
#[cold]
fn open(rows: &mut Vec<Row>, key: u32, minute: Minute) -> u32 {
    let at = rows.len() as u32;
    rows.push(Row { minute, key, counters: [0; COUNTERS] });
    at
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
    /// Nothing yet; names are told apart by hashes with this seed.
    pub fn seeded(seed: Seed) -> Self {
        Batch { keys: Keys::seeded(seed), ..Batch::default() }
    }

    /// Counts a request.
    pub fn add(&mut self, request: &Request<'_>, method: &Method) {
        self.count(request.as_ref(), method);
    }

    /// Counts a request whose fields are in registers, and should stay there.
    #[expect(clippy::inline_always, reason = "a call takes a tenth of the time of a line")]
    #[inline(always)]
    pub fn count(&mut self, request: RequestRef<'_>, method: &Method) {
        let class = method.rules.class(request.status);
        let key = self.keys.find(
            request.host.unwrap_or_default(),
            request.target.unwrap_or_default(),
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
        if request.at_s < self.first_s {
            self.first_s = request.at_s;
        }
        if request.at_s > self.last_s {
            self.last_s = request.at_s;
        }
    }

    /// The row of this key and minute: one of the last two of the key, or a new one.
    #[inline]
    fn row(&mut self, key: u32, minute: Minute, not_found: bool) -> &mut Row {
        let known = self.keys.known_mut(key);
        known.not_found += u32::from(not_found);
        let [newest, older] = known.recent;
        let at = if newest.0 == minute {
            newest.1
        } else if older.0 == minute {
            older.1
        } else {
            let at = open(&mut self.rows, key, minute);
            known.recent = [(minute, at), newest];
            at
        };
        &mut self.rows[at as usize]
    }

    /// How many requests were counted.
    pub fn requests(&self) -> u64 {
        self.sequence.len() as u64
    }

    /// What was counted, by names and minute, in no particular order. There may be several cells of the same names
    /// and minute: the count is their sum.
    ///
    /// Unlike a [`Tally`](super::Tally) this counts no names together, however many there are.
    pub fn cells(&self) -> impl Iterator<Item = (Names<'_>, Minute, Cell)> {
        self.rows.iter().map(|row| {
            let Meaning { host, segment, .. } = &*self.keys.known()[row.key as usize].meaning;
            let names = Names { host: host.as_deref(), segment: segment.as_deref() };
            (names, row.minute, row.cell())
        })
    }

    /// About how much memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
            + self.sequence.capacity() * size_of::<u32>()
            + self.keys.bytes()
    }

    /// When the earliest request happened, in seconds since 1970.
    pub fn first_s(&self) -> Option<i64> {
        (!self.sequence.is_empty()).then_some(self.first_s)
    }

    /// When the latest request happened, in seconds since 1970.
    pub fn last_s(&self) -> Option<i64> {
        (!self.sequence.is_empty()).then_some(self.last_s)
    }

    /// Adds everything to the names.
    pub(super) fn pour(&self, hosts: &mut Roster, segments: &mut Roster) {
        let host_places = hosts.admit(&self.counted(|key| key.host.as_deref()), &self.sequence);
        let segment_places =
            segments.admit(&self.counted(|key| key.segment.as_deref()), &self.sequence);
        let mut order: Vec<&Row> = self.rows.iter().collect();
        order.sort_by_key(|row| row.minute);
        for row in order {
            let cell = row.cell();
            hosts.add(host_places[row.key as usize], row.minute, &cell);
            segments.add(segment_places[row.key as usize], row.minute, &cell);
        }
    }

    /// What was counted of each key, under one of its names.
    fn counted<'a>(&'a self, name: impl Fn(&'a Meaning) -> Option<&'a str>) -> Vec<Counted<'a>> {
        let known = self.keys.known().iter();
        let mut counted: Vec<Counted<'a>> = known
            .map(|known| Counted {
                name: name(&known.meaning),
                requests: 0,
                not_found: u64::from(known.not_found),
            })
            .collect();
        for row in &self.rows {
            let requests: u32 = row.counters[..TIMED].iter().sum();
            counted[row.key as usize].requests += u64::from(requests);
        }
        counted
    }
}
