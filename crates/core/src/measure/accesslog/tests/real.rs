//! Logs of real servers, from the folder that `PLIMSOLL_TEST_DATA` names: counted by other means, and compared with
//! the findings of another parser (CrowdSec's) and of other logs of the same requests.

use std::{collections::BTreeMap, path::PathBuf};

use crate::measure::accesslog::{Line, Malformed, Parser, Request, detect};

/// The folder with the logs; `None` says that there is none, and the test passes without doing anything.
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "core's tests may read files where they are told to"
)]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var("PLIMSOLL_TEST_DATA").ok();
    if folder.is_none() {
        eprintln!("skipped: PLIMSOLL_TEST_DATA is not set");
    }
    folder.map(|folder| PathBuf::from(folder).join("access-logs"))
}

#[expect(clippy::disallowed_methods, reason = "see folder")]
fn text(folder: &std::path::Path, name: &str) -> String {
    String::from_utf8(std::fs::read(folder.join(name)).unwrap()).unwrap()
}

/// The detected format's name, and what each line is.
fn read(text: &str) -> (String, Vec<Result<Request<'_>, Malformed>>) {
    let lines: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
    let format = detect(&lines).unwrap();
    let mut parser = Parser::new(format.clone());
    let read = lines.iter().filter_map(|line| match parser.parse(line) {
        Ok(Line::Request(request)) => Some(Ok(request)),
        Ok(Line::Comment) => None,
        Err(reason) => Some(Err(reason)),
    });
    (format.name(), read.collect())
}

fn requests(text: &str) -> Vec<Request<'_>> {
    read(text).1.into_iter().map(Result::unwrap).collect()
}

fn statuses<'a>(requests: impl IntoIterator<Item = &'a Request<'a>>) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for request in requests {
        *counts.entry(request.status.unwrap()).or_default() += 1;
    }
    counts
}

/// The text between `before` and the next of these characters.
fn between<'a>(line: &'a str, before: &str, after: &[char]) -> &'a str {
    line.split_once(before).unwrap().1.split(after).next().unwrap()
}

#[test]
fn the_statuses_of_ten_thousand_lines_are_those_of_their_publisher() {
    let Some(folder) = folder() else { return };
    let text = text(&folder, "apache_combined_10000.log");
    let published =
        [(200, 9126), (206, 45), (301, 164), (304, 445), (403, 2), (404, 213), (416, 2), (500, 3)];
    assert_eq!(statuses(&requests(&text)), BTreeMap::from(published));
}

#[test]
fn names_and_statuses_of_every_own_log_are_right() {
    type Status = fn(&str) -> &str;
    let Some(folder) = folder() else { return };
    let behind_request: Status = |line| between(line, "HTTP/1.1\" ", &[' ']);
    let behind_any_request: Status =
        |line| line.split('"').nth(2).unwrap().split(' ').nth(1).unwrap();
    let files: [(&str, &str, Status); 9] = [
        ("apache_combined_small.log", "combined", behind_request),
        ("apache_with_duration_us.log", "combined + request time in µs", behind_request),
        ("nginx_combined.log", "combined", behind_any_request),
        ("nginx_rt.log", "combined + request time in s", behind_any_request),
        ("nginx_json.log", "nginx JSON", |line| between(line, "\"status\":", &[','])),
        ("caddy.json", "Caddy JSON", |line| between(line, "\"status\":", &[','])),
        ("envoy_default.log", "Envoy text", behind_request),
        ("envoy_json.log", "Envoy JSON", |line| between(line, "\"code\":", &[','])),
        ("haproxy_httplog.log", "HAProxy httplog (syslog header)", |line| {
            line.split(' ').nth(10).unwrap()
        }),
    ];
    for (file, name, status) in files {
        let text = text(&folder, file);
        let (detected, read) = read(&text);
        assert_eq!(detected, name, "{file}");
        let mut expected = BTreeMap::new();
        for line in text.lines() {
            *expected.entry(status(line).parse::<u16>().unwrap()).or_default() += 1;
        }
        assert_eq!(
            statuses(read.iter().map(|request| request.as_ref().unwrap())),
            expected,
            "{file}"
        );
    }
}

