//! Who sends a request, and whether they may.
//!
//! A token reads `plimsoll_ID_SECRET`; the credential of whoever owns the data folder `local_HANDLE_SECRET`.

use std::fmt;

use axum::http::{HeaderMap, header};
use plimsoll_core::{
    command::Actor,
    people::{
        person::{Person, PersonId},
        token::{Scope, TokenId},
    },
    state::State,
};

use super::{
    app::App,
    etag::hex,
    problem::{Code, Problem},
};
use crate::{
    keyring::SecretHash,
    random::{self, NoRandomness},
};

/// What a request needs to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Anyone,
    /// The scope `read`; nothing where only this machine is listened to.
    Reader,
    /// A token with this scope, wherever it comes from.
    Scope(Scope),
}

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person.
    pub person: PersonId,
    /// By which token; `None` for whoever owns the data folder.
    pub token: Option<TokenId>,
}

impl Caller {
    /// What the journal calls them.
    pub fn actor(&self) -> Actor {
        let person = self.person.clone();
        match self.token.clone() {
            Some(token) => Actor::Person { person, token },
            None => Actor::Owner { person },
        }
    }
}

/// As many random bytes as nobody can guess.
const SECRET_BYTES: usize = 32;

/// The secret part of a token. It is never shown but to whom it is given.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A fresh one.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn fresh() -> Result<Self, NoRandomness> {
        random::bytes::<SECRET_BYTES>().map(|bytes| Secret(hex(&bytes)))
    }

    /// Reads a whole one.
    fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_whole = text.len() == 2 * SECRET_BYTES && text.bytes().all(is_digit);
        is_whole.then(|| Secret(text.to_owned()))
    }

    /// Its hash.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }

    /// The text of a token with this secret.
    pub fn token(&self, id: &TokenId) -> String {
        format!("plimsoll_{id}_{}", self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The credential of whoever owns the data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalCredential {
    /// For whom it acts.
    pub person: PersonId,
    secret: Secret,
}

impl LocalCredential {
    /// A fresh one for this person.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn fresh(person: PersonId) -> Result<Self, NoRandomness> {
        Ok(LocalCredential { person, secret: Secret::fresh()? })
    }

    /// Reads the text of one; none where it is damaged, so that a part of a secret is never enough.
    pub fn parse(text: &str) -> Option<Self> {
        match Shown::parse(text)? {
            Shown::Local { handle, secret } => Some(LocalCredential {
                person: PersonId::parse(handle).ok()?,
                secret: Secret::parse(secret)?,
            }),
            Shown::Token { .. } => None,
        }
    }

    /// Its text.
    pub fn text(&self) -> String {
        format!("local_{}_{}", self.person, self.secret.0)
    }

    fn is(&self, handle: &str, secret: &str) -> bool {
        // The hash of the kept secret is compared, so that the time tells nothing of it.
        self.person.as_str() == handle && self.secret.hash().proves(secret)
    }
}

/// A credential as a request shows it.
enum Shown<'a> {
    Token { id: &'a str, secret: &'a str },
    Local { handle: &'a str, secret: &'a str },
}

impl<'a> Shown<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (kind, rest) = text.split_once('_')?;
        let (name, secret) = rest.split_once('_')?;
        match kind {
            "plimsoll" => Some(Shown::Token { id: name, secret }),
            "local" => Some(Shown::Local { handle: name, secret }),
            _ => None,
        }
    }
}

/// Who sends a request with these headers; `None` without a token.
///
/// # Errors
/// A problem, where a token is shown that is none of ours, not valid any more, or not a token at all.
pub(crate) fn identify(app: &App, headers: &HeaderMap) -> Result<Option<Identified>, Problem> {
    let Some(field) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let text = field.to_str().ok().and_then(bearer).ok_or_else(|| {
        let hint = "send `Authorization: Bearer TOKEN`";
        Problem::new(Code::TokenInvalid, "the Authorization field holds no bearer token", hint)
    })?;
    let now_ms = app.now_ms();
    match Shown::parse(text) {
        Some(Shown::Token { id, secret }) => {
            let id = TokenId(id.into());
            if !app.keyring.proves(&id, secret) {
                return Err(unknown());
            }
            of_token(&app.desk.published().read(), id, now_ms).map(Some)
        }
        Some(Shown::Local { handle, secret }) => {
            if !app.local.is(handle, secret) {
                return Err(unknown());
            }
            of_owner(&app.desk.published().read(), &app.local.person).map(Some)
        }
        None => Err(unknown()),
    }
}

