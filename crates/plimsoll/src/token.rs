//! `plimsoll token`: what programs show to act for a person.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use plimsoll_server::api::tokens::{self, IssuedToken, NewToken, Token};

use crate::{
    client::{self, At, path},
    failure::Failure,
    output,
    table::Table,
    words::minute,
};

/// Tokens: what a program shows to act for a person
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Issue a token and print it, this once
    Issue(Issue),
    /// List the tokens that are valid
    List {
        /// List the expired and revoked ones too
        #[arg(long)]
        all: bool,
        /// Print the JSON of the interface, with all of them
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
    /// Revoke a token: nothing accepts it any more
    Revoke {
        /// Its name, such as t-0123456789abcdefghjk
        #[arg(value_name = "TOKEN")]
        id: String,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, clap::Args)]
struct Issue {
    /// For whom it acts; without it, for whoever asks
    #[arg(long, value_name = "HANDLE")]
    person: Option<String>,
    /// What it may be used for; several with commas
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', required = true)]
    scopes: Vec<Scope>,
    /// What it is for, such as "pipeline of the shop"
    #[arg(long, value_name = "TEXT", default_value = "")]
    label: String,
    /// For how many days it is valid, at most 366; without it, 90
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Scope {
    /// Look at everything that is no secret
    Read,
    /// Send measurements
    Push,
    /// Record changes, and ask for exceptions
    Change,
    /// Change documents, attributions and exclusions; answer exceptions; and all that change allows
    Write,
    /// People, tokens, backups; and everything else
    Admin,
}

impl From<Scope> for tokens::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => tokens::Scope::Read,
            Scope::Push => tokens::Scope::Push,
            Scope::Change => tokens::Scope::Change,
            Scope::Write => tokens::Scope::Write,
            Scope::Admin => tokens::Scope::Admin,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when the server refuses or cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::Issue(issue) => issued(issue)?,
        Act::List { all, json, at } => {
            let list = at.client()?.list(&path(&["tokens"]))?;
            output::list(&list, *json, |tokens| table(tokens, *all))?;
        }
        Act::Revoke { id, at } => {
            at.client()?.delete(&path(&["tokens", id]))?;
            output::say(&format!("{id} was revoked"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The token alone goes to standard output, so that it can go into a file; what is to be said about it elsewhere.
fn issued(issue: &Issue) -> Result<(), Failure> {
    let body = NewToken {
        person: issue.person.clone(),
        label: issue.label.clone(),
        scopes: issue.scopes.iter().map(|scope| (*scope).into()).collect(),
        days: issue.days,
    };
    let answer = issue.at.client()?.post(&path(&["tokens"]), &body)?;
    if issue.json {
        return output::json(&answer);
    }
    let IssuedToken { token, text } = client::read(answer.as_bytes())?;
    let Some(text) = text else {
        return Err(Failure::usage(format!("{} was issued, but not shown", token.id)).hint(
            format!("revoke it with plimsoll token revoke {}, and issue another", token.id),
        ));
    };
    output::print(&format!("{text}\n"))?;
    output::note(&format!(
        "{} acts for {} until {} UTC ({}); it is shown this once",
        token.id,
        token.person,
        minute(&token.expires),
        scopes(&token)
    ));
    Ok(())
}

fn table(tokens: Vec<Token>, all: bool) -> Table {
    let headings = ["TOKEN", "PERSON", "SCOPES", "STATE", "EXPIRES (UTC)", "LABEL"];
    let mut table = Table::new("no token is valid; --all lists the others too", &headings);
    for token in tokens.into_iter().filter(|token| all || token.valid) {
        let state = match (&token.revoked, token.valid) {
            (Some(_), _) => "revoked",
            (None, false) => "expired",
            (None, true) => "valid",
        };
        let (scopes, expires) = (scopes(&token), minute(&token.expires));
        table.row([token.id, token.person, scopes, state.to_owned(), expires, token.label]);
    }
    table
}

fn scopes(token: &Token) -> String {
    let names = token.scopes.iter().map(|scope| match scope {
        tokens::Scope::Read => "read",
        tokens::Scope::Push => "push",
        tokens::Scope::Change => "change",
        tokens::Scope::Write => "write",
        tokens::Scope::Admin => "admin",
    });
    names.collect::<Vec<_>>().join(", ")
}
