//! The owner of a data folder: the person for whom its `local.token` acts.

use std::fmt;

use plimsoll_core::{
    command::{Actor, Command, Refusal},
    event::Event,
    people::person::{Person, PersonId},
};
use plimsoll_store::{
    Error,
    folder::{Folder, FolderError},
    journal::{Entry, JournalReader},
};

use crate::{
    api::auth::LocalCredential,
    desk::Desk,
    random::{self, NoRandomness},
    writer::{Job, NotDone},
};

/// Whose rule adds the owner.
const RULE: &str = "first start";
/// Entries of the journal that are looked through at once.
const ENTRIES_AT_ONCE: usize = 4096;
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
    /// The journal, which knows who it was before, cannot be read.
    Journal(Error),
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
            OwnerError::Journal(error) => error.fmt(f),
            OwnerError::Folder(error) => error.fmt(f),
            OwnerError::NoRandomness(error) => error.fmt(f),
        }
    }
}

/// The credential of a folder: the one it has, or a fresh one, for the person asked for, or else for whoever owned it
/// before, or else for whoever runs this. The person is added where they are not there.
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
        None => match whoever_owned(folder, is_active)? {
            Some(before) => before,
            None => whoever_runs_this()?,
        },
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

/// Who owned the folder last and is still active, as far as its journal tells: a backup, and with it what is restored,
/// has no token. The whole journal is read for that.
fn whoever_owned(
    folder: &Folder,
    is_active: impl Fn(&PersonId) -> bool,
) -> Result<Option<PersonId>, OwnerError> {
    let journal = JournalReader::open(&folder.journal()).map_err(OwnerError::Journal)?;
    let (mut seq, mut last) = (0, None);
    loop {
        let page = journal.read(seq, ENTRIES_AT_ONCE).map_err(OwnerError::Journal)?;
        let Some(end) = page.last() else { return Ok(last) };
        seq = end.seq;
        last = page.iter().rev().filter_map(owner_in).find(&is_active).or(last);
    }
}

/// The owner of whom an entry tells: who acted as such, or was added as such.
fn owner_in(entry: &Entry) -> Option<PersonId> {
    match serde_json::from_str(&entry.actor).ok()? {
        Actor::Owner { person } => Some(person),
        Actor::Rule(rule) if rule == RULE => match Event::read(&entry.event).ok()? {
            Event::PersonAdded(added) => Some(added.person),
            _ => None,
        },
        _ => None,
    }
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
    use std::{fs, path::Path};

    use axum::http::Request;

    use super::*;
    use crate::serve::{Options, Server};

    /// For whom the folder's token acts after a start for this owner, in which this owner may add a person.
    fn owner_after(folder: &Path, wanted: Option<&str>, adds: Option<&str>) -> String {
        let owner = wanted.map(str::to_owned);
        let server = Server::open(Options { owner, ..Options::new(folder) }).unwrap();
        let token = server.local_token();
        if let Some(handle) = adds {
            let request = Request::post("/api/v1/people")
                .header("Host", "localhost")
                .header("Authorization", format!("Bearer {token}"))
                .header("Content-Type", "application/json")
                .body(format!(r#"{{"handle":"{handle}"}}"#).into_bytes());
            assert_eq!(server.call(request.unwrap()).unwrap().status(), 201);
        }
        server.close();
        LocalCredential::parse(&token).unwrap().person.to_string()
    }

    #[test]
    fn a_folder_without_its_token_goes_on_with_the_owner_that_its_journal_tells_of() {
        let folder = tempfile::tempdir().unwrap();
        let lose_token = || fs::remove_file(folder.path().join("local.token")).unwrap();
        let owner = |wanted, adds| owner_after(folder.path(), wanted, adds);
        assert_eq!(owner(Some("ada-l"), None), "ada-l");
        lose_token();
        assert_eq!(owner(None, Some("bob-m")), "ada-l");
        lose_token();
        // A person who was there before owns it by what they do, one who is added by that.
        assert_eq!(owner(Some("bob-m"), Some("cyd-n")), "bob-m");
        lose_token();
        assert_eq!(owner(None, None), "bob-m");
        assert_eq!(owner(Some("dee-o"), None), "dee-o");
        lose_token();
        assert_eq!(owner(None, None), "dee-o");
        let people = JournalReader::open(&folder.path().join("journal.db")).unwrap();
        assert_eq!(people.head().unwrap().seq, 4);
    }

    #[test]
    fn an_owner_who_was_erased_does_not_come_back() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(owner_after(folder.path(), Some("ada-l"), None), "ada-l");
        assert_eq!(owner_after(folder.path(), Some("bob-m"), None), "bob-m");
        let folder = Folder::lock(folder.path()).unwrap();
        let found = whoever_owned(&folder, |person| person.as_str() != "bob-m").unwrap();
        assert_eq!(found, Some(PersonId::parse("ada-l").unwrap()));
        assert_eq!(whoever_owned(&folder, |_| false).unwrap(), None);
    }

    #[test]
    fn a_user_name_makes_a_handle_where_it_can() {
        assert_eq!(handle_of("Ada.Lovelace").as_deref(), Some("ada-lovelace"));
        assert_eq!(handle_of("_ada").as_deref(), Some("ada"));
        for user in ["", "42", "----", "ж", &"a".repeat(41)] {
            assert_eq!(handle_of(user), None, "{user}");
        }
    }
}
