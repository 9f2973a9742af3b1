//! Connections: taken up to a limit, with patience up to a limit, and brought to an end in peace.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
};

use crate::{
    api::Ends,
    limits::{
        CONNECTIONS_MAX, HEAD_BYTES_MAX, HEAD_WITHIN, HEADER_FIELDS_MAX, STOP_WITHIN, TAKEN_WITHIN,
    },
};

/// After an error of the listener nothing is taken until a connection ends, or for so long.
const PAUSE: Duration = Duration::from_millis(100);

/// What whoever comes when all places are taken is told.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
content-type: application/problem+json\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 188\r\n\r\n\
{\"type\":\"/problems/unavailable\",\"title\":\"The server cannot do this for now\",\"status\":503,\
\"detail\":\"all connections are taken\",\"hint\":\"close some, or send it again later; nothing was done\"}";

/// Serves connections until `stop` is done; then lets requests that are under way finish.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let (stopping, is_stopping) = watch::channel(false);
    let mut open = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = open.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => match Arc::clone(&places).try_acquire_owned() {
                    Ok(place) => {
                        open.spawn(hold(stream, peer, router.clone(), is_stopping.clone(), place));
                    }
                    Err(_) => refuse(&stream),
                },
                Err(error) => {
                    tracing::warn!("a connection could not be taken: {error}");
                    // Most likely too many files are open: the end of a connection frees one.
                    let freed = async {
                        if open.join_next().await.is_none() {
                            std::future::pending::<()>().await;
                        }
                    };
                    let _ = tokio::time::timeout(PAUSE, freed).await;
                }
            },
        }
    }
    drop(listener);
    stopping.send_replace(true);
    let ended = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_WITHIN, ended).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut off");
    }
}

/// Says so and hangs up, without waiting for anything.
fn refuse(stream: &TcpStream) {
    let _ = stream.try_write(FULL);
}

/// Serves one connection to its end.
async fn hold(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut is_stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    let Ok(local) = prepare(&stream) else { return };
    let service = TowerToHyperService::new(router.layer(Extension(Ends { peer, local })));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(HEADER_FIELDS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // What goes wrong with a connection is its client's to notice.
        _ = connection.as_mut() => {}
        () = async { drop(is_stopping.wait_for(|stop| *stop).await) } => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

fn prepare(stream: &TcpStream) -> io::Result<SocketAddr> {
    // Answers are small and written at once: waiting for more only delays them.
    stream.set_nodelay(true)?;
    // Whoever does not take their answer must not hold their place for ever.
    SockRef::from(stream).set_tcp_user_timeout(Some(TAKEN_WITHIN))?;
    stream.local_addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_a_whole_answer() {
        let text = std::str::from_utf8(FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        let problem: crate::api::problem::ProblemDocument = serde_json::from_str(body).unwrap();
        assert_eq!(problem.status, 503);
    }
}
