//! Journals whose every entry is known beforehand.

use std::path::Path;

use plimsoll_store::journal::{Batch, Draft, Entry, Head, Journal, JournalFile, JsonLine, hash};

/// The entry that stands at `seq` in every journal of these tests. Sizes vary: some take pages of their own.
pub fn draft(seq: u64) -> Draft {
    let filler = match seq % 23 {
        7 => 9000,
        11 => 4000,
        rest => rest as usize * 10,
    };
    Draft {
        at_ms: 1_764_000_000_000 + (seq / 3) as i64,
        actor: line(format!("{{\"person\":\"p{}\"}}", seq % 5)),
        event: line(format!("{{\"n\":{seq},\"text\":\"{}\"}}", "é".repeat(filler / 2))),
    }
}

/// A line of JSON that is one.
pub fn line(text: impl Into<String>) -> JsonLine {
    JsonLine::parse(text).unwrap()
}

/// The next `count` known entries.
pub fn batch(head: Head, count: u64) -> Batch {
    let entries = (1..=count).map(|n| draft(head.seq + n)).collect();
    Batch { entries, ..Batch::default() }
}

/// Appends the next `count` known entries.
pub fn append(journal: &mut JournalFile, count: u64) -> Head {
    let head = journal.head();
    journal.append(head, &batch(head, count)).unwrap()
}

/// A closed journal of `count` known entries.
pub fn journal_of(file: &Path, count: u64) -> Head {
    let mut journal = JournalFile::open(file).unwrap();
    let head = append(&mut journal, count);
    journal.close().unwrap();
    head
}

/// Whether these are the known entries from the first on, chained by the public rule.
pub fn are_known(entries: &[Entry]) -> bool {
    let mut previous = [0; 32];
    (1..).zip(entries).all(|(seq, entry)| {
        let Draft { at_ms, actor, event } = draft(seq);
        previous = hash(&previous, seq, at_ms, &actor, &event);
        let (actor, event) = (actor.into_string(), event.into_string());
        *entry == Entry { seq, at_ms, actor, event, hash: previous }
    })
}

/// Every entry, read in pages.
pub fn all(journal: &impl Journal) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.seq);
        let page = journal.read(after, 37).unwrap();
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

/// Numbers that look random and are the same every time (xorshift64*).
pub struct Dice(pub u64);

impl Dice {
    /// A number below `below`.
    pub fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }
}

/// A hash as an export writes it.
pub fn hex(hash: [u8; 32]) -> String {
    hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
