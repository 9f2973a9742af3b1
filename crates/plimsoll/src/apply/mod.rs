//! `plimsoll apply` and `plimsoll diff`: the documents of a set of files, and what is in force.

mod change;
mod files;

use std::{
    fmt::Write as _,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use change::table;
pub use files::Files;
use plimsoll_core::printable::printable;
use plimsoll_server::api::documents::{
    Action, Applied, Break, Documents, PlanReport, Proposal, Severity,
};

use crate::{
    client::{self, At, Client, OnlyIf, path},
    failure::{Failure, INPUT},
    output,
    words::counted,
};

/// What is applied where.
#[derive(Debug, clap::Args)]
pub struct Wanted {
    /// Files, and folders with all .yaml, .yml and .json files below them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The name of the set of files. What a set no longer declares is withdrawn; other sets are left alone
    #[arg(long, value_name = "NAME", default_value = SET)]
    set: String,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

/// The set of files, unless another is named.
pub const SET: &str = "default";

/// Make what is in force what the documents say, all of it or nothing
///
/// Shows what would happen first. Where objects would be withdrawn it asks, or needs --delete; their slots stay, and
/// whoever declares them again finds them.
#[derive(Debug, clap::Args)]
pub struct Apply {
    /// Withdraw what the documents no longer declare, without asking
    #[arg(long)]
    delete: bool,
    /// Why agreed promises and policies get other terms; needed where they do
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    wanted: Wanted,
}

/// Show what applying the documents would do, and do nothing
#[derive(Debug, clap::Args)]
pub struct Diff {
    #[command(flatten)]
    wanted: Wanted,
}

/// Runs `diff`. The exit code is 1 when the documents could not be applied.
///
/// # Errors
/// [`Failure`], when the server refuses or cannot be reached.
pub fn diff(Diff { wanted }: &Diff) -> Result<ExitCode, Failure> {
    let files = Files::read(&wanted.paths)?;
    let answer = asked(&mut wanted.at.client()?, &wanted.set, &files)?;
    let plan: PlanReport = client::read(answer.as_bytes())?;
    if wanted.json {
        output::json(&answer)?;
    } else {
        show(&plan, &files)?;
    }
    Ok(if plan.refused { ExitCode::from(INPUT) } else { ExitCode::SUCCESS })
}

/// Runs `apply`.
///
/// # Errors
/// [`Failure`], when the server refuses or cannot be reached; nothing was done then.
pub fn apply(Apply { wanted, delete, reason }: &Apply) -> Result<ExitCode, Failure> {
    let files = Files::read(&wanted.paths)?;
    let mut client = wanted.at.client()?;
    let planned = asked(&mut client, &wanted.set, &files)?;
    let plan: PlanReport = client::read(planned.as_bytes())?;
    if !wanted.json {
        show(&plan, &files)?;
    }
    if plan.refused {
        if wanted.json {
            output::json(&planned)?;
        }
        let errors = plan.problems.iter().filter(|one| one.severity == Severity::Error).count();
        let errors = counted(errors as u64, "error");
        return Err(Failure::input(format!("the documents have {errors}; nothing was applied")));
    }
    if plan.changes.is_empty() && plan.proposals.is_empty() && !wanted.json {
        return Ok(ExitCode::SUCCESS);
    }
    check_reason(&plan, reason.as_deref())?;
    let withdrawn = plan.changes.iter().filter(|change| change.action == Action::Withdraw).count();
    let delete = *delete || (withdrawn > 0 && may_withdraw(withdrawn)?);
    let body = Documents { files: files.texts(), delete, reason: reason.clone() };
    // What was shown is what is done, or nothing is.
    let only_if = plan.etag.map_or(OnlyIf::IsAbsent, OnlyIf::Is);
    let answer = client.put(&path(&["documents", &wanted.set]), &body, only_if)?;
    let answer = answer.ok_or_else(|| {
        let what =
            format!("the set {} has changed since the preview; nothing was applied", plan.set);
        Failure::input(what).hint("look again with plimsoll diff")
    })?;
    if wanted.json {
        output::json(&answer)?;
    } else {
        let applied: Applied = client::read(answer.as_bytes())?;
        output::say(&done(&applied))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the server says that applying these files would do.
pub fn asked(client: &mut Client, set: &str, files: &Files) -> Result<String, Failure> {
    let body = Documents { files: files.texts(), delete: false, reason: None };
    client.look(&path(&["documents", set, "plan"]), &body)
}

/// Shows what would happen, and what is to be said about the files.
fn show(plan: &PlanReport, files: &Files) -> Result<(), Failure> {
    let mut text = files.shown(&plan.problems);
    if !plan.refused {
        text += &table(&plan.changes).text(output::terminal_columns());
        text += &consequences(plan);
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}", summary(plan));
    }
    output::print(&text)
}

/// `set default: 2 new, 1 altered, 12 unchanged`.
fn summary(plan: &PlanReport) -> String {
    let count = |action| plan.changes.iter().filter(|change| change.action == action).count();
    let counts = [
        (count(Action::Declare), "new"),
        (count(Action::Alter), "altered"),
        (count(Action::Move), "moved"),
        (count(Action::Withdraw), "withdrawn"),
        (plan.unchanged, "unchanged"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    if counts.is_empty() {
        return format!("set {}: the documents declare nothing", plan.set);
    }
    format!("set {}: {}", plan.set, counts.join(", "))
}

/// What follows for promises and policies: versions to be signed, and promises that break.
fn consequences(plan: &PlanReport) -> String {
    let mut text = String::new();
    for Proposal { kind, name, version, differences, .. } in &plan.proposals {
        let what = if differences.is_empty() { "new".to_owned() } else { differences.join("; ") };
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "version {version} of {kind} {name} is to be signed: {}",
            printable(&what)
        );
    }
    for Break { promise, why } in &plan.breaks {
        let _ = writeln!(text, "promise {promise} would be broken: {}", why.join(", "));
    }
    text
}

/// Refuses to change agreed terms without a reason before anybody is asked anything.
fn check_reason(plan: &PlanReport, reason: Option<&str>) -> Result<(), Failure> {
    let needy: Vec<String> = plan
        .proposals
        .iter()
        .filter(|one| one.needs_reason)
        .map(|one| format!("{} {}", one.kind, one.name))
        .collect();
    if reason.is_some() || needy.is_empty() {
        return Ok(());
    }
    let what =
        format!("the agreed terms of {} would change; nothing was applied", needy.join(", "));
    Err(Failure::input(what)
        .hint("say why with --reason TEXT; the new version is to be signed then"))
}

/// Asks whether objects may be withdrawn; without somebody to ask, they may not.
fn may_withdraw(count: usize) -> Result<bool, Failure> {
    let objects = counted(count as u64, "object");
    let no = || Failure::input(format!("{objects} would be withdrawn; nothing was applied"));
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(no().hint("--delete allows that; their slots stay"));
    }
    // Where standard error is gone there is no answer either.
    let _ = write!(io::stderr(), "Withdraw {objects}? Their slots stay. [y/N] ");
    let mut answer = String::new();
    let _ = io::stdin().lock().read_line(&mut answer);
    if ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()) {
        Ok(true)
    } else {
        Err(no())
    }
}

fn done(applied: &Applied) -> String {
    let counts = [(applied.declared.len(), "declared"), (applied.withdrawn.len(), "withdrawn")];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, what)| format!("{} {what}", counted(*count as u64, "object")))
        .collect();
    let proposed = applied.proposed.len();
    if counts.is_empty() && proposed == 0 {
        return "nothing was to be done".to_owned();
    }
    let versions =
        (proposed > 0).then(|| format!("{} proposed", counted(proposed as u64, "version")));
    let counts: Vec<String> = counts.into_iter().chain(versions).collect();
    format!("applied: {} (journal entry {})", counts.join(", "), applied.seq)
}
