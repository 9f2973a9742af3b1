//! Inputs that hold what another input holds, whatever they are called and however they are packed.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io::{self, Read},
    sync::Arc,
};

use crate::log::{Log, OPENING_BYTES};

/// How much of an input is hashed at once.
const HASHED_BYTES: usize = 64 * 1024;

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
    order.retain(|at| !logs[*at].opening.is_empty());
    let mut found = vec![None; logs.len()];
    let mut rest = order.as_slice();
    while let Some(first) = rest.first() {
        let alike = rest.iter().take_while(|at| may_begin(&logs[*first], &logs[**at])).count();
        let (group, others) = rest.split_at(alike.max(1));
        if group.len() > 1 {
            find_among(logs, group, &mut found);
        }
        rest = others;
    }
    resolve(&mut found);
    found
}

/// Finds equals and beginnings among logs that open alike. Each is read at most twice, however many they are.
fn find_among(logs: &[Log], group: &[usize], found: &mut [Option<(usize, Relation)>]) {
    // The keys are random, so that nobody can make two logs with the same hash.
    let keys = RandomState::new();
    let mut wholes: BTreeMap<Part, usize> = BTreeMap::new();
    for at in group {
        let Some(whole) = parts(&logs[*at], &[], &keys).and_then(|parts| parts.last().copied())
        else {
            continue;
        };
        match wholes.get(&whole) {
            Some(first) => found[*at] = Some((*first, Relation::Same)),
            None => drop(wholes.insert(whole, *at)),
        }
    }
    // The longest first, so that each is found in the longest that begins with it.
    for (whole, at) in wholes.iter().rev() {
        let mut lengths: Vec<u64> = wholes
            .range(..Part { bytes: whole.bytes, hash: 0 })
            .map(|(part, _)| part.bytes)
            .collect();
        lengths.dedup();
        if lengths.is_empty() || found[*at].is_some() {
            continue;
        }
        for part in parts(&logs[*at], &lengths, &keys).unwrap_or_default() {
            if let Some(other) = wholes.get(&part).filter(|other| *other != at) {
                found[*other].get_or_insert((*at, Relation::Beginning));
            }
        }
    }
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

/// Whether a log that can be read only once begins like another, so that one may hold the other.
pub(crate) fn is_likely(once: &Log, other: &Log) -> bool {
    once.bytes.is_none() && (may_begin(once, other) || may_begin(other, once))
}

/// Whether the openings allow that one begins with the other, where `a` comes first in order.
fn may_begin(a: &Log, b: &Log) -> bool {
    let is_whole = a.opening.len() < OPENING_BYTES;
    !a.opening.is_empty()
        && if is_whole { b.opening.starts_with(&a.opening) } else { a.opening == b.opening }
}

/// So many bytes from the beginning of a log, unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    bytes: u64,
    hash: u64,
}

/// The parts of a log that have these lengths (ascending), and all of it. Where it cannot be read on, it ends; `None`
/// where it cannot be read at all.
fn parts(log: &Log, lengths: &[u64], keys: &RandomState) -> Option<Vec<Part>> {
    let mut reader = log.reader(&Arc::default()).ok()?;
    let (mut hasher, mut bytes) = (keys.build_hasher(), 0);
    let mut block = vec![0; HASHED_BYTES];
    let mut parts = Vec::new();
    for length in lengths.iter().copied().chain([u64::MAX]) {
        while bytes < length {
            let most = usize::try_from(length - bytes).unwrap_or(HASHED_BYTES).min(HASHED_BYTES);
            let read = fill(&mut reader, &mut block[..most]);
            hasher.write(&block[..read]);
            bytes += read as u64;
            if read < most {
                parts.push(Part { bytes, hash: hasher.finish() });
                return Some(parts);
            }
        }
        parts.push(Part { bytes, hash: hasher.finish() });
    }
    Some(parts)
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
