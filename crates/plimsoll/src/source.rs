//! `plimsoll source`: where measurements come from.

use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_server::api::sources::{Feed, Source};

use crate::{
    client::{At, path},
    declared,
    failure::Failure,
    output,
    page::Page,
    table::Table,
};

/// Sources: where measurements come from
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the sources
    List {
        /// Print the JSON of the interface
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
    /// Show one source
    Show {
        /// Its name
        name: String,
        /// Print the JSON of the interface
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when there is no such source or the server cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::List { json, at } => {
            let list = at.client()?.list(&path(&["sources"]))?;
            output::list(&list, *json, table)?;
        }
        Act::Show { name, json, at } => {
            let answer = at.client()?.get(&path(&["sources", name]))?;
            output::one(&answer, *json, shown)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(sources: Vec<Source>) -> Table {
    let nothing = "there is no source; plimsoll apply declares them";
    let mut table = Table::new(nothing, &["SOURCE", "DELIVERS"]);
    for Source { name, feed, .. } in sources {
        table.row([name, delivers(&feed)]);
    }
    table
}

fn shown(source: &Source, page: &mut Page) {
    page.fact("source", &source.name);
    page.fact("delivers", &delivers(&source.feed));
    page.fact("declared", &declared::words(&source.declared));
}

fn delivers(feed: &Feed) -> String {
    match feed {
        Feed::AccessLog { files } => format!("access logs: {}", files.join(", ")),
        Feed::Push => "what is pushed".to_owned(),
        Feed::Other { r#type: kind } => format!("nothing: {kind} is not read"),
    }
}
