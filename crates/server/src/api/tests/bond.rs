//! A folder whose journal is lost, and time in which no server ran.

use std::{fs, time::Instant};

use plimsoll_store::Error;
use serde_json::json;
use tempfile::TempDir;

use super::{
    House,
    decisions::hour,
    documents::{SLO, files},
    exceptions::spent,
    house,
};
use crate::serve::OpenError;

#[test]
fn slots_are_not_read_beside_a_journal_that_is_not_theirs() {
    let house = House::new();
    let applied = house.put("/api/v1/documents/shop", &files(SLO)).send();
    assert_eq!(applied.status, 200, "{applied:?}");
    hour(&house, 1, 980, 20);
    let House { server, clock, folder } = house.again();
    server.close();
    let (journal, slots) = (folder.path().join("journal.db"), folder.path().join("slots.db"));
    let older = fs::read(&journal).unwrap();
    let open = || house::open(folder.path(), &clock);
    let refused = || match open() {
        Err(error @ (OpenError::Unbound(_) | OpenError::Store(Error::Gone { .. }))) => {
            error.to_string()
        }
        other => panic!("{other:?}"),
    };
    let house =
        House { server: open().unwrap(), clock: clock.clone(), folder: TempDir::new().unwrap() };
    assert_eq!(house.post("/api/v1/people", &json!({"handle": "bob"})).send().status, 201);
    house.pass(1);
    house.server.close();
    let newer = fs::read(&journal).unwrap();

    fs::write(&journal, &older).unwrap();
    assert!(refused().contains(": its newest entries are gone, as "), "{}", refused());
    fs::write(&journal, "").unwrap();
    assert!(refused().contains("journal.db: "), "{}", refused());
    fs::remove_file(&journal).unwrap();
    assert!(refused().contains("estore"), "{}", refused());
    // What was written meanwhile, if anything was, did not make it another one.
    fs::write(&journal, &newer).unwrap();
    open().unwrap().close();

    // Somebody who begins anew does so without what was measured.
    fs::remove_file(&journal).unwrap();
    fs::rename(&slots, folder.path().join("old-slots.db")).unwrap();
    open().unwrap().close();
    fs::rename(folder.path().join("old-slots.db"), &slots).unwrap();
    assert!(refused().contains("it is that of another folder"), "{}", refused());
}

#[test]
fn time_in_which_no_server_ran_is_unknown() {
    let house = spent("description: ours");
    house.pass(3 * 3_600_000);
    let house = house.again();
    let begun = Instant::now();
    let history = loop {
        let history = house.get("/api/v1/services/checkout/decisions").send().json();
        if history["minutes"]["unknown"].as_i64().unwrap_or(0) > 0 {
            break history;
        }
        assert!(begun.elapsed().as_secs() < 60, "{history}");
    };
    assert_eq!(history["minutes"]["unknown"], 180, "{history}");
    let change =
        json!({"service": "checkout", "kind": "deploy", "started": "2026-11-23T13:00:00Z"});
    let change = house.post("/api/v1/changes", &change).send().json();
    assert_eq!(change["gate"]["verdict"], "unknown", "{change}");
}
