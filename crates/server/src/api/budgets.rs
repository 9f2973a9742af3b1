//! Budgets: what is left of what an SLO allows, how fast it burns, and where it went.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    catalog::Kind,
    deliver::attribution,
    measure::window::{NoExtent, Window},
    promise::{budget::Budget, cost::Spend, statement::Posting},
    ratio::BILLION,
    time::{Date, Minute},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Answer, report},
    app::App,
    attributions::{self, Attribution},
    auth::Access,
    call::{Named, Params},
    declared,
    exact::Exact,
    exclusions::{self, Exclusion},
    minute,
    page::{Page, PageQuery},
    problem::{Code, Problem, ProblemDocument},
    route::Route,
};
use crate::measure::{
    ask::Statement,
    figures::{Objective, SloFigures, objective_of},
};

/// An SLO as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetReport {
    /// The SLO.
    pub slo: String,
    /// Every minute before it counts.
    #[schema(format = DateTime)]
    pub at: String,
    /// The share that must be good.
    pub target: Exact,
    /// Its windows, each with a budget of its own.
    pub windows: Vec<WindowBudget>,
    /// How fast the budget burned lately.
    pub burns: Vec<Burn>,
}

/// The windows of an SLO.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowsReport {
    /// The SLO.
    pub slo: String,
    /// Every minute before it counts.
    #[schema(format = DateTime)]
    pub at: String,
    /// Its windows, each with a budget of its own.
    pub windows: Vec<WindowBudget>,
}

/// The budget of one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowBudget {
    /// The window, such as `30d`.
    pub window: String,
    /// Its budget, without what is excluded; null where the window has no place in time.
    pub budget: Option<BudgetFigures>,
    /// The same as if nothing were excluded.
    pub raw: Option<BudgetFigures>,
    /// Why there is none, or why less is known of it than was: its first minutes are not kept any more.
    pub why: Option<String>,
}

/// A budget in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetFigures {
    /// The first minute that counts.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first minute after.
    #[schema(format = DateTime)]
    pub to: String,
    /// Good events.
    pub good: u64,
    /// Bad events.
    pub bad: u64,
    /// The share of the minutes that were seen in full.
    pub coverage: Exact,
    /// Minutes that are excluded.
    pub excluded_minutes: i64,
    /// The share of the budget that is left; below 0 where more was spent than there was. Null where nothing was
    /// seen of the window: then nothing is known of its budget.
    pub left: Option<Exact>,
    /// The share that is spent; null where nothing was seen.
    pub spent: Option<Exact>,
    /// Whether it is spent to the last part; null where nothing was seen.
    pub is_spent: Option<bool>,
    /// How many seconds of full outage would spend the rest; null where nothing was seen.
    pub left_seconds: Option<i64>,
    /// How many bad events would spend the rest; null where slices count, where missing minutes have a weight, and
    /// where nothing was seen.
    pub left_events: Option<Exact>,
}

/// How fast the budget burned over a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Burn {
    /// Over how many minutes.
    pub lookback_minutes: u32,
    /// The burn rate: 1 spends the budget in exactly one window. Null where nothing was seen.
    pub rate: Option<Exact>,
    /// Good events.
    pub good: u64,
    /// Bad events.
    pub bad: u64,
    /// The share of the minutes that were seen in full.
    pub coverage: Exact,
}

/// Where a budget went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementReport {
    /// The SLO.
    pub slo: String,
    /// The window.
    pub window: String,
    /// Why less is known of it than was: its first minutes are not kept any more.
    pub why: Option<String>,
    /// The budget, without what is excluded.
    pub budget: BudgetFigures,
    /// The same as if nothing were excluded.
    pub raw: BudgetFigures,
    /// What it went on, the largest first. They sum to what is spent.
    pub postings: Vec<Line>,
    /// What is excluded within the window, by whom, and why.
    pub exclusions: Vec<Exclusion>,
    /// What was put down to accounts within the window, by whom, and why; where two overlap the later holds.
    pub attributions: Vec<Attribution>,
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// What it was spent on: incident, change, maintenance, missing_data or unattributed.
    pub account: String,
    /// The name of the incident, change or maintenance.
    pub name: Option<String>,
    /// The share of the budget.
    pub share: Exact,
    /// The same by day, in order. They sum to it.
    pub days: Vec<DayShare>,
}

