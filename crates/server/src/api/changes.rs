//! Changes: whatever alters production, as pipelines record it.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    command::Command,
    deliver::change::{self, ChangeId},
    event::Event,
    people::token::Scope,
    state::State as Practice,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    actor::Actor,
    answer::{Answer, created, one, report, time},
    app::App,
    auth::Access,
    call::{Call, Json, Named, Params},
    decisions::{FRESH_MINUTES, Moment},
    gate::Risk,
    minute::{check_order, instant},
    page::{Page, PageQuery},
    problem::{Code, Problem, ProblemDocument},
    route::Route,
};

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordedChange {
    /// Its name.
    pub id: String,
    /// The service that it alters.
    pub service: String,
    /// Of which kind it is, such as `deploy` or `p0-fix`.
    pub kind: String,
    /// How much it may break.
    pub risk: Risk,
    /// What it is, for people.
    pub title: Option<String>,
    /// Where more of it is to be read.
    pub url: Option<String>,
    /// When it started.
    #[schema(format = DateTime)]
    pub started: String,
    /// When it finished; null while nobody said that it did.
    #[schema(format = DateTime)]
    pub finished: Option<String>,
    /// What became of it; null where nobody said so.
    pub outcome: Option<Outcome>,
    /// The change that it takes back.
    pub reverts: Option<String>,
    /// Who said that it started.
    pub by: Actor,
    /// When they said so.
    #[schema(format = DateTime)]
    pub recorded: String,
    /// Who said that it finished.
    pub finished_by: Option<Actor>,
    /// What the gate would have said when it started; null where it is not known what was decided then.
    pub gate: Option<GateThen>,
}

/// What the gate would have said of a change when it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateThen {
    /// What was decided about its service: `ship`, `caution`, `unknown` or `stabilise`.
    pub verdict: String,
    /// The entry in the journal that holds the decision.
    pub entry: u64,
    /// `allowed`, `exempt`, `covered` or `refused`.
    pub pass: String,
    /// The exception that covered it.
    pub exception: Option<String>,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is in production.
    Succeeded,
    /// It did not get into production, or did not work there.
    Failed,
    /// It was stopped before it altered anything.
    Cancelled,
}

/// A change that starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChange {
    /// Its name, the only one of this name: letters, digits and `. _ - : / @ + # =`, a letter or digit first. A fresh
    /// one, where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._:/@+#=-]{0,119}$")]
    pub id: Option<String>,
    /// The service that it alters.
    pub service: String,
    /// Of which kind it is: small letters, digits and hyphens, such as `deploy` or `p0-fix`.
    #[schema(pattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    pub kind: String,
    /// How much it may break; `normal`, where it is not said.
    #[serde(default)]
    pub risk: Risk,
    /// What it is, for people: one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    pub title: Option<String>,
    /// Where more of it is to be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000, pattern = "^https?://[!-~]*$")]
    pub url: Option<String>,
    /// When it started; now, where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub started: Option<String>,
    /// The change of the same service that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<String>,
}

/// How a change ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEnd {
    /// When it finished; now, where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub finished: Option<String>,
    /// What became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// Which changes are listed, and which page of them.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// Only those of this service.
    pub service: Option<String>,
    /// Only those that started then or later.
    #[param(format = DateTime)]
    pub from: Option<String>,
    /// Only those that started before.
    #[param(format = DateTime)]
    pub to: Option<String>,
    /// At most so many items, up to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<usize>,
    /// Where the page begins: `next` of the page before.
    #[param(pattern = "^([0-9a-f]{2})+$")]
    pub cursor: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/changes", Access::Reader, list),
        Route::post("/api/v1/changes", Scope::Change, start),
        Route::get("/api/v1/changes/{change}", Access::Reader, show),
        Route::post("/api/v1/changes/{change}/finish", Scope::Change, finish),
    ]
}

impl Outcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        change::Outcome::from(self).word()
    }
}

impl From<change::Outcome> for Outcome {
    fn from(outcome: change::Outcome) -> Self {
        match outcome {
            change::Outcome::Succeeded => Outcome::Succeeded,
            change::Outcome::Failed => Outcome::Failed,
            change::Outcome::Cancelled => Outcome::Cancelled,
        }
    }
}

impl From<Outcome> for change::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => change::Outcome::Succeeded,
            Outcome::Failed => change::Outcome::Failed,
            Outcome::Cancelled => change::Outcome::Cancelled,
        }
    }
}

pub(crate) fn view(change: &change::Change) -> RecordedChange {
    let change::Change { start, recorded_ms, end } = change;
    let text = |text: &Option<_>| text.as_ref().map(ToString::to_string);
    RecordedChange {
        id: start.change.to_string(),
        service: start.service.to_string(),
        kind: start.kind.to_string(),
        risk: start.risk.into(),
        title: text(&start.title),
        url: text(&start.url),
        started: time(start.started_ms),
        finished: end.as_ref().map(|end| time(end.finished_ms)),
        outcome: end.as_ref().and_then(|end| end.outcome).map(Outcome::from),
        reverts: start.reverts.as_ref().map(ToString::to_string),
        by: Actor::from(&start.by),
        recorded: time(*recorded_ms),
        finished_by: end.as_ref().map(|end| Actor::from(&end.by)),
        gate: start.gate.as_ref().map(then),
    }
}

