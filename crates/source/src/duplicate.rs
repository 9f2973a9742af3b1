//! Inputs that hold what another input holds, whatever they are called and however they are packed.

use std::{
    io::{self, Read},
    sync::Arc,
};

use crate::log::{Log, OPENING_BYTES};

/// How much of two inputs is compared at once.
const COMPARED_BYTES: usize = 64 * 1024;

/// What an input is to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// It holds the same.
    Same,
    /// The other begins with all of it: an older copy of a log that grew.
    Beginning,
}

/// For each log: which other one holds all of it. Those are read in its place. A log is never given away to one that
/// is given away itself.
///
/// Of equals the first stays: plain before compressed, then by name.
pub(crate) fn find(logs: &[Log]) -> Vec<Option<(usize, Relation)>> {
    let mut order: Vec<usize> = (0..logs.len()).filter(|at| logs[*at].bytes.is_some()).collect();
    order.sort_by_key(|at| (logs[*at].container, &logs[*at].input));
    order.sort_by_key(|at| &logs[*at].opening);
    let mut found = vec![None; logs.len()];
    for (place, a) in order.iter().enumerate() {
        for b in &order[place + 1..] {
            if !may_begin(&logs[*a], &logs[*b]) {
                break;
            }
            if found[*a].is_some() || found[*b].is_some() {
                continue;
            }
            match compare(&logs[*a], &logs[*b]) {
                Some(Length::Equal) => found[*b] = Some((*a, Relation::Same)),
                Some(Length::SecondIsLonger) => found[*a] = Some((*b, Relation::Beginning)),
                Some(Length::FirstIsLonger) => found[*b] = Some((*a, Relation::Beginning)),
                None => {}
            }
        }
    }
    resolve(&mut found);
    found
}

/// Follows chains: what is in `b`, which is in `c`, is in `c`.
fn resolve(found: &mut [Option<(usize, Relation)>]) {
    for at in 0..found.len() {
        while let Some((other, relation)) = found[at]
            && let Some((further, beyond)) = found[other]
        {
            let relation = if beyond == Relation::Same { relation } else { beyond };
            found[at] = Some((further, relation));
        }
    }
}

/// Whether the openings allow that one begins with the other, where `a` comes first in order.
fn may_begin(a: &Log, b: &Log) -> bool {
    let is_whole = a.opening.len() < OPENING_BYTES;
    !a.opening.is_empty()
        && if is_whole { b.opening.starts_with(&a.opening) } else { a.opening == b.opening }
}

enum Length {
    Equal,
    FirstIsLonger,
    SecondIsLonger,
}

/// Reads both until they differ (`None`) or one ends. Where one cannot be read on, it ends.
fn compare(a: &Log, b: &Log) -> Option<Length> {
    let unmetered = Arc::default();
    let (mut a, mut b) = (a.reader(&unmetered).ok()?, b.reader(&unmetered).ok()?);
    let (mut block_a, mut block_b) = (vec![0; COMPARED_BYTES], vec![0; COMPARED_BYTES]);
    loop {
        let read_a = fill(&mut a, &mut block_a);
        let read_b = fill(&mut b, &mut block_b);
        let both = read_a.min(read_b);
        if block_a[..both] != block_b[..both] {
            return None;
        }
        if read_a > read_b {
            return Some(Length::FirstIsLonger);
        }
        if read_b > read_a {
            return Some(Length::SecondIsLonger);
        }
        if read_a < COMPARED_BYTES {
            return Some(Length::Equal);
        }
    }
}

/// Fills the block, unless the data ends before.
fn fill(reader: &mut dyn Read, block: &mut [u8]) -> usize {
    let mut filled = 0;
    while filled < block.len() {
        match reader.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(bytes) => filled += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    filled
}
