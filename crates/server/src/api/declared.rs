//! What all objects of the catalog have in common: who declares them, and how they are found and listed.

use plimsoll_core::{
    catalog::{self, Kind, ObjectId},
    state::State,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::time,
    page::{Page, PageQuery},
    problem::Problem,
};

/// Which files declare an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Declaration {
    /// The set of files that is applied together.
    pub set: String,
    /// The file within the set.
    pub file: String,
    /// Since when the object is what it is.
    #[schema(format = DateTime)]
    pub since: String,
}

impl Declaration {
    pub(crate) fn of(declared: &catalog::Declared) -> Self {
        let catalog::Owner { set, file } = declared.owner.clone();
        Declaration { set, file, since: time(declared.since_ms) }
    }
}

/// The object of a kind and name.
pub(crate) fn find<'a>(state: &'a State, kind: Kind, name: &str) -> Option<&'a catalog::Declared> {
    state.objects.get(&ObjectId { kind, name: name.into() })
}

/// All objects of a kind, by name.
pub(crate) fn all(state: &State, kind: Kind) -> impl Iterator<Item = (&str, &catalog::Declared)> {
    behind(state, kind, "")
}

fn behind<'a>(
    state: &'a State,
    kind: Kind,
    after: &str,
) -> impl Iterator<Item = (&'a str, &'a catalog::Declared)> {
    let from = ObjectId { kind, name: after.into() };
    let rest = state.objects.range(from..);
    rest.take_while(move |(id, _)| id.kind == kind).map(|(id, object)| (id.name.as_str(), object))
}

/// One object of a kind, as it is shown.
pub(crate) fn one<T>(
    state: &State,
    kind: Kind,
    name: &str,
    view: impl Fn(&str, &catalog::Declared) -> Option<T>,
) -> Result<T, Problem> {
    find(state, kind, name).and_then(|object| view(name, object)).ok_or_else(|| none(kind, name))
}

/// A page of the objects of a kind.
pub(crate) fn page<T>(
    state: &State,
    kind: Kind,
    query: &PageQuery,
    view: impl Fn(&str, &catalog::Declared) -> Option<T>,
) -> Result<Page<T>, Problem> {
    let cut = query.cut()?;
    let rest = behind(state, kind, cut.after.as_deref().unwrap_or_default());
    let rest = rest.filter(|(name, _)| cut.is_behind(name));
    Ok(cut.page(rest.filter_map(|(name, object)| Some((name.to_owned(), view(name, object)?)))))
}

/// There is no such service; where it was withdrawn, when, and where what was decided about it is still found.
pub(crate) fn no_service(state: &State, name: &str) -> Problem {
    let Some(gone) = state.withdrawn.get(name) else { return none(Kind::Service, name) };
    let hint = match gone.decision {
        Some(entry) => format!(
            "the journal keeps what was decided about it, last in entry {entry}: plimsoll decision show {entry}"
        ),
        None => "nothing was decided about it".to_owned(),
    };
    Problem::not_found(format!("the service {name} was withdrawn at {}", time(gone.at_ms)), hint)
}

/// There is no such object.
pub(crate) fn none(kind: Kind, name: &str) -> Problem {
    let plural = match kind {
        Kind::Policy => "policies".to_owned(),
        other => format!("{}s", other.name()),
    };
    let kind = kind.name();
    let shown: String = name.chars().take(100).collect();
    Problem::not_found(
        format!("there is no {kind} {shown:?}"),
        format!("GET /api/v1/{plural} lists them; documents declare them"),
    )
}
