//! A fixed set of seeds, and that a seed tells the same story every time.

use plimsoll_sim::{run, strike::Counts};

const SEEDS: u64 = 24;
const STEPS: u64 = 900;

#[test]
fn nothing_is_found_in_a_fixed_set_of_seeds_and_every_fault_strikes() {
    let mut all = Counts::new();
    for seed in 0..SEEDS {
        let report = run(seed, STEPS, false);
        let replay =
            format!("cargo run --release -p plimsoll-sim -- --seed {seed} --steps {STEPS}");
        assert_eq!(report.found, None, "{replay}");
        for (what, times) in report.counts {
            *all.entry(what).or_default() += times;
        }
    }
    for what in [
        "disk full",
        "read-only",
        "sync failed, lost",
        "sync failed, kept",
        "crash before the append",
        "crash after the append",
        "crash while reading",
        "read failed",
        "open failed",
        "clock jumped",
        "command: unknown",
        "command: the other was faster",
        "order: unknown",
        "order: refused",
        "budgets checked",
        "decisions checked",
        "decision: ship",
        "decision: caution",
        "decision: unknown",
        "decision: stabilise",
        "decision: recovered",
        "decision: by an early exit",
        "exit signed",
        "exit granted",
        "change let pass",
        "change against the gate",
        "change covered by an exception",
        "change before any decision",
        "change reverts another",
        "change finished",
        "exception asked",
        "exception approved",
        "exception approved alone",
        "exception rejected",
        "exception revoked",
        "exception paid",
        "promise proposed",
        "policy proposed",
        "version agreed",
        "version superseded",
        "refused: own approval",
        "refused: second approval",
        "refused: over the limit",
        "refused: too late",
        "refused: both sides",
        "refused: other version",
        "refused: unknown",
    ] {
        assert!(all.contains_key(what), "{what} never happened in {all:?}");
    }
}

#[test]
fn a_seed_tells_the_same_story_every_time() {
    let (once, again) = (run(5, 300, true), run(5, 300, true));
    assert!(!once.story.is_empty());
    assert_eq!((once.story, once.counts), (again.story, again.counts));
}
