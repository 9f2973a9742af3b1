//! What proves tokens: the hashes of their secrets, as the journal keeps them, at hand for every request.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{PoisonError, RwLock},
};

use plimsoll_core::{
    event::Event,
    people::token::{Revoked, TokenId},
};
use plimsoll_store::{Error, journal::Journal};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::writer::{Outcome, TOKEN_SECRET};

/// SHA-256 of a secret. Secrets are 32 random bytes: nothing slower is needed to keep them from being guessed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash of a secret.
    pub fn of(secret: &str) -> Self {
        SecretHash(Sha256::digest(secret.as_bytes()).into())
    }

    /// Whether this is the hash of `secret`; takes as long whichever byte differs.
    pub fn proves(&self, secret: &str) -> bool {
        self.0.ct_eq(&SecretHash::of(secret).0).into()
    }

    /// As it is kept.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl fmt::Debug for SecretHash {
    /// Does not show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// The hashes of all tokens.
#[derive(Debug, Default)]
pub struct Keyring {
    hashes: RwLock<BTreeMap<TokenId, SecretHash>>,
}

impl Keyring {
    /// Whether `secret` is that of this token. Whether the token is still valid is another question.
    pub fn proves(&self, token: &TokenId, secret: &str) -> bool {
        let hashes = self.hashes.read().unwrap_or_else(PoisonError::into_inner);
        hashes.get(token).is_some_and(|hash| hash.proves(secret))
    }

    /// Whether this is the hash of the token's secret.
    pub fn holds(&self, token: &TokenId, hash: &SecretHash) -> bool {
        let hashes = self.hashes.read().unwrap_or_else(PoisonError::into_inner);
        hashes.get(token) == Some(hash)
    }

    /// Takes all hashes from a journal, in place of those before.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(crate) fn load(&self, journal: &impl Journal) -> Result<(), Error> {
        let kept = journal.secrets(TOKEN_SECRET)?;
        let hashes = kept.into_iter().filter_map(|(id, hash)| {
            Some((TokenId(id.into()), SecretHash(<[u8; 32]>::try_from(hash).ok()?)))
        });
        *self.hashes.write().unwrap_or_else(PoisonError::into_inner) = hashes.collect();
        Ok(())
    }

    /// Follows what a batch of jobs did. What a token was issued with is asked of the journal: an outcome may be that
    /// of an earlier request.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(crate) fn follow(&self, outcomes: &[Outcome], journal: &impl Journal) -> Result<(), Error> {
        let done = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok());
        for event in done.flat_map(|done| &done.events) {
            match event {
                Event::TokenIssued(issued) => self.learn(&issued.token, journal)?,
                Event::TokenRevoked(Revoked { token }) => self.forget(token),
                _ => {}
            }
        }
        Ok(())
    }

    fn learn(&self, token: &TokenId, journal: &impl Journal) -> Result<(), Error> {
        let kept = journal.secret(TOKEN_SECRET, &token.0)?;
        if let Some(hash) = kept.and_then(|hash| <[u8; 32]>::try_from(hash).ok()) {
            let mut hashes = self.hashes.write().unwrap_or_else(PoisonError::into_inner);
            hashes.insert(token.clone(), SecretHash(hash));
        }
        Ok(())
    }

    fn forget(&self, token: &TokenId) {
        self.hashes.write().unwrap_or_else(PoisonError::into_inner).remove(token);
    }
}
