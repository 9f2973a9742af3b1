//! An input that was looked at: what it is, how it is packed, which format it has, when it begins.

use std::{
    fs::File,
    io::{self, BufReader, Cursor, Read, Seek, SeekFrom},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use memchr::memchr_iter;
use plimsoll_core::{
    limits::{LOG_LINE_BYTES_MAX, LOG_SAMPLE_BYTES_MAX, LOG_SAMPLE_LINES_MAX, LOG_TIME_MIN_S},
    measure::accesslog::{Format, Line, Parser, detect},
};

use crate::{
    container::{Container, foreign},
    identity::file_of_stdin,
    input::{Input, Options},
    piece::{printable, without_zeros},
    problem::Problem,
};

/// How much of the beginning is kept to tell inputs apart.
pub(crate) const OPENING_BYTES: usize = 4096;

/// How much is read from the system at once where the reader behind it takes little.
const PACKED_BYTES: usize = 128 * 1024;

pub(crate) type Reader = Box<dyn Read + Send>;

/// An input that can be read.
pub(crate) struct Log {
    pub(crate) input: Input,
    pub(crate) container: Container,
    /// Its size on the disk; `None` where it can be read only once.
    pub(crate) bytes: Option<u64>,
    /// Its first bytes, unpacked.
    pub(crate) opening: Vec<u8>,
    /// `None` where it holds no line but comments, and was read to its end.
    pub(crate) format: Option<Format>,
    /// When the first request of its beginning happened.
    pub(crate) first_s: Option<i64>,
    /// Lines of an input without a format; all of them are comments.
    pub(crate) comments: u64,
    /// The opened input where it can be read only once.
    kept: Mutex<Option<Reader>>,
}

/// Counts the bytes that are read.
pub(crate) struct Metered<R> {
    inner: R,
    meter: Arc<AtomicU64>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.meter.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

impl Log {
    /// Opens an input and looks at its beginning.
    pub(crate) fn look(
        input: &Input,
        options: &Options,
        meter: &Arc<AtomicU64>,
    ) -> Result<Self, Problem> {
        let (raw, bytes) = open(input)?;
        let meter = if bytes.is_some() { &Arc::default() } else { meter };
        let (container, mut reader) =
            unpack(raw, meter).map_err(|error| Problem::beginning(&error))?;
        let head = Head::read(&mut reader);
        let (format, first_s) = head.tell(container, options)?;
        if format.is_none()
            && let Some(error) = &head.error
        {
            return Err(Problem::beginning(error));
        }
        let comments = if format.is_none() { head.lines().count() as u64 } else { 0 };
        let opening = head.bytes[..head.bytes.len().min(OPENING_BYTES)].to_vec();
        let kept = Mutex::new(bytes.is_none().then(|| head.before(reader)));
        Ok(Log { input: input.clone(), container, bytes, opening, format, first_s, comments, kept })
    }

    /// Opens the input, unpacked, from its beginning.
    pub(crate) fn reader(&self, meter: &Arc<AtomicU64>) -> Result<Reader, Problem> {
        if let Some(kept) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(kept);
        }
        let (raw, _) = open(&self.input)?;
        let (_, mut reader) = unpack(raw, meter).map_err(|error| Problem::reading(&error))?;
        let opening = self.check(&mut reader)?;
        Ok(Box::new(Cursor::new(opening).chain(reader)))
    }

    /// Opens a plain file at `offset`.
    pub(crate) fn reader_at(&self, offset: u64, meter: &Arc<AtomicU64>) -> Result<Reader, Problem> {
        let (mut raw, _) = open(&self.input)?;
        self.check(&mut raw)?;
        raw.seek(offset).map_err(|error| Problem::reading(&error))?;
        Ok(Box::new(Metered { inner: raw, meter: Arc::clone(meter) }))
    }

    /// Reads the beginning again, and whether it is still the same.
    fn check(&self, reader: &mut dyn Read) -> Result<Vec<u8>, Problem> {
        let mut opening = Vec::new();
        let read = reader.take(self.opening.len() as u64).read_to_end(&mut opening);
        if opening == self.opening {
            return Ok(opening);
        }
        Err(match read {
            Err(error) => Problem::reading(&error),
            Ok(_) => Problem::changed(
                "was replaced while it was read",
                "its beginning is not what it was a moment ago",
            ),
        })
    }
}

/// What lies behind an input.
enum Raw {
    File(File),
    Once(Reader),
}

impl Raw {
    fn seek(&mut self, offset: u64) -> io::Result<()> {
        match self {
            Raw::File(file) => file.seek(SeekFrom::Start(offset)).map(|_| ()),
            Raw::Once(_) => Err(io::ErrorKind::NotSeekable.into()),
        }
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Raw::File(file) => file.read(buffer),
            Raw::Once(reader) => reader.read(buffer),
        }
    }
}

