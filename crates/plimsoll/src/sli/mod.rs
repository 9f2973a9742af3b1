//! `plimsoll sli`: what is counted.

mod slots;

use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_server::api::slis::{Measure, Sli};

use crate::{failure::Failure, look, table::Table};

/// SLIs: what is counted
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the SLIs
    List(look::List),
    /// Show minutes of an SLI, at most 31 days of them
    Slots(slots::Slots),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when the server cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::List(list) => list.print("slis", table)?,
        Act::Slots(args) => slots::run(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(slis: Vec<Sli>) -> Table {
    let nothing = "there is no SLI; plimsoll apply declares them";
    let mut table = Table::new(nothing, &["SLI", "SERVICE", "SOURCE", "COUNTS"]);
    for Sli { name, service, source, measure, .. } in slis {
        table.row([name, service, source.unwrap_or_default(), counts(measure)]);
    }
    table
}

fn counts(measure: Measure) -> String {
    match measure {
        Measure::Requests { service, good } => format!("{good} of requests to {service}"),
        Measure::Pushed => "what is pushed".to_owned(),
        Measure::Other { r#type: kind } => format!("nothing: {kind} is not read"),
    }
}
