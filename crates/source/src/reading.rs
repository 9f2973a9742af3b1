//! From inputs to counts.

use std::{
    sync::{Arc, atomic::AtomicU64},
    thread,
};

use plimsoll_core::{
    limits::LOG_EXAMPLES_MAX,
    measure::{accesslog::Format, tally::Tally},
};

use crate::{
    container::Container,
    desk::{Desk, Ledger, Task},
    duplicate::{self, Relation},
    identity::Identity,
    input::{Input, Options, Progress},
    log::Log,
    piece::{Example, Piece},
    problem::Problem,
    work::Worker,
};

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The requests of all inputs.
    pub tally: Tally,
    /// The inputs in the order in which they were read, by time; then those that were not.
    pub files: Vec<FileReport>,
    /// All lines: parsed, malformed and skipped ones.
    pub lines: u64,
    /// Lines that are a request.
    pub parsed: u64,
    /// Lines that should be a request, and could not be read as one.
    pub malformed: u64,
    /// Blank lines and comments.
    pub skipped: u64,
}

/// What was found in one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// The input.
    pub input: Input,
    /// How it is packed; `None` where it could not be opened.
    pub container: Option<Container>,
    /// Name of its format; `None` where none was found, or needed.
    pub format: Option<String>,
    /// Its size on the disk, where it has one.
    pub bytes: Option<u64>,
    /// Its lines: parsed, malformed and skipped ones.
    pub lines: u64,
    /// Lines that are a request.
    pub parsed: u64,
    /// Lines that should be a request, and could not be read as one.
    pub malformed: u64,
    /// Blank lines and comments.
    pub skipped: u64,
    /// When its earliest request happened, in seconds since 1970.
    pub from_s: Option<i64>,
    /// When its latest request happened, in seconds since 1970.
    pub to_s: Option<i64>,
    /// Its first malformed lines, at most [`LOG_EXAMPLES_MAX`].
    pub examples: Vec<Example>,
    /// Why it was not read, or not to its end.
    pub problem: Option<Problem>,
    /// Set where it was not counted because another input holds all of it.
    pub duplicate: Option<Duplicate>,
    /// Another input that was counted too and has the same beginning, where this one can be read only once and so was
    /// not compared to its end.
    pub begins_like: Option<Input>,
}

/// An input that holds nothing of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The input that was counted in its place.
    pub of: Input,
    /// Whether that one goes on behind it: this is an older copy of a log that grew.
    pub is_beginning: bool,
}

impl FileReport {
    fn new(input: &Input) -> Self {
        FileReport {
            input: input.clone(),
            container: None,
            format: None,
            bytes: None,
            lines: 0,
            parsed: 0,
            malformed: 0,
            skipped: 0,
            from_s: None,
            to_s: None,
            examples: Vec::new(),
            problem: None,
            duplicate: None,
            begins_like: None,
        }
    }

    fn of_log(log: &Log) -> Self {
        FileReport {
            container: Some(log.container),
            format: log.format.as_ref().map(Format::name),
            bytes: log.bytes,
            lines: log.comments,
            skipped: log.comments,
            ..FileReport::new(&log.input)
        }
    }

    fn of_duplicate(log: &Log, duplicate: Duplicate) -> Self {
        let duplicate = Some(duplicate);
        FileReport { lines: 0, skipped: 0, duplicate, ..FileReport::of_log(log) }
    }

    fn enter(&mut self, piece: &Piece) {
        let before = self.lines;
        let room = LOG_EXAMPLES_MAX - self.examples.len();
        let examples = piece.examples.iter().take(room);
        self.examples.extend(
            examples.map(|example| Example { line: before + example.line, ..example.clone() }),
        );
        self.lines += piece.lines();
        self.parsed += piece.batch.requests();
        self.malformed += piece.malformed;
        self.skipped += piece.skipped;
        self.from_s = [self.from_s, piece.batch.first_s()].into_iter().flatten().min();
        self.to_s = [self.to_s, piece.batch.last_s()].into_iter().flatten().max();
        if self.problem.is_none() {
            self.problem.clone_from(&piece.problem);
        }
    }
}

/// Takes pieces in while they are read.
struct Book {
    tally: Tally,
    reports: Vec<FileReport>,
}

impl Ledger for Book {
    fn enter(&mut self, log: usize, piece: &Piece) {
        self.tally.absorb(&piece.batch);
        self.reports[log].enter(piece);
    }
}

