//! Whether the process lives, and whether it can do its work.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    answer::{Answer, report},
    app::App,
    auth::Access,
    problem::{Code, Problem, ProblemDocument},
    route::Route,
};

/// The server can do its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ready {
    /// Always true; else the answer is a problem.
    pub ready: bool,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/-/healthy", Access::Anyone, healthy).uncounted(),
        Route::get("/-/ready", Access::Anyone, ready).uncounted(),
    ]
}

/// The process lives.
#[utoipa::path(get, path = "/-/healthy", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn healthy() -> Response {
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    ([(header::CONTENT_TYPE, plain)], "ok\n").into_response()
}

/// The server can do its work, or why not.
#[utoipa::path(get, path = "/-/ready", tag = "health",
    responses((status = 200, body = Ready), (status = 503, body = ProblemDocument)))]
pub(super) async fn ready(State(app): State<Arc<App>>) -> Answer {
    let damage = app.damage.get().cloned();
    let stopped = [app.desk.stopped(), app.keeper.stopped(), app.clock_behind(), damage];
    let reasons: Vec<String> = stopped.into_iter().flatten().collect();
    if reasons.is_empty() {
        return report(&Ready { ready: true });
    }
    let detail = format!("the server is not ready: {}", reasons.join("; "));
    let hint = "it comes back by itself when that is put right; its log says more";
    Err(Problem::new(Code::Unavailable, detail, hint).with("reasons", json!(reasons)))
}
