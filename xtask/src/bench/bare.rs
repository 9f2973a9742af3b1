//! The bare hand parser: the least work that answers "how many, how many failed, how many were fast".
//!
//! It trusts the format, knows no other, and keeps no time: a limit to measure against, not a product.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use memchr::{memchr, memrchr};

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// Lines.
    pub(crate) lines: u64,
    /// Lines with a status of 500 or above.
    pub(crate) bad: u64,
    /// Lines that took at most 0.3 s.
    pub(crate) fast: u64,
}

/// Counts a file through a buffer of 256 KiB.
pub(crate) fn buffered(path: &Path) -> io::Result<Counts> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 256 * 1024];
    let mut counts = Counts::default();
    let mut kept = 0;
    loop {
        let length = file.read(&mut buffer[kept..])?;
        if length == 0 {
            return Ok(counts);
        }
        let filled = kept + length;
        let whole = memrchr(b'\n', &buffer[..filled]).map_or(0, |at| at + 1);
        count(&buffer[..whole], &mut counts);
        buffer.copy_within(whole..filled, 0);
        kept = filled - whole;
    }
}

/// Counts a file that is read into memory at once.
pub(crate) fn at_once(path: &Path) -> io::Result<Counts> {
    let mut counts = Counts::default();
    count(&fs::read(path)?, &mut counts);
    Ok(counts)
}

fn count(mut lines: &[u8], counts: &mut Counts) {
    while let Some(end) = memchr(b'\n', lines) {
        let line = &lines[..end];
        lines = &lines[end + 1..];
        counts.lines += 1;
        counts.bad += u64::from(status_class(line) == Some(b'5'));
        counts.fast += u64::from(millis(line).is_some_and(|millis| millis <= 300));
    }
}

/// The first digit of the status, two characters after the request's closing quote.
fn status_class(line: &[u8]) -> Option<u8> {
    let open = memchr(b'"', line)? + 1;
    let close = open + memchr(b'"', &line[open..])?;
    line.get(close + 2).copied()
}

/// The seconds at the end of the line, with three decimals.
fn millis(line: &[u8]) -> Option<u64> {
    let blank = line.iter().rposition(|&byte| byte == b' ')?;
    let digits = line[blank + 1..].iter().filter(|&&byte| byte != b'.');
    Some(digits.fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lines_are_counted_by_hand() {
        let lines = b"a [t] \"GET / HTTP/1.1\" 200 5 \"-\" \"ua\" 0.300\n\
            a [t] \"GET / HTTP/1.1\" 503 5 \"-\" \"ua\" 10.001\n\
            a [t] \"GET / HTTP/1.1\" 404 5 \"-\" \"ua\" 0.301\n";
        let mut counts = Counts::default();
        count(lines, &mut counts);
        assert_eq!(counts, Counts { lines: 3, bad: 1, fast: 1 });
    }
}
