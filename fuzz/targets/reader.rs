//! Whole inputs, plain or compressed: every line is counted once, as read, malformed or skipped.
#![no_main]

use std::{
    io::{Cursor, Read},
    sync::Mutex,
};

use libfuzzer_sys::fuzz_target;
use plimsoll_source::{Input, Made, Options, read_logs};

static DATA: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn make() -> Box<dyn Read + Send> {
    Box::new(Cursor::new(DATA.lock().expect("no thread panics").clone()))
}

fuzz_target!(|data: &[u8]| {
    *DATA.lock().expect("no thread panics") = data.to_vec();
    let options = Options { threads: std::num::NonZeroUsize::MIN, ..Options::new(4_000_000_000) };
    let reading = read_logs(&[Input::Made(Made { name: "fuzz", make })], &options, &|_| {});
    assert_eq!(reading.lines, reading.parsed + reading.malformed + reading.skipped);
});
