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
/// minute: 200 names over 30 days, every minute busy, take 35 to 90 MB. A late minute repacks its block.
#[derive(Clone, Default)]
pub struct Series {
    /// Ascending, and apart from each other.
    blocks: Vec<Block>,
    /// Ascending. A minute may be here and in a block too: it is the sum of both.
    open: Vec<(Minute, Cell)>,
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
        let mut blocks = Vec::new();
        let mut sum: Option<(Minute, Cell)> = None;
        while let Some(Reverse((_, at))) = next.pop() {
            let Some((minute, cell)) = rest[at].next() else { continue };
            next.extend(rest[at].peek().map(|(minute, _)| Reverse((*minute, at))));
            match &mut sum {
                Some((same, sum)) if *same == minute => sum.add(&cell),
                _ => {
                    if let Some((minute, cell)) = sum.replace((minute, cell)) {
                        push(&mut blocks, minute, &cell);
                    }
                }
            }
        }
        if let Some((minute, cell)) = sum {
            push(&mut blocks, minute, &cell);
        }
        Series { blocks, open: Vec::new() }
    }

    /// Every minute that holds something, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (Minute, Cell)> + '_ {
        sum(self.blocks.iter().flat_map(Block::iter), self.open.iter().copied())
    }

    /// Shows every minute that holds something, ascending. Faster than [`Series::iter`], because no cell is moved.
    pub fn visit(&self, mut see: impl FnMut(Minute, &Cell)) {
        let mut cell = Cell::default();
        let mut open = self.open.iter().peekable();
        for block in &self.blocks {
            let mut rows = block.iter();
            while let Some(minute) = rows.read(&mut cell) {
                while let Some((earlier, cell)) = open.next_if(|(open, _)| *open < minute) {
                    see(*earlier, cell);
                }
                if let Some((_, more)) = open.next_if(|(open, _)| *open == minute) {
                    cell.add(more);
                }
                see(minute, &cell);
            }
        }
        open.for_each(|(minute, cell)| see(*minute, cell));
    }

    /// The sum over all minutes.
    pub fn total(&self) -> Cell {
        let mut total = Cell::default();
        self.visit(|_, cell| total.add(cell));
        total
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.open.is_empty()
    }

    /// Packs the open minutes.
    fn seal(&mut self) {
        let open = std::mem::take(&mut self.open);
        let late = match self.blocks.last() {
            Some(block) => open.partition_point(|(minute, _)| *minute <= block.last),
            None => 0,
        };
        let mut rest = &open[..late];
        while let Some((minute, _)) = rest.first() {
            let at = self.blocks.partition_point(|block| block.last < *minute);
            let reach = self.blocks[at].last;
            let (here, later) = rest.split_at(rest.partition_point(|(minute, _)| *minute <= reach));
            let mut repacked = Vec::new();
            for (minute, cell) in sum(self.blocks[at].iter(), here.iter().copied()) {
                push(&mut repacked, minute, &cell);
            }
            self.blocks.splice(at..=at, repacked);
            rest = later;
        }
        for (minute, cell) in &open[late..] {
            push(&mut self.blocks, *minute, cell);
        }
    }

    /// How many bytes the cells take, roughly: for tests of the limits.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let blocks = self.blocks.iter().map(|block| block.rows.capacity() + 16);
        blocks.sum::<usize>()
            + self.blocks.capacity() * size_of::<Block>()
            + self.open.capacity() * size_of::<(Minute, Cell)>()
    }
}

/// Appends a minute behind all others.
fn push(blocks: &mut Vec<Block>, minute: Minute, cell: &Cell) {
    match blocks.last_mut() {
        Some(block) if block.rows.len() < BLOCK_BYTES => block.push(minute, cell),
        last => {
            if let Some(full) = last {
                full.rows.shrink_to_fit();
            }
            blocks.push(Block::new(minute, cell));
        }
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
