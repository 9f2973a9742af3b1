//! Development tasks, as code: `cargo xtask help` lists them.

mod assessment;
mod bench;
mod fuzz;
mod licences;
mod peers;
mod schemathesis;
mod steps;
mod storm;
mod test;
mod tidy;
mod tree;

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

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
    /// Fuzz the parsers with libFuzzer.
    Fuzz {
        /// One of fuzz/targets; all of them without it.
        target: Option<String>,
        /// How long, for each target.
        #[arg(long, default_value_t = 30)]
        seconds: u32,
        /// Throw the dice of this run again; a whole test run has seed 1.
        #[arg(long)]
        seed: Option<u32>,
    },
    /// Measure reading logs, as ratios to a bare parser and to peers.
    Bench(bench::Options),
    /// Write the log of the benchmarks.
    #[command(hide = true)]
    BenchLog {
        /// Where to.
        path: PathBuf,
        /// About how large.
        bytes: u64,
    },
    /// Count the log of the benchmarks with the bare parser.
    #[command(hide = true)]
    BenchBare {
        /// Read the file into memory at once.
        #[arg(long)]
        at_once: bool,
        /// The log.
        path: PathBuf,
    },
    /// Kill the server again and again under load, and check that nothing is lost and nothing counted twice.
    Storm {
        /// How often.
        #[arg(long, default_value_t = 100)]
        kills: u32,
        /// Throws the same dice again, as a storm that failed printed it.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Send known requests through real servers and check that their logs are counted to the last one.
    Peers,
    /// Send requests made from the description of the interface to a real server and check each answer against it.
    Schemathesis,
    /// Check the rules of the house on the source tree (also part of `cargo test`).
    Tidy,
    /// Check that every dependency is under a licence and from a source that deny.toml allows.
    Licences,
}

fn main() -> ExitCode {
    let done = match Xtask::parse().task {
        Task::Test { quick } => test::run(quick),
        Task::Fuzz { target, seconds, seed } => fuzz::run(target.as_deref(), seconds, seed),
        Task::Bench(options) => bench::run(&options),
        Task::BenchLog { path, bytes } => told(&bench::log::write(&path, bytes)),
        Task::BenchBare { at_once, path } => told(&bare(at_once, &path)),
        Task::Storm { kills, seed } => storm::run(kills, seed),
        Task::Peers => peers::run(),
        Task::Schemathesis => schemathesis::run(),
        Task::Tidy => alone("tidy", tidy::run),
        Task::Licences => alone("licences", licences::run),
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Counts with the bare parser and prints lines, failures and fast requests.
fn bare(at_once: bool, path: &Path) -> io::Result<()> {
    let counts = if at_once { bench::bare::at_once(path)? } else { bench::bare::buffered(path)? };
    println!("{} {} {}", counts.lines, counts.bad, counts.fast);
    Ok(())
}

/// Whether it went well; says why not.
fn told(outcome: &io::Result<()>) -> bool {
    if let Err(error) = outcome {
        eprintln!("xtask: {error}");
    }
    outcome.is_ok()
}

/// Runs one task that is also a step of `cargo xtask test`.
fn alone(name: &str, work: fn() -> steps::Outcome) -> bool {
    let mut steps = steps::Steps::default();
    let _stopped = steps.step(name, &format!("cargo xtask {name}"), work);
    steps.close()
}
