//! What is appended is there, whole and in order, and what cannot be is refused.

use plimsoll_store::{
    idempotency::Reply,
    journal::{AppendError, Batch, Draft, Head, Journal, JournalFile, Refused, hash},
    secret::SecretChange,
    snapshot::Snapshot,
};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::common::{all, append, are_known, batch, draft, hex, journal_of, line};

/// Computed with Python's hashlib and struct from the rule as it is written.
#[test]
fn the_chain_is_the_one_that_is_written_down() {
    let one = hash(
        &[0; 32],
        1,
        1_764_000_000_000,
        r#"{"person":"ada"}"#,
        r#"{"kind":"service added","name":"Zürich"}"#,
    );
    assert_eq!(hex(one), "77d55ef2c8a035e6831493b9870783c1b20b420d32c820eca3a31793b5777596");
    let two = hash(&one, 2, 1_764_000_000_001, r#""clock""#, "{}");
    assert_eq!(hex(two), "8f5b25c959fb654f3efda39721b60ce34f3245f22bab57fa7be617b7ce45eef7");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The oracle is the list of known entries; every reopening, with or without closing, must show it.
    #[test]
    fn batches_and_reopenings_in_any_order_keep_every_entry(
        steps in prop::collection::vec((0_u64..9, 0_u8..4), 1..25),
    ) {
        let folder = tempdir().unwrap();
        let file = folder.path().join("journal.db");
        let mut journal = JournalFile::open(&file).unwrap();
        let mut count = 0;
        for (entries, reopen) in steps {
            append(&mut journal, entries);
            count += entries;
            match reopen {
                0 => { drop(journal); journal = JournalFile::open(&file).unwrap(); }
                1 => { journal.close().unwrap(); journal = JournalFile::open(&file).unwrap(); }
                _ => {}
            }
            prop_assert_eq!(journal.head().seq, count);
        }
        let entries = all(&journal);
        prop_assert_eq!(entries.len() as u64, count);
        prop_assert!(are_known(&entries));
        prop_assert_eq!(journal.reader().unwrap().verify(|_| {}).unwrap(), journal.head());
        let page = journal.read(count / 2, 3).unwrap();
        prop_assert_eq!(&page[..], &entries[(count / 2) as usize..][..page.len()]);
        prop_assert_eq!(page.len() as u64, (count - count / 2).min(3));
    }
}

#[test]
fn a_writer_that_has_not_seen_the_newest_entry_is_refused() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let (mut one, mut two) = (JournalFile::open(&file).unwrap(), JournalFile::open(&file).unwrap());
    let newest = append(&mut one, 2);
    let refused = two.append(Head::EMPTY, &batch(Head::EMPTY, 1)).unwrap_err();
    assert_eq!(refused, AppendError::HeadMoved { expected: Head::EMPTY, found: newest });
    assert_eq!(two.head(), newest);
    append(&mut two, 3);
    assert!(are_known(&all(&one)));
    assert_eq!(all(&one).len(), 5);
}

#[test]
fn what_cannot_be_in_a_journal_is_refused_and_changes_nothing() {
    let folder = tempdir().unwrap();
    let mut journal = JournalFile::open(&folder.path().join("journal.db")).unwrap();
    let head = append(&mut journal, 3);
    let good = draft(4);
    let cases = [
        (Draft { at_ms: head.at_ms - 1, ..good.clone() }, "back in time"),
        (
            Draft { event: line(format!("\"{}\"", "x".repeat(16 << 20))), ..good.clone() },
            "above the limit",
        ),
        (
            Draft { actor: line(format!("\"{}\"", "x".repeat(64 << 10))), ..good.clone() },
            "above the limit",
        ),
    ];
    for (bad, why) in cases {
        let batch = Batch { entries: vec![good.clone(), bad], ..Batch::default() };
        let refused = journal.append(head, &batch).unwrap_err();
        assert!(matches!(refused, AppendError::Refused(_)), "{refused}");
        assert!(refused.to_string().contains(why), "{refused}");
        assert_eq!(journal.head(), head);
    }
    append(&mut journal, 2);
    assert!(are_known(&all(&journal)));
}

fn reply(key: &str, at_ms: i64) -> Reply {
    let (person, response) = ("p1".into(), b"201".to_vec());
    Reply { person, key: key.into(), request_hash: [7; 32], response, at_ms }
}

