//! Exceptions: what lets changes pass although the budget says no; asked for by one person, approved by another.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    command::Command,
    event::Event,
    people::token::Scope,
    promise::{
        exception::{self, ExceptionId, Quarter},
        in_force,
    },
    state::State as Practice,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    actor::Actor,
    answer::{Answer, created, one, report, time},
    app::{App, made},
    auth::Access,
    call::{Call, Json, Named, Params},
    page::{Page, PageQuery},
    problem::{Code, Problem, ProblemDocument},
    route::Route,
};

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exception {
    /// Its name.
    pub id: String,
    /// The service that it is of.
    pub service: String,
    /// `waiting`, `lapsed`, `rejected`, `in-force`, `expired` or `revoked`.
    pub status: String,
    /// The changes that it covers, by name; null where it names none.
    pub changes: Option<Vec<String>>,
    /// The kinds of changes that it covers; null where it names none.
    pub kinds: Option<Vec<String>>,
    /// Whether it covers every change of the service.
    pub all: bool,
    /// Why it was asked for, in a word.
    pub class: Class,
    /// Why, in a sentence.
    pub reason: String,
    /// For how many hours, counted from its approval.
    pub hours: u32,
    /// When it was asked for.
    #[schema(format = DateTime)]
    pub asked: String,
    /// Who asked.
    pub asked_by: Actor,
    /// When it was approved, and so in force.
    #[schema(format = DateTime)]
    pub approved: Option<String>,
    /// Who approved.
    pub approved_by: Option<Actor>,
    /// Whether they approved what they asked for themselves, as the policy lets them.
    pub solo: bool,
    /// When it ends or ended; null where it was not approved.
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// That it was rejected, or taken back.
    pub ended: Option<Ended>,
    /// What makes up for it.
    pub payback: Payback,
    /// How many exceptions of the service were approved in this quarter.
    pub this_quarter: u32,
    /// How many the policy allows.
    pub per_quarter: u32,
}

/// That an exception was rejected, or taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ended {
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// By whom.
    pub by: Actor,
    /// Why, where they said so.
    pub reason: Option<String>,
}

/// What makes up for an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Payback {
    /// What is to be done.
    pub action: String,
    /// Who sees to it.
    pub owner: String,
    /// The last day for it, in UTC.
    #[schema(format = Date)]
    pub due: String,
    /// `open`, `overdue` or `paid`; null where nothing is owed because it was not approved.
    pub state: Option<String>,
    /// When it was done.
    #[schema(format = DateTime)]
    pub paid: Option<String>,
    /// Who said so.
    pub paid_by: Option<Actor>,
    /// What was done.
    pub note: Option<String>,
}

impl Payback {
    /// How it is with it, in words: `open, due 2026-12-31`, or `paid 2026-12-01`, which is when somebody said so.
    pub fn standing(&self) -> String {
        let state = self.state.as_deref().unwrap_or_default();
        match self.paid.as_deref().and_then(|paid| paid.get(..10)) {
            Some(day) => format!("{state} {day}"),
            None => format!("{state}, due {}", self.due),
        }
    }
}

/// Why an exception is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Something was promised to a customer.
    CustomerCommitment,
    /// Money is lost by waiting.
    Revenue,
    /// The law asks for it.
    Legal,
    /// The system must be operated.
    Operational,
    /// Anything else.
    Other,
}

/// An exception to ask for. It covers either changes by name, or kinds of changes, or all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewException {
    /// Of which service.
    pub service: String,
    /// The changes that it is to cover, by name; up to 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
    /// The kinds of changes that it is to cover; up to 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Whether it is to cover every change of the service.
    #[serde(default)]
    pub all: bool,
    /// Why, in a word.
    pub class: Class,
    /// Why, in a sentence.
    pub reason: String,
    /// For how many hours, counted from its approval; up to 72, or what the policy allows.
    #[schema(minimum = 1, maximum = 72)]
    pub hours: u32,
    /// What makes up for it.
    pub payback: NewPayback,
}

/// What is to make up for an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPayback {
    /// What is to be done.
    pub action: String,
    /// The person who sees to it.
    pub owner: String,
    /// The last day for it, such as `2026-12-01`, at most 366 days ahead.
    #[schema(format = Date)]
    pub due: String,
}

/// Why an exception is rejected or taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was done to make up for an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// What was done.
    pub note: String,
}

/// Which exceptions are listed, and which page of them.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExceptionsQuery {
    /// Only those of this service.
    pub service: Option<String>,
    /// Only those of this status, such as `waiting`.
    pub status: Option<String>,
    /// At most so many items, up to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<usize>,
    /// Where the page begins: `next` of the page before.
    #[param(pattern = "^([0-9a-f]{2})+$")]
    pub cursor: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/exceptions", Access::Reader, list),
        Route::post("/api/v1/exceptions", Scope::Change, ask),
        Route::get("/api/v1/exceptions/{exception}", Access::Reader, show),
        Route::post("/api/v1/exceptions/{exception}/approve", Scope::Write, approve),
        Route::post("/api/v1/exceptions/{exception}/reject", Scope::Write, reject),
        Route::post("/api/v1/exceptions/{exception}/revoke", Scope::Write, revoke),
        Route::post("/api/v1/exceptions/{exception}/paid", Scope::Write, pay),
    ]
}

