//! `DataSource` and `Service`.

use super::{description, metadata};
use crate::spec::{
    accesslog::{self, AccessLogSource},
    fields::{Fields, Item},
    kind::Version,
    model::{DataSourceDoc, ServiceDoc, Source},
    reading::Reading,
};

/// Reads a service. Its `spec` may be missing or empty.
pub(super) fn service(object: &mut Fields<'_>, reading: &mut Reading) -> ServiceDoc {
    let metadata = metadata(object, reading);
    let mut service = ServiceDoc { metadata, description: None };
    if let Some(mut spec) = object.get("spec").and_then(|item| item.fields(reading)) {
        service.description = description(&mut spec, reading);
        spec.finish(reading);
    }
    service
}

/// Reads a data source.
pub(super) fn data_source(object: &mut Fields<'_>, reading: &mut Reading) -> Option<DataSourceDoc> {
    let metadata = metadata(object, reading);
    let item = object.require("spec", reading)?;
    let (description, source) = source(&item, reading)?;
    Some(DataSourceDoc { metadata, description, source })
}

/// Reads the `spec` of a data source, which v2alpha also allows within a metric.
pub(super) fn source(item: &Item<'_>, reading: &mut Reading) -> Option<(Option<String>, Source)> {
    let mut spec = if reading.version == Version::V2alpha {
        item.filled_fields(reading)?
    } else {
        item.fields(reading)?
    };
    let description = description(&mut spec, reading);
    let kind = spec.require("type", reading).and_then(|item| item.filled_text(reading));
    let connection = spec.require("connectionDetails", reading);
    spec.finish(reading);
    let (kind, connection) = (kind?, connection?);
    let source = if kind == accesslog::TYPE {
        Source::AccessLog(AccessLogSource::read(&connection, reading)?)
    } else {
        Source::Other { kind: kind.to_owned(), connection: connection.node.clone() }
    };
    Some((description, source))
}
