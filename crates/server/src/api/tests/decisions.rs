//! Decisions, and the gate that rests on them.

use serde_json::{Value, json};

use super::{
    House,
    documents::{SLO, files},
};

const GATE: &str = "/api/v1/services/checkout/decision";

/// Every minute of the hour before noon, as far as it counts: so many good, so many bad.
pub(super) fn hour(house: &House, generation: u64, good: u64, bad: u64) {
    let minute =
        |m: u64| json!({"minute": format!("2026-11-23T11:{m:02}:00Z"), "good": good, "bad": bad});
    let minutes: Vec<Value> = (0..59).map(minute).collect();
    let body = json!({"generation": generation, "minutes": minutes});
    let answer = house.post("/api/v1/slis/checkout-good/samples", &body).send();
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Asks until the answer is this; decisions are made within a second or so.
pub(super) fn until(house: &House, path: &str, verdict: &str) -> Value {
    let begun = std::time::Instant::now();
    loop {
        let answer = house.get(path).send().json();
        if answer["verdict"] == verdict {
            return answer;
        }
        assert!(begun.elapsed().as_secs() < 60, "still {answer}");
        std::thread::yield_now();
    }
}

fn may_pass(house: &House, query: &str) -> bool {
    let answer = house.get(&format!("{GATE}?{query}")).send();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["allowed"].as_bool().unwrap()
}

#[test]
fn an_outage_stops_changes_until_it_has_left_the_window() {
    let house = House::new();
    let slo = SLO.replace("30d", "1h").replace("target: 0.999", "target: 0.99");
    assert_eq!(house.put("/api/v1/documents/shop", &files(&slo)).send().status, 200);
    let begun = std::time::Instant::now();
    let mut nothing = until(&house, GATE, "unknown");
    while nothing["reasons"][0]["text"].as_str().unwrap().starts_with("it is declared since") {
        assert!(begun.elapsed().as_secs() < 60);
        nothing = until(&house, GATE, "unknown");
    }
    let why = "checkout-availability (99 % over 1h): nothing was seen in the window";
    assert_eq!(nothing["reasons"], json!([{"verdict": "unknown", "text": why}]));
    assert_eq!((&nothing["allowed"], &nothing["exempt"]), (&json!(false), &json!(false)));

    hour(&house, 1, 1000, 0);
    let ship = until(&house, GATE, "ship");
    assert_eq!((&ship["at"], &ship["policy"]), (&json!("2026-11-23T11:59:00Z"), &json!("default")));
    assert_eq!(ship["expires"], "2026-11-23T12:05:00Z");
    assert!(may_pass(&house, "risk=high&kind=feature&change=4f2a"));

    // 1,180 of 59,000 were bad; 1 % allows 590.
    hour(&house, 2, 980, 20);
    let stop = until(&house, GATE, "stabilise");
    let why = "checkout-availability (99 % over 1h): the budget is spent; 200 % of it was used";
    assert_eq!(stop["reasons"][0]["text"], why);
    assert!(!may_pass(&house, "risk=low"));
    assert!(!may_pass(&house, "kind=feature"));
    for kind in ["security", "p0-fix", "revert", "reliability"] {
        assert!(may_pass(&house, &format!("kind={kind}&risk=high")), "{kind}");
    }
    let list = house.get("/api/v1/decisions").send().json();
    assert_eq!(
        (&list["items"][0]["service"], &list["items"][0]["verdict"]),
        (&json!("checkout"), &json!("stabilise"))
    );

    // Another policy exempts other kinds, as soon as it is there.
    let policy = "apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {name: default}\nspec: {exemptKinds: [rollback]}\n";
    let both = json!({"files": {"checkout.yaml": slo, "policy.yaml": policy}});
    assert_eq!(house.put("/api/v1/documents/shop", &both).send().status, 200);
    let begun = std::time::Instant::now();
    while !may_pass(&house, "kind=rollback") {
        assert!(begun.elapsed().as_secs() < 60);
    }
    assert!(!may_pass(&house, "kind=security"));

    // The outage leaves the window, and nothing comes any more: that is no recovery.
    house.pass(2 * 3600 * 1000);
    let begun = std::time::Instant::now();
    let why = "checkout-availability (99 % over 1h): nothing was seen in the window; it was spent, and stabilise \
               stands until 10 % is left";
    while house.get(GATE).send().json()["reasons"][0]["text"] != why {
        assert!(begun.elapsed().as_secs() < 60, "{:?}", house.get(GATE).send());
    }
    assert!(!may_pass(&house, "risk=low"));
}

#[test]
fn a_decision_can_be_shown_as_it_was_made_when_the_minutes_have_become_others() {
    let house = House::new();
    let slo = SLO.replace("30d", "1h").replace("target: 0.999", "target: 0.99");
    assert_eq!(house.put("/api/v1/documents/shop", &files(&slo)).send().status, 200);
    hour(&house, 1, 980, 20);
    let stop = recorded(&house, "stabilise");
    let entry = stop["recorded"]["entry"].as_u64().unwrap();
    let path = format!("/api/v1/decisions/{entry}");
    let made = house.get(&path).send().json();
    assert_eq!((&made["verdict"], &made["reasons"]), (&stop["verdict"], &stop["reasons"]));
    let reading = &made["readings"][0];
    assert_eq!(
        (&reading["budget"]["bad"], &reading["budget"]["good"]),
        (&json!(1180), &json!(57820))
    );

    // Late data says that it was not so bad: a new decision, and the old one stays what it was.
    hour(&house, 2, 1000, 0);
    let ship = recorded(&house, "ship");
    assert!(ship["recorded"]["entry"].as_u64().unwrap() > entry);
    assert_eq!(house.get(&path).send().json(), made);
    let history = house.get("/api/v1/services/checkout/decisions?days=1").send().json();
    let turns: Vec<&str> = history["turns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(turns[..2], ["ship", "stabilise"], "{history}");
    let minutes = history["minutes"].as_object().unwrap().values();
    assert_eq!(minutes.map(|minutes| minutes.as_i64().unwrap()).sum::<i64>(), 1440);

    for entry in ["0", "1", "999999", "x", "-1"] {
        house.get(&format!("/api/v1/decisions/{entry}")).send().problem(404, "not-found");
    }
    house.get("/api/v1/services/none/decisions").send().problem(404, "not-found");
    house.get("/api/v1/services/checkout/decisions?days=401").send().problem(400, "malformed");
}

/// Asks until this verdict is in the journal.
fn recorded(house: &House, verdict: &str) -> Value {
    let begun = std::time::Instant::now();
    loop {
        let answer = until(house, GATE, verdict);
        if !answer["recorded"].is_null() {
            return answer;
        }
        assert!(begun.elapsed().as_secs() < 60, "still {answer}");
    }
}

#[test]
fn what_cannot_be_asked_is_said() {
    let house = House::new();
    assert_eq!(house.put("/api/v1/documents/shop", &files(SLO)).send().status, 200);
    house.get("/api/v1/services/none/decision").send().problem(404, "not-found");
    for query in ["kind=P0%20Fix", "kind=", "change=a%0Ab"] {
        house.get(&format!("{GATE}?{query}")).send().problem(422, "invalid");
    }
    for query in ["risk=enormous", "riks=low", "kind=a&kind=b"] {
        house.get(&format!("{GATE}?{query}")).send().problem(400, "malformed");
    }
    let bare = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: bare}\nspec: {}\n";
    assert_eq!(house.put("/api/v1/documents/more", &files(bare)).send().status, 200);
    let answer = until(&house, "/api/v1/services/bare/decision", "unknown");
    let texts = ["there is no SLO to decide by", "it is declared since, and not decided on yet"];
    assert!(texts.contains(&answer["reasons"][0]["text"].as_str().unwrap()), "{answer}");
}

#[test]
fn an_exit_that_both_signed_lets_changes_of_ordinary_risk_pass_again() {
    let house = House::new();
    let slo = SLO.replace("30d", "1h").replace("target: 0.999", "target: 0.99");
    assert_eq!(house.put("/api/v1/documents/shop", &files(&slo)).send().status, 200);
    let place = "/api/v1/services/checkout/exit";
    let sign = |role: &str| house.post(place, &json!({"role": role, "reason": "a larger pool"}));
    hour(&house, 1, 1000, 0);
    recorded(&house, "ship");
    sign("product").send().problem(409, "conflict");
    hour(&house, 2, 980, 20);
    recorded(&house, "stabilise");
    let first = sign("product").send();
    assert_eq!((first.status, &first.json()["signed"][0]["role"]), (200, &json!("product")));
    sign("engineering").send().problem(409, "conflict");
    assert!(!may_pass(&house, "kind=feature"));

    assert_eq!(house.post("/api/v1/people", &json!({"handle": "bob"})).send().status, 201);
    let wish = json!({"person": "bob", "scopes": ["write"]});
    let token = house.post("/api/v1/tokens", &wish).send().json()["text"].clone();
    let body = json!({"role": "engineering", "reason": "seen under load"});
    let both = house
        .ask(axum::http::Method::POST, place)
        .token(token.as_str().unwrap())
        .json(&body)
        .send();
    // 200 % of the budget was used: 100 % less than nothing, and a tenth more.
    let floor = &both.json()["in_force"]["floors"][0]["left"];
    assert_eq!((both.status, floor), (200, &json!(-1.1)));
    let reason = "product: a larger pool; engineering: seen under load";
    assert_eq!(both.json()["in_force"]["reason"], reason);
    // Whoever signed last asks the gate, and it says so at once.
    assert_eq!(house.get(GATE).send().json()["verdict"], "caution");
    assert!(may_pass(&house, "kind=feature") && !may_pass(&house, "kind=feature&risk=high"));
    assert_eq!(house.get(place).send().json(), both.json());

    // It goes on: the exit is void.
    hour(&house, 3, 970, 30);
    until(&house, GATE, "stabilise");
    recorded(&house, "stabilise");
    assert!(house.get(place).send().json()["in_force"].is_null());
    house.get("/api/v1/services/none/exit").send().problem(404, "not-found");
}

#[test]
fn a_decision_says_what_exclusions_hide() {
    let house = House::new();
    let slo = SLO.replace("30d", "1h").replace("target: 0.999", "target: 0.99");
    assert_eq!(house.put("/api/v1/documents/shop", &files(&slo)).send().status, 200);
    hour(&house, 1, 1000, 0);
    until(&house, GATE, "ship");
    // 200 % of the budget, in ten minutes that somebody then takes out.
    let minute =
        |m: u64| json!({"minute": format!("2026-11-23T11:{m:02}:00Z"), "good": 882, "bad": 118});
    let body = json!({"generation": 2, "minutes": (10..20).map(minute).collect::<Vec<_>>()});
    assert_eq!(house.post("/api/v1/slis/checkout-good/samples", &body).send().status, 200);
    until(&house, GATE, "stabilise");
    let out = json!({"service": "checkout", "from": "2026-11-23T11:10:00Z",
        "to": "2026-11-23T11:20:00Z", "reason": "not ours"});
    assert_eq!(house.post("/api/v1/exclusions", &out).send().status, 201);
    let ship = recorded(&house, "ship");
    let why = "checkout-availability (99 % over 1h): 100 % of the budget is left; without the exclusions of 10m it \
               would be -100 %";
    assert_eq!(ship["reasons"][0]["text"], why);
    let made = house.get(&format!("/api/v1/decisions/{}", ship["recorded"]["entry"])).send().json();
    assert_eq!(made["readings"][0]["raw_left"], json!(-1));
    assert_eq!((&made["policy_version"], &made["policy_agreed"]), (&json!(0), &json!(false)));
}

#[test]
fn decisions_go_by_what_was_agreed_and_not_by_what_somebody_proposes() {
    let house = House::new();
    let slo = SLO.replace("30d", "1h").replace("target: 0.999", "target: 0.99");
    let policy = |spec: &str| {
        format!(
            "apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {{name: default}}\nspec: {{{spec}}}\n"
        )
    };
    let both = |slo: &str, spec: &str| {
        json!({"files": {"checkout.yaml": slo, "policy.yaml": policy(spec),
            "promise.yaml": super::promises::PROMISE}, "reason": "because"})
    };
    let set = "/api/v1/documents/shop";
    assert_eq!(house.put(set, &both(&slo, "solo: true")).send().status, 200);
    for place in ["policies/default", "promises/checkout"] {
        for role in ["product", "engineering"] {
            let body = json!({"role": role, "version": 1});
            let signed = house.post(&format!("/api/v1/{place}/agreements"), &body).send();
            assert_eq!(signed.status, 201, "{}", signed.json());
        }
    }
    hour(&house, 1, 980, 20);
    until(&house, GATE, "stabilise");

    // Half of all may fail, says a document, and features pass always.
    let lax = both(&slo.replace("target: 0.99", "target: 0.5"), "exemptKinds: [feature]");
    let applied = house.put(set, &lax).send();
    assert_eq!(applied.status, 200, "{}", applied.json());
    let begun = std::time::Instant::now();
    let said = |gate: &Value| gate["policy_agreement"].as_str().unwrap().to_owned();
    let mut gate = house.get(GATE).send().json();
    while !said(&gate).starts_with("version 2") {
        assert!(begun.elapsed().as_secs() < 60);
        gate = house.get(GATE).send().json();
    }
    let pending = "version 2, not signed by product and engineering; version 1 is in force";
    assert_eq!((&*said(&gate), &gate["promise_agreement"]), (pending, &json!(pending)));
    house.pass(60_000);
    let stop = until(&house, GATE, "stabilise");
    let why = "checkout-availability (99 % over 1h): the budget is spent; 200 % of it was used";
    assert_eq!(stop["reasons"][0]["text"], why);
    assert!(!may_pass(&house, "kind=feature"));
    assert!(may_pass(&house, "kind=p0-fix"));
    let shown = house.get("/api/v1/slos/checkout-availability").send().json();
    assert_eq!(shown["target"], json!(0.99));
    let proposed = json!([{"term": "target", "before": "99 %", "after": "50 %"}]);
    assert_eq!(shown["proposed"], proposed);

    // Signed by both, they hold.
    for place in ["promises/checkout", "policies/default"] {
        for role in ["product", "engineering"] {
            let body = json!({"role": role, "version": 2});
            let signed = house.post(&format!("/api/v1/{place}/agreements"), &body).send();
            assert_eq!(signed.status, 201, "{}", signed.json());
        }
    }
    until(&house, GATE, "ship");
    assert!(may_pass(&house, "kind=feature&risk=high"));
    assert_eq!(
        house.get("/api/v1/slos/checkout-availability").send().json()["proposed"],
        json!([])
    );
}
