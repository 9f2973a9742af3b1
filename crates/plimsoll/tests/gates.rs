//! The gate where there is no answer: the server says nothing, the credentials do not hold, the question is wrong.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::{collections::BTreeSet, fs, io::Write as _, net::TcpListener, thread};

use common::server::{Place, SOURCE, slo};
use expect_test::expect;
use serde_json::Value;

/// A folder in which a service with an objective is in force; no server runs.
fn shop() -> Place {
    let place = Place::new();
    place.write("slo/source.yaml", SOURCE);
    place.write("slo/web.yaml", &slo("web", "0.999"));
    fs::create_dir(place.path().join("data")).unwrap();
    place.prints(&["apply", "slo", "--data", "data"]);
    place
}

/// Where every connection is taken, this much is said, and nothing after it; as long as the test lasts.
fn silent_after(begin: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            connection.write_all(begin).unwrap();
            kept.push(connection);
        }
    });
    address
}

#[test]
fn whoever_never_answers_holds_nobody_up() {
    let place = Place::new();
    let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"service\":";
    for begin in [&b""[..], begun] {
        let address = silent_after(begin);
        let asks = ["gate", "shop", "--server", &address, "--timeout", "200ms"];
        let said = place.says(&asks);
        assert!(said.contains("gave no whole answer within 200 ms"), "{said}");
        assert!(said.ends_with("allow would let it\n[exit 3]\n"), "{said}");
        for kind in ["p0-fix", "revert"] {
            let said = place.says(&[&asks[..], &["--kind", kind]].concat());
            assert!(said.contains("! allowed: shop") && !said.contains("[exit"), "{said}");
        }
    }
}

#[test]
fn without_an_answer_the_json_has_its_shape_all_the_same() {
    let place = shop();
    let read = |args: &[&str]| {
        let output = place.run(&[&["gate", "shop", "--json"], args].concat());
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), value)
    };
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let (_, answered) = read(&["--data", "data"]);
    let asks = ["--kind", "feature", "--change", "4f2a", "--server", "127.0.0.1:1"];
    let (code, unanswered) = read(&asks);
    assert_eq!((code, keys(&unanswered)), (3, keys(&answered)));
    assert_eq!(keys(&unanswered["change"]), keys(&answered["change"]));
    expect![[r#"
        {"service":"shop","at":null,"verdict":"unknown","reasons":[{"verdict":"unknown","text":"cannot reach http://127.0.0.1:1: Connection refused (os error 111)"}],"policy":null,"policy_agreed":null,"policy_agreement":null,"policy_overdue":null,"policy_solo":null,"promise":null,"promise_agreement":null,"escalated":null,"recorded":null,"change":{"kind":"feature","risk":"normal","name":"4f2a"},"allowed":false,"exempt":false,"exception":null,"why":"nothing is known; what is unknown does not pass; --on-unknown allow would let it","expires":null}
    "#]]
    .assert_eq(&String::from_utf8(place.run(&[&["gate", "shop", "--json"], &asks[..]].concat()).stdout).unwrap());
    let (code, exempt) = read(&["--kind", "revert", "--server", "127.0.0.1:1"]);
    assert_eq!((code, &exempt["allowed"], &exempt["exempt"]), (0, &true.into(), &true.into()));
    // Also where the question is wrong, and where it lets everything pass.
    let (code, nowhere) = read(&["--data", "nowhere"]);
    assert_eq!((code, &nowhere["allowed"]), (2, &false.into()));
    assert_eq!(read(&["--data", "nowhere", "--shadow"]), (0, nowhere));
}

#[test]
fn a_gate_that_is_set_up_wrongly_is_noticed_and_holds_up_no_mending() {
    let mut place = shop();
    let server = place.start();
    place.write("old.token", "plimsoll_expired");
    let expired = ["--server", &server, "--token-file", "old.token"];
    let unreadable = ["--server", &server, "--token-file", "none.token"];
    for set_up in [&expired[..], &unreadable, &["--data", "nowhere"]] {
        let with = |more: &[&str]| place.says(&[&["gate", "shop"], more, set_up].concat());
        let said = with(&["--on-unknown", "allow"]);
        assert!(said.contains("! error: ") && said.ends_with("[exit 2]\n"), "{said}");
        let said = with(&["--kind", "p0-fix"]);
        assert!(said.contains("! error: ") && said.contains("! allowed: shop: nothing"), "{said}");
        assert!(!said.contains("[exit"), "{said}");
        let said = with(&["--shadow"]);
        assert!(said.contains("without --shadow every change"), "{said}");
        assert!(!said.contains("[exit"), "{said}");
    }
    // That the question is wrong is said by somebody who is there; it is wrong for every kind.
    expect![[r#"
        ! error: there is no service "nope"
        ! hint: plimsoll service list shows them; documents declare them
        ! refused: nope: the question is wrong
        [exit 2]
    "#]]
    .assert_eq(&place.says(&["gate", "nope", "--kind", "p0-fix", "--data", "data"]));
    expect![[r#"
        ! error: there is no service "nope"
        ! hint: plimsoll service list shows them; documents declare them
        ! refused: nope: the question is wrong
        ! shadow: nothing is held up: without --shadow every change, until that is put right, would be refused
    "#]]
    .assert_eq(&place.says(&["gate", "nope", "--shadow", "--data", "data"]));
    let said = place.says(&["gate", "shop", "--shadow", "--risk", "none", "--data", "data"]);
    assert!(said.ends_with("[exit 2]\n"), "{said}");
}
