//! The page of changes: the newest, with what the gate would have said of each, and how budgets were obeyed.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{extract::State, response::Response};
use plimsoll_core::{
    deliver::{
        change::{Change, Outcome},
        obedience::Obedience,
    },
    printable::printable,
    promise::gate::Pass,
    ratio::percent_floor,
    state::State as Practice,
    time::{Minute, utc},
};

use super::page;
use crate::{
    api::{App, obedience::LOOK_BACK_MS, problem::Problem},
    limits::PAGE_LINES_MAX,
};

#[derive(Template)]
#[template(path = "changes.html")]
struct Changes {
    solo: Vec<String>,
    services: Vec<Obeyed>,
    services_left_out: usize,
    rows: Vec<Row>,
    left_out: usize,
}

struct Obeyed {
    service: String,
    share: String,
    class: &'static str,
    stabilising: u64,
    exempt: u64,
    covered: u64,
    uncovered: usize,
    changes: u64,
    unjudged: u64,
}

struct Row {
    id: String,
    title: Option<String>,
    service: String,
    kind: String,
    risk: &'static str,
    started: String,
    state: &'static str,
    gate: String,
    class: &'static str,
    by: String,
}

/// The newest changes, and how budgets were obeyed.
#[utoipa::path(get, path = "/changes", tag = "pages",
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn changes(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let to_ms = app.now_ms().saturating_add(1);
    let changes = changes_of(&app.desk.published().read(), to_ms);
    page(&changes)
}

fn changes_of(state: &Practice, to_ms: i64) -> Changes {
    let from_ms = to_ms.saturating_sub(LOOK_BACK_MS);
    let lately = state.changes.within(None, from_ms, to_ms, None);
    let names: BTreeSet<&str> = lately.map(|change| change.start.service.as_str()).collect();
    let services = names.iter().take(PAGE_LINES_MAX);
    Changes {
        solo: super::solo(state),
        services: services.map(|name| obeyed(state, name, from_ms, to_ms)).collect(),
        services_left_out: names.len().saturating_sub(PAGE_LINES_MAX),
        rows: state.changes.iter().rev().take(PAGE_LINES_MAX).map(row).collect(),
        left_out: state.changes.len().saturating_sub(PAGE_LINES_MAX),
    }
}

fn obeyed(state: &Practice, service: &str, from_ms: i64, to_ms: i64) -> Obeyed {
    let found = Obedience::of(&state.changes, service, from_ms, to_ms);
    let share = found.share_ppb().map(|ppb| percent_floor(ppb as i64));
    Obeyed {
        service: service.to_owned(),
        class: if found.uncovered.is_empty() { "left" } else { "spent" },
        share: share.unwrap_or_else(|| "–".to_owned()),
        stabilising: found.stabilising,
        exempt: found.exempt,
        covered: found.covered,
        uncovered: found.uncovered.len(),
        changes: found.changes,
        unjudged: found.unjudged,
    }
}

fn row(change: &Change) -> Row {
    let (start, end) = (&change.start, change.end.as_ref());
    let pass = start.gate.as_ref().map(|told| told.pass);
    let gate = start.gate.as_ref().map(|told| {
        let by = told.exception.as_ref().map_or_else(String::new, |id| format!(" by {id}"));
        format!("{}{by} ({})", told.pass.word(), told.verdict)
    });
    Row {
        id: start.change.to_string(),
        title: start.title.as_ref().map(|title| printable(title).into_owned()),
        service: start.service.to_string(),
        kind: start.kind.to_string(),
        risk: start.risk.word(),
        started: utc(Minute::of_second(start.started_ms.div_euclid(1000))),
        state: match end {
            Some(end) => end.outcome.map_or("finished", Outcome::word),
            None => "runs",
        },
        gate: gate.unwrap_or_else(|| "not known".to_owned()),
        class: match pass {
            Some(Pass::Refused) => "spent",
            None => "unknown",
            Some(_) => "left",
        },
        by: start.by.to_string(),
    }
}
