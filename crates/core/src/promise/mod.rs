//! What is promised and what is left of it: objectives, budgets, policies, decisions.

pub mod budget;
pub mod cost;
pub mod decision;
pub mod exception;
pub mod gate;
pub mod lint;
pub mod outage;
pub mod policy;
pub mod record;
pub mod slo;
pub mod standing;
pub mod statement;
pub mod suggest;
