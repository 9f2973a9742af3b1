//! SLOs: what is promised of an SLI.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    catalog::{self, Kind, Object},
    promise::{in_force, slo, terms},
    state::State as Practice,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    agreements::Difference,
    answer::{Answer, one, report},
    app::App,
    auth::Access,
    call::{Call, Named, Params},
    declared::{self, Declaration},
    exact::Exact,
    page::{Page, PageQuery},
    problem::ProblemDocument,
    route::Route,
};

/// An SLO.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Slo {
    /// Its name.
    pub name: String,
    /// The service it belongs to.
    pub service: String,
    /// The SLI that it holds against the target.
    pub sli: String,
    /// The share that must be good.
    pub target: Exact,
    /// What is counted.
    pub budgeting: Budgeting,
    /// Its windows, such as `30d`; each has a budget of its own.
    pub windows: Vec<String>,
    /// What minutes without data mean.
    pub no_data: NoData,
    /// Where its document says something else than what product and engineering agreed to: what it would change, term
    /// by term. Until both sign that, the fields above are in force, and not the document.
    pub proposed: Vec<Difference>,
    /// Which files declare it.
    pub declared: Declaration,
}

/// How a budget is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "method")]
pub enum Budgeting {
    /// Good events of all events.
    Occurrences,
    /// Good slices of all slices.
    Timeslices {
        /// Length of a slice, in minutes.
        slice_minutes: u32,
        /// The share of a slice's events that must be good.
        slice_target: Exact,
    },
    /// The mean of the slices' shares of good events.
    RatioTimeslices {
        /// Length of a slice, in minutes.
        slice_minutes: u32,
    },
}

/// What minutes without data mean. They always lower the coverage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "policy")]
pub enum NoData {
    /// They are left out.
    Ignore,
    /// They were as good as can be.
    Good,
    /// They were bad.
    Bad,
    /// The last decision stands for a while; then it is unknown.
    Hold {
        /// For how many minutes.
        minutes: u32,
    },
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/slos", Access::Reader, list),
        Route::get("/api/v1/slos/{slo}", Access::Reader, show),
    ]
}

/// A share of parts per billion.
fn share(target: plimsoll_core::ratio::Target) -> Exact {
    // At most a billion.
    Exact::ppb(target.ppb() as i64)
}

fn view(state: &Practice, name: &str, object: &catalog::Declared) -> Option<Slo> {
    let Object::Slo(declared) = &object.object else { return None };
    let slo = in_force::slo(state, declared);
    let proposed = terms::slo_differences(&slo, declared).into_iter().map(Difference::from);
    Some(Slo {
        name: name.to_owned(),
        service: slo.service.clone(),
        sli: slo.sli.clone(),
        target: share(slo.target),
        budgeting: Budgeting::from(slo.budgeting),
        windows: slo.windows.iter().map(ToString::to_string).collect(),
        no_data: NoData::from(slo.no_data),
        proposed: proposed.collect(),
        declared: Declaration::of(object),
    })
}

impl From<slo::Budgeting> for Budgeting {
    fn from(budgeting: slo::Budgeting) -> Self {
        match budgeting {
            slo::Budgeting::Occurrences => Budgeting::Occurrences,
            slo::Budgeting::Timeslices { slice_minutes, slice_target } => {
                Budgeting::Timeslices { slice_minutes, slice_target: share(slice_target) }
            }
            slo::Budgeting::RatioTimeslices { slice_minutes } => {
                Budgeting::RatioTimeslices { slice_minutes }
            }
        }
    }
}

impl From<slo::NoData> for NoData {
    fn from(no_data: slo::NoData) -> Self {
        match no_data {
            slo::NoData::Ignore => NoData::Ignore,
            slo::NoData::Good => NoData::Good,
            slo::NoData::Bad => NoData::Bad,
            slo::NoData::Hold { minutes } => NoData::Hold { minutes },
        }
    }
}

/// All SLOs.
#[utoipa::path(get, path = "/api/v1/slos", tag = "slos", params(PageQuery),
    responses((status = 200, body = Page<Slo>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    let state = app.desk.published().read();
    report(&declared::page(&state, Kind::Slo, &query, |name, object| view(&state, name, object))?)
}

/// One SLO.
#[utoipa::path(get, path = "/api/v1/slos/{slo}", tag = "slos",
    params(("slo" = String, Path, description = "Its name.")),
    responses((status = 200, body = Slo), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(name): Named) -> Answer {
    let state = app.desk.published().read();
    let view = |name: &str, object: &_| view(&state, name, object);
    one(&call, &declared::one(&state, Kind::Slo, &name, view)?)
}
