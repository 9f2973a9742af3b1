//! Which names are services.

use super::*;
use crate::measure::{
    accesslog::Request,
    tally::{Batch, Method},
};

/// So many requests to a host and a target, with a status.
type Traffic<'a> = (u64, &'a str, &'a str, u16);

fn services(traffic: &[Traffic<'_>], by: By) -> Services {
    let mut batch = Batch::default();
    for (requests, host, target, status) in traffic {
        let request = Request {
            at_s: 0,
            status: Some(*status),
            host: (!host.is_empty()).then(|| host.as_bytes().into()),
            target: Some(target.as_bytes().into()),
            duration_us: None,
        };
        (0..*requests).for_each(|_| batch.add(&request, &Method { by, ..Method::default() }));
    }
    let mut tally = Tally::default();
    tally.absorb(&batch);
    find(tally, by)
}

fn found(traffic: &[Traffic<'_>], by: By) -> (By, Vec<(String, u64)>) {
    let services = services(traffic, by);
    for service in &services.list {
        assert_eq!(service.series.total().requests(), service.requests, "{}", service.name);
    }
    (
        services.by,
        services.list.into_iter().map(|service| (service.name, service.requests)).collect(),
    )
}

fn named(names: &[(&str, u64)]) -> Vec<(String, u64)> {
    names.iter().map(|(name, requests)| ((*name).to_owned(), *requests)).collect()
}

#[test]
fn two_virtual_hosts_with_one_percent_each_are_services() {
    let traffic = [(990, "a", "/x", 200), (10, "B:443", "/y", 200)];
    assert_eq!(found(&traffic, By::Auto), (By::Vhost, named(&[("a", 990), ("b", 10)])));
    let traffic = [(991, "a", "/", 200), (9, "b", "/", 200)];
    assert_eq!(found(&traffic, By::Auto), (By::One, named(&[("all", 1000)])));
}

#[test]
fn segments_are_services_where_two_have_two_percent_and_all_have_eighty() {
    let traffic = [(60, "", "/api/7", 200), (20, "", "/shop", 500), (20, "", "/", 200)];
    let expected = named(&[("api", 60), ("shop", 20), ("other", 20)]);
    assert_eq!(found(&traffic, By::Auto), (By::Segment, expected));
    let traffic = [(60, "", "/api/7", 200), (19, "", "/shop", 500), (21, "", "/", 200)];
    assert_eq!(found(&traffic, By::Auto), (By::One, named(&[("all", 100)])));
    let traffic = [(990, "", "/api/7", 200), (19, "", "/shop", 500)];
    assert_eq!(found(&traffic, By::Auto), (By::One, named(&[("all", 1009)])));
}

#[test]
fn what_is_mostly_not_found_is_no_service() {
    let traffic = [(50, "", "/api", 200), (50, "", "/shop", 200), (10, "", "/wp-admin", 404)];
    let expected = named(&[("api", 50), ("shop", 50), ("other", 10)]);
    assert_eq!(found(&traffic, By::Auto), (By::Segment, expected));
    let asked = named(&[("api", 50), ("shop", 50), ("wp-admin", 10)]);
    assert_eq!(found(&traffic, By::Segment), (By::Segment, asked));
}

#[test]
fn names_with_hardly_a_request_are_left_over() {
    let traffic = [(15_000, "a", "/", 200), (14_998, "b", "/", 200), (2, "x", "/", 200)];
    let expected = named(&[("a", 15_000), ("b", 14_998), ("other", 2)]);
    assert_eq!(found(&traffic, By::Auto), (By::Vhost, expected));
    let asked = named(&[("a", 15_000), ("b", 14_998), ("x", 2)]);
    assert_eq!(found(&traffic, By::Vhost), (By::Vhost, asked));
}

#[test]
fn the_rest_of_too_many_is_other() {
    let names: Vec<String> = (0..250).map(|at| format!("s{at:03}")).collect();
    let traffic: Vec<Traffic<'_>> = names
        .iter()
        .enumerate()
        .map(|(at, name)| (1 + at as u64 / 2, name.as_str(), "/", 200))
        .collect();
    let (_, list) = found(&traffic, By::Vhost);
    assert_eq!(list.len(), SERVICES_MAX + 1);
    assert_eq!(list[0], ("s248".to_owned(), 125), "equals by name");
    // The fifty smallest: twice 1 to 25.
    assert_eq!(list[SERVICES_MAX], ("other".to_owned(), 2 * (1..=25).sum::<u64>()));
}

#[test]
fn a_service_may_be_called_other() {
    let traffic = [(50, "", "/other", 200), (40, "", "/api", 200), (10, "", "/", 200)];
    let expected = named(&[("other", 50), ("api", 40), ("other_", 10)]);
    assert_eq!(found(&traffic, By::Auto).1, expected);
}

#[test]
fn one_service_is_called_by_its_only_host() {
    let traffic = [(1, "a.example", "/api", 200), (1, "a.example:80", "/", 200)];
    for by in [By::Auto, By::Vhost] {
        assert_eq!(found(&traffic, by).1, named(&[("a.example", 2)]), "{by}");
    }
    assert_eq!(found(&traffic, By::One).1, named(&[("all", 2)]), "hosts are not kept");
    assert_eq!(found(&[(1, "", "/", 200)], By::Auto).1, named(&[("all", 1)]));
    assert_eq!(found(&[], By::Auto), (By::One, vec![]));
}
