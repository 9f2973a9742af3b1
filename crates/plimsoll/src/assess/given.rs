//! The documents that a log is held against.

use std::{collections::BTreeSet, path::PathBuf};

use plimsoll_core::{
    measure::sli::Sli,
    promise::{policy::Policy, slo::Slo},
    review::assess::Given,
    spec::{
        self, Docs, Evaluable, SliSource, accesslog::AccessLogSource, model::PUSH_TYPE,
        name::dns_label,
    },
};

use crate::{check, failure::Failure};

/// What the documents say, as far as an assessment asks.
#[derive(Debug, Default)]
pub struct Documents {
    objectives: Vec<(Slo, Sli, String, String)>,
    /// The policy to decide by.
    pub policy: Option<Policy>,
    /// How logs are measured, as the data source of the objectives says.
    pub logs: AccessLogSource,
    /// Where that stands.
    pub logs_place: String,
}

/// Reads documents. Without paths there are none.
///
/// # Errors
/// [`Failure`] with every problem, when a document is wrong or none of them has an objective that logs can answer.
pub fn read(paths: &[PathBuf]) -> Result<Documents, Failure> {
    if paths.is_empty() {
        return Ok(Documents::default());
    }
    let (docs, problems) = check::read(paths);
    let (slos, more) = spec::slos(&docs);
    let errors: Vec<String> = problems
        .iter()
        .chain(&more)
        .filter(|problem| problem.is_error())
        .map(ToString::to_string)
        .collect();
    if !errors.is_empty() {
        return Err(Failure::usage(format!("the documents have errors\n{}", errors.join("\n"))));
    }
    let mut documents = Documents { policy: policy(&docs)?, ..Documents::default() };
    let mut others = Vec::new();
    let mut sources = BTreeSet::new();
    for Evaluable { slo, source, place } in slos {
        match source {
            SliSource::AccessLog { service, sli, data_source } => {
                sources.insert(data_source);
                let place = format!("{}:{}", place.path, place.at.line);
                documents.objectives.push((slo, sli, service, place));
            }
            SliSource::Push { .. } => others.push(format!("{} reads from {PUSH_TYPE}", slo.name)),
            SliSource::Other { kind } => others.push(format!("{} reads from {kind}", slo.name)),
        }
    }
    if documents.objectives.is_empty() {
        let why = if others.is_empty() { "they hold no SLO".to_owned() } else { others.join(", ") };
        return Err(Failure::usage(format!(
            "nothing in the documents can be held against a log: {why}"
        ))
        .hint(
            "an objective over logs has a data source of type accesslog; --out writes an example",
        ));
    }
    documents.measure_as(&docs, &sources)?;
    Ok(documents)
}

/// The one policy to decide by, where there is one.
fn policy(docs: &Docs) -> Result<Option<Policy>, Failure> {
    let mut policies = docs.budget_policies.iter();
    let (first, second) = (policies.next(), policies.next());
    if let (Some(first), Some(second)) = (first, second) {
        let names = [first, second].map(|placed| {
            let place = placed.place("metadata.name");
            format!("{} ({}:{})", placed.doc.metadata.name, place.path, place.at.line)
        });
        let what = format!("the documents hold several budget policies: {}", names.join(", "));
        return Err(
            Failure::usage(what).hint("an assessment decides by one of them: give only that")
        );
    }
    Ok(first.map(|placed| placed.doc.policy.clone()))
}

impl Documents {
    /// Takes over how the data sources of the objectives measure.
    fn measure_as(
        &mut self,
        docs: &Docs,
        sources: &BTreeSet<Option<String>>,
    ) -> Result<(), Failure> {
        let mut first: Option<&str> = None;
        for name in sources {
            let placed = docs.data_sources.iter().find(|placed| {
                Some(&placed.doc.metadata.name) == name.as_ref()
                    && placed.doc.access_log().is_some()
            });
            let logs = placed.and_then(|placed| placed.doc.access_log()).cloned();
            let logs = AccessLogSource { files: Vec::new(), ..logs.unwrap_or_default() };
            let shown = name.as_deref().unwrap_or("type: accesslog");
            match first {
                Some(first) if logs != self.logs => {
                    let what =
                        format!("the data sources {first} and {shown} measure logs differently");
                    return Err(Failure::usage(what)
                        .hint("hold the log against the objectives of one of them at a time"));
                }
                Some(_) => {}
                None => {
                    let place = placed.map(|placed| placed.place("spec.connectionDetails"));
                    let place = place.map(|place| format!("{}:{}", place.path, place.at.line));
                    self.logs_place = place.unwrap_or_default();
                    (first, self.logs) = (Some(shown), logs);
                }
            }
        }
        Ok(())
    }

    /// The latency thresholds that the objectives need counted.
    pub fn thresholds_us(&self) -> impl Iterator<Item = u64> + '_ {
        self.objectives.iter().filter_map(|(_, sli, _, _)| match sli {
            Sli::Latency { at_most_us } => Some(*at_most_us),
            Sli::Availability => None,
        })
    }

    /// The objectives, each for a service of the input.
    ///
    /// # Errors
    /// [`Failure`], when one is for a service that the input does not hold.
    pub fn for_services(&self, names: &[&str]) -> Result<Vec<Given>, Failure> {
        let given = |(slo, sli, service, place): &(Slo, Sli, String, String)| {
            let Some(name) = service_of(service, names, slo, place)? else {
                let what = format!(
                    "{} ({place}) is for the service {service}, which the input does not hold",
                    slo.name
                );
                let hint = format!(
                    "it holds {}; --by and --service change what makes a service",
                    names.join(", ")
                );
                return Err(Failure::usage(what).hint(hint));
            };
            let slo = Slo { service: name.to_owned(), ..slo.clone() };
            Ok(Given { slo, sli: *sli, place: place.clone() })
        };
        self.objectives.iter().map(given).collect()
    }
}

/// The service of the input that a document names: the one of that very name, or else the one whose name becomes it
/// when it is written as a label.
fn service_of<'a>(
    service: &str,
    names: &[&'a str],
    slo: &Slo,
    place: &str,
) -> Result<Option<&'a str>, Failure> {
    if let Some(exact) = names.iter().find(|name| **name == service) {
        return Ok(Some(exact));
    }
    let alike: Vec<&str> =
        names.iter().copied().filter(|name| dns_label(name) == service).collect();
    match alike[..] {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => {
            let what = format!(
                "{} ({place}) is for the service {service}, which may be any of {}",
                slo.name,
                alike.join(", ")
            );
            Err(Failure::usage(what).hint("write the name of the service as the input has it"))
        }
    }
}
