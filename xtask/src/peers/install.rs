//! Installs what a run needs and the machine lacks, with Debian's packages.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::steps::{Failure, Outcome};

/// A program and the Debian package that holds it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needed {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

/// Makes sure that the programs are there; one check each.
pub(crate) fn install(needed: &[Needed]) -> Outcome {
    let missing = |needed: &[Needed]| -> Vec<&'static str> {
        needed.iter().filter(|one| find(one.program).is_none()).map(|one| one.package).collect()
    };
    let packages = missing(needed);
    if !packages.is_empty() {
        println!("missing: {}", packages.join(" "));
        apt(&["update", "-q"])?;
        apt(&[&["install", "-qy", "--no-install-recommends"], packages.as_slice()].concat())?;
    }
    match missing(needed).as_slice() {
        [] => Ok(needed.len() as u64),
        still => {
            Err(Failure::one(format!("still missing after installation: {}", still.join(" "))))
        }
    }
}

/// Where a program lies. Servers are in folders that are not on everybody's PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(system)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Runs apt-get as root, directly or through sudo.
fn apt(words: &[&str]) -> Result<(), Failure> {
    let Some(apt) = find("apt-get") else {
        return Err(Failure::one(
            "there is no apt-get here: install the missing programs by hand, then repeat",
        ));
    };
    let mut command = if is_root() { Command::new("env") } else { Command::new("sudo") };
    if !is_root() {
        command.args(["--non-interactive", "env"]);
    }
    // Run level 1 keeps Debian's scripts from starting the servers that they install.
    command.args(["DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"]).arg(apt).args(words);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            let what = words.join(" ");
            Err(Failure::one(format!(
                "`apt-get {what}` failed ({status}): it needs root, or sudo without a password, and a package mirror"
            )))
        }
        Err(error) => {
            Err(Failure::one(format!("cannot become root: {error}; run the command as root")))
        }
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|me| me.uid() == 0)
}
