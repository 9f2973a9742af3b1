//! `plimsoll attribution`: what the budget that an interval spent is put down to.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use plimsoll_server::api::attributions::{Account, AccountKind, Attribution, NewAttribution};

use super::{When, add, author, described, length, subject, undo};
use crate::{client::At, failure::Failure, look, table::Table, words::minute};

/// Attributions: what the budget that an interval spent is put down to
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Put an interval down to an incident, a change or maintenance; it corrects what stood there before
    Add {
        /// The kind of account
        kind: Kind,
        /// Its name, such as INC-7
        name: String,
        #[command(flatten)]
        when: When,
        /// Why, where there is more to say
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Print the JSON of the interface
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
    /// List the attributions in force
    List(look::List),
    /// Take an attribution back: its minutes go to what stood there before
    Undo {
        /// Its name, such as a-0123456789abcdefghjk
        #[arg(value_name = "ATTRIBUTION")]
        id: String,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Incident,
    Change,
    Maintenance,
}

impl From<Kind> for AccountKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Incident => AccountKind::Incident,
            Kind::Change => AccountKind::Change,
            Kind::Maintenance => AccountKind::Maintenance,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when the server refuses or cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::Add { kind, name, when, reason, json, at } => {
            let (from, to) = when.bounds()?;
            let (sli, service) = (when.of.sli.clone(), when.of.service.clone());
            let account = Account { kind: (*kind).into(), name: name.clone() };
            let new = NewAttribution { sli, service, from, to, account, reason: reason.clone() };
            add(at, "attributions", &new, *json, |made: &Attribution| {
                let Attribution { id, interval, account, doubt, .. } = made;
                let doubt = doubt.as_ref().map_or_else(String::new, |doubt| format!("\n{doubt}"));
                format!("{id} puts {} down to {}{doubt}", described(interval), words(account))
            })?;
        }
        Act::List(list) => list.print("attributions", table)?,
        Act::Undo { id, at } => undo(at, "attributions", id)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Attributions, one a row.
pub fn table(attributions: Vec<Attribution>) -> Table {
    let headings = ["ATTRIBUTION", "OF", "FROM (UTC)", "LENGTH", "PUT DOWN TO", "BY", "REASON"];
    let mut table = Table::new("nothing is attributed", &headings);
    for Attribution { id, interval, account, reason, by, .. } in attributions {
        let (from, length) = (minute(&interval.from), length(&interval));
        let reason = reason.unwrap_or_default();
        table.row([id, subject(&interval), from, length, words(&account), author(by), reason]);
    }
    table
}

/// `incident INC-7`.
fn words(account: &Account) -> String {
    let kind = match account.kind {
        AccountKind::Incident => "incident",
        AccountKind::Change => "change",
        AccountKind::Maintenance => "maintenance",
    };
    format!("{kind} {}", account.name)
}
