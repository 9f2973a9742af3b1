//! One minute of many SLIs, from the order to the figures: `round_bench fill FILE SLIS` writes the slots of 30 days,
//! `round_bench rounds FILE SLIS` starts from them and goes on minute by minute.
//!
//! Each SLI has one source, one SLO of 30 days, seven burn windows, and a service that is decided about. Prints lines
//! of `name value`: CPU seconds of the parts of a minute, memory, and the start from disk; beside them what a bare
//! table costs that takes a row for each SLI and minute.

use std::{collections::BTreeMap, error::Error, fs, path::Path, sync::Arc, time::Instant};

use plimsoll_core::{
    measure::{exclusion::Exclusions, slot::Slot, window::Window},
    promise::slo::{Budgeting, NoData, Slo},
    ratio::Target,
    state::State,
    time::{DAY, Minute},
};
use plimsoll_server::measure::{
    decisions::{self, Rules},
    figures::{self, Figures, Objective},
    keeping::{Keeping, Order, OrderedBatch},
};
use plimsoll_store::{
    Durability,
    slots::{SlotBatch, SlotFile, SlotStore, Write},
};
use rusqlite::Connection;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Minutes that are measured.
const ROUNDS: i64 = 65;
const SOURCE: u32 = 0;
/// As many as a transaction takes of a day.
const SLIS_AT_ONCE: usize = 640;
const TODAY: Minute = Minute(20_650 * DAY);

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, file, slis] = &words[..] else { return Err("fill or rounds, FILE, SLIS".into()) };
    let (file, slis) = (Path::new(file), slis.parse()?);
    let begin = TODAY.plus(7 * 60 + 3);
    match what.as_str() {
        "fill" => fill(file, slis, begin)?,
        "rounds" => rounds(file, slis, begin)?,
        other => return Err(format!("fill or rounds, not {other}").into()),
    }
    println!("{what}_peak_mb {}", peak_mb()?);
    Ok(())
}

fn rounds(file: &Path, slis: u32, begin: Minute) -> Outcome<()> {
    println!("disk_mb {}", fs::metadata(file)?.len() / 1_000_000);
    let objectives: Vec<Objective> = (0..slis).map(objective).collect();
    let windows = figures::running_windows(&objectives);
    let start = cpu_s()?;
    let clock = Instant::now();
    let mut keeping = Keeping::open(SlotFile::open(file)?, begin, windows)?;
    let mut figures = figures(&mut keeping, &objectives, &Figures::default())?;
    let rules = rules(slis);
    println!("start_cpu_s {:.3}", cpu_s()? - start);
    println!("start_wall_s {:.3}", clock.elapsed().as_secs_f64());
    let mut bare = bare_table(&file.with_extension("bare"))?;
    let (mut spent, mut decided) = ([0.0; 6], 0);
    for round in 0..ROUNDS {
        let minute = begin.plus(round);
        let order = minute_of_all(slis, minute);
        let mut at = cpu_s()?;
        let mut lap = |part: usize| -> Outcome<()> {
            let now = cpu_s()?;
            spent[part] += now - std::mem::replace(&mut at, now);
            Ok(())
        };
        for kept in keeping.write(&[order]) {
            kept.map_err(|e| e.to_string())?;
        }
        lap(0)?;
        keeping.advance(minute.plus(1));
        lap(1)?;
        figures = self::figures(&mut keeping, &objectives, &figures)?;
        lap(2)?;
        let board = keeping.shared().board();
        let decisions =
            decisions::all(&rules, &BTreeMap::new(), &objectives, &board, keeping.store())?;
        // The journal has none of them: each is news.
        decided = decisions.news(&State::default(), None).len();
        lap(3)?;
        drop(board);
        while !keeping.fold() {}
        lap(4)?;
        insert(&mut bare, slis, minute)?;
        lap(5)?;
    }
    if let Some(why) = keeping.stopped() {
        return Err(why.into());
    }
    let per_round = spent.map(|seconds| seconds / ROUNDS as f64);
    let names = ["write", "advance", "evaluate", "decide", "fold", "bare"];
    for (name, seconds) in names.iter().zip(per_round) {
        println!("{name}_cpu_s {seconds:.4}");
    }
    let round: f64 = per_round[..5].iter().sum();
    println!("round_cpu_s {round:.4}");
    println!("round_of_bare {:.2}", round / per_round[5]);
    println!("decided {decided}");
    println!("figures {}", figures.slos.len());
    Ok(())
}

