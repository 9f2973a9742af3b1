//! The hash chain: each entry's hash covers the entry and the hash before it.
//!
//! It proves that nothing before a head somebody else keeps was altered, no more: who can write the file can write
//! a whole new chain.

use sha2::{Digest, Sha256};

use super::{
    entry::{Draft, Entry, Head},
    refused::Refused,
};
use crate::limits::{ACTOR_BYTES_MAX, BATCH_ENTRIES_MAX, EVENT_BYTES_MAX};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// SHA-256 over: the previous entry's hash, `seq`, `at_ms`, the length of `actor`, `actor`, the length of `event`,
/// `event`. Numbers are 64-bit little-endian, lengths count bytes, texts are UTF-8. Before the first entry stand 32
/// zero bytes.
pub fn hash(previous: &Hash, seq: u64, at_ms: i64, actor: &str, event: &str) -> Hash {
    Sha256::new()
        .chain_update(previous)
        .chain_update(seq.to_le_bytes())
        .chain_update(at_ms.to_le_bytes())
        .chain_update((actor.len() as u64).to_le_bytes())
        .chain_update(actor)
        .chain_update((event.len() as u64).to_le_bytes())
        .chain_update(event)
        .finalize()
        .into()
}

/// The hashes of drafts that follow `head`, or why they cannot.
pub(super) fn link(head: Head, drafts: &[Draft]) -> Result<Vec<Head>, Refused> {
    if drafts.len() > BATCH_ENTRIES_MAX {
        return Err(Refused::TooMany { entries: drafts.len() });
    }
    let mut at = head;
    let mut heads = Vec::with_capacity(drafts.len());
    for draft in drafts {
        if draft.at_ms < at.at_ms {
            return Err(Refused::BackInTime { at_ms: draft.at_ms, newest_ms: at.at_ms });
        }
        fits("actor", &draft.actor, ACTOR_BYTES_MAX)?;
        fits("event", &draft.event, EVENT_BYTES_MAX)?;
        let seq = at.seq + 1;
        let hash = hash(&at.hash, seq, draft.at_ms, &draft.actor, &draft.event);
        at = Head { seq, at_ms: draft.at_ms, hash };
        heads.push(at);
    }
    Ok(heads)
}

fn fits(what: &'static str, text: &str, bytes_max: usize) -> Result<(), Refused> {
    let bytes = text.len();
    if bytes > bytes_max {
        return Err(Refused::TooLarge { what, bytes, limit: bytes_max });
    }
    Ok(())
}

/// What is wrong with an entry that should follow `head`, if anything is.
pub(super) fn flaw(head: Head, entry: &Entry) -> Option<&'static str> {
    if entry.seq != head.seq + 1 {
        return Some("it is not there");
    }
    if entry.hash != hash(&head.hash, entry.seq, entry.at_ms, &entry.actor, &entry.event) {
        return Some("its hash does not match its content and the entry before it");
    }
    (entry.at_ms < head.at_ms).then_some("it is older than the entry before it")
}
