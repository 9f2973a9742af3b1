//! Any documents and objectives.

use jiff::civil::date;
use proptest::prelude::*;

use crate::{
    limits::{WINDOW_MINUTES_MAX, WINDOW_MINUTES_MIN},
    measure::{
        sli::Sli,
        window::{Period, Unit, Window},
    },
    promise::slo::{Budgeting, NoData, Slo},
    ratio::{BILLION, Target},
    spec::{
        SliSource,
        duration::{Duration, DurationUnit},
        model::{
            AlertConditionDoc, AlertNotificationTargetDoc, AlertPolicyDoc, Calendar, Counts,
            DataSourceDoc, Extension, Linked, Metadata, Method, Metric, Number, Objective,
            Operator, Query, ServiceDoc, SliDoc, SloDoc, Source, TimeWindow,
        },
        write::Document,
        yaml::{Entry, Node, Position, Value},
    },
    words,
};

fn label() -> impl Strategy<Value = String> {
    "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?"
}

/// Any text, and often one that is easily mistaken for something else.
fn text(characters_max: usize) -> impl Strategy<Value = String> {
    let tricky = prop::sample::select(vec![
        "yes", "null", "1e3", "007", "a: b", " x ", "- y", "#", "<<", "\n", "\u{85}", "\u{feff}",
        "~", "!", "'\"'", "{}", "0x1",
    ]);
    prop_oneof![
        tricky.prop_map(str::to_owned),
        prop::collection::vec(any::<char>(), 0..characters_max).prop_map(String::from_iter),
    ]
}

fn filled_text(characters_max: usize) -> impl Strategy<Value = String> {
    text(characters_max).prop_filter("must not be empty", |text| !text.is_empty())
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let key = "[A-Za-z0-9]([A-Za-z0-9._-]{0,10}[A-Za-z0-9])?";
    let annotation = "([a-z0-9]{1,5}(\\.[a-z]{1,5})?/)?[A-Za-z0-9]{1,10}";
    (
        label(),
        prop::option::of(text(63)),
        prop::collection::btree_map(key, prop::collection::vec(text(20), 0..3), 0..3),
        prop::collection::btree_map(annotation, text(20), 0..3),
    )
        .prop_map(|(name, display_name, labels, annotations)| Metadata {
            name,
            display_name,
            labels,
            annotations,
        })
}

/// Whatever can stand in a free field.
fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| Value::Number(number.to_string())),
        text(20).prop_map(Value::Text),
    ];
    leaf.prop_map(Node::new).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| Node::new(Value::List(items))),
            map(inner, 0..3),
        ]
    })
}

fn map(
    value: impl Strategy<Value = Node>,
    size: impl Into<prop::collection::SizeRange>,
) -> impl Strategy<Value = Node> {
    prop::collection::btree_map(text(10), value, size).prop_map(|entries| {
        let entries =
            entries.into_iter().map(|(key, value)| Entry { key, key_at: Position::START, value });
        Node::new(Value::Map(entries.collect()))
    })
}

fn query() -> impl Strategy<Value = Query> {
    (label(), prop::option::of(label()), map(node(), 1..3)).prop_map(
        |(source_type, source_ref, spec)| Query {
            source_ref: source_ref.map(|name| format!("src-{name}")),
            source_type: Some(format!("type {source_type}")),
            source: None,
            spec,
        },
    )
}

fn metric() -> impl Strategy<Value = Metric> {
    let counts = prop::sample::select(vec![Counts::Good, Counts::Bad]);
    let counter = prop::option::of(any::<bool>());
    prop_oneof![
        query().prop_map(Metric::Threshold),
        (counter.clone(), counts.clone(), query(), query()).prop_map(
            |(counter, counts, part, total)| Metric::Ratio { counter, counts, part, total }
        ),
        (counter, counts, query()).prop_map(|(counter, counts, query)| Metric::Raw {
            counter,
            counts,
            query
        }),
    ]
}

fn sli() -> impl Strategy<Value = SliDoc> {
    (metadata(), prop::option::of(text(100)), metric())
        .prop_map(|(metadata, description, metric)| SliDoc { metadata, description, metric })
}

