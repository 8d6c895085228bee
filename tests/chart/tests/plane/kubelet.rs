//! Runs, for each simulated pod of ours, the real program with the arguments, the environment and the
//! ServiceAccount of that pod; the pod is ready while the program says that it is.
//!
//! All programs share one machine: each has ports of its own, and finds the API server by a kubeconfig
//! in place of what a node mounts and sets.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use cluster::{Guard, Process};
use serde_json::{Value, json};

use crate::tools::Tools;

/// Keeps KWOK from making a pod ready by itself.
pub(crate) const NEVER_READY: &str =
    "--set-json=podAnnotations={\"sim.rollouts.dev/behavior\":\"never-ready\"}";
const SELECTOR: &str = "-l app.kubernetes.io/name=argo-rollouts";

pub(crate) struct Kubelet {
    guard: Guard,
    running: BTreeMap<String, Running>,
}

struct Running {
    process: Process,
    /// The namespace and the Deployment's label for the component.
    of: (String, String),
    /// Where it tells whether it is ready; a dashboard all else too.
    port: u16,
    /// How long it may take to end.
    grace: Duration,
}

impl Kubelet {
    pub(crate) fn new() -> Self {
        Self {
            guard: Guard::new().unwrap(),
            running: BTreeMap::new(),
        }
    }

    /// What every program has said so far, those that have ended included.
    pub(crate) fn logs(&self) -> String {
        let files = std::fs::read_dir(self.guard.folder()).unwrap();
        let logs = files.map(|it| it.unwrap().path());
        let logs = logs.filter(|it| it.extension().is_some_and(|it| it == "log"));
        let mut logs: Vec<PathBuf> = logs.collect();
        logs.sort();
        let text = |path: &PathBuf| {
            format!(
                "{}:\n{}",
                path.display(),
                std::fs::read_to_string(path).unwrap()
            )
        };
        logs.iter().map(text).collect()
    }

    /// Where the dashboard of a namespace listens.
    pub(crate) fn dashboard(&self, namespace: &str) -> u16 {
        let of = (namespace.to_owned(), "rollouts-dashboard".to_owned());
        let mut running = self.running.values();
        let running = running.find(|it| it.of == of);
        running.expect("there is no dashboard").port
    }

    /// Starts a program with the rights of a ServiceAccount in namespace `argo-rollouts`.
    pub(crate) fn start_as(&self, tools: &Tools, account: &str, command: &mut Command) -> Process {
        let kubeconfig = self.kubeconfig(tools, account, "argo-rollouts", account, 3600);
        let command = command.env_clear().arg("--kubeconfig").arg(kubeconfig);
        self.guard.start(account, command).unwrap()
    }

    /// Starts and ends programs, and tells whether pods are ready.
    pub(crate) fn sync(&mut self, tools: &Tools) {
        let pods = tools.list(&format!("pods {SELECTOR}"));
        let is_wanted = |pod: &Value| {
            pod["metadata"]["deletionTimestamp"].is_null() && pod["status"]["phase"] == "Running"
        };
        let pods: BTreeMap<String, Value> = pods
            .into_iter()
            .filter(is_wanted)
            .map(|pod| (pod["metadata"]["name"].as_str().unwrap().to_owned(), pod))
            .collect();
        let gone: Vec<String> = self.running.keys().cloned().collect();
        for name in gone.into_iter().filter(|name| !pods.contains_key(name)) {
            if let Some(Running { process, grace, .. }) = self.running.remove(&name) {
                let end = self.guard.stop(process, grace).unwrap();
                assert!(end.success(), "{name} ended with {end}\n{}", self.logs());
            }
        }
        for (name, pod) in &pods {
            if !self.running.contains_key(name) {
                let running = self.start(tools, name, pod);
                self.running.insert(name.clone(), running);
            }
            let running = self.running.get_mut(name).unwrap();
            if let Some(last_words) = running.process.last_words() {
                panic!("{name} has ended: {last_words}");
            }
            tell(tools, pod, is_ready(running.port));
        }
    }

