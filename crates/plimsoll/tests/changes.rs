//! Changes, as a pipeline or a person records them with the command.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::fs;

use common::server::{Place, SOURCE, slo};
use expect_test::expect;

/// A folder in which a service with an objective is in force; no server runs.
fn shop() -> Place {
    let place = Place::new();
    place.write("slo/source.yaml", SOURCE);
    place.write("slo/web.yaml", &slo("web", "0.999"));
    fs::create_dir(place.path().join("data")).unwrap();
    place.prints(&["apply", "slo", "--data", "data"]);
    place
}

fn says(place: &Place, args: &[&str]) -> String {
    place.says(&[args, &["--data", "data"]].concat())
}

#[test]
fn a_change_is_started_finished_listed_and_shown() {
    let place = shop();
    let start =
        ["change", "start", "shop", "--kind", "deploy", "--id", "shop-7", "--title", "A basket"];
    expect![[r"
        shop-7 of shop, deploy, started TIME UTC
    "]]
    .assert_eq(&says(&place, &start));
    assert_eq!(says(&place, &start), says(&place, &start));
    let other = [&start[..], &["--risk", "high"]].concat();
    expect![[r"
        ! error: there is another change shop-7 already: deploy of shop, started TIME
        ! hint: give each change a name of its own, such as the service and the number of the run
        [exit 1]
    "]]
    .assert_eq(&says(&place, &other));
    expect![[r"
        shop-7 of shop finished TIME UTC: failed
    "]]
    .assert_eq(&says(&place, &["change", "finish", "shop-7", "--outcome", "failed"]));
    expect![[r"
        shop-8 of shop, revert, started TIME UTC
    "]]
    .assert_eq(&says(
        &place,
        &["change", "start", "shop", "--kind", "revert", "--id", "shop-8", "--reverts", "shop-7"],
    ));
    expect![[r"
        CHANGE  SERVICE  KIND    RISK    STARTED (UTC)     STATE   BY   TITLE
        shop-7  shop     deploy  normal  TIME  failed  ada  A basket
        shop-8  shop     revert  normal  TIME  runs    ada
    "]]
    .assert_eq(&says(&place, &["change", "list", "--service", "shop"]));
    expect![[r"
        no change was recorded in this time
    "]]
    .assert_eq(&says(&place, &["change", "list", "--to", "2020-01-01"]));
    expect![[r"
        change    shop-7
        service   shop
        kind      deploy, normal risk
        title     A basket
        started   TIME UTC, said by ada
        finished  TIME UTC: failed, said by ada
    "]]
    .assert_eq(&says(&place, &["change", "show", "shop-7"]));
    expect![[r#"
        {"id":"shop-8","service":"shop","kind":"revert","risk":"normal","title":null,"url":null,"started":"TIME","finished":null,"outcome":null,"reverts":"shop-7","by":{"kind":"owner","person":"ada"},"recorded":"TIME","finished_by":null}
    "#]].assert_eq(&says(&place, &["change", "show", "shop-8", "--json"]));
    expect![[r#"
        ! error: there is no change "shop-9"
        ! hint: plimsoll change list shows those that are kept; record its start first
        [exit 1]
    "#]]
    .assert_eq(&says(&place, &["change", "finish", "shop-9"]));
    expect![[r#"
        ! error: there is no service "none"
        ! hint: plimsoll service list shows them; documents declare them
        [exit 1]
    "#]]
    .assert_eq(&says(&place, &["change", "start", "none", "--kind", "deploy"]));
}
