//! What stands before the request, and how the lines of a file agree on it.
//!
//! Much of it is the client's own word: a forwarded address, a user name. So a line is never asked by itself whether
//! it begins with a virtual host; the lines of a file are, together. And of several times the one counts that the
//! server wrote: the one before the quote of the request, which a client cannot write, because servers escape it.

use core::net::IpAddr;

use memchr::{memchr_iter, memmem};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        Malformed,
        request_line::{host, is_escaped},
        stamp::CLF_BYTES,
    },
    NO_REQUEST, NO_TIME,
};

const TWO_TIMES: Malformed = Malformed("two times in […] before the request");

/// What the lines of a file have in common before the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in super::super) struct Layout {
    /// How many words of its carrier stand before the virtual host; `None` where there is no virtual host.
    vhost: Option<usize>,
    /// Whether something stands between the time and the request.
    is_apart: bool,
}

/// The virtual host of a line, its time, and what follows the quote of its request.
type Opened<'a> = (Option<&'a [u8]>, &'a [u8; CLF_BYTES], &'a [u8]);

/// A line, taken apart at its time and at the quote of its request.
struct Named<'a> {
    /// Everything before the time.
    prefix: &'a [u8],
    stamp: &'a [u8; CLF_BYTES],
    /// Whether something stands between the time and the quote.
    is_apart: bool,
    /// What follows the quote.
    rest: &'a [u8],
}

impl Layout {
    /// The layout of most of these lines.
    pub(in super::super) fn learn(lines: &[&[u8]]) -> Self {
        let named: Vec<Named> =
            lines.iter().filter_map(|line| Named::of(line, Layout::default()).ok()).collect();
        let is_most = |count: usize| count * 2 > named.len();
        let mut places: Vec<usize> =
            named.iter().filter_map(|line| place_of_vhost(line.prefix)).collect();
        places.sort_unstable();
        let runs = places.chunk_by(|a, b| a == b);
        Layout {
            vhost: runs.filter(|run| is_most(run.len())).map(|run| run[0]).next(),
            is_apart: is_most(named.iter().filter(|line| line.is_apart).count()),
        }
    }

    /// Whether a virtual host stands before the client.
    pub(in super::super) fn has_vhost(self) -> bool {
        self.vhost.is_some()
    }

    /// The virtual host, the time, and what follows the quote of the request, of a line of a file with this layout.
    // Apart from what reads most lines, which would have to make room for this.
    #[inline(never)]
    pub(super) fn named<'a>(&self, line: &'a [u8]) -> Result<Opened<'a>, Malformed> {
        let named = Named::of(line, *self)?;
        Ok((self.vhost(&named), named.stamp, named.rest))
    }

    /// The virtual host of a line; `None` where the line has none, though its file has.
    fn vhost<'a>(self, line: &Named<'a>) -> Option<&'a [u8]> {
        let mut words = words(line.prefix).skip(self.vhost?);
        let [first, second, _, _] = [words.next()?, words.next()?, words.next()?, words.next()?];
        // `address - two words` is a user name with a space, `address, address - user` a list of clients.
        let is_client = second == b"-" && is_address(first) || first.ends_with(b",");
        if is_client { None } else { host(first) }
    }
}

impl<'a> Named<'a> {
    /// Takes a line apart whose file has this layout.
    fn of(line: &'a [u8], layout: Layout) -> Result<Self, Malformed> {
        let quote = first_quote(line);
        // IPv6 addresses and user names may hold brackets as well, and a client may write times.
        let mut before = stamps(line, quote.unwrap_or(line.len()));
        let Some(first) = before.next() else {
            // Quotes in front: a quoted word, or a user name with one.
            let mut direct = stamps(line, line.len()).filter_map(|(open, stamp, rest)| {
                Some(Named { prefix: &line[..open], stamp, is_apart: false, rest: opened(rest)? })
            });
            return direct.next().ok_or(NO_TIME);
        };
        let last = before.last();
        let is_only = last.is_none();
        let (open, stamp, rest) = last.unwrap_or(first);
        let prefix = &line[..open];
        match opened(rest) {
            Some(rest) if is_only || !layout.is_apart => {
                Ok(Named { prefix, stamp, is_apart: false, rest })
            }
            // Some put a host or a time between the time and the request.
            None if is_only => {
                let rest = &line[quote.ok_or(NO_REQUEST)? + 1..];
                Ok(Named { prefix, stamp, is_apart: true, rest })
            }
            _ => Err(TWO_TIMES),
        }
    }
}

/// What follows the quote of the request, where it stands directly behind the time.
fn opened(behind_time: &[u8]) -> Option<&[u8]> {
    behind_time.strip_prefix(b" \"")
}

/// The first quote that is not escaped.
fn first_quote(line: &[u8]) -> Option<usize> {
    memchr_iter(b'"', line).find(|at| !is_escaped(line, *at))
}

/// Everything in a line that looks like a time and begins before `end`: where its bracket opens, the time, what
/// follows the bracket.
fn stamps(line: &[u8], end: usize) -> impl Iterator<Item = (usize, &[u8; CLF_BYTES], &[u8])> {
    memchr_iter(b'[', &line[..end]).filter_map(|open| {
        let (stamp, rest) = stamp(&line[open + 1..])?;
        ((stamp[2], stamp[6], stamp[11]) == (b'/', b'/', b':')).then_some((open, stamp, rest))
    })
}

/// The time at the beginning of `text`, when a bracket closes behind it, and what follows.
#[inline]
pub(super) fn stamp(text: &[u8]) -> Option<(&[u8; CLF_BYTES], &[u8])> {
    let (stamp, rest) = text.split_first_chunk::<CLF_BYTES>()?;
    Some((stamp, rest.strip_prefix(b"]")?))
}

/// How many words stand before what may be the virtual host: those of what carries the line, such as syslog, which
/// ends in a colon: `Oct 10 13:55:36 web nginx: host client ident user`.
fn place_of_vhost(prefix: &[u8]) -> Option<usize> {
    let carrier = memmem::rfind(prefix, b": ").map_or(0, |at| at + 1);
    let (carrier, own) = prefix.split_at(carrier);
    let own: Vec<&[u8]> = words(own).collect();
    let is_vhost = own.len() == 4 && !is_address(own[0]) && host(own[0]).is_some();
    (is_vhost && own[1] != b"-" && !own[0].ends_with(b",")).then(|| words(carrier).count())
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b' ').filter(|word| !word.is_empty())
}

/// Whether a word is the address of a machine and not its name.
fn is_address(word: &[u8]) -> bool {
    let word = host(word).unwrap_or_default();
    let word = word.strip_prefix(b"[").and_then(|word| word.strip_suffix(b"]")).unwrap_or(word);
    std::str::from_utf8(word).is_ok_and(|word| word.parse::<IpAddr>().is_ok())
}
