//! `plimsoll assess` and `check` as a user calls them.
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use common::{PLIMSOLL, fails, json, line, plimsoll};

use plimsoll::example;
use plimsoll_core::time::{Minute, Span, rfc3339};
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn the_example_has_what_is_known_to_be_in_it() {
    let folder = TempDir::new().unwrap();
    let found = json(folder.path(), &["assess", "--example", "--json"]);
    let facts = example::facts();
    let mut log = example::Log::default();
    std::io::copy(&mut log, &mut std::io::sink()).unwrap();
    let written = log.written();

    let input = &found["input"];
    let given_up: u64 = written.hosts.iter().map(|host| host.given_up).sum();
    let requests: u64 = written.hosts.iter().map(|host| host.good + host.bad).sum();
    assert_eq!(input["lines"], written.lines);
    assert_eq!(input["malformed"], written.cut);
    assert_eq!(input["excluded"], given_up);
    assert_eq!(input["requests"], requests);
    assert_eq!(input["missing"].as_array().unwrap().len(), 1);
    assert_eq!(input["missing"][0]["from"], facts.lost_day.from.to_string());
    assert_eq!(input["missing"][0]["to"], facts.lost_day.to.to_string());

    for (host, counts) in ["api.example", "shop.example", "admin.example"].iter().zip(written.hosts)
    {
        let services = found["services"].as_array().unwrap();
        let service = services.iter().find(|service| service["name"] == *host).unwrap();
        let availability = &service["slis"][0];
        assert_eq!(availability["name"], "availability");
        assert_eq!(
            (availability["good"].as_u64(), availability["bad"].as_u64()),
            (Some(counts.good), Some(counts.bad))
        );
    }
    let worst = &found["worst"][0];
    assert_eq!(worst["service"], "api.example");
    assert_eq!(worst["from"], facts.outage.from.to_string());
    assert_eq!(worst["to"], facts.outage.to.to_string());
    assert_eq!(found["services"][0]["decision"]["verdict"], "stabilise");
}

#[test]
fn a_published_log_counts_as_published() {
    let Some(data) = std::env::var_os("PLIMSOLL_TEST_DATA") else {
        println!("skipped: PLIMSOLL_TEST_DATA is not set");
        return;
    };
    let folder = TempDir::new().unwrap();
    let log = Path::new(&data).join("access-logs/apache_combined_10000.log");
    let found = json(folder.path(), &["assess", "--json", log.to_str().unwrap()]);
    let input = &found["input"];
    assert_eq!((input["lines"].as_u64(), input["requests"].as_u64()), (Some(10_000), Some(10_000)));
    // Lines only at minute 05 of each hour: silent, but just as silent on other days.
    assert_eq!(input["missing"].as_array().unwrap().len(), 0);
    let total: u64 = found["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["slis"][0]["bad"].as_u64().unwrap())
        .sum();
    assert_eq!(total, 3);
}

/// A day of one request a second; two in the tenth hour fail every ten.
fn write_day(folder: &Path) {
    let lines: String = (0..86_400)
        .map(|s| line(s, "/", if (36_000..36_600).contains(&s) && s % 10 < 2 { 503 } else { 200 }))
        .collect();
    fs::write(folder.join("access.log"), lines).unwrap();
}

#[test]
fn written_documents_pass_check_and_say_the_same_when_they_are_given() {
    let folder = TempDir::new().unwrap();
    write_day(folder.path());
    let proposed = json(folder.path(), &["assess", "access.log", "--json", "--out", "slo"]);
    let checked = plimsoll(folder.path(), &["check", "--strict", "slo"]);
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stdout));
    let held = json(folder.path(), &["assess", "access.log", "--json", "--slo", "slo"]);

    let decisive = |found: &Value| -> Vec<(Value, Value, Value)> {
        let proposals = found["services"][0]["proposals"].as_array().unwrap().clone();
        let decisive = proposals.into_iter().filter(|p| p["origin"] != "fallback");
        decisive
            .map(|p| (p["sli"].clone(), p["target"].clone(), p["budget_left"].clone()))
            .collect()
    };
    // 120 of 86,400 fail: 99.9 % allows 86.4, so 138.8 % of it is spent; 99.95 % would be 277 %.
    assert_eq!(decisive(&proposed)[0].1.to_string(), "0.999");
    assert_eq!(decisive(&proposed)[0].2.to_string(), "-0.388888889");
    assert_eq!(decisive(&held), decisive(&proposed));
    assert_eq!(
        held["services"][0]["decision"]["verdict"],
        proposed["services"][0]["decision"]["verdict"]
    );

    // Again is no harm; other content is not overwritten unasked.
    assert!(plimsoll(folder.path(), &["assess", "access.log", "--out", "slo"]).status.success());
    fs::write(folder.path().join("slo/slos.yaml"), "mine\n").unwrap();
    fails(folder.path(), &["assess", "access.log", "--out", "slo"], 1, &["slos.yaml", "--force"]);
    assert_eq!(fs::read_to_string(folder.path().join("slo/slos.yaml")).unwrap(), "mine\n");
}

