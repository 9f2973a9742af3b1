//! Obedience: how many of the changes that started during *stabilise* were such as may pass then.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{catalog::Kind, deliver::obedience};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Answer, report, time},
    app::App,
    auth::Access,
    call::{Named, Params},
    declared,
    exact::Exact,
    minute::{check_order, instant},
    problem::ProblemDocument,
    route::Route,
};
use crate::limits::NAMES_SHOWN_MAX;

/// How far back it is looked where the question does not say, in milliseconds: 30 days.
pub(crate) const LOOK_BACK_MS: i64 = 30 * 24 * 3600 * 1000;

/// The changes of a service in a time, by what the gate would have said when they started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Obedience {
    /// The service.
    pub service: String,
    /// When the service was withdrawn; null while it is here.
    #[schema(format = DateTime)]
    pub withdrawn: Option<String>,
    /// From when on changes count.
    #[schema(format = DateTime)]
    pub from: String,
    /// Before when they started.
    #[schema(format = DateTime)]
    pub to: String,
    /// The share of the changes during *stabilise* that might pass: 1 − uncovered / all. Null where there was none:
    /// then nothing is known of it.
    pub obedience: Option<Exact>,
    /// All changes that started.
    pub changes: u64,
    /// Those of which it is not known what was decided when they started.
    pub unjudged: u64,
    /// Those that started during *stabilise*.
    pub stabilising: u64,
    /// Of these, those of a kind that may always pass.
    pub exempt: u64,
    /// Of these, those that an exception covered.
    pub covered: u64,
    /// Of these, all others.
    pub uncovered: u64,
    /// Their names; at most 100, the first.
    pub uncovered_changes: Vec<String>,
    /// Whether all changes of that time are kept; otherwise these are the later ones.
    pub whole: bool,
}

/// Of which time.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimeQuery {
    /// From when on changes count; 30 days before `to`, where it is not said.
    #[param(format = DateTime)]
    pub from: Option<String>,
    /// Before when they started; now, where it is not said.
    #[param(format = DateTime)]
    pub to: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/services/{service}/obedience", Access::Reader, show)]
}

/// How a service obeyed its budgets.
#[utoipa::path(get, path = "/api/v1/services/{service}/obedience", operation_id = "obedience", tag = "changes",
    params(("service" = String, Path, description = "Its name."), TimeQuery),
    responses((status = 200, body = Obedience), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument)))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Named(service): Named,
    Params(TimeQuery { from, to }): Params<TimeQuery>,
) -> Answer {
    let bound = |field, text: Option<String>| text.map(|text| instant(field, &text)).transpose();
    // What started at this very moment has started.
    let to_ms = bound("to", to)?.unwrap_or_else(|| app.now_ms().saturating_add(1));
    let from_ms = bound("from", from)?.unwrap_or_else(|| to_ms.saturating_sub(LOOK_BACK_MS));
    check_order(from_ms, to_ms, time)?;
    let state = app.desk.published().read();
    let withdrawn = state.withdrawn.get(service.as_str()).map(|gone| time(gone.at_ms));
    if withdrawn.is_none() && declared::find(&state, Kind::Service, &service).is_none() {
        return Err(declared::none(Kind::Service, &service));
    }
    let found = obedience::Obedience::of(&state.changes, &service, from_ms, to_ms);
    drop(state);
    report(&Obedience { withdrawn, ..view(service, from_ms, to_ms, found) })
}

fn view(service: String, from_ms: i64, to_ms: i64, found: obedience::Obedience) -> Obedience {
    let share = found.share_ppb().map(|ppb| Exact::ppb(ppb as i64));
    let obedience::Obedience { changes, unjudged, stabilising, exempt, covered, .. } = found;
    let mut names = found.uncovered;
    let uncovered = names.len() as u64;
    names.truncate(NAMES_SHOWN_MAX);
    Obedience {
        service,
        withdrawn: None,
        from: time(from_ms),
        to: time(to_ms),
        obedience: share,
        changes,
        unjudged,
        stabilising,
        exempt,
        covered,
        uncovered,
        uncovered_changes: names,
        whole: found.is_whole,
    }
}
