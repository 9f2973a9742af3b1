//! Durable commands over HTTP against `/-/healthy`, turn by turn in one run: `http_bench [SECONDS]`.
//!
//! 128 clients of one thread keep their connections and ask again as soon as they are answered. Prints lines of
//! `name value`: answers a second (the median of the turns), and the ratios.

use std::{
    error::Error,
    net::SocketAddr,
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use plimsoll_server::serve::{Options, Server};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const CLIENTS: usize = 128;
const TURNS: usize = 5;

fn main() -> Outcome<()> {
    let seconds = std::env::args().nth(1).map_or(Ok(2), |text| text.parse())?;
    let folder = tempfile::tempdir_in(".")?;
    let (token, address) = start(folder.path())?;
    let mut client = Client { token, address, minute: 0 };
    client.declare()?;
    let (mut healthy, mut commands, mut pushes) = (Vec::new(), Vec::new(), Vec::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for _ in 0..TURNS {
        let span = Duration::from_secs(seconds);
        healthy.push(runtime.block_on(rate(&client, span, Client::healthy))?);
        commands.push(runtime.block_on(rate(&client, span, Client::exclusion))?);
        pushes.push(runtime.block_on(rate(&client, span, Client::samples))?);
        client.minute += 1;
    }
    let (healthy, commands, pushes) = (median(healthy), median(commands), median(pushes));
    println!("healthy_per_s {healthy:.0}");
    println!("commands_per_s {commands:.0}");
    println!("pushes_per_s {pushes:.0}");
    println!("commands_of_healthy {:.2}", commands / healthy);
    println!("pushes_of_healthy {:.2}", pushes / healthy);
    Ok(())
}

/// A server on a thread of its own, which ends with the process.
fn start(folder: &Path) -> Outcome<(String, SocketAddr)> {
    let options = Options { owner: Some("bench".to_owned()), ..Options::new(folder) };
    let server = Server::open(options)?;
    let token = server.local_token();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || -> Outcome<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            tell.send(listener.local_addr()?)?;
            server.run(listener, std::future::pending()).await?;
            Ok(())
        })
    });
    Ok((token, told.recv()?))
}

struct Client {
    token: String,
    address: SocketAddr,
    /// Grows with each turn, so that what is pushed is new.
    minute: u64,
}

impl Client {
    fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let (token, length) = (&self.token, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        (head + body).into_bytes()
    }

    fn healthy(&self, _: usize, _: usize, _: &[u8]) -> Vec<u8> {
        self.request("GET", "/-/healthy", "")
    }

    /// Excludes an interval, and takes that back, so that there are never many: what is measured is a command.
    fn exclusion(&self, client: usize, turn: usize, last: &[u8]) -> Vec<u8> {
        if turn % 2 == 1 {
            let path = format!("/api/v1/exclusions/{}", id(last).unwrap_or_default());
            return self.request("DELETE", &path, "");
        }
        let body = format!(
            r#"{{"sli":"sli-{client}","from":"2026-01-05T10:00:00Z","to":"2026-01-05T10:05:00Z","reason":"bench"}}"#
        );
        self.request("POST", "/api/v1/exclusions", &body)
    }

    /// A minute of one SLI, as a sender would push it that counts for itself.
    fn samples(&self, client: usize, turn: usize, _: &[u8]) -> Vec<u8> {
        let generation = self.minute * 1_000_000_000 + turn as u64 + 1;
        let body = format!(
            r#"{{"generation":{generation},"minutes":[{{"minute":"{}","good":{},"bad":1}}]}}"#,
            plimsoll_core::time::rfc3339(now_s() / 60 * 60 - 3600),
            turn + 1
        );
        self.request("POST", &format!("/api/v1/slis/sli-{client}/samples"), &body)
    }

    fn declare(&self) -> Outcome<()> {
        let mut documents = String::from(
            "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\nspec: {description: a bench}\n---\n\
             apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: counter}\n\
             spec: {type: push, connectionDetails: {}}\n",
        );
        for sli in 0..CLIENTS {
            documents.push_str(&objective(sli));
        }
        let body = serde_json::json!({"files": {"bench.yaml": documents}, "delete": false});
        let request = self.request("PUT", "/api/v1/documents/bench", &body.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut stream = TcpStream::connect(self.address).await?;
            answered(&mut stream, &request, &mut Vec::new()).await
        })
    }
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

/// Answers a second to all clients together.
async fn rate(
    client: &Client,
    span: Duration,
    request: fn(&Client, usize, usize, &[u8]) -> Vec<u8>,
) -> Outcome<f64> {
    let mut streams = Vec::new();
    for _ in 0..CLIENTS {
        let stream = TcpStream::connect(client.address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for (number, mut stream) in streams.into_iter().enumerate() {
        let client =
            Client { token: client.token.clone(), address: client.address, minute: client.minute };
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

/// Sends a request and takes its whole answer, which must be a good one.
async fn answered(stream: &mut TcpStream, request: &[u8], answer: &mut Vec<u8>) -> Outcome<()> {
    stream.write_all(request).await?;
    answer.clear();
    loop {
        if stream.read_buf(answer).await? == 0 {
            return Err("the server hung up".into());
        }
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end])?;
        if !head.starts_with("HTTP/1.1 2") {
            return Err(String::from_utf8_lossy(answer).into());
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(Ok(0), str::parse)?;
        if answer.len() >= end + 4 + length {
            return Ok(());
        }
    }
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

fn now_s() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() as i64)
}
