//! The server over real connections.
#![allow(clippy::unwrap_used)]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread::JoinHandle,
    time::Duration,
};

use plimsoll_server::{Options, Server};
use plimsoll_store::folder::{Folder, FolderError};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A server that listens until it is stopped.
struct Listening {
    address: SocketAddr,
    token: String,
    folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Listening {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let owner = Some("ada".to_owned());
        let server = Server::open(Options { owner, ..Options::new(folder.path()) }).unwrap();
        let token = server.local_token();
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            runtime.enable_all().build().unwrap().block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let stop = async { drop(stopped.await) };
                server.run(listener, stop).await.unwrap();
            });
            server.close();
        });
        let address = told.recv().unwrap();
        Listening { address, token, folder, stop: Some(stop), thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends bytes on a fresh connection; everything that comes until it is closed.
    fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        all(&mut stream)
    }

    fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What comes until the other side hangs up, in whichever way.
fn all(stream: &mut TcpStream) -> String {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        bytes.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const HEALTHY: &str = "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n";

#[test]
fn it_answers_says_where_it_listens_and_stops_in_peace() {
    let mut server = Listening::start();
    let answer = server.exchange(&format!("{HEALTHY}Connection: close\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok\n"), "{answer}");
    let refused = Folder::lock(server.folder.path()).unwrap_err();
    let FolderError::InUse { owner, .. } = refused else { panic!("{refused}") };
    assert_eq!(owner.address, Some(server.address.to_string()));
    // A connection that is open and quiet does not hold the stop up.
    let _quiet = server.connect();
    server.stop();
    Folder::lock(server.folder.path()).unwrap();
    // All of it lies in the files themselves, where a copy takes it along and damage to a log cannot reach it.
    let names = std::fs::read_dir(server.folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let logs: Vec<String> = names.filter(|name| name.contains("-wal")).collect();
    assert_eq!(logs, [""; 0]);
}

#[test]
fn a_request_under_way_is_finished_when_the_server_stops() {
    let mut server = Listening::start();
    let body = r#"{"handle":"bob"}"#;
    let head = format!(
        "POST /api/v1/people HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        server.token,
        body.len()
    );
    let mut stream = server.connect();
    stream.write_all(head.as_bytes()).unwrap();
    // Who asks for the body has begun with the request.
    let mut go_on = [0; 21];
    stream.read_exact(&mut go_on).unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100 "));
    stream.write_all(&body.as_bytes()[..5]).unwrap();
    // The refusal of another connection shows that the stop has begun.
    drop(server.stop.take());
    while TcpStream::connect(server.address).is_ok() {
        std::thread::yield_now();
    }
    stream.write_all(&body.as_bytes()[5..]).unwrap();
    let answer = all(&mut stream);
    assert!(answer.contains("HTTP/1.1 201 Created"), "{answer}");
    server.stop();
}

#[test]
fn heads_that_are_too_large_are_refused() {
    let server = Listening::start();
    let large = format!("{HEALTHY}X: {}\r\n\r\n", "x".repeat(64 * 1024));
    let answer = server.exchange(&large);
    assert!(answer.starts_with("HTTP/1.1 431 ") || answer.is_empty(), "{answer}");
    let many = "X: 1\r\n".repeat(200);
    let answer = server.exchange(&format!("{HEALTHY}{many}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let answer = server.exchange("what is this\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[test]
fn a_thousand_connections_are_served_and_a_slow_one_is_cut_off() {
    let server = Listening::start();
    let mut slow = server.connect();
    slow.write_all(b"GET /-/healthy HTTP/1.1\r\nHos").unwrap();
    let mut open: Vec<TcpStream> = (0..1000).map(|_| server.connect()).collect();
    for stream in &mut open {
        stream.write_all(format!("{HEALTHY}\r\n").as_bytes()).unwrap();
    }
    for stream in &mut open {
        let mut start = [0; 15];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200 OK");
    }
    // Whoever never finishes the head of a request is hung up on, whatever else happens.
    let rest = all(&mut slow);
    assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 408"), "{rest}");
}
