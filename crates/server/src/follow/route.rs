//! Which SLIs a log source feeds, and which requests count for each.

use std::collections::BTreeMap;

use plimsoll_core::{
    catalog::{Feed, Kind, Measure, Object},
    measure::{
        name::By,
        sli::Sli,
        slot::Slot,
        tally::{Cell, Ladder},
    },
    spec::{accesslog::AccessLogSource, name::dns_label},
    state::State,
    time::Minute,
};
use plimsoll_source::follow::Name;

/// A log source and everything that it feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The source's name.
    pub name: String,
    /// The source's number. Under it all requests of the source are counted too, whatever they are for.
    pub source: u32,
    /// Which logs, and how they are measured.
    pub logs: AccessLogSource,
    /// What it feeds.
    pub slis: Vec<Fed>,
}

/// An SLI that logs feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fed {
    /// The SLI's number.
    pub key: u32,
    /// The service, as the logs name it.
    pub service: String,
    /// Which of its requests are good.
    pub sli: Sli,
}

/// The log sources of a state that name files, by name.
pub fn routes(state: &State) -> Vec<Route> {
    let mut fed: BTreeMap<&str, Vec<Fed>> = BTreeMap::new();
    for known in state.objects.values() {
        if let Object::Sli {
            source: Some(source), measure: Measure::Requests { service, sli }, ..
        } = &known.object
            && let Some(key) = known.key
        {
            fed.entry(source).or_default().push(Fed { key, service: service.clone(), sli: *sli });
        }
    }
    let sources = state.objects.iter().filter(|(id, _)| id.kind == Kind::Source);
    let route = sources.filter_map(|(id, known)| match (&known.object, known.key) {
        (Object::Source(Feed::AccessLog(logs)), Some(source)) if !logs.files.is_empty() => {
            let slis = fed.remove(id.name.as_str()).unwrap_or_default();
            Some(Route { name: id.name.to_string(), source, logs: (**logs).clone(), slis })
        }
        _ => None,
    });
    route.collect()
}

impl Route {
    /// The thresholds that its SLIs need counted.
    ///
    /// # Errors
    /// When they are too many.
    pub fn ladder(&self) -> Result<Ladder, String> {
        let thresholds: Vec<u64> = self
            .slis
            .iter()
            .filter_map(|fed| match fed.sli {
                Sli::Latency { at_most_us } => Some(at_most_us),
                Sli::Availability => None,
            })
            .collect();
        Ladder::with(&thresholds)
    }

    /// Whether a request of this name is one of the service.
    fn is_of(&self, name: &Name, service: &str) -> bool {
        let by = self.logs.by.unwrap_or_default();
        let whole = self.logs.service.as_deref().unwrap_or("all");
        if by == By::One || is_called(whole, service) {
            return true;
        }
        let host = name.host.as_deref().filter(|_| by != By::Segment);
        let segment = name.segment.as_deref().filter(|_| by != By::Vhost);
        [host, segment].into_iter().flatten().any(|name| is_called(name, service))
    }

    /// What cells say of the source itself and of each SLI, by number: parts of minutes.
    pub fn parts(
        &self,
        cells: &BTreeMap<(Name, Minute), Cell>,
        ladder: &Ladder,
    ) -> BTreeMap<u32, BTreeMap<Minute, Slot>> {
        let mut parts: BTreeMap<u32, BTreeMap<Minute, Slot>> = BTreeMap::new();
        let mut add = |key: u32, minute: Minute, good: u64, bad: u64| {
            let part = parts.entry(key).or_default().entry(minute).or_default();
            *part = part.with_more(Slot::Partial { good, bad });
        };
        let mut feeds: BTreeMap<&Name, Vec<&Fed>> = BTreeMap::new();
        for ((name, minute), cell) in cells {
            add(self.source, *minute, cell.requests(), 0);
            for fed in feeds.entry(name).or_insert_with(|| self.feeds(name)) {
                let (good, bad) = match fed.sli {
                    Sli::Availability => (cell.good, cell.bad),
                    Sli::Latency { at_most_us } => {
                        let within = ladder.position(at_most_us).map_or(0, |at| cell.within[at]);
                        (within, cell.timed - within)
                    }
                };
                add(fed.key, *minute, good, bad);
            }
        }
        parts
    }

