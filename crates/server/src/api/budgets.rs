//! Budgets: what is left of what an SLO allows, how fast it burns, and where it went.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    catalog::Kind,
    deliver::attribution,
    measure::window::{NoExtent, Window},
    promise::{budget::Budget, statement::Posting},
    time::Minute,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Answer, report},
    app::App,
    auth::Access,
    call::{Named, Params},
    declared,
    exact::Exact,
    minute,
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
    /// Its budget; null where the window has no place in time.
    pub budget: Option<BudgetFigures>,
    /// Why there is none.
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
    /// The share of the budget that is left; below 0 where more was spent than there was.
    pub left: Exact,
    /// The share that is spent.
    pub spent: Exact,
    /// Whether it is spent to the last part.
    pub is_spent: bool,
    /// How many seconds of full outage would spend the rest.
    pub left_seconds: i64,
    /// How many bad events would spend the rest; null where slices count, or missing minutes have a weight.
    pub left_events: Option<Exact>,
}

/// How fast the budget burned over a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Burn {
    /// Over how many minutes.
    pub lookback_minutes: u32,
    /// The burn rate: 1 spends the budget in exactly one window.
    pub rate: Exact,
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
    /// The budget.
    pub budget: BudgetFigures,
    /// What it went on, the largest first. They sum to what is spent.
    pub postings: Vec<Line>,
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
        Route::get("/api/v1/slos/{slo}/windows", Access::Reader, windows),
        Route::get("/api/v1/slos/{slo}/budget", Access::Reader, budget),
        Route::get("/api/v1/slos/{slo}/statement", Access::Reader, statement),
    ]
}

fn objective(app: &App, slo: &str) -> Result<Objective, Problem> {
    let found = objective_of(&app.desk.published().read(), slo);
    found.ok_or_else(|| declared::none(Kind::Slo, slo))
}

fn moment(at: Option<&String>) -> Result<Option<Minute>, Problem> {
    at.map(|at| minute::parse("at", at)).transpose()
}

async fn figures(
    app: &App,
    slo: &str,
    at: Option<&String>,
) -> Result<(Objective, Minute, SloFigures), Problem> {
    let (objective, at) = (objective(app, slo)?, moment(at)?);
    let keeper = app.keeper.clone();
    app.look(move || {
        let (end, figures) = keeper.figures_of(&objective, at)?;
        Ok((objective, end, figures))
    })
    .await
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
    let target = objective.slo.target;
    let burn = |(minutes, spend): &(u32, plimsoll_core::promise::cost::Spend)| Burn {
        lookback_minutes: *minutes,
        rate: Exact::ppb(spend.spent_ppb(target)),
        good: spend.sums.good,
        bad: spend.sums.bad,
        coverage: Exact::ppb(spend.coverage_ppb() as i64),
    };
    report(&BudgetReport {
        slo,
        at: end.to_string(),
        target: Exact::ppb(target.ppb() as i64),
        windows: figures.windows.iter().map(window).collect(),
        burns: figures.burns.iter().map(burn).collect(),
    })
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
    let windows = figures.windows.iter().map(window).collect();
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
    let (objective, at) = (objective(&app, &slo)?, moment(query.at.as_ref())?);
    let window = chosen(&objective, query.window.as_deref())?;
    let attributions = app.desk.published().read().attributions(&objective.slo.sli);
    let (keeper, asked) = (app.keeper.clone(), window.clone());
    let found =
        app.look(move || Ok(keeper.statement_of(&objective, &attributions, &asked, at)?)).await?;
    let Statement { budget, postings } = found.map_err(|why: NoExtent| {
        let detail = format!("the window {window} has no place in time: {why}");
        Problem::new(Code::Invalid, detail, "ask for another moment, or correct the document")
    })?;
    let postings = postings.iter().map(line).collect();
    report(&StatementReport {
        slo,
        window: window.to_string(),
        budget: of_budget(&budget),
        postings,
    })
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

fn window((window, budget): &(Window, Result<Budget, NoExtent>)) -> WindowBudget {
    let (budget, why) = match budget {
        Ok(budget) => (Some(of_budget(budget)), None),
        Err(why) => (None, Some(why.to_string())),
    };
    WindowBudget { window: window.to_string(), budget, why }
}

fn of_budget(budget: &Budget) -> BudgetFigures {
    let (span, spend) = (budget.extent.span, &budget.spend);
    BudgetFigures {
        from: span.from.to_string(),
        to: span.to.to_string(),
        good: spend.sums.good,
        bad: spend.sums.bad,
        coverage: Exact::ppb(spend.coverage_ppb() as i64),
        excluded_minutes: spend.excluded_minutes,
        left: Exact::ppb(budget.left_ppb()),
        spent: Exact::ppb(spend.spent_ppb(budget.target)),
        is_spent: budget.is_spent(),
        left_seconds: budget.left_seconds(),
        left_events: budget.left_events_ppb().map(|ppb| Exact::decimals(ppb, 9)),
    }
}

fn line(posting: &Posting) -> Line {
    let (account, name) = match posting.account.clone() {
        attribution::Account::Incident(name) => ("incident", Some(name)),
        attribution::Account::Change(name) => ("change", Some(name)),
        attribution::Account::Maintenance(name) => ("maintenance", Some(name)),
        attribution::Account::MissingData => ("missing_data", None),
        attribution::Account::Unattributed => ("unattributed", None),
    };
    Line { account: account.to_owned(), name, share: Exact::ppb(posting.share_ppb) }
}
