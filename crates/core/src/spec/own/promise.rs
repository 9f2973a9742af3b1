//! `Promise`: what a service gives its users.
//!
//! ```yaml
//! apiVersion: plimsoll/v1
//! kind: Promise
//! metadata:
//!   name: checkout
//! spec:
//!   service: checkout
//!   text: Whoever wants to pay can pay.
//!   slos: [checkout-availability]
//!   excludes: [Card issuers that decline]
//!   supportHours: 24x7
//!   tier: A
//!   owner: {person: ada, team: payments}
//!   policy: default
//!   dependsOn:
//!     hard: [database]
//!     soft: [recommendations]
//!   reviewDate: 2027-05-01
//! ```
//!
//! With an empty list of objectives it is a promise that nobody can measure yet; then `nextStep` says what is done
//! about that.

use crate::{
    limits::{PROMISE_ITEMS_MAX, PROMISE_TEXT_CHARS_MAX},
    people::person::PersonId,
    promise::{
        policy::HOUSE_POLICY,
        promise::{Dependencies, Owner, Promise, SupportHours, Tier},
    },
    spec::{
        code,
        fields::{Fields, Item},
        model::Metadata,
        name,
        openslo::metadata,
        own::signing::date,
        report::Report,
    },
    words,
};

/// Names that stand for something else in the paths of the interface.
const TAKEN_NAMES: [&str; 2] = ["coverage", "export"];

/// A promise as a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseDoc {
    /// Who it is.
    pub metadata: Metadata,
    /// What it says.
    pub promise: Promise,
}

/// Reads a promise.
pub(super) fn read(object: &mut Fields<'_>, report: &mut Report) -> Option<PromiseDoc> {
    let metadata = metadata(object, report);
    if let (true, Some(item)) =
        (TAKEN_NAMES.contains(&metadata.name.as_str()), object.get("metadata"))
    {
        let message = format!("{:?} stands for something else at /api/v1/promises", metadata.name);
        let at = item.node.position_of("name");
        report.error(code::BAD_NAME, at, "metadata.name", message, "name it otherwise");
    }
    let mut spec = object.require("spec", report)?.filled_fields(report)?;
    let service = spec.require("service", report).and_then(|item| name::read(&item, report));
    let text = spec.require("text", report).and_then(|item| sentence(&item, report));
    let slos = spec.require("slos", report).and_then(|item| names(&item, report));
    let next_step = spec.get("nextStep").and_then(|item| sentence(&item, report));
    let excludes = spec.get("excludes").map(|item| sentences(&item, report));
    let support_hours = spec
        .require("supportHours", report)
        .and_then(|item| item.choice(&SupportHours::WORDS, report));
    let tier = spec.require("tier", report).and_then(|item| item.choice(&Tier::WORDS, report));
    let owner = spec.require("owner", report).and_then(|item| owner(&item, report));
    let policy = match spec.get("policy") {
        Some(item) => name::read(&item, report),
        None => Some(HOUSE_POLICY.to_owned()),
    };
    let depends_on = match (spec.get("dependsOn"), &service) {
        (Some(item), Some(service)) => dependencies(&item, service, report),
        _ => Some(Dependencies::default()),
    };
    let review_date = spec.require("reviewDate", report).and_then(|item| date(&item, report));
    if slos.as_ref().is_some_and(Vec::is_empty) && !spec.has("nextStep") {
        let hint = "say what is done next so that it can be measured, or name an SLO in slos";
        spec.missing("nextStep", hint, report);
    }
    spec.finish(report);
    let promise = Promise {
        service: service?,
        text: text?,
        slos: slos?,
        next_step,
        excludes: excludes.unwrap_or_default(),
        support_hours: support_hours?,
        tier: tier?,
        owner: owner?,
        policy: policy?,
        depends_on: depends_on?,
        review_date: review_date?,
    };
    Some(PromiseDoc { metadata, promise })
}

/// A sentence for people: one line, not too long.
fn sentence(item: &Item<'_>, report: &mut Report) -> Option<String> {
    item.filled_text(report)?;
    let text = item.short_text(PROMISE_TEXT_CHARS_MAX, report)?.trim();
    if text.is_empty() || !words::is_one_line(text) {
        let hint = "write a sentence on one line";
        item.error(report, code::BAD_CHOICE, "is blank or holds control characters", hint);
        return None;
    }
    Some(text.to_owned())
}

fn sentences(item: &Item<'_>, report: &mut Report) -> Vec<String> {
    let items = short_list(item, report).unwrap_or_default();
    items.iter().filter_map(|item| sentence(item, report)).collect()
}

/// A list of no more items than a promise may have.
fn short_list<'n>(item: &Item<'n>, report: &mut Report) -> Option<Vec<Item<'n>>> {
    let items = item.list(report)?;
    if items.len() > PROMISE_ITEMS_MAX {
        let message = format!("has {} items, at most {PROMISE_ITEMS_MAX} are allowed", items.len());
        item.error(report, code::WRONG_COUNT, message, "");
        return None;
    }
    Some(items)
}

/// Names of objects, each once.
fn names(item: &Item<'_>, report: &mut Report) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for item in short_list(item, report)? {
        let Some(name) = name::read(&item, report) else { continue };
        if names.contains(&name) {
            item.error(report, code::BAD_CHOICE, format!("{name} is named twice"), "");
        } else {
            names.push(name);
        }
    }
    Some(names)
}

fn owner(item: &Item<'_>, report: &mut Report) -> Option<Owner> {
    let mut fields = item.fields(report)?;
    let person = fields.require("person", report).and_then(|item| handle(&item, report));
    let team = fields.require("team", report).and_then(|item| name::read(&item, report));
    fields.finish(report);
    Some(Owner { person: person?, team: team? })
}

/// The handle of a person.
fn handle(item: &Item<'_>, report: &mut Report) -> Option<String> {
    let text = item.filled_text(report)?;
    match PersonId::parse(text) {
        Ok(person) => Some(person.as_str().to_owned()),
        Err(refusal) => {
            item.error(report, code::BAD_NAME, refusal.what, refusal.hint);
            None
        }
    }
}

fn dependencies(item: &Item<'_>, service: &str, report: &mut Report) -> Option<Dependencies> {
    let mut fields = item.fields(report)?;
    let mut services = |key| match fields.get(key) {
        Some(item) => {
            let names = names(&item, report)?;
            if names.iter().any(|name| name == service) {
                let message = format!("{service} cannot depend on itself");
                item.error(report, code::DEPENDENCY_CYCLE, message, "remove it from the list");
            }
            Some(names)
        }
        None => Some(Vec::new()),
    };
    let (hard, soft) = (services("hard"), services("soft"));
    let (hard, soft) = (hard?, soft?);
    if let Some(both) = hard.iter().find(|name| soft.contains(name)) {
        let message = format!("{both} is both a hard and a soft dependency");
        item.error(report, code::BAD_CHOICE, message, "keep it in one of the lists");
    }
    fields.finish(report);
    Some(Dependencies { hard, soft })
}
