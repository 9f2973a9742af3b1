//! The first page: every service with what is left of its budgets, and how much of it was seen.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{extract::State, response::Response};
use plimsoll_core::{
    catalog::Object,
    printable::printable,
    promise::{budget::Budget, in_force, slo::Slo},
    ratio::{grouped, percent_floor},
    state::State as Practice,
    time::utc,
};

use super::page;
use crate::{
    api::{App, problem::Problem},
    limits::PAGE_SLOS_MAX,
    measure::figures::{Figures, SloFigures},
};

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    solo: Vec<String>,
    as_of: Option<String>,
    trouble: Vec<String>,
    services: Vec<Service>,
    left_out: usize,
}

struct Service {
    name: String,
    title: Option<String>,
    rows: Vec<Row>,
}

/// One window of one objective.
struct Row {
    slo: String,
    target: String,
    window: String,
    left: String,
    /// What would be left if nothing were excluded; none where nothing is.
    raw: Option<String>,
    /// A word for how it is, so that no colour is needed to know.
    state: &'static str,
    coverage: String,
    events: String,
}

/// Every service with its budgets.
#[utoipa::path(get, path = "/", tag = "pages",
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn overview(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let figures = app.keeper.figures();
    let (solo, (services, left_out)) = {
        let state = app.desk.published().read();
        (super::solo(&state), services(&state, &figures))
    };
    let trouble = [app.desk.stopped(), app.keeper.stopped()].into_iter().flatten().collect();
    let overview = Overview { solo, as_of: figures.end.map(utc), trouble, services, left_out };
    page(&overview)
}

/// The services with their objectives, and how many objectives are left out. Services come before objectives in the
/// order of kinds.
fn services(state: &Practice, figures: &Figures) -> (Vec<Service>, usize) {
    let mut services: BTreeMap<&str, Service> = BTreeMap::new();
    let (mut shown, mut left_out) = (0, 0);
    for (id, known) in &state.objects {
        match &known.object {
            Object::Service { title, .. } => {
                let title = title.as_deref().map(|title| printable(title).into_owned());
                let name = id.name.to_string();
                services.insert(&id.name, Service { name, title, rows: Vec::new() });
            }
            Object::Slo(_) if shown == PAGE_SLOS_MAX => left_out += 1,
            Object::Slo(slo) => {
                shown += 1;
                let rows =
                    rows(&id.name, &in_force::slo(state, slo), figures.slos.get(id.name.as_str()));
                let named = || Service { name: slo.service.clone(), title: None, rows: Vec::new() };
                services.entry(&slo.service).or_insert_with(named).rows.extend(rows);
            }
            _ => {}
        }
    }
    (services.into_values().collect(), left_out)
}

fn rows(name: &str, slo: &Slo, figures: Option<&SloFigures>) -> Vec<Row> {
    let row = |window: String, budget: Option<&Budget>, raw: Option<&Budget>| {
        let (left, state) = budget.map_or(("–".to_owned(), "unknown"), left_of);
        let seen = budget.map(|budget| percent_floor(budget.spend.coverage_ppb() as i64));
        let events = budget.map(|budget| {
            let sums = &budget.spend.sums;
            format!("{} of {}", grouped(sums.bad.into()), grouped((sums.good + sums.bad).into()))
        });
        Row {
            slo: name.to_owned(),
            target: slo.target.to_string(),
            window,
            left,
            raw: raw.map(|raw| left_of(raw).0),
            state,
            coverage: seen.unwrap_or_else(|| "–".to_owned()),
            events: events.unwrap_or_else(|| "–".to_owned()),
        }
    };
    match figures {
        Some(figures) => figures
            .windows
            .iter()
            .zip(&figures.raw)
            .map(|((window, budget), raw)| {
                row(window.to_string(), budget.as_ref().ok(), raw.as_ref())
            })
            .collect(),
        None => slo.windows.iter().map(|window| row(window.to_string(), None, None)).collect(),
    }
}

/// What is left of a budget, and a word for it. Where nothing was seen, nothing is known.
pub(super) fn left_of(budget: &Budget) -> (String, &'static str) {
    let share = percent_floor(budget.left_ppb());
    match budget {
        budget if budget.spend.is_unseen() => ("–".to_owned(), "unknown"),
        budget if budget.is_spent() => (share, "spent"),
        _ => (share, "left"),
    }
}
