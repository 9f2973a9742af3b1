//! People whom documents name: that nobody of this handle is here yet.

use std::collections::BTreeMap;

use super::object::{Object, ObjectId};
use crate::{
    people::person,
    spec::{
        code,
        problem::{Place, Problem},
    },
    state::State,
};

/// Handles that nobody has. Nothing is said by themselves of files: then nobody is known at all.
pub(super) fn unknown(
    objects: &BTreeMap<ObjectId, (Object, Place)>,
    state: &State,
) -> Vec<Problem> {
    if state.people.is_empty() {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for (id, (object, place)) in objects {
        let (field, handles): (&str, Vec<&str>) = match object {
            Object::Policy { policy, .. } => {
                let both = [&policy.approvers.product, &policy.approvers.engineering];
                ("spec.approvers", both.into_iter().flatten().map(String::as_str).collect())
            }
            Object::Promise(promise) => ("spec.owner.person", vec![promise.owner.person.as_str()]),
            _ => continue,
        };
        let mut handles: Vec<&str> =
            handles.into_iter().filter(|handle| !person::is_active(state, handle)).collect();
        handles.sort_unstable();
        handles.dedup();
        for handle in handles {
            let message = format!("{id} names {handle}, and there is no such person");
            let hint = format!("put the handle right, or add them: plimsoll person add {handle}");
            let problem = Problem::warning(code::UNKNOWN_PERSON, place.clone(), message, hint);
            problems.push(Problem { field: field.to_owned(), ..problem });
        }
    }
    problems
}
