//! The `plimsoll` command: its arguments, its words, its exit codes. What it computes is in `plimsoll_core`; what it
//! keeps, a server keeps.

mod agreement;
mod apply;
mod assess;
mod backup;
mod budget;
mod change;
mod check;
mod client;
mod decision;
mod declared;
mod demo;
pub mod example;
mod exception;
mod failure;
mod gate;
mod journal;
mod look;
mod mark;
mod output;
mod page;
mod person;
mod policy;
mod promise;
mod restore;
mod serve;
mod service;
mod sli;
mod slo;
mod source;
mod table;
mod time;
mod token;
mod words;

use std::process::ExitCode;

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
    Demo(demo::Args),
    Assess(Box<assess::Args>),
    Check(check::Args),
    Diff(apply::Diff),
    Apply(apply::Apply),
    Serve(serve::Args),
    Service(service::Args),
    Budget(budget::Args),
    Gate(gate::Args),
    Decision(decision::Args),
    Change(change::Args),
    Exception(exception::Args),
    Slo(slo::Args),
    Sli(sli::Args),
    Source(source::Args),
    Promise(promise::Args),
    Policy(policy::Args),
    Exclusion(mark::exclusion::Args),
    Attribution(mark::attribution::Args),
    Person(person::Args),
    Token(token::Args),
    Journal(journal::Args),
    Backup(backup::Args),
    Restore(restore::Args),
}

/// Runs the command that the process was called with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    run(cli.command).unwrap_or_else(|failure| failure.report())
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Assess(args) => assess::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Diff(args) => apply::diff(&args),
        Command::Apply(args) => apply::apply(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Service(args) => service::run(&args),
        Command::Budget(args) => budget::run(&args),
        Command::Gate(args) => gate::run(&args),
        Command::Decision(args) => decision::run(&args),
        Command::Change(args) => change::run(&args),
        Command::Exception(args) => exception::run(&args),
        Command::Slo(args) => slo::run(&args),
        Command::Sli(args) => sli::run(&args),
        Command::Source(args) => source::run(&args),
        Command::Promise(args) => promise::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Exclusion(args) => mark::exclusion::run(&args),
        Command::Attribution(args) => mark::attribution::run(&args),
        Command::Person(args) => person::run(&args),
        Command::Token(args) => token::run(&args),
        Command::Journal(args) => journal::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args),
    }
}
