//! `plimsoll policy`: what follows when promises are not kept, and who agreed to that.

use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_server::api::policies::{Policy, PolicyReport};

use crate::{
    agreement::{self, Agree, short},
    declared,
    failure::Failure,
    look,
    page::Page,
    table::Table,
};

/// Policies: what follows when promises are not kept, and who agreed to that
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the policies
    List(look::List),
    /// Show the conditions of one policy, and who agreed
    Show(look::Show),
    /// Show the versions of a policy, and what differs between them
    History(look::Show),
    /// Sign the newest version of a policy, for product or for engineering
    Agree(Agree),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when there is no such policy, the server refuses, or it cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::List(list) => list.print("policies", table)?,
        Act::Show(one) => one.print("policies", shown)?,
        Act::History(one) => {
            one.print_table("policies", |report: PolicyReport| {
                agreement::history(&report.versions)
            })?;
        }
        Act::Agree(agree) => agree.run("policies")?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(policies: Vec<Policy>) -> Table {
    let headings = ["POLICY", "AGREEMENT", "SOLO", "REVIEW BY", "DECLARED IN"];
    let mut table = Table::new("there is no policy", &headings);
    for policy in policies {
        let review = policy.review_date.clone().unwrap_or_default();
        let nowhere = if policy.standing.in_force.is_some() { "withdrawn" } else { "built in" };
        let declared = policy.declared.map(|at| format!("{} ({})", at.file, at.set));
        table.row([
            policy.name,
            short(&policy.standing),
            (if policy.solo { "solo" } else { "" }).to_owned(),
            if policy.stale { format!("{review} (stale)") } else { review },
            declared.unwrap_or_else(|| nowhere.to_owned()),
        ]);
    }
    table
}

fn shown(report: &PolicyReport, page: &mut Page) {
    let PolicyReport { policy, promises, versions } = report;
    page.fact("policy", &policy.name);
    if !promises.is_empty() {
        page.fact("promises", &promises.join(", "));
    }
    for (condition, value) in &policy.conditions {
        page.fact("says", &format!("{condition}: {value}"));
    }
    if policy.solo {
        page.fact("solo", "one person may sign for both sides, and approve their own exceptions");
    }
    if policy.stale {
        page.fact("stale", "it was to be reviewed before today");
    }
    agreement::facts(&policy.standing, versions, page);
    match &policy.declared {
        Some(declaration) => page.fact("declared", &declared::words(declaration)),
        None if policy.standing.in_force.is_some() => page.fact("declared", declared::NOWHERE),
        None => page.fact("declared", "nowhere: it is built in"),
    }
}
