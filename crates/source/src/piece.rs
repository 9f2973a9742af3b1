//! What one piece of an input holds: its lines, parsed and counted.

use memchr::memchr;
use plimsoll_core::{
    limits::{LOG_EXAMPLE_CHARS_MAX, LOG_EXAMPLES_MAX, LOG_LINE_BYTES_MAX, LOG_TIME_MIN_S},
    measure::{
        accesslog::{Format, Line, Parser, RequestRef},
        tally::{Batch, Seed},
    },
    printable,
};

use crate::{input::Options, problem::Problem};

/// A line that could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its number in the input, from one.
    pub line: u64,
    /// Why it is not a request.
    pub why: &'static str,
    /// Its beginning, with everything escaped that is not to be printed.
    pub text: String,
}

/// What a piece holds.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    pub(crate) batch: Batch,
    pub(crate) malformed: u64,
    pub(crate) skipped: u64,
    /// The first malformed lines; numbers count from the beginning of the piece.
    pub(crate) examples: Vec<Example>,
    /// Why the rest of the input was not read.
    pub(crate) problem: Option<Problem>,
}

impl Piece {
    fn seeded(seed: Seed) -> Self {
        Piece { batch: Batch::seeded(seed), ..Piece::default() }
    }

    /// All lines.
    pub(crate) fn lines(&self) -> u64 {
        self.batch.requests() + self.malformed + self.skipped
    }
}

/// Parses and counts the lines of a piece.
pub(crate) struct Counter<'a> {
    parser: Parser,
    options: &'a Options,
    piece: Piece,
    /// Where the line begins that is looked at.
    line_at: u64,
    ahead: Option<Ahead>,
}

/// Lines that are dated later than can be, with no request behind them so far: they are malformed, or the clock is wrong.
struct Ahead {
    /// Where the first of them begins.
    from: u64,
    lines: u64,
    /// The first of them, as they are to be shown.
    texts: Vec<String>,
    /// What was counted before them.
    requests: u64,
    malformed: u64,
    skipped: u64,
    examples: usize,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<'a> Counter<'a> {
    pub(crate) fn new(format: &Format, options: &'a Options) -> Self {
        let (parser, piece) = (Parser::new(format.clone()), Piece::seeded(options.seed));
        Counter { parser, options, piece, line_at: 0, ahead: None }
    }

    /// The format by which lines are read now.
    pub(crate) fn format(&self) -> &Format {
        self.parser.format()
    }

    /// Counts whole lines; `offset` is where they begin in the input.
    pub(crate) fn lines(&mut self, block: &[u8], offset: u64) {
        let is_marked = offset == 0 && block.starts_with(BYTE_ORDER_MARK);
        let block = if is_marked { &block[BYTE_ORDER_MARK.len()..] } else { block };
        let mut rest = block;
        let end =
            offset + block.len() as u64 + if is_marked { BYTE_ORDER_MARK.len() as u64 } else { 0 };
        while !rest.is_empty() {
            self.line_at = end - rest.len() as u64;
            rest = self.line(rest);
        }
    }

    /// Counts a line of which only the beginning is there.
    pub(crate) fn too_long(&mut self, beginning: &[u8]) {
        self.malformed("longer than 64 KiB", beginning);
    }

    /// Everything counted since the last call.
    pub(crate) fn finish(&mut self) -> Piece {
        self.disbelieve();
        std::mem::replace(&mut self.piece, Piece::seeded(self.options.seed))
    }

    /// How many lines were counted since then.
    pub(crate) fn lines_counted(&self) -> u64 {
        self.piece.lines() + self.ahead.as_ref().map_or(0, |ahead| ahead.lines)
    }

    /// Where the lines begin that are dated later than can be and behind which no request came, where there are any.
    /// Nothing is counted of them, nor of what stands between them: they are to be read again.
    pub(crate) fn hold(&mut self) -> Option<u64> {
        let requests = self.piece.batch.requests();
        let ahead = self.ahead.take_if(|ahead| ahead.requests == requests)?;
        (self.piece.malformed, self.piece.skipped) = (ahead.malformed, ahead.skipped);
        self.piece.examples.truncate(ahead.examples);
        Some(ahead.from)
    }

    /// Counts the first line of a text. What follows it.
    #[inline]
    fn line<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        match self.parser.parse_usual(text) {
            Some((request, end)) if end <= LOG_LINE_BYTES_MAX => {
                self.request(request, &text[..end]);
                &text[end + 1..]
            }
            _ => self.first_unusual(text),
        }
    }

