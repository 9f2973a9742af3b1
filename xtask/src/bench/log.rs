//! The log that the benchmarks read: nginx combined with the request time behind, 30 days, about 165 bytes a line.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

/// Mean length of a line, near enough to know how many make a file of some size.
const LINE_BYTES: u64 = 165;
const SECONDS: u64 = 30 * 24 * 3600;

const PATHS: [&str; 4] = [
    "/api/v1/items/",
    "/api/v1/customers/profile/",
    "/static/img/banner-",
    "/catalog/search?offset=",
];
const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko Firefox/140.0",
    "Mozilla/5.0 (Linux; Android 16; K) Chrome/150.0 Mobile Safari/537.36",
    "okhttp/5.1.0 (warehouse-sync)",
];

/// Writes a log of about so many bytes; always the same for the same size.
pub(crate) fn write(path: &Path, bytes: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let lines = bytes / LINE_BYTES;
    let mut state = 1;
    for number in 0..lines {
        let second = (u128::from(number) * u128::from(SECONDS) / u128::from(lines)) as u64;
        line(&mut out, second, mixed(&mut state))?;
    }
    out.flush()
}

fn line(out: &mut impl Write, second: u64, dice: u64) -> io::Result<()> {
    let part = |shift: u32, below: u64| (dice >> shift) % below;
    let (day, hour, minute) = (second / 86_400 + 1, second / 3600 % 24, second / 60 % 60);
    let status = match part(0, 1000) {
        0..=6 => 503,
        7..=36 => 404,
        37..=136 => 304,
        _ => 200,
    };
    let millis = if part(10, 10) == 0 { 250 + part(14, 2000) } else { part(14, 250) };
    writeln!(
        out,
        "198.51.{}.{} - - [{day:02}/Jun/2026:{hour:02}:{minute:02}:{:02} +0000] \"GET {}{} HTTP/1.1\" {status} {} \"-\" \"{}\" {}.{:03}",
        part(20, 256),
        part(28, 256),
        second % 60,
        PATHS[part(36, 4) as usize],
        part(38, 90_000) + 10_000,
        part(44, 50_000) + 300,
        AGENTS[part(54, 3) as usize],
        millis / 1000,
        millis % 1000,
    )
}

/// SplitMix64: the next number of a fixed sequence.
fn mixed(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
