//! Objects to what people see: one derivation for the plugin and the dashboard.
//!
//! Pure: JSON objects and a moment go in, a [`RolloutView`] or text comes out. No client, no
//! clock. Not for deciding anything: a value that the controller does not write is read off the
//! objects here, never guessed.
//!
//! Source: `compat/cli.md` §2, §5, §6.

mod analysis;
mod changes;
pub mod explain;
pub mod icons;
mod images;
mod links;
mod objects;
mod page;
mod pod;
mod replica_set;
mod rollout_view;
mod since;
mod steps;
pub mod text;
mod waiting;

pub use analysis::{AnalysisRunView, ExperimentView, MeasurementView, MetricView, TemplateView};
pub use changes::{ChangeView, Outline};
pub use images::ImageView;
pub use links::LinkView;
pub use objects::Objects;
pub use page::{ConditionView, EventView, PageObjects, PageView, RevisionChanges, ServiceView};
pub use pod::PodView;
pub use replica_set::ReplicaSetView;
pub use rollout_view::{Counts, RevisionView, RolloutView};
pub use since::human_duration;
pub use steps::{StepStart, StepState, StepView};
pub use waiting::WaitingView;
