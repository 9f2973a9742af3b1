//! Installs schemathesis with pip, into a folder of its own below the build output.

use std::{fs, path::PathBuf, process::Command};

use crate::{
    peers::install::{Needed, install as install_packages},
    steps::{Failure, Outcome, shown},
    tree,
};

/// Schemathesis and everything below it, each of one version: other versions roll other dice.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The program.
pub(super) fn program() -> PathBuf {
    folder().join("bin").join("schemathesis")
}

fn folder() -> PathBuf {
    tree::target().join("schemathesis")
}

/// Makes sure that it is there.
pub(super) fn install() -> Outcome {
    install_packages(&[Needed { program: "python3", package: "python3-venv" }])?;
    // Written last, so that an installation that was broken off begins again.
    let installed = folder().join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == REQUIREMENTS) {
        return Ok(1);
    }
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv", "--clear"]).arg(folder());
    done(environment, "it needs Python's venv: apt-get install python3-venv")?;
    let requirements = folder().join("requirements.txt");
    let written = fs::write(&requirements, REQUIREMENTS);
    written.map_err(|error| Failure::one(format!("{}: {error}", requirements.display())))?;
    let mut pip = Command::new(folder().join("bin").join("pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    pip.arg(&requirements);
    done(pip, "it needs a package index of Python's; pip's configuration says which")?;
    fs::rename(&requirements, &installed)
        .map_err(|error| Failure::one(format!("{}: {error}", installed.display())))?;
    Ok(1)
}

fn done(mut command: Command, hint: &str) -> Result<(), Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::one(format!("{}: {status}; {hint}", shown(&command)))),
        Err(error) => Err(Failure::one(format!("{}: {error}; {hint}", shown(&command)))),
    }
}
