//! What is in force, what was said about it, and what was ever done: as a person sees it.
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
fn what_is_in_force_is_listed_and_shown() {
    let place = shop();
    expect![[r"
        SERVICE  TITLE  DECLARED IN
        shop            web.yaml (default)
    "]]
    .assert_eq(&says(&place, &["service", "list"]));
    expect![[r"
        service   shop
        slis      web-answers
        slos      web
        declared  web.yaml of the set default, since TIME UTC
    "]]
    .assert_eq(&says(&place, &["service", "show", "shop"]));
    expect![[r"
        SLO  SERVICE  SLI          TARGET  WINDOWS
        web  shop     web-answers  99.9 %  30d
    "]]
    .assert_eq(&says(&place, &["slo", "list"]));
    expect![[r"
        slo       web
        service   shop
        sli       web-answers
        target    99.9 % good over 30d
        counted   good events of all events
        no data   is left out
        declared  web.yaml of the set default, since TIME UTC
    "]]
    .assert_eq(&says(&place, &["slo", "show", "web"]));
    expect![[r#"
        ! error: there is no slo "nope"
        ! hint: plimsoll slo list shows them; documents declare them
        [exit 1]
    "#]]
    .assert_eq(&says(&place, &["slo", "show", "nope"]));
    expect![[r#"
        {"name":"web","service":"shop","sli":"web-answers","target":0.999,"budgeting":{"method":"occurrences"},"windows":["30d"],"no_data":{"policy":"ignore"},"declared":{"set":"default","file":"web.yaml","since":"TIME"}}
    "#]].assert_eq(&says(&place, &["slo", "show", "web", "--json"]));
    expect![[r"
        SLI          SERVICE  SOURCE   COUNTS
        web-answers  shop     counter  what is pushed
    "]]
    .assert_eq(&says(&place, &["sli", "list"]));
    expect![[r"
        SOURCE   DELIVERS
        counter  what is pushed
    "]]
    .assert_eq(&says(&place, &["source", "list"]));
    expect![[r"
        source    counter
        delivers  what is pushed
        declared  source.yaml of the set default, since TIME UTC
    "]]
    .assert_eq(&says(&place, &["source", "show", "counter"]));
    let empty = Place::new();
    fs::create_dir(empty.path().join("data")).unwrap();
    expect![[r"
        there is no SLO; plimsoll apply declares them
    "]]
    .assert_eq(&says(&empty, &["slo", "list"]));
    expect![[r#"
        {"items":[],"next":null}
    "#]]
    .assert_eq(&says(&empty, &["slo", "list", "--json"]));
}

/// The id that a command said it made.
fn made(place: &Place, args: &[&str]) -> String {
    let text = place.prints(&[args, &["--data", "data"]].concat());
    text.split(' ').next().unwrap().to_owned()
}

#[test]
fn an_exclusion_is_made_listed_and_taken_back() {
    let place = shop();
    let add = ["exclusion", "add", "--service", "shop", "--from", "2026-01-05 06:45"];
    let reason = ["--reason", "agreed: disks are swapped"];
    let id = made(&place, &[&add[..], &["--for", "2h"], &reason].concat());
    expect![[r"
        EXCLUSION               OF            FROM (UTC)        LENGTH  BY   REASON
        x-ID  service shop  TIME  2 h     ada  agreed: disks are swapped
    "]]
    .assert_eq(&says(&place, &["exclusion", "list"]));
    expect![[r#"
        {"items":[
        {"id":"x-ID","service":"shop","from":"TIME","to":"TIME","reason":"agreed: disks are swapped","by":{"kind":"owner","person":"ada"},"made":"TIME"}
        ],"next":null}
    "#]].assert_eq(&says(&place, &["exclusion", "list", "--json"]));
    let wrong = |end: &[&str]| says(&place, &[&add[..], end, &reason].concat());
    expect![[r"
        ! error: the interval holds no minute
        ! hint: let its end be at least a minute after its beginning
        [exit 1]
    "]]
    .assert_eq(&wrong(&["--to", "2026-01-05T06:45Z"]));
    expect![[r"
        ! error: the interval is longer than 31 days
        ! hint: mark several shorter ones, if that is meant
        [exit 1]
    "]]
    .assert_eq(&wrong(&["--for", "32d"]));
    expect![[r"
        ! error: invalid value 'soon' for '--for <LENGTH>': write a length like 45m, 2h or 1d
        !
        ! For more information, try '--help'.
        [exit 2]
    "]]
    .assert_eq(&wrong(&["--for", "soon"]));
    expect![[r"
        x-ID was taken back
    "]]
    .assert_eq(&says(&place, &["exclusion", "undo", &id]));
    expect![[r#"
        ! error: there is no exclusion "x-ID" in force
        ! hint: plimsoll exclusion list shows them
        [exit 1]
    "#]]
    .assert_eq(&says(&place, &["exclusion", "undo", &id]));
    expect![[r"
        nothing is excluded
    "]]
    .assert_eq(&says(&place, &["exclusion", "list"]));
}

#[test]
fn an_attribution_is_made_listed_and_taken_back() {
    let place = shop();
    let when = ["--sli", "web-answers", "--from", "2026-01-05T06:45Z", "--to", "2026-01-05T07:32Z"];
    let id = made(&place, &[&["attribution", "add", "incident", "INC-7"], &when[..]].concat());
    expect![[r"
        ATTRIBUTION             OF               FROM (UTC)        LENGTH  PUT DOWN TO     BY   REASON
        a-ID  sli web-answers  TIME  47 min  incident INC-7  ada
    "]].assert_eq(&says(&place, &["attribution", "list"]));
    let nobody = [&["attribution", "add", "person", "bob"], &when[..]].concat();
    expect![[r"
        ! error: invalid value 'person' for '<KIND>'
        !   [possible values: incident, change, maintenance]
        !
        ! For more information, try '--help'.
        [exit 2]
    "]]
    .assert_eq(&says(&place, &nobody));
    expect![[r"
        a-ID was taken back
    "]]
    .assert_eq(&says(&place, &["attribution", "undo", &id]));
    expect![[r"
        nothing is attributed
    "]]
    .assert_eq(&says(&place, &["attribution", "list"]));
}

#[test]
fn the_journal_tells_what_was_done_and_that_it_is_sound() {
    let mut place = shop();
    expect![[r"
        ENTRY  AT (UTC)          WHO               WHAT
            1  TIME  rule first start  person.added ada
            2  TIME  ada               declared service shop
            3  TIME  ada               declared source counter
            4  TIME  ada               declared sli web-answers
            5  TIME  ada               declared slo web
    "]]
    .assert_eq(&says(&place, &["journal", "tail"]));
    expect![[r"
        ENTRY  AT (UTC)          WHO  WHAT
            4  TIME  ada  declared sli web-answers
            5  TIME  ada  declared slo web
    "]]
    .assert_eq(&says(&place, &["journal", "tail", "-n", "2"]));
    let sound = expect![[r"
        the journal is sound: 5 entries, the newest of TIME UTC
        head 5 HASH
    "]];
    sound.assert_eq(&says(&place, &["journal", "verify"]));
    let exported = place.prints(&["journal", "export", "--data", "data"]);
    assert_eq!(exported.lines().count(), 6);
    assert!(exported.lines().last().unwrap().starts_with(r#"{"end":{"seq":5,"#), "{exported}");
    expect![[r"
        exported 5 entries into journal.ndjson
    "]]
    .assert_eq(&says(&place, &["journal", "export", "--out", "journal.ndjson"]));
    assert_eq!(fs::read_to_string(place.path().join("journal.ndjson")).unwrap(), exported);
    expect![[r#"
        ! error: journal.ndjson is there already
        ! hint: name another file; nothing is overwritten
        [exit 1]
    "#]]
    .assert_eq(&says(&place, &["journal", "export", "--out", "journal.ndjson"]));
    // Beside a running server too, and over the network where there is a token.
    let server = place.start();
    sound.assert_eq(&says(&place, &["journal", "verify"]));
    expect![[r"
        ! error: an export is made from the data folder, not over the network
        ! hint: run it where the folder is, with --data DIR
        [exit 2]
    "]]
    .assert_eq(&place.says(&["journal", "export", "--server", &server]));
    let token = place.prints(&["token", "issue", "--scope", "read", "--data", "data"]);
    place.write("token", &token);
    let remote = ["--server", &server, "--token-file", "token"];
    expect![[r"
        the journal is sound: 6 entries, the newest of TIME UTC
        head 6 HASH
    "]]
    .assert_eq(&place.says(&[&["journal", "verify"], &remote[..]].concat()));
    expect![[r"
        ! error: this needs a token with the scope admin, and this token has it not
        ! hint: use another token: plimsoll token issue --scope admin
        [exit 1]
    "]]
    .assert_eq(&place.says(&[&["person", "list"], &remote[..]].concat()));
}
