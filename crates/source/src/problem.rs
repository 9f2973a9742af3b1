//! What went wrong with an input.

use std::{error::Error, fmt, io};

use ruzstd::decoding::errors::FrameDecoderError;

/// Something wrong with one input: it was not read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What happened, beginning with the verb: `is a directory`.
    pub what: String,
    /// Why, in the words of the system or the decoder, where there are more; otherwise empty.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>, why: impl Into<String>, remedy: &str) -> Self {
        Problem { what: what.into(), why: why.into(), remedy: remedy.to_owned() }
    }

    /// Why an input cannot be opened.
    pub(crate) fn opening(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Problem::new(
                "does not exist",
                "",
                "Check the name; a log may have been rotated since.",
            ),
            io::ErrorKind::PermissionDenied => Problem::new(
                "may not be read",
                error.to_string(),
                "Run as somebody who may (on Debian the group adm reads logs), or pipe it in: sudo cat FILE | … -",
            ),
            _ => {
                Problem::new("cannot be opened", error.to_string(), "Check the file and its disk.")
            }
        }
    }

    /// Why an input was not read to its end.
    pub(crate) fn reading(error: &io::Error) -> Self {
        let problem = Problem::beginning(error);
        Problem { remedy: format!("What came before was counted. {}", problem.remedy), ..problem }
    }

    /// Why an input was not read at all.
    pub(crate) fn beginning(error: &io::Error) -> Self {
        if is_early_end(error) {
            return Problem::new(
                "ends within compressed data: it is incomplete",
                "",
                "Copy the file again, once its writer has closed it.",
            );
        }
        if let Some(why) = too_large(error) {
            return Problem::new(
                "needs more memory to unpack than is given",
                why,
                "Unpack it and pipe it in: zstd -dc --long=31 FILE | … -",
            );
        }
        match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                Problem::new(
                    "is damaged: it cannot be decompressed to its end",
                    reason(error),
                    "Copy the file again from where it came.",
                )
            }
            _ => Problem::new(
                "could not be read to its end",
                error.to_string(),
                "Check the file and its disk.",
            ),
        }
    }

    /// A file is not any more what it was when its beginning was read.
    pub(crate) fn changed(what: &str, why: &str) -> Self {
        Problem::new(
            what,
            why,
            "Somebody moved or emptied it, as log rotation does. Read it again, or read a copy.",
        )
    }
}

impl fmt::Display for Problem {
    /// `is a directory: … . …`, to follow the name of the input.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.why.is_empty() {
            write!(f, " ({})", self.why)?;
        }
        write!(f, ". {}", self.remedy)
    }
}

/// The innermost reason of an error.
fn reason(error: &io::Error) -> String {
    let mut inner: &dyn Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// Why a window of Zstandard is not unpacked: it is too large.
fn too_large(error: &io::Error) -> Option<String> {
    let frame = error.get_ref()?.downcast_ref::<FrameDecoderError>()?;
    let FrameDecoderError::WindowSizeTooBig { requested, max } = frame else { return None };
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    Some(format!("its window is {} MiB, of which {} MiB are allowed", mib(*requested), mib(*max)))
}

/// Whether the data ended before its decoder was done, however deep that is wrapped.
fn is_early_end(error: &io::Error) -> bool {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return true;
    }
    let mut inner: Option<&(dyn Error + 'static)> = error.get_ref().map(|error| error as _);
    while let Some(error) = inner {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|e| e.kind() == io::ErrorKind::UnexpectedEof)
        {
            return true;
        }
        inner = error.source();
    }
    false
}
