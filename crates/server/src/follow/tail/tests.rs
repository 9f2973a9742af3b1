//! Logs that grow, are rotated, vanish and come back, against the lines that were written.

use std::{
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::Write as _,
    path::PathBuf,
};

use plimsoll_core::{
    measure::{name::By, sli::Sli},
    spec::accesslog::AccessLogSource,
    time::rfc3339,
};
use plimsoll_store::slots::{SlotFile, SlotReads as _};
use tempfile::TempDir;

use super::*;
use crate::{clock::Now, follow::route::Fed, measure::keeping::Keeping};

const SOURCE: u32 = 7;
const SLI: u32 = 1;
/// 2026-11-02T10:00:00Z.
const BEGIN: Minute = Minute(29_893_560);

/// A log in a folder, a store, and a clock.
struct Scene {
    folder: TempDir,
    keeping: Keeping<SlotFile>,
    tail: Option<Tail>,
    now_s: i64,
    /// The SLIs that are declared; each counts every request.
    slis: Vec<u32>,
}

struct Past<'a>(&'a SlotFile);

impl History for Past<'_> {
    fn slots(&self, source: u32, sli: u32, span: Span) -> Result<Vec<Slot>, String> {
        Ok(self.0.series(source, sli, span).map_err(|e| e.to_string())?.slots)
    }
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = SlotFile::open(&folder.path().join("slots.db")).unwrap();
        let keeping = Keeping::open(store, BEGIN, Vec::new()).unwrap();
        Scene { folder, keeping, tail: None, now_s: BEGIN.second(), slis: vec![SLI] }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }

    fn route(&self) -> Route {
        let files = vec![format!("{}*", self.log().display())];
        let logs = AccessLogSource { files, by: Some(By::One), ..AccessLogSource::default() };
        let fed = |key: &u32| Fed { key: *key, service: "all".to_owned(), sli: Sli::Availability };
        let slis = self.slis.iter().map(fed).collect();
        Route { name: "edge".to_owned(), source: SOURCE, logs, slis }
    }

    /// Requests of these seconds after the beginning, with this status.
    fn write(&self, seconds: impl IntoIterator<Item = i64>, status: u16) {
        let mut text = String::new();
        for second in seconds {
            let at = rfc3339(BEGIN.second() + second);
            let (date, time) = (&at[..10], &at[11..19]);
            let day = &date[8..10];
            writeln!(text, "10.0.0.1 - - [{day}/Nov/2026:{time} +0000] \"GET / HTTP/1.1\" {status} 12 \"-\" \"-\"").unwrap();
        }
        let mut log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    }

    /// Polls at so many seconds after the beginning, until there is no more.
    fn poll(&mut self, second: i64) -> Option<String> {
        self.now_s = BEGIN.second() + second;
        loop {
            let tail = if let Some(tail) = self.tail.take() {
                tail
            } else {
                let cursors = self.keeping.store().cursors(SOURCE).unwrap();
                Tail::new(self.route(), &cursors, PathBuf::from("/apart")).unwrap()
            };
            let tail = self.tail.insert(tail);
            let over = Minute::of_second(self.now_s);
            let kept = Span::new(over.plus(-90 * 1440), over.plus(1));
            let polled = tail.poll(now(self.now_s), kept, over, &Past(self.keeping.store()));
            if let Some(order) = polled.order {
                self.keeping.write(&[order]).remove(0).unwrap();
            }
            tail.commit();
            if !polled.is_more {
                return polled.trouble;
            }
        }
    }

    /// The process ends and begins anew.
    fn restart(&mut self) {
        self.tail = None;
    }

    /// Other SLIs are declared from now on.
    fn declare(&mut self, slis: &[u32]) {
        self.slis = slis.to_vec();
        self.restart();
    }

    /// The slots of the first minutes.
    fn slots(&self, minutes: i64) -> Vec<Slot> {
        self.slots_of(SLI, minutes)
    }

    fn slots_of(&self, sli: u32, minutes: i64) -> Vec<Slot> {
        let span = Span::new(BEGIN, BEGIN.plus(minutes));
        self.keeping.store().series(SOURCE, sli, span).unwrap().slots
    }
}

const NONE: Slot = Slot::NoTraffic;
const MISSING: Slot = Slot::Missing;

fn all(good: u64, bad: u64) -> Slot {
    Slot::Measured { good, bad }
}

fn part(good: u64, bad: u64) -> Slot {
    Slot::Partial { good, bad }
}

fn now(second: i64) -> Now {
    Now { ms: second * 1000, jump_ms: 0 }
}

