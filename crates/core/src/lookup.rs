//! A map that is looked into by key and never walked.

#![expect(clippy::disallowed_types, reason = "without a walk there is no order that could differ")]

use std::{collections::HashMap, hash::Hash};

/// Values by key, found in about the same time however many there are.
///
/// It cannot be walked, so that no result can depend on the order in which it holds them, which is another in each run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lookup<K: Hash + Eq, V>(HashMap<K, V>);

impl<K: Hash + Eq, V> Default for Lookup<K, V> {
    fn default() -> Self {
        Lookup(HashMap::new())
    }
}

impl<K: Hash + Eq, V> Lookup<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// Puts a value under a key; the one that was there.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    /// Takes out what is under a key.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.0.remove(key)
    }

    /// What is under a key, to be changed.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0.get_mut(key)
    }

    /// What is under a key, to be changed; put there first where nothing is.
    pub(crate) fn get_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.0.entry(key).or_default()
    }
}
