//! Many who want something at once, some of them slowly; and an end in the middle of it.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    thread,
    time::Duration,
};

use super::*;

/// How long it may take to stop: what is under way may take 20 s.
const STOP_WITHIN: Duration = Duration::from_secs(60);

#[test]
fn an_end_under_load_loses_nothing() {
    let mut scene = Scene::started();
    let (next, is_over) = (AtomicI64::new(0), AtomicBool::new(false));
    let client = scene.client();
    let asks: Vec<Ask> = (0..1400).map(|minute| scene.push(minute, 500 + minute as u64)).collect();
    let push = || {
        let mut done = Vec::new();
        while !is_over.load(Ordering::SeqCst) {
            let minute = next.fetch_add(1, Ordering::SeqCst);
            let Some(ask) = asks.get(minute as usize) else { break };
            if client.send(ask).is_some_and(|answer| answer.status == 200) {
                done.push(minute);
            }
        }
        done
    };
    let acknowledged: Vec<i64> = thread::scope(|scope| {
        let workers: Vec<_> = (0..8).map(|_| scope.spawn(push)).collect();
        while next.load(Ordering::SeqCst) < 200 {
            thread::park_timeout(Duration::from_millis(5));
        }
        rustix::process::kill_process(scene.house.process(), rustix::process::Signal::TERM)
            .unwrap();
        // While it ends, nobody is told something that is not so.
        let began = std::time::Instant::now();
        while TcpStream::connect(scene.house.listens().unwrap()).is_ok()
            && began.elapsed() < STOP_WITHIN
        {
            thread::park_timeout(Duration::from_millis(5));
        }
        is_over.store(true, Ordering::SeqCst);
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    scene.house.stop();
    scene.house.start();
    assert!(acknowledged.len() >= 100, "{}", acknowledged.len());
    for minute in acknowledged {
        assert_eq!(scene.slot("web-answers", minute), ("measured".into(), 500 + minute as u64));
    }
    let log = fs::read_to_string(scene.path().join("server.log")).unwrap();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
}

/// Opens connections that say nothing, or little, slowly.
fn idle(scene: &Scene, count: usize) -> Vec<TcpStream> {
    let address = scene.house.listens().unwrap();
    let open = (0..count).filter_map(|n| {
        let mut stream = TcpStream::connect(&address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        if n % 2 == 0 {
            stream
                .write_all(b"POST /api/v1/slis/web-answers/samples HTTP/1.1\r\nHost: loc")
                .ok()?;
        }
        Some(stream)
    });
    open.collect()
}

#[test]
fn pushes_go_on_beside_a_thousand_slow_connections() {
    let scene = Scene::started();
    scene.log(10);
    scene.follow();
    scene.await_lines(10);
    let mut open = idle(&scene, 1_200);
    for minute in 0..100 {
        let answer = scene.client().send(&scene.push(minute, 1)).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    scene.log(10);
    scene.await_lines(20);
    // Whoever never finishes is hung up on.
    let mut rest = Vec::new();
    let _ = open[0].read_to_end(&mut rest);
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{rest:?}");
}

#[test]
fn where_few_files_may_be_open_connections_wait_and_nothing_breaks() {
    let mut scene = Scene::new();
    let few = ["sh", "-c", "ulimit -Sn 128; exec \"$@\"", "sh"];
    scene.house.wrap = few.iter().map(|&word| word.to_owned()).collect();
    scene.house.start();
    scene.apply();
    scene.log(10);
    scene.follow();
    scene.await_lines(10);
    // This one has its connection already.
    let client = scene.client();
    assert_eq!(client.send(&scene.push(0, 1)).unwrap().status, 200);
    let open = idle(&scene, 400);
    for minute in 1..50 {
        let ask = scene.push(minute, 1);
        let answer = client.until(&ask, "200", |answer| answer.status == 200);
        assert_eq!(answer.status, 200);
    }
    drop(open);
    scene.log(10);
    scene.await_lines(20);
    for minute in 0..50 {
        assert_eq!(scene.slot("web-answers", minute), ("measured".into(), 1));
    }
    client.until(&Ask::get("/-/ready"), "200", |answer| answer.status == 200);
}
