//! The page of policies: what follows from the budgets, and who agreed to that.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{extract::State, response::Response};
use plimsoll_core::{printable::printable, promise::promise};

use super::page;
use crate::{
    api::{App, policies, problem::Problem, promises::today},
    limits::PAGE_LINES_MAX,
};

#[derive(Template)]
#[template(path = "policies.html")]
struct Policies {
    solo: Vec<String>,
    shown: Vec<Policy>,
    left_out: usize,
}

struct Policy {
    name: String,
    is_built_in: bool,
    standing: String,
    class: &'static str,
    /// The day by which it had to be looked at again, where that has passed.
    overdue: Option<String>,
    conditions: Vec<(String, String)>,
    /// The promises that name it.
    promises: usize,
}

/// Every policy with its conditions and its standing.
#[utoipa::path(get, path = "/policies", tag = "pages",
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn policies(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let filled = {
        let state = app.desk.published().read();
        let mut naming: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, promise, _) in promise::all(&state) {
            *naming.entry(&promise.policy).or_default() += 1;
        }
        let all = policies::all(&state, today(&app));
        Policies {
            solo: super::solo(&state),
            left_out: all.len().saturating_sub(PAGE_LINES_MAX),
            shown: all
                .into_values()
                .take(PAGE_LINES_MAX)
                .map(|policy| view(&naming, policy))
                .collect(),
        }
    };
    page(&filled)
}

fn view(naming: &BTreeMap<&str, usize>, policy: policies::Policy) -> Policy {
    let plain = |text: String| printable(&text).into_owned();
    let conditions = policy.conditions.into_iter();
    Policy {
        promises: naming.get(policy.name.as_str()).copied().unwrap_or_default(),
        is_built_in: policy.declared.is_none() && policy.standing.in_force.is_none(),
        standing: policy.standing.text,
        class: if policy.standing.agreed { "left" } else { "unknown" },
        overdue: policy.review_date.filter(|_| policy.stale),
        conditions: conditions.map(|(name, what)| (plain(name), plain(what))).collect(),
        name: policy.name,
    }
}