fn then(told: &change::Told) -> GateThen {
    GateThen {
        verdict: told.verdict.word().to_owned(),
        entry: told.entry,
        pass: told.pass.word().to_owned(),
        exception: told.exception.as_ref().map(ToString::to_string),
    }
}

fn find(state: &Practice, id: &str) -> Option<RecordedChange> {
    state.changes.get(&ChangeId(id.into())).map(view)
}

fn none(id: &str) -> Problem {
    let shown: String = id.chars().take(100).collect();
    Problem::not_found(
        format!("there is no change {shown:?}"),
        "GET /api/v1/changes lists those that are kept",
    )
}

/// The changes that are kept, in the order in which they started.
#[utoipa::path(get, path = "/api/v1/changes", tag = "changes", params(ChangesQuery),
    responses((status = 200, body = Page<RecordedChange>), (status = 422, body = ProblemDocument)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Params(query): Params<ChangesQuery>,
) -> Answer {
    let ChangesQuery { service, from, to, limit, cursor } = query;
    let bound = |field, text: Option<&String>| text.map(|text| instant(field, text)).transpose();
    let from_ms = bound("from", from.as_ref())?.unwrap_or(i64::MIN);
    let to_ms = bound("to", to.as_ref())?.unwrap_or(i64::MAX);
    check_order(from_ms, to_ms, time)?;
    let cut = PageQuery { limit, cursor }.cut()?;
    let after = cut.after.as_deref().map(place).transpose()?;
    let state = app.desk.published().read();
    let changes = state.changes.within(service.as_deref(), from_ms, to_ms, after.as_ref());
    report(&cut.page(changes.map(|change| (key(change), view(change)))))
}

/// What a change is listed by.
fn key(change: &change::Change) -> String {
    format!("{} {}", change.start.started_ms, change.start.change)
}

/// The place in the list that a key names.
fn place(key: &str) -> Result<(i64, ChangeId), Problem> {
    let read = key.split_once(' ').and_then(|(ms, id)| Some((ms.parse().ok()?, id)));
    read.map(|(ms, id): (i64, &str)| (ms, ChangeId(id.into()))).ok_or_else(|| {
        Problem::new(
            Code::Malformed,
            "the query parameter cursor is none that this server gave",
            "take it from `next` of the page before, or leave it out to begin",
        )
    })
}

/// Records that a change started. The same said again changes nothing and is answered alike; something else under the
/// same name is refused.
#[utoipa::path(post, path = "/api/v1/changes", tag = "changes", request_body = NewChange,
    responses((status = 201, body = RecordedChange), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn start(
    State(app): State<Arc<App>>,
    call: Call,
    Json(new): Json<NewChange>,
) -> Answer {
    let NewChange { id, service, kind, risk, title, url, started, reverts } = new;
    let started_ms = started.map(|started| instant("started", &started)).transpose()?;
    let (risk, named) = (risk.into(), id.clone());
    let fresh_ms = FRESH_MINUTES * 60_000;
    let is_now = started_ms.is_none_or(|ms| app.now_ms().saturating_sub(ms) < fresh_ms);
    let doubt = is_now.then(|| Moment::of(&app).doubt()).flatten();
    let wish =
        change::StartWish { id, service, kind, risk, title, url, started_ms, reverts, doubt };
    let done = app.act(call, Command::StartChange(wish)).await?;
    let made = done.events.into_iter().find_map(|event| match event {
        Event::ChangeStarted(started) => Some(started.change.to_string()),
        _ => None,
    });
    let id = made.or(named).ok_or_else(Problem::nothing_happened)?;
    let change = find(&app.desk.published().read(), &id).ok_or_else(|| none(&id))?;
    created(&format!("/api/v1/changes/{}", encoded(&id)), &change)
}

/// A name of a change as a step of a path.
fn encoded(id: &str) -> String {
    id.replace('/', "%2F").replace('#', "%23")
}

/// One change.
#[utoipa::path(get, path = "/api/v1/changes/{change}", tag = "changes",
    params(("change" = String, Path, description = "Its name; `/` and `#` in it as `%2F` and `%23`.")),
    responses((status = 200, body = RecordedChange), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(id): Named) -> Answer {
    let found = find(&app.desk.published().read(), &id).ok_or_else(|| none(&id))?;
    one(&call, &found)
}

/// Records that a change finished. The same said again changes nothing; something else is refused.
#[utoipa::path(post, path = "/api/v1/changes/{change}/finish", tag = "changes",
    params(("change" = String, Path, description = "Its name; `/` and `#` in it as `%2F` and `%23`.")),
    request_body = ChangeEnd,
    responses((status = 200, body = RecordedChange), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn finish(
    State(app): State<Arc<App>>,
    call: Call,
    Named(id): Named,
    Json(end): Json<ChangeEnd>,
) -> Answer {
    let finished_ms = end.finished.map(|finished| instant("finished", &finished)).transpose()?;
    let outcome = end.outcome.map(change::Outcome::from);
    let wish = change::FinishWish { id: id.clone(), finished_ms, outcome };
    app.act(call, Command::FinishChange(wish)).await?;
    let change = find(&app.desk.published().read(), &id).ok_or_else(|| none(&id))?;
    report(&change)
}