fn figures(
    keeping: &mut Keeping<SlotFile>,
    objectives: &[Objective],
    before: &Figures,
) -> Outcome<Figures> {
    let touched = keeping.take_touched();
    let board = keeping.shared().board();
    Ok(figures::all(objectives, &board, keeping.store(), before, |sli| touched.contains(&sli))?)
}

/// What somebody would write who keeps every slot in a row of its own.
fn bare_table(file: &Path) -> Outcome<Connection> {
    let conn = Connection::open(file)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.execute_batch(
        "CREATE TABLE slot (minute INTEGER, sli INTEGER, good INTEGER, bad INTEGER, PRIMARY KEY (minute, sli)) WITHOUT ROWID",
    )?;
    Ok(conn)
}

fn insert(conn: &mut Connection, slis: u32, minute: Minute) -> Outcome<()> {
    let tx = conn.transaction()?;
    let mut row = tx.prepare_cached("INSERT INTO slot VALUES ($1, $2, $3, $4)")?;
    for sli in 0..slis {
        let (good, bad) = counts(sli, minute.0);
        row.execute((minute.0, sli, good as i64, bad as i64))?;
    }
    drop(row);
    tx.commit()?;
    Ok(())
}

/// Thirty days and what there is of today, folded as a server would have folded them.
fn fill(file: &Path, slis: u32, begin: Minute) -> Outcome<()> {
    let mut store = SlotFile::open(file)?;
    let slis: Vec<u32> = (0..slis).collect();
    for day in (TODAY.0 - 30 * DAY..=TODAY.0).step_by(DAY as usize) {
        let to = begin.0.min(day + DAY);
        for some in slis.chunks(SLIS_AT_ONCE) {
            let slots: Vec<Vec<(Minute, Slot)>> = some
                .iter()
                .map(|sli| (day..to).map(|m| (Minute(m), slot(*sli, m))).collect())
                .collect();
            let batch = |(sli, slots)| SlotBatch { source: SOURCE, sli, generation: 1, slots };
            let batches: Vec<SlotBatch<'_>> =
                some.iter().copied().zip(slots.iter().map(Vec::as_slice)).map(batch).collect();
            store.write(&[Write { batches: &batches, ..Write::default() }], Durability::Lazy)?;
        }
        while !store.fold(Minute(to).floor(60), 64)?.done {}
    }
    store.close()?;
    Ok(())
}

/// Some traffic, now and then an error.
fn counts(sli: u32, minute: i64) -> (u64, u64) {
    let mixed = (u64::from(sli) << 32 | minute as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (40 + (mixed >> 58), u64::from((mixed >> 40).is_multiple_of(256)))
}

fn slot(sli: u32, minute: i64) -> Slot {
    let (good, bad) = counts(sli, minute);
    Slot::measured(good, bad)
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

fn service(sli: u32) -> String {
    format!("service-{sli}")
}

/// Each service has one SLO, and the built-in policy.
fn rules(slis: u32) -> Rules {
    let house = Arc::default();
    let services = (0..slis).map(|sli| (Arc::from(service(sli)), Arc::clone(&house)));
    Rules { services: services.collect(), house: Arc::clone(&house), ..Rules::default() }
}

fn objective(sli: u32) -> Objective {
    let slo = Slo {
        name: format!("slo-{sli}"),
        service: service(sli),
        sli: format!("sli-{sli}"),
        target: Target::from_ppb(999_000_000).unwrap_or_else(|| unreachable!()),
        budgeting: Budgeting::Occurrences,
        windows: vec![Window::Rolling { minutes: 30 * DAY as u32 }],
        no_data: NoData::Ignore,
    };
    Objective { name: Arc::from(slo.name.as_str()), slo, sli, exclusions: Exclusions::none() }
}

/// CPU time of this process, of all its threads.
fn cpu_s() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}

fn peak_mb() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM")).ok_or("no VmHWM")?;
    let kb: u64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kb / 1000)
}
