//! Logs of a few days, read in every way there is.

mod duplicates;
mod equality;
mod faults;
mod lines;
mod real;

use std::{
    fs,
    io::Write,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use plimsoll_core::measure::tally::{Roster, Series};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tempfile::TempDir;

use super::*;

/// 2026-03-02T00:00:00Z, a Monday.
const START_S: i64 = 1_772_409_600;

/// Later than everything in these logs.
const NOT_AFTER_S: i64 = START_S + 400 * 86_400;

/// One line of a log, and what it means.
struct Sample {
    at_s: i64,
    host: &'static str,
    target: String,
    status: u16,
    millis: u64,
}

impl Sample {
    /// As nginx writes it with a virtual host in front and the request time behind.
    fn line(&self) -> String {
        let day = 2 + (self.at_s - START_S) / 86_400;
        let second = (self.at_s - START_S) % 86_400;
        format!(
            "{} 192.0.2.7 - - [{day:02}/Mar/2026:{:02}:{:02}:{:02} +0000] \"GET {} HTTP/1.1\" {} 512 \"-\" \"test\" {}.{:03}\n",
            self.host,
            second / 3600,
            second / 60 % 60,
            second % 60,
            self.target,
            self.status,
            self.millis / 1000,
            self.millis % 1000,
        )
    }
}

/// Five days of two hosts, a request every minute, in order of time. The third day is lost; on the fourth the shop fails
/// from 10:00 to 10:30.
fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for step in 0..5 * 1440 {
        let at_s = START_S + step * 60;
        let (day, minute) = (step / 1440, step % 1440);
        if day == 2 {
            continue;
        }
        let is_shop = step % 3 != 0;
        let is_outage = is_shop && day == 3 && (600..630).contains(&minute);
        samples.push(Sample {
            at_s,
            host: if is_shop { "shop.example" } else { "api.example:443" },
            target: format!("/v{}/item/{step}", step % 2),
            status: if is_outage { 503 } else { [200, 304, 404, 499][step as usize % 4] },
            millis: (step as u64 * 37) % 1500,
        });
    }
    samples
}

fn text() -> Vec<u8> {
    samples().iter().flat_map(|sample| sample.line().into_bytes()).collect()
}

/// How many lines [`short_text`] has.
const SHORT_LINES: usize = 2000;

/// A part of that log which is still a few blocks long.
fn short_text() -> Vec<u8> {
    samples().iter().take(SHORT_LINES).flat_map(|sample| sample.line().into_bytes()).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

/// A folder of logs, gone after the test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Input {
        fs::write(self.path(name), bytes).unwrap();
        Input::Path(self.path(name))
    }
}

fn options() -> Options {
    Options::new(NOT_AFTER_S)
}

fn count(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}

fn read_with(inputs: &[Input], options: &Options) -> Reading {
    let reading = read_logs(inputs, options, &|_| {});
    assert_eq!(reading.lines, reading.parsed + reading.malformed + reading.skipped);
    assert_eq!(reading.parsed, reading.tally.requests());
    reading
}

fn read_all(inputs: &[Input]) -> Reading {
    read_with(inputs, &options())
}

/// Writes one file and reads it.
fn read_bytes(bytes: &[u8]) -> Reading {
    let folder = Folder::new();
    let input = folder.write("access.log", bytes);
    read_all(&[input])
}

/// The one problem of a reading.
fn problem(reading: &Reading) -> String {
    let problems: Vec<&Problem> =
        reading.files.iter().filter_map(|file| file.problem.as_ref()).collect();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].to_string()
}

fn names(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Name, requests, 404s, minutes of a roster; the rest comes last.
type Shown = Vec<(Option<String>, u64, u64, Series)>;

fn shown(roster: &Roster) -> Shown {
    let named = roster.entries().map(|(name, entry)| (Some(name.to_owned()), entry));
    named
        .chain([(None, roster.rest())])
        .map(|(name, entry)| (name, entry.requests, entry.not_found, entry.series.clone()))
        .collect()
}

/// Everything that was counted.
fn counted(reading: &Reading) -> (Shown, Shown, [u64; 4], [Option<i64>; 2]) {
    (
        shown(reading.tally.hosts()),
        shown(reading.tally.segments()),
        [reading.lines, reading.parsed, reading.malformed, reading.skipped],
        [reading.tally.first_s(), reading.tally.last_s()],
    )
}
