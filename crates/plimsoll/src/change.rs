//! `plimsoll change`: what alters production, as pipelines record it.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use plimsoll_server::api::{
    changes::{self, ChangeEnd, GateThen, NewChange, RecordedChange},
    gate::Risk,
    obedience::Obedience,
};

use crate::{
    budget::share as percent,
    client::{self, At, path, query},
    failure::Failure,
    look,
    mark::author,
    output,
    page::Page,
    table::Table,
    time,
    words::minute,
};

/// What a list of changes goes back to, where it is not said: 30 days.
const LISTED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Changes: whatever alters production
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Record that a change starts; the same said again changes nothing
    Start(Start),
    /// Record that a change finished
    Finish(Finish),
    /// List the changes of the last 30 days, or of other times
    List(List),
    /// Show one change
    Show(look::Show),
    /// Show how many of the changes during stabilise were such as may pass then
    Obedience(Obey),
}

#[derive(Debug, clap::Args)]
struct Start {
    /// The service that it alters
    service: String,
    /// Of which kind it is, such as deploy, config or p0-fix; the policy lets some kinds pass always
    #[arg(long)]
    kind: String,
    /// Its name, the only one of this name, such as the service and the number of the run; without it, a fresh one
    #[arg(long)]
    id: Option<String>,
    /// How much it may break
    #[arg(long, value_enum, default_value_t)]
    risk: RiskWord,
    /// What it is, for people
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Where more of it is to be read
    #[arg(long)]
    url: Option<String>,
    /// The change that it takes back
    #[arg(long, value_name = "CHANGE")]
    reverts: Option<String>,
    /// When it started, such as 2026-11-23T06:45Z; without it, now
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    started: Option<Timestamp>,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
struct Finish {
    /// Its name
    #[arg(value_name = "CHANGE")]
    id: String,
    /// What became of it
    #[arg(long, value_enum)]
    outcome: Option<OutcomeWord>,
    /// When it finished, such as 2026-11-23T06:45Z; without it, now
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    finished: Option<Timestamp>,
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
    /// Only those that started then or later; without it, 30 days before the end
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    from: Option<Timestamp>,
    /// Only those that started before
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    to: Option<Timestamp>,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
struct Obey {
    /// The service
    service: String,
    /// From when on changes count; without it, 30 days before the end
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    from: Option<Timestamp>,
    /// Before when they started; without it, now
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    to: Option<Timestamp>,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum RiskWord {
    /// Small, and easily taken back
    Low,
    /// As most changes are
    #[default]
    Normal,
    /// A launch, a migration, or whatever cannot be taken back
    High,
}

impl From<RiskWord> for Risk {
    fn from(risk: RiskWord) -> Self {
        match risk {
            RiskWord::Low => Risk::Low,
            RiskWord::Normal => Risk::Normal,
            RiskWord::High => Risk::High,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OutcomeWord {
    /// It is in production
    Succeeded,
    /// It did not get into production, or did not work there
    Failed,
    /// It was stopped before it altered anything
    Cancelled,
}

impl From<OutcomeWord> for changes::Outcome {
    fn from(outcome: OutcomeWord) -> Self {
        match outcome {
            OutcomeWord::Succeeded => changes::Outcome::Succeeded,
            OutcomeWord::Failed => changes::Outcome::Failed,
            OutcomeWord::Cancelled => changes::Outcome::Cancelled,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when the server refuses or cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::Start(start) => started(start)?,
        Act::Finish(finish) => finished(finish)?,
        Act::List(list) => listed(list)?,
        Act::Show(one) => one.print("changes", shown)?,
        Act::Obedience(obey) => {
            let bound = |at: Option<Timestamp>| at.map(|at| at.to_string());
            let wish = [("from", bound(obey.from)), ("to", bound(obey.to))];
            let at = query(&path(&["services", &obey.service, "obedience"]), &wish);
            output::one(&obey.at.client()?.get(&at)?, obey.json, obeyed)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn started(start: &Start) -> Result<(), Failure> {
    let new = NewChange {
        id: start.id.clone(),
        service: start.service.clone(),
        kind: start.kind.clone(),
        risk: start.risk.into(),
        title: start.title.clone(),
        url: start.url.clone(),
        started: start.started.map(|at| at.to_string()),
        reverts: start.reverts.clone(),
    };
    let answer = start.at.client()?.post(&path(&["changes"]), &new)?;
    told(&answer, start.json, |RecordedChange { id, service, kind, started, .. }| {
        format!("{id} of {service}, {kind}, started {} UTC", minute(started))
    })
}

fn finished(finish: &Finish) -> Result<(), Failure> {
    let end = ChangeEnd {
        finished: finish.finished.map(|at| at.to_string()),
        outcome: finish.outcome.map(changes::Outcome::from),
    };
    let answer = finish.at.client()?.post(&path(&["changes", &finish.id, "finish"]), &end)?;
    told(&answer, finish.json, |change| {
        let finished = change.finished.as_deref().map(minute).unwrap_or_default();
        format!("{} of {} finished {finished} UTC{}", change.id, change.service, outcome(change))
    })
}

/// Says in words what was recorded, or prints it as JSON.
fn told(
    answer: &str,
    as_json: bool,
    words: impl Fn(&RecordedChange) -> String,
) -> Result<(), Failure> {
    if as_json {
        output::json(answer)
    } else {
        output::say(&words(&client::read(answer.as_bytes())?))
    }
}

fn listed(list: &List) -> Result<(), Failure> {
    let end = list.to.unwrap_or_else(Timestamp::now);
    let from = list.from.unwrap_or_else(|| end.checked_sub(LISTED).unwrap_or(Timestamp::MIN));
    let wish = [
        ("service", list.service.clone()),
        ("from", Some(from.to_string())),
        ("to", list.to.map(|to| to.to_string())),
    ];
    let all = list.at.client()?.list(&query(&path(&["changes"]), &wish))?;
    output::list(&all, list.json, table)
}

fn table(changes: Vec<RecordedChange>) -> Table {
    let headings = ["CHANGE", "SERVICE", "KIND", "RISK", "STARTED (UTC)", "STATE", "BY", "TITLE"];
    let mut table = Table::new("no change was recorded in this time", &headings);
    for change in changes {
        let (started, state) = (minute(&change.started), state(&change).to_owned());
        let RecordedChange { id, service, kind, risk, by, title, .. } = change;
        let title = title.unwrap_or_default();
        table.row([id, service, kind, risk.word().to_owned(), started, state, author(by), title]);
    }
    table
}

/// How far it is.
fn state(change: &RecordedChange) -> &'static str {
    match (change.outcome, &change.finished) {
        (Some(outcome), _) => outcome.word(),
        (None, Some(_)) => "finished",
        (None, None) => "runs",
    }
}

/// `: failed`, where it is known.
fn outcome(change: &RecordedChange) -> String {
    change.outcome.map_or_else(String::new, |outcome| format!(": {}", outcome.word()))
}

fn shown(change: &RecordedChange, page: &mut Page) {
    page.fact("change", &change.id);
    page.fact("service", &change.service);
    page.fact("kind", &format!("{}, {} risk", change.kind, change.risk.word()));
    let more = [("title", &change.title), ("url", &change.url), ("reverts", &change.reverts)];
    for (label, text) in more {
        if let Some(text) = text {
            page.fact(label, text);
        }
    }
    page.fact(
        "started",
        &format!("{} UTC, said by {}", minute(&change.started), author(change.by.clone())),
    );
    let finished = match (&change.finished, &change.finished_by) {
        (Some(finished), Some(by)) => {
            format!("{} UTC{}, said by {}", minute(finished), outcome(change), author(by.clone()))
        }
        _ => "nobody said so yet".to_owned(),
    };
    page.fact("finished", &finished);
    page.fact("gate", &change.gate.as_ref().map_or_else(unknown, then));
}

fn unknown() -> String {
    "it is not known what was decided when it started".to_owned()
}

/// What the gate would have said.
fn then(gate: &GateThen) -> String {
    let GateThen { verdict, entry, pass, exception } = gate;
    let by = exception.as_ref().map_or_else(String::new, |id| format!(" by the exception {id}"));
    format!("{pass}{by}: {verdict}, as entry {entry} of the journal says")
}

fn obeyed(obedience: &Obedience, page: &mut Page) {
    let Obedience { service, withdrawn, from, to, changes, unjudged, stabilising, .. } = obedience;
    let share = obedience.obedience.as_ref();
    page.fact("service", service);
    if let Some(withdrawn) = withdrawn {
        page.fact("withdrawn", &format!("{} UTC", minute(withdrawn)));
    }
    page.fact("time", &format!("{} to {} UTC", minute(from), minute(to)));
    page.fact("obedience", &share.map_or_else(|| "unknown".to_owned(), percent));
    let unjudged = match unjudged {
        0 => String::new(),
        unjudged => format!("; of {unjudged} it is not known what was decided then"),
    };
    page.fact("changes", &format!("{changes}{unjudged}"));
    let Obedience { exempt, covered, uncovered, uncovered_changes, .. } = obedience;
    page.fact(
        "stabilise",
        &format!(
            "{stabilising} started then: {exempt} exempt, {covered} covered, {uncovered} neither"
        ),
    );
    if !uncovered_changes.is_empty() {
        page.fact("neither", &uncovered_changes.join(", "));
    }
    if !obedience.whole {
        page.fact("", "earlier changes of this time are not kept any more");
    }
}