    #[inline(never)]
    fn first_unusual<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        let end = memchr(b'\n', text).unwrap_or(text.len());
        self.unusual(&text[..end]);
        text.get(end + 1..).unwrap_or_default()
    }

    fn unusual(&mut self, line: &[u8]) {
        let line = if line.first() == Some(&0) { without_zeros(line) } else { line };
        if line.len() > LOG_LINE_BYTES_MAX && without_return(line).len() > LOG_LINE_BYTES_MAX {
            return self.too_long(line);
        }
        match self.parser.parse(line) {
            Ok(Line::Request(request)) => self.request(request.as_ref(), line),
            Ok(Line::Comment) => self.piece.skipped += 1,
            Err(malformed) => self.malformed(malformed.0, line),
        }
    }

    // There are two calls, of which one is hot: there the fields of the request stay in registers.
    #[expect(clippy::inline_always, reason = "a call takes a tenth of the time of a line")]
    #[inline(always)]
    fn request(&mut self, request: RequestRef<'_>, line: &[u8]) {
        if request.at_s < LOG_TIME_MIN_S {
            self.malformed("its time is before 1990", line);
        } else if request.at_s > self.options.not_after_s {
            self.ahead(line);
        } else {
            self.piece.batch.count(request, &self.options.method);
        }
    }

    #[cold]
    fn ahead(&mut self, line: &[u8]) {
        let requests = self.piece.batch.requests();
        if self.ahead.as_ref().is_some_and(|ahead| ahead.requests != requests) {
            self.disbelieve();
        }
        let Piece { malformed, skipped, examples, .. } = &self.piece;
        let ahead = self.ahead.get_or_insert_with(|| Ahead {
            from: self.line_at,
            lines: 0,
            texts: Vec::new(),
            requests,
            malformed: *malformed,
            skipped: *skipped,
            examples: examples.len(),
        });
        ahead.lines += 1;
        if ahead.texts.len() < LOG_EXAMPLES_MAX {
            ahead.texts.push(printable(without_return(line)));
        }
    }

    /// Takes lines of the future for malformed.
    fn disbelieve(&mut self) {
        let Some(ahead) = self.ahead.take() else { return };
        let before = self.piece.lines();
        self.piece.malformed += ahead.lines;
        let room = LOG_EXAMPLES_MAX.saturating_sub(self.piece.examples.len());
        let why = "its time is in the future";
        let examples = (before + 1..).zip(ahead.texts).take(room);
        self.piece.examples.extend(examples.map(|(line, text)| Example { line, why, text }));
    }

    #[cold]
    fn malformed(&mut self, why: &'static str, line: &[u8]) {
        self.piece.malformed += 1;
        if self.piece.examples.len() < LOG_EXAMPLES_MAX {
            let text = printable(without_return(line));
            self.piece.examples.push(Example { line: self.piece.lines(), why, text });
        }
    }
}

/// The line behind the zeros that a log has where it was emptied while its writer went on.
#[cold]
pub(crate) fn without_zeros(line: &[u8]) -> &[u8] {
    &line[line.iter().take_while(|byte| **byte == 0).count()..]
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The beginning of a line as text that does a terminal no harm: control characters, those that turn the direction of
/// writing, and bytes that are not UTF-8 are escaped.
pub(crate) fn printable(line: &[u8]) -> String {
    let chars = line.utf8_chunks().flat_map(|chunk| {
        let valid = chunk
            .valid()
            .chars()
            .map(|c| printable::printable(c.encode_utf8(&mut [0; 4])).into_owned());
        valid.chain(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")))
    });
    let mut text = String::new();
    for (at, char) in chars.enumerate() {
        if at == LOG_EXAMPLE_CHARS_MAX {
            return text + "…";
        }
        text.push_str(&char);
    }
    text
}
