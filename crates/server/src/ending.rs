//! The end of the process: that it was told to end.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use rustix::process::Signal as Signum;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that tell the process to end.
#[derive(Debug)]
pub(crate) struct Ending {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Ending {
    /// Listens for them; inside a runtime.
    ///
    /// # Errors
    /// When the system gives no signals.
    pub(crate) fn listen() -> io::Result<Self> {
        // A file that grows beyond what the system allows kills whoever does not listen. From here on it is an error of
        // the write, as a full disk is.
        drop(signal(SignalKind::from_raw(Signum::XFSZ.as_raw()))?);
        Ok(Ending {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            // There is nothing to read anew; and whose terminal is gone means it to stop, not to die.
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits until one comes.
    pub(crate) async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

/// Whether the process was told to end, for work that looks now and then. From here on such a signal ends nothing by
/// itself.
///
/// # Errors
/// When the system gives no signals or no thread.
pub fn notice() -> io::Result<Arc<AtomicBool>> {
    let is_told = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&is_told);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut ending = runtime.block_on(async { Ending::listen() })?;
    thread::Builder::new().name("ending".to_owned()).spawn(move || {
        runtime.block_on(ending.told());
        tell.store(true, Ordering::Release);
    })?;
    Ok(is_told)
}
