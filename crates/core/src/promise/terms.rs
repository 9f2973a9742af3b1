//! Terms: what people sign when they agree on a promise or a policy, frozen as it was.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    policy::Policy,
    promise::{Catalog, Promise},
    slo::{Budgeting, NoData, Slo},
};
use crate::{
    catalog::object::{Kind, Measure, Object, ObjectId},
    measure::{
        sli::{Sli, time_text},
        window::{Window, length},
    },
    ratio::{Target, decimal},
    state::State,
};

/// Decimals of a percentage in billionths: a percent is ten million of them.
const PERCENT_PLACES: u32 = 7;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Terms {
    /// Of a promise.
    Promise(Box<PromiseTerms>),
    /// Of a policy.
    Policy(Box<PolicyTerms>),
}

/// What is promised, in words and figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromiseTerms {
    /// The promise.
    pub promise: Promise,
    /// What its objectives are, by name.
    pub slos: BTreeMap<String, SloTerms>,
}

/// What an objective promises. By which names it is measured is no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SloTerms {
    /// The share that must be good.
    pub target: Target,
    /// What is counted as good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// How it is counted.
    pub budgeting: Budgeting,
    /// Over which windows.
    pub windows: Vec<Window>,
    /// What minutes without data mean.
    pub no_data: NoData,
}

/// What follows when a promise is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyTerms {
    /// Its conditions.
    pub policy: Policy,
    /// What minutes without data mean, where the SLO does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_data: Option<NoData>,
}

/// A term that is another in two versions. Where one of them does not have it, it is `None`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Which one, such as `slo web: target`.
    pub term: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

impl fmt::Display for Difference {
    /// `tier B → A`, `next step added: …`, `excludes no longer: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let term = &self.term;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{term} {before} → {after}"),
            (None, Some(after)) => write!(f, "{term} added: {after}"),
            (Some(before), None) => write!(f, "{term} no longer: {before}"),
            (None, None) => f.write_str(term),
        }
    }
}

impl Terms {
    /// The terms of a promise or policy as the catalog has them; `None` for other kinds, for what is not there, and for
    /// a promise that is broken: then nobody can say what it promises.
    pub(crate) fn of(catalog: &impl Catalog, id: &ObjectId) -> Option<Self> {
        match catalog.object(id.kind, &id.name)? {
            Object::Policy { policy, no_data } => {
                let policy = Policy::clone(policy);
                Some(Terms::Policy(Box::new(PolicyTerms { policy, no_data: *no_data })))
            }
            Object::Promise(promise) if promise.breakages_in(catalog).is_empty() => {
                Some(Terms::Promise(Box::new(PromiseTerms::of(catalog, promise))))
            }
            _ => None,
        }
    }

    /// The terms one by one in words for people, by their names.
    pub fn facts(&self) -> BTreeMap<String, String> {
        match self {
            Terms::Promise(terms) => promise_facts(terms),
            Terms::Policy(terms) => policy_facts(terms),
        }
    }

    /// What is different in terms that come after these.
    pub fn differences(&self, after: &Terms) -> Vec<Difference> {
        let (mut before, after) = (self.facts(), after.facts());
        let mut differences = Vec::new();
        for (term, value) in after {
            let was = before.remove(&term);
            if was.as_ref() != Some(&value) {
                differences.push(Difference { term, before: was, after: Some(value) });
            }
        }
        let gone = before.into_iter();
        differences.extend(gone.map(|(term, was)| Difference {
            term,
            before: Some(was),
            after: None,
        }));
        differences.sort();
        differences
    }
}

impl PromiseTerms {
    /// The terms of a promise as they are now, without the objectives that were withdrawn.
    pub fn now(state: &State, promise: &Promise) -> Self {
        PromiseTerms::of(state, promise)
    }

    fn of(catalog: &impl Catalog, promise: &Promise) -> Self {
        let slos = promise.slos.iter().filter_map(|name| match catalog.object(Kind::Slo, name) {
            Some(Object::Slo(slo)) => Some((name.clone(), SloTerms::of(catalog, slo))),
            _ => None,
        });
        PromiseTerms { promise: promise.clone(), slos: slos.collect() }
    }
}

impl SloTerms {
    fn of(catalog: &impl Catalog, slo: &Slo) -> Self {
        let measure = match catalog.object(Kind::Sli, &slo.sli) {
            Some(Object::Sli { measure, .. }) => Some(measure.clone()),
            _ => None,
        };
        SloTerms { measure, ..SloTerms::unmeasured(slo) }
    }

    fn unmeasured(slo: &Slo) -> Self {
        let Slo { target, budgeting, windows, no_data, .. } = slo.clone();
        SloTerms { target, measure: None, budgeting, windows, no_data }
    }

