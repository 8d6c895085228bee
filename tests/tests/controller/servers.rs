//! What probes and Prometheus see, over real sockets.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use controller::{Config, Error, run};

use crate::world::{World, canary, rollout};

/// A port that was free a moment ago.
fn free() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

async fn get(address: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    answer.await.unwrap()
}

#[tokio::test]
async fn probes_and_prometheus_are_answered() {
    let world = World::new();
    let (health, metrics) = (free(), free());
    let _controller = world.run_with(Config {
        health_address: Some(health),
        metrics_address: Some(metrics),
        ..Config::default()
    });
    world.create(rollout("web", 1, canary())).await;
    world.until("web", "Healthy").await;
    assert!(get(health, "/healthz").await.ends_with("\r\n\r\nok"));
    let ready = get(health, "/readyz?verbose").await;
    assert!(ready.starts_with("HTTP/1.1 200 OK"), "{ready}");
    assert!(ready.contains("[+]caches-synced ok"), "{ready}");
    assert!(get(health, "/other").await.starts_with("HTTP/1.1 404"));
    let text = get(metrics, "/metrics").await;
    assert!(text.contains("application/openmetrics-text"), "{text}");
    assert!(text.contains("phase=\"Completed\"} 1"), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let world = World::new();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let health_address = Some(taken.local_addr().unwrap());
    let config = Config {
        health_address,
        ..Config::default()
    };
    let end = tokio::time::timeout(Duration::from_secs(5), run(world.client.clone(), config));
    let Err(Error::Listen { address, .. }) = end.await.unwrap() else {
        panic!("it runs");
    };
    assert_eq!(Some(address), health_address);
}
