//! What the story says it put in, against what the server says is there.

use std::{fs, sync::Arc};

use plimsoll_core::promise::decision::Verdict;
use plimsoll_server::{
    Options, Server,
    clock::{Clock, Now},
};
use plimsoll_store::{
    journal::{Entry, Journal as _, JournalFile},
    slots::SlotReader,
};
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::demo::company::{BREAKABLE, EXCEPTED, LAUNCHED, SATURATED};

/// 2026-11-26T16:20:00Z, a Thursday.
const THURSDAY: Minute = Minute(29_928_500);

/// A story that was told.
struct Scene {
    folder: TempDir,
    told: Told,
}

/// A clock that stands.
#[derive(Debug)]
struct Still(i64);

impl Clock for Still {
    fn now(&self) -> Now {
        Now { ms: self.0, jump_ms: 0 }
    }
}

impl Scene {
    fn tell(seed: u64, end: Minute) -> Self {
        let folder = TempDir::new().unwrap();
        let (data, logs) = (folder.path().join("data"), folder.path().join("logs"));
        fs::create_dir(&logs).unwrap();
        let told = tell(&data, &logs, seed, end, &AtomicBool::new(false));
        let told = told.unwrap_or_else(|failure| panic!("{failure:?}")).unwrap();
        Scene { folder, told }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Every entry of the journal, without the folder's name.
    fn entries(&self) -> Vec<(i64, String, String)> {
        let journal = JournalFile::open(&self.data().join("journal.db")).unwrap();
        let folder = self.folder.path().display().to_string();
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let more = journal.read(entries.len() as u64, 10_000).unwrap();
            if more.is_empty() {
                break;
            }
            entries.extend(more);
        }
        let text = |entry: Entry| (entry.at_ms, entry.actor, entry.event.replace(&folder, "DIR"));
        entries.into_iter().map(text).collect()
    }

    /// Every slot.
    fn slots(&self) -> Vec<(u32, u32, Minute, Vec<Slot>)> {
        let reader = SlotReader::open(&self.data().join("slots.db")).unwrap();
        let all = Span::new(Minute(0), Minute(i64::from(u32::MAX)));
        let mut rows = Vec::new();
        let holes = reader.reads().scan(all, |row| {
            rows.push((row.source, row.sli, row.first, row.slots.to_vec()));
        });
        assert_eq!(holes.unwrap(), []);
        rows
    }

    /// The server on it, at the minute at which the story ends.
    fn open(&self) -> Server {
        let mut options = Options::new(self.data());
        options.owner = Some(ENGINEERING.to_owned());
        options.clock = Arc::new(Still(ms(self.told.plot.end) + GRACE_MS));
        Server::open(options).unwrap()
    }
}

/// What a server says at a path.
fn says(server: &Server, path: &str) -> Value {
    let response = server.call(get(server, path)).unwrap();
    assert!(response.status().is_success(), "{path}: {response:?}");
    serde_json::from_slice(response.body()).unwrap()
}

fn get(server: &Server, path: &str) -> ureq::http::Request<Vec<u8>> {
    let request = ureq::http::Request::get(path).header("host", "localhost");
    let token = format!("Bearer {}", server.local_token());
    request.header("authorization", token).body(Vec::new()).unwrap()
}

fn items(answer: &Value) -> Vec<Value> {
    answer["items"].as_array().unwrap().clone()
}

/// What was decided about each service.
fn verdicts(server: &Server) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let decisions = items(&says(server, "/api/v1/decisions"));
    decisions.iter().map(|one| (text(&one["service"]), text(&one["verdict"]))).collect()
}

#[test]
fn the_same_seed_and_minute_make_the_same_story_and_another_seed_another() {
    let [one, same, other] =
        [(5, THURSDAY), (5, THURSDAY), (6, THURSDAY)].map(|(seed, end)| Scene::tell(seed, end));
    let (entries, slots) = (one.entries(), one.slots());
    assert!(entries == same.entries() && slots == same.slots());
    assert!(entries != other.entries() && slots != other.slots());
    assert!(entries.is_sorted_by_key(|(at_ms, ..)| *at_ms), "time runs backwards");
    let told_ms = entries.last().unwrap().0 - entries[0].0;
    assert!((89..=91).contains(&(told_ms / 86_400_000)), "{told_ms}");
    let journal = plimsoll_store::journal::JournalReader::open(&one.data().join("journal.db"));
    journal.unwrap().verify(|_| {}).unwrap();
}

