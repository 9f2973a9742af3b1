//! Services in trouble that averages hide: what the report and the documents say of them.
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::{fs, path::Path};

use common::{host_line, json, plimsoll, text};
use tempfile::TempDir;

const DAY_S: i64 = 86_400;

/// A request every minute for so many days, with what the function says of each: its status, or nothing.
fn write(folder: &Path, days: i64, hosts: &[&str], status: impl Fn(&str, i64) -> Option<u16>) {
    let minutes = (0..days * 1440).map(|minute| minute * 60);
    let lines: String = minutes
        .flat_map(|s| hosts.iter().map(move |host| (*host, s)))
        .filter_map(|(host, s)| Some(host_line(host, s, status(host, s)?, 10)))
        .collect();
    fs::write(folder.join("a.log"), lines).unwrap();
}

#[test]
fn a_service_that_fails_every_request_is_to_be_stabilised() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), 8, &["x.io"], |_, _| Some(500));
    let found = json(folder.path(), &["assess", "a.log", "--json", "--out", "slo"]);
    let service = &found["services"][0];
    assert_eq!(service["decision"]["verdict"], "stabilise");
    let reason = "availability: 10,080 of 10,080 requests failed over 7d; not even 90 % was kept";
    assert_eq!(service["decision"]["reasons"][0], reason);
    assert_eq!(service["proposals"][0]["origin"], "loosest");
    assert_eq!(found["worst"][0]["sli"], "availability");
    let written = fs::read_to_string(folder.path().join("slo/slos.yaml")).unwrap();
    assert!(
        written.contains("x-io-availability") && written.contains("target: 0.9\n"),
        "{written}"
    );
    let held = json(folder.path(), &["assess", "a.log", "--json", "--slo", "slo"]);
    assert_eq!(held["services"][0]["decision"]["verdict"], "stabilise");
}

#[test]
fn where_nothing_can_be_proposed_the_reason_is_given_and_no_next_step() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), 8, &["x.io"], |_, s| (s < 49 * 60).then_some(200));
    let report = text(folder.path(), &["assess", "a.log"]);
    assert!(report.contains("UNKNOWN   x.io"), "{report}");
    assert!(report.contains("49 requests over 1h; the loosest target, 90 %, needs 50"), "{report}");
    assert!(!report.contains("--out"), "{report}");
}

#[test]
fn a_service_that_vanished_is_said_and_unknown() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), 10, &["www.x.io", "api.x.io"], |host, s| {
        (host == "www.x.io" || s < 7 * DAY_S).then_some(200)
    });
    let report = text(folder.path(), &["assess", "a.log"]);
    let silent = "  silent  since 8 Aug 00:00 UTC (3 d), while the log went on; the same minutes of other days predict \
                  4,320 requests";
    assert!(report.contains(silent), "{report}");
    assert!(report.contains("UNKNOWN   api.x.io") && report.contains("SHIP      www.x.io"));
    let found = json(folder.path(), &["assess", "a.log", "--json"]);
    let silent = &found["services"][0]["silent"];
    assert_eq!(silent[0]["from"], "2025-08-08T00:00:00Z");
    assert_eq!(silent[0]["to"], "2025-08-11T00:00:00Z");
    assert_eq!(silent[0]["expected"], 4_320);
    // It is no missing data: the log was there.
    assert_eq!(found["input"]["missing"].as_array().unwrap().len(), 0);
    let never = text(folder.path(), &["assess", "a.log", "--gap", "never"]);
    assert!(!never.contains("silent  since") && never.contains("SHIP      api.x.io"), "{never}");
}

#[test]
fn a_hang_that_only_clients_noticed_is_said_and_calls_for_caution() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), 10, &["x.io"], |_, s| {
        let hangs = (4 * DAY_S + 5 * 3_600..4 * DAY_S + 10 * 3_600).contains(&s);
        Some(if hangs { 499 } else { 200 })
    });
    let report = text(folder.path(), &["assess", "a.log"]);
    // 300 of 14,400 are 2.08 %.
    let excluded = "          excluded 300 (2.1 %), of these 300 on 5 Aug 05:00–10:00 when nothing else was counted; --classify \
                    bad=499,none counts them as failed";
    assert!(report.contains(excluded), "{report}");
    assert!(report.contains("CAUTION   x.io"), "{report}");
    let failed = text(folder.path(), &["assess", "a.log", "--classify", "bad=499,none"]);
    assert!(
        failed.contains("14,400 requests, 300 failed") && !failed.contains("CAUTION"),
        "{failed}"
    );
}

