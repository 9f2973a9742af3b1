//! Slots: the minutes of an SLI, over all its sources.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    catalog::Kind,
    measure::slot::Slot,
    time::{HOUR, Minute, Span},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Answer, report},
    app::App,
    auth::Access,
    call::{Named, Params},
    declared, minute,
    problem::{Code, Problem, ProblemDocument},
    route::Route,
    samples::Quality,
};
use crate::limits::SLOTS_MINUTES_MAX;

/// Minutes of an SLI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotsReport {
    /// The SLI.
    pub sli: String,
    /// The first minute.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first minute after.
    #[schema(format = DateTime)]
    pub to: String,
    /// Every minute, in order.
    pub minutes: Vec<MinuteSlot>,
}

/// One minute of an SLI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MinuteSlot {
    /// When it begins.
    #[schema(format = DateTime)]
    pub minute: String,
    /// What is known of it.
    pub state: Quality,
    /// Good events that were seen.
    pub good: u64,
    /// Bad events that were seen.
    pub bad: u64,
}

/// Which minutes are wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SlotsQuery {
    /// The first minute; an hour before `to` where it is not said.
    #[param(format = DateTime)]
    pub from: Option<String>,
    /// The first minute after; that which counts next, where it is not said.
    #[param(format = DateTime)]
    pub to: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/slis/{sli}/slots", Access::Reader, show)]
}

/// Minutes of an SLI, up to 31 days at once.
#[utoipa::path(get, path = "/api/v1/slis/{sli}/slots", operation_id = "slots", tag = "slis",
    params(("sli" = String, Path, description = "Its name."), SlotsQuery),
    responses((status = 200, body = SlotsReport), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Named(sli): Named,
    Params(query): Params<SlotsQuery>,
) -> Answer {
    let known = declared::find(&app.desk.published().read(), Kind::Sli, &sli).map(|sli| sli.key);
    let key = known.flatten().ok_or_else(|| declared::none(Kind::Sli, &sli))?;
    let span = span(&query, app.keeper.end())?;
    let keeper = app.keeper.clone();
    let slots = app.look(move || Ok(keeper.slots(key, span)?)).await?;
    let minutes = span.iter().zip(slots).map(|(minute, slot)| view(minute, slot)).collect();
    report(&SlotsReport { sli, from: span.from.to_string(), to: span.to.to_string(), minutes })
}

fn span(query: &SlotsQuery, end: Minute) -> Result<Span, Problem> {
    let parse = |field, text: &Option<String>| {
        text.as_deref().map(|text| minute::parse(field, text)).transpose()
    };
    let to = parse("to", &query.to)?.unwrap_or(end);
    let from = parse("from", &query.from)?.unwrap_or(to.plus(-HOUR));
    minute::check_order(from, to, |minute| minute.to_string())?;
    if to.0 - from.0 > SLOTS_MINUTES_MAX {
        let detail = format!("from {from} to {to} is longer than {SLOTS_MINUTES_MAX} minutes");
        return Err(Problem::new(Code::Invalid, detail, "ask for a shorter stretch"));
    }
    Ok(Span::new(from, to))
}

fn view(minute: Minute, slot: Slot) -> MinuteSlot {
    let state = match slot {
        Slot::Measured { .. } => Quality::Measured,
        Slot::NoTraffic => Quality::NoTraffic,
        Slot::Missing => Quality::Missing,
        Slot::Partial { .. } => Quality::Partial,
    };
    let (good, bad) = slot.events();
    MinuteSlot { minute: minute.to_string(), state, good, bad }
}