/// Whatever day it is, the first page shows the same mixture.
#[test]
fn each_day_of_the_week_ends_with_the_same_mixture() {
    for (seed, days) in [(1876, 0), (1, 2), (2, 3), (3, 4), (4, 6)] {
        let scene = Scene::tell(seed, THURSDAY.plus(days * (DAY + 217)));
        let server = scene.open();
        for (service, verdict) in verdicts(&server) {
            let expected = match service.as_str() {
                "checkout" => Verdict::Caution,
                LAUNCHED => Verdict::Stabilise,
                "mail" | "supplier-portal" => Verdict::Unknown,
                _ => Verdict::Ship,
            };
            assert_eq!(verdict, expected.word(), "{service} of seed {seed}");
        }
    }
}

#[test]
fn what_the_story_says_is_what_the_server_shows() {
    let scene = Scene::tell(1876, THURSDAY);
    let server = scene.open();
    let plot = &scene.told.plot;
    the_company_is_there(&server);
    forty_changes_start_on_a_day(&server, plot, scene.told.changes);
    saturations_are_put_down_to_incidents(&server, plot);
    the_launch_spent_its_budget(&server);
    maintenance_is_left_out(&server, plot);
    the_outage_of_a_source_is_missing(&server, plot);
    too_little_is_known_of_two(&server);
    one_exception_is_billed_and_the_next_refused(&server);
}

fn the_company_is_there(server: &Server) {
    let promises = items(&says(server, "/api/v1/promises"));
    let words = |field: &str| -> BTreeSet<String> {
        promises.iter().map(|one| one[field].to_string()).collect()
    };
    assert_eq!(words("tier").len(), 3);
    assert_eq!(promises.len(), SERVICES.iter().filter(|one| one.promise.is_some()).count());
    let agreed = promises.iter().filter(|one| one["standing"]["agreed"] == true).count();
    assert!((6..promises.len()).contains(&agreed), "{agreed}");
    let checkout = says(server, "/api/v1/promises/checkout").to_string();
    assert!(checkout.contains("orders-db"), "{checkout}");
    assert_eq!(items(&says(server, "/api/v1/services")).len(), SERVICES.len());
}

