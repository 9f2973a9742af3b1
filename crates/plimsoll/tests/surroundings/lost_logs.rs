//! Logs that cannot be read, and folders of logs that vanish and come back.

use std::{fs, os::unix::fs::PermissionsExt as _};

use rustix::process::getuid;

use super::*;

fn trouble(scene: &Scene, words: &str) {
    scene.client().until(&Ask::get("/api/v1/sources/edge"), words, |answer| {
        answer.body["health"]["trouble"].as_str().is_some_and(|trouble| trouble.contains(words))
    });
}

fn well(scene: &Scene) {
    scene.client().until(&Ask::get("/api/v1/sources/edge"), "no trouble", |answer| {
        answer.body["health"]["trouble"].is_null()
    });
}

#[test]
fn a_folder_of_logs_that_vanishes_is_said_and_read_on_when_it_is_back() {
    let scene = Scene::started();
    scene.log(40);
    scene.follow();
    scene.await_lines(40);
    well(&scene);
    let (logs, away) = (scene.path().join("logs"), scene.path().join("away"));
    fs::rename(&logs, &away).unwrap();
    trouble(&scene, "no file matches");
    fs::rename(&away, &logs).unwrap();
    scene.log(2);
    scene.await_lines(42);
    well(&scene);
    // Another folder with other logs in its place.
    fs::remove_dir_all(&logs).unwrap();
    trouble(&scene, "no file matches");
    scene.log(3);
    scene.await_lines(45);
    well(&scene);
}

#[test]
fn a_log_that_may_not_be_read_is_said_and_read_when_it_may() {
    let mut scene = Scene::started();
    scene.log(10);
    scene.follow();
    scene.await_lines(10);
    scene.house.stop();
    if getuid().is_root() {
        if !can("setpriv", &["--reuid", "65534", "--clear-groups", "true"]) {
            println!("skipped: nobody else can be asked to run it");
            return;
        }
        scene.house.wrap =
            ["setpriv", "--reuid", "65534", "--clear-groups"].map(str::to_owned).into();
        can("chown", &["-R", "65534", scene.house.data().to_str().unwrap()]);
        fs::set_permissions(scene.path(), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let log = scene.path().join("logs/access.log");
    fs::set_permissions(&log, fs::Permissions::from_mode(0o0)).unwrap();
    scene.house.start();
    trouble(&scene, "access.log");
    scene.client().until(&Ask::get("/-/ready"), "200", |answer| answer.status == 200);
    fs::set_permissions(&log, fs::Permissions::from_mode(0o644)).unwrap();
    scene.log(5);
    scene.await_lines(15);
    well(&scene);
    // The folder may not be entered.
    let logs = scene.path().join("logs");
    fs::set_permissions(&logs, fs::Permissions::from_mode(0o0)).unwrap();
    trouble(&scene, "logs");
    fs::set_permissions(&logs, fs::Permissions::from_mode(0o755)).unwrap();
    scene.log(5);
    scene.await_lines(20);
    well(&scene);
}
