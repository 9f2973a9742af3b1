//! What a command costs: CPU seconds and memory, without unsafe code.

use std::{
    fs, io,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// The cost of one run.
#[derive(Debug, Clone)]
pub(super) struct Cost {
    /// User and system time of the command and what it started, in milliseconds.
    pub(super) cpu_ms: u64,
    /// Time on the wall, in milliseconds.
    pub(super) wall_ms: u64,
    /// What it printed.
    pub(super) output: String,
}

/// Runs a command several times; the run with the least CPU time.
pub(super) fn least(words: &[&str], runs: u32) -> Result<Cost, String> {
    let mut best: Option<Cost> = None;
    for _ in 0..runs {
        let cost = cost(words)?;
        if best.as_ref().is_none_or(|best| cost.cpu_ms < best.cpu_ms) {
            best = Some(cost);
        }
    }
    best.ok_or_else(|| "no run".to_owned())
}

/// Runs a command once under bash, whose `time` knows the CPU time of what it waited for to the millisecond.
pub(super) fn cost(words: &[&str]) -> Result<Cost, String> {
    let script = "TIMEFORMAT='%3R %3U %3S'; time \"$@\"";
    let output = Command::new("bash").args(["-c", script, "bash"]).args(words).output();
    let output = output.map_err(|error| format!("cannot start bash: {error}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{} failed: {errors}", words[0]));
    }
    let times: Vec<u64> =
        errors.lines().last().unwrap_or_default().split(' ').filter_map(thousandths).collect();
    let [wall_ms, user_ms, system_ms] = times[..] else {
        return Err(format!("bash told no times: {errors}"));
    };
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Cost { cpu_ms: user_ms + system_ms, wall_ms, output })
}

fn thousandths(seconds: &str) -> Option<u64> {
    seconds.replace(['.', ','], "").parse().ok()
}

/// The most memory that a command ever held, in KiB: the high-water mark as last seen before its end.
pub(super) fn peak_kib(words: &[&str]) -> io::Result<u64> {
    let mut child = Command::new(words[0])
        .args(&words[1..])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        let status = fs::read_to_string(&path).unwrap_or_default();
        let mark =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
        peak = mark.and_then(|kib| kib.parse().ok()).unwrap_or(peak);
        thread::sleep(Duration::from_millis(2));
    }
    Ok(peak)
}
