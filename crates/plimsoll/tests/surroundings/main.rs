//! Bad surroundings: what the server does on full disks, in damaged folders, under load, with logs that vanish.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[path = "../common/mod.rs"]
mod common;

mod clocks;
mod crowds;
mod damage;
mod disk;
mod lost_logs;

use std::{cell::Cell, fs, path::Path, process::Command};

use common::{
    house::{Answer, Ask, Client, House},
    server::{SOURCE, slo},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder, and a server in it that takes pushes for `web-answers`.
struct Scene {
    house: House,
    begin: i64,
    /// How many lines were written to the log.
    lines: Cell<u64>,
    // Dropped last.
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let house = House::new(folder.path());
        let now = jiff::Timestamp::now().as_second() / 60;
        Scene { house, begin: now - 1440, lines: Cell::new(0), folder }
    }

    /// The same, with documents in force and the server running.
    fn started() -> Self {
        let mut scene = Scene::new();
        scene.house.start();
        scene.apply();
        scene
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn apply(&self) {
        let slo_dir = self.path().join("slo");
        fs::create_dir_all(&slo_dir).unwrap();
        fs::write(slo_dir.join("source.yaml"), SOURCE).unwrap();
        fs::write(slo_dir.join("web.yaml"), slo("web", "0.999")).unwrap();
        self.house.prints(&["apply", "slo", "--data", "data"]);
    }

    /// Lets it follow `logs/access.log`.
    fn follow(&self) {
        fs::create_dir_all(self.path().join("edge")).unwrap();
        let files = self.path().join("logs/access.log*");
        let documents = format!(
            "apiVersion: openslo/v1
kind: DataSource
metadata: {{name: edge}}
spec: {{type: accesslog, connectionDetails: {{files: ['{}'], by: one, service: edge}}}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: edge}}
spec:
  service: edge
  indicator:
    metadata: {{name: edge}}
    spec:
      ratioMetric:
        counter: false
        bad: {{metricSource: {{metricSourceRef: edge, spec: {{service: edge, count: bad}}}}}}
        total: {{metricSource: {{metricSourceRef: edge, spec: {{service: edge, count: all}}}}}}
  timeWindow: [{{duration: 7d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.99}}]
",
            files.display()
        );
        fs::write(self.path().join("edge/edge.yaml"), documents).unwrap();
        self.house.prints(&["apply", "edge", "--set", "edge", "--data", "data"]);
    }

    /// Adds lines to the log.
    fn log(&self, count: u64) {
        use std::io::Write as _;
        fs::create_dir_all(self.path().join("logs")).unwrap();
        let path = self.path().join("logs/access.log");
        let mut log = fs::File::options().create(true).append(true).open(path).unwrap();
        let at = jiff::Timestamp::from_second((self.begin + 5) * 60).unwrap();
        let at = at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z");
        for _ in 0..count {
            let n = self.lines.replace(self.lines.get() + 1);
            writeln!(log, "192.0.2.9 - - [{at}] \"GET /{n} HTTP/1.1\" 200 12 \"-\" \"-\"").unwrap();
        }
    }

    fn client(&self) -> Client {
        self.house.client()
    }

    /// The good events of an SLI in the minute so many after the beginning, and its state.
    fn slot(&self, sli: &str, minute: i64) -> (String, u64) {
        let answer = self.client().send(&self.slots(sli, minute)).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        slot(&answer)
    }

    fn slots(&self, sli: &str, minute: i64) -> Ask {
        let (from, to) = (self.at(minute), self.at(minute + 1));
        Ask::get(&format!("/api/v1/slis/{sli}/slots?from={from}&to={to}"))
    }

    fn at(&self, minute: i64) -> String {
        jiff::Timestamp::from_second((self.begin + minute) * 60).unwrap().to_string()
    }

    /// Waits until so many lines of the log are counted.
    fn await_lines(&self, lines: u64) {
        let ask = self.slots("edge", 5);
        let what = format!("{lines} lines");
        self.client().until(&ask, &what, |answer| answer.status == 200 && slot(answer).1 >= lines);
        assert_eq!(self.slot("edge", 5).1, lines);
    }

    /// A push of one minute.
    fn push(&self, minute: i64, good: u64) -> Ask {
        self.push_many(minute, 1, good)
    }

    /// A push of many minutes with the same counts.
    fn push_many(&self, minute: i64, count: i64, good: u64) -> Ask {
        let minutes: Vec<Value> = (minute..minute + count)
            .map(|minute| json!({"minute": self.at(minute), "good": good, "bad": 0}))
            .collect();
        let body = json!({"generation": 1, "minutes": minutes});
        Ask::post("/api/v1/slis/web-answers/samples", body)
    }
}

fn slot(answer: &Answer) -> (String, u64) {
    let slot = &answer.body["minutes"][0];
    (slot["state"].as_str().unwrap().to_owned(), slot["good"].as_u64().unwrap())
}

fn person(handle: &str) -> Ask {
    Ask::post("/api/v1/people", json!({"handle": handle})).keyed(handle)
}

/// Runs what needs rights or programs that not every machine has; whether it worked.
fn can(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}