fn even_duration() -> impl Strategy<Value = Duration> {
    let units =
        vec![DurationUnit::Minute, DurationUnit::Hour, DurationUnit::Day, DurationUnit::Week];
    (1..1000_u32, prop::sample::select(units)).prop_map(|(count, unit)| Duration { count, unit })
}

pub(super) fn calendar() -> impl Strategy<Value = Calendar> {
    (
        1970..2100_i16,
        1..=12_i8,
        1..=28_i8,
        0..24_i8,
        prop::sample::select(vec!["UTC", "Europe/Berlin"]),
    )
        .prop_map(|(year, month, day, hour, zone)| Calendar {
            start: date(year, month, day).at(hour, 30, 59, 0),
            zone: zone.to_owned(),
        })
}

fn time_window() -> impl Strategy<Value = TimeWindow> {
    let months = (1..12_u32).prop_map(|count| Duration { count, unit: DurationUnit::Month });
    prop_oneof![
        even_duration().prop_map(|duration| TimeWindow { duration, calendar: None }),
        (months, calendar())
            .prop_map(|(duration, calendar)| TimeWindow { duration, calendar: Some(calendar) }),
    ]
}

fn no_data() -> impl Strategy<Value = NoData> {
    prop_oneof![
        Just(NoData::Ignore),
        Just(NoData::Good),
        Just(NoData::Bad),
        (1..100_000_u32).prop_map(|minutes| NoData::Hold { minutes }),
    ]
}

fn number() -> impl Strategy<Value = Number> {
    "-?[0-9]{1,9}(\\.[0-9]{1,9})?(e-?[0-9]{1,2})?".prop_map(|text| Number::read(&text).unwrap())
}

fn objective(method: Method, is_ratio: bool) -> impl Strategy<Value = Objective> {
    let operators = Operator::WORDS.map(|(_, operator)| operator).to_vec();
    (
        prop::option::of(text(63)),
        prop::sample::select(operators),
        number(),
        0..BILLION,
        1..=BILLION,
        even_duration(),
        1..10_u32,
    )
        .prop_map(
            move |(display_name, op, value, target, slice_target, slice_window, weight)| {
                Objective {
                    display_name,
                    op: (!is_ratio).then_some(op),
                    value: (!is_ratio).then_some(value),
                    target: Target::from_ppb(target).unwrap(),
                    slice_target: (method == Method::Timeslices)
                        .then(|| Target::from_ppb(slice_target).unwrap()),
                    slice_window: (method != Method::Occurrences).then_some(slice_window),
                    indicator: None,
                    weight: Number::read(&weight.to_string()),
                }
            },
        )
}

fn alert_policy() -> impl Strategy<Value = AlertPolicyDoc> {
    let condition =
        (metadata(), filled_text(20), number(), even_duration(), prop::option::of(even_duration()))
            .prop_map(|(metadata, severity, threshold, lookback, after)| AlertConditionDoc {
                metadata,
                description: None,
                severity,
                op: Operator::Gt,
                threshold,
                lookback,
                after,
            });
    let target = (metadata(), filled_text(20)).prop_map(|(metadata, target)| {
        AlertNotificationTargetDoc { metadata, description: None, target }
    });
    let targets = prop::collection::vec(linked(target), 1..3);
    (metadata(), prop::option::of(text(50)), any::<[bool; 3]>(), linked(condition), targets)
        .prop_map(
            |(
                metadata,
                description,
                [when_no_data, when_breaching, when_resolved],
                condition,
                targets,
            )| AlertPolicyDoc {
                metadata,
                description,
                when_no_data,
                when_breaching,
                when_resolved,
                conditions: vec![condition],
                targets,
            },
        )
}

fn linked<T: Clone + std::fmt::Debug>(
    inline: impl Strategy<Value = T>,
) -> impl Strategy<Value = Linked<T>> {
    prop_oneof![label().prop_map(Linked::Reference), inline.prop_map(Linked::Inline)]
}

fn extension() -> impl Strategy<Value = Extension> {
    (any::<bool>(), prop::collection::vec(time_window(), 0..3), prop::option::of(no_data()))
        .prop_map(|(perfect_target, further_windows, no_data)| Extension {
            perfect_target,
            further_windows,
            no_data,
        })
}

