//! Exports of the journal: what is imported is exported byte for byte, and damage is refused or changes nothing.
#![no_main]

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::scratch;
use plimsoll_store::journal::{Hash, Head, JournalReader, export, hash, import};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(scratch);

fuzz_target!(|data: &[u8]| {
    let [at, at_high, flip, text @ ..] = data else { return };
    let at = usize::from(u16::from_le_bytes([*at, *at_high]));
    if data.starts_with(b"{") {
        return raw(data);
    }
    let Some(whole) = std::str::from_utf8(text).ok().and_then(exported) else { return };
    let (head, again) = imported(whole.as_bytes()).expect("a whole export is imported");
    assert_eq!(again, whole.as_bytes(), "the export of the import is another one");
    let mut damaged = whole.into_bytes();
    let at = at % damaged.len();
    damaged[at] ^= flip;
    if let Some((kept, same)) = imported(&damaged) {
        assert_eq!((kept, same), (head, again), "damage was taken in");
    }
});

/// Any bytes: what is taken is exported so that it can be taken again.
fn raw(data: &[u8]) {
    if let Some((head, written)) = imported(data) {
        assert_eq!(imported(&written), Some((head, written)));
    }
}

/// The export of a journal whose entries are the lines of a text, actor and event by turns; `None` where they cannot
/// stand in a journal.
fn exported(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    let (mut seq, mut last): (u64, Hash) = (0, Head::EMPTY.hash);
    for pair in lines.chunks_exact(2) {
        let [actor, event] = pair else { return None };
        if ![actor, event].into_iter().all(|value| is_json_line(value)) {
            return None;
        }
        seq += 1;
        let at_ms = (seq / 2 * 1000) as i64;
        last = hash(&last, seq, at_ms, actor, event);
        let hash = hex(&last);
        let _ = writeln!(
            out,
            r#"{{"seq":{seq},"at_ms":{at_ms},"actor":{actor},"event":{event},"hash":"{hash}"}}"#
        );
    }
    let _ = writeln!(out, r#"{{"end":{{"seq":{seq},"hash":"{}"}}}}"#, hex(&last));
    Some(out)
}

/// Whether a line is one JSON value without anything around it, and would be a line to others, too.
fn is_json_line(line: &str) -> bool {
    line.trim_ascii() == line
        && !line.contains('\r')
        && serde_json::from_str::<&serde_json::value::RawValue>(line).is_ok()
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The head of the journal that these bytes are imported to, and what it is exported as.
fn imported(bytes: &[u8]) -> Option<(Head, Vec<u8>)> {
    let file: PathBuf = FOLDER.path().join("journal.db");
    let head = import(Path::new("export"), bytes, &file);
    let left: Vec<_> = FOLDER.path().read_dir().expect("it is there").collect();
    let head = match head {
        Ok(head) => head,
        Err(error) => {
            assert!(left.is_empty(), "{error} left {left:?}");
            return None;
        }
    };
    let reader = JournalReader::open(&file).expect("what was imported can be opened");
    assert_eq!(reader.verify(|_| {}), Ok(head), "what was imported is damaged");
    let mut out = Vec::new();
    assert_eq!(export(&reader, &mut out).expect("it can be exported"), head);
    drop(reader);
    for entry in FOLDER.path().read_dir().expect("it is there") {
        std::fs::remove_file(entry.expect("it is there").path()).expect("it can be removed");
    }
    Some((head, out))
}
