//! The bond between journal and slots.
//!
//! Slots are kept under numbers that only their journal explains. Beside another journal, or one that lost its newest
//! entries, the next SLI would be given a number that another one had, and with it what was measured of that. So the
//! slots remember their journal.

use std::{fmt, path::PathBuf};

use plimsoll_store::{Error, folder::Folder, journal::JournalReader, slots::SlotReader};
use serde::{Deserialize, Serialize};

use crate::{api::etag::hex, measure::watch::ITSELF, published::Published, serve::OpenError};

/// The name of what they remember of their journal.
const JOURNAL: &str = "journal";

/// What slots remember of their journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bond {
    /// The hash of its first entry.
    first: String,
    /// Its newest entry, when this was kept; later ones may have come since.
    seq: u64,
}

/// Why slots are not read beside a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbound {
    journal: PathBuf,
    slots: PathBuf,
    what: String,
}

impl fmt::Display for Unbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (journal, slots) = (self.journal.display(), self.slots.display());
        write!(
            f,
            "{journal}: {}, as {slots} remembers it. Nothing was changed. Restore a backup, which holds both; to go on \
             with this journal and without what was measured, move {slots} away",
            self.what
        )
    }
}

impl std::error::Error for Unbound {}

impl Bond {
    /// To the journal of a folder. None while that is empty.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn to(folder: &Folder) -> Result<Option<Bond>, Error> {
        let journal = JournalReader::open(&folder.journal())?;
        let (first, seq) = (journal.read(0, 1)?, journal.head()?.seq);
        Ok(first.first().map(|entry| Bond { first: hex(&entry.hash), seq }))
    }

    /// As it is to be kept now. What is published is durable.
    pub(crate) fn cursor(&self, published: &Published) -> (u32, String, Option<Vec<u8>>) {
        let bond = Bond { first: self.first.clone(), seq: published.seq() };
        // A text and a number: it cannot fail to be written.
        let bytes = serde_json::to_vec(&bond).unwrap_or_default();
        (ITSELF, JOURNAL.to_owned(), Some(bytes))
    }

    /// What is wrong with a journal beside slots that remember this.
    fn flaw(&self, now: &Bond) -> Option<String> {
        if now.first != self.first {
            return Some("it is that of another folder".to_owned());
        }
        (now.seq < self.seq).then(|| {
            format!(
                "it ends with entry {}, and had come to entry {}: its newest entries are gone",
                now.seq, self.seq
            )
        })
    }
}

/// Looks whether the slots of a folder are those of its journal. Slots that remember none, or cannot be read, say
/// nothing here; nor does a journal without an entry, beside which a folder with slots is not opened at all.
///
/// # Errors
/// [`OpenError::Unbound`], or when the journal cannot be read.
pub(crate) fn check(folder: &Folder) -> Result<(), OpenError> {
    let Some(journal) = Bond::to(folder).map_err(OpenError::Store)? else { return Ok(()) };
    let slots = folder.slots();
    let remembered = slots.exists().then(|| {
        let cursors = SlotReader::open(&slots).ok()?.reads().cursors(ITSELF).ok()?;
        let (_, bytes) = cursors.into_iter().find(|(name, _)| name == JOURNAL)?;
        serde_json::from_slice::<Bond>(&bytes).ok()
    });
    let what = remembered.flatten().and_then(|bond| bond.flaw(&journal));
    what.map_or(Ok(()), |what| {
        Err(OpenError::Unbound(Unbound { journal: folder.journal(), slots, what }))
    })
}
