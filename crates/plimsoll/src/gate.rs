//! `plimsoll gate`: whether a change may pass, for pipelines.

use std::process::ExitCode;

use clap::ValueEnum;
use plimsoll_core::promise::policy::Policy;
use plimsoll_server::api::{decisions::ServiceDecision, gate::GateReport};

use crate::{
    client::{self, At, path, query},
    decision::{SOLO, reasons},
    failure::{Failure, USAGE},
    output,
    page::Page,
};

/// Exit code when the change may not pass.
const REFUSED: u8 = 1;

/// Exit code when nothing is known of the service, or nobody can be asked.
const UNKNOWN: u8 = 3;

/// Ask whether a change of a service may pass
///
/// Exits with 0 where it may, 1 where it may not, 2 where the question is wrong, and 3 where nothing is known of the
/// service or the server cannot be asked.
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
    /// Only say what the answer is: exit with 0 also where the change may not pass
    #[arg(long)]
    shadow: bool,
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
/// [`Failure`], when there is no such service, or the question is wrong.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let wish = [
        ("kind", args.kind.clone()),
        ("risk", Some(args.risk.clone())),
        ("change", args.change.clone()),
    ];
    let at = query(&path(&["services", &args.service, "decision"]), &wish);
    let answer = match args.at.client()?.get(&at) {
        Ok(answer) => answer,
        Err(failure) if failure.code() == USAGE => return Ok(unreachable(args, &failure)),
        // That the question is wrong is no answer to it.
        Err(failure) => return Err(failure.with_code(USAGE)),
    };
    let report: GateReport = client::read(answer.as_bytes())?;
    let is_unknown = report.decision.verdict == "unknown";
    let passes = report.allowed || (is_unknown && args.on_unknown == OnUnknown::Allow);
    output::one(&answer, args.json, |report, page| tell(report, args, passes, page))?;
    Ok(exit(args, passes, is_unknown))
}

fn exit(args: &Args, passes: bool, is_unknown: bool) -> ExitCode {
    match (passes || args.shadow, is_unknown) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::from(UNKNOWN),
        (false, false) => ExitCode::from(REFUSED),
    }
}

/// Nobody can be asked: nothing is known, and what kinds the policy exempts is not, either.
fn unreachable(args: &Args, failure: &Failure) -> ExitCode {
    let exempt = Policy::default().exempt_kinds;
    let is_exempt = args.kind.as_ref().is_some_and(|kind| exempt.contains(kind));
    let passes = is_exempt || args.on_unknown == OnUnknown::Allow;
    failure.report();
    let why = match (is_exempt, passes) {
        (true, _) => "it is of a kind that may always pass",
        (false, true) => "--on-unknown allow lets it pass",
        (false, false) => "what is unknown does not pass; --on-unknown allow would let it",
    };
    let word = if passes { "allowed" } else { "refused" };
    output::note(&format!("{word}: {}: nothing is known; {why}", args.service));
    exit(args, passes, true)
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
