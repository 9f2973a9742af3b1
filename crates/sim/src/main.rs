//! `plimsoll-sim`: runs seeds of the simulation, and tells what was found.

use std::{
    collections::BTreeMap,
    process::ExitCode,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use plimsoll_sim::{Report, dice::Dice, run, strike::Counts};

/// Runs the simulation.
#[derive(Debug, Parser)]
#[command(name = "plimsoll-sim")]
struct Args {
    /// Runs this seed and tells its last steps if something is found.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs all seeds from the first to before the last.
    #[arg(long, value_name = "FROM..TO", value_parser = range)]
    seeds: Option<(u64, u64)>,
    /// Runs new seeds for so many seconds.
    #[arg(long, value_name = "SECONDS")]
    fresh: Option<u64>,
    /// Steps of each seed.
    #[arg(long, default_value_t = 2_000)]
    steps: u64,
    /// Tells the last steps in any case, and what happened how often.
    #[arg(long)]
    verbose: bool,
}

fn range(text: &str) -> Result<(u64, u64), String> {
    let bounds =
        text.split_once("..").and_then(|(from, to)| from.parse().ok().zip(to.parse().ok()));
    bounds.ok_or_else(|| "write FROM..TO, such as 0..100".to_owned())
}

fn main() -> ExitCode {
    let args = Args::parse();
    let mut sum = Sum::default();
    if let Some(seed) = args.seed {
        sum.take(seed, &args, run(seed, args.steps, true));
    }
    if let Some((from, to)) = args.seeds {
        for seed in from..to {
            sum.take(seed, &args, run(seed, args.steps, false));
        }
    }
    if let Some(seconds) = args.fresh {
        let mut dice = Dice::of(moment(), "fresh");
        let until = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < until {
            // Short enough to be read out to somebody.
            let seed = dice.below(1_000_000_000_000);
            sum.take(seed, &args, run(seed, args.steps, false));
        }
    }
    sum.print(args.verbose);
    if sum.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The only thing that comes from outside: where fresh seeds begin.
#[expect(clippy::disallowed_methods, reason = "fresh seeds must differ from run to run")]
fn moment() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// What all seeds came to.
#[derive(Debug, Default)]
struct Sum {
    seeds: u64,
    steps: u64,
    counts: Counts,
    failed: BTreeMap<u64, String>,
}

impl Sum {
    fn take(&mut self, seed: u64, args: &Args, report: Report) {
        self.seeds += 1;
        self.steps += report.steps;
        for (what, times) in report.counts {
            *self.counts.entry(what).or_default() += times;
        }
        if args.seed.is_some() && (args.verbose || report.found.is_some()) {
            report.story.iter().for_each(|line| println!("{line}"));
        }
        if let Some(found) = report.found {
            println!("seed {seed}, after {} steps: {found}", report.steps);
            println!(
                "  replay: cargo run --release -p plimsoll-sim -- --seed {seed} --steps {}",
                args.steps
            );
            self.failed.insert(seed, found);
        }
    }

    fn print(&self, is_verbose: bool) {
        if is_verbose {
            for (what, times) in &self.counts {
                println!("{times:>12}  {what}");
            }
        }
        println!("{} seeds, {} steps, {} failed", self.seeds, self.steps, self.failed.len());
    }
}
