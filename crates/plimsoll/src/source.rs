//! `plimsoll source`: where measurements come from.

use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_core::ratio::grouped;
use plimsoll_server::api::sources::{Feed, SourceHealth, SourceReport};

use crate::{declared, failure::Failure, look, page::Page, table::Table, words::minute};

/// Sources: where measurements come from
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the sources
    List(look::List),
    /// Show one source
    Show(look::Show),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when there is no such source or the server cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::List(list) => list.print("sources", table)?,
        Act::Show(one) => one.print("sources", shown)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(sources: Vec<SourceReport>) -> Table {
    let nothing = "there is no source; plimsoll apply declares them";
    let headings = ["SOURCE", ">TAKEN", ">REJECTED", ">BEHIND", "STATE", "DELIVERS"];
    let mut table = Table::new(nothing, &headings);
    for SourceReport { source, health } in sources {
        let behind = health.lag_minutes.map(|minutes| format!("{minutes} min"));
        table.row([
            source.name,
            grouped(health.taken.into()),
            grouped(health.rejected.into()),
            behind.unwrap_or_default(),
            state(&health),
            delivers(&source.feed),
        ]);
    }
    table
}

fn shown(SourceReport { source, health }: &SourceReport, page: &mut Page) {
    page.fact("source", &source.name);
    page.fact("delivers", &delivers(&source.feed));
    page.fact("declared", &declared::words(&source.declared));
    page.fact("state", &state(health));
    if let Some(until) = &health.seen_until {
        page.fact("seen", &format!("everything before {} UTC", minute(until)));
    }
    if let Some(newest) = &health.newest {
        page.fact("newest", &format!("something of {} UTC", minute(newest)));
    }
    let (taken, rejected) = (grouped(health.taken.into()), grouped(health.rejected.into()));
    page.fact("taken", &format!("{taken} since the server started, {rejected} rejected"));
    for line in &health.examples {
        let text = line.text.as_deref().unwrap_or("(shown to admin only)");
        page.fact("", &format!("{}: {}: {text}", line.path, line.why));
    }
    if let Some(why) = &health.last_rejection {
        page.fact("", why);
    }
    for event in &health.events {
        page.fact("then", &format!("{} UTC: {}", minute(&event.at), event.what));
    }
}

/// How it is doing, in a word or in the words of its trouble.
fn state(health: &SourceHealth) -> String {
    match &health.trouble {
        Some(trouble) => trouble.clone(),
        None if health.heard.is_none() => "nothing heard yet".to_owned(),
        None => "well".to_owned(),
    }
}

fn delivers(feed: &Feed) -> String {
    match feed {
        Feed::AccessLog { files } => format!("access logs: {}", files.join(", ")),
        Feed::Push => "what is pushed".to_owned(),
        Feed::Other { r#type: kind } => format!("nothing: {kind} is not read"),
    }
}
