//! What applying a set of files would do.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{
    handles,
    object::{Declared, Kind, Object, ObjectId, Owner, WasWithdrawn, declared},
    promises::{self, Next},
    proposals::{self, Proposal, proposals},
    read::declarations,
    sources,
};
use crate::{
    command::{Context, Refusal},
    event::Event,
    limits::OBJECTS_MAX,
    promise::promise::Breakage,
    spec::{
        code,
        problem::{Place, Problem, Severity},
    },
    state::State,
    time::Date,
};

/// What would happen to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Declare {
        /// What it will be.
        after: Object,
        /// Where it stands.
        place: Place,
    },
    /// It is another than before.
    Alter {
        /// What it is.
        before: Object,
        /// What it will be.
        after: Object,
        /// Where it stands.
        place: Place,
    },
    /// Only the file it stands in is another.
    Move {
        /// What it is and stays.
        object: Object,
        /// Where it stands now.
        place: Place,
    },
    /// This set no longer speaks of it, and another does: it stays, and is the other's.
    HandOver {
        /// What it is and stays.
        object: Object,
        /// Whose it is then.
        to: Owner,
    },
    /// It is gone.
    Withdraw {
        /// What it was.
        before: Object,
    },
}

/// What applying a set of files would do, and what is to be said about the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The name of the set.
    pub set: String,
    /// What would happen, by kind and name. What stays as it is, is not here.
    pub changes: BTreeMap<ObjectId, Change>,
    /// How many objects stay as they are.
    pub unchanged: usize,
    /// The versions of promises and policies that would be proposed.
    pub proposals: Vec<Proposal>,
    /// By which day promises and policies of the files are to be looked at again, and where they stand.
    pub reviews: BTreeMap<ObjectId, (Date, Place)>,
    /// Promises that could not be held to account any more, by name, and why.
    pub breaks: BTreeMap<SmolStr, Vec<Breakage>>,
    /// Warnings; and errors, with which nothing would happen at all.
    pub problems: Vec<Problem>,
}

impl Change {
    /// What the object will be; `None` where it goes.
    pub fn after(&self) -> Option<&Object> {
        match self {
            Change::Declare { after, .. } | Change::Alter { after, .. } => Some(after),
            Change::Move { object, .. } | Change::HandOver { object, .. } => Some(object),
            Change::Withdraw { .. } => None,
        }
    }
}

impl Plan {
    /// Whether there are errors.
    pub fn is_refused(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }

    /// Promises and policies that had to be looked at again before this day: perhaps the year is wrong.
    pub fn overdue(&self, today: Date) -> Vec<Problem> {
        let past = self.reviews.iter().filter(|(_, (day, _))| *day < today);
        let problem = |(id, (day, place)): (&ObjectId, &(Date, Place))| {
            let message = format!("{id} was to be looked at again by {day}, which has passed");
            let hint = "look whether it still fits, and name a later day";
            let problem = Problem::warning(code::REVIEW_OVERDUE, place.clone(), message, hint);
            Problem { field: "spec.reviewDate".to_owned(), ..problem }
        };
        past.map(problem).collect()
    }

    /// The objects that would be withdrawn.
    pub fn withdrawn(&self) -> impl Iterator<Item = &ObjectId> {
        let withdrawn = |change: &Change| matches!(change, Change::Withdraw { .. });
        self.changes.iter().filter(move |(_, change)| withdrawn(change)).map(|(id, _)| id)
    }
}

/// By which day an object is to be looked at again.
fn review(
    (id, (object, place)): (&ObjectId, &(Object, Place)),
) -> Option<(ObjectId, (Date, Place))> {
    let day = match object {
        Object::Policy { policy, .. } => policy.review_date?,
        Object::Promise(promise) => promise.review_date,
        _ => return None,
    };
    Some((id.clone(), (day, place.clone())))
}

