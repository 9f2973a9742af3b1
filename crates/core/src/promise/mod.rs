//! What is promised and what is left of it: objectives, budgets, policies, decisions.

pub mod agreement;
pub mod budget;
pub mod ceiling;
pub mod cost;
pub mod coverage;
pub mod decision;
pub mod exception;
pub mod exit;
pub mod gate;
pub mod in_force;
pub mod lint;
pub mod outage;
pub mod policy;
#[allow(clippy::module_inception)] // The noun of this folder is one of its nouns.
pub mod promise;
pub mod record;
pub mod slo;
pub mod standing;
pub mod statement;
pub mod suggest;
pub mod terms;
