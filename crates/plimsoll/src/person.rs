//! `plimsoll person`: everyone who acts.

use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_server::api::people::{NewPerson, Person};

use crate::{
    client::{At, path},
    failure::Failure,
    look, output,
    table::Table,
    words::minute,
};

/// People: everyone who answers for what is done
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Add a person
    Add {
        /// Their handle: 1 to 40 lower-case letters, digits and hyphens, a letter first
        handle: String,
        #[command(flatten)]
        at: At,
    },
    /// List everyone, also those who were erased
    List(look::List),
    /// Erase a person for good: their tokens are revoked, their handle stays with what they did
    Erase {
        /// Their handle
        handle: String,
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
        Act::Add { handle, at } => {
            let body = NewPerson { handle: handle.clone() };
            at.client()?.post(&path(&["people"]), &body)?;
            output::say(&format!(
                "{handle} was added; plimsoll token issue --person {handle} gives them a token"
            ))?;
        }
        Act::List(list) => list.print("people", table)?,
        Act::Erase { handle, at } => {
            at.client()?.delete(&path(&["people", handle]))?;
            output::say(&format!("{handle} was erased, and every token of theirs revoked"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(people: Vec<Person>) -> Table {
    let mut table = Table::new("nobody is here", &["PERSON", "ADDED (UTC)", "ERASED (UTC)"]);
    for Person { handle, added, erased } in people {
        table.row([handle, minute(&added), erased.map_or_else(String::new, |at| minute(&at))]);
    }
    table
}
