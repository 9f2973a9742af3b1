//! The first page: every service with what is left of its budgets, and how much of it was seen; those first that need
//! somebody most.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{extract::State, response::Response};
use plimsoll_core::{
    catalog::{Kind, Object, ObjectId},
    printable::printable,
    promise::{budget::Budget, decision::Verdict, in_force, slo::Slo},
    ratio::{grouped, percent_floor},
    state::State as Practice,
    time::utc,
};

use super::{decisions::class, page};
use crate::{
    api::{App, decisions::Moment, declared, problem::Problem},
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
    /// What was decided about it, and how that is set.
    decision: Option<(&'static str, &'static str)>,
    /// What is said where it has no objective.
    nothing: String,
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
    let moment = Moment::of(&app);
    let (solo, (services, left_out)) = {
        let state = app.desk.published().read();
        (super::solo(&state), services(&state, &figures, &moment))
    };
    let trouble = [app.desk.stopped(), app.keeper.stopped()].into_iter().flatten().collect();
    let overview = Overview { solo, as_of: figures.end.map(utc), trouble, services, left_out };
    page(&overview)
}

/// The services with their objectives, those first that need somebody most, and how many objectives are left out.
fn services(state: &Practice, figures: &Figures, moment: &Moment) -> (Vec<Service>, usize) {
    let mut objectives: BTreeMap<&str, Vec<(&str, &Slo)>> = BTreeMap::new();
    for (id, known) in &state.objects {
        match &known.object {
            Object::Service { .. } => {
                objectives.entry(&id.name).or_default();
            }
            Object::Slo(slo) => objectives.entry(&slo.service).or_default().push((&id.name, slo)),
            _ => {}
        }
    }
    let verdicts: BTreeMap<&str, Verdict> = declared::all(state, Kind::Service)
        .map(|(name, _)| (name, moment.judged(name, state).verdict()))
        .collect();
    let mut objectives: Vec<_> = objectives.into_iter().collect();
    objectives.sort_by_key(|(name, _)| Reverse(verdicts.get(name).unwrap_or(&Verdict::Unknown)));
    let mut room = PAGE_SLOS_MAX;
    let mut left_out = 0;
    let services = objectives.into_iter().map(|(name, slos)| {
        let all = slos.len();
        let shown = all.min(room);
        (room, left_out) = (room - shown, left_out + all - shown);
        let rows = slos.into_iter().take(shown).flat_map(|(slo_name, slo)| {
            rows(slo_name, &in_force::slo(state, slo), figures.slos.get(slo_name))
        });
        let decision = verdicts.get(name).map(|verdict| (verdict.word(), class(*verdict)));
        let service = Service::of(state, name);
        let hidden =
            (shown == 0 && all > 0).then(|| "Its objectives are not shown here.".to_owned());
        Service {
            decision,
            rows: rows.collect(),
            nothing: hidden.unwrap_or(service.nothing),
            ..service
        }
    });
    (services.collect(), left_out)
}

impl Service {
    /// A service, without what is decided and measured.
    fn of(state: &Practice, name: &str) -> Self {
        let promise = in_force::promise_of_service(state, name).map(|(_, promise)| promise);
        let nothing = match promise.map(|promise| promise.next_step.as_deref()) {
            None => "Nothing is promised of it.".to_owned(),
            Some(None) => "No SLO yet.".to_owned(),
            Some(Some(next)) => format!("No SLO yet; next: {}", printable(next)),
        };
        let id = ObjectId { kind: Kind::Service, name: name.into() };
        let title = match state.objects.get(&id).map(|known| &known.object) {
            Some(Object::Service { title, .. }) => title.as_deref(),
            _ => None,
        };
        let title = title.map(|title| printable(title).into_owned());
        Service { name: name.to_owned(), title, decision: None, nothing, rows: Vec::new() }
    }
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
