//! What every route asks of requests.

use std::collections::BTreeMap;

use axum::http::Method;
use plimsoll_core::people::token::Scope;
use serde_json::{Value, json};

use super::House;
use crate::api::{Route, auth::Access, openapi, routes};

/// A path of a route, with names that are not there.
fn path(route: &Route) -> String {
    let steps =
        route.path.split('/').map(|step| if step.starts_with('{') { "absent" } else { step });
    steps.collect::<Vec<_>>().join("/")
}

fn has_body(route: &Route) -> bool {
    matches!(route.method, Method::POST | Method::PUT)
}

#[test]
fn each_route_lets_in_who_has_its_scope_and_nobody_else() {
    let house = House::new();
    let tokens: Vec<(Scope, String)> =
        Scope::ALL.into_iter().map(|scope| (scope, house.token(&[scope.name()]))).collect();
    let head = || house.get("/api/v1/journal/head").send().json();
    let before = head();
    for route in routes() {
        let (path, method) = (path(&route), route.method.clone());
        let ask = || {
            let ask = house.ask(method.clone(), &path);
            // Nothing that can be done: what is let in fails later.
            if has_body(&route) { ask.json(&json!({"nothing": "here"})) } else { ask }
        };
        let anonymous = ask().send();
        match route.rules.access {
            Access::Anyone | Access::Reader => {
                assert!(![401, 403].contains(&anonymous.status), "{method} {path}");
            }
            Access::Scope(_) => {
                anonymous.problem(401, "token-needed");
                assert!(anonymous.header("www-authenticate").is_some());
            }
        }
        for (scope, token) in &tokens {
            let answer = ask().token(token).send();
            let may = match route.rules.access {
                Access::Anyone | Access::Reader => true,
                Access::Scope(Scope::Change) => {
                    [Scope::Change, Scope::Write, Scope::Admin].contains(scope)
                }
                Access::Scope(needed) => *scope == needed || *scope == Scope::Admin,
            };
            if may {
                assert!(![401, 403].contains(&answer.status), "{method} {path} {scope:?}");
            } else {
                answer.problem(403, "scope-missing");
            }
        }
        // A wrong token is never as good as none.
        if route.rules.access != Access::Anyone {
            let wrong = ask().token("plimsoll_t-00000000000000000000_00").send();
            assert!([401, 429].contains(&wrong.status), "{method} {path}: {}", wrong.status);
        }
    }
    assert_eq!(head(), before, "none of that wrote anything");
}

#[test]
fn nothing_that_writes_is_open() {
    let readers: Vec<&str> = routes()
        .into_iter()
        .filter(|route| {
            route.method != Method::GET && !matches!(route.rules.access, Access::Scope(_))
        })
        .map(|route| route.path)
        .collect();
    assert_eq!(readers, ["/api/v1/documents/check", "/api/v1/documents/{set}/plan"]);
    let scope = |method: &str, path: &str| {
        let found = routes().into_iter().find(|route| route.method == method && route.path == path);
        found.unwrap().rules.access
    };
    let needs = |scope| Access::Scope(scope);
    assert_eq!(scope("PUT", "/api/v1/documents/{set}"), needs(Scope::Write));
    assert_eq!(scope("POST", "/api/v1/exclusions"), needs(Scope::Write));
    assert_eq!(scope("DELETE", "/api/v1/attributions/{attribution}"), needs(Scope::Write));
    assert_eq!(scope("POST", "/api/v1/changes"), needs(Scope::Change));
    assert_eq!(scope("POST", "/api/v1/changes/{change}/finish"), needs(Scope::Change));
    assert_eq!(scope("POST", "/api/v1/tokens"), needs(Scope::Admin));
    assert_eq!(scope("GET", "/api/v1/people"), needs(Scope::Admin));
    assert_eq!(scope("POST", "/api/v1/backups"), needs(Scope::Admin));
    assert_eq!(scope("GET", "/api/v1/journal"), needs(Scope::Read));
    assert_eq!(scope("GET", "/api/v1/slos"), Access::Reader);
}

