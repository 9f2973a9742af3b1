//! `cargo xtask schemathesis`: requests that schemathesis makes from the description of the interface, good ones and
//! bad ones, sent to a real server; each answer is held against the description.

mod install;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::{
    steps::{Failure, Outcome, Steps, Stopped, cargo, shown},
    tree,
};

/// What is declared while it runs.
const OBJECTS: &str = include_str!("objects.yaml");
/// Which answers are right.
const CONFIGURATION: &str = include_str!("schemathesis.toml");
/// What keeps the run from harming itself.
const HOOKS: &str = include_str!("hooks.py");
/// Who owns the server's folder.
const OWNER: &str = "tester";

/// How long requests are made. What the dice bring is the same in each run; how much of it, the time says.
const SECONDS: &str = "60";
const SEED: &str = "1";

/// Runs it; whether every answer was as described.
pub(crate) fn run() -> bool {
    let mut steps = Steps::default();
    let _stopped = schemathesis(&mut steps);
    steps.close()
}

/// The same as steps of a longer run.
pub(crate) fn schemathesis(steps: &mut Steps) -> Result<(), Stopped> {
    let repeat = "cargo xtask schemathesis";
    steps.step("schemathesis", repeat, install::install)?;
    steps.command("release build", cargo(&["build", "--release", "--locked", "-p", "plimsoll"]))?;
    steps.step("answers as described", repeat, answers)
}

/// A server that ends with this.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _already_gone = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn answers() -> Outcome {
    let folder = tempfile::tempdir().map_err(failure("cannot make a temporary folder"))?;
    let folder = folder.path();
    let server = start(folder)?;
    fs::write(folder.join("objects.yaml"), OBJECTS).map_err(failure("cannot write objects"))?;
    ask(folder, &["apply", "objects.yaml"])?;
    let token = folder.join("data").join("local.token");
    let token = fs::read_to_string(token).map_err(failure("cannot read local.token"))?;
    try_all(folder, &server.address, token.trim_end())?;
    // Had the run locked itself out, every later answer would have been 401, which is described too.
    ask(folder, &["person", "list"])?;
    ask(folder, &["journal", "verify"])?;
    Ok(1)
}

fn start(folder: &Path) -> Result<Server, Failure> {
    let errors = fs::File::create(folder.join("errors")).map_err(failure("cannot write errors"))?;
    let mut command = Command::new(tree::release("plimsoll"));
    command.args(["serve", "--data", "data", "--listen", "127.0.0.1:0", "--owner", OWNER]);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
    let mut child = command.spawn().map_err(failure("cannot start the server"))?;
    let mut greeting = String::new();
    if let Some(output) = child.stdout.take() {
        // It ends when the server listens, or has failed.
        let _ = BufReader::new(output).read_line(&mut greeting);
    }
    let address = greeting.split_once("http://").and_then(|(_, rest)| rest.split_once(','));
    let address = address.map(|(address, _)| address.to_owned()).unwrap_or_default();
    let server = Server { child, address };
    if server.address.is_empty() {
        let told = fs::read_to_string(folder.join("errors")).unwrap_or_default();
        return Err(Failure::one(format!("the server does not listen: {greeting}{told}")));
    }
    Ok(server)
}

/// Runs a command of plimsoll on the server.
fn ask(folder: &Path, words: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new(tree::release("plimsoll"));
    command.args(words).args(["--data", "data"]).current_dir(folder);
    let output = command.output().map_err(failure("cannot start plimsoll"))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(Failure::one(format!("{}: {}: {told}", shown(&command), output.status)))
}

fn try_all(folder: &Path, address: &str, token: &str) -> Result<(), Failure> {
    let files = [("hooks.py", HOOKS), ("schemathesis.toml", CONFIGURATION)];
    for (name, text) in files {
        fs::write(folder.join(name), text).map_err(failure("cannot write the configuration"))?;
    }
    let url = format!("http://{address}");
    let mut command = Command::new(install::program());
    command.arg("run").arg(format!("{url}/api/v1/openapi.json")).args(["--url", &url]);
    command.args(["--header", &format!("Authorization: Bearer {token}")]);
    command.args(["--max-time", SECONDS, "--seed", SEED, "--generation-database", "none"]);
    command.args(["--continue-on-failure", "--no-color"]);
    command.env("SCHEMATHESIS_HOOKS", "hooks").env("PYTHONPATH", folder);
    command.env("PLIMSOLL_OWNER", OWNER).env("PLIMSOLL_FOLDER", folder).current_dir(folder);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            let told = fs::read_to_string(folder.join("errors")).unwrap_or_default();
            Err(Failure::one(format!("{status}; the server said:\n{told}")))
        }
        Err(error) => Err(Failure::one(format!("cannot start schemathesis: {error}"))),
    }
}

fn failure(what: &'static str) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::one(format!("{what}: {error}"))
}
