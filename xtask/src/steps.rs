//! A run of named steps: each is announced, timed and counted, and the first that fails ends the run.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Instant,
};

use crate::tree;

/// What a step gives: how many checks passed, or why it failed.
pub(crate) type Outcome = Result<u64, Failure>;

/// Why a step failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What went wrong and what to do about it.
    pub(crate) why: String,
    /// How many checks failed, at least 1.
    pub(crate) failed: u64,
}

impl Failure {
    /// One failed check.
    pub(crate) fn one(why: impl Into<String>) -> Self {
        Failure { why: why.into(), failed: 1 }
    }
}

/// A step failed; those after it must not run.
#[derive(Debug)]
pub(crate) struct Stopped;

/// The count so far.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    passed: u64,
    failed: u64,
}

impl Steps {
    /// Runs one step; `repeat` is the command that runs it alone.
    pub(crate) fn step(
        &mut self,
        name: &str,
        repeat: &str,
        work: impl FnOnce() -> Outcome,
    ) -> Result<(), Stopped> {
        println!("== {name}");
        let start = Instant::now();
        let outcome = work();
        let seconds = start.elapsed().as_secs_f64();
        match outcome {
            Ok(passed) => {
                self.passed += passed;
                println!("== {name}: passed in {seconds:.1} s\n");
                Ok(())
            }
            Err(Failure { why, failed }) => {
                self.failed += failed;
                println!("== {name}: failed after {seconds:.1} s: {why}");
                println!("   Repeat this step alone: {repeat}\n");
                Err(Stopped)
            }
        }
    }

    /// Runs a command as a step, from the root of the repository. Test results in its output are counted one by
    /// one; a command that prints none counts as one check.
    pub(crate) fn command(&mut self, name: &str, command: Command) -> Result<(), Stopped> {
        let repeat = shown(&command);
        self.step(name, &repeat, || run_counted(command))
    }

    /// Prints the closing line; whether nothing failed.
    pub(crate) fn close(self) -> bool {
        println!("{} passed, {} failed", self.passed, self.failed);
        self.failed == 0
    }
}

/// A command of the cargo that runs us, at the root of the repository.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(tree::root());
    command
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let mut words: Vec<String> = command
        .get_envs()
        .filter_map(|(name, value)| {
            Some(format!("{}='{}'", name.to_string_lossy(), value?.to_string_lossy()))
        })
        .collect();
    let program = command.get_program().to_string_lossy();
    words.push(program.rsplit('/').next().unwrap_or_default().to_owned());
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

fn run_counted(mut command: Command) -> Outcome {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| cannot_start(&command, &error))?;
    let (mut passed, mut failed) = (0, 0);
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some((more_passed, more_failed)) = test_result(&line) {
                passed += more_passed;
                failed += more_failed;
            }
            println!("{line}");
        }
    }
    let status = child.wait().map_err(|error| Failure::one(error.to_string()))?;
    if status.success() {
        return Ok(u64::max(passed, 1));
    }
    Err(Failure { why: status.to_string(), failed: u64::max(failed, 1) })
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Failure {
    Failure::one(format!("cannot start {}: {error}", command.get_program().to_string_lossy()))
}

/// Passed and failed of a line such as `test result: ok. 12 passed; 0 failed; 0 ignored; …`.
fn test_result(line: &str) -> Option<(u64, u64)> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count = |word: &str| {
        counts.split("; ").find_map(|part| part.strip_suffix(word)?.trim().parse::<u64>().ok())
    };
    Some((count("passed")?, count("failed")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_results_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(test_result(line), Some((12, 3)));
        assert_eq!(test_result("test tidy ... ok"), None);
    }

    #[test]
    fn a_failed_step_stops_the_run_and_is_counted() {
        let mut steps = Steps::default();
        assert!(steps.step("good", "true", || Ok(2)).is_ok());
        assert!(steps.step("bad", "false", || Err(Failure::one("broken"))).is_err());
        assert_eq!((steps.passed, steps.failed), (2, 1));
        assert!(!steps.close());
    }
}
