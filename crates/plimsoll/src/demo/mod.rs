//! `plimsoll demo`: the server with a small company and ninety days of its history, in a folder of its own that goes
//! when it ends.
//!
//! Nothing of what it shows is made up beside the server: documents, people, changes and exceptions are commands that
//! its rules let pass, counts are pushed, the last hour is followed from a log, and every decision is made from them.

mod changes;
mod clerk;
mod company;
mod deeds;
mod documents;
mod hour;
mod life;
mod lines;
mod plot;
mod story;
mod traffic;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::ExitCode,
    time::Instant,
};

use plimsoll_core::{printable::printable_lines, ratio::grouped, time::Minute};
use plimsoll_server::{
    ending,
    measure::keeper::GRACE_MS,
    serve::{Options, Server},
};
use tempfile::TempDir;

use self::{
    company::{ENGINEERING, SERVICES},
    life::{Life, now_s},
};
use crate::{failure::Failure, output, serve};

/// Where the server listens, where nothing else is said.
const PORT: u16 = 7420;

/// Another seed is another quarter.
const SEED: u64 = 1876;

/// Show a small company with ninety days of history, and what the server says of it
///
/// It makes the history anew each time, up to now, in a temporary folder; the same seed makes the same one. When it is
/// interrupted (Ctrl-C), it removes that folder.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the dice of the history begin
    #[arg(long, value_name = "NUMBER", default_value_t = SEED)]
    seed: u64,
    /// The address to listen on; without it 127.0.0.1:7420, or a free port where that one is taken
    #[arg(long, value_name = "ADDRESS", value_parser = serve::address)]
    listen: Option<SocketAddr>,
}

/// Runs the demo until it is told to end.
///
/// # Errors
/// [`Failure`], when the folder or the address cannot be had.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    serve::log();
    let is_told = ending::notice().map_err(Failure::usage)?;
    let begun = Instant::now();
    let (address, is_other) = match args.listen {
        Some(address) => (address, false),
        None => free(),
    };
    let folder = tempfile::Builder::new().prefix("plimsoll-demo-").tempdir();
    let folder = folder.map_err(|error| Failure::usage(format!("no temporary folder: {error}")))?;
    let (data, logs) = (folder.path().join("data"), folder.path().join("logs"));
    fs::create_dir(&logs).map_err(|error| story::cannot_log(&logs, &error))?;
    let end = Minute::of_second(now_s() - GRACE_MS / 1000);
    let Some(told) = story::tell(&data, &logs, args.seed, end, &is_told)? else {
        return removed(folder);
    };
    let (changes, minutes) = (told.changes, told.minutes);
    let mut options = Options::new(&data);
    options.owner = Some(ENGINEERING.to_owned());
    let server = Server::open(options).map_err(|error| Failure::opened(&error))?;
    let life = Life::start(told, data.clone());
    let life = life.map_err(|error| Failure::usage(format!("no thread to go on: {error}")))?;
    let outcome = server.serve(address, |address| {
        let made = format!(
            "{} changes and {} minutes of {} services, made in {:.1} s from the seed {}",
            grouped(changes as u128),
            grouped(minutes as u128),
            SERVICES.len(),
            begun.elapsed().as_secs_f64(),
            args.seed
        );
        greet(address, is_other, &data, &made);
    });
    life.end();
    let ended = removed(folder);
    outcome.map_err(Failure::usage)?;
    ended
}

/// Removes the folder and says so.
fn removed(folder: TempDir) -> Result<ExitCode, Failure> {
    let place = folder.path().display().to_string();
    folder
        .close()
        .map_err(|error| Failure::usage(format!("{place} could not be removed: {error}")))?;
    output::say("The demo has ended, and its folder is gone.")?;
    Ok(ExitCode::SUCCESS)
}

/// The usual address, or one that is free where somebody has that; and whether it is another.
fn free() -> (SocketAddr, bool) {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    match TcpListener::bind(usual) {
        Ok(_) => (usual, false),
        Err(_) => (SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), true),
    }
}

/// What is worth a look.
const LOOKS: [&str; 8] = [
    "budget",
    "budget checkout-availability --statement",
    "gate checkout --risk high",
    "gate recommendations",
    "decision history orders",
    "exception bill",
    "change obedience recommendations",
    "promise coverage",
];

/// Says where the company is to be seen, and what to try; nothing stops the demo where nobody reads that.
fn greet(address: SocketAddr, is_other: bool, data: &Path, made: &str) {
    let taken = if is_other {
        format!("\nThe usual port {PORT} is taken, so it listens on another.\n")
    } else {
        String::new()
    };
    let data = data.display();
    let looks: Vec<String> =
        LOOKS.iter().map(|look| format!("    plimsoll {look} --data {data}\n")).collect();
    let looks = looks.concat();
    let text = format!(
        "Tidewater, a shop for tea, with ninety days of history up to now:\n{made}.\n\n    http://{address}/\n{taken}\n\
         Ask it in another terminal, as {ENGINEERING}, the head of engineering:\n\n{looks}\n\
         Its log goes on growing. Ctrl-C ends it and removes the folder.\n"
    );
    let _ = output::print(&printable_lines(&text));
}
