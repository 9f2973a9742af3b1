//! What is said of each input.

use std::collections::BTreeMap;

use plimsoll_core::ratio::grouped;
use plimsoll_source::{FileReport, Reading};

use crate::failure::Failure;
use crate::words::counted;

/// One input in one line: its name, its format and lines, or why it was not counted.
pub fn describe(file: &FileReport) -> String {
    if let Some(duplicate) = &file.duplicate {
        let how = if duplicate.is_beginning { "is the beginning of" } else { "is the same as" };
        return format!("{}: not counted, it {how} {}", file.input, duplicate.of);
    }
    let Some(format) = &file.format else {
        return match &file.problem {
            None => format!("{}: empty", file.input),
            Some(problem) => format!("{}: not counted, it {problem}", file.input),
        };
    };
    let packed =
        file.container.map(|container| container.to_string()).filter(|packed| packed != "plain");
    let packed = packed.map_or_else(String::new, |packed| format!(" ({packed})"));
    let lines = counted(file.lines, "line");
    let malformed = if file.malformed > 0 {
        format!(", {} unreadable", grouped(file.malformed.into()))
    } else {
        String::new()
    };
    let early = file.problem.as_ref().map_or_else(String::new, |problem| format!("; it {problem}"));
    format!("{}{packed}: {format}, {lines}{malformed}{early}", file.input)
}

/// The problems of all inputs, each with its name.
pub fn problems(reading: &Reading) -> Vec<String> {
    let problem = |file: &FileReport| {
        file.problem.as_ref().map(|problem| format!("{} {problem}", file.input))
    };
    reading.files.iter().filter_map(problem).collect()
}

/// What may have been counted twice: what can be read only once is not compared to its end.
pub fn doubts(reading: &Reading) -> Vec<String> {
    let doubt = |file: &FileReport| {
        let other = file.begins_like.as_ref()?;
        Some(format!(
            "{} begins like {other}; if it is the same log, it was counted twice",
            file.input
        ))
    };
    reading.files.iter().filter_map(doubt).collect()
}

/// Inputs that were not counted because another holds all of them.
pub fn duplicates(reading: &Reading) -> Vec<String> {
    reading
        .files
        .iter()
        .filter(|file| file.duplicate.is_some())
        .map(|file| file.input.to_string())
        .collect()
}

/// The format of every input that was counted.
pub fn formats(reading: &Reading) -> BTreeMap<String, String> {
    let format = |file: &FileReport| Some((file.input.to_string(), file.format.clone()?));
    reading.files.iter().filter(|file| file.duplicate.is_none()).filter_map(format).collect()
}

/// So many lines that could not be read are shown.
const EXAMPLES: usize = 3;

/// The first lines that could not be read, each with place and reason.
pub fn examples(reading: &Reading) -> Vec<String> {
    let of = |file: &FileReport| {
        let input = file.input.to_string();
        let example = move |e: &plimsoll_source::Example| {
            format!("{input}:{}: {}: {}", e.line, e.why, e.text)
        };
        file.examples.iter().map(example).collect::<Vec<_>>()
    };
    reading.files.iter().flat_map(of).take(EXAMPLES).collect()
}

/// Why there is nothing to assess.
pub fn nothing_read(reading: &Reading) -> Failure {
    let problems = problems(reading);
    if !problems.is_empty() {
        return Failure::input(problems.join("\nerror: "));
    }
    let examples = examples(reading);
    if reading.malformed > 0 {
        let what = format!("none of {} could be read as a request", counted(reading.lines, "line"));
        let is_clock = examples.iter().any(|example| example.contains(": its time is "));
        let hint = if is_clock {
            "requests before 1990 or after tomorrow are not believed; check the clock that wrote them, and this one"
        } else {
            "if this is an access log of a format not known here, describe its lines with --pattern"
        };
        return Failure::input(format!("{what}\n  {}", examples.join("\n  "))).hint(hint);
    }
    Failure::input("there is no request in the input")
        .hint("name the files of an access log, or try --example")
}
