//! Attributions: which account the budget spent in an interval is put down to.

use std::fmt;

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

/// The attributions in force, oldest first. Where two overlap the later one holds: it corrects the earlier. Taking
/// one back gives its minutes to what stood before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributions(Vec<Attribution>);

impl Attributions {
    /// The attributions in force, in the order in which they were made.
    pub fn of(attributions: impl IntoIterator<Item = Attribution>) -> Self {
        Attributions(attributions.into_iter().collect())
    }

    /// What a minute is put down to.
    pub fn account(&self, minute: Minute) -> &Account {
        let latest = self.0.iter().rev().find(|attribution| attribution.span.contains(minute));
        latest.map_or(&Account::Unattributed, |attribution| &attribution.account)
    }
}
