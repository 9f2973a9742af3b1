//! The hash chain: each entry's hash covers the entry and the hash before it.
//!
//! It proves that nothing before a head somebody else keeps was altered, no more: who can write the file can write
//! a whole new chain.

use memchr::memchr2;
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
    let (mut at, mut actor) = (head, None);
    let mut heads = Vec::with_capacity(drafts.len());
    for draft in drafts {
        if draft.at_ms < at.at_ms {
            return Err(Refused::BackInTime { at_ms: draft.at_ms, newest_ms: at.at_ms });
        }
        // Many entries in a row have the same actor: it is read once.
        if actor != Some(&draft.actor) {
            is_json_line("actor", &draft.actor, ACTOR_BYTES_MAX)?;
            actor = Some(&draft.actor);
        }
        is_json_line("event", &draft.event, EVENT_BYTES_MAX)?;
        let seq = at.seq + 1;
        let hash = hash(&at.hash, seq, draft.at_ms, &draft.actor, &draft.event);
        at = Head { seq, at_ms: draft.at_ms, hash };
        heads.push(at);
    }
    Ok(heads)
}

/// A value that stands in one line of an export and comes out of it byte for byte.
fn is_json_line(what: &'static str, text: &str, bytes_max: usize) -> Result<(), Refused> {
    if text.len() > bytes_max {
        return Err(Refused::TooLarge { what, bytes: text.len(), limit: bytes_max });
    }
    let blank = |c: char| c.is_ascii_whitespace();
    let line_end = memchr2(b'\n', b'\r', text.as_bytes()).is_some();
    if text.starts_with(blank) || text.ends_with(blank) || line_end {
        return Err(Refused::NotJson { what, why: "it has blanks around it or a line end".into() });
    }
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map(drop)
        .map_err(|e| Refused::NotJson { what, why: e.to_string() })
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