fn forty_changes_start_on_a_day(server: &Server, plot: &Plot, told: usize) {
    let mut days: BTreeMap<String, u64> = BTreeMap::new();
    let mut cursor = String::new();
    let mut kinds: BTreeSet<String> = BTreeSet::new();
    loop {
        let page = says(server, &format!("/api/v1/changes?limit=1000{cursor}"));
        for change in items(&page) {
            let started = change["started"].as_str().unwrap();
            *days.entry(started[..10].to_owned()).or_default() += 1;
            kinds.insert(change["kind"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let all: u64 = days.values().sum();
    assert_eq!(all, told as u64);
    let mean = all / (plot.end.0 - plot.begin.0).div_euclid(DAY) as u64;
    assert!((36..=44).contains(&mean), "{mean}");
    assert!(days.values().all(|changes| (1..=75).contains(changes)), "{days:?}");
    for kind in ["deploy", "config", "flag", "migration", "infra", "revert", "reliability"] {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
}

fn statement(server: &Server, slo: &str) -> Value {
    says(server, &format!("/api/v1/slos/{slo}/statement"))
}

fn saturations_are_put_down_to_incidents(server: &Server, plot: &Plot) {
    for (service, percent) in SATURATED {
        let statement = statement(server, &format!("{service}-availability")).to_string();
        let days = if service == EXCEPTED { 7 } else { 30 };
        let within = plot.saturations.iter().filter(|s| s.from >= plot.end.plus(-days * DAY));
        let incidents = statement.matches("out of connections").count();
        assert!(incidents >= within.count(), "{service} ({percent} %): {statement}");
    }
    let history = says(server, &format!("/api/v1/services/{EXCEPTED}/decisions"));
    let turns = history["turns"].as_array().unwrap();
    for span in &plot.saturations {
        let within = |turn: &&Value| {
            let since = Minute::of_second(second(turn["since"].as_str().unwrap()));
            turn["verdict"] == "stabilise" && span.contains(since)
        };
        assert!(turns.iter().any(|turn| within(&turn)), "{span:?} turned nothing: {turns:?}");
    }
    let obedience = says(server, &format!("/api/v1/services/{EXCEPTED}/obedience"));
    assert!(obedience["stabilising"].as_u64().unwrap() > 0, "{obedience}");
}

fn the_launch_spent_its_budget(server: &Server) {
    let statement = statement(server, &format!("{LAUNCHED}-availability")).to_string();
    assert!(statement.contains("recommendations-flag-"), "{statement}");
}

fn maintenance_is_left_out(server: &Server, plot: &Plot) {
    let exclusions = items(&says(server, "/api/v1/exclusions"));
    assert_eq!(exclusions.len(), 2, "{exclusions:?}");
    let from = plimsoll_core::time::rfc3339(plot.maintenance.from.second());
    assert!(exclusions.iter().all(|one| one["from"] == from), "{exclusions:?}");
}

fn the_outage_of_a_source_is_missing(server: &Server, plot: &Plot) {
    for (slo, missing) in
        [("storefront-availability", plot.outage.minutes()), ("checkout-availability", 0)]
    {
        let report = says(server, &format!("/api/v1/slos/{slo}/budget"));
        let coverage = report["windows"][0]["budget"]["coverage"].as_f64().unwrap();
        let minutes = 30 * DAY;
        let expected = 1_000_000_000 * (minutes - missing) / minutes;
        assert_eq!((coverage * 1e9).round() as i64, expected, "{slo}: {report}");
    }
}

fn too_little_is_known_of_two(server: &Server) {
    let decisions = items(&says(server, "/api/v1/decisions")).into_iter();
    let text: String = decisions.map(|one| one["reasons"][0]["text"].to_string() + "\n").collect();
    assert!(text.contains("events in the window; the policy needs 100 to decide"), "{text}");
    assert!(text.contains("there is no SLO to decide by"), "{text}");
    let mail = says(server, "/api/v1/promises/mail").to_string();
    assert!(mail.contains("no-slo-yet") && mail.contains("Count how many mails"), "{mail}");
}

fn one_exception_is_billed_and_the_next_refused(server: &Server) {
    let lines = items(&says(server, "/api/v1/exceptions/bill"));
    let dear = lines.iter().find(|line| line["service"] == EXCEPTED).unwrap();
    assert!(dear["changes_passed"].as_u64().unwrap() > 0, "{dear}");
    let share = dear["costs"][0]["share"].as_f64().unwrap();
    assert!((0.35..=0.6).contains(&share), "{dear}");
    assert_eq!(dear["payback"]["state"], "overdue", "{dear}");
    let asked = items(&says(server, "/api/v1/exceptions"));
    let refused = asked.iter().filter(|one| one["status"] == "rejected");
    assert_eq!(refused.count(), 1, "{asked:?}");
}

/// Seconds since 1970 of a time as the interface writes it.
fn second(text: &str) -> i64 {
    let date = plimsoll_core::time::Date::parse(&text[..10]).unwrap();
    let clock = |from: usize| text[from..from + 2].parse::<i64>().unwrap();
    date.begin().second() + clock(11) * 3600 + clock(14) * 60 + clock(17)
}

/// What decides in the story is what decides in the server: sums of minutes here, running sums there.
#[test]
fn decisions_from_minutes_are_those_from_the_board() {
    let scene = Scene::tell(7, THURSDAY);
    let plot = &scene.told.plot;
    let (counted, _) = count(plot, 7);
    let journal = JournalFile::open(&scene.data().join("journal.db")).unwrap();
    let state = plimsoll_server::replay::replay(&journal).unwrap();
    let (objectives, rules) = (figures::objectives(&state), Rules::of(&state));
    let nothing = BTreeMap::new();
    let saturated = plot.saturations[4];
    for end in [saturated.from.plus(9), saturated.to, plot.launch.to, plot.outage.to.plus(-30)] {
        let slots = SlotFile::open(&scene.data().join("slots.db")).unwrap();
        let keeping = Keeping::open(slots, end, figures::running_windows(&objectives)).unwrap();
        let board = keeping.shared().board();
        let by_board =
            decisions::all(&rules, &nothing, &objectives, &board, keeping.store()).unwrap();
        let by_minutes = decisions::by_readings(
            &rules,
            &nothing,
            &objectives,
            end,
            |Objective { slo, exclusions, .. }, policy| {
                Ok::<_, Infallible>(Reading::of(slo, policy, &counted[&slo.sli], exclusions, end))
            },
        );
        let Ok(by_minutes) = by_minutes;
        assert_eq!(by_board, by_minutes);
    }
}

#[test]
fn who_is_told_to_end_tells_no_story() {
    let folder = TempDir::new().unwrap();
    let told =
        tell(&folder.path().join("data"), folder.path(), 1, THURSDAY, &AtomicBool::new(true));
    assert!(told.is_ok_and(|told| told.is_none()));
}

#[test]
fn only_services_that_are_no_part_of_another_story_break_now_and_then() {
    assert!(!BREAKABLE.contains(&EXCEPTED) && !BREAKABLE.contains(&LAUNCHED));
    assert!(!BREAKABLE.contains(&"checkout"));
}
