//! People and tokens.

use serde_json::json;

use super::House;

#[test]
fn a_person_is_added_listed_shown_and_erased() {
    let house = House::new();
    let added = house.post("/api/v1/people", &json!({"handle": "bob"})).send();
    assert_eq!((added.status, added.header("location")), (201, Some("/api/v1/people/bob")));
    let bob = json!({"handle": "bob", "added": "2026-11-23T12:00:00Z", "erased": null});
    assert_eq!(added.json(), bob);
    house.post("/api/v1/people", &json!({"handle": "bob"})).send().problem(409, "conflict");
    house.post("/api/v1/people", &json!({"handle": "Bob"})).send().problem(422, "invalid");

    let page = house.get("/api/v1/people?limit=1").send().json();
    assert_eq!(page["items"][0]["handle"], "ada");
    let next = page["next"].as_str().unwrap();
    let page = house.get(&format!("/api/v1/people?limit=1&cursor={next}")).send().json();
    assert_eq!((&page["items"][0], &page["next"]), (&bob, &json!(null)));

    let shown = house.get("/api/v1/people/bob").send();
    assert_eq!((shown.status, shown.json()), (200, bob));
    let tag = shown.header("etag").unwrap();
    let again = house.get("/api/v1/people/bob").header("if-none-match", tag).send();
    assert_eq!((again.status, again.bytes.len(), again.header("etag")), (304, 0, Some(tag)));

    house
        .delete("/api/v1/people/bob")
        .header("if-match", "\"other\"")
        .send()
        .problem(412, "changed");
    assert_eq!(house.delete("/api/v1/people/bob").header("if-match", tag).send().status, 204);
    house.delete("/api/v1/people/bob").send().problem(404, "not-found");
    let erased = house.get("/api/v1/people/bob").send().json();
    assert_eq!(erased["erased"], "2026-11-23T12:00:00Z");
    house.get("/api/v1/people/eve").send().problem(404, "not-found");
}

#[test]
fn whoever_owns_the_folder_is_not_erased() {
    let house = House::new();
    house.post("/api/v1/people", &json!({"handle": "bob"})).send();
    let admin = house.token(&["admin"]);
    // However it is asked, also by others who may.
    let path = "/api/v1/people/ada";
    let refused = house.delete(path).send().problem(409, "conflict");
    assert!(refused["hint"].as_str().unwrap().contains("plimsoll serve --owner"), "{refused}");
    house.ask("DELETE".parse().unwrap(), path).token(&admin).send().problem(409, "conflict");
    assert_eq!(house.get(path).send().json()["erased"], json!(null));
    assert_eq!(house.delete("/api/v1/people/bob").send().status, 204);
}

#[test]
fn a_token_acts_until_it_expires_or_is_revoked_also_after_a_restart() {
    let house = House::new();
    let wish = json!({"scopes": ["admin"], "label": "ci", "days": 2});
    let issued = house.post("/api/v1/tokens", &wish).send();
    assert_eq!((issued.status, issued.header("cache-control")), (201, Some("no-store")));
    let token = issued.json();
    assert_eq!(token["person"], "ada");
    assert_eq!(token["expires"], "2026-11-25T12:00:00Z");
    let (id, text) = (token["id"].as_str().unwrap(), token["text"].as_str().unwrap());
    let acts =
        |house: &House| house.ask("GET".parse().unwrap(), "/api/v1/people").token(text).send();
    assert_eq!(acts(&house).status, 200);
    // What is wrong with one digit is wrong.
    let mut wrong = text.to_owned();
    let last = if wrong.pop() == Some('0') { '1' } else { '0' };
    wrong.push(last);
    let path = "/api/v1/people";
    house.ask("GET".parse().unwrap(), path).token(&wrong).send().problem(401, "token-invalid");

    let house = house.again();
    assert_eq!(acts(&house).status, 200);
    house.pass(2 * 24 * 3600 * 1000);
    acts(&house).problem(401, "token-invalid");

    let second = house.post("/api/v1/tokens", &wish).send().json();
    let (other, text) = (second["id"].as_str().unwrap(), second["text"].as_str().unwrap());
    let acts = || house.ask("GET".parse().unwrap(), path).token(text).send();
    assert_eq!(acts().status, 200);
    assert_eq!(house.delete(&format!("/api/v1/tokens/{other}")).send().status, 204);
    acts().problem(401, "token-invalid");
    let shown = house.get(&format!("/api/v1/tokens/{id}")).send().json();
    assert_eq!((&shown["valid"], &shown["text"]), (&json!(false), &json!(null)));
}
