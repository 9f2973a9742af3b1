//! Promises in a plan: what they name must be there, each service has one, and no two services need each other first.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::{
    object::{Declared, Kind, Object, ObjectId},
    plan::Change,
};
use crate::{
    limits::CIRCLE_SHOWN_MAX,
    promise::{
        ceiling::{self, Finding},
        policy::HOUSE_POLICY,
        promise::{Breakage, Catalog, Promise, all, of_object},
    },
    spec::{code, docs::Placed, own::PromiseDoc, problem::Problem},
    state::State,
};

/// What the catalog would become.
pub(super) struct Next<'a> {
    pub(super) objects: &'a BTreeMap<ObjectId, Declared>,
    pub(super) changes: &'a BTreeMap<ObjectId, Change>,
}

impl Catalog for Next<'_> {
    fn object(&self, kind: Kind, name: &str) -> Option<&Object> {
        let id = ObjectId { kind, name: name.into() };
        match self.changes.get(&id) {
            Some(change) => change.after(),
            None => self.objects.get(&id).map(|known| &known.object),
        }
    }
}

impl<'a> Next<'a> {
    /// All promises with their names.
    pub(super) fn promises(&self) -> impl Iterator<Item = (&'a SmolStr, &'a Promise)> {
        let from = ObjectId { kind: Kind::Promise, name: "".into() };
        let is_promise = |id: &ObjectId| id.kind == Kind::Promise;
        let (objects, changes) = (self.objects, self.changes);
        let stay = objects.range(from.clone()..).take_while(move |(id, _)| is_promise(id));
        let stay = stay.filter(|(id, _)| !changes.contains_key(*id));
        let stay = stay.map(|(id, known)| (id, &known.object));
        let come = changes.range(from..).take_while(move |(id, _)| is_promise(id));
        let come = come.filter_map(|(id, change)| Some((id, change.after()?)));
        stay.chain(come).filter_map(|(id, object)| Some((&id.name, of_object(object)?)))
    }
}

/// What is wrong or doubtful about the promises of a set, with what the catalog would become.
pub(super) fn problems(docs: &[Placed<PromiseDoc>], next: &Next<'_>) -> Vec<Problem> {
    if docs.is_empty() {
        return Vec::new();
    }
    let mut by_service: BTreeMap<&str, Vec<(&str, &Promise)>> = BTreeMap::new();
    for (name, promise) in next.promises() {
        by_service.entry(&promise.service).or_default().push((name, promise));
    }
    let cycles = cycles(&by_service);
    let on_circles = on_circles(&cycles);
    let own: BTreeSet<&str> = docs.iter().map(|placed| placed.doc.metadata.name.as_str()).collect();
    let mut problems = Vec::new();
    let mut told = BTreeSet::new();
    for placed in docs {
        problems.extend(unknown(placed, next));
        problems.extend(second(placed, &by_service, &own));
        problems.extend(in_circles(placed, &cycles, &on_circles, &mut told));
        problems.extend(above_ceiling(placed, next, &by_service));
    }
    problems
}

/// Names that lead nowhere.
fn unknown(placed: &Placed<PromiseDoc>, next: &Next<'_>) -> Vec<Problem> {
    let promise = &placed.doc.promise;
    let mut problems = Vec::new();
    let mut say = |field: &str, message: String, hint: String| {
        let place = placed.place(field);
        let problem = Problem::error(code::UNKNOWN_TO_PROMISE, place, message, hint);
        problems.push(Problem { field: field.to_owned(), ..problem });
    };
    let mut named = |field: String, kind: Kind, name: &str| {
        if next.object(kind, name).is_some() {
            return;
        }
        let kind = kind.name();
        let message = format!("there is no {kind} {name:?} among the files or on the server");
        let hint = format!("put the name right, or declare the {kind} first");
        say(&field, message, hint);
    };
    named("spec.service".to_owned(), Kind::Service, &promise.service);
    for (at, slo) in promise.slos.iter().enumerate() {
        named(format!("spec.slos[{at}]"), Kind::Slo, slo);
    }
    if promise.policy != HOUSE_POLICY {
        named("spec.policy".to_owned(), Kind::Policy, &promise.policy);
    }
    let lists = [("hard", &promise.depends_on.hard), ("soft", &promise.depends_on.soft)];
    for (list, services) in lists {
        for (at, service) in services.iter().enumerate() {
            named(format!("spec.dependsOn.{list}[{at}]"), Kind::Service, service);
        }
    }
    for (at, name) in promise.slos.iter().enumerate() {
        if let Some(Object::Slo(slo)) = next.object(Kind::Slo, name)
            && slo.service != promise.service
        {
            let message = format!(
                "slo {name} is of the service {}, and {} cannot promise it",
                slo.service, promise.service
            );
            let hint = "name an SLO of its own service, or add the other to dependsOn".to_owned();
            say(&format!("spec.slos[{at}]"), message, hint);
        }
    }
    problems
}

/// That the service has another promise already. Of two in one set, the later by name is to blame.
fn second(
    placed: &Placed<PromiseDoc>,
    by_service: &BTreeMap<&str, Vec<(&str, &Promise)>>,
    own: &BTreeSet<&str>,
) -> Option<Problem> {
    let (name, service) = (&placed.doc.metadata.name, placed.doc.promise.service.as_str());
    let others = by_service.get(service)?.iter().map(|(other, _)| *other);
    let mut others = others.filter(|other| other != name);
    let first = others.find(|other| !own.contains(other) || *other < name.as_str())?;
    let message = format!("the service {service} has a promise already: {first}");
    let hint = "a service has one promise; put both into one document, or withdraw the other";
    let problem = Problem::error(code::SECOND_PROMISE, placed.place("spec.service"), message, hint);
    Some(Problem { field: "spec.service".to_owned(), ..problem })
}