#[test]
fn a_clock_that_was_ahead_costs_no_line_and_minutes_are_closed_again_when_it_is_right() {
    let mut scene = Scene::new();
    scene.write([5], 200);
    scene.poll(10);
    scene.write([20], 200);
    scene.poll(400 * 86_400);
    scene.write([70], 200);
    scene.poll(120);
    // By a wrong clock nothing was watched to its end.
    assert_eq!(scene.slots(4), [part(2, 0), part(1, 0), MISSING, MISSING]);
    scene.write([130], 200);
    scene.poll(240);
    assert_eq!(scene.slots(4), [part(2, 0), part(1, 0), all(1, 0), NONE]);
}

#[test]
fn minutes_that_a_clock_closed_ahead_of_their_time_are_missing_until_they_were_watched() {
    let mut scene = Scene::new();
    scene.write([5], 200);
    scene.poll(61);
    // For a while it is eighty days later, and the server ends in the midst of it.
    scene.poll(80 * 86_400);
    scene.restart();
    scene.poll(80 * 86_400 + 60);
    assert_eq!(scene.slots(4), [all(1, 0), NONE, NONE, NONE]);
    scene.write([130], 200);
    scene.poll(135);
    assert_eq!(scene.slots(5), [all(1, 0), NONE, part(1, 0), MISSING, MISSING]);
    scene.restart();
    scene.write([170], 500);
    scene.poll(180);
    assert_eq!(scene.slots(5), [all(1, 0), NONE, all(1, 1), MISSING, MISSING]);
    // Nobody sees what comes now, as nobody would have by the right clock.
    fs::rename(scene.log(), scene.folder.path().join("elsewhere")).unwrap();
    for second in (181..600).step_by(10) {
        scene.poll(second);
    }
    assert_eq!(scene.slots(9)[3..], [MISSING; 6]);
    let later = Span::new(BEGIN.plus(3), BEGIN.plus(81 * 1440));
    let slots = scene.keeping.store().series(SOURCE, SLI, later).unwrap().slots;
    assert!(slots.iter().all(|slot| *slot == MISSING));
    // And once more.
    scene.write([610], 200);
    scene.poll(5 * 86_400);
    scene.poll(600);
    scene.poll(660);
    assert_eq!(scene.slots(13)[10..], [all(1, 0), MISSING, MISSING]);
}

#[test]
fn an_sli_that_comes_later_counts_in_full_from_then_on_and_not_before() {
    let mut scene = Scene::new();
    scene.write([5, 65, 125], 503);
    // All that was there is not judged yet when the second comes.
    scene.poll(150);
    scene.declare(&[SLI, 2]);
    scene.write([155], 503);
    scene.poll(160);
    scene.poll(400);
    assert_eq!(scene.slots(6), [all(0, 1), all(0, 1), all(0, 2), NONE, NONE, NONE]);
    assert_eq!(scene.slots_of(2, 6), [MISSING, MISSING, part(0, 1), NONE, NONE, NONE]);
    // One goes and comes back: what was read meanwhile did not count for it.
    scene.declare(&[SLI]);
    scene.write([410], 200);
    scene.poll(425);
    scene.declare(&[SLI, 2]);
    scene.write([430], 503);
    scene.poll(500);
    scene.restart();
    scene.poll(600);
    assert_eq!(scene.slots(9)[6..], [all(1, 0), all(0, 1), NONE]);
    assert_eq!(scene.slots_of(2, 9)[6..], [MISSING, part(0, 1), MISSING]);
}

#[test]
fn an_sli_that_comes_before_anything_was_read_counts_from_the_beginning() {
    let mut scene = Scene::new();
    scene.poll(5);
    scene.declare(&[SLI, 2]);
    scene.write([65, 130], 200);
    scene.poll(170);
    scene.poll(300);
    assert_eq!(scene.slots(4), scene.slots_of(2, 4));
    assert_eq!(scene.slots_of(2, 4)[1..3], [all(1, 0), all(1, 0)]);
}

#[test]
fn a_minute_is_whole_once_it_was_watched_to_its_end() {
    let mut scene = Scene::new();
    scene.write([5, 6], 200);
    scene.poll(10);
    assert_eq!(scene.slots(2), [part(2, 0), MISSING]);
    scene.write([30, 59], 500);
    scene.poll(61);
    assert_eq!(scene.slots(2), [all(2, 2), MISSING]);
    // Silence that was watched is no traffic; a late line counts where it belongs.
    scene.write([58], 200);
    scene.poll(180);
    assert_eq!(scene.slots(4), [all(3, 2), NONE, NONE, MISSING]);
}

#[test]
fn what_was_written_while_the_server_was_away_is_counted() {
    let mut scene = Scene::new();
    scene.write([5], 200);
    scene.poll(70);
    scene.restart();
    scene.write([130, 250], 200);
    fs::rename(scene.log(), scene.folder.path().join("access.log.1")).unwrap();
    scene.write([260], 503);
    scene.poll(301);
    assert_eq!(scene.slots(5), [all(1, 0), NONE, all(1, 0), NONE, all(1, 1)]);
}

