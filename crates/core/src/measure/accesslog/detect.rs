//! Which format a file has, from a sample of its lines.

use std::borrow::Cow;

use super::{
    clf,
    cloudfront::Columns,
    envelope,
    format::{Clf, Format, Kind},
    haproxy,
    json::{self, Dialect},
    parser::{is_comment, read, without_break},
    stamp::{Memo, Zone},
    timing::Timing,
};
use crate::limits::LOG_SAMPLE_LINES_MAX;

/// The format that reads most lines of a sample, and what the sample tells about its fields; `None` when no format
/// reads a line. Lines beyond [`LOG_SAMPLE_LINES_MAX`] are not looked at.
pub fn detect(sample: &[&[u8]]) -> Option<Format> {
    let sample = &sample[..sample.len().min(LOG_SAMPLE_LINES_MAX)];
    let lines: Vec<Cow<[u8]>> =
        sample.iter().map(|line| envelope::unwrap(without_break(line))).collect();
    let header = lines.iter().find_map(|line| Columns::of_header(line));
    let lines: Vec<Cow<[u8]>> = lines.into_iter().filter(|line| !is_comment(line)).collect();
    let mut best: Option<(Kind, usize)> = None;
    for kind in Kind::published() {
        let kind = match (kind, header) {
            (Kind::CloudFront(_), Some(columns)) => Kind::CloudFront(columns),
            (kind, _) => kind,
        };
        let read = lines.iter().filter(|line| reads(&kind, line)).count();
        if read > best.as_ref().map_or(0, |(_, most)| *most) {
            best = Some((kind, read));
        }
    }
    let (kind, _) = best?;
    // What most lines have in common may fit none of those that are requests.
    let refined = refined(kind.clone(), &lines);
    let is_fit = lines.iter().any(|line| reads(&refined, line));
    Some(Format::new(if is_fit { refined } else { kind }))
}

fn reads(kind: &Kind, line: &[u8]) -> bool {
    read(kind, line, &Zone::Fixed(0), &mut Memo::default()).is_ok()
}

/// The format with what these lines tell about its fields.
fn refined(kind: Kind, lines: &[Cow<[u8]>]) -> Kind {
    match kind {
        Kind::Clf(_) => Kind::Clf(common(lines)),
        Kind::Json(_) => Kind::Json(dialect(lines)),
        Kind::HaProxy { .. } => {
            let with = lines.iter().filter(|line| haproxy::has_header(line)).count();
            Kind::HaProxy { has_header: with * 2 > lines.len() }
        }
        kind => kind,
    }
}

/// What the lines in the common log format have in common.
fn common(lines: &[Cow<[u8]>]) -> Clf {
    let plain: Vec<&[u8]> = lines.iter().map(|line| &**line).collect();
    let layout = clf::Layout::learn(&plain);
    let mut memo = Memo::default();
    let heads: Vec<clf::Head> =
        lines.iter().filter_map(|line| clf::head(line, &layout, &mut memo).ok()).collect();
    let tails: Vec<&[u8]> = heads.iter().map(clf::Head::tail).collect();
    let most = |count: usize| count * 2 > heads.len();
    Clf {
        is_combined: most(tails.iter().filter(|tail| clf::is_combined(tail)).count()),
        layout,
        timing: Timing::learn(&tails),
    }
}

/// Whose JSON most of the lines are.
fn dialect(lines: &[Cow<[u8]>]) -> Dialect {
    let mut dialects: Vec<Dialect> = lines
        .iter()
        .filter_map(|line| json::parse(line, &Zone::Fixed(0), &mut Memo::default()).ok())
        .map(|(dialect, _)| dialect)
        .collect();
    dialects.sort_unstable();
    let runs = dialects.chunk_by(|a, b| a == b).max_by_key(|run| run.len());
    runs.map_or(Dialect::Nginx, |run| run[0])
}
