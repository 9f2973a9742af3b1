//! The gate: whether a certain change may pass, by what is decided about its service.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{catalog::Kind, promise::gate, spec::name::is_dns_label, time::rfc3339};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Answer, report},
    app::App,
    auth::Access,
    call::{Named, Params},
    decisions::{FRESH_MINUTES, Moment, ServiceDecision},
    declared,
    problem::{Code, Problem, ProblemDocument},
    route::Route,
};

/// Longest name of a change, in bytes.
const CHANGE_BYTES_MAX: usize = 200;

/// Whether a change may pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateReport {
    /// The decision it rests on.
    #[serde(flatten)]
    pub decision: ServiceDecision,
    /// The change, as it was described.
    pub change: AskedChange,
    /// Whether it may pass.
    pub allowed: bool,
    /// Whether it may pass because changes of its kind always may.
    pub exempt: bool,
    /// Why, in a sentence.
    pub why: String,
    /// Until when this answer holds; ask again then.
    #[schema(format = DateTime)]
    pub expires: String,
}

/// A change that asks whether it may pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskedChange {
    /// Of which kind it is, such as `feature` or `p0-fix`; null where it was not said.
    pub kind: Option<String>,
    /// How much it may break: `low`, `normal` or `high`.
    pub risk: String,
    /// Its name, such as a commit; null where it was not said.
    pub name: Option<String>,
}

/// The change that asks.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GateQuery {
    /// Of which kind it is: small letters, digits and hyphens, such as `feature` or `p0-fix`.
    #[param(pattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    pub kind: Option<String>,
    /// How much it may break.
    #[param(inline)]
    pub risk: Option<Risk>,
    /// Its name, such as a commit.
    #[param(max_length = 200)]
    pub change: Option<String>,
}

/// How much a change may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Small, and easily taken back.
    Low,
    /// As most changes are.
    #[default]
    Normal,
    /// A launch, a migration, or whatever cannot be taken back.
    High,
}

impl Risk {
    /// The word for it.
    pub fn word(self) -> &'static str {
        gate::Risk::from(self).word()
    }
}

impl From<gate::Risk> for Risk {
    fn from(risk: gate::Risk) -> Self {
        match risk {
            gate::Risk::Low => Risk::Low,
            gate::Risk::Normal => Risk::Normal,
            gate::Risk::High => Risk::High,
        }
    }
}

impl From<Risk> for gate::Risk {
    fn from(risk: Risk) -> Self {
        match risk {
            Risk::Low => gate::Risk::Low,
            Risk::Normal => gate::Risk::Normal,
            Risk::High => gate::Risk::High,
        }
    }
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/services/{service}/decision", Access::Reader, show)]
}

/// The decision about a service, and whether a change may pass by it.
#[utoipa::path(get, path = "/api/v1/services/{service}/decision", tag = "decisions",
    params(("service" = String, Path, description = "Its name."), GateQuery),
    responses((status = 200, body = GateReport), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument)))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Named(name): Named,
    Params(GateQuery { kind, risk, change }): Params<GateQuery>,
) -> Answer {
    check(kind.as_deref(), change.as_deref())?;
    let now = Moment::of(&app);
    let (judged, view) = {
        let state = app.desk.published().read();
        if declared::find(&state, Kind::Service, &name).is_none() {
            return Err(declared::none(Kind::Service, &name));
        }
        let judged = now.judged(&name, &state);
        let view = now.view(&name, &judged, &state);
        (judged, view)
    };
    let risk: gate::Risk = risk.unwrap_or_default().into();
    let (policy, kind_of_it, verdict) = (&judged.policy, kind.as_deref(), judged.verdict());
    let pass = gate::pass(policy, verdict, kind_of_it, risk);
    report(&GateReport {
        allowed: pass.is_allowed(),
        exempt: pass == gate::Pass::Exempt,
        why: gate::sentence(policy, verdict, kind_of_it, risk),
        expires: rfc3339(now.minute.plus(FRESH_MINUTES).second()),
        decision: view,
        change: AskedChange { kind, risk: risk.word().to_owned(), name: change },
    })
}

fn check(kind: Option<&str>, change: Option<&str>) -> Result<(), Problem> {
    if let Some(kind) = kind.filter(|kind| !is_dns_label(kind)) {
        let hint = "write small letters, digits and hyphens, such as feature or p0-fix";
        return Err(Problem::new(Code::Invalid, format!("{kind:?} is no kind of change"), hint));
    }
    let is_wrong =
        |name: &&str| name.len() > CHANGE_BYTES_MAX || name.chars().any(char::is_control);
    if change.as_ref().is_some_and(is_wrong) {
        let hint = format!("write at most {CHANGE_BYTES_MAX} bytes of plain text");
        return Err(Problem::new(Code::Invalid, "the change has no name that can be kept", hint));
    }
    Ok(())
}
