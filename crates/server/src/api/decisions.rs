//! Decisions: what the budgets of a service say about the next change, and whether a certain change may pass.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    catalog::Kind,
    promise::{
        decision::{self, Decision, Verdict},
        gate,
        policy::Policy,
    },
    spec::name::is_dns_label,
    time::{Minute, rfc3339},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Answer, report},
    app::App,
    auth::Access,
    call::{Named, Params},
    declared,
    page::{Cut, Page, PageQuery},
    problem::{Code, Problem, ProblemDocument},
    route::Route,
};
use crate::{clock::Now, measure::decisions::Decisions};

/// A decision is older than so many minutes only where something is wrong: one is made each minute.
const FRESH_MINUTES: i64 = 5;

/// The clock of the machine may be off by so much before it is said.
const CLOCK_OFF_MS: u64 = 60_000;

/// Longest name of a change, in bytes.
const CHANGE_BYTES_MAX: usize = 200;

/// What the budgets of a service say about the next change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceDecision {
    /// The service.
    pub service: String,
    /// Every minute before it counts.
    #[schema(format = DateTime)]
    pub at: String,
    /// What follows for changes: `ship`, `caution`, `unknown` or `stabilise`.
    pub verdict: String,
    /// Why, heaviest first.
    pub reasons: Vec<Reason>,
    /// The policy that it was decided by.
    pub policy: String,
}

/// What one reading of a budget says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// What this alone would decide.
    pub verdict: String,
    /// A sentence with its numbers.
    pub text: String,
}

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
    vec![
        Route::get("/api/v1/decisions", Access::Reader, list),
        Route::get("/api/v1/services/{service}/decision", Access::Reader, show),
    ]
}

/// The decisions of all services.
#[utoipa::path(get, path = "/api/v1/decisions", tag = "decisions", params(PageQuery),
    responses((status = 200, body = Page<ServiceDecision>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    let now = Moment::of(&app);
    let cut: Cut = query.cut()?;
    let kept = now.decisions.services.iter().filter(|(service, _)| cut.is_behind(service));
    let view = kept.map(|(service, decided)| {
        let decision = now.judged(Some(decided));
        (service.to_string(), now.view(service, &decision))
    });
    report(&cut.page(view))
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
    if declared::find(&app.desk.published().read(), Kind::Service, &name).is_none() {
        return Err(declared::none(Kind::Service, &name));
    }
    let now = Moment::of(&app);
    let decision = now.judged(now.decisions.services.get(&*name).map(|decided| &**decided));
    let risk: gate::Risk = risk.unwrap_or_default().into();
    let (policy, kind_of_it) = (&now.decisions.policy, kind.as_deref());
    let pass = gate::pass(policy, decision.verdict, kind_of_it, risk);
    report(&GateReport {
        allowed: pass.is_allowed(),
        exempt: pass == gate::Pass::Exempt,
        why: gate::sentence(policy, decision.verdict, kind_of_it, risk),
        expires: rfc3339(now.minute.plus(FRESH_MINUTES).second()),
        decision: now.view(&name, &decision),
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

/// The decisions, and what may be wrong with them now.
struct Moment {
    decisions: Arc<Decisions>,
    minute: Minute,
    doubts: Vec<decision::Reason>,
}

impl Moment {
    fn of(app: &App) -> Self {
        let (decisions, now) = (app.keeper.decisions(), app.clock.now());
        let minute = Minute::of_second(now.ms.div_euclid(1000));
        let doubts = doubts(&decisions, minute, now);
        Moment { decisions, minute, doubts }
    }

    /// What was decided, and what is doubtful now. What was not decided yet is unknown.
    fn judged(&self, decided: Option<&Decision>) -> Decision {
        let none = || Decision {
            verdict: Verdict::Unknown,
            reasons: vec![unknown("it is declared since, and not decided on yet")],
        };
        let decision = decided.cloned().unwrap_or_else(none);
        self.doubts.iter().cloned().fold(decision, Decision::with)
    }

    fn view(&self, service: &str, decision: &Decision) -> ServiceDecision {
        let reason = |reason: &decision::Reason| Reason {
            verdict: reason.verdict.word().to_owned(),
            text: reason.text.clone(),
        };
        ServiceDecision {
            service: service.to_owned(),
            at: rfc3339(self.decisions.end.unwrap_or(self.minute).second()),
            verdict: decision.verdict.word().to_owned(),
            reasons: decision.reasons.iter().map(reason).collect(),
            policy: Policy::clone(&self.decisions.policy).name,
        }
    }
}

/// Why the decisions may not be what is so now.
fn doubts(decisions: &Decisions, minute: Minute, now: Now) -> Vec<decision::Reason> {
    let mut doubts = Vec::new();
    let age = decisions.end.map(|end| minute.0 - end.0);
    match age {
        Some(age) if age <= FRESH_MINUTES => {}
        Some(age) => doubts.push(unknown(&format!(
            "the last decision is {age} minutes old: nothing is measured for now; /-/ready says why"
        ))),
        None => doubts.push(unknown("nothing was decided yet; ask again in a minute")),
    }
    if now.jump_ms.unsigned_abs() > CLOCK_OFF_MS {
        let text = format!(
            "the clock of the machine jumped by {} s, and is not believed yet",
            now.jump_ms / 1000
        );
        doubts.push(unknown(&text));
    }
    doubts
}

fn unknown(text: &str) -> decision::Reason {
    decision::Reason { verdict: Verdict::Unknown, text: text.to_owned() }
}