/// What was spent on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayShare {
    /// The day, in UTC.
    #[schema(format = Date)]
    pub day: String,
    /// The share of the budget.
    pub share: Exact,
}

/// As of when.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MomentQuery {
    /// As it stood then, as far as it is known now; now, where it is not said.
    #[param(format = DateTime)]
    pub at: Option<String>,
}

/// Which page of the budgets, and as of when.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BudgetsQuery {
    /// As they stood then, as far as it is known now; now, where it is not said.
    #[param(format = DateTime)]
    pub at: Option<String>,
    /// At most so many items, up to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<usize>,
    /// Where the page begins: `next` of the page before.
    #[param(pattern = "^([0-9a-f]{2})+$")]
    pub cursor: Option<String>,
}

/// Of which window, and as of when.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// The window, such as `30d`; the first, where it is not said.
    pub window: Option<String>,
    /// As it stood then, as far as it is known now; now, where it is not said.
    #[param(format = DateTime)]
    pub at: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/budgets", Access::Reader, list),
        Route::get("/api/v1/slos/{slo}/windows", Access::Reader, windows),
        Route::get("/api/v1/slos/{slo}/budget", Access::Reader, budget),
        Route::get("/api/v1/slos/{slo}/statement", Access::Reader, statement),
    ]
}

fn objective(app: &App, slo: &str) -> Result<Objective, Problem> {
    let found = objective_of(&app.desk.published().read(), slo);
    found.ok_or_else(|| declared::none(Kind::Slo, slo))
}

/// The moment that is asked for. One that is yet to come has no figures; clocks that differ by a minute may be.
fn moment(app: &App, at: Option<&String>) -> Result<Option<Minute>, Problem> {
    let Some(at) = at else { return Ok(None) };
    let moment = minute::parse("at", at)?;
    let now = Minute::of_second(app.clock.now().ms.div_euclid(1000));
    if moment > now.plus(1) {
        let hint = "ask for a moment that was, or leave it out for now";
        let detail = format!("at is {moment}, which is yet to come");
        return Err(Problem::new(Code::Invalid, detail, hint).with("field", "at"));
    }
    Ok(Some(moment))
}

async fn figures(
    app: &App,
    slo: &str,
    at: Option<&String>,
) -> Result<(Objective, Minute, SloFigures), Problem> {
    let (objective, at) = (objective(app, slo)?, moment(app, at)?);
    let keeper = app.keeper.clone();
    app.look(move || {
        let (end, figures) = keeper.figures_of(&objective, at)?;
        Ok((objective, end, figures))
    })
    .await
}

/// `kept` is the oldest minute that is kept.
fn report_of(
    objective: &Objective,
    end: Minute,
    figures: &SloFigures,
    kept: Minute,
) -> BudgetReport {
    let target = objective.slo.target;
    let burn = |(minutes, spend): &(u32, Spend)| Burn {
        lookback_minutes: *minutes,
        rate: (!spend.is_unseen()).then(|| Exact::ppb(spend.spent_ppb(target))),
        good: spend.sums.good,
        bad: spend.sums.bad,
        coverage: Exact::ppb(spend.coverage_ppb() as i64),
    };
    BudgetReport {
        slo: objective.name.to_string(),
        at: end.to_string(),
        target: Exact::ppb(target.ppb() as i64),
        windows: windows_of(figures, kept),
        burns: figures.burns.iter().map(burn).collect(),
    }
}

