//! What is written is read back as the same, without problems.

mod any;

use expect_test::expect_file;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::{
    measure::{classify::Rules, gap::Gap, service::By, sli::Sli, window::Window},
    promise::slo::{Budgeting, NoData, Slo},
    ratio::Target,
    spec::{
        SliSource,
        accesslog::AccessLogSource,
        duration::{Duration, DurationUnit},
        extension,
        model::{Calendar, TimeWindow},
        name::dns_label,
        read, slos,
        yaml::Node,
    },
};

fn logs() -> AccessLogSource {
    AccessLogSource { files: vec!["access.log".to_owned()], ..AccessLogSource::default() }
}

fn slo(name: &str, service: &str, percent: &str) -> Slo {
    Slo {
        name: name.to_owned(),
        service: service.to_owned(),
        sli: "availability".to_owned(),
        target: Target::parse_percent(percent).unwrap(),
        budgeting: Budgeting::Occurrences,
        windows: vec![
            Window::Rolling { minutes: 30 * 1440 },
            Window::Rolling { minutes: 7 * 1440 },
        ],
        no_data: NoData::Ignore,
    }
}

fn source(service: &str, sli: Sli) -> SliSource {
    SliSource::AccessLog { service: service.to_owned(), sli, data_source: None }
}

#[test]
fn a_proposal_reads_well() {
    let proposed = [
        (
            slo("shop.example availability", "shop.example", "99.9"),
            source("shop.example", Sli::Availability),
        ),
        (
            slo("shop.example latency", "shop.example", "100"),
            source("shop.example", Sli::Latency { at_most_us: 300_000 }),
        ),
    ];
    expect_file!["proposal.yaml"].assert_eq(&yaml(&proposal(&proposed, logs())));
}

#[test]
fn texts_that_mean_something_else_are_quoted() {
    let written = |text: &str| emit::yaml(&Node::map([("k", Node::text(text))]));
    for plain in [
        "a",
        "shop.example",
        "X of requests",
        "4w",
        "300ms",
        "Europe/Berlin",
        "100 percent".trim_start_matches("100 "),
        "a-b_c",
        "Yesterday",
    ] {
        assert_eq!(written(plain), format!("k: {plain}\n"));
    }
    for quoted in [
        "",
        " a",
        "a ",
        "yes",
        "No",
        "ON",
        "off",
        "y",
        "N",
        "true",
        "null",
        "Null",
        "~",
        "1",
        "1e3",
        "0.5",
        "0x1F",
        "0o17",
        "012",
        "1_000",
        "12:30",
        ".inf",
        "-",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a`",
        "{a}",
        "[a]",
        "<<",
        "=",
        "?",
        "|",
        ">",
        "2022-01-01",
        "2022-01-01 12:00:00",
        "5xx",
        "'a'",
        "ä",
        "😀",
        "a,b",
    ] {
        assert_eq!(written(quoted), format!("k: \"{quoted}\"\n"), "{quoted}");
    }
    assert_eq!(
        written("a\"b\\c\n\t\r\u{0}\u{85}\u{2028}\u{feff}"),
        "k: \"a\\\"b\\\\c\\n\\t\\r\\U00000000\\U00000085\\U00002028\\U0000FEFF\"\n"
    );
}

#[test]
fn how_logs_are_measured_is_written_and_read_back() {
    let full = AccessLogSource {
        files: Vec::new(),
        pattern: Some("(?P<time>\\S+) (?P<status>\\d+)".to_owned()),
        time_format: Some("%s".to_owned()),
        classify: Some(Rules::parse("bad=5xx,429").unwrap()),
        by: Some(By::One),
        service: Some("the shop: \"x\"".to_owned()),
        gap: Some(Gap::Predicted(7)),
    };
    for logs in [full, AccessLogSource::default()] {
        let proposed = [(slo("a", "a", "99"), source("a", Sli::Availability))];
        let documents = reread(&yaml(&proposal(&proposed, logs.clone())));
        let read = documents.iter().find_map(|document| match document {
            Document::DataSource(doc) => doc.access_log(),
            _ => None,
        });
        assert_eq!(read, Some(&logs));
    }
}

/// The objects of a text, as they would be written again; it must have no errors.
fn reread(text: &str) -> Vec<Document> {
    let (docs, problems) = read(&[("written.yaml".to_owned(), text.as_bytes().to_vec())]);
    let errors: Vec<String> =
        problems.iter().filter(|p| p.is_error()).map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}\n{text}", errors.join("\n"));
    let mut documents = Vec::new();
    documents.extend(docs.services.into_iter().map(|placed| Document::Service(placed.doc)));
    documents.extend(docs.data_sources.into_iter().map(|placed| Document::DataSource(placed.doc)));
    documents.extend(docs.slis.into_iter().map(|placed| Document::Sli(placed.doc)));
    documents.extend(docs.slos.into_iter().map(|placed| Document::Slo(Box::new(placed.doc))));
    documents
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn documents_are_read_back_as_they_were_written(document in any::document()) {
        let text = yaml(std::slice::from_ref(&document));
        prop_assert_eq!(reread(&text), [document], "{}", text);
    }

    #[test]
    fn the_same_documents_are_written_the_same_way(document in any::document()) {
        let text = yaml(std::slice::from_ref(&document));
        prop_assert_eq!(yaml(&reread(&text)), text);
    }

    #[test]
    fn proposals_are_read_back_as_the_same_objectives(proposed in prop::collection::vec(any::slo_and_source(), 1..5)) {
        let text = yaml(&proposal(&proposed, logs()));
        let (docs, problems) = read(&[("slos.yaml".to_owned(), text.clone().into_bytes())]);
        prop_assert!(problems.is_empty(), "{:?}\n{}", problems, text);
        let (read_back, problems) = slos(&docs);
        prop_assert!(problems.iter().all(|problem| problem.code != "not-evaluated"), "{problems:?}");
        prop_assert_eq!(read_back.len(), proposed.len());
        for ((slo, source), found) in proposed.iter().zip(&read_back) {
            let (read_slo, read_source) = (&found.slo, &found.source);
            let same = Slo {
                name: read_slo.name.clone(),
                service: read_slo.service.clone(),
                sli: read_slo.sli.clone(),
                ..slo.clone()
            };
            prop_assert_eq!(read_slo, &same);
            prop_assert!(read_slo.name.starts_with(&dns_label(&slo.name)[..dns_label(&slo.name).len().min(50)]));
            let SliSource::AccessLog { service, sli, .. } = source else { unreachable!() };
            let expected = SliSource::AccessLog { service: service.clone(), sli: *sli, data_source: Some("access-logs".to_owned()) };
            prop_assert_eq!(read_source, &expected);
        }
    }
}

#[test]
fn windows_are_written_as_annotations_are_read() {
    let calendar =
        Calendar { start: date(2026, 1, 31).at(9, 5, 0, 0), zone: "Europe/Berlin".to_owned() };
    let month = TimeWindow {
        duration: Duration { count: 1, unit: DurationUnit::Month },
        calendar: Some(calendar),
    };
    assert_eq!(extension::write_window(&month), "1M from 2026-01-31 09:05:00 Europe/Berlin");
}
