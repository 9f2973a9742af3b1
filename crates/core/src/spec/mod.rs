//! Documents in and out: OpenSLO v1alpha, v1, v2alpha and our own kinds, with all problems of a file at once.
//!
//! [`read`] turns files into [`Docs`] and problems; [`slos()`] turns those into objectives that can be evaluated;
//! [`mod@write`] writes OpenSLO v1, strictly. What OpenSLO cannot say is said in annotations, see [`extension`].

pub mod accesslog;
pub mod code;
pub mod docs;
pub mod duration;
pub mod extension;
mod fields;
pub mod kind;
pub mod lints;
pub mod model;
pub mod name;
mod openslo;
pub mod own;
pub mod problem;
mod references;
mod report;
mod slos;
mod suggest;
pub mod write;
pub mod yaml;

use std::{str, sync::Arc};

pub use docs::Docs;
pub use problem::Problem;
pub use slos::{Evaluable, SliSource, UNKNOWN_TYPE, slos};

use crate::limits::DOCUMENT_BYTES_MAX;
use fields::Item;
use kind::{Kind, Version};
use references::Names;
use report::Report;
use yaml::{Node, Position, Value};

/// Reads files (name and content) as one set of documents. The problems are sorted by file and line; an object with
/// an error is not among the documents.
pub fn read(files: &[(String, Vec<u8>)]) -> (Docs, Vec<Problem>) {
    let mut docs = Docs::default();
    let mut names = Names::default();
    let mut problems = Vec::new();
    for (path, bytes) in files {
        let mut report = Report::new(path);
        read_file(bytes, &mut docs, &mut report);
        names.add(
            path,
            std::mem::take(&mut report.definitions),
            std::mem::take(&mut report.references),
        );
        problems.append(&mut report.into_problems());
    }
    problems.append(&mut names.problems());
    docs = docs.without(&names.repeated());
    problems.append(&mut slos::check_access_logs(&mut docs));
    problem::sort(&mut problems);
    (docs, problems)
}

fn read_file(bytes: &[u8], docs: &mut Docs, report: &mut Report) {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        let message = format!("the file has more than {DOCUMENT_BYTES_MAX} bytes");
        report.error(
            code::TOO_LARGE,
            Position::START,
            "",
            message,
            "split it, or is it the wrong file?",
        );
        return;
    }
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return not_utf8(&bytes[..error.valid_up_to()], report),
    };
    let before = report.errors();
    let documents = yaml::parse(text, report);
    let objects_before = docs.objects;
    let path: Arc<str> = Arc::from(report.path());
    for document in documents {
        let objects = match document.value {
            Value::List(items) => items,
            value => vec![Node { at: document.at, value }],
        };
        for object in objects {
            docs.objects += 1;
            read_object(object, &path, docs, report);
        }
    }
    if docs.objects == objects_before && report.errors() == before {
        let hint = "write a document with apiVersion, kind, metadata and spec, or remove the file";
        report.error(code::EMPTY_FILE, Position::START, "", "the file holds no document", hint);
    }
}

fn not_utf8(valid: &[u8], report: &mut Report) {
    let line = memchr::memchr_iter(b'\n', valid).count() as u32 + 1;
    let line_start = memchr::memrchr(b'\n', valid).map_or(0, |newline| newline + 1);
    let column =
        str::from_utf8(&valid[line_start..]).map_or(0, |text| text.chars().count()) as u32 + 1;
    let hint = "save it as UTF-8; is it a text file?";
    report.error(
        code::NOT_UTF8,
        Position { line, column },
        "",
        "the file is not UTF-8 text from here on",
        hint,
    );
}

fn read_object(root: Node, path: &Arc<str>, docs: &mut Docs, report: &mut Report) {
    let before = report.errors();
    let item = Item { node: &root, field: String::new() };
    let Some(mut object) = item.fields(report) else { return };
    let Some((version, kind)) = read_header(&mut object, report) else { return };
    report.version = version;
    report.define(kind, &root);
    let doc = if version == Version::Plimsoll {
        own::read(kind, &mut object, report)
    } else {
        openslo::read(kind, &mut object, report)
    };
    object.finish(report);
    if let (Some(doc), true) = (doc, report.errors() == before) {
        docs.add(doc, version, path.clone(), Arc::new(root));
    }
}

/// `apiVersion` and `kind`; without both of them, nothing else of an object can be judged.
fn read_header(object: &mut fields::Fields<'_>, report: &mut Report) -> Option<(Version, Kind)> {
    let version = object.require("apiVersion", report);
    let kind = object.require("kind", report);
    let (version, kind) = (version?, kind?);
    let version = read_version(&version, report)?;
    Some((version, read_kind(&kind, version, report)?))
}

fn read_version(item: &Item<'_>, report: &mut Report) -> Option<Version> {
    let text = item.filled_text(report)?;
    let found = Version::ALL.into_iter().find(|version| version.as_str() == text);
    if found.is_none() {
        let known = Version::ALL.map(Version::as_str);
        let hint = suggest::nearest(text, known).map_or_else(
            || format!("known are {}", known.join(", ")),
            |near| format!("did you mean {near}?"),
        );
        item.error(
            report,
            code::UNKNOWN_VERSION,
            format!("{text:?} is no version that is read"),
            hint,
        );
    }
    found
}

fn read_kind(item: &Item<'_>, version: Version, report: &mut Report) -> Option<Kind> {
    let text = item.filled_text(report)?;
    if let Some(kind) = version.kinds().iter().find(|kind| kind.as_str() == text) {
        return Some(*kind);
    }
    if version == Version::Plimsoll && own::LATER_KINDS.contains(&text) {
        let message = format!("{text} is not supported yet by this version of Plimsoll");
        item.error(report, code::UNSUPPORTED_KIND, message, "leave it out for now");
        return None;
    }
    let known: Vec<&str> = version.kinds().iter().map(|kind| kind.as_str()).collect();
    let hint = suggest::nearest(text, known.iter().copied()).map_or_else(
        || format!("known are {}", known.join(", ")),
        |near| format!("did you mean {near}?"),
    );
    item.error(report, code::UNKNOWN_KIND, format!("{version} has no kind {text:?}"), hint);
    None
}

#[cfg(test)]
mod tests;