#[test]
fn secrets_and_replies_come_with_their_entries_or_not_at_all() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let mut journal = JournalFile::open(&file).unwrap();
    let put = |id: &str, value: &[u8]| SecretChange::Put {
        kind: "token".into(),
        id: id.into(),
        value: value.into(),
    };
    let mut first = batch(Head::EMPTY, 1);
    first.secrets = vec![put("a", b"one"), put("b", b"two"), put("a", b"three")];
    first.replies = vec![reply("k", 5)];
    let head = journal.append(Head::EMPTY, &first).unwrap();

    let mut again = batch(head, 1);
    again.secrets = vec![put("c", b"four")];
    again.replies = vec![reply("k", 6)];
    let refused = journal.append(head, &again).unwrap_err();
    assert_eq!(refused, AppendError::Refused(Refused::ReplyExists { key: "k".into() }));

    drop(journal);
    let mut journal = JournalFile::open(&file).unwrap();
    assert_eq!(journal.head(), head);
    assert_eq!(journal.secret("token", "c").unwrap(), None);
    let secrets = vec![("a".into(), b"three".to_vec()), ("b".into(), b"two".to_vec())];
    assert_eq!(journal.secrets("token").unwrap(), secrets);
    assert_eq!(journal.reply("p1", "k").unwrap(), Some(reply("k", 5)));
    assert_eq!(journal.reply("p2", "k").unwrap(), None);
    assert_eq!(journal.forget_replies(5).unwrap(), 0);
    assert_eq!(journal.forget_replies(6).unwrap(), 1);
    assert_eq!(journal.reply("p1", "k").unwrap(), None);
}

#[test]
fn an_erased_secret_is_in_no_file_of_the_folder() {
    let folder = tempdir().unwrap();
    let mut journal = JournalFile::open(&folder.path().join("journal.db")).unwrap();
    let needle = b"correct horse battery staple";
    let found = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
        let bytes = files.map(|f| std::fs::read(f.unwrap().path()).unwrap());
        bytes.into_iter().any(|b| b.windows(needle.len()).any(|w| w == needle))
    };
    let (kind, id) = (String::from("address"), String::from("p1"));
    let put = SecretChange::Put { kind: kind.clone(), id: id.clone(), value: needle.to_vec() };
    let change = |secret| Batch { secrets: vec![secret], ..Batch::default() };
    journal.append(Head::EMPTY, &change(put)).unwrap();
    assert!(found());
    journal.append(Head::EMPTY, &change(SecretChange::Erase { kind, id })).unwrap();
    assert!(!found());
}

#[test]
fn a_snapshot_is_used_only_where_everything_matches() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let mut journal = JournalFile::open(&file).unwrap();
    let at = |head, text: &str| Snapshot { state_version: 3, head, bytes: text.as_bytes().into() };
    let one = at(append(&mut journal, 2), "one");
    journal.save_snapshot(&one).unwrap();
    assert_eq!(journal.snapshot(4).unwrap(), None);
    assert_eq!(journal.snapshot(3).unwrap(), Some(one.clone()));

    let head = append(&mut journal, 2);
    let elsewhere = Head { hash: [1; 32], ..head };
    journal.save_snapshot(&at(elsewhere, "of another chain")).unwrap();
    assert_eq!(journal.snapshot(3).unwrap(), Some(one.clone()));

    journal.save_snapshot(&at(head, "two")).unwrap();
    assert_eq!(journal.snapshot(3).unwrap(), Some(at(head, "two")));
    let sql = rusqlite::Connection::open(&file).unwrap();
    sql.execute("UPDATE snapshot SET bytes = CAST('twO' AS BLOB) WHERE seq = 4", []).unwrap();
    assert_eq!(journal.snapshot(3).unwrap(), Some(one));

    for _ in 0..3 {
        let head = append(&mut journal, 1);
        journal.save_snapshot(&at(head, "more")).unwrap();
    }
    let kept: i64 = sql.query_row("SELECT count(*) FROM snapshot", [], |r| r.get(0)).unwrap();
    assert_eq!(kept, 2);
}

#[test]
fn a_large_event_does_not_make_a_read_large() {
    let folder = tempdir().unwrap();
    let mut journal = JournalFile::open(&folder.path().join("journal.db")).unwrap();
    let event = line(format!("\"{}\"", "x".repeat(3 << 20)));
    let large = Draft { at_ms: 1, actor: line("0"), event };
    let head = journal.append(Head::EMPTY, &Batch { entries: vec![large; 9], ..Batch::default() });
    assert_eq!(head.unwrap().seq, 9);
    let page = journal.read(0, 100).unwrap();
    assert_eq!(page.len(), 3);
    assert_eq!(journal.read(3, 100).unwrap().len(), 3);
}

#[test]
fn a_file_of_another_program_is_left_alone() {
    let folder = tempdir().unwrap();
    let (text, other) = (folder.path().join("text"), folder.path().join("other.db"));
    std::fs::write(&text, "Dear diary, today I wrote a journal.").unwrap();
    let sql = rusqlite::Connection::open(&other).unwrap();
    sql.execute_batch("CREATE TABLE entry (seq INTEGER)").unwrap();
    sql.close().unwrap();
    for file in [text, other] {
        let before = std::fs::read(&file).unwrap();
        let error = JournalFile::open(&file).unwrap_err().to_string();
        assert!(error.contains("not a journal but"), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
}

#[test]
fn a_journal_of_a_newer_program_is_left_alone() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("journal.db");
    journal_of(&file, 1);
    let sql = rusqlite::Connection::open(&file).unwrap();
    sql.pragma_update(None, "user_version", 99).unwrap();
    let error = JournalFile::open(&file).unwrap_err().to_string();
    assert!(error.contains("version 99") && error.contains("newer program"), "{error}");
}
