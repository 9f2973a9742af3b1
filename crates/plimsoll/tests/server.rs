//! A server, and the commands that speak to it: as a person sees them.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::{fs, os::unix::fs::PermissionsExt as _};

use common::{
    between::{Answer, between},
    server::{Place, SOURCE, said, slo},
};
use expect_test::expect;

const DATA: [&str; 2] = ["--data", "data"];

#[test]
fn the_first_start_makes_a_folder_that_belongs_to_whoever_started_it() {
    let mut place = Place::new();
    expect![[r"
        ! error: there is no data folder data
        ! hint: plimsoll serve --data DIR makes one; --data or --server names another
        [exit 2]
    "]]
    .assert_eq(&place.says(&["person", "list", "--data", "data"]));
    place.start();
    let mode =
        |name: &str| fs::metadata(place.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/local.token")), (0o700, 0o600));
    expect![[r"
        PERSON  ADDED (UTC)       ERASED (UTC)
        ada     TIME
    "]]
    .assert_eq(&place.says(&["person", "list", "--data", "data"]));
    place.stop();
    // What the server did, the folder keeps.
    expect![[r"
        PERSON  ADDED (UTC)       ERASED (UTC)
        ada     TIME
    "]]
    .assert_eq(&place.says(&["person", "list", "--data", "data"]));
}

#[test]
fn a_token_is_shown_once_used_and_revoked() {
    let mut place = Place::new();
    let server = place.start();
    let issue = ["token", "issue", "--scope", "admin", "--label", "laptop", "--days", "2"];
    let issued = place.command(&[&issue[..], &DATA].concat()).output().unwrap();
    expect![[r"
        plimsoll_t-ID_SECRET
        ! t-ID acts for ada until TIME UTC (admin); it is shown this once
    "]]
    .assert_eq(&said(&issued));
    let token = String::from_utf8(issued.stdout).unwrap();
    place.write("token", &token);

    let list = ["token", "list", "--server", &server];
    expect![[r"
        ! error: this needs a token with the scope admin
        ! hint: show a valid token with --token-file or in PLIMSOLL_TOKEN; plimsoll token issue makes one
        [exit 1]
    "]]
    .assert_eq(&place.says(&list));
    let with_file = [&list[..], &["--token-file", "token"]].concat();
    let listed = expect![[r"
        TOKEN                   PERSON  SCOPES  STATE  EXPIRES (UTC)     LABEL
        t-ID  ada     admin   valid  TIME  laptop
    "]];
    listed.assert_eq(&place.says(&with_file));
    let in_environment = place.command(&list).env("PLIMSOLL_TOKEN", token.trim()).output().unwrap();
    listed.assert_eq(&said(&in_environment));

    let wrong =
        place.command(&list).env("PLIMSOLL_TOKEN", format!("{}0", token.trim())).output().unwrap();
    expect![[r"
        ! error: the token is unknown here, or was revoked
        ! hint: show a valid token with --token-file or in PLIMSOLL_TOKEN; plimsoll token issue makes one
        [exit 1]
    "]]
    .assert_eq(&said(&wrong));
    let id = token.split('_').nth(1).unwrap();
    expect![[r"
        t-ID was revoked
    "]]
    .assert_eq(&place.says(&[&["token", "revoke", id], &DATA[..]].concat()));
    expect![[r"
        ! error: the token is unknown here, or was revoked
        ! hint: show a valid token with --token-file or in PLIMSOLL_TOKEN; plimsoll token issue makes one
        [exit 1]
    "]]
    .assert_eq(&place.says(&with_file));
    expect![[r"
        TOKEN                   PERSON  SCOPES  STATE    EXPIRES (UTC)     LABEL
        t-ID  ada     admin   revoked  TIME  laptop
    "]]
    .assert_eq(&place.says(&[&["token", "list", "--all"], &DATA[..]].concat()));
    expect![[r"
        no token is valid; --all lists the others too
    "]]
    .assert_eq(&place.says(&[&["token", "list"], &DATA[..]].concat()));
}

#[test]
fn people_come_and_go() {
    let mut place = Place::new();
    place.start();
    let says = |args: &[&str]| place.says(&[args, &DATA].concat());
    expect![[r"
        bob was added; plimsoll token issue --person bob gives them a token
    "]]
    .assert_eq(&says(&["person", "add", "bob"]));
    expect![[r#"
        ! error: "Bob" is no handle of a person
        ! hint: write 1 to 40 lower-case letters, digits and hyphens, a letter first, such as `ada`
        [exit 1]
    "#]]
    .assert_eq(&says(&["person", "add", "Bob"]));
    expect![[r"
        ! error: there is no person eve
        ! hint: plimsoll person add adds them
        [exit 1]
    "]]
    .assert_eq(&says(&["token", "issue", "--person", "eve", "--scope", "push"]));
    expect![[r"
        bob was erased, and every token of theirs revoked
    "]]
    .assert_eq(&says(&["person", "erase", "bob"]));
    expect![[r#"
        {"items":[
        {"handle":"ada","added":"TIME","erased":null},
        {"handle":"bob","added":"TIME","erased":"TIME"}
        ],"next":null}
    "#]]
    .assert_eq(&says(&["person", "list", "--json"]));
}

#[test]
fn whoever_owns_the_folder_stays_until_somebody_else_does() {
    let mut place = Place::new();
    place.start();
    let erase = ["person", "erase", "ada", "--data", "data"];
    let refused = expect![[r"
        ! error: ada owns the data folder: its local.token acts for them, and would be void
        ! hint: start the server once for another owner, with plimsoll serve --owner HANDLE; then erase ada
        [exit 1]
    "]];
    refused.assert_eq(&place.says(&erase));
    place.stop();
    refused.assert_eq(&place.says(&erase));
    place.start_for(&["--owner", "bob"]);
    expect![[r"
        ada was erased, and every token of theirs revoked
    "]]
    .assert_eq(&place.says(&erase));
    // Whoever called the commands so far goes on as the new owner, with and without a server.
    let people = ["person", "list", "--data", "data"];
    let listed = expect![[r"
        PERSON  ADDED (UTC)       ERASED (UTC)
        ada     TIME  TIME
        bob     TIME
    "]];
    listed.assert_eq(&place.says(&people));
    place.stop();
    listed.assert_eq(&place.says(&people));
}

#[test]
fn servers_that_cannot_be_had_say_why() {
    let mut place = Place::new();
    place.start();
    expect![[r"
        ! error: data: in use by process PID, which listens on ADDRESS. Send commands to it, stop it, or name another folder
        [exit 2]
    "]]
    .assert_eq(&place.says(&["serve", "--data", "data", "--listen", "127.0.0.1:0"]));
    let list = |server: &str| place.says(&["person", "list", "--server", server]);
    // A port that was just free.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    expect![[r"
        ! error: cannot reach http://ADDRESS: Connection refused (os error 111)
        ! hint: nothing listens there; plimsoll serve starts a server
        [exit 2]
    "]]
    .assert_eq(&list(&free.to_string()));
    expect![[r"
        ! error: --server https://plimsoll.example: https is not spoken, only http
        ! hint: reach a server that is elsewhere through a tunnel, such as ssh -L 7420:ADDRESS HOST
        [exit 2]
    "]]
    .assert_eq(&list("https://plimsoll.example"));
    expect![[r#"
        ! error: "no address" is no address of a server
        ! hint: write it like http://ADDRESS
        [exit 2]
    "#]]
    .assert_eq(&list("no address"));
    place.write("something/else.txt", "mine");
    expect![[r"
        ! error: something: holds `else.txt` and no journal. Name an empty folder, or one that this program made
        [exit 2]
    "]]
    .assert_eq(&place.says(&["serve", "--data", "something", "--listen", "127.0.0.1:0"]));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    expect![[r"
        ! error: cannot listen on ADDRESS: Address already in use (os error 98). Free it, or name another with --listen
        [exit 2]
    "]]
    .assert_eq(&place.says(&["serve", "--data", "other", "--listen", &taken]));
}

/// A way to a server on which the answers to the first so many commands are lost.
fn losing(server: &str, mut answers: u32) -> String {
    between(server, move |request| {
        if request.starts_with("GET ") || request.contains("/plan ") || answers == 0 {
            return Answer::Arrives;
        }
        answers -= 1;
        Answer::IsLost
    })
}

#[test]
fn what_was_done_before_the_answer_was_lost_is_not_done_again() {
    let mut place = Place::new();
    let server = place.start();
    place.write("slo/source.yaml", SOURCE);
    place.write("slo/web.yaml", &slo("web", "0.99"));
    let says = |args: &[&str], lost: u32| {
        let server = losing(&server, lost);
        place.says(&[args, &["--server", &server, "--token-file", "data/local.token"]].concat())
    };
    assert!(says(&["apply", "slo"], 1).contains("applied: 4 objects declared (journal entry 5)"));
    expect![[r"
        bob was added; plimsoll token issue --person bob gives them a token
    "]]
    .assert_eq(&says(&["person", "add", "bob"], 1));
    let exclusion = ["exclusion", "add", "--service", "shop", "--reason", "agreed"];
    let from = jiff::Timestamp::from_second((jiff::Timestamp::now().as_second() / 60 - 600) * 60);
    let from = from.unwrap().to_string();
    let when = ["--from", from.as_str(), "--for", "2h"];
    expect![[r"
        x-ID excludes service shop, TIME UTC, 2 h
    "]]
    .assert_eq(&says(&[&exclusion[..], &when].concat(), 1));
    expect![[r"
        bob was erased, and every token of theirs revoked
    "]]
    .assert_eq(&says(&["person", "erase", "bob"], 1));
    // Nobody has the secret of a token that was issued where its answer was lost.
    expect![[r"
        ! error: t-ID was issued, but not shown
        ! hint: revoke it with plimsoll token revoke t-ID, and issue another
        [exit 2]
    "]]
    .assert_eq(&says(&["token", "issue", "--scope", "read"], 1));
    // A second loss is told, because what comes next is for a person to say.
    expect![[r"
        ! error: http://ADDRESS broke the connection before its answer was here
        ! hint: it may have been done: look before you do it again; plimsoll journal tail shows what was
        [exit 2]
    "]]
    .assert_eq(&says(&["person", "add", "eve"], 2));
    let tail = place.prints(&["journal", "tail", "--data", "data"]);
    let done: Vec<&str> =
        tail.lines().skip(6).map(|line| line.split_once("ada ").unwrap().1).collect();
    let wanted = [
        "person.added bob",
        "exclusion.added",
        "person.erased bob",
        "token.issued",
        "person.added eve",
    ];
    assert_eq!(done.len(), wanted.len(), "{tail}");
    assert!(
        done.iter().zip(wanted).all(|(done, wanted)| done.trim().starts_with(wanted)),
        "{tail}"
    );
    // A backup is under no key: it is asked for once.
    let copy = place.path().join("copy");
    expect![[r"
        ! error: http://ADDRESS broke the connection before its answer was here
        ! hint: it may have been done: look before you do it again; plimsoll journal tail shows what was
        [exit 2]
    "]]
    .assert_eq(&says(&["backup", copy.to_str().unwrap()], 1));
    assert!(copy.join("journal.db").exists());
}
