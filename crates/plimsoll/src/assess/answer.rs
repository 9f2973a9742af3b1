//! From the arguments to everything that a report says.

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use plimsoll_core::{
    limits::WINDOW_MINUTES_MAX,
    measure::{
        accesslog::Format,
        gap::{self, Missing},
        service::{self, By},
        tally::{Ladder, Method},
        window::Window,
    },
    promise::policy::Policy,
    review::assess::{self, Assessment, Question, Service},
    time::{Minute, Span},
};
use plimsoll_source::{Input, Made, Options, Reading, read_logs};

use super::{
    Args,
    given::{self, Documents},
    progress::Bar,
};
use crate::{example, failure::Failure};

/// Everything that a report says.
pub struct Answer {
    /// What was read.
    pub reading: Reading,
    /// The earliest request, in seconds since 1970.
    pub first_s: i64,
    /// The latest request, in seconds since 1970: the "now" of every figure.
    pub last_s: i64,
    /// The minutes that windows can look at.
    pub extent: Span,
    /// Set where the input begins before `extent`: the second at which `extent` begins.
    pub history_cut_at: Option<i64>,
    /// Requests that do not count.
    pub excluded: u64,
    /// Silent stretches that are missing data.
    pub missing: Vec<Missing>,
    /// What is good, bad and excluded.
    pub rules: String,
    /// When silence is missing data.
    pub gap: String,
    /// What makes a service, and why.
    pub by: String,
    pub by_why: String,
    /// What was found.
    pub assessment: Assessment,
    /// Whether objectives were given.
    pub is_given: bool,
    /// Documents that were written.
    pub written: Vec<PathBuf>,
    /// The inputs, as a data source names them.
    pub inputs: Vec<String>,
}

impl Answer {
    /// Requests that count.
    pub fn requests(&self) -> u64 {
        self.reading.parsed - self.excluded
    }
}

/// Reads and assesses.
///
/// # Errors
/// [`Failure`], when there is nothing to answer with or the arguments ask for something impossible.
pub fn find(args: &Args) -> Result<Answer, Failure> {
    let documents = given::read(&args.slo)?;
    let method = method(args, &documents)?;
    let rules = method.rules.to_string();
    let thresholds_us: Vec<u64> = method.ladder.thresholds_us().collect();
    let inputs = inputs(args);
    let by = method.by;
    let mut reading = read(args, &inputs, method, &documents)?;
    let tally = std::mem::take(&mut reading.tally);
    let (Some(first_s), Some(last_s)) = (tally.first_s(), tally.last_s()) else {
        return Err(super::files::nothing_read(&reading));
    };
    let (whole, extent) = extents(first_s, last_s);
    let rule = args.gap.unwrap_or_default();
    let missing = gap::missing(&tally.activity(), rule);
    let excluded = tally.total().excluded;

    let mut services = service::find(tally, by);
    if let (Some(name), [only]) = (&args.service, services.list.as_mut_slice()) {
        only.name.clone_from(name);
    } else if args.service.is_some() {
        return Err(Failure::usage("--service names one service, and the input holds several")
            .hint("add --by one to count them together"));
    }
    let names: Vec<&str> = services.list.iter().map(|service| service.name.as_str()).collect();
    let given = documents.for_services(&names)?;
    let policy = documents.policy.clone().unwrap_or_else(Policy::default);
    let silent: Vec<Span> = missing.iter().map(|gap| gap.span).collect();
    let list: Vec<Service<'_>> =
        services.list.iter().map(|s| Service { name: &s.name, series: &s.series }).collect();
    let window = args.window.map(|minutes| Window::Rolling { minutes });
    let question = Question {
        services: &list,
        thresholds_us: &thresholds_us,
        extent,
        missing: &silent,
        window: window.as_ref(),
        given: &given,
        policy: &policy,
    };
    let assessment = assess::assess(&question).map_err(Failure::usage)?;
    Ok(Answer {
        reading,
        first_s,
        last_s,
        extent,
        history_cut_at: (whole != extent).then(|| extent.from.second()),
        excluded,
        missing,
        rules,
        gap: rule.to_string(),
        by: services.by.to_string(),
        by_why: services.why,
        assessment,
        is_given: !args.slo.is_empty(),
        written: Vec::new(),
        inputs: inputs.iter().map(ToString::to_string).collect(),
    })
}

fn inputs(args: &Args) -> Vec<Input> {
    if args.example {
        return vec![Input::Made(Made {
            name: "example.log",
            make: || Box::new(example::Log::default()),
        })];
    }
    args.files.iter().map(Input::of_argument).collect()
}

/// How requests are counted: by the arguments, else as the documents say.
fn method(args: &Args, documents: &Documents) -> Result<Method, Failure> {
    let mut thresholds = args.latency.clone();
    thresholds.extend(documents.thresholds_us());
    let ladder = Ladder::with(&thresholds).map_err(Failure::usage)?;
    let rules = args.classify.clone().or_else(|| documents.rules.clone()).unwrap_or_default();
    // With one service, neither hosts nor paths need to be told apart; --service says that there is one.
    let by = if args.service.is_some() && args.by == By::Auto { By::One } else { args.by };
    Ok(Method { rules, ladder, by })
}

fn read(
    args: &Args,
    inputs: &[Input],
    method: Method,
    documents: &Documents,
) -> Result<Reading, Failure> {
    let mut options = Options { method, ..Options::new(not_after_s()) };
    let pattern = args.pattern.as_deref().or(documents.pattern.as_deref());
    if let Some(pattern) = pattern {
        let time_format = args.time_format.as_deref().or(documents.time_format.as_deref());
        let format = Format::pattern(pattern, time_format);
        options.format = Some(format.map_err(|why| Failure::usage(format!("--pattern: {why}")))?);
    }
    if let Some(threads) = args.threads.and_then(|n| NonZeroUsize::new(usize::from(n))) {
        options.threads = threads;
    }
    let bar = Bar::new();
    let reading = read_logs(inputs, &options, &|progress| bar.show(progress));
    bar.clear();
    Ok(reading)
}

/// The clock and a day: later requests are a wrong clock, not a log.
fn not_after_s() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| past.as_secs());
    i64::try_from(now).unwrap_or(i64::MAX).saturating_add(24 * 3600)
}

/// The minutes of the whole input, and those that windows can look at: the last 400 days.
fn extents(first_s: i64, last_s: i64) -> (Span, Span) {
    let end = Minute::of_second(last_s).plus(1);
    let whole = Span::new(Minute::of_second(first_s), end);
    let furthest = end.plus(-i64::from(WINDOW_MINUTES_MAX));
    (whole, Span::new(whole.from.max(furthest), end))
}
