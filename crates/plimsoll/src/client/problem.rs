//! Problem documents (RFC 9457) as failures of a command.

use std::fmt::Write as _;

use serde::Deserialize;

use super::transport::Response;
use crate::failure::Failure;

/// Plimsoll says what is wrong as a problem document; whatever says it otherwise is something else.
const NOT_OURS_HINT: &str = "check the address; behind a proxy, also that it reaches the server";

/// So much of an answer that is neither a problem document nor a page is shown, in characters.
const SHOWN_CHARS: usize = 200;

/// Whoever asks shows no token, or one that does not hold.
const UNAUTHORISED: u16 = 401;

/// Whoever asks may not ask that: their token is good for other things.
const FORBIDDEN: u16 = 403;
const TOKEN_HINT: &str =
    "show a valid token with --token-file or in PLIMSOLL_TOKEN; plimsoll token issue makes one";

/// The server took no time for the question: it stays open.
const NOT_NOW: [u16; 2] = [408, 429];

/// What a server keeps is damaged.
const DAMAGED: &str = "/problems/damaged";

/// What hints say to programs, and what a person does instead.
const COMMANDS: [(&str, &str); 17] = [
    ("GET /api/v1/services lists", "plimsoll service list shows"),
    ("GET /api/v1/slos lists", "plimsoll slo list shows"),
    ("GET /api/v1/slis lists", "plimsoll sli list shows"),
    ("GET /api/v1/sources lists", "plimsoll source list shows"),
    ("GET /api/v1/exclusions lists", "plimsoll exclusion list shows"),
    ("GET /api/v1/promises lists", "plimsoll promise list shows"),
    ("GET /api/v1/policies lists", "plimsoll policy list shows"),
    ("GET /api/v1/attributions lists", "plimsoll attribution list shows"),
    ("GET /api/v1/people lists", "plimsoll person list shows"),
    ("GET /api/v1/tokens lists", "plimsoll token list shows"),
    ("GET /api/v1/changes lists", "plimsoll change list shows"),
    ("GET /api/v1/exceptions lists", "plimsoll exception list shows"),
    ("GET /api/v1/services/{service}/decisions lists", "plimsoll decision history SERVICE shows"),
    (
        "GET /api/v1/documents lists them",
        "plimsoll service list shows the sets that declare services",
    ),
    (
        "send a JSON object, as GET /api/v1/openapi.json describes it",
        "see that this program is of the same version as the server",
    ),
    (
        "GET /api/v1/openapi.json says what is expected",
        "plimsoll COMMAND --help says what is expected",
    ),
    (
        "GET /api/v1/openapi.json lists",
        "see that the address is right, and that this program is of the same version as the server, which lists",
    ),
];

/// What is read of a problem document. Everything may be missing: something else than a server may have answered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    r#type: Option<String>,
    title: Option<String>,
    detail: Option<String>,
    hint: Option<String>,
    problems: Vec<InFile>,
}

/// What is wrong in a file that was sent.
#[derive(Debug, Deserialize)]
struct InFile {
    path: String,
    line: u32,
    column: u32,
    code: String,
    severity: String,
    message: String,
    #[serde(default)]
    hint: Option<String>,
}