#[test]
fn written_documents_remember_how_the_log_was_read() {
    let folder = TempDir::new().unwrap();
    let line = |second: i64| {
        let status = if second % 1000 == 0 { 429 } else { 200 };
        format!("{} {status}\n", 1_763_856_000 + second)
    };
    let lines: String = (0..86_400).map(line).collect();
    fs::write(folder.path().join("odd.log"), lines).unwrap();
    let availability = |args: &[&str]| {
        let found = json(folder.path(), &[&["assess", "odd.log", "--json"], args].concat());
        let figures = &found["services"][0]["slis"][0];
        (figures["good"].as_u64(), figures["bad"].as_u64())
    };
    let read = ["--pattern", r"^(?<time>\d+) (?<status>\d+)$", "--classify", "bad=429"];
    // Every thousandth of 86,400.
    let expected = (Some(86_400 - 87), Some(87));
    assert_eq!(availability(&[&read[..], &["--out", "slo"]].concat()), expected);
    assert_eq!(availability(&["--slo", "slo"]), expected);
}

#[test]
fn the_same_file_given_twice_is_counted_once() {
    let folder = TempDir::new().unwrap();
    write_day(folder.path());
    fs::copy(folder.path().join("access.log"), folder.path().join("copy.log")).unwrap();
    let found = json(folder.path(), &["assess", "--json", "access.log", "copy.log", "access.log"]);
    assert_eq!(found["input"]["requests"], 86_400);
    assert_eq!(found["input"]["duplicates"].as_array().unwrap().len(), 2);
}

