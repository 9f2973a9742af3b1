use super::*;
use crate::{
    promise::{
        decision::Verdict,
        slo::{Budgeting, NoData},
    },
    ratio::Target,
};

const LADDER: [u64; 3] = [100_000, 300_000, 1_000_000];

/// Thirty days from a midnight on.
fn month() -> Span {
    let from = Minute(20_000 * DAY);
    Span::new(from, from.plus(30 * DAY))
}

/// 100 requests in each minute of which so many are bad, and so many take up to 1 s instead of 100 ms.
fn series(counts: impl Fn(i64) -> Option<(u64, u64)>) -> Series {
    let mut series = Series::default();
    for (n, minute) in month().iter().enumerate() {
        if let Some((bad, slow)) = counts(n as i64) {
            let mut cell = Cell { good: 100 - bad, bad, timed: 100, ..Cell::default() };
            cell.within[..3].copy_from_slice(&[100 - slow, 100 - slow, 100]);
            series.add(minute, &cell);
        }
    }
    series
}

fn ask(services: &[Service<'_>], missing: &[Span], given: &[Given]) -> Assessment {
    let policy = Policy::default();
    let mut activity = Vec::new();
    Series::sum_of(services.iter().map(|service| service.series))
        .visit(|minute, cell| activity.push((minute, cell.requests())));
    let question = Question {
        services,
        thresholds_us: &LADDER,
        extent: month(),
        missing,
        activity: &activity,
        gap: Gap::default(),
        window: None,
        given,
        policy: &policy,
    };
    assess(&question).unwrap()
}

const OUTAGE: std::ops::Range<i64> = 17 * DAY + 843..17 * DAY + 890;

#[test]
fn an_outage_is_found_weighed_and_decides() {
    // 47 minutes in which 90 of 100 fail: 4,230 bad of 4,320,000; 99.9 % allows 4,320, 99.95 % allows 2,160.
    let api = series(|m| Some(if OUTAGE.contains(&m) { (90, 60) } else { (0, 0) }));
    let shop = series(|_| Some((0, 1)));
    let services = [Service { name: "shop", series: &shop }, Service { name: "api", series: &api }];
    let found = ask(&services, &[], &[]);

    let names: Vec<_> =
        found.services.iter().map(|s| (s.name.as_str(), s.decision.verdict)).collect();
    assert_eq!(names, [("api", Verdict::Stabilise), ("shop", Verdict::Ship)]);
    let api = &found.services[0];
    assert_eq!(
        (api.slis[0].good, api.slis[0].bad, api.slis[0].coverage_ppb),
        (4_315_770, 4_230, 1_000_000_000)
    );
    assert_eq!(api.slis[1].sli.name(), "latency-100ms");
    assert_eq!((api.slis[1].good, api.slis[1].bad), (4_317_180, 2_820));

    // 29 of 30 days kept every target; 4,230 of 2,160 is 195.8 % of 99.95 %, which half the outage would have kept.
    // What held all the same is 99.5 % with 4,230 of 21,600 spent.
    let targets: Vec<_> = api
        .objectives
        .iter()
        .map(|o| (o.slo.name.as_str(), o.slo.target.to_string(), o.origin))
        .collect();
    assert_eq!(
        targets,
        [
            ("api-availability", "99.95 %".to_owned(), Origin::Proposed),
            ("api-availability", "99.5 %".to_owned(), Origin::Fallback),
            ("api-latency-100ms", "99.95 %".to_owned(), Origin::Proposed),
            ("api-latency-100ms", "99.9 %".to_owned(), Origin::Fallback),
        ]
    );
    assert_eq!(api.objectives[1].budget.left_ppb(), 804_166_666);

    let worst = &found.worst[0];
    assert_eq!(
        (worst.slo.as_str(), worst.outage.bad, worst.outage.total),
        ("api-availability", 4_230, 4_700)
    );
    assert_eq!(
        worst.outage.span,
        Span::new(month().from.plus(OUTAGE.start), month().from.plus(OUTAGE.end))
    );
    // 4,230 of 2,160, all of what was spent.
    assert_eq!(worst.share_ppb, 1_958_333_334);
    assert_eq!(found.worst.len(), 2);
}

/// So many requests a minute, of which so many of each ten fail; all are answered at once.
fn failing(per_minute: u64, bad_of_ten: impl Fn(i64) -> u64) -> Series {
    let mut series = Series::default();
    for (n, minute) in month().iter().enumerate() {
        let bad = per_minute * bad_of_ten(n as i64) / 10;
        let mut cell = Cell { good: per_minute - bad, bad, timed: per_minute, ..Cell::default() };
        cell.within[..3].fill(per_minute);
        series.add(minute, &cell);
    }
    series
}

#[test]
fn a_service_that_fails_fast_is_not_saved_by_its_latency() {
    for (bad_of_ten, text) in [(10, "432,000 of 432,000"), (3, "129,600 of 432,000")] {
        let api = failing(10, |_| bad_of_ten);
        let found = ask(&[Service { name: "api", series: &api }], &[], &[]);
        let api = &found.services[0];
        assert_eq!(api.decision.verdict, Verdict::Stabilise);
        let reason =
            format!("availability: {text} requests failed over 30d; not even 90 % was kept");
        assert_eq!(api.decision.reasons[0].text, reason);
        let target = &api.objectives[0];
        assert_eq!(
            (target.slo.target.to_string(), target.origin),
            ("90 %".to_owned(), Origin::Loosest)
        );
        assert_eq!(target.budget.spend.sums.bad, 43_200 * bad_of_ten);
        assert_eq!(found.worst[0].sli, Sli::Availability);
        assert_eq!(found.worst[0].outage.bad, 43_200 * bad_of_ten);
    }
}

#[test]
fn few_failures_are_no_judgement() {
    // 49 requests cannot tell 90 %; 99 can, and are too few for the policy.
    for (requests, objectives) in [(49, 0), (99, 2)] {
        let api = failing(1, |_| 10);
        let mut few = Series::default();
        api.iter().take(requests).for_each(|(minute, cell)| few.add(minute, &cell));
        let found = ask(&[Service { name: "api", series: &few }], &[], &[]);
        assert_eq!(found.services[0].objectives.len(), objectives);
        assert_eq!(found.services[0].decision.verdict, Verdict::Unknown);
    }
    let api = Series::default();
    let found = ask(&[Service { name: "api", series: &api }], &[], &[]);
    let text = "0 requests over 30d; the loosest target, 90 %, needs 50";
    assert_eq!(found.services[0].decision.reasons[0].text, text);
}

#[test]
fn a_hang_of_ten_days_is_seen_in_latency() {
    let api = series(|m| Some((0, if m < 10 * DAY { 100 } else { 0 })));
    let mut slower = Series::default();
    for (minute, mut cell) in api.iter() {
        cell.within[2] = cell.within[1];
        slower.add(minute, &cell);
    }
    let found = ask(&[Service { name: "api", series: &slower }], &[], &[]);
    let decision = &found.services[0].decision;
    assert_eq!(decision.verdict, Verdict::Stabilise);
    let text = "latency-100ms: 1,440,000 of 4,320,000 requests were slower over 30d; not even 90 % was kept";
    assert_eq!(decision.reasons[0].text, text);
}

#[test]
fn a_service_that_fell_silent_is_unknown() {
    let shop = series(|_| Some((0, 0)));
    let api = series(|m| (m < 19 * DAY).then_some((0, 0)));
    let services = [Service { name: "shop", series: &shop }, Service { name: "api", series: &api }];
    let found = ask(&services, &[], &[]);
    let api = &found.services[0];
    assert_eq!((api.name.as_str(), api.decision.verdict), ("api", Verdict::Unknown));
    let text = "silent since 2024-10-23 00:00 UTC, where the same minutes of other days predict 1,584,000 requests";
    assert_eq!(api.decision.reasons[0].text, text);
    assert_eq!(found.services[1].decision.verdict, Verdict::Ship);
    assert!(found.services[1].silent.is_empty());
    // When its data is missing, nothing is said of silence.
    let lost = [Span::new(month().from.plus(19 * DAY), month().to)];
    assert!(ask(&services, &lost, &[]).services.iter().all(|service| service.silent.is_empty()));
}

#[test]
fn a_hang_that_only_clients_noticed_calls_for_caution() {
    let mut hung = Series::default();
    series(|_| Some((0, 0))).visit(|minute, cell| {
        let n = minute.0 - month().from.0;
        let aborted = Cell { excluded: 100, ..Cell::default() };
        hung.add(minute, if (9 * DAY..9 * DAY + 300).contains(&n) { &aborted } else { cell });
    });
    let api = &ask(&[Service { name: "api", series: &hung }], &[], &[]).services[0];
    assert_eq!((api.decision.verdict, api.excluded), (Verdict::Caution, 30_000));
    let text = "30,000 of 30,000 requests from 2024-10-13 00:00 UTC to 2024-10-13 05:00 UTC were excluded, so nothing \
                says that they were served";
    assert_eq!(api.decision.reasons[0].text, text);
}

#[test]
fn proposals_have_the_names_that_documents_can_have() {
    let api = series(|_| Some((0, 0)));
    let services =
        [Service { name: "api.x.io", series: &api }, Service { name: "api-x.io", series: &api }];
    let found = ask(&services, &[], &[]);
    let mut names: Vec<_> =
        found.services.iter().map(|service| service.objectives[0].slo.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["api-x-io-availability", "api-x-io-availability-2"]);
}

#[test]
fn what_fails_fast_and_always_may_not_ship() {
    for bad in [11, 75, 100] {
        let api = series(|_| Some((bad, 0)));
        let found = ask(&[Service { name: "api", series: &api }], &[], &[]);
        let service = &found.services[0];
        assert_eq!(service.decision.verdict, Verdict::Stabilise, "{bad}");
        let availability = &service.objectives[0];
        assert_eq!(availability.slo.target.to_string(), "90 %");
        // 90 % allow 10 of 100.
        assert_eq!(availability.budget.left_ppb(), 1_000_000_000 - bad as i64 * 100_000_000);
    }
}

#[test]
fn a_lost_day_is_coverage_not_health() {
    let lost = 12 * DAY..13 * DAY;
    let api = series(|m| (!lost.contains(&m)).then_some((0, 0)));
    let missing = [Span::new(month().from.plus(lost.start), month().from.plus(lost.end))];
    let found = ask(&[Service { name: "api", series: &api }], &missing, &[]);
    let figures = &found.services[0].slis[0];
    assert_eq!((figures.total(), figures.coverage_ppb), (4_176_000, 966_666_666));
    // The same hole where nothing was expected is no traffic.
    let found = ask(&[Service { name: "api", series: &api }], &[], &[]);
    assert_eq!(found.services[0].slis[0].coverage_ppb, 1_000_000_000);
}

#[test]
fn given_objectives_are_held_instead() {
    let api = series(|m| Some(if OUTAGE.contains(&m) { (90, 60) } else { (0, 0) }));
    let slo = Slo {
        name: "api-fast".to_owned(),
        service: "api".to_owned(),
        sli: "latency".to_owned(),
        target: Target::parse_percent("99.9").unwrap(),
        budgeting: Budgeting::Occurrences,
        windows: vec![Window::Rolling { minutes: 30 * DAY as u32 }],
        no_data: NoData::Ignore,
    };
    let given =
        Given { slo, sli: Sli::Latency { at_most_us: 300_000 }, place: "slo.yaml:1".to_owned() };
    let found = ask(&[Service { name: "api", series: &api }], &[], std::slice::from_ref(&given));
    let objective = &found.services[0].objectives[0];
    // 2,820 of 4,320.
    assert_eq!((objective.budget.left_ppb(), found.services[0].objectives.len()), (347_222_222, 1));
    assert_eq!(objective.why, "given in slo.yaml:1");
    assert_eq!(found.services[0].decision.verdict, Verdict::Ship);

    let policy = Policy::default();
    let question = Question {
        services: &[Service { name: "api", series: &api }],
        thresholds_us: &LADDER,
        extent: month(),
        missing: &[],
        activity: &[],
        gap: Gap::default(),
        window: None,
        given: &[Given { sli: Sli::Latency { at_most_us: 7 }, ..given }],
        policy: &policy,
    };
    assert_eq!(
        assess(&question).unwrap_err(),
        Unanswerable::Threshold { slo: "api-fast (slo.yaml:1)".to_owned() }
    );
}

#[test]
fn a_given_target_that_the_traffic_cannot_resolve_is_warned_of() {
    // 4,320,000 requests at 99.99999 % allow 0.432 bad ones.
    let api = series(|_| Some((0, 0)));
    let slo = Slo {
        name: "api-perfect".to_owned(),
        service: "api".to_owned(),
        sli: "availability".to_owned(),
        target: Target::parse_percent("99.99999").unwrap(),
        budgeting: Budgeting::Occurrences,
        windows: vec![Window::Rolling { minutes: 30 * DAY as u32 }],
        no_data: NoData::Ignore,
    };
    let given = Given { slo, sli: Sli::Availability, place: "slo.yaml:1".to_owned() };
    let found = ask(&[Service { name: "api", series: &api }], &[], &[given]);
    let warnings = &found.services[0].objectives[0].warnings;
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("4,320,000 events") && warnings[0].contains("0.432"),
        "{warnings:?}"
    );
}

#[test]
fn a_service_without_requests_is_unknown() {
    let found = ask(&[Service { name: "idle", series: &Series::default() }], &[], &[]);
    assert_eq!(found.services[0].decision.verdict, Verdict::Unknown);
    assert_eq!(found.services[0].slis.len(), 1);
    assert_eq!(found.services[0].slis[0].ratio_ppb(), None);
}

#[test]
fn the_window_is_the_longest_that_the_log_fills() {
    let window = |minutes: i64| match window_for(Span::new(Minute(0), Minute(minutes))) {
        Window::Rolling { minutes } => i64::from(minutes),
        Window::Calendar { .. } => 0,
    };
    assert_eq!(window(400 * DAY), 30 * DAY);
    assert_eq!(window(30 * DAY - 7), 30 * DAY);
    assert_eq!(window(28 * DAY), 28 * DAY);
    assert_eq!(window(2 * DAY), DAY);
    assert_eq!(window(3), HOUR);
}
