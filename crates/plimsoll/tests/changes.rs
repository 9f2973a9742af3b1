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
    // What is decided is in the journal before a command ends.
    place.prints(&["decision", "list", "--data", "data"]);
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
        gate      refused: unknown, as entry 6 of the journal says
    "]]
    .assert_eq(&says(&place, &["change", "show", "shop-7"]));
    expect![[r#"
        {"id":"shop-8","service":"shop","kind":"revert","risk":"normal","title":null,"url":null,"started":"TIME","finished":null,"outcome":null,"reverts":"shop-7","by":{"kind":"owner","person":"ada"},"recorded":"TIME","finished_by":null,"gate":{"verdict":"unknown","entry":6,"pass":"exempt","exception":null}}
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

/// The arguments of an ask, but for the day until which it is paid back.
const ASK: [&str; 16] = [
    "exception",
    "ask",
    "shop",
    "--change",
    "shop-7",
    "--class",
    "legal",
    "--reason",
    "the court says so",
    "--hours",
    "4",
    "--payback",
    "drop the slow query",
    "--payback-owner",
    "bob",
    "--payback-due",
];

/// A shop with a server; its address and a file with a token of bob, who may write.
fn served() -> (Place, String) {
    let mut place = shop();
    says(&place, &["person", "add", "bob"]);
    let token =
        place.prints(&["token", "issue", "--person", "bob", "--scope", "write", "--data", "data"]);
    place.write("bob.token", &token);
    let url = place.start();
    (place, url)
}

fn day_in_hours(hours: i64) -> String {
    let then = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
    then.to_string()[..10].to_owned()
}

fn assert_billed_as_paid_today_by_bob(place: &Place) {
    let bill = place.says(&["exception", "bill", "--data", "data"]);
    assert!(bill.contains(&format!("  paid {} (bob)  ", day_in_hours(0))), "{bill}");
}

#[test]
fn a_time_in_which_nothing_lies_is_no_empty_answer() {
    let (place, url) = served();
    let backwards = ["--from", "2026-11-02T00:00Z", "--to", "2026-11-01T00:00Z"];
    let server = ["--server", &url];
    let refused = expect![[r"
        ! error: from TIME to TIME is backwards
        ! hint: let `to` be later than `from`
        [exit 1]
    "]];
    for command in [&["change", "list"][..], &["change", "obedience", "shop"]] {
        refused.assert_eq(&place.says(&[command, &backwards, &server].concat()));
    }
    // The 30 days are those before the end, however long ago that is.
    let old = ["change", "list", "--to", "2020-01-01T00:00Z", "--server", &url];
    assert_eq!(place.says(&old), "no change was recorded in this time\n");
}

#[test]
fn an_exception_is_asked_for_approved_by_another_and_billed() {
    let (mut place, url) = served();
    let due = day_in_hours(48);
    let asked = place.prints(&[&ASK[..], &[&due, "--data", "data", "--json"]].concat());
    let asked: serde_json::Value = serde_json::from_str(&asked).unwrap();
    let id = asked["id"].as_str().unwrap().to_owned();
    let said = |text: String| text.replace(&due, "DAY");
    expect![[r"
        e-ID of shop, for shop-7: waits for an answer, 4 hours from then on
        ! another person must approve it: plimsoll exception approve e-ID; 0 of 3 were approved in this quarter
    "]].assert_eq(&said(says(&place, &[&ASK[..], &[&due]].concat())));
    expect![[r"
        ! error: ada asked for it, and nobody can approve what they asked for themselves
        ! hint: let another person do it, with a token of their own; plimsoll exception revoke takes it back
        [exit 1]
    "]].assert_eq(&said(says(&place, &["exception", "approve", &id])));
    let bob = ["--server", &url, "--token-file", "bob.token"];
    let as_bob = |args: &[&str]| said(place.says(&[args, &bob].concat()));
    expect![[r"
        e-ID of shop, for shop-7: in force until TIME UTC
    "]]
    .assert_eq(&as_bob(&["exception", "approve", &id]));
    expect![[r"
        ALLOWED   shop: unknown, and the exception e-ID of ada and bob lets it pass until TIME
        unknown   web (99.9 % over 30d): nothing was seen in the window
        policy    default: nobody agreed to it
                  as of TIME, ask again after TIME
    "]]
    .assert_eq(&says(&place, &["gate", "shop", "--change", "shop-7", "--kind", "deploy"]));
    expect![[r"
        shop-7 of shop, deploy, started TIME UTC
    "]]
    .assert_eq(&says(&place, &["change", "start", "shop", "--id", "shop-7", "--kind", "deploy"]));
    expect![[r"
        EXCEPTION               SERVICE  COVERS  STATUS                               ASKED BY  APPROVED BY  PAYBACK  REASON
        e-ID  shop     shop-7  in force until TIME UTC  ada       bob          open     the court says so
    "]].assert_eq(&said(says(&place, &["exception", "list", "--status", "in-force"])));
    expect![[r"
        EXCEPTION               SERVICE  FROM (UTC)        UNTIL (UTC)       WHO       CHANGES  SPENT                    PAYBACK                     REASON
        e-ID  shop     TIME  TIME  ada, bob        1  unknown of web over 30d  open, due DAY (bob)  legal: the court says so
    "]].assert_eq(&said(says(&place, &["exception", "bill"])));
    expect![[r"
        e-ID of shop, for shop-7: revoked at TIME UTC by bob
    "]]
    .assert_eq(&as_bob(&["exception", "revoke", &id, "--reason", "not needed"]));
    expect![[r"
        e-ID of shop is paid back: drop the slow query; the query is gone, TIME UTC by bob
    "]]
    .assert_eq(&as_bob(&["exception", "paid", &id, "--note", "the query is gone"]));
    assert_billed_as_paid_today_by_bob(&place);
    expect![[r"
        exception e-ID
        service   shop
        covers    shop-7
        status    revoked at TIME UTC by bob
        reason    legal: the court says so
        asked     TIME UTC by ada, for 4 hours
        approved  TIME UTC by bob
        because   not needed
        payback   drop the slow query, by bob until DAY: paid
        done      the query is gone, TIME UTC by bob
        quarter   1 of 3 were approved in this quarter
    "]]
    .assert_eq(&said(says(&place, &["exception", "show", &id])));
    expect![[r"
        ! error: e-ID was revoked by bob at TIME, and cannot be approved now
        ! hint: ask for another one, if it is still needed
        [exit 1]
    "]]
    .assert_eq(&as_bob(&["exception", "approve", &id]));
    expect![[r"
        service   shop
        time      TIME to TIME UTC
        obedience unknown
        changes   1
        stabilise 0 started then: 0 exempt, 0 covered, 0 neither
    "]]
    .assert_eq(&says(&place, &["change", "obedience", "shop"]));
    place.stop();
}

#[test]
fn a_payback_without_an_owner_is_refused() {
    let said = says(&shop(), &[&ASK[..13], &["--payback-due", "2027-01-01"]].concat());
    assert!(said.contains("--payback-owner <HANDLE>") && said.contains("[exit 2]"), "{said}");
}
