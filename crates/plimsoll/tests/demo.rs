//! The demo as whoever tries it sees it.
#![allow(clippy::unwrap_used)] // Helpers of tests are tests.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

const PLIMSOLL: &str = env!("CARGO_BIN_EXE_plimsoll");

/// A demo that runs, with its temporary folder in one of ours.
struct Demo {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
    place: TempDir,
}

fn command(place: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(PLIMSOLL);
    command.args(args).env("TMPDIR", place.path()).stdin(Stdio::null());
    for name in ["PLIMSOLL_SERVER", "PLIMSOLL_TOKEN", "NOTIFY_SOCKET"] {
        command.env_remove(name);
    }
    command
}

impl Demo {
    fn start() -> Self {
        let place = TempDir::new().unwrap();
        let mut child = command(&place, &["demo", "--listen", "127.0.0.1:0", "--seed", "3"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Demo { child, said, place }
    }

    /// What it prints when it listens.
    fn greeting(&mut self) -> String {
        let mut text = String::new();
        while !text.contains("Ctrl-C") {
            assert!(self.said.read_line(&mut text).unwrap() > 0, "it ended: {text}");
        }
        text
    }

    /// Interrupts it; what it says then.
    fn interrupt(&mut self) -> String {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
        assert!(self.child.wait().unwrap().success());
        let mut text = String::new();
        while self.said.read_line(&mut text).unwrap() > 0 {}
        text
    }

    fn is_left(&self) -> bool {
        std::fs::read_dir(self.place.path()).unwrap().next().is_some()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn each_command_that_it_prints_works_and_nothing_stays() {
    let mut demo = Demo::start();
    let text = demo.greeting();
    let address = text.lines().find(|line| line.contains("http://")).unwrap().trim();
    let page = ureq::get(address).call().unwrap().body_mut().read_to_string().unwrap();
    for text in [
        "recommendations: <span class=\"spent\">stabilise</span>",
        "checkout: <span class=\"unknown\">caution</span>",
        "No SLO yet; next: Count how many mails",
    ] {
        assert!(page.contains(text), "{page}");
    }
    let looks: Vec<&str> =
        text.lines().filter_map(|line| line.trim().strip_prefix("plimsoll ")).collect();
    assert!(looks.len() >= 5, "{text}");
    for look in looks {
        let args: Vec<&str> = look.split_whitespace().collect();
        let output = command(&demo.place, &args).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        // Whom the gate refuses, it answers.
        let is_refused = args[0] == "gate" && output.status.code() == Some(1);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || is_refused, "{look}: {errors}");
        assert_eq!(is_refused, said.starts_with("REFUSED"), "{look}: {said}");
        assert!(said.lines().count() >= 3, "{look}: {said}");
        let covered =
            "8 of 12 services have a promise that is measured, agreed and fresh (66.6 %)\n";
        assert!(!look.starts_with("promise coverage") || said.starts_with(covered), "{said}");
    }
    let data = text.split_whitespace().skip_while(|word| *word != "--data").nth(1).unwrap();
    let verified = command(&demo.place, &["journal", "verify", "--data", data]).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
    assert!(demo.is_left());
    assert!(demo.interrupt().contains("its folder is gone"));
    assert!(!demo.is_left());
}
