//! People: everyone who answers for what is done.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    command::Command,
    people::{
        person::{self, PersonId},
        token::Scope,
    },
    state::State as Practice,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::{Answer, created, gone, one, report, time},
    app::App,
    auth::Access,
    call::{Call, Json, Named, Params},
    page::{Page, PageQuery},
    problem::{Code, Problem, ProblemDocument},
    route::Route,
};

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// What the journal calls them.
    #[schema(example = "ada")]
    pub handle: String,
    /// When they were added.
    #[schema(format = DateTime)]
    pub added: String,
    /// When they were erased; null while they are here.
    #[schema(format = DateTime)]
    pub erased: Option<String>,
}

/// A person to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// 1 to 40 lower-case letters, digits and hyphens, a letter first.
    #[schema(pattern = "^[a-z][a-z0-9-]{0,39}$", example = "ada")]
    pub handle: String,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/people", Access::Scope(Scope::Admin), list),
        Route::post("/api/v1/people", Scope::Admin, add),
        Route::get("/api/v1/people/{handle}", Access::Scope(Scope::Admin), show),
        Route::delete("/api/v1/people/{handle}", Scope::Admin, erase),
    ]
}

fn view(id: &PersonId, person: &person::Person) -> Person {
    Person {
        handle: id.as_str().to_owned(),
        added: time(person.added_ms),
        erased: person.erased_ms.map(time),
    }
}

fn find(state: &Practice, handle: &str) -> Option<Person> {
    let id = PersonId::parse(handle).ok()?;
    state.people.get(&id).map(|person| view(&id, person))
}

fn nobody(handle: &str) -> Problem {
    Problem::not_found(format!("there is no person {handle:?}"), "GET /api/v1/people lists them")
}

/// Everyone, also those who were erased.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", params(PageQuery),
    responses((status = 200, body = Page<Person>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    let cut = query.cut()?;
    let state = app.desk.published().read();
    let rest = state.people.iter().filter(|(id, _)| cut.is_behind(id.as_str()));
    report(&cut.page(rest.map(|(id, person)| (id.as_str().to_owned(), view(id, person)))))
}

/// Adds a person.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = NewPerson,
    responses((status = 201, body = Person), (status = 409, body = ProblemDocument)))]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    call: Call,
    Json(NewPerson { handle }): Json<NewPerson>,
) -> Answer {
    let done = app.act(call, Command::AddPerson(handle.clone())).await?;
    let person = Person { handle: handle.clone(), added: time(done.at_ms), erased: None };
    created(&format!("/api/v1/people/{handle}"), &person)
}

/// One person.
#[utoipa::path(get, path = "/api/v1/people/{handle}", tag = "people",
    params(("handle" = String, Path, description = "Their handle.")),
    responses((status = 200, body = Person), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(handle): Named) -> Answer {
    let person = find(&app.desk.published().read(), &handle).ok_or_else(|| nobody(&handle))?;
    one(&call, &person)
}

/// Nobody could use the folder's `local.token` any more: it acts for this person.
fn owner(handle: &str) -> Problem {
    Problem::new(
        Code::Conflict,
        format!("{handle} owns the data folder: its local.token acts for them, and would be void"),
        format!(
            "start the server once for another owner, with plimsoll serve --owner HANDLE; then erase {handle}"
        ),
    )
}

/// Erases a person: their tokens are revoked and what is personal is dropped. Their handle stays, because what they
/// did stays. Whoever owns the data folder stays until somebody else does.
#[utoipa::path(delete, path = "/api/v1/people/{handle}", tag = "people",
    params(("handle" = String, Path, description = "Their handle.")),
    responses((status = 204), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub(super) async fn erase(State(app): State<Arc<App>>, call: Call, Named(handle): Named) -> Answer {
    if app.local.person.as_str() == handle {
        return Err(owner(&handle));
    }
    let command = Command::ErasePerson(handle.clone());
    app.act_on(call, command, move |state| find(state, &handle)).await?;
    Ok(gone())
}
