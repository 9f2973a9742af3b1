//! `plimsoll budget --statement`: where the budgets went, window by window, raw beside adjusted.

use std::fmt::Write as _;

use jiff::Timestamp;
use plimsoll_core::ratio::{grouped, percent, tenths_adding_up, tenths_ceil};
use plimsoll_server::api::budgets::{
    BudgetFigures, Line, StatementReport, WindowBudget, WindowsReport,
};

use super::{Args, account, left_of, ppb, share, spent};
use crate::{
    client::{Client, List, path, query},
    failure::Failure,
    mark::{attribution, exclusion},
    output,
    table::Table,
    words::minute,
};

/// Prints the statements of these objectives.
///
/// # Errors
/// [`Failure`], when there is no such objective or window, or the server cannot be reached.
pub fn print(args: &Args, client: &mut Client, names: &[String]) -> Result<(), Failure> {
    let mut answers = Vec::new();
    for name in names {
        for window in windows(args, client, name)? {
            let wish = [("window", Some(window)), ("at", args.moment.map(|at| at.to_string()))];
            answers.push(client.get(&query(&path(&["slos", name, "statement"]), &wish))?);
        }
    }
    if let ([answer], [_], Some(_), true) = (&*answers, &*args.slos, &args.window, args.json) {
        return output::json(answer);
    }
    let list = List::of(answers)?;
    if args.json {
        return output::json(&list.json());
    }
    let statements: Vec<StatementReport> = list.read()?;
    let texts: Vec<String> = statements.into_iter().map(|one| text(one, args.days)).collect();
    output::print(if texts.is_empty() { "there is no statement\n" } else { "" })?;
    output::print(&texts.join("\n"))
}

/// The windows of an objective that are asked for. One that is named is asked for as it is, so that the server says
/// what there is instead; of all objectives, those that have it.
fn windows(args: &Args, client: &mut Client, name: &str) -> Result<Vec<String>, Failure> {
    if let (Some(window), false) = (&args.window, args.slos.is_empty()) {
        return Ok(vec![window.clone()]);
    }
    let moment = [("at", args.moment.map(|at| at.to_string()))];
    let report: WindowsReport = client.read(&query(&path(&["slos", name, "windows"]), &moment))?;
    let mut names = Vec::new();
    for WindowBudget { window, budget, why, .. } in report.windows {
        if args.window.as_ref().is_some_and(|wanted| *wanted != window) {
            continue;
        }
        match budget {
            Some(_) => names.push(window),
            None => output::note(&format!("{name} over {window}: {}", why.unwrap_or_default())),
        }
    }
    Ok(names)
}

fn text(report: StatementReport, with_days: bool) -> String {
    let columns = output::terminal_columns();
    let StatementReport { slo, window, why, budget, raw, postings, exclusions, attributions } =
        report;
    let (from, to) = (minute(&budget.from), minute(&budget.to));
    let mut text = format!("{slo} over {window}, {from} to {to} UTC\n");
    if let Some(why) = why {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{why}");
    }
    text += &views(&budget, &raw).text(columns);
    text.push('\n');
    text += &accounts(&budget, &postings).text(columns);
    if with_days && !postings.is_empty() {
        text.push('\n');
        text += &by_day(&postings).text(columns);
    }
    text.push('\n');
    text += &exclusion::table(exclusions).text(columns);
    if !attributions.is_empty() {
        text.push('\n');
        text += &attribution::table(attributions).text(columns);
    }
    text
}

/// The budget as it is held against the promise, and as if nothing were excluded.
fn views(budget: &BudgetFigures, raw: &BudgetFigures) -> Table {
    let headings =
        ["BUDGET", ">LEFT", ">SPENT", ">BAD", ">OF", ">MINUTES", ">EXCLUDED", ">COVERAGE"];
    let mut table = Table::new("", &headings);
    for (name, budget) in [("adjusted", budget), ("raw", raw)] {
        let at = |time: &str| time.parse::<Timestamp>().map_or(0, Timestamp::as_second);
        let minutes = (at(&budget.to) - at(&budget.from)).unsigned_abs() / 60;
        table.row([
            name.to_owned(),
            left_of(budget),
            budget.spent.as_ref().map_or_else(|| "unknown".to_owned(), spent),
            grouped(budget.bad.into()),
            grouped(u128::from(budget.good) + u128::from(budget.bad)),
            grouped(minutes.into()),
            grouped(budget.excluded_minutes.unsigned_abs().into()),
            share(&budget.coverage),
        ]);
    }
    table
}

