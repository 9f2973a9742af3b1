//! From objects to trees, in the order in which OpenSLO describes their fields.

use super::Document;
use crate::spec::{
    accesslog::AccessLogSource,
    extension,
    model::{
        AlertConditionDoc, AlertNotificationTargetDoc, AlertPolicyDoc, Counts, DataSourceDoc,
        Extension, Linked, Metadata, Method, Metric, Number, Objective, Operator, Query,
        ServiceDoc, SliDoc, SloDoc, Source, TimeWindow,
    },
    yaml::{Entry, Node, Position, Value},
};

/// The tree of an object.
pub(super) fn node(document: &Document) -> Node {
    match document {
        Document::Service(doc) => object("Service", metadata(&doc.metadata), service(doc)),
        Document::DataSource(doc) => {
            object("DataSource", metadata(&doc.metadata), data_source(doc))
        }
        Document::Sli(doc) => object("SLI", metadata(&doc.metadata), sli(doc)),
        Document::Slo(doc) => object("SLO", slo_metadata(doc), slo(doc)),
    }
}

/// A mapping that is built field by field; fields without a value are left out.
#[derive(Default)]
struct Map(Vec<Entry>);

impl Map {
    fn with(mut self, key: &str, value: impl Into<Option<Node>>) -> Self {
        if let Some(value) = value.into() {
            self.0.push(Entry { key: key.to_owned(), key_at: Position::START, value });
        }
        self
    }

    fn node(self) -> Node {
        Node::new(Value::Map(self.0))
    }

    fn filled(self) -> Option<Node> {
        (!self.0.is_empty()).then(|| self.node())
    }
}

fn object(kind: &str, metadata: Node, spec: Node) -> Node {
    Map::default()
        .with("apiVersion", text("openslo/v1"))
        .with("kind", text(kind))
        .with("metadata", metadata)
        .with("spec", spec)
        .node()
}

fn text(text: &str) -> Node {
    Node::text(text)
}

fn optional(text: Option<&String>) -> Option<Node> {
    text.map(|text| Node::text(text.as_str()))
}

fn number(number: &Number) -> Node {
    Node::new(Value::Number(number.as_str().to_owned()))
}

fn fraction(target: crate::ratio::Target) -> Node {
    Node::new(Value::Number(target.fraction()))
}

fn boolean(value: bool) -> Node {
    Node::new(Value::Bool(value))
}

fn list(items: impl IntoIterator<Item = Node>) -> Option<Node> {
    let items: Vec<Node> = items.into_iter().collect();
    (!items.is_empty()).then(|| Node::new(Value::List(items)))
}

fn metadata(metadata: &Metadata) -> Node {
    annotated(metadata, &Extension::default())
}

fn slo_metadata(doc: &SloDoc) -> Node {
    annotated(&doc.metadata, &doc.extension)
}

fn annotated(metadata: &Metadata, extension: &Extension) -> Node {
    let labels = metadata.labels.iter().fold(Map::default(), |labels, (key, values)| {
        let values = values.iter().map(|value| text(value)).collect();
        labels.with(key, Node::new(Value::List(values)))
    });
    let annotations = metadata
        .annotations
        .iter()
        .fold(Map::default(), |annotations, (key, value)| annotations.with(key, text(value)));
    let windows: Vec<String> =
        extension.further_windows.iter().map(extension::write_window).collect();
    let annotations = annotations
        .with(extension::TARGET, extension.perfect_target.then(|| text("100%")))
        .with(extension::FURTHER_WINDOWS, (!windows.is_empty()).then(|| text(&windows.join(", "))))
        .with(
            extension::NO_DATA,
            extension.no_data.map(|policy| text(&extension::write_no_data(policy))),
        );
    Map::default()
        .with("name", text(&metadata.name))
        .with("displayName", optional(metadata.display_name.as_ref()))
        .with("labels", labels.filled())
        .with("annotations", annotations.filled())
        .node()
}

fn service(doc: &ServiceDoc) -> Node {
    Map::default().with("description", optional(doc.description.as_ref())).node()
}

fn data_source(doc: &DataSourceDoc) -> Node {
    let connection = match &doc.source {
        Source::AccessLog(source) => access_log(source),
        Source::Push => Node::map::<String>([]),
        Source::Other { connection, .. } => connection.clone(),
    };
    Map::default()
        .with("description", optional(doc.description.as_ref()))
        .with("type", text(doc.source.kind()))
        .with("connectionDetails", connection)
        .node()
}

fn access_log(source: &AccessLogSource) -> Node {
    Map::default()
        .with("files", list(source.files.iter().map(|file| text(file))))
        .with("pattern", optional(source.pattern.as_ref()))
        .with("timeFormat", optional(source.time_format.as_ref()))
        .with("classify", source.classify.as_ref().map(|rules| text(&rules.to_string())))
        .with("by", source.by.map(|by| text(&by.to_string())))
        .with("service", optional(source.service.as_ref()))
        .with("gap", source.gap.map(|gap| text(&gap.text())))
        .node()
}

