//! What is sent through a peer, and the origin behind it that answers as the path asks.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

/// Virtual hosts that are asked in turn.
pub(super) const HOSTS: [&str; 2] = ["api.test", "shop.test"];
/// Statuses and how often each is asked of each host.
const MIX: [(u16, u64); 8] =
    [(200, 120), (201, 10), (301, 5), (404, 8), (429, 2), (500, 3), (502, 2), (503, 5)];
/// Requests of each host that the origin answers after [`SLOW_MS`].
const SLOW: u64 = 1;
const SLOW_MS: u64 = 450;
/// Requests that are no HTTP, as scanners send them: the beginning of a TLS hello.
const GARBAGE: &[u8] = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n";
/// Targets that are hard to log.
const ODD: [&str; 4] = [
    "/status/200/%22quoted%22",
    "/status/200/a\"b",
    "/status/200/\\x22",
    "/status/200/?q=%0a%5B%5D",
];

/// What a peer must have logged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sent {
    /// Requests that got an answer.
    pub(super) answered: u64,
    /// Of these, the ones that took longer than 300 ms.
    pub(super) slow: u64,
    /// Requests that were no HTTP; answered 400.
    pub(super) garbage: u64,
    /// Requests that the client gave up.
    pub(super) given_up: u64,
    /// Server errors by host.
    pub(super) bad: BTreeMap<String, u64>,
}

/// What else than plain requests a peer logs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extras {
    /// It logs what is no HTTP.
    pub(super) garbage: bool,
    /// It logs that the client gave up as such: nginx as 499. HAProxy writes 400, as for a bad request.
    pub(super) given_up: bool,
}

/// Sends the mix to a server on this port of the loopback; an error tells what came back instead.
pub(super) fn send(port: u16, extras: Extras) -> Result<Sent, String> {
    let mut sent = Sent::default();
    for host in HOSTS {
        for (status, times) in MIX {
            for _ in 0..times {
                ask(port, host, &format!("/status/{status}"), status)?;
            }
            sent.answered += times;
            if status >= 500 {
                *sent.bad.entry(host.to_owned()).or_default() += times;
            }
        }
        for target in ODD {
            ask(port, host, target, 200)?;
            sent.answered += 1;
        }
        for _ in 0..SLOW {
            ask(port, host, &format!("/slow/{SLOW_MS}"), 200)?;
        }
        sent.answered += SLOW;
        sent.slow += SLOW;
    }
    if extras.garbage {
        exchange(port, GARBAGE).map_err(|error| format!("garbage: {error}"))?;
        sent.garbage = 1;
    }
    if extras.given_up {
        give_up(port).map_err(|error| format!("giving up: {error}"))?;
        sent.given_up = 1;
    }
    Ok(sent)
}

fn ask(port: u16, host: &str, target: &str, status: u16) -> Result<(), String> {
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: check \"1\"\r\nConnection: close\r\n\r\n"
    );
    let answer =
        exchange(port, request.as_bytes()).map_err(|error| format!("{target}: {error}"))?;
    let begin = String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned();
    if begin.get(9..12) == Some(&status.to_string()) {
        return Ok(());
    }
    Err(format!("{host}{target}: asked for {status}, got `{begin}`"))
}

fn exchange(port: u16, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
        _ => Ok(answer),
    }
}

/// Asks for what never comes, and hangs up once the origin has the request.
fn give_up(port: u16) -> io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "GET /hang HTTP/1.1\r\nHost: {}\r\n\r\n", HOSTS[0])?;
    stream.set_read_timeout(Some(Duration::from_millis(300)))?;
    let silent = stream.read(&mut [0; 1]);
    match silent {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
        {
            Ok(())
        }
        _ => Err(io::Error::other("the peer answered a request that its origin does not")),
    }
}

/// Starts the origin on a free port of the loopback. It ends with this process.
pub(super) fn origin() -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    Ok(port)
}

/// Answers one request as its path asks: `/status/503`, `/slow/450` (milliseconds), `/hang`.
fn answer(mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut header = String::from("-");
    while header.trim() != "" {
        header.clear();
        reader.read_line(&mut header).ok()?;
    }
    let mut path = first.split(' ').nth(1)?.split('/').skip(1);
    let status = match (path.next()?, path.next()) {
        ("status", Some(status)) => status.to_owned(),
        ("slow", Some(millis)) => {
            thread::sleep(Duration::from_millis(millis.parse().ok()?));
            "200".to_owned()
        }
        // Until the other side hangs up.
        _ => return reader.read(&mut [0; 1]).ok().map(|_| ()),
    };
    write!(stream, "HTTP/1.1 {status} Asked\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")
        .ok()
}
