//! Something between a command and a server: it hears every request, and can lose answers.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

/// What becomes of an answer.
pub enum Answer {
    /// It arrives.
    Arrives,
    /// The connection breaks before it arrives.
    IsLost,
}

/// A way to the server at `server` that tells `hears` the first line of each request before the server has it. It ends
/// with the test.
pub fn between(server: &str, mut hears: impl FnMut(&str) -> Answer + Send + 'static) -> String {
    let server = server.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let request = read(&connection);
            let answer = hears(request.lines().next().unwrap());
            let answered = answered(&server, &request);
            if matches!(answer, Answer::Arrives) {
                connection.write_all(&answered).unwrap();
            }
        }
    });
    address
}

/// A request, asking for a connection of its own.
fn read(connection: &TcpStream) -> String {
    let mut reader = BufReader::new(connection);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line == "\r\n" {
            break;
        }
        if let Some(bytes) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    format!("{head}connection: close\r\n\r\n{}", String::from_utf8(body).unwrap())
}

fn answered(server: &str, request: &str) -> Vec<u8> {
    let mut server = TcpStream::connect(server).unwrap();
    server.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    answer
}
