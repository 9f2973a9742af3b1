//! `plimsoll restore`: makes a data folder from a backup.

use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

use plimsoll_core::time::rfc3339;
use plimsoll_store::backup;

use crate::{
    failure::Failure,
    output,
    words::{entries, minute},
};

/// Make a data folder from a backup
///
/// The folder must be new, or hold no data yet: nothing is ever overwritten. Every entry of the journal is held
/// against its chain before the folder has it. The backup stays as it is.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the backup, as `plimsoll backup` made it
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// The data folder to make
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when the backup is damaged or the folder cannot be had; nothing new is then there.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    if !args.from.is_dir() {
        let what = format!("{} is no folder", args.from.display());
        return Err(Failure::usage(what).hint("name the folder that plimsoll backup made"));
    }
    let restored = backup::restore(&args.from, &args.data);
    let restored = restored.map_err(|error| Failure::locked(&error))?;
    let (data, head) = (args.data.display(), restored.head);
    let newest = minute(&rfc3339(head.at_ms.div_euclid(1000)));
    let mut text = format!("restored {} into {data}", entries(head.seq));
    if head.seq > 0 {
        // Writing to a String does not fail.
        let _ = write!(text, ", the newest of {newest} UTC");
    }
    for hole in &restored.holes {
        let _ = write!(text, "\nwarning: {hole}");
    }
    let _ = write!(text, "\nplimsoll serve --data {data} goes on from there");
    output::say(&text)?;
    Ok(ExitCode::SUCCESS)
}
