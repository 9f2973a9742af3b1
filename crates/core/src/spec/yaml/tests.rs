//! Trees, places, limits and advice.

use expect_test::{Expect, expect};

use super::*;
use crate::limits::{DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX};

/// The documents of a text in a compact form, and its problems as `line:column code`.
fn parsed(text: &str) -> (Vec<Node>, Vec<String>) {
    let mut report = Report::new("file");
    let documents = parse(text, &mut report);
    let problems = report.into_problems();
    let problems = problems.iter().map(|p| format!("{}:{} {}", p.line, p.column, p.code)).collect();
    (documents, problems)
}

fn show(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(text) => format!("#{text}"),
        Value::Text(text) => format!("{text:?}"),
        Value::List(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        Value::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key, show(&entry.value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (documents, problems) = parsed(text);
    assert_eq!(problems, Vec::<String>::new(), "{text}");
    assert_eq!(documents.iter().map(show).collect::<Vec<_>>(), expected, "{text}");
}

#[track_caller]
fn check_problems(text: &str, expected: &[&str]) {
    assert_eq!(parsed(text).1, expected, "{text}");
}

/// The problem of a broken text as people see it.
#[track_caller]
fn check_advice(text: &str, expected: &Expect) {
    let mut report = Report::new("file");
    parse(text, &mut report);
    let problems: Vec<String> = report.into_problems().iter().map(ToString::to_string).collect();
    expected.assert_eq(&problems.join("\n"));
}

#[test]
fn scalars_follow_the_core_schema_of_yaml_1_2() {
    check("[null, ~, Null, '']", &["[null, null, null, \"\"]"]);
    check(
        "[true, False, TRUE, yes, no, on, off, y]",
        &["[true, false, true, \"yes\", \"no\", \"on\", \"off\", \"y\"]"],
    );
    check(
        "[0.999, 1e3, .5, 5., -1, +1, 012, 0x1F, 0o17, .inf, -.INF, .nan]",
        &["[#0.999, #1e3, #.5, #5., #-1, #+1, #012, #0x1F, #0o17, #.inf, #-.INF, #.nan]"],
    );
    check(
        "[1_000, 1e, e1, ., -, 0x, 0o8, 1.2.3, 12:30:45, 2022-01-01 12:00:00]"
            .replace("-, ", "--, ")
            .as_str(),
        &[
            "[\"1_000\", \"1e\", \"e1\", \".\", \"--\", \"0x\", \"0o8\", \"1.2.3\", \"12:30:45\", \"2022-01-01 12:00:00\"]",
        ],
    );
    check(
        "['1', \"true\", |-\n 5\n, >-\n null\n]".replace(", |-\n 5\n, >-\n null\n", "").as_str(),
        &["[\"1\", \"true\"]"],
    );
    check("a: |\n  5\nb: >-\n  null\n", &["{a: \"5\\n\", b: \"null\"}"]);
}

#[test]
fn tags_of_the_core_schema_decide() {
    check(
        "[!!str 5, ! 5, !!int 5, !!float 0.5, !!bool true, !!null null]",
        &["[\"5\", \"5\", #5, #0.5, true, null]"],
    );
    check("!!map {a: !!seq [b]}", &["{a: [\"b\"]}"]);
    check_problems("a: !secret x", &["1:4 unknown-tag"]);
    check_problems("a: !!int x", &["1:4 unknown-tag"]);
    check_problems("a: !!int 0.5", &["1:4 unknown-tag"]);
    check_problems("a: !!binary aGk=", &["1:4 unknown-tag"]);
    check_problems("a: !!set {x, y}", &["1:4 unknown-tag"]);
}

#[test]
fn files_hold_any_number_of_documents() {
    check("", &[]);
    check("# nothing\n", &[]);
    check("---\na: 1\n---\n# empty\n---\n- b\n...\n", &["{a: #1}", "[\"b\"]"]);
    check("\u{feff}a: 1\r\nb: 2\r\n", &["{a: #1, b: #2}"]);
}

#[test]
fn json_is_read_too() {
    check(
        "{\"a\":1,\"b\":[true,null],\"c\":{\"d\":\"\\/\\u00e4\\n\"}}",
        &["{a: #1, b: [true, null], c: {d: \"/ä\\n\"}}"],
    );
    check("{\n\t\"a\": 1,\n\t\"b\": [\n\t\t2\n\t]\n}\n", &["{a: #1, b: [#2]}"]);
    check("[{\"a\": 1}, {\"b\": 2}]", &["[{a: #1}, {b: #2}]"]);
}

#[test]
fn json_escapes_beyond_the_first_plane_are_pairs() {
    check("{\"a\": \"\\ud83d\\ude00!\"}", &["{a: \"😀!\"}"]);
    check("{\"a\": \"\\\\ud83d\\\\ude00\"}", &["{a: \"\\\\ud83d\\\\ude00\"}"]);
    check_problems("{\"a\": \"\\ud83d\"}", &["1:7 syntax"]);
    check_problems("{\"a\": \"\\ude00\\ud83d\"}", &["1:7 syntax"]);
}

#[test]
fn aliases_stand_for_what_they_name() {
    check("a: &x {b: 1}\nc: *x\n", &["{a: {b: #1}, c: {b: #1}}"]);
    check("- &x 1\n- *x\n- &x 2\n- *x\n", &["[#1, #1, #2, #2]"]);
    check("&k a: 1\nb: *k\n", &["{a: #1, b: \"a\"}"]);
    check("a: &k x\n*k : 1\n", &["{a: \"x\", x: #1}"]);
    check_problems("a: *x\n", &["1:4 syntax"]);
    check_problems("a: &x [*x]\n", &["1:8 alias-of-itself"]);
}

#[test]
fn an_alias_stands_where_it_is_used() {
    let (documents, _) = parsed("a: &x {b: 1}\nc:\n  *x\n");
    assert_eq!(documents[0].position_of("c"), Position { line: 3, column: 3 });
    // What is inside stands where it is written.
    assert_eq!(documents[0].position_of("c.b"), Position { line: 1, column: 11 });
}

#[test]
fn merge_keys_fill_in_what_is_missing() {
    check("- &a {x: 1, y: 2}\n- {<<: *a, y: 3}\n", &["[{x: #1, y: #2}, {y: #3, x: #1}]"]);
    check(
        "- &a {x: 1}\n- &b {x: 2, y: 2}\n- <<: [*a, *b]\n  z: 3\n",
        &["[{x: #1}, {x: #2, y: #2}, {z: #3, x: #1, y: #2}]"],
    );
    check("{\"<<\": {x: 1}}", &["{<<: {x: #1}}"]);
    check_problems("<<: 5", &["1:5 bad-merge"]);
    check_problems("<<: [{a: 1}, b]", &["1:14 bad-merge"]);
}

#[test]
fn keys_are_unique() {
    check_problems("a: 1\nb: 2\na: 3\n", &["3:1 duplicate-key"]);
    check_problems("x: {a: 1, 'a': 2, \"a\": 3}", &["1:11 duplicate-key", "1:19 duplicate-key"]);
    check("- {a: 1}\n- {a: 2}\n", &["[{a: #1}, {a: #2}]"]);
    check_problems("? [a, b]\n: 1\n", &["1:3 wrong-type"]);
    check_problems("name: {{ .Values.name }}\n", &["1:8 wrong-type"]);
}

#[test]
fn places_count_characters_from_1() {
    let (documents, _) = parsed("a:\n  - ü: x\n    b: [1, {c: 2}]\n");
    let root = &documents[0];
    assert_eq!(root.position_of(""), Position { line: 1, column: 1 });
    assert_eq!(root.position_of("a[0].ü"), Position { line: 2, column: 8 });
    assert_eq!(root.position_of("a[0].b[1].c"), Position { line: 3, column: 16 });
    assert_eq!(root.position_of("a[0].b[7].c"), root.position_of("a[0].b"));
    assert_eq!(root.position_of("nothing.at.all"), root.position_of(""));
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(parsed(&nested(DOCUMENT_DEPTH_MAX)).1, Vec::<String>::new());
    check_problems(&nested(DOCUMENT_DEPTH_MAX + 1), &["1:65 too-deep"]);
    assert_eq!(parsed(&nested(100_000)).1.len(), 1);
    assert!(parsed(&nested(100_000)).1[0].ends_with("too-deep"));
    assert!(parsed(&"- ".repeat(100_000)).1[0].ends_with("too-deep"));
    assert!(parsed(&"{a: ".repeat(100_000)).1[0].ends_with("too-deep"));
    // An alias brings its own depth along.
    let inner = format!("{}x{}", "[".repeat(40), "]".repeat(40));
    let outer = format!("- &a {inner}\n- {}*a{}\n", "[".repeat(40), "]".repeat(40));
    check_problems(&outer, &["2:43 too-deep"]);
}

#[test]
fn an_alias_bomb_ends_at_the_limit() {
    let line = |level: usize| {
        let alias = if level == 0 { "x".to_owned() } else { format!("*a{}", level - 1) };
        format!("a{level}: &a{level} [{}]", vec![alias; 10].join(", "))
    };
    let bomb: Vec<String> = (0..10).map(line).collect();
    let (documents, problems) = parsed(&bomb.join(
        "
",
    ));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].ends_with("too-many-nodes"), "{problems:?}");
    assert!(documents.iter().map(Node::count).sum::<usize>() <= DOCUMENT_NODES_MAX);
}

