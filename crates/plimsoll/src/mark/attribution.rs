//! `plimsoll attribution`: what the budget that an interval spent is put down to.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use plimsoll_server::api::attributions::{Account, AccountKind, Attribution, NewAttribution};

use super::{When, author, described, length, subject};
use crate::{
    client::{self, At, Method, path},
    failure::Failure,
    output,
    table::Table,
    words::minute,
};

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
    List {
        /// Print the JSON of the interface
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
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
            let (sli, service, reason) =
                (when.of.sli.clone(), when.of.service.clone(), reason.clone());
            let account = Account { kind: (*kind).into(), name: name.clone() };
            let body = NewAttribution { sli, service, from, to, account, reason };
            let answer = at.client()?.ask(Method::Post, &path(&["attributions"]), Some(&body))?;
            if *json {
                output::json(&answer)?;
            } else {
                let Attribution { id, interval, account, .. } = client::read(answer.as_bytes())?;
                let interval = described(&interval);
                output::say(&format!("{id} puts {interval} down to {}", words(&account)))?;
            }
        }
        Act::List { json, at } => {
            let list = at.client()?.list(&path(&["attributions"]))?;
            output::list(&list, *json, table)?;
        }
        Act::Undo { id, at } => {
            at.client()?.ask(Method::Delete, &path(&["attributions", id]), None::<&()>)?;
            output::say(&format!("{id} was taken back"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(attributions: Vec<Attribution>) -> Table {
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
