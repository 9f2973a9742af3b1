//! The progress bar: on a terminal only, and only when reading takes a while.

use std::{io::IsTerminal as _, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use plimsoll_source::Progress;

/// A bar on standard error.
pub struct Bar(ProgressBar);

impl Bar {
    pub fn new() -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr_with_hz(8)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = "reading {bar:40} {bytes} of {total_bytes}, {eta} left";
        bar.set_style(
            ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar(bar)
    }

    pub fn show(&self, progress: Progress) {
        if let Some(total) = progress.total_bytes {
            self.0.set_length(total);
        }
        self.0.set_position(progress.done_bytes);
    }

    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