fn slo_doc_of(sli: SliDoc) -> impl Strategy<Value = SloDoc> {
    let is_ratio = !matches!(sli.metric, Metric::Threshold(_));
    let methods = vec![Method::Occurrences, Method::Timeslices, Method::RatioTimeslices];
    prop::sample::select(methods).prop_flat_map(move |method| {
        (
            metadata(),
            prop::option::of(text(100)),
            filled_text(30).prop_filter("must read as it is", |text| words::is_one_line(text)),
            prop_oneof![
                Just(Linked::Inline(sli.clone())),
                Just(Linked::Reference("some-sli".to_owned()))
            ],
            time_window(),
            objective(method, is_ratio),
            prop::collection::vec(linked(alert_policy()), 0..2),
            extension(),
        )
            .prop_map(
                move |(
                    metadata,
                    description,
                    service,
                    indicator,
                    window,
                    objective,
                    alert_policies,
                    extension,
                )| {
                    SloDoc {
                        metadata,
                        description,
                        service,
                        indicator: Some(indicator),
                        window: Some(window),
                        budgeting: Some(method),
                        objectives: vec![objective],
                        alert_policies,
                        extension,
                    }
                },
            )
    })
}

pub(super) fn document() -> impl Strategy<Value = Document> {
    let description = || prop::option::of(text(100));
    prop_oneof![
        (metadata(), description()).prop_map(|(metadata, description)| Document::Service(
            ServiceDoc { metadata, description }
        )),
        (
            metadata(),
            description(),
            label(),
            prop_oneof![map(node(), 0..3), text(10).prop_map(Node::text)]
        )
            .prop_map(|(metadata, description, kind, connection)| {
                let source = Source::Other { kind: format!("type {kind}"), connection };
                Document::DataSource(DataSourceDoc { metadata, description, source })
            }),
        sli().prop_map(Document::Sli),
        sli().prop_flat_map(slo_doc_of).prop_map(|doc| Document::Slo(Box::new(doc))),
    ]
}

fn window() -> impl Strategy<Value = Window> {
    let units = vec![
        (Unit::Hour, 24_u32),
        (Unit::Day, 100),
        (Unit::Week, 50),
        (Unit::Month, 12),
        (Unit::Quarter, 4),
        (Unit::Year, 1),
    ];
    let every = prop::sample::select(units)
        .prop_flat_map(|(unit, most)| (1..=most).prop_map(move |count| Period { count, unit }));
    prop_oneof![
        (WINDOW_MINUTES_MIN..=WINDOW_MINUTES_MAX).prop_map(|minutes| Window::Rolling { minutes }),
        (calendar(), every).prop_map(|(Calendar { start, zone }, every)| Window::Calendar {
            start,
            zone,
            every
        }),
    ]
}

pub(super) fn slo_and_source() -> impl Strategy<Value = (Slo, SliSource)> {
    // Slices fill their windows.
    let slice = || prop::sample::select(vec![1_u32, 2, 5, 12, 20, 60]);
    let budgeting = prop_oneof![
        Just(Budgeting::Occurrences),
        (slice(), 1..=BILLION).prop_map(|(slice_minutes, target)| Budgeting::Timeslices {
            slice_minutes,
            slice_target: Target::from_ppb(target).unwrap(),
        }),
        slice().prop_map(|slice_minutes| Budgeting::RatioTimeslices { slice_minutes }),
    ];
    let sli = prop_oneof![
        Just(Sli::Availability),
        (1..3_600_000_000_u64).prop_map(|at_most_us| Sli::Latency { at_most_us }),
    ];
    (
        text(70),
        filled_text(70),
        sli,
        0..=BILLION,
        budgeting,
        prop::collection::vec(window(), 1..4),
        no_data(),
    )
        .prop_map(|(name, service, sli, target, budgeting, mut windows, no_data)| {
            let slice = budgeting.slice_minutes().unwrap_or(1);
            for window in &mut windows {
                if let Window::Rolling { minutes } = window {
                    *minutes -= *minutes % slice;
                }
            }
            let target = Target::from_ppb(target).unwrap();
            let source = super::source(&service, sli);
            let slo =
                Slo { name, service, sli: String::new(), target, budgeting, windows, no_data };
            (slo, source)
        })
}
