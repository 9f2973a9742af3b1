//! Promises and policies: proposed by documents, agreed by people, broken by what is withdrawn.

use serde_json::{Value, json};

use super::{
    House,
    documents::{SLO, declare, files},
};

pub(super) const PROMISE: &str = "apiVersion: plimsoll/v1
kind: Promise
metadata: {name: checkout}
spec:
  service: checkout
  text: Whoever wants to pay <b>can</b> pay | always.
  slos: [checkout-availability]
  supportHours: 24x7
  tier: A
  owner: {person: ada, team: payments}
  reviewDate: 2027-05-01
";

const PLACE: &str = "/api/v1/promises/checkout";

fn promise(text: &str) -> Value {
    json!({"files": {"promise.yaml": text}})
}

/// A house in which a service promises something, and bob, who may write.
fn house() -> (House, String) {
    let house = House::new();
    declare(&house);
    let applied = house.put("/api/v1/documents/promises", &promise(PROMISE)).send();
    assert_eq!(applied.status, 200, "{}", applied.json());
    assert_eq!(
        applied.json()["proposed"],
        json!([{"kind": "promise", "name": "checkout", "version": 1}])
    );
    assert_eq!(house.post("/api/v1/people", &json!({"handle": "bob"})).send().status, 201);
    let wish = json!({"person": "bob", "scopes": ["write"]});
    let issued = house.post("/api/v1/tokens", &wish).send();
    assert_eq!(issued.status, 201, "{}", issued.json());
    let token = issued.json()["text"].as_str().unwrap().to_owned();
    (house, token)
}

fn sign(
    house: &House,
    place: &str,
    token: Option<&str>,
    role: &str,
    version: u32,
) -> super::house::Answer {
    let body = json!({"role": role, "version": version});
    let path = format!("{place}/agreements");
    match token {
        None => house.post(&path, &body).send(),
        Some(token) => house.ask(axum::http::Method::POST, &path).token(token).json(&body).send(),
    }
}

#[test]
fn a_promise_is_proposed_signed_by_two_and_superseded() {
    let (house, bob) = house();
    let shown = house.get(PLACE).send().json();
    assert_eq!(shown["state"], "not-agreed");
    assert_eq!(shown["slos"][0]["target"], json!(0.999));
    let standing = &shown["standing"];
    assert_eq!(standing["missing"], json!(["product", "engineering"]));
    assert_eq!(shown["policy"]["standing"]["text"], "nobody agreed to it");

    let first = sign(&house, PLACE, None, "product", 1);
    assert_eq!(first.status, 201, "{}", first.json());
    assert_eq!(first.header("location"), Some(PLACE));
    assert_eq!(first.json()["standing"]["missing"], json!(["engineering"]));
    // The same again is the same; the same person for the other role is refused.
    assert_eq!(sign(&house, PLACE, None, "product", 1).status, 201);
    let own = sign(&house, PLACE, None, "engineering", 1).problem(409, "conflict");
    assert_eq!(own["detail"], "ada signed version 1 for product already");
    sign(&house, PLACE, Some(&bob), "engineering", 7).problem(409, "conflict");
    let second = sign(&house, PLACE, Some(&bob), "engineering", 1).json();
    assert_eq!(second["standing"]["agreed"], true, "{second}");
    assert_eq!(house.get(PLACE).send().json()["state"], "agreed");

    // Another target is another version, with a reason, wherever the objective is declared.
    let softer = files(&SLO.replace("0.999", "0.99"));
    let plan = house.post("/api/v1/documents/shop/plan", &softer).send().json();
    let difference = "slo checkout-availability: target 99.9 % → 99 %";
    assert_eq!(
        plan["proposals"],
        json!([{"kind": "promise", "name": "checkout", "version": 2, "needs_reason": true, "differences": [difference]}])
    );
    let refused = house.put("/api/v1/documents/shop", &softer).send().problem(422, "invalid");
    let detail =
        format!("agreed terms would change without a reason: promise checkout ({difference})");
    assert_eq!(refused["detail"], json!(detail));
    let mut reasoned = softer;
    reasoned["reason"] = json!("nobody noticed the outage");
    assert_eq!(house.put("/api/v1/documents/shop", &reasoned).send().status, 200);
    sign(&house, PLACE, Some(&bob), "engineering", 1).problem(409, "conflict");
    let shown = house.get(PLACE).send().json();
    assert_eq!(
        (&shown["state"], &shown["standing"]["in_force"]),
        (&json!("not-agreed"), &json!(1))
    );
    let versions = shown["versions"].as_array().unwrap();
    assert_eq!(versions[0]["reason"], "nobody noticed the outage");
    assert_eq!(
        versions[0]["changes"],
        json!([{"term": "slo checkout-availability: target", "before": "99.9 %", "after": "99 %"}])
    );
    assert_eq!(versions[1]["stage"], "agreed");
    assert_eq!(versions[1]["signatures"][0]["by"]["person"], "ada");
    for (token, role) in [(None, "engineering"), (Some(&*bob), "product")] {
        assert_eq!(sign(&house, PLACE, token, role, 2).status, 201);
    }
    let shown = house.get(PLACE).send().json();
    assert_eq!(
        (&shown["versions"][0]["stage"], &shown["versions"][1]["stage"]),
        (&json!("agreed"), &json!("superseded"))
    );

    // After a restart all of it is there.
    let house = house.again();
    let again = house.get(PLACE).send();
    assert_eq!(again.json(), shown);
    let tag = again.header("etag").unwrap().to_owned();
    assert_eq!(house.get(PLACE).header("if-none-match", &tag).send().status, 304);
}

