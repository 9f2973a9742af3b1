//! The page of decisions: what the budgets of each service say about the next change, and why.

use std::{cmp::Reverse, sync::Arc};

use askama::Template;
use axum::{extract::State, response::Response};
use plimsoll_core::{
    catalog::Kind,
    printable::printable,
    promise::{decision::Verdict, exception::Status, record::Record},
    state::State as Practice,
    time::{DAY, HOUR, Span, utc},
};

use super::page;
use crate::{
    api::{
        App,
        decisions::{Moment, ServiceDecision},
        declared,
        problem::Problem,
    },
    limits::PAGE_LINES_MAX,
};

/// So many days back it is said how long each verdict stood.
const LATELY_DAYS: i64 = 90;

#[derive(Template)]
#[template(path = "decisions.html")]
struct Decisions {
    solo: Vec<String>,
    as_of: String,
    days: i64,
    services: Vec<Service>,
    left_out: usize,
}

struct Service {
    name: String,
    verdict: String,
    class: &'static str,
    since: Option<String>,
    escalated: bool,
    reasons: Vec<String>,
    /// What else somebody should know who relies on it: an exit, exceptions, a policy nobody looked at.
    notices: Vec<String>,
    policy: String,
    lately: String,
}

/// The decisions about all services, the heaviest first.
#[utoipa::path(get, path = "/decisions", tag = "pages",
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn decisions(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let (moment, now_ms) = (Moment::of(&app), app.now_ms());
    let filled = {
        let state = app.desk.published().read();
        let mut judged: Vec<_> = declared::all(&state, Kind::Service)
            .map(|(name, _)| (name, moment.judged(name, &state)))
            .collect();
        judged.sort_by_key(|(name, judged)| (Reverse(judged.verdict()), *name));
        let left_out = judged.len().saturating_sub(PAGE_LINES_MAX);
        judged.truncate(PAGE_LINES_MAX);
        let services = judged.into_iter().map(|(name, judged)| {
            let view = moment.view(name, &judged, &state);
            service(&state, &moment, judged.verdict(), view, now_ms)
        });
        Decisions {
            solo: super::solo(&state),
            as_of: utc(moment.end()),
            days: LATELY_DAYS,
            left_out,
            services: services.collect(),
        }
    };
    page(&filled)
}

fn service(
    state: &Practice,
    moment: &Moment,
    verdict: Verdict,
    view: ServiceDecision,
    now_ms: i64,
) -> Service {
    let record = state.decisions.get(view.service.as_str());
    let span = Span::new(moment.end().plus(-LATELY_DAYS * DAY), moment.end());
    Service {
        class: class(verdict),
        since: record.filter(|_| view.recorded.is_some()).map(|known| utc(known.last.minute)),
        escalated: view.escalated,
        reasons: view.reasons.iter().map(|reason| printable(&reason.text).into_owned()).collect(),
        notices: notices(state, record, &view, now_ms),
        policy: format!("{}: {}", view.policy, view.policy_agreement),
        lately: record.map_or_else(|| "nothing was decided".to_owned(), |one| lately(one, span)),
        name: view.service,
        verdict: view.verdict,
    }
}

/// How a verdict is set; its word says the same.
pub(super) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ship => "left",
        Verdict::Stabilise => "spent",
        Verdict::Caution | Verdict::Unknown => "unknown",
    }
}

fn notices(
    state: &Practice,
    record: Option<&Record>,
    view: &ServiceDecision,
    now_ms: i64,
) -> Vec<String> {
    let signed = record.into_iter().flat_map(|record| &record.exit);
    let signed =
        signed.map(|one| format!("An early exit is signed for {} only, by {}.", one.role, one.by));
    let is_in_force = |one: &&_| {
        plimsoll_core::promise::exception::Exception::status(one, now_ms) == Status::InForce
    };
    let exceptions = state.exceptions.iter().filter(is_in_force);
    let exceptions = exceptions.filter(|one| one.asked.service == view.service.as_str());
    let exceptions =
        exceptions.map(|one| format!("The exception {} lets changes pass.", one.asked.exception));
    let overdue = view.policy_overdue.iter();
    let overdue = overdue.map(|due| format!("The policy had to be looked at again by {due}."));
    let all = signed.chain(exceptions).chain(overdue);
    all.map(|text| printable(&text).into_owned()).collect()
}

/// `ship 80 d, caution 6 d 3 h`.
fn lately(record: &Record, span: Span) -> String {
    let stood = record.minutes(span).into_iter().filter(|(_, minutes)| *minutes > 0);
    let stood: Vec<String> =
        stood.map(|(verdict, minutes)| format!("{verdict} {}", while_of(minutes))).collect();
    if stood.is_empty() { "nothing was decided".to_owned() } else { stood.join(", ") }
}

/// A while in its two largest units.
fn while_of(minutes: i64) -> String {
    let (days, hours, rest) = (minutes / DAY, minutes % DAY / HOUR, minutes % HOUR);
    match (days, hours, rest) {
        (0, 0, rest) => format!("{rest} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, rest) => format!("{hours} h {rest} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
