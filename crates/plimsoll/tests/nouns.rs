//! What is in force, what was said about it, and what was ever done: as a person sees it.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use common::{
    between::{Answer, between},
    server::{Place, SOURCE, slo},
};
use expect_test::expect;

/// A folder in which a service with an objective is in force; no server runs.
fn shop() -> Place {
    let place = Place::new();
    place.write("slo/source.yaml", SOURCE);
    place.write("slo/web.yaml", &slo("web", "0.999"));
    fs::create_dir(place.path().join("data")).unwrap();
    place.prints(&["apply", "slo", "--data", "data"]);
    // What is decided about it is in the journal once the folder was opened and closed.
    place.prints(&["decision", "list", "--data", "data"]);
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
        {"name":"web","service":"shop","sli":"web-answers","target":0.999,"budgeting":{"method":"occurrences"},"windows":["30d"],"no_data":{"policy":"ignore"},"proposed":[],"declared":{"set":"default","file":"web.yaml","since":"TIME"}}
    "#]].assert_eq(&says(&place, &["slo", "show", "web", "--json"]));
    expect![[r"
        SLI          SERVICE  SOURCE   COUNTS
        web-answers  shop     counter  what is pushed
    "]]
    .assert_eq(&says(&place, &["sli", "list"]));
    expect![[r"
        SOURCE   TAKEN  REJECTED  BEHIND  STATE              DELIVERS
        counter      0         0          nothing heard yet  what is pushed
    "]]
    .assert_eq(&says(&place, &["source", "list"]));
    expect![[r"
        source    counter
        delivers  what is pushed
        declared  source.yaml of the set default, since TIME UTC
        state     nothing heard yet
        taken     0 since the server started, 0 rejected
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

#[test]
fn a_gate_says_why_and_has_an_exit_code_for_each_answer() {
    let place = shop();
    expect![[r"
        REFUSED   shop: unknown is not healthy: only security, p0-fix, revert, reliability may pass until the service is measured again
        unknown   web (99.9 % over 30d): nothing was seen in the window
        policy    default: nobody agreed to it
                  as of TIME, ask again after TIME
        [exit 3]
    "]].assert_eq(&says(&place, &["gate", "shop", "--change", "4f2a"]));
    expect![[r"
        ALLOWED   shop: unknown, and revert may pass all the same
        unknown   web (99.9 % over 30d): nothing was seen in the window
        policy    default: nobody agreed to it
                  as of TIME, ask again after TIME
    "]]
    .assert_eq(&says(&place, &["gate", "shop", "--kind", "revert", "--risk", "high"]));
    expect![[r"
        ALLOWED   shop: nothing is known of it, and --on-unknown allow lets it pass
        unknown   web (99.9 % over 30d): nothing was seen in the window
        policy    default: nobody agreed to it
                  as of TIME, ask again after TIME
    "]]
    .assert_eq(&says(&place, &["gate", "shop", "--on-unknown", "allow"]));
    expect![[r"
        REFUSED   shop: unknown is not healthy: only security, p0-fix, revert, reliability may pass until the service is measured again
        shadow    nothing is held up: without --shadow this would be refused
        unknown   web (99.9 % over 30d): nothing was seen in the window
        policy    default: nobody agreed to it
                  as of TIME, ask again after TIME
    "]].assert_eq(&says(&place, &["gate", "shop", "--shadow"]));
    expect![[r#"
        ! error: there is no service "nope"
        ! hint: plimsoll service list shows them; documents declare them
        ! refused: nope: the question is wrong
        [exit 2]
    "#]]
    .assert_eq(&says(&place, &["gate", "nope"]));
    expect![[r#"
        {"service":"shop","at":"TIME","verdict":"unknown","reasons":[{"verdict":"unknown","text":"web (99.9 % over 30d): nothing was seen in the window"}],"policy":"default","policy_agreed":false,"policy_agreement":"nobody agreed to it","policy_overdue":null,"policy_solo":false,"promise":null,"promise_agreement":null,"escalated":false,"recorded":{"entry":6,"since":"TIME"},"change":{"kind":null,"risk":"normal","name":null},"allowed":false,"exempt":false,"exception":null,"why":"unknown is not healthy: only security, p0-fix, revert, reliability may pass until the service is measured again","expires":"TIME"}
        [exit 3]
    "#]].assert_eq(&says(&place, &["gate", "shop", "--json"]));
    expect![[r"
        SERVICE  DECISION  POLICY                WHY
        shop     unknown   default (not agreed)  web (99.9 % over 30d): nothing was seen in the window
    "]]
    .assert_eq(&says(&place, &["decision", "list"]));
    // Nobody answers on this port, or nobody who may.
    expect![[r"
        ! error: cannot reach http://ADDRESS: Connection refused (os error 111)
        ! hint: nothing listens there; plimsoll serve starts a server
        ! refused: shop: nothing is known; what is unknown does not pass; --on-unknown allow would let it
        [exit 3]
    "]].assert_eq(&place.says(&["gate", "shop", "--server", "127.0.0.1:1"]));
    expect![[r"
        ! error: cannot reach http://ADDRESS: Connection refused (os error 111)
        ! hint: nothing listens there; plimsoll serve starts a server
        ! allowed: shop: nothing is known; it is of a kind that may always pass
    "]]
    .assert_eq(&place.says(&["gate", "shop", "--kind", "revert", "--server", "127.0.0.1:1"]));
}

/// The id that a command said it made.
fn made(place: &Place, args: &[&str]) -> String {
    let text = place.prints(&[args, &["--data", "data"]].concat());
    text.split(' ').next().unwrap().to_owned()
}

#[test]
fn an_exclusion_is_made_listed_and_taken_back() {
    let place = shop();
    // Minutes that are kept.
    let from = ago(600);
    let add = ["exclusion", "add", "--service", "shop", "--from", from.as_str()];
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
    .assert_eq(&wrong(&["--to", from.as_str()]));
    expect![[r"
        ! error: the interval is longer than 31 days
        ! hint: mark several shorter ones, if that is meant
        [exit 1]
    "]]
    .assert_eq(&wrong(&["--to", ago(600 - 40 * 1440).as_str()]));
    for length in ["32d", "0m"] {
        assert!(wrong(&["--for", length]).contains("a length is from 1m to 31d"), "{length}");
    }
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
            6  TIME  rule policy       decision.made unknown shop
    "]]
    .assert_eq(&says(&place, &["journal", "tail"]));
    expect![[r"
        ENTRY  AT (UTC)          WHO          WHAT
            5  TIME  ada          declared slo web
            6  TIME  rule policy  decision.made unknown shop
    "]]
    .assert_eq(&says(&place, &["journal", "tail", "-n", "2"]));
    let sound = expect![[r"
        the journal is sound: 6 entries, the newest of TIME UTC
        head 6 HASH
    "]];
    sound.assert_eq(&says(&place, &["journal", "verify"]));
    let exported = place.prints(&["journal", "export", "--data", "data"]);
    assert_eq!(exported.lines().count(), 7);
    assert!(exported.lines().last().unwrap().starts_with(r#"{"end":{"seq":6,"#), "{exported}");
    expect![[r"
        exported 6 entries into journal.ndjson
    "]]
    .assert_eq(&says(&place, &["journal", "export", "--out", "journal.ndjson"]));
    assert_eq!(fs::read_to_string(place.path().join("journal.ndjson")).unwrap(), exported);
    expect![[r"
        ! error: journal.ndjson is there already
        ! hint: name another file; nothing is overwritten
        [exit 1]
    "]]
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
        the journal is sound: 7 entries, the newest of TIME UTC
        head 7 HASH
    "]]
    .assert_eq(&place.says(&[&["journal", "verify"], &remote[..]].concat()));
    expect![[r"
        ! error: this needs a token with the scope admin, and this token has it not
        ! hint: use another token: plimsoll token issue --scope admin
        [exit 1]
    "]]
    .assert_eq(&place.says(&[&["person", "list"], &remote[..]].concat()));
}

/// The start of the minute so many minutes ago.
fn ago(minutes: i64) -> String {
    let second = (jiff::Timestamp::now().as_second() / 60 - minutes) * 60;
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

#[test]
fn a_budget_that_nothing_was_measured_of_is_unknown() {
    expect![[r"
        SLO  WINDOW  TARGET     LEFT      RAW  BAD  OF  OUTAGE LEFT  COVERAGE     BURN
        web  30d     99.9 %  unknown  unknown    0   0                    0 %  unknown
    "]]
    .assert_eq(&says(&shop(), &["budget"]));
}

#[test]
fn all_budgets_are_one_question() {
    let mut place = shop();
    place.write("slo/web.yaml", &(slo("web", "0.999") + "---\n" + &slo("api", "0.99")));
    place.prints(&["apply", "slo", "--data", "data"]);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    let server = between(&place.start(), move |request| {
        ear.lock().unwrap().push(request.to_owned());
        Answer::Arrives
    });
    let all = place.says(&["budget", "--server", &server]);
    expect![[r"
        SLO  WINDOW  TARGET     LEFT      RAW  BAD  OF  OUTAGE LEFT  COVERAGE     BURN
        api  30d       99 %  unknown  unknown    0   0                    0 %  unknown
        web  30d     99.9 %  unknown  unknown    0   0                    0 %  unknown
    "]]
    .assert_eq(&all);
    assert_eq!(*heard.lock().unwrap(), ["GET /api/v1/budgets HTTP/1.1"]);
    let named = ["budget", "api", "web", "--server", &server];
    assert_eq!(place.says(&named), all);
    let gone = "! minutes before TIME are not kept any more\n";
    let old = ["--at", "2026-01-05 06:45"];
    assert_eq!(place.says(&[&named, &old[..]].concat()), format!("{all}{gone}"));
    let stated = ["budget", "web", "--statement", "--server", &server];
    let stated = place.says(&[&stated, &old[..]].concat());
    assert_eq!(stated.lines().nth(1), Some("minutes before TIME are not kept any more"));
    // As JSON it is the same list, too, but for what the clock says in it.
    let at = ["--at", "2026-01-05 06:45", "--json"];
    let listed = place.says(&[&["budget", "--server", &server], &at[..]].concat());
    assert!(listed.contains(r#""slo":"api""#), "{listed}");
    assert_eq!(place.says(&[&named, &at[..]].concat()), listed);
}

#[test]
fn what_is_pushed_is_in_the_budget_and_its_account() {
    let mut place = shop();
    let server = place.start();
    let token = place.prints(&["token", "issue", "--scope", "push", "--data", "data"]);
    let (first, second, third, end) = (ago(12), ago(11), ago(10), ago(9));
    let body = format!(
        r#"{{"generation":1,"minutes":[{{"minute":"{first}","good":12000,"bad":0}},
        {{"minute":"{second}","good":11990,"bad":10}},{{"minute":"{third}","state":"no_traffic"}}]}}"#
    );
    let answer = ureq::post(format!("{server}/api/v1/slis/web-answers/samples"))
        .header("authorization", format!("Bearer {}", token.trim()))
        .header("content-type", "application/json")
        .send(&body);
    let kept = answer.unwrap().body_mut().read_to_string().unwrap();
    assert_eq!(kept, r#"{"changed":3,"repeated":0}"#);
    // 24,000 events allow 24 bad ones; 10 are 41.67 % of that.
    let budget = expect![[r"
        SLO  WINDOW  TARGET    LEFT     RAW  BAD      OF  OUTAGE LEFT  COVERAGE         BURN
        web  30d     99.9 %  58.3 %  58.3 %   10  24,000       25 min   < 0.1 %  0.4× in 1 h
    "]];
    budget.assert_eq(&says(&place, &["budget"]));
    expect![[r"
        web over 30d, TIME to TIME UTC
        BUDGET      LEFT   SPENT  BAD      OF  MINUTES  EXCLUDED  COVERAGE
        adjusted  58.3 %  41.7 %   10  24,000   43,200         0   < 0.1 %
        raw       58.3 %  41.7 %   10  24,000   43,200         0   < 0.1 %

         SHARE  WENT ON
        41.7 %  unattributed
        41.7 %  in all

        nothing is excluded
    "]]
    .assert_eq(&says(&place, &["budget", "--statement"]));
    let incident = ["attribution", "add", "incident", "INC-7", "--sli", "web-answers"];
    made(&place, &[&incident[..], &["--from", &first, "--to", &end]].concat());
    assert!(says(&place, &["budget", "--statement"]).contains("41.7 %  incident INC-7\n"));
    let slots = ["sli", "slots", "web-answers", "--from", &ago(13), "--to", &end];
    expect![[r"
        FROM (UTC)         LASTING  STATE         GOOD  BAD
        TIME  1 minute  missing          0    0
        TIME  1 minute  measured    12,000    0
        TIME  1 minute  measured    11,990   10
        TIME  1 minute  no traffic       0    0
    "]]
    .assert_eq(&says(&place, &slots));
    place.stop();
    assert_eq!(says(&place, &["budget", "web"]), says(&place, &["budget"]));
    let exclusion = ["exclusion", "add", "--service", "shop", "--reason", "a test"];
    made(&place, &[&exclusion[..], &["--from", &second, "--for", "1m"]].concat());
    expect![[r"
        SLO  WINDOW  TARGET   LEFT     RAW  BAD      OF  OUTAGE LEFT  COVERAGE       BURN
        web  30d     99.9 %  100 %  58.3 %    0  12,000       43 min   < 0.1 %  0× in 1 h
    "]]
    .assert_eq(&says(&place, &["budget", "web"]));
    expect![[r"
        web over 30d, TIME to TIME UTC
        BUDGET      LEFT   SPENT  BAD      OF  MINUTES  EXCLUDED  COVERAGE
        adjusted   100 %     0 %    0  12,000   43,200         1   < 0.1 %
        raw       58.3 %  41.7 %   10  24,000   43,200         0   < 0.1 %

        nothing was spent

        EXCLUSION               OF            FROM (UTC)        LENGTH  BY   REASON
        x-ID  service shop  TIME  1 min   ada  a test

        ATTRIBUTION             OF               FROM (UTC)        LENGTH  PUT DOWN TO     BY   REASON
        a-ID  sli web-answers  TIME  3 min   incident INC-7  ada
    "]].assert_eq(&says(&place, &["budget", "web", "--statement", "--window", "30d"]));
    expect![[r#"
        ! error: there is no slo "nope"
        ! hint: plimsoll slo list shows them; documents declare them
        [exit 1]
    "#]]
    .assert_eq(&says(&place, &["budget", "web", "nope"]));
}

#[test]
fn a_statement_is_of_every_window_or_of_the_one_that_is_named() {
    let place = shop();
    let further = "metadata: {name: web, annotations: {plimsoll/further-windows: 7d}}";
    place.write("slo/web.yaml", &slo("web", "0.999").replace("metadata: {name: web}", further));
    place.prints(&["apply", "slo", "--data", "data"]);
    let states = |args: &[&str]| says(&place, &[&["budget", "web", "--statement"], args].concat());
    let all = states(&[]);
    assert!(all.contains("web over 30d, ") && all.contains("web over 7d, "), "{all}");
    expect![[r"
        web over 7d, TIME to TIME UTC
        BUDGET       LEFT    SPENT  BAD  OF  MINUTES  EXCLUDED  COVERAGE
        adjusted  unknown  unknown    0   0   10,080         0       0 %
        raw       unknown  unknown    0   0   10,080         0       0 %

        nothing was seen, so that nobody knows what was spent

        nothing is excluded
    "]]
    .assert_eq(&states(&["--window", "7d"]));
    expect![[r"
        ! error: the SLO has no such window; it has 30d, 7d
        ! hint: name one of these, as it is written here
        [exit 1]
    "]]
    .assert_eq(&states(&["--window", "1d"]));
    let json = |args: &[&str]| serde_json::from_str::<serde_json::Value>(&states(args)).unwrap();
    assert_eq!(json(&["--json"])["items"].as_array().unwrap().len(), 2);
    assert_eq!(json(&["--json", "--window", "7d"])["window"], "7d");
}

#[test]
fn a_backup_is_restored_and_a_damaged_one_is_not() {
    let place = shop();
    let path = place.path().to_str().unwrap().to_owned();
    let backup = |place: &Place| says(place, &["backup", "copy"]).replace(&path, "HERE");
    expect![[r"
        backed up 6 entries into HERE/copy, the newest of TIME UTC
    "]]
    .assert_eq(&backup(&place));
    expect![[r"
        ! error: HERE/copy: exists already and is not overwritten. Name another, or move it away
        ! hint: name a folder that is not there
        [exit 1]
    "]]
    .assert_eq(&backup(&place));
    expect![[r"
        restored 6 entries into restored, the newest of TIME UTC
        plimsoll serve --data restored goes on from there
    "]]
    .assert_eq(&place.says(&["restore", "copy", "--data", "restored"]));
    assert_eq!(
        place.prints(&["slo", "list", "--data", "restored"]),
        place.prints(&["slo", "list", "--data", "data"])
    );
    expect![[r"
        ! error: restored/journal.db: exists already and is not overwritten. Name another, or move it away
        [exit 1]
    "]].assert_eq(&place.says(&["restore", "copy", "--data", "restored"]));

    let file = place.path().join("copy/journal.db");
    // The newest entry: what a snapshot holds is not read again from the entries before it.
    damage(&file, "decision.made", "decision.mode");
    expect![[r"
        ! error: copy/journal.db: entry 6 is damaged: its hash does not match its content and the entry before it. Entries 1 to 5 are sound. Keep a copy of the file, check the disk, and restore the newest backup that verifies
        [exit 1]
    "]].assert_eq(&place.says(&["restore", "copy", "--data", "another"]));
    assert!(!place.path().join("another").exists());
    // A folder with such a journal is told the same way, and served by nobody.
    expect![[r"
        ! error: copy/journal.db: entry 6 is damaged: its hash does not match its content and the entry before it. Entries 1 to 5 are sound. Keep a copy of the file, check the disk, and restore the newest backup that verifies
        [exit 1]
    "]].assert_eq(&place.says(&["journal", "verify", "--data", "copy"]));
    expect![[r"
        ! error: copy/journal.db: entry 6 is damaged: its hash does not match its content and the entry before it. Entries 1 to 5 are sound. Keep a copy of the file, check the disk, and restore the newest backup that verifies
        [exit 1]
    "]].assert_eq(&place.says(&["slo", "list", "--data", "copy"]));
    expect![[r"
        ! error: copy/journal.db: entry 6 is damaged: its hash does not match its content and the entry before it. Entries 1 to 5 are sound. Keep a copy of the file, check the disk, and restore the newest backup that verifies
        [exit 1]
    "]].assert_eq(&place.says(&["serve", "--data", "copy", "--listen", "127.0.0.1:0"]));
    expect![[r"
        ! error: nowhere is no folder
        ! hint: name the folder that plimsoll backup made
        [exit 2]
    "]]
    .assert_eq(&place.says(&["restore", "nowhere", "--data", "new"]));
}

/// Writes something else wherever this stands in a file.
fn damage(file: &Path, from: &str, to: &str) {
    let mut bytes = fs::read(file).unwrap();
    let places: Vec<usize> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, text)| *text == from.as_bytes())
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty() && from.len() == to.len());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_damaged_journal_is_exit_code_1_whichever_command_meets_it() {
    let mut place = shop();
    let is_told = |place: &Place, args: &[&str]| {
        let said = place.says(args);
        assert!(said.contains("is damaged: its hash does not match"), "{args:?}: {said}");
        assert!(said.ends_with("[exit 1]\n"), "{args:?}: {said}");
    };
    place.prints(&["backup", "copy", "--data", "data"]);
    damage(&place.path().join("copy/journal.db"), "web-answers", "web-answars");
    is_told(&place, &["restore", "copy", "--data", "new"]);
    for args in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["apply", "slo"],
        &["budget"],
        &["person", "list"],
        &["journal", "verify"],
        &["journal", "tail"],
        &["journal", "export"],
        &["backup", "another"],
    ] {
        is_told(&place, &[args, &["--data", "copy"]].concat());
    }
    // A server that runs finds it, too, and tells it over the network.
    let server = place.start();
    damage(&place.path().join("data/journal.db"), "web-answers", "web-answars");
    let remote = ["--server", &server, "--token-file", "data/local.token"];
    let to = place.path().join("another");
    for args in [&["journal", "verify"][..], &["backup", to.to_str().unwrap()]] {
        is_told(&place, &[args, &remote].concat());
    }
}

#[test]
fn damaged_slots_are_exit_code_1_too() {
    let place = shop();
    let slots = place.path().join("data/slots.db");
    let mut bytes = fs::read(&slots).unwrap();
    bytes[16..100].fill(0xff);
    fs::write(&slots, bytes).unwrap();
    for args in [&["serve", "--listen", "127.0.0.1:0"][..], &["budget"]] {
        let said = place.says(&[args, &["--data", "data"]].concat());
        assert!(said.contains("slots.db") && said.ends_with("[exit 1]\n"), "{args:?}: {said}");
    }
}
