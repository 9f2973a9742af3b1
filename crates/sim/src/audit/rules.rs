//! Policies, read from the JSON of their documents, and by which one a service is decided.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{agreed::in_force, roll::Roll};

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Its name.
    pub name: String,
    /// *Caution*, *stabilise* and the end of the latter: shares of a budget that are left, in billionths.
    pub caution: i128,
    /// See `caution`.
    pub stabilise: i128,
    /// See `caution`.
    pub recover: i128,
    /// Lookback in minutes, thousandths of a burn rate, and bad events at least.
    pub fast: Vec<(i64, u128, u64)>,
    /// Events at least.
    pub events: u64,
    /// Coverage at least, in billionths.
    pub coverage: u64,
    /// Minutes without data at most.
    pub age: i64,
    /// Kinds of changes that may pass.
    pub exempt: Vec<String>,
    /// Days of *stabilise* until somebody above must look.
    pub days: i64,
    /// Exceptions in a quarter.
    pub per_quarter: u64,
    /// Hours of an exception.
    pub hours: u64,
    /// Who may sign for product, and for engineering.
    pub signers: [Vec<String>; 2],
    /// Whether one person may sign for both.
    pub solo: bool,
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

impl Rules {
    /// What a policy says, from its JSON.
    pub fn of(policy: &Value) -> Self {
        let share = |field: &str| policy[field].as_i64().map_or(0, i128::from);
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let fast = policy["fast_burn"].as_array().into_iter().flatten().map(|rule| {
            let lookback = rule["lookback_minutes"].as_i64().unwrap_or_default();
            (lookback, u128::from(number(&rule["factor_milli"])), number(&rule["min_failures"]))
        });
        let approvers = &policy["approvers"];
        Rules {
            name: policy["name"].as_str().unwrap_or_default().to_owned(),
            caution: share("caution_at_ppb"),
            stabilise: share("stabilise_at_ppb"),
            recover: share("recover_at_ppb").max(share("stabilise_at_ppb")),
            fast: fast.collect(),
            events: number(&policy["min_events"]),
            coverage: number(&policy["min_coverage_ppb"]),
            age: policy["max_data_age_minutes"].as_i64().unwrap_or_default(),
            exempt: texts(&policy["exempt_kinds"]),
            days: policy["escalation"]["after_days"].as_i64().unwrap_or(14),
            per_quarter: number(&policy["exceptions"]["per_quarter"]),
            hours: number(&policy["exceptions"]["hours_max"]),
            signers: ["product", "engineering"].map(|side| texts(&approvers[side])),
            solo: policy["solo"].as_bool().unwrap_or(false),
        }
    }

    /// What is built in, from the words of the documentation.
    pub fn built_in() -> Self {
        Rules::of(&json!({
            "name": "default",
            "caution_at_ppb": 250_000_000, "stabilise_at_ppb": 0, "recover_at_ppb": 100_000_000,
            "fast_burn": [
                {"lookback_minutes": 60, "factor_milli": 14_400, "min_failures": 5},
                {"lookback_minutes": 360, "factor_milli": 6_000, "min_failures": 5},
            ],
            "min_events": 100, "min_coverage_ppb": 900_000_000, "max_data_age_minutes": 60,
            "exempt_kinds": ["security", "p0-fix", "revert", "reliability"],
            "escalation": {"after_days": 14},
            "exceptions": {"per_quarter": 3, "hours_max": 72},
        }))
    }

    /// What the gate says of a change: the word for it.
    pub fn gate(&self, verdict: &str, kind: &str, risk: &str, is_covered: bool) -> &'static str {
        if verdict == "ship" {
            "allowed"
        } else if self.exempt.iter().any(|exempt| exempt == kind) {
            "exempt"
        } else if verdict == "caution" && risk != "high" {
            "allowed"
        } else if is_covered {
            "covered"
        } else {
            "refused"
        }
    }
}

/// The weight of a verdict.
pub fn weight(verdict: &str) -> usize {
    ["ship", "caution", "unknown", "stabilise"]
        .iter()
        .position(|word| *word == verdict)
        .unwrap_or(4)
}

impl Roll {
    /// Whether such an object is in force.
    pub fn has(&self, kind: &str, name: &str) -> bool {
        self.object(kind, name).is_some()
    }

    /// The object of a kind and name, where it is in force.
    pub fn object(&self, kind: &str, name: &str) -> Option<&Value> {
        self.objects.get(&(kind.to_owned(), name.to_owned()))
    }