/// A caller whose token was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identified {
    pub(crate) caller: Caller,
    /// What the token may be used for; everything for the owner of the folder.
    scopes: Vec<Scope>,
}

impl Identified {
    /// Whether the token may be used for this.
    pub(crate) fn allows(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|own| own.includes(scope))
    }
}

fn of_token(state: &State, id: TokenId, now_ms: i64) -> Result<Identified, Problem> {
    let token = state.tokens.get(&id).ok_or_else(unknown)?;
    if !token.is_valid(now_ms) {
        let why = if token.revoked_ms.is_some() { "was revoked" } else { "has expired" };
        return Err(Problem::new(
            Code::TokenInvalid,
            format!("the token {id} {why}"),
            "ask for a new one: plimsoll token issue",
        ));
    }
    if !state.people.get(&token.person).is_some_and(Person::is_active) {
        return Err(unknown());
    }
    let scopes = token.scopes.iter().copied().collect();
    Ok(Identified { caller: Caller { person: token.person.clone(), token: Some(id) }, scopes })
}

fn of_owner(state: &State, person: &PersonId) -> Result<Identified, Problem> {
    if !state.people.get(person).is_some_and(Person::is_active) {
        return Err(Problem::new(
            Code::TokenInvalid,
            format!("{person}, whose local.token this is, was erased"),
            "start the server again, for another person: plimsoll serve --owner HANDLE",
        ));
    }
    let caller = Caller { person: person.clone(), token: None };
    Ok(Identified { caller, scopes: Scope::ALL.to_vec() })
}

fn unknown() -> Problem {
    Problem::new(
        Code::TokenInvalid,
        "the token is unknown here, or was revoked",
        "check that it was copied whole, and that it is for this server; or ask for a new one",
    )
}

fn bearer(field: &str) -> Option<&str> {
    let (scheme, token) = field.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a request may do what needs this access.
///
/// # Errors
/// A problem that says what is missing.
pub(crate) fn allow(
    access: Access,
    identified: Option<&Identified>,
    is_local_only: bool,
) -> Result<(), Problem> {
    let scope = match access {
        Access::Anyone => return Ok(()),
        Access::Reader if is_local_only => return Ok(()),
        Access::Reader => Scope::Read,
        Access::Scope(scope) => scope,
    };
    match identified {
        Some(identified) if identified.allows(scope) => Ok(()),
        Some(_) => Err(Problem::new(
            Code::ScopeMissing,
            format!(
                "this needs a token with the scope {}, and this token has it not",
                scope.name()
            ),
            format!("use another token: plimsoll token issue --scope {}", scope.name()),
        )
        .with("scope", scope.name())),
        None => Err(Problem::new(
            Code::TokenNeeded,
            format!("this needs a token with the scope {}", scope.name()),
            "send `Authorization: Bearer TOKEN`; plimsoll token issue makes one",
        )
        .with("scope", scope.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_secret_is_no_credential() {
        let person = PersonId::parse("ada").unwrap();
        let whole = LocalCredential::fresh(person).unwrap();
        let text = whole.text();
        assert_eq!(LocalCredential::parse(&text).as_ref(), Some(&whole));
        for length in 0..text.len() {
            assert_eq!(LocalCredential::parse(&text[..length]), None, "{length}");
        }
        for damaged in [format!("{text}0"), text.replace("local_ada_", "local_ada_x")] {
            assert_eq!(LocalCredential::parse(&damaged), None, "{damaged}");
        }
    }
}
