//! Decisions: what the budgets of a service say about the next change, what they said before, and from what.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{
    catalog::{Kind, ObjectId},
    event::Event,
    promise::{
        agreement,
        decision::{self, Decision, Verdict},
        in_force,
        policy::Policy,
        record,
    },
    state::State as Practice,
    time::{DAY, Date, Minute, Span, rfc3339, utc},
};
use plimsoll_store::journal::JournalReader;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Answer, report, time},
    app::App,
    auth::Access,
    budgets::{BudgetFigures, of_budget},
    call::{Named, Params},
    declared,
    exact::Exact,
    page::{Cut, Page, PageQuery},
    problem::{Code, Problem, ProblemDocument},
    route::Route,
};
use crate::{
    clock::Now,
    measure::decisions::{Decided, Decisions},
};

/// A decision is older than so many minutes only where something is wrong: one is made each minute.
pub(crate) const FRESH_MINUTES: i64 = 5;

/// How far back a history goes where it is not said, in days.
const HISTORY_DAYS: u32 = 90;

/// How far back a history may go, in days.
const HISTORY_DAYS_MAX: u32 = 400;

/// The clock of the machine may be off by so much before it is said.
const CLOCK_OFF_MS: u64 = 60_000;

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
    /// Whether product and engineering agreed to that policy.
    pub policy_agreed: bool,
    /// How far the agreement came, in words.
    pub policy_agreement: String,
    /// The day by which the policy had to be looked at again, where that has passed; else null.
    pub policy_overdue: Option<String>,
    /// Whether the policy lets one person sign for both sides, and approve their own exceptions.
    pub policy_solo: bool,
    /// The promise of the service; null where it has none.
    pub promise: Option<String>,
    /// How far the agreement on the promise came, in words; null as above. What is in force is decided by.
    pub promise_agreement: Option<String>,
    /// Whether somebody above must look.
    pub escalated: bool,
    /// Its entry in the journal; null while it is not written there, and while something is doubtful that no entry
    /// says.
    pub recorded: Option<Recorded>,
}

/// Where the journal keeps a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recorded {
    /// The number of the entry: `GET /api/v1/decisions/{entry}` shows it.
    pub entry: u64,
    /// Since when the verdict stands.
    #[schema(format = DateTime)]
    pub since: String,
}

/// A decision as it was made, from what the journal keeps of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MadeDecision {
    /// The number of the entry.
    pub entry: u64,
    /// When it was written there.
    #[schema(format = DateTime)]
    pub written: String,
    /// The service.
    pub service: String,
    /// Every minute before it counted.
    #[schema(format = DateTime)]
    pub at: String,
    /// What followed for changes.
    pub verdict: String,
    /// Why, in the sentences of that time.
    pub reasons: Vec<Reason>,
    /// Whether somebody above had to look.
    pub escalated: bool,
    /// The policy that it was decided by.
    pub policy: String,
    /// Which version of it that was: 0 for the one that is built in; null in entries of before that was kept.
    pub policy_version: Option<u32>,
    /// Whether product and engineering had agreed to that version; null as above.
    pub policy_agreed: Option<bool>,
    /// The budgets as they stood.
    pub readings: Vec<FrozenReading>,
    /// How many further budgets there were.
    pub left_out: u64,
    /// From when on nobody had decided until then, because no server ran; null where somebody had. That time is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwatched_from: Option<String>,
}

/// A budget as it stood when a decision was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FrozenReading {
    /// The SLO.
    pub slo: String,
    /// The share that had to be good.
    pub target: Exact,
    /// The window.
    pub window: String,
    /// The budget.
    pub budget: BudgetFigures,
    /// What would have been left without exclusions; null where none took minutes out of the window.
    pub raw_left: Option<Exact>,
    /// Minutes since the last one that was seen in full; null where none was.
    pub data_age_minutes: Option<i64>,
}

