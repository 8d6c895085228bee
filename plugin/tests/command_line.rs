//! The binary itself: names, usage, errors and exit statuses that need no cluster, and the demo.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, outside the functions that clippy knows as tests"
)]

use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

fn run(program: &str, line: &str) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_kubectl-rollouts"))
        .arg0(program)
        .args(line.split_whitespace())
        .env("KUBECONFIG", "/nonexistent/kubeconfig")
        .env("HOME", "/nonexistent")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

const ARGO: &str = "/usr/bin/kubectl-argo-rollouts";
const OWN: &str = "kubectl-rollouts";

#[test]
fn errors_and_exit_statuses_are_the_known_ones_under_the_known_name() {
    for (program, line, exit, error) in [
        (
            ARGO,
            "get rollout a --nope",
            1,
            "Error: unknown flag: --nope\n",
        ),
        (
            ARGO,
            "nope",
            1,
            "Error: unknown command \"nope\" for \"kubectl-argo-rollouts\"\n",
        ),
        (
            ARGO,
            "promote a -c -a",
            1,
            "Error: Cannot use skip-current-step and skip-all-steps flags at the same time\n",
        ),
        (
            ARGO,
            "restart a",
            1,
            "Error: restart is not supported by this version: the controller does not act on \
             spec.restartAt, so nothing was sent\n",
        ),
        (
            ARGO,
            "lint -f x.yaml",
            1,
            "Error: \"kubectl argo rollouts lint\" is not supported by this version\n",
        ),
        (
            OWN,
            "get experiment e",
            1,
            "Error: \"kubectl rollouts get experiment\" is not supported by this version\n",
        ),
    ] {
        assert_eq!(
            run(program, line),
            (exit, String::new(), error.to_owned()),
            "{line}"
        );
    }
}

#[test]
fn a_wrong_number_of_words_prints_the_usage_alone() {
    for line in [
        "get rollout",
        "get rollout a b",
        "status",
        "abort",
        "pause",
        "promote a b",
        "retry rollout",
        "set image a",
        "set image a b",
        "set image a b=c=d",
        "undo",
    ] {
        for (program, exit, typed) in [
            (ARGO, 1, "Usage: kubectl argo rollouts "),
            (OWN, 2, "Usage: kubectl rollouts "),
        ] {
            let (seen, out, err) = run(program, line);
            assert_eq!((seen, out.as_str()), (exit, ""), "{line}");
            assert!(
                err.contains(typed) && !err.contains("Error:"),
                "{line}: {err}"
            );
        }
    }
}

#[test]
fn connection_flags_may_stand_anywhere() {
    let text = "failed to read kubeconfig from '\"/x/y\"'";
    for line in [
        "--kubeconfig /x/y -n a get rollout b",
        "get --kubeconfig=/x/y rollout b -n a --context c --as me --token t -v 1",
        "get rollout b --watch=false --no-color --kubeconfig /x/y -s http://127.0.0.1:1",
    ] {
        let (exit, _, err) = run(ARGO, line);
        assert_eq!(exit, 1);
        assert!(
            err.starts_with("Error: ") && err.contains(text),
            "{line}: {err}"
        );
    }
}

#[test]
fn help_names_the_command_as_it_was_typed_and_gives_examples() {
    for (program, typed) in [(ARGO, "kubectl argo rollouts"), (OWN, "kubectl rollouts")] {
        let (exit, out, _) = run(program, "promote --help");
        assert_eq!(exit, 0);
        assert!(
            out.contains(&format!("{typed} promote myapp --full")),
            "{out}"
        );
    }
}

#[test]
fn version_has_the_lines_that_programs_look_for() {
    let (exit, out, _) = run(ARGO, "version");
    assert_eq!(exit, 0);
    assert!(out.starts_with("kubectl-argo-rollouts: v"), "{out}");
    for key in [
        "BuildDate",
        "GitCommit",
        "GitTreeState",
        "GoVersion",
        "Compiler",
        "Platform",
    ] {
        assert!(out.contains(&format!("\n  {key}: ")), "{key} in {out}");
    }
    let (_, short, _) = run(OWN, "version --short");
    assert!(
        short.starts_with("kubectl-rollouts: v") && short.lines().count() == 1,
        "{short}"
    );
}

#[test]
fn words_are_completed_for_shells_and_for_kubectl() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let (exit, out, _) = run(OWN, &format!("completion {shell}"));
        assert!(exit == 0 && out.contains("kubectl-rollouts"), "{shell}");
    }
    let (_, shim, _) = run(OWN, "completion kubectl");
    assert_eq!(shim, "#!/bin/sh\nexec kubectl-rollouts __complete \"$@\"\n");
    let (exit, out, _) = run(OWN, "__complete pro");
    assert_eq!(exit, 0);
    assert_eq!(
        out,
        "promote\tGo on after a pause, or with the next step\n:4\n"
    );
    let (_, out, _) = run("/x/kubectl_complete-rollouts", "get ro");
    assert!(
        out.starts_with("rollout\t") && out.ends_with(":4\n"),
        "{out}"
    );
}

#[test]
fn the_demo_shows_a_canary_and_a_blue_green_rollout_and_ends_well() {
    let (exit, out, err) = run(OWN, "local --demo --exit --speed 600");
    assert_eq!(exit, 0, "{out}{err}");
    let mut rest = out.as_str();
    for part in [
        "export KUBECONFIG=",
        "myapp: ✔ Healthy, step 7/7, weight 100, revision 1 stable 10/10\n",
        "set image myapp myuser/myapp:v3\n",
        "myapp: ॥ Paused (CanaryPauseStep), step 1/7, weight 10, \
         revision 2 canary 1/1, revision 1 stable 9/9, waiting on PauseEnd",
        "step 3/7, weight 30, revision 2 canary 3/3, revision 1 stable 7/7, waiting on PauseEnd",
        "step 5/7, weight 50, revision 2 canary 5/5, revision 1 stable 5/5, waiting on PauseEnd",
        "myapp: ✔ Healthy, step 7/7, weight 100, revision 2 stable 10/10\n",
        "both rollouts run myuser/myapp:v3\n",
    ] {
        let at = rest.find(part);
        assert!(at.is_some(), "{part:?} in its place in\n{out}");
        rest = &rest[at.unwrap() + part.len()..];
    }
    let mut rest = out.as_str();
    for part in [
        "myapp-bluegreen: ✔ Healthy, revision 1 stable active 3/3\n",
        "myapp-bluegreen: ॥ Paused (BlueGreenPause), revision 2 preview 3/3, \
         revision 1 stable active 3/3, waiting on Promotion\n",
        "promote myapp-bluegreen\n",
        "myapp-bluegreen: ✔ Healthy, revision 2 stable active 3/3, revision 1 3/3, \
         waiting on ScaleDownDelay",
        "myapp-bluegreen: ✔ Healthy, revision 2 stable active 3/3\n",
    ] {
        let at = rest.find(part);
        assert!(at.is_some(), "{part:?} in its place in\n{out}");
        rest = &rest[at.unwrap() + part.len()..];
    }
}