/// That its service is on a circle of hard dependencies that nobody was told of yet: it is one fault, however many
/// promises are on it.
fn in_circles(
    placed: &Placed<PromiseDoc>,
    cycles: &[Vec<&str>],
    on_circles: &BTreeMap<&str, (usize, usize)>,
    told: &mut BTreeSet<usize>,
) -> Option<Problem> {
    let (number, at) = on_circles.get(placed.doc.promise.service.as_str())?;
    let cycle = cycles.get(*number)?;
    // Whoever depends on itself is told so where the document is read.
    if cycle.len() == 1 || !told.insert(*number) {
        return None;
    }
    let shown = (cycle.len() + 1).min(CIRCLE_SHOWN_MAX);
    let way: Vec<&str> = cycle.iter().cycle().skip(*at).take(shown).copied().collect();
    let rest = if shown <= cycle.len() { " → …" } else { "" };
    let message = format!("hard dependencies go in a circle: {}{rest}", way.join(" → "));
    let hint = "none of them could ever start first; make one of them a soft dependency";
    let field = "spec.dependsOn.hard";
    let problem = Problem::error(code::DEPENDENCY_CYCLE, placed.place(field), message, hint);
    Some(Problem { field: field.to_owned(), ..problem })
}

/// In which circle a service is, and where in it.
fn on_circles<'a>(cycles: &[Vec<&'a str>]) -> BTreeMap<&'a str, (usize, usize)> {
    let mut places = BTreeMap::new();
    for (number, cycle) in cycles.iter().enumerate() {
        for (at, service) in cycle.iter().enumerate() {
            places.entry(*service).or_insert((number, at));
        }
    }
    places
}

/// That more is promised than its hard dependencies give.
fn above_ceiling(
    placed: &Placed<PromiseDoc>,
    next: &Next<'_>,
    by_service: &BTreeMap<&str, Vec<(&str, &Promise)>>,
) -> Vec<Problem> {
    let promise_of =
        |service: &str| by_service.get(service).and_then(|all| all.first()).map(|(_, one)| *one);
    // What is not there at all is an error already.
    let is_known = |finding: &Finding| match finding {
        Finding::Above { .. } => true,
        Finding::Unpromised { service, .. } => next.object(Kind::Service, service).is_some(),
    };
    let findings = ceiling::findings(next, &placed.doc.promise, promise_of);
    let problem = |finding: Finding| {
        let code = match finding {
            Finding::Above { .. } => code::ABOVE_CEILING,
            Finding::Unpromised { .. } => code::UNPROMISED_DEPENDENCY,
        };
        let field = "spec.dependsOn.hard";
        let place = placed.place(field);
        let problem = Problem::warning(code, place, finding.to_string(), finding.hint());
        Problem { field: field.to_owned(), ..problem }
    };
    findings.into_iter().filter(is_known).map(problem).collect()
}

/// Circles of hard dependencies: at least one of every group of services that need each other. Every service is walked
/// through once, without recursion: chains may be long.
fn cycles<'a>(by_service: &BTreeMap<&'a str, Vec<(&'a str, &'a Promise)>>) -> Vec<Vec<&'a str>> {
    let needs = |service: &str| -> Vec<&'a str> {
        let promises = by_service.get(service).into_iter().flatten();
        promises
            .flat_map(|(_, promise)| promise.depends_on.hard.iter().map(String::as_str))
            .collect()
    };
    let mut found = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in by_service.keys().copied() {
        // The way from the start, and what is still to be looked at from each step of it.
        let mut way: Vec<(&'a str, Vec<&'a str>)> = Vec::new();
        if !done.contains(start) {
            way.push((start, needs(start)));
        }
        let mut on_way: BTreeSet<&str> = way.iter().map(|(service, _)| *service).collect();
        while let Some((service, rest)) = way.last_mut() {
            let Some(next) = rest.pop() else {
                done.insert(*service);
                on_way.remove(*service);
                way.pop();
                continue;
            };
            if on_way.contains(next) {
                let circle = way.iter().map(|(service, _)| *service);
                found.push(circle.skip_while(|service| *service != next).collect());
            } else if !done.contains(next) {
                on_way.insert(next);
                way.push((next, needs(next)));
            }
        }
    }
    found
}

/// Promises that these changes break, although they stay themselves as they are.
pub(super) fn broken_by(
    changes: &BTreeMap<ObjectId, Change>,
    state: &State,
    next: &Next<'_>,
) -> BTreeMap<SmolStr, Vec<Breakage>> {
    let matters = |(id, change): (&ObjectId, &Change)| {
        matches!(id.kind, Kind::Service | Kind::Slo | Kind::Policy)
            && matches!(change, Change::Withdraw { .. } | Change::Alter { .. })
    };
    if !changes.iter().any(matters) {
        return BTreeMap::new();
    }
    let stay = all(state).filter(|(name, ..)| {
        let id = ObjectId { kind: Kind::Promise, name: (*name).into() };
        !changes.contains_key(&id)
    });
    let broken = stay.filter_map(|(name, promise, _)| {
        let before = promise.breakages(state);
        let mut after = promise.breakages_in(next);
        after.retain(|one| !before.contains(one));
        (!after.is_empty()).then(|| (SmolStr::from(name), after))
    });
    broken.collect()
}

#[cfg(test)]
pub(crate) mod tests;
