//! `plimsoll exclusion`: intervals that do not count.

use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_server::api::exclusions::{Exclusion, NewExclusion};

use super::{When, add, author, described, length, subject, undo};
use crate::{client::At, failure::Failure, look, table::Table, words::minute};

/// Exclusions: intervals that do not count, such as agreed maintenance
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Exclude an interval
    Add {
        #[command(flatten)]
        when: When,
        /// Why it does not count
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Print the JSON of the interface
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
    /// List the exclusions in force
    List(look::List),
    /// Take an exclusion back: no number keeps a trace of it, the journal keeps that it was there
    Undo {
        /// Its name, such as x-0123456789abcdefghjk
        #[arg(value_name = "EXCLUSION")]
        id: String,
        #[command(flatten)]
        at: At,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when the server refuses or cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::Add { when, reason, json, at } => {
            let (from, to) = when.bounds()?;
            let (sli, service) = (when.of.sli.clone(), when.of.service.clone());
            let new = NewExclusion { sli, service, from, to, reason: reason.clone() };
            add(at, "exclusions", &new, *json, |Exclusion { id, interval, .. }| {
                format!("{id} excludes {}", described(interval))
            })?;
        }
        Act::List(list) => list.print("exclusions", table)?,
        Act::Undo { id, at } => undo(at, "exclusions", id)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Exclusions, one a row.
pub fn table(exclusions: Vec<Exclusion>) -> Table {
    let headings = ["EXCLUSION", "OF", "FROM (UTC)", "LENGTH", "BY", "REASON"];
    let mut table = Table::new("nothing is excluded", &headings);
    for Exclusion { id, interval, reason, by, .. } in exclusions {
        let (from, length) = (minute(&interval.from), length(&interval));
        table.row([id, subject(&interval), from, length, author(by), reason]);
    }
    table
}
