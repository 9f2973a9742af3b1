//! `plimsoll serve`: the server.

use std::{
    io::IsTerminal as _,
    net::{SocketAddr, ToSocketAddrs as _},
    path::PathBuf,
    process::ExitCode,
};

use plimsoll_core::printable::printable_lines;
use plimsoll_server::serve::{Options, Server};

use crate::{client::DATA, failure::Failure, output};

/// Run the server
///
/// It ends cleanly when it is interrupted (Ctrl-C, SIGTERM): what is under way is finished first. systemd is told
/// when it is ready (Type=notify), and that it lives (WatchdogSec=).
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The data folder; it is made where it is not
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7420", value_parser = address)]
    listen: SocketAddr,
    /// A further name under which it is reached, such as that of the proxy before it; may be repeated
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// The person who owns the data folder; without it, whoever runs this
    #[arg(long, value_name = "HANDLE")]
    owner: Option<String>,
}

/// Runs the server until it is told to end.
///
/// # Errors
/// [`Failure`], when the folder or the address cannot be had.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    log();
    let mut options = Options::new(&args.data);
    options.hosts.clone_from(&args.hosts);
    options.owner.clone_from(&args.owner);
    options.is_lasting = true;
    let server = Server::open(options).map_err(|error| Failure::opened(&error))?;
    let data = args.data.display().to_string();
    server.serve(args.listen, |address| greet(address, &data)).map_err(Failure::usage)?;
    Ok(ExitCode::SUCCESS)
}

/// Says where the server is; nothing stops it where nobody reads that.
fn greet(address: SocketAddr, data: &str) {
    let mut text = format!("listening on http://{address}, data in {data}\n");
    if !address.ip().is_loopback() {
        text += "This is not TLS, and others reach it: put a proxy that ends TLS before it.\n";
    }
    let _ = output::print(&printable_lines(&text));
}

/// The log goes to standard error.
pub(crate) fn log() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}

/// An address, or the first one of a name.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let found =
        text.to_socket_addrs().map_err(|error| format!("{error}; write it like 127.0.0.1:7420"))?;
    found.into_iter().next().ok_or_else(|| "the name has no address".to_owned())
}
