//! The rights that are installed for the dashboard: it reads, and changes nothing.

use dashboard::rights::{Place, RIGHTS, Right};

/// Whose creation stores nothing: the API server answers a question by it.
const REVIEWS: [&str; 2] = ["tokenreviews", "subjectaccessreviews"];

#[test]
fn it_may_read_and_ask_for_reviews_and_write_nothing() {
    for Right {
        resource,
        verbs,
        place,
        ..
    } in RIGHTS
    {
        let is_review = REVIEWS.contains(resource);
        for verb in *verbs {
            let reads = ["get", "list", "watch"].contains(verb);
            assert_eq!(reads, !is_review, "{verb} {resource}");
            assert!(reads || *verb == "create", "{verb} {resource}");
        }
        let expected = if is_review {
            Place::Cluster
        } else {
            Place::Watched
        };
        assert_eq!(*place, expected, "{resource}");
    }
    let reviews = RIGHTS.iter().filter(|it| REVIEWS.contains(&it.resource));
    assert_eq!(reviews.count(), REVIEWS.len());
}

#[test]
fn everything_it_may_read_is_named() {
    for right in RIGHTS {
        for word in right.verbs.iter().chain([&right.group, &right.resource]) {
            assert!(!word.contains('*'), "{right:?}");
        }
    }
}

/// Environments, logs and what containers are run with are none of its business.
#[test]
fn nothing_secret_is_among_them() {
    for Right { resource, .. } in RIGHTS {
        assert!(!["secrets", "configmaps", "nodes"].contains(resource));
        assert!(!resource.contains('/'), "{resource}");
    }
}

#[test]
fn each_stands_once_with_a_reason_in_whole_sentences() {
    for (index, right) in RIGHTS.iter().enumerate() {
        assert!(right.why.ends_with('.'), "{right:?}");
        let same = |other: &&Right| (other.group, other.resource) == (right.group, right.resource);
        assert_eq!(RIGHTS.iter().position(|other| same(&other)), Some(index));
    }
}