/// Opens an input. With its size where it is a file; everything else is read once, as it comes.
fn open(input: &Input) -> Result<(Raw, Option<u64>), Problem> {
    match input {
        Input::Stdin => match file_of_stdin() {
            Some(file) => opened(file),
            None => Ok((Raw::Once(Box::new(io::stdin())), None)),
        },
        Input::Path(path) => open_path(path),
        Input::Made(made) => Ok((Raw::Once((made.make)()), None)),
    }
}

fn open_path(path: &Path) -> Result<(Raw, Option<u64>), Problem> {
    let opening = |error: io::Error| Problem::opening(&error);
    if path.metadata().map_err(opening)?.is_dir() {
        return Err(Problem::new(
            "is a directory",
            "",
            "Name the logs in it, for example with DIR/*.log*; rotated and compressed ones may be among them.",
        ));
    }
    opened(File::open(path).map_err(opening)?)
}

fn opened(file: File) -> Result<(Raw, Option<u64>), Problem> {
    let metadata = file.metadata().map_err(|error| Problem::opening(&error))?;
    if metadata.is_file() {
        return Ok((Raw::File(file), Some(metadata.len())));
    }
    Ok((Raw::Once(Box::new(file)), None))
}

/// How the data is packed, and a reader of what is in it.
fn unpack(raw: Raw, meter: &Arc<AtomicU64>) -> io::Result<(Container, Reader)> {
    let mut packed =
        BufReader::with_capacity(PACKED_BYTES, Metered { inner: raw, meter: Arc::clone(meter) });
    let mut start = Vec::new();
    packed.by_ref().take(4).read_to_end(&mut start)?;
    let container = Container::of(&start);
    let packed = BufReader::with_capacity(PACKED_BYTES, Cursor::new(start).chain(packed));
    Ok((container, container.reader(packed)))
}

/// The beginning of an input, unpacked.
pub(crate) struct Head {
    bytes: Vec<u8>,
    /// Whether this is all.
    is_whole: bool,
    /// What ended it.
    error: Option<io::Error>,
}

impl Head {
    pub(crate) fn read(reader: &mut dyn Read) -> Self {
        let mut head = Head { bytes: Vec::new(), is_whole: false, error: None };
        let mut lines = 0;
        while lines < LOG_SAMPLE_LINES_MAX && head.bytes.len() < LOG_SAMPLE_BYTES_MAX {
            let before = head.bytes.len();
            match reader.take(PACKED_BYTES as u64).read_to_end(&mut head.bytes) {
                Ok(0) => {
                    head.is_whole = true;
                    break;
                }
                Ok(_) => lines += memchr_iter(b'\n', &head.bytes[before..]).count(),
                Err(error) => {
                    head.is_whole = true;
                    head.error = Some(error);
                    break;
                }
            }
        }
        head
    }

    /// Everything from the beginning, where `rest` stands behind the head.
    fn before(self, rest: Reader) -> Reader {
        let bytes = Cursor::new(self.bytes);
        match self.error {
            None => Box::new(bytes.chain(rest)),
            Some(error) => Box::new(bytes.chain(Failed(Some(error)))),
        }
    }

    /// The beginning of an input that still grows: its last line may not be finished.
    pub(crate) fn growing(reader: &mut dyn Read) -> Self {
        Head { is_whole: false, ..Head::read(reader) }
    }

