//! Clocks that jump.

use std::{fs, path::PathBuf};

use super::*;

/// The libraries that give a program another time, where distributions put them.
const FAKES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

/// A scene whose server takes its time from a file: by how much the clock on the wall is off. None where that cannot be.
fn with_clock() -> Option<(Scene, PathBuf)> {
    let Some(fake) = FAKES.iter().find(|fake| Path::new(fake).exists()) else {
        println!("skipped: libfaketime is not installed");
        return None;
    };
    let mut scene = Scene::new();
    let clock = scene.path().join("clock");
    fs::write(&clock, "+0").unwrap();
    let file = clock.to_str().unwrap();
    scene.house.variables = [
        ("LD_PRELOAD", *fake),
        ("FAKETIME_TIMESTAMP_FILE", file),
        ("FAKETIME_NO_CACHE", "1"),
        // A clock on the wall that is set does not change what a clock that only counts says.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    Some((scene, clock))
}

/// Adds a person; the journal dates it as of now.
fn add(scene: &Scene, handle: &str) {
    let added = scene.client().send(&person(handle)).unwrap();
    let at: jiff::Timestamp = added.body["added"].as_str().unwrap().parse().unwrap();
    let off = jiff::Timestamp::now().as_second() - at.as_second();
    assert!(off.abs() <= 60, "{added:?}");
}

#[test]
fn a_clock_that_jumps_by_years_and_back_freezes_nothing() {
    let Some((mut scene, clock)) = with_clock() else { return };
    scene.house.start();
    scene.apply();
    scene.log(10);
    scene.follow();
    scene.await_lines(10);
    let client = scene.client();
    let token = Ask::post("/api/v1/tokens", json!({"scopes": ["push"], "days": 1}));
    let token = client.send(&token).unwrap().body["text"].as_str().unwrap().to_owned();
    for (number, jump) in ["+3650d", "-3650d", "+1d", "+0"].into_iter().enumerate() {
        fs::write(&clock, jump).unwrap();
        let minute = number as i64;
        // The token does not expire, and the minute is neither in the future nor too long ago.
        let answer = client.with_token(&token).send(&scene.push(minute, 9)).unwrap();
        assert_eq!(answer.status, 200, "{jump}: {answer:?}");
        assert_eq!(scene.slot("web-answers", minute), ("measured".into(), 9), "{jump}");
        add(&scene, &format!("person-{number}"));
        scene.log(1);
        scene.await_lines(11 + number as u64);
    }
    scene.house.stop();
    scene.house.prints(&["journal", "verify", "--data", "data"]);
}

#[test]
fn a_server_that_starts_with_a_clock_years_off_is_well_again_when_the_clock_is() {
    for off in ["+3650d", "-3650d"] {
        let Some((mut scene, clock)) = with_clock() else { return };
        scene.house.start();
        scene.apply();
        let client = scene.client();
        assert_eq!(client.send(&scene.push(1400, 7)).unwrap().status, 200);
        add(&scene, "before");
        scene.house.stop();
        fs::write(&clock, off).unwrap();
        scene.house.start();
        // Whatever the clock says, the journal goes on where it was.
        add(&scene, "meanwhile");
        let gate = Ask::get("/api/v1/services/shop/decision");
        let doubted = client.send(&gate).unwrap();
        assert_eq!(doubted.body["allowed"], json!(false), "{doubted:?}");
        fs::write(&clock, "+0").unwrap();
        client.until(&Ask::get("/-/ready"), "200", |answer| answer.status == 200);
        client.until(&gate, "no doubt", |answer| {
            let reasons = answer.body["reasons"].to_string();
            answer.status == 200 && !reasons.contains("clock") && !reasons.contains("old")
        });
        add(&scene, "after");
        assert_eq!(scene.slot("web-answers", 1400), ("measured".into(), 7));
        scene.house.stop();
        scene.house.prints(&["journal", "verify", "--data", "data"]);
    }
}
