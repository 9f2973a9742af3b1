//! Disks that are full, and folders that may not be written to.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use rustix::process::{Resource, Rlimit, getuid, prlimit};

use super::*;

/// A file system of its own, small, until it is dropped.
struct Small(PathBuf);

impl Small {
    /// None where nobody may mount one.
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted = can("mount", &["-t", "tmpfs", "-o", "size=4m", "plimsoll", at.to_str()?]);
        mounted.then(|| Small(at.to_owned()))
    }

    /// Takes what room there is.
    fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        while filler.write_all(&[7; 4096]).is_ok() {}
        while filler.write_all(&[7]).is_ok() {}
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        can("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

/// Pushes until there is no room; what was acknowledged, and the first push that was not.
fn until_refused(scene: &Scene, reason: &str) -> (i64, Ask) {
    let client = scene.client();
    for minute in 10..1400 {
        let ask = scene.push(minute, 1_000 + minute as u64);
        let answer = client.send(&ask).unwrap();
        if answer.status != 200 {
            assert_eq!(answer.status, 503, "{answer:?}");
            let detail = answer.body["detail"].as_str().unwrap();
            assert!(detail.contains(reason), "{detail}");
            return (minute, ask);
        }
    }
    panic!("there was room for everything");
}

/// While there is no room: everything says so, and what is there can be read.
fn suffers(scene: &Scene, acknowledged: i64, reason: &str) {
    let client = scene.client();
    let command = client.send(&person("bob")).unwrap();
    assert_eq!(command.status, 503, "{command:?}");
    let ready = client.until(&Ask::get("/-/ready"), "503", |answer| answer.status == 503);
    let detail = ready.body["detail"].as_str().unwrap();
    assert!(detail.contains(reason), "{detail}");
    for minute in 10..acknowledged {
        assert_eq!(scene.slot("web-answers", minute), ("measured".into(), 1_000 + minute as u64));
    }
    let edge = client.until(&Ask::get("/api/v1/sources/edge"), "trouble", |answer| {
        answer.body["health"]["trouble"].is_string()
    });
    assert!(edge.body.to_string().contains(reason), "{edge:?}");
}

/// When there is room again it goes on by itself, and nothing is missing.
fn recovers(scene: &mut Scene, acknowledged: i64, refused: &Ask, lines: u64) {
    let client = scene.client();
    client.until(&Ask::get("/-/ready"), "200", |answer| answer.status == 200);
    let answer = client.until(refused, "200", |answer| answer.status != 503);
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = client.until(&person("bob"), "201", |answer| answer.status != 503);
    assert_eq!(answer.status, 201, "{answer:?}");
    scene.await_lines(lines);
    for _ in 0..2 {
        for minute in 10..=acknowledged {
            let wanted = ("measured".to_owned(), 1_000 + minute as u64);
            assert_eq!(scene.slot("web-answers", minute), wanted);
        }
        assert_eq!(scene.client().send(&person("bob")).unwrap().status, 201);
        scene.await_lines(lines);
        scene.house.stop();
        scene.house.prints(&["journal", "verify", "--data", "data"]);
        scene.house.start();
    }
}

#[test]
fn a_full_disk_is_said_nothing_is_lost_and_room_is_enough_to_go_on() {
    let mut scene = Scene::new();
    let Some(small) = Small::mount(&scene.house.data()) else {
        println!("skipped: no file system may be mounted here");
        return;
    };
    // A new file system is empty, so it may be taken for a data folder.
    scene.house.start();
    scene.apply();
    scene.log(50);
    scene.follow();
    scene.await_lines(50);
    small.fill();
    let (acknowledged, refused) = until_refused(&scene, "the disk is full");
    scene.log(30);
    suffers(&scene, acknowledged, "the disk is full");
    small.free();
    recovers(&mut scene, acknowledged, &refused, 80);
    scene.house.stop();
    drop(small);
}

#[test]
fn a_limit_on_the_size_of_files_is_like_a_full_disk() {
    let mut scene = Scene::started();
    scene.log(50);
    scene.follow();
    scene.await_lines(50);
    let log = fs::metadata(scene.house.data().join("slots.db-wal")).unwrap().len();
    let journal = fs::metadata(scene.house.data().join("journal.db-wal")).unwrap().len();
    let limit = |bytes: Option<u64>| {
        let process = Some(scene.house.process());
        let maximum = None;
        prlimit(process, Resource::Fsize, Rlimit { current: bytes, maximum }).unwrap();
    };
    limit(Some(log.min(journal)));
    let (acknowledged, refused) = until_refused(&scene, "slots.db");
    scene.log(30);
    suffers(&scene, acknowledged, "slots.db");
    limit(None);
    recovers(&mut scene, acknowledged, &refused, 80);
}

#[test]
fn a_folder_that_may_not_be_written_to_is_refused_with_what_to_do() {
    let mut scene = Scene::started();
    scene.house.stop();
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    if getuid().is_root() {
        // The root user may write everywhere: let somebody else run it.
        if !can("setpriv", &["--reuid", "65534", "--clear-groups", "true"]) {
            println!("skipped: nobody else can be asked to run it");
            return;
        }
        scene.house.wrap =
            ["setpriv", "--reuid", "65534", "--clear-groups"].map(str::to_owned).into();
        can("chown", &["-R", "65534", scene.house.data().to_str().unwrap()]);
        mode(scene.path(), 0o755);
    }
    mode(&scene.house.data(), 0o500);
    let files = ["lock", "journal.db", "slots.db"];
    for file in files {
        mode(&scene.house.data().join(file), 0o400);
    }
    let (code, said) = scene.house.refused();
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("may not be written to. Give the folder"), "{said}");
    // The files may be written to, the folder still not.
    for file in files {
        mode(&scene.house.data().join(file), 0o600);
    }
    let (code, said) = scene.house.refused();
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("may not be written to. Give the folder"), "{said}");
    mode(&scene.house.data(), 0o700);
    scene.house.start();
}
