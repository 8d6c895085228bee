//! From a long run that breaks a promise to a short one that breaks the same.

use serde_json::json;

use crate::event::{Event, Fate};
use crate::run::{Found, of_events};
use crate::world::Setup;

/// Runs that a shrink may take.
const BUDGET: usize = 4_000;

/// Leaves out whatever is not needed to break `found.id`.
#[must_use]
pub fn shrink(setup: &Setup, events: &[Event], found: &Found) -> (Setup, Vec<Event>, Found) {
    let mut shrink = Shrink {
        best: (setup.clone(), events.to_vec(), found.clone()),
        budget: BUDGET,
    };
    loop {
        let before = shrink.size();
        shrink.drop_events();
        shrink.simplify_fates();
        shrink.simplify_setup();
        if shrink.size() == before || shrink.budget == 0 {
            return shrink.best;
        }
    }
}

struct Shrink {
    best: (Setup, Vec<Event>, Found),
    budget: usize,
}

impl Shrink {
    fn size(&self) -> (usize, usize) {
        (self.best.1.len(), self.best.0.spec.to_string().len())
    }

    /// Keeps a smaller run when it breaks the same promise.
    fn offer(&mut self, setup: &Setup, events: &[Event]) -> bool {
        if self.budget == 0 {
            return false;
        }
        self.budget -= 1;
        let outcome = of_events(setup, events);
        match outcome.found {
            Some(found) if found.kind() == self.best.2.kind() => {
                self.best = (setup.clone(), outcome.events, found);
                true
            }
            _ => false,
        }
    }

    fn drop_events(&mut self) {
        let mut size = self.best.1.len().div_ceil(2);
        while size > 0 {
            let mut start = 0;
            while start < self.best.1.len() {
                let (setup, mut events, _) = self.best.clone();
                let end = (start + size).min(events.len());
                events.drain(start..end);
                if !self.offer(&setup, &events) {
                    start += size;
                }
            }
            size /= 2;
        }
    }

    fn simplify_fates(&mut self) {
        for index in 0..self.best.1.len() {
            let (setup, mut events, _) = self.best.clone();
            if let Some(Event::Write(_, fate)) = events.get_mut(index)
                && *fate != Fate::Answered
            {
                *fate = Fate::Answered;
                self.offer(&setup, &events);
            }
        }
    }

    fn simplify_setup(&mut self) {
        let changes: [fn(&mut Setup); 7] = [
            |it| it.controllers = 1,
            |it| it.lag = false,
            |it| it.slack = 0,
            |it| remove(it, "minReadySeconds"),
            |it| remove(it, "progressDeadlineSeconds"),
            |it| remove(it, "revisionHistoryLimit"),
            |it| {
                let replicas = it.spec["replicas"].as_i64().unwrap_or(1);
                it.spec["replicas"] = json!((replicas - 1).max(0));
            },
        ];
        for change in changes {
            let (mut setup, events, _) = self.best.clone();
            change(&mut setup);
            if setup != self.best.0 {
                self.offer(&setup, &events);
            }
        }
        let fields = ["canary", "blueGreen"].into_iter().flat_map(|strategy| {
            let fields = self.best.0.spec["strategy"][strategy].as_object();
            fields
                .into_iter()
                .flat_map(|it| it.keys().cloned())
                .filter(|field| field != "activeService")
                .map(move |field| (strategy, field))
                .collect::<Vec<_>>()
        });
        for (strategy, field) in fields.collect::<Vec<_>>() {
            let (mut setup, events, _) = self.best.clone();
            if let Some(fields) = setup.spec["strategy"][strategy].as_object_mut() {
                fields.remove(&field);
            }
            self.offer(&setup, &events);
        }
        let steps = self.best.0.spec["strategy"]["canary"]["steps"].as_array();
        for index in (0..steps.map_or(0, Vec::len)).rev() {
            let (mut setup, events, _) = self.best.clone();
            if let Some(steps) = setup.spec["strategy"]["canary"]["steps"].as_array_mut() {
                steps.remove(index);
            }
            self.offer(&setup, &events);
        }
    }
}

fn remove(setup: &mut Setup, field: &str) {
    if let Some(spec) = setup.spec.as_object_mut() {
        spec.remove(field);
    }
}
