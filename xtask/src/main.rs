//! Development tasks, as code: `cargo xtask help` lists them.

mod licences;
mod steps;
mod test;
mod tidy;
mod tree;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of Plimsoll.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
struct Xtask {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every check, in order; stop at the first that fails.
    Test {
        /// Only what needs nothing but Rust: formatting, lints, tests, tidy, licences.
        #[arg(long)]
        quick: bool,
    },
    /// Check the rules of the house on the source tree (also part of `cargo test`).
    Tidy,
    /// Check that every dependency is under a licence and from a source that deny.toml allows.
    Licences,
}

fn main() -> ExitCode {
    let done = match Xtask::parse().task {
        Task::Test { quick } => test::run(quick),
        Task::Tidy => alone("tidy", tidy::run),
        Task::Licences => alone("licences", licences::run),
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs one task that is also a step of `cargo xtask test`.
fn alone(name: &str, work: fn() -> steps::Outcome) -> bool {
    let mut steps = steps::Steps::default();
    let _stopped = steps.step(name, &format!("cargo xtask {name}"), work);
    steps.close()
}
