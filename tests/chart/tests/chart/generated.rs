//! What is committed is what would be written.

use chart::files::{self, File};

use crate::helm;

fn assert_committed(files: Vec<File>) {
    for File { path, text } in files {
        let committed = std::fs::read_to_string(files::root().join(&path)).unwrap_or_default();
        assert!(
            committed == text,
            "{path} is out of date; run: cargo run -p chart"
        );
    }
}

#[test]
fn the_chart_has_the_crds_the_rights_and_the_keys_of_the_code() {
    assert_committed(files::of_the_chart().unwrap());
}

#[test]
fn the_plain_install_is_what_the_chart_renders() {
    if helm().is_some() {
        assert_committed(files::of_the_plain_install().unwrap());
    }
}

#[test]
fn nothing_of_helm_is_left_in_the_plain_install() {
    for file in ["deploy/controller.yaml", "deploy/dashboard/dashboard.yaml"] {
        let text = std::fs::read_to_string(files::root().join(file)).unwrap();
        assert!(!text.to_lowercase().contains("helm"), "{file}");
    }
}

#[test]
fn the_chart_is_of_the_version_of_the_code() {
    let path = files::root().join("charts/rollouts/Chart.yaml");
    let chart: serde_json::Value =
        serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn helm_has_nothing_to_complain_about() {
    if let Some(helm) = helm() {
        helm.run(&["lint", "--strict", "charts/rollouts"], &[])
            .unwrap();
    }
}
