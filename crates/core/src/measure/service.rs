//! Which services a log holds.
//!
//! A log does not say what a service is. Its virtual hosts are a good sign, its first path segments a weaker one.
//! In doubt everything is one service.

pub use super::name::By;
use super::tally::{Entry, Roster, Series, Tally};
use crate::limits::SERVICES_MAX;

/// One service of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its virtual host or first path segment, `all` when it is the only one and has no such name, or `other`.
    pub name: String,
    /// Its requests, excluded ones too.
    pub requests: u64,
    /// Its minutes.
    pub series: Series,
}

/// The services of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Services {
    /// What makes a service here; never [`By::Auto`].
    pub by: By,
    /// Why, as a sentence for people.
    pub why: String,
    /// Those with the most requests first, equals by name; what is left over comes last, as `other`.
    pub list: Vec<Service>,
}

/// Decides which services the input holds.
///
/// By itself ([`By::Auto`]): virtual hosts when at least two carry 1 % of the requests each; else first path segments
/// when at least two carry 2 % each and those that can name a service carry 80 % together; else one service. A name
/// with less than one request in 10,000, and a segment that is mostly not found, is left over. At most
/// [`SERVICES_MAX`] services are named.
pub fn find(tally: Tally, by: By) -> Services {
    let asked = by != By::Auto;
    let (by, why) =
        if asked { (by, "because it was asked for".to_owned()) } else { decide(&tally) };
    let requests = tally.requests();
    let whole = only_host(tally.hosts()).unwrap_or("all").to_owned();
    let (hosts, segments) = tally.into_rosters();
    let mut list = match by {
        By::Vhost => services(hosts, |entry| asked || is_seen(entry, requests)),
        By::Segment => services(segments, |entry| asked || is_plausible(entry, requests)),
        By::Auto | By::One => services(hosts, |_| false),
    };
    if let [one] = list.as_mut_slice()
        && by == By::One
    {
        one.name = whole;
    }
    Services { by, why, list }
}

/// What makes a service, and why.
fn decide(tally: &Tally) -> (By, String) {
    let requests = tally.requests();
    let hosts = vhosts(tally).len();
    if hosts >= 2 {
        return (
            By::Vhost,
            format!("{hosts} virtual hosts carry at least 1 % of the requests each"),
        );
    }
    let plausible =
        tally.segments().entries().map(|(_, e)| e).filter(|e| is_plausible(e, requests));
    let (mut large, mut together) = (0, 0);
    for entry in plausible {
        large += usize::from(is_share(entry.requests, 2, requests));
        together += entry.requests;
    }
    if large >= 2 && is_share(together, 80, requests) {
        let why = format!(
            "{large} first path segments carry at least 2 % of the requests each, and all that can name a service \
             carry at least 80 % together"
        );
        return (By::Segment, why);
    }
    let why = "neither virtual hosts nor first path segments tell services apart";
    (By::One, why.to_owned())
}

/// The virtual hosts that carry at least 1 % of the requests each, those with the most requests first.
pub fn vhosts(tally: &Tally) -> Vec<&str> {
    let requests = tally.requests();
    let mut hosts: Vec<_> =
        tally.hosts().entries().filter(|(_, e)| is_share(e.requests, 1, requests)).collect();
    hosts.sort_by(|(a_name, a), (b_name, b)| b.requests.cmp(&a.requests).then(a_name.cmp(b_name)));
    hosts.into_iter().map(|(name, _)| name).collect()
}

/// Whether `part` is at least so many percent of `whole`.
fn is_share(part: u64, percent: u64, whole: u64) -> bool {
    u128::from(part) * 100 >= u128::from(whole) * u128::from(percent)
}

/// Whether a name has at least one request in 10,000.
fn is_seen(entry: &Entry, requests: u64) -> bool {
    u128::from(entry.requests) * 10_000 >= u128::from(requests)
}

/// Whether a segment can be a service: seen often enough, and mostly found.
fn is_plausible(entry: &Entry, requests: u64) -> bool {
    is_seen(entry, requests) && entry.not_found * 2 < entry.requests
}

fn only_host(hosts: &Roster) -> Option<&str> {
    let mut entries = hosts.entries();
    match (entries.next(), entries.next()) {
        (Some((name, _)), None) if hosts.rest().requests == 0 => Some(name),
        _ => None,
    }
}

/// The names that are services, and what is left over.
fn services(roster: Roster, is_service: impl Fn(&Entry) -> bool) -> Vec<Service> {
    let (entries, rest) = roster.into_entries();
    let (mut named, mut left): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(_, entry)| is_service(entry));
    named.sort_by(|(a_name, a), (b_name, b)| b.requests.cmp(&a.requests).then(a_name.cmp(b_name)));
    left.extend(named.drain(SERVICES_MAX.min(named.len())..));
    let rest: Vec<Entry> = left.into_iter().map(|(_, entry)| entry).chain([rest]).collect();
    let other = Service {
        name: other(&named),
        requests: rest.iter().map(|entry| entry.requests).sum(),
        series: Series::sum_of(rest.iter().map(|entry| &entry.series)),
    };
    let mut list: Vec<Service> = named
        .into_iter()
        .map(|(name, Entry { series, requests, .. })| Service { name, requests, series })
        .collect();
    if other.requests > 0 {
        list.push(other);
    }
    list
}

/// A name for what is left over that no service has.
fn other(named: &[(String, Entry)]) -> String {
    let mut name = "other".to_owned();
    while named.iter().any(|(taken, _)| *taken == name) {
        name.push('_');
    }
    name
}

#[cfg(test)]
mod tests;
