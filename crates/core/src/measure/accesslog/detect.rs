//! Which format a file has, from a sample of its lines.

use super::{
    clf,
    format::{Clf, Format, Kind},
    stamp::Memo,
    timing::Timing,
};

/// The format that reads most lines of a sample, and what the sample tells about its fields; `None` when no format
/// reads a line.
pub fn detect(sample: &[&[u8]]) -> Option<Format> {
    common(sample).map(|clf| Format { kind: Kind::Clf(clf) })
}

/// What the sample's lines in the common log format have in common; `None` when there is none.
fn common(sample: &[&[u8]]) -> Option<Clf> {
    let mut memo = Memo::default();
    let heads: Vec<clf::Head> =
        sample.iter().filter_map(|line| clf::head(line, &mut memo).ok()).collect();
    let tails: Vec<&[u8]> = heads.iter().map(|head| head.tail).collect();
    let most = |count: usize| count * 2 > heads.len();
    (!heads.is_empty()).then(|| Clf {
        is_combined: most(tails.iter().filter(|tail| clf::is_combined(tail)).count()),
        has_vhost: most(heads.iter().filter(|head| head.has_vhost()).count()),
        timing: Timing::learn(&tails),
    })
}
