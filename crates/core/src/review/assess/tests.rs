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
    let question = Question {
        services,
        thresholds_us: &LADDER,
        extent: month(),
        missing,
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
        warnings[0].contains("4320000 events") && warnings[0].contains("0.432"),
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
