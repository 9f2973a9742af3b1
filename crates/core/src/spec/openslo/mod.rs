//! OpenSLO documents: which kinds and fields exist in which version, and the rules of each.
//!
//! The rules are those of the specification and of its Go SDK. Where the two contradict each other the wider one
//! holds and a warning says so; `docs/reference/openslo-contradictions.md` lists each case with its decision.

mod alert;
mod indicator;
mod metadata;
mod objective;
mod slo;
mod source;
mod v1alpha;
mod window;

pub(crate) use metadata::{LONGEST_DISPLAY_NAME, description, metadata};
pub(crate) use window::date_time;

use super::{
    docs::Doc,
    fields::{Fields, Item},
    kind::{Kind, Version},
    report::Report,
};

/// The words in which v1 and v2alpha differ; everything else they share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// The field of an SLO that holds an indicator.
    pub(crate) indicator: &'static str,
    /// The field of an SLO that names an indicator.
    pub(crate) indicator_ref: &'static str,
    /// Whether this is v2alpha.
    pub(crate) is_v2: bool,
}

impl Dialect {
    const V1: Dialect =
        Dialect { indicator: "indicator", indicator_ref: "indicatorRef", is_v2: false };
    const V2ALPHA: Dialect = Dialect { indicator: "sli", indicator_ref: "sliRef", is_v2: true };

    /// The dialect of a version.
    pub(crate) fn of(version: Version) -> Self {
        if version == Version::V2alpha { Dialect::V2ALPHA } else { Dialect::V1 }
    }

    /// The field that holds a query's own words, within the field that holds the query.
    pub(crate) fn query_spec(self) -> &'static str {
        if self.is_v2 { "spec" } else { "metricSource.spec" }
    }
}

/// Reads an object of a kind of the version being read. The value is incomplete where errors were reported.
pub(crate) fn read(kind: Kind, object: &mut Fields<'_>, report: &mut Report) -> Option<Doc> {
    let dialect = Dialect::of(report.version);
    match kind {
        Kind::Slo if report.version == Version::V1alpha => {
            v1alpha::slo(object, report).map(Doc::Slo)
        }
        Kind::Service => Some(Doc::Service(source::service(object, report))),
        Kind::DataSource => source::data_source(object, report).map(Doc::DataSource),
        Kind::Sli => indicator::sli(object, dialect, report).map(Doc::Sli),
        Kind::Slo => slo::slo(object, dialect, report).map(Doc::Slo),
        Kind::AlertPolicy => alert::policy(object, report).map(Doc::AlertPolicy),
        Kind::AlertCondition => alert::condition(object, report).map(Doc::AlertCondition),
        Kind::AlertNotificationTarget => {
            alert::target(object, report).map(Doc::AlertNotificationTarget)
        }
        Kind::BudgetPolicy | Kind::Promise => None,
    }
}

/// Reads a value with `read`, and gives it only when report found no error.
fn without_errors<T>(
    item: &Item<'_>,
    report: &mut Report,
    read: impl FnOnce(&Item<'_>, &mut Report) -> Option<T>,
) -> Option<T> {
    let errors = report.errors();
    let value = read(item, report)?;
    (report.errors() == errors).then_some(value)
}

#[cfg(test)]
mod tests;