#[test]
fn a_policy_is_agreed_and_names_who_may_sign() {
    let (house, bob) = house();
    let place = "/api/v1/policies/default";
    let built_in = house.get(place).send().json();
    assert_eq!(
        (&built_in["declared"], &built_in["standing"]["version"]),
        (&Value::Null, &json!(0))
    );
    // Every decision says whether its policy was agreed.
    let said = |house: &House| {
        let decision = house.get("/api/v1/services/checkout/decision").send().json();
        (decision["policy_agreed"].clone(), decision["policy_agreement"].clone())
    };
    assert_eq!(said(&house), (json!(false), json!("nobody agreed to it")));
    sign(&house, place, None, "product", 1).problem(409, "conflict");
    let text = "apiVersion: plimsoll/v1\nkind: BudgetPolicy\nmetadata: {name: default}\nspec: {approvers: {product: [bob], engineering: [ada]}, reviewDate: 2026-11-22}\n";
    let body = json!({"files": {"policy.yaml": text}});
    assert_eq!(house.put("/api/v1/documents/policy", &body).send().status, 200);
    let refused = sign(&house, place, None, "product", 1).problem(409, "conflict");
    assert_eq!(refused["detail"], "ada may not sign for product by the policy default");
    sign(&house, PLACE, None, "product", 1).problem(409, "conflict");
    assert_eq!(sign(&house, place, Some(&bob), "product", 1).status, 201);
    assert_eq!(said(&house), (json!(false), json!("version 1, not signed by engineering")));
    assert_eq!(sign(&house, place, None, "engineering", 1).status, 201);
    assert_eq!(said(&house), (json!(true), json!("version 1, agreed")));
    let policy = house.get(place).send().json();
    assert_eq!(
        (&policy["standing"]["agreed"], &policy["stale"]),
        (&json!(true), &json!(true)),
        "{policy}"
    );
    assert_eq!(policy["promises"], json!(["checkout"]));
    let list = house.get("/api/v1/policies").send().json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    house.get("/api/v1/policies/none").send().problem(404, "not-found");
}

#[test]
fn who_has_no_token_or_no_scope_signs_nothing() {
    let (house, _) = house();
    let path = format!("{PLACE}/agreements");
    let body = json!({"role": "product", "version": 1});
    house.ask(axum::http::Method::POST, &path).json(&body).send().problem(401, "token-needed");
    let reader = house.token(&["read"]);
    sign(&house, PLACE, Some(&reader), "product", 1).problem(403, "scope-missing");
    for body in [
        json!({"role": "boss", "version": 1}),
        json!({"role": "product"}),
        json!({"role": "product", "version": -1}),
        json!({"role": "product", "version": 1, "x": 1}),
    ] {
        house.post(&path, &body).send().problem(422, "invalid");
    }
    sign(&house, "/api/v1/promises/none", None, "product", 1).problem(404, "not-found");
}

