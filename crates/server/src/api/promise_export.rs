//! All promises as one document, for those who read no screens of ours.

use std::{fmt::Write as _, sync::Arc};

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use plimsoll_core::{
    catalog::{Kind, ObjectId},
    command,
    printable::printable,
    promise::{
        agreement::{Role, Version, Versions},
        coverage::{self, gaps_of},
        in_force,
        promise::Promise,
        terms::PromiseTerms,
    },
    state::State as Practice,
    time::Date,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{Answer, time},
    app::App,
    auth::Access,
    call::Params,
    declared,
    problem::{Code, Problem},
    promises::today,
    route::Route,
};

/// In which form the document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Markdown.
    #[default]
    Markdown,
    /// HTML, in one file.
    Html,
}

/// In which form the document is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// In which form: markdown unless it says html.
    #[param(inline)]
    pub format: Option<Format>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/promises/export", Access::Reader, export)]
}

/// All promises as one document: Markdown, or HTML in one file.
#[utoipa::path(get, path = "/api/v1/promises/export", tag = "promises", params(ExportQuery),
    responses((status = 200, content(
        (String = "text/markdown"), (String = "text/html")))))]
pub(super) async fn export(
    State(app): State<Arc<App>>,
    Params(query): Params<ExportQuery>,
) -> Answer {
    let book = Book::of(&app.desk.published().read(), today(&app));
    let (media_type, text) = match query.format.unwrap_or_default() {
        Format::Markdown => ("text/markdown; charset=utf-8", book.markdown()),
        Format::Html => {
            let html = book.render().map_err(|error| {
                Problem::new(Code::Internal, error.to_string(), "look at the server's log")
            })?;
            ("text/html; charset=utf-8", html)
        }
    };
    // It is opened from a disk as well, so its style is inside; nothing else may run or be loaded.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
    ];
    Ok((headers, text).into_response())
}

/// All promises, and the services that have none.
#[derive(Template)]
#[template(path = "promise_export.html")]
struct Book {
    day: String,
    covered: usize,
    services: usize,
    chapters: Vec<Chapter>,
    /// Services of which nothing is promised.
    debts: Vec<String>,
}

/// One promise.
struct Chapter {
    service: String,
    text: String,
    /// What is missing of it; empty where nothing is.
    gaps: Vec<String>,
    slos: Vec<[String; 4]>,
    facts: Vec<(&'static str, String)>,
    doubts: Vec<String>,
    signed: Vec<String>,
}

impl Book {
    fn of(state: &Practice, today: Date) -> Self {
        let names: Vec<&str> = declared::all(state, Kind::Service).map(|(name, _)| name).collect();
        let debts = names.iter().filter(|name| in_force::promise_of_service(state, name).is_none());
        let covered = names.iter().filter(|name| coverage::gaps(state, name, today).is_empty());
        let mut chapters: Vec<Chapter> = in_force::promises(state)
            .into_iter()
            .map(|(name, (promise, _))| Chapter::of(state, name, promise, today))
            .collect();
        chapters.sort_by(|a, b| a.service.cmp(&b.service));
        Book {
            day: today.to_string(),
            covered: covered.count(),
            services: names.len(),
            debts: debts.map(|name| (*name).to_owned()).collect(),
            chapters,
        }
    }

    fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = writeln!(text, "# What we promise\n\nAs of {}. {}\n", self.day, self.summary());
        for chapter in &self.chapters {
            chapter.markdown(&mut text);
        }
        if !self.debts.is_empty() {
            let _ = writeln!(text, "## Nothing is promised\n");
            for service in &self.debts {
                let _ = writeln!(text, "- {}", escaped(service));
            }
        }
        text
    }

    /// `3 of 5 services have a promise that is measured, agreed and fresh.`
    fn summary(&self) -> String {
        let (covered, services) = (self.covered, self.services);
        format!(
            "{covered} of {services} services have a promise that is measured, agreed and fresh."
        )
    }
}

impl Chapter {
    fn of(state: &Practice, name: &str, promise: &Promise, today: Date) -> Self {
        let id = ObjectId { kind: Kind::Promise, name: name.into() };
        let plain = |text: &str| printable(text).into_owned();
        let gaps = gaps_of(state, name, promise, today);
        let doubts = coverage::ceiling(state, promise);
        Chapter {
            service: promise.service.clone(),
            text: plain(&promise.text),
            gaps: gaps.iter().map(|gap| plain(&gap.to_string())).collect(),
            slos: slos(state, name, promise),
            facts: facts(state, name, promise),
            doubts: doubts.iter().map(|finding| plain(&finding.to_string())).collect(),
            signed: state.versions.get(&id).map(signed).unwrap_or_default(),
        }
    }

