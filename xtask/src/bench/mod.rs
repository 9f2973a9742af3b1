//! `cargo xtask bench`: ratios to a bare parser and to peers, in one run on one machine. Nothing is asserted about
//! time: machines differ, and so does one machine from minute to minute. What must agree are the counts.

pub(crate) mod bare;
pub(crate) mod log;
mod measure;
mod memory;

use std::{fs, path::Path};

use clap::Args;

use self::{
    bare::Counts,
    measure::{Cost, cost, least, peak_kib},
};
use crate::{assessment::Assessment, peers::install::find, steps::cargo, tree};

/// How often each command runs; the cheapest run counts.
const RUNS: u32 = 3;
/// What slow tools read of the log, in lines: their cost a line is constant. By default mawk reads all of it.
const MAWK_LINES: u64 = 2_000_000;
const PEER_LINES: u64 = 200_000;

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Size of the log, in millions of bytes.
    #[arg(long, default_value_t = 1000)]
    megabytes: u64,
    /// Also measure mtail and agrind (angle-grinder), as far as they are installed.
    #[arg(long)]
    peers: bool,
    /// For so many SLIs a minute of the server is measured, with 30 days on the disk: 100000 take 5 GB and ten minutes.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000])]
    slis: Vec<u32>,
    /// Also measure a cold release build.
    #[arg(long)]
    build: bool,
}

/// A row of the table.
struct Row {
    name: &'static str,
    lines: u64,
    cost: Cost,
    peak_kib: u64,
    counts: Option<Counts>,
}

/// Measures, and prints the table; whether the counts agree.
pub(crate) fn run(options: &Options) -> bool {
    let measured = measured(options).and_then(|rows| {
        print_table(&rows);
        memory::run(&options.slis).map(|()| agree(&rows))
    });
    match measured {
        Ok(agree) => agree,
        Err(why) => {
            eprintln!("bench: {why}");
            false
        }
    }
}

fn measured(options: &Options) -> Result<Vec<Row>, String> {
    build_release()?;
    if options.build {
        cold_build()?;
    }
    let folder =
        tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let log = text(&folder.path().join("access.log"));
    let (xtask, plimsoll) = (text(&tree::release("xtask")), text(&tree::release("plimsoll")));
    cost(&[&xtask, "bench-log", &log, &(options.megabytes * 1_000_000).to_string()])?;

    let lines = wc_lines(&log)?;
    let (mawk_log, mawk_lines) = head(&log, MAWK_LINES.min(lines))?;
    let mut rows = vec![
        row("wc -l", lines, &["wc", "-l", &log], |_| None)?,
        row("bare parser, 256 KiB", lines, &[&xtask, "bench-bare", &log], bare_counts)?,
        row(
            "bare parser, at once",
            lines,
            &[&xtask, "bench-bare", "--at-once", &log],
            bare_counts,
        )?,
        row(
            "assess, 1 thread",
            lines,
            &[&plimsoll, "assess", "--json", "--threads", "1", &log],
            json_counts,
        )?,
        row("assess, all cores", lines, &[&plimsoll, "assess", "--json", &log], json_counts)?,
        row("mawk", mawk_lines, &["mawk", MAWK, &mawk_log], bare_counts)?,
    ];
    if options.peers {
        let (log, lines) = head(&log, PEER_LINES.min(lines))?;
        rows.extend(peers(folder.path(), &log, lines)?);
    }
    Ok(rows)
}

/// The first lines of the log as a file of their own beside it, and how many.
fn head(log: &str, lines: u64) -> Result<(String, u64), String> {
    let path = format!("{log}.{lines}");
    let text = cost(&["head", "-n", &lines.to_string(), log])?.output;
    fs::write(&path, text).map_err(|error| format!("cannot write {path}: {error}"))?;
    Ok((path, lines))
}

/// Lines, failures and fast requests, as the bare parser prints them.
const MAWK: &str =
    "{ n++; if ($9 >= 500) bad++; if ($NF <= 0.3) fast++ } END { print n, bad, fast }";
/// The count by status class that mtail's own examples make.
const MTAIL: &str =
    "counter requests by class\n/\" (?P<class>\\d)\\d\\d \\d+ \"/ {\n  requests[$class]++\n}\n";
const AGRIND: &str = "* | parse \"\\\" * * \\\"\" as status, bytes | count by status";

/// Rows of tools that do not make the three counts.
const COUNTLESS: [&str; 3] = ["wc -l", "mtail", "agrind"];

