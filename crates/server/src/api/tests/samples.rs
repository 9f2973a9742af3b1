//! Samples, and the budgets that follow from them.

use serde_json::{Value, json};

use super::{
    House,
    documents::{SLO, declare, files},
};

fn push(house: &House, generation: u64, minutes: &Value) -> super::house::Answer {
    let body = json!({"generation": generation, "minutes": minutes});
    house.post("/api/v1/slis/checkout-good/samples", &body).send()
}

fn counts(minute: &str, good: u64, bad: u64) -> Value {
    json!({"minute": format!("2026-11-23T{minute}:00Z"), "good": good, "bad": bad})
}

#[test]
fn a_budget_of_minutes_that_are_gone_says_so() {
    let house = House::new();
    declare(&house);
    // Slots are kept for 90 days and a day more, from midnight on: at noon of 23 November from 24 August.
    let gone = json!("minutes before 2026-08-24T00:00:00Z are not kept any more");
    let slo = "/api/v1/slos/checkout-availability";
    for (day, why) in
        [("08-20", &gone), ("09-22", &gone), ("09-23", &Value::Null), ("11-23", &Value::Null)]
    {
        let at = format!("at=2026-{day}T00:00:00Z");
        let ask = |path: &str| house.get(&format!("{path}?{at}")).send().json();
        let budgets = ask("/api/v1/budgets")["items"][0]["windows"][0].clone();
        assert_eq!((&budgets["why"], &budgets["budget"]["good"]), (why, &json!(0)), "{day}");
        assert_eq!(&ask(&format!("{slo}/budget"))["windows"][0]["why"], why, "{day}");
        assert_eq!(&ask(&format!("{slo}/windows"))["windows"][0]["why"], why, "{day}");
        assert_eq!(&ask(&format!("{slo}/statement"))["why"], why, "{day}");
    }
}

#[test]
fn marks_that_say_nothing_are_told_so() {
    let house = House::new();
    assert_eq!(house.put("/api/v1/documents/shop", &files(SLO)).send().status, 200);
    let old = json!({"service": "checkout", "from": "1970-01-02T00:00:00Z",
        "to": "1970-01-02T01:00:00Z", "reason": "long ago"});
    let refused = house.post("/api/v1/exclusions", &old).send().problem(422, "invalid");
    assert!(refused["detail"].as_str().unwrap().contains("the oldest is 2026-"), "{refused}");
    let mut mark = json!({"service": "checkout", "from": "2026-11-23T11:00:00Z",
        "to": "2026-11-23T11:30:00Z", "account": {"kind": "change", "name": "no-such"}});
    let doubt =
        |mark: &Value| house.post("/api/v1/attributions", mark).send().json()["doubt"].clone();
    assert!(doubt(&mark).as_str().unwrap().starts_with("no change \"no-such\" is kept here"));
    let change = json!({"service": "checkout", "kind": "deploy", "id": "v7"});
    assert_eq!(house.post("/api/v1/changes", &change).send().status, 201);
    mark["account"]["name"] = json!("v7");
    assert_eq!(doubt(&mark), Value::Null);
}