impl From<exception::ReasonClass> for Class {
    fn from(class: exception::ReasonClass) -> Self {
        match class {
            exception::ReasonClass::CustomerCommitment => Class::CustomerCommitment,
            exception::ReasonClass::Revenue => Class::Revenue,
            exception::ReasonClass::Legal => Class::Legal,
            exception::ReasonClass::Operational => Class::Operational,
            exception::ReasonClass::Other => Class::Other,
        }
    }
}

impl From<Class> for exception::ReasonClass {
    fn from(class: Class) -> Self {
        match class {
            Class::CustomerCommitment => exception::ReasonClass::CustomerCommitment,
            Class::Revenue => exception::ReasonClass::Revenue,
            Class::Legal => exception::ReasonClass::Legal,
            Class::Operational => exception::ReasonClass::Operational,
            Class::Other => exception::ReasonClass::Other,
        }
    }
}

impl Class {
    /// The word for it.
    pub fn word(self) -> &'static str {
        exception::ReasonClass::from(self).word()
    }
}

/// An exception as it is at this time.
pub(crate) fn view(state: &Practice, known: &exception::Exception, now_ms: i64) -> Exception {
    let exception::Exception { asked, asked_ms, approved, .. } = known;
    let texts = |names: &[_]| Some(names.iter().map(ToString::to_string).collect());
    let (changes, kinds, all) = match &asked.scope {
        exception::Scope::Changes(names) => (texts(names), None, false),
        exception::Scope::Kinds(kinds) => (None, texts(kinds), false),
        exception::Scope::All => (None, None, true),
    };
    let this_quarter = state.exceptions.approved_in(&asked.service, Quarter::of(now_ms)).count();
    Exception {
        id: asked.exception.to_string(),
        service: asked.service.to_string(),
        status: known.status(now_ms).word().to_owned(),
        changes,
        kinds,
        all,
        class: asked.class.into(),
        reason: asked.reason.to_string(),
        hours: asked.hours,
        asked: time(*asked_ms),
        asked_by: Actor::from(&asked.by),
        approved: approved.as_ref().map(|(at_ms, _)| time(*at_ms)),
        approved_by: approved.as_ref().map(|(_, approved)| Actor::from(&approved.by)),
        solo: approved.as_ref().is_some_and(|(_, approved)| approved.solo),
        until: known.in_force().map(|(_, to)| time(to)),
        ended: ended(known),
        payback: payback(known, now_ms),
        this_quarter: u32::try_from(this_quarter).unwrap_or(u32::MAX),
        per_quarter: in_force::policy_of_service(state, &asked.service).exceptions.per_quarter,
    }
}

fn ended(known: &exception::Exception) -> Option<Ended> {
    let (at_ms, by, reason) = match (&known.rejected, &known.revoked) {
        (Some((at_ms, rejected)), _) => (at_ms, &rejected.by, &rejected.reason),
        (None, Some((at_ms, revoked))) => (at_ms, &revoked.by, &revoked.reason),
        (None, None) => return None,
    };
    let reason = reason.as_ref().map(ToString::to_string);
    Some(Ended { at: time(*at_ms), by: Actor::from(by), reason })
}

pub(super) fn payback(known: &exception::Exception, now_ms: i64) -> Payback {
    let exception::Payback { action, owner, due } = &known.asked.payback;
    let paid = known.paid.as_ref();
    Payback {
        action: action.to_string(),
        owner: owner.to_string(),
        due: due.to_string(),
        state: known.debt(now_ms).map(|debt| debt.word().to_owned()),
        paid: paid.map(|(at_ms, _)| time(*at_ms)),
        paid_by: paid.map(|(_, paid)| Actor::from(&paid.by)),
        note: paid.map(|(_, paid)| paid.note.to_string()),
    }
}

fn find(state: &Practice, id: &str, now_ms: i64) -> Option<Exception> {
    state.exceptions.get(&ExceptionId(id.into())).map(|known| view(state, known, now_ms))
}

fn none(id: &str) -> Problem {
    let shown: String = id.chars().take(100).collect();
    let hint = "GET /api/v1/exceptions lists those that are kept";
    Problem::not_found(format!("there is no exception {shown:?}"), hint)
}

