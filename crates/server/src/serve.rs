//! The server: a data folder that is open, and the ways to it.

use std::{
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, Response},
};
use http_body_util::BodyExt;
use plimsoll_core::{state::State, time::rfc3339_ms};
use plimsoll_store::{
    Error,
    folder::{Folder, FolderError},
    journal::{Journal as _, JournalFile},
    slots::{SlotFile, SlotReader},
};
use tokio::{net::TcpListener, sync::Semaphore};
use tower::ServiceExt;

use crate::{
    api::{self, Answered, App, Buckets, Hosts, Rate, Reach},
    bond::{self, Bond, Unbound},
    clock::{Clock, SystemClock},
    connection,
    desk::{Desk, DeskThread},
    ending::Ending,
    follow::{health::Healths, thread::FollowThread},
    keyring::Keyring,
    limits::{ANONYMOUS_RATE, BODIES_BYTES_MAX, HEAVY_REQUESTS_MAX, LOOKS_MAX, TOKEN_RATE},
    measure::keeper::{Keeper, KeeperThread, Opening, Recorder, StartError},
    owner::{self, OwnerError},
    published::Published,
    replay::ReplayError,
    verifier::{self, Damage},
    writer::Writer,
};

/// How a server is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder. It is made where it is not.
    pub data: PathBuf,
    /// Further names under which the server answers, besides localhost and its address.
    pub hosts: Vec<String>,
    /// The handle of the person for whom the folder's `local.token` acts. Whoever runs this, where it is not said.
    pub owner: Option<String>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Whether it goes on for long: then a clock far ahead of what is on record is believed only after a while. A command
    /// that is done at once cannot wait.
    pub is_lasting: bool,
}

impl Options {
    /// The usual: this folder, and the clock of the machine, for a moment.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let clock = Arc::new(SystemClock::start());
        Options { data: data.into(), hosts: Vec::new(), owner: None, clock, is_lasting: false }
    }
}

/// Why a server cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The folder cannot be had.
    Folder(FolderError),
    /// A file of it cannot be opened.
    Store(Error),
    /// The journal says nothing to this program.
    Replay(ReplayError),
    /// The folder has no owner.
    Owner(OwnerError),
    /// The writer could not be started.
    Desk(String),
    /// The slots could not be opened.
    Keeper(StartError),
    /// Logs cannot be followed.
    Follow(String),
    /// The slots are not those of the journal.
    Unbound(Unbound),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Folder(error) => error.fmt(f),
            OpenError::Store(error) => error.fmt(f),
            OpenError::Replay(error) => error.fmt(f),
            OpenError::Owner(error) => error.fmt(f),
            OpenError::Keeper(error) => error.fmt(f),
            OpenError::Unbound(error) => error.fmt(f),
            OpenError::Desk(why) | OpenError::Follow(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<OwnerError> for OpenError {
    fn from(error: OwnerError) -> Self {
        match error {
            OwnerError::Journal(error) => OpenError::Store(error),
            error => OpenError::Owner(error),
        }
    }
}

/// Why a server does not serve.
#[derive(Debug)]
pub enum ServeError {
    /// The address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// Where it listens cannot be told to others.
    Announce(Error),
    /// The system gives no threads or signals.
    System(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::Listen(address, error) => write!(
                f,
                "cannot listen on {address}: {error}. Free it, or name another with --listen"
            ),
            ServeError::Announce(error) => error.fmt(f),
            ServeError::System(error) => {
                write!(f, "the system gave no threads or signals: {error}")
            }
        }
    }
}

impl std::error::Error for ServeError {}

/// A data folder that is open. Nobody else has it until this is closed or dropped.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    hosts: Hosts,
    threads: Mutex<Option<(FollowThread, KeeperThread, DeskThread)>>,
    // Dropped last: whoever takes the folder next finds everything at rest.
    folder: Folder,
}

