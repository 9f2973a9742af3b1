//! Where behind the status a line has the time that its request took.
//!
//! The common log format has no such field, so servers put it anywhere: `"agent" 0.012 0.011`, `"agent" 4991`,
//! `rt=0.012 urt="0.011"`, `324 0.012 [pool] …`. One sample of a file decides once where it stands and in which unit;
//! what stays unclear is left unread, because no duration is better than a guess.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeMap};

use memchr::{memmem, memrchr};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    number::{Unit, integer, short_micros},
    parser::without_return,
    words::{Words, unquoted},
};

/// Where the duration stands and what it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Timing {
    place: Place,
    measure: Measure,
    /// Whether it is the first word behind the last quote, in seconds.
    is_usual: bool,
}

/// Where a value stands behind the status.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Place {
    /// So many words behind the last quote.
    AfterLastQuote(usize),
    /// So many words behind the status; quoted text is one word.
    Word(usize),
    /// Behind this name, which begins with a space and ends in `=` or `:`.
    Named(Name),
}

/// A name that is looked for.
#[derive(Debug, Clone)]
struct Name(Box<memmem::Finder<'static>>);

impl Name {
    fn new(name: &[u8]) -> Self {
        Name(Box::new(memmem::Finder::new(name).into_owned()))
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.needle().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|name| Name::new(&name))
    }
}

/// How a value is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Measure {
    /// A number of this unit. Seconds have a decimal point: an integer is not taken for them.
    Bare(Unit),
    /// A number with its unit, such as `12ms`.
    WithUnit,
}

/// Names that servers are commonly told to put before the time a request took, and the unit where the name has it.
const NAMES: [(&str, Option<Unit>); 16] = [
    ("rt", None),
    ("request_time", None),
    ("req_time", None),
    ("reqtime", None),
    ("response_time", None),
    ("duration", None),
    ("took", None),
    ("time", None),
    ("elapsed", None),
    ("latency", None),
    ("total_time", None),
    ("duration_ms", Some(Unit::Millis)),
    ("request_time_ms", Some(Unit::Millis)),
    ("latency_ms", Some(Unit::Millis)),
    ("duration_us", Some(Unit::Micros)),
    ("request_time_us", Some(Unit::Micros)),
];

impl Timing {
    fn new(place: Place, measure: Measure) -> Self {
        let is_usual =
            matches!((&place, measure), (Place::AfterLastQuote(0), Measure::Bare(Unit::Seconds)));
        Timing { place, measure, is_usual }
    }

    /// The duration that this tail states, in microseconds.
    #[inline]
    pub(super) fn micros(&self, tail: &[u8]) -> Option<u64> {
        self.usual_micros(tail).or_else(|| self.any_micros(tail))
    }

    /// The same of a tail that may end in the first of two bytes that break its line.
    #[inline]
    pub(super) fn micros_before_break(&self, tail: &[u8]) -> Option<u64> {
        match self.usual_micros(tail) {
            None => self.any_micros(without_return(tail)),
            usual => usual,
        }
    }

    /// The duration of a tail that ends as nearly all with a time do, like `" 0.012`.
    #[inline]
    fn usual_micros(&self, tail: &[u8]) -> Option<u64> {
        let [b'"', b' ', seconds @ ..] = tail.last_chunk::<7>()? else { return None };
        if self.is_usual { short_micros(*seconds) } else { None }
    }

    #[inline(never)]
    fn any_micros(&self, tail: &[u8]) -> Option<u64> {
        let word = match &self.place {
            Place::AfterLastQuote(index) => word(&tail[memrchr(b'"', tail)? + 1..], *index)?,
            Place::Word(index) => value(Words(tail).nth(*index)?),
            Place::Named(Name(name)) => {
                value(Words(&tail[name.find(tail)? + name.needle().len()..]).next()?)
            }
        };
        self.measure.micros(word)
    }

