//! Logs that real servers wrote.

use std::env;

use plimsoll_core::measure::gap::{self, Gap};

use super::*;

/// The folder of real logs, unless there is none here.
fn folder() -> Option<PathBuf> {
    let folder = env::var_os("PLIMSOLL_TEST_DATA").map(|data| Path::new(&data).join("access-logs"));
    if folder.is_none() {
        println!("skipped: PLIMSOLL_TEST_DATA is not set");
    }
    folder
}

#[test]
fn ten_thousand_lines_of_apache() {
    let Some(folder) = folder() else { return };
    let path = folder.join("apache_combined_10000.log");
    let reading = read_all(&[Input::Path(path.clone())]);
    assert_eq!([reading.lines, reading.parsed, reading.malformed], [10_000, 10_000, 0]);
    let total = reading.tally.total();
    // By their publisher's count, three answers have status 500, and 213 have 404.
    assert_eq!([total.good, total.bad, total.excluded, total.timed], [9_997, 3, 0, 0]);
    let rest = reading.tally.hosts().rest();
    assert_eq!(rest.not_found, 213);
    // Their times are all in minute five of an hour: the silence between is no missing data.
    assert_eq!(gap::missing(&reading.tally.activity(), Gap::default()), []);

    let text = fs::read(path).unwrap();
    for bytes in [gzip(&text), zstd(&text)] {
        assert_eq!(counted(&read_bytes(&bytes)), counted(&reading));
    }
}

#[test]
fn every_log_is_read_and_every_line_is_accounted_for() {
    let Some(folder) = folder() else { return };
    let mut inputs = Vec::new();
    let mut lines = 0;
    for folder in [folder.clone(), folder.join("crowdsec")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "log" || end == "json") {
                let text = fs::read(&path).unwrap();
                lines += text.split_inclusive(|byte| *byte == b'\n').count() as u64;
                inputs.push(Input::Path(path));
            }
        }
    }
    // Some of these logs are newer than the logs of the other tests.
    let reading = read_with(&inputs, &Options::new(4_102_444_800));
    for file in &reading.files {
        assert_eq!((&file.problem, &file.duplicate), (&None, &None), "{}", file.input);
        assert!(file.parsed > 0, "{}: {:?}", file.input, file.examples);
    }
    assert_eq!(reading.lines, lines);
}
