//! SLIs: what is counted of a service.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::catalog::{self, Kind, Object};
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

/// An SLI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sli {
    /// Its name.
    pub name: String,
    /// The service it tells of.
    pub service: String,
    /// Where its counts come from; null where the documents name no source.
    pub source: Option<String>,
    /// What is counted.
    pub measure: Measure,
    /// Which files declare it.
    pub declared: Declaration,
}

/// What an SLI counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Measure {
    /// Requests in access logs.
    Requests {
        /// The service, as the logs name it.
        service: String,
        /// Which of its requests are good, such as `availability` or `latency-300ms`.
        good: String,
    },
    /// What its source sends.
    Pushed,
    /// Something that this program does not read.
    Other {
        /// The type of its source, as written.
        r#type: String,
    },
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/slis", Access::Reader, list),
        Route::get("/api/v1/slis/{sli}", Access::Reader, show),
    ]
}

fn view(name: &str, object: &catalog::Declared) -> Option<Sli> {
    let Object::Sli { service, source, measure } = &object.object else { return None };
    let measure = match measure {
        catalog::Measure::Requests { service, sli } => {
            Measure::Requests { service: service.clone(), good: sli.name() }
        }
        catalog::Measure::Pushed => Measure::Pushed,
        catalog::Measure::Other { kind } => Measure::Other { r#type: kind.clone() },
    };
    Some(Sli {
        name: name.to_owned(),
        service: service.clone(),
        source: source.clone(),
        measure,
        declared: Declaration::of(object),
    })
}

/// All SLIs.
#[utoipa::path(get, path = "/api/v1/slis", tag = "slis", params(PageQuery),
    responses((status = 200, body = Page<Sli>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    report(&declared::page(&app.desk.published().read(), Kind::Sli, &query, view)?)
}

/// One SLI.
#[utoipa::path(get, path = "/api/v1/slis/{sli}", tag = "slis",
    params(("sli" = String, Path, description = "Its name.")),
    responses((status = 200, body = Sli), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(name): Named) -> Answer {
    one(&call, &declared::one(&app.desk.published().read(), Kind::Sli, &name, view)?)
}
