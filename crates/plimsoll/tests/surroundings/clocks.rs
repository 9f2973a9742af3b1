//! Clocks that jump.

use std::fs;

use super::*;

/// The libraries that give a program another time, where distributions put them.
const FAKES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

#[test]
fn a_clock_that_jumps_by_years_and_back_freezes_nothing() {
    let Some(fake) = FAKES.iter().find(|fake| Path::new(fake).exists()) else {
        println!("skipped: libfaketime is not installed");
        return;
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
        let added = client.send(&person(&format!("person-{number}"))).unwrap();
        let at: jiff::Timestamp = added.body["added"].as_str().unwrap().parse().unwrap();
        let off = jiff::Timestamp::now().as_second() - at.as_second();
        assert!(off.abs() <= 60, "{jump}: {added:?}");
        scene.log(1);
        scene.await_lines(11 + number as u64);
    }
    scene.house.stop();
    scene.house.prints(&["journal", "verify", "--data", "data"]);
}
