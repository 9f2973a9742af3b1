//! Series by name, however many names the input holds.
//!
//! A log may hold millions of names: somebody tries random paths, or random `Host` headers. When there are more than
//! [`NAMES_MAX`], those with the fewest requests are counted together in the *rest*, and remembered by hash, so that
//! they never come back as their own. So every name that is still there holds each of its requests, from the
//! first to the last. Which names are folded depends on the order of the requests only, not on how the input was cut.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cell, Seed, Series};
use crate::{
    limits::{NAMES_FOLDED_MAX, NAMES_KEPT, NAMES_MAX},
    time::{DAY, Minute},
};

/// What was counted under one name.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Its minutes.
    pub series: Series,
    /// Its requests, excluded ones too.
    pub requests: u64,
    /// How many of them were answered with 404.
    pub not_found: u64,
}

/// Names of one kind, and the rest.
#[derive(Debug, Clone)]
pub struct Roster {
    entries: BTreeMap<String, usize>,
    /// The first is the rest; the place of a folded name is free for another.
    places: Vec<Entry>,
    free: Vec<usize>,
    /// By hash.
    folded: BTreeSet<u64>,
    seed: Seed,
    limits: Limits,
}

/// How many names are kept; smaller in tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) max: usize,
    pub(super) kept: usize,
    pub(super) folded: usize,
}

/// What a batch counted under one of its keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted<'a> {
    /// `None` where the key names nothing.
    pub(super) name: Option<&'a str>,
    pub(super) requests: u64,
    /// How many of them were answered with 404.
    pub(super) not_found: u64,
}

const REST: usize = 0;

impl Default for Roster {
    fn default() -> Self {
        Roster::with(
            Limits { max: NAMES_MAX, kept: NAMES_KEPT, folded: NAMES_FOLDED_MAX },
            Seed::default(),
        )
    }
}

impl Roster {
    /// No names yet.
    pub(super) fn seeded(seed: Seed) -> Self {
        Roster { seed, ..Roster::default() }
    }

    pub(super) fn with(limits: Limits, seed: Seed) -> Self {
        Roster {
            entries: BTreeMap::new(),
            places: vec![Entry::default()],
            free: Vec::new(),
            folded: BTreeSet::new(),
            seed,
            limits,
        }
    }

