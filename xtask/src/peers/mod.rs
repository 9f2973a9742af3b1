//! Real senders on the loopback: each gets requests whose outcome is known, and `plimsoll assess` must count the
//! log that it writes to the last request.

pub(crate) mod install;
mod senders;
mod traffic;

use std::{
    fs,
    io::Write,
    net::{TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use self::{
    install::{Needed, find},
    senders::{Log, Place, SENDERS, SYSLOG, Sender},
    traffic::{HOSTS, Sent},
};
use crate::{
    assessment::Assessment,
    steps::{Failure, Outcome, Steps, Stopped, cargo},
    tree,
};

/// How long a server may take to start, or a log to become complete.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked at meanwhile.
const PAUSE: Duration = Duration::from_millis(20);

/// Tries every sender; whether all counts agreed.
pub(crate) fn run() -> bool {
    let mut steps = Steps::default();
    let _stopped = install(&mut steps).and_then(|()| senders(&mut steps));
    steps.close()
}

/// Installs the senders that are missing.
pub(crate) fn install(steps: &mut Steps) -> Result<(), Stopped> {
    let compressors =
        [("gzip", "gzip"), ("zstd", "zstd")].map(|(program, package)| Needed { program, package });
    let needed: Vec<Needed> =
        SENDERS.iter().map(|sender| sender.needed).chain(compressors).collect();
    steps.step("peers", "cargo xtask peers", || install::install(&needed))
}

/// Tries every sender; they must be installed.
pub(crate) fn senders(steps: &mut Steps) -> Result<(), Stopped> {
    steps.command("release build", cargo(&["build", "--release", "--locked", "-p", "plimsoll"]))?;
    for sender in SENDERS {
        steps.step(&format!("logs of {}", sender.name), "cargo xtask peers", || tried(sender))?;
    }
    Ok(())
}

/// Runs one sender and compares what it logged; one check for each log and compression.
fn tried(sender: &Sender) -> Outcome {
    let folder = tempfile::tempdir().map_err(failure("cannot make a temporary folder"))?;
    let folder = folder.path();
    let mut syslog = [0; 3];
    for (port, file) in syslog.iter_mut().zip(SYSLOG) {
        *port = sink(&folder.join(file)).map_err(failure("cannot listen for syslog"))?;
    }
    let origin = traffic::origin().map_err(failure("cannot start the origin"))?;
    let port = free_port().map_err(failure("no free port"))?;
    let place = Place { folder, port, origin, syslog };
    let mut server = start(sender, &place)?;
    let sent = ready(&mut server, port).and_then(|()| {
        traffic::send(port, sender.extras).map_err(|why| format!("sending failed: {why}"))
    });
    let complete = sent.and_then(|sent| {
        wait_for_logs(sender, folder, &sent)?;
        Ok(sent)
    });
    let _already_gone = server.kill().and_then(|()| server.wait());
    let sent = complete.map_err(|why| {
        let told = fs::read_to_string(folder.join("output")).unwrap_or_default();
        Failure::one(format!("{why}\n{told}"))
    })?;
    compare_all(sender, folder, &sent)
}

fn start(sender: &Sender, place: &Place) -> Result<Child, Failure> {
    let configuration = place.folder.join("configuration");
    fs::write(&configuration, (sender.configuration)(place))
        .map_err(failure("cannot write the configuration"))?;
    let output = fs::File::create(place.folder.join("output"))
        .map_err(failure("cannot write the output"))?;
    let errors = output.try_clone().map_err(failure("cannot write the output"))?;
    let program = find(sender.needed.program).unwrap_or_else(|| sender.needed.program.into());
    let mut command = Command::new(program);
    command.args(sender.arguments).arg(configuration).current_dir(place.folder);
    command.env("HOME", place.folder).stdin(Stdio::null()).stdout(output).stderr(errors);
    command.spawn().map_err(failure("cannot start the server"))
}

/// Waits until the server accepts connections.
fn ready(server: &mut Child, port: u16) -> Result<(), String> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Ok(Some(status)) = server.try_wait() {
            return Err(format!("the server ended at once: {status}"));
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    Err("the server did not listen in time".to_owned())
}

/// Waits until every log has all lines; a line may be written after its answer was read.
fn wait_for_logs(sender: &Sender, folder: &Path, sent: &Sent) -> Result<(), String> {
    let wanted = sent.answered + sent.garbage + sent.given_up;
    let start = Instant::now();
    for log in sender.logs {
        let lines = || {
            fs::read(folder.join(log.file))
                .map_or(0, |text| text.split(|&b| b == b'\n').count() - 1)
        };
        while (lines() as u64) < wanted {
            if start.elapsed() > PATIENCE {
                return Err(format!(
                    "{}: {} lines; {wanted} requests were sent",
                    log.file,
                    lines()
                ));
            }
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

fn compare_all(sender: &Sender, folder: &Path, sent: &Sent) -> Outcome {
    let mut checks = 0;
    for log in sender.logs {
        let path = folder.join(log.file);
        for path in
            [path.clone(), compressed(&path, "gzip", "gz")?, compressed(&path, "zstd", "zst")?]
        {
            let assessment = assess(&path)?;
            if let Err(why) = compare(log, sent, &assessment) {
                let shown = fs::read(folder.join(log.file)).unwrap_or_default();
                let first =
                    String::from_utf8_lossy(&shown).lines().take(2).collect::<Vec<_>>().join("\n");
                return Err(Failure::one(format!(
                    "{}: {why}\nits first lines:\n{first}",
                    path.display()
                )));
            }
            checks += 1;
        }
    }
    Ok(checks)
}

/// What differs between what was sent and what was counted.
fn compare(log: &Log, sent: &Sent, found: &Assessment) -> Result<(), String> {
    let same = |what: &str, sent: u64, found: u64| {
        if sent == found { Ok(()) } else { Err(format!("{what}: {sent} sent, {found} counted")) }
    };
    let requests = sent.answered + sent.garbage;
    same("lines", requests + sent.given_up, found.lines)?;
    same("malformed", 0, found.malformed)?;
    same("given up", sent.given_up, found.excluded)?;
    same("requests", requests, found.requests)?;
    same("bad", sent.bad.values().sum(), found.bad())?;
    if log.hosts {
        for host in HOSTS {
            let bad = found.services.get(host).map_or(0, |(_, bad)| *bad);
            same(&format!("bad of {host}"), sent.bad[host], bad)?;
        }
    }
    let timed = if log.timed { requests } else { 0 };
    same("timed", timed, found.timed)?;
    same("within 300 ms", timed.saturating_sub(sent.slow), found.fast)
}

/// Runs `plimsoll assess --json` on a log.
fn assess(log: &Path) -> Result<Assessment, Failure> {
    let output =
        Command::new(tree::release("plimsoll")).args(["assess", "--json"]).arg(log).output();
    let output = output.map_err(failure("cannot start plimsoll"))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::one(format!(
            "plimsoll assess {}: {}: {told}",
            log.display(),
            output.status
        )));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Assessment::read(&text)
        .ok_or_else(|| Failure::one(format!("plimsoll assess --json printed:\n{text}")))
}

/// Compresses a log with the system's own program; the path of the result.
fn compressed(log: &Path, program: &str, extension: &str) -> Result<PathBuf, Failure> {
    let output = Command::new(program).args(["-q", "-c"]).arg(log).output();
    let output = output.map_err(failure("cannot start the compressor"))?;
    let path = log.with_extension(format!("log.{extension}"));
    fs::write(&path, output.stdout).map_err(failure("cannot write the compressed log"))?;
    Ok(path)
}

/// Listens for syslog datagrams and appends each as a line to the file. Ends with this process.
fn sink(file: &Path) -> std::io::Result<u16> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let port = socket.local_addr()?.port();
    let mut file = fs::File::create(file)?;
    thread::spawn(move || {
        let mut datagram = vec![0; 65_536];
        while let Ok(length) = socket.recv(&mut datagram) {
            let text = datagram[..length].trim_ascii_end();
            if file.write_all(&[text, b"\n"].concat()).is_err() {
                break;
            }
        }
    });
    Ok(port)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn failure(what: &'static str) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::one(format!("{what}: {error}"))
}
