//! Lists in pages: `?limit=` and `?cursor=`, and where the next page begins.

use std::ops::Bound;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    etag::hex,
    problem::{Code, Problem},
};
use crate::limits::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// At most so many items, up to 1000.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<usize>,
    /// Where the page begins: `next` of the page before.
    #[param(pattern = "^([0-9a-f]{2})+$")]
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the order of their names.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last.
    pub next: Option<String>,
}

/// Which part of a sorted list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The key of the last item of the page before.
    pub(crate) after: Option<String>,
    /// At most so many.
    pub(crate) limit: usize,
}

impl PageQuery {
    /// What it asks for.
    pub(crate) fn cut(&self) -> Result<Cut, Problem> {
        Ok(Cut { after: self.after()?, limit: limit(self.limit)? })
    }

    fn after(&self) -> Result<Option<String>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let key = unhex(cursor).and_then(|bytes| String::from_utf8(bytes).ok());
        key.map(Some).ok_or_else(|| {
            Problem::new(
                Code::Malformed,
                "the query parameter cursor is none that this server gave",
                "take it from `next` of the page before, or leave it out to begin",
            )
        })
    }
}

/// A limit of items that a query asks for.
pub(crate) fn limit(wanted: Option<usize>) -> Result<usize, Problem> {
    let limit = wanted.unwrap_or(PAGE_ITEMS_DEFAULT);
    if (1..=PAGE_ITEMS_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::new(
        Code::Malformed,
        format!("the query parameter limit is {limit}"),
        format!("ask for 1 to {PAGE_ITEMS_MAX} items"),
    ))
}

impl Cut {
    /// From where on a map with such keys is walked.
    pub(crate) fn begin<K>(&self, key: impl FnOnce(&str) -> K) -> (Bound<K>, Bound<K>) {
        let from =
            self.after.as_deref().map_or(Bound::Unbounded, |after| Bound::Excluded(key(after)));
        (from, Bound::Unbounded)
    }

    /// Whether an item of this key belongs to the page or a later one.
    pub(crate) fn is_behind(&self, key: &str) -> bool {
        self.after.as_deref().is_none_or(|after| key > after)
    }

    /// A page of what comes after it, each with its key.
    pub(crate) fn page<T>(&self, sorted: impl IntoIterator<Item = (String, T)>) -> Page<T> {
        let mut sorted = sorted.into_iter();
        let mut items = Vec::new();
        let mut last = None;
        for (key, item) in sorted.by_ref().take(self.limit) {
            items.push(item);
            last = Some(key);
        }
        let next = last.filter(|_| sorted.next().is_some()).map(|key| hex(key.as_bytes()));
        Page { items, next }
    }
}

/// The bytes of a text that [`hex`] wrote; none where it would not have written so.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.bytes().all(is_digit) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn pages_put_together_are_the_list() {
        let list: BTreeMap<String, u32> = (0..25).map(|n| (format!("é{n:03}"), n)).collect();
        for size in [1, 4, 5, 24, 25, 26] {
            let mut query = PageQuery { limit: Some(size), cursor: None };
            let mut seen = Vec::new();
            loop {
                let cut = query.cut().unwrap();
                let rest = list.range(cut.begin(str::to_owned));
                let page = cut.page(rest.map(|(key, n)| (key.clone(), *n)));
                assert!(!page.items.is_empty() && page.items.len() <= size);
                seen.extend(page.items);
                match page.next {
                    None => break,
                    next => query.cursor = next,
                }
            }
            assert_eq!(seen, (0..25).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn what_is_no_cursor_or_no_limit_is_refused() {
        for cursor in ["", "x", "é", "+1", "ff", "0g", "6A"] {
            let query = PageQuery { limit: None, cursor: Some(cursor.to_owned()) };
            assert_eq!(query.cut().unwrap_err().code(), Code::Malformed, "{cursor}");
        }
        assert!(limit(Some(0)).is_err() && limit(Some(1001)).is_err() && limit(Some(1000)).is_ok());
    }
}