    /// The SLIs for which a request of this name counts. `other` takes what is for no other service.
    fn feeds(&self, name: &Name) -> Vec<&Fed> {
        let of_services: Vec<&Fed> =
            self.slis.iter().filter(|fed| self.is_of(name, &fed.service)).collect();
        let is_named = of_services.iter().any(|fed| fed.service != OTHER);
        if is_named {
            return of_services;
        }
        self.slis.iter().filter(|fed| fed.service == OTHER).collect()
    }
}

/// The service of requests that belong to no service that is named.
const OTHER: &str = "other";

/// Whether a document's service is the one that a log calls so: by that very name, or by the label made of it.
fn is_called(name: &str, service: &str) -> bool {
    name == service || dns_label(name) == service
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(host: &str, segment: &str) -> Name {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Name { host: some(host), segment: some(segment) }
    }

    fn route(by: By, slis: &[(u32, &str, Sli)]) -> Route {
        let slis = slis.iter().map(|(key, service, sli)| Fed {
            key: *key,
            service: (*service).to_owned(),
            sli: *sli,
        });
        let logs = AccessLogSource { by: Some(by), ..AccessLogSource::default() };
        Route { name: "edge".to_owned(), source: 9, logs, slis: slis.collect() }
    }

    fn cells(names: &[(Name, i64, Cell)]) -> BTreeMap<(Name, Minute), Cell> {
        names.iter().map(|(name, minute, cell)| ((name.clone(), Minute(*minute)), *cell)).collect()
    }

    fn counted(good: u64, bad: u64, excluded: u64) -> Cell {
        Cell { good, bad, excluded, ..Cell::default() }
    }

    fn part(good: u64, bad: u64) -> Slot {
        Slot::Partial { good, bad }
    }

    #[test]
    fn requests_count_for_the_service_they_name_and_for_the_source() {
        const A: Sli = Sli::Availability;
        let cells = cells(&[
            (name("shop.example", "cart"), 5, counted(7, 1, 2)),
            (name("shop.example", "pay"), 5, counted(3, 0, 0)),
            (name("api.example", ""), 6, counted(1, 0, 0)),
        ]);
        let found = |by, slis: &[(u32, &str, Sli)]| {
            let mut parts = route(by, slis).parts(&cells, &Ladder::default());
            let own = parts.remove(&9).unwrap();
            assert_eq!(own, BTreeMap::from([(Minute(5), part(13, 0)), (Minute(6), part(1, 0))]));
            parts
        };
        let both = BTreeMap::from([(Minute(5), part(10, 1))]);
        assert_eq!(found(By::Vhost, &[(1, "shop.example", A)])[&1], both);
        assert_eq!(found(By::Vhost, &[(1, "shop-example", A)])[&1], both);
        assert_eq!(found(By::Vhost, &[(1, "cart", A)]).get(&1), None);
        assert_eq!(found(By::Segment, &[(1, "cart", A)])[&1][&Minute(5)], part(7, 1));
        assert_eq!(
            found(By::Auto, &[(1, "pay", A), (2, "api.example", A)])[&2][&Minute(6)],
            part(1, 0)
        );
        assert_eq!(found(By::One, &[(1, "whatever", A)])[&1][&Minute(6)], part(1, 0));
        let rest = found(By::Segment, &[(1, "cart", A), (2, "other", A)]);
        assert_eq!(rest[&2], BTreeMap::from([(Minute(5), part(3, 0)), (Minute(6), part(1, 0))]));
    }

    #[test]
    fn latency_counts_what_was_timed() {
        let route = route(By::One, &[(1, "all", Sli::Latency { at_most_us: 250_000 })]);
        let ladder = route.ladder().unwrap();
        let at = ladder.position(250_000).unwrap();
        let mut cell = Cell { good: 10, bad: 2, timed: 9, ..Cell::default() };
        cell.within[at] = 6;
        let parts = route.parts(&cells(&[(name("", ""), 1, cell)]), &ladder);
        assert_eq!(parts[&1][&Minute(1)], part(6, 3));
    }
}
