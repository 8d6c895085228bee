//! The words in which a program of ours says what it may do in a cluster: the source of the RBAC that
//! is installed for it.

/// A right of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Plural name of the resource, and the subresource behind a `/`.
    pub resource: &'static str,
    /// What is done with it.
    pub verbs: &'static [&'static str],
    /// Where.
    pub place: Place,
    /// Why the program could not do without, in whole sentences.
    pub why: &'static str,
}

/// Where a right holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In every namespace whose Rollouts the program looks at.
    Watched,
    /// In the namespace of the program.
    Own,
    /// In the namespace of the program, on the Lease that says which of several acts.
    OwnLease,
    /// In the cluster, on what is in no namespace.
    Cluster,
}
