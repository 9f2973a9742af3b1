//! An export holds everything that is hashed, and nothing that is secret.

use std::path::Path;

use plimsoll_store::{
    journal::{Batch, Draft, Head, Journal, JournalFile, JournalReader, export, import},
    secret::SecretChange,
};
use tempfile::tempdir;

use crate::common::{all, are_known, hex, journal_of, line};

fn exported(file: &Path) -> (Head, String) {
    let mut lines = Vec::new();
    let head = export(&JournalReader::open(file).unwrap(), &mut lines).unwrap();
    (head, String::from_utf8(lines).unwrap())
}

#[test]
fn an_export_makes_the_same_journal_again() {
    let folder = tempdir().unwrap();
    let (file, copy) = (folder.path().join("a.db"), folder.path().join("b.db"));
    for count in [0, 1, 250] {
        let _ = std::fs::remove_file(&file);
        let _ = std::fs::remove_file(&copy);
        let head = journal_of(&file, count);
        let (exported_head, lines) = exported(&file);
        assert_eq!(exported_head, head);
        assert_eq!(lines.lines().count() as u64, count + 1);
        assert_eq!(import(Path::new("lines"), lines.as_bytes(), &copy).unwrap(), head);
        let journal = JournalFile::open(&copy).unwrap();
        assert!(are_known(&all(&journal)));
        assert_eq!(journal.head(), head);
    }
}

/// Line by line: each is JSON, and says what was appended, spaces and escapes included.
#[test]
fn a_line_shows_what_is_hashed_byte_for_byte_and_no_secret() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let mut journal = JournalFile::open(&file).unwrap();
    let event = r#"{ "b" : 1.50, "a":"\u00e9\/" , "b" : 2 }"#;
    let draft = Draft { at_ms: 12, actor: line("\"x\""), event: line(event) };
    let put = SecretChange::Put { kind: "token".into(), id: "t".into(), value: b"hidden".into() };
    let batch = Batch { entries: vec![draft], secrets: vec![put], replies: Vec::new() };
    let head = journal.append(Head::EMPTY, &batch).unwrap();
    journal.close().unwrap();
    let hash = hex(head.hash);
    let (_, lines) = exported(&file);
    let expected = format!(
        "{{\"seq\":1,\"at_ms\":12,\"actor\":\"x\",\"event\":{event},\"hash\":\"{hash}\"}}\n\
         {{\"end\":{{\"seq\":1,\"hash\":\"{hash}\"}}}}\n"
    );
    assert_eq!(lines, expected);
    let copy = folder.path().join("copy.db");
    import(Path::new("lines"), lines.as_bytes(), &copy).unwrap();
    assert_eq!(exported(&copy).1, lines);
}

#[test]
fn a_changed_cut_or_continued_export_is_refused_and_leaves_nothing() {
    let folder = tempdir().unwrap();
    let (file, copy) = (folder.path().join("a.db"), folder.path().join("b.db"));
    journal_of(&file, 6);
    let (_, lines) = exported(&file);
    let line = |n: usize| lines.lines().nth(n - 1).unwrap().to_owned();
    let cases = [
        (lines.replacen("\"n\":4", "\"n\":5", 1), "line 4"),
        (lines.replacen(&format!("{}\n", line(3)), "", 1), "line 3"),
        (lines.replacen(&format!("{}\n", line(7)), "", 1), "line 7"),
        (lines.replacen(&format!("{}\n", line(6)), "", 1), "line 6"),
        (format!("{lines}{}\n", line(1)), "line 8"),
        (lines.replacen("\"hash\":\"", "\"hash\":\"00", 1), "line 1"),
        (lines.replacen('{', "[", 1), "line 1"),
        (lines.chars().take(lines.len() / 2).collect(), "line "),
        (String::new(), "line 1"),
    ];
    for (bad, place) in cases {
        let error =
            import(Path::new("export.ndjson"), bad.as_bytes(), &copy).unwrap_err().to_string();
        assert!(error.contains("export.ndjson") && error.contains(place), "{error}");
        assert!(error.contains("Nothing was imported"), "{error}");
        let mut left = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name());
        assert!(left.all(|name| name.to_string_lossy().starts_with("a.db")), "{place}");
    }
    std::fs::write(&copy, "mine").unwrap();
    let error = import(Path::new("e"), lines.as_bytes(), &copy).unwrap_err().to_string();
    assert!(error.contains("exists already"), "{error}");
    assert_eq!(std::fs::read(&copy).unwrap(), b"mine");
}
