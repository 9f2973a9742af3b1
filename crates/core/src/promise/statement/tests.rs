use proptest::prelude::*;

use super::*;
use crate::{
    deliver::attribution::Attribution,
    measure::{
        ledger::{
            Ledger,
            testing::{ledger, minutes},
        },
        slot::Slot,
        window::Window,
    },
    promise::{
        cost::Costing,
        slo::{Budgeting, NoData},
    },
    ratio::Target,
    time::{Minute, Span},
};

fn span(from: i64, to: i64) -> Span {
    Span::new(Minute(from), Minute(to))
}

fn budget(ledger: &Ledger, exclusions: &Exclusions, costing: Costing, target: Target) -> Budget {
    Budget::of(ledger, exclusions, target, costing, &Window::Rolling { minutes: 60 }, Minute(60))
        .unwrap()
}

fn incident(name: &str, from: i64, to: i64) -> Attribution {
    Attribution { span: span(from, to), account: Account::Incident(name.to_owned()) }
}

const OCCURRENCES: Costing = Costing { budgeting: Budgeting::Occurrences, no_data: NoData::Ignore };

#[test]
fn a_statement_by_hand() {
    // 60 minutes of 100 requests, 1 bad each, ten minutes with 21 bad: 60 + 200 = 260 of 6,000 × 10 % = 600.
    let slots: Vec<Slot> = (0..60)
        .map(|m| if (20..30).contains(&m) { 21 } else { 1 })
        .map(|b| Slot::measured(100 - b, b))
        .collect();
    let ledger = ledger(&slots);
    let budget =
        budget(&ledger, &Exclusions::none(), OCCURRENCES, Target::parse_percent("90").unwrap());
    let attributions = Attributions::of([incident("db", 20, 30), incident("deploy", 29, 31)]);
    let lines = statement(&budget, &ledger, &Exclusions::none(), &attributions);
    let expected = [
        (Account::Incident("db".to_owned()), 189, 315_000_000),
        (Account::Unattributed, 49, 81_666_667),
        (Account::Incident("deploy".to_owned()), 22, 36_666_667),
    ];
    let lines: Vec<_> = lines.into_iter().map(|p| (p.account, p.units, p.share_ppb)).collect();
    assert_eq!(lines, expected);
    assert_eq!(budget.spend.spent_ppb(budget.target), 433_333_334);
}

#[test]
fn missing_data_is_an_account_of_its_own_where_it_is_charged() {
    let mut slots = vec![Slot::measured(9, 1); 50];
    slots.extend([Slot::Missing; 10]);
    let ledger = ledger(&slots);
    let costing = Costing { no_data: NoData::Bad, ..OCCURRENCES };
    let budget =
        budget(&ledger, &Exclusions::none(), costing, Target::parse_percent("50").unwrap());
    let lines =
        statement(&budget, &ledger, &Exclusions::none(), &Attributions::of([incident("x", 0, 60)]));
    // 50 bad and 10 missing minutes of 10 events: 150 of 600 × 50 % = 300.
    let shares: Vec<_> = lines.iter().map(|p| (p.account.to_string(), p.share_ppb)).collect();
    assert_eq!(
        shares,
        [("missing data".to_owned(), 333_333_333), ("incident x".to_owned(), 166_666_667)]
    );
}

