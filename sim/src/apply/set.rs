//! Sets of fields, as trees of steps.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::step;

/// A set of fields of one object. A field and what is below it are members each for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    nodes: BTreeMap<String, Node>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Node {
    /// Whether the field itself is a member.
    is_member: bool,
    below: FieldSet,
}

impl FieldSet {
    /// Those of these dotted paths.
    pub(super) fn of(paths: &[&str]) -> Self {
        let mut set = Self::default();
        for path in paths {
            let steps: Vec<String> = path.split('.').map(step::field).collect();
            set.insert(&steps);
        }
        set
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds one field.
    pub(super) fn insert<S: AsRef<str>>(&mut self, path: &[S]) {
        let Some((last, parents)) = path.split_last() else {
            return;
        };
        let mut set = self;
        for parent in parents {
            set = &mut set.node(parent.as_ref()).below;
        }
        set.node(last.as_ref()).is_member = true;
    }

    fn node(&mut self, step: &str) -> &mut Node {
        if !self.nodes.contains_key(step) {
            self.nodes.insert(step.to_owned(), Node::default());
        }
        // It is there now.
        self.nodes.entry(step.to_owned()).or_default()
    }

    /// Whether a field at the root of this set is a member.
    pub(super) fn has(&self, step: &str) -> bool {
        self.nodes.get(step).is_some_and(|node| node.is_member)
    }

    /// What the set has below a field at its root.
    pub(super) fn below(&self, step: &str) -> Option<&Self> {
        let below = &self.nodes.get(step)?.below;
        (!below.is_empty()).then_some(below)
    }

    /// Adds all of another set.
    pub(super) fn add(&mut self, other: &Self) {
        for (step, theirs) in &other.nodes {
            match self.nodes.get_mut(step) {
                Some(ours) => {
                    ours.is_member |= theirs.is_member;
                    ours.below.add(&theirs.below);
                }
                None => {
                    self.nodes.insert(step.clone(), theirs.clone());
                }
            }
        }
    }

    /// Those in both.
    pub(super) fn common(&self, other: &Self) -> Self {
        self.filtered(other, |ours, theirs| match theirs {
            Some(theirs) => (
                ours.is_member && theirs.is_member,
                ours.below.common(&theirs.below),
            ),
            None => (false, Self::default()),
        })
    }

    /// Those that another set does not have; what is below one that it has stays.
    pub(super) fn without(&self, other: &Self) -> Self {
        self.filtered(other, |ours, theirs| match theirs {
            Some(theirs) => (
                ours.is_member && !theirs.is_member,
                ours.below.without(&theirs.below),
            ),
            None => (ours.is_member, ours.below.clone()),
        })
    }

    /// Those that another set does not have, nor one above them.
    pub(super) fn without_below(&self, other: &Self) -> Self {
        self.filtered(other, |ours, theirs| match theirs {
            Some(theirs) if theirs.is_member => (false, Self::default()),
            Some(theirs) => (ours.is_member, ours.below.without_below(&theirs.below)),
            None => (ours.is_member, ours.below.clone()),
        })
    }

    fn filtered(&self, other: &Self, keep: impl Fn(&Node, Option<&Node>) -> (bool, Self)) -> Self {
        let mut nodes = BTreeMap::new();
        for (step, ours) in &self.nodes {
            let (is_member, below) = keep(ours, other.nodes.get(step));
            if is_member || !below.is_empty() {
                nodes.insert(step.clone(), Node { is_member, below });
            }
        }
        Self { nodes }
    }

    /// The set with members where `is_one` says so of a step, its parents, and what is below.
    pub(super) fn with_members<P: Copy>(
        &self,
        parent: P,
        is_one: &impl Fn(P, &str) -> bool,
        child: &impl Fn(P, &str) -> P,
    ) -> Self {
        let nodes = self.nodes.iter().map(|(step, node)| {
            let is_parent = !node.below.is_empty();
            let is_member = node.is_member || is_parent && is_one(parent, step);
            let below = node.below.with_members(child(parent, step), is_one, child);
            (step.clone(), Node { is_member, below })
        });
        Self {
            nodes: nodes.collect(),
        }
    }

    /// Every field as messages show it: those of a place before what is below them.
    pub(super) fn shown(&self) -> Vec<String> {
        let mut all = Vec::new();
        self.show(&mut String::new(), &mut all);
        all
    }

    fn show(&self, path: &mut String, all: &mut Vec<String>) {
        let length = path.len();
        for (step, _) in self.nodes.iter().filter(|(_, node)| node.is_member) {
            all.push(format!("{path}{}", step::shown(step)));
        }
        for (step, node) in &self.nodes {
            path.push_str(&step::shown(step));
            node.below.show(path, all);
            path.truncate(length);
        }
    }

    /// As `fieldsV1` has it.
    pub(super) fn to_json(&self) -> Value {
        let nodes = self.nodes.iter().map(|(step, node)| {
            let mut value = node.below.to_json();
            if node.is_member
                && !node.below.is_empty()
                && let Some(map) = value.as_object_mut()
            {
                map.insert(".".into(), json!({}));
            }
            (step.clone(), value)
        });
        Value::Object(nodes.collect::<Map<_, _>>())
    }

    /// Reads `fieldsV1`; `None` when it cannot be read.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let mut nodes = BTreeMap::new();
        for (step, value) in value.as_object()? {
            if step == "." {
                continue;
            }
            if !step::is_sound(step) {
                return None;
            }
            let map = value.as_object()?;
            let node = Node {
                is_member: map.is_empty() || map.contains_key("."),
                below: Self::from_json(value)?,
            };
            nodes.insert(step.clone(), node);
        }
        Some(Self { nodes })
    }
}
