//! Durable commands over HTTP against `/-/healthy`, turn by turn in one run: `http_bench [SECONDS]`.
//!
//! 128 clients of one thread keep their connections and ask again as soon as they are answered. Prints lines of
//! `name value`: answers a second (the median of the turns), and the ratios.

mod common;

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use common::{Caller, Outcome, answered, minutes_ago, start};

const CLIENTS: usize = 128;
const TURNS: usize = 5;

fn main() -> Outcome<()> {
    let seconds = std::env::args().nth(1).map_or(Ok(2), |text| text.parse())?;
    let folder = tempfile::tempdir_in(".")?;
    let caller = start(folder.path())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(caller.declare(CLIENTS))?;
    let (mut healthy, mut commands, mut pushes) = (Vec::new(), Vec::new(), Vec::new());
    let mut client = Client { caller, round: 0 };
    for _ in 0..TURNS {
        let span = Duration::from_secs(seconds);
        healthy.push(runtime.block_on(rate(&client, span, Client::healthy))?);
        commands.push(runtime.block_on(rate(&client, span, Client::exclusion))?);
        pushes.push(runtime.block_on(rate(&client, span, Client::samples))?);
        client.round += 1;
    }
    let (healthy, commands, pushes) = (median(healthy), median(commands), median(pushes));
    println!("healthy_per_s {healthy:.0}");
    println!("commands_per_s {commands:.0}");
    println!("pushes_per_s {pushes:.0}");
    println!("commands_of_healthy {:.2}", commands / healthy);
    println!("pushes_of_healthy {:.2}", pushes / healthy);
    Ok(())
}

#[derive(Clone)]
struct Client {
    caller: Caller,
    /// Grows, so that what is pushed is new.
    round: u64,
}

impl Client {
    fn healthy(&self, _: usize, _: usize, _: &[u8]) -> Vec<u8> {
        self.caller.request("GET", "/-/healthy", "")
    }

    /// Excludes an interval, and takes that back, so that there are never many: what is measured is a command.
    fn exclusion(&self, client: usize, turn: usize, last: &[u8]) -> Vec<u8> {
        if turn % 2 == 1 {
            let path = format!("/api/v1/exclusions/{}", id(last).unwrap_or_default());
            return self.caller.request("DELETE", &path, "");
        }
        // Another length in each round: what a round leaves behind may not come again.
        let (from, to) = (minutes_ago(600), minutes_ago(595 - self.round as i64));
        let body =
            format!(r#"{{"sli":"sli-{client}","from":"{from}","to":"{to}","reason":"bench"}}"#);
        self.caller.request("POST", "/api/v1/exclusions", &body)
    }

    fn samples(&self, client: usize, turn: usize, _: &[u8]) -> Vec<u8> {
        self.caller.samples(client, self.round * 1_000_000_000 + turn as u64 + 1, turn + 1)
    }
}

/// Answers a second to all clients together.
async fn rate(
    client: &Client,
    span: Duration,
    request: fn(&Client, usize, usize, &[u8]) -> Vec<u8>,
) -> Outcome<f64> {
    let mut streams = Vec::new();
    for _ in 0..CLIENTS {
        streams.push(client.caller.connect().await?);
    }
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for (number, mut stream) in streams.into_iter().enumerate() {
        let client = client.clone();
        clients.spawn(async move {
            let (mut answers, mut answer) = (0_u32, Vec::new());
            while begun.elapsed() < span {
                let request = request(&client, number, answers as usize, &answer);
                answered(&mut stream, &request, &mut answer).await?;
                answers += 1;
            }
            Outcome::Ok(answers)
        });
    }
    let mut answers = 0;
    while let Some(ended) = clients.join_next().await {
        answers += ended??;
    }
    Ok(f64::from(answers) / begun.elapsed().as_secs_f64())
}

/// The id of what an answer shows.
fn id(answer: &[u8]) -> Option<&str> {
    let (_, id) = std::str::from_utf8(answer).ok()?.split_once("\"id\":\"")?;
    id.split('"').next()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
