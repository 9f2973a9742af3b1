//! Documents and what is in force: `apply`, `diff` and `check`, as a person sees them.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

mod common;

use std::{fs, io::Write as _, process::Stdio, thread};

use common::{
    between::{Answer, between},
    plimsoll,
    server::{Place, SOURCE, slo},
    terminal::{seen, terminal},
};
use expect_test::expect;

/// What applying the folder says, whatever the number of the entry: decisions are written to the journal meanwhile.
fn apply(place: &Place, args: &[&str]) -> String {
    anywhere(&place.says(&[&["apply", "slo", "--data", "data"], args].concat()))
}

fn anywhere(text: &str) -> String {
    let Some((before, behind)) = text.split_once("(journal entry ") else { return text.to_owned() };
    let number = behind.find(|byte: char| !byte.is_ascii_digit()).unwrap_or(0);
    assert!(number > 0, "{text}");
    format!("{before}(journal entry N{}", &behind[number..])
}

/// A folder with a source and an objective, which are in force.
fn applied() -> Place {
    let mut place = Place::new();
    place.start();
    place.write("slo/source.yaml", SOURCE);
    place.write("slo/web.yaml", &slo("web", "0.99"));
    expect![[r"
           KIND     NAME         FILE         WHAT
        +  service  shop         web.yaml
        +  source   counter      source.yaml
        +  sli      web-answers  web.yaml
        +  slo      web          web.yaml
        set default: 4 new
        applied: 4 objects declared (journal entry N)
    "]]
    .assert_eq(&apply(&place, &[]));
    place
}

#[test]
fn applying_again_does_nothing_and_a_change_is_told_first() {
    let place = applied();
    expect![[r"
        nothing changes
        set default: 4 unchanged
    "]]
    .assert_eq(&apply(&place, &[]));
    place.write("slo/web.yaml", &slo("web", "0.999"));
    fs::rename(place.path().join("slo/source.yaml"), place.path().join("slo/counter.yaml"))
        .unwrap();
    let diff = place.says(&["diff", "./slo/", "--data", "data"]);
    expect![[r"
           KIND    NAME     FILE          WHAT
        >  source  counter  counter.yaml  stands in another file
        ~  slo     web      web.yaml      target 99 % → 99.9 %
        set default: 1 altered, 1 moved, 2 unchanged
    "]]
    .assert_eq(&diff);
    // Looking changed nothing.
    assert_eq!(place.says(&["diff", "./slo/", "--data", "data"]), diff);
    expect![[r"
           KIND    NAME     FILE          WHAT
        >  source  counter  counter.yaml  stands in another file
        ~  slo     web      web.yaml      target 99 % → 99.9 %
        set default: 1 altered, 1 moved, 2 unchanged
        applied: 2 objects declared (journal entry N)
    "]]
    .assert_eq(&apply(&place, &[]));
    expect![[r#"
        {"set":"default","seq":7,"declared":[],"withdrawn":[],"proposed":[],"warnings":[]}
    "#]]
    .assert_eq(&apply(&place, &["--json"]));
}

#[test]
fn what_goes_is_asked_for() {
    let place = applied();
    fs::remove_file(place.path().join("slo/web.yaml")).unwrap();
    expect![[r"
           KIND     NAME         FILE  WHAT
        -  service  shop               is withdrawn
        -  sli      web-answers        is withdrawn
        -  slo      web                is withdrawn
        set default: 3 withdrawn, 1 unchanged
        ! error: 3 objects would be withdrawn; nothing was applied
        ! hint: --delete allows that; their slots stay
        [exit 1]
    "]]
    .assert_eq(&apply(&place, &[]));
    let answered = |answer: &str| {
        let (person, program) = terminal(80);
        let mut command = place.command(&["apply", "slo", "--data", "data"]);
        command.stdin(program.try_clone().unwrap()).stderr(program).stdout(Stdio::piped());
        let child = command.spawn().unwrap();
        drop(command);
        fs::File::from(person.try_clone().unwrap()).write_all(answer.as_bytes()).unwrap();
        let reader = thread::spawn(move || seen(person));
        let output = child.wait_with_output().unwrap();
        let asked = reader.join().unwrap();
        assert!(asked.contains("Withdraw 3 objects? Their slots stay. [y/N]"), "{asked}");
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(answered("\n").0, 1);
    assert_eq!(answered("no\n").0, 1);
    let (code, printed) = answered("y\n");
    assert_eq!(code, 0);
    assert!(
        anywhere(&printed).ends_with("applied: 3 objects withdrawn (journal entry N)\n"),
        "{printed}"
    );
    place.write("slo/web.yaml", &slo("web", "0.99"));
    assert!(apply(&place, &[]).contains("3 objects declared"));
    fs::remove_file(place.path().join("slo/web.yaml")).unwrap();
    expect![[r"
           KIND     NAME         FILE  WHAT
        -  service  shop               is withdrawn
        -  sli      web-answers        is withdrawn
        -  slo      web                is withdrawn
        set default: 3 withdrawn, 1 unchanged
        applied: 3 objects withdrawn (journal entry N)
    "]]
    .assert_eq(&apply(&place, &["--delete"]));
}

/// Applies `slo/` while somebody else applies `theirs/` between the preview and the deed; what is said, and what is in
/// force then.
fn raced(place: &Place, server: &str) -> (String, String) {
    place.write("theirs/source.yaml", SOURCE);
    place.write("theirs/web.yaml", &slo("web", "0.95"));
    let folder = place.path().to_owned();
    let server = between(server, move |request| {
        if request.starts_with("PUT ") {
            assert!(plimsoll(&folder, &["apply", "theirs", "--data", "data"]).status.success());
        }
        Answer::Arrives
    });
    let mine = ["apply", "slo", "--server", &server, "--token-file", "data/local.token"];
    (place.says(&mine), place.says(&["slo", "list", "--data", "data"]))
}

#[test]
fn what_somebody_else_applied_since_the_preview_is_not_overwritten() {
    let mut place = Place::new();
    let server = place.start();
    place.write("slo/source.yaml", SOURCE);
    place.write("slo/web.yaml", &slo("web", "0.99"));
    let theirs = expect![[r"
        SLO  SERVICE  SLI          TARGET  WINDOWS
        web  shop     web-answers    95 %  30d
    "]];
    let (said, in_force) = raced(&place, &server);
    expect![[r"
           KIND     NAME         FILE         WHAT
        +  service  shop         web.yaml
        +  source   counter      source.yaml
        +  sli      web-answers  web.yaml
        +  slo      web          web.yaml
        set default: 4 new
        ! error: the set default has changed since the preview; nothing was applied
        ! hint: look again with plimsoll diff
        [exit 1]
    "]]
    .assert_eq(&said);
    theirs.assert_eq(&in_force);
    // Once more where the set is there already, and keeps its names.
    assert!(apply(&place, &[]).contains("target 95 % → 99 %"));
    place.write("slo/web.yaml", &slo("web", "0.999"));
    let (said, in_force) = raced(&place, &server);
    expect![[r"
           KIND  NAME  FILE      WHAT
        ~  slo   web   web.yaml  target 99 % → 99.9 %
        set default: 1 altered, 3 unchanged
        ! error: the set default has changed since the preview; nothing was applied
        ! hint: look again with plimsoll diff
        [exit 1]
    "]]
    .assert_eq(&said);
    theirs.assert_eq(&in_force);
}

#[test]
fn one_wrong_document_keeps_all_of_them_out() {
    let place = applied();
    place.write("slo/api.yaml", &slo("api", "0.99"));
    place.write("slo/bad.yaml", &slo("bad", "1.5"));
    let refused = expect![[r"
        slo/bad.yaml:15:25: error[out-of-range] spec.objectives[0].target: must be below 1, is 1.5
          hint: a percentage is written as targetPercent
        ! error: the documents have 1 error; nothing was applied
        [exit 1]
    "]];
    refused.assert_eq(&apply(&place, &[]));
    fs::remove_file(place.path().join("slo/bad.yaml")).unwrap();
    expect![[r"
           KIND     NAME         FILE      WHAT
        >  service  shop         api.yaml  stands in another file
        +  sli      api-answers  api.yaml
        +  slo      api          api.yaml
        set default: 2 new, 1 moved, 3 unchanged
    "]]
    .assert_eq(&place.says(&["diff", "slo", "--data", "data"]));
    expect![[r"
        ! error: the documents cannot be read; nothing was sent
        ! nowhere:1:1: error[unreadable] nowhere does not exist
        !   hint: check the path
        [exit 1]
    "]]
    .assert_eq(&place.says(&["apply", "nowhere", "--data", "data"]));
    expect![[r#"
        ! error: "a set" is no name of a set
        ! hint: write 1 to 100 letters, digits, dots, hyphens, underscores
        [exit 1]
    "#]]
    .assert_eq(&place.says(&["apply", "slo", "--data", "data", "--set", "a set"]));
}

#[test]
fn what_belongs_to_another_set_is_found_before_it_is_applied() {
    let place = applied();
    expect![[r"
        slo/source.yaml:3:18: error[belongs-elsewhere] source counter belongs to source.yaml of the set default
          hint: give it another name, or withdraw it there first
        slo/web.yaml:15:16: error[belongs-elsewhere] sli web-answers belongs to web.yaml of the set default
          hint: give it another name, or withdraw it there first
        slo/web.yaml:15:16: error[belongs-elsewhere] slo web belongs to web.yaml of the set default
          hint: give it another name, or withdraw it there first
        2 files, 2 objects: 3 errors
        [exit 1]
    "]]
    .assert_eq(&place.says(&["check", "slo", "--data", "data", "--set", "mine"]));
    expect![[r"
        2 files, 2 objects: no problems
    "]]
    .assert_eq(&place.says(&["check", "slo", "--data", "data"]));
    expect![[r"
        2 files, 2 objects: no problems
    "]]
    .assert_eq(&place.says(&["check", "slo"]));
}

#[test]
fn the_folder_says_the_same_with_and_without_a_server() {
    let mut place = applied();
    place.write("slo/web.yaml", &slo("web", "0.95"));
    let questions: [&[&str]; 5] = [
        &["person", "list"],
        &["person", "list", "--json"],
        &["token", "list", "--all"],
        &["diff", "slo"],
        &["diff", "slo", "--json"],
    ];
    let ask =
        |place: &Place| questions.map(|args| place.prints(&[args, &["--data", "data"]].concat()));
    let running = ask(&place);
    place.stop();
    assert_eq!(ask(&place), running);
    assert!(running[3].contains("target 99 % → 95 %"));
    expect![[r"
           KIND  NAME  FILE      WHAT
        ~  slo   web   web.yaml  target 99 % → 95 %
        set default: 1 altered, 3 unchanged
        applied: 1 object declared (journal entry N)
    "]]
    .assert_eq(&apply(&place, &[]));
    place.start();
    expect![[r"
        nothing changes
        set default: 4 unchanged
    "]]
    .assert_eq(&apply(&place, &[]));
}

#[test]
fn a_source_of_another_set_is_said_to_be_there() {
    let place = Place::new();
    place.write("source.yaml", SOURCE);
    place.write("web.yaml", &slo("web", "0.999"));
    fs::create_dir(place.path().join("data")).unwrap();
    place.prints(&["apply", "source.yaml", "--set", "shared", "--data", "data"]);
    for command in ["apply", "check"] {
        let said = place.says(&[command, "web.yaml", "--set", "shop", "--data", "data"]);
        let source = r#"the DataSource "counter" is declared in the set shared"#;
        // Once for each of the two counts, and no more that it is nowhere.
        assert_eq!(said.matches(source).count(), 2, "{said}");
        assert_eq!(said.matches("warning[").count(), 2, "{said}");
    }
}
