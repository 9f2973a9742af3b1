//! A clock that went backwards, or far ahead, while the server was down.

use axum::http::Method;
use serde_json::{Value, json};

use super::{House, decisions::until, exceptions};

const GATE: &str = "/api/v1/services/checkout/decision";
const DAY_MS: i64 = 86_400_000;

#[test]
fn nothing_expired_comes_back_with_a_clock_that_went_backwards_and_that_it_did_is_said() {
    let house = exceptions::spent("description: ours");
    let bob = exceptions::token(&house, "bob");
    let id = exceptions::ask(&house);
    assert_eq!(exceptions::act(&house, &bob, &id, "approve", &json!({})).status, 200);
    let wish = json!({"scopes": ["read"], "days": 1});
    let short = house.post("/api/v1/tokens", &wish).send().json()["text"].clone();
    let gate = |house: &House| house.get(&format!("{GATE}?kind=deploy&change=v7")).send().json();
    let by_token = |house: &House| {
        house.ask(Method::GET, "/api/v1/decisions").token(short.as_str().unwrap()).send()
    };
    let status = |house: &House| {
        house.get(&format!("/api/v1/exceptions/{id}")).send().json()["status"].clone()
    };
    assert_eq!((gate(&house)["allowed"].clone(), by_token(&house).status), (json!(true), 200));

    // A hundred days later something is written; the server stops, and starts with the clock where it was before.
    house.pass(100 * DAY_MS);
    assert_eq!(house.post("/api/v1/people", &json!({"handle": "eve"})).send().status, 201);
    assert_eq!(house.ask(Method::GET, "/-/ready").send().status, 200);
    house.pass(-100 * DAY_MS);
    let house = house.again();

    let both = ["2026-11-23T12:00:00Z", "2027-03-03T12:00:00Z"];
    let names = |text: &Value| both.iter().all(|time| text.as_str().unwrap().contains(time));
    let ready = house.ask(Method::GET, "/-/ready").send().problem(503, "unavailable");
    assert!(names(&ready["reasons"][0]), "{ready}");
    let answer = gate(&house);
    assert_eq!((&answer["allowed"], &answer["exception"]), (&json!(false), &Value::Null));
    let reasons = answer["reasons"].as_array().unwrap();
    let is_doubt = |reason: &Value| reason["verdict"] == "unknown" && names(&reason["text"]);
    assert!(reasons.iter().any(is_doubt), "{answer}");
    assert_eq!(status(&house), "expired");
    let refused = by_token(&house).problem(401, "token-invalid");
    assert!(refused["detail"].as_str().unwrap().ends_with("has expired"), "{refused}");
    let list = house.get("/api/v1/decisions").send().json();
    assert!(list["items"][0]["reasons"].as_array().unwrap().iter().any(is_doubt), "{list}");

    // As soon as the clock has passed the journal nothing is said any more.
    house.pass(101 * DAY_MS);
    assert_eq!(house.ask(Method::GET, "/-/ready").send().status, 200);
    let later = until(&house, GATE, "stabilise");
    assert!(!later["reasons"].as_array().unwrap().iter().any(is_doubt), "{later}");
}

#[test]
fn a_clock_far_ahead_at_a_start_writes_nothing_into_the_future_and_is_taken_once_it_is_right() {
    let house = exceptions::spent("description: ours");
    until(&house, GATE, "stabilise");
    house.pass(DAY_MS);
    assert_eq!(house.post("/api/v1/people", &json!({"handle": "eve"})).send().status, 201);
    let house = house.again_to_last(9 * 365 * DAY_MS);
    assert_eq!(house.post("/api/v1/people", &json!({"handle": "mallory"})).send().status, 201);
    let newest = house.get("/api/v1/journal?limit=1000").send().json();
    let newest = newest["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(newest["at"], "2026-11-24T12:00:00Z", "{newest}");
    let doubted = house.get(GATE).send().json();
    assert_eq!(
        (&doubted["allowed"], &doubted["at"]),
        (&json!(false), &json!("2026-11-24T11:59:00Z"))
    );
    let doubt = "the clock of the machine jumped to 2035-11-22 12:00 UTC, and is not believed yet";
    assert!(doubted["reasons"].to_string().contains(doubt), "{doubted}");

    // Two days later it is set right: at once everything is as if it had never been wrong.
    house.pass(2 * DAY_MS - 9 * 365 * DAY_MS);
    assert_eq!(house.ask(Method::GET, "/-/ready").send().status, 200);
    let later = until(&house, GATE, "stabilise");
    assert!(!later["reasons"].to_string().contains("believed"), "{later}");
}
