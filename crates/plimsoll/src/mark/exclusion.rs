//! `plimsoll exclusion`: intervals that do not count.

use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_server::api::exclusions::{Exclusion, NewExclusion};

use super::{When, author, described, length, subject};
use crate::{
    client::{self, At, Method, path},
    failure::Failure,
    output,
    table::Table,
    words::minute,
};

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
    List {
        /// Print the JSON of the interface
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
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
            let (sli, service, reason) =
                (when.of.sli.clone(), when.of.service.clone(), reason.clone());
            let body = NewExclusion { sli, service, from, to, reason };
            let answer = at.client()?.ask(Method::Post, &path(&["exclusions"]), Some(&body))?;
            if *json {
                output::json(&answer)?;
            } else {
                let Exclusion { id, interval, .. } = client::read(answer.as_bytes())?;
                output::say(&format!("{id} excludes {}", described(&interval)))?;
            }
        }
        Act::List { json, at } => {
            let list = at.client()?.list(&path(&["exclusions"]))?;
            output::list(&list, *json, table)?;
        }
        Act::Undo { id, at } => {
            at.client()?.ask(Method::Delete, &path(&["exclusions", id]), None::<&()>)?;
            output::say(&format!("{id} was taken back"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(exclusions: Vec<Exclusion>) -> Table {
    let headings = ["EXCLUSION", "OF", "FROM (UTC)", "LENGTH", "BY", "REASON"];
    let mut table = Table::new("nothing is excluded", &headings);
    for Exclusion { id, interval, reason, by, .. } in exclusions {
        let (from, length) = (minute(&interval.from), length(&interval));
        table.row([id, subject(&interval), from, length, author(by), reason]);
    }
    table
}
