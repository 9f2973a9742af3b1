//! The `plimsoll` command.

mod assess;
mod example;
mod failure;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The load line for production: exact SLIs, error budgets, and the decision to ship or stabilise.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Assess(assess::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Assess(args) => assess::run(&args),
    };
    outcome.unwrap_or_else(|failure| failure.report())
}