#[test]
fn coverage_pages_and_exports_say_what_is_missing() {
    let (house, _) = house();
    let bare = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: bare}\nspec: {}\n";
    assert_eq!(house.put("/api/v1/documents/more", &files(bare)).send().status, 200);
    let gaps = |house: &House, service: &str| {
        let coverage = house.get("/api/v1/promises/coverage").send().json();
        let items = coverage["items"].as_array().unwrap().clone();
        let of = items.iter().find(|item| item["service"] == service).unwrap()["gaps"].clone();
        of.as_array()
            .unwrap()
            .iter()
            .map(|gap| gap["gap"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(gaps(&house, "bare"), ["no-promise"]);
    assert_eq!(gaps(&house, "checkout"), ["not-agreed"]);
    let coverage = house.get("/api/v1/promises/coverage?limit=1").send().json();
    assert_eq!(
        (&coverage["services"], &coverage["covered"], &coverage["share"]),
        (&json!(2), &json!(0), &json!(0))
    );
    assert!(coverage["next"].is_string());

    let markdown = house.get("/api/v1/promises/export").send();
    assert_eq!(markdown.header("content-type"), Some("text/markdown; charset=utf-8"));
    let text = String::from_utf8(markdown.bytes).unwrap();
    assert!(
        text.contains("> Whoever wants to pay &lt;b&gt;can&lt;/b&gt; pay \\| always."),
        "{text}"
    );
    assert!(text.contains("| checkout-availability | 99.9 % | 30d |"), "{text}");
    assert!(text.contains("## Nothing is promised\n\n- bare\n"), "{text}");
    let html = house.get("/api/v1/promises/export?format=html").send();
    assert_eq!(html.header("content-type"), Some("text/html; charset=utf-8"));
    let text = String::from_utf8(html.bytes).unwrap();
    assert!(text.contains("can") && !text.contains("<b>"), "{text}");
    house.get("/api/v1/promises/export?format=pdf").send().problem(400, "malformed");

    // Half a year later it is stale; without its objective it is broken, everywhere.
    house.pass(200 * 24 * 3600 * 1000);
    assert_eq!(gaps(&house, "checkout"), ["not-agreed", "stale"]);
    let service = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: checkout}\nspec: {}\n";
    let late = house.post("/api/v1/documents/promises/plan", &promise(PROMISE)).send().json();
    assert_eq!(late["problems"][0]["code"], "review-overdue", "{late}");
    let mut without = files(service);
    let plan = house.post("/api/v1/documents/shop/plan", &without).send().json();
    let why = json!(["slo checkout-availability was withdrawn"]);
    assert_eq!(plan["breaks"], json!([{"promise": "checkout", "why": why}]));
    without["delete"] = json!(true);
    assert_eq!(house.put("/api/v1/documents/shop", &without).send().status, 200);
    assert_eq!(gaps(&house, "checkout"), ["broken", "not-agreed", "stale"]);
    let shown = house.get(PLACE).send().json();
    assert_eq!((&shown["state"], &shown["slos"][0]["target"]), (&json!("broken"), &Value::Null));
    sign(&house, PLACE, None, "product", 1).problem(409, "conflict");
    for path in ["/promises", "/api/v1/promises/export", "/api/v1/promises/export?format=html"] {
        let text = String::from_utf8(house.get(path).send().bytes).unwrap();
        assert!(text.contains("broken: slo checkout-availability was withdrawn"), "{path}: {text}");
    }
    // Documents that name what is gone are refused as they stand.
    let refused = house.put("/api/v1/documents/promises", &promise(PROMISE)).send();
    let problems = refused.problem(422, "invalid")["problems"].clone();
    assert_eq!(
        (&problems[0]["code"], &problems[0]["line"]),
        (&json!("unknown-to-promise"), &json!(7))
    );

    // Where the service goes, too, its promise does not vanish with it.
    let nothing = json!({"files": {}, "delete": true});
    assert_eq!(house.put("/api/v1/documents/shop", &nothing).send().status, 200);
    assert_eq!(gaps(&house, "checkout"), ["broken", "not-agreed", "stale"]);
    let coverage = house.get("/api/v1/promises/coverage").send().json();
    assert_eq!(
        (&coverage["services"], &coverage["gaps"]["broken"]),
        (&json!(2), &json!(1)),
        "{coverage}"
    );
}
