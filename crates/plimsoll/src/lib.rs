//! The `plimsoll` command: its arguments, its words, its exit codes. What it computes is in `plimsoll_core`.

mod assess;
mod check;
pub mod example;
mod failure;

use std::{io, process::ExitCode};

use clap::{Parser, Subcommand};
use failure::Failure;

/// The load line for production: exact SLIs, error budgets, and the decision to ship or stabilise
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Assess(Box<assess::Args>),
    Check(check::Args),
}

/// Runs the command that the process was called with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Assess(args) => assess::run(&args),
        Command::Check(args) => checked(&args),
    };
    outcome.unwrap_or_else(|failure| failure.report())
}

fn checked(args: &check::Args) -> Result<ExitCode, Failure> {
    match check::run(args, &mut io::stdout().lock()) {
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        outcome => {
            outcome.map_err(|error| Failure::input(format!("cannot write the report: {error}")))
        }
    }
}
