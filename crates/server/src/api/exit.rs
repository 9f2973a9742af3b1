//! Early exits from *stabilise*, signed by product and engineering.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    catalog::Kind,
    command::Command,
    promise::{agreement, exit, record::Record, standing::BudgetId},
    state::State as Practice,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    actor::Actor,
    agreements::Role,
    answer::{Answer, one, report},
    app::App,
    auth::Access,
    call::{Call, Json, Named},
    declared,
    exact::Exact,
    problem::ProblemDocument,
    route::Route,
};
use crate::measure::decisions::Decisions;
use plimsoll_core::people::token::Scope;

/// How far the early exit of a service came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exit {
    /// The service.
    pub service: String,
    /// Who signed so far, while not both did.
    pub signed: Vec<ExitSignature>,
    /// The exit that holds; null where none does.
    pub in_force: Option<ExitInForce>,
}

/// A signature under an early exit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExitSignature {
    /// For whom.
    pub role: String,
    /// What was mended, and how that is known.
    pub reason: String,
    /// Who signed.
    pub by: Actor,
}

/// An early exit that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExitInForce {
    /// What was mended, and how that is known: the reasons of both sides.
    pub reason: String,
    /// For each budget that it lets go, with how much left it is void.
    pub floors: Vec<ExitFloor>,
}

/// With how much of a budget left an early exit is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExitFloor {
    /// The SLO.
    pub slo: String,
    /// The window.
    pub window: String,
    /// The share of the budget; below 0 where more was spent than there was.
    pub left: Exact,
}

/// A signature that somebody gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExit {
    /// For whom.
    pub role: Role,
    /// What was mended, and how that is known.
    pub reason: String,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/services/{service}/exit", Access::Reader, show),
        Route::post("/api/v1/services/{service}/exit", Scope::Write, sign),
    ]
}

fn view(service: &str, record: Option<&Record>) -> Exit {
    let signed = record.into_iter().flat_map(|record| &record.exit);
    let signed = signed.map(|signed| ExitSignature {
        role: signed.role.word().to_owned(),
        reason: signed.reason.to_string(),
        by: Actor::from(&signed.by),
    });
    let release = record.and_then(|record| record.standing.release.as_ref());
    let in_force = release.map(|release| ExitInForce {
        reason: release.reason.clone(),
        floors: release
            .floors
            .iter()
            .map(|floor| ExitFloor {
                slo: floor.budget.slo.clone(),
                window: floor.budget.window.to_string(),
                left: Exact::ppb(floor.left_ppb),
            })
            .collect(),
    });
    Exit { service: service.to_owned(), signed: signed.collect(), in_force }
}

fn find(state: &Practice, service: &str) -> Option<Exit> {
    declared::find(state, Kind::Service, service)?;
    Some(view(service, state.decisions.get(service)))
}

/// How far the early exit of a service came.
#[utoipa::path(get, path = "/api/v1/services/{service}/exit", operation_id = "exit", tag = "decisions",
    params(("service" = String, Path, description = "Its name.")),
    responses((status = 200, body = Exit), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(name): Named) -> Answer {
    let found = find(&app.desk.published().read(), &name);
    one(&call, &found.ok_or_else(|| declared::none(Kind::Service, &name))?)
}

/// Signs an early exit from *stabilise*. When both roles have signed, the budgets that are spent now call for *caution*
/// until a further tenth of one is spent.
#[utoipa::path(post, path = "/api/v1/services/{service}/exit", tag = "decisions", request_body = NewExit,
    params(("service" = String, Path, description = "Its name.")),
    responses((status = 200, body = Exit), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn sign(
    State(app): State<Arc<App>>,
    call: Call,
    Named(name): Named,
    Json(new): Json<NewExit>,
) -> Answer {
    if declared::find(&app.desk.published().read(), Kind::Service, &name).is_none() {
        return Err(declared::none(Kind::Service, &name));
    }
    let wish = exit::Wish {
        service: name.clone(),
        role: agreement::Role::from(new.role),
        reason: new.reason,
        left: left(&app.keeper.decisions(), &name),
    };
    app.act(call, Command::SignExit(wish)).await?;
    // Whoever asks the gate now hears what was signed.
    app.keeper.caught_up().await;
    report(&view(&name, app.desk.published().read().decisions.get(name.as_str())))
}

/// What is left now of each budget of a service of which something was seen.
fn left(decisions: &Decisions, service: &str) -> Vec<(BudgetId, i64)> {
    let readings = decisions.services.get(service).into_iter().flat_map(|one| &one.readings);
    let seen = readings.filter(|reading| !reading.budget.spend.is_unseen());
    seen.map(|reading| {
        let budget = BudgetId { slo: reading.slo.clone(), window: reading.window.clone() };
        (budget, reading.budget.left_ppb())
    })
    .collect()
}
