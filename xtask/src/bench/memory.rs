//! The journal and the slots: commands against a bare insert and against `/-/healthy`, the gate against it, the replay, and the minute of
//! many SLIs, with the decisions that follow. Each is a program in `crates/server/examples` that prints lines of `name value`.

use std::path::Path;

use super::measure::cost;
use crate::{steps::cargo, tree};

/// The parts of the state's bench, and with what they are called.
const PARTS: [(&str, &[&str]); 3] =
    [("command_bench", &["1000000"]), ("http_bench", &["2"]), ("gate_bench", &["2"])];

/// Measures, and prints what each program says.
pub(super) fn run(slis: &[u32]) -> Result<(), String> {
    build()?;
    let folder = tempfile::tempdir_in(tree::target())
        .map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    for (program, arguments) in PARTS {
        println!("\n{program}");
        print!("{}", said(folder.path(), program, arguments)?);
    }
    for slis in slis {
        println!("\nround_bench, {slis} SLIs");
        let (file, slis) = (format!("slots-{slis}.db"), slis.to_string());
        for what in ["fill", "rounds"] {
            print!("{}", said(folder.path(), "round_bench", &[what, &file, &slis])?);
        }
        std::fs::remove_file(folder.path().join(&file)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn build() -> Result<(), String> {
    let build = ["build", "--release", "--locked", "-p", "plimsoll-server", "--examples"];
    match cargo(&build).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the release build failed: {status}")),
        Err(error) => Err(format!("cannot start cargo: {error}")),
    }
}

/// What a program says that works in a folder.
fn said(folder: &Path, program: &str, arguments: &[&str]) -> Result<String, String> {
    let path = tree::release("examples").join(program).to_string_lossy().into_owned();
    let folder = folder.to_string_lossy();
    let script = ["bash", "-c", "cd \"$1\" && shift && \"$@\"", "bash", &folder, &path];
    Ok(cost(&[&script[..], arguments].concat())?.output)
}
