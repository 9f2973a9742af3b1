//! Real senders on the loopback: each gets requests whose outcome is known, and `plimsoll assess` must count the
//! log that it writes to the last request.

pub(crate) mod install;
mod senders;
mod traffic;

use std::{
    ffi::OsStr,
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
    steps::{Failure, Outcome, Steps, Stopped, cargo, shown},
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

/// Installs the senders, the compressors, curl and the compiler for libFuzzer that are missing.
pub(crate) fn install(steps: &mut Steps) -> Result<(), Stopped> {
    let tools = [("gzip", "gzip"), ("zstd", "zstd"), ("curl", "curl"), ("c++", "g++")];
    let tools = tools.map(|(program, package)| Needed { program, package });
    let needed: Vec<Needed> = SENDERS.iter().map(|sender| sender.needed).chain(tools).collect();
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
            let assessment = assess(&[path.as_os_str()])?;
            if let Err(why) = compare(log, sent, &assessment) {
                let text = fs::read(folder.join(log.file)).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                let end = text.lines().rev().take(3).collect::<Vec<_>>().join("\n");
                return Err(Failure::one(format!(
                    "{}: {why}\nits last lines:\n{end}",
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

/// Runs `plimsoll assess --json` with these arguments; the release build must be there.
pub(crate) fn assess(arguments: &[&OsStr]) -> Result<Assessment, Failure> {
    let mut command = Command::new(tree::release("plimsoll"));
    command.args(["assess", "--json"]).args(arguments);
    assessed(command)
}

/// Runs a command that prints the object of an assessment.
pub(crate) fn assessed(mut command: Command) -> Result<Assessment, Failure> {
    let output = command.output().map_err(failure("cannot start plimsoll"))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::one(format!("{}: {}: {told}", shown(&command), output.status)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Assessment::read(&text).ok_or_else(|| {
        Failure::one(format!(
            "plimsoll assess --json printed:
{text}"
        ))
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_more_or_less_is_noticed() {
        let bad = HOSTS.map(|host| (host.to_owned(), 2)).into();
        let sent = Sent { answered: 10, slow: 1, garbage: 1, given_up: 1, bad };
        let log = Log { file: "a.log", timed: true, hosts: true };
        let found = Assessment {
            lines: 12,
            parsed: 12,
            malformed: 0,
            excluded: 1,
            requests: 11,
            services: HOSTS.map(|host| (host.to_owned(), (3, 2))).into(),
            timed: 11,
            fast: 10,
        };
        assert_eq!(compare(&log, &sent, &found), Ok(()));
        let broken: [fn(&mut Assessment); 6] = [
            |found| found.lines -= 1,
            |found| found.malformed += 1,
            |found| found.excluded -= 1,
            |found| found.requests += 1,
            |found| found.fast += 1,
            |found| found.services = [(HOSTS[0].to_owned(), (6, 4))].into(),
        ];
        for breaks in broken {
            let mut found = found.clone();
            breaks(&mut found);
            assert!(compare(&log, &sent, &found).is_err(), "{found:?}");
        }
    }
}
