//! What the command line and the documents say about measuring.
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use common::{PLIMSOLL, fails, host_line, json, line, plimsoll};
use serde_json::Value;
use tempfile::TempDir;

/// Three hours of two hosts: of 10,800 requests to each, 540 are answered with 404 and 108 with 503.
fn write_hosts(folder: &Path) {
    let status = |s: i64| match s % 100 {
        50 => 503,
        n if n % 20 == 7 => 404,
        _ => 200,
    };
    let hosts = ["www.x.io", "api.x.io"];
    let lines: String =
        (0..10_800).flat_map(|s| hosts.map(|host| host_line(host, s, status(s), 20))).collect();
    fs::write(folder.join("hosts.log"), lines).unwrap();
}

/// Good and bad of every SLI of every service, by name.
fn counts(found: &Value) -> Vec<String> {
    let services = found["services"].as_array().unwrap();
    let mut counts: Vec<String> =
        services.iter().map(|s| format!("{} {}", s["name"], s["slis"])).collect();
    counts.sort();
    counts
}

fn left(found: &Value) -> Vec<(String, String)> {
    let services = found["services"].as_array().unwrap();
    let proposals = services.iter().flat_map(|s| s["proposals"].as_array().unwrap());
    let decisive = proposals.filter(|p| p["origin"] != "fallback");
    let mut left: Vec<_> =
        decisive.map(|p| (p["name"].to_string(), p["budget_left"].to_string())).collect();
    left.sort();
    left
}

/// What `--out` writes with these arguments gives the same numbers when only `--slo` is said.
fn comes_back(folder: &Path, log: &str, args: &[&str]) -> Value {
    let out = ["assess", log, "--json", "--out", "slo", "--force"];
    let proposed = json(folder, &[&out[..], args].concat());
    let checked = plimsoll(folder, &["check", "--strict", "slo"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let held = json(folder, &["assess", log, "--json", "--slo", "slo"]);
    assert_eq!(counts(&held), counts(&proposed), "{args:?}");
    assert_eq!(left(&held), left(&proposed), "{args:?}");
    assert_eq!(held["input"]["rules"], proposed["input"]["rules"]);
    assert_eq!(held["input"]["gap"], proposed["input"]["gap"]);
    proposed
}

#[test]
fn documents_carry_how_the_log_was_measured() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    write_hosts(at);
    let plain = comes_back(at, "hosts.log", &[]);
    assert_eq!(plain["services"].as_array().unwrap().len(), 2);
    assert_eq!(plain["services"][0]["slis"][0]["bad"], 108);
    let strict = comes_back(at, "hosts.log", &["--classify", "bad=5xx,404"]);
    assert_eq!(strict["services"][0]["slis"][0]["bad"], 648);
    let one =
        comes_back(at, "hosts.log", &["--by", "one", "--service", "The Shop", "--gap", "30m"]);
    assert_eq!(one["services"][0]["name"], "The Shop");
    assert_eq!(one["services"][0]["slis"][0]["bad"], 216);

    let request = |s: i64| {
        let (hour, minute, second) = (s / 3600, s / 60 % 60, s % 60);
        let status = if s % 60 == 9 { 500 } else { 200 };
        format!("02.08.2025 0{hour}:{minute:02}:{second:02} st={status} 12ms\n")
    };
    let lines: String = (0..3_600).map(request).collect();
    fs::write(at.join("app.txt"), lines).unwrap();
    let pattern = r"^(?P<time>\S+ \S+) st=(?P<status>\d+) (?P<millis>\d+)ms";
    let args = ["--pattern", pattern, "--time-format", "%d.%m.%Y %H:%M:%S"];
    let app = comes_back(at, "app.txt", &args);
    assert_eq!(app["services"][0]["slis"][0]["bad"], 60);
}

#[test]
fn a_flag_that_contradicts_the_documents_is_refused() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    write_hosts(at);
    comes_back(at, "hosts.log", &["--classify", "bad=5xx,404", "--gap", "never"]);
    let held = ["assess", "hosts.log", "--slo", "slo"];
    let with = |more: &[&'static str]| [&held[..], more].concat();
    fails(at, &with(&["--classify", "bad=5xx"]), 2, &["--classify", "slos.yaml:", "bad=404,5xx"]);
    fails(at, &with(&["--gap", "30m"]), 2, &["--gap \"30m\" contradicts", "\"never\""]);
    assert!(plimsoll(at, &with(&["--classify", "bad=404,5xx", "--gap", "never"])).status.success());
}

#[test]
fn data_sources_that_measure_differently_are_not_mixed() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    write_hosts(at);
    comes_back(at, "hosts.log", &["--classify", "bad=5xx,404"]);
    let strict = fs::read_to_string(at.join("slo/slos.yaml")).unwrap();
    let names = |text: String| {
        text.replace("access-logs", "others").replace("x-io", "y-io").replace("x.io", "y.io")
    };
    let other = names(strict.replace("404", "403"));
    fs::write(at.join("slo/other.yaml"), other).unwrap();
    let words = ["access-logs and others measure logs differently"];
    fails(at, &["assess", "hosts.log", "--slo", "slo"], 2, &words);
}

