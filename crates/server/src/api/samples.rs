//! Samples: what somebody measured, minute by minute.

use std::{collections::BTreeSet, sync::Arc};

use axum::extract::State;
use plimsoll_core::{
    catalog::{Kind, Object},
    measure::{push, slot::Slot},
    people::token::Scope,
    state::State as Practice,
    time::Minute,
};
use plimsoll_store::slots::{Refused, Why};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::{Answer, report},
    app::App,
    call::{Json, Named},
    declared, minute,
    problem::{Code, Problem, ProblemDocument},
    route::Route,
};
use crate::{
    limits::SAMPLES_BYTES_MAX,
    measure::keeping::{NotKept, Order, OrderedBatch},
};

/// Highest generation: what every program can count to.
const GENERATION_MAX: u64 = i64::MAX as u64;

/// Minutes of one SLI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Samples {
    /// The source; need not be said, the documents name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Grows when the source corrects itself: a higher one replaces what is there, the same one repeats it.
    #[schema(minimum = 1, maximum = 9_223_372_036_854_775_807_u64)]
    pub generation: u64,
    /// The minutes, each once, in any order.
    pub minutes: Vec<Sample>,
}

/// Minutes of several SLIs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batches {
    /// They are kept together, or none of them.
    pub batches: Vec<NamedSamples>,
}

/// Minutes of the SLI of this name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedSamples {
    /// The SLI.
    pub sli: String,
    /// See `Samples`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// See `Samples`.
    #[schema(minimum = 1, maximum = 9_223_372_036_854_775_807_u64)]
    pub generation: u64,
    /// See `Samples`.
    pub minutes: Vec<Sample>,
}

/// One minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// When it begins.
    #[schema(format = DateTime)]
    pub minute: String,
    /// What is known of it; `measured` where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Quality>,
    /// Good events. Given together with `bad`, or not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 68_719_476_736_u64)]
    pub good: Option<u64>,
    /// Bad events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 68_719_476_736_u64)]
    pub bad: Option<u64>,
}

/// What is known of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// All of it was seen.
    Measured,
    /// All of it was seen, and nothing happened.
    NoTraffic,
    /// Nothing of it was seen.
    Missing,
    /// Some of it was seen.
    Partial,
}

/// Samples that were kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kept {
    /// Minutes that are new, or now other than before.
    pub changed: usize,
    /// Minutes that were here already, the same.
    pub repeated: usize,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/slis/{sli}/samples", Scope::Push, push_one)
            .intake()
            .body_max(SAMPLES_BYTES_MAX),
        Route::post("/api/v1/samples", Scope::Push, push_several)
            .intake()
            .body_max(SAMPLES_BYTES_MAX),
    ]
}

/// Sends minutes of one SLI. They are on the disk when this answers; sending them again changes nothing.
#[utoipa::path(post, path = "/api/v1/slis/{sli}/samples", tag = "samples", request_body = Samples,
    params(("sli" = String, Path, description = "The name of the SLI.")),
    responses((status = 200, body = Kept), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = 503, body = ProblemDocument)))]
pub(super) async fn push_one(
    State(app): State<Arc<App>>,
    Named(sli): Named,
    Json(samples): Json<Samples>,
) -> Answer {
    let Samples { source, generation, minutes } = samples;
    keep(&app, vec![NamedSamples { sli, source, generation, minutes }]).await
}

/// Sends minutes of several SLIs: all of them are kept, or none.
#[utoipa::path(post, path = "/api/v1/samples", tag = "samples", request_body = Batches,
    responses((status = 200, body = Kept), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = 503, body = ProblemDocument)))]
pub(super) async fn push_several(
    State(app): State<Arc<App>>,
    Json(Batches { batches }): Json<Batches>,
) -> Answer {
    keep(&app, batches).await
}

async fn keep(app: &App, samples: Vec<NamedSamples>) -> Answer {
    let sources = sources(&app.desk.published().read(), &samples);
    let newest = samples.iter().flat_map(|samples| &samples.minutes);
    let newest = newest.filter_map(|sample| minute::parse("minute", &sample.minute).ok()).max();
    let kept = try_keep(app, samples).await;
    let now_ms = app.clock.now().ms;
    for source in sources {
        app.healths.note(&source, |health| {
            health.heard_ms = Some(now_ms);
            match &kept {
                Ok(_) => {
                    health.taken += 1;
                    health.newest = health.newest.max(newest);
                }
                Err(problem) => {
                    health.rejected += 1;
                    health.last_rejection = Some(problem.document().detail);
                }
            }
        });
    }
    report(&kept?)
}

/// The sources that feed the SLIs of these samples, as their documents say.
fn sources(state: &Practice, samples: &[NamedSamples]) -> BTreeSet<String> {
    let source =
        |samples: &NamedSamples| match &declared::find(state, Kind::Sli, &samples.sli)?.object {
            Object::Sli { source, .. } => source.clone(),
            _ => None,
        };
    samples.iter().filter_map(source).collect()
}

