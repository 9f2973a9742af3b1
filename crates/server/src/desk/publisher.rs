//! Publishing and answering, beside the desk that goes on with its next batch.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use super::Answer;
use crate::{published::Published, writer::Appended};

/// So many batches may wait to be published; then the desk waits, too.
const BATCHES_WAITING_MAX: usize = 2;

/// Waking the other thread costs about as much as publishing so many jobs.
const JOBS_BESIDE_MIN: usize = 16;

/// A batch that is durable, and who waits for it.
#[derive(Debug)]
pub(super) struct Batch {
    /// The journal's newest entry before it.
    pub(super) after_seq: u64,
    pub(super) appended: Appended,
    pub(super) answers: Vec<Answer>,
}

impl Batch {
    fn publish(self, published: &Published) {
        for (answer, outcome) in self.answers.into_iter().zip(self.appended.publish(published)) {
            // Whoever does not wait any more asks again with their idempotency key.
            let _ = answer.send(outcome);
        }
    }
}

/// Who publishes batches, one after the other.
#[derive(Debug)]
pub(super) struct Publisher {
    published: Arc<Published>,
    queue: SyncSender<Batch>,
    thread: JoinHandle<()>,
}

impl Publisher {
    /// Starts its thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub(super) fn start(published: Arc<Published>) -> io::Result<Publisher> {
        let (queue, batches) = sync_channel(BATCHES_WAITING_MAX);
        let its = Arc::clone(&published);
        let run =
            move |batches: Receiver<Batch>| batches.iter().for_each(|batch| batch.publish(&its));
        let thread =
            thread::Builder::new().name("publisher".to_owned()).spawn(move || run(batches))?;
        Ok(Publisher { published, queue, thread })
    }

    /// Publishes a batch and tells those who wait for it: a small one at once where none is before it, others beside
    /// whoever called.
    pub(super) fn take(&self, batch: Batch) {
        let is_next = self.published.seq() == batch.after_seq;
        if batch.answers.len() < JOBS_BESIDE_MIN && is_next {
            return batch.publish(&self.published);
        }
        if let Err(back) = self.queue.send(batch) {
            // The thread ends with this only; a panic takes the whole program along.
            back.0.publish(&self.published);
        }
    }

    /// Publishes what waits, and ends.
    pub(super) fn stop(self) {
        drop(self.queue);
        let _ = self.thread.join();
    }
}
