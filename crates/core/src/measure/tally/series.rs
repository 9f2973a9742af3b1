//! The minutes of one name.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    iter::Peekable,
};

use super::{
    Cell,
    pack::{self, Rows},
};
use crate::time::Minute;

/// So many minutes are kept unpacked, ready to be added to.
const OPEN_MINUTES: usize = 32;

/// A packed block that reaches this size is not written to again, except by late minutes.
const BLOCK_BYTES: usize = 1024;

/// Cells by minute, ascending; minutes without any request take no room. Adding is exact, and commutes.
///
/// The newest minutes are open; older ones are packed into blocks of about a kilobyte, at four to ten bytes a
/// minute: 200 names over 30 days, every minute busy, take 35 to 90 MB. Minutes that come late go into runs of their
/// own. When a run begins, those before it of about the same size become one: so a minute is packed about as often as
/// the number of all minutes can be halved, whatever the order they come in.
#[derive(Clone, Default)]
pub struct Series {
    /// Each goes on for as long as minutes come in order; each is more than twice as large as the next, except for the
    /// last two. A minute may be in several: it is the sum of all.
    runs: Vec<Run>,
    /// Ascending. A minute may be here and in a run too: it is the sum of both.
    open: Vec<(Minute, Cell)>,
}

/// Blocks, ascending and apart from each other.
#[derive(Clone, Default)]
struct Run {
    blocks: Vec<Block>,
    minutes: usize,
}

#[derive(Clone)]
struct Block {
    first: Minute,
    last: Minute,
    rows: Vec<u8>,
}

impl Block {
    fn new(minute: Minute, cell: &Cell) -> Self {
        let mut rows = Vec::new();
        pack::write(&mut rows, 0, cell);
        Block { first: minute, last: minute, rows }
    }

    fn push(&mut self, minute: Minute, cell: &Cell) {
        pack::write(&mut self.rows, (minute.0 - self.last.0) as u64, cell);
        self.last = minute;
    }

    fn iter(&self) -> Rows<'_> {
        Rows::new(&self.rows, self.first)
    }
}

impl Run {
    fn iter(&self) -> impl Iterator<Item = (Minute, Cell)> + '_ {
        self.blocks.iter().flat_map(Block::iter)
    }

    fn last(&self) -> Option<Minute> {
        self.blocks.last().map(|block| block.last)
    }

    /// Appends a minute behind all others.
    fn push(&mut self, minute: Minute, cell: &Cell) {
        self.minutes += 1;
        match self.blocks.last_mut() {
            Some(block) if block.rows.len() < BLOCK_BYTES => block.push(minute, cell),
            last => {
                if let Some(full) = last {
                    full.rows.shrink_to_fit();
                }
                self.blocks.push(Block::new(minute, cell));
            }
        }
    }

    /// Both runs as one.
    fn merged(&self, other: &Run) -> Run {
        let mut merged = Run::default();
        sum(self.iter(), other.iter()).for_each(|(minute, cell)| merged.push(minute, &cell));
        merged
    }
}

impl Series {
    /// Adds to a minute.
    pub fn add(&mut self, minute: Minute, cell: &Cell) {
        match self.open.last_mut() {
            Some((last, sum)) if *last == minute => return sum.add(cell),
            Some((last, _)) if *last > minute => {
                match self.open.binary_search_by_key(&minute, |(minute, _)| *minute) {
                    Ok(at) => return self.open[at].1.add(cell),
                    Err(at) => self.open.insert(at, (minute, *cell)),
                }
            }
            _ => self.open.push((minute, *cell)),
        }
        if self.open.len() >= OPEN_MINUTES {
            self.seal();
        }
    }

    /// Adds everything that another series holds.
    pub fn merge(&mut self, other: &Series) {
        other.visit(|minute, cell| self.add(minute, cell));
    }

