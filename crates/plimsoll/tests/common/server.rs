//! A data folder, a server on it, and commands that speak to it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use regex::Regex;
use tempfile::TempDir;

use super::PLIMSOLL;

/// What a command said and how it ended, with everything that differs from run to run named by a word.
pub fn said(output: &Output) -> String {
    let mut text = String::from_utf8(output.stdout.clone()).unwrap();
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    for line in errors.lines() {
        text.extend([format!("! {line}").trim_end(), "\n"]);
    }
    match output.status.code() {
        Some(0) => steady(&text),
        code => steady(&text) + &format!("[exit {}]\n", code.unwrap()),
    }
}

/// A text without what differs from run to run.
pub fn steady(text: &str) -> String {
    let patterns = [
        (r"_[0-9a-f]{64}", "_SECRET"),
        (r"[0-9a-f]{64}", "HASH"),
        (r"([acetx])-[0-9a-z]{20}", "$1-ID"),
        (r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?", "TIME"),
        (r"process \d+", "process PID"),
        (r"127\.0\.0\.1:\d+", "ADDRESS"),
    ];
    patterns.iter().fold(text.to_owned(), |text, (pattern, word)| {
        Regex::new(pattern).unwrap().replace_all(&text, *word).into_owned()
    })
}

/// A folder to work in; its data folder is `data` in it.
pub struct Place {
    folder: TempDir,
    server: Option<(Child, String)>,
}

impl Place {
    pub fn new() -> Self {
        Place { folder: TempDir::new().unwrap(), server: None }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The command, in this folder, run by ada, who has set nothing else.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PLIMSOLL);
        command.current_dir(self.path()).args(args).env("USER", "ada");
        for name in ["PLIMSOLL_SERVER", "PLIMSOLL_TOKEN", "NOTIFY_SOCKET"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().unwrap()
    }

    /// What a command says.
    pub fn says(&self, args: &[&str]) -> String {
        said(&self.run(args))
    }

    /// Runs a command that must succeed; what it prints.
    pub fn prints(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a server on the data folder and waits until it listens.
    pub fn start(&mut self) -> String {
        self.start_for(&[])
    }

    /// The same, with further arguments.
    pub fn start_for(&mut self, more: &[&str]) -> String {
        let args = ["serve", "--data", "data", "--listen", "127.0.0.1:0"];
        let mut child = self
            .command(&args)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line
            .split(['/', ','])
            .nth(2)
            .unwrap_or_else(|| panic!("no address: {line}"))
            .to_owned();
        self.server = Some((child, address.clone()));
        format!("http://{address}")
    }

    /// Tells the server to end, and waits for it.
    pub fn stop(&mut self) {
        let Some((mut child, _)) = self.server.take() else { return };
        let process = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((mut child, _)) = self.server.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A pushed objective.
pub fn slo(name: &str, target: &str) -> String {
    format!(
        "apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: shop
  indicator:
    metadata: {{name: {name}-answers}}
    spec:
      ratioMetric:
        counter: false
        bad: {{metricSource: {{metricSourceRef: counter, spec: {{count: bad}}}}}}
        total: {{metricSource: {{metricSourceRef: counter, spec: {{count: all}}}}}}
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {target}}}]
"
    )
}

/// The source of its counts.
pub const SOURCE: &str = "apiVersion: openslo/v1
kind: DataSource
metadata: {name: counter}
spec: {type: push, connectionDetails: {}}
";