/// What was decided about a service, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionHistory {
    /// The service.
    pub service: String,
    /// The first minute that is looked at.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first minute after.
    #[schema(format = DateTime)]
    pub to: String,
    /// For how many of these minutes each verdict stood.
    pub minutes: VerdictMinutes,
    /// When the verdict became another, the newest first.
    pub turns: Vec<Turn>,
}

/// For how many minutes each verdict stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerdictMinutes {
    /// Of *ship*.
    pub ship: i64,
    /// Of *caution*.
    pub caution: i64,
    /// Of *unknown*.
    pub unknown: i64,
    /// Of *stabilise*.
    pub stabilise: i64,
    /// Before anything was decided that is still kept.
    pub undecided: i64,
}

/// A moment from which on a verdict stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Turn {
    /// The number of the entry: `GET /api/v1/decisions/{entry}` shows it.
    pub entry: u64,
    /// From when on.
    #[schema(format = DateTime)]
    pub since: String,
    /// The verdict.
    pub verdict: String,
}

/// How far back a history goes.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// So many days, up to 400.
    #[param(minimum = 1, maximum = 400, default = 90)]
    pub days: Option<u32>,
}

/// What one reading of a budget says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// What this alone would decide.
    pub verdict: String,
    /// A sentence with its numbers.
    pub text: String,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/decisions", Access::Reader, list),
        Route::get("/api/v1/decisions/{entry}", Access::Reader, made),
        Route::get("/api/v1/services/{service}/decisions", Access::Reader, history),
    ]
}

/// The decisions of all services.
#[utoipa::path(get, path = "/api/v1/decisions", tag = "decisions", params(PageQuery),
    responses((status = 200, body = Page<ServiceDecision>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    let now = Moment::of(&app);
    let cut: Cut = query.cut()?;
    let page = {
        let state = app.desk.published().read();
        let services = declared::all(&state, Kind::Service).map(|(name, _)| name);
        let rest = services.filter(|service| cut.is_behind(service));
        cut.page(rest.map(|service| {
            let judged = now.judged(service, &state);
            (service.to_owned(), now.view(service, &judged, &state))
        }))
    };
    report(&page)
}

/// A decision as it was made.
#[utoipa::path(get, path = "/api/v1/decisions/{entry}", tag = "decisions",
    params(("entry" = String, Path, description = "The number of its entry in the journal.")),
    responses((status = 200, body = MadeDecision), (status = 404, body = ProblemDocument)))]
pub(super) async fn made(State(app): State<Arc<App>>, Named(entry): Named) -> Answer {
    let none = || {
        let hint = "GET /api/v1/services/{service}/decisions lists those of a service";
        Problem::not_found(format!("entry {entry:?} of the journal is no decision"), hint)
    };
    let seq: u64 = entry.parse().ok().filter(|seq| *seq > 0).ok_or_else(none)?;
    if seq > app.desk.head().seq {
        return Err(none());
    }
    let file = app.journal.clone();
    let read = move || Ok(JournalReader::open(&file)?.read(seq - 1, 1)?);
    let found = app.look(read).await?.into_iter().find(|found| found.seq == seq);
    let found = found.ok_or_else(none)?;
    match Event::read(&found.event) {
        Ok(Event::DecisionMade(made)) => report(&as_made(seq, found.at_ms, &made)),
        _ => Err(none()),
    }
}

/// When the decision about a service became another, and for how long each stood.
#[utoipa::path(get, path = "/api/v1/services/{service}/decisions", tag = "decisions",
    params(("service" = String, Path, description = "Its name."), HistoryQuery),
    responses((status = 200, body = DecisionHistory), (status = 404, body = ProblemDocument)))]