    /// What the field is, for people.
    pub(super) fn name(&self) -> Cow<'static, str> {
        let unit = match self.measure {
            Measure::Bare(Unit::Seconds) => "request time in s",
            Measure::Bare(Unit::Millis) => "request time in ms",
            Measure::Bare(Unit::Micros) => "request time in µs",
            Measure::Bare(Unit::Nanos) => "request time in ns",
            Measure::WithUnit => "request time with unit",
        };
        match &self.place {
            Place::Named(Name(name)) => {
                Cow::Owned(format!("{unit} ({})", name.needle().trim_ascii_start().escape_ascii()))
            }
            _ => Cow::Borrowed(unit),
        }
    }

    /// Whether this is the last field as Traefik writes it: `"router" "server" 12ms`.
    pub(super) fn is_traefik(&self) -> bool {
        matches!((&self.place, self.measure), (Place::AfterLastQuote(0), Measure::WithUnit))
    }

    /// Decides from the tails of a sample where the duration stands; `None` when they have none, or when it is not
    /// clear which field it is.
    pub(super) fn learn(tails: &[&[u8]]) -> Option<Timing> {
        let mut names = BTreeMap::<&[u8], Column>::new();
        let mut words = BTreeMap::<usize, Column>::new();
        for tail in tails {
            // The first word is the size of the response.
            for (index, word) in Words(tail).enumerate().skip(1) {
                words.entry(index).or_default().add(word);
                if let Some((name, value)) = known_name(word) {
                    names.entry(name).or_default().add(value);
                }
            }
        }
        by_name(&names).or_else(|| {
            let (index, measure) =
                by_unit(&words).or_else(|| by_point(&words)).or_else(|| by_loneliness(&words))?;
            Some(Timing::new(nearest(tails, index), measure))
        })
    }
}

impl Measure {
    #[inline]
    fn micros(self, word: &[u8]) -> Option<u64> {
        match self {
            Measure::Bare(Unit::Seconds) if !word.contains(&b'.') => None,
            Measure::Bare(unit) => unit.micros(word),
            Measure::WithUnit => with_unit(word),
        }
    }
}

/// The value of a word like `12ms`, in microseconds.
fn with_unit(word: &[u8]) -> Option<u64> {
    let end = word.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'.'))?;
    let unit = match &word[end..] {
        b"s" => Unit::Seconds,
        b"ms" => Unit::Millis,
        b"us" | b"\xC2\xB5s" => Unit::Micros,
        b"ns" => Unit::Nanos,
        _ => return None,
    };
    unit.micros(&word[..end])
}

/// The word at `index` of words that spaces part.
#[inline]
fn word(text: &[u8], index: usize) -> Option<&[u8]> {
    text.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).nth(index)
}

/// A word without its quotes and without the comma that parts it from the next.
fn value(word: &[u8]) -> &[u8] {
    unquoted(word.strip_suffix(b",").unwrap_or(word))
}

/// What one field holds over the lines of a sample.
#[derive(Debug, Default)]
struct Column {
    /// Values that are a number with a decimal point.
    decimals: usize,
    /// Of these, values with at least milliseconds.
    fine: usize,
    /// Values that are an integer.
    integers: usize,
    /// Of these, values below 10.
    tiny: usize,
    /// Values with a unit.
    united: usize,
    /// Values that say "none".
    dashes: usize,
    /// Everything else.
    others: usize,
    /// Sum of the decimals, in microseconds.
    sum_us: u64,
    /// The integers that occur, up to two of them.
    distinct: Vec<u64>,
}

impl Column {
    fn add(&mut self, word: &[u8]) {
        let value = value(word);
        let digits_behind_point = value.iter().rev().position(|byte| *byte == b'.').unwrap_or(0);
        if value == b"-" {
            self.dashes += 1;
        } else if let Some(number) = integer(value) {
            self.integers += 1;
            self.tiny += usize::from(number < 10);
            if self.distinct.len() < 2 && !self.distinct.contains(&number) {
                self.distinct.push(number);
            }
        } else if word.starts_with(b"\"") && digits_behind_point == 2 {
            self.others += 1; // nginx writes the ratio of compression like this, in its manual and so in many logs
        } else if let Some(micros) = Measure::Bare(Unit::Seconds).micros(value) {
            self.decimals += 1;
            self.fine += usize::from(digits_behind_point >= 3);
            self.sum_us = self.sum_us.saturating_add(micros);
        } else if with_unit(value).is_some() {
            self.united += 1;
        } else {
            self.others += 1;
        }
    }

