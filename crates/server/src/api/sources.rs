//! Sources: where measurements come from.

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

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// How it delivers.
    pub feed: Feed,
    /// Which files declare it.
    pub declared: Declaration,
}

/// How a source delivers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Feed {
    /// Access logs that the server follows.
    AccessLog {
        /// Names of files, with `*` for any part of a name.
        files: Vec<String>,
    },
    /// Somebody sends samples.
    Push,
    /// Something that this program does not read.
    Other {
        /// Its type, as written.
        r#type: String,
    },
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/sources", Access::Reader, list),
        Route::get("/api/v1/sources/{source}", Access::Reader, show),
    ]
}

fn view(name: &str, object: &catalog::Declared) -> Option<Source> {
    let Object::Source(feed) = &object.object else { return None };
    let feed = match feed {
        catalog::Feed::AccessLog(logs) => Feed::AccessLog { files: logs.files.clone() },
        catalog::Feed::Push => Feed::Push,
        catalog::Feed::Other { kind } => Feed::Other { r#type: kind.clone() },
    };
    Some(Source { name: name.to_owned(), feed, declared: Declaration::of(object) })
}

/// All sources.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources", params(PageQuery),
    responses((status = 200, body = Page<Source>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    report(&declared::page(&app.desk.published().read(), Kind::Source, &query, view)?)
}

/// One source.
#[utoipa::path(get, path = "/api/v1/sources/{source}", tag = "sources",
    params(("source" = String, Path, description = "Its name.")),
    responses((status = 200, body = Source), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(name): Named) -> Answer {
    let state = app.desk.published().read();
    let found = declared::find(&state, Kind::Source, &name).and_then(|known| view(&name, known));
    one(&call, &found.ok_or_else(|| declared::none(Kind::Source, &name))?)
}