#[test]
fn a_get_changes_nothing() {
    let house = House::new();
    let before = house.get("/api/v1/journal/head").send().json();
    for route in routes().iter().filter(|route| route.method == Method::GET) {
        let answer = house.get(&path(route)).send();
        assert!(answer.status < 500, "{}", route.path);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    assert_eq!(house.get("/api/v1/journal/head").send().json(), before);
}

#[test]
fn a_request_for_another_host_or_from_another_site_is_refused() {
    let house = House::new();
    let ask = |host: &str, origin: Option<&str>| {
        let request = axum::http::Request::get("/api/v1/services").header("host", host);
        let request = origin.into_iter().fold(request, |request, o| request.header("origin", o));
        house.server.call(request.body(Vec::new()).unwrap()).unwrap().status().as_u16()
    };
    assert_eq!(ask("localhost:7420", None), 200);
    assert_eq!(ask("evil.example", None), 421);
    assert_eq!(ask("localhost", Some("http://localhost:7420")), 200);
    for origin in ["https://evil.example", "null", "", "file://localhost", "localhost"] {
        assert_eq!(ask("localhost", Some(origin)), 403, "{origin}");
    }
    let nowhere = axum::http::Request::get("/api/v1/services").body(Vec::new()).unwrap();
    assert_eq!(house.server.call(nowhere).unwrap().status().as_u16(), 400);
}

#[test]
fn every_error_is_a_problem_document() {
    let house = House::new();
    house.get("/api/v1/nothing").send().problem(404, "not-found");
    let wrong = house.ask(Method::PATCH, "/api/v1/people").send();
    wrong.problem(405, "method-not-allowed");
    assert_eq!(wrong.header("allow"), Some("GET,HEAD,POST"));
    house.get("/api/v1/services?limt=3").send().problem(400, "malformed");
    house.get("/api/v1/services?limit=x").send().problem(400, "malformed");
    house.get("/api/v1/services?limit=0").send().problem(400, "malformed");
    house.get("/api/v1/services?cursor=zz").send().problem(400, "malformed");
    house.get("/api/v1/services/%ff").send().problem(400, "malformed");
    let people = |body: &str, media: &str| {
        let ask = house.ask(Method::POST, "/api/v1/people").token(&house.server.local_token());
        ask.header("content-type", media).body(body.as_bytes().to_vec()).send()
    };
    let broken = people("{\"handle\":\n oh", "application/json").problem(400, "malformed");
    assert_eq!((&broken["line"], &broken["column"]), (&json!(2), &json!(2)));
    people("", "application/json").problem(400, "malformed");
    people("{\"handle\": 7}", "application/json").problem(422, "invalid");
    people("{\"handle\": \"x\", \"nom\": 1}", "application/json").problem(422, "invalid");
    people("{\"handle\": \"x\"}", "text/plain").problem(415, "media-type");
    people("\u{feff}{}", "application/json").problem(400, "malformed");
}

#[test]
fn a_body_above_the_limit_is_refused() {
    let house = House::new();
    let large = |bytes: usize| json!({"handle": "x".repeat(bytes)});
    let refused = house.post("/api/v1/people", &large(1 << 20)).send().problem(413, "too-large");
    assert_eq!(refused["limit"], json!(1 << 20));
    house.post("/api/v1/people", &large(1 << 19)).send().problem(422, "invalid");
}

#[test]
fn whoever_shows_wrong_tokens_is_slowed_and_the_right_one_still_gets_in() {
    let house = House::new();
    let wrong = || house.ask(Method::GET, "/api/v1/people").token("local_ada_0").send();
    let refused = std::iter::from_fn(|| Some(wrong())).take(40).collect::<Vec<_>>();
    refused[0].problem(401, "token-invalid");
    let last = &refused[39];
    last.problem(429, "too-fast");
    assert!(last.header("retry-after").is_some());
    assert_eq!(house.get("/api/v1/people").send().status, 200);
}

#[test]
fn whoever_asks_too_often_is_told_to_wait() {
    let house = House::new();
    let ask = || house.ask(Method::GET, "/api/v1/services").send();
    let fast = (0..=crate::limits::ANONYMOUS_RATE).map(|_| ask().status).collect::<Vec<_>>();
    assert_eq!((fast[0], fast[fast.len() - 1]), (200, 429));
    assert_eq!(house.get("/api/v1/services").send().status, 200, "others are not slowed");
    house.pass(1000);
    assert_eq!(ask().status, 200);
}

#[test]
fn secrets_are_in_no_answer_no_debug_and_no_journal() {
    let house = House::new();
    let token = house.token(&["admin"]);
    let secrets = [token.rsplit('_').next().unwrap().to_owned(), house.server.local_token()];
    let debug = format!("{:?}", house.server);
    let mut said = vec![debug];
    for route in routes().iter().filter(|route| route.method == Method::GET) {
        let answer = house.get(&path(route)).token(&token).send();
        said.push(String::from_utf8_lossy(&answer.bytes).into_owned());
    }
    said.push(String::from_utf8(house.get("/api/v1/tokens").send().bytes).unwrap());
    for secret in &secrets {
        assert!(said.iter().all(|text| !text.contains(secret.as_str())));
    }
}

#[test]
fn the_description_has_every_route_and_says_what_it_needs() {
    let document: Value = serde_json::from_slice(&openapi::text()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut described = 0;
    for route in routes() {
        let method = route.method.as_str().to_lowercase();
        let operation = &document["paths"][route.path][&method];
        assert!(operation.is_object(), "{method} {}", route.path);
        described += 1;
        let security = operation["security"].to_string();
        let expected = match route.rules.access {
            Access::Anyone => "[]".to_owned(),
            Access::Reader => json!([{}, {"token": ["read"]}]).to_string(),
            Access::Scope(scope) => json!([{"token": [scope.name()]}]).to_string(),
        };
        assert_eq!(security, expected, "{method} {}", route.path);
    }
    let paths = document["paths"].as_object().unwrap().values();
    assert_eq!(described, paths.map(|path| path.as_object().unwrap().len()).sum::<usize>());
}

#[test]
fn whatever_the_description_names_is_in_it_once() {
    let document: Value = serde_json::from_slice(&openapi::text()).unwrap();
    let mut values = vec![&document];
    let (mut references, mut links) = (0, 0);
    let mut ids = BTreeMap::new();
    while let Some(value) = values.pop() {
        if let Some(reference) = value["$ref"].as_str() {
            let place = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(place).is_some(), "{reference} leads nowhere");
            references += 1;
        }
        if value["responses"].is_object() && value["operationId"].is_string() {
            let id = value["operationId"].as_str().unwrap();
            let parameters = value["parameters"].as_array().cloned().unwrap_or_default();
            let names = parameters.iter().map(|one| one["name"].as_str().unwrap().to_owned());
            let before = ids.insert(id, names.collect::<Vec<_>>());
            assert_eq!(before, None, "there are two operations {id}");
        }
        values.extend(value.as_array().into_iter().flatten());
        values.extend(value.as_object().into_iter().flat_map(|object| object.values()));
    }
    for path in document["paths"].as_object().unwrap().values() {
        let made = path["post"]["responses"]["201"]["links"].as_object();
        for link in made.into_iter().flat_map(|links| links.values()) {
            let names = &ids[link["operationId"].as_str().unwrap()];
            let given = link["parameters"].as_object().unwrap();
            assert!(given.keys().all(|name| names.contains(name)), "{link}");
            links += 1;
        }
    }
    assert!(references > 100 && links > 10, "{references} references, {links} links");
}

/// Rewrites the description in docs/ where `PLIMSOLL_BLESS` is set.
#[test]
fn the_description_is_the_one_in_the_docs() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/openapi.json");
    if std::env::var_os("PLIMSOLL_BLESS").is_some() {
        std::fs::write(file, openapi::text()).unwrap();
    }
    let kept = std::fs::read(file).unwrap_or_default();
    assert!(
        kept == openapi::text(),
        "docs/reference/openapi.json is out of date; PLIMSOLL_BLESS=1 cargo test -p plimsoll-server rewrites it"
    );
}

/// Two types of one name would be one in the description, and the one would be described as the other.
#[test]
fn no_two_types_of_the_interface_have_one_name() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    let mut names = std::collections::BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = if path.is_file() { std::fs::read_to_string(path).unwrap() } else { continue };
        for described in text.split("ToSchema)]").skip(1) {
            let line = described.lines().find(|line| line.starts_with("pub ")).unwrap();
            let name = line.split([' ', '<', '(']).nth(2).unwrap().to_owned();
            assert!(names.insert(name.clone()), "{name} is there twice");
        }
    }
    assert!(names.len() > 40, "{names:?}");
}
