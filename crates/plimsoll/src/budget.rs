//! `plimsoll budget`: what is left of the budgets, and where they went.

use std::{collections::BTreeSet, process::ExitCode};

use jiff::Timestamp;
use plimsoll_core::ratio::{grouped, parse_decimal_ppb, percent_ceil, percent_floor};
use plimsoll_server::api::{
    budgets::{BudgetFigures, BudgetReport, Burn, Line, WindowBudget},
    exact::Exact,
    slos::Slo,
};

use crate::{
    client::{At, Client, List, path, query},
    failure::Failure,
    output, slo,
    table::Table,
    time,
    words::lasting,
};

mod statement;

/// Less than that is something all the same.
const TENTH_OF_PERCENT_PPB: i64 = 1_000_000;

/// Show what is left of the budgets of SLOs, of all of them where none is named
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The names of SLOs
    #[arg(value_name = "SLO")]
    slos: Vec<String>,
    /// As it stood then, as far as it is known now: 2026-11-23T06:45Z or "2026-11-23 06:45" in UTC
    #[arg(long = "at", id = "moment", value_name = "TIME", value_parser = time::parse)]
    moment: Option<Timestamp>,
    /// Show where the budgets went, window by window, raw beside adjusted, with what is excluded
    #[arg(long)]
    statement: bool,
    /// Of this window alone, such as 28d
    #[arg(long, value_name = "WINDOW", requires = "statement")]
    window: Option<String>,
    /// The same by day
    #[arg(long, requires = "statement")]
    days: bool,
    /// Print the JSON of the interface: one object for one name (of a statement: and one window), else a list
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when there is no such SLO or the server cannot be reached.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut client = args.at.client()?;
    let moment = [("at", args.moment.map(|at| at.to_string()))];
    if args.slos.is_empty() && !args.statement {
        let list = client.list(&query(&path(&["budgets"]), &moment))?;
        output::list(&list, args.json, budgets)?;
        return Ok(ExitCode::SUCCESS);
    }
    let names = if args.slos.is_empty() { all(&mut client)? } else { args.slos.clone() };
    if args.statement {
        statement::print(args, &mut client, &names)?;
        return Ok(ExitCode::SUCCESS);
    }
    let ask = |name: &String| client.get(&query(&path(&["slos", name, "budget"]), &moment));
    let answers: Vec<String> = names.iter().map(ask).collect::<Result<_, _>>()?;
    match (answers.as_slice(), args.slos.len()) {
        ([answer], 1) if args.json => output::json(answer)?,
        _ => output::list(&List::of(answers)?, args.json, budgets)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn all(client: &mut Client) -> Result<Vec<String>, Failure> {
    let slos: Vec<Slo> = client.list(&path(&["slos"]))?.read()?;
    Ok(slos.into_iter().map(|slo| slo.name).collect())
}

fn budgets(reports: Vec<BudgetReport>) -> Table {
    let headings = [
        "SLO",
        "WINDOW",
        ">TARGET",
        ">LEFT",
        ">RAW",
        ">BAD",
        ">OF",
        ">OUTAGE LEFT",
        ">COVERAGE",
        ">BURN",
    ];
    let mut table = Table::new("there is no SLO; plimsoll apply declares them", &headings);
    for why in gone(&reports) {
        output::note(why);
    }
    for BudgetReport { slo, target, windows, burns, .. } in reports {
        let last_hour = burns.iter().find(|burn| burn.lookback_minutes == 60);
        let burn = last_hour.or(burns.first()).map(burn).unwrap_or_default();
        for WindowBudget { window, budget, raw, why } in windows {
            let target = slo::percent(&target);
            let [left, bad, all, outage, coverage] = match budget {
                Some(budget) => figures(&budget),
                None => [
                    why.unwrap_or_default(),
                    String::new(),
                    String::new(),
                    String::new(),
                    String::new(),
                ],
            };
            table.row([
                slo.clone(),
                window,
                target,
                left,
                raw.as_ref().map(left_of).unwrap_or_default(),
                bad,
                all,
                outage,
                coverage,
                burn.clone(),
            ]);
        }
    }
    table
}

/// Why budgets rest on less than their whole windows, each reason once.
fn gone(reports: &[BudgetReport]) -> BTreeSet<&str> {
    let windows = reports.iter().flat_map(|report| &report.windows);
    windows.filter(|one| one.budget.is_some()).filter_map(|one| one.why.as_deref()).collect()
}

/// What is left, bad events, all events, the outage that would spend the rest, the coverage.
fn figures(budget: &BudgetFigures) -> [String; 5] {
    let outage = match (budget.is_spent, budget.left_seconds) {
        (Some(false), Some(seconds)) => lasting(seconds / 60),
        (Some(true), _) => "none".to_owned(),
        _ => String::new(),
    };
    [
        left_of(budget),
        grouped(budget.bad.into()),
        grouped(u128::from(budget.good) + u128::from(budget.bad)),
        outage,
        share(&budget.coverage),
    ]
}

/// Nothing is known of a budget that nothing was measured of; least of all that it is whole.
fn left_of(budget: &BudgetFigures) -> String {
    budget.left.as_ref().map_or_else(|| "unknown".to_owned(), share)
}

/// `14.4× in 1 h`.
fn burn(burn: &Burn) -> String {
    let Some(rate) = burn.rate.as_ref().map(Exact::as_str) else {
        return "unknown".to_owned();
    };
    let end = rate.find('.').map_or(rate.len(), |point| rate.len().min(point + 2));
    format!("{}× in {}", &rate[..end], lasting(burn.lookback_minutes.into()))
}

fn account(line: &Line) -> String {
    let account = line.account.replace('_', " ");
    line.name.as_ref().map_or_else(|| account.clone(), |name| format!("{account} {name}"))
}

/// What is left or covered, as a person reads it, never better than it is: `75.9 %`.
pub fn share(share: &Exact) -> String {
    match ppb(share) {
        None => share.as_str().to_owned(),
        Some(1..TENTH_OF_PERCENT_PPB) => "< 0.1 %".to_owned(),
        Some(ppb) => percent_floor(ppb),
    }
}

/// What is spent, never less than it is.
pub fn spent(share: &Exact) -> String {
    ppb(share).map_or_else(|| share.as_str().to_owned(), percent_ceil)
}

fn ppb(share: &Exact) -> Option<i64> {
    let text = share.as_str();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let ppb = i64::try_from(parse_decimal_ppb(digits).ok()?).ok()?;
    Some(sign * ppb)
}
