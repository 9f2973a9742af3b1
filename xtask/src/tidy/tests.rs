use super::*;

/// The names of the rules that a file of this path and text breaks, with their lines.
fn broken(path: &str, text: &str) -> Vec<(&'static str, usize)> {
    let file = File { path: path.to_owned(), text: text.to_owned() };
    let findings = check(&[file], rules::RULES);
    findings.iter().map(|finding| (finding.rule.name, finding.place.line)).collect()
}

/// A file of core that begins as it must.
fn in_core(code: &str) -> Vec<(&'static str, usize)> {
    broken("crates/core/src/thing.rs", &format!("//! A thing.\n{code}"))
}

#[test]
fn the_tree_keeps_its_rules() {
    let files = tree::read(&tree::root()).unwrap();
    assert!(
        files.iter().any(|file| file.path == "crates/core/src/lib.rs"),
        "the tree was not found"
    );
    let findings = check(&files, rules::RULES);
    let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", shown.join("\n"));
}

#[test]
fn a_finding_says_where_what_why_and_what_to_do() {
    let file = File { path: "crates/core/src/a.rs".into(), text: "fn a() {}\n".into() };
    let findings = check(&[file], rules::RULES);
    assert_eq!(
        findings[0].to_string(),
        "crates/core/src/a.rs:1: file-says-what-it-holds: no `//!` line at the top\n  \
         why:  one noun, one file: the first line names it\n  cure: begin the file with `//!` and one sentence"
    );
}

#[test]
fn core_stays_pure() {
    assert_eq!(in_core("use std::collections::HashMap;"), [("pure-code", 2)]);
    assert_eq!(in_core("fn f() {\n    println!(\"x\");\n}"), [("pure-code", 3)]);
    assert_eq!(
        in_core("/// Not a HashMap; std::fs is for others.\nfn f() -> &str { \"SystemTime\" }"),
        []
    );
    assert_eq!(in_core("struct MyHashMapLike;"), []);
    assert_eq!(broken("crates/source/src/a.rs", "//! A.\nuse std::fs;"), []);
    assert_eq!(broken("crates/core/src/a/tests.rs", "use std::fs;"), []);
    assert_eq!(in_core("#[cfg(test)]\nmod tests {\n    use std::fs;\n}"), []);
    assert_eq!(in_core("#[cfg(test)]\nmod tests;\nuse std::fs;"), [("pure-code", 4)]);
}

#[test]
fn core_counts_in_integers() {
    assert_eq!(in_core("fn f(x: f64) {}"), [("exact-numbers", 2)]);
    assert_eq!(in_core("const A: u8 = 1;\nlet x = 0.5;"), [("exact-numbers", 3)]);
    assert_eq!(in_core("let y = pair.0.1 + f(1)..2; let t = \"0.999\"; // 0.5"), []);
}

#[test]
fn limits_stand_in_one_file() {
    assert_eq!(in_core("pub const LINES_MAX: u64 = 3;"), [("limits-in-one-place", 2)]);
    assert_eq!(in_core("use crate::limits::LINES_MAX;"), []);
    assert_eq!(
        broken("crates/core/src/limits.rs", "//! Limits.\npub const LINES_MAX: u64 = 3;"),
        []
    );
}

#[test]
fn core_depends_on_pure_crates_only() {
    let manifest = |text: &str| broken("crates/core/Cargo.toml", text);
    assert_eq!(manifest("[dependencies]\nserde.workspace = true # tokio\njiff = \"0.2\"\n"), []);
    assert_eq!(manifest("[dependencies]\ntokio = \"1\"\n"), [("pure-dependencies", 2)]);
    assert_eq!(manifest("[dependencies.tokio]\nversion = \"1\"\n"), [("pure-dependencies", 1)]);
    assert_eq!(manifest("[build-dependencies]\ncc = \"1\"\n"), [("pure-dependencies", 2)]);
    assert_eq!(
        manifest("[target.'cfg(unix)'.dependencies]\nlibc = \"1\"\n"),
        [("pure-dependencies", 2)]
    );
    assert_eq!(
        manifest("[dev-dependencies]\ntempfile = \"3\"\n[dev-dependencies.x]\nversion = \"1\"\n"),
        []
    );
}

