//! The page of a statement: where the budget of an objective went, by account and by day, raw beside adjusted.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use plimsoll_core::{
    printable::printable,
    promise::{budget::Budget, statement::Posting},
    ratio::{grouped, percent, percent_ceil, percent_floor, tenths_adding_up, tenths_ceil},
    time::{Date, utc},
};

use super::page;
use crate::{
    api::{
        App,
        actor::Actor,
        attributions::{AccountKind, Attribution},
        budgets::{Stated, StatementQuery, account, stated},
        call::{Named, Params},
        exclusions::Exclusion,
        interval::Interval,
        problem::{Problem, ProblemDocument},
    },
    limits::PAGE_LINES_MAX,
};

#[derive(Template)]
#[template(path = "statement.html")]
struct Statement {
    solo: Vec<String>,
    objective: String,
    window: String,
    other_windows: Vec<String>,
    from: String,
    to: String,
    /// As it is held against the promise, and as if nothing were excluded.
    views: [Row; 2],
    accounts: Vec<Posted>,
    days: Vec<DayPosted>,
    days_left_out: usize,
    said: Vec<Said>,
    said_left_out: usize,
}

/// A budget, with or without what is excluded.
struct Row {
    name: &'static str,
    left: String,
    class: &'static str,
    spent: String,
    events: String,
    coverage: String,
}

struct Posted {
    account: String,
    share: String,
}

struct DayPosted {
    day: String,
    account: String,
    share: String,
}

/// What somebody said of an interval.
struct Said {
    time: String,
    what: String,
    who: String,
    why: String,
}

/// Where the budget of an objective went.
#[utoipa::path(get, path = "/statements/{slo}", tag = "pages",
    params(("slo" = String, Path, description = "Its name."), StatementQuery),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 404, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(crate) async fn statement(
    State(app): State<Arc<App>>,
    Named(objective): Named,
    Params(query): Params<StatementQuery>,
) -> Result<Response, Problem> {
    let stated = stated(&app, &objective, &query).await?;
    let solo = super::solo(&app.desk.published().read());
    page(&filled(solo, objective, stated))
}

fn filled(solo: Vec<String>, objective: String, stated: Stated) -> Statement {
    let Stated { window, other_windows, statement, exclusions, attributions } = stated;
    let span = statement.budget.extent.span;
    let postings = &statement.postings;
    let shares: Vec<i64> = postings.iter().map(|posting| posting.share_ppb).collect();
    // The lines add up to what is said to be spent, and the days of an account to its line.
    let tenths = tenths_adding_up(&shares, tenths_ceil(shares.iter().sum()));
    let lines = || postings.iter().zip(tenths.iter().copied());
    let mut days: Vec<(Date, DayPosted)> =
        lines().flat_map(|(posting, tenths)| days_of(posting, tenths)).collect();
    // The newest first; within a day the largest account first, as they come.
    days.sort_by_key(|(day, _)| std::cmp::Reverse(*day));
    let days_left_out = days.len().saturating_sub(PAGE_LINES_MAX);
    let excluded = exclusions.iter().map(excluded);
    let mut said: Vec<Said> = excluded.chain(attributions.iter().map(attributed)).collect();
    let said_left_out = said.len().saturating_sub(PAGE_LINES_MAX);
    said.truncate(PAGE_LINES_MAX);
    Statement {
        solo,
        objective,
        window: window.to_string(),
        other_windows: other_windows.iter().map(ToString::to_string).collect(),
        from: utc(span.from),
        to: utc(span.to),
        views: [row("adjusted", &statement.budget), row("raw", &statement.raw)],
        accounts: lines().map(|(posting, tenths)| posted(posting, tenths)).collect(),
        days: days.into_iter().take(PAGE_LINES_MAX).map(|(_, day)| day).collect(),
        days_left_out,
        said,
        said_left_out,
    }
}

fn row(name: &'static str, budget: &Budget) -> Row {
    let (left, class) = super::overview::left_of(budget);
    let spend = &budget.spend;
    let used = percent_ceil(spend.spent_ppb(budget.target));
    Row {
        name,
        left,
        class,
        spent: if spend.is_unseen() { "–".to_owned() } else { used },
        events: format!(
            "{} of {}",
            grouped(spend.sums.bad.into()),
            grouped((spend.sums.good + spend.sums.bad).into())
        ),
        coverage: percent_floor(spend.coverage_ppb() as i64),
    }
}

/// `maintenance db-move`.
fn named(posting: &Posting) -> String {
    let (word, name) = account(&posting.account);
    let word = word.replace('_', " ");
    name.map_or_else(|| word.clone(), |name| printable(&format!("{word} {name}")).into_owned())
}

fn posted(posting: &Posting, tenths: i64) -> Posted {
    Posted { account: named(posting), share: percent(tenths) }
}

fn days_of(posting: &Posting, tenths: i64) -> impl Iterator<Item = (Date, DayPosted)> {
    let shares: Vec<i64> = posting.days.iter().map(|day| day.share_ppb).collect();
    posting.days.iter().zip(tenths_adding_up(&shares, tenths)).map(|(day, tenths)| {
        let date = Date::of(day.day);
        let share = percent(tenths);
        (date, DayPosted { day: date.to_string(), account: named(posting), share })
    })
}

fn excluded(exclusion: &Exclusion) -> Said {
    said(&exclusion.interval, "does not count", &exclusion.by, Some(&exclusion.reason))
}

fn attributed(attribution: &Attribution) -> Said {
    let kind = match attribution.account.kind {
        AccountKind::Incident => "incident",
        AccountKind::Change => "change",
        AccountKind::Maintenance => "maintenance",
    };
    let what = format!("put down to {kind} {}", attribution.account.name);
    said(&attribution.interval, &what, &attribution.by, attribution.reason.as_ref())
}

fn said(interval: &Interval, what: &str, by: &Actor, why: Option<&String>) -> Said {
    let minute = super::exceptions::minute;
    Said {
        time: format!("{} to {}", minute(&interval.from), minute(&interval.to)),
        what: printable(what).into_owned(),
        who: super::exceptions::handle(by),
        why: why.map_or_else(String::new, |why| printable(why).into_owned()),
    }
}
