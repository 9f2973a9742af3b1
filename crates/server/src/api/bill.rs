//! The bill: what exceptions let pass, what was spent meanwhile, and what is owed for them.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    catalog::{Kind, Object},
    promise::exception::{self, cost::Cost},
    state::State as Practice,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    actor::Actor,
    answer::{Answer, report, time},
    app::App,
    auth::Access,
    call::Params,
    declared,
    exact::Exact,
    exceptions::{Class, Payback, payback},
    page::{Page, PageQuery},
    problem::Problem,
    route::Route,
};
use crate::{
    limits::NAMES_SHOWN_MAX,
    measure::figures::{Objective, objective_of},
};

/// One line of the bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillLine {
    /// The exception.
    pub exception: String,
    /// The service.
    pub service: String,
    /// `in-force`, `expired` or `revoked`.
    pub status: String,
    /// Why it was asked for, in a word.
    pub class: Class,
    /// Why, in a sentence.
    pub reason: String,
    /// Who asked.
    pub asked_by: Actor,
    /// Who approved.
    pub approved_by: Actor,
    /// Whether they approved what they asked for themselves, as the policy lets them.
    pub solo: bool,
    /// From when on it was in force.
    #[schema(format = DateTime)]
    pub from: String,
    /// Until when.
    #[schema(format = DateTime)]
    pub until: String,
    /// How many changes started because of it.
    pub changes_passed: usize,
    /// Their names; at most 100, the first.
    pub changes: Vec<String>,
    /// What was spent of each budget of the service while it was in force, whatever spent it.
    pub costs: Vec<BillCost>,
    /// What makes up for it.
    pub payback: Payback,
}

/// What was spent of one budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillCost {
    /// The SLO.
    pub slo: String,
    /// The window; null where its cost cannot be told.
    pub window: Option<String>,
    /// The share of a whole budget; above 1 where more than one budget was spent. Null where nothing is known.
    pub share: Option<Exact>,
    /// Good events of that time.
    pub good: u64,
    /// Bad events of that time.
    pub bad: u64,
    /// The share of the minutes of that time that were seen in full.
    pub coverage: Exact,
    /// Why nothing is known.
    pub why: Option<String>,
}

/// Which lines of the bill, and which page of them.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BillQuery {
    /// Only those of this service.
    pub service: Option<String>,
    /// At most so many items, up to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<usize>,
    /// Where the page begins: `next` of the page before.
    #[param(pattern = "^([0-9a-f]{2})+$")]
    pub cursor: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/exceptions/bill", Access::Reader, show)]
}

/// The bill of all exceptions that were approved, in the order of their approval. What they cost is computed from the
/// slots each time; of those in force it is the cost so far.
#[utoipa::path(get, path = "/api/v1/exceptions/bill", operation_id = "bill", tag = "exceptions", params(BillQuery),
    responses((status = 200, body = Page<BillLine>)))]
pub(super) async fn show(State(app): State<Arc<App>>, Params(query): Params<BillQuery>) -> Answer {
    let BillQuery { service, limit, cursor } = query;
    let cut = PageQuery { limit, cursor }.cut()?;
    let now_ms = app.now_ms();
    let Page { items: owed, next } = {
        let state = app.desk.published().read();
        let lines = approved(&state, service.as_deref()).into_iter();
        let lines = lines.filter(|(key, _)| cut.is_behind(key));
        cut.page(lines.filter_map(|(key, known)| Some((key, owed(&state, known, now_ms)?))))
    };
    report(&Page { items: priced(&app, owed).await?, next })
}

/// The last lines of the bill, the newest first.
pub(crate) async fn newest(app: &App, most: usize) -> Result<Vec<BillLine>, Problem> {
    let now_ms = app.now_ms();
    let owed = {
        let state = app.desk.published().read();
        let lines = approved(&state, None).into_iter().rev();
        lines.take(most).filter_map(|(_, known)| owed(&state, known, now_ms)).collect()
    };
    priced(app, owed).await
}