/// What applying these files (name and content) as this set would do.
pub fn plan(state: &State, set: &str, files: &[(String, Vec<u8>)]) -> Plan {
    let read = declarations(files);
    let mut plan = Plan {
        set: set.to_owned(),
        changes: BTreeMap::new(),
        unchanged: 0,
        proposals: Vec::new(),
        reviews: read.objects.iter().filter_map(review).collect(),
        breaks: BTreeMap::new(),
        problems: read.problems,
    };
    plan.problems.extend(handles::unknown(&read.objects, state));
    plan.problems.extend(sources::problems(read.missing_sources, state, set));
    let mut wanted = read.objects;
    let others = used_elsewhere(state, set);
    for (id, known) in state.objects.iter().filter(|(_, known)| known.owner.set == set) {
        let change = match wanted.remove(id) {
            None => match others.get(id.name.as_str()).filter(|_| id.kind == Kind::Service) {
                Some(to) => Change::HandOver { object: known.object.clone(), to: (*to).clone() },
                None => Change::Withdraw { before: known.object.clone() },
            },
            Some((after, place)) if after != known.object => {
                Change::Alter { before: known.object.clone(), after, place }
            }
            Some((object, place)) if place.path != known.owner.file => {
                Change::Move { object, place }
            }
            Some(_) => {
                plan.unchanged += 1;
                continue;
            }
        };
        plan.changes.insert(id.clone(), change);
    }
    for (id, (after, place)) in wanted {
        match state.objects.get(&id) {
            // Several sets may speak of a service that none of them describes.
            Some(known) if known.object == after && id.kind == Kind::Service => plan.unchanged += 1,
            Some(known) => {
                let owner = &known.owner;
                let message = format!("{id} belongs to {} of the set {}", owner.file, owner.set);
                let hint = "give it another name, or withdraw it there first";
                plan.problems.push(Problem::error(code::BELONGS_ELSEWHERE, place, message, hint));
            }
            None => {
                plan.changes.insert(id, Change::Declare { after, place });
            }
        }
    }
    let next = Next { objects: &state.objects, changes: &plan.changes };
    plan.problems.extend(promises::problems(&read.promises, &next));
    plan.breaks = promises::broken_by(&plan.changes, state, &next);
    plan.proposals = proposals(state, set, &next);
    crate::spec::problem::sort(&mut plan.problems);
    plan
}

/// What is to be said about files by themselves. What a promise names may be elsewhere then.
pub fn check(files: &[(String, Vec<u8>)]) -> Vec<Problem> {
    let mut problems = plan(&State::default(), "", files).problems;
    for problem in problems.iter_mut().filter(|one| one.code == code::UNKNOWN_TO_PROMISE) {
        problem.severity = Severity::Warning;
        problem.hint = Some(
            "put the name right, or know that it is on the server; --server checks".to_owned(),
        );
    }
    crate::spec::problem::sort(&mut problems);
    problems
}

/// Services of which other sets have objects, each with the owner of one of these.
fn used_elsewhere<'a>(state: &'a State, set: &str) -> BTreeMap<&'a str, &'a Owner> {
    let others = state.objects.values().filter(|known| known.owner.set != set);
    let of = |known: &'a Declared| match &known.object {
        Object::Sli { service, .. } => Some((service.as_str(), &known.owner)),
        Object::Slo(slo) => Some((slo.service.as_str(), &known.owner)),
        _ => None,
    };
    others.filter_map(of).collect()
}

/// What is asked for when a set of files is applied.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    /// The name of the set.
    pub(crate) set: &'a str,
    /// Name and content of each file.
    pub(crate) files: &'a [(String, Vec<u8>)],
    /// Whether objects that the files no longer declare are withdrawn.
    pub(crate) may_withdraw: bool,
    /// Why agreed terms change.
    pub(crate) reason: &'a Option<String>,
}

/// Applies a set of files, as a whole or not at all.
pub(crate) fn apply(
    state: &State,
    wish: &Wish<'_>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let Wish { set, files, may_withdraw, reason } = *wish;
    let plan = plan(state, set, files);
    if let Some(problem) = plan.problems.iter().find(|problem| problem.is_error()) {
        let errors = plan.problems.iter().filter(|problem| problem.is_error()).count();
        let more = if errors > 1 { format!("; and {} more", errors - 1) } else { String::new() };
        return Err(Refusal::invalid(
            format!("{problem}{more}"),
            "plimsoll check shows all of them",
        ));
    }
    let withdrawn: Vec<String> = plan.withdrawn().map(ToString::to_string).collect();
    if !withdrawn.is_empty() && !may_withdraw {
        let what = format!("{} would be withdrawn: {}", withdrawn.len(), withdrawn.join(", "));
        return Err(Refusal::conflict(what, "say --delete to allow that; their slots stay"));
    }
    if state.objects.len() + plan.changes.len() > OBJECTS_MAX {
        return Err(Refusal::too_many("objects", OBJECTS_MAX));
    }
    let proposed = proposals::propose(plan.proposals, reason.as_deref(), context)?;
    let mut next_key = state.keys.values().max().map_or(0, |key| key + 1);
    let changes = plan.changes.into_iter();
    let events = changes.map(|(id, change)| match change {
        Change::Withdraw { .. } => Event::Withdrawn(WasWithdrawn { id }),
        Change::HandOver { object, to } => declared(id.name, to, None, object),
        Change::Declare { after, place }
        | Change::Alter { after, place, .. }
        | Change::Move { object: after, place } => {
            let key = key(state, &id, &mut next_key);
            declared(id.name, Owner { set: set.to_owned(), file: place.path }, key, after)
        }
    });
    Ok(events.chain(proposed).collect())
}

/// The number of an object that has slots: the one it has or had, or a fresh one.
fn key(state: &State, id: &ObjectId, next: &mut u32) -> Option<u32> {
    if !matches!(id.kind, Kind::Sli | Kind::Source) {
        return None;
    }
    let known = state.keys.get(id).copied();
    Some(known.unwrap_or_else(|| {
        *next += 1;
        *next - 1
    }))
}