#[test]
fn a_statement_by_day() {
    // Three days of 100 requests a minute; 1 % of 432,000 may be bad: 4,320. An incident from 23:50 of the first day
    // on takes 20 minutes; on the last day 43 more were bad.
    let ledger = minutes(3 * DAY, |minute| match minute {
        1430..1450 => Slot::measured(0, 100),
        4000..4043 => Slot::measured(99, 1),
        _ => Slot::measured(100, 0),
    });
    let window = Window::Rolling { minutes: 3 * DAY as u32 };
    let target = Target::parse_percent("99").unwrap();
    let none = Exclusions::none();
    let budget = Budget::of(&ledger, &none, target, OCCURRENCES, &window, Minute(3 * DAY)).unwrap();
    let lines = statement(&budget, &ledger, &none, &Attributions::of([incident("db", 1430, 1450)]));
    let days: Vec<_> = lines
        .iter()
        .flat_map(|line| line.days.iter().map(|day| (line.account.to_string(), day)))
        .map(|(account, day)| (account, day.day.0 / DAY, day.units, day.share_ppb))
        .collect();
    let db = || "incident db".to_owned();
    let half = 1_000_000_000_000 / 4_320;
    assert_eq!(
        days,
        [
            (db(), 0, 1_000, half),
            (db(), 1, 1_000, lines[0].share_ppb - half),
            ("unattributed".to_owned(), 2, 43, lines[1].share_ppb)
        ]
    );
}

fn any_slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        4 => (0..50_u64, 0..5_u64).prop_map(|(good, bad)| Slot::measured(good, bad)),
        1 => Just(Slot::Missing),
        1 => (0..9_u64, 0..9_u64).prop_map(|(good, bad)| Slot::Partial { good, bad: bad + 1 }),
    ]
}

fn any_budgeting() -> impl Strategy<Value = Budgeting> {
    let slice_target = (0..=1000_u64).prop_map(|m| Target::from_ppb(m * 1_000_000).unwrap());
    prop_oneof![
        Just(Budgeting::Occurrences),
        (1..7_u32, slice_target).prop_map(|(slice_minutes, slice_target)| {
            Budgeting::Timeslices { slice_minutes, slice_target }
        }),
        (1..7_u32).prop_map(|slice_minutes| Budgeting::RatioTimeslices { slice_minutes }),
    ]
}

proptest! {
    #[test]
    fn postings_sum_to_what_was_spent_each_on_its_account(
        slots in prop::collection::vec(any_slot(), 60),
        attributed in prop::collection::vec((0..60_i64, 0..30_i64, 0..4_u8), 0..6),
        cut in (0..60_i64, 0..20_i64),
        ppb in 0..=1_000_000_000_u64,
        budgeting in any_budgeting(),
        no_data in prop::sample::select(vec![NoData::Ignore, NoData::Good, NoData::Bad]),
    ) {
        let costing = Costing { budgeting, no_data };
        let ledger = ledger(&slots);
        let exclusions = Exclusions::of([span(cut.0, cut.0 + cut.1)]);
        let attributions: Vec<_> =
            attributed.iter().map(|&(from, n, name)| incident(&name.to_string(), from, from + n)).collect();
        let budget = budget(&ledger, &exclusions, costing, Target::from_ppb(ppb).unwrap());
        let lines = statement(&budget, &ledger, &exclusions, &Attributions::of(attributions.clone()));
        prop_assert_eq!(lines.iter().map(|p| p.units).sum::<u128>(), budget.spend.spent);
        prop_assert_eq!(lines.iter().map(|p| p.share_ppb).sum::<i64>(), budget.spend.spent_ppb(budget.target));
        prop_assert!(lines.is_sorted_by(|a, b| a.units >= b.units));
        for line in &lines {
            prop_assert_eq!(line.days.iter().map(|day| day.units).sum::<u128>(), line.units);
            prop_assert_eq!(line.days.iter().map(|day| day.share_ppb).sum::<i64>(), line.share_ppb);
        }

        // The latest attribution that holds a minute has its cost.
        let mut naive: BTreeMap<String, u128> = BTreeMap::new();
        for cost in costing.costs(&ledger, &exclusions, budget.extent.span) {
            let latest = attributions.iter().rfind(|attribution| attribution.span.contains(cost.minute));
            let account = match latest {
                _ if cost.for_missing_data => "missing data".to_owned(),
                Some(attribution) => attribution.account.to_string(),
                None => "unattributed".to_owned(),
            };
            *naive.entry(account).or_default() += cost.units;
        }
        let posted: BTreeMap<String, u128> = lines.iter().map(|p| (p.account.to_string(), p.units)).collect();
        prop_assert_eq!(posted, naive);
    }
}
