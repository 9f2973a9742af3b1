//! From requests to series, in one piece or many.

use std::collections::BTreeMap;

use proptest::{prelude::*, sample::select};

use super::super::{Batch, Cell, Ladder, Method, Roster, Seed, Tally};
use crate::{
    measure::{accesslog::Request, service::By},
    time::Minute,
};

/// How a log writes a host or a target, and the name that stands for it.
type Written = (Option<&'static str>, Option<&'static str>);

const HOSTS: [Written; 7] = [
    (None, None),
    (Some("a.example"), Some("a.example")),
    (Some("A.Example:8080"), Some("a.example")),
    (Some("b.example"), Some("b.example")),
    (Some("-"), None),
    (Some("a.very.long.host.example"), Some("a.very.long.host.example")),
    (Some("b.very.long.host.example"), Some("b.very.long.host.example")),
];

const TARGETS: [Written; 14] = [
    (None, None),
    (Some("/"), None),
    (Some("/api/users/7?x=1"), Some("api")),
    (Some("//%61pi"), Some("api")),
    (Some("/shop"), Some("shop")),
    (Some("/favicon.ico"), None),
    (Some("*"), None),
    // As long as what is compared at once, and longer.
    (Some("/eight-by/x"), Some("eight-by")),
    (Some("/name-of-16-bytes?"), Some("name-of-16-bytes")),
    (Some("/name-of-16-bytes"), Some("name-of-16-bytes")),
    (Some("/name-of-16-bytes-a/x"), Some("name-of-16-bytes-a")),
    (Some("/name-of-16-bytes-b/x"), Some("name-of-16-bytes-b")),
    // Zeros, as a log holds them where the machine stopped.
    (Some("/\0\0\0\0\0\0\0\0"), None),
    (Some("/\0\0\0\0\0\0\0/"), None),
];

#[derive(Debug, Clone)]
struct Sample {
    at_s: i64,
    status: Option<u16>,
    host: Written,
    target: Written,
    duration_us: Option<u64>,
}

fn sample() -> impl Strategy<Value = Sample> {
    let duration = prop_oneof![
        Just(None),
        (0..12_000_000_u64).prop_map(Some),
        select(vec![Some(50_000), Some(50_001), Some(5_000_000), Some(5_000_001), Some(u64::MAX)]),
    ];
    let status =
        select(vec![Some(200), Some(101), Some(404), Some(499), Some(500), Some(503), None]);
    (-7200..7200_i64, status, select(HOSTS.to_vec()), select(TARGETS.to_vec()), duration).prop_map(
        |(at_s, status, host, target, duration_us)| Sample {
            at_s,
            status,
            host,
            target,
            duration_us,
        },
    )
}

fn counted(samples: &[Sample], method: &Method, seed: Seed) -> Batch {
    let mut batch = Batch::seeded(seed);
    for sample in samples {
        let request = Request {
            at_s: sample.at_s,
            status: sample.status,
            host: sample.host.0.map(|host| host.as_bytes().into()),
            target: sample.target.0.map(|target| target.as_bytes().into()),
            duration_us: sample.duration_us,
        };
        batch.add(&request, method);
    }
    batch
}

fn tally(samples: &[Sample], piece: usize, method: &Method) -> Tally {
    tally_by(Seed::default(), samples, piece, method)
}

fn tally_by(seed: Seed, samples: &[Sample], piece: usize, method: &Method) -> Tally {
    let mut tally = Tally::seeded(seed);
    samples.chunks(piece).for_each(|piece| tally.absorb(&counted(piece, method, seed)));
    tally
}

type Cells = BTreeMap<(Option<String>, i64), Cell>;

fn cells(roster: &Roster) -> Cells {
    let named = roster.entries().map(|(name, entry)| (Some(name.to_owned()), entry));
    let all = named.chain([(None, roster.rest())]);
    all.flat_map(|(name, entry)| {
        entry.series.iter().map(move |(minute, cell)| ((name.clone(), minute.0), cell))
    })
    .collect()
}

