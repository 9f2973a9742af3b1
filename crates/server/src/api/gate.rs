//! The gate: whether a certain change may pass, by what is decided about its service.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    catalog::Kind,
    promise::{exception::Exception, gate},
    spec::name::is_dns_label,
    time::Minute,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    actor::Actor,
    answer::{Answer, report, time},
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
    /// The exception that lets it pass, where that is why it may.
    pub exception: Option<Covering>,
    /// Why, in a sentence.
    pub why: String,
    /// Until when this answer holds; ask again then.
    #[schema(format = DateTime)]
    pub expires: String,
}

/// An exception that lets a change pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Covering {
    /// Its name.
    pub id: String,
    /// Who asked for it.
    pub asked_by: Actor,
    /// Who approved it.
    pub approved_by: Actor,
    /// Whether they approved what they asked for themselves, as the policy lets them.
    pub solo: bool,
    /// Until when it lets changes pass.
    #[schema(format = DateTime)]
    pub until: String,
}

impl Covering {
    fn of(exception: &Exception) -> Option<Self> {
        let (_, approved) = exception.approved.as_ref()?;
        Some(Covering {
            id: exception.asked.exception.to_string(),
            asked_by: Actor::from(&exception.asked.by),
            approved_by: Actor::from(&approved.by),
            solo: approved.solo,
            until: time(approved.until_ms),
        })
    }
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
    let (now, now_ms) = (Moment::of(&app), app.now_ms());
    let (judged, view, exception) = {
        let state = app.desk.published().read();
        if declared::find(&state, Kind::Service, &name).is_none() {
            return Err(declared::none(Kind::Service, &name));
        }
        let judged = now.judged(&name, &state);
        let view = now.view(&name, &judged, &state);
        let covering = state.covering(&name, change.as_deref(), kind.as_deref(), now_ms);
        (judged, view, covering.cloned())
    };
    let risk: gate::Risk = risk.unwrap_or_default().into();
    let (policy, verdict) = (&judged.policy, judged.verdict());
    let asking = gate::Asking { kind: kind.as_deref(), risk, exception: exception.as_ref() };
    let pass = gate::pass(policy, verdict, asking);
    let covering = exception.as_ref().filter(|_| pass == gate::Pass::Covered);
    report(&GateReport {
        allowed: pass.is_allowed(),
        exempt: pass == gate::Pass::Exempt,
        why: gate::sentence(policy, verdict, asking),
        expires: expires(now.minute, covering),
        exception: covering.and_then(Covering::of),
        decision: view,
        change: AskedChange { kind, risk: risk.word().to_owned(), name: change },
    })
}

/// Until when an answer holds: a few minutes, and no longer than the exception that it rests on.
fn expires(now: Minute, covering: Option<&Exception>) -> String {
    let fresh_ms = now.plus(FRESH_MINUTES).second() * 1000;
    let until = covering.and_then(Exception::in_force).map(|(_, to)| to);
    time(until.map_or(fresh_ms, |until_ms| until_ms.min(fresh_ms)))
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
