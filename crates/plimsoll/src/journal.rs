//! `plimsoll journal`: everything that people and rules did.

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;
use jiff::Timestamp;
use plimsoll_server::{
    api::journal::{Entries, Entry, Head, Verification},
    replay::ReplayError,
    verifier::verify,
};
use plimsoll_store::{
    folder,
    journal::{ExportError, JournalReader, export},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    client::{At, path},
    failure::Failure,
    mark::author,
    output,
    table::Table,
    words::{entries, minute},
};

/// The journal: everything that people and rules did, in order, each entry chained to those before
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Hold every entry against the chain: exit code 1 when one is damaged
    ///
    /// With a data folder its file is read directly, so this works on a folder that no server can open, and beside a
    /// server that runs.
    Verify {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
    /// Show the newest entries
    Tail {
        /// How many
        #[arg(short = 'n', long = "lines", value_name = "N", default_value_t = 20)]
        lines: u64,
        /// Print the JSON of the interface
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
    /// Write every entry as a line of JSON with its hash, and the head as the last line; no secrets
    ///
    /// The file of a data folder is read directly, also beside a server that runs: the hashes are of its very bytes.
    Export {
        /// The file to make; without it, standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
}

/// Runs the command.
///
/// # Errors
/// [`Failure`], when the journal is damaged or cannot be read.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.act {
        Act::Verify { json, at } => verified(at, *json)?,
        Act::Tail { lines, json, at } => tail(at, *lines, *json)?,
        Act::Export { out, at } => exported(at, out.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn verified(at: &At, json: bool) -> Result<(), Failure> {
    let head = match at.folder() {
        Some(folder) => {
            let journal = folder::journal_of(&folder);
            let head = verify(&journal).map_err(|error| match &error {
                ReplayError::Store(error) => Failure::stored(error),
                ReplayError::Entry { .. } => Failure::input(&error),
            })?;
            let hash = hex(&head.hash);
            Head { seq: head.seq, at: instant(head.at_ms), hash }
        }
        None => at.client()?.read::<Verification>(&path(&["journal", "verification"]))?.head,
    };
    if json {
        return output::json(&text(&Verification { head })?);
    }
    let Head { seq, at, hash } = head;
    if seq == 0 {
        return output::say("the journal is sound; it is empty");
    }
    output::say(&format!(
        "the journal is sound: {}, the newest of {} UTC\nhead {seq} {hash}",
        entries(seq),
        minute(&at)
    ))
}

fn tail(at: &At, lines: u64, json: bool) -> Result<(), Failure> {
    let mut client = at.client()?;
    let head: Head = client.read(&path(&["journal", "head"]))?;
    let mut after = head.seq.saturating_sub(lines);
    let mut items: Vec<Entry> = Vec::new();
    while after < head.seq {
        let limit = (head.seq - after).min(1000);
        let query = format!("{}?after={after}&limit={limit}", path(&["journal"]));
        let page: Entries = client.read(&query)?;
        let Some(last) = page.items.last() else { break };
        after = last.seq;
        items.extend(page.items);
    }
    if json {
        return output::json(&text(&Entries { items, next: None })?);
    }
    let mut table = Table::new("the journal is empty", &[">ENTRY", "AT (UTC)", "WHO", "WHAT"]);
    for Entry { seq, at, actor, event, .. } in items {
        table.row([seq.to_string(), minute(&at), author(actor), words(&event)]);
    }
    output::print(&table.text(output::terminal_columns()))
}

fn exported(at: &At, out: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = at.folder() else {
        return Err(Failure::usage("an export is made from the data folder, not over the network")
            .hint("run it where the folder is, with --data DIR"));
    };
    let journal = reader(&folder)?;
    let failed = |error: ExportError| match error {
        ExportError::Journal(error) => Failure::stored(&error),
        error @ ExportError::Write(_) => Failure::input(error),
    };
    match out {
        None => match export(&journal, &mut BufWriter::new(io::stdout().lock())) {
            // The reader of a pipe has seen enough.
            Err(ExportError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome.map(drop).map_err(failed),
        },
        Some(path) => {
            let named = |error: io::Error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    Failure::input(format!("{} is there already", path.display()))
                        .hint("name another file; nothing is overwritten")
                }
                _ => Failure::input(format!("cannot write {}: {error}", path.display())),
            };
            let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(named)?;
            let mut file = BufWriter::new(file);
            let head = export(&journal, &mut file).map_err(failed)?;
            file.flush().and_then(|()| file.get_ref().sync_all()).map_err(named)?;
            output::say(&format!("exported {} into {}", entries(head.seq), path.display()))
        }
    }
}

/// A time of the journal, as the interface writes it.
fn instant(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).unwrap_or_default().to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The journal of a folder, whoever has it.
fn reader(folder: &Path) -> Result<JournalReader, Failure> {
    JournalReader::open(&folder::journal_of(folder)).map_err(|error| Failure::stored(&error))
}

fn text(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(Failure::input)
}

/// What happened: its type, and what it happened to.
fn words(event: &Value) -> String {
    let field = |name: &str| event.get(name).and_then(Value::as_str);
    let kind = field("type").unwrap_or("something");
    let object =
        event.get("object").and_then(Value::as_object).and_then(|object| object.keys().next());
    let about = [
        field("kind").or(object.map(String::as_str)),
        field("name"),
        field("token"),
        field("exclusion"),
        field("attribution"),
        field("change"),
        field("exception"),
        field("person"),
        field("verdict"),
        field("service"),
    ];
    about.into_iter().flatten().fold(kind.to_owned(), |words, word| words + " " + word)
}
