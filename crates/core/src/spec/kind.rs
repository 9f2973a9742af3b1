//! Versions and kinds of documents.

use std::fmt;

/// The `apiVersion` of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// `openslo/v1alpha`.
    V1alpha,
    /// `openslo/v1`, the one that is written.
    V1,
    /// `openslo.com/v2alpha`.
    V2alpha,
    /// `plimsoll/v1`: our own kinds.
    Plimsoll,
}

impl Version {
    /// All of them.
    pub const ALL: [Version; 4] =
        [Version::V1alpha, Version::V1, Version::V2alpha, Version::Plimsoll];

    /// As it is written in `apiVersion`.
    pub fn as_str(self) -> &'static str {
        match self {
            Version::V1alpha => "openslo/v1alpha",
            Version::V1 => "openslo/v1",
            Version::V2alpha => "openslo.com/v2alpha",
            Version::Plimsoll => "plimsoll/v1",
        }
    }

    /// The kinds that exist in this version.
    pub fn kinds(self) -> &'static [Kind] {
        match self {
            Version::V1alpha => &[Kind::Service, Kind::Slo],
            Version::V1 | Version::V2alpha => &[
                Kind::DataSource,
                Kind::Slo,
                Kind::Sli,
                Kind::AlertPolicy,
                Kind::AlertCondition,
                Kind::AlertNotificationTarget,
                Kind::Service,
            ],
            Version::Plimsoll => &[Kind::BudgetPolicy, Kind::Promise],
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The `kind` of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A service that promises something.
    Service,
    /// Where measurements come from.
    DataSource,
    /// What is measured.
    Sli,
    /// What is promised.
    Slo,
    /// When to alert, and whom.
    AlertPolicy,
    /// When to alert.
    AlertCondition,
    /// Whom to alert.
    AlertNotificationTarget,
    /// What follows from the budget.
    BudgetPolicy,
    /// What a service gives its users.
    Promise,
}

impl Kind {
    /// As it is written in `kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Service => "Service",
            Kind::DataSource => "DataSource",
            Kind::Sli => "SLI",
            Kind::Slo => "SLO",
            Kind::AlertPolicy => "AlertPolicy",
            Kind::AlertCondition => "AlertCondition",
            Kind::AlertNotificationTarget => "AlertNotificationTarget",
            Kind::BudgetPolicy => "BudgetPolicy",
            Kind::Promise => "Promise",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
