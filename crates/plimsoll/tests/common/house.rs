//! The server's process: started, killed, and started again; and the way to it for those who bother it meanwhile.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use serde_json::Value;
use ureq::{Agent, http};

use super::PLIMSOLL;

/// A server that takes longer to come up than this does not come up.
const START_WITHIN: Duration = Duration::from_secs(120);

/// How long an answer may take: longer than a kill and a start.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Where the server listens, as long as it does.
type Address = Arc<Mutex<Option<String>>>;

/// A data folder and the server on it.
pub struct House {
    pub folder: PathBuf,
    /// What the server is started with: a program and its arguments, before those of the server.
    pub wrap: Vec<String>,
    /// What the server finds in its environment.
    pub variables: Vec<(String, String)>,
    address: Address,
    running: Option<(Child, Receiver<()>)>,
}

impl House {
    /// In this folder; no server runs yet.
    pub fn new(folder: &Path) -> Self {
        House {
            folder: folder.to_owned(),
            wrap: Vec::new(),
            variables: Vec::new(),
            address: Address::default(),
            running: None,
        }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The command, in this folder.
    pub fn command(&self, args: &[&str]) -> Command {
        self.prepared(Command::new(PLIMSOLL), args)
    }

    fn prepared(&self, mut command: Command, args: &[&str]) -> Command {
        command.current_dir(&self.folder).args(args).stdin(Stdio::null());
        for name in ["PLIMSOLL_SERVER", "PLIMSOLL_TOKEN", "NOTIFY_SOCKET"] {
            command.env_remove(name);
        }
        command
    }

    /// The command that runs the server.
    pub fn server(&self) -> Command {
        let args = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--owner", "ada"];
        let command = match self.wrap.split_first() {
            None => Command::new(PLIMSOLL),
            Some((program, rest)) => {
                let mut command = Command::new(program);
                command.args(rest).arg(PLIMSOLL);
                command
            }
        };
        let mut command = self.prepared(command, &args);
        command.envs(self.variables.iter().cloned());
        command
    }

    /// What the server says that cannot start, and its exit code.
    pub fn refused(&self) -> (i32, String) {
        let output = self.server().output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// Where the server listens.
    pub fn listens(&self) -> Option<String> {
        self.address.lock().unwrap().clone()
    }

    /// The server's process.
    pub fn process(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.running.as_ref().unwrap().0)
    }

    /// Runs a command that must succeed; what it prints.
    pub fn prints(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts the process and waits for nothing.
    pub fn spawn(&mut self) {
        let log = File::options().create(true).append(true).open(self.folder.join("server.log"));
        let mut command = self.server();
        let mut child = command.stdout(Stdio::piped()).stderr(log.unwrap()).spawn().unwrap();
        let (tell, told): (Sender<()>, Receiver<()>) = channel();
        let (stdout, address) = (child.stdout.take().unwrap(), Arc::clone(&self.address));
        thread::spawn(move || {
            let mut line = String::new();
            if BufReader::new(stdout).read_line(&mut line).is_ok()
                && let Some(said) = line.split(['/', ',']).nth(2)
            {
                *address.lock().unwrap() = Some(said.to_owned());
                let _ = tell.send(());
            }
        });
        self.running = Some((child, told));
    }

    /// Starts the server and waits until it listens.
    pub fn start(&mut self) {
        self.spawn();
        self.await_start();
    }

    /// Waits until the server listens.
    pub fn await_start(&mut self) {
        let (child, told) = self.running.as_mut().unwrap();
        if told.recv_timeout(START_WITHIN).is_err() {
            let ended = child.try_wait().unwrap();
            let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(5).collect();
            panic!("the server did not start ({ended:?}): {last:?}");
        }
    }

    /// Kills the server; whether it listened already.
    pub fn kill(&mut self) -> bool {
        let (mut child, told) = self.running.take().unwrap();
        let _ = child.kill();
        let status = child.wait().unwrap();
        // The thread that reads what it prints has ended when the other end of this is gone.
        let was_listening = told.recv().is_ok();
        *self.address.lock().unwrap() = None;
        assert_eq!(status.signal(), Some(9), "the server ended by itself: {status}");
        was_listening
    }

    /// Tells the server to end, and waits until it has.
    pub fn stop(&mut self) {
        let Some((mut child, _)) = self.running.take() else { return };
        let process = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        let status = child.wait().unwrap();
        *self.address.lock().unwrap() = None;
        assert!(status.success(), "the server did not end in peace: {status}");
    }

    /// A way to the server, wherever it listens, with the owner's token.
    pub fn client(&self) -> Client {
        let token = fs::read_to_string(self.data().join("local.token")).unwrap();
        Client::new(Arc::clone(&self.address), token.trim())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An answer of the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// A way to the server that finds it again after each start.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    address: Address,
    token: String,
}

impl Client {
    fn new(address: Address, token: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_WITHIN))
            .proxy(None)
            .build();
        Client { agent: config.into(), address, token: token.to_owned() }
    }

    /// The same way, showing another token.
    pub fn with_token(&self, token: &str) -> Self {
        Client { token: token.to_owned(), ..self.clone() }
    }

    /// Sends a request once; nothing where no whole answer came.
    pub fn send(&self, ask: &Ask) -> Option<Answer> {
        let address = self.address.lock().unwrap().clone()?;
        let mut request = http::Request::builder()
            .method(ask.method)
            .uri(format!("http://{address}{}", ask.path))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json");
        if let Some(key) = &ask.key {
            request = request.header("idempotency-key", key);
        }
        let mut response = match (&ask.body, ask.method) {
            (Some(body), _) => self.agent.run(request.body(body.to_string()).unwrap()),
            (None, _) => self.agent.run(request.body(()).unwrap()),
        }
        .ok()?;
        let status = response.status().as_u16();
        let limit = response.body_mut().with_config().limit(1 << 30);
        let text = limit.read_to_string().ok()?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).ok()? };
        if status == 503 {
            assert!(response.headers().contains_key("retry-after"), "{ask:?}: {text}");
        }
        Some(Answer { status, body })
    }

    /// Sends a request again and again until it is answered with something else than 503.
    pub fn insist(&self, ask: &Ask, storm: &Storm) -> Answer {
        for _ in 0..20_000 {
            match self.send(ask) {
                Some(answer) if answer.status != 503 => return answer,
                _ => storm.pause(Duration::from_millis(15)),
            }
        }
        panic!("nobody answers {ask:?}");
    }

    /// Sends a request until this holds of the answer.
    pub fn until(&self, ask: &Ask, what: &str, holds: impl Fn(&Answer) -> bool) -> Answer {
        let mut last = None;
        for _ in 0..2_000 {
            last = self.send(ask);
            if let Some(answer) = last.as_ref().filter(|answer| holds(answer)) {
                return answer.clone();
            }
            thread::park_timeout(Duration::from_millis(50));
        }
        panic!("{ask:?} is not answered with {what}: {last:?}");
    }

    /// Reads something that is there.
    pub fn get(&self, path: &str, storm: &Storm) -> Value {
        let answer = self.insist(&Ask::get(path), storm);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    /// Every item of a list.
    pub fn list(&self, path: &str, storm: &Storm) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}?limit=1000{cursor}"), storm);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

/// A request.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: &'static str,
    pub path: String,
    pub key: Option<String>,
    pub body: Option<Value>,
}

impl Ask {
    pub fn get(path: &str) -> Self {
        Ask { method: "GET", path: path.to_owned(), key: None, body: None }
    }

    pub fn post(path: &str, body: Value) -> Self {
        Ask { method: "POST", path: path.to_owned(), key: None, body: Some(body) }
    }

    pub fn delete(path: &str) -> Self {
        Ask { method: "DELETE", path: path.to_owned(), key: None, body: None }
    }

    pub fn keyed(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }
}

/// Whether the storm goes on. Nobody who rests rests longer than it lasts.
#[derive(Debug, Default)]
pub struct Storm {
    over: AtomicBool,
}

impl Storm {
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    pub fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Lets others work for a while.
    #[allow(clippy::unused_self)] // Whoever rests shows that they are in a storm.
    pub fn pause(&self, time: Duration) {
        thread::park_timeout(time);
    }
}
