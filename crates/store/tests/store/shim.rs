//! Children of a test that run with a shim between them and their files.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

use tempfile::TempDir;

/// In a child: the folder to work in.
const DIR: &str = "SHIM_DIR";
const FAULT: &str = "SHIM_FAULT";

/// The shim, compiled once; `None` where there is no C compiler or no preloading.
static SHIM: LazyLock<Option<(TempDir, PathBuf)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().ok()?;
    let library = folder.path().join("shim.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/store/shim.c");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source);
    let compiled = cfg!(target_os = "linux") && cc.status().is_ok_and(|status| status.success());
    compiled.then_some((folder, library))
});

/// A folder for data, a trace and faults; in memory where that is possible.
pub struct Stage {
    pub folder: TempDir,
}

impl Stage {
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir());
        let stage = Stage { folder: folder.unwrap() };
        fs::create_dir(stage.data()).unwrap();
        stage
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn trace(&self) -> PathBuf {
        self.folder.path().join("trace")
    }

    /// This test program again, running one test; under the shim if there is one.
    pub fn child(&self, test: &str) -> Command {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        child.env(DIR, self.data()).stdin(Stdio::null()).stdout(Stdio::piped());
        child
    }

    /// Runs a child under the shim to its end; `false` when there can be no shim.
    pub fn run_shimmed(&self, test: &str) -> bool {
        let Some((_, shim)) = &*SHIM else {
            println!("skipped: no C compiler, or no preloading on this system");
            return false;
        };
        let mut command = self.child(test);
        command.env("LD_PRELOAD", shim);
        command.env("SHIM_TRACE", self.trace()).env(FAULT, self.folder.path().join("fault"));
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("1 passed"), "{said}");
        true
    }
}

/// In a child: the folder to work in; `None` in the parent, where the child's test has nothing to do.
pub fn data_of_child() -> Option<PathBuf> {
    env::var_os(DIR).map(PathBuf::from)
}

/// In a shimmed child: fails calls from now on, after so many that are spared.
pub fn fail(mode: char, skip: u64, nonce: u64) {
    fs::write(env::var_os(FAULT).unwrap(), format!("{mode} {skip} {nonce}")).unwrap();
}

/// In a shimmed child: no more failures.
pub fn heal() {
    fs::remove_file(env::var_os(FAULT).unwrap()).unwrap();
}
