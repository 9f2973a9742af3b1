//! What a seed is about: faults and deeds, each with its weight.
//!
//! A run in which everything fails all the time never gets far enough to fail in an interesting way. So each seed
//! leaves most faults out and gives the others their own weights (swarm testing).

use crate::dice::Dice;

/// How often each fault strikes, in a thousand operations.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rates {
    /// The disk is full, for some operations on end.
    pub full: u32,
    /// The file may not be written to, for some operations on end.
    pub read_only: u32,
    /// A sync fails, and nothing was kept.
    pub lost: u32,
    /// A sync fails, and everything was kept.
    pub kept: u32,
    /// The machine dies before anything is kept.
    pub crash_before: u32,
    /// The machine dies when everything is kept, before the answer.
    pub crash_after: u32,
    /// A read fails.
    pub read: u32,
    /// The machine dies while it reads.
    pub crash_reading: u32,
    /// A file cannot be opened.
    pub open: u32,
}

/// What happens in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// A few seconds or minutes pass.
    Pass,
    /// Hours or days pass.
    PassLong,
    /// The wall clock jumps.
    Jump,
    /// Commands come.
    Command,
    /// Slots are pushed.
    Push,
    /// Something is written to the log, and read.
    Log,
    /// The keeper looks at the clock and the catalog.
    Tick,
    /// Slots are folded.
    Fold,
    /// Old slots are dropped.
    Drop,
    /// A snapshot is saved.
    Save,
    /// Snapshots on the disk are harmed.
    Harm,
    /// Old answers are forgotten.
    Forget,
    /// The machine dies.
    Crash,
    /// The server is stopped well.
    Stop,
}

/// Every deed, in the order of their weights.
pub const DEEDS: [Deed; 14] = [
    Deed::Pass,
    Deed::PassLong,
    Deed::Jump,
    Deed::Command,
    Deed::Push,
    Deed::Log,
    Deed::Tick,
    Deed::Fold,
    Deed::Drop,
    Deed::Save,
    Deed::Harm,
    Deed::Forget,
    Deed::Crash,
    Deed::Stop,
];

/// The zone of a seed's calendar windows, and the local time about which it begins: a day before a change of clocks,
/// or of nothing.
pub const BEGINNINGS: [(&str, i64); 8] = [
    // 2026-03-28T12:00Z: Berlin's clocks go forward the next day.
    ("Europe/Berlin", 1_774_699_200_000),
    // 2026-10-24T12:00Z: and back.
    ("Europe/Berlin", 1_792_843_200_000),
    // Half an hour off; the year ends.
    ("Asia/Kolkata", 1_798_675_200_000),
    // Havana changes at midnight: 2026-03-08 has none, 2026-11-01 two.
    ("America/Havana", 1_772_884_800_000),
    ("America/Havana", 1_793_448_000_000),
    // By half an hour, 2026-04-05.
    ("Australia/Lord_Howe", 1_775_304_000_000),
    // A leap day's eve, in 2028.
    ("Pacific/Auckland", 1_835_265_600_000),
    ("UTC", 1_780_272_000_000),
];

/// What a seed is about.
#[derive(Debug, Clone)]
pub struct Swarm {
    /// Faults of the disk.
    pub rates: Rates,
    /// Weights of [`DEEDS`].
    pub weights: [u32; 14],
    /// Whether a second writer works on the same journal.
    pub two_writers: bool,
    /// By how much the second writer's clock is ahead.
    pub skew_ms: i64,
    /// The zone of calendar windows.
    pub zone: &'static str,
    /// When it begins.
    pub begin_ms: i64,
    /// The oldest a late slot is, in minutes.
    pub late_max: i64,
}

impl Swarm {
    /// What this seed is about.
    pub fn of(seed: u64) -> Self {
        let dice = &mut Dice::of(seed, "swarm");
        // Some seeds have nothing but one sort of trouble, or none; most have a mixture.
        let (disk, crashes, clocks, writers) = match dice.below(10) {
            0 => (0, 0, 0, false),
            1 => (0, 0, 1000, false),
            2 => (1000, 0, 0, false),
            3 => (0, 1000, 0, false),
            4 => (0, 0, 0, true),
            _ => (500, 500, 500, dice.happens(400)),
        };
        let mut rate = |on: u32| if dice.happens(on) { 1 + dice.below(40) as u32 } else { 0 };
        let rates = Rates {
            full: rate(disk),
            read_only: rate(disk),
            lost: rate(disk),
            kept: rate(disk),
            read: rate(disk),
            open: rate(disk) * 8,
            crash_before: rate(crashes),
            crash_after: rate(crashes),
            crash_reading: rate(crashes),
        };
        let jump = if dice.happens(clocks) { 10 } else { 0 };
        let crash = if dice.happens(crashes) { 8 } else { 0 };
        let usual = [160, 8, jump, 200, 220, 120, 200, 25, 3, 8, 3, 8, crash, 4];
        // Every weight may be several times higher or lower than usual.
        let weights = usual.map(|weight| weight * (1 + dice.below(8) as u32) / 3);
        let (zone, begin_ms) =
            dice.pick(&BEGINNINGS).copied().unwrap_or(("UTC", 1_780_272_000_000));
        Swarm {
            rates,
            weights,
            two_writers: writers,
            skew_ms: dice.between(-90_000, 90_000),
            zone,
            begin_ms: begin_ms + dice.between(0, 86_400_000),
            late_max: dice.pick(&[30, 600, 6000, 40_000]).copied().unwrap_or(600),
        }
    }
}
