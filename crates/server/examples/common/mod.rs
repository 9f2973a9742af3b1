//! What the benches over HTTP share: a server in the process, what it watches, and how it is asked.

use std::{error::Error, net::SocketAddr, path::Path, sync::mpsc, thread};

use plimsoll_server::serve::{Options, Server};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The name of the threads that answer.
pub const SERVER_THREADS: &str = "bench-server";

/// A server on threads of its own, which end with the process.
pub fn start(folder: &Path) -> Outcome<Caller> {
    let options = Options { owner: Some("bench".to_owned()), ..Options::new(folder) };
    let server = Server::open(options)?;
    let token = server.local_token();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || -> Outcome<()> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.thread_name(SERVER_THREADS).enable_all().build()?.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            tell.send(listener.local_addr()?)?;
            server.run(listener, std::future::pending()).await?;
            Ok(())
        })
    });
    Ok(Caller { token, address: told.recv()? })
}

/// Who asks a server.
#[derive(Clone)]
pub struct Caller {
    token: String,
    address: SocketAddr,
}

impl Caller {
    pub fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let (token, length) = (&self.token, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        (head + body).into_bytes()
    }

    pub async fn connect(&self) -> Outcome<TcpStream> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// A minute of one SLI, as a sender would push it that counts for itself.
    pub fn samples(&self, number: usize, generation: u64, good: usize) -> Vec<u8> {
        let body = format!(
            r#"{{"generation":{generation},"minutes":[{{"minute":"{}","good":{good},"bad":1}}]}}"#,
            minutes_ago(60),
        );
        self.request("POST", &format!("/api/v1/slis/sli-{number}/samples"), &body)
    }

    /// Declares services with one SLO each, whose SLI is pushed.
    pub async fn declare(&self, services: usize) -> Outcome<()> {
        let mut documents = String::from(
            "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: counter}\n\
             spec: {type: push, connectionDetails: {}}\n",
        );
        for number in 0..services {
            documents.push_str(&service(number));
        }
        let body = serde_json::json!({"files": {"bench.yaml": documents}, "delete": false});
        let request = self.request("PUT", "/api/v1/documents/bench", &body.to_string());
        answered(&mut self.connect().await?, &request, &mut Vec::new()).await
    }
}

fn service(number: usize) -> String {
    let metric = |count: &str| {
        format!("{{metricSource: {{metricSourceRef: counter, spec: {{count: {count}}}}}}}")
    };
    format!(
        "---\napiVersion: openslo/v1\nkind: Service\nmetadata: {{name: shop-{number}}}\n\
         spec: {{description: a bench}}\n\
         ---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: sli-{number}}}\nspec:\n  ratioMetric:\n    \
         counter: false\n    bad: {}\n    total: {}\n---\napiVersion: openslo/v1\nkind: SLO\n\
         metadata: {{name: slo-{number}}}\nspec:\n  service: shop-{number}\n  indicatorRef: sli-{number}\n  \
         timeWindow: [{{duration: 28d, isRolling: true}}]\n  budgetingMethod: Occurrences\n  \
         objectives: [{{target: 0.99}}]\n",
        metric("bad"),
        metric("all")
    )
}

/// Sends a request and takes its whole answer, which must be a good one.
pub async fn answered(stream: &mut TcpStream, request: &[u8], answer: &mut Vec<u8>) -> Outcome<()> {
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

/// A minute that lies so far back.
pub fn minutes_ago(minutes: i64) -> String {
    plimsoll_core::time::rfc3339(now_s() / 60 * 60 - minutes * 60)
}

fn now_s() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() as i64)
}