    /// What was agreed last of a promise or policy.
    pub fn agreed(&self, kind: &str, name: &str) -> Option<&Value> {
        let versions = self.versions.get(&(kind.to_owned(), name.to_owned()))?;
        in_force(versions).map(|version| &version.terms)
    }

    /// The promise that was agreed last for a service, declared or not; with its name.
    pub fn agreed_of(&self, service: &str) -> Option<(&str, &Value)> {
        let promises = self.versions.iter().filter(|((kind, _), _)| kind == "promise");
        let all = promises.flat_map(|((_, name), all)| all.iter().map(move |one| (name, one)));
        let mut agreed: Vec<_> = all.filter(|(_, one)| one.signed.len() == 2).collect();
        agreed.sort_by_key(|(_, one)| one.agreed_in);
        // Each is of one service, and a service has one.
        let mut held: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, version) in agreed {
            held.retain(|_, other| other != name);
            held.insert(version.terms["promise"]["service"].as_str()?, name);
        }
        let name = *held.get(service)?;
        Some((name, self.agreed("promise", name)?))
    }

    /// The promise of a service, where it has one, as it was agreed last, or else as it is declared; with its name.
    pub fn promise_of(&self, service: &str) -> Option<(&str, &Value)> {
        if let Some((name, terms)) = self.agreed_of(service) {
            return Some((name, &terms["promise"]));
        }
        let mut promises = self.objects.iter().filter(|((kind, _), _)| kind == "promise");
        let ((_, name), declared) = promises.find(|(_, object)| object["service"] == service)?;
        Some((name, declared))
    }

    /// A policy as it was agreed last, also where it was withdrawn, or else as it is declared; where there is none, that
    /// of the house, or what is built in.
    pub fn rules_named(&self, name: &str) -> Rules {
        let policy = |name: &str| {
            let agreed = self.agreed("policy", name).map(|terms| &terms["policy"]);
            agreed.or_else(|| self.object("policy", name).map(|object| &object["policy"]))
        };
        policy(name).or_else(|| policy("default")).map_or_else(Rules::built_in, Rules::of)
    }

    /// By which policy a service is decided: that of its promise, or the one of the house; which is agreed, and not
    /// pushed aside by a promise that is not.
    pub fn rules_of(&self, service: &str) -> Rules {
        let is_held = self.agreed_of(service).is_some();
        let may_name = is_held || self.agreed("policy", "default").is_none();
        let promise = self.promise_of(service).filter(|_| may_name);
        let named = promise.and_then(|(_, promise)| promise["policy"].as_str());
        self.rules_named(named.unwrap_or("default"))
    }

    /// An objective as it was agreed with the promise of its service, or else as it is declared.
    pub fn objective(&self, name: &str, declared: &Value) -> Value {
        let service = declared["service"].as_str().unwrap_or_default();
        let agreed = self.agreed_of(service).map(|(_, terms)| terms);
        let mut objective = declared.clone();
        for field in ["target", "windows", "budgeting", "no_data"] {
            if let Some(term) = agreed.and_then(|terms| terms["slos"].get(name)?.get(field)) {
                objective[field] = term.clone();
            }
        }
        objective
    }

    /// The objectives that a service is held to and that are not there.
    pub fn lost(&self, service: &str) -> Vec<&str> {
        let promise = self.promise_of(service).map(|(_, promise)| promise);
        let slos = promise.and_then(|promise| promise["slos"].as_array()).into_iter().flatten();
        let is_there = |name: &&str| {
            self.object("slo", name).is_some_and(|object| object["service"] == service)
        };
        slos.filter_map(Value::as_str).filter(|name| !is_there(name)).collect()
    }

    /// The version of a policy that says this: the last agreed one, or the last.
    pub fn version_of(&self, policy: &Value) -> Value {
        let id = ("policy".to_owned(), policy["name"].as_str().unwrap_or_default().to_owned());
        let all = self.versions.get(&id).into_iter().flatten();
        let same: Vec<_> = all.filter(|version| version.terms["policy"] == *policy).collect();
        let agreed = same.iter().rev().find(|version| version.signed.len() == 2);
        match agreed.or(same.last()) {
            Some(one) => json!({"number": one.number, "agreed": one.signed.len() == 2}),
            None => json!({"number": 0, "agreed": false}),
        }
    }
}
