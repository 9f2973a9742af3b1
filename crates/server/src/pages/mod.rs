//! Pages for people. They need no script and load nothing from elsewhere.

mod changes;
mod decisions;
mod exceptions;
mod overview;
mod policies;
mod promises;
mod statement;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use askama::Template;
use plimsoll_core::{catalog::Object, state::State as Practice};

pub(crate) use changes::{__path_changes, changes};
pub(crate) use decisions::{__path_decisions, decisions};
pub(crate) use exceptions::{__path_exceptions, exceptions};
pub(crate) use overview::{__path_overview, overview};
pub(crate) use policies::{__path_policies, policies};
pub(crate) use promises::{__path_promises, promises};
pub(crate) use statement::{__path_statement, statement};

use crate::api::{
    Access, Route,
    problem::{Code, Problem},
};

/// What a page may load: its style, and nothing else. Nobody may frame it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/", Access::Reader, overview),
        Route::get("/decisions", Access::Reader, decisions),
        Route::get("/statements/{slo}", Access::Reader, statement),
        Route::get("/policies", Access::Reader, policies),
        Route::get("/promises", Access::Reader, promises),
        Route::get("/changes", Access::Reader, changes),
        Route::get("/exceptions", Access::Reader, exceptions),
        Route::get("/style.css", Access::Anyone, style).uncounted(),
    ]
}

/// The style sheet of all pages.
#[utoipa::path(get, path = "/style.css", tag = "pages",
    responses((status = 200, body = String, content_type = "text/css")))]
pub(crate) async fn style() -> Response {
    let css = HeaderValue::from_static("text/css; charset=utf-8");
    ([(header::CONTENT_TYPE, css)], include_str!("../../templates/style.css")).into_response()
}

/// The policies by which one person may sign for both sides, and approve their own exceptions. Each page says so.
fn solo(state: &Practice) -> Vec<String> {
    let solo = state.objects.iter().filter_map(|(id, known)| match &known.object {
        Object::Policy { policy, .. } if policy.solo => Some(id.name.to_string()),
        _ => None,
    });
    solo.collect()
}

/// A page as it is sent.
fn page(filled: &impl Template) -> Result<Response, Problem> {
    let html = filled.render().map_err(|error| {
        Problem::new(Code::Internal, error.to_string(), "look at the server's log")
    })?;
    let html_type = HeaderValue::from_static("text/html; charset=utf-8");
    let no_referrer = HeaderValue::from_static("no-referrer");
    let headers = [
        (header::CONTENT_TYPE, html_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, no_referrer),
    ];
    Ok((headers, html).into_response())
}
