//! `plimsoll assess`: from access logs to objectives, budgets and a verdict.

mod answer;
mod args;
mod chart;
mod files;
mod given;
mod json;
mod out;
mod progress;
mod report;
mod settings;

use std::{io::Write as _, process::ExitCode};

pub use args::Args;
use plimsoll_core::printable::printable_json;

use crate::{
    failure::{Failure, INPUT},
    output,
};

/// Runs the command: reads the logs, answers, prints. Exit code 0 when every input could be read,
/// whatever its lines are.
///
/// # Errors
/// [`Failure`], when there is nothing to answer with or the command line asks for something impossible.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    if let Some(folder) = &args.out {
        out::check(folder)?;
    }
    let mut answer = answer::find(args)?;
    if let Some(folder) = &args.out {
        answer.written = out::write(&answer, args, folder)?;
    }
    let text = if args.json {
        printable_json(&json::text(&answer)).into_owned()
    } else {
        report::text(&answer, output::terminal_columns())
    };
    output::print(&text)?;
    for doubt in files::doubts(&answer.reading) {
        let _ = writeln!(anstream::stderr(), "warning: {doubt}");
    }
    let problems = files::problems(&answer.reading);
    for problem in &problems {
        let _ = writeln!(anstream::stderr(), "error: {problem}");
    }
    let whole = problems.is_empty();
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(INPUT) })
}
