//! All documents of a set of files, as values with their places.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    kind::Version,
    model::{
        AlertConditionDoc, AlertNotificationTargetDoc, AlertPolicyDoc, DataSourceDoc, ServiceDoc,
        SliDoc, SloDoc,
    },
    own::{PolicyDoc, PromiseDoc},
    problem::Place,
    yaml::{Node, Position},
};

/// The objects that have no errors, in the order of the files.
#[derive(Debug, Clone, Default)]
pub struct Docs {
    /// `Service`
    pub services: Vec<Placed<ServiceDoc>>,
    /// `DataSource`
    pub data_sources: Vec<Placed<DataSourceDoc>>,
    /// `SLI`
    pub slis: Vec<Placed<SliDoc>>,
    /// `SLO`
    pub slos: Vec<Placed<SloDoc>>,
    /// `AlertPolicy`
    pub alert_policies: Vec<Placed<AlertPolicyDoc>>,
    /// `AlertCondition`
    pub alert_conditions: Vec<Placed<AlertConditionDoc>>,
    /// `AlertNotificationTarget`
    pub alert_targets: Vec<Placed<AlertNotificationTargetDoc>>,
    /// `BudgetPolicy`
    pub budget_policies: Vec<Placed<PolicyDoc>>,
    /// `Promise`
    pub promises: Vec<Placed<PromiseDoc>>,
    /// How many objects the files hold, also those with errors.
    pub objects: usize,
}

/// A value and where it came from.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// What it says.
    pub doc: T,
    /// In which version it says so.
    pub version: Version,
    path: Arc<str>,
    root: Arc<Node>,
}

impl<T> Placed<T> {
    /// Where a field stands, such as `spec.objectives[0].target`, or else the nearest one around it.
    pub fn place(&self, field: &str) -> Place {
        Place { path: self.path.to_string(), at: self.root.position_of(field) }
    }

    /// The tree it was read from.
    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// The file it was read from.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

/// An object of any kind.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // One at a time, on the way into its list.
pub(crate) enum Doc {
    Service(ServiceDoc),
    DataSource(DataSourceDoc),
    Sli(SliDoc),
    Slo(SloDoc),
    AlertPolicy(AlertPolicyDoc),
    AlertCondition(AlertConditionDoc),
    AlertNotificationTarget(AlertNotificationTargetDoc),
    BudgetPolicy(PolicyDoc),
    Promise(PromiseDoc),
}

impl Docs {
    /// Takes in an object.
    pub(crate) fn add(&mut self, doc: Doc, version: Version, path: Arc<str>, root: Arc<Node>) {
        fn place<T>(
            list: &mut Vec<Placed<T>>,
            doc: T,
            version: Version,
            path: Arc<str>,
            root: Arc<Node>,
        ) {
            list.push(Placed { doc, version, path, root });
        }
        match doc {
            Doc::Service(doc) => place(&mut self.services, doc, version, path, root),
            Doc::DataSource(doc) => place(&mut self.data_sources, doc, version, path, root),
            Doc::Sli(doc) => place(&mut self.slis, doc, version, path, root),
            Doc::Slo(doc) => place(&mut self.slos, doc, version, path, root),
            Doc::AlertPolicy(doc) => place(&mut self.alert_policies, doc, version, path, root),
            Doc::AlertCondition(doc) => place(&mut self.alert_conditions, doc, version, path, root),
            Doc::AlertNotificationTarget(doc) => {
                place(&mut self.alert_targets, doc, version, path, root);
            }
            Doc::BudgetPolicy(doc) => place(&mut self.budget_policies, doc, version, path, root),
            Doc::Promise(doc) => place(&mut self.promises, doc, version, path, root),
        }
    }

    /// Leaves out the objects whose names stand at these places.
    pub(crate) fn without(mut self, names: &BTreeSet<(String, Position)>) -> Self {
        fn keep<T>(list: &mut Vec<Placed<T>>, names: &BTreeSet<(String, Position)>) {
            list.retain(|placed| {
                let Place { path, at } = placed.place("metadata.name");
                !names.contains(&(path, at))
            });
        }
        if !names.is_empty() {
            keep(&mut self.services, names);
            keep(&mut self.data_sources, names);
            keep(&mut self.slis, names);
            keep(&mut self.slos, names);
            keep(&mut self.alert_policies, names);
            keep(&mut self.alert_conditions, names);
            keep(&mut self.alert_targets, names);
            keep(&mut self.budget_policies, names);
            keep(&mut self.promises, names);
        }
        self
    }

    /// The data source of a name and version.
    pub fn data_source(&self, version: Version, name: &str) -> Option<&DataSourceDoc> {
        find(&self.data_sources, version, |doc| doc.metadata.name == name)
    }

    /// The indicator of a name and version.
    pub fn sli(&self, version: Version, name: &str) -> Option<&SliDoc> {
        find(&self.slis, version, |doc| doc.metadata.name == name)
    }

    /// The alert policy of a name and version.
    pub fn alert_policy(&self, version: Version, name: &str) -> Option<&AlertPolicyDoc> {
        find(&self.alert_policies, version, |doc| doc.metadata.name == name)
    }

    /// The alert condition of a name and version.
    pub fn alert_condition(&self, version: Version, name: &str) -> Option<&AlertConditionDoc> {
        find(&self.alert_conditions, version, |doc| doc.metadata.name == name)
    }
}

fn find<T>(list: &[Placed<T>], version: Version, is_it: impl Fn(&T) -> bool) -> Option<&T> {
    list.iter()
        .find(|placed| placed.version == version && is_it(&placed.doc))
        .map(|placed| &placed.doc)
}
