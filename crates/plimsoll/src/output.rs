//! What a command prints.

use std::io::{self, Write as _};

use plimsoll_core::printable::{printable_json, printable_lines};
use serde::de::DeserializeOwned;
use terminal_size::{Width, terminal_size_of};

use crate::{
    client::{self, List},
    failure::Failure,
    page::Page,
    table::Table,
};

/// Prints to standard output, with styles where it wants them.
///
/// # Errors
/// [`Failure`], when it cannot be written. That the reader of a pipe has seen enough is no error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => {
            outcome.map_err(|error| Failure::input(format!("cannot write the output: {error}")))
        }
    }
}

/// Prints a line of words, with nothing in it that is not printable.
///
/// # Errors
/// As [`print()`].
pub fn say(line: &str) -> Result<(), Failure> {
    print(&format!("{}\n", printable_lines(line)))
}

/// Prints what a server answered, as JSON.
///
/// # Errors
/// As [`print()`].
pub fn json(answer: &str) -> Result<(), Failure> {
    print(&format!("{}\n", printable_json(answer.trim_end())))
}

/// Prints a list: as JSON, or as the table that it makes.
///
/// # Errors
/// As [`print()`], or when the list is not what this program understands.
pub fn list<T: DeserializeOwned>(
    list: &List,
    as_json: bool,
    table: impl FnOnce(Vec<T>) -> Table,
) -> Result<(), Failure> {
    if as_json { json(&list.json()) } else { print(&table(list.read()?).text(terminal_columns())) }
}

/// Prints one thing: as JSON, or as the page that it makes.
///
/// # Errors
/// As [`print()`], or when the answer is not what this program understands.
pub fn one<T: DeserializeOwned>(
    answer: &str,
    as_json: bool,
    shown: impl FnOnce(&T, &mut Page),
) -> Result<(), Failure> {
    if as_json {
        return json(answer);
    }
    let mut page = Page::new(terminal_columns());
    shown(&client::read(answer.as_bytes())?, &mut page);
    print(&page.into_text())
}

/// Says something to a person, where standard output is for a program.
pub fn note(line: &str) {
    // Where standard error is gone nobody is left to tell.
    let _ = writeln!(anstream::stderr(), "{}", printable_lines(line));
}

/// How wide the terminal is that the output goes to; `None` where it goes elsewhere.
pub fn terminal_columns() -> Option<usize> {
    terminal_size_of(io::stdout()).map(|(Width(columns), _)| columns.into())
}