#[test]
fn samples_are_kept_once_and_corrected_by_a_higher_generation() {
    let house = House::new();
    declare(&house);
    let minutes = json!([
        counts("11:55", 990, 10),
        {"minute": "2026-11-23T11:56:00Z", "state": "no_traffic"},
        {"minute": "2026-11-23T11:57:00Z", "state": "partial", "good": 3, "bad": 1},
    ]);
    assert_eq!(push(&house, 1, &minutes).json(), json!({"changed": 3, "repeated": 0}));
    assert_eq!(push(&house, 1, &minutes).json(), json!({"changed": 0, "repeated": 3}));
    let other = json!([counts("11:54", 1, 0), counts("11:55", 991, 9)]);
    let conflict = push(&house, 1, &other).problem(409, "generation-conflict");
    assert_eq!(conflict["minute"], "2026-11-23T11:55:00Z");
    assert_eq!(conflict["kept_generation"], 1);
    assert_eq!(push(&house, 2, &other).json()["changed"], 2);
    push(&house, 1, &json!([counts("11:55", 1, 1)])).problem(409, "generation-conflict");
    let health = house.get("/api/v1/sources/pushed").send().json()["health"].clone();
    // Three pushes were taken and two refused; 11:57 is the newest minute, and 11:59 the first that does not count yet.
    assert_eq!((&health["taken"], &health["rejected"]), (&json!(3), &json!(2)), "{health}");
    assert_eq!(
        (&health["newest"], &health["lag_minutes"]),
        (&json!("2026-11-23T11:57:00Z"), &json!(1))
    );

    let house = house.again();
    let path = "/api/v1/slis/checkout-good/slots?from=2026-11-23T11:54:00Z&to=2026-11-23T11:59:00Z";
    let slots = house.get(path).send().json();
    let seen: Vec<(&str, u64, u64)> = slots["minutes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slot| {
            let count = |name: &str| slot[name].as_u64().unwrap();
            (slot["state"].as_str().unwrap(), count("good"), count("bad"))
        })
        .collect();
    let expected = [
        ("measured", 1, 0),
        ("measured", 991, 9),
        ("no_traffic", 0, 0),
        ("partial", 3, 1),
        ("missing", 0, 0),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn what_makes_no_sense_is_refused_whole() {
    let house = House::new();
    declare(&house);
    let wrong = |generation, minutes: Value, status, code| {
        push(&house, generation, &minutes).problem(status, code);
    };
    wrong(0, json!([counts("11:55", 1, 0)]), 422, "invalid");
    wrong(1, json!([counts("11:55", 1, 0), counts("11:55", 1, 0)]), 422, "invalid");
    wrong(1, json!([counts("12:05", 1, 0)]), 422, "invalid");
    wrong(1, json!([{"minute": "2016-01-01T00:00:00Z", "good": 1, "bad": 0}]), 422, "invalid");
    wrong(1, json!([counts("11:55", (1 << 36) + 1, 0)]), 422, "invalid");
    wrong(1, json!([{"minute": "2026-11-23T11:55:00Z"}]), 422, "invalid");
    wrong(
        1,
        json!([{"minute": "2026-11-23T11:55:00Z", "state": "no_traffic", "bad": 1}]),
        422,
        "invalid",
    );
    wrong(1, json!([{"minute": "2026-11-23T11:55:07Z", "good": 1, "bad": 0}]), 422, "invalid");
    for half in [
        json!({"good": 1}),
        json!({"good": 5, "bad": null}),
        json!({"bad": 0}),
        json!({"good": 1, "state": "partial"}),
    ] {
        let mut sample = json!({"minute": "2026-11-23T11:55:00Z"});
        sample.as_object_mut().unwrap().extend(half.as_object().unwrap().clone());
        wrong(1, json!([sample]), 422, "invalid");
    }
    let huge = json!([{"minute": "2026-11-23T11:55:00Z", "state": "partial", "good": u64::MAX, "bad": u64::MAX}]);
    wrong(1, huge, 422, "invalid");
    let body = json!({"generation": 1, "minutes": []});
    house.post("/api/v1/slis/absent/samples", &body).send().problem(404, "not-found");
    // One of two is wrong: neither is kept.
    let two = json!({"batches": [
        {"sli": "checkout-good", "generation": 1, "minutes": [counts("11:55", 1, 0)]},
        {"sli": "checkout-good", "generation": 0, "minutes": [counts("11:56", 1, 0)]},
    ]});
    let refused = house.post("/api/v1/samples", &two).send().problem(422, "invalid");
    // It is wrong as a whole, and no minute of it.
    assert_eq!((&refused["sli"], refused.get("minute")), (&json!("checkout-good"), None));
    let slots = house.get("/api/v1/slis/checkout-good/slots").send().json();
    let minutes = slots["minutes"].as_array().unwrap();
    assert_eq!(minutes.len(), 60);
    assert!(minutes.iter().all(|slot| slot["state"] == "missing"));
}

#[test]
fn a_budget_is_what_the_counts_say() {
    let house = House::new();
    declare(&house);
    let minutes = json!([counts("11:50", 9_995, 5), counts("11:51", 10_000, 0)]);
    assert_eq!(push(&house, 1, &minutes).status, 200);
    // 5 of 20,000 were bad; 99.9 % allows 20: a quarter is spent. 2 of 43,200 minutes were seen.
    let answer = house.get("/api/v1/slos/checkout-availability/budget").send();
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    for exact in [
        "\"left\":0.75,",
        "\"spent\":0.25,",
        "\"target\":0.999,",
        "\"left_events\":15}",
        "\"coverage\":0.000046296,",
    ] {
        assert!(text.contains(exact), "{exact}: {text}");
    }
    let budget = answer.json();
    assert_eq!(
        (&budget["windows"][0]["window"], &budget["windows"][0]["budget"]["bad"]),
        (&json!("30d"), &json!(5))
    );
    // In the last hour: a burn rate of 5 / 20,000 / 0.001 = 0.25; in the last five minutes nothing was seen.
    assert_eq!(budget["burns"][2]["lookback_minutes"], 60);
    assert!(text.contains("\"lookback_minutes\":60,\"rate\":0.25,"), "{text}");
    let before =
        house.get("/api/v1/slos/checkout-availability/budget?at=2026-11-23T11:50:00Z").send();
    assert_eq!(before.json()["windows"][0]["budget"]["good"], 0);

    let mark = json!({"sli": "checkout-good", "from": "2026-11-23T11:50:00Z", "to": "2026-11-23T11:51:00Z",
        "account": {"kind": "change", "name": "deploy-7"}});
    assert_eq!(house.post("/api/v1/attributions", &mark).send().status, 201);
    let statement =
        house.get("/api/v1/slos/checkout-availability/statement?window=30d").send().json();
    assert_eq!(
        statement["postings"],
        json!([{"account": "change", "name": "deploy-7", "share": 0.25,
            "days": [{"day": "2026-11-23", "share": 0.25}]}])
    );
    assert_eq!(statement["raw"], statement["budget"]);
    let attributed = &statement["attributions"][0];
    assert_eq!((&attributed["by"]["person"], &attributed["from"]), (&json!("ada"), &mark["from"]));
    let path = "/api/v1/slos/checkout-availability/statement?window=7d";
    house.get(path).send().problem(422, "invalid");

    let out = json!({"service": "checkout", "from": "2026-11-23T11:50:00Z", "to": "2026-11-23T11:51:00Z",
        "reason": "agreed"});
    assert_eq!(house.post("/api/v1/exclusions", &out).send().status, 201);
    let without = house.get("/api/v1/slos/checkout-availability/windows").send().json();
    let budget = &without["windows"][0]["budget"];
    assert_eq!((&budget["bad"], &budget["excluded_minutes"]), (&json!(0), &json!(1)));
    // Raw and adjusted stand side by side.
    let raw = &without["windows"][0]["raw"];
    assert_eq!((&raw["bad"], &raw["excluded_minutes"]), (&json!(5), &json!(0)));
    let statement = house.get("/api/v1/slos/checkout-availability/statement").send().json();
    assert_eq!((&statement["raw"]["spent"], &statement["postings"]), (&json!(0.25), &json!([])));
    assert_eq!(statement["exclusions"][0]["reason"], "agreed");
}

#[test]
fn pages_and_metrics_tell_of_every_objective() {
    let house = House::new();
    declare(&house);
    assert_eq!(push(&house, 1, &json!([counts("11:50", 9_995, 5)])).status, 200);
    // The figures of a start are there at once.
    let house = house.again();
    let metrics = String::from_utf8(house.get("/metrics").send().bytes).unwrap();
    for line in [
        "plimsoll_slo_target_ratio{slo=\"checkout-availability\",service=\"checkout\"} 0.999\n",
        "plimsoll_slo_budget_left_ratio{slo=\"checkout-availability\",window=\"30d\"} 0.5\n",
        "plimsoll_slo_window_events{slo=\"checkout-availability\",window=\"30d\",result=\"bad\"} 5\n",
        "plimsoll_slo_burn_rate{slo=\"checkout-availability\",lookback=\"60m\"} 0.5\n",
        "plimsoll_journal_up 1\n",
        "plimsoll_objects{kind=\"slo\"} 1\n",
    ] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }
    let page = house.get("/").send();
    let html = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    for part in ["checkout-availability", "99.9 %", "30d", ">50 % <"] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains("<script") && !html.contains("http://") && !html.contains("style="));
    assert_eq!(house.get("/style.css").send().status, 200);
    assert_eq!(house.get("/-/ready").send().json(), json!({"ready": true}));
    assert_eq!(house.get("/-/healthy").send().bytes, b"ok\n");
}

