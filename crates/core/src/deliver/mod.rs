//! What changed production, and what each minute is put down to.

pub mod attribution;
