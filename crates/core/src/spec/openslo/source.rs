//! `DataSource` and `Service`.

use super::{description, metadata};
use crate::spec::{
    accesslog::{self, AccessLogSource},
    fields::{Fields, Item},
    kind::Version,
    model::{DataSourceDoc, PUSH_TYPE, ServiceDoc, Source},
    report::Report,
};

/// Reads a service. Its `spec` may be missing or empty.
pub(super) fn service(object: &mut Fields<'_>, report: &mut Report) -> ServiceDoc {
    let metadata = metadata(object, report);
    let mut service = ServiceDoc { metadata, description: None };
    if let Some(mut spec) = object.get("spec").and_then(|item| item.fields(report)) {
        service.description = description(&mut spec, report);
        spec.finish(report);
    }
    service
}

/// Reads a data source.
pub(super) fn data_source(object: &mut Fields<'_>, report: &mut Report) -> Option<DataSourceDoc> {
    let metadata = metadata(object, report);
    let item = object.require("spec", report)?;
    let (description, source) = source(&item, report)?;
    Some(DataSourceDoc { metadata, description, source })
}

/// Reads the `spec` of a data source, which v2alpha also allows within a metric.
pub(super) fn source(item: &Item<'_>, report: &mut Report) -> Option<(Option<String>, Source)> {
    let mut spec = if report.version == Version::V2alpha {
        item.filled_fields(report)?
    } else {
        item.fields(report)?
    };
    let description = description(&mut spec, report);
    let kind = spec.require("type", report).and_then(|item| item.filled_text(report));
    let connection = spec.require("connectionDetails", report);
    spec.finish(report);
    let (kind, connection) = (kind?, connection?);
    let source = if kind == accesslog::TYPE {
        Source::AccessLog(Box::new(AccessLogSource::read(&connection, report)?))
    } else if kind == PUSH_TYPE {
        connection.fields(report)?.finish(report);
        Source::Push
    } else {
        Source::Other { kind: kind.to_owned(), connection: connection.node.clone() }
    };
    Some((description, source))
}