fn sli(doc: &SliDoc) -> Node {
    let spec = Map::default().with("description", optional(doc.description.as_ref()));
    match &doc.metric {
        Metric::Threshold(threshold) => spec.with("thresholdMetric", query(threshold)),
        Metric::Ratio { counter, counts, part, total } => spec.with(
            "ratioMetric",
            Map::default()
                .with("counter", counter.map(boolean))
                .with(if *counts == Counts::Good { "good" } else { "bad" }, query(part))
                .with("total", query(total))
                .node(),
        ),
        Metric::Raw { counter, counts, query: raw } => spec.with(
            "ratioMetric",
            Map::default()
                .with("counter", counter.map(boolean))
                .with("rawType", text(if *counts == Counts::Good { "success" } else { "failure" }))
                .with("raw", query(raw))
                .node(),
        ),
    }
    .node()
}

fn query(query: &Query) -> Node {
    let source = Map::default()
        .with("metricSourceRef", optional(query.source_ref.as_ref()))
        .with("type", optional(query.source_type.as_ref()))
        .with("spec", query.spec.clone());
    Map::default().with("metricSource", source.node()).node()
}

fn slo(doc: &SloDoc) -> Node {
    let method = doc.budgeting.map(|method| match method {
        Method::Occurrences => "Occurrences",
        Method::Timeslices => "Timeslices",
        Method::RatioTimeslices => "RatioTimeslices",
    });
    let spec = Map::default()
        .with("description", optional(doc.description.as_ref()))
        .with("service", text(&doc.service));
    indicator(spec, doc.indicator.as_ref())
        .with("timeWindow", doc.window.as_ref().and_then(|window| list([time_window(window)])))
        .with("budgetingMethod", method.map(text))
        .with("objectives", list(doc.objectives.iter().map(objective)))
        .with(
            "alertPolicies",
            list(doc.alert_policies.iter().map(|policy| {
                linked(policy, "alertPolicyRef", "AlertPolicy", |doc| {
                    (&doc.metadata, alert_policy(doc))
                })
            })),
        )
        .node()
}

fn indicator(map: Map, indicator: Option<&Linked<SliDoc>>) -> Map {
    match indicator {
        Some(Linked::Reference(name)) => map.with("indicatorRef", text(name)),
        Some(Linked::Inline(doc)) => {
            let inline =
                Map::default().with("metadata", metadata(&doc.metadata)).with("spec", sli(doc));
            map.with("indicator", inline.node())
        }
        None => map,
    }
}

fn time_window(window: &TimeWindow) -> Node {
    let calendar = window.calendar.as_ref().map(|calendar| {
        Map::default()
            .with("startTime", text(&extension::write_start(calendar)))
            .with("timeZone", text(&calendar.zone))
            .node()
    });
    Map::default()
        .with("duration", text(&window.duration.to_string()))
        .with("isRolling", boolean(calendar.is_none()))
        .with("calendar", calendar)
        .node()
}

fn objective(objective: &Objective) -> Node {
    let map = Map::default()
        .with("displayName", optional(objective.display_name.as_ref()))
        .with("op", objective.op.map(operator))
        .with("value", objective.value.as_ref().map(number))
        .with("target", fraction(objective.target))
        .with("timeSliceTarget", objective.slice_target.map(fraction))
        .with(
            "timeSliceWindow",
            objective.slice_window.map(|duration| text(&duration.to_string())),
        );
    indicator(map, objective.indicator.as_ref())
        .with("compositeWeight", objective.weight.as_ref().map(number))
        .node()
}

fn operator(operator: Operator) -> Node {
    let word = Operator::WORDS.iter().find(|(_, op)| *op == operator).map_or("", |(word, _)| word);
    text(word)
}

fn linked<T>(
    linked: &Linked<T>,
    reference: &str,
    kind: &str,
    write: impl FnOnce(&T) -> (&Metadata, Node),
) -> Node {
    match linked {
        Linked::Reference(name) => Map::default().with(reference, text(name)).node(),
        Linked::Inline(doc) => {
            let (meta, spec) = write(doc);
            Map::default()
                .with("kind", text(kind))
                .with("metadata", metadata(meta))
                .with("spec", spec)
                .node()
        }
    }
}

fn alert_policy(doc: &AlertPolicyDoc) -> Node {
    let conditions = doc.conditions.iter().map(|condition| {
        linked(condition, "conditionRef", "AlertCondition", |doc| {
            (&doc.metadata, alert_condition(doc))
        })
    });
    let targets = doc.targets.iter().map(|target| {
        linked(target, "targetRef", "AlertNotificationTarget", |doc| {
            (&doc.metadata, alert_target(doc))
        })
    });
    Map::default()
        .with("description", optional(doc.description.as_ref()))
        .with("alertWhenNoData", boolean(doc.when_no_data))
        .with("alertWhenBreaching", boolean(doc.when_breaching))
        .with("alertWhenResolved", boolean(doc.when_resolved))
        .with("conditions", list(conditions))
        .with("notificationTargets", list(targets))
        .node()
}

fn alert_condition(doc: &AlertConditionDoc) -> Node {
    let condition = Map::default()
        .with("kind", text("burnrate"))
        .with("op", operator(doc.op))
        .with("threshold", number(&doc.threshold))
        .with("lookbackWindow", text(&doc.lookback.to_string()))
        .with("alertAfter", doc.after.map(|after| text(&after.to_string())));
    Map::default()
        .with("description", optional(doc.description.as_ref()))
        .with("severity", text(&doc.severity))
        .with("condition", condition.node())
        .node()
}

fn alert_target(doc: &AlertNotificationTargetDoc) -> Node {
    Map::default()
        .with("description", optional(doc.description.as_ref()))
        .with("target", text(&doc.target))
        .node()
}
