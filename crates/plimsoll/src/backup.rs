//! `plimsoll backup`: a copy of a data folder, beside a server that runs.

use std::{path, path::PathBuf, process::ExitCode};

use plimsoll_server::api::backups::{Backup, NewBackup};

use crate::{
    client::{self, At, path},
    failure::Failure,
    output,
    words::{entries, minute},
};

/// Copy the data folder of a server into a new folder, and verify the copy
///
/// Journal, secrets and slots; `plimsoll restore` makes a data folder of it. The copy holds secrets: keep it as safe
/// as the folder itself.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to make, on the machine of the server
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// Print the JSON of the interface
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when the folder is there already, cannot be written, or the journal is damaged.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let to = path::absolute(&args.to).map_err(Failure::usage)?;
    let Some(to) = to.to_str().map(str::to_owned) else {
        return Err(Failure::usage(format!("{} is no text in UTF-8", to.display())));
    };
    let answer = args.at.client()?.post_once(&path(&["backups"]), &NewBackup { to })?;
    if args.json {
        output::json(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Backup { to, head, holes } = client::read(answer.as_bytes())?;
    output::say(&format!(
        "backed up {} into {to}, the newest of {} UTC",
        entries(head.seq),
        minute(&head.at)
    ))?;
    for hole in holes {
        output::note(&format!("warning: damaged slots were copied along: {hole}"));
    }
    Ok(ExitCode::SUCCESS)
}
