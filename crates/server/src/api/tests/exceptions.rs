//! Exceptions: asked for by one, approved by another, and billed.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    House,
    decisions::{hour, until},
    documents::{SLO, files},
};

const GATE: &str = "/api/v1/services/checkout/decision";
const EXCEPTIONS: &str = "/api/v1/exceptions";
const HOUR_MS: i64 = 3600 * 1000;

/// A service that is to be stabilised, by an objective over an hour, and its policy.
pub(super) fn spent(policy: &str) -> House {
    let house = House::new();
    let slo = SLO.replace("30d", "1h").replace("target: 0.999", "target: 0.99");
    let policy = format!(
        "apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {{name: default}}\nspec: {{{policy}}}\n"
    );
    let both = json!({"files": {"checkout.yaml": slo, "policy.yaml": policy}});
    assert_eq!(house.put("/api/v1/documents/shop", &both).send().status, 200);
    // 1,180 of 59,000 were bad; 1 % allows 590.
    hour(&house, 1, 980, 20);
    until(&house, GATE, "stabilise");
    let begun = std::time::Instant::now();
    // The journal has it a moment later.
    while house.get("/api/v1/services/checkout/obedience").send().json()["stabilising"] == 0 {
        assert!(begun.elapsed().as_secs() < 60);
        let body = json!({"service": "checkout", "kind": "revert"});
        assert_eq!(house.post("/api/v1/changes", &body).send().status, 201);
    }
    house
}

/// A token of somebody who may write.
pub(super) fn token(house: &House, handle: &str) -> String {
    let added = house.post("/api/v1/people", &json!({"handle": handle})).send();
    assert_eq!(added.status, 201, "{added:?}");
    let wish = json!({"person": handle, "scopes": ["write"]});
    let issued = house.post("/api/v1/tokens", &wish).send().json();
    issued["text"].as_str().unwrap().to_owned()
}

fn wish() -> Value {
    json!({"service": "checkout", "changes": ["v7"], "class": "customer-commitment", "hours": 2,
        "reason": "the fair opens on Friday",
        "payback": {"action": "take the slow query out", "owner": "ada", "due": "2026-12-01"}})
}

pub(super) fn ask(house: &House) -> String {
    let asked = house.post(EXCEPTIONS, &wish()).send();
    assert_eq!(asked.status, 201, "{asked:?}");
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(asked.header("location"), Some(&*format!("{EXCEPTIONS}/{id}")));
    id
}

pub(super) fn act(
    house: &House,
    token: &str,
    id: &str,
    act: &str,
    body: &Value,
) -> super::house::Answer {
    let path = format!("{EXCEPTIONS}/{id}/{act}");
    house.ask(Method::POST, &path).token(token).json(body).send()
}

fn start(house: &House, id: &str) -> Value {
    let body = json!({"service": "checkout", "kind": "deploy", "id": id});
    let made = house.post("/api/v1/changes", &body).send();
    assert_eq!(made.status, 201, "{made:?}");
    made.json()["gate"].clone()
}