pub(super) async fn history(
    State(app): State<Arc<App>>,
    Named(name): Named,
    Params(query): Params<HistoryQuery>,
) -> Answer {
    let days = query.days.unwrap_or(HISTORY_DAYS);
    if !(1..=HISTORY_DAYS_MAX).contains(&days) {
        let detail = format!("the query parameter days is {days}");
        let hint = format!("ask for 1 to {HISTORY_DAYS_MAX} days");
        return Err(Problem::new(Code::Malformed, detail, hint));
    }
    let state = app.desk.published().read();
    if declared::find(&state, Kind::Service, &name).is_none() {
        return Err(declared::no_service(&state, &name));
    }
    let to = Moment::of(&app).end();
    let span = Span::new(to.plus(-i64::from(days) * DAY), to);
    report(&history_of(&name, span, state.decisions.get(name.as_str())))
}

fn history_of(service: &str, span: Span, record: Option<&record::Record>) -> DecisionHistory {
    let minutes = record.map(|record| record.minutes(span));
    let of = |verdict: Verdict| {
        let all = minutes.iter().flatten();
        all.filter(|(other, _)| *other == verdict).map(|(_, minutes)| minutes).sum::<i64>()
    };
    let decided: i64 = Verdict::ALL.into_iter().map(of).sum();
    let turns = record.into_iter().flat_map(|record| record.turns().rev());
    let turns = turns.map(|turn| Turn {
        entry: turn.entry,
        since: turn.minute.to_string(),
        verdict: turn.verdict.word().to_owned(),
    });
    DecisionHistory {
        service: service.to_owned(),
        from: span.from.to_string(),
        to: span.to.to_string(),
        minutes: VerdictMinutes {
            ship: of(Verdict::Ship),
            caution: of(Verdict::Caution),
            unknown: of(Verdict::Unknown),
            stabilise: of(Verdict::Stabilise),
            undecided: span.minutes() - decided,
        },
        turns: turns.collect(),
    }
}

fn as_made(entry: u64, at_ms: i64, made: &record::Made) -> MadeDecision {
    let reading = |reading: &decision::Reading| FrozenReading {
        slo: reading.slo.clone(),
        target: Exact::ppb(reading.budget.target.ppb() as i64),
        window: reading.window.to_string(),
        budget: of_budget(&reading.budget),
        raw_left: reading.raw_left_ppb.map(Exact::ppb),
        data_age_minutes: reading.data_age,
    };
    MadeDecision {
        entry,
        written: time(at_ms),
        service: made.service.to_string(),
        at: made.minute.to_string(),
        verdict: made.verdict.word().to_owned(),
        reasons: made.reasons.iter().map(reason).collect(),
        escalated: made.escalated,
        policy: made.policy.name.clone(),
        policy_version: made.policy_version.map(|version| version.number),
        policy_agreed: made.policy_version.map(|version| version.agreed),
        readings: made.readings.iter().map(reading).collect(),
        left_out: made.left_out as u64,
        unwatched_from: made.unwatched_from.map(|from| from.to_string()),
    }
}

fn reason(reason: &decision::Reason) -> Reason {
    Reason { verdict: reason.verdict.word().to_owned(), text: reason.text.clone() }
}

/// The decisions, and what may be wrong with them now.
pub(crate) struct Moment {
    decisions: Arc<Decisions>,
    pub(crate) minute: Minute,
    doubts: Vec<decision::Reason>,
}

/// What is decided about a service, as far as it can be believed now.
pub(crate) struct Judged {
    /// What was decided; nothing yet of a service that was declared since.
    decided: Option<Arc<Decided>>,
    /// What is doubtful.
    doubts: Vec<decision::Reason>,
    /// By which policy.
    pub(crate) policy: Arc<Policy>,
}

impl Judged {
    /// What follows for changes.
    pub(crate) fn verdict(&self) -> Verdict {
        let decided = self.decided.as_ref().map(|decided| decided.decision.verdict);
        let doubts = self.doubts.iter().map(|doubt| doubt.verdict).max();
        decided.max(doubts).unwrap_or(Verdict::Unknown)
    }

