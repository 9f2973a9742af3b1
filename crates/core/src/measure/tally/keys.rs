//! The keys of a batch: raw host and raw first path segment, as they stand in the log, numbered as they come.

use super::{
    Seed,
    tag::Tag,
    target::{self, Segment},
};
use crate::{
    measure::name::{self, By},
    time::Minute,
};

/// Keys, and what each stands for.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    seed: Seed,
    known: Vec<Known>,
    /// Number of the key plus one, by hash; zero is free. At most half full.
    table: Vec<u32>,
    lately: Lately,
}

/// Keys that were found lately, by the beginning of their target: most requests ask for what others just asked for.
#[derive(Debug, Clone)]
struct Lately([(Prefix, u32); LATELY]);

/// A host, and the first bytes of a target in which its first segment ends: as much as makes a key.
type Prefix = (Tag, u64);

const LATELY: usize = 64;

impl Default for Lately {
    fn default() -> Self {
        // A first word never begins with a slash (see `target::first_word`), so nothing is found here.
        Lately([((Tag::default(), b'/'.into()), 0); LATELY])
    }
}

impl Lately {
    #[inline]
    fn place((host, word): Prefix) -> usize {
        // The highest bits of the product depend on all bits of the word.
        let mixed = (word ^ host.word()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (u64::BITS - LATELY.ilog2())) as usize
    }

    #[inline]
    fn get(&self, prefix: Prefix) -> Option<u32> {
        let (known, key) = self.0[Lately::place(prefix)];
        (known == prefix).then_some(key)
    }

    fn put(&mut self, prefix: Prefix, key: u32) {
        self.0[Lately::place(prefix)] = (prefix, key);
    }
}

/// A key that was seen.
#[derive(Debug, Clone)]
pub(super) struct Known {
    host: Tag,
    segment: Tag,
    /// The last two minutes in which it was seen, and their rows.
    pub(super) recent: [(Minute, u32); 2],
    pub(super) not_found: u32,
    pub(super) meaning: Box<Meaning>,
}

/// The names that a key stands for; `None` where it names nothing.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    pub(super) host: Option<String>,
    pub(super) segment: Option<String>,
    /// As they stand in the log, where their tags do not say everything.
    long: Option<(Vec<u8>, Vec<u8>)>,
}

/// No log holds a request in this minute.
const NEVER: Minute = Minute(i64::MIN);

impl Keys {
    /// No keys yet.
    pub(super) fn seeded(seed: Seed) -> Self {
        Keys { seed, ..Keys::default() }
    }

    /// The number of the key of a request. What makes a service must be the same for all of a batch.
    #[inline]
    pub(super) fn find(&mut self, host: &[u8], target: &[u8], by: By) -> u32 {
        let Some(word) = target::first_word(target) else { return self.look_up(host, target, by) };
        let host_tag = Tag::of(host, self.seed);
        let prefix = (host_tag, word);
        if let Some(key) = self.lately.get(prefix) {
            return key;
        }
        let key = self.look_up(host, target, by);
        if !host_tag.is_long() && target::ends_in(word) {
            self.lately.put(prefix, key);
        }
        key
    }

    #[inline(never)]
    fn look_up(&mut self, host: &[u8], target: &[u8], by: By) -> u32 {
        let (host, segment) = kept(host, target, by, self.seed);
        let tags = (Tag::of(host, self.seed), segment.tag);
        if self.known.len() * 2 >= self.table.len() {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut at = segment.tag.hash(tags.0, self.seed) as usize & mask;
        while let Some(key) = self.table[at].checked_sub(1) {
            if self.known[key as usize].is(tags, host, segment.raw) {
                return key;
            }
            at = (at + 1) & mask;
        }
        self.add(at, tags, host, segment.raw)
    }

    #[cold]
    fn add(&mut self, at: usize, tags: (Tag, Tag), host: &[u8], segment: &[u8]) -> u32 {
        let is_long = tags.0.is_long() || tags.1.is_long();
        let meaning = Box::new(Meaning {
            host: name::host_name(host),
            segment: name::segment_name(segment),
            long: is_long.then(|| (host.to_vec(), segment.to_vec())),
        });
        let (host, segment) = tags;
        self.known.push(Known { host, segment, recent: [(NEVER, 0); 2], not_found: 0, meaning });
        let key = self.known.len() as u32;
        self.table[at] = key;
        key - 1
    }

    #[cold]
    fn grow(&mut self) {
        let mask = (self.table.len() * 2).max(64) - 1;
        self.table = vec![0; mask + 1];
        for (key, known) in self.known.iter().enumerate() {
            let mut at = known.segment.hash(known.host, self.seed) as usize & mask;
            while self.table[at] != 0 {
                at = (at + 1) & mask;
            }
            self.table[at] = key as u32 + 1;
        }
    }

    /// All keys, by number.
    pub(super) fn known(&self) -> &[Known] {
        &self.known
    }

    /// What is known of a key.
    #[inline]
    pub(super) fn known_mut(&mut self, key: u32) -> &mut Known {
        &mut self.known[key as usize]
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        // Names are short, most of them; with what the allocator takes for itself.
        const NAMES_BYTES: usize = 256;
        self.known.len() * (size_of::<Known>() + NAMES_BYTES)
            + self.table.capacity() * size_of::<u32>()
    }
}

/// The host and the first segment of a request, as far as they are to be kept.
#[inline]
fn kept<'a>(host: &'a [u8], target: &'a [u8], by: By, seed: Seed) -> (&'a [u8], Segment<'a>) {
    match by {
        By::Auto | By::Vhost => {
            let (url_host, segment) = target::names(target, seed);
            let host = if host.is_empty() { url_host.unwrap_or_default() } else { host };
            (host, if by == By::Auto { segment } else { Segment::default() })
        }
        By::Segment => (&[], target::names(target, seed).1),
        By::One => (&[], Segment::default()),
    }
}

impl Known {
    fn is_in_full(&self, host: &[u8], segment: &[u8]) -> bool {
        let long = self.meaning.long.as_ref();
        long.is_some_and(|(own_host, own_segment)| own_host == host && own_segment == segment)
    }

    #[inline]
    fn is(&self, (host_tag, segment_tag): (Tag, Tag), host: &[u8], segment: &[u8]) -> bool {
        self.segment == segment_tag
            && self.host == host_tag
            && (!(segment_tag.is_long() || host_tag.is_long()) || self.is_in_full(host, segment))
    }
}
