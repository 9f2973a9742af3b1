//! From objectives that were worked out to the documents that say them.

use std::collections::BTreeMap;

use super::Document;
use crate::{
    measure::{
        sli::Sli,
        window::{Unit, Window},
    },
    promise::slo::{Budgeting, NoData, Slo},
    ratio::{BILLION, Target},
    spec::{
        SliSource,
        accesslog::{self, AccessLogSource, Question},
        duration::{Duration, DurationUnit},
        model::{
            Calendar, DataSourceDoc, Extension, Linked, Metadata, Method, Objective, ServiceDoc,
            SliDoc, SloDoc, Source, TimeWindow,
        },
        name::Labels,
        openslo::LONGEST_DISPLAY_NAME,
    },
};

/// The documents of objectives over access logs: the data source, then each service with its indicators and SLOs. All
/// names become valid ones, and stay apart; what a service is called in the logs stays in its indicators. Objectives
/// over other sources are left out.
pub fn proposal(slos: &[(Slo, SliSource)], logs: AccessLogSource) -> Vec<Document> {
    const DATA_SOURCE: &str = "access-logs";
    let mut documents = vec![Document::DataSource(DataSourceDoc {
        metadata: named(DATA_SOURCE.to_owned(), None),
        description: None,
        source: Source::AccessLog(Box::new(logs)),
    })];
    let (mut services, mut service_labels) = (BTreeMap::new(), Labels::default());
    let (mut indicators, mut indicator_labels) = (BTreeMap::new(), Labels::default());
    let mut labels = Labels::default();
    for (slo, source) in slos {
        let SliSource::AccessLog { service, sli, .. } = source else { continue };
        let service_name = services.entry(service.as_str()).or_insert_with(|| {
            let name = service_labels.label(service);
            let metadata = named(name.clone(), Some(service));
            documents.push(Document::Service(ServiceDoc { metadata, description: None }));
            name
        });
        let indicator = indicators.entry((service.as_str(), *sli)).or_insert_with(|| {
            let name = indicator_labels.label(&format!("{service}-{}", sli_word(*sli)));
            let question = Question { service: service.clone(), sli: *sli };
            let metric = accesslog::metric(&question, DATA_SOURCE);
            documents.push(Document::Sli(SliDoc {
                metadata: named(name.clone(), None),
                description: None,
                metric,
            }));
            name
        });
        let name = labels.label(&slo.name);
        documents.push(Document::Slo(Box::new(slo_doc(
            slo,
            name,
            service_name.clone(),
            indicator.clone(),
        ))));
    }
    documents
}

fn named(name: String, shown: Option<&str>) -> Metadata {
    let shown =
        shown.filter(|shown| *shown != name && shown.chars().count() <= LONGEST_DISPLAY_NAME);
    Metadata { name, display_name: shown.map(str::to_owned), ..Metadata::default() }
}

fn sli_word(sli: Sli) -> String {
    match sli {
        Sli::Availability => "availability".to_owned(),
        Sli::Latency { at_most_us } => {
            format!("latency-{}", accesslog::write_threshold(at_most_us))
        }
    }
}

/// The document of one objective, with these names. A target of 100 % is written as the finest one below it, beside
/// the annotation that says what is meant.
pub fn slo_doc(slo: &Slo, name: String, service: String, indicator: String) -> SloDoc {
    let is_perfect = slo.target == Target::PERFECT;
    let finest = Target::from_ppb(BILLION - 1).unwrap_or(Target::PERFECT);
    let (budgeting, slice_minutes, slice_target) = match slo.budgeting {
        Budgeting::Occurrences => (Method::Occurrences, None, None),
        Budgeting::Timeslices { slice_minutes, slice_target } => {
            (Method::Timeslices, Some(slice_minutes), Some(slice_target))
        }
        Budgeting::RatioTimeslices { slice_minutes } => {
            (Method::RatioTimeslices, Some(slice_minutes), None)
        }
    };
    let mut windows = slo.windows.iter().map(time_window);
    SloDoc {
        metadata: named(name, None),
        description: None,
        service,
        indicator: Some(Linked::Reference(indicator)),
        window: windows.next(),
        budgeting: Some(budgeting),
        objectives: vec![Objective {
            display_name: None,
            op: None,
            value: None,
            target: if is_perfect { finest } else { slo.target },
            slice_target,
            slice_window: slice_minutes.map(Duration::of_minutes),
            indicator: None,
            weight: None,
        }],
        alert_policies: Vec::new(),
        extension: Extension {
            perfect_target: is_perfect,
            further_windows: windows.collect(),
            no_data: (slo.no_data != NoData::Ignore).then_some(slo.no_data),
        },
    }
}

fn time_window(window: &Window) -> TimeWindow {
    match window {
        Window::Rolling { minutes } => {
            TimeWindow { duration: Duration::of_minutes(*minutes), calendar: None }
        }
        Window::Calendar { start, zone, every } => {
            let unit = match every.unit {
                Unit::Hour => DurationUnit::Hour,
                Unit::Day => DurationUnit::Day,
                Unit::Week => DurationUnit::Week,
                Unit::Month => DurationUnit::Month,
                Unit::Quarter => DurationUnit::Quarter,
                Unit::Year => DurationUnit::Year,
            };
            let calendar = Calendar { start: *start, zone: zone.clone() };
            TimeWindow { duration: Duration { count: every.count, unit }, calendar: Some(calendar) }
        }
    }
}
