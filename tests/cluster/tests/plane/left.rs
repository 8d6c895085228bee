//! Nothing is left of a plane when the process that started it is gone.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cluster::Cluster;

#[test]
fn a_process_that_is_killed_leaves_no_program_and_no_file() {
    if Cluster::shared().is_none() || std::env::var_os("KUBECONFIG_TEST").is_some() {
        return;
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_cluster"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = said.map(Result::unwrap);
    let kubeconfig = said
        .filter_map(|line| Some(line.trim().strip_prefix("export KUBECONFIG=")?.to_owned()))
        .next()
        .unwrap();
    let text = std::fs::read_to_string(&kubeconfig).unwrap();
    let (_, port) = text.split_once("https://127.0.0.1:").unwrap();
    let digits = port.find(|c: char| !c.is_ascii_digit()).unwrap();
    let address = format!("127.0.0.1:{}", &port[..digits]);
    assert!(TcpStream::connect(&address).is_ok(), "{address}");

    child.kill().unwrap();
    child.wait().unwrap();
    let folder = Path::new(&kubeconfig).parent().unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    while folder.exists() || TcpStream::connect(&address).is_ok() {
        assert!(
            Instant::now() < end,
            "{} and {address} are left",
            folder.display()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}
