//! What is promised and what is left of it: objectives, budgets, policies, decisions.

pub mod budget;
pub mod slo;
