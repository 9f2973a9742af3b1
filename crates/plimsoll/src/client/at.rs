//! Which server a command speaks to.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use plimsoll_server::serve::{OpenError, Options, Server};
use plimsoll_store::folder::{Folder, FolderError};

use super::{Client, http::Http, in_process::InProcess};
use crate::failure::Failure;

/// The data folder, unless another is named.
pub const DATA: &str = "./plimsoll-data";

/// So long is waited for another command that has the folder, or for a server that starts.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// Options that say which server a command speaks to.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct At {
    /// Use the server of this data folder, or the folder itself while no server runs
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    pub data: Option<PathBuf>,
    /// Use the server at this address, such as http://127.0.0.1:7420; without it and --data, the environment's
    /// PLIMSOLL_SERVER, or ./plimsoll-data
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Show the token in this file; without it, the environment's PLIMSOLL_TOKEN
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub token_file: Option<PathBuf>,
}

/// Where a server is.
enum Place {
    Address(String),
    Folder(PathBuf),
}

impl At {
    /// Whether the command line names a server or a folder.
    pub fn is_named(&self) -> bool {
        self.data.is_some() || self.server.is_some()
    }

    /// The folder, where one is meant rather than an address.
    pub fn folder(&self) -> Option<PathBuf> {
        match self.place() {
            Place::Folder(folder) => Some(folder),
            Place::Address(_) => None,
        }
    }

    /// A client of the server that is meant.
    ///
    /// # Errors
    /// [`Failure`], when there is none, or it cannot be spoken to.
    pub fn client(&self) -> Result<Client, Failure> {
        self.client_after(PATIENCE)
    }

    /// The same for a question that is answered within so long, or not at all.
    ///
    /// # Errors
    /// As [`At::client`].
    pub fn client_within(&self, within: Duration) -> Result<Client, Failure> {
        let since = Instant::now();
        let client = self.client_after(within.min(PATIENCE))?;
        Ok(client.within(within.saturating_sub(since.elapsed())))
    }

    /// A client, for which no longer than this is waited.
    fn client_after(&self, patience: Duration) -> Result<Client, Failure> {
        match self.place() {
            Place::Address(address) => Ok(Client::new(Http::new(&address, self.token()?)?)),
            Place::Folder(folder) => of_folder(&folder, patience),
        }
    }

    fn place(&self) -> Place {
        let named = self.data.clone().map(Place::Folder);
        let named = named.or_else(|| self.server.clone().map(Place::Address));
        let environment = || env::var("PLIMSOLL_SERVER").ok().filter(|address| !address.is_empty());
        named
            .or_else(|| environment().map(Place::Address))
            .unwrap_or_else(|| Place::Folder(DATA.into()))
    }

    /// The token to show; `None` where there is none.
    fn token(&self) -> Result<Option<String>, Failure> {
        let Some(file) = &self.token_file else {
            return Ok(env::var("PLIMSOLL_TOKEN").ok().filter(|token| !token.is_empty()));
        };
        let text = fs::read_to_string(file).map_err(|error| {
            Failure::usage(format!("cannot read the token in {}: {error}", file.display()))
        })?;
        let token = text.trim();
        if token.is_empty() || token.chars().any(|char| !char.is_ascii_graphic()) {
            return Err(Failure::usage(format!("{} holds no token", file.display()))
                .hint("let it hold the one line that plimsoll token issue printed"));
        }
        Ok(Some(token.to_owned()))
    }
}

/// The server that has the folder; or, while nobody has it, one in this process that goes when the command is done.
fn of_folder(folder: &Path, patience: Duration) -> Result<Client, Failure> {
    if !folder.exists() {
        return Err(Failure::usage(format!("there is no data folder {}", folder.display()))
            .hint("plimsoll serve --data DIR makes one; --data or --server names another"));
    }
    let since = Instant::now();
    loop {
        let in_use = match Server::open(Options::new(folder)) {
            Ok(server) => return Ok(Client::new(InProcess::new(server))),
            Err(OpenError::Folder(error @ FolderError::InUse { .. })) => error,
            Err(error) => return Err(Failure::opened(&error)),
        };
        if let FolderError::InUse { owner, .. } = &in_use
            && let Some(address) = &owner.address
        {
            let token = Folder::token(folder).map_err(|error| Failure::locked(&error))?;
            return Ok(Client::new(Http::new(&reachable(address), token)?));
        }
        // Another command, which is done soon; or a server that starts.
        if since.elapsed() > patience {
            return Err(Failure::away(in_use));
        }
        // Who has the folder tells nobody when it is free.
        thread::sleep(PAUSE);
    }
}

/// Where a server of this machine is reached that listens on this address. One that listens on all of them is on
/// loopback too.
fn reachable(address: &str) -> String {
    match address.parse::<SocketAddr>() {
        Ok(SocketAddr::V4(v4)) if v4.ip().is_unspecified() => format!("127.0.0.1:{}", v4.port()),
        Ok(SocketAddr::V6(v6)) if v6.ip().is_unspecified() => format!("[::1]:{}", v6.port()),
        _ => address.to_owned(),
    }
}