    /// The sum of several series. For many long ones this is faster than merging one by one.
    pub fn sum_of<'a>(series: impl IntoIterator<Item = &'a Series>) -> Series {
        let mut rest: Vec<_> = series.into_iter().map(|series| series.iter().peekable()).collect();
        let mut next: BinaryHeap<Reverse<(Minute, usize)>> = BinaryHeap::new();
        for (at, rows) in rest.iter_mut().enumerate() {
            next.extend(rows.peek().map(|(minute, _)| Reverse((*minute, at))));
        }
        let mut run = Run::default();
        let mut sum: Option<(Minute, Cell)> = None;
        while let Some(Reverse((_, at))) = next.pop() {
            let Some((minute, cell)) = rest[at].next() else { continue };
            next.extend(rest[at].peek().map(|(minute, _)| Reverse((*minute, at))));
            match &mut sum {
                Some((same, sum)) if *same == minute => sum.add(&cell),
                _ => {
                    if let Some((minute, cell)) = sum.replace((minute, cell)) {
                        run.push(minute, &cell);
                    }
                }
            }
        }
        if let Some((minute, cell)) = sum {
            run.push(minute, &cell);
        }
        Series { runs: vec![run], open: Vec::new() }
    }

    /// Every minute that holds something, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (Minute, Cell)> + '_ {
        let first = self.runs.first().into_iter().flat_map(Run::iter);
        sum(first, self.late())
    }

    /// Every minute that is not in the first run, ascending.
    fn late(&self) -> Box<dyn Iterator<Item = (Minute, Cell)> + '_> {
        let open: Box<dyn Iterator<Item = _>> = Box::new(self.open.iter().copied());
        let late = self.runs.iter().skip(1);
        late.rfold(open, |later, run| Box::new(sum(run.iter(), later)))
    }

    /// Shows every minute that holds something, ascending. Faster than [`Series::iter`], because no cell is moved.
    pub fn visit(&self, mut see: impl FnMut(Minute, &Cell)) {
        let mut cell = Cell::default();
        let mut late = self.late().peekable();
        let mut late_until = |end: Minute| {
            late.peek().is_some_and(|(minute, _)| *minute <= end).then(|| late.next()).flatten()
        };
        for block in self.runs.first().iter().flat_map(|run| &run.blocks) {
            let mut rows = block.iter();
            while let Some(minute) = rows.read(&mut cell) {
                while let Some((earlier, more)) = late_until(minute) {
                    if earlier == minute {
                        cell.add(&more);
                    } else {
                        see(earlier, &more);
                    }
                }
                see(minute, &cell);
            }
        }
        late.for_each(|(minute, cell)| see(minute, &cell));
    }

    /// The sum over all minutes.
    pub fn total(&self) -> Cell {
        let mut total = Cell::default();
        self.visit(|_, cell| total.add(cell));
        total
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.runs.iter().all(|run| run.blocks.is_empty())
    }

    /// Packs the open minutes: each behind the first run that ends before it.
    fn seal(&mut self) {
        let open = std::mem::take(&mut self.open);
        let mut rest = open.as_slice();
        for run in &mut self.runs {
            let late = match run.last() {
                Some(last) => rest.partition_point(|(minute, _)| *minute <= last),
                None => 0,
            };
            for (minute, cell) in &rest[late..] {
                run.push(*minute, cell);
            }
            rest = &rest[..late];
        }
        if !rest.is_empty() {
            self.join_runs();
            let mut run = Run::default();
            for (minute, cell) in rest {
                run.push(*minute, cell);
            }
            self.runs.push(run);
        }
    }

    /// Joins the last runs for as long as the last is not much smaller than the one before.
    fn join_runs(&mut self) {
        while let [.., before, last] = self.runs.as_slice()
            && last.minutes * 2 >= before.minutes
        {
            let joined = before.merged(last);
            self.runs.truncate(self.runs.len() - 2);
            self.runs.push(joined);
        }
    }

    /// How many bytes the cells take, roughly: for tests of the limits.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let of_run = |run: &Run| {
            let rows = run.blocks.iter().map(|block| block.rows.capacity() + 16);
            rows.sum::<usize>() + run.blocks.capacity() * size_of::<Block>()
        };
        self.runs.iter().map(of_run).sum::<usize>()
            + self.open.capacity() * size_of::<(Minute, Cell)>()
    }

    /// How many runs there are: for tests of the limits.
    #[cfg(test)]
    pub(super) fn runs(&self) -> usize {
        self.runs.len()
    }
}

/// Two ascending rows of minutes as one, equal minutes added up.
fn sum<A, B>(a: A, b: B) -> Sum<A, B>
where
    A: Iterator<Item = (Minute, Cell)>,
    B: Iterator<Item = (Minute, Cell)>,
{
    Sum { a: a.peekable(), b: b.peekable() }
}

struct Sum<A: Iterator, B: Iterator> {
    a: Peekable<A>,
    b: Peekable<B>,
}

impl<A, B> Iterator for Sum<A, B>
where
    A: Iterator<Item = (Minute, Cell)>,
    B: Iterator<Item = (Minute, Cell)>,
{
    type Item = (Minute, Cell);

    fn next(&mut self) -> Option<Self::Item> {
        let (Some((a, _)), Some((b, _))) = (self.a.peek(), self.b.peek()) else {
            return self.a.next().or_else(|| self.b.next());
        };
        match a.cmp(b) {
            Ordering::Less => self.a.next(),
            Ordering::Greater => self.b.next(),
            Ordering::Equal => {
                let (minute, mut cell) = self.a.next()?;
                cell.add(&self.b.next()?.1);
                Some((minute, cell))
            }
        }
    }
}

impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Series {}

impl std::fmt::Debug for Series {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