async fn try_keep(app: &App, samples: Vec<NamedSamples>) -> Result<Kept, Problem> {
    let names: Vec<String> = samples.iter().map(|samples| samples.sli.clone()).collect();
    let batches = samples.into_iter().map(|samples| ordered(app, samples));
    let batches = batches.collect::<Result<Vec<_>, _>>()?;
    let generations: Vec<u64> = batches.iter().map(|batch| batch.generation).collect();
    let order = Order { batches, ..Order::default() };
    let applied = app.keeper.keep(order).await.map_err(|not_kept| match not_kept {
        NotKept::Refused(refused) => {
            let sli = names.get(refused.batch).map_or("", String::as_str);
            let generation = generations.get(refused.batch).copied().unwrap_or_default();
            refusal(sli, generation, &refused)
        }
        other => Problem::from(other),
    })?;
    Ok(Kept { changed: applied.changed, repeated: applied.repeated })
}

/// Where samples belong, by number.
fn ordered(app: &App, samples: NamedSamples) -> Result<OrderedBatch, Problem> {
    let NamedSamples { sli, source, generation, minutes } = samples;
    if generation > GENERATION_MAX {
        let detail = format!("the generation {generation} is above {GENERATION_MAX}");
        return Err(Problem::new(Code::Invalid, detail, "count them from 1, or use milliseconds"));
    }
    let slots = minutes.iter().map(slot).collect::<Result<Vec<_>, _>>()?;
    let kept = app.keeper.kept(app.clock.now().ms);
    let state = app.desk.published().read();
    let place = push::place(&state, &sli, source.as_deref(), &slots, kept)?;
    Ok(OrderedBatch { source: place.source, sli: place.sli, generation, slots })
}

fn slot(sample: &Sample) -> Result<(Minute, Slot), Problem> {
    let minute = minute::parse("minute", &sample.minute)?;
    // Whoever knows one count and not the other knows nothing of the ratio: an absent count is no 0.
    let counts = sample.good.zip(sample.bad);
    let is_half = counts.is_none() && (sample.good.is_some() || sample.bad.is_some());
    let ((good, bad), has_counts) = (counts.unwrap_or_default(), counts.is_some());
    let slot = match sample.state {
        _ if is_half => return Err(unfit(sample)),
        None | Some(Quality::Measured) if has_counts => Slot::measured(good, bad),
        Some(Quality::Partial) if good > 0 || bad > 0 => Slot::Partial { good, bad },
        Some(Quality::NoTraffic) if good == 0 && bad == 0 => Slot::NoTraffic,
        Some(Quality::Missing | Quality::Partial) if good == 0 && bad == 0 => Slot::Missing,
        _ => return Err(unfit(sample)),
    };
    Ok((minute, slot))
}

fn unfit(sample: &Sample) -> Problem {
    let detail = format!("the counts of the minute {} and its state do not fit", sample.minute);
    let hint = "give both good and bad, or a state of no_traffic or missing without counts";
    Problem::new(Code::Invalid, detail, hint)
}

fn refusal(sli: &str, generation: u64, refused: &Refused) -> Problem {
    let minute = refused.minute.map(|minute| minute.to_string()).unwrap_or_default();
    let invalid = |what: String, hint: &str| Problem::new(Code::Invalid, what, hint);
    let problem = match refused.why {
        Why::NoGeneration => invalid("generation is 0".to_owned(), "generations begin at 1"),
        Why::CountTooLarge => invalid(
            format!("a count of {minute} is too large"),
            "a minute holds at most 2^36 events",
        ),
        Why::MinuteOutOfRange => {
            invalid(format!("nobody measures at {minute}"), "look at the clock of the sender")
        }
        Why::MinuteTwice => {
            invalid(format!("the minute {minute} is there twice"), "send each minute once")
        }
        Why::OlderThanKept { kept } => Problem::new(
            Code::GenerationConflict,
            format!("{minute} of {sli} is here with generation {kept}, above {generation}"),
            format!(
                "nothing was kept; to correct it, send generation {} or higher",
                kept.saturating_add(1)
            ),
        )
        .with("kept_generation", kept),
        Why::SameGenerationOtherSlot => Problem::new(
            Code::GenerationConflict,
            format!("{minute} of {sli} is here with generation {generation} and other counts"),
            format!(
                "nothing was kept; to correct it, send generation {} or higher",
                generation.saturating_add(1)
            ),
        )
        .with("kept_generation", generation),
    };
    let problem = problem.with("sli", sli);
    match refused.minute {
        Some(minute) => problem.with("minute", minute.to_string()),
        None => problem,
    }
}
