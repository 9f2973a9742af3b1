//! `plimsoll assess`: from access logs to objectives, budgets and a verdict.

mod answer;
mod args;
mod chart;
mod files;
mod given;
mod json;
mod out;
mod page;
mod progress;
mod report;
mod settings;
mod words;

use std::{io::Write as _, process::ExitCode};

pub use args::Args;
use plimsoll_core::printable::printable_json;
use terminal_size::{Width, terminal_size_of};

use crate::failure::{Failure, INPUT};

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
        report::text(&answer, terminal_columns())
    };
    let mut stdout = anstream::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        outcome => {
            outcome.map_err(|error| Failure::input(format!("cannot write the report: {error}")))?;
        }
    }
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

/// How wide the terminal is that the report goes to; `None` where it goes elsewhere.
fn terminal_columns() -> Option<usize> {
    terminal_size_of(std::io::stdout()).map(|(Width(columns), _)| columns.into())
}
