//! The documents of the company, as people would keep them in a repository.

use std::fmt::Write as _;

use plimsoll_core::time::{Date, Minute};

use super::company::{
    ENGINEERING, LAUNCHED, Objective, PRODUCT, SERVICES, Service, TEAMS, service,
};

/// The name of the set.
pub(super) const SET: &str = "tidewater";

/// The source that follows the log of the edge.
pub(super) const EDGE: &str = "edge";

/// What the documents say that changes in the course of the story.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edition<'a> {
    /// The pattern of the logs, where they are followed already; before that everything is pushed.
    pub(super) logs: Option<&'a str>,
    /// How much of a window must have been measured for a decision.
    pub(super) min_coverage: &'static str,
    /// The day by which everything is looked at again.
    pub(super) review: Minute,
}

impl Edition<'_> {
    /// Name and content of each file.
    pub(super) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = vec![
            ("policy.yaml".to_owned(), self.policy()),
            ("sources.yaml".to_owned(), self.sources()),
            ("services.yaml".to_owned(), services()),
        ];
        for service in &SERVICES {
            let mut text: String =
                service.objectives.iter().map(|objective| self.slo(service, objective)).collect();
            if let Some(promise) = service.promise {
                text += &self.promise(service, promise);
            }
            if !text.is_empty() {
                files.push((format!("{}.yaml", service.name), text));
            }
        }
        files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
    }

    fn policy(&self) -> String {
        let (min_coverage, review) = (self.min_coverage, Date::of(self.review));
        format!(
            "apiVersion: plimsoll/v1
kind: BudgetPolicy
metadata: {{name: default}}
spec:
  cautionAt: 25%
  stabiliseAt: 0%
  recoverAt: 10%
  fastBurn:
    - {{lookback: 1h, factor: 14.4, minFailures: 20}}
    - {{lookback: 6h, factor: 6, minFailures: 20}}
  minEvents: 100
  minCoverage: {min_coverage}
  maxDataAge: 1h
  exemptKinds: [security, p0-fix, revert, reliability]
  escalation: {{afterDays: 14, to: the head of engineering}}
  exceptions: {{perQuarter: 2, maxHours: 48}}
  approvers: {{product: [{PRODUCT}, bram], engineering: [{ENGINEERING}, priya]}}
  reviewDate: {review}
"
        )
    }

    /// The log of the edge, once it is followed; and the counters of those that are not in it.
    fn sources(&self) -> String {
        let logs = self.logs.map(|logs| {
            let details =
                format!("{{type: accesslog, connectionDetails: {{files: [{logs:?}], by: vhost}}}}");
            source(EDGE, "Access log of the edge", &details)
        });
        let is_used = |team: &str| {
            let mut services = SERVICES.iter().filter(|service| !service.objectives.is_empty());
            services.any(|service| service.team == team && self.source(service) == counter(team))
        };
        let used = TEAMS.iter().filter(|(team, ..)| is_used(team));
        let counters = used.map(|(team, ..)| {
            let title = format!("Counter of {team}");
            source(&counter(team), &title, "{type: push, connectionDetails: {}}")
        });
        logs.into_iter().chain(counters).collect()
    }

    /// Where the counts of a service come from.
    fn source(&self, service: &Service) -> String {
        if self.logs.is_some() && service.is_logged() {
            EDGE.to_owned()
        } else {
            counter(service.team)
        }
    }

    fn slo(&self, service: &Service, objective: &Objective) -> String {
        let (slo, sli, source) =
            (service.slo(objective), service.sli(objective), self.source(service));
        let of = match source.as_str() {
            EDGE => format!("service: {}, ", service.host()),
            _ => String::new(),
        };
        let ((side, part), total) = match objective.suffix {
            "latency" => (("good", "count: within, threshold: 300ms"), "count: timed"),
            _ => (("bad", "count: bad"), "count: all"),
        };
        let Objective { target, days, .. } = objective;
        let name = service.name;
        format!(
            "---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {slo}}}
spec:
  service: {name}
  indicator:
    metadata: {{name: {sli}}}
    spec:
      ratioMetric:
        counter: false
        {side}: {{metricSource: {{metricSourceRef: {source}, spec: {{{of}{part}}}}}}}
        total: {{metricSource: {{metricSourceRef: {source}, spec: {{{of}{total}}}}}}}
  timeWindow: [{{duration: {days}d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {target}}}]
"
        )
    }

    fn promise(&self, service: &Service, text: &str) -> String {
        let Service { name, team, tier, hard, soft, .. } = service;
        let slos: Vec<String> =
            service.objectives.iter().map(|objective| service.slo(objective)).collect();
        let (slos, hard, soft) = (slos.join(", "), hard.join(", "), soft.join(", "));
        let hours = match *tier {
            "A" => "24x7",
            "B" => "business",
            _ => "best-effort",
        };
        let (owner, review) = (service.lead(), Date::of(self.review));
        let mut promise = format!(
            "---
apiVersion: plimsoll/v1
kind: Promise
metadata: {{name: {name}}}
spec:
  service: {name}
  text: {text}
  slos: [{slos}]
  supportHours: {hours}
  tier: {tier}
  owner: {{person: {owner}, team: {team}}}
  policy: default
  dependsOn: {{hard: [{hard}], soft: [{soft}]}}
  reviewDate: {review}
"
        );
        if service.objectives.is_empty() {
            promise += "  nextStep: Count how many mails the provider takes within five minutes, and promise that.\n";
        }
        promise
    }
}

fn source(name: &str, title: &str, details: &str) -> String {
    format!(
        "---
apiVersion: openslo/v1
kind: DataSource
metadata: {{name: {name}, displayName: {title}}}
spec: {details}
"
    )
}

/// The counter of a team.
fn counter(team: &str) -> String {
    format!("counter-{team}")
}

fn services() -> String {
    let mut text = String::new();
    for Service { name, title, team, .. } in &SERVICES {
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "---
apiVersion: openslo/v1
kind: Service
metadata: {{name: {name}, displayName: {title}}}
spec: {{description: Run by the team {team}.}}
"
        );
    }
    text
}

/// Services whose promise both sides sign; the others wait for a signature.
pub(super) fn agreed() -> impl Iterator<Item = &'static Service> {
    let is_signed = |service: &&Service| service.promise.is_some() && service.name != LAUNCHED;
    SERVICES.iter().filter(is_signed)
}

/// The one that engineering signed alone.
pub(super) fn half_agreed() -> &'static Service {
    service(LAUNCHED)
}
