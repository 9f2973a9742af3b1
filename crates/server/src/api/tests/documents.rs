//! Documents, and the objects that they declare.

use axum::http::Method;
use serde_json::{Value, json};

use super::House;

pub(super) const SLO: &str = "apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout-availability
spec:
  service: checkout
  indicator:
    metadata:
      name: checkout-good
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {metricSourceRef: pushed, type: push, spec: {name: checkout-good}}}
        total: {metricSource: {metricSourceRef: pushed, type: push, spec: {name: checkout-good}}}
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  objectives: [{target: 0.999}]
---
apiVersion: openslo/v1
kind: DataSource
metadata:
  name: pushed
spec:
  type: push
  connectionDetails: {}
";

pub(super) fn files(text: &str) -> Value {
    json!({"files": {"checkout.yaml": text}})
}

pub(super) fn declare(house: &House) {
    let applied = house.put("/api/v1/documents/shop", &files(SLO)).send();
    assert_eq!(applied.status, 200, "{}", applied.json());
}

#[test]
fn files_are_planned_applied_and_shown() {
    let house = House::new();
    let plan = house.post("/api/v1/documents/shop/plan", &files(SLO)).send().json();
    assert_eq!((&plan["refused"], &plan["unchanged"]), (&json!(false), &json!(0)), "{plan}");
    let planned: Vec<(&Value, &Value)> = plan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (&change["action"], &change["name"]))
        .collect();
    let declare = &json!("declare");
    assert_eq!(
        planned,
        [
            (declare, &json!("checkout")),
            (declare, &json!("pushed")),
            (declare, &json!("checkout-good")),
            (declare, &json!("checkout-availability")),
        ]
    );
    assert_eq!(house.get("/api/v1/documents").send().json()["items"], json!([]));

    let applied = house.put("/api/v1/documents/shop", &files(SLO)).send().json();
    assert_eq!(applied["declared"].as_array().unwrap().len(), 4, "{applied}");
    let again = house.put("/api/v1/documents/shop", &files(SLO)).send().json();
    assert_eq!((&again["declared"], &again["seq"]), (&json!([]), &applied["seq"]));
    let sets = house.get("/api/v1/documents").send().json();
    assert_eq!(sets["items"], json!([{"set": "shop", "files": 1, "objects": 4}]));

    let slo = house.get("/api/v1/slos/checkout-availability").send();
    let text = String::from_utf8(slo.bytes.clone()).unwrap();
    assert!(text.contains("\"target\":0.999,"), "{text}");
    assert_eq!(slo.json()["windows"], json!(["30d"]));
    assert_eq!(slo.json()["declared"]["set"], "shop");
    let sli = house.get("/api/v1/slis/checkout-good").send().json();
    assert_eq!((&sli["source"], &sli["measure"]), (&json!("pushed"), &json!({"kind": "pushed"})));
    let source = house.get("/api/v1/sources/pushed").send().json();
    assert_eq!(source["feed"], json!({"kind": "push"}));
    let service = house.get("/api/v1/services/checkout").send().json();
    assert_eq!(service["slos"], json!(["checkout-availability"]));
    assert_eq!(service["slis"], json!(["checkout-good"]));
    for kind in ["services", "slis", "slos", "sources"] {
        let list = house.get(&format!("/api/v1/{kind}")).send().json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{kind}");
        house.get(&format!("/api/v1/{kind}/absent")).send().problem(404, "not-found");
    }
}

#[test]
fn every_problem_of_every_file_is_told_and_nothing_is_applied() {
    let house = House::new();
    let wrong = SLO.replace("0.999", "1.5").replace("kind: DataSource", "kind: DataSauce");
    let body = json!({"files": {"a.yaml": wrong, "b.yaml": "a: [", "c.yaml": SLO}});
    let problem = house.put("/api/v1/documents/shop", &body).send().problem(422, "invalid");
    let problems = problem["problems"].as_array().unwrap();
    assert!(problems.len() >= 3, "{problem}");
    for place in ["a.yaml", "b.yaml"] {
        let found = problems.iter().find(|one| one["path"] == place).unwrap();
        for said in ["line", "column", "severity", "code", "message"] {
            assert!(!found[said].is_null(), "{found}");
        }
    }
    assert_eq!(house.get("/api/v1/slos").send().json()["items"], json!([]));
    let check = house.ask(Method::POST, "/api/v1/documents/check").json(&body).send().json();
    assert_eq!((&check["refused"], &check["problems"]), (&json!(true), &problem["problems"]));
    house.put("/api/v1/documents/a%2Fb", &files(SLO)).send().problem(422, "invalid");
    house.put("/api/v1/documents/%2E%2E", &files(SLO)).send().problem(422, "invalid");
}

