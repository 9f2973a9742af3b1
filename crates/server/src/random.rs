//! Random bits from the operating system.

use std::fmt;

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

/// Bits from which core makes ids.
///
/// # Errors
/// [`NoRandomness`].
pub fn fresh() -> Result<u128, NoRandomness> {
    bytes().map(u128::from_le_bytes)
}
