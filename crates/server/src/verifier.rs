//! The verifier: reads the whole journal once after a start, beside everything else.
//!
//! A start reads no more of the journal than what came after the last snapshot. Damage before that would be met by the
//! next backup, when it is too late to wonder.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    thread,
};

use plimsoll_core::event::Event;
use plimsoll_store::{
    Error,
    journal::{Head, JournalReader},
};

use crate::replay::ReplayError;

/// So many entries are read at once.
const PAGE: usize = 1_000;

/// What is wrong with the journal, once that is known.
pub(crate) type Damage = Arc<OnceLock<String>>;

/// Walks the chain of a journal and reads every event of it; its newest entry.
///
/// # Errors
/// The first entry that is not as it was written, or that says nothing to this program.
pub fn verify(file: &Path) -> Result<Head, ReplayError> {
    let journal = JournalReader::open(file).map_err(ReplayError::Store)?;
    let head = journal.verify(|_| {}).map_err(ReplayError::Store)?;
    let mut after = 0;
    while after < head.seq {
        let entries = journal.read(after, PAGE).map_err(ReplayError::Store)?;
        let Some(last) = entries.last() else { break };
        after = last.seq;
        for entry in &entries {
            let seq = entry.seq;
            Event::read(&entry.event).map_err(|why| ReplayError::Entry { seq, why })?;
        }
    }
    Ok(head)
}

/// Verifies a journal on a thread of its own, and keeps what is wrong with it.
pub(crate) fn start(file: PathBuf, damage: Damage) {
    let verify = move || match verify(&file) {
        Ok(_) => {}
        Err(error @ (ReplayError::Store(Error::Damaged(_)) | ReplayError::Entry { .. })) => {
            tracing::error!("the journal was read through: {error}");
            let _ = damage.set(error.to_string());
        }
        Err(error) => tracing::warn!("the journal could not be read through: {error}"),
    };
    if let Err(error) = thread::Builder::new().name("verifier".to_owned()).spawn(verify) {
        tracing::warn!("the journal is not read through: the system gave no thread: {error}");
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_store::journal::{Batch, Draft, Journal, JournalFile, JsonLine};

    use super::*;

    #[test]
    fn an_entry_that_says_nothing_is_found_though_the_chain_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.db");
        let mut journal = JournalFile::open(&file).unwrap();
        let line = |text: &str| JsonLine::parse(text).unwrap();
        let draft = |event: &str| Draft { at_ms: 1, actor: line("{}"), event: line(event) };
        let added = r#"{"type":"person.added","person":"ada"}"#;
        let batch = |event: &str| Batch { entries: vec![draft(event)], ..Batch::default() };
        journal.append(journal.head(), &batch(added)).unwrap();
        assert_eq!(verify(&file).unwrap(), journal.head());
        journal.append(journal.head(), &batch(r#"{"type":"person.added"}"#)).unwrap();
        let error = verify(&file).unwrap_err();
        assert!(matches!(error, ReplayError::Entry { seq: 2, .. }), "{error}");
    }
}