#[test]
fn a_log_of_one_day_says_that_it_cannot_see_gaps() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), 1, &["x.io"], |_, s| {
        (!(20 * 3_600..21 * 3_600).contains(&s)).then_some(200)
    });
    let report = text(folder.path(), &["assess", "a.log"]);
    let silence = "longest silence 1 Aug 20:00–21:00 (1 h), which --gap 30m makes missing data";
    assert!(report.contains(silence), "{report}");
    let told = text(folder.path(), &["assess", "a.log", "--gap", "30m"]);
    assert!(told.contains("missing   1 Aug 20:00–21:00 (1 h)\n"), "{told}");
    assert!(!told.contains("longest silence") && !told.contains("expected"), "{told}");
    let found = json(folder.path(), &["assess", "a.log", "--json"]);
    assert_eq!(found["input"]["longest_silence"]["from"], "2025-08-01T20:00:00Z");
}

#[test]
fn a_budget_that_was_not_touched_is_not_drawn() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), 2, &["x.io"], |_, _| Some(200));
    let report = text(folder.path(), &["assess", "a.log"]);
    assert!(!report.contains("through its"), "{report}");
    assert!(report.contains("all requests belong to x.io"), "{report}");
    write(folder.path(), 2, &["x.io"], |_, s| {
        Some(if (90_000..94_000).contains(&s) { 500 } else { 200 })
    });
    let report = text(folder.path(), &["assess", "a.log"]);
    assert!(report.contains("through its"), "{report}");
    assert!(report.contains("What spent the budgets (UTC)\n"), "{report}");
}

#[test]
fn requests_and_minutes_left_say_the_same_or_minutes_are_left_out() {
    let folder = TempDir::new().unwrap();
    // One request a minute: 1,440 a day, of which 90 % allow 144 bad ones; 44 have failed, so 100 are left: 100 minutes.
    write(folder.path(), 1, &["x.io"], |_, s| {
        Some(if s % 1_920 == 0 && s < 84_480 { 500 } else { 200 })
    });
    let slo = "slo.yaml";
    let given = |target: &str| {
        json(folder.path(), &["assess", "a.log", "--json", "--out", "made", "--force"]);
        let made = fs::read_to_string(folder.path().join("made/slos.yaml")).unwrap();
        let lines = made.lines().map(|line| match line.split_once("target: ") {
            Some((before, _)) => format!("{before}target: {target}\n"),
            None => format!("{line}\n"),
        });
        fs::write(folder.path().join(slo), lines.collect::<String>()).unwrap();
    };
    given("0.9");
    let report = text(folder.path(), &["assess", "a.log", "--slo", slo]);
    let left =
        "(100 more failed requests, or 1 h 40 min of full outage at the window's mean traffic)";
    assert!(report.contains(left), "{report}");
    let found = json(folder.path(), &["assess", "a.log", "--slo", slo, "--json"]);
    let proposal = &found["services"][0]["proposals"][0];
    assert_eq!(
        (&proposal["left_requests"], &proposal["left_seconds"]),
        (&100.into(), &6_000.into())
    );
    // With an hour missing the mean of the whole day is not known.
    write(folder.path(), 1, &["x.io"], |_, s| {
        let lost = (60_000..66_000).contains(&s);
        (!lost).then_some(if s % 1_920 == 0 && s < 60_000 { 500 } else { 200 })
    });
    let report = text(folder.path(), &["assess", "a.log", "--slo", slo, "--gap", "30m"]);
    assert!(report.contains("more failed requests)\n"), "{report}");
    assert!(!report.contains("full outage"), "{report}");
}

#[test]
fn why_an_input_was_not_counted_stands_beside_it() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), 1, &["x.io"], |_, _| Some(200));
    let output = plimsoll(folder.path(), &["assess", "a.log", "nope.log"]);
    assert_eq!(output.status.code(), Some(1));
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("nope.log: not counted, it does not exist"), "{report}");
    let output = plimsoll(folder.path(), &["check", "nope"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("nope does not exist"));
}