#[test]
fn a_log_from_a_pipe_has_no_file_to_write() {
    let folder = TempDir::new().unwrap();
    let mut child = Command::new(PLIMSOLL)
        .current_dir(folder.path())
        .args(["assess", "-", "--out", "slo"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let log: String = (0..7_200).map(|s| line(s, "/", 200)).collect();
    child.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let written = fs::read_to_string(folder.path().join("slo/slos.yaml")).unwrap();
    assert!(!written.contains("files") && !written.contains("standard input"), "{written}");
    assert!(plimsoll(folder.path(), &["check", "--strict", "slo"]).status.success());
}

#[test]
fn a_name_for_one_service_does_not_merge_virtual_hosts_unasked() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    write_hosts(at);
    let named = ["assess", "hosts.log", "--service", "shop"];
    fails(at, &named, 2, &["the input holds api.x.io, www.x.io", "--by one"]);
    let found = json(at, &[&named[..], &["--by", "one", "--json"]].concat());
    assert_eq!(found["services"].as_array().unwrap().len(), 1);
    assert_eq!(found["services"][0]["slis"][0]["total"], 21_600);
}

#[test]
fn a_code_in_two_classes_is_a_usage_error() {
    let folder = TempDir::new().unwrap();
    write_hosts(folder.path());
    let args = ["assess", "hosts.log", "--classify", "bad=200 good=200"];
    fails(folder.path(), &args, 2, &["`200` is both bad and good"]);
}

#[test]
fn services_whose_names_look_alike_keep_their_own_objectives() {
    let folder = TempDir::new().unwrap();
    // Of 10,800 requests to each, one in a hundred to /api fails, none to /API.
    let lines: String = (0..10_800)
        .flat_map(|s| {
            [line(s, "/API/a", 200), line(s, "/api/a", if s % 100 == 50 { 503 } else { 200 })]
        })
        .collect();
    fs::write(folder.path().join("case.log"), lines).unwrap();
    let proposed = comes_back(folder.path(), "case.log", &[]);
    assert_eq!(proposed["services"].as_array().unwrap().len(), 2);
    // A label that both names become names neither.
    fs::write(folder.path().join("dots.log"), {
        let hosts = ["shop.example", "shop_example"];
        let lines = (0..10_800).flat_map(|s| hosts.map(|host| host_line(host, s, 200, 20)));
        lines.collect::<String>()
    })
    .unwrap();
    fs::write(folder.path().join("slo.yaml"), SLO_OF_SHOP).unwrap();
    let args = ["assess", "dots.log", "--slo", "slo.yaml"];
    fails(folder.path(), &args, 2, &["slo.yaml:", "may be any of shop.example, shop_example"]);
}

const SLO_OF_SHOP: &str = "\
apiVersion: openslo/v1
kind: SLO
metadata: {name: shop}
spec:
  service: shop-example
  indicator:
    metadata: {name: answers}
    spec:
      ratioMetric:
        counter: false
        bad: {metricSource: {type: accesslog, spec: {service: shop-example, count: bad}}}
        total: {metricSource: {type: accesslog, spec: {service: shop-example, count: all}}}
  timeWindow: [{duration: 1h, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
";

#[test]
fn of_several_policies_none_is_taken_by_chance() {
    let folder = TempDir::new().unwrap();
    write_hosts(folder.path());
    json(folder.path(), &["assess", "hosts.log", "--json", "--out", "slo"]);
    for name in ["strict", "lax"] {
        let policy = format!(
            "apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {{name: {name}}}\nspec: {{cautionAt: 30%}}\n"
        );
        fs::write(folder.path().join("slo").join(format!("{name}.yaml")), policy).unwrap();
    }
    let args = ["assess", "hosts.log", "--slo", "slo"];
    fails(folder.path(), &args, 2, &["several budget policies", "strict", "lax", "give only that"]);
}
