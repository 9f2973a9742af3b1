//! From the arguments to everything that a report says.

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use plimsoll_core::{
    measure::{
        accesslog::Format,
        classify::Class,
        gap::{self, Gap, Missing},
        service::{self, By, Services},
        tally::{Ladder, Method, Tally},
        window::Window,
    },
    promise::policy::Policy,
    review::assess::{self, Assessment, Question, Service},
    spec::accesslog::AccessLogSource,
    time::{DAY, Span},
};
use plimsoll_source::{Input, Made, Options, Reading, read_logs};

use super::{
    Args,
    given::{self, Documents},
    progress::Bar,
    settings,
};
use crate::{example, failure::Failure};

/// A shorter silence is nothing to tell.
const SILENCE_TOLD_FROM_MINUTES: i64 = 5;

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
    /// The longest silence of the whole input that is not missing data.
    pub longest_silence: Option<Span>,
    /// What is good, bad and excluded.
    pub rules: String,
    /// The codes that are excluded, as `--classify` reads them.
    pub excluded_codes: Option<String>,
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
    /// How the logs were measured, as far as that was asked for, and their files.
    pub logs: AccessLogSource,
}

impl Answer {
    /// The longest silence, where no other day says whether it was missing data and the rule needs one.
    pub fn unjudged_silence(&self) -> Option<Span> {
        let is_short = self.extent.minutes() < 2 * DAY;
        let needs_days = matches!(self.logs.gap.unwrap_or_default(), Gap::Predicted(_));
        self.longest_silence.filter(|silence| {
            is_short && needs_days && silence.minutes() >= SILENCE_TOLD_FROM_MINUTES
        })
    }

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
    let inputs = inputs(args);
    let logs = settings::in_force(args, &documents, &inputs)?;
    let method = method(args, &documents, &logs)?;
    let rules = method.rules.to_string();
    let excluded_codes = method.rules.codes_of(Class::Excluded);
    let thresholds_us: Vec<u64> = method.ladder.thresholds_us().collect();
    let mut reading = read(args, &inputs, method, &logs)?;
    let tally = std::mem::take(&mut reading.tally);
    let (Some(first_s), Some(last_s)) = (tally.first_s(), tally.last_s()) else {
        return Err(super::files::nothing_read(&reading));
    };
    let (whole, extent) = assess::extents(first_s, last_s);
    let rule = logs.gap.unwrap_or_default();
    let activity = tally.activity();
    let missing = gap::missing(&activity, rule);
    let excluded = tally.total().excluded;

    let services = services(tally, &logs)?;
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
        activity: &activity,
        gap: rule,
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
        longest_silence: gap::longest(&activity, &silent),
        missing,
        rules,
        excluded_codes,
        gap: rule.to_string(),
        by: services.by.to_string(),
        by_why: services.why,
        assessment,
        is_given: !args.slo.is_empty(),
        written: Vec::new(),
        logs,
    })
}

/// The services of the input; the only one has the name that was asked for.
fn services(tally: Tally, logs: &AccessLogSource) -> Result<Services, Failure> {
    let by = logs.by.unwrap_or_default();
    let Some(name) = &logs.service else { return Ok(service::find(tally, by)) };
    let several = |names: &[&str]| {
        let (shown, more) = names.split_at(names.len().min(5));
        let more = if more.is_empty() { "" } else { ", …" };
        let what =
            format!("the service is to be {name}, and the input holds {}{more}", shown.join(", "));
        Failure::usage(what).hint("add --by one to count them together, or leave --service out")
    };
    // Paths hardly tell services apart where somebody says that there is one; virtual hosts do.
    if by == By::Auto {
        let hosts = service::vhosts(&tally);
        if hosts.len() > 1 {
            return Err(several(&hosts));
        }
    }
    let by = if by == By::Auto { By::One } else { by };
    let mut services = service::find(tally, by);
    if let [only] = services.list.as_mut_slice() {
        only.name.clone_from(name);
        return Ok(services);
    }
    let names: Vec<&str> = services.list.iter().map(|service| service.name.as_str()).collect();
    Err(several(&names))
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

/// How requests are counted.
fn method(args: &Args, documents: &Documents, logs: &AccessLogSource) -> Result<Method, Failure> {
    let mut thresholds = args.latency.clone();
    thresholds.extend(documents.thresholds_us());
    let ladder = Ladder::with(&thresholds).map_err(Failure::usage)?;
    let rules = logs.classify.clone().unwrap_or_default();
    Ok(Method { rules, ladder, by: logs.by.unwrap_or_default() })
}

fn read(
    args: &Args,
    inputs: &[Input],
    method: Method,
    logs: &AccessLogSource,
) -> Result<Reading, Failure> {
    let mut options = Options { method, ..Options::new(not_after_s()) };
    if let Some(pattern) = &logs.pattern {
        let format = Format::pattern(pattern, logs.time_format.as_deref());
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
