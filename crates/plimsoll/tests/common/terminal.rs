//! A terminal, as a program and a person see it.

use std::{
    ffi::OsStr,
    fs::File,
    io::Read as _,
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    path::Path,
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// A terminal: the end that a person looks at, and the end that a program writes to.
pub fn terminal(columns: u16) -> (OwnedFd, File) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap();
    let path = Path::new(OsStr::from_bytes(name.as_bytes()));
    let program = File::options().read(true).write(true).open(path).unwrap();
    tcsetwinsize(&program, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })
        .unwrap();
    (person, program)
}

/// Everything that appears on a terminal until the last program leaves it.
pub fn seen(person: OwnedFd) -> String {
    let mut bytes = Vec::new();
    // Where nobody writes any more, some systems say so with an error.
    let _ = File::from(person).read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}
