//! `cargo xtask storm`: the storm of the tests (`crates/plimsoll/tests/storm`), as long as it is wanted.

use crate::steps::{Steps, cargo};

/// Runs it; whether nothing was lost and nothing counted twice.
pub(crate) fn run(kills: u32, seed: Option<u64>) -> bool {
    let mut steps = Steps::default();
    let mut command = cargo(&[
        "test",
        "--package",
        "plimsoll",
        "--test",
        "storm",
        "--locked",
        "--",
        "--nocapture",
    ]);
    command.env("PLIMSOLL_STORM_KILLS", kills.to_string());
    if let Some(seed) = seed {
        command.env("PLIMSOLL_STORM_SEED", seed.to_string());
    }
    let _stopped = steps.command("storm", command);
    steps.close()
}
