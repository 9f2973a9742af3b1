//! Until when was decided: the slots remember it, so that whoever starts sees for how long nobody did.

use plimsoll_core::time::Minute;
use plimsoll_store::{Error, slots::SlotReads};

/// The slots keep what they say of themselves like the cursors of a source of this number, which none has.
pub(crate) const ITSELF: u32 = u32::MAX;

const DECIDED: &str = "decided";

/// Every minute before it was decided on, as the slots remember it.
///
/// # Errors
/// When they cannot be read.
pub(crate) fn decided_until(slots: &impl SlotReads) -> Result<Option<Minute>, Error> {
    let cursors = slots.cursors(ITSELF)?;
    let decided = cursors.into_iter().find(|(name, _)| name == DECIDED);
    Ok(decided.and_then(|(_, bytes)| serde_json::from_slice(&bytes).ok()).map(Minute))
}

/// As it is to be kept, when every minute before `end` was decided on.
pub(crate) fn cursor(end: Minute) -> (u32, String, Option<Vec<u8>>) {
    (ITSELF, DECIDED.to_owned(), Some(end.0.to_string().into_bytes()))
}
