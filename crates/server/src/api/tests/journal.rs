//! The journal over HTTP, and idempotency keys.

use serde_json::json;

use super::House;

#[test]
fn entries_come_in_order_with_who_did_what() {
    let house = House::new();
    for handle in ["bob", "cy", "dee"] {
        house.post("/api/v1/people", &json!({"handle": handle})).send();
    }
    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let page = house.get(&format!("/api/v1/journal?after={after}&limit=3")).send().json();
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    let people: Vec<&str> =
        seen.iter().map(|entry| entry["event"]["person"].as_str().unwrap()).collect();
    assert_eq!(people, ["ada", "bob", "cy", "dee"]);
    assert_eq!(seen[0]["actor"], json!({"kind": "rule", "rule": "first start"}));
    assert_eq!(seen[3]["actor"], json!({"kind": "owner", "person": "ada"}));
    let head = house.get("/api/v1/journal/head").send().json();
    assert_eq!((&head["seq"], &head["hash"]), (&json!(4), &seen[3]["hash"]));
    let verified = house.get("/api/v1/journal/verification").send().json();
    assert_eq!(verified["head"], head);
    let endless = format!("/api/v1/journal?after={}", u64::MAX);
    house.get(&endless).send().problem(400, "malformed");
    for after in [4, 99, i64::MAX] {
        let none = house.get(&format!("/api/v1/journal?after={after}")).send().json();
        assert_eq!(none, json!({"items": [], "next": null}), "{after}");
    }
}

#[test]
fn a_repeat_is_answered_alike_and_done_once() {
    let house = House::new();
    let add = |key: &str, handle: &str| {
        let ask = house.post("/api/v1/people", &json!({"handle": handle}));
        ask.header("idempotency-key", key).send()
    };
    let first = add("k1", "bob");
    house.pass(1000);
    let second = add("k1", "bob");
    assert_eq!((first.status, first.json()), (201, second.json()));
    add("k1", "cy").problem(422, "idempotency-key-reused");
    // Without a key, or with another one, it is another request.
    add("k2", "bob").problem(409, "conflict");
    add(&"k".repeat(256), "cy").problem(400, "malformed");

    let house = house.again();
    let ask = house.post("/api/v1/people", &json!({"handle": "bob"}));
    assert_eq!(ask.header("idempotency-key", "k1").send().json(), first.json());
    assert_eq!(house.get("/api/v1/journal/head").send().json()["seq"], 2);
}

#[test]
fn a_token_is_shown_once_also_where_its_request_is_repeated() {
    let house = House::new();
    let issue = || {
        let ask = house.post("/api/v1/tokens", &json!({"scopes": ["admin"]}));
        ask.header("idempotency-key", "k").send().json()
    };
    let (first, second) = (issue(), issue());
    assert_eq!((&first["id"], &first["issued"]), (&second["id"], &second["issued"]));
    assert!(first["text"].is_string() && second["text"].is_null());
    let text = first["text"].as_str().unwrap();
    assert_eq!(house.ask("GET".parse().unwrap(), "/api/v1/people").token(text).send().status, 200);
}

#[test]
fn a_key_is_forgotten_after_a_day() {
    let house = House::new();
    let add = |house: &House| {
        let ask = house.post("/api/v1/people", &json!({"handle": "bob"}));
        ask.header("idempotency-key", "k").send()
    };
    assert_eq!(add(&house).status, 201);
    house.pass(23 * 3600 * 1000);
    assert_eq!(add(&house).status, 201);
    house.pass(2 * 3600 * 1000);
    // That was a jump. It is believed when the clock went on for an hour.
    assert_eq!(add(&house).status, 201);
    // The server looks at the clock after it has answered, perhaps only after the next step: two are no jump either.
    for step in 0..=14 {
        house.post("/api/v1/people", &json!({"handle": format!("person-{step}")})).send();
        house.pass(300_000);
    }
    add(&house).problem(409, "conflict");
}

#[test]
fn a_backup_is_taken_and_opens_like_the_original() {
    let house = House::new();
    let there = tempfile::tempdir().unwrap();
    let to = there.path().join("copy");
    let backup = |to: &str| house.post("/api/v1/backups", &json!({"to": to})).send();
    let taken = backup(to.to_str().unwrap()).json();
    assert_eq!(taken["head"], house.get("/api/v1/journal/head").send().json(), "{taken}");
    backup(to.to_str().unwrap()).problem(409, "conflict");
    backup("relative").problem(422, "invalid");
    backup(there.path().join("none/copy").to_str().unwrap()).problem(422, "invalid");
    backup("/dev/null/copy").problem(422, "invalid");
    backup(house.folder.path().join("copy").to_str().unwrap()).problem(422, "invalid");
    let copy = plimsoll_store::journal::JournalReader::open(&to.join("journal.db")).unwrap();
    assert_eq!(copy.verify(|_| {}).unwrap().seq, 1);
}
