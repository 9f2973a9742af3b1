//! `plimsoll exception`: what lets changes pass although the budget says no.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use plimsoll_server::api::{
    bill::{BillCost, BillLine},
    exceptions::{self, Because, Exception, NewException, NewPayback, Payback, Payment},
};
use serde::Serialize;

use crate::{
    budget::spent,
    client::{self, At, path, query},
    failure::Failure,
    look,
    mark::author,
    output,
    page::Page,
    table::Table,
    words::{counted, minute},
};

/// Exceptions: what lets changes pass although the budget says no
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Ask for an exception; another person must approve it
    Ask(Box<Ask>),
    /// Approve an exception: it is in force from now on
    Approve(One),
    /// Reject an exception
    Reject {
        #[command(flatten)]
        one: One,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Take an exception back, before it was answered or before it ended
    Revoke {
        #[command(flatten)]
        one: One,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Record that an exception was made up for
    Paid {
        #[command(flatten)]
        one: One,
        /// What was done
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    /// List the exceptions
    List(List),
    /// Show one exception
    Show(look::Show),
    /// List what exceptions let pass, what was spent meanwhile, and what is owed for them
    Bill(Bill),
}

#[derive(Debug, clap::Args)]
struct Ask {
    /// The service
    service: String,
    #[command(flatten)]
    covers: Covers,
    /// Why, in a word
    #[arg(long, value_enum)]
    class: ClassWord,
    /// Why, in a sentence
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// For how many hours, counted from its approval; at most 72, or what the policy allows
    #[arg(long, value_name = "N")]
    hours: u32,
    /// What makes up for it
    #[arg(long, value_name = "TEXT")]
    payback: String,
    /// The person who sees to that
    #[arg(long, value_name = "HANDLE")]
    payback_owner: String,
    /// The last day for it, such as 2026-12-01
    #[arg(long, value_name = "DAY")]
    payback_due: String,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

/// Which changes it covers.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Covers {
    /// Cover the changes of these names; several with commas
    #[arg(long = "change", value_name = "CHANGE", value_delimiter = ',')]
    changes: Vec<String>,
    /// Cover the changes of these kinds; several with commas
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Cover every change of the service
    #[arg(long)]
    all: bool,
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its name, such as e-0123456789abcdefghjk
    #[arg(value_name = "EXCEPTION")]
    id: String,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
struct List {
    /// Only those of this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Only those of this status
    #[arg(long, value_parser = ["waiting", "lapsed", "rejected", "in-force", "expired", "revoked"])]
    status: Option<String>,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
struct Bill {
    /// Only those of this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ClassWord {
    /// Something was promised to a customer
    CustomerCommitment,
    /// Money is lost by waiting
    Revenue,
    /// The law asks for it
    Legal,
    /// The system must be operated
    Operational,
    /// Anything else
    Other,
}

impl From<ClassWord> for exceptions::Class {
    fn from(class: ClassWord) -> Self {
        match class {
            ClassWord::CustomerCommitment => exceptions::Class::CustomerCommitment,
            ClassWord::Revenue => exceptions::Class::Revenue,
            ClassWord::Legal => exceptions::Class::Legal,
            ClassWord::Operational => exceptions::Class::Operational,
            ClassWord::Other => exceptions::Class::Other,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when the server refuses or cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::Ask(ask) => asked(ask)?,
        Act::Approve(one) => acted(one, "approve", &Because::default())?,
        Act::Reject { one, reason } => {
            acted(one, "reject", &Because { reason: reason.clone() })?;
        }
        Act::Revoke { one, reason } => {
            acted(one, "revoke", &Because { reason: reason.clone() })?;
        }
        Act::Paid { one, note } => paid(one, &Payment { note: note.clone() })?,
        Act::List(list) => {
            let wish = [("service", list.service.clone()), ("status", list.status.clone())];
            let all = list.at.client()?.list(&query(&path(&["exceptions"]), &wish))?;
            output::list(&all, list.json, table)?;
        }
        Act::Show(one) => one.print("exceptions", shown)?,
        Act::Bill(bill) => {
            let wish = [("service", bill.service.clone())];
            let all = bill.at.client()?.list(&query(&path(&["exceptions", "bill"]), &wish))?;
            output::list(&all, bill.json, billed)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn asked(ask: &Ask) -> Result<(), Failure> {
    let Covers { changes, kinds, all } = &ask.covers;
    let new = NewException {
        service: ask.service.clone(),
        changes: changes.clone(),
        kinds: kinds.clone(),
        all: *all,
        class: ask.class.into(),
        reason: ask.reason.clone(),
        hours: ask.hours,
        payback: NewPayback {
            action: ask.payback.clone(),
            owner: ask.payback_owner.clone(),
            due: ask.payback_due.clone(),
        },
    };
    let answer = ask.at.client()?.post(&path(&["exceptions"]), &new)?;
    told(&answer, ask.json)
}

fn acted(one: &One, act: &str, body: &impl Serialize) -> Result<(), Failure> {
    let answer = one.at.client()?.post(&path(&["exceptions", &one.id, act]), body)?;
    told(&answer, one.json)
}

fn paid(one: &One, payment: &Payment) -> Result<(), Failure> {
    let answer = one.at.client()?.post(&path(&["exceptions", &one.id, "paid"]), payment)?;
    if one.json {
        return output::json(&answer);
    }
    let exception: Exception = client::read(answer.as_bytes())?;
    let Exception { id, service, payback, .. } = &exception;
    let done = done(payback).unwrap_or_default();
    output::say(&format!("{id} of {service} is paid back: {}; {done}", payback.action))
}

/// Says in words how it is with an exception, or prints it as JSON.
fn told(answer: &str, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return output::json(answer);
    }
    let exception: Exception = client::read(answer.as_bytes())?;
    let Exception { id, service, this_quarter, per_quarter, .. } = &exception;
    output::say(&format!("{id} of {service}, for {}: {}", covers(&exception), status(&exception)))?;
    if exception.status == "waiting" {
        output::note(&format!(
            "another person must approve it: plimsoll exception approve {id}; {this_quarter} of {per_quarter} were \
             approved in this quarter"
        ));
    }
    Ok(())
}

/// What it covers.
fn covers(exception: &Exception) -> String {
    match (&exception.changes, &exception.kinds) {
        (Some(changes), _) => changes.join(", "),
        (_, Some(kinds)) => format!("every {}", kinds.join(" and every ")),
        _ => "every change".to_owned(),
    }
}

/// How it is with it, and since or until when.
fn status(exception: &Exception) -> String {
    let Exception { status, hours, until, ended, solo, .. } = exception;
    let until = until.as_deref().map(minute).unwrap_or_default();
    let alone = if *solo { ", approved by the one who asked" } else { "" };
    match (status.as_str(), ended) {
        ("waiting", _) => {
            format!("waits for an answer, {} from then on", counted(u64::from(*hours), "hour"))
        }
        ("lapsed", _) => "nobody answered in time".to_owned(),
        ("in-force", _) => format!("in force until {until} UTC{alone}"),
        ("expired", _) => format!("expired at {until} UTC{alone}"),
        (status, Some(ended)) => {
            let by = author(ended.by.clone());
            format!("{status} at {} UTC by {by}{alone}", minute(&ended.at))
        }
        (status, None) => status.to_owned(),
    }
}

fn table(exceptions: Vec<Exception>) -> Table {
    let headings = [
        "EXCEPTION",
        "SERVICE",
        "COVERS",
        "STATUS",
        "ASKED BY",
        "APPROVED BY",
        "PAYBACK",
        "REASON",
    ];
    let mut table = Table::new("nobody asked for an exception", &headings);
    for exception in exceptions {
        let (covers, status) = (covers(&exception), status(&exception));
        let Exception { id, service, asked_by, approved_by, reason, payback, .. } = exception;
        let approved_by = approved_by.map(author).unwrap_or_default();
        let payback = payback.state.unwrap_or_default();
        table.row([id, service, covers, status, author(asked_by), approved_by, payback, reason]);
    }
    table
}

fn shown(exception: &Exception, page: &mut Page) {
    page.fact("exception", &exception.id);
    page.fact("service", &exception.service);
    page.fact("covers", &covers(exception));
    page.fact("status", &status(exception));
    page.fact("reason", &format!("{}: {}", exception.class.word(), exception.reason));
    let by = author(exception.asked_by.clone());
    let hours = counted(exception.hours.into(), "hour");
    page.fact("asked", &format!("{} UTC by {by}, for {hours}", minute(&exception.asked)));
    if let (Some(at), Some(by)) = (&exception.approved, &exception.approved_by) {
        page.fact("approved", &format!("{} UTC by {}", minute(at), author(by.clone())));
    }
    if let Some(reason) = exception.ended.as_ref().and_then(|ended| ended.reason.as_ref()) {
        page.fact("because", reason);
    }
    page.fact("payback", &owed(&exception.payback));
    if let Some(done) = done(&exception.payback) {
        page.fact("done", &done);
    }
    let Exception { this_quarter, per_quarter, .. } = exception;
    page.fact("quarter", &format!("{this_quarter} of {per_quarter} were approved in this quarter"));
}

/// What was done, who said so, and when; `None` while nothing was.
fn done(payback: &Payback) -> Option<String> {
    let Payback { paid, paid_by, note, .. } = payback;
    let (paid, by) = (minute(paid.as_ref()?), author(paid_by.clone()?));
    Some(format!("{}, {paid} UTC by {by}", note.as_deref().unwrap_or_default()))
}

/// What makes up for it, and how it is with that.
fn owed(payback: &Payback) -> String {
    let Payback { action, owner, due, state, .. } = payback;
    let state = state.as_ref().map_or_else(String::new, |state| format!(": {state}"));
    format!("{action}, by {owner} until {due}{state}")
}

fn billed(lines: Vec<BillLine>) -> Table {
    let headings = [
        "EXCEPTION",
        "SERVICE",
        "FROM (UTC)",
        "UNTIL (UTC)",
        "WHO",
        ">CHANGES",
        "SPENT",
        "PAYBACK",
        "REASON",
    ];
    let mut table = Table::new("no exception was approved", &headings);
    for line in lines {
        let who = if line.solo {
            format!("{} alone", author(line.asked_by))
        } else {
            format!("{}, {}", author(line.asked_by), author(line.approved_by))
        };
        let spent = line.costs.iter().map(cost).collect::<Vec<_>>().join("; ");
        let spent = if spent.is_empty() { "no SLO".to_owned() } else { spent };
        let payback = format!("{} ({})", line.payback.standing(), line.payback.owner);
        let reason = format!("{}: {}", line.class.word(), line.reason);
        let (from, until) = (minute(&line.from), minute(&line.until));
        let changes = line.changes_passed.to_string();
        table.row([
            line.exception,
            line.service,
            from,
            until,
            who,
            changes,
            spent,
            payback,
            reason,
        ]);
    }
    table
}

/// `51.3 % of web over 30d`.
fn cost(cost: &BillCost) -> String {
    let share = cost.share.as_ref().map_or_else(|| "unknown".to_owned(), spent);
    match &cost.window {
        Some(window) => format!("{share} of {} over {window}", cost.slo),
        None => format!("{share} of {}", cost.slo),
    }
}