#[test]
fn copies_of_a_long_text_end_at_the_limit() {
    let text = format!("- &a {}\n{}", "x".repeat(1_000_000), "- *a\n".repeat(100));
    let (_, problems) = parsed(&text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].ends_with("too-many-nodes"), "{problems:?}");
}

#[test]
fn copies_of_a_long_tag_end_at_the_limit() {
    let directive = format!("%TAG !e! tag:{}", "x".repeat(1_000_000));
    let text = format!("{directive}\n---\n{}", "- !e!a b\n".repeat(100));
    let mut report = Report::new("file");
    parse(&text, &mut report);
    let problems = report.into_problems();
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
    assert_eq!(
        codes,
        ["unknown-tag", "unknown-tag", "unknown-tag", "unknown-tag", "too-many-nodes"]
    );
    assert!(problems.iter().all(|problem| problem.message.len() < 200));
}

#[test]
fn a_mapping_of_many_keys_is_read_in_good_time() {
    let keys =
        |count: usize| (0..count).map(|i| format!("k{i}: {i}")).collect::<Vec<_>>().join("\n");
    assert_eq!(parsed(&keys(90_000)).1, Vec::<String>::new());
    assert!(parsed(&keys(200_000)).1[0].ends_with("too-many-nodes"));
}

#[test]
fn broken_syntax_keeps_the_documents_before() {
    let (documents, problems) = parsed("a: 1\n---\nb: [\n---\nc: 3\n");
    assert_eq!(documents.iter().map(show).collect::<Vec<_>>(), ["{a: #1}"]);
    assert_eq!(problems.len(), 1);
}

