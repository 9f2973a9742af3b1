//! Sources: where measurements come from.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    catalog::{self, Kind, Object},
    time::Minute,
};
use plimsoll_source::follow::Example;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::{Answer, one, report, time},
    app::App,
    auth::Access,
    call::{Call, Named, Params},
    declared::{self, Declaration},
    page::{Page, PageQuery},
    problem::ProblemDocument,
    route::Route,
};
use crate::follow::health;

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

/// A source and how it is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceReport {
    /// The source.
    #[serde(flatten)]
    pub source: Source,
    /// How it is doing since the server started.
    pub health: SourceHealth,
}

/// How a source is doing since the server started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceHealth {
    /// Why it brings nothing, or less than it should; null while all is well.
    pub trouble: Option<String>,
    /// The newest minute that it brought anything of.
    #[schema(format = DateTime)]
    pub newest: Option<String>,
    /// Every minute before it was seen in full, where logs are followed.
    #[schema(format = DateTime)]
    pub seen_until: Option<String>,
    /// By how many minutes that is behind; null where nothing was heard of it yet.
    pub lag_minutes: Option<i64>,
    /// When it was heard of last.
    #[schema(format = DateTime)]
    pub heard: Option<String>,
    /// Lines of logs, or pushes, that were taken.
    pub taken: u64,
    /// Lines that could not be read, or pushes that were refused.
    pub rejected: u64,
    /// Why the last push was refused.
    pub last_rejection: Option<String>,
    /// The latest lines that could not be read.
    pub examples: Vec<MalformedLine>,
    /// What happened to its files, the latest last.
    pub events: Vec<FileEvent>,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MalformedLine {
    /// The log.
    pub path: String,
    /// Why it is not a request.
    pub why: String,
    /// Its beginning; null for who is not `admin`, for a log may hold what is not everybody's.
    pub text: Option<String>,
}

/// What happened to a followed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileEvent {
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// What.
    pub what: String,
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

fn doing(health: &health::SourceHealth, end: Minute, is_admin: bool) -> SourceHealth {
    let until = health.seen_until.or(health.newest.map(|newest| newest.plus(1)));
    let example = |line: &Example| MalformedLine {
        path: line.path.clone(),
        why: line.why.to_owned(),
        text: is_admin.then(|| line.text.clone()),
    };
    let event = |(at_ms, what): &(i64, String)| FileEvent { at: time(*at_ms), what: what.clone() };
    SourceHealth {
        trouble: health.trouble.clone(),
        newest: health.newest.map(|minute| minute.to_string()),
        seen_until: health.seen_until.map(|minute| minute.to_string()),
        lag_minutes: until.map(|until| (end.0 - until.0).max(0)),
        heard: health.heard_ms.map(time),
        taken: health.taken,
        rejected: health.rejected,
        last_rejection: health.last_rejection.clone(),
        examples: health.examples.iter().map(example).collect(),
        events: health.events.iter().map(event).collect(),
    }
}

fn report_of(app: &App, call: &Call, source: Source) -> SourceReport {
    let health = doing(&app.healths.of(&source.name), app.keeper.end(), call.is_admin);
    SourceReport { source, health }
}

/// All sources.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources", params(PageQuery),
    responses((status = 200, body = Page<SourceReport>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    call: Call,
    Params(query): Params<PageQuery>,
) -> Answer {
    let view = |name: &str, known: &catalog::Declared| {
        view(name, known).map(|source| report_of(&app, &call, source))
    };
    report(&declared::page(&app.desk.published().read(), Kind::Source, &query, view)?)
}

/// One source.
#[utoipa::path(get, path = "/api/v1/sources/{source}", tag = "sources",
    params(("source" = String, Path, description = "Its name.")),
    responses((status = 200, body = SourceReport), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(name): Named) -> Answer {
    let source = declared::one(&app.desk.published().read(), Kind::Source, &name, view)?;
    one(&call, &report_of(&app, &call, source))
}