#[test]
fn an_exception_of_two_people_lets_one_change_pass_and_is_billed() {
    let house = spent("description: ours");
    let bob = token(&house, "bob");
    let gate =
        |change: &str| house.get(&format!("{GATE}?kind=deploy&change={change}")).send().json();
    assert_eq!((&gate("v7")["allowed"], &gate("v7")["exception"]), (&json!(false), &Value::Null));
    assert_eq!(start(&house, "v6")["pass"], "refused");

    let id = ask(&house);
    let shown = house.get(&format!("{EXCEPTIONS}/{id}")).send().json();
    assert_eq!((&shown["status"], &shown["until"]), (&json!("waiting"), &Value::Null));
    assert_eq!((&shown["this_quarter"], &shown["per_quarter"]), (&json!(0), &json!(3)));
    assert_eq!(gate("v7")["allowed"], false);
    let own = house.post(&format!("{EXCEPTIONS}/{id}/approve"), &json!({})).send();
    let why = own.problem(409, "conflict");
    assert!(why["detail"].as_str().unwrap().starts_with("ada asked for it"), "{why}");
    let other_token = house.token(&["write"]);
    act(&house, &other_token, &id, "approve", &json!({})).problem(409, "conflict");
    let narrow = house.token(&["change"]);
    act(&house, &narrow, &id, "approve", &json!({})).problem(403, "scope-missing");

    let approved = act(&house, &bob, &id, "approve", &json!({}));
    assert_eq!(approved.status, 200, "{approved:?}");
    let approved = approved.json();
    assert_eq!(
        (&approved["status"], &approved["until"], &approved["solo"], &approved["this_quarter"]),
        (&json!("in-force"), &json!("2026-11-23T14:00:00Z"), &json!(false), &json!(1))
    );
    act(&house, &bob, &id, "approve", &json!({})).problem(409, "conflict");
    act(&house, &bob, &id, "reject", &json!({})).problem(409, "conflict");
    let passed = gate("v7");
    assert_eq!(
        (&passed["allowed"], &passed["exempt"], &passed["exception"]["id"]),
        (&json!(true), &json!(false), &json!(id))
    );
    assert_eq!(
        passed["why"],
        format!(
            "stabilise, and the exception {id} of ada and bob lets it pass until 2026-11-23T14:00:00Z"
        )
    );
    assert_eq!(gate("v8")["allowed"], false);
    let told = start(&house, "v7");
    assert_eq!((&told["pass"], &told["exception"]), (&json!("covered"), &json!(id)));
    assert_eq!(start(&house, "v8")["pass"], "refused");

    let obedience = house.get("/api/v1/services/checkout/obedience").send().json();
    assert_eq!((&obedience["covered"], &obedience["uncovered"]), (&json!(1), &json!(2)));
    assert_eq!(obedience["uncovered_changes"], json!(["v6", "v8"]));
    let stabilising = obedience["stabilising"].as_u64().unwrap();
    assert_eq!(obedience["exempt"], stabilising - 3);
    let share = format!("{:.9}", (stabilising - 2) as f64 / stabilising as f64);
    let shown = obedience["obedience"].to_string();
    assert!(share.starts_with(&shown[..shown.len().min(8)]), "{shown} is not {share}");

    house.pass(3 * HOUR_MS);
    assert_eq!(gate("v7")["allowed"], false);
    let late = act(&house, &bob, &id, "approve", &json!({})).problem(409, "conflict");
    assert!(late["detail"].as_str().unwrap().contains("expired"), "{late}");
    let bill = house.get(&format!("{EXCEPTIONS}/bill")).send().json();
    let line = &bill["items"][0];
    assert_eq!(
        (&line["exception"], &line["status"], &line["changes"], &line["changes_passed"]),
        (&json!(id), &json!("expired"), &json!(["v7"]), &json!(1))
    );
    assert_eq!(line["payback"]["state"], "open");
    house.pass(9 * 24 * HOUR_MS);
    let overdue = house.get(&format!("{EXCEPTIONS}/{id}")).send().json();
    assert_eq!(overdue["payback"]["state"], "overdue");
    let paid = act(&house, &bob, &id, "paid", &json!({"note": "the query is gone"})).json();
    assert_eq!(
        (&paid["payback"]["state"], &paid["payback"]["note"]),
        (&json!("paid"), &json!("the query is gone"))
    );
    let house = house.again();
    assert_eq!(house.get(&format!("{EXCEPTIONS}/{id}")).send().json(), paid);
}