#[test]
fn standard_input_is_read() {
    let mut child = Command::new(PLIMSOLL)
        .args(["assess", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all((line(0, "/", 200) + &line(1, "/", 502)).as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let figures = &found["services"][0]["slis"][0];
    assert_eq!((figures["good"].as_u64(), figures["bad"].as_u64()), (Some(1), Some(1)));
    assert_eq!(found["services"][0]["decision"]["verdict"], "unknown");
}

#[test]
fn what_cannot_be_read_says_so_and_fails() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    fs::write(at.join("empty.log"), "").unwrap();
    fs::write(at.join("binary.log"), (0..=255_u8).cycle().take(70_000).collect::<Vec<u8>>())
        .unwrap();
    fs::write(at.join("good.log"), line(0, "/", 200)).unwrap();
    fs::write(
        at.join("years.log"),
        "a - - [01/Jan/1970:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1\na - - [01/Jan/2100:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1\n",
    )
    .unwrap();
    fails(at, &["assess", "nowhere.log"], 1, &["nowhere.log does not exist"]);
    fails(at, &["assess", "."], 1, &["is a directory"]);
    fails(at, &["assess", "empty.log"], 1, &["no request"]);
    fails(at, &["assess", "binary.log"], 1, &["binary.log is not an access log"]);
    fails(at, &["assess", "years.log"], 1, &["before 1990", "in the future", "clock"]);
    // One that can be read beside one that cannot: the report is there, the exit code says that it is not whole.
    fails(
        at,
        &["assess", "good.log", "nowhere.log"],
        1,
        &["1 request", "nowhere.log does not exist"],
    );
}

#[test]
fn a_truncated_archive_is_counted_as_far_as_it_goes() {
    let folder = TempDir::new().unwrap();
    let mut lines = String::new();
    for second in 0..5_000 {
        let _ = write!(lines, "{}", line(second, &format!("/{}", second * 7_919 % 10_007), 200));
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(lines.as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    fs::write(folder.path().join("a.log.gz"), &packed[..packed.len() / 2]).unwrap();
    let output = plimsoll(folder.path(), &["assess", "--json", "a.log.gz"]);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let read = found["input"]["parsed"].as_u64().unwrap();
    assert!((100..5_000).contains(&read), "{read}");
    assert!(found["input"]["problems"][0].as_str().unwrap().contains("incomplete"), "{found}");
}

#[test]
fn a_line_without_end_is_one_malformed_line() {
    let folder = TempDir::new().unwrap();
    let mut log = line(0, "/", 200).into_bytes();
    log.resize(log.len() + (40 << 20), b'x');
    log.push(b'\n');
    log.extend(line(1, "/", 200).into_bytes());
    fs::write(folder.path().join("a.log"), log).unwrap();
    let found = json(folder.path(), &["assess", "--json", "a.log"]);
    let input = &found["input"];
    let counts =
        [&input["lines"], &input["parsed"], &input["malformed"]].map(|n| n.as_u64().unwrap());
    assert_eq!(counts, [3, 2, 1]);
}

#[test]
fn objectives_for_a_service_that_is_not_there_are_refused() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    write_day(at);
    let shop = ["assess", "access.log", "--service", "shop"];
    assert!(plimsoll(at, &[&shop[..], &["--out", "slo"]].concat()).status.success());
    assert!(plimsoll(at, &["assess", "access.log", "--slo", "slo"]).status.success());

    let path = at.join("slo/slos.yaml");
    let without_name = fs::read_to_string(&path).unwrap().replace("    service: shop\n---", "---");
    fs::write(&path, without_name).unwrap();
    fails(at, &["assess", "access.log", "--slo", "slo"], 2, &["shop", "it holds all", "--service"]);
    assert!(plimsoll(at, &[&shop[..], &["--slo", "slo"]].concat()).status.success());
}

#[test]
fn wrong_documents_and_wrong_arguments_are_usage_errors() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    fs::write(at.join("good.log"), line(0, "/", 200)).unwrap();
    fs::write(
        at.join("bad.yaml"),
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: x}\nspec: {servce: y}\n",
    )
    .unwrap();
    fails(at, &["assess", "good.log", "--slo", "bad.yaml"], 2, &["bad.yaml:4", "servce"]);
    fails(at, &["assess", "good.log", "--pattern", "("], 2, &["--pattern"]);
    fails(at, &["assess", "good.log", "--classify", "bad=teapot"], 2, &["teapot"]);
    fails(at, &["assess", "good.log", "--window", "5m"], 2, &["1h to 400d"]);
    fails(at, &["assess", "good.log", "--latency", "0ms"], 2, &["250ms"]);
    fails(at, &["check", "bad.yaml"], 1, &["bad.yaml:4", "did you mean"]);
}

#[test]
fn a_window_ends_where_the_input_ends() {
    let folder = TempDir::new().unwrap();
    write_day(folder.path());
    let found = json(folder.path(), &["assess", "--json", "--window", "12h", "access.log"]);
    // The failures of 10:00 lie before the last twelve hours.
    assert_eq!(found["services"][0]["proposals"][0]["budget_left"].to_string(), "1");
    let first = Minute::of_second(1_763_856_000);
    let day = Span::new(first, first.plus(24 * 60));
    assert_eq!(found["input"]["from"], day.from.to_string());
    assert_eq!(found["input"]["to"], rfc3339(day.to.second() - 1));
}

#[test]
fn out_names_a_folder_and_not_a_file() {
    let folder = TempDir::new().unwrap();
    write_day(folder.path());
    let args = ["assess", "access.log", "--out", "access.log"];
    fails(folder.path(), &args, 2, &["access.log is a file, not a folder"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_where_the_documents_belong_is_refused_and_not_waited_for() {
    let folder = TempDir::new().unwrap();
    write_day(folder.path());
    fs::create_dir(folder.path().join("slo")).unwrap();
    let pipe = folder.path().join("slo/slos.yaml");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    let args = ["assess", "access.log", "--out", "slo", "--force"];
    fails(folder.path(), &args, 1, &["not a regular file"]);
}

/// The number of lines counted, where standard input is this; and what was said on standard error.
#[cfg(unix)]
fn lines_with(folder: &Path, args: &[&str], stdin: impl Into<Stdio>) -> (u64, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(folder)
        .args(["assess", "--json"])
        .args(args)
        .stdin(stdin)
        .output()
        .unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    (found["input"]["lines"].as_u64().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(unix)]
#[test]
fn a_log_counts_once_by_name_and_by_standard_input() {
    let folder = TempDir::new().unwrap();
    let lines: String = (0..3000).map(|s| line(s, "/", 200)).collect();
    for name in ["a.log", "copy.log"] {
        fs::write(folder.path().join(name), &lines).unwrap();
    }
    let open = || fs::File::open(folder.path().join("a.log")).unwrap();
    let count = |args: &[&str]| lines_with(folder.path(), args, open());
    assert_eq!(count(&["-", "a.log"]), (3000, String::new()));
    assert_eq!(count(&["a.log", "-", "-"]), (3000, String::new()));
    assert_eq!(count(&["-", "/dev/stdin"]), (3000, String::new()));
    // Some lines were read by somebody else; the file still has them.
    let mut begun = open();
    std::io::Read::read_exact(&mut begun, &mut [0; 200]).unwrap();
    assert_eq!(lines_with(folder.path(), &["-", "a.log"], begun), (3000, String::new()));
    #[cfg(target_os = "linux")]
    assert_eq!(count(&["-", "copy.log"]), (3000, String::new()));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_once_whatever_it_is_called_and_compared_as_far_as_it_can_be() {
    let folder = TempDir::new().unwrap();
    let lines: String = (0..3000).map(|s| line(s, "/", 200)).collect();
    fs::write(folder.path().join("a.log"), &lines).unwrap();
    let piped = |args: &[&str]| {
        let mut cat = Command::new("cat");
        let mut cat = cat.arg(folder.path().join("a.log")).stdout(Stdio::piped()).spawn().unwrap();
        let found = lines_with(folder.path(), args, cat.stdout.take().unwrap());
        cat.wait().unwrap();
        found
    };
    assert_eq!(piped(&["-", "/dev/stdin"]), (3000, String::new()));
    let (lines, said) = piped(&["-", "a.log"]);
    assert_eq!(lines, 6000);
    assert!(said.contains("warning: standard input begins like a.log"), "{said}");
}

#[cfg(unix)]
#[test]
fn names_and_keys_of_strangers_do_a_terminal_no_harm() {
    let folder = TempDir::new().unwrap();
    write_day(folder.path());
    let evil = "e\u{1b}]0;x\u{7}\u{202e}\u{9b}\n.log";
    fs::copy(folder.path().join("access.log"), folder.path().join(evil)).unwrap();
    fs::write(folder.path().join("e\u{202e}\u{9b}.yaml"), "\"a\u{202e}\\e[2J\": 1\n").unwrap();
    for args in [
        &["assess", evil][..],
        &["assess", evil, "--json"],
        &["assess", evil, "--out", "o\u{202e}\u{1b}"],
        &["assess", "missing\u{1b}\u{202e}.log"],
        &["assess", "access.log", "--slo", "e\u{202e}\u{9b}.yaml"],
        &["check", "e\u{202e}\u{9b}.yaml"],
        &["check", "--json", "e\u{202e}\u{9b}.yaml"],
    ] {
        let output = plimsoll(folder.path(), args);
        for said in [output.stdout, output.stderr] {
            let said = String::from_utf8(said).unwrap();
            let harm = said.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
            assert_eq!(harm, None, "{args:?}: {said}");
        }
    }
}
