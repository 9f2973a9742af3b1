//! Changes, as pipelines record them.

use axum::http::Method;
use serde_json::{Value, json};

use super::{House, documents::declare};

fn start(house: &House, body: &Value) -> Value {
    let answer = house.post("/api/v1/changes", body).send();
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

#[test]
fn a_service_that_was_withdrawn_keeps_its_obedience_and_says_where_its_decisions_are() {
    let house = super::exceptions::spent("description: ours");
    let obedience = "/api/v1/services/checkout/obedience";
    let history = "/api/v1/services/checkout/decisions";
    let before = house.get(obedience).send().json();
    let turns = house.get(history).send().json()["turns"].clone();
    house.pass(60_000);
    let nothing = json!({"files": {}, "delete": true});
    assert_eq!(house.put("/api/v1/documents/shop", &nothing).send().status, 200);
    let after = house.get(obedience).send().json();
    assert_eq!(after["withdrawn"], "2026-11-23T12:01:00Z");
    assert_eq!(
        (&after["changes"], &after["stabilising"], &before["withdrawn"]),
        (&before["changes"], &before["stabilising"], &json!(null))
    );
    let gone = house.get(history).send().problem(404, "not-found");
    assert_eq!(gone["detail"], "the service checkout was withdrawn at 2026-11-23T12:01:00Z");
    let (_, entry) = gone["hint"].as_str().unwrap().rsplit_once(' ').unwrap();
    assert!(entry.parse::<u64>().unwrap() >= turns[0]["entry"].as_u64().unwrap(), "{gone}");
    let made = house.get(&format!("/api/v1/decisions/{entry}")).send().json();
    assert_eq!((&made["service"], &made["verdict"]), (&json!("checkout"), &json!("stabilise")));
    house.get("/api/v1/services/none/decisions").send().problem(404, "not-found");
    house.get("/api/v1/services/none/obedience").send().problem(404, "not-found");
}

#[test]
fn a_pipeline_records_a_change_with_a_token_for_that_and_nothing_else() {
    let house = House::new();
    declare(&house);
    let token = house.token(&["change"]);
    let post =
        |path: &str, body: &Value| house.ask(Method::POST, path).token(&token).json(body).send();
    let body = json!({"id": "run/7#1", "service": "checkout", "kind": "deploy", "title": "A basket",
        "url": "https://ci.example/7", "started": "2026-11-23T11:59:30.5Z"});
    let made = post("/api/v1/changes", &body);
    assert_eq!((made.status, made.header("location")), (201, Some("/api/v1/changes/run%2F7%231")));
    let first = made.json();
    assert_eq!(first["by"]["person"], "ada");
    let shown = json!({"id": "run/7#1", "service": "checkout", "kind": "deploy", "risk": "normal",
        "title": "A basket", "url": "https://ci.example/7", "started": "2026-11-23T11:59:30.5Z",
        "finished": null, "outcome": null, "reverts": null, "by": first["by"],
        "recorded": "2026-11-23T12:00:00Z", "finished_by": null,
        "gate": first["gate"]});
    assert_eq!(first, shown);
    house.pass(60_000);
    let again = post("/api/v1/changes", &body);
    assert_eq!((again.status, again.json()), (201, first));
    let mut other = body.clone();
    other["risk"] = json!("high");
    post("/api/v1/changes", &other).problem(409, "conflict");

    let path = "/api/v1/changes/run%2F7%231";
    let end = post(&format!("{path}/finish"), &json!({"outcome": "succeeded"}));
    assert_eq!(end.status, 200, "{end:?}");
    assert_eq!(end.json()["finished"], "2026-11-23T12:01:00Z");
    house.pass(60_000);
    assert_eq!(
        post(&format!("{path}/finish"), &json!({"outcome": "succeeded"})).json(),
        end.json()
    );
    post(&format!("{path}/finish"), &json!({"outcome": "failed"})).problem(409, "conflict");
    assert_eq!(house.get(path).send().json(), end.json());

    // Anything else is not for such a token; and whoever may write may record changes.
    let exclusion = json!({"service": "checkout", "from": "2026-11-23T11:00:00Z",
        "to": "2026-11-23T11:01:00Z", "reason": "a try"});
    post("/api/v1/exclusions", &exclusion).problem(403, "scope-missing");
    let push = house.token(&["push", "read"]);
    let refused = house.ask(Method::POST, "/api/v1/changes").token(&push).json(&body).send();
    refused.problem(403, "scope-missing");
    let write = house.token(&["write"]);
    let again = house.ask(Method::POST, "/api/v1/changes").token(&write).json(&body).send();
    assert_eq!(again.status, 201);
    house.ask(Method::POST, "/api/v1/changes").json(&body).send().problem(401, "token-needed");

    let house = house.again();
    assert_eq!(house.get(path).send().json(), end.json());
}

#[test]
fn changes_are_listed_by_service_and_time_in_pages() {
    let house = House::new();
    declare(&house);
    let bare = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: cart}\nspec: {}\n";
    let files = json!({"files": {"cart.yaml": bare}});
    assert_eq!(house.put("/api/v1/documents/more", &files).send().status, 200);
    for (id, service, minute) in
        [("d", "checkout", 1), ("b", "cart", 2), ("c", "checkout", 2), ("a", "checkout", 9)]
    {
        let started = format!("2026-11-23T11:0{minute}:00Z");
        start(&house, &json!({"id": id, "service": service, "kind": "deploy", "started": started}));
    }
    let names = |query: &str| {
        let mut names: Vec<String> = Vec::new();
        let mut next = String::new();
        loop {
            let page = house.get(&format!("/api/v1/changes?limit=1{query}{next}")).send().json();
            let items = page["items"].as_array().unwrap();
            names.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return names.join(""),
            }
        }
    };
    assert_eq!(names(""), "dbca");
    assert_eq!(names("&service=checkout"), "dca");
    assert_eq!(names("&from=2026-11-23T11:02:00Z"), "bca");
    assert_eq!(names("&from=2026-11-23T11:02:00Z&to=2026-11-23T11:09:00Z"), "bc");
    assert_eq!(names("&service=none"), "");
    let bad = house.get("/api/v1/changes?from=yesterday").send().problem(422, "invalid");
    assert_eq!(bad["field"], "from");
    house.get("/api/v1/changes?cursor=6d").send().problem(400, "malformed");
    // A cursor of a page that is not of this list leads nowhere, and breaks nothing.
    let far = "39393939393939393939393939202078"; // 99999999999999 and a name
    assert_eq!(
        house.get(&format!("/api/v1/changes?cursor={far}")).send().json()["items"],
        json!([])
    );
}

