//! How many pods of each version a weight asks for without a traffic router.
//!
//! Written anew from `compat/canary.md` §5.2, so that the planner's own arithmetic is not what it
//! is judged by.

/// Pods of the canary and of stable for a weight of 0 to 100.
pub(super) fn split(total: i64, weight: i64, surge: i64) -> (i64, i64) {
    if total == 0 {
        return (0, 0);
    }
    let zero_allowed = weight == 100 || weight == 0 || (total == 1 && surge == 0);
    let ceil = (total * weight + 99) / 100;
    let floor = total * weight / 100;
    let tied = |total: i64| (total * weight) % 100 == 50;
    let mut candidates = Vec::new();
    if ceil < total || zero_allowed {
        candidates.push((ceil, total));
    }
    if !tied(total) && (floor != 0 || zero_allowed) {
        candidates.push((floor, total));
    }
    if surge > 0 {
        candidates.push((ceil, total + 1));
        if !tied(total + 1) && (floor != 0 || zero_allowed) {
            candidates.push((floor, total + 1));
        }
    }
    // |canary/total − weight/100| compared without fractions.
    let mut best: Option<(i64, i64)> = None;
    let distance = |(canary, total): (i64, i64)| (canary * 100 - weight * total).abs();
    for candidate in candidates {
        let closer =
            best.is_none_or(|best| distance(candidate) * best.1 < distance(best) * candidate.1);
        if closer {
            best = Some(candidate);
        }
    }
    best.map_or((0, total), |(canary, total)| (canary, total - canary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_is_the_one_of_the_table() {
        let weights = [0, 1, 10, 25, 33, 50, 66, 75, 90, 99, 100];
        for (total, surge, row) in [
            (1, 0, "0/1 0/1 0/1 0/1 0/1 1/0 1/0 1/0 1/0 1/0 1/0"),
            (2, 0, "0/2 1/1 1/1 1/1 1/1 1/1 1/1 0/2 1/1 1/1 2/0"),
            (5, 0, "0/5 1/4 1/4 1/4 2/3 3/2 3/2 4/1 0/5 4/1 5/0"),
            (10, 0, "0/10 1/9 1/9 3/7 3/7 5/5 7/3 8/2 9/1 9/1 10/0"),
            (1, 1, "0/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/0"),
            (3, 1, "0/3 1/3 1/3 1/3 1/2 2/2 2/1 3/1 3/1 3/1 3/0"),
            (7, 1, "0/7 1/7 1/7 2/6 2/5 4/4 5/3 6/2 7/1 7/1 7/0"),
            (10, 3, "0/10 1/10 1/9 3/8 3/7 5/5 7/4 8/3 9/1 10/1 10/0"),
        ] {
            for (weight, expected) in weights.into_iter().zip(row.split(' ')) {
                let (canary, stable) = split(total, weight, surge);
                assert_eq!(
                    format!("{canary}/{stable}"),
                    expected,
                    "{total} pods, weight {weight}, surge {surge}"
                );
            }
        }
    }
}
