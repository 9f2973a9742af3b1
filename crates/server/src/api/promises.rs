//! Promises: what services give their users, who agreed to it, and which services promise nothing yet.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::State;
use plimsoll_core::{
    catalog::{self, Kind, Object, ObjectId},
    people::token::Scope,
    promise::{
        agreement as agreed, ceiling,
        coverage::{self, gaps, gaps_of},
        in_force, promise,
    },
    ratio::share_ppb,
    state::State as Practice,
    time::{Date, Minute},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{
    agreements::{self, Agreement, NewAgreement, Standing, Version},
    answer::{Answer, one, report},
    app::App,
    auth::Access,
    call::{Call, Json, Named, Params},
    declared::{self, Declaration},
    exact::Exact,
    page::{Page, PageQuery},
    problem::ProblemDocument,
    route::Route,
};

/// What a service promises: what product and engineering agreed to last, or else what is declared. What a document
/// proposes beyond that stands in `gaps` and in the versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Promise {
    /// Its name.
    pub name: String,
    /// Who promises.
    pub service: String,
    /// What, in one sentence for those who rely on it.
    pub text: String,
    /// How it is: broken, no-slo-yet, not-agreed or stale, the worst first; or agreed.
    pub state: String,
    /// All that is missing of it, the worst first. Empty means: measured, agreed and fresh.
    pub gaps: Vec<Gap>,
    /// The objectives that hold it to account.
    pub slos: Vec<PromisedSlo>,
    /// What is done next so that it can be measured, or measured better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
    /// What is not promised.
    pub excludes: Vec<String>,
    /// When somebody is there: 24x7, business or best-effort.
    pub support_hours: String,
    /// How much hangs on it: A, B or C.
    pub tier: String,
    /// Who answers for it.
    pub owner: Owner,
    /// What follows when it is not kept.
    pub policy: PromisePolicy,
    /// The services on which it rests.
    pub depends_on: Dependencies,
    /// The day by which it is looked at again.
    pub review_date: String,
    /// How far the agreement came.
    pub standing: Standing,
    /// Which files declare it; null where its document was withdrawn, and what was agreed still holds.
    pub declared: Option<Declaration>,
}

/// Something that is missing of a promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// What: no-promise, broken, no-slo-yet, not-agreed or stale.
    pub gap: String,
    /// The same in words.
    pub text: String,
}

/// An objective that a promise names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromisedSlo {
    /// Its name.
    pub name: String,
    /// The share that must be good; null where it was withdrawn.
    pub target: Option<Exact>,
    /// Its windows.
    pub windows: Vec<String>,
}

/// Who answers for a promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Owner {
    /// The handle of a person.
    pub person: String,
    /// The name of their team.
    pub team: String,
}

/// The policy of a promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromisePolicy {
    /// Its name.
    pub name: String,
    /// How far the agreement on it came.
    pub standing: Standing,
}

/// The services on which one rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dependencies {
    /// It fails when one of these fails.
    pub hard: Vec<String>,
    /// It gets along without these.
    pub soft: Vec<String>,
}

/// A promise with its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PromiseReport {
    /// The promise.
    #[serde(flatten)]
    pub promise: Promise,
    /// Why it is doubtful that it can be kept, by what its hard dependencies promise.
    pub ceiling: Vec<Finding>,
    /// Its versions, the newest first: the last hundred, and the one in force.
    pub versions: Vec<Version>,
}

impl<'de> Deserialize<'de> for PromiseReport {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// What stands beside the promise.
        #[derive(Deserialize)]
        struct Beside {
            ceiling: Vec<Finding>,
            versions: Vec<Version>,
        }
        // Exact numbers are read from their digits, which a flattened part does not have any more.
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let promise = serde_json::from_str(raw.get()).map_err(Error::custom)?;
        let Beside { ceiling, versions } =
            serde_json::from_str(raw.get()).map_err(Error::custom)?;
        Ok(PromiseReport { promise, ceiling, versions })
    }
}

/// Why it is doubtful that a promise can be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Why.
    pub text: String,
    /// What to do about it.
    pub hint: String,
}

/// Which services have a promise to be relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// How many services there are.
    pub services: usize,
    /// Of how many nothing is missing: promised, measured, agreed and fresh.
    pub covered: usize,
    /// The share of these, rounded down; null where there is no service.
    pub share: Option<Exact>,
    /// How many services have each gap; one may have several.
    pub gaps: BTreeMap<String, usize>,
    /// The services, in the order of their names.
    pub items: Vec<ServiceCoverage>,
    /// Where the next page begins; null on the last.
    pub next: Option<String>,
}

/// What is missing of the promise of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceCoverage {
    /// Its name.
    pub service: String,
    /// The name of its promise; null where it has none.
    pub promise: Option<String>,
    /// What is missing, the worst first.
    pub gaps: Vec<Gap>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/promises", Access::Reader, list),
        Route::get("/api/v1/promises/coverage", Access::Reader, cover),
        Route::get("/api/v1/promises/{promise}", Access::Reader, show),
        Route::post("/api/v1/promises/{promise}/agreements", Scope::Write, agree),
    ]
}

/// The day it is, in UTC.
pub(crate) fn today(app: &App) -> Date {
    Date::of(Minute::of_second(app.clock.now().ms.div_euclid(1000)))
}

impl From<&coverage::Gap> for Gap {
    fn from(gap: &coverage::Gap) -> Self {
        Gap { gap: gap.word().to_owned(), text: gap.to_string() }
    }
}

impl From<ceiling::Finding> for Finding {
    fn from(finding: ceiling::Finding) -> Self {
        Finding { text: finding.to_string(), hint: finding.hint().to_owned() }
    }
}

