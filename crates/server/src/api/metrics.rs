//! Metrics in the text format of Prometheus. Their names are an interface.

mod practice;

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use plimsoll_core::{
    catalog::{Kind, Object},
    promise::{cost::Spend, in_force, slo::Slo},
    ratio::decimal,
};

use super::{answer::Answer, app::App, auth::Access, declared, route::Route};
use crate::measure::figures::{Figures, SloFigures};

/// The media type of the text format.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Decimals of a number in parts per billion.
const PPB: u32 = 9;

/// How requests were answered, by the first digit of their status.
#[derive(Debug, Default)]
pub(crate) struct Answered([AtomicU64; 5]);

impl Answered {
    pub(crate) fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(count) = self.0.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/metrics", Access::Reader, show)]
}

/// How the server and every SLO are, for a monitoring system.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn show(State(app): State<Arc<App>>) -> Answer {
    let all = Arc::clone(&app);
    let text = app.scrape(move || Ok(page(&all))).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], text).into_response())
}

fn page(app: &App) -> String {
    let mut text = Text::default();
    own(&mut text, app);
    let slos: Vec<(String, Slo)> = {
        let state = app.desk.published().read();
        let in_force = declared::all(&state, Kind::Slo).filter_map(|(name, known)| {
            let Object::Slo(slo) = &known.object else { return None };
            Some((name.to_owned(), in_force::slo(&state, slo)))
        });
        in_force.collect()
    };
    practice::of_practice(&mut text, app);
    of_sources(&mut text, app);
    of_slos(&mut text, &slos, &app.keeper.figures());
    text.0
}

/// What the server says of itself.
fn own(text: &mut Text, app: &App) {
    let head = app.desk.head();
    text.family("plimsoll_journal_entries", "counter", "Entries of the journal.");
    text.line("plimsoll_journal_entries", &[], &head.seq.to_string());
    text.family("plimsoll_journal_up", "gauge", "Whether the journal is written to.");
    text.line("plimsoll_journal_up", &[], up(app.desk.stopped().is_none()));
    text.family("plimsoll_slots_up", "gauge", "Whether slots are written.");
    text.line("plimsoll_slots_up", &[], up(app.keeper.stopped().is_none()));
    text.family(
        "plimsoll_measured_until_timestamp_seconds",
        "gauge",
        "Every minute that was over by then counts.",
    );
    let until = app.keeper.end().second().to_string();
    text.line("plimsoll_measured_until_timestamp_seconds", &[], &until);
    text.family(
        "plimsoll_http_requests_total",
        "counter",
        "Requests, by the class of their status.",
    );
    for (at, count) in app.answered.0.iter().enumerate() {
        let class = format!("{}xx", at + 1);
        let count = count.load(Ordering::Relaxed).to_string();
        text.line("plimsoll_http_requests_total", &[("status", &class)], &count);
    }
    let state = app.desk.published().read();
    text.family("plimsoll_objects", "gauge", "Declared objects, by kind.");
    for kind in [Kind::Service, Kind::Source, Kind::Sli, Kind::Slo, Kind::Policy, Kind::Promise] {
        let count = declared::all(&state, kind).count().to_string();
        text.line("plimsoll_objects", &[("kind", kind.name())], &count);
    }
}

/// What is to be said of every source.
fn of_sources(text: &mut Text, app: &App) {
    let state = app.desk.published().read();
    let names: Vec<&str> = declared::all(&state, Kind::Source).map(|(name, _)| name).collect();
    let healths: Vec<_> = names.iter().map(|name| (*name, app.healths.of(name))).collect();
    text.family("plimsoll_source_up", "gauge", "Whether the source brings what it should.");
    for (name, health) in &healths {
        let is_silent = health.trouble.is_none() && health.heard_ms.is_none();
        let value = if is_silent { "NaN" } else { up(health.trouble.is_none()) };
        text.line("plimsoll_source_up", &[("source", name)], value);
    }
    text.family("plimsoll_source_taken_total", "counter", "Lines or pushes that were taken.");
    for (name, health) in &healths {
        text.line("plimsoll_source_taken_total", &[("source", name)], &health.taken.to_string());
    }
    text.family("plimsoll_source_rejected_total", "counter", "Lines or pushes that were not.");
    for (name, health) in &healths {
        let rejected = health.rejected.to_string();
        text.line("plimsoll_source_rejected_total", &[("source", name)], &rejected);
    }
    text.family(
        "plimsoll_source_newest_timestamp_seconds",
        "gauge",
        "The newest minute of the source.",
    );
    for (name, health) in &healths {
        if let Some(newest) = health.newest {
            let second = newest.second().to_string();
            text.line("plimsoll_source_newest_timestamp_seconds", &[("source", name)], &second);
        }
    }
}

