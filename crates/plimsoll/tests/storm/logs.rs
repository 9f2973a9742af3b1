//! Somebody who writes an access log that is rotated, and knows every line.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};

use crate::{
    common::house::{Client, Storm},
    dice::Dice,
    pusher::{Minute, shown, written},
};

/// How the log is rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// `create`: renamed, and another made in its place.
    Create,
    /// `copytruncate`: copied, then emptied.
    CopyTruncate,
}

/// Lines of a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Lines {
    good: u64,
    bad: u64,
    /// Written after the copy was made and before the log was emptied: counted or lost.
    may_be_lost: u64,
}

/// What a writer did.
#[derive(Debug, Default, Clone, Copy)]
pub struct Deeds {
    pub lines: u64,
    pub malformed: u64,
    pub rotations: u64,
    pub packed: u64,
    pub may_be_lost: u64,
}

/// Who writes a log.
pub struct Writer {
    dice: Dice,
    /// Its name, which is that of its source, its service and its SLI.
    pub name: String,
    folder: PathBuf,
    habit: Habit,
    /// The file that is written to, whatever it is called by now.
    file: File,
    begin: Minute,
    end: Minute,
    minute: Minute,
    wanted: BTreeMap<Minute, Lines>,
    /// The rest of a line that is not finished.
    rest: String,
    /// The program that writes has not noticed yet that its log was renamed.
    is_renamed: bool,
    pub deeds: Deeds,
}

impl Writer {
    /// Begins a log in a folder of its own.
    pub fn new(
        dice: Dice,
        name: &str,
        at: &Path,
        habit: Habit,
        begin: Minute,
        end: Minute,
    ) -> Self {
        let folder = at.join(name);
        fs::create_dir_all(&folder).unwrap();
        let file = append_to(&folder.join("access.log"));
        let mut writer = Writer {
            dice,
            name: name.to_owned(),
            folder,
            habit,
            file,
            begin,
            end,
            minute: begin,
            wanted: BTreeMap::new(),
            rest: String::new(),
            is_renamed: false,
            deeds: Deeds::default(),
        };
        for _ in 0..20 {
            writer.write();
        }
        writer.finish_line();
        writer
    }

    /// The documents that let a server follow it.
    pub fn documents(&self) -> String {
        let (name, files) = (&self.name, self.folder.join("access.log*"));
        let files = files.display();
        format!(
            "apiVersion: openslo/v1
kind: DataSource
metadata: {{name: {name}}}
spec: {{type: accesslog, connectionDetails: {{files: ['{files}'], by: one, service: {name}}}}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: {name}
  indicator:
    metadata: {{name: {name}}}
    spec:
      ratioMetric:
        counter: false
        bad: {{metricSource: {{metricSourceRef: {name}, spec: {{service: {name}, count: bad}}}}}}
        total: {{metricSource: {{metricSourceRef: {name}, spec: {{service: {name}, count: all}}}}}}
  timeWindow: [{{duration: 7d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.99}}]
"
        )
    }

    /// Writes and rotates until the storm is over; then finishes its line.
    pub fn run(&mut self, storm: &Storm) {
        while !storm.is_over() {
            self.write();
            if self.dice.one_in(25) {
                self.rotate(storm);
            }
            storm.pause(Duration::from_millis(self.dice.within(1..25)));
        }
        self.finish_line();
        self.reopen();
    }

    /// A few lines; now and then the last one only by half.
    fn write(&mut self) {
        let mut text = std::mem::take(&mut self.rest);
        for _ in 0..self.dice.within(1..60) {
            text += &self.line(false);
        }
        if self.dice.one_in(200) {
            text += "what is this\n";
            self.deeds.malformed += 1;
        }
        if self.dice.one_in(6) {
            let line = self.line(false);
            let cut = self.dice.within(1..line.len() as u64) as usize;
            line[cut..].clone_into(&mut self.rest);
            text += &line[..cut];
        }
        self.file.write_all(text.as_bytes()).unwrap();
        if self.is_renamed && self.dice.one_in(3) {
            self.finish_line();
            self.reopen();
        }
    }

    /// One line, entered into what is wanted.
    fn line(&mut self, may_be_lost: bool) -> String {
        if self.dice.one_in(40) {
            self.minute = (self.minute + 1).min(self.end - 1);
        }
        let minute = if self.dice.one_in(20) {
            self.dice.within(self.begin as u64..self.minute as u64 + 1) as Minute
        } else {
            self.minute
        };
        let second = minute * 60 + self.dice.within(0..60) as i64;
        let is_bad = self.dice.one_in(9);
        let lines = self.wanted.entry(minute).or_default();
        if may_be_lost {
            lines.may_be_lost += 1;
            self.deeds.may_be_lost += 1;
        } else if is_bad {
            lines.bad += 1;
        } else {
            lines.good += 1;
        }
        self.deeds.lines += 1;
        let at = jiff::Timestamp::from_second(second).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
        let (at, number) = (at.strftime("%d/%b/%Y:%H:%M:%S %z"), self.deeds.lines);
        let status = if is_bad { 503 } else { 200 };
        format!(
            "192.0.2.9 - - [{at}] \"GET /{}/{number} HTTP/1.1\" {status} 12 \"-\" \"-\"\n",
            self.name
        )
    }

    fn finish_line(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        self.file.write_all(rest.as_bytes()).unwrap();
    }

    /// The program that writes opens its log anew, as after a signal.
    fn reopen(&mut self) {
        self.file = append_to(&self.live());
        self.is_renamed = false;
    }

    fn live(&self) -> PathBuf {
        self.folder.join("access.log")
    }

    /// As logrotate does it.
    fn rotate(&mut self, storm: &Storm) {
        if self.is_renamed {
            self.finish_line();
            self.reopen();
        }
        self.shift();
        if self.dice.one_in(2) {
            self.pack(storm);
        }
        let rotated = self.folder.join("access.log.1");
        match self.habit {
            Habit::Create => {
                fs::rename(self.live(), &rotated).unwrap();
                self.is_renamed = true;
                // What is made in its place may come before or after more was written to what it was.
                if self.dice.one_in(2) {
                    drop(append_to(&self.live()));
                }
                self.write();
            }
            Habit::CopyTruncate => {
                self.finish_line();
                self.copy(&rotated, storm);
                if self.dice.one_in(3) {
                    let lines: String = (0..5).map(|_| self.line(true)).collect();
                    self.file.write_all(lines.as_bytes()).unwrap();
                    storm.pause(Duration::from_millis(self.dice.within(0..1500)));
                }
                self.file.set_len(0).unwrap();
            }
        }
        self.deeds.rotations += 1;
    }

    /// Every rotated log is called after the next number.
    fn shift(&self) {
        let mut rotated: Vec<(u64, String)> = self.rotated();
        rotated.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        for (number, end) in rotated {
            let name = |number: u64| self.folder.join(format!("access.log.{number}{end}"));
            fs::rename(name(number), name(number + 1)).unwrap();
        }
    }

    /// The rotated logs: number, and what comes after it.
    fn rotated(&self) -> Vec<(u64, String)> {
        let names = fs::read_dir(&self.folder).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let parse = |name: String| {
            let rest = name.strip_prefix("access.log.")?;
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            Some((rest[..digits].parse().ok()?, rest[digits..].to_owned()))
        };
        names.filter_map(parse).collect()
    }

    /// A copy as it grows.
    fn copy(&mut self, to: &Path, storm: &Storm) {
        let (mut from, mut to) = (File::open(self.live()).unwrap(), File::create(to).unwrap());
        let mut piece = vec![0; 1 + self.dice.within(0..40_000) as usize];
        loop {
            let read = from.read(&mut piece).unwrap();
            if read == 0 {
                return;
            }
            to.write_all(&piece[..read]).unwrap();
            if self.dice.one_in(20) {
                storm.pause(Duration::from_millis(self.dice.within(0..900)));
            }
        }
    }

    /// Packs a rotated log that nobody writes to any more, as gzip does: beside it, then in its place.
    fn pack(&mut self, storm: &Storm) {
        let plain: Vec<u64> =
            self.rotated().into_iter().filter(|(_, end)| end.is_empty()).map(|(n, _)| n).collect();
        let Some(number) = self.dice.pick(&plain) else { return };
        let plain = self.folder.join(format!("access.log.{number}"));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&fs::read(&plain).unwrap()).unwrap();
        let bytes = encoder.finish().unwrap();
        let mut packed = File::create(self.folder.join(format!("access.log.{number}.gz"))).unwrap();
        let piece = 1 + self.dice.within(0..bytes.len() as u64 + 1000) as usize;
        for piece in bytes.chunks(piece) {
            packed.write_all(piece).unwrap();
            if self.dice.one_in(10) {
                storm.pause(Duration::from_millis(self.dice.within(0..900)));
            }
        }
        fs::remove_file(plain).unwrap();
        self.deeds.packed += 1;
    }