#[test]
fn nothing_that_was_not_watched_is_no_traffic() {
    let mut scene = Scene::new();
    scene.write([5], 200);
    scene.poll(61);
    fs::rename(scene.log(), scene.folder.path().join("elsewhere")).unwrap();
    for second in (62..300).step_by(2) {
        scene.poll(second);
    }
    let trouble = scene.poll(300).unwrap();
    assert!(trouble.starts_with("no file matches"), "{trouble}");
    assert_eq!(scene.slots(5), [all(1, 0), MISSING, MISSING, MISSING, MISSING]);
    // Nobody knows what happened meanwhile; what was written since counts.
    scene.write([310], 200);
    assert_eq!(scene.poll(311), None);
    scene.poll(420);
    assert_eq!(scene.slots(7), [all(1, 0), MISSING, MISSING, MISSING, MISSING, all(1, 0), NONE]);
}

#[test]
fn a_rotation_takes_a_moment_and_hides_nothing() {
    let mut scene = Scene::new();
    scene.write([5], 200);
    scene.poll(50);
    fs::remove_file(scene.log()).unwrap();
    scene.poll(55);
    scene.write([58], 200);
    scene.poll(61);
    assert_eq!(scene.slots(1), [all(2, 0)]);
}

#[test]
fn lines_that_are_lost_leave_their_minutes_missing() {
    let mut scene = Scene::new();
    // Long enough to be known again.
    scene.write((0..60).cycle().take(120), 200);
    scene.poll(61);
    scene.write([70], 200);
    fs::write(scene.log(), "").unwrap();
    scene.write([150], 200);
    scene.poll(181);
    scene.poll(241);
    assert_eq!(scene.slots(4), [all(120, 0), MISSING, part(1, 0), NONE]);
}

#[test]
fn silence_of_before_the_first_start_is_judged_as_in_a_finished_log() {
    let mut scene = Scene::new();
    // Three days, a request each minute, and an hour that is not there.
    let day = 86_400;
    let minutes = (0..3 * day).step_by(60).filter(|s| !(day + 3600..day + 7200).contains(s));
    scene.write(minutes, 200);
    scene.poll(3 * day + 1);
    let slots = scene.slots(3 * 1440);
    let missing: Vec<usize> = (0..slots.len()).filter(|at| slots[*at] == MISSING).collect();
    assert_eq!(missing, (1500..1560).collect::<Vec<_>>());
    assert_eq!(slots.iter().filter(|slot| **slot == all(1, 0)).count(), 3 * 1440 - 60);
    // That stays so, whatever comes later.
    scene.restart();
    scene.poll(3 * day + 121);
    assert_eq!(scene.slots(3 * 1440), slots);
}

#[test]
fn logs_that_are_just_being_copied_are_judged_when_they_are_all_there() {
    let mut scene = Scene::new();
    let day = 86_400;
    scene.write((0..2 * day).step_by(60), 200);
    scene.poll(4 * day);
    scene.write((2 * day..3 * day).step_by(60), 200);
    scene.poll(4 * day + 1);
    assert!(scene.slots(4 * 1440).contains(&part(1, 0)), "judged before all was there");
    scene.poll(4 * day + 62);
    let slots = scene.slots(4 * 1440);
    assert!(slots[..3 * 1440].iter().all(|slot| *slot == all(1, 0)));
    // The fourth day is silent where the others were busy.
    assert!(slots[3 * 1440..].iter().all(|slot| *slot == MISSING));
    // What comes even later is believed, line by line.
    scene.write([3 * day + 60], 200);
    scene.poll(4 * day + 70);
    assert_eq!(scene.slots(4 * 1440)[3 * 1440..][..3], [MISSING, all(1, 0), MISSING]);
}

#[test]
fn an_order_that_was_not_kept_comes_again_as_a_whole() {
    let mut scene = Scene::new();
    scene.write([5, 6, 7], 200);
    scene.poll(1);
    scene.write([8], 200);
    let kept = Span::new(BEGIN.plus(-1440), BEGIN.plus(1440));
    let tail = scene.tail.as_mut().unwrap();
    let over = BEGIN.plus(1);
    let first = tail.poll(now(scene.now_s + 61), kept, over, &Past(scene.keeping.store())).order;
    tail.abandon();
    let again = tail.poll(now(scene.now_s + 61), kept, over, &Past(scene.keeping.store())).order;
    assert_eq!(first, again);
    assert!(again.is_some());
    tail.abandon();
    scene.poll(61);
    assert_eq!(scene.slots(1), [all(4, 0)]);
}
