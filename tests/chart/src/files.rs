//! The files that this crate writes, and what they must be.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::helm::Helm;
use crate::{rights, values};

const VALUES: &str = "charts/rollouts/values.yaml";
const README: &str = "charts/rollouts/README.md";
const INSTALL: &str = "docs/install.md";
/// What a generated table stands between.
const VALUES_TABLE: [&str; 2] = [
    "<!-- values: written by `cargo run -p chart` -->\n",
    "<!-- end of values -->\n",
];
const RIGHTS_TABLE: [&str; 2] = [
    "<!-- rights of the dashboard: written by `cargo run -p chart` -->\n",
    "<!-- end of rights -->\n",
];

/// The root of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path from the root of the checkout.
    pub path: String,
    /// All that has to be in it.
    pub text: String,
}

fn read(path: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(root().join(path)).with_context(|| path.to_owned())
}

/// What is generated in `charts/rollouts`, and what docs tell of it.
///
/// # Errors
/// When `values.yaml` is not as values are written here, or a document has no place for its table.
pub fn of_the_chart() -> anyhow::Result<Vec<File>> {
    let entries = values::entries(&read(VALUES)?)?;
    let file = |path: &str, text| File {
        path: format!("charts/rollouts/{path}"),
        text,
    };
    let mut files = vec![
        file("templates/_known-values.tpl", values::known(&entries)),
        file("templates/_rights.tpl", rights::templates()),
        file(
            "values.schema.json",
            format!("{:#}\n", values::schema(&entries)),
        ),
        File {
            path: README.to_owned(),
            text: with_table(&read(README)?, VALUES_TABLE, &values::table(&entries))?,
        },
        File {
            path: INSTALL.to_owned(),
            text: with_table(
                &read(INSTALL)?,
                RIGHTS_TABLE,
                &rights::table(dashboard::rights::RIGHTS),
            )?,
        },
    ];
    let crds = crds::manifests::files().into_iter();
    let crds = crds.filter(|it| it.name.ends_with("-crd.yaml"));
    files.extend(crds.map(|crd| file(&format!("files/crds/{}", crd.name), crd.text)));
    Ok(files)
}

fn with_table(text: &str, [begin, end]: [&str; 2], table: &str) -> anyhow::Result<String> {
    let parts = text
        .split_once(begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(end)?.1)));
    let (before, after) = parts.with_context(|| format!("there is no {begin}"))?;
    Ok(format!("{before}{begin}{table}{end}{after}"))
}

/// What is generated in `deploy`: what the chart as it is on disk renders without values, but for the
/// CRDs, which have manifests of their own, and for labels that speak of Helm; and apart from it the
/// dashboard, which is not rendered without values.
///
/// # Errors
/// When Helm cannot be built, or refuses the chart.
pub fn of_the_plain_install() -> anyhow::Result<Vec<File>> {
    let controller = rendered(&["--set=installCRDs=false"])?;
    let dashboard = [
        "--set=dashboard.enabled=true",
        "--show-only=templates/dashboard/*.yaml",
    ];
    Ok(vec![
        File {
            path: "deploy/controller.yaml".to_owned(),
            text: controller,
        },
        File {
            path: "deploy/dashboard/dashboard.yaml".to_owned(),
            text: rendered(&dashboard)?,
        },
    ])
}

fn rendered(arguments: &[&str]) -> anyhow::Result<String> {
    let rendered = Helm::find()?.template("argo-rollouts", arguments)?;
    let of_helm = [
        "# Source: ",
        "helm.sh/chart: ",
        "app.kubernetes.io/managed-by: ",
    ];
    let lines = rendered.lines();
    let is_of_helm = |line: &&str| of_helm.iter().any(|it| line.trim_start().starts_with(it));
    let lines = lines.filter(|line| !is_of_helm(line));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    // Some objects that are rendered alone come with an empty line more.
    let text = text.replace("\n\n\n", "\n\n");
    let header =
        "# Rendered from charts/rollouts; do not edit. After a change there: cargo run -p chart\n";
    Ok(format!("{header}{text}"))
}