impl Server {
    /// Takes a folder and starts what works on it. Nothing is listened to yet.
    ///
    /// # Errors
    /// [`OpenError`]: the folder is in use, is something else, is damaged, or may not be written to.
    pub fn open(options: Options) -> Result<Server, OpenError> {
        let Options { data, hosts, owner, clock, is_lasting } = options;
        let folder = Folder::lock(&data).map_err(OpenError::Folder)?;
        folder.check_journal().map_err(OpenError::Store)?;
        let file = folder.journal();
        let journal = JournalFile::open(&file).map_err(OpenError::Store)?;
        // Before anything is written.
        bond::check(&folder)?;
        let writer = Writer::open(journal).map_err(OpenError::Replay)?;
        if is_lasting {
            start_clock(&*clock, writer.journal().head().at_ms, &folder);
        }
        let published = Arc::clone(writer.published());
        let following = Arc::clone(&published);
        let keyring = Arc::new(Keyring::default());
        let open = move || JournalFile::open(&file);
        let (desk, thread) = Desk::start(writer, Arc::clone(&keyring), Arc::clone(&clock), open)
            .map_err(OpenError::Desk)?;
        let local = owner::credential(&folder, &desk, owner.as_deref())?;
        let (keeper, keeper_thread) =
            keeper(&folder, published, Arc::clone(&clock), desk.recorder())
                .map_err(OpenError::Keeper)?;
        let slots_end_ms =
            slots_end_ms(&folder).map_err(StartError::Store).map_err(OpenError::Keeper)?;
        let healths = Healths::default();
        let follow = follow(&folder, &keeper, following, &clock, &healths)?;
        let app = App {
            desk,
            keeper,
            healths,
            keyring,
            local,
            clock,
            slots_end_ms,
            journal: folder.journal(),
            slots: folder.slots(),
            buckets: Buckets::default(),
            heavy: Semaphore::new(HEAVY_REQUESTS_MAX),
            looks: Semaphore::new(LOOKS_MAX),
            scrapes: Semaphore::new(1),
            bodies: Arc::new(Semaphore::new(BODIES_BYTES_MAX / 1024)),
            answered: Answered::default(),
            damage: Damage::default(),
        };
        if let Some(behind) = app.clock_behind() {
            tracing::error!(
                "{behind}; until it has passed that, no decision is more than unknown, and what expires is judged by \
                 the journal's time. Set the clock right; if it is, and was ahead before, restore a backup from before that"
            );
        }
        let threads = Mutex::new(Some((follow, keeper_thread, thread)));
        Ok(Server { app: Arc::new(app), hosts: Hosts::new(&hosts), threads, folder })
    }

    /// The credential of whoever owns the folder, as `local.token` holds it.
    pub fn local_token(&self) -> String {
        self.app.local.text()
    }

    /// Everything it can be asked, for requests from inside this process or from this machine alone.
    pub fn router(&self) -> Router {
        self.reached(true)
    }

    fn reached(&self, is_local_only: bool) -> Router {
        let reach = Reach {
            hosts: self.hosts.clone(),
            is_local_only,
            anonymous: Rate::per_second(ANONYMOUS_RATE),
            token: Rate::per_second(TOKEN_RATE),
        };
        api::router(api::routes(), &self.app, reach)
    }

