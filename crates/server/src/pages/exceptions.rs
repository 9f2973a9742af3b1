//! The page of exceptions: those that wait for a second person, and the bill.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use plimsoll_core::{
    printable::printable,
    promise::{
        exception::{Exception, Quarter, Scope, Status},
        in_force,
    },
    ratio::{parse_decimal_ppb, percent_ceil},
    state::State as Practice,
};

use super::page;
use crate::{
    api::{
        App,
        actor::Actor,
        bill::{BillCost, BillLine, newest},
        problem::Problem,
    },
    limits::PAGE_LINES_MAX,
};

#[derive(Template)]
#[template(path = "exceptions.html")]
struct Exceptions {
    solo: Vec<String>,
    waiting: Vec<Waiting>,
    waiting_left_out: usize,
    bill: Vec<Billed>,
}

struct Waiting {
    id: String,
    service: String,
    covers: String,
    hours: u32,
    asked_by: String,
    reason: String,
    payback: String,
    quarter: String,
}

struct Billed {
    id: String,
    status: String,
    service: String,
    from: String,
    until: String,
    who: String,
    reason: String,
    changes: usize,
    costs: Vec<String>,
    payback: String,
    class: &'static str,
}

/// The exceptions that wait, and the bill.
#[utoipa::path(get, path = "/exceptions", tag = "pages",
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn exceptions(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let now_ms = app.now_ms();
    let bill = newest(&app, PAGE_LINES_MAX).await?.into_iter().map(billed).collect();
    let exceptions = {
        let state = app.desk.published().read();
        let is_waiting = |known: &&Exception| known.status(now_ms) == Status::Waiting;
        let mut waiting: Vec<&Exception> = state.exceptions.iter().filter(is_waiting).collect();
        waiting.sort_by_key(|known| known.asked_ms);
        Exceptions {
            solo: super::solo(&state),
            waiting_left_out: waiting.len().saturating_sub(PAGE_LINES_MAX),
            waiting: waiting
                .iter()
                .take(PAGE_LINES_MAX)
                .map(|e| waits(&state, e, now_ms))
                .collect(),
            bill,
        }
    };
    page(&exceptions)
}

fn waits(state: &Practice, known: &Exception, now_ms: i64) -> Waiting {
    let asked = &known.asked;
    let approved = state.exceptions.approved_in(&asked.service, Quarter::of(now_ms)).count();
    let most = in_force::policy_of_service(state, &asked.service).exceptions.per_quarter;
    let payback = &asked.payback;
    Waiting {
        id: asked.exception.to_string(),
        service: asked.service.to_string(),
        covers: match &asked.scope {
            Scope::Changes(names) => names.join(", "),
            Scope::Kinds(kinds) => format!("every {}", kinds.join(" and every ")),
            Scope::All => "every change".to_owned(),
        },
        hours: asked.hours,
        asked_by: asked.by.to_string(),
        reason: shown(&format!("{}: {}", asked.class.word(), asked.reason)),
        payback: shown(&format!("{}, by {} until {}", payback.action, payback.owner, payback.due)),
        quarter: format!("{approved} of {most}"),
    }
}

fn billed(line: BillLine) -> Billed {
    let (asker, approver) = (handle(&line.asked_by), handle(&line.approved_by));
    let payback = &line.payback;
    let state = payback.state.as_deref().unwrap_or_default();
    let costs = match line.costs.as_slice() {
        [] => vec!["no SLO".to_owned()],
        costs => costs.iter().map(cost).collect(),
    };
    Billed {
        id: line.exception,
        status: line.status,
        service: line.service,
        from: minute(&line.from),
        until: minute(&line.until),
        who: if line.solo {
            format!("{asker} alone")
        } else {
            format!("{asker}, approved by {approver}")
        },
        reason: shown(&format!("{}: {}", line.class.word(), line.reason)),
        changes: line.changes_passed,
        costs,
        payback: shown(&format!(
            "{}: {}, by {}",
            payback.standing(),
            payback.action,
            payback.owner
        )),
        class: match state {
            "overdue" => "spent",
            "open" => "unknown",
            _ => "left",
        },
    }
}

/// `51.3 % of web over 30d`.
fn cost(cost: &BillCost) -> String {
    let ppb = cost.share.as_ref().and_then(|share| parse_decimal_ppb(share.as_str()).ok());
    let share = ppb.and_then(|ppb| i64::try_from(ppb).ok()).map(percent_ceil);
    let share = share.unwrap_or_else(|| "unknown".to_owned());
    let window = cost.window.as_ref().map_or_else(String::new, |window| format!(" over {window}"));
    format!("{share} of {}{window}", cost.slo)
}

pub(super) fn handle(actor: &Actor) -> String {
    match actor {
        Actor::Person { person, .. } | Actor::Owner { person } => person.clone(),
        Actor::Rule { rule } => format!("the rule {rule}"),
    }
}

/// A time of the interface to the minute.
pub(super) fn minute(time: &str) -> String {
    time.get(..16).map_or_else(|| time.to_owned(), |minute| minute.replacen('T', " ", 1))
}

fn shown(text: &str) -> String {
    printable(text).into_owned()
}
