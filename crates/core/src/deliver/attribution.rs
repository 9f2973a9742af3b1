//! Attributions: which account the budget spent in an interval is put down to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::time::{Minute, Span};

/// What a part of the budget was spent on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// An incident, by its name.
    Incident(String),
    /// A change, by its name.
    Change(String),
    /// Agreed work on the system, by its name.
    Maintenance(String),
    /// Minutes without data, where the policy charges them.
    MissingData,
    /// Nothing it has been put down to yet.
    Unattributed,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Account::Incident(name) => write!(f, "incident {name}"),
            Account::Change(name) => write!(f, "change {name}"),
            Account::Maintenance(name) => write!(f, "maintenance {name}"),
            Account::MissingData => f.write_str("missing data"),
            Account::Unattributed => f.write_str("unattributed"),
        }
    }
}

/// An interval of an SLI and the account it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// When.
    pub span: Span,
    /// On what.
    pub account: Account,
}

/// Which account each minute is put down to, as disjoint spans in order. Where two attributions overlap the later one
/// holds: it corrects the earlier. Taking one back gives its minutes to what stood before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributions(Vec<Attribution>);

impl Attributions {
    /// The attributions in force, in the order in which they were made.
    pub fn of(attributions: impl IntoIterator<Item = Attribution>) -> Self {
        let made: Vec<Attribution> = attributions.into_iter().collect();
        let mut bounds: BTreeMap<Minute, Vec<usize>> = BTreeMap::new();
        for (at, Attribution { span, .. }) in
            made.iter().enumerate().filter(|(_, a)| !a.span.is_empty())
        {
            bounds.entry(span.from).or_default().push(at);
            bounds.entry(span.to).or_default().push(at);
        }
        let mut disjoint: Vec<Attribution> = Vec::new();
        // Of the attributions that hold minutes between two bounds the last one made counts.
        let mut holding: BTreeSet<usize> = BTreeSet::new();
        let mut from = None;
        for (bound, changed) in bounds {
            if let (Some(from), Some(&latest)) = (from, holding.last()) {
                let (span, account) = (Span::new(from, bound), &made[latest].account);
                match disjoint.last_mut() {
                    Some(last) if last.span.to == from && last.account == *account => {
                        last.span.to = bound;
                    }
                    _ => disjoint.push(Attribution { span, account: account.clone() }),
                }
            }
            for at in changed {
                if !holding.remove(&at) {
                    holding.insert(at);
                }
            }
            from = Some(bound);
        }
        Attributions(disjoint)
    }

    /// What a minute is put down to.
    pub fn account(&self, minute: Minute) -> &Account {
        let after = self.0.partition_point(|attribution| attribution.span.from <= minute);
        match self.0[..after].last() {
            Some(last) if last.span.contains(minute) => &last.account,
            _ => &Account::Unattributed,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_latest_attribution_of_a_minute_holds(
            made in prop::collection::vec((0..100_i64, 0..40_i64, 0..4_u8), 0..12),
        ) {
            let made: Vec<Attribution> = made
                .into_iter()
                .map(|(from, length, name)| Attribution {
                    span: Span::new(Minute(from), Minute(from + length)),
                    account: Account::Change(name.to_string()),
                })
                .collect();
            let attributions = Attributions::of(made.clone());
            for minute in (-1..150).map(Minute) {
                let naive = made.iter().rfind(|a| a.span.from <= minute && minute < a.span.to);
                let naive = naive.map_or(Account::Unattributed, |a| a.account.clone());
                prop_assert_eq!(attributions.account(minute), &naive);
            }
        }
    }
}
