//! Commands in process, and the replay of what they left: `command_bench [EVENTS]`.
//!
//! Prints lines of `name value`. Commands are compared, turn by turn, with a bare insert of the same texts in batches
//! of the same size with the same sync: what it costs to decide, to chain, to publish and to answer. `commands` is the
//! writer alone, doing one after the other; `desk` is what the server does, with so many callers that a batch waits
//! while the last one is written.

use std::{
    error::Error,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use plimsoll_core::{
    command::{Actor, Command},
    event::Event,
    marks::{Interval, Subject, attribution, exclusion},
    time::Minute,
};
use plimsoll_server::{
    clock::SystemClock,
    desk::Desk,
    keyring::Keyring,
    writer::{self, Job, Writer},
};
use plimsoll_store::journal::{Journal, JournalFile};
use rusqlite::Connection;
use tokio::task::JoinSet;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Both take turns this often; the fastest turn counts, for others may share the machine.
const TURNS: usize = 15;
const BATCHES: usize = 40;
const SLIS: usize = 200;
const AT_MS: i64 = 1_795_435_200_000;

fn main() -> Outcome<()> {
    let events = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = tempfile::tempdir_in(".")?;
    for size in [1, 32, 128] {
        against_bare(folder.path(), size)?;
    }
    desk_against_bare(folder.path(), 128)?;
    replay(&folder.path().join("replay.db"), events)
}

fn against_bare(folder: &Path, size: usize) -> Outcome<()> {
    let mut table = bare_table(&folder.join(format!("bare-{size}.db")))?;
    let mut writer = Writer::open(JournalFile::open(&folder.join(format!("journal-{size}.db")))?)?;
    let mut story = Story::begin(&mut writer)?;
    let actor = serde_json::to_string(&story.actor)?;
    let (mut bare, mut commands) = (Duration::MAX, Duration::MAX);
    for _ in 0..TURNS {
        let (mut texts, mut spent) = (Vec::new(), Duration::ZERO);
        for batch in 0..BATCHES {
            let jobs = if batch % 2 == 0 { story.excludes(size) } else { story.undoes() };
            let begun = Instant::now();
            let outcomes = writer.work(&jobs, AT_MS);
            spent += begun.elapsed();
            texts.extend(story.hear(outcomes)?);
        }
        commands = commands.min(spent);
        let begun = Instant::now();
        for batch in texts.chunks(size) {
            insert(&mut table, &actor, batch)?;
        }
        bare = bare.min(begun.elapsed());
    }
    let rate = |time: Duration| (BATCHES * size) as f64 / time.as_secs_f64();
    println!("bare_{size}_per_s {:.0}", rate(bare));
    println!("commands_{size}_per_s {:.0}", rate(commands));
    println!("commands_{size}_of_bare {:.2}", rate(commands) / rate(bare));
    Ok(())
}

/// Twice as many callers as a batch holds, each with one command after the other.
fn desk_against_bare(folder: &Path, size: usize) -> Outcome<()> {
    let mut table = bare_table(&folder.join("bare-desk.db"))?;
    let file = folder.join("journal-desk.db");
    let mut writer = Writer::open(JournalFile::open(&file)?)?;
    let mut story = Story::begin(&mut writer)?;
    let actor = serde_json::to_string(&story.actor)?;
    let (keyring, clock) = (Arc::new(Keyring::default()), Arc::new(SystemClock::start()));
    let (desk, thread) = Desk::start(writer, keyring, clock, move || JournalFile::open(&file))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (mut bare, mut commands) = (Duration::MAX, Duration::MAX);
    for _ in 0..TURNS {
        let (mut texts, mut spent) = (Vec::new(), Duration::ZERO);
        while texts.len() < BATCHES * size {
            for jobs in [story.excludes(size * 8), story.undoes()] {
                let begun = Instant::now();
                let outcomes = runtime.block_on(called(&desk, jobs, size * 2))?;
                spent += begun.elapsed();
                texts.extend(story.hear(outcomes)?);
            }
        }
        commands = commands.min(spent / u32::try_from(texts.len() / size)?);
        let begun = Instant::now();
        for batch in texts.chunks(size) {
            insert(&mut table, &actor, batch)?;
        }
        bare = bare.min(begun.elapsed() / u32::try_from(texts.len() / size)?);
    }
    thread.stop();
    println!("desk_{size}_of_bare {:.2}", bare.as_secs_f64() / commands.as_secs_f64());
    Ok(())
}

/// What became of jobs that so many callers hand in, each the next one when it was answered.
async fn called(desk: &Desk, jobs: Vec<Job>, callers: usize) -> Outcome<Vec<writer::Outcome>> {
    let jobs = Arc::new(Mutex::new(jobs.into_iter()));
    let mut calling = JoinSet::new();
    for _ in 0..callers {
        let (desk, jobs) = (desk.clone(), Arc::clone(&jobs));
        calling.spawn(async move {
            let mut outcomes = Vec::new();
            while let Some(job) = jobs.lock().ok().and_then(|mut jobs| jobs.next()) {
                outcomes.push(desk.work(job).await);
            }
            outcomes
        });
    }
    let mut outcomes = Vec::new();
    while let Some(heard) = calling.join_next().await {
        outcomes.extend(heard?);
    }
    Ok(outcomes)
}

/// Starts from a journal of so many entries, without a snapshot.
fn replay(file: &Path, events: usize) -> Outcome<()> {
    let mut writer = Writer::open(JournalFile::open(file)?)?;
    let mut story = Story::begin(&mut writer)?;
    while writer.journal().head().seq < events as u64 {
        story.go_on(&mut writer)?;
    }
    let entries = writer.journal().head().seq;
    drop(writer);
    let begun = cpu_s()?;
    let writer = Writer::open(JournalFile::open(file)?)?;
    println!("replayed_entries {entries}");
    println!("replay_cpu_s {:.2}", cpu_s()? - begun);
    println!("exclusions_left {}", writer.published().read().exclusions.iter().count());
    Ok(())
}

/// What happens: exclusions and attributions, and most exclusions are taken back.
struct Story {
    actor: Actor,
    number: u128,
    /// The exclusions that were not taken back yet.
    excluded: Vec<String>,
}

impl Story {
    fn begin(writer: &mut Writer<JournalFile>) -> Outcome<Self> {
        let actor = Actor::Rule("bench".into());
        let mut story = Story { actor, number: 0, excluded: Vec::new() };
        let files = vec![("bench.yaml".to_owned(), documents().into_bytes())];
        let apply =
            Command::Apply { set: "bench".to_owned(), files, may_withdraw: false, reason: None };
        let jobs = [story.job(apply)];
        story.hear(writer.work(&jobs, AT_MS))?;
        Ok(story)
    }

    /// Takes in what was done; the texts of its events.
    fn hear(&mut self, outcomes: Vec<writer::Outcome>) -> Outcome<Vec<String>> {
        let mut texts = Vec::new();
        for done in outcomes {
            for event in done.map_err(|e| e.to_string())?.events {
                if let Event::ExclusionAdded(added) = &event {
                    self.excluded.push(added.exclusion.to_string());
                }
                texts.push(event.to_text());
            }
        }
        Ok(texts)
    }

    fn job(&mut self, command: Command) -> Job {
        self.number += 1;
        let actor = self.actor.clone();
        // Odd multiples of the golden ratio: no two are the same, and they are in no order.
        let fresh = self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        Job { command, actor, fresh, secret: None, repeat: None, condition: None }
    }

    fn interval(&self) -> Interval {
        let of = Subject::Sli(format!("sli-{}", self.number % SLIS as u128).into());
        let from = Minute(AT_MS / 60_000 - 600);
        Interval::new(of, from, from.plus(5))
    }

    fn excludes(&mut self, jobs: usize) -> Vec<Job> {
        let wish = |story: &Self| exclusion::Wish {
            interval: story.interval(),
            reason: "agreed work on the database".to_owned(),
        };
        (0..jobs).map(|_| self.job(Command::Exclude(wish(self)))).collect()
    }

    fn attributes(&mut self, jobs: usize) -> Vec<Job> {
        let wish = |story: &Self| attribution::Wish {
            interval: story.interval(),
            kind: "incident".to_owned(),
            name: "database saturated".to_owned(),
            reason: None,
        };
        (0..jobs).map(|_| self.job(Command::Attribute(wish(self)))).collect()
    }

    fn undoes(&mut self) -> Vec<Job> {
        let excluded = std::mem::take(&mut self.excluded);
        excluded.into_iter().map(|id| self.job(Command::UndoExclusion(id))).collect()
    }

    fn go_on(&mut self, writer: &mut Writer<JournalFile>) -> Outcome<()> {
        let jobs = [self.excludes(128), self.attributes(16)].concat();
        self.hear(writer.work(&jobs, AT_MS))?;
        self.excluded.truncate(112);
        let jobs = self.undoes();
        self.hear(writer.work(&jobs, AT_MS))?;
        Ok(())
    }
}

fn documents() -> String {
    let mut text = String::from(
        "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\nspec: {description: a bench}\n---\n\
         apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: counter}\n\
         spec: {type: push, connectionDetails: {}}\n",
    );
    for sli in 0..SLIS {
        text.push_str(&objective(sli));
    }
    text
}

fn objective(sli: usize) -> String {
    let metric = |count: &str| {
        format!("{{metricSource: {{metricSourceRef: counter, spec: {{count: {count}}}}}}}")
    };
    format!(
        "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: sli-{sli}}}\nspec:\n  ratioMetric:\n    \
         counter: false\n    bad: {}\n    total: {}\n---\napiVersion: openslo/v1\nkind: SLO\n\
         metadata: {{name: slo-{sli}}}\nspec:\n  service: shop\n  indicatorRef: sli-{sli}\n  \
         timeWindow: [{{duration: 28d, isRolling: true}}]\n  budgetingMethod: Occurrences\n  \
         objectives: [{{target: 0.99}}]\n",
        metric("bad"),
        metric("all")
    )
}

fn bare_table(file: &Path) -> Outcome<Connection> {
    let conn = Connection::open(file)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.execute_batch(
        "CREATE TABLE entry (seq INTEGER PRIMARY KEY, at_ms INTEGER, actor TEXT, event TEXT)",
    )?;
    Ok(conn)
}

fn insert(conn: &mut Connection, actor: &str, texts: &[String]) -> Outcome<()> {
    let tx = conn.transaction()?;
    let mut row =
        tx.prepare_cached("INSERT INTO entry (at_ms, actor, event) VALUES ($1, $2, $3)")?;
    for text in texts {
        row.execute((AT_MS, actor, text))?;
    }
    drop(row);
    tx.commit()?;
    Ok(())
}

/// CPU time of this process, of all its threads.
fn cpu_s() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}
