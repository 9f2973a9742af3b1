//! The progress bar: on a terminal only, and only when reading takes a while.

use std::{io::IsTerminal as _, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use plimsoll_source::Progress;

/// With the size of the input known.
const OF_TOTAL: &str = "reading {wide_bar} {bytes} of {total_bytes}, {eta} left";

/// Where nobody knows how much is to come, as through a pipe.
const SO_FAR: &str = "reading, {bytes} so far";

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
        bar.set_style(style(SO_FAR));
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar(bar)
    }

    pub fn show(&self, progress: Progress) {
        if let Some(total) = progress.total_bytes {
            if self.0.length().is_none() {
                self.0.set_style(style(OF_TOTAL));
            }
            self.0.set_length(total);
        }
        self.0.set_position(progress.done_bytes);
    }

    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
