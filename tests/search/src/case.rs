//! A run as a file: what was set up, what happened, and what it broke.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::run::{Outcome, of_events};
use crate::world::Setup;

/// A run that can be replayed, bit for bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// What it broke, in words.
    pub broke: String,
    /// What stays the same.
    pub setup: Setup,
    /// What happens.
    pub events: Vec<Event>,
}

impl Case {
    /// Reads one.
    ///
    /// # Errors
    /// The file cannot be read, or is no case.
    pub fn read(path: &Path) -> Result<Self, String> {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))
    }

    /// As a file: one event a line, so that a person can read it and shorten it.
    #[must_use]
    pub fn text(&self) -> String {
        let line = |value: &dyn Fn() -> serde_json::Result<String>| value().unwrap_or_default();
        let broke = line(&|| serde_json::to_string(&self.broke));
        let setup = line(&|| serde_json::to_string(&self.setup));
        let events: Vec<String> = self
            .events
            .iter()
            .map(|event| format!("    {}", line(&|| serde_json::to_string(event))))
            .collect();
        let events = events.join(",\n");
        format!(
            "{{\n  \"broke\": {broke},\n  \"setup\": {setup},\n  \"events\": [\n{events}\n  ]\n}}\n"
        )
    }

    /// Runs it.
    #[must_use]
    pub fn replay(&self) -> Outcome {
        of_events(&self.setup, &self.events)
    }
}
