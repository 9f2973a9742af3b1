//! Files that are not as they were written.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::*;

/// Puts other bytes in the place of some, everywhere in a file; how often they were there.
fn damage(path: &Path, from: &[u8], to: &[u8]) -> usize {
    let mut bytes = fs::read(path).unwrap();
    let places: Vec<usize> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| *window == from)
        .map(|(at, _)| at)
        .collect();
    for at in &places {
        bytes[*at..*at + to.len()].copy_from_slice(to);
    }
    fs::write(path, bytes).unwrap();
    places.len()
}

/// Puts everything into the files themselves: what is in the log beside them is checked by SQLite.
fn settle(scene: &mut Scene) {
    scene.house.stop();
    scene.house.prints(&["backup", "copy", "--data", "data"]);
    fs::remove_dir_all(scene.house.data()).unwrap();
    scene.house.prints(&["restore", "copy", "--data", "data"]);
}

#[test]
fn a_damaged_journal_is_refused_with_the_entry_and_what_to_do() {
    let mut scene = Scene::started();
    for handle in ["barbara", "grace", "margaret"] {
        assert_eq!(scene.client().send(&person(handle)).unwrap().status, 201);
    }
    settle(&mut scene);
    let journal = scene.house.data().join("journal.db");
    assert!(damage(&journal, b"grace", b"grade") > 0);
    let verified = scene.house.command(&["journal", "verify", "--data", "data"]).output().unwrap();
    let said = String::from_utf8(verified.stderr).unwrap();
    assert_eq!(verified.status.code(), Some(1), "{said}");
    // After the first start four objects were declared, and barbara was added.
    let words = [
        "entry 7 is damaged",
        "Entries 1 to 6 are sound",
        "restore the newest backup that verifies",
    ];
    assert!(words.iter().all(|word| said.contains(word)), "{said}");
    let (code, refused) = scene.house.refused();
    assert_eq!(code, 1, "{refused}");
    assert!(words.iter().all(|word| refused.contains(word)), "{refused}");
    assert!(damage(&journal, b"grade", b"grace") > 0);
    scene.house.start();
    scene.house.prints(&["journal", "verify", "--data", "data"]);
}

/// A start reads its state from a snapshot, and does not meet what lies before it.
#[test]
fn damage_before_the_last_snapshot_is_told_soon_after_a_start() {
    let mut scene = Scene::started();
    for handle in ["barbara", "grace", "margaret"] {
        assert_eq!(scene.client().send(&person(handle)).unwrap().status, 201);
    }
    scene.house.stop();
    let journal = scene.house.data().join("journal.db");
    let (from, to) = (&b"added\",\"person\":\"grace"[..], &b"added\",\"person\":\"grade"[..]);
    assert_eq!(damage(&journal, from, to), 1);
    scene.house.start();
    let ready = scene.client().until(&Ask::get("/-/ready"), "503", |answer| answer.status == 503);
    assert!(ready.body["detail"].as_str().unwrap().contains("entry 7 is damaged"), "{ready:?}");
}

#[test]
fn a_damaged_backup_leaves_no_folder_that_would_start_empty() {
    let mut scene = Scene::started();
    scene.house.stop();
    scene.house.prints(&["backup", "copy", "--data", "data"]);
    let slots = scene.path().join("copy/slots.db");
    let mut bytes = fs::read(&slots).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0xff);
    fs::write(&slots, bytes).unwrap();
    let restored = scene.house.command(&["restore", "copy", "--data", "r"]).output().unwrap();
    let said = String::from_utf8(restored.stderr).unwrap();
    assert_eq!(restored.status.code(), Some(1), "{said}");
    assert!(said.contains("copy/slots.db: damaged"), "{said}");
    assert!(!scene.path().join("r").exists());
    // A restore that is killed leaves slots without a journal.
    fs::remove_file(scene.house.data().join("journal.db")).unwrap();
    let (code, refused) = scene.house.refused();
    assert_eq!(code, 1, "{refused}");
    assert!(refused.contains("data/journal.db: gone"), "{refused}");
    assert!(!scene.house.data().join("journal.db").exists());
}

#[test]
fn damaged_slots_are_missing_said_and_can_be_sent_again() {
    let mut scene = Scene::started();
    // A day that is over lies in one block, with its sums beside it; what is of the last hour lies in others.
    // 0x15555555 is coded as 0xd5 0xaa 0xd5 0xaa 0x01, and one event more makes the day's sum another number.
    let (odd, noon) = (0x1555_5555, scene.begin.div_euclid(1440) * 1440 - 720 - scene.begin);
    assert_eq!(scene.client().send(&scene.push_many(1400, 3, 77)).unwrap().status, 200);
    assert_eq!(scene.client().send(&scene.push(noon, odd)).unwrap().status, 200);
    assert_eq!(scene.client().send(&scene.push(noon + 1, 1)).unwrap().status, 200);
    assert_eq!(scene.slot("web-answers", noon), ("measured".into(), odd));
    settle(&mut scene);
    let slots = scene.house.data().join("slots.db");
    assert!(damage(&slots, &[0xd5, 0xaa, 0xd5, 0xaa, 0x01], &[0xd5, 0xaa, 0xd4]) > 0);
    scene.house.start();
    assert_eq!(scene.slot("web-answers", noon).0, "missing");
    assert_eq!(scene.slot("web-answers", 1401), ("measured".into(), 77));
    let copied = scene.house.command(&["backup", "another", "--data", "data"]).output().unwrap();
    let said = String::from_utf8_lossy(&copied.stderr).into_owned();
    assert!(copied.status.success() && said.contains("damaged slots"), "{said}");
    assert_eq!(scene.client().send(&scene.push(noon, odd)).unwrap().status, 200);
    assert_eq!(scene.slot("web-answers", noon), ("measured".into(), odd));
    // Sums of what was there before it was damaged do not come on top of what was sent again.
    let budget = scene.client().send(&Ask::get("/api/v1/slos/web/budget")).unwrap();
    assert_eq!(budget.body["windows"][0]["budget"]["good"], 3 * 77 + odd, "{budget:?}");
    let log = fs::read_to_string(scene.path().join("server.log")).unwrap();
    assert!(log.contains("damaged"), "the log does not say it: {log}");
}

#[test]
fn a_damaged_token_is_replaced_and_an_exposed_one_refused() {
    let mut scene = Scene::started();
    scene.house.stop();
    let token = scene.house.data().join("local.token");
    let before = fs::read(&token).unwrap();
    for damaged in [&b""[..], b"local_ada_", b"\xff\xfe\x00", &before[..20]] {
        fs::write(&token, damaged).unwrap();
        scene.house.start();
        let fresh = fs::read(&token).unwrap();
        assert!(fresh.len() == before.len() && fresh != before, "{damaged:?} was kept");
        assert_eq!(fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);
        scene.house.prints(&["person", "list", "--data", "data"]);
        scene.house.stop();
    }
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, said) = scene.house.refused();
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("its mode is 0644, so others may have read it. Delete it"), "{said}");
    fs::remove_file(&token).unwrap();
    scene.house.start();
}
