//! Lines: the log of the edge, as nginx writes it: combined, with the host in front and the request time behind.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use plimsoll_core::time::{Minute, rfc3339};

use super::{
    company::{SERVICES, Service},
    plot::Plot,
    traffic::Traffic,
};
use crate::example::dice::Dice;

const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)",
    "tidewater-app/3.4",
];

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Of so many requests one takes longer than 300 ms.
const SLOW_ONE_IN: u64 = 85;

/// The edge, which writes down each request.
#[derive(Debug)]
pub(super) struct Edge {
    file: File,
    hosts: Vec<(&'static Service, Traffic)>,
    dice: Dice,
}

/// A line and the second it belongs to.
struct Line {
    second: i64,
    text: String,
}

/// The log of a folder.
fn log(folder: &Path) -> PathBuf {
    folder.join("edge.log")
}

/// Which files are the log of a folder, and what it will be renamed to.
pub(super) fn pattern(folder: &Path) -> String {
    format!("{}*", log(folder).display())
}

impl Edge {
    /// Opens an empty log in a folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn open(folder: &Path, plot: &Plot, seed: u64) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(log(folder))?;
        let logged = SERVICES.iter().filter(|service| service.is_logged());
        let hosts = logged.filter_map(|service| {
            // Another seed: these are other minutes than those that were pushed.
            let objective = service.objectives.first()?;
            Some((service, Traffic::of(plot, seed ^ 0x0106, service, objective)))
        });
        Ok(Edge { file, hosts: hosts.collect(), dice: Dice::new(seed ^ 0xed6e) })
    }

    /// The lines of a minute, in the order of their seconds.
    fn lines(&mut self, minute: Minute) -> Vec<Line> {
        let mut lines = Vec::new();
        for (service, traffic) in &mut self.hosts {
            let (good, bad) = traffic.slot(minute).events();
            for number in 0..good + bad {
                let second = minute.second() + self.dice.below(60) as i64;
                let text = line(service, second, number < bad, &mut self.dice);
                lines.push(Line { second, text });
            }
        }
        lines.sort_by_key(|line| line.second);
        lines
    }

    /// Writes down a whole minute.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub(super) fn minute(&mut self, minute: Minute) -> io::Result<()> {
        let lines = self.lines(minute);
        self.write(&lines)
    }

    fn write(&mut self, lines: &[Line]) -> io::Result<()> {
        let text: String = lines.iter().map(|line| line.text.as_str()).collect();
        self.file.write_all(text.as_bytes())
    }
}

/// One request.
fn line(service: &Service, second: i64, is_bad: bool, dice: &mut Dice) -> String {
    let (day, clock) = stamp(second);
    let (network, host) =
        (["192.0.2", "198.51.100", "203.0.113"][dice.below(3) as usize], dice.between(1, 255));
    let path = service.paths[dice.below(service.paths.len() as u64) as usize];
    let status = if is_bad { [500, 502, 503, 504][dice.below(4) as usize] } else { 200 };
    let millis =
        if dice.one_in(SLOW_ONE_IN) { dice.between(310, 1_900) } else { dice.between(4, 180) };
    let agent = AGENTS[dice.below(3) as usize];
    format!(
        "{} {network}.{host} - - [{day}:{clock} +0000] \"GET {path} HTTP/1.1\" {status} {} \"-\" \"{agent}\" {}.{:03}\n",
        service.host(),
        dice.between(200, 40_000),
        millis / 1000,
        millis % 1000,
    )
}

/// Day and time as logs write them.
fn stamp(second: i64) -> (String, String) {
    // 2026-11-02T10:00:00Z
    let text = rfc3339(second);
    let month = text[5..7].parse::<usize>().unwrap_or(1);
    (
        format!("{}/{}/{}", &text[8..10], MONTHS[(month - 1) % 12], &text[..4]),
        text[11..19].to_owned(),
    )
}

/// What is still to be written of the log.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    lines: std::collections::VecDeque<(i64, String)>,
    /// The next minute of which lines are made.
    next: Option<Minute>,
}

impl Ahead {
    /// Begins at a minute.
    pub(super) fn from(minute: Minute) -> Self {
        Ahead { lines: std::collections::VecDeque::new(), next: Some(minute) }
    }

    /// Writes down what happened before a second, at most so many minutes: a machine that slept lost the others.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub(super) fn write_until(&mut self, edge: &mut Edge, second: i64) -> io::Result<()> {
        let now = Minute::of_second(second);
        let mut next = self.next.unwrap_or(now).max(now.plus(-LATE_MINUTES));
        while next <= now {
            self.lines.extend(edge.lines(next).into_iter().map(|line| (line.second, line.text)));
            next = next.plus(1);
        }
        self.next = Some(next);
        let due = self.lines.partition_point(|(at, _)| *at < second);
        let text: String = self.lines.drain(..due).map(|(_, text)| text).collect();
        edge.file.write_all(text.as_bytes())
    }
}

/// See [`Ahead::write_until`].
const LATE_MINUTES: i64 = 10;