    /// Every line is counted once, of those that may be lost each at most once.
    pub fn check(&mut self, client: &Client, storm: &Storm) {
        self.await_count(client, storm);
        // Two more lines, one after the other: what would be counted twice is counted twice by then.
        for _ in 0..2 {
            let line = self.line(false);
            self.file.write_all(line.as_bytes()).unwrap();
            self.await_count(client, storm);
        }
        self.clear();
    }

    fn await_count(&mut self, client: &Client, storm: &Storm) {
        let mut wrong = String::new();
        for _ in 0..600 {
            let shown = shown(client, &self.name, self.begin, self.end, storm);
            wrong =
                self.differences(&shown.into_iter().map(|(m, (_, g, b))| (m, (g, b))).collect());
            if wrong.is_empty() {
                return;
            }
            storm.pause(Duration::from_millis(200));
        }
        let source = client.get(&format!("/api/v1/sources/{}", self.name), storm);
        panic!("{}: {wrong}{source:#}", self.name);
    }

    /// What is shown and should not be, or the other way round.
    fn differences(&self, shown: &BTreeMap<Minute, (u64, u64)>) -> String {
        let (mut text, mut places) = (String::new(), 0);
        for (minute, (good, bad)) in shown {
            let lines = self.wanted.get(minute).copied().unwrap_or_default();
            let all = lines.good + lines.bad;
            let is_exact = lines.may_be_lost == 0 && (*good, *bad) == (lines.good, lines.bad);
            let is_within = lines.may_be_lost > 0
                && (all..=all + lines.may_be_lost).contains(&(good + bad))
                && *good >= lines.good
                && *bad >= lines.bad;
            if !is_exact && !is_within {
                places += 1;
                if places <= 10 {
                    let _ = writeln!(
                        text,
                        "{}: {good} good {bad} bad, not {lines:?}",
                        written(*minute)
                    );
                }
            }
        }
        if places > 0 {
            let _ = writeln!(text, "{places} minutes differ");
        }
        text
    }

    /// Deletes the oldest rotated logs, all of which are counted.
    fn clear(&mut self) {
        for (number, end) in self.rotated() {
            if number > 12 {
                let name = format!("access.log.{number}{end}");
                fs::remove_file(self.folder.join(name)).unwrap();
            }
        }
    }
}

fn append_to(path: &Path) -> File {
    File::options().create(true).append(true).open(path).unwrap()
}
