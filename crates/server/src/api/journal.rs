//! The journal: what happened, in order, and whether it is as it was written.

use std::sync::Arc;

use axum::extract::State;
use plimsoll_core::{command, people::token::Scope};
use plimsoll_store::journal::{self, JournalReader};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{
    actor::Actor,
    answer::{Answer, one, report, time},
    app::App,
    auth::Access,
    call::{Call, Params},
    etag::hex,
    page,
    problem::{Code, Problem},
    route::Route,
};
use crate::verifier;

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its place, from 1, without gaps.
    pub seq: u64,
    /// When it was written.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who acted.
    pub actor: Actor,
    /// What happened.
    #[schema(value_type = Object)]
    pub event: Value,
    /// Chains it to all entries before, in hexadecimal.
    pub hash: String,
}

/// Entries of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entries {
    /// The entries, in order.
    pub items: Vec<Entry>,
    /// After which entry the next page begins; null where this one is at the end.
    pub next: Option<u64>,
}

/// The newest entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Head {
    /// Its place; 0 before the first.
    pub seq: u64,
    /// When it was written.
    #[schema(format = DateTime)]
    pub at: String,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

/// What verification found. Damage is a problem instead, which names the entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verification {
    /// Every entry up to this one is as it was written.
    pub head: Head,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    /// Those after this one; 0 for the beginning.
    pub after: Option<u64>,
    /// At most so many, up to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<usize>,
}

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Scope(Scope::Read);
    vec![
        Route::get("/api/v1/journal", read, list),
        Route::get("/api/v1/journal/head", read, head),
        Route::get("/api/v1/journal/verification", read, verify),
    ]
}

impl From<journal::Head> for Head {
    fn from(head: journal::Head) -> Self {
        Head { seq: head.seq, at: time(head.at_ms), hash: hex(&head.hash) }
    }
}

fn view(entry: &journal::Entry) -> Result<Entry, Problem> {
    let unreadable = |error: serde_json::Error| {
        let detail = format!("entry {} cannot be read: {error}", entry.seq);
        Problem::new(Code::Internal, detail, "plimsoll journal verify says more")
    };
    let actor: command::Actor = serde_json::from_str(&entry.actor).map_err(unreadable)?;
    Ok(Entry {
        seq: entry.seq,
        at: time(entry.at_ms),
        actor: Actor::from(&actor),
        event: serde_json::from_str(&entry.event).map_err(unreadable)?,
        hash: hex(&entry.hash),
    })
}

/// Entries in order. Each is held against the chain.
#[utoipa::path(get, path = "/api/v1/journal", tag = "journal", params(EntriesQuery),
    responses((status = 200, body = Entries)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Params(query): Params<EntriesQuery>,
) -> Answer {
    let limit = page::limit(query.limit)?;
    let after = query.after.unwrap_or(0);
    if i64::try_from(after).is_err() {
        let detail = format!("the query parameter after is {after}, and no journal is that long");
        return Err(Problem::new(
            Code::Malformed,
            detail,
            "take it from `next` of the page before",
        ));
    }
    let file = app.journal.clone();
    let found = app
        .heavily(move || {
            let reader = JournalReader::open(&file)?;
            let entries = reader.read(after, limit)?;
            let items: Vec<Entry> = entries.iter().map(view).collect::<Result<_, _>>()?;
            let head = reader.head()?.seq;
            let next = items.last().map(|entry| entry.seq).filter(|seq| *seq < head);
            Ok(Entries { items, next })
        })
        .await?;
    report(&found)
}

/// The newest entry.
#[utoipa::path(get, path = "/api/v1/journal/head", tag = "journal",
    responses((status = 200, body = Head)))]
pub(super) async fn head(State(app): State<Arc<App>>, call: Call) -> Answer {
    one(&call, &Head::from(app.desk.head()))
}

/// Walks the whole chain and checks the file. It takes a while where the journal is long.
#[utoipa::path(get, path = "/api/v1/journal/verification", tag = "journal",
    responses((status = 200, body = Verification)))]
pub(super) async fn verify(State(app): State<Arc<App>>) -> Answer {
    let file = app.journal.clone();
    let head = app.heavily(move || Ok(verifier::verify(&file)?)).await?;
    report(&Verification { head: head.into() })
}
