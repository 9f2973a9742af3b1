//! `plimsoll service`: what serves.

use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_server::api::services::{Service, ServiceReport};

use crate::{
    client::{At, path},
    declared,
    failure::Failure,
    output,
    page::Page,
    table::Table,
};

/// Services: what serves, and what is promised of it
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the services
    List {
        /// Print the JSON of the interface
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
    /// Show one service with its SLIs and SLOs
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
/// [`Failure`], when there is no such service or the server cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::List { json, at } => {
            let list = at.client()?.list(&path(&["services"]))?;
            output::list(&list, *json, table)?;
        }
        Act::Show { name, json, at } => {
            let answer = at.client()?.get(&path(&["services", name]))?;
            output::one(&answer, *json, shown)?;
        }
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
