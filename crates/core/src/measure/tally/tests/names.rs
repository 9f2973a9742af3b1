//! Names that are too many.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{
    Cell, Roster, Seed, Series,
    roster::{Counted, Limits},
};
use crate::time::Minute;

const LIMITS: Limits = Limits { max: 5, kept: 2, folded: 1000 };

/// Admits requests, named by letters, in pieces of some length. The minute of a request is its place.
fn admitted(requests: &[Option<char>], piece: usize, limits: Limits) -> Roster {
    let mut roster = Roster::with(limits, Seed::default());
    for (number, piece_of) in requests.chunks(piece).enumerate() {
        let texts: Vec<Option<String>> =
            piece_of.iter().map(|name| name.map(String::from)).collect();
        // Each request has a key of its own here, so that many keys share a name.
        let keys =
            texts.iter().map(|name| Counted { name: name.as_deref(), requests: 1, not_found: 1 });
        let keys: Vec<Counted<'_>> = keys.collect();
        let sequence: Vec<u32> = (0..piece_of.len() as u32).collect();
        let places = roster.admit(&keys, &sequence);
        for (at, place) in places.iter().enumerate() {
            let cell = Cell { good: 1, ..Cell::default() };
            roster.add(*place, Minute((number * piece + at) as i64), &cell);
        }
    }
    roster
}

/// Name, requests, 404s, minutes; the rest has no name.
type Shown = (Option<String>, u64, u64, Series);

fn shown(roster: &Roster) -> Vec<Shown> {
    let named = roster.entries().map(|(name, entry)| (Some(name.to_owned()), entry));
    named
        .chain([(None, roster.rest())])
        .map(|(name, entry)| (name, entry.requests, entry.not_found, entry.series.clone()))
        .collect()
}

fn names(roster: &Roster) -> String {
    roster.entries().map(|(name, _)| name).collect()
}

fn requests(text: &str) -> Vec<Option<char>> {
    text.chars().map(|c| (c != '-').then_some(c)).collect()
}

#[test]
fn those_with_the_fewest_requests_are_folded_and_stay_so() {
    // At the sixth name, f, the two with the most requests so far are a and c.
    let roster = admitted(&requests("aaabcccdef"), 100, LIMITS);
    assert_eq!(names(&roster), "ac");
    assert_eq!(roster.rest().requests, 4);
    // Folded names never come back, however often they are asked for; new ones may come.
    let roster = admitted(&requests("aaabcccdefbbbbbbbbbbg-"), 100, LIMITS);
    assert_eq!(names(&roster), "acg");
    assert_eq!(roster.rest().requests, 15);
    assert_eq!(roster.requests(), 22);
}

#[test]
fn equals_are_folded_in_the_order_of_their_names() {
    assert_eq!(names(&admitted(&requests("abcdef"), 100, LIMITS)), "ef");
    assert_eq!(names(&admitted(&requests("fedcba"), 100, LIMITS)), "ef");
}

#[test]
fn when_too_many_are_folded_no_new_name_is_admitted() {
    let limits = Limits { max: 5, kept: 2, folded: 4 };
    let roster = admitted(&requests("aabbcdefgggg"), 100, limits);
    assert_eq!(names(&roster), "ab");
    assert_eq!(roster.rest().requests, 8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_name_that_is_left_is_complete_and_cutting_changes_nothing(
        // Few names often and many names seldom, as where somebody tries random paths.
        requests in prop::collection::vec(
            prop_oneof![prop::char::range('a', 'd'), prop::char::range('a', 'z'), Just('-')],
            0..300,
        ),
        piece in 1..300_usize,
        folded in prop_oneof![Just(1000_usize), 1..30_usize],
    ) {
        let requests: Vec<_> = requests.into_iter().map(|c| (c != '-').then_some(c)).collect();
        let limits = Limits { folded, ..LIMITS };
        let whole = admitted(&requests, 1000, limits);
        prop_assert_eq!(shown(&admitted(&requests, piece, limits)), shown(&whole));

        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for name in requests.iter().flatten() {
            *counts.entry(name.to_string()).or_default() += 1;
        }
        prop_assert!(whole.entries().len() <= LIMITS.max);
        let mut named = 0;
        for (name, entry) in whole.entries() {
            prop_assert_eq!(entry.requests, counts[name]);
            prop_assert_eq!(entry.not_found, counts[name]);
            prop_assert_eq!(entry.series.total().good, counts[name]);
            named += entry.requests;
        }
        prop_assert_eq!(whole.rest().requests, requests.len() as u64 - named);
        prop_assert_eq!(whole.total().requests(), requests.len() as u64);
    }
}