/// The lines, in tenths of a percent, and their sum.
fn rounded(postings: &[Line]) -> (Vec<i64>, i64) {
    let shares: Vec<i64> =
        postings.iter().map(|line| ppb(&line.share).unwrap_or_default()).collect();
    let total = tenths_ceil(shares.iter().sum());
    (tenths_adding_up(&shares, total), total)
}

fn accounts(budget: &BudgetFigures, postings: &[Line]) -> Table {
    let nothing = match budget.spent {
        Some(_) => "nothing was spent",
        None => "nothing was seen, so that nobody knows what was spent",
    };
    let mut table = Table::new(nothing, &[">SHARE", "WENT ON"]);
    let (tenths, total) = rounded(postings);
    for (line, tenths) in postings.iter().zip(tenths) {
        table.row([percent(tenths), account(line)]);
    }
    if !postings.is_empty() {
        table.row([percent(total), "in all".to_owned()]);
    }
    table
}

/// The postings of each day, the oldest day first. The days of an account add up to its line.
fn by_day(postings: &[Line]) -> Table {
    let mut table = Table::new("", &["DAY (UTC)", ">SHARE", "WENT ON"]);
    let (lines, _) = rounded(postings);
    let mut rows: Vec<(&str, i64, &Line)> = Vec::new();
    for (line, total) in postings.iter().zip(lines) {
        let shares: Vec<i64> =
            line.days.iter().map(|day| ppb(&day.share).unwrap_or_default()).collect();
        let days = line.days.iter().zip(tenths_adding_up(&shares, total));
        rows.extend(days.map(|(day, tenths)| (&*day.day, tenths, line)));
    }
    rows.sort_by_key(|(day, ..)| *day);
    for (day, tenths, line) in rows {
        table.row([day.to_owned(), percent(tenths), account(line)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, share: &str, days: &[(&str, &str)]) -> Line {
        let days = days.iter().map(|(day, share)| format!(r#"{{"day":"{day}","share":{share}}}"#));
        let days = days.collect::<Vec<_>>().join(",");
        let text =
            format!(r#"{{"account":"incident","name":"{name}","share":{share},"days":[{days}]}}"#);
        serde_json::from_str(&text).unwrap()
    }

    /// The figures of a column, in tenths of a percent.
    fn tenths(text: &str) -> Vec<(i64, String)> {
        let rows = text.lines().skip(1).map(|row| {
            let (figure, name) = row.rsplit_once(" %").unwrap();
            let figure = figure.split_whitespace().last().unwrap().replace(',', "");
            let (whole, tenth) = figure.split_once('.').unwrap_or((&figure, "0"));
            (format!("{whole}{tenth}").parse().unwrap(), name.trim().to_owned())
        });
        rows.collect()
    }

    #[test]
    fn lines_and_days_add_up_to_what_was_spent() {
        let postings = [
            line("A", "1.40021", &[("2026-01-05", "0.70011"), ("2026-01-06", "0.7001")]),
            line("B", "0.70024", &[("2026-01-05", "0.30004"), ("2026-01-07", "0.4002")]),
            line("C", "0.00004", &[("2026-01-05", "0.00004")]),
        ];
        let budget: BudgetFigures = serde_json::from_str(
            r#"{"from":"2026-01-01T00:00:00Z","to":"2026-01-31T00:00:00Z","good":1,"bad":1,"coverage":1,
            "excluded_minutes":0,"left":-1.10049,"spent":2.10049,"is_spent":true,"left_seconds":0,"left_events":null}"#,
        )
        .unwrap();
        let rows = tenths(&accounts(&budget, &postings).text(None));
        let (total, lines) = rows.split_last().unwrap();
        // 210.049 % are 210.1 % spent, as the budget says above.
        assert_eq!((total.0, spent(budget.spent.as_ref().unwrap())), (2101, "210.1 %".to_owned()));
        assert_eq!(lines.iter().map(|line| line.0).sum::<i64>(), total.0, "{lines:?}");
        let days = tenths(&by_day(&postings).text(None));
        for (sum, name) in lines {
            let of_it = days.iter().filter(|(_, account)| account == name);
            assert_eq!(of_it.map(|(tenths, _)| tenths).sum::<i64>(), *sum, "{name}: {days:?}");
        }
    }
}
