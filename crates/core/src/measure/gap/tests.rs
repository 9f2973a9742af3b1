use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn spans(activity: &[(Minute, u64)], rule: Gap) -> Vec<(i64, i64)> {
    missing(activity, rule).into_iter().map(|m| (m.span.from.0, m.span.to.0)).collect()
}

/// Some days with `lines` in each of the minutes `at` of every hour.
fn hourly(days: i64, at: &[i64], lines: u64) -> Vec<(Minute, u64)> {
    (0..days * 24)
        .flat_map(|hour| at.iter().map(move |minute| (Minute(hour * HOUR + minute), lines)))
        .collect()
}

/// What is kept reads back, also what was once kept as a sentence.
#[test]
fn a_rule_is_kept_as_it_is_written() {
    for (text, rule) in
        [("20", Gap::Predicted(20)), ("never", Gap::Never), ("90m", Gap::Longer(90))]
    {
        let kept = serde_json::to_string(&rule).unwrap();
        assert_eq!(kept, format!("{text:?}"));
        for kept in [kept, format!("{:?}", rule.to_string())] {
            assert_eq!(serde_json::from_str::<Gap>(&kept).unwrap(), rule, "{kept}");
        }
    }
    for wrong in ["silence of more than x min is missing data, else no traffic", "", "0"] {
        assert!(serde_json::from_str::<Gap>(&format!("{wrong:?}")).is_err(), "{wrong}");
    }
}

#[test]
fn a_lost_day_is_missing() {
    let mut activity = hourly(5, &[0, 10, 20, 30, 40, 50], 3);
    activity.retain(|(minute, _)| !(2 * DAY..3 * DAY).contains(&minute.0));
    // 144 busy minutes a day with 3 lines on each of four other days. The run begins after 23:50 and ends at 00:00.
    let expected =
        Missing { span: Span::new(Minute(2 * DAY - 9), Minute(3 * DAY)), predicted: 432 };
    assert_eq!(missing(&activity, Gap::default()), [expected]);
    assert_eq!(missing(&activity, Gap::Never), []);
}

#[test]
fn minutes_that_are_silent_every_day_are_no_traffic() {
    let activity = hourly(4, &[5], 100);
    assert_eq!(missing(&activity, Gap::default()), []);
}

#[test]
fn the_prediction_is_the_mean_of_the_other_days_compared_without_rounding() {
    // Three days. Minute 10 is busy on day 0 and 1, with 39 lines together; day 2 is silent there. The mean of the two
    // other days is 19.5.
    let mut activity = vec![
        (Minute(9), 1),
        (Minute(10), 20),
        (Minute(DAY + 9), 1),
        (Minute(DAY + 10), 19),
        (Minute(2 * DAY + 9), 1),
        (Minute(2 * DAY + 11), 1),
    ];
    let run = (2 * DAY + 10, 2 * DAY + 11);
    assert!(spans(&activity, Gap::Predicted(19)).contains(&run));
    assert!(!spans(&activity, Gap::Predicted(20)).contains(&run));
    activity[3].1 = 20;
    assert!(spans(&activity, Gap::Predicted(20)).contains(&run));
    assert!(!spans(&activity, Gap::Predicted(21)).contains(&run));
}

#[test]
fn one_day_alone_predicts_nothing() {
    let activity = [(Minute(0), 1000), (Minute(600), 1000)];
    assert_eq!(missing(&activity, Gap::default()), []);
    assert_eq!(spans(&activity, Gap::Longer(599)), []);
    assert_eq!(spans(&activity, Gap::Longer(598)), [(1, 600)]);
}

#[test]
fn the_longest_silence_is_one_that_is_not_missing() {
    let activity: Vec<_> = [0, 1, 5, 9, 10, 20].map(|m| (Minute(m), 1)).into();
    let span = |from, to| Span::new(Minute(from), Minute(to));
    assert_eq!(longest(&activity, &[]), Some(span(11, 20)));
    assert_eq!(longest(&activity, &[span(11, 20)]), Some(span(2, 5)));
    assert_eq!(longest(&activity[..2], &[]), None);
    assert_eq!(longest(&[], &[]), None);
}

