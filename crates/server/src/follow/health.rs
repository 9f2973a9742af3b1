//! How sources are doing, since the server started.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use plimsoll_core::time::Minute;
use plimsoll_source::follow::{Example, Health};

/// So many of the latest events of a source are kept.
const EVENTS_KEPT: usize = 20;

/// How one source is doing.
#[derive(Debug, Clone, Default)]
pub struct SourceHealth {
    /// Why it brings nothing, or less than it should; `None` while all is well.
    pub trouble: Option<String>,
    /// The newest minute that it brought anything of.
    pub newest: Option<Minute>,
    /// Every minute before it was seen in full, where logs are followed.
    pub seen_until: Option<Minute>,
    /// When it was heard of last, in milliseconds since 1970.
    pub heard_ms: Option<i64>,
    /// Lines of logs, or pushes, that were taken.
    pub taken: u64,
    /// Lines that could not be read, or pushes that were refused.
    pub rejected: u64,
    /// Why the last push was refused.
    pub last_rejection: Option<String>,
    /// The latest malformed lines.
    pub examples: Vec<Example>,
    /// Files and patterns, where logs are followed.
    pub files: Option<Health>,
    /// What happened to files, the latest last: when, in milliseconds since 1970, and what.
    pub events: VecDeque<(i64, String)>,
}

impl SourceHealth {
    /// Notes what happened.
    pub fn happened(&mut self, at_ms: i64, what: String) {
        if self.events.len() == EVENTS_KEPT {
            self.events.pop_front();
        }
        self.events.push_back((at_ms, what));
    }
}

/// The health of all sources, by name.
#[derive(Debug, Clone, Default)]
pub struct Healths(Arc<Mutex<BTreeMap<String, SourceHealth>>>);

impl Healths {
    /// How a source is doing; as if nothing had been heard of it where nothing was.
    pub fn of(&self, source: &str) -> SourceHealth {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(source)
            .cloned()
            .unwrap_or_default()
    }

    /// Notes something about a source.
    pub fn note(&self, source: &str, note: impl FnOnce(&mut SourceHealth)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains_key(source) {
            all.insert(source.to_owned(), SourceHealth::default());
        }
        if let Some(health) = all.get_mut(source) {
            note(health);
        }
    }

    /// Forgets sources that are not there any more.
    pub fn keep_only(&self, is_there: impl Fn(&str) -> bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|source, _| is_there(source));
    }
}
