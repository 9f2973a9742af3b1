//! `plimsoll service`: what serves.

use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_server::api::services::{Service, ServiceReport};

use crate::{declared, failure::Failure, look, page::Page, table::Table};

/// Services: what serves, and what is promised of it
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the services
    List(look::List),
    /// Show one service with its SLIs and SLOs
    Show(look::Show),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when there is no such service or the server cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::List(list) => list.print("services", table)?,
        Act::Show(one) => one.print("services", shown)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(services: Vec<Service>) -> Table {
    let nothing = "there is no service; plimsoll apply declares them";
    let mut table = Table::new(nothing, &["SERVICE", "TITLE", "DECLARED IN"]);
    for Service { name, title, declared, .. } in services {
        table.row([
            name,
            title.unwrap_or_default(),
            format!("{} ({})", declared.file, declared.set),
        ]);
    }
    table
}

fn shown(report: &ServiceReport, page: &mut Page) {
    let ServiceReport { service, slis, slos } = report;
    page.fact("service", &service.name);
    for (label, text) in [("title", &service.title), ("about", &service.description)] {
        if let Some(text) = text {
            page.fact(label, text);
        }
    }
    page.fact("slis", &slis.join(", "));
    page.fact("slos", &slos.join(", "));
    page.fact("declared", &declared::words(&service.declared));
}
