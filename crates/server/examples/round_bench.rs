//! One minute of many SLIs, from the order to the figures: `round_bench SLIS DAYS`.
//!
//! Prints lines of `name value`: CPU seconds of a minute's parts, memory, and the start from disk. Slots of so many
//! days are written first; days between the last five and the first are there as often as DAYS says.

use std::{error::Error, fs, sync::Arc, time::Instant};

use plimsoll_core::{
    measure::{exclusion::Exclusions, slot::Slot, window::Window},
    promise::slo::{Budgeting, NoData, Slo},
    ratio::Target,
    time::{DAY, Minute},
};
use plimsoll_server::measure::{
    figures::{self, Figures, Objective},
    keeping::{Keeping, Order, OrderedBatch},
};
use plimsoll_store::{
    Durability,
    slots::{SlotBatch, SlotFile, SlotStore, Write},
};

/// Minutes that are measured.
const ROUNDS: i64 = 65;
const SOURCE: u32 = 0;
const TODAY: Minute = Minute(20_650 * DAY);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let slis: u32 = arguments.next().ok_or("say how many SLIs")?.parse()?;
    let days: i64 = arguments.next().ok_or("say how many days")?.parse()?;
    let folder = tempfile::tempdir_in(".")?;
    let file = folder.path().join("slots.db");
    let begin = TODAY.plus(7 * 60 + 3);
    fill(&file, slis, days, begin)?;
    println!("disk_mb {}", fs::metadata(&file)?.len() / 1_000_000);

    let objectives: Vec<Objective> = (0..slis).map(objective).collect();
    let windows = figures::running_windows(&objectives);
    let start = cpu_s()?;
    let clock = Instant::now();
    let mut keeping = Keeping::open(SlotFile::open(&file)?, begin, windows)?;
    println!("start_cpu_s {:.3}", cpu_s()? - start);
    println!("start_wall_s {:.3}", clock.elapsed().as_secs_f64());
    let mut figures = Figures::default();
    let (mut write, mut advance, mut evaluate, mut fold) = (0.0, 0.0, 0.0, 0.0);
    for round in 0..ROUNDS {
        let minute = begin.plus(round);
        let order = minute_of_all(slis, minute);
        let t0 = cpu_s()?;
        for kept in keeping.write(&[order]) {
            kept.map_err(|e| e.to_string())?;
        }
        let t1 = cpu_s()?;
        keeping.advance(minute.plus(1));
        let t2 = cpu_s()?;
        let touched = keeping.take_touched();
        figures = {
            let board = keeping.shared().board();
            figures::all(&objectives, &board, keeping.store(), &figures, |s| touched.contains(&s))?
        };
        let t3 = cpu_s()?;
        while !keeping.fold() {}
        let t4 = cpu_s()?;
        write += t1 - t0;
        advance += t2 - t1;
        evaluate += t3 - t2;
        fold += t4 - t3;
    }
    if let Some(why) = keeping.stopped() {
        return Err(why.into());
    }
    let per_round = |seconds: f64| seconds / ROUNDS as f64;
    println!("write_cpu_s {:.4}", per_round(write));
    println!("advance_cpu_s {:.4}", per_round(advance));
    println!("evaluate_cpu_s {:.4}", per_round(evaluate));
    println!("fold_cpu_s {:.4}", per_round(fold));
    println!("round_cpu_s {:.4}", per_round(write + advance + evaluate + fold));
    println!("peak_mb {}", peak_mb()?);
    println!("figures {}", figures.slos.len());
    Ok(())
}

/// So many days of slots, the last five and the first ones of a month.
fn fill(file: &std::path::Path, slis: u32, days: i64, begin: Minute) -> Result<(), Box<dyn Error>> {
    let mut store = SlotFile::open(file)?;
    let first = TODAY.plus(-30 * DAY);
    let recent = (TODAY.0 - 4 * DAY..=TODAY.0).step_by(DAY as usize);
    let older = (first.0..TODAY.0 - 4 * DAY).step_by(DAY as usize).take((days - 5).max(1) as usize);
    for day in older.chain(recent) {
        let to = begin.0.min(day + DAY);
        for chunk in (0..slis).collect::<Vec<_>>().chunks(64 * 16) {
            let slots: Vec<Vec<(Minute, Slot)>> = chunk
                .iter()
                .map(|sli| (day..to).map(|m| (Minute(m), slot(*sli, m))).collect())
                .collect();
            let batches = chunk.iter().zip(&slots).map(|(sli, slots)| SlotBatch {
                source: SOURCE,
                sli: *sli,
                generation: 1,
                slots,
            });
            let batches: Vec<SlotBatch<'_>> = batches.collect();
            let write = Write { batches: &batches, ..Write::default() };
            store.write(&[write], Durability::Lazy)?;
        }
        while !store.fold(Minute(to).floor(DAY), 64)?.done {}
    }
    store.close()?;
    Ok(())
}

/// Some traffic, now and then an error.
fn slot(sli: u32, minute: i64) -> Slot {
    let mixed = (u64::from(sli) << 32 | minute as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Slot::measured(40 + (mixed >> 58), u64::from((mixed >> 40).is_multiple_of(256)))
}

fn minute_of_all(slis: u32, minute: Minute) -> Order {
    let batch = |sli| OrderedBatch {
        source: SOURCE,
        sli,
        generation: 1,
        slots: vec![(minute, slot(sli, minute.0))],
    };
    Order { batches: (0..slis).map(batch).collect(), ..Order::default() }
}

fn objective(sli: u32) -> Objective {
    let slo = Slo {
        name: format!("slo-{sli}"),
        service: "bench".to_owned(),
        sli: format!("sli-{sli}"),
        target: Target::from_ppb(999_000_000).unwrap_or_else(|| unreachable!()),
        budgeting: Budgeting::Occurrences,
        windows: vec![Window::Rolling { minutes: 30 * DAY as u32 }],
        no_data: NoData::Ignore,
    };
    Objective { name: Arc::from(slo.name.as_str()), slo, sli, exclusions: Exclusions::none() }
}

/// CPU time of this process, of all its threads.
fn cpu_s() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}

fn peak_mb() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM")).ok_or("no VmHWM")?;
    let kb: u64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kb / 1000)
}
