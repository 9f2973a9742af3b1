//! Data sources that only another set of files declares: an indicator finds those of its own set.

use super::object::{Kind, ObjectId};
use crate::{
    spec::{Docs, code, docs::Placed, problem::Problem},
    state::State,
};

/// A data source that is not among the files, and what is said of it.
#[derive(Debug)]
pub(super) struct Missing {
    name: String,
    problem: Problem,
}

/// Takes from the problems those of data sources that are not among the files, with the names of these.
pub(super) fn take_missing(docs: &Docs, problems: &mut Vec<Problem>) -> Vec<Missing> {
    let of_source = |problem: &mut Problem| {
        problem.code == code::UNRESOLVED_REFERENCE && problem.field.ends_with("metricSourceRef")
    };
    let mut missing = Vec::new();
    for problem in problems.extract_if(.., of_source).collect::<Vec<_>>() {
        match name(docs, &problem) {
            Some(name) => missing.push(Missing { name, problem }),
            None => problems.push(problem),
        }
    }
    missing
}

/// The text at the place of a problem.
fn name(docs: &Docs, problem: &Problem) -> Option<String> {
    fn find<T>(placed: &Placed<T>, problem: &Problem) -> Option<String> {
        let place = placed.place(&problem.field);
        let is_there = (place.path.as_str(), place.at.line, place.at.column)
            == (problem.path.as_str(), problem.line, problem.column);
        placed.root().text_of(&problem.field).filter(|_| is_there).map(str::to_owned)
    }
    let in_slos = docs.slos.iter().find_map(|placed| find(placed, problem));
    in_slos.or_else(|| docs.slis.iter().find_map(|placed| find(placed, problem)))
}

/// What is to be said of missing data sources with what is in force.
pub(super) fn problems(missing: Vec<Missing>, state: &State, set: &str) -> Vec<Problem> {
    let said = |Missing { name, problem }: Missing| {
        let id = ObjectId { kind: Kind::Source, name: name.as_str().into() };
        let Some(owner) = state.objects.get(&id).map(|known| &known.owner) else { return problem };
        if owner.set == set {
            return problem;
        }
        let message = format!(
            "the DataSource {name:?} is declared in the set {}, and an indicator finds only those of its own set",
            owner.set
        );
        let hint = format!(
            "declare a DataSource in the set {set} under another name, or move this one there"
        );
        Problem { code: code::SOURCE_ELSEWHERE, message, hint: Some(hint), ..problem }
    };
    missing.into_iter().map(said).collect()
}
