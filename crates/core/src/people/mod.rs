//! Who acts: people, and the tokens that act for them.

pub mod person;
pub mod token;