/// The exceptions that were approved, of one service or of all, in the order of their approval.
fn approved<'a>(
    state: &'a Practice,
    service: Option<&str>,
) -> Vec<(String, &'a exception::Exception)> {
    let of_it = |known: &&exception::Exception| {
        service.is_none_or(|service| known.asked.service == *service)
    };
    let approved = state.exceptions.iter().filter(of_it).filter_map(|known| {
        let (from_ms, _) = known.in_force()?;
        Some((format!("{from_ms:020} {}", known.asked.exception), known))
    });
    let mut all: Vec<_> = approved.collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// A line without its costs, and what these are to be told of.
struct Owed {
    line: BillLine,
    from_ms: i64,
    to_ms: i64,
    objectives: Vec<Objective>,
}

/// The lines with their costs.
async fn priced(app: &App, owed: Vec<Owed>) -> Result<Vec<BillLine>, Problem> {
    let mut items = Vec::with_capacity(owed.len());
    // One after the other: whoever asks for the bill holds up nobody who asks for a budget.
    for Owed { mut line, from_ms, to_ms, objectives } in owed {
        for objective in objectives {
            let keeper = app.keeper.clone();
            let costs = app.look(move || {
                let span = exception::cost::span(from_ms, to_ms, keeper.end());
                let costs = keeper.costs_of(&objective, span)?;
                Ok(match costs {
                    Ok(costs) => costs.iter().map(|cost| of_cost(&objective, cost)).collect(),
                    Err(why) => vec![unknown(&objective, why.to_string())],
                })
            });
            line.costs.extend(costs.await?);
        }
        items.push(line);
    }
    Ok(items)
}

fn owed(state: &Practice, known: &exception::Exception, now_ms: i64) -> Option<Owed> {
    let (from_ms, to_ms) = known.in_force()?;
    let (_, approved) = known.approved.as_ref()?;
    let asked = &known.asked;
    let passed = |change: &&plimsoll_core::deliver::change::Change| {
        let gate = change.start.gate.as_ref();
        gate.is_some_and(|told| told.exception.as_ref() == Some(&asked.exception))
    };
    let changes = state.changes.within(Some(&asked.service), from_ms, to_ms, None);
    let mut names: Vec<String> =
        changes.filter(passed).map(|change| change.start.change.to_string()).collect();
    let changes_passed = names.len();
    names.truncate(NAMES_SHOWN_MAX);
    let slos = declared::all(state, Kind::Slo).filter(
        |(_, known)| matches!(&known.object, Object::Slo(slo) if asked.service == slo.service),
    );
    let objectives = slos.filter_map(|(name, _)| objective_of(state, name)).collect();
    let line = BillLine {
        exception: asked.exception.to_string(),
        service: asked.service.to_string(),
        status: known.status(now_ms).word().to_owned(),
        class: asked.class.into(),
        reason: asked.reason.to_string(),
        asked_by: Actor::from(&asked.by),
        approved_by: Actor::from(&approved.by),
        solo: approved.solo,
        from: time(from_ms),
        until: time(to_ms),
        changes_passed,
        changes: names,
        costs: Vec::new(),
        payback: payback(known, now_ms),
    };
    Some(Owed { line, from_ms, to_ms, objectives })
}

fn of_cost(objective: &Objective, cost: &Cost) -> BillCost {
    let Cost { window, share_ppb, sums } = cost;
    let coverage = plimsoll_core::ratio::share_ppb(sums.known(), sums.minutes()).unwrap_or(0);
    BillCost {
        slo: objective.name.to_string(),
        window: Some(window.to_string()),
        share: share_ppb.map(Exact::ppb),
        good: sums.good,
        bad: sums.bad,
        coverage: Exact::ppb(coverage as i64),
        why: share_ppb.is_none().then(|| "nothing was seen in that time".to_owned()),
    }
}

fn unknown(objective: &Objective, why: String) -> BillCost {
    BillCost {
        slo: objective.name.to_string(),
        window: None,
        share: None,
        good: 0,
        bad: 0,
        coverage: Exact::ppb(0),
        why: Some(why),
    }
}