/// Reads and counts all inputs. Each line of each input is counted once, whatever the number of threads and the order
/// in which the inputs are named.
///
/// Nothing here is fatal: an input that cannot be read is reported, and the others are counted.
///
/// `progress` is called often, from any of the threads.
pub fn read_logs(
    inputs: &[Input],
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Reading {
    let meter = Arc::new(AtomicU64::new(0));
    let (logs, mut set_aside) = look(inputs, options, &meter);
    let mut own: Vec<(&Log, &Format)> = Vec::new();
    for (log, found) in logs.iter().zip(duplicate::find(&logs)) {
        match (found, &log.format) {
            (Some((of, relation)), _) => {
                let of = logs[of].input.clone();
                let is_beginning = relation == Relation::Beginning;
                set_aside.push(FileReport::of_duplicate(log, Duplicate { of, is_beginning }));
            }
            (None, Some(format)) => own.push((log, format)),
            (None, None) => set_aside.push(FileReport::of_log(log)),
        }
    }
    own.sort_by_key(|(log, _)| (log.first_s.is_none(), log.first_s, &log.input));
    let mut book = read(&own, options, &meter, progress);
    for (report, (log, _)) in book.reports.iter_mut().zip(&own) {
        report.begins_like = own
            .iter()
            .find(|(other, _)| other.input != log.input && duplicate::is_likely(log, other))
            .map(|(other, _)| other.input.clone());
    }
    set_aside.sort_by(|a, b| a.input.cmp(&b.input));
    summed(book.tally, book.reports.into_iter().chain(set_aside).collect())
}

/// Looks at each input. Those that cannot be read, and those that can be read only once and are named again, are set
/// aside.
fn look(
    inputs: &[Input],
    options: &Options,
    meter: &Arc<AtomicU64>,
) -> (Vec<Log>, Vec<FileReport>) {
    let mut logs: Vec<Log> = Vec::new();
    let mut set_aside = Vec::new();
    let mut seen: Vec<(&Input, Option<Identity>)> = Vec::new();
    // Standard input comes last: where it is redirected from a file that is named too, somebody may have read a part.
    let (stdin, others): (Vec<&Input>, Vec<&Input>) =
        inputs.iter().partition(|input| **input == Input::Stdin);
    for input in others.into_iter().chain(stdin) {
        let identity = Identity::of(input);
        let is_same = |(other, seen): &&(&Input, Option<Identity>)| match input {
            Input::Stdin => **other == Input::Stdin || identity.is_some() && *seen == identity,
            // Files are compared by what they hold.
            _ => identity.is_some_and(|own| !own.is_file && *seen == Some(own)),
        };
        if let Some((of, _)) = seen.iter().find(is_same) {
            let duplicate = Duplicate { of: (*of).clone(), is_beginning: false };
            set_aside.push(FileReport { duplicate: Some(duplicate), ..FileReport::new(input) });
            continue;
        }
        seen.push((input, identity));
        match Log::look(input, options, meter) {
            Ok(log) => logs.push(log),
            Err(problem) => {
                set_aside.push(FileReport { problem: Some(problem), ..FileReport::new(input) });
            }
        }
    }
    (logs, set_aside)
}

/// Reads the logs, on all threads.
fn read(
    logs: &[(&Log, &Format)],
    options: &Options,
    meter: &Arc<AtomicU64>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Book {
    let reports = logs.iter().map(|(log, _)| FileReport::of_log(log)).collect();
    let tasks = plan(logs, options.chunk_bytes.get() as u64);
    let desk = Desk::new(&tasks, Book { tally: Tally::seeded(options.seed), reports });
    let worker = Worker {
        desk: &desk,
        logs,
        options,
        meter,
        total_bytes: logs.iter().map(|(log, _)| log.bytes).sum(),
        progress,
    };
    thread::scope(|scope| {
        for _ in 1..options.threads.get() {
            scope.spawn(|| worker.run());
        }
        worker.run();
    });
    desk.into_ledger()
}

/// What is to be read, in order: plain files in sections, everything else as a whole.
fn plan(logs: &[(&Log, &Format)], chunk_bytes: u64) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (number, (log, _)) in logs.iter().enumerate() {
        match log.bytes {
            Some(bytes) if log.container == Container::Plain => {
                for from in (0..bytes).step_by(chunk_bytes as usize) {
                    let section = Some((from, (from + chunk_bytes).min(bytes)));
                    tasks.push(Task { log: number, section });
                }
            }
            _ => tasks.push(Task { log: number, section: None }),
        }
    }
    tasks
}

fn summed(tally: Tally, files: Vec<FileReport>) -> Reading {
    let sum = |count: fn(&FileReport) -> u64| files.iter().map(count).sum();
    Reading {
        lines: sum(|file| file.lines),
        parsed: sum(|file| file.parsed),
        malformed: sum(|file| file.malformed),
        skipped: sum(|file| file.skipped),
        tally,
        files,
    }
}

#[cfg(test)]
mod tests;
