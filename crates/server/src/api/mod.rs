//! The HTTP interface: one file per noun, and what all of them share.
//!
//! Its types are its own, not those of core: they are an interface, and they change at another pace.

pub mod actor;
pub mod agreements;
mod answer;
mod app;
pub mod attributions;
pub mod auth;
pub mod backups;
pub mod bill;
pub mod budgets;
pub(crate) mod call;
pub mod changes;
pub mod decisions;
pub mod declared;
pub mod documents;
pub(crate) mod etag;
pub mod exact;
pub mod exceptions;
pub mod exclusions;
pub mod exit;
pub mod gate;
mod guard;
pub mod health;
mod host;
pub mod interval;
pub mod journal;
mod metrics;
mod minute;
pub mod obedience;
pub mod openapi;
pub mod page;
pub mod people;
pub mod policies;
pub mod problem;
pub mod promise_export;
pub mod promises;
mod rate;
mod route;
pub mod samples;
pub mod services;
pub mod slis;
pub mod slos;
pub mod slots;
pub mod sources;
pub mod tokens;

pub(crate) use app::{App, Reach};
pub(crate) use auth::Access;
pub(crate) use guard::Ends;
pub(crate) use host::Hosts;
pub(crate) use metrics::Answered;
pub(crate) use rate::{Buckets, Rate};
pub(crate) use route::{Route, router};

/// Every route there is.
pub(crate) fn routes() -> Vec<Route> {
    [
        health::routes(),
        openapi::routes(),
        people::routes(),
        tokens::routes(),
        documents::routes(),
        services::routes(),
        slis::routes(),
        slots::routes(),
        samples::routes(),
        slos::routes(),
        budgets::routes(),
        decisions::routes(),
        gate::routes(),
        exit::routes(),
        sources::routes(),
        promises::routes(),
        promise_export::routes(),
        policies::routes(),
        exclusions::routes(),
        attributions::routes(),
        changes::routes(),
        obedience::routes(),
        exceptions::routes(),
        bill::routes(),
        journal::routes(),
        backups::routes(),
        metrics::routes(),
        crate::pages::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests;