fn peers(folder: &Path, log: &str, lines: u64) -> Result<Vec<Row>, String> {
    let program = folder.join("status.mtail");
    fs::write(&program, MTAIL)
        .map_err(|error| format!("cannot write {}: {error}", program.display()))?;
    let program = text(&program);
    let mtail =
        ["mtail", "--one_shot", "--one_shot_format", "json", "--progs", &program, "--logs", log];
    let agrind = ["agrind", "--file", log, AGRIND];
    let mut rows = Vec::new();
    for (name, words) in [("mtail", &mtail[..]), ("agrind", &agrind[..])] {
        if find(name).is_some() {
            rows.push(row(name, lines, words, |_| None)?);
        } else {
            println!("{name} is not installed: no row for it");
        }
    }
    Ok(rows)
}

fn row(
    name: &'static str,
    lines: u64,
    words: &[&str],
    counts: fn(&str) -> Option<Counts>,
) -> Result<Row, String> {
    let cost = least(words, RUNS)?;
    let peak_kib = peak_kib(words).map_err(|error| format!("{}: {error}", words[0]))?;
    let counts = counts(&cost.output);
    Ok(Row { name, lines, cost, peak_kib, counts })
}

fn bare_counts(output: &str) -> Option<Counts> {
    let mut numbers = output.split_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    Some(Counts { lines: next()?, bad: next()?, fast: next()? })
}

fn json_counts(output: &str) -> Option<Counts> {
    let assessment = Assessment::read(output)?;
    Some(Counts { lines: assessment.lines, bad: assessment.bad(), fast: assessment.fast })
}

/// Whether all that read the whole log counted the same; says so.
fn agree(rows: &[Row]) -> bool {
    let most = rows.iter().map(|row| row.lines).max();
    let whole: Vec<&Row> = rows
        .iter()
        .filter(|row| Some(row.lines) == most && !COUNTLESS.contains(&row.name))
        .collect();
    let counted: Vec<Option<Counts>> = whole.iter().map(|row| row.counts).collect();
    let same = counted.windows(2).all(|pair| pair[0].is_some() && pair[0] == pair[1]);
    for row in whole.iter().filter(|_| !same) {
        println!("{}: {:?}", row.name, row.counts);
    }
    println!("{}", if same { "The counts agree." } else { "The counts differ." });
    same
}

fn print_table(rows: &[Row]) {
    let speed = |row: &Row| row.lines as f64 / 1000.0 / row.cost.cpu_ms.max(1) as f64;
    let of = |name: &str| rows.iter().find(|row| row.name == name).map_or(f64::NAN, speed);
    let (bare, mawk) = (of("bare parser, 256 KiB"), of("mawk"));
    println!(
        "{:<22} {:>10} {:>8} {:>8} {:>14} {:>8} {:>8} {:>9}",
        "", "lines", "CPU s", "wall s", "M lines/CPU s", "of bare", "of mawk", "peak MiB"
    );
    for row in rows {
        println!(
            "{:<22} {:>10} {:>8.3} {:>8.3} {:>14.2} {:>8.2} {:>8.1} {:>9.1}",
            row.name,
            row.lines,
            row.cost.cpu_ms as f64 / 1000.0,
            row.cost.wall_ms as f64 / 1000.0,
            speed(row),
            speed(row) / bare,
            speed(row) / mawk,
            row.peak_kib as f64 / 1024.0,
        );
    }
}

fn wc_lines(log: &str) -> Result<u64, String> {
    let output = cost(&["wc", "-l", log])?.output;
    let lines = output.split_whitespace().next().and_then(|lines| lines.parse().ok());
    lines.ok_or_else(|| format!("wc -l told no count: {output}"))
}

fn build_release() -> Result<(), String> {
    let status =
        cargo(&["build", "--release", "--locked", "-p", "plimsoll", "-p", "xtask"]).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the release build failed: {status}")),
        Err(error) => Err(format!("cannot start cargo: {error}")),
    }
}

/// A release build from nothing, in a folder of its own.
fn cold_build() -> Result<(), String> {
    let folder =
        tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let (manifest, target) = (text(&tree::root().join("Cargo.toml")), text(folder.path()));
    let words =
        ["cargo", "build", "--release", "--locked", "-p", "plimsoll", "--manifest-path", &manifest];
    let build = cost(&[&words[..], &["--target-dir", &target]].concat())?;
    println!(
        "cold release build of plimsoll: {} CPU s, {} s on the wall",
        build.cpu_ms / 1000,
        build.wall_ms / 1000
    );
    Ok(())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_differ_are_noticed() {
        let row = |name, bad| {
            let cost = Cost { cpu_ms: 1, wall_ms: 1, output: String::new() };
            Row {
                name,
                lines: 9,
                cost,
                peak_kib: 0,
                counts: Some(Counts { lines: 9, bad, fast: 1 }),
            }
        };
        assert!(agree(&[row("a", 1), row("b", 1), row("wc -l", 2)]));
        assert!(!agree(&[row("a", 1), row("b", 2)]));
    }
}