/// All SLOs as they stand: their budgets, and how fast these burned lately.
#[utoipa::path(get, path = "/api/v1/budgets", tag = "budgets", params(BudgetsQuery),
    responses((status = 200, body = Page<BudgetReport>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Params(query): Params<BudgetsQuery>,
) -> Answer {
    let BudgetsQuery { at, limit, cursor } = query;
    let at = moment(&app, at.as_ref())?.unwrap_or_else(|| app.keeper.end());
    let kept = oldest(&app);
    let Page { items: objectives, next } = {
        let state = app.desk.published().read();
        let objective = |name: &str, _: &_| objective_of(&state, name);
        declared::page(&state, Kind::Slo, &PageQuery { limit, cursor }, objective)?
    };
    let mut items = Vec::with_capacity(objectives.len());
    for objective in objectives {
        let keeper = app.keeper.clone();
        // One after the other: whoever asks for all of them holds up nobody who asks for one.
        let look = app.look(move || {
            let (end, figures) = keeper.figures_of(&objective, Some(at))?;
            Ok(report_of(&objective, end, &figures, kept))
        });
        items.push(look.await?);
    }
    report(&Page { items, next })
}

/// The budget of each window, and how fast it burned lately.
#[utoipa::path(get, path = "/api/v1/slos/{slo}/budget", tag = "slos",
    params(("slo" = String, Path, description = "Its name."), MomentQuery),
    responses((status = 200, body = BudgetReport), (status = 404, body = ProblemDocument)))]
pub(super) async fn budget(
    State(app): State<Arc<App>>,
    Named(slo): Named,
    Params(query): Params<MomentQuery>,
) -> Answer {
    let (objective, end, figures) = figures(&app, &slo, query.at.as_ref()).await?;
    report(&report_of(&objective, end, &figures, oldest(&app)))
}

/// The budget of each window.
#[utoipa::path(get, path = "/api/v1/slos/{slo}/windows", tag = "slos",
    params(("slo" = String, Path, description = "Its name."), MomentQuery),
    responses((status = 200, body = WindowsReport), (status = 404, body = ProblemDocument)))]
pub(super) async fn windows(
    State(app): State<Arc<App>>,
    Named(slo): Named,
    Params(query): Params<MomentQuery>,
) -> Answer {
    let (_, end, figures) = figures(&app, &slo, query.at.as_ref()).await?;
    let windows = windows_of(&figures, oldest(&app));
    report(&WindowsReport { slo, at: end.to_string(), windows })
}

/// Where the budget of a window went.
#[utoipa::path(get, path = "/api/v1/slos/{slo}/statement", tag = "slos",
    params(("slo" = String, Path, description = "Its name."), StatementQuery),
    responses((status = 200, body = StatementReport), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument)))]
pub(super) async fn statement(
    State(app): State<Arc<App>>,
    Named(slo): Named,
    Params(query): Params<StatementQuery>,
) -> Answer {
    let stated = stated(&app, &slo, &query).await?;
    let Statement { budget, raw, postings } = &stated.statement;
    report(&StatementReport {
        slo,
        window: stated.window.to_string(),
        why: dropped(budget, oldest(&app)),
        budget: of_budget(budget),
        raw: of_budget(raw),
        postings: postings.iter().map(line).collect(),
        exclusions: stated.exclusions,
        attributions: stated.attributions,
    })
}

/// A statement with what people said about its window.
pub(crate) struct Stated {
    /// Over which window.
    pub(crate) window: Window,
    /// The other windows of the objective.
    pub(crate) other_windows: Vec<Window>,
    /// Where its budget went.
    pub(crate) statement: Statement,
    /// What is excluded.
    pub(crate) exclusions: Vec<Exclusion>,
    /// What was put down to accounts.
    pub(crate) attributions: Vec<Attribution>,
}

/// Where the budget of a window went.
///
/// # Errors
/// Where there is no such objective or window, and where the slots cannot be read.
pub(crate) async fn stated(
    app: &Arc<App>,
    slo: &str,
    query: &StatementQuery,
) -> Result<Stated, Problem> {
    let (objective, at) = (objective(app, slo)?, moment(app, query.at.as_ref())?);
    let window = chosen(&objective, query.window.as_deref())?;
    let windows = objective.slo.windows.iter();
    let other_windows = windows.filter(|other| **other != window).cloned().collect();
    let sli = objective.slo.sli.clone();
    let attributions = app.desk.published().read().attributions(&sli);
    let (keeper, asked) = (app.keeper.clone(), window.clone());
    let found =
        app.look(move || Ok(keeper.statement_of(&objective, &attributions, &asked, at)?)).await?;
    let statement = found.map_err(|why: NoExtent| {
        let detail = format!("the window {window} has no place in time: {why}");
        Problem::new(Code::Invalid, detail, "ask for another moment, or correct the document")
    })?;
    let within = statement.budget.extent.span;
    let (exclusions, attributions) = {
        let state = app.desk.published().read();
        let exclusions = state.exclusions_within(&sli, within);
        let attributions = state.attributions_within(&sli, within);
        (
            exclusions.into_iter().map(exclusions::view).collect(),
            attributions.into_iter().map(attributions::view).collect(),
        )
    };
    Ok(Stated { window, other_windows, statement, exclusions, attributions })
}

