//! `plimsoll decision`: what the budgets say about the next change of each service.

use std::{collections::BTreeSet, process::ExitCode};

use clap::Subcommand;
use plimsoll_core::ratio::grouped;
use plimsoll_server::api::{
    agreements::Role,
    decisions::{
        DecisionHistory, FrozenReading, MadeDecision, Reason, ServiceDecision, VerdictMinutes,
    },
    exit::{Exit, NewExit},
};

use crate::{
    agreement,
    budget::share,
    client::{self, At, path, query},
    failure::Failure,
    look, output,
    page::Page,
    table::Table,
    words::{counted, lasting, minute},
};

/// What a policy allows that has solo mode.
pub const SOLO: &str = "one person may sign for both sides and approve their own exceptions";

/// Decisions: whether services may be changed, and why
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the services with the decision about each
    List(look::List),
    /// Show when the decision about a service became another, and for how long each stood
    History {
        /// The service
        service: String,
        /// So many days back, up to 400
        #[arg(long, default_value_t = 90)]
        days: u32,
        /// Print the JSON of the interface
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
    /// Sign an early exit from *stabilise*: what spent the budget is mended
    ///
    /// It holds when product and engineering both signed, until a further tenth of a budget is spent.
    Exit {
        /// The service
        service: String,
        /// For whom you sign
        #[arg(long, value_name = "ROLE", value_parser = agreement::role)]
        role: Role,
        /// What was mended, and how that is known
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Print the JSON of the interface
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
    /// Show a decision as it was made, by the number of its entry in the journal
    Show(look::Show),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when the server cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::List(list) => list.print("decisions", table)?,
        Act::History { service, days, json, at } => {
            let place = path(&["services", service, "decisions"]);
            let answer = at.client()?.get(&query(&place, &[("days", Some(days.to_string()))]))?;
            output::one(&answer, *json, history)?;
        }
        Act::Exit { service, role, reason, json, at } => {
            let new = NewExit { role: *role, reason: reason.clone() };
            let answer = at.client()?.post(&path(&["services", service, "exit"]), &new)?;
            if *json {
                output::json(&answer)?;
            } else {
                output::say(&signed(&client::read(answer.as_bytes())?))?;
            }
        }
        Act::Show(one) => one.print("decisions", shown)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(decisions: Vec<ServiceDecision>) -> Table {
    let nothing = "there is no service; plimsoll apply declares them";
    let mut table = Table::new(nothing, &["SERVICE", "DECISION", "POLICY", "WHY"]);
    let solo = decisions.iter().filter(|one| one.policy_solo).map(|one| one.policy.clone());
    let solo: BTreeSet<String> = solo.collect();
    for ServiceDecision { service, verdict, reasons, policy, policy_agreed, .. } in decisions {
        let why = reasons.into_iter().next().map(|reason| reason.text).unwrap_or_default();
        let policy = if policy_agreed { policy } else { format!("{policy} (not agreed)") };
        table.row([service, verdict, policy, why]);
    }
    if !solo.is_empty() {
        let policies = solo.into_iter().collect::<Vec<_>>().join(", ");
        table.below(&format!("solo mode: by the policy {policies} {SOLO}"));
    }
    table
}

fn signed(exit: &Exit) -> String {
    if exit.in_force.is_some() {
        let until = "until a further tenth of one is spent";
        return format!(
            "both signed: the spent budgets of {0} call for caution, {until}; plimsoll gate {0} says what follows",
            exit.service
        );
    }
    let other = match exit.signed.first().map(|signature| &*signature.role) {
        Some("product") => "engineering",
        _ => "product",
    };
    format!("signed; {other} must sign, too")
}

fn history(history: &DecisionHistory, page: &mut Page) {
    let DecisionHistory { service, from, to, minutes, turns } = history;
    let VerdictMinutes { ship, caution, unknown, stabilise, undecided } = minutes;
    page.fact("service", service);
    page.fact("from", &format!("{} to {} UTC", minute(from), minute(to)));
    for (word, minutes) in [
        ("ship", ship),
        ("caution", caution),
        ("unknown", unknown),
        ("stabilise", stabilise),
        ("undecided", undecided),
    ] {
        if *minutes > 0 {
            page.fact(word, &lasting(*minutes));
        }
    }
    page.gap();
    for turn in turns {
        page.fact(
            &turn.verdict,
            &format!("since {} UTC (entry {})", minute(&turn.since), turn.entry),
        );
    }
}

/// Reasons behind what each alone would decide. A sentence that begins with that word does not say it twice.
pub fn reasons(reasons: &[Reason], page: &mut Page) {
    for Reason { verdict, text } in reasons {
        let rest = text.strip_prefix(verdict.as_str()).and_then(|rest| rest.strip_prefix(' '));
        page.fact(verdict, rest.unwrap_or(text));
    }
}

fn shown(made: &MadeDecision, page: &mut Page) {
    let MadeDecision { entry, written, service, at, verdict, policy, .. } = made;
    page.fact(verdict, &format!("{service}, as of {at}"));
    reasons(&made.reasons, page);
    page.fact("policy", policy);
    page.fact("entry", &format!("{entry} of the journal, written {written}"));
    if made.readings.is_empty() {
        return;
    }
    page.gap();
    for FrozenReading { slo, window, budget, .. } in &made.readings {
        let events = counted(budget.good + budget.bad, "event");
        let bad = grouped(budget.bad.into());
        let seen = share(&budget.coverage);
        let text = format!("{slo} over {window}: {bad} of {events} were bad; {seen} was seen");
        page.fact("from", &text);
    }
    if made.left_out > 0 {
        page.fact("", &format!("and {} more, which the entry does not hold", made.left_out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_its_verdict_once() {
        let reason = |text: &str| Reason { verdict: "stabilise".into(), text: text.into() };
        let mut page = Page::new(None);
        reasons(&[reason("stabilise for 14 days: bring it before ada"), reason("x: y")], &mut page);
        let text = page.into_text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with("for 14 days: bring it before ada"), "{text}");
        assert_eq!(text.matches("stabilise").count(), 2, "{text}");
        assert!(lines[1].ends_with("x: y"), "{text}");
    }
}
