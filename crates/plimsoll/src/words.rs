//! Times, lengths and counts as a person reads them.

use plimsoll_core::{ratio::grouped, time::Span};

/// `12 Oct 14:03` in UTC; with the year where asked for.
pub fn when(second: i64, with_year: bool) -> String {
    let format = if with_year { "%-d %b %Y %H:%M" } else { "%-d %b %H:%M" };
    jiff::Timestamp::from_second(second).map_or_else(
        |_| format!("{second}s"),
        |at| at.to_zoned(jiff::tz::TimeZone::UTC).strftime(format).to_string(),
    )
}

/// A time of the interface to the minute, without its zone, which is UTC: `2026-10-12 14:03`. What is no time is shown
/// as it is.
pub fn minute(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..16)) {
        (Some(day), Some("T"), Some(clock)) if time.ends_with('Z') => format!("{day} {clock}"),
        _ => time.to_owned(),
    }
}

/// `14:03–14:50` when both lie on one day, else both in full; with the day: `12 Oct 14:03–14:50`.
pub fn stretch(span: Span) -> String {
    let (from, to) = (span.from.second(), span.to.second());
    let same_day = from.div_euclid(86_400) == (to - 1).div_euclid(86_400);
    let end = if same_day && to % 86_400 != 0 {
        when(to, false).rsplit(' ').next().unwrap_or_default().to_owned()
    } else {
        when(to, false)
    };
    format!("{}–{end}", when(from, false))
}

/// `47 min`, `3 h 20 min`, `30 d`.
pub fn lasting(minutes: i64) -> String {
    let parts = [(minutes / 1440, "d"), (minutes % 1440 / 60, "h"), (minutes % 60, "min")];
    let text: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n != 0)
        .take(2)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    if text.is_empty() { "under 1 min".to_owned() } else { text.join(" ") }
}

/// `1 entry`, `12,340 entries`, of a journal.
pub fn entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{} entries", grouped(count.into())) }
}

/// `1 line`, `12,340 lines`.
pub fn counted(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", grouped(count.into()))
}

#[cfg(test)]
mod tests {
    use plimsoll_core::time::Minute;

    use super::*;

    #[test]
    fn times_read_well() {
        let minute =
            |text: &str| Minute::of_second(text.parse::<jiff::Timestamp>().unwrap().as_second());
        let span = |from, to| stretch(Span::new(minute(from), minute(to)));
        assert_eq!(span("2026-10-12T14:03:00Z", "2026-10-12T14:50:00Z"), "12 Oct 14:03–14:50");
        assert_eq!(
            span("2026-10-12T14:03:00Z", "2026-10-13T00:00:00Z"),
            "12 Oct 14:03–13 Oct 00:00"
        );
        assert_eq!(
            span("2026-10-12T00:00:00Z", "2026-10-14T06:30:00Z"),
            "12 Oct 00:00–14 Oct 06:30"
        );
        assert_eq!(
            (lasting(47), lasting(200), lasting(43_200)),
            ("47 min".into(), "3 h 20 min".into(), "30 d".into())
        );
        assert_eq!(
            (counted(1, "line"), counted(12_340, "line")),
            ("1 line".into(), "12,340 lines".into())
        );
    }
}
