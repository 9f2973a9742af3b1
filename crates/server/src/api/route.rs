//! The list of routes: where each one is, and what it asks of requests.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    http::{HeaderValue, Method, header},
    middleware,
    response::Response,
    routing::{MethodFilter, MethodRouter, on},
};
use plimsoll_core::people::token::Scope;

use super::{
    app::{App, Reach},
    auth::Access,
    guard::{Guard, Rules, guard},
    problem::{Code, Problem},
};
use crate::limits::BODY_BYTES_MAX;

/// One method of one path.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) rules: Rules,
    /// Whether it goes to the journal, so that an idempotency key makes sense.
    pub(crate) is_command: bool,
    handler: MethodRouter<Arc<App>>,
}

impl Route {
    fn new<H, T>(
        (method, filter): (Method, MethodFilter),
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        let rules = Rules { access, body_max: BODY_BYTES_MAX, is_intake: false, is_counted: true };
        let is_command = method != Method::GET;
        Route { method, path, rules, is_command, handler: on(filter, handler) }
    }

    /// Reads something. It changes nothing.
    pub(crate) fn get<H, T>(path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        Route::new((Method::GET, MethodFilter::GET), path, access, handler)
    }

    /// Adds something.
    pub(crate) fn post<H, T>(path: &'static str, scope: Scope, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        Route::new((Method::POST, MethodFilter::POST), path, Access::Scope(scope), handler)
    }

    /// Makes something what the body says.
    pub(crate) fn put<H, T>(path: &'static str, scope: Scope, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        Route::new((Method::PUT, MethodFilter::PUT), path, Access::Scope(scope), handler)
    }

    /// Takes something away.
    pub(crate) fn delete<H, T>(path: &'static str, scope: Scope, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        Route::new((Method::DELETE, MethodFilter::DELETE), path, Access::Scope(scope), handler)
    }

    /// The same, taking bodies up to this size.
    pub(crate) fn body_max(mut self, bytes: usize) -> Self {
        self.rules.body_max = bytes;
        self
    }

    /// The same, open to whoever may read: it changes nothing, although it has a body.
    pub(crate) fn for_readers(mut self) -> Self {
        self.is_command = false;
        self.rules.access = Access::Reader;
        self
    }

    /// The same, for what the journal does not see.
    pub(crate) fn beside_journal(mut self) -> Self {
        self.is_command = false;
        self
    }

    /// The same, taking in measurements.
    pub(crate) fn intake(mut self) -> Self {
        self.is_command = false;
        self.rules.is_intake = true;
        self
    }

    /// The same, however often it is asked.
    pub(crate) fn uncounted(mut self) -> Self {
        self.rules.is_counted = false;
        self
    }
}

/// The router of these routes.
pub(crate) fn router(routes: Vec<Route>, app: &Arc<App>, reach: Reach) -> Router {
    let reach = Arc::new(reach);
    let mut all = Router::new();
    for Route { path, rules, handler, .. } in routes {
        let (app, reach) = (Arc::clone(app), Arc::clone(&reach));
        let layer = middleware::from_fn_with_state(Guard { app, reach, rules }, guard);
        all = all.route(path, handler.route_layer(layer));
    }
    all.fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(middleware::map_response_with_state(Arc::clone(app), harden))
        .with_state(Arc::clone(app))
}

async fn unknown_path(request: Request) -> Problem {
    let path: String = request.uri().path().chars().take(200).collect();
    Problem::not_found(
        format!("there is nothing at {path:?}"),
        "GET /api/v1/openapi.json lists all paths",
    )
}

async fn unknown_method(request: Request) -> Problem {
    Problem::new(
        Code::MethodNotAllowed,
        format!("{} is not known here", request.method()),
        "the field Allow lists the methods that are",
    )
}

/// What every answer says: its bytes are what their type says and nothing else, and are asked for anew each time.
async fn harden(State(app): State<Arc<App>>, mut response: Response) -> Response {
    app.answered.count(response.status());
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    response
}