    /// The terms one by one in words for people, by their names.
    fn facts(&self) -> [(&'static str, String); 5] {
        [
            ("target", self.target.to_string()),
            ("windows", self.windows_text()),
            ("counted", self.counted_text()),
            ("measures", self.measure_text().unwrap_or_default()),
            ("no data", no_data_text(self.no_data)),
        ]
    }

    /// Its windows in words.
    pub fn windows_text(&self) -> String {
        self.windows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// How it is counted, in words.
    pub fn counted_text(&self) -> String {
        let slice = |minutes: u32| length(i64::from(minutes));
        match self.budgeting {
            Budgeting::Occurrences => "good events of all events".to_owned(),
            Budgeting::Timeslices { slice_minutes, slice_target } => {
                format!("slices of {} with at least {slice_target} good", slice(slice_minutes))
            }
            Budgeting::RatioTimeslices { slice_minutes } => {
                format!("the mean of slices of {}", slice(slice_minutes))
            }
        }
    }

    /// What it measures, in words; `None` where nothing is known of it.
    pub fn measure_text(&self) -> Option<String> {
        Some(match self.measure.as_ref()? {
            Measure::Requests { service, sli: Sli::Availability } => {
                format!("requests of {service} without a server error")
            }
            Measure::Requests { service, sli: Sli::Latency { at_most_us } } => {
                format!("requests of {service} within {}", time_text(*at_most_us))
            }
            Measure::Pushed => "what is pushed".to_owned(),
            Measure::Other { kind } => format!("what a source of type {kind} counts"),
        })
    }
}

/// What is different in an objective that comes after another.
pub fn slo_differences(before: &Slo, after: &Slo) -> Vec<Difference> {
    let (before, after) = (SloTerms::unmeasured(before), SloTerms::unmeasured(after));
    let both = before.facts().into_iter().zip(after.facts());
    let differ = both.filter(|((_, was), (_, is))| was != is);
    let difference = |((term, was), (_, is)): ((&str, String), (&str, String))| Difference {
        term: term.to_owned(),
        before: Some(was),
        after: Some(is),
    };
    differ.map(difference).collect()
}

fn no_data_text(no_data: NoData) -> String {
    match no_data {
        NoData::Ignore => "is left out".to_owned(),
        NoData::Good => "was good".to_owned(),
        NoData::Bad => "was bad".to_owned(),
        NoData::Hold { minutes } => {
            format!("is left out; the last decision stands for {}", length(i64::from(minutes)))
        }
    }
}

fn promise_facts(terms: &PromiseTerms) -> BTreeMap<String, String> {
    let promise = &terms.promise;
    let mut facts = BTreeMap::new();
    let mut say = |term: &str, value: String| {
        if !value.is_empty() {
            facts.insert(term.to_owned(), value);
        }
    };
    say("service", promise.service.clone());
    say("text", promise.text.clone());
    say("slos", promise.slos.join(", "));
    say("next step", promise.next_step.clone().unwrap_or_default());
    say("excludes", promise.excludes.join("; "));
    say("support hours", promise.support_hours.word().to_owned());
    say("tier", promise.tier.word().to_owned());
    say("owner", format!("{}, team {}", promise.owner.person, promise.owner.team));
    say("policy", promise.policy.clone());
    say("hard dependencies", promise.depends_on.hard.join(", "));
    say("soft dependencies", promise.depends_on.soft.join(", "));
    say("review date", promise.review_date.to_string());
    for (name, slo) in &terms.slos {
        for (term, value) in slo.facts() {
            say(&format!("slo {name}: {term}"), value);
        }
    }
    facts
}

/// The conditions of a policy as its document writes them, made from its fields so that none can be forgotten.
fn policy_facts(terms: &PolicyTerms) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    if let Ok(Value::Object(fields)) = serde_json::to_value(&terms.policy) {
        for (name, value) in fields {
            gather(&word(&name), &name, &value, &mut facts);
        }
    }
    facts.remove("name");
    if let Some(no_data) = terms.no_data {
        facts.insert("noData".to_owned(), no_data_text(no_data));
    }
    facts
}

/// A field and those below it: `escalation.afterDays: 14`, `cautionAt: 25 %`.
fn gather(term: &str, name: &str, value: &Value, facts: &mut BTreeMap<String, String>) {
    let text = match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                gather(&format!("{term}.{}", word(key)), key, value, facts);
            }
            return;
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(item).collect();
            items.join(", ")
        }
        other => with_unit(name, other),
    };
    if !text.is_empty() && !value.is_null() {
        facts.insert(term.to_owned(), text);
    }
}

/// The word of a document for a field: without its unit, which stands with the value, and in its writing.
fn word(name: &str) -> String {
    if name == "hours_max" {
        return "maxHours".to_owned();
    }
    let units = ["_ppb", "_minutes", "_milli"];
    let name = units.iter().find_map(|unit| name.strip_suffix(unit)).unwrap_or(name);
    let mut parts = name.split('_');
    let mut word = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (first, rest) = part.split_at(part.len().min(1));
        word.extend([&first.to_ascii_uppercase(), rest]);
    }
    word
}

/// A value as a document writes it, by the unit in the name of its field.
fn with_unit(name: &str, value: &Value) -> String {
    let Some(number) = value.as_i64() else { return item(value) };
    if name.ends_with("_ppb") {
        percent(number)
    } else if name.ends_with("_minutes") {
        length(number)
    } else if name.ends_with("_milli") {
        decimal(i128::from(number), 3)
    } else {
        number.to_string()
    }
}

/// One value of a list.
fn item(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(is_so) => (if *is_so { "yes" } else { "no" }).to_owned(),
        Value::Object(fields) => {
            let one = |(key, value): (&String, &Value)| {
                format!("{} {}", word(key), with_unit(key, value))
            };
            fields.iter().map(one).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// An exact share as a percentage.
fn percent(ppb: i64) -> String {
    format!("{} %", decimal(i128::from(ppb), PERCENT_PLACES))
}