    /// Whether values of this kind make up nearly all of the column, apart from those that say "none".
    fn is_mostly(&self, kind: usize) -> bool {
        let all = self.decimals + self.integers + self.united + self.others;
        kind > 0 && kind * 10 >= all * 9
    }
}

/// The name of a word like `rt=0.012` with its `=` or `:`, when it is one of [`NAMES`], and the value.
fn known_name(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = word.iter().position(|byte| matches!(byte, b'=' | b':'))?;
    NAMES.iter().any(|(name, _)| *name.as_bytes() == word[..at]).then(|| word.split_at(at + 1))
}

/// The named field that is the duration, by the order of [`NAMES`].
fn by_name(columns: &BTreeMap<&[u8], Column>) -> Option<Timing> {
    NAMES.iter().find_map(|(name, unit)| {
        let (name, column) =
            columns.iter().find(|(known, _)| known[..known.len() - 1] == *name.as_bytes())?;
        let measure = match unit {
            _ if column.is_mostly(column.united) => Measure::WithUnit,
            Some(unit) if column.is_mostly(column.integers + column.decimals) => {
                Measure::Bare(*unit)
            }
            None if column.is_mostly(column.decimals) => Measure::Bare(Unit::Seconds),
            _ => return None,
        };
        let name = [b" ", *name].concat();
        Some(Timing::new(Place::Named(Name::new(&name)), measure))
    })
}

/// The first field whose values have a unit.
fn by_unit(columns: &BTreeMap<usize, Column>) -> Option<(usize, Measure)> {
    let (index, _) = columns.iter().find(|(_, column)| column.is_mostly(column.united))?;
    Some((*index, Measure::WithUnit))
}

/// The field with decimal numbers. Of several the one that is never missing, because the times of upstreams are, then
/// the one with the larger values, because the request includes its upstreams, then the first.
fn by_point(columns: &BTreeMap<usize, Column>) -> Option<(usize, Measure)> {
    let decimals = columns.iter().filter(|(_, column)| column.is_mostly(column.decimals));
    let best = decimals
        .reduce(|best, next| if is_rather_the_request(next.1, best.1) { next } else { best });
    Some((*best?.0, Measure::Bare(Unit::Seconds)))
}

/// Whether `column` is more likely the time of the whole request than `other`, which stands before it.
fn is_rather_the_request(column: &Column, other: &Column) -> bool {
    let rank = |column: &Column| (column.fine > 0, column.dashes == 0);
    match rank(column).cmp(&rank(other)) {
        Ordering::Less => false,
        // Upstream times exceed the request's now and then by a rounding, so a little more proves nothing.
        Ordering::Equal => column.sum_us / 11 > other.sum_us / 10,
        Ordering::Greater => true,
    }
}

/// The only field with integers, which are microseconds (`%D` of Apache).
///
/// Two integers may be bytes in and out (`combinedio`), so that neither is read. Nor is one that never changes, such
/// as a port, or that is mostly below 10: no server answers that fast, so these are seconds or something else.
fn by_loneliness(columns: &BTreeMap<usize, Column>) -> Option<(usize, Measure)> {
    let mut integers = columns.iter().filter(|(_, column)| column.is_mostly(column.integers));
    let (index, column) = integers.next()?;
    let is_time =
        column.tiny * 2 <= column.integers && (column.distinct.len() > 1 || column.integers < 10);
    (integers.next().is_none() && is_time).then_some((*index, Measure::Bare(Unit::Micros)))
}

/// The place of a word: counted from the last quote where that comes to the same in every tail, because it is found
/// faster there and quoted text before it does not matter.
fn nearest(tails: &[&[u8]], index: usize) -> Place {
    let mut behind = tails.iter().filter_map(|tail| {
        let words: Vec<&[u8]> = Words(tail).take(index + 1).collect();
        let quotes = memrchr(b'"', tail)?;
        let word = words.get(index)?;
        let start = word.as_ptr() as usize - tail.as_ptr() as usize;
        Some((start > quotes).then(|| {
            tail[quotes + 1..start]
                .split(|byte| *byte == b' ')
                .filter(|word| !word.is_empty())
                .count()
        }))
    });
    match behind.next() {
        Some(Some(first)) if behind.all(|other| other == Some(first)) => {
            Place::AfterLastQuote(first)
        }
        _ => Place::Word(index),
    }
}
