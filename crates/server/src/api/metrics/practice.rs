//! Metrics of what follows from the numbers: decisions, changes, exceptions, promises and policies.

use std::collections::BTreeMap;

use plimsoll_core::{
    catalog::Kind,
    deliver::obedience::Obedience,
    promise::{
        coverage::gaps,
        decision::Verdict,
        exception::{Debt, Status},
    },
    state::State,
};

use super::{Text, up};
use crate::api::{
    App, decisions::Moment, declared, obedience::LOOK_BACK_MS, policies, promises::today,
};

pub(super) fn of_practice(text: &mut Text, app: &App) {
    let moment = Moment::of(app);
    let state = app.desk.published().read();
    let services: Vec<&str> = declared::all(&state, Kind::Service).map(|(name, _)| name).collect();
    of_decisions(text, &moment, &state, &services);
    let now_ms = app.now_ms();
    of_changes(text, &state, &services, now_ms);
    of_exceptions(text, &state, &services, now_ms);
    text.family(
        "plimsoll_service_promised",
        "gauge",
        "Whether the service has a promise that is measured, agreed and fresh.",
    );
    for service in &services {
        let whole = gaps(&state, service, today(app)).is_empty();
        text.line("plimsoll_service_promised", &[("service", service)], up(whole));
    }
    text.family(
        "plimsoll_policy_agreed",
        "gauge",
        "Whether product and engineering agreed to the policy.",
    );
    for (name, policy) in policies::all(&state, today(app)) {
        text.line("plimsoll_policy_agreed", &[("policy", &name)], up(policy.standing.agreed));
    }
}

/// As the gate would say it now: what is doubtful counts.
fn of_decisions(text: &mut Text, moment: &Moment, state: &State, services: &[&str]) {
    text.family("plimsoll_decision", "gauge", "1 for the decision that stands, 0 for the others.");
    for service in services {
        let stands = moment.judged(service, state).verdict();
        for verdict in Verdict::ALL {
            let labels = [("service", *service), ("decision", verdict.word())];
            text.line("plimsoll_decision", &labels, up(verdict == stands));
        }
    }
    text.family(
        "plimsoll_decision_since_timestamp_seconds",
        "gauge",
        "Since when the decision in the journal stands.",
    );
    for service in services {
        if let Some(record) = state.decisions.get(*service) {
            let since = record.last.minute.second().to_string();
            let labels = [("service", *service)];
            text.line("plimsoll_decision_since_timestamp_seconds", &labels, &since);
        }
    }
}

fn of_changes(text: &mut Text, state: &State, services: &[&str], now_ms: i64) {
    let to_ms = now_ms.saturating_add(1);
    let from_ms = to_ms.saturating_sub(LOOK_BACK_MS);
    text.family(
        "plimsoll_changes_lately",
        "gauge",
        "Changes of the last 30 days, by whether they kept to the decision.",
    );
    for service in services {
        let found = Obedience::of(&state.changes, service, from_ms, to_ms);
        let against = found.uncovered.len() as u64;
        for (kept, count) in [("yes", found.changes.saturating_sub(against)), ("no", against)] {
            let labels = [("service", *service), ("obeyed", kept)];
            text.line("plimsoll_changes_lately", &labels, &count.to_string());
        }
    }
}

fn of_exceptions(text: &mut Text, state: &State, services: &[&str], now_ms: i64) {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for exception in state.exceptions.iter() {
        let service = exception.asked.service.as_str();
        let status = exception.status(now_ms);
        if matches!(status, Status::Waiting | Status::InForce) {
            *counts.entry((service, status.word())).or_default() += 1;
        }
        if exception.debt(now_ms) == Some(Debt::Overdue) {
            *counts.entry((service, "overdue")).or_default() += 1;
        }
    }
    text.family(
        "plimsoll_exceptions",
        "gauge",
        "Exceptions that wait, that are in force, or whose payback is overdue.",
    );
    for service in services {
        for status in [Status::Waiting.word(), Status::InForce.word(), "overdue"] {
            let count = counts.get(&(*service, status)).copied().unwrap_or_default();
            let labels = [("service", *service), ("status", status)];
            text.line("plimsoll_exceptions", &labels, &count.to_string());
        }
    }
}
