//! What is promised and what is left of it: objectives, budgets, policies, decisions.

pub mod lint;
pub mod slo;
