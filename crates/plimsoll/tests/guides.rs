//! What the guides show is what the program prints.
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

fn example(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let output = command.args(["assess", "--example"]).args(args).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The lines of every block that is fenced as a report.
fn reports(guide: &str) -> Vec<&str> {
    let blocks = guide.split("\n```report\n").skip(1);
    blocks.flat_map(|block| block.split("\n```").next().unwrap_or_default().lines()).collect()
}

#[test]
fn reports_in_guides_are_of_the_example() {
    let report = example(&[]);
    let printed: BTreeSet<&str> = report.lines().collect();
    for guide in [
        include_str!("../../../README.md"),
        include_str!("../../../docs/how-to/read-the-verdict.md"),
    ] {
        let shown = reports(guide);
        assert!(shown.len() > 5, "no report in the guide");
        for line in shown {
            assert!(printed.contains(line), "the example does not print: {line}");
        }
    }
}

/// The keys of every object, but for names of inputs.
fn keys<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                found.insert(key);
                if key != "formats" {
                    keys(value, found);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[test]
fn the_reference_names_every_key_and_no_other() {
    let reference = include_str!("../../../docs/reference/assessment-json.md");
    let rows = reference.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    let named: BTreeSet<&str> =
        rows.flat_map(|cell| cell.split(", ")).map(|key| key.trim_matches('`')).collect();
    let found: Value = serde_json::from_str(&example(&["--json"])).unwrap();
    let mut printed = BTreeSet::new();
    keys(&found, &mut printed);
    assert_eq!(named, printed);
}
