//! `cargo xtask fuzz`: libFuzzer on stable Rust, with nothing installed but a C++ compiler.
//!
//! Coverage comes from LLVM's sancov pass, which the stable compiler carries; sanitizers, which it does not, have
//! little to find in a tree that forbids unsafe code. Every target lies in `fuzz/targets`, its first inputs in
//! `fuzz/seeds`; what libFuzzer learns goes to `fuzz/corpus`, what breaks a target to `fuzz/artifacts`.

use std::{
    fs, io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use tempfile::TempDir;

use crate::{
    steps::{Failure, Outcome, Steps, Stopped, cargo},
    tree,
};

/// The flags with which cargo-fuzz instruments code, too, when no sanitizer is asked for.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0";

/// An input that takes longer than this is a finding.
const SECONDS_PER_INPUT_MAX: u32 = 10;
/// From where the dice of a whole run begin: what it finds, it finds again. `cargo xtask fuzz` throws new ones.
const SEED: u32 = 1;
/// A target that takes more memory than this is a finding.
const MEBIBYTES_MAX: u32 = 1024;

/// Fuzzes one target, or all, for so many seconds each; whether nothing broke.
pub(crate) fn run(target: Option<&str>, seconds: u32, seed: Option<u32>) -> bool {
    let mut steps = Steps::default();
    let _stopped = fuzz(&mut steps, target, seconds, seed);
    steps.close()
}

/// Fuzzes all targets as steps of a longer run, each time with the same dice.
pub(crate) fn fuzz_all(steps: &mut Steps, seconds: u32) -> Result<(), Stopped> {
    fuzz(steps, None, seconds, Some(SEED))
}

fn fuzz(
    steps: &mut Steps,
    target: Option<&str>,
    seconds: u32,
    seed: Option<u32>,
) -> Result<(), Stopped> {
    let mut targets = Vec::new();
    steps.step("fuzz targets", "cargo xtask fuzz", || {
        targets = all_targets()
            .map_err(|error| Failure::one(format!("cannot read fuzz/targets: {error}")))?;
        if let Some(wanted) = target {
            targets.retain(|name| name == wanted);
        }
        if targets.is_empty() {
            return Err(Failure::one("there is no such fuzz target; they lie in fuzz/targets"));
        }
        build().map(|()| 1)
    })?;
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    for some in targets.chunks(cores) {
        steps.step(
            &format!("fuzz {}", some.join(", ")),
            &format!("cargo xtask fuzz NAME --seconds {seconds}"),
            || together(some, seconds, seed),
        )?;
    }
    Ok(())
}

/// Fuzzes some targets at once, each on a core of its own.
fn together(names: &[String], seconds: u32, seed: Option<u32>) -> Outcome {
    let run = |name: &String| run_one(name, one(name, seconds, seed));
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let running: Vec<_> = names.iter().map(|name| scope.spawn(move || run(name))).collect();
        running.into_iter().map(join).collect()
    });
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count() as u64;
    let why: Vec<String> = names
        .iter()
        .zip(outcomes)
        .filter_map(|(name, outcome)| Some(format!("{name}: {}", outcome.err()?.why)))
        .collect();
    if failed == 0 { Ok(names.len() as u64) } else { Err(Failure { why: why.join("; "), failed }) }
}

fn join(running: thread::ScopedJoinHandle<'_, Outcome>) -> Outcome {
    running.join().unwrap_or_else(|_| Err(Failure::one("its thread panicked")))
}

/// The names of all targets, in order.
fn all_targets() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder("targets"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}

/// Builds every target with coverage. `--target` keeps the flags away from build scripts and macros.
fn build() -> Result<(), Failure> {
    let host = host()?;
    let mut command = cargo(&["build", "--release", "--locked", "--bins", "--target", &host]);
    command.arg("--manifest-path").arg(folder("Cargo.toml")).arg("--target-dir").arg(output());
    command.env("RUSTFLAGS", COVERAGE);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::one(format!("{status}; libFuzzer needs a C++ compiler (g++)"))),
        Err(error) => Err(Failure::one(format!("cannot start cargo: {error}"))),
    }
}

fn one(name: &str, seconds: u32, seed: Option<u32>) -> Result<Command, Failure> {
    let (corpus, artifacts) = (folder("corpus").join(name), folder("artifacts").join(name));
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder)
            .map_err(|error| Failure::one(format!("cannot make {}: {error}", folder.display())))?;
    }
    let mut command = Command::new(output().join(host()?).join("release").join(name));
    command.arg(corpus).arg(folder("seeds").join(name));
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    command.arg(format!("-max_total_time={seconds}"));
    command.args(seed.map(|seed| format!("-seed={seed}")));
    command.arg(format!("-timeout={SECONDS_PER_INPUT_MAX}"));
    command.arg(format!("-rss_limit_mb={MEBIBYTES_MAX}"));
    command.args(["-verbosity=0", "-print_final_stats=1"]);
    let dictionary = folder("dictionaries").join(format!("{name}.dict"));
    if dictionary.exists() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    Ok(command)
}

fn run_one(name: &str, command: Result<Command, Failure>) -> Result<u64, Failure> {
    let scratch =
        scratch().map_err(|error| Failure::one(format!("no place for files: {error}")))?;
    let output = command?.env("TMPDIR", scratch.path()).output();
    let output = output.map_err(|error| Failure::one(format!("cannot start {name}: {error}")))?;
    let told = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        told.lines()
            .filter_map(|line| line.strip_prefix("stat::"))
            .for_each(|line| println!("   {line}"));
        return Ok(1);
    }
    println!("{told}");
    let why =
        format!("the input lies in fuzz/artifacts/{name}: make it a test, then mend the code");
    Err(Failure::one(format!("{}; {why}", output.status)))
}

/// Where targets put their files: in memory, where the system has such a place. A target that is ended cleans nothing up.
fn scratch() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
}

fn folder(name: &str) -> PathBuf {
    tree::root().join("fuzz").join(name)
}

/// Apart from other builds: the flags differ.
fn output() -> PathBuf {
    tree::target().join("fuzz")
}

fn host() -> Result<String, Failure> {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.map_err(|error| Failure::one(format!("cannot start rustc: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::one("rustc -vV names no host"))
}
