//! What OpenSLO has no words for, said through annotations of an SLO with the prefix `plimsoll/`.
//!
//! | annotation | value |
//! |---|---|
//! | `plimsoll/target` | `100%`: no event may be bad (OpenSLO's own targets end below 100 %) |
//! | `plimsoll/further-windows` | windows beside the first, such as `7d, 1d` or `1M from 2026-01-01 00:00:00 Europe/Berlin` |
//! | `plimsoll/no-data` | what minutes without data mean: `ignore`, `good`, `bad` or `hold 30m` |

use super::{
    code,
    duration::{self, Duration},
    fields::Item,
    model::{Calendar, Extension, TimeWindow},
    openslo::date_time,
    report::Report,
    suggest,
};
use crate::{promise::slo::NoData, time};

/// Our prefix.
pub(crate) const PREFIX: &str = "plimsoll/";
/// A target of 100 %.
pub(crate) const TARGET: &str = "plimsoll/target";
/// Windows beside the first.
pub(crate) const FURTHER_WINDOWS: &str = "plimsoll/further-windows";
/// What minutes without data mean.
pub(crate) const NO_DATA: &str = "plimsoll/no-data";

/// Reads the annotations of an SLO with our prefix; nothing about them is lenient.
pub(crate) fn read(annotations: &[Item<'_>], objectives: usize, report: &mut Report) -> Extension {
    let mut extension = Extension::default();
    for item in annotations {
        let name = item.field.rsplit('/').next().unwrap_or_default().trim_end_matches("']");
        let Some(text) = item.text(report) else { continue };
        match name {
            "target" => extension.perfect_target = perfect_target(item, text, objectives, report),
            "further-windows" => extension.further_windows = further_windows(item, text, report),
            "no-data" => extension.no_data = no_data(item, text, report),
            _ => {
                let known = ["target", "further-windows", "no-data"];
                let hint = suggest::nearest(name, known).map_or_else(
                    || format!("known are {TARGET}, {FURTHER_WINDOWS}, {NO_DATA}"),
                    |name| format!("did you mean {PREFIX}{name}?"),
                );
                item.error(report, code::BAD_ANNOTATION, "unknown annotation of Plimsoll", hint);
            }
        }
    }
    extension
}

fn perfect_target(item: &Item<'_>, text: &str, objectives: usize, report: &mut Report) -> bool {
    if !matches!(text, "100%" | "100 %") {
        let hint = "any other target is written as the objective's target";
        item.error(report, code::BAD_ANNOTATION, format!("must be 100%, is {text:?}"), hint);
    } else if objectives != 1 {
        let message = format!("needs exactly one objective, here are {objectives}");
        item.error(report, code::BAD_ANNOTATION, message, "write one SLO for each objective");
    }
    true
}

fn further_windows(item: &Item<'_>, text: &str, report: &mut Report) -> Vec<TimeWindow> {
    let mut windows = Vec::new();
    for part in text.split(',').map(str::trim) {
        match window(part) {
            Ok(window) => windows.push(window),
            Err(why) => {
                let hint =
                    "write windows as 7d, 1d or as 1M from 2026-01-01 00:00:00 Europe/Berlin";
                item.error(report, code::BAD_ANNOTATION, format!("{part:?} {why}"), hint);
            }
        }
    }
    windows
}

/// A window: a length in whole minutes, or a period with the start of the first one and a zone.
fn window(text: &str) -> Result<TimeWindow, &'static str> {
    let (length, calendar) = match text.split_once(" from ") {
        Some((length, start)) => (length, Some(self::calendar(start)?)),
        None => (text, None),
    };
    let duration = duration::parse(length)?;
    if duration.count == 0 {
        return Err("has no length");
    }
    if calendar.is_none() && duration.unit.is_uneven() {
        return Err("depends on the calendar: write days or weeks, or give a start");
    }
    Ok(TimeWindow { duration, calendar })
}

fn calendar(text: &str) -> Result<Calendar, &'static str> {
    const START: usize = "2026-01-01 00:00:00".len();
    let (start, zone) =
        text.split_at_checked(START).ok_or("has no date, time and zone behind 'from'")?;
    let start =
        date_time(start).ok_or("has no date and time such as 2026-01-01 00:00:00 behind 'from'")?;
    let zone = zone
        .strip_prefix(' ')
        .filter(|zone| time::zone(zone).is_some())
        .ok_or("has no IANA time zone")?;
    Ok(Calendar { start, zone: zone.to_owned() })
}

/// Writes a window as [`window`] reads it.
pub(crate) fn write_window(window: &TimeWindow) -> String {
    window.calendar.as_ref().map_or_else(
        || window.duration.to_string(),
        |calendar| format!("{} from {} {}", window.duration, write_start(calendar), calendar.zone),
    )
}

/// Writes the start of a calendar as OpenSLO wants it: `2026-01-01 00:00:00`.
pub(crate) fn write_start(calendar: &Calendar) -> String {
    let start = calendar.start;
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        start.year(),
        start.month(),
        start.day(),
        start.hour(),
        start.minute(),
        start.second()
    )
}

/// Reads a no-data policy, and reports what is none.
pub(crate) fn no_data(item: &Item<'_>, text: &str, report: &mut Report) -> Option<NoData> {
    let policy = parse_no_data(text);
    if policy.is_none() {
        let message = format!("must be ignore, good, bad or hold with a time, is {text:?}");
        item.error(report, code::BAD_CHOICE, message, "for example hold 30m");
    }
    policy
}

fn parse_no_data(text: &str) -> Option<NoData> {
    match text {
        "ignore" => Some(NoData::Ignore),
        "good" => Some(NoData::Good),
        "bad" => Some(NoData::Bad),
        _ => {
            let duration = duration::parse(text.strip_prefix("hold ")?).ok()?;
            let minutes =
                duration.minutes().filter(|minutes| *minutes > 0 && !duration.unit.is_uneven())?;
            Some(NoData::Hold { minutes })
        }
    }
}

/// Writes a no-data policy as it is read.
pub(crate) fn write_no_data(policy: NoData) -> String {
    match policy {
        NoData::Ignore => "ignore".to_owned(),
        NoData::Good => "good".to_owned(),
        NoData::Bad => "bad".to_owned(),
        NoData::Hold { minutes } => format!("hold {}", Duration::of_minutes(minutes)),
    }
}
