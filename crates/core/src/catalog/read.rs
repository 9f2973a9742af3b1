//! From documents to the objects that they declare.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    object::{Feed, Kind, Measure, Object, ObjectId},
    sources::{self, Missing},
};
use crate::spec::{
    self, Docs, Evaluable, SliSource,
    docs::Placed,
    model::{Linked, Source},
    own::PromiseDoc,
    problem::{Place, Problem},
};

/// The objects of a set of files, each with its place; or every problem of the files.
pub(super) struct Declarations {
    pub(super) objects: BTreeMap<ObjectId, (Object, Place)>,
    pub(super) problems: Vec<Problem>,
    /// The promises among them, with the places of their fields.
    pub(super) promises: Vec<Placed<PromiseDoc>>,
    /// Data sources that are named and are not among them.
    pub(super) missing_sources: Vec<Missing>,
}

/// Reads a set of files: name and content.
pub(super) fn declarations(files: &[(String, Vec<u8>)]) -> Declarations {
    let (mut docs, mut problems) = spec::read(files);
    let (evaluable, more) = spec::slos(&docs);
    problems.extend(more);
    let missing_sources = sources::take_missing(&docs, &mut problems);
    let (objects, promises) = (BTreeMap::new(), Vec::new());
    let mut declarations = Declarations { objects, problems, promises, missing_sources };
    for placed in &docs.services {
        let doc = &placed.doc;
        let (title, description) = (doc.metadata.display_name.clone(), doc.description.clone());
        let service = Object::Service { title, description };
        declarations.add(&doc.metadata.name, service, placed.place("metadata.name"));
    }
    for placed in &docs.data_sources {
        let feed = feed(&placed.doc.source);
        declarations.add(
            &placed.doc.metadata.name,
            Object::Source(feed),
            placed.place("metadata.name"),
        );
    }
    for placed in &docs.budget_policies {
        let (policy, no_data) = (placed.doc.policy.clone(), placed.doc.no_data);
        let policy = Object::Policy { policy: Box::new(policy), no_data };
        declarations.add(&placed.doc.metadata.name, policy, placed.place("metadata.name"));
    }
    for placed in &docs.promises {
        let promise = Object::Promise(Box::new(placed.doc.promise.clone()));
        declarations.add(&placed.doc.metadata.name, promise, placed.place("metadata.name"));
    }
    for evaluable in evaluable {
        declarations.add_evaluable(evaluable, &docs);
    }
    declarations.problems.extend(unused_indicators(&docs));
    declarations.promises = std::mem::take(&mut docs.promises);
    spec::problem::sort(&mut declarations.problems);
    declarations
}

impl Declarations {
    /// An objective, its indicator, and its service where that has no document of its own.
    fn add_evaluable(&mut self, evaluable: Evaluable, docs: &Docs) {
        let Evaluable { slo, source, place } = evaluable;
        let service = ObjectId { kind: Kind::Service, name: slo.service.as_str().into() };
        self.objects
            .entry(service)
            .or_insert_with(|| (Object::Service { title: None, description: None }, place.clone()));
        let sli = sli(&slo.service, source, docs);
        self.add(&slo.sli, sli, place.clone());
        self.add(&slo.name.clone(), Object::Slo(slo), place);
    }

    /// Takes in an object. What is declared twice alike is one object; what is declared twice and differs, a problem.
    fn add(&mut self, name: &str, object: Object, place: Place) {
        let id = ObjectId { kind: object.kind(), name: name.into() };
        match self.objects.get(&id) {
            None => {
                self.objects.insert(id, (object, place));
            }
            Some((known, _)) if *known == object => {}
            Some((_, first)) => {
                let message = format!("{id} is declared otherwise in {}:{}", first.path, first.at);
                let hint = "give one of them another name";
                self.problems.push(Problem::error(
                    spec::code::DECLARED_TWICE,
                    place,
                    message,
                    hint,
                ));
            }
        }
    }
}

/// Indicators that no objective names: they belong to no service, so that nothing can be kept of them.
fn unused_indicators(docs: &Docs) -> impl Iterator<Item = Problem> {
    let slos = docs.slos.iter().map(|placed| &placed.doc);
    let linked = slos.flat_map(|slo| {
        let own = slo.objectives.iter().filter_map(|objective| objective.indicator.as_ref());
        own.chain(&slo.indicator)
    });
    let used: BTreeSet<&str> = linked
        .filter_map(|linked| match linked {
            Linked::Reference(name) => Some(name.as_str()),
            Linked::Inline(_) => None,
        })
        .collect();
    let unused = docs.slis.iter().filter(move |sli| !used.contains(&*sli.doc.metadata.name));
    unused.map(|sli| {
        let message = format!(
            "the indicator {:?} is in no objective: it belongs to no service, and nothing is kept of it",
            sli.doc.metadata.name
        );
        let hint = "name it in an SLO as its indicatorRef, or leave it out";
        Problem::warning(spec::code::UNUSED_INDICATOR, sli.place("metadata.name"), message, hint)
    })
}

fn feed(source: &Source) -> Feed {
    match source {
        Source::AccessLog(logs) => Feed::AccessLog(logs.clone()),
        Source::Push => Feed::Push,
        Source::Other { kind, .. } => Feed::Other { kind: kind.clone() },
    }
}

fn sli(service: &str, source: SliSource, docs: &Docs) -> Object {
    let (source, measure) = match source {
        SliSource::AccessLog { service, sli, data_source } => {
            (data_source, Measure::Requests { service, sli })
        }
        SliSource::Push { data_source } => (data_source, Measure::Pushed),
        SliSource::Other { kind } => (None, Measure::Other { kind }),
    };
    // A source that lives elsewhere is warned of when the documents are read; here it names nothing.
    let known =
        |name: &String| docs.data_sources.iter().any(|placed| placed.doc.metadata.name == *name);
    Object::Sli { service: service.to_owned(), source: source.filter(known), measure }
}
