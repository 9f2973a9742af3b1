//! Pages for people. They need no script and load nothing from elsewhere.

mod changes;
mod exceptions;
mod overview;
mod promises;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

pub(crate) use changes::{__path_changes, changes};
pub(crate) use exceptions::{__path_exceptions, exceptions};
pub(crate) use overview::{__path_overview, overview};
pub(crate) use promises::{__path_promises, promises};

use crate::api::{Access, Route};

/// What a page may load: its style, and nothing else. Nobody may frame it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/", Access::Reader, overview),
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

/// A page as it is sent.
fn page(html: String) -> Response {
    let html_type = HeaderValue::from_static("text/html; charset=utf-8");
    let no_referrer = HeaderValue::from_static("no-referrer");
    let headers = [
        (header::CONTENT_TYPE, html_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, no_referrer),
    ];
    (headers, html).into_response()
}
