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

#[test]
fn whoever_is_not_admin_sees_no_lines_and_nobody_sees_the_folder_of_the_server() {
    let scene = Scene::started();
    scene.log(3);
    let log = scene.path().join("logs/access.log");
    let mut text = fs::read_to_string(&log).unwrap();
    text.push_str("password=hunter2\n");
    fs::write(&log, text).unwrap();
    let own = scene.path().join("logs/access.log.1");
    std::os::unix::fs::symlink(scene.house.data().join("local.token"), &own).unwrap();
    scene.follow();
    scene.await_lines(3);
    let ask = Ask::get("/api/v1/sources/edge");
    let shown = scene.client().until(&ask, "an example", |answer| {
        answer.body["health"]["examples"].as_array().is_some_and(|lines| !lines.is_empty())
    });
    assert_eq!(shown.body["health"]["examples"].as_array().unwrap().len(), 1);
    assert_eq!(shown.body["health"]["examples"][0]["text"], "password=hunter2");
    let token = Ask::post("/api/v1/tokens", json!({"scopes": ["write"]})).keyed("writer");
    let token = scene.client().send(&token).unwrap().body["text"].as_str().unwrap().to_owned();
    let stranger = scene.client().with_token(&token).send(&ask).unwrap();
    assert_eq!(stranger.status, 200);
    assert!(stranger.body["health"]["examples"][0]["text"].is_null(), "{stranger:?}");
    trouble(&scene, "belongs to the server itself");
}

#[test]
fn a_pattern_through_every_folder_holds_up_nobody() {
    let mut scene = Scene::started();
    let documents = "apiVersion: openslo/v1
kind: DataSource
metadata: {name: everywhere}
spec: {type: accesslog, connectionDetails: {files: ['/**/no-such-log'], by: one, service: everywhere}}
";
    fs::create_dir_all(scene.path().join("more")).unwrap();
    fs::write(scene.path().join("more/source.yaml"), documents).unwrap();
    scene.house.prints(&["apply", "more", "--set", "more", "--data", "data"]);
    scene.log(2);
    scene.follow();
    scene.await_lines(2);
    scene.log(2);
    scene.await_lines(4);
    scene.house.stop();
}