    /// Why, heaviest first.
    fn reasons(&self) -> Vec<Reason> {
        let decision = match &self.decided {
            Some(decided) if self.doubts.is_empty() => {
                return decided.decision.reasons.iter().map(reason).collect();
            }
            Some(decided) => decided.decision.clone(),
            None => Decision {
                verdict: Verdict::Unknown,
                reasons: Vec::new(),
                spent: Vec::new(),
                escalated: false,
            },
        };
        let doubted = self.doubts.iter().cloned().fold(decision, Decision::with);
        doubted.reasons.iter().map(reason).collect()
    }
}

impl Moment {
    pub(crate) fn of(app: &App) -> Self {
        let (decisions, now) = (app.keeper.decisions(), app.clock.now());
        let minute = Minute::of_second(now.ms.div_euclid(1000));
        let mut doubts = doubts(&decisions, minute, now);
        let behind =
            app.clock_behind().map(|text| unknown(&format!("{text}; /-/ready says so, too")));
        doubts.extend(behind);
        Moment { decisions, minute, doubts }
    }

    /// Every minute before it counts.
    pub(crate) fn end(&self) -> Minute {
        self.decisions.end.unwrap_or(self.minute)
    }

    /// What is to be said for what is doubtful alone.
    pub(crate) fn doubt(&self) -> Option<Verdict> {
        self.doubts.iter().map(|doubt| doubt.verdict).max()
    }

    /// The day by which a policy had to be looked at again, where that has passed.
    fn overdue(&self, policy: &Policy) -> Option<String> {
        let today = Date::of(self.minute);
        policy.review_date.filter(|due| today > *due).map(|due| due.to_string())
    }

    /// What was decided about a service, and what is doubtful now.
    pub(crate) fn judged(&self, service: &str, state: &Practice) -> Judged {
        let decided = self.decisions.services.get(service).cloned();
        let mut doubts = self.doubts.clone();
        if decided.is_none() {
            doubts.push(unknown("it is declared since, and not decided on yet"));
        }
        let policy = match &decided {
            Some(decided) => Arc::clone(&decided.policy),
            None => Arc::new(in_force::policy_of_service(state, service)),
        };
        Judged { decided, doubts, policy }
    }

    pub(crate) fn view(&self, service: &str, judged: &Judged, state: &Practice) -> ServiceDecision {
        let verdict = judged.verdict();
        let record = state.decisions.get(service);
        let recorded = record.filter(|record| record.last.verdict == verdict).map(|record| {
            Recorded { entry: record.last.entry, since: record.last.minute.to_string() }
        });
        let id = ObjectId { kind: Kind::Policy, name: judged.policy.name.as_str().into() };
        let standing = agreement::standing(state, &id);
        let promise = in_force::promise_of_service(state, service).map(|(name, _)| name);
        let of_promise = promise.map(|name| {
            agreement::standing(state, &ObjectId { kind: Kind::Promise, name: name.into() })
        });
        ServiceDecision {
            service: service.to_owned(),
            at: rfc3339(self.end().second()),
            verdict: verdict.word().to_owned(),
            reasons: judged.reasons(),
            policy: judged.policy.name.clone(),
            policy_agreed: standing.is_agreed(),
            policy_agreement: standing.sentence(),
            policy_overdue: self.overdue(&judged.policy),
            policy_solo: judged.policy.solo,
            promise: promise.map(str::to_owned),
            promise_agreement: of_promise.map(|standing| standing.sentence()),
            escalated: judged.decided.as_ref().is_some_and(|decided| decided.decision.escalated),
            recorded,
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
        let wall_ms = now.ms.saturating_add(now.jump_ms);
        let to = utc(Minute::of_second(wall_ms.div_euclid(1000)));
        let text = format!("the clock of the machine jumped to {to}, and is not believed yet");
        doubts.push(unknown(&text));
    }
    doubts
}

fn unknown(text: &str) -> decision::Reason {
    decision::Reason { verdict: Verdict::Unknown, text: text.to_owned() }
}
