//! Requests to the interface: cursors, times, windows, tokens and bodies of any kind get an answer that says what it
//! is, and what is refused changes nothing.
#![no_main]

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use axum::http::{HeaderName, HeaderValue, Request, Uri, header};
use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::scratch;
use plimsoll_server::{
    Options, Server,
    clock::{Clock, Now},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// 2026-11-23T12:00:00Z.
const NOON_MS: i64 = 1_795_435_200_000;

/// A house is left after so many requests: the clock stands still, so the rates of its clients do not recover.
const REQUESTS_MAX: u32 = 10_000;

static HOUSE: Mutex<Option<House>> = Mutex::new(None);

/// A server on a folder of its own, with an objective whose events are pushed.
struct House {
    server: Server,
    requests: u32,
    // Dropped last.
    _folder: TempDir,
}

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Now {
        Now { ms: NOON_MS, jump_ms: 0 }
    }
}

struct Answer {
    status: u16,
    content_type: String,
    body: Vec<u8>,
}

fuzz_target!(|text: &str| {
    // METHOD TARGET, header fields, an empty line, and the body.
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let Some((method, target)) = first.split_once(' ') else { return };
    // A backup is written wherever the request says.
    if target.contains("backups") || !target.starts_with('/') {
        return;
    }
    let fields: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let mut kept = HOUSE.lock().expect("no thread panics");
    let house = kept.get_or_insert_with(House::new);
    let before = house.get("/api/v1/journal/head").body;
    let Some(answer) = house.ask(method, target, &fields, body) else { return };
    check(&answer);
    if answer.status >= 400 {
        // Decisions are written by nobody's request.
        let before = String::from_utf8_lossy(&before).into_owned();
        let seq = before.split("\"seq\":").nth(1).and_then(|rest| rest.split(',').next());
        let after = house.get(&format!("/api/v1/journal?after={}", seq.unwrap_or("0"))).body;
        let after = String::from_utf8_lossy(&after).into_owned();
        let (all, decided) = ("\"event\":{\"type\":", "\"event\":{\"type\":\"decision.made\"");
        let count = |what: &str| after.matches(what).count();
        assert_eq!(count(all), count(decided), "a refusal changed something");
    } else if method == "GET" {
        follow_next(house, target, &answer);
    } else {
        *kept = None;
        return;
    }
    if house.requests > REQUESTS_MAX {
        *kept = None;
    }
});

/// Every answer is what its type says; a refusal says what, why, and what to do.
fn check(answer: &Answer) {
    let text = String::from_utf8_lossy(&answer.body);
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    assert!(answer.status < 500, "{} {text}", answer.status);
    if answer.status >= 400 {
        assert_eq!(answer.content_type, "application/problem+json", "{text}");
        let body = body.expect("a problem is JSON");
        assert_eq!(body["status"], json!(answer.status), "{text}");
        for said in ["type", "title", "detail", "hint"] {
            assert!(body[said].as_str().is_some_and(|words| !words.is_empty()), "{said}: {text}");
        }
    } else if answer.content_type == "application/json" && !answer.body.is_empty() {
        assert!(body.is_some(), "no JSON: {text}");
    }
}

/// The cursor that a page gives leads on, to items that were not there before.
fn follow_next(house: &mut House, target: &str, answer: &Answer) {
    let page: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let (Some(next), Some(items)) = (page["next"].as_str(), page["items"].as_array()) else {
        return;
    };
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let later = house.get(&format!("{path}?limit=1&cursor={next}"));
    assert_eq!(later.status, 200, "the cursor {next} of {target} leads nowhere");
    let later: Value = serde_json::from_slice(&later.body).expect("a page is JSON");
    for item in later["items"].as_array().expect("a page has items") {
        assert!(!items.contains(item), "{item} is on two pages of {target}");
    }
}

impl House {
    fn new() -> Self {
        let folder = scratch();
        let server = open(&folder.path().join("data"));
        let mut house = House { server, requests: 0, _folder: folder };
        let documents =
            json!({"files": {"shop.yaml": include_str!("../src/shop.yaml")}}).to_string();
        let json = [("Content-Type", "application/json")];
        let put = |house: &mut House, method, target, body: &str| {
            let answer = house.ask(method, target, &json, body).expect("a request");
            let text = String::from_utf8_lossy(&answer.body);
            assert!(answer.status < 300, "{method} {target}: {} {text}", answer.status);
        };
        put(&mut house, "PUT", "/api/v1/documents/shop", &documents);
        for (target, body) in FURNITURE {
            put(&mut house, "POST", target, body);
        }
        house
    }

    fn get(&mut self, target: &str) -> Answer {
        self.ask("GET", target, &[], "").expect("a request")
    }

    /// Sends a request as the owner, unless the fields say otherwise; `None` where it is none.
    fn ask(
        &mut self,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Option<Answer> {
        self.requests += 1;
        let target: Uri = target.parse().ok()?;
        let mut request = Request::builder().method(method).uri(target);
        let headers = request.headers_mut()?;
        for (name, value) in fields {
            headers.append(name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?);
        }
        let owner = format!("Bearer {}", self.server.local_token()).parse().ok()?;
        headers.entry(header::AUTHORIZATION).or_insert(owner);
        headers.entry(header::HOST).or_insert(HeaderValue::from_static("localhost"));
        let request = request.body(body.as_bytes().to_vec()).ok()?;
        let (parts, body) = self.server.call(request).expect("threads").into_parts();
        let content_type = parts.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.map(|field| field.to_str().expect("ASCII").to_owned());
        let (status, content_type) = (parts.status.as_u16(), content_type.unwrap_or_default());
        Some(Answer { status, content_type, body: body.to_vec() })
    }
}

/// What a house has besides its documents.
const FURNITURE: &[(&str, &str)] = &[
    ("/api/v1/people", r#"{"handle":"bob"}"#),
    ("/api/v1/tokens", r#"{"scopes":["push"],"label":"a test"}"#),
    (
        "/api/v1/slis/checkout-good/samples",
        r#"{"generation":1,"minutes":[{"minute":"2026-11-23T11:55:00Z","good":990,"bad":10}]}"#,
    ),
    (
        "/api/v1/exclusions",
        r#"{"sli":"checkout-good","from":"2026-11-23T11:00:00Z","to":"2026-11-23T11:30:00Z","reason":"agreed"}"#,
    ),
    (
        "/api/v1/attributions",
        r#"{"service":"checkout","from":"2026-11-23T11:50:00Z","to":"2026-11-23T11:58:00Z","account":{"kind":"incident","name":"INC-7"}}"#,
    ),
];

fn open(folder: &Path) -> Server {
    let owner = Some("ada".to_owned());
    let options = Options { owner, clock: Arc::new(Noon), ..Options::new(folder) };
    Server::open(options).expect("the folder is fresh")
}
