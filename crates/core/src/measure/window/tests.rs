use proptest::prelude::*;

use super::*;

fn minute(text: &str) -> Minute {
    Minute::of_second(text.parse::<jiff::Timestamp>().unwrap().as_second())
}

fn calendar(start: &str, zone: &str, count: u32, unit: Unit) -> Window {
    Window::Calendar {
        start: start.parse().unwrap(),
        zone: zone.to_owned(),
        every: Period { count, unit },
    }
}

/// `from`, end and whole length in hours of the window at a moment.
fn check(window: &Window, at: &str, from: &str, whole_hours: i64) {
    let extent = window.at(minute(at)).unwrap();
    assert_eq!(extent.span, Span::new(minute(from), minute(at)), "{window} at {at}");
    assert_eq!(extent.whole_minutes, whole_hours * 60, "{window} at {at}");
}

#[test]
fn a_rolling_window_ends_at_the_last_complete_slot() {
    check(
        &Window::Rolling { minutes: 30 * 24 * 60 },
        "2026-03-31T12:00:00Z",
        "2026-03-01T12:00:00Z",
        720,
    );
}

#[test]
fn days_of_clock_changes_have_23_and_25_hours() {
    let day = calendar("2026-01-01T00:00:00", "Europe/Berlin", 1, Unit::Day);
    check(&day, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", 23);
    check(&day, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", 25);
    check(&day, "2026-11-23T12:00:00Z", "2026-11-22T23:00:00Z", 24);
}

#[test]
fn months_quarters_and_years_follow_the_calendar() {
    let month = calendar("2026-01-01T00:00:00", "America/New_York", 1, Unit::Month);
    check(&month, "2026-03-15T00:00:00Z", "2026-03-01T05:00:00Z", 31 * 24 - 1);
    check(&month, "2024-02-10T00:00:00Z", "2024-02-01T05:00:00Z", 29 * 24);
    let quarter = calendar("2026-01-01T00:00:00", "UTC", 1, Unit::Quarter);
    check(&quarter, "2026-05-05T00:00:00Z", "2026-04-01T00:00:00Z", 91 * 24);
    let year = calendar("2020-04-01T00:00:00", "UTC", 1, Unit::Year);
    check(&year, "2024-03-31T23:59:00Z", "2023-04-01T00:00:00Z", 366 * 24);
}

#[test]
fn the_31st_comes_back_after_a_short_month() {
    let month = calendar("2026-01-31T00:00:00", "UTC", 1, Unit::Month);
    check(&month, "2026-03-01T00:00:00Z", "2026-02-28T00:00:00Z", 31 * 24);
    check(&month, "2026-04-01T00:00:00Z", "2026-03-31T00:00:00Z", 30 * 24);
}

#[test]
fn a_boundary_belongs_to_the_new_period() {
    let week = calendar("2026-01-05T00:00:00", "UTC", 1, Unit::Week);
    check(&week, "2026-01-12T00:00:00Z", "2026-01-12T00:00:00Z", 168);
    check(&week, "2026-01-11T23:59:00Z", "2026-01-05T00:00:00Z", 168);
}

#[test]
fn a_day_that_a_zone_skipped_is_no_period() {
    // Samoa went from 29 to 31 December 2011.
    let day = calendar("2011-12-01T00:00:00", "Pacific/Apia", 1, Unit::Day);
    check(&day, "2011-12-30T09:00:00Z", "2011-12-29T10:00:00Z", 24);
    check(&day, "2011-12-30T10:30:00Z", "2011-12-30T10:00:00Z", 24);
}

#[test]
fn what_cannot_be_placed_says_why() {
    let end = minute("2026-01-01T00:00:00Z");
    assert_eq!(
        calendar("2026-01-01T00:00:00", "Mars/Olympus", 1, Unit::Day).at(end),
        Err(NoExtent::UnknownZone)
    );
    assert_eq!(
        calendar("2026-01-01T00:00:00", "UTC", 0, Unit::Day).at(end),
        Err(NoExtent::EmptyPeriod)
    );
    assert_eq!(
        calendar("2026-01-01T00:00:00", "UTC", 9_000, Unit::Year).at(end),
        Err(NoExtent::OutOfCalendar)
    );
}

#[test]
fn lengths_read_well() {
    assert_eq!(length(30 * 24 * 60), "30d");
    assert_eq!(length(90), "1h 30m");
    assert_eq!(length(0), "0m");
}

proptest! {
    /// Periods tile time: the one that holds a minute also holds its last minute, and the next begins right after.
    #[test]
    fn periods_tile_time(
        at in -30_000_000..90_000_000_i64,
        count in 1..5_u32,
        unit in prop::sample::select(vec![Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Quarter, Unit::Year]),
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo"]),
    ) {
        let window = calendar("2024-02-29T13:30:00", zone, count, unit);
        let extent = window.at(Minute(at)).unwrap();
        let next = extent.span.from.plus(extent.whole_minutes);
        prop_assert!(extent.span.from <= Minute(at) && Minute(at) < next);
        let last = window.at(next.plus(-1)).unwrap();
        prop_assert_eq!(last.span.from, extent.span.from);
        prop_assert_eq!(window.at(next).unwrap().span.from, next);
    }
}
