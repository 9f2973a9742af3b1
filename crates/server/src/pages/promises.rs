//! The page of promises: what each service gives its users, and how far the agreement on it came.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use plimsoll_core::{
    catalog::{Kind, ObjectId},
    printable::printable,
    promise::{
        agreement::{Standing, standing},
        coverage::{self, gaps, gaps_of},
        in_force,
        promise::Promise,
    },
    state::State as Practice,
    time::Date,
};

use super::page;
use crate::{
    api::{App, declared, problem::Problem, promises::today},
    limits::PAGE_SLOS_MAX,
};

#[derive(Template)]
#[template(path = "promises.html")]
struct Promises {
    services: usize,
    covered: usize,
    rows: Vec<Row>,
    left_out: usize,
    debts: Vec<String>,
    debts_left_out: usize,
    solo: Vec<String>,
}

struct Row {
    name: String,
    service: String,
    text: String,
    tier: &'static str,
    /// The worst that is missing, or that it is agreed: a word, so that no colour is needed to know.
    state: &'static str,
    class: &'static str,
    standing: String,
    missing: Vec<String>,
    doubts: Vec<String>,
    slos: Vec<String>,
    owner: String,
    policy: String,
    review_date: String,
}

/// Every promise with its standing.
#[utoipa::path(get, path = "/promises", tag = "pages",
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn promises(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let shown = shown(&app.desk.published().read(), today(&app));
    page(&shown)
}

fn shown(state: &Practice, today: Date) -> Promises {
    let names: Vec<&str> = declared::all(state, Kind::Service).map(|(name, _)| name).collect();
    let covered = names.iter().filter(|name| gaps(state, name, today).is_empty()).count();
    let without = |name: &&&str| in_force::promise_of_service(state, name).is_none();
    let mut debts: Vec<String> =
        names.iter().filter(without).map(|name| (*name).to_owned()).collect();
    let promises = in_force::promises(state).into_iter();
    let mut rows: Vec<(&str, &Promise)> = promises.map(|(name, (one, _))| (name, one)).collect();
    rows.sort_by(|a, b| a.1.service.cmp(&b.1.service));
    let left_out = rows.len().saturating_sub(PAGE_SLOS_MAX);
    let debts_left_out = debts.len().saturating_sub(PAGE_SLOS_MAX);
    rows.truncate(PAGE_SLOS_MAX);
    debts.truncate(PAGE_SLOS_MAX);
    Promises {
        services: names.len(),
        covered,
        left_out,
        debts_left_out,
        solo: super::solo(state),
        rows: rows.into_iter().map(|(name, one)| row(state, name, one, today)).collect(),
        debts,
    }
}

fn row(state: &Practice, name: &str, promise: &Promise, today: Date) -> Row {
    let missing = gaps_of(state, name, promise, today);
    let worst = missing.first().map_or("agreed", coverage::Gap::word);
    let class = match worst {
        "broken" => "spent",
        "agreed" => "left",
        _ => "unknown",
    };
    let plain = |text: &str| printable(text).into_owned();
    let of = |kind, name: &str| standing(state, &ObjectId { kind, name: name.into() });
    let policy: Standing = of(Kind::Policy, &promise.policy);
    Row {
        name: name.to_owned(),
        service: promise.service.clone(),
        text: plain(&promise.text),
        tier: promise.tier.word(),
        state: worst,
        class,
        standing: of(Kind::Promise, name).sentence(),
        missing: missing.iter().map(|gap| plain(&gap.to_string())).collect(),
        doubts: coverage::ceiling(state, promise)
            .iter()
            .map(|one| plain(&one.to_string()))
            .collect(),
        slos: promise.slos.clone(),
        owner: format!("{}, team {}", promise.owner.person, promise.owner.team),
        policy: format!("{} ({})", promise.policy, policy.sentence()),
        review_date: promise.review_date.to_string(),
    }
}