#[test]
fn the_bill_counts_what_was_spent_while_it_was_in_force() {
    let house = spent("description: ours");
    let bob = token(&house, "bob");
    house.pass(-30 * 60_000);
    let id = ask(&house);
    assert_eq!(act(&house, &bob, &id, "approve", &json!({})).status, 200);
    house.pass(30 * 60_000);
    act(&house, &bob, &id, "revoke", &json!({"reason": "enough"}));
    let line = house.get(&format!("{EXCEPTIONS}/bill?service=checkout")).send().json();
    let line = line["items"][0].clone();
    // The journal's time does not go back: it was in force at noon, of which nothing was seen yet.
    assert_eq!(
        (&line["from"], &line["until"]),
        (&json!("2026-11-23T12:00:00Z"), &json!("2026-11-23T12:00:00Z"))
    );
    assert_eq!((&line["costs"][0]["share"], &line["status"]), (&Value::Null, &json!("revoked")));
    assert_eq!(line["costs"][0]["why"], "nothing was seen in that time");
    assert_eq!(
        house.get(&format!("{EXCEPTIONS}/bill?service=none")).send().json()["items"],
        json!([])
    );

    let id = ask(&house);
    assert_eq!(act(&house, &bob, &id, "approve", &json!({})).status, 200);
    house.pass(HOUR_MS);
    let minute = |m: u64| json!({"minute": format!("2026-11-23T12:{m:02}:00Z"), "good": 970, "bad": if m < 10 { 30 } else { 0 }});
    let minutes: Vec<Value> = (0..60).map(minute).collect();
    let body = json!({"generation": 1, "minutes": minutes});
    let pushed = house.post("/api/v1/slis/checkout-good/samples", &body).send();
    assert_eq!(pushed.status, 200, "{pushed:?}");
    house.pass(2 * 60_000);
    let begun = std::time::Instant::now();
    loop {
        let bill = house.get(&format!("{EXCEPTIONS}/bill")).send().json();
        let mut lines = bill["items"].as_array().unwrap().iter();
        let line = lines.find(|line| line["exception"] == id).unwrap();
        let cost = &line["costs"][0];
        // 300 of the 585 that 1 % of 58,500 allows: ten minutes of 1,000 events and fifty of 970. In the two
        // minutes since nothing was seen.
        if cost["bad"] == 300 && cost["good"] == 970 * 60 {
            assert_eq!(
                (&cost["slo"], &cost["window"]),
                (&json!("checkout-availability"), &json!("1h"))
            );
            assert_eq!(cost["share"].to_string(), "0.512820513");
            break;
        }
        assert!(begun.elapsed().as_secs() < 60, "{bill}");
        std::thread::yield_now();
    }
}

#[test]
fn a_solo_policy_shows_wherever_it_was_used() {
    let house = spent("solo: true");
    let id = ask(&house);
    let approved = house.post(&format!("{EXCEPTIONS}/{id}/approve"), &json!({})).send().json();
    assert_eq!((&approved["status"], &approved["solo"]), (&json!("in-force"), &json!(true)));
    let gate = house.get(&format!("{GATE}?change=v7")).send().json();
    assert_eq!((&gate["allowed"], &gate["exception"]["solo"]), (&json!(true), &json!(true)));
    assert!(gate["why"].as_str().unwrap().contains(" of ada alone lets"), "{gate}");
    let bill = house.get(&format!("{EXCEPTIONS}/bill")).send().json();
    assert_eq!(bill["items"][0]["solo"], true);
}

