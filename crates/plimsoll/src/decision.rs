//! `plimsoll decision`: what the budgets say about the next change of each service.

use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_server::api::decisions::ServiceDecision;

use crate::{failure::Failure, look, table::Table};

/// Decisions: whether services may be changed, and why
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the services with the decision about each
    List(look::List),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when the server cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::List(list) => list.print("decisions", table)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(decisions: Vec<ServiceDecision>) -> Table {
    let nothing = "there is no service; plimsoll apply declares them";
    let mut table = Table::new(nothing, &["SERVICE", "DECISION", "WHY"]);
    for ServiceDecision { service, verdict, reasons, .. } in decisions {
        let why = reasons.into_iter().next().map(|reason| reason.text).unwrap_or_default();
        table.row([service, verdict, why]);
    }
    table
}
