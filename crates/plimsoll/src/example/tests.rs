use std::collections::BTreeMap;

use plimsoll_core::time::rfc3339;

use super::*;

/// Status counts of a host, read back from the text by another way than it was written.
type Statuses = BTreeMap<(String, u32), u64>;

struct ReadBack {
    statuses: Statuses,
    /// Minutes of the month in which a host failed.
    failed: BTreeMap<String, Vec<i64>>,
    /// Lines of each day of the month.
    days: BTreeMap<i64, u64>,
    unread: Vec<String>,
}

fn read_back(text: &str) -> ReadBack {
    let mut back = ReadBack {
        statuses: Statuses::new(),
        failed: BTreeMap::new(),
        days: BTreeMap::new(),
        unread: Vec::new(),
    };
    for line in text.lines() {
        let Some((host, status, minute)) = fields(line) else {
            back.unread.push(line.to_owned());
            continue;
        };
        *back.statuses.entry((host.clone(), status)).or_default() += 1;
        *back.days.entry(minute / DAY + 1).or_default() += 1;
        let failed = back.failed.entry(host).or_default();
        if status >= 500 && failed.last() != Some(&minute) {
            failed.push(minute);
        }
    }
    back
}

fn fields(line: &str) -> Option<(String, u32, i64)> {
    let host = line.split(' ').next()?.to_owned();
    let time = line.split('[').nth(1)?.split(' ').next()?;
    let number = |from: usize| time.get(from..from + 2)?.parse::<i64>().ok();
    let minute = (number(0)? - 1) * DAY + number(12)? * 60 + number(15)?;
    let status = line.split("\" ").nth(1)?.split(' ').next()?.parse().ok()?;
    Some((host, status, minute))
}

fn whole() -> (String, Written) {
    let mut text = Vec::new();
    let written = write(&mut text).unwrap();
    (String::from_utf8(text).unwrap(), written)
}

#[test]
fn the_facts_are_what_the_calendar_says() {
    let shown = |span: Span| (rfc3339(span.from.second()), rfc3339(span.to.second()));
    let expect = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(shown(facts().month), expect("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z"));
    assert_eq!(shown(facts().outage), expect("2026-09-22T13:12:00Z", "2026-09-22T13:59:00Z"));
    assert_eq!(shown(facts().bad_deploy), expect("2026-09-10T10:05:00Z", "2026-09-10T10:11:00Z"));
    assert_eq!(shown(facts().lost_day), expect("2026-09-16T00:00:00Z", "2026-09-17T00:00:00Z"));
}

#[test]
fn the_log_holds_what_the_facts_say() {
    let (text, written) = whole();
    let back = read_back(&text);

    assert_eq!(text.lines().count() as u64, written.lines);
    assert!((1_000_000..2_000_000).contains(&written.lines), "{}", written.lines);
    assert_eq!(back.unread, ["shop.example 203.0.113.77 - - [15/Sep/20"]);
    assert_eq!(written.cut, 1);
    for (host, counts) in
        ["api.example", "shop.example", "admin.example"].into_iter().zip(written.hosts)
    {
        let sum = |of: fn(u32) -> bool| -> u64 {
            back.statuses
                .iter()
                .filter(|((name, status), _)| name == host && of(*status))
                .map(|(_, n)| n)
                .sum()
        };
        let good = sum(|status| status < 500 && status != 499);
        let read = Counts {
            good,
            bad: sum(|status| status >= 500),
            given_up: sum(|status| status == 499),
        };
        assert_eq!(counts, read, "{host}");
    }

    assert_eq!(
        back.days.keys().copied().collect::<Vec<_>>(),
        (1..=15).chain(17..=30).collect::<Vec<_>>()
    );
    let outage = 21 * DAY + 13 * 60 + 12;
    for host in ["api.example", "shop.example"] {
        let near: Vec<i64> = back.failed[host]
            .iter()
            .copied()
            .filter(|m| (outage - 30..outage + 77).contains(m))
            .collect();
        assert_eq!((near[0], near[near.len() - 1]), (outage, outage + 46), "{host}");
        assert!(near.windows(2).all(|pair| pair[1] - pair[0] <= 3), "{host}: {near:?}");
    }
    let deploy = 9 * DAY + 10 * 60 + 5;
    let near = |m: &&i64| (deploy - 30..deploy + 36).contains(*m);
    assert!(
        back.failed["shop.example"].iter().filter(near).all(|m| (deploy..deploy + 6).contains(m))
    );
    assert!(back.failed["shop.example"].iter().any(|m| near(&m)));
    assert_eq!(back.failed["api.example"].iter().filter(near).count(), 0);
}

#[test]
fn reading_in_odd_pieces_gives_the_same_bytes() {
    let mut first = Vec::new();
    Log::default().take(300_000).read_to_end(&mut first).unwrap();
    let mut log = Log::default();
    let mut pieces = Vec::new();
    for size in (1..900).cycle() {
        let mut piece = vec![0; size];
        let length = log.read(&mut piece).unwrap();
        pieces.extend_from_slice(&piece[..length]);
        if pieces.len() >= first.len() {
            break;
        }
    }
    pieces.truncate(first.len());
    assert!(pieces == first);
}

#[test]
fn dice_fall_as_published() {
    // The first numbers of SplitMix64 for the seed 1234567, as its authors' reference code prints them.
    let mut dice = Dice::new(1_234_567);
    assert_eq!(dice.bits(), 6_457_827_717_110_365_317);
    assert_eq!(dice.bits(), 3_203_168_211_198_807_973);
    let mut dice = Dice::new(7);
    let mean = (0..10_000).map(|_| dice.count(2_500)).sum::<u64>();
    assert!((24_500..25_500).contains(&mean), "{mean}");
    assert!((0..1000).all(|_| dice.below(3) < 3) && dice.below(0) == 0);
}
