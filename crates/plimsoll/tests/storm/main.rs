//! A storm: the server is killed again and again while samples are pushed, logs are written and rotated, and commands
//! are given. Nothing that was acknowledged may be missing, nothing may be counted twice.
//!
//! `PLIMSOLL_STORM_KILLS` says how often it is killed, `PLIMSOLL_STORM_SEED` repeats what is thrown, as far as real
//! processes can be repeated. `cargo xtask storm` sets both.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

#[path = "../common/mod.rs"]
mod common;

mod commander;
mod dice;
mod logs;
mod pusher;

use std::{
    env, fs,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
    thread,
    time::Duration,
};

use commander::Commander;
use common::{
    house::{Ask, House, Storm},
    server::{SOURCE, slo},
};
use dice::Dice;

use logs::{Habit, Writer};
use pusher::{Minute, Pusher};
use serde_json::json;
use tempfile::TempDir;

/// Kills where nobody says how many.
const KILLS: u64 = 20;

/// After so many kills everything is compared.
const KILLS_AT_ONCE: u64 = 10;

/// How far back samples and lines go, in minutes.
const REACH: Minute = 3 * 1440;

/// Who throws which dice.
const KILLER: u64 = 100;

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_counted_twice() {
    let kills = number("PLIMSOLL_STORM_KILLS").unwrap_or(KILLS);
    let seed =
        number("PLIMSOLL_STORM_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let folder = TempDir::new().unwrap();
    println!("PLIMSOLL_STORM_SEED={seed} PLIMSOLL_STORM_KILLS={kills}");
    let done = catch_unwind(AssertUnwindSafe(|| storm(folder.path(), seed, kills)));
    if let Err(panic) = done {
        println!("seed {seed}; everything is kept in {}", folder.keep().display());
        resume_unwind(panic);
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Everybody who bothers the server.
struct Crowd {
    pushers: Vec<Pusher>,
    writers: Vec<Writer>,
    commander: Commander,
}

/// How often the server was killed.
#[derive(Debug, Default)]
struct Kills {
    all: u64,
    /// Before it listened.
    starting: u64,
    /// Starts that were killed on a folder that never held anything.
    first: u64,
}

fn storm(folder: &Path, seed: u64, kills: u64) {
    let mut house = House::new(folder);
    let mut dice = Dice::new(seed, KILLER);
    let mut done = Kills::default();
    for _ in 0..5 {
        house.spawn();
        thread::park_timeout(Duration::from_millis(dice.within(0..60)));
        house.kill();
        done.first += 1;
    }
    house.start();
    let mut crowd = crowd(&house, seed);
    let token = fs::read(house.data().join("local.token")).unwrap();
    while done.all < kills {
        let until = (done.all + KILLS_AT_ONCE).min(kills);
        blow(&mut house, &mut crowd, &mut dice, until, &mut done);
        check(&mut house, &mut crowd);
        println!("{done:?}, nothing lost, nothing twice");
    }
    assert_eq!(fs::read(house.data().join("local.token")).unwrap(), token);
    restore(&mut house, &crowd);
    house.stop();
    tell(&crowd);
}

/// Puts documents into force and gathers everybody.
fn crowd(house: &House, seed: u64) -> Crowd {
    let (storm, client) = (Storm::default(), house.client());
    let now = jiff::Timestamp::now().as_second() / 60;
    let begin = now - REACH;
    let writer = |who, name, habit| {
        Writer::new(Dice::new(seed, who), name, &house.folder, habit, begin, now)
    };
    let writers = vec![writer(1, "edge", Habit::Create), writer(2, "app", Habit::CopyTruncate)];
    let slo_dir = house.folder.join("slo");
    fs::create_dir(&slo_dir).unwrap();
    fs::write(slo_dir.join("source.yaml"), SOURCE).unwrap();
    for writer in &writers {
        fs::write(slo_dir.join(format!("{}.yaml", writer.name)), writer.documents()).unwrap();
    }
    let names: Vec<String> = (0..6).map(|n| format!("push-{n}")).collect();
    for name in &names {
        fs::write(slo_dir.join(format!("{name}.yaml")), slo(name, "0.999")).unwrap();
    }
    house.prints(&["apply", "slo", "--data", "data"]);
    let slis: Vec<String> = names.iter().map(|name| format!("{name}-answers")).collect();
    let pusher =
        |(who, slis): (u64, &[String])| Pusher::new(Dice::new(seed, who), slis, begin, now);
    let pushers = (10..).zip(slis.chunks(3)).map(pusher).collect();
    let commander = Commander::new(Dice::new(seed, 20), &slis[0], begin, &client, &storm);
    Crowd { pushers, writers, commander }
}

/// Everybody works while the server is killed and started; at the end it runs, and everything asked was answered.
fn blow(house: &mut House, crowd: &mut Crowd, dice: &mut Dice, until: u64, done: &mut Kills) {
    let storm = Storm::default();
    let client = house.client();
    thread::scope(|scope| {
        let (storm, client) = (&storm, &client);
        for pusher in &mut crowd.pushers {
            scope.spawn(move || pusher.run(client, storm));
        }
        for writer in &mut crowd.writers {
            scope.spawn(move || writer.run(storm));
        }
        let commander = &mut crowd.commander;
        scope.spawn(move || commander.run(client, storm));
        // Whatever happens here, nobody waits for it for ever.
        let killed = catch_unwind(AssertUnwindSafe(|| {
            while done.all < until {
                kill(house, dice, done);
            }
        }));
        storm.end();
        if let Err(panic) = killed {
            resume_unwind(panic);
        }
    });
}

/// Kills the server after a while, and starts it again; some starts are killed too.
fn kill(house: &mut House, dice: &mut Dice, done: &mut Kills) {
    thread::park_timeout(Duration::from_millis(dice.within(0..2_500)));
    house.kill();
    done.all += 1;
    while dice.one_in(3) {
        house.spawn();
        thread::park_timeout(Duration::from_millis(dice.within(0..150)));
        done.starting += u64::from(!house.kill());
        done.all += 1;
    }
    house.start();
}

/// Compares everything with what everybody knows, before and after a stop in peace.
fn check(house: &mut House, crowd: &mut Crowd) {
    let (storm, client) = (Storm::default(), house.client());
    for _ in 0..2 {
        for pusher in &mut crowd.pushers {
            pusher.check(&client, &storm);
        }
        for writer in &mut crowd.writers {
            writer.check(&client, &storm);
        }
        crowd.commander.check(&client, &storm);
        let ready = client.get("/-/ready", &storm);
        assert_eq!(ready, json!({"ready": true}));
        house.stop();
        house.prints(&["journal", "verify", "--data", "data"]);
        house.start();
    }
}

/// A backup of the running server verifies, and a server on what it restores says the same.
fn restore(house: &mut House, crowd: &Crowd) {
    let (storm, client) = (Storm::default(), house.client());
    house.prints(&["backup", "copy", "--data", "data"]);
    house.prints(&["journal", "verify", "--data", "copy"]);
    let exclusions = client.list("/api/v1/exclusions", &storm);
    let slots: Vec<_> = crowd.pushers.iter().map(|pusher| pusher.shown(&client, &storm)).collect();
    let head = client.insist(&Ask::get("/api/v1/journal/head"), &storm);
    house.stop();
    fs::rename(house.data(), house.folder.join("before")).unwrap();
    house.prints(&["restore", "copy", "--data", "data"]);
    house.start();
    let client = house.client();
    assert_eq!(client.list("/api/v1/exclusions", &storm), exclusions);
    let restored: Vec<_> = crowd.pushers.iter().map(|p| p.shown(&client, &storm)).collect();
    assert_eq!(restored, slots);
    assert_eq!(client.insist(&Ask::get("/api/v1/journal/head"), &storm), head);
}

fn tell(crowd: &Crowd) {
    for pusher in &crowd.pushers {
        println!("{:?}", pusher.deeds);
    }
    for writer in &crowd.writers {
        println!("{}: {:?}", writer.name, writer.deeds);
    }
    println!("{:?}", crowd.commander.deeds);
}
