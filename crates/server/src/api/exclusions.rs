//! Exclusions: intervals that do not count, such as agreed maintenance.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    command::Command,
    event::Event,
    marks::{MarkId, exclusion},
    people::token::Scope,
    state::State as Practice,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    actor::Actor,
    answer::{Answer, created, gone, one, report, time},
    app::{App, made},
    auth::Access,
    call::{Call, Json, Named, Params},
    interval::{Interval, MarksQuery, wanted},
    page::Page,
    problem::{Code, Problem, ProblemDocument},
    route::Route,
};

/// An interval that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exclusion {
    /// Its name.
    pub id: String,
    /// Of what, and when.
    #[serde(flatten)]
    pub interval: Interval,
    /// Why it does not count.
    pub reason: String,
    /// Who said so.
    pub by: Actor,
    /// When they said so.
    #[schema(format = DateTime)]
    pub made: String,
}

/// An interval to exclude.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExclusion {
    /// The SLI; or give a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sli: Option<String>,
    /// The service, with each of its SLIs; or give an SLI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Its first minute.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first minute after.
    #[schema(format = DateTime)]
    pub to: String,
    /// Why it is not to count.
    pub reason: String,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/exclusions", Access::Reader, list),
        Route::post("/api/v1/exclusions", Scope::Write, add),
        Route::get("/api/v1/exclusions/{exclusion}", Access::Reader, show),
        Route::delete("/api/v1/exclusions/{exclusion}", Scope::Write, undo),
    ]
}

pub(super) fn view(exclusion: &exclusion::Exclusion) -> Exclusion {
    Exclusion {
        id: exclusion.id.0.to_string(),
        interval: Interval::of(&exclusion.interval),
        reason: exclusion.reason.to_string(),
        by: Actor::from(&exclusion.by),
        made: time(exclusion.made_ms),
    }
}

fn find(state: &Practice, id: &str) -> Option<Exclusion> {
    state.exclusions.get(&MarkId(id.into())).map(view)
}

fn none(id: &str) -> Problem {
    let hint = "GET /api/v1/exclusions lists those in force";
    Problem::not_found(format!("there is no exclusion {id:?} in force"), hint)
}

/// Every exclusion in force, in the order in which they were made.
#[utoipa::path(get, path = "/api/v1/exclusions", tag = "exclusions", params(MarksQuery),
    responses((status = 200, body = Page<Exclusion>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<MarksQuery>) -> Answer {
    let state = app.desk.published().read();
    report(&query.page(state.exclusions.iter(), |one| one.made_ms, view)?)
}

/// Excludes an interval.
#[utoipa::path(post, path = "/api/v1/exclusions", tag = "exclusions", request_body = NewExclusion,
    responses((status = 201, body = Exclusion), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    call: Call,
    Json(new): Json<NewExclusion>,
) -> Answer {
    let interval = wanted(new.sli, new.service, &new.from, &new.to)?;
    let kept = app.keeper.kept(app.clock.now().ms);
    if interval.to_minute <= kept.from.0 {
        let detail = format!("nothing is kept of these minutes: the oldest is {}", kept.from);
        let hint = "exclude minutes that are kept; check the year";
        return Err(Problem::new(Code::Invalid, detail, hint));
    }
    let wish = exclusion::Wish { interval, reason: new.reason };
    let done = app.act(call, Command::Exclude(wish)).await?;
    let made_ms = done.at_ms;
    let added = made(done, |event| match event {
        Event::ExclusionAdded(added) => Some(added),
        _ => None,
    })?;
    let exclusion::Added { exclusion: id, interval, reason, by } = added;
    let made = view(&exclusion::Exclusion { id, interval, reason, by, made_ms });
    created(&format!("/api/v1/exclusions/{}", made.id), &made)
}

/// One exclusion.
#[utoipa::path(get, path = "/api/v1/exclusions/{exclusion}", tag = "exclusions",
    params(("exclusion" = String, Path, description = "Its name.")),
    responses((status = 200, body = Exclusion), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(id): Named) -> Answer {
    let found = find(&app.desk.published().read(), &id).ok_or_else(|| none(&id))?;
    one(&call, &found)
}

/// Takes an exclusion back. No number keeps a trace of it; the journal keeps that it was there.
#[utoipa::path(delete, path = "/api/v1/exclusions/{exclusion}", tag = "exclusions",
    params(("exclusion" = String, Path, description = "Its name.")),
    responses((status = 204), (status = 404, body = ProblemDocument)))]
pub(super) async fn undo(State(app): State<Arc<App>>, call: Call, Named(id): Named) -> Answer {
    let command = Command::UndoExclusion(id.clone());
    app.act_on(call, command, move |state| find(state, &id)).await?;
    Ok(gone())
}
