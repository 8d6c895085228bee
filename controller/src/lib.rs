//! rollouts-controller: observe, plan, check, execute.
