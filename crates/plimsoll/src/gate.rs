//! `plimsoll gate`: whether a change may pass, for pipelines.

use std::{process::ExitCode, time::Duration};

use clap::ValueEnum;
use plimsoll_core::promise::policy::Policy;
use plimsoll_server::api::{decisions::ServiceDecision, gate::GateReport};

use crate::{
    client::{self, At, path, query},
    decision::{SOLO, reasons},
    failure::{Asked, Failure, USAGE},
    output,
    page::Page,
    time,
};

mod unanswered;

/// Exit code when the change may not pass.
const REFUSED: u8 = 1;

/// Exit code when nothing is known of the service, or nobody can be asked.
const UNKNOWN: u8 = 3;

/// Ask whether a change of a service may pass
///
/// Exits with 0 where it may, 1 where it may not, 2 where the question or what it is asked with is wrong, and 3 where
/// nothing is known of the service or the server does not answer. A change of a kind that may always pass does so,
/// with a warning, also where nobody could be asked: the server is away, the token does not hold, there is no folder.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The service that is changed
    service: String,
    /// Of which kind the change is, such as feature or p0-fix; the policy lets some kinds pass always
    #[arg(long)]
    kind: Option<String>,
    /// How much it may break
    #[arg(long, value_parser = ["low", "normal", "high"], default_value = "normal")]
    risk: String,
    /// Its name, such as a commit
    #[arg(long)]
    change: Option<String>,
    /// Whether it may pass where nothing is known
    #[arg(long, value_enum, default_value_t)]
    on_unknown: OnUnknown,
    /// Only say what the answer is: exit with 0 also where the change may not pass, and where nobody could be asked or
    /// the question is wrong; a misspelt option is still one
    #[arg(long)]
    shadow: bool,
    /// Wait no longer than this for an answer: 500ms, 10s or 2m
    #[arg(long, value_name = "TIME", value_parser = time::wait, default_value = "10s")]
    timeout: Duration,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum OnUnknown {
    Allow,
    #[default]
    Refuse,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when what is to be said cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match answer(args) {
        Ok((answer, report)) => answered(args, &answer, &report),
        Err(failure) => unanswered(args, &failure),
    }
}

/// What the server says of the change, as it wrote it and read.
fn answer(args: &Args) -> Result<(String, GateReport), Failure> {
    let wish = [
        ("kind", args.kind.clone()),
        ("risk", Some(args.risk.clone())),
        ("change", args.change.clone()),
    ];
    let at = query(&path(&["services", &args.service, "decision"]), &wish);
    let answer = args.at.client_within(args.timeout)?.get(&at)?;
    let report = client::read(answer.as_bytes())?;
    Ok((answer, report))
}

fn answered(args: &Args, answer: &str, report: &GateReport) -> Result<ExitCode, Failure> {
    let is_unknown = report.decision.verdict == "unknown";
    let passes = report.allowed || (is_unknown && args.on_unknown == OnUnknown::Allow);
    output::one(answer, args.json, |report, page| tell(report, args, passes, page))?;
    Ok(exit(args, passes, if is_unknown { UNKNOWN } else { REFUSED }))
}

fn exit(args: &Args, passes: bool, otherwise: u8) -> ExitCode {
    if passes || args.shadow { ExitCode::SUCCESS } else { ExitCode::from(otherwise) }
}

/// There is no answer: nothing is known, and which kinds the policy exempts is not, either.
fn unanswered(args: &Args, failure: &Failure) -> Result<ExitCode, Failure> {
    let exempt = Policy::default().exempt_kinds;
    let is_exempt = args.kind.as_ref().is_some_and(|kind| exempt.contains(kind));
    // A wrong question is wrong for every kind; it was answered, so that somebody is there to put it right.
    let is_exempt = is_exempt && failure.asked() != Asked::Answered;
    let is_away = failure.asked() == Asked::Nobody;
    let passes = is_exempt || (is_away && args.on_unknown == OnUnknown::Allow);
    let why = match (is_exempt, passes, is_away) {
        (true, ..) => "nothing is known; it is of a kind that may always pass",
        (_, true, _) => "nothing is known; --on-unknown allow lets it pass",
        (_, _, true) => {
            "nothing is known; what is unknown does not pass; --on-unknown allow would let it"
        }
        _ if failure.asked() == Asked::Answered => "the question is wrong",
        _ => "nobody could be asked, for what it is asked with is wrong",
    };
    failure.report();
    let word = if passes { "allowed" } else { "refused" };
    output::note(&format!("{word}: {}: {why}", args.service));
    if args.shadow && !passes {
        let each = if is_away { "this" } else { "every change, until that is put right," };
        output::note(&format!(
            "shadow: nothing is held up: without --shadow {each} would be refused"
        ));
    }
    if args.json {
        output::json(&unanswered::json(args, failure, is_exempt, why)?)?;
    }
    Ok(exit(args, passes, if is_away { UNKNOWN } else { USAGE }))
}

fn tell(report: &GateReport, args: &Args, passes: bool, page: &mut Page) {
    let GateReport { decision, allowed, why, expires, .. } = report;
    let why = if passes && !allowed {
        "nothing is known of it, and --on-unknown allow lets it pass"
    } else {
        why.as_str()
    };
    page.fact(if passes { "ALLOWED" } else { "REFUSED" }, &format!("{}: {why}", decision.service));
    if !passes && args.shadow {
        page.fact("shadow", "nothing is held up: without --shadow this would be refused");
    }
    reasons(&decision.reasons, page);
    page.fact("policy", &format!("{}: {}", decision.policy, decision.policy_agreement));
    if let (Some(name), Some(standing)) = (&decision.promise, &decision.promise_agreement) {
        page.fact("promise", &format!("{name}: {standing}"));
    }
    for notice in notices(decision) {
        page.fact("", &notice);
    }
    page.fact("", &format!("as of {}, ask again after {expires}", decision.at));
}

/// What else somebody should know who relies on the policy.
fn notices(decision: &ServiceDecision) -> Vec<String> {
    let overdue = decision.policy_overdue.as_ref();
    let overdue = overdue.map(|due| format!("it had to be looked at again by {due}"));
    let solo = decision.policy_solo.then(|| format!("solo mode: {SOLO}"));
    overdue.into_iter().chain(solo).collect()
}
