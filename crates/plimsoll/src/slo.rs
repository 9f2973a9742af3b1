//! `plimsoll slo`: what is promised.

use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_core::ratio::Target;
use plimsoll_server::api::{
    exact::Exact,
    slos::{Budgeting, NoData, Slo},
};

use crate::{declared, failure::Failure, look, page::Page, table::Table, words::lasting};

/// SLOs: what is promised of SLIs
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the SLOs
    List(look::List),
    /// Show what one SLO promises
    Show(look::Show),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when there is no such SLO or the server cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::List(list) => list.print("slos", table)?,
        Act::Show(one) => one.print("slos", shown)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(slos: Vec<Slo>) -> Table {
    let nothing = "there is no SLO; plimsoll apply declares them";
    let mut table = Table::new(nothing, &["SLO", "SERVICE", "SLI", ">TARGET", "WINDOWS"]);
    for Slo { name, service, sli, target, windows, .. } in slos {
        table.row([name, service, sli, percent(&target), windows.join(", ")]);
    }
    table
}

fn shown(slo: &Slo, page: &mut Page) {
    page.fact("slo", &slo.name);
    page.fact("service", &slo.service);
    page.fact("sli", &slo.sli);
    page.fact(
        "target",
        &format!("{} good over {}", percent(&slo.target), slo.windows.join(" and over ")),
    );
    page.fact("counted", &counted(&slo.budgeting));
    page.fact("no data", &no_data(&slo.no_data));
    page.fact("declared", &declared::words(&slo.declared));
}

/// A share as people write it: `99.9 %`.
pub fn percent(share: &Exact) -> String {
    Target::parse_fraction(share.as_str())
        .map_or_else(|_| share.as_str().to_owned(), |target| target.to_string())
}

fn counted(budgeting: &Budgeting) -> String {
    let slice = |minutes: u32| lasting(minutes.into());
    match budgeting {
        Budgeting::Occurrences => "good events of all events".to_owned(),
        Budgeting::Timeslices { slice_minutes, slice_target } => format!(
            "slices of {} of which {} of the events are good, of all slices",
            slice(*slice_minutes),
            percent(slice_target)
        ),
        Budgeting::RatioTimeslices { slice_minutes } => {
            format!("the mean of the shares of good events of slices of {}", slice(*slice_minutes))
        }
    }
}

fn no_data(no_data: &NoData) -> String {
    match no_data {
        NoData::Ignore => "is left out".to_owned(),
        NoData::Good => "was as good as can be".to_owned(),
        NoData::Bad => "was bad".to_owned(),
        NoData::Hold { minutes } => {
            format!("is left out; the last decision stands for {}", lasting((*minutes).into()))
        }
    }
}