#[test]
fn files_lines_and_functions_fit() {
    let body = |lines: usize| format!("fn f() {{\n{}}}\n", "    g('{', \"}}\");\n".repeat(lines));
    assert_eq!(in_core(&body(78)), []);
    assert_eq!(in_core(&body(79)), [("function-length", 2)]);
    assert_eq!(in_core(&format!("trait T {{ fn a(x: [u8; 3]); fn b(); }}\n{}", body(78))), []);
    assert_eq!(in_core(&format!("// {}", "a".repeat(138))), [("line-length", 2)]);
    assert_eq!(in_core(&format!("// {}", "a".repeat(137))), []);
    assert_eq!(in_core(&format!("const LINE: &str = \"{}\";", "a ".repeat(200))), []);
    assert_eq!(in_core(&"// x\n".repeat(600)), [("file-length", 601)]);
}

#[test]
fn work_is_finished() {
    for unfinished in ["// TODO: later", "todo!()", "#[ignore]"] {
        assert_eq!(in_core(unfinished), [("finished", 2)], "{unfinished}");
    }
    assert_eq!(in_core("fn f() { std::thread::sleep(d); }"), [("pure-code", 2), ("no-sleep", 2)]);
    assert_eq!(in_core("// Methodology of sleepers."), []);
}

#[test]
fn the_repository_stands_alone() {
    assert_eq!(broken("README.md", "# A\nSee /work/notes."), [("own-machine", 2)]);
    assert_eq!(broken("docs/a.md", "# A\n../shared/data"), [("test-data-stays-outside", 2)]);
    assert_eq!(broken("README.md", "# A\nSimply run it."), [("words", 2)]);
    let text = "# A\nThe root cause.";
    assert_eq!(broken("docs/how-to/a.md", text), [("several-factors", 2)]);
    assert_eq!(broken("docs/explanation/a.md", text), []);
}

#[test]
fn markdown_has_one_title_and_live_links() {
    assert_eq!(broken("docs/a.md", "Text.\n"), [("one-title", 1)]);
    assert_eq!(
        broken("docs/a.md", "# A\n```sh\n# a comment\n[x](no.md)\n```\n# B\n"),
        [("one-title", 6)]
    );
    let links = |line: &str| {
        let file = |path: &str, text: String| File { path: path.to_owned(), text };
        let files = [
            file("a.md", "# A\n## What's new, now\n".into()),
            file("docs/b.md", format!("# B\n{line}\n")),
        ];
        check(&files, rules::RULES).len()
    };
    assert_eq!(
        links("[a](../a.md) [b](b.md#b) [c](#b) [d](https://example.org/x.md) [e](../Cargo.toml)"),
        0
    );
    assert_eq!(links("[a](../a.md#whats-new-now) `[x](y.md)` [dir](../crates)"), 0);
    assert_eq!(links("[a](a.md)"), 1);
    assert_eq!(links("[a](../a.md#whats-old) and [b](../../b.md)"), 2);
}

#[test]
fn literals_and_comments_are_told_from_code() {
    let blanked =
        |source: &str| lexer::code_of(source).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(blanked(r##"a "x\"y" b r#"p"q"# c '\'' d 'e' f b"g" h"##), "a b c d f h");
    assert_eq!(blanked("a /* b /* c */ d */ e // f\ng"), "a e g");
    assert_eq!(
        blanked("fn f<'a>(x: &'a str, r#type: u8) { '}' }"),
        "fn f<'a>(x: &'a str, r#type: u8) { }"
    );
    assert_eq!(lexer::code_of("\"a\nb\"\nc").lines().count(), 3);
}
