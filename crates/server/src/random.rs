//! Random bits from the operating system.

use std::{cell::RefCell, fmt};

/// The operating system gave no random bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoRandomness(String);

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the operating system gave no random bits: {}", self.0)
    }
}

impl std::error::Error for NoRandomness {}

/// Bytes that nobody can guess.
///
/// # Errors
/// [`NoRandomness`].
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| NoRandomness(error.to_string()))?;
    Ok(bytes)
}

/// So many ids are made from one call to the operating system.
const IDS_A_CALL: usize = 64;

thread_local! {
    static DRAWN: RefCell<Vec<u128>> = const { RefCell::new(Vec::new()) };
}

/// Bits from which core makes ids.
///
/// # Errors
/// [`NoRandomness`].
pub fn fresh() -> Result<u128, NoRandomness> {
    DRAWN.with_borrow_mut(|drawn| {
        if drawn.is_empty() {
            let bytes = bytes::<{ IDS_A_CALL * size_of::<u128>() }>()?;
            let (ids, _) = bytes.as_chunks();
            drawn.extend(ids.iter().map(|id| u128::from_le_bytes(*id)));
        }
        drawn.pop().ok_or_else(|| NoRandomness("it gave none".to_owned()))
    })
}
