//! `plimsoll check`: reads documents and tells all their problems at once.

mod files;
#[cfg(test)]
mod tests;

pub use files::find;

use std::{collections::BTreeSet, fmt::Write as _, path::PathBuf, process::ExitCode};

use plimsoll_core::{
    catalog,
    printable::printable_json,
    spec::{
        self, Docs, code,
        problem::{self, Problem},
    },
};
use plimsoll_server::api::documents::{PlanReport, Severity};
use serde::Serialize;

use crate::{
    apply::{self, Files},
    client::{self, At},
    failure::Failure,
    output,
};

/// Read documents and tell all their problems: exit code 1 when there are errors
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files, and folders with all .yaml, .yml and .json files below them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// With --data or --server: the set of files that they are to be, so that what belongs to another set is found
    #[arg(long, value_name = "NAME", default_value = apply::SET)]
    set: String,
    #[command(flatten)]
    at: At,
}

/// Checks and prints the findings.
///
/// # Errors
/// [`Failure`], when a server is asked and cannot be reached, or the findings cannot be printed.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut findings = Findings::of(&args.paths);
    if args.at.is_named() {
        findings.put_in_force(conflicts(args)?);
    }
    let text = if args.json { findings.json() } else { findings.text() };
    output::print(&text)?;
    Ok(ExitCode::from(u8::from(findings.fail(args.strict))))
}

/// What is wrong with promises, by names that may be elsewhere.
const OF_PROMISES: [&str; 5] = [
    code::UNKNOWN_TO_PROMISE,
    code::SECOND_PROMISE,
    code::DEPENDENCY_CYCLE,
    code::ABOVE_CEILING,
    code::UNPROMISED_DEPENDENCY,
];

/// What is only known where something is in force: names that belong to another set, and people whom nobody knows.
const OF_SERVER: [&str; 3] =
    [code::BELONGS_ELSEWHERE, code::UNKNOWN_PERSON, code::SOURCE_ELSEWHERE];

/// What is wrong with the documents by what is in force: what only the server knows, and promises that cannot be kept.
fn conflicts(args: &Args) -> Result<Vec<Problem>, Failure> {
    let files = Files::read(&args.paths)?;
    let answer = apply::asked(&mut args.at.client()?, &args.set, &files)?;
    let plan: PlanReport = client::read(answer.as_bytes())?;
    let problems = plan.problems.into_iter().filter_map(|one| {
        let mut codes = OF_PROMISES.into_iter().chain(OF_SERVER);
        let severity = match one.severity {
            Severity::Error => problem::Severity::Error,
            Severity::Warning => problem::Severity::Warning,
        };
        Some(Problem {
            code: codes.find(|code| *code == one.code)?,
            path: files.place(&one.path),
            line: one.line,
            column: one.column,
            severity,
            field: one.field,
            message: one.message,
            hint: one.hint,
        })
    });
    Ok(problems.collect())
}

/// Reads the documents of files and folders, with the problems of reading them.
pub fn read(paths: &[PathBuf]) -> (Docs, Vec<Problem>) {
    let found = files::find(paths);
    let (docs, mut problems) = spec::read(&found.files);
    problems.extend(found.problems);
    problem::sort(&mut problems);
    (docs, problems)
}

fn is_of_promises(problem: &Problem) -> bool {
    OF_PROMISES.contains(&problem.code)
}

/// What a check found.
#[derive(Debug)]
pub struct Findings {
    files: usize,
    objects: usize,
    problems: Vec<Problem>,
}

impl Findings {
    /// Checks the documents of files and folders, as one set.
    pub fn of(paths: &[PathBuf]) -> Self {
        let found = files::find(paths);
        let (docs, mut problems) = spec::read(&found.files);
        problems.extend(found.problems);
        problems.extend(spec::slos(&docs).1);
        problems.extend(spec::lints::thresholds(&docs));
        if !docs.promises.is_empty() {
            problems.retain(|problem| !is_of_promises(problem));
            problems.extend(catalog::check(&found.files).into_iter().filter(is_of_promises));
        }
        problem::sort(&mut problems);
        Findings { files: found.files.len(), objects: docs.objects, problems }
    }

    /// Takes what was found with a look at what is in force, in place of what was said without it of promises, and of
    /// names that lead into another set.
    fn put_in_force(&mut self, problems: Vec<Problem>) {
        let place = |one: &Problem| (one.path.clone(), one.line, one.column);
        let elsewhere = problems.iter().filter(|one| one.code == code::SOURCE_ELSEWHERE);
        let elsewhere: BTreeSet<_> = elsewhere.map(place).collect();
        self.problems.retain(|problem| {
            let leads_elsewhere =
                problem.code == code::UNRESOLVED_REFERENCE && elsewhere.contains(&place(problem));
            !is_of_promises(problem) && !leads_elsewhere
        });
        self.problems.extend(problems);
        problem::sort(&mut self.problems);
    }

    /// Whether the check fails: on errors, and on warnings where it is strict.
    pub fn fail(&self, strict: bool) -> bool {
        if strict { !self.problems.is_empty() } else { self.errors() > 0 }
    }

    fn errors(&self) -> usize {
        self.problems.iter().filter(|problem| problem.is_error()).count()
    }

    /// The problems, each with its hint, and a last line that counts them.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for problem in &self.problems {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{problem}");
        }
        let (errors, all) = (self.errors(), self.problems.len());
        let counts = match (errors, all - errors) {
            (0, 0) => "no problems".to_owned(),
            (0, warnings) => count(warnings, "warning"),
            (errors, 0) => count(errors, "error"),
            (errors, warnings) => {
                format!("{}, {}", count(errors, "error"), count(warnings, "warning"))
            }
        };
        let _ = writeln!(
            text,
            "{}, {}: {counts}",
            count(self.files, "file"),
            count(self.objects, "object")
        );
        text
    }

    /// The same as one JSON object.
    pub fn json(&self) -> String {
        let errors = self.errors();
        let json = Json {
            files: self.files,
            objects: self.objects,
            errors,
            warnings: self.problems.len() - errors,
            problems: self.problems.iter().map(JsonProblem::of).collect(),
        };
        // Texts and numbers always have a JSON form.
        let mut text = serde_json::to_string_pretty(&json).unwrap_or_default();
        text.push('\n');
        printable_json(&text).into_owned()
    }
}

fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

#[derive(Serialize)]
struct Json<'a> {
    files: usize,
    objects: usize,
    errors: usize,
    warnings: usize,
    problems: Vec<JsonProblem<'a>>,
}

#[derive(Serialize)]
struct JsonProblem<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    severity: String,
    code: &'a str,
    field: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
}

impl<'a> JsonProblem<'a> {
    fn of(problem: &'a Problem) -> Self {
        JsonProblem {
            path: &problem.path,
            line: problem.line,
            column: problem.column,
            severity: problem.severity.to_string(),
            code: problem.code,
            field: &problem.field,
            message: &problem.message,
            hint: problem.hint.as_deref(),
        }
    }
}
