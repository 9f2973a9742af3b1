//! An example access log that the program makes itself: 30 days of a small shop, always the same to the last byte.
//!
//! nginx writes it for three virtual hosts, in combined format with the host in front and the request time behind.
//! What happened in that month is known ([`facts`]), so the log also serves as an oracle.
//! Nothing is read: no clock, no file, no randomness from outside.

pub(crate) mod dice;
mod line;
mod traffic;

use std::io::{self, Read, Write};

use plimsoll_core::time::{DAY, Minute, Span};

use self::{
    dice::Dice,
    line::Line,
    traffic::{HOSTS, Host},
};

/// 2026-09-01T00:00Z, a Tuesday.
const FIRST: Minute = Minute(29_803_680);
/// Days of September.
const DAYS: i64 = 30;
/// Where the dice start. Another seed is another month.
const SEED: u64 = 1876;

/// What happened in the month of the example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The whole month. Its first and last minute hold requests.
    pub month: Span,
    /// 47 minutes in which the database that `api.example` and `shop.example` share was saturated: most requests
    /// that need it were answered 503 after ten seconds, the rest were slow. Its first and last minute hold
    /// failures of both hosts.
    pub outage: Span,
    /// A deploy of `shop.example` that broke the checkout (500), taken back after six minutes.
    pub bad_deploy: Span,
    /// A day whose lines were lost when the disk was full. The last line before it is cut off.
    pub lost_day: Span,
}

/// What happened in the month of the example.
pub const fn facts() -> Facts {
    Facts {
        month: span(1, 0, 0, DAYS * DAY),
        outage: span(22, 13, 12, 47),
        bad_deploy: span(10, 10, 5, 6),
        lost_day: span(16, 0, 0, DAY),
    }
}

const fn span(day: i64, hour: i64, minute: i64, length: i64) -> Span {
    let from = FIRST.0 + (day - 1) * DAY + hour * 60 + minute;
    Span { from: Minute(from), to: Minute(from + length) }
}

/// What the log holds, counted while it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Complete lines and the one that is cut off.
    pub lines: u64,
    /// Lines that are cut off.
    pub cut: u64,
    /// `api.example`, `shop.example` and `admin.example`, in this order.
    pub hosts: [Counts; 3],
}

/// The requests of one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Answered with a status below 500 other than 499.
    pub good: u64,
    /// Answered with 500 or above.
    pub bad: u64,
    /// Given up by the client (499).
    pub given_up: u64,
}

/// The example as a stream: made minute by minute while it is read.
#[derive(Debug)]
pub struct Log {
    dice: Dice,
    next: Minute,
    written: Written,
    buffer: Vec<u8>,
    read: usize,
}

impl Default for Log {
    fn default() -> Self {
        let next = facts().month.from;
        Log {
            dice: Dice::new(SEED),
            next,
            written: Written::default(),
            buffer: Vec::new(),
            read: 0,
        }
    }
}

impl Log {
    /// What has been made so far; at the end of the stream, what it held.
    pub fn written(&self) -> Written {
        self.written
    }

    /// Replaces the buffer by the lines of the next minute that has any; `false` at the end of the month.
    fn advance(&mut self) -> bool {
        self.buffer.clear();
        self.read = 0;
        while self.buffer.is_empty() && facts().month.contains(self.next) {
            if !facts().lost_day.contains(self.next) {
                self.minute();
            }
            self.next = self.next.plus(1);
        }
        !self.buffer.is_empty()
    }

    /// Appends the lines of one minute, in order of time, the hosts mixed.
    fn minute(&mut self) {
        let mut left = HOSTS.map(|host| host.requests(self.next, &mut self.dice));
        let total: u64 = left.iter().sum();
        for done in 0..total {
            let host = pick(&mut left, self.dice.below(total - done));
            let second = (done * 60 + self.dice.below(60)) / total;
            self.request(HOSTS[host], host, second as u32);
        }
        if self.next.plus(1) == facts().lost_day.from {
            self.cut_off();
        }
    }

    fn request(&mut self, host: Host, index: usize, second: u32) {
        let request = host.request(self.next, &mut self.dice);
        let counts = &mut self.written.hosts[index];
        match request.status {
            499 => counts.given_up += 1,
            500.. => counts.bad += 1,
            _ => counts.good += 1,
        }
        self.written.lines += 1;
        let day = (self.next.0 - FIRST.0) / DAY + 1;
        let of_day = (self.next.0 - FIRST.0) % DAY;
        let second_of_day = of_day as u32 * 60 + second;
        Line { host, day: day as u32, second_of_day, request }.write(&mut self.buffer);
    }

    /// The disk is full: the line stops within its time stamp.
    fn cut_off(&mut self) {
        self.buffer.extend_from_slice(b"shop.example 203.0.113.77 - - [15/Sep/20\n");
        self.written.lines += 1;
        self.written.cut += 1;
    }
}

/// Takes one of the requests that are left, numbered over all hosts; gives the host's index.
fn pick(left: &mut [u64; 3], mut number: u64) -> usize {
    for (host, count) in left.iter_mut().enumerate() {
        if number < *count {
            *count -= 1;
            return host;
        }
        number -= *count;
    }
    0
}

impl Read for Log {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < out.len() && (self.read < self.buffer.len() || self.advance()) {
            let rest = &self.buffer[self.read..];
            let length = rest.len().min(out.len() - filled);
            out[filled..filled + length].copy_from_slice(&rest[..length]);
            self.read += length;
            filled += length;
        }
        Ok(filled)
    }
}

/// Writes the whole example (about 1.5 million lines) and says what it held.
///
/// # Errors
/// When `out` fails.
pub fn write(out: &mut impl Write) -> io::Result<Written> {
    let mut log = Log::default();
    while log.advance() {
        out.write_all(&log.buffer)?;
    }
    Ok(log.written)
}

#[cfg(test)]
mod tests;
