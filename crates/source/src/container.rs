//! Plain or compressed, told by the first bytes and never by the name.

use std::{
    fmt,
    io::{self, BufRead, Read},
};

use flate2::bufread::GzDecoder;
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

/// How an input is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Container {
    /// Not at all.
    Plain,
    /// gzip (RFC 1952), one or several members.
    Gzip,
    /// Zstandard (RFC 8878), one or several frames.
    Zstd,
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Container::Plain => "plain",
            Container::Gzip => "gzip",
            Container::Zstd => "zstd",
        })
    }
}

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Others that are seen with logs, with the command that unpacks them to standard output.
const OTHERS: [(&[u8], &str, &str); 6] = [
    (b"BZh", "bzip2", "bzip2 -dc"),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz", "xz -dc"),
    (b"PK\x03\x04", "zip", "unzip -p"),
    (&[0x04, 0x22, 0x4d, 0x18], "lz4", "lz4 -dc"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip", "7z x -so"),
    (&[0x1f, 0x9d], "compress (.Z)", "gzip -dc"),
];

impl Container {
    /// The container of data that begins like this.
    pub(crate) fn of(start: &[u8]) -> Self {
        let is_skippable = matches!(start, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
        if start.starts_with(GZIP) {
            Container::Gzip
        } else if start.starts_with(ZSTD) || is_skippable {
            Container::Zstd
        } else {
            Container::Plain
        }
    }

    /// A reader of the unpacked data.
    pub(crate) fn reader<'a, R: BufRead + Send + 'a>(self, packed: R) -> Box<dyn Read + Send + 'a> {
        match self {
            Container::Plain => Box::new(packed),
            Container::Gzip => Box::new(Members { member: Some(GzDecoder::new(packed)) }),
            Container::Zstd => {
                Box::new(Frames { packed, decoder: FrameDecoder::new(), is_open: false })
            }
        }
    }
}

/// Name of, and command for, a container that is known but not read.
pub(crate) fn foreign(start: &[u8]) -> Option<(&'static str, &'static str)> {
    let other = OTHERS.into_iter().find(|(magic, ..)| start.starts_with(magic));
    let tar = (start.get(257..262) == Some(b"ustar")).then_some(("tar", "tar -xOf"));
    other.map(|(_, name, command)| (name, command)).or(tar)
}

/// The members of a gzip file, one behind the other. Zeros behind the last are padding.
struct Members<R> {
    /// `None` at the end.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.member else { return Ok(0) };
            let bytes = member.read(buffer)?;
            if bytes > 0 || buffer.is_empty() {
                return Ok(bytes);
            }
            self.member = match self.member.take() {
                Some(member) => next_member(member.into_inner())?,
                None => None,
            };
        }
    }
}

fn next_member<R: BufRead>(mut packed: R) -> io::Result<Option<GzDecoder<R>>> {
    loop {
        let start = packed.fill_buf()?;
        let zeros = start.iter().take_while(|byte| **byte == 0).count();
        match start.get(zeros) {
            None if start.is_empty() => return Ok(None),
            None => packed.consume(zeros),
            Some(byte) if *byte == GZIP[0] => return Ok(Some(GzDecoder::new(packed))),
            Some(_) => {
                let why = "there are bytes behind the end of the compressed data";
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
    }
}

/// The frames of a Zstandard file, one behind the other; those to be skipped are.
struct Frames<R> {
    packed: R,
    decoder: FrameDecoder,
    is_open: bool,
}

impl<R: BufRead> Frames<R> {
    /// Opens the next frame that holds data. False at the end.
    fn open(&mut self) -> io::Result<bool> {
        while !self.packed.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.packed) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => self.skip(u64::from(length))?,
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
        Ok(false)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.packed.by_ref().take(bytes), &mut io::sink())?;
        if skipped < bytes { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Whether the frame holds what its writer put in, as far as it tells.
    fn is_sound(&self) -> bool {
        let expected = self.decoder.get_checksum_from_data();
        expected.is_none() || expected == self.decoder.get_calculated_checksum()
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.is_open && !self.open()? {
                return Ok(0);
            }
            self.is_open = true;
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.packed, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            }
            let bytes = self.decoder.read(buffer)?;
            if bytes > 0 || buffer.is_empty() {
                return Ok(bytes);
            }
            self.is_open = false;
            if !self.is_sound() {
                let why = "the checksum of a frame does not match";
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
    }
}