/// A promise as it is shown.
pub(crate) fn view(
    state: &Practice,
    name: &str,
    promise: &promise::Promise,
    declared: Option<&catalog::Declared>,
    today: Date,
) -> Promise {
    let gaps: Vec<Gap> = gaps_of(state, name, promise, today).iter().map(Gap::from).collect();
    let policy = ObjectId { kind: Kind::Policy, name: promise.policy.as_str().into() };
    let promise::Owner { person, team } = promise.owner.clone();
    let promise::Dependencies { hard, soft } = promise.depends_on.clone();
    Promise {
        name: name.to_owned(),
        service: promise.service.clone(),
        text: promise.text.clone(),
        state: gaps.first().map_or("agreed", |worst| &worst.gap).to_owned(),
        gaps,
        slos: promise.slos.iter().map(|slo| promised(state, slo)).collect(),
        next_step: promise.next_step.clone(),
        excludes: promise.excludes.clone(),
        support_hours: promise.support_hours.word().to_owned(),
        tier: promise.tier.word().to_owned(),
        owner: Owner { person, team },
        policy: PromisePolicy {
            name: promise.policy.clone(),
            standing: agreements::standing(state, &policy),
        },
        depends_on: Dependencies { hard, soft },
        review_date: promise.review_date.to_string(),
        standing: agreed::standing(state, &of(name)).into(),
        declared: declared.map(Declaration::of),
    }
}

fn of(name: &str) -> ObjectId {
    ObjectId { kind: Kind::Promise, name: name.into() }
}

fn promised(state: &Practice, name: &str) -> PromisedSlo {
    let known = declared::find(state, Kind::Slo, name).map(|known| &known.object);
    let (target, windows) = match known {
        Some(Object::Slo(slo)) => {
            // At most a billion.
            let slo = in_force::slo(state, slo);
            let target = Exact::ppb(slo.target.ppb() as i64);
            (Some(target), slo.windows.iter().map(ToString::to_string).collect())
        }
        _ => (None, Vec::new()),
    };
    PromisedSlo { name: name.to_owned(), target, windows }
}

/// All promises.
#[utoipa::path(get, path = "/api/v1/promises", tag = "promises", params(PageQuery),
    responses((status = 200, body = Page<Promise>)))]
pub(super) async fn list(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    let cut = query.cut()?;
    let (state, today) = (app.desk.published().read(), today(&app));
    let promises = in_force::promises(&state);
    let rest = promises.into_iter().filter(|(name, _)| cut.is_behind(name));
    let views = rest.map(|(name, (promise, declared))| {
        (name.to_owned(), view(&state, name, promise, declared, today))
    });
    report(&cut.page(views))
}

/// One promise with its versions, and what differs between them.
#[utoipa::path(get, path = "/api/v1/promises/{promise}", tag = "promises",
    params(("promise" = String, Path, description = "Its name.")),
    responses((status = 200, body = PromiseReport), (status = 404, body = ProblemDocument)))]
pub(super) async fn show(State(app): State<Arc<App>>, call: Call, Named(name): Named) -> Answer {
    let (state, today) = (app.desk.published().read(), today(&app));
    let (promised, declared) = in_force::promise_named(&state, &name)
        .ok_or_else(|| declared::none(Kind::Promise, &name))?;
    let promise = view(&state, &name, promised, declared, today);
    let ceiling = coverage::ceiling(&state, promised).into_iter().map(Finding::from).collect();
    let versions = agreements::versions(&state, &of(&name));
    one(&call, &PromiseReport { promise, ceiling, versions })
}

/// Agrees to the newest version of a promise, for product or for engineering. Both must, and two people; unless its
/// policy says `solo: true`. The same again does nothing.
#[utoipa::path(post, path = "/api/v1/promises/{promise}/agreements", tag = "promises",
    request_body = NewAgreement, params(("promise" = String, Path, description = "Its name.")),
    responses((status = 201, body = Agreement), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument)))]
pub(super) async fn agree(
    State(app): State<Arc<App>>,
    call: Call,
    Named(name): Named,
    Json(new): Json<NewAgreement>,
) -> Answer {
    let place = format!("/api/v1/promises/{name}");
    agreements::agree(&app, call, (Kind::Promise, name), new, &place).await
}

/// Which services have a promise to be relied on, and what is missing of the others.
#[utoipa::path(get, path = "/api/v1/promises/coverage", tag = "promises", params(PageQuery),
    responses((status = 200, body = Coverage)))]
pub(super) async fn cover(State(app): State<Arc<App>>, Params(query): Params<PageQuery>) -> Answer {
    let cut = query.cut()?;
    let (state, today) = (app.desk.published().read(), today(&app));
    let all: Vec<ServiceCoverage> = coverage::services(&state)
        .into_iter()
        .map(|service| ServiceCoverage {
            service: service.to_owned(),
            promise: in_force::promise_of_service(&state, service).map(|(name, _)| name.to_owned()),
            gaps: gaps(&state, service, today).iter().map(Gap::from).collect(),
        })
        .collect();
    drop(state);
    let (services, covered) =
        (all.len(), all.iter().filter(|service| service.gaps.is_empty()).count());
    let with = |word: &str| {
        all.iter().filter(|service| service.gaps.iter().any(|gap| gap.gap == word)).count()
    };
    let counts = coverage::Gap::WORDS.iter().map(|word| ((*word).to_owned(), with(word))).collect();
    let share = share_ppb(covered as u64, services as u64).map(|ppb| Exact::ppb(ppb as i64));
    let rest = all.into_iter().filter(|service| cut.is_behind(&service.service));
    let Page { items, next } = cut.page(rest.map(|service| (service.service.clone(), service)));
    report(&Coverage { services, covered, share, gaps: counts, items, next })
}
