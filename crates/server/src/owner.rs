//! The owner of a data folder: the person for whom its `local.token` acts.

use std::fmt;

use plimsoll_core::{
    command::{Actor, Command, Refusal},
    people::person::{Person, PersonId},
};
use plimsoll_store::folder::{Folder, FolderError};

use crate::{
    api::auth::LocalCredential,
    desk::Desk,
    random::{self, NoRandomness},
    writer::{Job, NotDone},
};

/// Whose rule adds the owner.
const RULE: &str = "first start";
/// Who owns a folder when nothing else is known.
const NOBODY_SAYS: &str = "owner";

/// Why there is no owner.
#[derive(Debug)]
pub enum OwnerError {
    /// The handle cannot be used.
    Handle(Refusal),
    /// The person of this handle was erased.
    Erased(PersonId),
    /// They could not be added.
    NotAdded(NotDone),
    /// The token's file cannot be read or written.
    Folder(FolderError),
    /// No token can be made.
    NoRandomness(NoRandomness),
}

impl fmt::Display for OwnerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OwnerError::Handle(refusal) => refusal.fmt(f),
            OwnerError::Erased(person) => {
                write!(
                    f,
                    "{person} was erased and cannot own the folder; name another with --owner"
                )
            }
            OwnerError::NotAdded(not_done) => not_done.fmt(f),
            OwnerError::Folder(error) => error.fmt(f),
            OwnerError::NoRandomness(error) => error.fmt(f),
        }
    }
}

/// The credential of a folder: the one it has, or a fresh one, for the person asked for, or else for whoever runs
/// this. The person is added where they are not there.
pub(crate) fn credential(
    folder: &Folder,
    desk: &Desk,
    wanted: Option<&str>,
) -> Result<LocalCredential, OwnerError> {
    let wanted = wanted.map(PersonId::parse).transpose().map_err(OwnerError::Handle)?;
    let kept = Folder::token(folder.path()).map_err(OwnerError::Folder)?;
    let kept = kept.as_deref().and_then(LocalCredential::parse);
    let is_active = |person: &PersonId| {
        desk.published().read().people.get(person).is_some_and(Person::is_active)
    };
    if let Some(kept) = kept
        && is_active(&kept.person)
        && wanted.as_ref().is_none_or(|wanted| *wanted == kept.person)
    {
        return Ok(kept);
    }
    let person = match wanted {
        Some(wanted) => wanted,
        None => whoever_runs_this()?,
    };
    add(desk, &person)?;
    let fresh = LocalCredential::fresh(person).map_err(OwnerError::NoRandomness)?;
    folder.keep_token(&fresh.text()).map_err(|e| OwnerError::Folder(e.into()))?;
    Ok(fresh)
}

fn add(desk: &Desk, person: &PersonId) -> Result<(), OwnerError> {
    match desk.published().read().people.get(person) {
        Some(known) if known.is_active() => return Ok(()),
        Some(_) => return Err(OwnerError::Erased(person.clone())),
        None => {}
    }
    let job = Job {
        command: Command::AddPerson(person.as_str().to_owned()),
        actor: Actor::Rule(RULE.into()),
        fresh: random::fresh().map_err(OwnerError::NoRandomness)?,
        secret: None,
        repeat: None,
        condition: None,
    };
    desk.work_blocking(job).map(drop).map_err(OwnerError::NotAdded)
}

/// The handle of whoever runs this, as far as their name makes one.
fn whoever_runs_this() -> Result<PersonId, OwnerError> {
    let user = std::env::var("USER").unwrap_or_default();
    let handle = handle_of(&user);
    PersonId::parse(handle.as_deref().unwrap_or(NOBODY_SAYS)).map_err(OwnerError::Handle)
}

fn handle_of(user: &str) -> Option<String> {
    let lower = user.to_lowercase();
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let handle: String = lower.chars().map(allowed).collect();
    let handle = handle.trim_matches('-');
    PersonId::parse(handle).ok().map(|person| person.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_makes_a_handle_where_it_can() {
        assert_eq!(handle_of("Ada.Lovelace").as_deref(), Some("ada-lovelace"));
        assert_eq!(handle_of("_ada").as_deref(), Some("ada"));
        for user in ["", "42", "----", "ж", &"a".repeat(41)] {
            assert_eq!(handle_of(user), None, "{user}");
        }
    }
}