#[test]
fn three_logs_of_the_same_requests_say_the_same() {
    let Some(folder) = folder() else { return };
    let [combined, timed, json] =
        ["nginx_combined.log", "nginx_rt.log", "nginx_json.log"].map(|name| text(&folder, name));
    let (combined, timed, json) = (requests(&combined), requests(&timed), requests(&json));
    assert_eq!(timed, json);
    let untimed: Vec<Request> =
        json.into_iter().map(|request| Request { duration_us: None, ..request }).collect();
    assert_eq!(combined, untimed);
}

#[test]
fn durations_are_those_that_the_servers_wrote() {
    let Some(folder) = folder() else { return };
    let sum = |name: &str| -> u64 {
        requests(&text(&folder, name)).iter().map(|request| request.duration_us.unwrap()).sum()
    };
    let written = |name: &str, duration: fn(&str) -> u64| -> u64 {
        text(&folder, name).lines().map(duration).sum()
    };
    let last = |line: &str| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    assert_eq!(sum("apache_with_duration_us.log"), written("apache_with_duration_us.log", last));
    let envoy = |line: &str| between(line, "\"duration\":", &[',']).parse::<u64>().unwrap() * 1_000;
    assert_eq!(sum("envoy_json.log"), written("envoy_json.log", envoy));
    let timers = |line: &str| {
        line.split(' ').nth(9).unwrap().rsplit('/').next().unwrap().parse::<u64>().unwrap() * 1_000
    };
    assert_eq!(sum("haproxy_httplog.log"), written("haproxy_httplog.log", timers));
    // Nine digits behind the point, padded where Go leaves zeros out, of which six are microseconds.
    let caddy = |line: &str| {
        let (whole, fraction) = between(line, "\"duration\":", &[',']).split_once('.').unwrap();
        whole.parse::<u64>().unwrap() * 1_000_000
            + format!("{fraction:0<9}")[..6].parse::<u64>().unwrap()
    };
    assert_eq!(sum("caddy.json"), written("caddy.json", caddy));
}

/// What another parser found in one line.
type Findings = BTreeMap<String, String>;

/// The findings of a file of assertions like `results["stage"]["parser"][3].Evt.Meta["http_status"] == "200"`, for each
/// line that was looked at.
fn findings(text: &str) -> Vec<Findings> {
    let mut by_line = BTreeMap::<&str, Findings>::new();
    for assertion in text.lines() {
        let Some((line, (field, value))) = assertion
            .split_once("].Evt.")
            .and_then(|(line, rest)| Some((line, rest.split_once("\"] == ")?)))
        else {
            continue;
        };
        let name = field.split_once("[\"").unwrap().1;
        if let Ok(value) = serde_json::from_str::<String>(&value.replace('\t', "\\t")) {
            by_line.entry(line).or_default().insert(name.to_owned(), value);
        }
    }
    by_line
        .into_values()
        .filter(|line| line.contains_key("http_path") && line.contains_key("message"))
        .collect()
}

/// Compares every line that CrowdSec found a path in. One that it found a status in has to be a request.
fn compare(name: &str, check: impl Fn(&Findings, &Request)) {
    let Some(folder) = folder() else { return };
    let log = text(&folder, &format!("crowdsec/{name}.log"));
    let sample: Vec<&[u8]> = log.lines().map(str::as_bytes).collect();
    let findings = findings(&text(&folder, &format!("crowdsec/{name}.assert")));
    let mut parser = Parser::new(detect(&sample).unwrap());
    for finding in &findings {
        match parser.parse(finding["message"].as_bytes()) {
            Ok(Line::Request(request)) => check(finding, &request),
            other => assert!(!finding.contains_key("http_status"), "{other:?} {finding:?}"),
        }
    }
    assert!(!findings.is_empty());
}