#[test]
fn what_goes_is_asked_for_first() {
    let house = House::new();
    declare(&house);
    let nothing = json!({"files": {}});
    let refused = house.put("/api/v1/documents/shop", &nothing).send().problem(409, "conflict");
    assert_eq!(refused["withdrawn"].as_array().unwrap().len(), 4, "{refused}");
    let tag = house.get("/api/v1/documents/shop").send().header("etag").unwrap().to_owned();
    let delete = json!({"files": {}, "delete": true});
    let put =
        |tag: &str| house.put("/api/v1/documents/shop", &delete).header("if-match", tag).send();
    put("\"0\"").problem(412, "changed");
    let done = put(&tag);
    assert_eq!((done.status, done.json()["withdrawn"].as_array().unwrap().len()), (200, 4));
    put(&tag).problem(412, "changed");
    house.get("/api/v1/documents/shop").send().problem(404, "not-found");
}

#[test]
fn what_was_planned_is_applied_or_nothing_is() {
    let house = House::new();
    let path = "/api/v1/documents/shop";
    let tag = |text: &str| {
        let plan = house.post(&format!("{path}/plan"), &files(text)).send().json();
        plan["etag"].as_str().map(str::to_owned)
    };
    assert_eq!(tag(SLO), None);
    let first = || house.put(path, &files(SLO)).header("if-none-match", "*").send();
    assert_eq!(first().status, 200);
    first().problem(412, "changed");
    let planned = tag(SLO).unwrap();
    let shown = house.get(path).header("if-none-match", &planned).send();
    assert_eq!((shown.status, shown.header("etag")), (304, Some(&*planned)));
    // What other sets declare does not matter; that an object keeps its name does not help.
    let other = SLO.replace("checkout", "search").replace("pushed", "counted");
    let elsewhere = house.put("/api/v1/documents/search", &files(&other)).send();
    assert_eq!(elsewhere.status, 200, "{}", elsewhere.json());
    let put = |target: &str, tag: &str| {
        let text = SLO.replace("0.999", target);
        house.put(path, &files(&text)).header("if-match", tag).send()
    };
    assert_eq!(put("0.95", &planned).status, 200);
    put("0.99", &planned).problem(412, "changed");
    let slo = house.get("/api/v1/slos/checkout-availability").send().json();
    assert_eq!(slo["target"], json!(0.95));
    assert_eq!(put("0.99", &tag(SLO).unwrap()).status, 200);
}

#[test]
fn intervals_are_marked_listed_and_taken_back() {
    let house = House::new();
    declare(&house);
    for (kind, more) in [
        ("exclusions", json!({"reason": "moved house"})),
        ("attributions", json!({"account": {"kind": "incident", "name": "INC-7"}})),
    ] {
        let path = format!("/api/v1/{kind}");
        let wish = |sli: &str, from: &str| {
            let mut wish = json!({"sli": sli, "from": from, "to": "2026-11-23T12:30:00+01:00"});
            wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            wish
        };
        let wanted = wish("checkout-good", "2026-11-23T11:00:00Z");
        let made = house.post(&path, &wanted).send();
        assert_eq!(made.status, 201, "{}", made.json());
        let mark = made.json();
        assert_eq!(mark["to"], "2026-11-23T11:30:00Z");
        assert_eq!(mark["by"], json!({"kind": "owner", "person": "ada"}));
        let place = made.header("location").unwrap();
        let shown = house.get(place).send();
        assert_eq!(shown.json(), mark);
        house.pass(1);
        house.post(&path, &wish("checkout-good", "2026-11-23T11:10:00Z")).send();
        let list = house.get(&format!("{path}?limit=1")).send().json();
        assert_eq!(list["items"], json!([mark]));
        let next = format!("{path}?cursor={}", list["next"].as_str().unwrap());
        assert_eq!(house.get(&next).send().json()["items"].as_array().unwrap().len(), 1);
        let others = house.get(&format!("{path}?service=checkout")).send().json();
        assert_eq!(others["items"], json!([]));

        house.post(&path, &wish("absent", "2026-11-23T11:00:00Z")).send().problem(404, "not-found");
        house
            .post(&path, &wish("checkout-good", "2026-11-23T11:00:30Z"))
            .send()
            .problem(422, "invalid");
        house
            .post(&path, &wish("checkout-good", "2026-11-23T12:00:00Z"))
            .send()
            .problem(422, "invalid");

        house.delete(place).header("if-match", "\"x\"").send().problem(412, "changed");
        let tag = shown.header("etag").unwrap();
        assert_eq!(house.delete(place).header("if-match", tag).send().status, 204);
        house.delete(place).send().problem(404, "not-found");
        house.get(place).send().problem(404, "not-found");
    }
}