fn up(is_up: bool) -> &'static str {
    if is_up { "1" } else { "0" }
}

/// What is to be said of every SLO: one family after the other, as the format wants it.
fn of_slos(text: &mut Text, slos: &[(String, Slo)], figures: &Figures) {
    text.family("plimsoll_slo_target_ratio", "gauge", "The share that must be good.");
    for (name, slo) in slos {
        let labels = [("slo", name.as_str()), ("service", &slo.service)];
        let target = decimal(i128::from(slo.target.ppb()), PPB);
        text.line("plimsoll_slo_target_ratio", &labels, &target);
    }
    let all: Vec<(&String, &Slo, &SloFigures)> = slos
        .iter()
        .filter_map(|(name, slo)| Some((name, slo, figures.slos.get(name.as_str())?)))
        .collect();
    text.family(
        "plimsoll_slo_budget_left_ratio",
        "gauge",
        "The share of the budget that is left; below 0 where more was spent.",
    );
    each_window(&all, |name, window, budget| {
        let left = known(&budget.spend, budget.left_ppb());
        text.line("plimsoll_slo_budget_left_ratio", &[("slo", name), ("window", window)], &left);
    });
    text.family("plimsoll_slo_coverage_ratio", "gauge", "The share of minutes that were seen.");
    each_window(&all, |name, window, budget| {
        let seen = decimal(i128::from(budget.spend.coverage_ppb()), PPB);
        text.line("plimsoll_slo_coverage_ratio", &[("slo", name), ("window", window)], &seen);
    });
    text.family("plimsoll_slo_window_events", "gauge", "Events in the window.");
    each_window(&all, |name, window, budget| {
        let sums = &budget.spend.sums;
        for (result, count) in [("good", sums.good), ("bad", sums.bad)] {
            let labels = [("slo", name), ("window", window), ("result", result)];
            text.line("plimsoll_slo_window_events", &labels, &count.to_string());
        }
    });
    text.family(
        "plimsoll_slo_burn_rate",
        "gauge",
        "How fast the budget burned: 1 spends it in a window.",
    );
    for (name, slo, figures) in &all {
        for (minutes, spend) in &figures.burns {
            let lookback = format!("{minutes}m");
            let rate = known(spend, spend.spent_ppb(slo.target));
            text.line("plimsoll_slo_burn_rate", &[("slo", name), ("lookback", &lookback)], &rate);
        }
    }
}

/// A share, or no number where nothing was seen: an unknown budget must not look whole.
fn known(spend: &Spend, share_ppb: i64) -> String {
    if spend.is_unseen() { "NaN".to_owned() } else { decimal(i128::from(share_ppb), PPB) }
}

fn each_window(
    all: &[(&String, &Slo, &SloFigures)],
    mut say: impl FnMut(&str, &str, &plimsoll_core::promise::budget::Budget),
) {
    for (name, _, figures) in all {
        for (window, budget) in &figures.windows {
            if let Ok(budget) = budget {
                say(name, &window.to_string(), budget);
            }
        }
    }
}

/// The text format. Writing to a string cannot fail.
#[derive(Debug, Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: &str) {
        self.0.push_str(name);
        for (at, (label, value)) in labels.iter().enumerate() {
            let open = if at == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{open}{label}=\"{}\"", escaped(value));
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{close} {value}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut text = Text::default();
        text.family("a_total", "counter", "Things.");
        text.line("a_total", &[], "1");
        text.line("a_total", &[("x", "a\"b\\c\nd"), ("y", "é")], "0.5");
        assert_eq!(
            text.0,
            "# HELP a_total Things.\n# TYPE a_total counter\na_total 1\na_total{x=\"a\\\"b\\\\c\\nd\",y=\"é\"} 0.5\n"
        );
    }
}
