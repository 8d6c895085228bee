//! Every fuzz target.

pub mod durations;
pub mod int_or_percent;
pub mod label_selector;
pub mod manifest;
pub mod observation;
pub mod patches;
pub mod steps;

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name; its corpus is the folder of this name.
    pub name: &'static str,
    /// Tries one input; panics when a promise is broken.
    ///
    /// Tells in coarse words what the input led to: inputs that lead to something new are worth
    /// keeping.
    pub run: fn(&[u8]) -> String,
}

/// All of them.
pub const TARGETS: [Target; 7] = [
    Target {
        name: "durations",
        run: durations::run,
    },
    Target {
        name: "int_or_percent",
        run: int_or_percent::run,
    },
    Target {
        name: "label_selector",
        run: label_selector::run,
    },
    Target {
        name: "manifest",
        run: manifest::run,
    },
    Target {
        name: "observation",
        run: observation::run,
    },
    Target {
        name: "patches",
        run: patches::run,
    },
    Target {
        name: "steps",
        run: steps::run,
    },
];

/// JSON, or else YAML; `None` when it is neither.
fn document(data: &[u8]) -> Option<serde_json::Value> {
    let text = std::str::from_utf8(data).ok()?;
    serde_json::from_str(text)
        .ok()
        .or_else(|| serde_saphyr::from_str(text).ok())
}