/// The failure that a response speaks of: what it says, what to do, and an exit code. A server that is in trouble
/// leaves the question open, like one that is not there; one that found damage has answered it.
pub fn failure(response: &Response) -> Failure {
    let problem: Option<Problem> = serde_json::from_slice(&response.body).ok();
    let problem = problem.filter(|problem| problem.title.is_some() || problem.detail.is_some());
    let what = problem.as_ref().map_or_else(|| not_ours(response), said);
    let is_damage = problem.as_ref().is_some_and(|one| one.r#type.as_deref() == Some(DAMAGED));
    let is_open = (response.status >= 500 && !is_damage) || NOT_NOW.contains(&response.status);
    let is_heard = problem.is_some() && ![UNAUTHORISED, FORBIDDEN].contains(&response.status);
    let failure = match (is_open, is_heard && response.status < 500) {
        (true, _) => Failure::away(what),
        (false, true) => Failure::answered(what),
        (false, false) => Failure::input(what),
    };
    let hint = match problem {
        None => Some(NOT_OURS_HINT.to_owned()),
        Some(_) if response.status == UNAUTHORISED => Some(TOKEN_HINT.to_owned()),
        Some(problem) => problem.hint.map(|hint| in_commands(&hint)),
    };
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// A hint for whoever asks over HTTP, for whoever asks on a command line.
fn in_commands(hint: &str) -> String {
    COMMANDS.iter().fold(hint.to_owned(), |hint, (path, command)| hint.replace(path, command))
}

fn said(problem: &Problem) -> String {
    let mut said = problem.detail.clone().or_else(|| problem.title.clone()).unwrap_or_default();
    for InFile { path, line, column, code, severity, message, hint } in &problem.problems {
        // Writing to a String does not fail.
        let _ = write!(said, "\n{path}:{line}:{column}: {severity}[{code}] {message}");
        if let Some(hint) = hint {
            let _ = write!(said, "\n  hint: {hint}");
        }
    }
    said
}

fn not_ours(response: &Response) -> String {
    let body = String::from_utf8_lossy(&response.body);
    let body = body.trim();
    let shown: String = body.chars().take(SHOWN_CHARS).collect();
    let (status, kind) = (response.status, response.media_type.as_deref());
    if kind.is_none() && body.is_empty() {
        return format!("the server answered with status {status}, and no reason");
    }
    let kind = kind.map_or_else(String::new, |kind| format!(", {kind}"));
    // A page is for a browser: its beginning tells nobody anything.
    let said =
        if body.is_empty() || body.starts_with('<') { String::new() } else { format!(": {shown}") };
    format!("what answers at that address is not Plimsoll: status {status}{kind}{said}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use expect_test::expect;

    use super::*;
    use crate::failure::{Asked, INPUT, USAGE};

    fn response(status: u16, media_type: Option<&str>, body: &str) -> Response {
        let media_type = media_type.map(str::to_owned);
        Response { status, media_type, retry_after: None, body: body.into() }
    }

    fn shown(status: u16, body: &str) -> String {
        failure(&response(status, None, body)).to_string()
    }

    #[test]
    fn problems_say_what_and_what_to_do() {
        expect![[r"
            error: there is no person eve
            hint: plimsoll person list shows them"]]
        .assert_eq(&shown(404, r#"{"type":"/problems/not-found","title":"Not found","status":404,"detail":"there is no person eve","hint":"plimsoll person list shows them"}"#));
        expect![[r"
            error: the documents have problems
            a.yaml:3:5: error[unknown-field] spec.x is not known
              hint: remove it"]]
        .assert_eq(&shown(422, r#"{"title":"the documents have problems","problems":[{"path":"a.yaml","line":3,"column":5,"code":"unknown-field","severity":"error","message":"spec.x is not known","hint":"remove it"}]}"#));
    }

    #[test]
    fn what_the_server_had_no_time_for_stays_open() {
        let code = |status| failure(&response(status, None, "")).code();
        assert_eq!([408, 429, 502, 503].map(code), [USAGE; 4]);
        assert_eq!([400, 401, 404, 409, 422].map(code), [INPUT; 5]);
    }

    #[test]
    fn only_a_server_that_was_asked_says_that_the_question_is_wrong() {
        let asked = |status, body: &str| failure(&response(status, None, body)).asked();
        let problem = r#"{"title":"No"}"#;
        assert_eq!([400, 404, 422].map(|status| asked(status, problem)), [Asked::Answered; 3]);
        assert_eq!([401, 403].map(|status| asked(status, problem)), [Asked::Wrongly; 2]);
        assert_eq!([408, 429, 502, 503].map(|status| asked(status, problem)), [Asked::Nobody; 4]);
        // Whatever else listens there.
        assert_eq!([302, 404].map(|status| asked(status, "<p>no</p>")), [Asked::Wrongly; 2]);
    }

    /// Whatever the server says to do, a person on a command line is told a command.
    #[test]
    fn every_hint_of_the_interface_names_a_command() {
        let api = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/src/api");
        let mut hints = 0;
        for entry in fs::read_dir(api).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
            for hint in code.filter_map(|line| line.split('"').find(|text| text.contains("GET /")))
            {
                for plural in ["services", "slos", "slis", "sources", "promises", "policies"] {
                    let hint = in_commands(&hint.replace("{plural}", plural));
                    assert!(!hint.contains("/api/"), "{}: {hint}", path.display());
                }
                hints += 1;
            }
        }
        assert!(hints > 8, "only {hints} hints were found");
    }

    #[test]
    fn what_is_not_plimsoll_is_called_so_and_its_page_is_not_shown() {
        let page = "<!doctype html>\n<h1>It works!\u{1b}[2J</h1>";
        let told = failure(&response(404, Some("text/html"), page)).to_string();
        expect![[r"
            error: what answers at that address is not Plimsoll: status 404, text/html
            hint: check the address; behind a proxy, also that it reaches the server"]]
        .assert_eq(&told);
        expect![[r"
            error: what answers at that address is not Plimsoll: status 502: no \u{1b}[2Jhealthy upstream
            hint: check the address; behind a proxy, also that it reaches the server"]].assert_eq(&shown(502, "no \u{1b}[2Jhealthy upstream\n"));
        expect![[r"
            error: the server answered with status 401, and no reason
            hint: check the address; behind a proxy, also that it reaches the server"]]
        .assert_eq(&shown(401, "\n"));
        expect![[r"
            error: what answers at that address is not Plimsoll: status 400: []
            hint: check the address; behind a proxy, also that it reaches the server"]]
        .assert_eq(&shown(400, "[]"));
    }
}