    fn markdown(&self, text: &mut String) {
        let _ = writeln!(text, "## {}\n\n> {}\n", escaped(&self.service), escaped(&self.text));
        for gap in &self.gaps {
            let _ = writeln!(text, "- **{}**", escaped(gap));
        }
        if !self.gaps.is_empty() {
            text.push('\n');
        }
        if !self.slos.is_empty() {
            let _ = writeln!(text, "| objective | target | window | counts |\n|---|---|---|---|");
            for row in &self.slos {
                let cells = row.each_ref().map(|cell| escaped(cell));
                let _ = writeln!(text, "| {} |", cells.join(" | "));
            }
            text.push('\n');
        }
        for (label, fact) in &self.facts {
            let _ = writeln!(text, "- {label}: {}", escaped(fact));
        }
        for doubt in &self.doubts {
            let _ = writeln!(text, "- doubtful: {}", escaped(doubt));
        }
        for signature in &self.signed {
            let _ = writeln!(text, "- {}", escaped(signature));
        }
        text.push('\n');
    }
}

/// Name, target, windows and counting of each objective; of one that was withdrawn, that it was.
fn slos(state: &Practice, name: &str, promise: &Promise) -> Vec<[String; 4]> {
    let now = PromiseTerms::now(state, promise);
    let agreed = in_force::promise_terms(state, name).filter(|terms| terms.promise == *promise);
    let in_force = |slo: &String| {
        let now = now.slos.get(slo)?;
        Some(agreed.and_then(|terms| terms.slos.get(slo)).unwrap_or(now))
    };
    let row = |name: &String| match in_force(name) {
        Some(slo) => {
            let what = slo.measure_text().unwrap_or_default();
            let counted = format!("{}; {what}", slo.counted_text());
            [name.clone(), slo.target.to_string(), slo.windows_text(), counted]
        }
        None => [name.clone(), "withdrawn".to_owned(), String::new(), String::new()],
    };
    promise.slos.iter().map(row).collect()
}

fn facts(state: &Practice, name: &str, promise: &Promise) -> Vec<(&'static str, String)> {
    let policy = ObjectId { kind: Kind::Policy, name: promise.policy.as_str().into() };
    let standing = plimsoll_core::promise::agreement::standing(state, &policy);
    let facts = [
        ("excluded", promise.excludes.join("; ")),
        ("next step", promise.next_step.clone().unwrap_or_default()),
        ("somebody is there", promise.support_hours.word().to_owned()),
        ("tier", promise.tier.word().to_owned()),
        ("owner", format!("{}, team {}", promise.owner.person, promise.owner.team)),
        ("needs", promise.depends_on.hard.join(", ")),
        ("uses", promise.depends_on.soft.join(", ")),
        ("policy", format!("{} ({})", promise.policy, standing.sentence())),
        ("review by", promise.review_date.to_string()),
        ("promise", name.to_owned()),
    ];
    let said = facts.into_iter().filter(|(_, fact)| !fact.is_empty());
    said.map(|(label, fact)| (label, printable(&fact).into_owned())).collect()
}

/// The newest version and the one in force, with who signed them.
fn signed(versions: &Versions) -> Vec<String> {
    let last = versions.last();
    let in_force =
        versions.in_force().filter(|one| Some(one.number) != last.map(|last| last.number));
    let line = |version: &Version| {
        let stage = versions.stage(version).word();
        let mut text = format!("version {}, {stage}", version.number);
        for role in Role::ALL {
            if let Some(signature) = version.signatures.get(&role) {
                let day = time(signature.at_ms).split('T').next().unwrap_or_default().to_owned();
                // Writing to a String does not fail.
                let _ = write!(text, "; for {role}: {}, {day}", who(&signature.by));
            }
        }
        if version.is_solo() {
            text += "; one person signed for both sides";
        }
        if let Some(reason) = &version.reason {
            let _ = write!(text, "; because: {}", printable(reason));
        }
        text
    };
    last.into_iter().chain(in_force).map(line).collect()
}

fn who(actor: &command::Actor) -> &str {
    actor.person().map_or("a rule", |person| person.as_str())
}

/// Text in which nothing is a sign of Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(char);
            }
            other => escaped.push(other),
        }
    }
    escaped
}
