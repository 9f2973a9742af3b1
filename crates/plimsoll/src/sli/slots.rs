//! The minutes of an SLI.

use jiff::Timestamp;
use plimsoll_core::ratio::grouped;
use plimsoll_server::api::{
    samples::Quality,
    slots::{MinuteSlot, SlotsReport},
};

use crate::{
    client::{self, At, path, query},
    failure::Failure,
    output,
    table::Table,
    time,
    words::{counted, minute},
};

/// Which minutes are shown.
#[derive(Debug, clap::Args)]
pub struct Slots {
    /// The name of the SLI
    name: String,
    /// The first minute: 2026-11-23T06:45Z, "2026-11-23 06:45" in UTC, or now; without it, an hour before the end
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    from: Option<Timestamp>,
    /// The first minute after; without it, the one that counts next
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    to: Option<Timestamp>,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

/// Shows minutes; a run of the same ones in one row.
///
/// # Errors
/// [`Failure`], when there is no such SLI or the server cannot be reached.
pub fn run(Slots { name, from, to, json, at }: &Slots) -> Result<(), Failure> {
    let bounds = [("from", from.map(|at| at.to_string())), ("to", to.map(|at| at.to_string()))];
    let answer = at.client()?.get(&query(&path(&["slis", name, "slots"]), &bounds))?;
    if *json {
        return output::json(&answer);
    }
    let report: SlotsReport = client::read(answer.as_bytes())?;
    output::print(&table(&report.minutes).text(output::terminal_columns()))
}

fn table(minutes: &[MinuteSlot]) -> Table {
    let headings = ["FROM (UTC)", ">LASTING", "STATE", ">GOOD", ">BAD"];
    let mut table = Table::new("there is no minute between these", &headings);
    let is_same =
        |a: &MinuteSlot, b: &MinuteSlot| (a.state, a.good, a.bad) == (b.state, b.good, b.bad);
    for run in minutes.chunk_by(is_same) {
        let first = &run[0];
        let lasting = counted(run.len() as u64, "minute");
        let (good, bad) = (grouped(first.good.into()), grouped(first.bad.into()));
        table.row([minute(&first.minute), lasting, words(first.state).to_owned(), good, bad]);
    }
    table
}

fn words(state: Quality) -> &'static str {
    match state {
        Quality::Measured => "measured",
        Quality::NoTraffic => "no traffic",
        Quality::Missing => "missing",
        Quality::Partial => "partly seen",
    }
}