#[test]
fn advice_says_what_people_meant() {
    check_advice(
        "a:\n\tb: 1\n",
        &expect![[r"
        file:2:2: error[syntax] a tab is used as indentation
          hint: indent with spaces"]],
    );
    check_advice(
        "query: foo: bar\n",
        &expect![[r"
        file:1:11: error[syntax] a second ': ' stands on this line
          hint: put the whole value in quotes when ': ' is part of it, or check the indentation of the line above"]],
    );
    check_advice(
        "a: @x\n",
        &expect![[r"
        file:1:4: error[syntax] a value cannot begin with this character
          hint: put the value in quotes"]],
    );
    check_advice(
        "a: %x\n",
        &expect![[r"
        file:1:4: error[syntax] a value cannot begin with '%'
          hint: put the value in quotes"]],
    );
    check_advice(
        "a:\n  b: 1\n c: 2\n",
        &expect![[r"
        file:3:2: error[syntax] this line does not continue what is above it
          hint: items of one list and keys of one mapping begin in the same column"]],
    );
    check_advice(
        "a: [1, 2\nb: 3\n",
        &expect![[r"
        file:2:2: error[syntax] this does not fit between the brackets
          hint: check that every '[' and '{' is closed and items are separated by ','"]],
    );
    check_advice(
        "a: *x\n",
        &expect![[r"
        file:1:4: error[syntax] this alias names an anchor that does not stand before it
          hint: define it first: '&name value'"]],
    );
    check_advice(
        "a: \0\n",
        &expect![[r"
        file:1:4: error[syntax] this is a control character, not text
          hint: is it a binary file?"]],
    );
    check_advice(
        "a: \"b\n",
        &expect![[r"
        file:1:4: error[syntax] a quoted text is never closed
          hint: close it with the quote it began with"]],
    );
    check_advice(
        "a: \"b\nc: d\n",
        &expect![[r"
        file:1:4: error[syntax] a quoted text is never closed
          hint: close it with the quote it began with"]],
    );
}