    fn start(&self, tools: &Tools, name: &str, pod: &Value) -> Running {
        let (spec, namespace) = (&pod["spec"], pod["metadata"]["namespace"].as_str().unwrap());
        let container = &spec["containers"][0];
        let (port, metrics) = (free_port(), free_port());
        let arguments = container["args"].as_array().unwrap().iter();
        let arguments = arguments.map(|argument| {
            let argument = argument.as_str().unwrap();
            match argument.split_once('=') {
                Some((flag @ "--healthzPort", _)) => format!("{flag}={port}"),
                Some((flag @ "--metricsPort", _)) => format!("{flag}={metrics}"),
                Some((flag @ "--listen", address)) => {
                    let (address, _) = address.rsplit_once(':').unwrap();
                    format!("{flag}={address}:{port}")
                }
                _ => argument.to_owned(),
            }
        });
        let environment = container["env"].as_array().into_iter().flatten().map(|it| {
            let path = it["valueFrom"]["fieldRef"]["fieldPath"].as_str();
            let value = path.map_or(&it["value"], |path| {
                pod.pointer(&format!("/{}", path.replace('.', "/")))
                    .unwrap()
            });
            (it["name"].as_str().unwrap(), value.as_str().unwrap())
        });
        let token = &spec["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"];
        let kubeconfig = self.kubeconfig(
            tools,
            name,
            namespace,
            spec["serviceAccountName"].as_str().unwrap(),
            token["expirationSeconds"].as_u64().unwrap(),
        );
        let mut command = Command::new(cluster::shipped(program(container)).unwrap());
        command
            .env_clear()
            .envs(environment)
            .env("HOSTNAME", name)
            .args(arguments)
            .arg("--kubeconfig")
            .arg(kubeconfig);
        let component = &pod["metadata"]["labels"]["app.kubernetes.io/component"];
        Running {
            process: self.guard.start(name, &mut command).unwrap(),
            of: (namespace.to_owned(), component.as_str().unwrap().to_owned()),
            port,
            grace: Duration::from_secs(spec["terminationGracePeriodSeconds"].as_u64().unwrap()),
        }
    }

    /// A token of an account, valid so many seconds, as a kubeconfig in its namespace.
    fn kubeconfig(
        &self,
        tools: &Tools,
        name: &str,
        namespace: &str,
        account: &str,
        seconds: u64,
    ) -> PathBuf {
        let token = tools.kubectl(&format!(
            "create token {account} -n {namespace} --duration={seconds}s"
        ));
        let (server, authority) = tools.server();
        let cluster = json!({"server": server, "certificate-authority": authority});
        let context = json!({"cluster": "plane", "user": "pod", "namespace": namespace});
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "pod",
            "clusters": [{"name": "plane", "cluster": cluster}],
            "users": [{"name": "pod", "user": {"token": token.trim()}}],
            "contexts": [{"name": "pod", "context": context}],
        });
        let path = self.guard.folder().join(format!("{name}.kubeconfig"));
        std::fs::write(&path, kubeconfig.to_string()).unwrap();
        path
    }
}

/// The program that a container runs: that of its command, or else the one that the image starts.
pub(crate) fn program(container: &Value) -> &str {
    let command = container["command"][0].as_str();
    let command = command.unwrap_or("/bin/rollouts-controller");
    command.strip_prefix("/bin/").unwrap()
}

/// Another process may take it before it is used; then the program ends, and says so.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Asks as the readiness probe does.
fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(4)))?;
        // A kubelet asks for the address of the pod.
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nHost: 10.244.0.9\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// Writes whether a pod is ready into its status, as a kubelet does.
fn tell(tools: &Tools, pod: &Value, ready: bool) {
    let mut status = pod["status"].clone();
    let word = if ready { "True" } else { "False" };
    let mut differs = false;
    for condition in status["conditions"].as_array_mut().unwrap() {
        if condition["type"] == "Ready" || condition["type"] == "ContainersReady" {
            differs |= condition["status"] != word;
            condition["status"] = json!(word);
        }
    }
    if !differs {
        return;
    }
    status["containerStatuses"][0]["ready"] = json!(ready);
    let patch = json!({"status": {
        "conditions": status["conditions"], "containerStatuses": status["containerStatuses"],
    }});
    let (name, namespace) = (&pod["metadata"]["name"], &pod["metadata"]["namespace"]);
    let (name, namespace) = (name.as_str().unwrap(), namespace.as_str().unwrap());
    let patch = patch.to_string();
    let words = [
        "patch",
        "pod",
        name,
        "-n",
        namespace,
        "--subresource=status",
        "--type=merge",
        "-p",
        &patch,
    ];
    // The pod may be going; the next look shows it.
    if let Err(error) = tools.try_kubectl(&words) {
        eprintln!("{error:#}");
    }
}