/// The clock stands still here: no minute ends after these were sent.
#[test]
fn late_minutes_are_on_the_page_without_waiting_for_the_next_minute() {
    let house = House::new();
    declare(&house);
    assert_eq!(push(&house, 1, &json!([counts("11:50", 9_995, 5)])).status, 200);
    let begun = std::time::Instant::now();
    let shown = || String::from_utf8(house.get("/").send().bytes).unwrap().contains(">50 % <");
    while !shown() {
        assert!(begun.elapsed().as_secs() < 60, "it is not shown");
        std::thread::yield_now();
    }
}

#[test]
fn all_budgets_are_listed_as_each_is_shown() {
    let house = House::new();
    declare(&house);
    let other = SLO.replace("checkout", "search").replace("pushed", "counted");
    let applied = house.put("/api/v1/documents/search", &files(&other)).send();
    assert_eq!(applied.status, 200, "{}", applied.json());
    push(&house, 1, &json!([counts("11:40", 990, 10), counts("11:55", 500, 0)]));
    for moment in ["", "at=2026-11-23T11:50:00Z"] {
        let one = |slo: &str| {
            house.get(&format!("/api/v1/slos/{slo}-availability/budget?{moment}")).send().json()
        };
        let both = json!([one("checkout"), one("search")]);
        assert_eq!(both[0]["windows"][0]["budget"]["bad"], 10);
        let list = house.get(&format!("/api/v1/budgets?{moment}")).send().json();
        assert_eq!(list, json!({"items": both, "next": null}));
        let page = house.get(&format!("/api/v1/budgets?limit=1&{moment}")).send().json();
        let next = page["next"].as_str().unwrap();
        let rest = house.get(&format!("/api/v1/budgets?cursor={next}&{moment}")).send().json();
        assert_eq!((&page["items"][0], &rest["items"][0]), (&both[0], &both[1]));
        assert_eq!(rest["next"], json!(null));
    }
    house.get("/api/v1/budgets?at=soon").send().problem(422, "invalid");
    // What is yet to come has no figures, and those of now are not its.
    for path in
        ["budgets?", "slos/checkout-availability/statement?", "slos/checkout-availability/windows?"]
    {
        house.get(&format!("/api/v1/{path}at=2126-11-23T12:00:00Z")).send().problem(422, "invalid");
    }
}
