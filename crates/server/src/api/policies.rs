//! Budget policies: what follows when a promise is not kept, and who agreed to that.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::State;
use plimsoll_core::{
    catalog::{self, Kind, Object, ObjectId},
    people::token::Scope,
    promise::{
        in_force,
        policy::{self, HOUSE_POLICY},
        promise,
        terms::{PolicyTerms, Terms},
    },
    state::State as Practice,
    time::Date,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    agreements::{self, Agreement, NewAgreement, Standing, Version},
    answer::{Answer, one, report},
    app::App,
    auth::Access,
    call::{Call, Json, Named, Params},
    declared::{self, Declaration},
    page::{Page, PageQuery},
    problem::ProblemDocument,
    promises::today,
    route::Route,
};

/// A budget policy: what product and engineering agreed to last, or else what is declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its conditions, one by one, in words.
    pub conditions: BTreeMap<String, String>,
    /// Whether one person may sign for both sides, and approve their own exceptions.
    pub solo: bool,
    /// The day by which it is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_date: Option<String>,
    /// Whether that day has passed.
    pub stale: bool,
    /// How far the agreement came.
    pub standing: Standing,
    /// Which files declare it; null for the one that is built in, which holds until one of its name is declared, and
    /// for one that was agreed and whose document was withdrawn since.
    pub declared: Option<Declaration>,
}

/// A policy with its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyReport {
    /// The policy.
    #[serde(flatten)]
    pub policy: Policy,
    /// The promises that name it.
    pub promises: Vec<String>,
    /// Its versions, the newest first: the last hundred, and the one in force.
    pub versions: Vec<Version>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/policies", Access::Reader, list),
        Route::get("/api/v1/policies/{policy}", Access::Reader, show),
        Route::post("/api/v1/policies/{policy}/agreements", Scope::Write, agree),
    ]
}

fn of(name: &str) -> ObjectId {
    ObjectId { kind: Kind::Policy, name: name.into() }
}

fn declared(
    state: &Practice,
    name: &str,
    object: &catalog::Declared,
    today: Date,
) -> Option<Policy> {
    if let Some(agreed) = agreed(state, name, today) {
        return Some(agreed);
    }
    let Object::Policy { policy, no_data } = &object.object else { return None };
    let terms = PolicyTerms { policy: policy::Policy::clone(policy), no_data: *no_data };
    Some(view(state, name, terms, Some(Declaration::of(object)), today))
}

/// The policy that holds where none is declared.
fn built_in(state: &Practice, today: Date) -> Policy {
    let terms = PolicyTerms { policy: policy::Policy::default(), no_data: None };
    view(state, HOUSE_POLICY, terms, None, today)
}

fn view(
    state: &Practice,
    name: &str,
    terms: PolicyTerms,
    declared: Option<Declaration>,
    today: Date,
) -> Policy {
    let (solo, review) = (terms.policy.solo, terms.policy.review_date);
    Policy {
        name: name.to_owned(),
        conditions: Terms::Policy(Box::new(terms)).facts(),
        solo,
        review_date: review.map(|day| day.to_string()),
        stale: review.is_some_and(|day| today > day),
        standing: agreements::standing(state, &of(name)),
        declared,
    }
}

/// Every policy by its name, and the one that is built in where none of its name is declared.
pub(crate) fn all(state: &Practice, today: Date) -> BTreeMap<String, Policy> {
    let known = declared::all(state, Kind::Policy);
    let mut policies: BTreeMap<String, Policy> = known
        .filter_map(|(name, object)| Some((name.to_owned(), declared(state, name, object, today)?)))
        .collect();
    let gone = state.versions.keys().filter(|id| id.kind == Kind::Policy);
    let gone = gone.filter(|id| !state.objects.contains_key(*id));
    policies
        .extend(gone.filter_map(|id| Some((id.name.to_string(), agreed(state, &id.name, today)?))));
    policies.entry(HOUSE_POLICY.to_owned()).or_insert_with(|| built_in(state, today));
    policies
}

/// A policy that was agreed; it stays in force where its document was withdrawn.
fn agreed(state: &Practice, name: &str, today: Date) -> Option<Policy> {
    let terms = in_force::policy_terms(state, name)?.clone();
    let found = declared::find(state, Kind::Policy, name);
    Some(view(state, name, terms, found.map(Declaration::of), today))
}

/// All policies; first the one that is built in, where none of its name is declared.
#[utoipa::path(get, path = "/api/v1/policies", tag = "policies", params(PageQuery),
    responses((status = 200, body = Page<Policy>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    let cut = query.cut()?;
    let policies = all(&app.desk.published().read(), today(&app));
    report(&cut.page(policies.into_iter().filter(|(name, _)| cut.is_behind(name))))
}

/// One policy with its versions, and what differs between them.
#[utoipa::path(get, path = "/api/v1/policies/{policy}", tag = "policies",
    params(("policy" = String, Path, description = "Its name.")),
    responses((status = 200, body = PolicyReport), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(name): Named) -> Answer {
    let (state, today) = (app.desk.published().read(), today(&app));
    let view = |name: &str, object: &_| declared(&state, name, object, today);
    let policy = match declared::one(&state, Kind::Policy, &name, view) {
        Ok(policy) => policy,
        Err(none) => match agreed(&state, &name, today) {
            Some(policy) => policy,
            None if name == HOUSE_POLICY => built_in(&state, today),
            None => return Err(none),
        },
    };
    let promises = promise::all(&state).filter(|(_, promise, _)| promise.policy == name);
    let promises = promises.map(|(promise, ..)| promise.to_owned()).collect();
    let versions = agreements::versions(&state, &of(&name));
    one(&call, &PolicyReport { policy, promises, versions })
}

/// Agrees to the newest version of a policy, for product or for engineering. Both must, and two people; unless the
/// policy says `solo: true`. The same again does nothing.
#[utoipa::path(post, path = "/api/v1/policies/{policy}/agreements", tag = "policies",
    request_body = NewAgreement, params(("policy" = String, Path, description = "Its name.")),
    responses((status = 201, body = Agreement), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument)))]
pub(super) async fn agree(
    State(app): State<Arc<App>>,
    call: Call,
    Named(name): Named,
    Json(new): Json<NewAgreement>,
) -> Answer {
    let place = format!("/api/v1/policies/{name}");
    agreements::agree(&app, call, (Kind::Policy, name), new, &place).await
}