    /// Answers one request without a socket. It must not be called from an asynchronous task.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn call(&self, request: Request<Vec<u8>>) -> io::Result<Response<Bytes>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let answered = self.router().oneshot(request.map(Body::from)).await;
            let (parts, body) = answered.unwrap_or_else(|never| match never {}).into_parts();
            let body = body.collect().await.map_err(io::Error::other)?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        })
    }

    /// Serves connections until `stop` is done; then requests that are under way are finished.
    ///
    /// # Errors
    /// When nobody could be told where it listens.
    pub async fn run(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let address = listener.local_addr().map_err(ServeError::System)?;
        self.folder.announce(&address.to_string()).map_err(ServeError::Announce)?;
        verifier::start(self.app.journal.clone(), Arc::clone(&self.app.damage));
        notify(&[sd_notify::NotifyState::Ready]);
        let watchdog = tokio::spawn(watch());
        let router = self.reached(address.ip().is_loopback());
        connection::serve(listener, router, async {
            stop.await;
            notify(&[sd_notify::NotifyState::Stopping]);
        })
        .await;
        watchdog.abort();
        Ok(())
    }

    /// Listens on an address until the process is told to end (SIGTERM or SIGINT), then closes. `listening` hears
    /// where.
    ///
    /// # Errors
    /// [`ServeError`], before anything was served.
    pub fn serve(
        self,
        address: SocketAddr,
        listening: impl FnOnce(SocketAddr),
    ) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(ServeError::System)?;
        runtime.block_on(async {
            let mut ending = Ending::listen().map_err(ServeError::System)?;
            let listener = TcpListener::bind(address)
                .await
                .map_err(|error| ServeError::Listen(address, error))?;
            let address = listener.local_addr().map_err(ServeError::System)?;
            // Whoever hears of the address may look for it in the folder.
            self.folder.announce(&address.to_string()).map_err(ServeError::Announce)?;
            listening(address);
            self.run(listener, ending.told()).await
        })?;
        self.close();
        Ok(())
    }

    /// Does what waits, saves a snapshot, and gives the folder back.
    pub fn close(self) {
        self.stop();
    }

    fn stop(&self) {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((follow, keeper, desk)) = threads {
            follow.stop();
            keeper.stop();
            desk.stop();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts what follows logs, wherever they are but in the folder itself.
fn follow(
    folder: &Folder,
    keeper: &Keeper,
    published: Arc<Published>,
    clock: &Arc<dyn Clock>,
    healths: &Healths,
) -> Result<FollowThread, OpenError> {
    let apart = folder.path().canonicalize();
    let apart = apart.map_err(|error| {
        OpenError::Follow(format!("{}: cannot be found: {error}", folder.path().display()))
    })?;
    FollowThread::start(keeper.clone(), published, Arc::clone(clock), healths.clone(), apart)
        .map_err(OpenError::Follow)
}

/// Starts what keeps the slots of a folder.
fn keeper(
    folder: &Folder,
    published: Arc<Published>,
    clock: Arc<dyn Clock>,
    record: Recorder,
) -> Result<(Keeper, KeeperThread), StartError> {
    let (file, same) = (folder.slots(), folder.slots());
    if let Some(loss) = lost(&published.read(), &file) {
        tracing::error!("{loss}");
    }
    let opening =
        Opening { store: move || SlotFile::open(&file), reader: move || SlotReader::open(&same) };
    let bond = Bond::to(folder).map_err(StartError::Store)?;
    Keeper::start(opening, bond, published, clock, record)
}

/// Holds the clock against what is on record, before anything is recorded by it.
fn start_clock(clock: &dyn Clock, journal_ms: i64, folder: &Folder) {
    // Slots that cannot be read are told by whoever opens them.
    let record_ms = journal_ms.max(slots_end_ms(folder).unwrap_or(0));
    clock.starts_after(record_ms);
    let now = clock.now();
    if now.jump_ms != 0 {
        tracing::error!(
            "the clock of the machine says {}, so long after the newest record of {} that it may be wrong; it is \
             believed once it stood for five minutes, and until then no decision is more than unknown",
            rfc3339_ms(now.ms.saturating_add(now.jump_ms)),
            rfc3339_ms(record_ms),
        );
    }
}

/// The end of the newest slots, in milliseconds since 1970; 0 where there are none.
fn slots_end_ms(folder: &Folder) -> Result<i64, Error> {
    let extent = SlotReader::open(&folder.slots())?.reads().extent()?;
    Ok(extent.map_or(0, |extent| extent.to.second().saturating_mul(1000)))
}

/// That the slots are gone, where there were some: whoever opened the folder before made the file.
fn lost(state: &State, slots: &Path) -> Option<String> {
    let is_there = slots.metadata().is_ok_and(|found| found.len() > 0);
    (!is_there && !state.keys.is_empty()).then(|| {
        format!(
            "{}: gone, or empty, with everything that was measured; it is unknown from now on. Stop the server and \
             restore a backup, if there is one",
            slots.display()
        )
    })
}

/// Tells systemd, where it asked to be told.
fn notify(state: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!("systemd could not be told: {error}");
    }
}

/// Tells systemd that the process lives, as often as it asks for.
async fn watch() {
    let Some(within) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = tokio::time::interval(within / 2);
    loop {
        ticks.tick().await;
        notify(&[sd_notify::NotifyState::Watchdog]);
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_core::catalog::object::{Kind, ObjectId};

    use super::*;

    #[test]
    fn that_the_slots_are_gone_is_said_only_where_there_were_some() {
        let folder = tempfile::tempdir().unwrap();
        let slots = folder.path().join("slots.db");
        let mut state = State::default();
        assert_eq!(lost(&state, &slots), None);
        state.keys.insert(ObjectId { kind: Kind::Sli, name: "good".into() }, 0);
        assert!(lost(&state, &slots).is_some_and(|why| why.contains("unknown from now on")));
        std::fs::write(&slots, "").unwrap();
        assert!(lost(&state, &slots).is_some());
        std::fs::write(&slots, "something").unwrap();
        assert_eq!(lost(&state, &slots), None);
    }
}
