//! What changed production, and what each minute is put down to.

pub mod attribution;
pub mod change;
mod changes;
pub mod obedience;

pub use changes::Changes;

#[cfg(test)]
mod tests;