#[test]
fn a_time_in_which_nothing_lies_is_refused_and_not_answered_as_empty() {
    let house = House::new();
    declare(&house);
    for path in [
        "/api/v1/changes",
        "/api/v1/services/checkout/obedience",
        "/api/v1/slis/checkout-good/slots",
    ] {
        for (from, to, what) in [("09", "02", "is backwards"), ("02", "02", "holds no time")] {
            let query = format!("?from=2026-11-23T11:{from}:00Z&to=2026-11-23T11:{to}:00Z");
            let refused = house.get(&format!("{path}{query}")).send().problem(422, "invalid");
            let detail = format!("from 2026-11-23T11:{from}:00Z to 2026-11-23T11:{to}:00Z {what}");
            assert_eq!(refused["detail"], detail, "{path}");
        }
        let sound = "?from=2026-11-23T11:02:00Z&to=2026-11-23T11:03:00Z";
        assert_eq!(house.get(&format!("{path}{sound}")).send().status, 200, "{path}");
    }
    // What is not said is taken from the clock, which says 12:00.
    let yet_to_come = "/api/v1/services/checkout/obedience?from=2026-11-24T00:00:00Z";
    house.get(yet_to_come).send().problem(422, "invalid");
}

#[test]
fn what_cannot_be_recorded_is_said() {
    let house = House::new();
    declare(&house);
    let post = |body: &Value| house.post("/api/v1/changes", body).send();
    post(&json!({"service": "none", "kind": "deploy"})).problem(404, "not-found");
    for (field, value) in [
        ("id", json!("a b")),
        ("id", json!("")),
        ("id", json!("x".repeat(121))),
        ("kind", json!("P0 Fix")),
        ("risk", json!("enormous")),
        ("title", json!("two\nlines")),
        ("url", json!("javascript:alert(1)")),
        ("started", json!("yesterday")),
        ("started", json!("2026-11-23T12:06:00Z")),
        ("started", json!("1999-11-23T12:06:00Z")),
        ("strated", json!("2026-11-23T12:00:00Z")),
    ] {
        let mut body = json!({"service": "checkout", "kind": "deploy"});
        body[field] = value;
        post(&body).problem(422, "invalid");
    }
    let reverts = json!({"service": "checkout", "kind": "revert", "reverts": "v1"});
    post(&reverts).problem(404, "not-found");
    house.post("/api/v1/changes/v1/finish", &json!({})).send().problem(404, "not-found");
    house.get("/api/v1/changes/v1").send().problem(404, "not-found");
    start(&house, &json!({"id": "v1", "service": "checkout", "kind": "deploy"}));
    let taken = post(&reverts).json();
    assert_eq!((&taken["reverts"], taken["id"].as_str().unwrap().len()), (&json!("v1"), 22));
    let early = json!({"finished": "2026-11-23T11:59:59Z"});
    house.post("/api/v1/changes/v1/finish", &early).send().problem(422, "invalid");
    house
        .post("/api/v1/changes/v1/finish", &json!({"outcome": "fine"}))
        .send()
        .problem(422, "invalid");
}