    /// The lines, without one that may be cut.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes);
        let end = if self.is_whole {
            bytes.strip_suffix(b"\n").unwrap_or(bytes).len()
        } else {
            memchr::memrchr(b'\n', bytes).unwrap_or(0)
        };
        let lines = bytes[..end].split(|byte| *byte == b'\n').take(LOG_SAMPLE_LINES_MAX);
        lines.take(if bytes.is_empty() { 0 } else { usize::MAX }).map(without_zeros)
    }

    /// The format, and when the first request happened. No format where there are only comments.
    pub(crate) fn tell(
        &self,
        container: Container,
        options: &Options,
    ) -> Result<(Option<Format>, Option<i64>), Problem> {
        self.refuse(container)?;
        let lines: Vec<&[u8]> =
            self.lines().filter(|line| line.len() <= LOG_LINE_BYTES_MAX).collect();
        let Some(format) = options.format.clone().or_else(|| detect(&lines)) else {
            return self.unknown().map_or(Ok((None, None)), Err);
        };
        let mut parser = Parser::new(format.clone());
        let times = lines.iter().filter_map(|line| match parser.parse(line) {
            Ok(Line::Request(request)) => Some(request.at_s),
            _ => None,
        });
        let mut believed =
            times.filter(|at_s| (LOG_TIME_MIN_S..=options.not_after_s).contains(at_s));
        Ok((Some(format), believed.next()))
    }

    /// Refuses what is no text of one byte per letter.
    fn refuse(&self, container: Container) -> Result<(), Problem> {
        let inner = Container::of(&self.bytes);
        if inner != Container::Plain {
            let what = format!("is packed twice ({inner} in {container}), which is not read");
            let remedy = format!("Unpack it once and pipe it in: {container} -dc FILE | … -");
            return Err(Problem::new(what, "", &remedy));
        }
        if let Some((name, command)) = foreign(&self.bytes) {
            let remedy = format!("Unpack it and pipe it in: {command} FILE | … -");
            return Err(Problem::new(
                format!("is packed with {name}, which is not read"),
                "",
                &remedy,
            ));
        }
        let encoding = match self.bytes.as_slice() {
            bytes if is_utf_32(bytes) => Some("UTF-32"),
            bytes if is_utf_16(bytes) => Some("UTF-16"),
            _ => None,
        };
        if let Some(encoding) = encoding {
            let remedy =
                format!("Convert it and pipe it in: iconv -f {encoding} -t UTF-8 FILE | … -");
            return Err(Problem::new(format!("is written in {encoding}"), "", &remedy));
        }
        Ok(())
    }

    /// Why no format was found; `None` where there are no lines but comments.
    fn unknown(&self) -> Option<Problem> {
        let is_comment = |line: &&[u8]| line.starts_with(b"#") || line.trim_ascii().is_empty();
        let first = self.lines().find(|line| !is_comment(line));
        let why = match first {
            Some(line) => {
                format!("no known format reads its first lines, such as `{}`", printable(line))
            }
            None if self.is_whole => return None,
            None => "its first lines are empty, or longer than a log's".to_owned(),
        };
        Some(Problem::new(
            "is not an access log",
            why,
            "If it is one, describe its lines with --pattern.",
        ))
    }
}

/// A reader that failed before.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Whether three of four bytes of the beginning are zero, and the fourth is not.
fn is_utf_32(bytes: &[u8]) -> bool {
    let quads = bytes[..bytes.len().min(512)].as_chunks::<4>().0;
    let is_letter = |quad: &&[u8; 4]| {
        matches!(
            quad,
            [0xff, 0xfe, 0, 0] | [0, 0, 0xfe, 0xff] | [1..=255, 0, 0, 0] | [0, 0, 0, 1..=255]
        )
    };
    quads.len() >= 4 && quads.iter().filter(is_letter).count() * 10 > quads.len() * 9
}

/// Whether every other byte of the beginning is zero, or a byte order mark says so.
fn is_utf_16(bytes: &[u8]) -> bool {
    let pairs = bytes[..bytes.len().min(512)].as_chunks::<2>().0;
    let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0 && pair[1 - at] != 0).count();
    let is_marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    is_marked || (pairs.len() >= 8 && zeros(0).max(zeros(1)) * 10 > pairs.len() * 9)
}
