//! Services: what serves, and what is promised of it.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    catalog::{self, Kind, Object},
    state::State as Practice,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::{Answer, one, report},
    app::App,
    auth::Access,
    call::{Call, Named, Params},
    declared::{self, Declaration},
    page::{Page, PageQuery},
    problem::ProblemDocument,
    route::Route,
};

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Which files declare it.
    pub declared: Declaration,
}

/// A service with what is measured and promised of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceReport {
    /// The service.
    #[serde(flatten)]
    pub service: Service,
    /// Its SLIs.
    pub slis: Vec<String>,
    /// Its SLOs.
    pub slos: Vec<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/services", Access::Reader, list),
        Route::get("/api/v1/services/{service}", Access::Reader, show),
    ]
}

fn view(name: &str, object: &catalog::Declared) -> Option<Service> {
    let Object::Service { title, description } = &object.object else { return None };
    Some(Service {
        name: name.to_owned(),
        title: title.clone(),
        description: description.clone(),
        declared: Declaration::of(object),
    })
}

fn find(state: &Practice, name: &str) -> Option<ServiceReport> {
    let service = view(name, declared::find(state, Kind::Service, name)?)?;
    let of_it = |object: &Object| match object {
        Object::Sli { service, .. } => service == name,
        Object::Slo(slo) => slo.service == name,
        _ => false,
    };
    let names = |kind| {
        let own = declared::all(state, kind).filter(|(_, known)| of_it(&known.object));
        own.map(|(name, _)| name.to_owned()).collect()
    };
    Some(ServiceReport { service, slis: names(Kind::Sli), slos: names(Kind::Slo) })
}

/// All services.
#[utoipa::path(get, path = "/api/v1/services", tag = "services", params(PageQuery),
    responses((status = 200, body = Page<Service>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    report(&declared::page(&app.desk.published().read(), Kind::Service, &query, view)?)
}

/// One service.
#[utoipa::path(get, path = "/api/v1/services/{service}", tag = "services",
    params(("service" = String, Path, description = "Its name.")),
    responses((status = 200, body = ServiceReport), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(name): Named) -> Answer {
    let found = find(&app.desk.published().read(), &name);
    one(&call, &found.ok_or_else(|| declared::none(Kind::Service, &name))?)
}
