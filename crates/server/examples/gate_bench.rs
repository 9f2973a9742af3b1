//! The gate against `/-/healthy` in one run, turn by turn: `gate_bench [SECONDS]`.
//!
//! First as fast as a few clients can ask, for the CPU time of an answer; then both at the same fixed rate while slots
//! are written, for how long the slowest hundredth waits. Prints lines of `name value`.

mod common;

use std::{
    fs,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use common::{Caller, Outcome, SERVER_THREADS, answered, start};

const SERVICES: usize = 200;
/// Clients that ask for decisions or for the health.
const ASKING: usize = 16;
/// Clients that write slots.
const WRITING: usize = 8;
const TURNS: u64 = 5;
/// Requests a second of all clients that ask, and of all that write.
const ASKED_PER_S: u32 = 500;
const WRITTEN_PER_S: u32 = 200;

/// The next request of a client: who asks, the number of the client, and of its turn.
type Ask = fn(&Caller, usize, u64) -> Vec<u8>;

fn main() -> Outcome<()> {
    let seconds = std::env::args().nth(1).map_or(Ok(2), |text| text.parse())?;
    let span = Duration::from_secs(seconds);
    let folder = tempfile::tempdir_in(".")?;
    let caller = start(folder.path())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(caller.declare(SERVICES))?;
    let asks: [Ask; 2] = [healthy, gate];
    let (mut cpu, mut waits) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2]);
    for turn in 1..=TURNS {
        for (place, ask) in asks.into_iter().enumerate() {
            cpu[place].push(runtime.block_on(cpu_per_answer(&caller, span, ask))?);
        }
        for (place, ask) in asks.into_iter().enumerate() {
            let waited =
                runtime.block_on(while_written(&caller, span, ask, turn * 2 + place as u64))?;
            waits[place].extend(waited);
        }
    }
    let [healthy, gate] = cpu.map(median);
    println!("healthy_cpu_us {:.1}", healthy / 1000.0);
    println!("gate_cpu_us {:.1}", gate / 1000.0);
    println!("gate_cpu_of_healthy {:.2}", gate / healthy);
    let [healthy, gate] = waits.map(p99);
    println!("healthy_p99_us {}", healthy.as_micros());
    println!("gate_p99_us {}", gate.as_micros());
    println!("gate_p99_of_healthy {:.2}", gate.as_secs_f64() / healthy.as_secs_f64());
    Ok(())
}

fn healthy(caller: &Caller, _: usize, _: u64) -> Vec<u8> {
    caller.request("GET", "/-/healthy", "")
}

fn gate(caller: &Caller, client: usize, turn: u64) -> Vec<u8> {
    let service = (client as u64 * 31 + turn) % SERVICES as u64;
    let path = format!("/api/v1/services/shop-{service}/decision?kind=feature&change=c-{turn}");
    caller.request("GET", &path, "")
}

/// CPU time of the threads that answer, in nanoseconds for each answer.
async fn cpu_per_answer(caller: &Caller, span: Duration, ask: Ask) -> Outcome<f64> {
    let (begun, before) = (Instant::now(), server_cpu_ns()?);
    let mut clients = JoinSet::new();
    for client in 0..ASKING {
        let (caller, mut stream) = (caller.clone(), caller.connect().await?);
        clients.spawn(async move {
            let (mut turn, mut answer) = (0, Vec::new());
            while begun.elapsed() < span {
                answered(&mut stream, &ask(&caller, client, turn), &mut answer).await?;
                turn += 1;
            }
            Outcome::Ok(turn)
        });
    }
    let mut answers = 0;
    while let Some(ended) = clients.join_next().await {
        answers += ended??;
    }
    Ok((server_cpu_ns()? - before) as f64 / answers as f64)
}

/// How long each request at the fixed rate waited, while slots are written at theirs.
async fn while_written(
    caller: &Caller,
    span: Duration,
    ask: Ask,
    round: u64,
) -> Outcome<Vec<Duration>> {
    let push = move |caller: &Caller, client: usize, turn: u64| {
        caller.samples(client, round * 1_000_000_000 + turn + 1, turn as usize + 1)
    };
    let asking = at_rate(caller, span, ASKING, ASKED_PER_S, ask);
    let (waited, written) =
        tokio::join!(asking, at_rate(caller, span, WRITING, WRITTEN_PER_S, push));
    written?;
    waited
}

/// How long each request waited: from when it was due, where the one before it was late.
async fn at_rate(
    caller: &Caller,
    span: Duration,
    clients: usize,
    per_s: u32,
    ask: impl Fn(&Caller, usize, u64) -> Vec<u8> + Copy + Send + 'static,
) -> Outcome<Vec<Duration>> {
    let begun = Instant::now();
    let between = Duration::from_secs(clients as u64) / per_s;
    let mut asking = JoinSet::new();
    for client in 0..clients {
        let (caller, mut stream) = (caller.clone(), caller.connect().await?);
        let mut due = begun + between * client as u32 / clients as u32;
        asking.spawn(async move {
            let (mut waits, mut answer) = (Vec::new(), Vec::new());
            while due < begun + span {
                let mut from = due;
                if due > Instant::now() {
                    tokio::time::sleep_until(due.into()).await;
                    from = Instant::now();
                }
                let request = ask(&caller, client, waits.len() as u64);
                answered(&mut stream, &request, &mut answer).await?;
                waits.push(from.elapsed());
                due += between;
            }
            Outcome::Ok(waits)
        });
    }
    let mut waits = Vec::new();
    while let Some(ended) = asking.join_next().await {
        waits.extend(ended??);
    }
    Ok(waits)
}

/// CPU time of the threads that answer so far.
fn server_cpu_ns() -> Outcome<u64> {
    let mut ns = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if fs::read_to_string(task.join("comm"))?.trim() == SERVER_THREADS {
            let stat = fs::read_to_string(task.join("schedstat"))?;
            ns += stat.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
    }
    Ok(ns)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn p99(mut waits: Vec<Duration>) -> Duration {
    waits.sort_unstable();
    waits[waits.len() * 99 / 100]
}
