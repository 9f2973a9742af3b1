//! Finding the files, and the words of the findings.

use std::{
    fs,
    path::{Path, PathBuf},
};

use expect_test::expect;
use plimsoll_core::limits::DOCUMENT_BYTES_MAX;
use tempfile::TempDir;

use super::{Findings, files, read};

/// A folder with these files.
fn folder(contents: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in contents {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn service(name: &str) -> String {
    format!("apiVersion: openslo/v1\nkind: Service\nmetadata: {{name: {name}}}\n")
}

/// The names of the files found, relative to the folder.
fn found(folder: &Path, paths: &[&str]) -> Vec<String> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| folder.join(path)).collect();
    let prefix = format!("{}/", folder.display());
    files::find(&paths).files.into_iter().map(|(path, _)| path.replace(&prefix, "")).collect()
}

/// The problems of checking a folder, as `file severity[code]`.
fn codes(folder: &Path) -> Vec<String> {
    let (_, problems) = read(&[folder.to_owned()]);
    let prefix = format!("{}/", folder.display());
    let name = |path: &str| path.replace(&prefix, "").replace(&*folder.display().to_string(), ".");
    problems.iter().map(|p| format!("{} {}[{}]", name(&p.path), p.severity, p.code)).collect()
}

#[test]
fn folders_are_walked_in_order_without_what_is_hidden() {
    let folder = folder(&[
        ("b.yaml", ""),
        ("a.yml", ""),
        ("c/d.json", ""),
        ("c/e/f.YAML", ""),
        ("notes.md", ""),
        ("yaml", ""),
        (".hidden.yaml", ""),
        (".git/config.yaml", ""),
    ]);
    assert_eq!(found(folder.path(), &["."]), ["./a.yml", "./b.yaml", "./c/d.json", "./c/e/f.YAML"]);
    // What is named itself is read whatever it is called.
    assert_eq!(
        found(folder.path(), &[".hidden.yaml", "notes.md", ".git"]),
        [".hidden.yaml", "notes.md", ".git/config.yaml"]
    );
}

#[test]
fn no_file_is_read_twice() {
    let folder = folder(&[("a.yaml", ""), ("b/c.yaml", "")]);
    assert_eq!(found(folder.path(), &["a.yaml", "b", "b/c.yaml", "."]), ["a.yaml", "b/c.yaml"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_in_circles() {
    use std::os::unix::fs::symlink;
    let folder = folder(&[("a/b.yaml", "")]);
    symlink(folder.path(), folder.path().join("a/up")).unwrap();
    symlink(folder.path().join("a/b.yaml"), folder.path().join("z.yaml")).unwrap();
    symlink("nowhere", folder.path().join("gone.yaml")).unwrap();
    symlink("loop.yaml", folder.path().join("loop.yaml")).unwrap();
    assert_eq!(found(folder.path(), &["."]), ["./z.yaml"]);
    assert_eq!(found(folder.path(), &["a"]), ["a/b.yaml"]);
    let codes = codes(folder.path());
    assert!(codes.contains(&"gone.yaml error[unreadable]".to_owned()), "{codes:?}");
    assert!(codes.contains(&"loop.yaml error[unreadable]".to_owned()), "{codes:?}");
}

#[test]
fn what_cannot_be_read_says_so() {
    let folder = folder(&[("empty.yaml", ""), ("binary.yaml", "x"), ("folder.yaml/x.md", "")]);
    fs::write(folder.path().join("binary.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    fs::write(folder.path().join("large.yaml"), vec![b'#'; DOCUMENT_BYTES_MAX + 2]).unwrap();
    assert_eq!(
        codes(folder.path()),
        [
            "binary.yaml error[not-utf8]",
            "empty.yaml error[empty-file]",
            "large.yaml error[too-large]"
        ]
    );
    assert_eq!(codes(&folder.path().join("nowhere")), [". error[unreadable]"]);
    assert_eq!(codes(&folder.path().join("folder.yaml")), [". error[no-files]"]);
}

#[cfg(unix)]
#[test]
fn devices_and_pipes_are_not_opened() {
    let (_, problems) = read(&[PathBuf::from("/dev/zero")]);
    assert_eq!(problems[0].message, "cannot be read: it is not a regular file");
}

#[test]
fn findings_end_with_a_count() {
    let folder = folder(&[("a.yaml", &service("a")), ("b.yaml", &service("b"))]);
    let findings = Findings::of(&[folder.path().to_owned()]);
    assert_eq!(findings.text(), "2 files, 2 objects: no problems\n");
    assert!(!findings.fail(true));

    fs::write(folder.path().join("b.yaml"), format!("{}---\n{}", service("B"), service("a b")))
        .unwrap();
    let findings = Findings::of(&[folder.path().to_owned()]);
    let text = findings.text().replace(&format!("{}/", folder.path().display()), "");
    expect![[r#"
        b.yaml:3:18: warning[name-with-capitals] metadata.name: "B" has capital letters, which an RFC 1123 label does not
          hint: read as it is; write b for other tools
        b.yaml:7:18: error[bad-name] metadata.name: "a b" is not an RFC 1123 label: a-z, 0-9 and '-', with a letter or digit at both ends
          hint: for example a-b
        2 files, 3 objects: 1 error, 1 warning
    "#]]
    .assert_eq(&text);
}

#[test]
fn warnings_fail_only_a_strict_check() {
    let folder = folder(&[("a.yaml", &service("A"))]);
    let findings = Findings::of(&[folder.path().to_owned()]);
    assert!(findings.text().ends_with("\n1 file, 1 object: 1 warning\n"));
    assert!(!findings.fail(false));
    assert!(findings.fail(true));
    let folder = self::folder(&[("a.yaml", &service("a b"))]);
    assert!(Findings::of(&[folder.path().to_owned()]).fail(false));
}

#[test]
fn findings_are_one_json_object() {
    let folder = folder(&[("a.yaml", &service("a b"))]);
    let json = Findings::of(&[folder.path().to_owned()]).json();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["files"], 1);
    assert_eq!(value["objects"], 1);
    assert_eq!(value["errors"], 1);
    assert_eq!(value["warnings"], 0);
    let problem = &value["problems"][0];
    assert_eq!(problem["line"], 3);
    assert_eq!(problem["column"], 18);
    assert_eq!(problem["severity"], "error");
    assert_eq!(problem["code"], "bad-name");
    assert_eq!(problem["field"], "metadata.name");
    assert_eq!(problem["hint"], "for example a-b");
    assert!(problem["path"].as_str().unwrap().ends_with("a.yaml"));
}
