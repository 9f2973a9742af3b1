//! Which format a log has.

use std::io;

use plimsoll_core::{limits::LOG_SAMPLE_LINES_MAX, measure::accesslog::Format};

use super::{super::cursor::Cursor, Poll};
use crate::{container::Container, log::Head, problem::Problem};

impl Poll<'_> {
    /// The format of a log; or why it has none, where that is a problem.
    pub(super) fn format(
        &mut self,
        cursor: &Cursor,
        container: Container,
        sample: impl FnOnce() -> io::Result<Option<Head>>,
    ) -> io::Result<Result<Format, Option<Problem>>> {
        if let Some(format) = &self.follower.options.format {
            return Ok(Ok(format.clone()));
        }
        let known = cursor.format.as_deref().and_then(Format::recalled);
        // What few lines could not tell, four times as many may.
        let is_due =
            cursor.sampled < LOG_SAMPLE_LINES_MAX as u64 && cursor.lines >= cursor.sampled * 4;
        let (known, head) = match (known, is_due) {
            (Some(format), false) => return Ok(Ok(format)),
            (known, _) => (known, sample()?),
        };
        let Some(head) = head else { return Ok(known.ok_or(None)) };
        let told = match head.tell(container, &self.follower.options) {
            Ok((Some(format), _)) => format,
            Ok((None, _)) => return Ok(known.ok_or(None)),
            Err(problem) => return Ok(known.ok_or(Some(problem))),
        };
        if let Some(cursor) = self.follower.book.get_mut(cursor.key) {
            cursor.format = told.remembered();
            cursor.sampled = head.lines().count() as u64;
        }
        Ok(Ok(told))
    }
}