#[test]
fn nothing_outside_the_input_is_missing() {
    for rule in [Gap::default(), Gap::Longer(0), Gap::Never] {
        assert_eq!(missing(&[], rule), []);
        assert_eq!(missing(&[(Minute(0), 0)], rule), []);
        assert_eq!(missing(&[(Minute(7), 3)], rule), []);
        assert_eq!(missing(&[(Minute(0), 0), (Minute(7), 3), (Minute(9), 0)], rule), []);
    }
    assert_eq!(spans(&[(Minute(7), 3), (Minute(8), 0), (Minute(9), 1)], Gap::Longer(0)), [(8, 9)]);
}

#[test]
fn runs_longer_than_a_day_count_each_minute_as_often_as_it_occurs() {
    // Twelve lines at 00:00 of days 0 and 4; silent in between, so the run holds 00:00 three times, and the mean of
    // the two other days is 12.
    let activity = [(Minute(0), 12), (Minute(4 * DAY), 12)];
    assert_eq!(missing(&activity, Gap::Predicted(1))[0].predicted, 36);
    assert!(missing(&activity, Gap::Predicted(37)).is_empty());
}

#[test]
fn four_hundred_days_with_a_gap_every_hour() {
    let activity = hourly(400, &[0, 30], 5);
    assert_eq!(missing(&activity, Gap::default()), []);
    assert_eq!(missing(&activity, Gap::Longer(28)).len(), 400 * 48 - 1);
}

#[test]
fn rules_are_read_and_stated() {
    for (text, rule) in [
        ("20", Gap::Predicted(20)),
        ("1", Gap::Predicted(1)),
        ("never", Gap::Never),
        ("0m", Gap::Longer(0)),
        ("30m", Gap::Longer(30)),
        ("2h", Gap::Longer(120)),
        ("400d", Gap::Longer(576_000)),
    ] {
        assert_eq!(Gap::parse(text), Ok(rule));
        assert_eq!(Gap::parse(&rule.text()), Ok(rule));
    }
    for text in [
        "",
        "0",
        "m",
        "-1",
        "+1",
        "1.5",
        "30 m",
        "401d",
        "99999999999999999999",
        "4294967295d",
        "20é",
    ] {
        assert!(Gap::parse(text).unwrap_err().contains(&format!("`{text}`")), "{text}");
    }
    assert_eq!(
        Gap::default().to_string(),
        "silence is missing data where the same minutes of other days predict at least 20 requests, else no traffic"
    );
}

/// The rule, minute by minute as it is stated, with fractions over one common denominator.
fn naive(activity: &[(Minute, u64)], requests: u64) -> Vec<(i64, i64)> {
    let lines: BTreeMap<i64, u64> =
        activity.iter().filter(|(_, n)| *n > 0).map(|(m, n)| (m.0, *n)).collect();
    let Some((first, _)) = lines.first_key_value() else { return Vec::new() };
    let (last, _) = lines.last_key_value().unwrap();
    let mut runs = Vec::new();
    for minute in *first..=*last {
        if lines.contains_key(&minute) {
            continue;
        }
        if lines.contains_key(&(minute - 1)) {
            runs.push((minute, minute));
        }
        runs.last_mut().unwrap().1 = minute + 1;
    }
    let common: u128 = (1..=12).product();
    runs.retain(|(from, to)| {
        let mut predicted: u128 = 0;
        for minute in *from..*to {
            let others: Vec<u64> = (-9..=9)
                .map(|days| minute + days * DAY)
                .filter(|other| (*first..=*last).contains(other) && !(*from..*to).contains(other))
                .map(|other| lines.get(&other).copied().unwrap_or(0))
                .collect();
            if !others.is_empty() {
                predicted +=
                    u128::from(others.iter().sum::<u64>()) * (common / others.len() as u128);
            }
        }
        predicted >= u128::from(requests) * common
    });
    runs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn equals_the_rule_applied_minute_by_minute(
        busy in prop::collection::btree_map((0..6_i64, 0..8_i64, 0..4_i64), 0..9_u64, 0..60),
        requests in 1..30_u64,
    ) {
        // Some minutes around a few times of the day, so that days overlap and runs span hours or days.
        let activity: BTreeMap<Minute, u64> = busy
            .into_iter()
            .map(|((day, hour, minute), lines)| (Minute(day * DAY + hour * 185 + minute - 700), lines))
            .collect();
        let activity: Vec<_> = activity.into_iter().collect();
        prop_assert_eq!(spans(&activity, Gap::Predicted(requests)), naive(&activity, requests));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,12}") {
        let _ = Gap::parse(&text);
    }
}