/// The rules of the classification, applied one by one.
fn naive(samples: &[Sample], name: fn(&Sample) -> Option<&'static str>, ladder: &Ladder) -> Cells {
    let mut cells = Cells::new();
    for sample in samples {
        let minute = sample.at_s.div_euclid(60);
        let cell = cells.entry((name(sample).map(str::to_owned), minute)).or_default();
        let is_excluded = matches!(sample.status, None | Some(499));
        match sample.status {
            _ if is_excluded => cell.excluded += 1,
            Some(500..=599) => cell.bad += 1,
            _ => cell.good += 1,
        }
        let Some(duration) = sample.duration_us else { continue };
        if is_excluded || sample.status == Some(101) {
            continue;
        }
        cell.timed += 1;
        let thresholds: Vec<u64> = ladder.thresholds_us().collect();
        for (at, within) in cell.within.iter_mut().enumerate() {
            let threshold = thresholds.get(at).copied().unwrap_or(u64::MAX);
            *within += u64::from(duration <= threshold);
        }
    }
    cells
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_cells_of_batches_are_the_naive_count_too(
        samples in prop::collection::vec(sample(), 0..200),
        piece in 1..200_usize,
    ) {
        let method = Method::default();
        let (mut by_host, mut by_segment) = (Cells::new(), Cells::new());
        for piece in samples.chunks(piece) {
            for (names, minute, cell) in counted(piece, &method, Seed::default()).cells() {
                let key = |name: Option<&str>| (name.map(str::to_owned), minute.0);
                by_host.entry(key(names.host)).or_default().add(&cell);
                by_segment.entry(key(names.segment)).or_default().add(&cell);
            }
        }
        prop_assert_eq!(by_host, naive(&samples, |sample| sample.host.1, &method.ladder));
        prop_assert_eq!(by_segment, naive(&samples, |sample| sample.target.1, &method.ladder));
    }

    #[test]
    fn a_tally_is_the_naive_count_whatever_the_order_and_the_split(
        samples in prop::collection::vec(sample(), 0..200),
        piece in 1..200_usize,
        more_us in prop::collection::vec(1..10_000_000_u64, 0..8),
        seed in prop_oneof![Just((0, 0)), any::<(u64, u64)>()],
    ) {
        let method = Method { ladder: Ladder::with(&more_us).unwrap(), ..Method::default() };
        let whole = tally(&samples, piece, &method);
        prop_assert_eq!(cells(whole.hosts()), naive(&samples, |s| s.host.1, &method.ladder));
        prop_assert_eq!(cells(whole.segments()), naive(&samples, |s| s.target.1, &method.ladder));
        prop_assert_eq!(whole.requests(), samples.len() as u64);
        prop_assert_eq!(whole.first_s(), samples.iter().map(|s| s.at_s).min());
        prop_assert_eq!(whole.last_s(), samples.iter().map(|s| s.at_s).max());

        let all = naive(&samples, |_| None, &method.ladder);
        let activity: Vec<_> =
            all.iter().map(|((_, minute), cell)| (Minute(*minute), cell.requests())).collect();
        prop_assert_eq!(whole.activity(), activity);

        let backwards: Vec<_> = samples.iter().rev().cloned().collect();
        let seed = Seed::new(seed.0, seed.1);
        let other = tally_by(seed, &backwards, 1 + piece / 3, &method);
        prop_assert_eq!(cells(other.hosts()), cells(whole.hosts()));
        prop_assert_eq!(cells(other.segments()), cells(whole.segments()));
    }
}

#[test]
fn names_that_are_not_asked_for_are_not_kept() {
    let sample = Sample {
        at_s: 0,
        status: Some(404),
        host: HOSTS[1],
        target: TARGETS[2],
        duration_us: None,
    };
    for (by, hosts, segments) in
        [(By::Auto, 1, 1), (By::Vhost, 1, 0), (By::Segment, 0, 1), (By::One, 0, 0)]
    {
        let tally = tally(std::slice::from_ref(&sample), 1, &Method { by, ..Method::default() });
        assert_eq!(tally.hosts().entries().len(), hosts, "{by}");
        assert_eq!(tally.segments().entries().len(), segments, "{by}");
        assert_eq!((tally.requests(), tally.segments().requests()), (1, 1), "{by}");
    }
    let tally = tally(&[sample], 1, &Method::default());
    assert_eq!(tally.segments().entries().next().map(|(_, entry)| entry.not_found), Some(1));
}

#[test]
fn the_host_of_a_full_url_counts_where_the_log_has_none() {
    let sample = |host, target| Sample {
        at_s: 0,
        status: Some(200),
        host: (host, None),
        target: (Some(target), None),
        duration_us: None,
    };
    let samples = [
        sample(None, "http://Shop.example:80/cart/7"),
        sample(Some("a.example"), "https://b.example/cart"),
        sample(None, "http://user@c.example?x"),
        sample(None, "d.example:443"),
    ];
    for by in [By::Auto, By::Vhost] {
        let tally = tally(&samples, 4, &Method { by, ..Method::default() });
        let hosts: Vec<&str> = tally.hosts().entries().map(|(name, _)| name).collect();
        assert_eq!(hosts, ["a.example", "c.example", "shop.example"], "{by}");
        assert_eq!(tally.hosts().rest().requests, 1, "{by}");
    }
}
