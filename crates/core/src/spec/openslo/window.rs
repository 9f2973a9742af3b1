//! `timeWindow`: rolling or calendar-aligned.

use jiff::civil::DateTime;

use crate::{
    spec::{
        code,
        duration::{self, DurationUnit, Use},
        fields::{Fields, Item},
        kind::Version,
        model::{Calendar, TimeWindow},
        report::Report,
    },
    time,
};

/// Reads `timeWindow`: a list of exactly one.
pub(super) fn time_window(spec: &mut Fields<'_>, report: &mut Report) -> Option<TimeWindow> {
    let Some(list) = spec.get("timeWindow") else {
        let hint = "read as a rolling window of 4w; give one to be clear";
        report.warning(code::NO_TIME_WINDOW, spec.at, &spec.path("timeWindow"), "is missing", hint);
        return None;
    };
    let item = single(&list, report)?;
    let mut fields = item.fields(report)?;
    let alignment = alignment(&item, &mut fields, report);
    let usage = if fields.has("calendar") { Use::Calendar } else { Use::Length };
    let length = fields.require("duration", report);
    let duration = length.as_ref().and_then(|item| duration::read(item, usage, report));
    let minutes =
        duration.filter(|duration| duration.unit == DurationUnit::Minute && usage == Use::Calendar);
    if let (Some(item), Some(duration)) = (&length, minutes) {
        warn_calendar_minutes(item, duration.count, report);
    }
    fields.finish(report);
    Some(TimeWindow { duration: duration?, calendar: alignment?.calendar() })
}

/// Below an hour, minutes can only have been meant as months.
fn warn_calendar_minutes(item: &Item<'_>, count: u32, report: &mut Report) {
    let message = format!("says minutes ({count}m), where months seem to be meant");
    let hint = match (count < 60, report.version) {
        (true, Version::V2alpha) => {
            format!(
                "read as months ({count}M), as no calendar period is so short; v2alpha has no months, take weeks"
            )
        }
        (true, _) => format!("read as months, as no calendar period is so short; write {count}M"),
        (false, _) => "read as minutes; write hours or more".to_owned(),
    };
    item.warning(report, code::CALENDAR_MINUTES, message, hint);
}

/// The only item of a list that must have exactly one.
pub(super) fn single<'n>(list: &Item<'n>, report: &mut Report) -> Option<Item<'n>> {
    let mut items = list.list(report)?;
    if items.len() != 1 {
        let message = format!("must have exactly one item, has {}", items.len());
        list.error(report, code::WRONG_COUNT, message, "write one document for each");
    }
    if items.is_empty() { None } else { Some(items.swap_remove(0)) }
}

/// What the periods of a window follow.
pub(super) enum Alignment {
    Rolling,
    Calendar(Calendar),
}

impl Alignment {
    pub(super) fn calendar(self) -> Option<Calendar> {
        match self {
            Alignment::Rolling => None,
            Alignment::Calendar(calendar) => Some(calendar),
        }
    }
}

/// Whether there is a calendar, and which. `isRolling` must say the opposite.
pub(super) fn alignment(
    item: &Item<'_>,
    fields: &mut Fields<'_>,
    report: &mut Report,
) -> Option<Alignment> {
    let is_rolling = match fields.get("isRolling") {
        Some(flag) => flag.boolean(report)?,
        None => false,
    };
    match (is_rolling, fields.get("calendar")) {
        (true, None) => Some(Alignment::Rolling),
        (false, Some(calendar)) => read_calendar(&calendar, report).map(Alignment::Calendar),
        (true, Some(calendar)) => {
            let message = "calendar cannot be given when isRolling is true";
            item.error(report, code::BAD_WINDOW, message, "remove one of the two");
            read_calendar(&calendar, report);
            None
        }
        (false, None) => {
            let message = "calendar is required unless isRolling is true";
            item.error(report, code::BAD_WINDOW, message, "add 'isRolling: true' or a calendar");
            None
        }
    }
}

fn read_calendar(item: &Item<'_>, report: &mut Report) -> Option<Calendar> {
    let mut fields = item.fields(report)?;
    let start = fields.require("startTime", report).and_then(|item| read_start(&item, report));
    let zone = fields.require("timeZone", report).and_then(|item| read_zone(&item, report));
    fields.finish(report);
    Some(Calendar { start: start?, zone: zone? })
}

fn read_start(item: &Item<'_>, report: &mut Report) -> Option<DateTime> {
    let text = item.filled_text(report)?;
    let start = date_time(text);
    if start.is_none() {
        let message = format!("{text:?} is not a date and time");
        item.error(
            report,
            code::BAD_TIME,
            message,
            "write it as 2026-01-31 09:00:00, without a zone",
        );
    }
    start
}

/// Reads `YYYY-MM-DD hh:mm:ss`, exactly.
pub(crate) fn date_time(text: &str) -> Option<DateTime> {
    let shape = text.len() == 19
        && text.bytes().zip(b"dddd-dd-dd dd:dd:dd").all(|(byte, shape)| {
            if *shape == b'd' { byte.is_ascii_digit() } else { byte == *shape }
        });
    if !shape {
        return None;
    }
    let number =
        |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<i16>().ok());
    let small = |from: usize| number(from, from + 2).and_then(|number| i8::try_from(number).ok());
    DateTime::new(number(0, 4)?, small(5)?, small(8)?, small(11)?, small(14)?, small(17)?, 0).ok()
}

fn read_zone(item: &Item<'_>, report: &mut Report) -> Option<String> {
    let name = item.filled_text(report)?;
    if time::zone(name).is_none() {
        let message = format!("{name:?} is not a time zone");
        item.error(
            report,
            code::BAD_ZONE,
            message,
            "write an IANA name such as Europe/Berlin or UTC",
        );
        return None;
    }
    Some(name.to_owned())
}
