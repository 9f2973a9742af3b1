//! Attributions: what the budget that an interval spent is put down to.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    command::Command,
    deliver::change::ChangeId,
    event::Event,
    marks::{
        MarkId,
        attribution::{self, Cause},
    },
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
    problem::{Problem, ProblemDocument},
    route::Route,
};

/// An interval and what it is put down to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attribution {
    /// Its name.
    pub id: String,
    /// Of what, and when.
    #[serde(flatten)]
    pub interval: Interval,
    /// What it is put down to.
    pub account: Account,
    /// Why, where somebody said so.
    pub reason: Option<String>,
    /// Who put it down to that.
    pub by: Actor,
    /// When they did.
    #[schema(format = DateTime)]
    pub made: String,
    /// What is doubtful about it, said to whoever makes it: that no change of its name is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

/// What an interval is put down to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What kind of thing it is.
    pub kind: AccountKind,
    /// Its name.
    pub name: String,
}

/// What kind of thing an interval is put down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// An incident.
    Incident,
    /// A change.
    Change,
    /// Agreed work on the system.
    Maintenance,
}

/// An interval to put down to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAttribution {
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
    /// What it is put down to.
    pub account: Account,
    /// Why, where there is more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/attributions", Access::Reader, list),
        Route::post("/api/v1/attributions", Scope::Write, add),
        Route::get("/api/v1/attributions/{attribution}", Access::Reader, show),
        Route::delete("/api/v1/attributions/{attribution}", Scope::Write, undo),
    ]
}

impl AccountKind {
    fn name(self) -> &'static str {
        match self {
            AccountKind::Incident => "incident",
            AccountKind::Change => "change",
            AccountKind::Maintenance => "maintenance",
        }
    }
}

impl From<&Cause> for Account {
    fn from(cause: &Cause) -> Self {
        let kind = match cause {
            Cause::Incident(_) => AccountKind::Incident,
            Cause::Change(_) => AccountKind::Change,
            Cause::Maintenance(_) => AccountKind::Maintenance,
        };
        Account { kind, name: cause.name().to_owned() }
    }
}

pub(super) fn view(attribution: &attribution::Attribution) -> Attribution {
    Attribution {
        id: attribution.id.0.to_string(),
        interval: Interval::of(&attribution.interval),
        account: Account::from(&attribution.account),
        reason: attribution.reason.as_ref().map(ToString::to_string),
        by: Actor::from(&attribution.by),
        made: time(attribution.made_ms),
        doubt: None,
    }
}

/// That no change of this name is kept. It may be recorded elsewhere, or be so old that it was dropped.
fn doubt(state: &Practice, account: &Account) -> Option<String> {
    let id = ChangeId(account.name.as_str().into());
    let is_unknown = account.kind == AccountKind::Change && state.changes.get(&id).is_none();
    is_unknown.then(|| {
        format!(
            "no change {:?} is kept here; plimsoll change list shows them. The attribution holds by its name alone",
            account.name
        )
    })
}

fn find(state: &Practice, id: &str) -> Option<Attribution> {
    state.attributions.get(&MarkId(id.into())).map(view)
}

fn none(id: &str) -> Problem {
    let hint = "GET /api/v1/attributions lists those in force";
    Problem::not_found(format!("there is no attribution {id:?} in force"), hint)
}

/// Every attribution in force, in the order in which they were made.
#[utoipa::path(get, path = "/api/v1/attributions", tag = "attributions", params(MarksQuery),
    responses((status = 200, body = Page<Attribution>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<MarksQuery>) -> Answer {
    let state = app.desk.published().read();
    report(&query.page(state.attributions.iter(), |one| one.made_ms, view)?)
}

/// Puts an interval down to an account.
#[utoipa::path(post, path = "/api/v1/attributions", tag = "attributions", request_body = NewAttribution,
    responses((status = 201, body = Attribution), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument)))]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    call: Call,
    Json(new): Json<NewAttribution>,
) -> Answer {
    let interval = wanted(new.sli, new.service, &new.from, &new.to)?;
    let wish = attribution::Wish {
        interval,
        kind: new.account.kind.name().to_owned(),
        name: new.account.name,
        reason: new.reason,
    };
    let done = app.act(call, Command::Attribute(wish)).await?;
    let made_ms = done.at_ms;
    let added = made(done, |event| match event {
        Event::AttributionAdded(added) => Some(added),
        _ => None,
    })?;
    let attribution::Added { attribution: id, interval, account, reason, by } = added;
    let mut made = view(&attribution::Attribution { id, interval, account, reason, by, made_ms });
    made.doubt = doubt(&app.desk.published().read(), &made.account);
    created(&format!("/api/v1/attributions/{}", made.id), &made)
}

/// One attribution.
#[utoipa::path(get, path = "/api/v1/attributions/{attribution}", tag = "attributions",
    params(("attribution" = String, Path, description = "Its name.")),
    responses((status = 200, body = Attribution), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(id): Named) -> Answer {
    let found = find(&app.desk.published().read(), &id).ok_or_else(|| none(&id))?;
    one(&call, &found)
}

/// Takes an attribution back. What its interval spent goes to what was named before; the journal keeps that it was
/// there.
#[utoipa::path(delete, path = "/api/v1/attributions/{attribution}", tag = "attributions",
    params(("attribution" = String, Path, description = "Its name.")),
    responses((status = 204), (status = 404, body = ProblemDocument)))]
pub(super) async fn undo(State(app): State<Arc<App>>, call: Call, Named(id): Named) -> Answer {
    let command = Command::UndoAttribution(id.clone());
    app.act_on(call, command, move |state| find(state, &id)).await?;
    Ok(gone())
}