    /// The names in order, with what was counted under each.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, place)| (name.as_str(), &self.places[*place]))
    }

    /// The names in order, with what was counted under each; and the rest.
    pub(crate) fn into_entries(mut self) -> (Vec<(String, Entry)>, Entry) {
        let entries = self.entries.into_iter();
        let entries = entries.map(|(name, place)| (name, std::mem::take(&mut self.places[place])));
        let entries = entries.collect();
        (entries, self.places.swap_remove(REST))
    }

    /// What was counted under no name.
    pub fn rest(&self) -> &Entry {
        &self.places[REST]
    }

    /// All requests, excluded ones too.
    pub fn requests(&self) -> u64 {
        self.places.iter().map(|entry| entry.requests).sum()
    }

    /// All names, minutes and the rest together.
    pub fn total(&self) -> Cell {
        let mut total = Cell::default();
        self.places.iter().for_each(|entry| total.add(&entry.series.total()));
        total
    }

    /// The requests of each minute over all names and the rest, excluded ones too; ascending, minutes without any
    /// left out.
    pub fn activity(&self) -> Vec<(Minute, u64)> {
        let mut days: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
        for entry in &self.places {
            entry.series.visit(|minute, cell| {
                let day = days.entry(minute.0.div_euclid(DAY));
                let day = day.or_insert_with(|| vec![0; DAY as usize]);
                day[minute.0.rem_euclid(DAY) as usize] += cell.requests();
            });
        }
        let minutes = days.into_iter().flat_map(|(day, minutes)| {
            let first = Minute(day * DAY);
            (0..).zip(minutes).map(move |(after, requests)| (first.plus(after), requests))
        });
        minutes.filter(|(_, requests)| *requests > 0).collect()
    }

    /// Adds to a place that [`Roster::admit`] gave.
    pub(super) fn add(&mut self, place: usize, minute: Minute, cell: &Cell) {
        self.places[place].series.add(minute, cell);
    }

    /// Counts the requests of a batch, whose keys come in this `sequence`, and says in which place the cells of each
    /// key belong. Names are admitted and folded as if the requests came one by one.
    pub(super) fn admit(&mut self, keys: &[Counted<'_>], sequence: &[u32]) -> Vec<usize> {
        let mut guests = Guests::of(keys);
        if self.entries.len() + guests.names.len() <= self.limits.max {
            // Nobody will be folded, so the order does not matter.
            for (counted, guest) in keys.iter().zip(&guests.of_key) {
                let place = match guests.places[*guest] {
                    Some(place) => place,
                    None => self.place(guests.names[*guest]),
                };
                guests.places[*guest] = Some(place);
                self.places[place].requests += counted.requests;
            }
        } else {
            for key in sequence {
                self.welcome(*key, &mut guests);
            }
        }
        let places = guests.of_key.iter().map(|guest| guests.places[*guest].unwrap_or(REST));
        let places: Vec<usize> = places.collect();
        for (place, counted) in places.iter().zip(keys) {
            self.places[*place].not_found += counted.not_found;
        }
        places
    }

    /// Counts one request.
    fn welcome(&mut self, key: u32, guests: &mut Guests<'_>) {
        let guest = guests.of_key[key as usize];
        if let Some(place) = guests.places[guest] {
            self.places[place].requests += 1;
            return;
        }
        let place = self.place(guests.names[guest]);
        guests.places[guest] = Some(place);
        self.places[place].requests += 1;
        if self.entries.len() > self.limits.max {
            let vacated = self.fold();
            for place in guests.places.iter_mut().flatten() {
                if vacated.contains(place) {
                    *place = REST;
                }
            }
        }
    }

    /// Where a name belongs.
    fn place(&mut self, name: Option<&str>) -> usize {
        let Some(name) = name else { return REST };
        match self.entries.get(name) {
            Some(place) => *place,
            None if self.is_folded(name) => REST,
            None => self.open(name),
        }
    }

    fn is_folded(&self, name: &str) -> bool {
        self.folded.len() >= self.limits.folded
            || self.folded.contains(&self.seed.hash(name.as_bytes()))
    }

    fn open(&mut self, name: &str) -> usize {
        let place = self.free.pop().unwrap_or(self.places.len());
        if place == self.places.len() {
            self.places.push(Entry::default());
        }
        self.entries.insert(name.to_owned(), place);
        place
    }

    /// Counts the names with the fewest requests together, the first in order among equals. Gives their places.
    fn fold(&mut self) -> BTreeSet<usize> {
        let mut by_requests: Vec<(u64, String, usize)> = self
            .entries
            .iter()
            .map(|(name, place)| (self.places[*place].requests, name.clone(), *place))
            .collect();
        by_requests.sort();
        by_requests.truncate(by_requests.len().saturating_sub(self.limits.kept));
        let mut entries = Vec::new();
        for (_, name, place) in &by_requests {
            self.entries.remove(name);
            self.folded.insert(self.seed.hash(name.as_bytes()));
            entries.push(std::mem::take(&mut self.places[*place]));
        }
        let rest = &mut self.places[REST];
        rest.series.merge(&Series::sum_of(entries.iter().map(|entry| &entry.series)));
        rest.requests += entries.iter().map(|entry| entry.requests).sum::<u64>();
        rest.not_found += entries.iter().map(|entry| entry.not_found).sum::<u64>();
        let vacated: BTreeSet<usize> = by_requests.into_iter().map(|(_, _, place)| place).collect();
        self.free.extend(&vacated);
        vacated
    }
}

/// The names of a batch while it is admitted.
struct Guests<'a> {
    /// Several keys may stand for the same name.
    of_key: Vec<usize>,
    names: Vec<Option<&'a str>>,
    /// Where each belongs; `None` before its first request.
    places: Vec<Option<usize>>,
}

impl<'a> Guests<'a> {
    fn of(keys: &[Counted<'a>]) -> Self {
        let mut numbers = BTreeMap::new();
        let mut names = Vec::new();
        let of_key = keys.iter().map(|counted| {
            *numbers.entry(counted.name).or_insert_with(|| {
                names.push(counted.name);
                names.len() - 1
            })
        });
        let of_key = of_key.collect();
        let places = vec![None; names.len()];
        Guests { of_key, names, places }
    }
}
