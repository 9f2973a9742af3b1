//! The HTTP interface: one file per noun, and what all of them share.
//!
//! Its types are its own, not those of core: they are an interface, and they change at another pace.

mod answer;
mod app;
pub mod auth;
mod call;
pub mod documents;
mod etag;
mod guard;
pub mod health;
mod host;
pub mod openapi;
pub mod page;
pub mod people;
pub mod problem;
mod rate;
mod route;
pub mod tokens;

pub(crate) use app::{App, Reach};
pub(crate) use guard::Ends;
pub(crate) use host::Hosts;
pub(crate) use rate::{Buckets, Rate};
pub(crate) use route::{Route, router};

/// Every route there is.
pub(crate) fn routes() -> Vec<Route> {
    [health::routes(), openapi::routes(), people::routes(), tokens::routes(), documents::routes()]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests;
