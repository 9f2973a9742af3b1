//! The pages and metrics of decisions, statements and policies.

use serde_json::json;

use super::{House, documents::files, exceptions::spent};

fn text(house: &House, path: &str) -> String {
    let answer = house.get(path).send();
    assert_eq!(answer.status, 200, "{answer:?}");
    String::from_utf8(answer.bytes).unwrap()
}

fn holds(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<script") && !page.contains("style="));
}

#[test]
fn a_spent_budget_is_on_every_page_with_its_policy() {
    let house = spent("solo: true, reviewDate: 2026-11-22");
    // It is the 23rd. Half of the bad minutes are put down to a change, ten good and bad ones excluded.
    let change = json!({"sli": "checkout-good", "from": "2026-11-23T11:00:00Z",
        "to": "2026-11-23T11:30:00Z", "account": {"kind": "change", "name": "v5"}});
    assert_eq!(house.post("/api/v1/attributions", &change).send().status, 201);
    let excluded = json!({"sli": "checkout-good", "from": "2026-11-23T11:30:00Z",
        "to": "2026-11-23T11:39:00Z", "reason": "<b>agreed</b> work"});
    assert_eq!(house.post("/api/v1/exclusions", &excluded).send().status, 201);

    let page = text(&house, "/decisions");
    holds(
        &page,
        &[
            "checkout: <span class=\"spent\">stabilise</span>",
            "checkout-availability (99 % over 1h): the budget is spent; 200 % of it was used",
            "The policy had to be looked at again by 2026-11-22.",
            "Solo mode: by the policy default one person",
            "Policy default: version 1, not signed by",
        ],
    );
    // 20 of 1,000 were bad in each of 59 minutes; 1 % is allowed. Without nine minutes it is the same share, of which
    // 30 of 50 minutes were the change's.
    let page = text(&house, "/statements/checkout-availability");
    holds(
        &page,
        &[
            "checkout-availability over 1h",
            "<td>200 %</td><td>1,000 of 50,000</td>",
            "<td>200 %</td><td>1,180 of 59,000</td>",
            "<th scope=\"row\">change v5</th><td>120 %</td>",
            "<th scope=\"row\">unattributed</th><td>80 %</td>",
            "<th scope=\"row\">2026-11-23</th><td>change v5</td><td>120 %</td>",
            "&#60;b&#62;agreed&#60;/b&#62; work",
            "2026-11-23 11:30 to 2026-11-23 11:39",
        ],
    );
    house.get("/statements/none").send().problem(404, "not-found");
    house.get("/statements/checkout-availability?window=7d").send().problem(422, "invalid");
    holds(&text(&house, "/policies"), &["default", "version 1, not signed by", "by 2026-11-22"]);
}

#[test]
fn the_first_page_begins_with_what_needs_somebody_most() {
    let house = spent("solo: true");
    let service = |name: &str| {
        format!("apiVersion: openslo/v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{}}\n")
    };
    // Nothing is known of these.
    let others = format!("{}---\n{}", service("zoo"), service("basket"));
    let applied = house.put("/api/v1/documents/others", &files(&others)).send();
    assert_eq!(applied.status, 200, "{applied:?}");
    // They are there at once, decided on or not.
    let decisions = house.get("/api/v1/decisions").send().json();
    let verdict = |at: usize| decisions["items"][at]["verdict"].clone();
    assert_eq!([verdict(0), verdict(1), verdict(2)], ["unknown", "stabilise", "unknown"]);
    let page = text(&house, "/");
    let place = |name: &str| page.find(&format!("<h2>{name}")).unwrap_or_else(|| panic!("{page}"));
    assert!(place("checkout") < place("basket") && place("basket") < place("zoo"), "{page}");
}

#[test]
fn metrics_tell_what_the_gate_would_say_and_who_did_not_obey() {
    let house = spent("solo: true");
    for kind in ["deploy", "revert"] {
        let body = json!({"service": "checkout", "kind": kind, "id": format!("a-{kind}")});
        assert_eq!(house.post("/api/v1/changes", &body).send().status, 201);
    }
    let all = |house: &House| text(house, "/metrics");
    let obeyed = house.get("/api/v1/services/checkout/obedience").send().json()["changes"].clone();
    let obeyed = obeyed.as_u64().unwrap() - 1;
    let metrics = all(&house);
    for line in [
        "plimsoll_decision{service=\"checkout\",decision=\"stabilise\"} 1\n",
        "plimsoll_decision{service=\"checkout\",decision=\"ship\"} 0\n",
        // 11:59 on 23 November 2026.
        "plimsoll_decision_since_timestamp_seconds{service=\"checkout\"} 1795435140\n",
        "plimsoll_changes_lately{service=\"checkout\",obeyed=\"no\"} 1\n",
        &format!("plimsoll_changes_lately{{service=\"checkout\",obeyed=\"yes\"}} {obeyed}\n"),
        "plimsoll_exceptions{service=\"checkout\",status=\"waiting\"} 0\n",
        "plimsoll_service_promised{service=\"checkout\"} 0\n",
        "plimsoll_policy_agreed{policy=\"default\"} 0\n",
    ] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }
    // Of what nobody measures nothing is known, and a monitoring system hears that.
    let bare = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: bare}\nspec: {}\n";
    assert_eq!(house.put("/api/v1/documents/more", &files(bare)).send().status, 200);
    let metrics = all(&house);
    assert!(metrics.contains("plimsoll_decision{service=\"bare\",decision=\"unknown\"} 1\n"));
    assert!(metrics.contains("plimsoll_decision{service=\"bare\",decision=\"ship\"} 0\n"));
}