fn check_time(finding: &Findings, request: &Request) {
    if let Some(time) = finding.get("MarshaledTime").filter(|time| !time.is_empty()) {
        assert_eq!(
            request.at_s,
            time.parse::<jiff::Timestamp>().unwrap().as_second(),
            "{finding:?}"
        );
    }
}

fn check_status(finding: &Findings, request: &Request) {
    let status = request.status.map(|status| status.to_string());
    assert_eq!(status.as_ref(), finding.get("http_status"), "{finding:?}");
}

fn check_target(finding: &Findings, request: &Request) {
    let target = request.target.as_ref().map(|target| String::from_utf8_lossy(target));
    assert_eq!(target.as_deref(), finding.get("http_path").map(String::as_str), "{finding:?}");
}

fn check_all(finding: &Findings, request: &Request) {
    check_time(finding, request);
    check_status(finding, request);
    check_target(finding, request);
}

#[test]
fn crowdsec_finds_the_same_in_most_logs() {
    for name in
        ["apache2-logs", "aws-cloudfront-logs", "envoy-logs", "haproxy-logs", "traefik_json"]
    {
        compare(name, check_all);
    }
}

#[test]
fn crowdsec_takes_a_tls_hello_for_a_path() {
    // To us it is no target: nobody asked for a path.
    compare("apache2-malformed", |finding, request| {
        check_time(finding, request);
        check_status(finding, request);
        assert_eq!(request.target, None);
    });
}

#[test]
fn crowdsec_takes_the_arrival_at_a_balancer_for_the_time() {
    // To us it is the first field, when the balancer answered, as for the other servers that log at the end.
    compare("aws-alb-logs", |finding, request| {
        check_status(finding, request);
        check_target(finding, request);
        let answered = finding["message"].split(' ').nth(1).unwrap();
        assert_eq!(request.at_s, answered.parse::<jiff::Timestamp>().unwrap().as_second());
        assert_eq!(request.host.as_deref(), finding.get("http_host").map(String::as_bytes));
    });
}

#[test]
fn crowdsec_keeps_the_zero_of_caddy() {
    // To us it is 200, which is what the client got.
    compare("caddy-logs", |finding, request| {
        check_time(finding, request);
        check_target(finding, request);
        match finding["http_status"].as_str() {
            "0" => assert_eq!(request.status, Some(200)),
            _ => check_status(finding, request),
        }
    });
}

#[test]
fn crowdsec_keeps_the_hyphen_of_traefik() {
    // To us it is no status: no response was sent.
    compare("traefik_clf", |finding, request| {
        check_time(finding, request);
        check_target(finding, request);
        match finding["http_status"].as_str() {
            "-" => assert_eq!(request.status, None),
            _ => check_status(finding, request),
        }
        let millis: u64 = finding["request_duration_in_ms"].parse().unwrap();
        assert_eq!(request.duration_us, Some(millis * 1_000));
    });
}

#[test]
fn lines_that_are_no_requests_are_malformed() {
    let Some(folder) = folder() else { return };
    // Error-log lines of Apache, handshake failures of HAProxy, and messages of the servers themselves.
    for (name, malformed) in [
        ("apache2-logs", 2),
        ("apache2-malformed", 0),
        ("aws-alb-logs", 0),
        ("aws-cloudfront-logs", 0),
        ("caddy-logs", 1),
        ("envoy-logs", 0),
        ("haproxy-logs", 3),
        ("traefik_clf", 0),
        ("traefik_json", 1),
    ] {
        let text = text(&folder, &format!("crowdsec/{name}.log"));
        assert_eq!(read(&text).1.iter().filter(|line| line.is_err()).count(), malformed, "{name}");
    }
}
