//! A user's other shell: the shipped binary runs `local`, and a stock kubectl drives the same two
//! rollouts, alone and with this plugin under both its names.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests, where a failure is a failed test"
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PLUGIN: &str = env!("CARGO_BIN_EXE_kubectl-rollouts");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Longest wait for anything; the cluster runs sixty seconds in one.
const PATIENCE: Duration = Duration::from_secs(60);

/// `local` with the two examples, and a folder in which kubectl finds the plugin.
struct Shell {
    local: Child,
    folder: PathBuf,
    kubectl: PathBuf,
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.local.kill();
        let _ = self.local.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Shell {
    /// `None` where no kubectl can be built and this is not CI.
    fn open(name: &str) -> Option<Self> {
        let kubectl = kubectl()?;
        let folder =
            std::env::temp_dir().join(format!("with-kubectl-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for plugin in ["kubectl-rollouts", "kubectl-argo-rollouts"] {
            std::os::unix::fs::symlink(PLUGIN, folder.join(plugin)).unwrap();
        }
        let local = Command::new(PLUGIN)
            .args(["local", "--port", "0", "--speed", "60", "--kubeconfig-out"])
            .arg(folder.join("config"))
            .args([
                "-f",
                "examples/canary.yaml",
                "-f",
                "examples/blue-green.yaml",
            ])
            .current_dir(ROOT)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let shell = Self {
            local,
            folder,
            kubectl,
        };
        wait_for("the kubeconfig", || {
            shell.folder.join("config").exists().then_some(())
        });
        wait_for("both rollouts", || {
            let seen = shell.run(&shell.kubectl, "get rollouts -o name").ok()?;
            (seen.lines().count() == 2).then_some(())
        });
        Some(shell)
    }

    /// Runs a program with arguments; its output, or what it said and how it ended.
    fn run(&self, program: &Path, line: &str) -> Result<String, String> {
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new(program)
            .args(line.split_whitespace())
            .env("KUBECONFIG", self.folder.join("config"))
            .env("PATH", format!("{}:{path}", self.folder.display()))
            .env("HOME", &self.folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(format!(
                "{}: {}{}",
                output.status,
                text(&output.stdout),
                text(&output.stderr)
            ))
        }
    }

    fn kubectl(&self, line: &str) -> String {
        self.run(&self.kubectl, line)
            .unwrap_or_else(|error| panic!("kubectl {line}: {error}"))
    }

    /// Waits until a field of an object has a value.
    fn until(&self, object: &str, path: &str, wanted: &str) {
        let line = format!("get {object} -o jsonpath={{{path}}}");
        wait_for(&format!("{object} {path} = {wanted}"), || {
            (self.kubectl(&line) == wanted).then_some(())
        });
    }

    /// The revision that a Service selects, by its number.
    fn selected(&self, service: &str) -> String {
        let label = "rollouts-pod-template-hash";
        let hash = self.kubectl(&format!(
            "get service {service} -o jsonpath={{.spec.selector.{label}}}"
        ));
        let revision = r"{.items[0].metadata.annotations.rollout\.argoproj\.io/revision}";
        self.kubectl(&format!(
            "get replicasets -l {label}={hash} -o jsonpath={revision}"
        ))
    }
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A stock kubectl, built by the tests' own script.
fn kubectl() -> Option<PathBuf> {
    let script = format!("{ROOT}/tests/cluster/tools.sh");
    let output = Command::new("bash")
        .args([script, "kubectl".to_owned()])
        .stderr(Stdio::inherit())
        .output()
        .expect("bash is there");
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if output.status.success() && path.is_file() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "tests/cluster/tools.sh gave no kubectl"
    );
    eprintln!("NOT RUN: tests/cluster/tools.sh gave no kubectl");
    None
}

#[test]
fn kubectl_finds_the_plugin_and_steers_a_canary_with_it() {
    let Some(shell) = Shell::open("canary") else {
        return;
    };
    assert_eq!(shell.kubectl("rollouts status myapp"), "Healthy\n");
    shell.kubectl("rollouts set image myapp myapp=myuser/myapp:v3");
    shell.until("rollout/myapp", ".status.phase", "Paused");
    assert_eq!(
        shell.kubectl("rollouts status myapp --watch=false"),
        "Paused - CanaryPauseStep\n"
    );

    assert_eq!(
        shell.kubectl("rollouts abort myapp"),
        "rollout 'myapp' aborted\n"
    );
    shell.until("rollout/myapp", ".status.phase", "Degraded");
    let failed = shell
        .run(&shell.kubectl, "rollouts status myapp")
        .unwrap_err();
    assert!(
        failed.contains("exit status: 1") && failed.contains("degraded state"),
        "{failed}"
    );

    assert_eq!(
        shell.kubectl("rollouts retry rollout myapp"),
        "rollout 'myapp' retried\n"
    );
    shell.until("rollout/myapp", ".status.phase", "Paused");
    assert_eq!(
        shell.kubectl("rollouts promote myapp --full"),
        "rollout 'myapp' fully promoted\n"
    );
    assert_eq!(
        shell
            .kubectl("rollouts status myapp --timeout 20m")
            .lines()
            .last(),
        Some("Healthy")
    );

    assert_eq!(
        shell.kubectl("rollouts undo myapp"),
        "rollout 'myapp' undo\n"
    );
    shell.until(
        "rollout/myapp",
        ".spec.template.spec.containers[0].image",
        "myuser/myapp:v2",
    );
    shell.until("rollout/myapp", ".status.phase", "Paused");
    let tree = shell.kubectl("rollouts get rollout myapp");
    assert!(
        tree.contains("revision:3") && tree.contains("canary"),
        "{tree}"
    );
    let why = shell.kubectl("rollouts explain myapp");
    assert!(why.contains("kubectl rollouts promote myapp"), "{why}");
}

#[test]
fn a_pipeline_written_for_the_other_plugin_promotes_a_blue_green_rollout() {
    let Some(shell) = Shell::open("blue-green") else {
        return;
    };
    let argo = |line: &str| shell.kubectl(&format!("argo rollouts {line}"));
    argo("status myapp-bluegreen --timeout 10m");
    argo("set image myapp-bluegreen myapp=myuser/myapp:v3");
    shell.until("rollout/myapp-bluegreen", ".status.phase", "Paused");
    assert_eq!(
        (
            shell.selected("myapp-active").as_str(),
            shell.selected("myapp-preview").as_str()
        ),
        ("1", "2")
    );
    assert_eq!(
        argo("promote myapp-bluegreen"),
        "rollout 'myapp-bluegreen' promoted\n"
    );
    assert_eq!(
        argo("status myapp-bluegreen").lines().last(),
        Some("Healthy")
    );
    assert_eq!(shell.selected("myapp-active"), "2");
    let sizes = "get replicasets -l app=myapp-bluegreen --sort-by=.spec.replicas -o jsonpath={.items[*].spec.replicas}";
    wait_for("the old pods to go", || {
        (shell.kubectl(sizes) == "0 3").then_some(())
    });
}

#[test]
fn kubectl_alone_can_do_what_the_plugin_does() {
    let Some(shell) = Shell::open("alone") else {
        return;
    };
    shell.kubectl("wait rollout/myapp --for=condition=Healthy --timeout=30s");
    let image = r#"[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"myuser/myapp:v3"}]"#;
    shell.kubectl(&format!("patch rollout myapp --type=json -p {image}"));
    shell.kubectl("wait rollout/myapp --for=condition=Paused --timeout=30s");
    let status = |patch: &str| {
        shell.kubectl(&format!(
            "patch rollout myapp --subresource=status --type=merge -p {patch}"
        ))
    };
    status(r#"{"status":{"pauseConditions":null}}"#);
    shell.until("rollout/myapp", ".status.currentStepIndex", "3");
    status(r#"{"status":{"abort":true}}"#);
    shell.until("rollout/myapp", ".status.phase", "Degraded");
    status(r#"{"status":{"abort":false}}"#);
    shell.until("rollout/myapp", ".status.phase", "Paused");
    status(r#"{"status":{"promoteFull":true}}"#);
    shell.kubectl("wait rollout/myapp --for=jsonpath={.status.phase}=Healthy --timeout=30s");
    shell.kubectl("scale rollout myapp --replicas=4");
    shell.until("rollout/myapp", ".status.availableReplicas", "4");
    shell.kubectl("delete rollout myapp");
    wait_for("pods to go", || {
        shell
            .kubectl("get pods -l app=myapp -o name")
            .is_empty()
            .then_some(())
    });
}