/// The exceptions that are kept, in the order in which they were asked for.
#[utoipa::path(get, path = "/api/v1/exceptions", tag = "exceptions", params(ExceptionsQuery),
    responses((status = 200, body = Page<Exception>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Params(query): Params<ExceptionsQuery>,
) -> Answer {
    let ExceptionsQuery { service, status, limit, cursor } = query;
    let cut = PageQuery { limit, cursor }.cut()?;
    let now_ms = app.now_ms();
    let state = app.desk.published().read();
    let of_it = |known: &&exception::Exception| {
        service.as_ref().is_none_or(|service| known.asked.service == *service)
            && status.as_ref().is_none_or(|status| known.status(now_ms).word() == status)
    };
    let mut all: Vec<(String, &exception::Exception)> = state
        .exceptions
        .iter()
        .filter(of_it)
        .map(|known| (format!("{:020} {}", known.asked_ms, known.asked.exception), known))
        .filter(|(key, _)| cut.is_behind(key))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    report(&cut.page(all.into_iter().map(|(key, known)| (key, view(&state, known, now_ms)))))
}

/// Asks for an exception. Another person must approve it.
#[utoipa::path(post, path = "/api/v1/exceptions", tag = "exceptions", request_body = NewException,
    responses((status = 201, body = Exception), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument)))]
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    call: Call,
    Json(new): Json<NewException>,
) -> Answer {
    let scope = scope(&new)?;
    let NewException { service, class, reason, hours, payback, .. } = new;
    let NewPayback { action, owner, due } = payback;
    let class = class.into();
    let wish = exception::Wish { service, scope, class, reason, hours, action, owner, due };
    let done = app.act(call, Command::AskException(wish)).await?;
    let asked = made(done, |event| match event {
        Event::ExceptionAsked(asked) => Some(asked),
        _ => None,
    })?;
    let id = asked.exception.to_string();
    let now_ms = app.now_ms();
    let found = find(&app.desk.published().read(), &id, now_ms).ok_or_else(|| none(&id))?;
    created(&format!("/api/v1/exceptions/{id}"), &found)
}

fn scope(new: &NewException) -> Result<exception::Scope, Problem> {
    let names = |names: &[String]| names.iter().map(|name| name.as_str().into()).collect();
    match (new.changes.as_slice(), new.kinds.as_slice(), new.all) {
        ([], [], true) => Ok(exception::Scope::All),
        ([], kinds @ [_, ..], false) => Ok(exception::Scope::Kinds(names(kinds))),
        (changes @ [_, ..], [], false) => Ok(exception::Scope::Changes(names(changes))),
        _ => {
            let detail = "the exception must cover changes, or kinds of changes, or all of them";
            let hint = "give exactly one of `changes`, `kinds` and `\"all\": true`";
            Err(Problem::new(Code::Invalid, detail, hint))
        }
    }
}

/// One exception.
#[utoipa::path(get, path = "/api/v1/exceptions/{exception}", tag = "exceptions",
    params(("exception" = String, Path, description = "Its name.")),
    responses((status = 200, body = Exception), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(id): Named) -> Answer {
    let now_ms = app.now_ms();
    let found = find(&app.desk.published().read(), &id, now_ms).ok_or_else(|| none(&id))?;
    one(&call, &found)
}

/// Approves an exception: it is in force from now on. Nobody approves what they asked for themselves, unless the policy
/// says that one person is all there is.
#[utoipa::path(post, path = "/api/v1/exceptions/{exception}/approve", tag = "exceptions",
    params(("exception" = String, Path, description = "Its name.")),
    responses((status = 200, body = Exception), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn approve(State(app): State<Arc<App>>, call: Call, Named(id): Named) -> Answer {
    answered(&app, call, &id, Command::ApproveException(id.clone())).await
}

/// Rejects an exception.
#[utoipa::path(post, path = "/api/v1/exceptions/{exception}/reject", tag = "exceptions",
    params(("exception" = String, Path, description = "Its name.")), request_body = Because,
    responses((status = 200, body = Exception), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn reject(
    State(app): State<Arc<App>>,
    call: Call,
    Named(id): Named,
    Json(Because { reason }): Json<Because>,
) -> Answer {
    answered(&app, call, &id, Command::RejectException { id: id.clone(), reason }).await
}

/// Takes an exception back, before it was answered or before it ended.
#[utoipa::path(post, path = "/api/v1/exceptions/{exception}/revoke", tag = "exceptions",
    params(("exception" = String, Path, description = "Its name.")), request_body = Because,
    responses((status = 200, body = Exception), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    call: Call,
    Named(id): Named,
    Json(Because { reason }): Json<Because>,
) -> Answer {
    answered(&app, call, &id, Command::RevokeException { id: id.clone(), reason }).await
}

/// Records that an exception was made up for.
#[utoipa::path(post, path = "/api/v1/exceptions/{exception}/paid", tag = "exceptions",
    params(("exception" = String, Path, description = "Its name.")), request_body = Payment,
    responses((status = 200, body = Exception), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn pay(
    State(app): State<Arc<App>>,
    call: Call,
    Named(id): Named,
    Json(Payment { note }): Json<Payment>,
) -> Answer {
    answered(&app, call, &id, Command::PayException { id: id.clone(), note }).await
}

/// Does something about an exception, and shows what it is then.
async fn answered(app: &App, call: Call, id: &str, command: Command) -> Answer {
    app.act(call, command).await?;
    let now_ms = app.now_ms();
    let found = find(&app.desk.published().read(), id, now_ms).ok_or_else(|| none(id))?;
    report(&found)
}