fn chosen(objective: &Objective, wanted: Option<&str>) -> Result<Window, Problem> {
    let windows = &objective.slo.windows;
    let found = match wanted {
        None => windows.first(),
        Some(wanted) => windows.iter().find(|window| window.to_string() == wanted),
    };
    found.cloned().ok_or_else(|| {
        let known: Vec<String> = windows.iter().map(ToString::to_string).collect();
        let detail = format!("the SLO has no such window; it has {}", known.join(", "));
        Problem::new(Code::Invalid, detail, "name one of these, as it is written here")
    })
}

/// The oldest minute that is kept.
fn oldest(app: &App) -> Minute {
    app.keeper.kept(app.clock.now().ms).from
}

/// That minutes of a window which were not seen may have been, and are not kept any more.
fn dropped(budget: &Budget, kept: Minute) -> Option<String> {
    let is_whole = budget.spend.coverage_ppb() >= BILLION;
    (budget.extent.span.from < kept && !is_whole)
        .then(|| format!("minutes before {kept} are not kept any more"))
}

fn windows_of(figures: &SloFigures, kept: Minute) -> Vec<WindowBudget> {
    let all = figures.windows.iter().zip(&figures.raw);
    all.map(|((window, budget), raw)| {
        let why = match budget {
            Ok(budget) => dropped(budget, kept),
            Err(none) => Some(none.to_string()),
        };
        let budget = budget.as_ref().ok().map(of_budget);
        let raw = raw.as_ref().map(of_budget).or_else(|| budget.clone());
        WindowBudget { window: window.to_string(), budget, raw, why }
    })
    .collect()
}

pub(super) fn of_budget(budget: &Budget) -> BudgetFigures {
    let (span, spend) = (budget.extent.span, &budget.spend);
    let seen = (!spend.is_unseen()).then_some(budget);
    BudgetFigures {
        from: span.from.to_string(),
        to: span.to.to_string(),
        good: spend.sums.good,
        bad: spend.sums.bad,
        coverage: Exact::ppb(spend.coverage_ppb() as i64),
        excluded_minutes: spend.excluded_minutes,
        left: seen.map(|budget| Exact::ppb(budget.left_ppb())),
        spent: seen.map(|budget| Exact::ppb(spend.spent_ppb(budget.target))),
        is_spent: seen.map(Budget::is_spent),
        left_seconds: seen.map(Budget::left_seconds),
        left_events: seen.and_then(Budget::left_events_ppb).map(|ppb| Exact::decimals(ppb, 9)),
    }
}

/// The word for an account, and the name of what it is of.
pub(crate) fn account(account: &attribution::Account) -> (&'static str, Option<&str>) {
    match account {
        attribution::Account::Incident(name) => ("incident", Some(name)),
        attribution::Account::Change(name) => ("change", Some(name)),
        attribution::Account::Maintenance(name) => ("maintenance", Some(name)),
        attribution::Account::MissingData => ("missing_data", None),
        attribution::Account::Unattributed => ("unattributed", None),
    }
}

fn line(posting: &Posting) -> Line {
    let (account, name) = account(&posting.account);
    let days = posting.days.iter().map(|day| DayShare {
        day: Date::of(day.day).to_string(),
        share: Exact::ppb(day.share_ppb),
    });
    Line {
        account: account.to_owned(),
        name: name.map(str::to_owned),
        share: Exact::ppb(posting.share_ppb),
        days: days.collect(),
    }
}
