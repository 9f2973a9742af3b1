//! Writing OpenSLO v1, strictly, always in the same words and order.

mod document;
mod emit;
mod proposal;

use super::model::{DataSourceDoc, ServiceDoc, SliDoc, SloDoc};

pub use proposal::{proposal, slo_doc};

/// An object that can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// `Service`
    Service(ServiceDoc),
    /// `DataSource`
    DataSource(DataSourceDoc),
    /// `SLI`
    Sli(SliDoc),
    /// `SLO`
    Slo(Box<SloDoc>),
}

/// Writes objects as a YAML file of one document each. What only v1alpha (seconds) or v2alpha (a data source within a
/// metric) can say has no words in v1: objects of those are not for writing.
pub fn yaml(documents: &[Document]) -> String {
    let texts: Vec<String> =
        documents.iter().map(|document| emit::yaml(&document::node(document))).collect();
    texts.join("---\n")
}

#[cfg(test)]
mod tests;