#[test]
fn exceptions_are_listed_rejected_and_limited() {
    let house = House::new();
    assert_eq!(house.put("/api/v1/documents/shop", &files(SLO)).send().status, 200);
    let bob = token(&house, "bob");
    let ids: Vec<String> = (0..5).map(|_| ask(&house)).collect();
    let rejected = act(&house, &bob, &ids[0], "reject", &json!({"reason": "wait a day"})).json();
    assert_eq!(
        (&rejected["status"], &rejected["ended"]["reason"]),
        (&json!("rejected"), &json!("wait a day"))
    );
    act(&house, &bob, &ids[0], "approve", &json!({})).problem(409, "conflict");
    for id in &ids[1..4] {
        assert_eq!(act(&house, &bob, id, "approve", &json!({})).status, 200);
    }
    let over = act(&house, &bob, &ids[4], "approve", &json!({})).problem(409, "conflict");
    for id in &ids[1..4] {
        assert!(over["detail"].as_str().unwrap().contains(id), "{over}");
    }
    let count = |query: &str| {
        let list = house.get(&format!("{EXCEPTIONS}?{query}")).send().json();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((count(""), count("service=none"), count("status=in-force")), (5, 0, 3));
    assert_eq!((count("status=waiting"), count("status=rejected&service=checkout")), (1, 1));
    let first = house.get(&format!("{EXCEPTIONS}?limit=3")).send().json();
    assert_eq!(count(&format!("cursor={}", first["next"].as_str().unwrap())), 2);

    // Its service is withdrawn.
    let gone = house.put("/api/v1/documents/shop", &json!({"files": {}, "delete": true})).send();
    assert_eq!(gone.status, 200, "{gone:?}");
    act(&house, &bob, &ids[4], "approve", &json!({})).problem(404, "not-found");
    assert_eq!(count("service=checkout"), 5);
}

#[test]
fn what_cannot_be_asked_for_is_said() {
    let house = House::new();
    assert_eq!(house.put("/api/v1/documents/shop", &files(SLO)).send().status, 200);
    let post = |body: &Value| house.post(EXCEPTIONS, body).send();
    for (field, value) in [
        ("hours", json!(73)),
        ("hours", json!(0)),
        ("hours", json!(-1)),
        ("changes", json!([])),
        ("changes", json!(["a b"])),
        ("kinds", json!(["deploy"])),
        ("all", json!(true)),
        ("class", json!("because")),
        ("reason", json!(" ")),
        ("payback", json!({"action": "x", "due": "2026-12-01"})),
        ("payback", json!({"action": "x", "owner": "ada"})),
        ("payback", json!({"action": "x", "owner": "", "due": "2026-12-01"})),
        ("payback", json!({"action": "x", "owner": "ada", "due": "soon"})),
        ("payback", json!({"action": "x", "owner": "ada", "due": "2026-11-22"})),
        ("hurry", json!(true)),
    ] {
        let mut body = wish();
        body[field] = value;
        post(&body).problem(422, "invalid");
    }
    let mut body = wish();
    body["payback"]["owner"] = json!("eve");
    post(&body).problem(404, "not-found");
    let mut body = wish();
    body["service"] = json!("none");
    post(&body).problem(404, "not-found");
    let mut body = wish();
    body.as_object_mut().unwrap().remove("payback");
    post(&body).problem(422, "invalid");
    house.get(&format!("{EXCEPTIONS}/e-0")).send().problem(404, "not-found");
    house.post(&format!("{EXCEPTIONS}/e-0/approve"), &json!({})).send().problem(404, "not-found");
    house.get("/api/v1/services/none/obedience").send().problem(404, "not-found");
    let none = house.get("/api/v1/services/checkout/obedience").send().json();
    assert_eq!((&none["obedience"], &none["stabilising"]), (&Value::Null, &json!(0)));
}

#[test]
fn the_pages_show_what_waits_what_was_paid_and_who_obeyed() {
    let house = spent("solo: true");
    let empty = |path: &str| String::from_utf8(house.get(path).send().bytes).unwrap();
    assert!(empty("/exceptions").contains("Nobody waits for an answer."));
    start(&house, "v6");
    let hostile = json!({"service": "checkout", "kind": "deploy", "title": "<script>x</script>"});
    assert_eq!(house.post("/api/v1/changes", &hostile).send().status, 201);
    let (id, waiting) = (ask(&house), ask(&house));
    assert_eq!(house.post(&format!("{EXCEPTIONS}/{id}/approve"), &json!({})).send().status, 200);
    start(&house, "v7");
    let page = empty("/changes");
    for text in
        ["v6", "refused (stabilise)", &format!("covered by {id} (stabilise)"), "exempt (stabilise)"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("<script>") && page.contains("&#60;script&#62;"), "{page}");
    let page = empty("/exceptions");
    for text in [
        &*id,
        &*waiting,
        "ada alone",
        "Solo mode: by the policy",
        "unknown of checkout-availability over 1h",
        "1 of 3",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[test]
fn the_page_says_when_it_was_paid_and_until_then_when_it_is_due() {
    let house = spent("solo: true");
    let id = ask(&house);
    assert_eq!(house.post(&format!("{EXCEPTIONS}/{id}/approve"), &json!({})).send().status, 200);
    let page = || String::from_utf8(house.get("/exceptions").send().bytes).unwrap();
    let open = "open, due 2026-12-01: take the slow query out, by ada";
    assert!(page().contains(open), "{}", page());
    let note = json!({"note": "the query is gone"});
    assert_eq!(house.post(&format!("{EXCEPTIONS}/{id}/paid"), &note).send().status, 200);
    let paid = "paid 2026-11-23: take the slow query out, by ada";
    assert!(page().contains(paid), "{}", page());
}
