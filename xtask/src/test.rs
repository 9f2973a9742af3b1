//! `cargo xtask test`: every check of the project, in the order in which they fail fastest.

use crate::{
    fuzz, licences, peers, schemathesis,
    steps::{Failure, Outcome, Steps, Stopped, cargo},
    tidy,
};

/// How long each fuzz target runs.
const FUZZ_SECONDS: u32 = 30;

/// How long new seeds of the simulation run.
const SIMULATION_SECONDS: &str = "60";

/// Runs the checks; whether all passed. `quick` leaves out what needs more than Rust.
pub(crate) fn run(quick: bool) -> bool {
    let mut steps = Steps::default();
    let _stopped =
        quick_steps(&mut steps).and_then(|()| if quick { Ok(()) } else { full_steps(&mut steps) });
    steps.close()
}

fn quick_steps(steps: &mut Steps) -> Result<(), Stopped> {
    steps.step("tidy", "cargo xtask tidy", tidy::run)?;
    steps.step("licences", "cargo xtask licences", licences::run)?;
    steps.command("formatting", cargo(&["fmt", "--all", "--check"]))?;
    steps.command(
        "formatting of fuzz",
        cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]),
    )?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    steps.command("lints", cargo(&clippy))?;
    steps.command("tests", cargo(&["test", "--workspace", "--locked"]))
}

fn full_steps(steps: &mut Steps) -> Result<(), Stopped> {
    let mut documentation =
        cargo(&["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    steps.command("documentation", documentation)?;
    peers::install(steps)?;
    peers::senders(steps)?;
    // Once more, now that curl is there for sure.
    let pipelines = ["test", "-p", "plimsoll", "--test", "pipelines", "--locked"];
    steps.command("pipelines", cargo(&pipelines))?;
    steps.step("example", "cargo run --release -- assess --example --json", example)?;
    schemathesis::schemathesis(steps)?;
    let simulate = ["run", "--release", "--locked", "-p", "plimsoll-sim", "--", "--fresh"];
    let simulate = cargo(&[&simulate[..], &[SIMULATION_SECONDS]].concat());
    steps.command("simulation", simulate)?;
    fuzz::fuzz_all(steps, FUZZ_SECONDS)
}

/// The first command of the README: the example has three services and one line that was cut off.
fn example() -> Outcome {
    // As a user types it: what the command runs is said by the workspace, not by a path of ours.
    let words = ["run", "--release", "--locked", "--", "assess", "--example", "--json"];
    let assessment = peers::assessed(cargo(&words))?;
    let services: Vec<&str> = assessment.services.keys().map(String::as_str).collect();
    if services == ["admin.example", "api.example", "shop.example"] && assessment.malformed == 1 {
        return Ok(1);
    }
    Err(Failure::one(format!("not what the example holds: {assessment:?}")))
}
